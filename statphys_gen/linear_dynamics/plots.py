"""Pictures of the command line's results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import FloatArray
from ..style import COLOURS, picture
from .theory.best import BestError
from .theory.crossover import ErrorCurves, error_curves
from .theory.finite_dimension import finite_dimension_errors
from .theory.modes import amplitude

if TYPE_CHECKING:
    import xarray

    from ..style import Axes


def plot_modes(
    singular_values: FloatArray,
    threshold: float,
    times: FloatArray,
    path: Path | None = None,
    speed: float = 1.0,
    *,
    axes: Axes | None = None,
) -> Axes:
    """Learned part of each singular direction against time; solid above the threshold, dashed below."""
    grid = np.linspace(0.0, 1.2 * max(float(times.max()), 1e-12), 300)
    with picture(path, axes=axes) as (_, (axes,)):
        for k, s in enumerate(singular_values.tolist()):
            style = "-" if abs(s) > threshold else "--"
            colour = COLOURS[k % len(COLOURS)]
            axes.plot(grid, amplitude(s, threshold, speed * grid), style, color=colour, label=f"$s$ = {s:g}")
            axes.plot(times, amplitude(s, threshold, speed * times), "o", color=colour)
        axes.axhline(threshold, color="grey", linewidth=0.8, linestyle=":", label="threshold $c$")
        axes.set(xlabel="training time $t$", ylabel="amplitude $a(t)$")
        axes.legend(title="solid: active, dashed: lazy")
    return axes


def plot_errors(
    curves: ErrorCurves,
    strengths: Sequence[float],
    lazy_ratio: float,
    initial_noise: float,
    noise: float,
    dimension: int | None,
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """Train and test error against scaled time: the curves, and the times that were asked for."""
    grid = np.geomspace(
        0.2 * max(float(curves.training_time.min()), 1e-3), 2.0 * curves.training_time.max(), 200
    )
    line = (
        error_curves(strengths, lazy_ratio, initial_noise, grid, noise=noise)
        if dimension is None
        else finite_dimension_errors(strengths, dimension, lazy_ratio, initial_noise, grid, noise=noise)
    )
    with picture(path, axes=axes) as (_, (axes,)):
        for k, name in enumerate(("train_error", "test_error")):
            axes.plot(grid, getattr(line, name), color=COLOURS[k], label=name.split("_")[0])
            axes.plot(curves.training_time, getattr(curves, name), "o", color=COLOURS[k])
        axes.set(xscale="log", xlabel="scaled time $T = d\\,t$", ylabel="error per entry", ylim=(0.0, None))
        axes.legend()
    return axes


def plot_best_error(
    found: BestError, path: Path | None = None, *, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Best test error and its time against the lazy ratio, one line for each initial noise."""
    with picture(path, columns=2, axes=axes) as (_, (left, right)):
        kappa, noise = found.lazy_ratio.ravel(), found.initial_noise.ravel()
        for k, omega in enumerate(np.unique(noise)):
            rows = np.flatnonzero(noise == omega)
            rows = rows[np.argsort(kappa[rows])]
            colour, label = COLOURS[k % len(COLOURS)], rf"$\omega$ = {omega:g}"
            left.plot(kappa[rows], found.test_error.ravel()[rows], "o-", color=colour, label=label)
            right.plot(kappa[rows], found.training_time.ravel()[rows], "o-", color=colour)
        left.set(xscale="log", xlabel=r"lazy ratio $\kappa$", ylabel="best test error")
        right.set(xscale="log", yscale="log", xlabel=r"lazy ratio $\kappa$", ylabel="best time $T^*$")
        left.legend()
    return [left, right]


def plot_phase_diagram(data: xarray.Dataset, path: Path | None = None, *, axes: Axes | None = None) -> Axes:
    """Best test error over the plane of exponents, with the lines between the regimes."""
    gs, gw = (data[name].to_numpy() for name in ("variance_exponent", "width_exponent"))
    with picture(path, axes=axes) as (figure, (axes,)):
        shown = axes.pcolormesh(gs, gw, data["test_error"].to_numpy().T, shading="nearest", rasterized=True)
        figure.colorbar(shown, ax=axes, label="best test error")
        # The lines may leave the plane.
        limits = axes.get_xlim(), axes.get_ylim()
        _plot_lines(
            axes, np.array(limits[0]), len(data.attrs["signal_strengths"]), int(data.attrs["dimension"])
        )
        axes.set(xlim=limits[0], ylim=limits[1])
        axes.legend(loc="lower left", frameon=True, facecolor="#555555", labelcolor="white", fontsize=5)
        axes.set(xlabel=r"variance exponent $\gamma_\sigma$", ylabel=r"width exponent $\gamma_w$")
    return axes


def _plot_lines(axes: Any, variance_exponent: FloatArray, rank: int, dimension: int) -> None:
    """The lines gs + gw = 1 and 1/2, 2 gs + gw = 0 and w = rank, with what they are."""
    gs = np.linspace(variance_exponent.min(), variance_exponent.max(), 2)
    axes.plot(gs, 1.0 - gs, "-", color="white", linewidth=1.2, label="$c = d$ (signal lazy / active)")
    axes.plot(gs, 0.5 - gs, "--", color="white", linewidth=1.2, label=r"$c = \sqrt{d}$ (noise lazy / active)")
    axes.plot(gs, -2.0 * gs, "-.", color="white", linewidth=1.2, label=r"$\omega = 1$ (initial noise)")
    axes.axhline(
        math.log(rank) / math.log(dimension),
        color="white",
        linewidth=1.2,
        linestyle=":",
        label="$w = k$ (rank)",
    )
