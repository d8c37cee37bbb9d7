"""The end product of a sweep: results put in their places in an xarray dataset, and its netCDF file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidArgument
from .execution import Outcome, decode, fits
from .grid import Grid

if TYPE_CHECKING:
    import xarray


def assemble(
    grid: Grid,
    replicas: int,
    outcomes: Sequence[Outcome],
    maximum: Mapping[str, tuple[int, ...]],
    attributes: Mapping[str, Any],
) -> tuple[xarray.Dataset, list[str]]:
    """The dataset and the message of each failed point (empty where there is none); replicas are the last axis.

    Every point returns the names, and apart from declared maxima the shapes, of the first finished one; a point that
    does not is a failed one. Numbers of failed points are NaN (integers become floats to hold it), strings are empty.
    """
    import xarray

    dimensions = dict(grid.dimensions)
    if replicas > 1:
        dimensions["replica"] = replicas
    results: list[dict[str, np.ndarray] | None] = []
    messages: list[str] = []
    reference: dict[str, np.ndarray] | None = None
    for outcome in outcomes:
        result = None if outcome.result is None else decode(outcome.result)
        message = outcome.message or ""
        if result is not None:
            message = _mismatch(result, reference or result, maximum)
            result = None if message else result
            reference = reference or result
        results.append(result)
        messages.append(message)

    for name in reference or {}:
        for index in _rounded([None if result is None else result[name] for result in results]):
            results[index] = None
            messages[index] = (
                f"result {name!r} is an integer beyond 2**53, which the dataset would round: other points have numbers "
                "that are no integers, of another sign beyond 2**63, or none"
            )
    lengths = tuple(dimensions.values())
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for name in reference or {}:
        column = _column([None if result is None else result[name] for result in results], maximum.get(name))
        inner = tuple(f"{name}_{axis}" for axis in range(column.ndim - 1))
        variables[name] = ((*dimensions, *inner), column.reshape(lengths + column.shape[1:]))
    variables["message"] = (tuple(dimensions), np.asarray(messages).reshape(lengths))
    coordinates = dict(grid.coordinates)
    if replicas > 1:
        coordinates["replica"] = (("replica",), np.arange(replicas))
    return xarray.Dataset(variables, coordinates, dict(attributes)), messages


def check_names(outcome: Outcome, grid: Grid) -> None:
    """A name that cannot stand in the dataset is a mistake in the function, to be told after the first point."""
    taken = {*grid.coordinates, *grid.dimensions, "message", "replica"}
    for name, array in decode(outcome.result or b"[]\n").items():
        if taken & {name, *(f"{name}_{axis}" for axis in range(array.ndim))}:
            raise InvalidArgument("result", name, "named unlike every parameter and axis of the dataset")


def _mismatch(
    result: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    maximum: Mapping[str, tuple[int, ...]],
) -> str:
    """What prevents a result from standing in the dataset; empty if nothing does."""
    if set(result) != set(reference):
        return f"the function returned {sorted(result)}, at the first finished point {sorted(reference)}"
    for name, array in result.items():
        if (array.dtype.kind == "U") != (reference[name].dtype.kind == "U"):
            return f"result {name!r} is a string at some points and a number at others"
        if name in maximum:
            if not fits(array.shape, maximum[name]):
                return f"result {name!r} of shape {array.shape} exceeds its declared maximum {maximum[name]}"
        elif array.shape != reference[name].shape:
            return (
                f"result {name!r} has shape {array.shape}, at the first finished point {reference[name].shape}: "
                "declare its maximum"
            )
    return ""


def _rounded(arrays: Sequence[np.ndarray | None]) -> list[int]:
    """Where integers of a variable are too large for the floats that its other points make of it."""
    present = [array for array in arrays if array is not None]
    kinds = {array.dtype for array in present}
    if len(present) == len(arrays) and (not kinds or np.result_type(*kinds).kind != "f"):
        return []
    return [
        index
        for index, array in enumerate(arrays)
        if array is not None
        and array.dtype.kind in "iu"
        and any(int(float(entry)) != entry for entry in array.ravel().tolist())
    ]


def _column(arrays: Sequence[np.ndarray | None], maximum: tuple[int, ...] | None) -> np.ndarray:
    """One variable at all points, first axis the points."""
    present = [array for array in arrays if array is not None]
    shape = present[0].shape if maximum is None else maximum
    dtype = np.result_type(*{array.dtype for array in present})
    if dtype.kind in "biu" and (len(present) < len(arrays) or any(array.shape != shape for array in present)):
        dtype = np.dtype(np.float64)
    column = np.full((len(arrays), *shape), np.nan if dtype.kind == "f" else np.zeros((), dtype)[()], dtype)
    for index, array in enumerate(arrays):
        if array is not None:
            column[index, ...][tuple(slice(n) for n in array.shape)] = array
    return column


def to_netcdf(dataset: xarray.Dataset, path: str | Path) -> None:
    """Write a dataset beside ``path`` and rename it, so that the file is never half written.

    The same dataset gives the same bytes.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        dataset.to_netcdf(temporary, engine="h5netcdf")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
