"""``statphys-gen compare``: a table of measured values against any prediction of the command line."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import validation
from ..errors import InvalidArgument, StatphysError
from ..files import number as read_number
from ..tables import open_table
from .parsing import BadUsage, add_output_options, integer, number

_EXAMPLE = """
The table is a text file with a header; comma, semicolon or tab divides its columns, and with the last two a comma may
be the decimal mark. One column holds the measured values and bears the name of the key that the prediction prints;
standard_error (or stderr, std_err, err, sigma) holds their errors and degrees_of_freedom (or dof), if there is one,
those of the errors; what another name was read as is said. Every other column is an option of the prediction, or a key
that chooses one of several records; what is neither is left out, and said. Rows are independent. Example, with the
columns time, clone_agreement, standard_error:

  statphys-gen compare clones.csv \\
      --prediction "diffusion clone-agreement --dimension 256 --separation 1 --variance 1"
"""
_ERROR, _FREEDOM = "standard_error", "degrees_of_freedom"
_ALSO = {_ERROR: ("stderr", "std_err", "err", "sigma"), _FREEDOM: ("dof",)}
Record = dict[str, Any]


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "compare",
        help="set measured values against a prediction",
        description="Set a table of measured values with errors against a prediction: z, chi-square, verdict.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("table", metavar="TABLE.csv", help="measured values, one row each, independent")
    parser.add_argument(
        "--prediction", metavar="WORDS", required=True, help="a command with the options that are not columns"
    )
    parser.add_argument(
        "--value", metavar="COLUMN", help="column of the measured values, if several could be"
    )
    parser.add_argument(
        "--fitted",
        metavar="K",
        type=integer("--fitted", 0),
        default=0,
        help="parameters fitted to this table (default 0)",
    )
    parser.add_argument(
        "--resolution",
        metavar="X",
        type=number("--resolution", validation.positive),
        help="relative error of the prediction that must be visible, or the verdict is inconclusive",
    )
    add_output_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..comparison import compare
    from ..plots import plot_comparison
    from .output import emit

    columns = read_table(options.table)
    try:
        words = shlex.split(options.prediction)
    except ValueError as error:
        raise InvalidArgument("--prediction", options.prediction, f"words of a shell ({error})") from None
    prediction = _Prediction(words)
    given, columns = columns, _renamed(columns, prediction.flags)
    settings = [name for name in columns if name.replace("_", "-") in prediction.flags]
    others = [name for name in columns if name not in settings and name not in (_ERROR, _FREEDOM)]
    if _ERROR not in columns:
        also = ", ".join(_ALSO[_ERROR])
        raise InvalidArgument(
            "table", options.table, f"a table with a column {_ERROR} (or {also}) of their errors"
        )
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    _refuse_repeated(options.table, rows)
    records = prediction.of_rows([{name: row[name] for name in settings} for row in rows])
    value = options.value
    if value is None:
        value = _value_column(options.table, others, records)
    if value not in columns:
        raise InvalidArgument("--value", value, "a column of the table: " + ", ".join(columns))
    known = {key for found in records for record in found for key in record}
    keys = [name for name in others if name != value and name in known]
    left = [name for name in others if name != value and name not in known]
    chosen = [
        _choose(found, {key: row[key] for key in keys}, value, k)
        for k, (found, row) in enumerate(zip(records, rows, strict=True))
    ]
    measured = [_number(row[value], value, k) for k, row in enumerate(rows)]
    errors = [_number(row[_ERROR], _ERROR, k) for k, row in enumerate(rows)]
    freedom = [_number(row.get(_FREEDOM, "inf"), _FREEDOM, k) for k, row in enumerate(rows)]
    judged = [k for k, record in enumerate(chosen) if _is_number(record.get(value))]
    if not judged:
        raise BadUsage(f"the prediction has no value of {value} for any row ({_reason(chosen[0])})")
    comparison = compare(
        [measured[k] for k in judged],
        [errors[k] for k in judged],
        [chosen[k][value] for k in judged],
        degrees_of_freedom=[freedom[k] for k in judged],
        fitted=options.fitted,
        resolution=options.resolution,
    )
    scores = dict(zip(judged, comparison.z.tolist(), strict=True))
    results = [
        {name: _shown(row[name]) for name in (*settings, *keys)}
        | {
            "value": measured[k],
            _ERROR: errors[k],
            "theory": record[value] if k in scores else None,
            "z": scores.get(k),
            "status": record.get("status") if k in scores else _reason(record),
            "approximation": record.get("approximation"),
        }
        for k, (row, record) in enumerate(zip(rows, chosen, strict=True))
    ]
    notes = (
        [f"columns that were left out, neither options nor keys of the prediction: {', '.join(left)}"]
        if left
        else []
    )
    renamed = [f"{old} as {new}" for old, new in zip(given, columns, strict=True) if old != new]
    notes += [f"columns read by another name: {', '.join(renamed)}"] if renamed else []
    if len(judged) < len(rows):
        without = [str(k + 1) for k in range(len(rows)) if k not in scores]
        shown = ", ".join(without[:10]) + (", ..." if len(without) > 10 else "")
        notes.append(f"the verdict is about {len(judged)} of {len(rows)} rows; no theory for row {shown}")
    x = _axis(rows, settings)

    def plot(path: Path) -> None:
        place = None if x is None else [float(rows[k][x]) for k in judged]
        plot_comparison(comparison, path, x=place, label=x or "row")

    parameters = {"table": options.table, "prediction": options.prediction, "value": value}
    status = emit(
        options, "compare", parameters, results, summary=comparison.summary(), notes=notes, plot=plot
    )
    return status if comparison.verdict == "agrees" else 3


def read_table(path: str) -> dict[str, list[str]]:
    """The columns of a table with a header, as text, with decimal points."""
    table = open_table("table", validation.readable_file("table", path), header=True)
    if not all(table.names):
        raise InvalidArgument("table", path, "a table with a name above every column")
    rows = [cells for _, cells in table.rows()]
    if not rows:
        raise InvalidArgument("table", path, "a table with a header of distinct names and at least one row")
    if table.decimal_comma:
        rows = [[table.with_point(cell) for cell in cells] for cells in rows]
    return {name: [cells[k] for cells in rows] for k, name in enumerate(table.names)}


def _renamed(columns: dict[str, list[str]], flags: set[str]) -> dict[str, list[str]]:
    """Columns of errors and of their degrees of freedom under one name."""
    names = {also: name for name, others in _ALSO.items() for also in others}
    given = {
        name: names[name]
        for name in columns
        if name in names and name not in flags and names[name] not in columns
    }
    if len(set(given.values())) < len(given):
        raise InvalidArgument("table", ", ".join(given), "a table with one column of errors")
    return {given.get(name, name): cells for name, cells in columns.items()}


def _refuse_repeated(table: str, rows: list[dict[str, str]]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for k, row in enumerate(rows):
        first = seen.setdefault(tuple(row.values()), k)
        if first < k:
            allowed = (
                f"a table of independent measurements; rows {first + 1} and {k + 1} are the same: leave one out, or, "
                "if both were measured, give their mean and its error"
            )
            raise InvalidArgument("table", table, allowed)


class _Prediction:
    """A command with some of its options, run for the others; one parser serves all rows, and one run many of them."""

    def __init__(self, words: list[str]) -> None:
        from . import build_parser

        self.words, self.parser = words, build_parser()
        own: argparse.ArgumentParser = self.parser
        for word in words:
            choices = next(
                (a.choices for a in own._actions if isinstance(a, argparse._SubParsersAction)), None
            )
            if not choices:
                break
            if word not in choices:
                raise InvalidArgument(
                    "--prediction", " ".join(words), "a command: one of " + ", ".join(choices)
                )
            own = choices[word]
        shared = words[:1] in (["figures"], ["verify"], ["compare"], ["cite"])
        writes = any(a.dest == "output" and a.required for a in own._actions)
        if shared or own.get_default("run") is None or writes:
            raise InvalidArgument("--prediction", " ".join(words), "a command that prints records")
        actions = [(flag[2:], a) for a in own._actions for flag in a.option_strings if flag.startswith("--")]
        self.flags = {flag for flag, _ in actions}
        self.lists = {flag for flag, action in actions if action.nargs == "+"}

    def of_rows(self, rows: list[dict[str, str]]) -> list[list[Record]]:
        """The records for the settings of each row."""
        varying = [name for name in (rows[0] if rows else ()) if len({row[name] for row in rows}) > 1]
        several = next((name for name in varying if name.replace("_", "-") in self.lists), None)
        if several is None:
            return self._one_by_one(rows)
        groups: dict[tuple[str, ...], list[int]] = {}
        for k, row in enumerate(rows):
            groups.setdefault(tuple(text for name, text in row.items() if name != several), []).append(k)
        found: list[list[Record]] = [[] for _ in rows]
        for places in groups.values():
            part = self._together([rows[k] for k in places], several) or self._one_by_one(
                [rows[k] for k in places]
            )
            for k, records in zip(places, part, strict=True):
                found[k] = records
        return found

    def _one_by_one(self, rows: list[dict[str, str]]) -> list[list[Record]]:
        known: dict[tuple[str, ...], list[Record]] = {}
        for row in rows:
            if tuple(row.values()) not in known:
                known[tuple(row.values())] = self._run({name: [text] for name, text in row.items()})
        return [known[tuple(row.values())] for row in rows]

    def _together(self, rows: list[dict[str, str]], name: str) -> list[list[Record]] | None:
        """One run for all values of an option that takes several; None where its records do not say whose they are."""
        try:
            values = sorted({read_number(row[name]) for row in rows})
            given = {other: [text] for other, text in rows[0].items() if other != name}
            records = self._run(given | {name: [repr(value) for value in values]})
        except (ValueError, StatphysError, BadUsage):
            return None  # the row that is at fault is found one by one
        found: dict[float, list[Record]] = {value: [] for value in values}
        for record in records:
            if record.get(name) not in found:
                return None
            found[record[name]].append(record)
        return [found[read_number(row[name])] for row in rows] if all(found.values()) else None

    def _run(self, settings: dict[str, list[str]]) -> list[Record]:
        given = [word for name, texts in settings.items() for word in (f"--{name.replace('_', '-')}", *texts)]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            options = self.parser.parse_args([*self.words, "--json", *given])
            options.run(options)
        results: list[Record] = json.loads(printed.getvalue())["results"]
        return results


def _value_column(table: str, others: list[str], records: list[list[Record]]) -> str:
    """The only column that is a key of the prediction and holds numbers there, in some row."""
    rows = [record for found in records for record in found]
    found = [name for name in others if any(_is_number(record.get(name)) for record in rows)]
    if len(found) != 1:
        keys = ", ".join(rows[0]) if rows else ""
        allowed = f"one column named like a key of the prediction ({keys}), or --value"
        raise InvalidArgument("table", table, allowed)
    return found[0]


def _choose(found: list[Record], keys: dict[str, str], value: str, row: int) -> Record:
    """The one record that has the row's keys."""
    matching = [record for record in found if all(_same(record.get(key), text) for key, text in keys.items())]
    if len(matching) != 1:
        raise BadUsage(
            f"row {row + 1}: the prediction has {len(matching)} records"
            + (f" with {', '.join(f'{key} = {text}' for key, text in keys.items())}" if keys else "")
            + "; the columns of the table must choose exactly one"
        )
    return matching[0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reason(record: Record) -> str:
    """Why a record has no number."""
    status = record.get("status")
    return str(record.get("reason") or (status if status not in ("converged", None) else "no theory"))


def _same(value: Any, text: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value) == text
    try:
        return abs(read_number(text) - value) <= 1e-9 * max(abs(value), 1.0)
    except ValueError:
        return False


def _number(text: str, column: str, row: int) -> float:
    try:
        return read_number(text)
    except ValueError:
        raise BadUsage(f"row {row + 1}: {column} = {text}: must be a number") from None


def _shown(text: str) -> float | str:
    try:
        return read_number(text)
    except ValueError:
        return text


def _axis(rows: list[dict[str, str]], names: list[str]) -> str | None:
    """The column to draw against: the first numeric one that varies."""

    def varies() -> Iterator[str]:
        for name in names:
            try:
                if len({read_number(row[name]) for row in rows}) > 1:
                    yield name
            except ValueError:
                continue

    return next(varies(), None)
