"""Picture of a descent for the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..style import picture
from .theory.dmft import DescentDynamics

_LABELS = {
    "energy": "energy",
    "correlation": "correlation with the start",
    "lagrange_multiplier": "multiplier",
    "outlier_criterion": "outlier criterion",
    "overlap_growth": "growth of the overlap",
    "overlap": "overlap",
}


def plot_descent(dynamics: DescentDynamics, path: Path) -> None:
    """Every observable against time, with its standard error as a band."""
    names = [name for name in _LABELS if name in dynamics.samples]
    time = dynamics.time[: dynamics.reached + 1]
    with picture(path, columns=3, rows=2) as (_, grid):
        for axes, name in zip(grid, names, strict=False):
            found = dynamics.estimate(name)
            axes.plot(time, found.mean)
            low, high = found.mean - found.standard_error, found.mean + found.standard_error
            axes.fill_between(time, low, high, alpha=0.3, linewidth=0.0)
            axes.set(
                xlabel="time", ylabel=_LABELS[name], xlim=(0.0, max(float(time[-1]), np.finfo(float).tiny))
            )
            if name == "outlier_criterion":
                axes.axhline(1.0, color="grey", linewidth=0.7)
        for axes in grid[len(names) :]:
            axes.set_axis_off()
