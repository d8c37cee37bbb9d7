"""The plane of samples and features: where random features generalise, at two training times."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.interpolate import RectBivariateSpline

from statphys_gen import style
from statphys_gen.random_features import phase_diagram

PAPER = ("2505.17638", "5C", "same axes, reduced")
TITLE = "Random features: generalisation gap over the plane of samples and features"
CAPTION = (
    "Maps: test loss minus train loss for tanh at t = {time:g} after the training times {maps}. Right: the lines "
    "on which it is 0.1, at the training times {lines}: a model generalises to the right of its line, which moves "
    "to more samples as training goes on and ends at a line (infinite training time). Dashed: p = n. Theory only "
    "(n, p, d to infinity), on a grid of {points} by {points}, with cubic splines between its points."
)

_LOWEST = 1e-4  # of a gap of the losses, which may vanish
_FINE = 150


def compute(
    preset: str,
    *,
    maps: tuple[float, ...] = (1e3, 1e4),
    lines: tuple[float, ...] = (1e2, 1e3, 1e4, np.inf),
    time: float = 0.1,
) -> dict[str, Any]:
    points = 28 if preset == "quick" else 96
    axis = np.geomspace(1.05, 128.0, points)
    found = phase_diagram("tanh", time, [*maps, *lines], axis, axis)
    gap = found.generalisation_gap
    return {"points": points, "axis": axis, "gap": gap[: len(maps)], "line_gap": gap[len(maps) :]}


def refined(x: np.ndarray, y: np.ndarray, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A finer grid, and log10 of the plane (y, x) on it by a cubic spline over the logarithms of the axes."""
    through = RectBivariateSpline(np.log(y), np.log(x), np.log10(np.maximum(plane, _LOWEST)))
    fine = [np.geomspace(axis[0], axis[-1], _FINE) for axis in (x, y)]
    return fine[0], fine[1], through(np.log(fine[1]), np.log(fine[0]))


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(len(data["maps"]) + 1, height=2.6)
    axis, gap = data["axis"], data["gap"]
    for axes, time, plane in zip(panels, data["maps"], gap, strict=False):
        x, y, height = refined(axis, axis, plane)
        mesh = axes.pcolormesh(
            x, y, height, cmap="viridis", vmin=-3, vmax=1, shading="gouraud", rasterized=True
        )
        axes.contour(x, y, height, levels=[-1.0], linestyles="solid", colors="white", linewidths=1.0)
        axes.set_title(rf"$\tau$ = {time:g}")
    figure.colorbar(
        mesh,
        ax=panels[:-1],
        label=r"$\log_{10}(L_\mathrm{test} - L_\mathrm{train})$",
        location="bottom",
        shrink=0.8,
    )
    for series, time in enumerate(data["lines"]):
        lines = refined(axis, axis, data["line_gap"][series])
        panels[-1].contour(*lines, levels=[-1.0], linestyles="solid", colors=style.COLOURS[series])
        name = r"$\infty$" if np.isinf(time) else f"{time:g}"
        panels[-1].plot([], [], color=style.COLOURS[series], label=rf"$\tau$ = {name}")
    panels[-1].legend(fontsize=6, loc="lower right")
    for axes in panels:
        axes.plot(axis, axis, "--", color="grey", linewidth=0.7)
        axes.set(xscale="log", yscale="log", xlabel="$n/d$", ylabel="$p/d$")
    return figure
