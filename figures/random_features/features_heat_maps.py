"""The plane of samples and features: where random features generalise, at two training times."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import phase_diagram

PAPER = ("2505.17638", "5C", "same axes, reduced")
TITLE = "Random features: generalisation gap over the plane of samples and features"
CAPTION = (
    "Left and middle: test loss minus train loss for tanh at t = 0.1 after training times 1000 and 10000. Right: the "
    "lines on which it is 0.1, at four training times: a model generalises to the right of its line, which moves to "
    "more samples as training goes on and ends at a line (infinite training time). Dashed: p = n. Theory only (n, p, "
    "d to infinity), on a grid of {points} by {points}."
)

MAPS = (1e3, 1e4)
LINES = (1e2, 1e3, 1e4, np.inf)


def compute(preset: str) -> dict[str, Any]:
    points = 10 if preset == "quick" else 48
    axis = np.geomspace(1.05, 128.0, points)
    found = phase_diagram("tanh", 0.1, LINES, axis, axis)
    return {"points": points, "axis": axis, "gap": found.generalisation_gap}


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, height=2.4)
    axis, gap = data["axis"], data["gap"]
    ratio = np.sqrt(axis[1] / axis[0])
    borders = np.append(axis / ratio, axis[-1] * ratio)
    for axes, time in zip(panels, MAPS, strict=False):
        plane = gap[LINES.index(time)]
        mesh = axes.pcolormesh(
            borders, borders, np.log10(np.maximum(plane, 1e-4)), cmap="viridis", vmin=-3, vmax=1
        )
        axes.contour(
            axis, axis, np.log10(plane), levels=[-1.0], linestyles="solid", colors="white", linewidths=1.0
        )
        axes.set_title(rf"$\tau$ = {time:g}")
    figure.colorbar(mesh, ax=panels[:2], label=r"$\log_{10}(L_\mathrm{test} - L_\mathrm{train})$", shrink=0.9)
    for series, time in enumerate(LINES):
        panels[2].contour(
            axis, axis, np.log10(gap[series]), levels=[-1.0], linestyles="solid", colors=style.COLOURS[series]
        )
        name = r"$\infty$" if np.isinf(time) else f"{time:g}"
        panels[2].plot([], [], color=style.COLOURS[series], label=rf"$\tau$ = {name}")
    panels[2].legend(fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    for axes in panels:
        axes.plot(axis, axis, "--", color="grey", linewidth=0.7)
        axes.set(xscale="log", yscale="log", xlabel="$n/d$", ylabel="$p/d$")
    return figure
