"""Pictures of the command line's results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ..data.binary_channel import two_class_agreement
from ..data.laws import DataLaw, GaussianMixture, dimension_of
from ..style import picture
from .theory.clones import CloneAgreement, clone_agreement
from .theory.excess_entropy import excess_entropy


def plot_clone_agreement(
    mixture: GaussianMixture, result: CloneAgreement, time: ArrayLike, path: Path
) -> None:
    """Clone agreement against time: the curve, and the times that were asked for."""
    times = np.asarray(time, dtype=np.float64)
    grid = np.linspace(0.5 * times.min(), 1.5 * times.max(), 200)
    with picture(path) as (_, (axes,)):
        axes.plot(grid, clone_agreement(mixture, grid).value)
        axes.plot(times, result.value, "o")
        axes.set(xlabel="diffusion time $t$", ylabel=r"clone agreement $\phi$")
        axes.set_title(result.approximation.level)


def plot_signal_agreement(signal: ArrayLike, weight: float, path: Path) -> None:
    """Clone agreement of two classes against the signal: the curve, and the signals that were asked for."""
    signals = np.asarray(signal, dtype=np.float64)
    grid = np.linspace(0.0, 1.5 * max(float(signals.max()), 1.0), 200)
    with picture(path) as (_, (axes,)):
        axes.plot(grid, two_class_agreement(grid, weight))
        axes.plot(signals, two_class_agreement(signals, weight), "o")
        axes.set(xlabel="signal $x$", ylabel=r"clone agreement $\phi$")


def plot_excess_entropy(law: DataLaw, log_samples: float, time: ArrayLike, path: Path) -> None:
    """Excess entropy over log(n)/d against time: the leading line, and the times that were asked for."""
    times = np.asarray(time, dtype=np.float64)
    grid = np.linspace(0.5 * times.min(), 1.5 * times.max(), 200)
    scale = dimension_of(law) / log_samples
    with picture(path) as (_, (axes,)):
        axes.plot(grid, np.maximum(excess_entropy(law, log_samples, grid), 0.0) * scale)
        axes.plot(times, np.maximum(excess_entropy(law, log_samples, times), 0.0) * scale, "o")
        axes.set(xlabel="diffusion time $t$", ylabel=r"excess entropy $f/\alpha$")
