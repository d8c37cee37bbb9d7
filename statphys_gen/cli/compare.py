"""``statphys-gen compare``: a table of measured values against any prediction of the command line."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import validation
from ..errors import InvalidArgument
from .parsing import BadUsage, add_output_options, integer, number

_EXAMPLE = """
The table is a CSV file with a header. One column holds the measured values and bears the name of the key that the
prediction prints; `standard_error` holds their errors and `degrees_of_freedom`, if there is one, those of the errors.
Every other column is an option of the prediction, or, if there is no such option, a key that chooses one of several
records. Example, with the columns time, clone_agreement, standard_error:

  statphys-gen compare clones.csv \\
      --prediction "diffusion clone-agreement --dimension 256 --separation 1 --variance 1"
"""
_ERROR, _FREEDOM = "standard_error", "degrees_of_freedom"


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
    flags = _options_of(words)
    settings = {name: name.replace("_", "-") for name in columns if name.replace("_", "-") in flags}
    others = [name for name in columns if name not in settings and name not in (_ERROR, _FREEDOM)]
    if _ERROR not in columns:
        raise InvalidArgument("table", options.table, f"a table with a column {_ERROR}")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    records = [_predict(words, {settings[name]: row[name] for name in settings}) for row in rows]
    value = options.value
    if value is None:
        value = _value_column(options.table, others, rows, records)
    if value not in columns:
        raise InvalidArgument("--value", value, "a column of the table: " + ", ".join(columns))
    keys = [name for name in others if name != value]
    chosen = [
        _choose(found, {key: row[key] for key in keys}, value, k)
        for k, (found, row) in enumerate(zip(records, rows, strict=True))
    ]
    comparison = compare(
        [_number(row[value], value, k) for k, row in enumerate(rows)],
        [_number(row[_ERROR], _ERROR, k) for k, row in enumerate(rows)],
        [record[value] for record in chosen],
        degrees_of_freedom=[_number(row.get(_FREEDOM, "inf"), _FREEDOM, k) for k, row in enumerate(rows)],
        fitted=options.fitted,
        resolution=options.resolution,
    )
    results = []
    for k, (row, record) in enumerate(zip(rows, chosen, strict=True)):
        results.append(
            {name: _shown(row[name]) for name in (*settings, *keys)}
            | {
                "value": comparison.value[k],
                _ERROR: comparison.standard_error[k],
                "theory": comparison.prediction[k],
                "z": comparison.z[k],
                "status": record.get("status"),
                "approximation": record.get("approximation"),
            }
        )
    x = _axis(rows, list(settings))

    def plot(path: Path) -> None:
        place = None if x is None else [float(row[x]) for row in rows]
        plot_comparison(comparison, path, x=place, label=x or "row")

    parameters = {"table": options.table, "prediction": options.prediction, "value": value}
    status = emit(options, "compare", parameters, results, summary=comparison.summary(), plot=plot)
    return status if comparison.verdict == "agrees" else 3


def read_table(path: str) -> dict[str, list[str]]:
    """The columns of a CSV file with a header, as text."""
    file = validation.readable_file("table", path)
    with file.open(newline="", encoding="utf-8-sig") as stream:
        try:
            lines = [line for line in csv.reader(stream, skipinitialspace=True) if line]
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidArgument("table", path, f"a CSV file ({error})") from None
    header = [name.strip() for name in lines[0]] if lines else []
    if len(lines) < 2 or len(set(header)) != len(header) or not all(header):
        raise InvalidArgument(
            "table", path, "a CSV file with a header of distinct names and at least one row"
        )
    for k, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise InvalidArgument(
                "table", path, f"{len(header)} entries in every row; line {k} has {len(line)}"
            )
    return {name: [line[k].strip() for line in lines[1:]] for k, name in enumerate(header)}


def _options_of(words: list[str]) -> set[str]:
    """Names of the long options of the command that the prediction names."""
    from . import build_parser

    parser: argparse.ArgumentParser = build_parser()
    for word in words:
        choices = next(
            (a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None
        )
        if not choices:
            break
        if word not in choices:
            raise InvalidArgument("--prediction", " ".join(words), "a command: one of " + ", ".join(choices))
        parser = choices[word]
    shared = words[:1] in (["figures"], ["verify"], ["compare"])
    if (
        shared
        or parser.get_default("run") is None
        or any(a.dest == "output" and a.required for a in parser._actions)
    ):
        raise InvalidArgument("--prediction", " ".join(words), "a command that prints records")
    return {flag[2:] for action in parser._actions for flag in action.option_strings if flag.startswith("--")}


def _predict(words: list[str], settings: dict[str, str]) -> list[dict[str, Any]]:
    """The records of the prediction at one row."""
    from . import build_parser

    arguments = [*words, "--json", *(word for name, text in settings.items() for word in (f"--{name}", text))]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        options = build_parser().parse_args(arguments)
        options.run(options)
    results: list[dict[str, Any]] = json.loads(printed.getvalue())["results"]
    return results


def _value_column(
    table: str, others: list[str], rows: list[dict[str, str]], records: list[list[dict[str, Any]]]
) -> str:
    """The only column that is a key of the prediction and holds numbers there."""
    found = [
        name
        for name in others
        if all(isinstance(record.get(name), int | float) for record in records[0]) and records[0]
    ]
    if len(found) != 1:
        keys = ", ".join(records[0][0]) if records[0] else ""
        allowed = f"one column named like a key of the prediction ({keys}), or --value"
        raise InvalidArgument("table", table, allowed)
    return found[0]


def _choose(found: list[dict[str, Any]], keys: dict[str, str], value: str, row: int) -> dict[str, Any]:
    """The one record that has the row's keys."""
    matching = [record for record in found if all(_same(record.get(key), text) for key, text in keys.items())]
    if len(matching) != 1:
        raise BadUsage(
            f"row {row + 1}: the prediction has {len(matching)} records"
            + (f" with {', '.join(f'{key} = {text}' for key, text in keys.items())}" if keys else "")
            + "; the columns of the table must choose exactly one"
        )
    if not isinstance(matching[0].get(value), int | float):
        status = matching[0].get("status") or "no number"
        raise BadUsage(f"row {row + 1}: the prediction has no value of {value} ({status})")
    return matching[0]


def _same(value: Any, text: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value) == text
    try:
        return abs(float(text) - value) <= 1e-9 * max(abs(value), 1.0)
    except ValueError:
        return False


def _number(text: str, column: str, row: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadUsage(f"row {row + 1}: {column} = {text}: must be a number") from None


def _shown(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _axis(rows: list[dict[str, str]], names: list[str]) -> str | None:
    """The column to draw against: the first numeric one that varies."""

    def varies() -> Iterator[str]:
        for name in names:
            try:
                if len({float(row[name]) for row in rows}) > 1:
                    yield name
            except ValueError:
                continue

    return next(varies(), None)
