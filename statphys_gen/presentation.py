"""How objects show themselves: numbers to their last meaningful digit, and tables as text and in notebooks."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# These govern the digits of the other columns, or are said once below a table.
_NOT_COLUMNS = ("approximation", "error", "residual", "iterations")
_MOST_ROWS = 30


def plain(value: Any) -> Any:
    """Only JSON types: arrays become lists, undefined numbers null, infinities the strings "inf" and "-inf"."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)


def format_number(value: Any, error: float | None) -> str:
    """A number to its last meaningful digit: the digit of the error, or 12 digits where no error is known."""
    value = plain(value)
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    if error is None or not math.isfinite(error) or error <= 0:
        return f"{value:.12g}"
    if value == 0.0 or abs(value) <= error:
        return f"{value:.1g}"
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 1
    return f"{value:.{min(max(digits, 1), 15)}g}"


def cells(records: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Names of the columns and the text of every cell; a constant column stays, so that every row can be read alone."""
    names = [
        name
        for name in dict.fromkeys(name for record in records for name in record)
        if name not in _NOT_COLUMNS and not any(isinstance(r.get(name), list | dict) for r in records)
    ]
    return names, [[_cell(name, record) for name in names] for record in records]


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """The records as aligned columns."""
    names, shown = cells(records)
    widths = [max(len(row[k]) for row in [names, *shown]) for k in range(len(names))]
    lines = [
        "  ".join(word.rjust(width) for word, width in zip(row, widths, strict=True))
        for row in [names, *shown]
    ]
    return "\n".join(line.rstrip() for line in lines)


def _cell(name: str, record: Mapping[str, Any]) -> str:
    value = plain(record.get(name))
    if isinstance(value, float) and (name.endswith(("standard error", "standard_error")) or name == "z"):
        return f"{value:.2g}"
    # One digit more than that of a standard error, as is usual for measured numbers.
    errors = record.get("standard_error")
    if isinstance(errors, Mapping):
        return format_number(value, plain(errors.get(name)))
    measured = plain(errors) if name == "value" else None
    if isinstance(measured, float) and measured > 0.0:
        return format_number(value, measured / 10)
    return format_number(value, record.get("error"))


def short_table(records: Sequence[Mapping[str, Any]], title: str) -> str:
    """A title and the first rows: what an object prints of itself."""
    text = table(records[:_MOST_ROWS])
    more = f"\n... {len(records) - _MOST_ROWS} more" if len(records) > _MOST_ROWS else ""
    return f"{title}\n{text}{more}"


class Tabular:
    """A result that shows itself as the table of its ``records()``, under its class and what that says it is."""

    def records(self) -> Iterable[Mapping[str, Any]]:
        """One plain dictionary for each row."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return short_table(list(self.records()), self._title())

    def _repr_html_(self) -> str:
        return html_table(list(self.records()), self._title())

    def _title(self) -> str:
        return f"{type(self).__name__}: {(self.__doc__ or '').strip().splitlines()[0]}"


def html_table(records: Sequence[Mapping[str, Any]], title: str) -> str:
    """The same for a notebook."""
    names, shown = cells(records[:_MOST_ROWS])
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in shown)
    more = f"<p>... {len(records) - _MOST_ROWS} more</p>" if len(records) > _MOST_ROWS else ""
    return (
        f"<p>{html.escape(title)}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"
    )
