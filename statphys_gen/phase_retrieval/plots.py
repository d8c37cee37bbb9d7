"""Pictures of the command line's results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..style import COLOURS, picture
from .spectrum import density_positions, hessian_spectrum, spectral_density
from .weights import Weights


def plot_spectra(
    weights: Weights,
    samples_per_dimension: Sequence[float],
    path: Path,
    *,
    smoothing: float = 0.0,
    upper: float | None = None,
    points: int = 400,
) -> None:
    """The density of the Hessian's eigenvalues for each number of samples, and the signal outlier as a dashed line."""
    with picture(path) as (_, (axes,)):
        for k, alpha in enumerate(samples_per_dimension):
            grid, width = density_positions(weights, alpha, points, upper=upper)
            density = spectral_density(weights, alpha, grid, smoothing=smoothing * width)
            colour = COLOURS[k % len(COLOURS)]
            axes.plot(grid, density, color=colour, label=f"{alpha:g}")
            outlier = hessian_spectrum(weights, alpha).outlier
            if outlier.good:
                axes.axvline(float(outlier["position"]), color=colour, linestyle="--", linewidth=1.0)
        axes.set(xlabel="eigenvalue", ylabel="density", ylim=(0.0, None))
        axes.legend(title="samples per dimension")


def plot_curve(
    offset: Sequence[float], samples_per_dimension: Sequence[float], path: Path, title: str
) -> None:
    """A threshold against the constant of the loss."""
    order = np.argsort(offset)
    a, alpha = np.asarray(offset, dtype=float)[order], np.asarray(samples_per_dimension, dtype=float)[order]
    shown = np.isfinite(a) & (a > 0.0)
    with picture(path) as (_, (axes,)):
        axes.semilogx(a[shown], alpha[shown], "o-")
        axes.set(xlabel="offset $a$", ylabel="samples per dimension", title=title)
