"""Pictures of the command line's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..style import COLOURS, picture, simulation
from .model import PhaseRetrieval
from .theory.curvature_law import CurvatureLaw
from .theory.density import density_positions, spectral_density
from .theory.dmft import DescentDynamics
from .theory.spectrum import hessian_spectrum
from .theory.success import SuccessMidpoint

if TYPE_CHECKING:
    from ..style import Axes

_LABELS = {
    "energy": "energy",
    "correlation": "correlation with the start",
    "lagrange_multiplier": "multiplier",
    "outlier_criterion": "outlier criterion",
    "overlap_growth": "growth of the overlap",
    "overlap": "overlap",
}


def plot_spectra(
    model: PhaseRetrieval,
    samples_per_dimension: Sequence[float],
    path: Path | None = None,
    *,
    law: CurvatureLaw | None = None,
    smoothing: float = 0.0,
    upper: float | None = None,
    count: int = 400,
    axes: Axes | None = None,
) -> Axes:
    """The density of the Hessian's eigenvalues for each number of samples, and the signal outlier as a dashed line."""
    with picture(path, axes=axes) as (_, (axes,)):
        for k, alpha in enumerate(samples_per_dimension):
            here = model.replace(samples_per_dimension=alpha)
            grid, width = density_positions(here, count, law=law, upper=upper)
            density = spectral_density(here, grid, law=law, smoothing=smoothing * width)
            colour = COLOURS[k % len(COLOURS)]
            axes.plot(grid, density, color=colour, label=f"{alpha:g}")
            outlier = hessian_spectrum(here, law=law).outlier
            if outlier.good:
                axes.axvline(float(outlier["position"]), color=colour, linestyle="--", linewidth=1.0)
        axes.set(xlabel="eigenvalue", ylabel="density", ylim=(0.0, None))
        axes.legend(title="samples per dimension")
    return axes


def plot_curve(
    offset: Sequence[float],
    samples_per_dimension: Sequence[float],
    path: Path | None = None,
    title: str = "",
    *,
    axes: Axes | None = None,
) -> Axes:
    """A threshold against the constant of the loss."""
    order = np.argsort(offset)
    a, alpha = np.asarray(offset, dtype=float)[order], np.asarray(samples_per_dimension, dtype=float)[order]
    shown = np.isfinite(a) & (a > 0.0)
    with picture(path, axes=axes) as (_, (axes,)):
        axes.semilogx(a[shown], alpha[shown], "o-")
        axes.set(xlabel="offset $a$", ylabel="samples per dimension", title=title)
    return axes


def plot_success(
    records: Sequence[Mapping[str, Any]],
    midpoints: Mapping[int, SuccessMidpoint],
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """Success rates with their binomial intervals for each size, and the logistic curve where there is a midpoint.

    ``records`` hold dimension, samples_per_dimension, rate, lower and upper; a rate of None is left out.
    """
    with picture(path, axes=axes) as (_, (axes,)):
        for k, size in enumerate(dict.fromkeys(record["dimension"] for record in records)):
            rows = [r for r in records if r["dimension"] == size and r["rate"] is not None]
            rate, lower, upper = (np.array([r[key] for r in rows]) for key in ("rate", "lower", "upper"))
            ratios = np.array([r["samples_per_dimension"] for r in rows])
            simulation(axes, ratios, rate, [rate - lower, upper - rate], k, f"$N$ = {size}")
            if size in midpoints:
                middle = float(midpoints[size].samples_per_dimension.mean)
                grid = np.geomspace(ratios.min(), ratios.max(), 200)
                curve = 1.0 / (1.0 + (middle / grid) ** midpoints[size].exponent)
                axes.plot(grid, curve, ":", color=COLOURS[k % len(COLOURS)])
        axes.set(xlabel="samples per dimension", ylabel="success rate", ylim=(-0.03, 1.03))
        axes.legend()
    return axes


def plot_descent(
    dynamics: DescentDynamics, path: Path | None = None, *, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Every observable against training time, with its standard error as a band."""
    names = [name for name in _LABELS if name in dynamics.values]
    time = dynamics.training_time[: dynamics.reached + 1]
    with picture(path, columns=3, rows=2, axes=axes) as (_, grid):
        for panel, name in zip(grid, names, strict=False):
            found = dynamics.estimate(name)
            panel.plot(time, found.mean)
            low, high = found.mean - found.standard_error, found.mean + found.standard_error
            panel.fill_between(time, low, high, alpha=0.3, linewidth=0.0)
            panel.set(
                xlabel="training time",
                ylabel=_LABELS[name],
                xlim=(0.0, max(float(time[-1]), np.finfo(float).tiny)),
            )
            if name == "outlier_criterion":
                panel.axhline(1.0, color="grey", linewidth=0.7)
        for panel in grid[len(names) :]:
            panel.set_axis_off()
    return grid
