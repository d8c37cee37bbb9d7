"""The points of a sweep: a Cartesian grid or a line, with the coordinates that they have in the dataset."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from ..meaning import canonical_json
from .execution import FILE_NAME, is_file_name, is_file_text

_TEXT = "texts without the character 0 and without halves of surrogate pairs, which no netCDF file can hold"
RESERVED = ("generator", "message", "point", "replica")


@dataclass(frozen=True)
class Constant:
    value: Any


def constant(value: Any) -> Constant:
    """One value for every point, where a list or an array would otherwise be read as an axis."""
    return Constant(value)


def line(**values: Any) -> list[dict[str, Any]]:
    """Points that vary together: ``line(temperature=[0.1, 0.2], load=[0.05, 0.1], size=500)`` has two.

    Lists, tuples and arrays (along their first axis) run along the line and have one length; everything else, and what
    is marked by :func:`constant`, is the same at each point.
    """
    lengths = {name: len(value) for name, value in values.items() if _is_sequence(value)}
    if not lengths:
        raise InvalidArgument("line", sorted(values), "given at least one parameter with a list of values")
    length = next(iter(lengths.values()))
    for name, other in lengths.items():
        if other != length:
            raise InvalidArgument(name, values[name], f"{length} values, as many as the others on the line")
    return [
        {name: value[index] if name in lengths else value for name, value in values.items()}
        for index in range(length)
    ]


@dataclass(frozen=True)
class Grid:
    """Attributes
    ----------
    dimensions : name and length of each axis of the dataset, in the order of the points (last axis fastest).
    coordinates : name -> (dimensions, values) of every parameter.
    points : the parameters of each point.
    """

    dimensions: dict[str, int]
    coordinates: dict[str, tuple[tuple[str, ...], Any]]
    points: list[dict[str, Any]]

    @classmethod
    def of(cls, grid: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Grid:
        """A mapping of names to one-dimensional values (their product), or a list of points."""
        if isinstance(grid, Mapping) and grid:
            result = cls._product(grid)
        elif isinstance(grid, list | tuple) and grid and all(isinstance(point, Mapping) for point in grid):
            result = cls._list(grid)
        else:
            raise InvalidArgument(
                "grid", grid, "a mapping of names to values, or a list of points; not empty"
            )
        return result

    @classmethod
    def _product(cls, grid: Mapping[str, Any]) -> Grid:
        axes: dict[str, list[Any]] = {}
        fixed: dict[str, Any] = {}
        for name, value in grid.items():
            _check_name(name)
            if _is_sequence(value):
                axes[name] = _axis(name, value)
            else:
                fixed[name] = _value(name, value)
        coordinates = {
            name: ((name,), np.asarray(axes[name])) if name in axes else _column(name, [fixed[name]], ())
            for name in grid
        }
        points = [
            {name: chosen[name] if name in axes else fixed[name] for name in grid}
            for values in itertools.product(*axes.values())
            for chosen in [dict(zip(axes, values, strict=True))]
        ]
        return cls({name: len(values) for name, values in axes.items()}, coordinates, points)

    @classmethod
    def _list(cls, grid: Sequence[Mapping[str, Any]]) -> Grid:
        names = list(grid[0])
        for name in names:
            _check_name(name)
        for index, point in enumerate(grid):
            if set(point) != set(names):
                raise InvalidArgument(
                    f"grid[{index}]", sorted(point), f"a point with the names {sorted(names)}"
                )
        points = [{name: _value(name, point[name]) for name in names} for point in grid]
        coordinates = {name: _column(name, [point[name] for point in points], ("point",)) for name in names}
        return cls({"point": len(points)}, coordinates, points)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name or name in RESERVED:
        raise InvalidArgument(
            "grid", name, f"named by a parameter of the function, none of {', '.join(RESERVED)}"
        )
    if not is_file_name(name):
        raise InvalidArgument("grid", name, FILE_NAME)


def _axis(name: str, values: Any) -> list[Any]:
    allowed = "a one-dimensional list of numbers (no NaN), Booleans or strings; other values go on a line"
    try:
        axis = np.asarray(values)
    except ValueError:
        raise InvalidArgument(name, values, allowed) from None
    mixed = axis.dtype.kind == "U" and not all(isinstance(value, str) for value in values)
    if axis.ndim == 1 and not _is_exact(values, axis):
        raise InvalidArgument(
            name, values, "free of integers beyond 2**53 beside numbers that are not integers"
        )
    if axis.ndim != 1 or axis.size == 0 or axis.dtype.kind not in "biufU" or mixed:
        raise InvalidArgument(name, values, allowed)
    if axis.dtype.kind == "U" and not all(map(is_file_text, axis.tolist())):
        raise InvalidArgument(name, values, _TEXT)
    if axis.dtype.kind == "f":
        axis = axis.astype(np.float64)
        if np.isnan(axis).any():
            raise InvalidArgument(name, values, allowed)
    return axis.tolist()


def _value(name: str, value: Any) -> Any:
    """A parameter as the function will receive it: numpy scalars become Python's, and it has a canonical form."""
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    try:
        canonical_json(value)
    except ValueError:
        raise InvalidArgument(name, value, "a value without NaN") from None
    except TypeError:
        allowed = "a number, a string, an array, None, a dataclass, a function, or a list or mapping of these"
        raise InvalidArgument(name, value, allowed) from None
    if isinstance(value, str) and not is_file_text(value):
        raise InvalidArgument(name, value, _TEXT)
    return value


def _is_exact(values: Any, array: np.ndarray) -> bool:
    """Whether an array of numbers holds what it was made of: numpy makes floats of integers beside floats."""
    return (
        array.dtype.kind != "f"
        or isinstance(values, np.ndarray)
        or all(
            not isinstance(value, int | np.integer) or int(entry) == value
            for value, entry in zip(values, array.tolist(), strict=True)
        )
    )


def _column(name: str, values: list[Any], dimensions: tuple[str, ...]) -> tuple[tuple[str, ...], Any]:
    """A parameter as a coordinate: numbers, strings and arrays of one shape as they are, others as canonical JSON."""
    if all(isinstance(value, bool | int | float) for value in values) or all(
        isinstance(v, str) for v in values
    ):
        column = np.asarray(values)
        if not _is_exact(values, column):
            allowed = "free of integers beyond 2**53 beside numbers that are not integers"
            raise InvalidArgument(name, values, allowed)
    elif all(isinstance(value, np.ndarray) and value.shape == values[0].shape for value in values):
        column = np.stack(values)
    else:
        column = np.asarray([canonical_json(value) for value in values])
    if column.dtype.kind == "O":
        # Integers beyond 64 bits.
        column = np.asarray([canonical_json(value) for value in values])
    inner = tuple(f"{name}_{axis}" for axis in range(column.ndim - 1))
    return (dimensions + inner, column) if dimensions else (inner, column[0])
