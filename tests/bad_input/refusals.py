"""Rows of the tables of functions: a callable, arguments that it accepts, and values of each that it refuses."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

# A callable, accepted arguments, and by the argument that the complaint names the refused values.
Row = tuple[Callable[..., Any], dict[str, Any], dict[str, list[Any]]]

# What an argument of this name refuses everywhere.
STANDARD: dict[str, tuple[Any, ...]] = {
    "seed": (-1, 0.5, "0", math.nan),
    "threads": (0, -2, 1.5, "all"),
    "walkers": (0, 2.5, math.nan),
    "chains": (0, 2.5, "many"),
    "sweeps": (0, 2.5, "many"),
    "starts": (0, 2.5, "many"),
    "replicas": (0, 2.5, "many"),
    "resamples": (0, 2.5, "many"),
}


class Given:
    """A refused combination: the changes of the accepted arguments."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes


def row(function: Callable[..., Any], accepted: dict[str, Any], /, **refused: list[Any]) -> Row:
    return function, accepted, refused


def calls(table: list[Row]) -> Iterator[tuple[Callable[..., Any], dict[str, Any], str]]:
    """Every refused call: the callable, its arguments, and the one that the complaint names."""
    for function, accepted, refused in table:
        standard = {name: list(STANDARD[name]) for name in parameters(function) if name in STANDARD}
        for name in standard | refused:
            for value in refused.get(name, []) + standard.get(name, []):
                changes = value.changes if isinstance(value, Given) else {name.split("[")[0]: value}
                yield function, accepted | changes, name


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except ValueError:  # an exception or a type of the interpreter has none
        return ()
