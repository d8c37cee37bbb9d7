"""Pictures of windows, crossovers, U-turns and designed grids."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import FloatArray
from ..style import COLOURS, picture
from .theory.common_covariance import ClassSpectrum
from .theory.designed import DesignedSchedule
from .theory.error_density import total_weight_density
from .theory.windows import UTurn, u_turn, windows_of

if TYPE_CHECKING:
    from ..style import Axes

_POINTS = 801


def _densities(spectrum: ClassSpectrum, levels: FloatArray) -> list[tuple[str, FloatArray]]:
    """Square roots of the error densities, by name."""
    found = []
    if spectrum.classes > 1 and spectrum.separates():
        found.append(("weight", np.sqrt(total_weight_density(levels, spectrum))))
    positive = spectrum.eigenvalues > 0.0
    if positive.any():
        values = spectrum.eigenvalues[positive]
        shares = values * spectrum.multiplicities[positive] / spectrum.trace
        u = values / (levels[:, None] ** 2 + values)
        found.append(("details", np.sqrt((u * (1.0 - u)) @ shares)))
    return found


def plot_densities(spectrum: ClassSpectrum, path: Path | None = None, *, axes: Axes | None = None) -> Axes:
    """Best density of steps per log S for the weight and for the details, with the windows of their sensitivity."""
    windows = {window.feature: window for window in windows_of(spectrum)}
    ends = [end for window in windows.values() for end in (window.lower, window.upper) if end]
    levels = np.geomspace(0.2 * min(ends), 5.0 * max(ends), _POINTS)
    with picture(path, axes=axes) as (_, (axes,)):
        for k, (name, values) in enumerate(_densities(spectrum, levels)):
            axes.plot(levels, values, color=COLOURS[k], label=name)
            if name in windows:
                low, high = windows[name].lower, windows[name].upper
                axes.axvspan(low or levels[0], high or levels[-1], color=COLOURS[k], alpha=0.12, linewidth=0)
        axes.set(
            xscale="log", xlabel="noise level $S$", ylabel=r"$\sqrt{|e|}$ per $\log S$", ylim=(0.0, None)
        )
        axes.legend()
    return axes


def plot_crossover(
    schedule: str,
    steps_ratio: Sequence[float],
    values: FloatArray,
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """The crossover at the ratios that were asked for."""
    order = np.argsort(steps_ratio)
    preserving = schedule == "vp-linear"
    x_label = r"$K/\sqrt{d}$" if preserving else r"$\sigma K/\sqrt{d}$"
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(np.array(steps_ratio)[order], values[order], "o-", color=COLOURS[0])
        axes.set(xscale="log", xlabel=x_label, ylabel="weight" if preserving else r"details over $\sigma$")
    return axes


def plot_u_turn(
    found: UTurn,
    weight: float,
    path: Path | None = None,
    *,
    data_signal: float = math.inf,
    axes: Axes | None = None,
) -> Axes:
    """Both probabilities along the signal, up to that of the data, with the points that were asked for."""
    positive = found.signal[found.signal > 0.0]
    low, high = (float(positive.min()), float(positive.max())) if len(positive) else (0.1, 10.0)
    line = u_turn(np.geomspace(0.2 * low, min(5.0 * high, data_signal), 201), weight, data_signal)
    with picture(path, axes=axes) as (_, (axes,)):
        for k, (name, text) in enumerate(
            (("stochastic", "reverse process"), ("deterministic", "probability flow"))
        ):
            axes.plot(line.signal, getattr(line, name), color=COLOURS[k], label=text)
            axes.plot(found.signal, getattr(found, name), "o", color=COLOURS[k])
        axes.set(xscale="log", xlabel="signal $q$", ylabel="probability of the same class")
        axes.legend()
    return axes


def plot_design(
    spectrum: ClassSpectrum, schedule: DesignedSchedule, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Best densities of steps over log S above the levels of the grid."""
    finite = np.array([level for level in schedule.grid.levels if 0.0 < level < math.inf])
    levels = np.geomspace(0.3 * finite.min(), 3.0 * finite.max(), _POINTS)
    with picture(path, axes=axes) as (_, (axes,)):
        for k, (name, values) in enumerate(_densities(spectrum, levels)):
            axes.plot(levels, values, color=COLOURS[k], label=name)
        axes.plot(finite, np.zeros_like(finite), "|", color="black", markersize=12, label=schedule.chosen)
        axes.set(xscale="log", xlabel="noise level $S$", ylabel=r"$\sqrt{|e|}$ per $\log S$")
        axes.legend()
    return axes
