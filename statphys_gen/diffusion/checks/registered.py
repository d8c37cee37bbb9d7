"""The names under which the registry holds the sizes of these checks: a design that was registered keeps its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def registered(run: Mapping[str, Any], walkers: str = "noised") -> dict[str, Any]:
    """The sizes of a run: ``instances`` as data sets, ``walkers`` as noised points, runs or paths."""
    names = {"instances": "data_sets", "walkers": walkers}
    return {names.get(name, name): value for name, value in run.items()}
