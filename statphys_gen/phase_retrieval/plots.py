"""Pictures of the command line's results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

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
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.2, 2.8), constrained_layout=True)
    for k, alpha in enumerate(samples_per_dimension):
        grid, width = density_positions(weights, alpha, points, upper=upper)
        density = spectral_density(weights, alpha, grid, smoothing=smoothing * width)
        colour = f"C{k}"
        axes.plot(grid, density, color=colour, label=f"{alpha:g}")
        outlier = hessian_spectrum(weights, alpha).outlier
        if outlier.good:
            axes.axvline(float(outlier["position"]), color=colour, linestyle="--", linewidth=1.0)
    axes.set(xlabel="eigenvalue", ylabel="density", ylim=(0.0, None))
    axes.legend(frameon=False, fontsize=7, title="samples per dimension", title_fontsize=7)
    figure.savefig(path)
    pyplot.close(figure)


def plot_curve(
    offset: Sequence[float], samples_per_dimension: Sequence[float], path: Path, title: str
) -> None:
    """A threshold against the constant of the loss."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(3.4, 2.5), constrained_layout=True)
    order = np.argsort(offset)
    a, alpha = np.asarray(offset, dtype=float)[order], np.asarray(samples_per_dimension, dtype=float)[order]
    shown = np.isfinite(a) & (a > 0.0)
    axes.semilogx(a[shown], alpha[shown], "o-")
    axes.set(xlabel="offset $a$", ylabel="samples per dimension", title=title)
    figure.savefig(path)
    pyplot.close(figure)
