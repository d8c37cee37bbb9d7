"""How objects show themselves: numbers to their last meaningful digit, and tables as text and in notebooks."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from .glossary import axes_of, dataset

if TYPE_CHECKING:
    import xarray

_Array = tuple[tuple[str, ...], Any]

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
    short = f"{value:.4g}"
    if float(short) == value:
        # A number of few digits was given, not computed.
        return short
    if abs(value) <= error:
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


class Scalars(Tabular):
    """A result of single numbers, its fields."""

    def records(self) -> list[dict[str, Any]]:
        return [{item.name: getattr(self, item.name) for item in fields(self)}]  # type: ignore[arg-type] # the same

    def to_dataset(self) -> xarray.Dataset:
        """Scalars; what is not defined is NaN."""
        (row,) = self.records()
        return dataset({name: ((), math.nan if value is None else value) for name, value in row.items()}, {})


class Curves(Tabular):
    """A result of arrays, or of estimates, along the quantity of its first field, of whose shape they are.

    ``further`` names an axis that some of them have before or after these.
    """

    further: ClassVar[tuple[str, Literal["first", "last"]] | None] = None

    def records(self) -> list[dict[str, Any]]:
        variables, coordinates = self._arrays()
        sizes = {
            axis: size
            for axes, array in variables.values()
            for axis, size in zip(axes, array.shape, strict=True)
        }
        found = []
        for index in product(*map(range, sizes.values())):
            place = dict(zip(sizes, index, strict=True))
            row = {axis: k for axis, k in place.items() if axis not in coordinates}
            for name, (axes, array) in (coordinates | variables).items():
                row[name] = plain(array[tuple(place[axis] for axis in axes)])
            found.append(row)
        return found

    def to_dataset(self) -> xarray.Dataset:
        """Labelled by the quantity of the first field; several axes of it are numbered."""
        return dataset(*self._arrays(), getattr(self, "approximation", None))

    def _arrays(self) -> tuple[dict[str, _Array], dict[str, _Array]]:
        """Variables and coordinates, each with the names of its axes."""
        first, *others = (item.name for item in fields(self))  # type: ignore[arg-type] # subclasses are dataclasses
        grid = getattr(self, first)
        axes = axes_of(first, grid.ndim)
        variables: dict[str, _Array] = {}
        for name in others:
            value = getattr(self, name)
            estimated = hasattr(value, "standard_error")
            parts = (
                {name: value.mean, f"{name}_standard_error": value.standard_error}
                if estimated
                else {name: value}
            )
            for part, array in parts.items():
                if hasattr(array, "shape"):
                    variables[part] = (self._axes(axes, array.ndim), array)
        return variables, {first: (axes, grid)}

    def _axes(self, axes: tuple[str, ...], dimensions: int) -> tuple[str, ...]:
        if dimensions == len(axes) or self.further is None:
            return axes
        name, where = self.further
        return (name, *axes) if where == "first" else (*axes, name)


def html_table(records: Sequence[Mapping[str, Any]], title: str) -> str:
    """The same for a notebook."""
    names, shown = cells(records[:_MOST_ROWS])
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in shown)
    more = f"<p>... {len(records) - _MOST_ROWS} more</p>" if len(records) > _MOST_ROWS else ""
    return (
        f"<p>{html.escape(title)}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"
    )
