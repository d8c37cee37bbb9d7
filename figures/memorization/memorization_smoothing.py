"""Fraction of points of a smoothed training set that look like copies, against its width."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.memorization import null_fraction, simulate_neighbour_fraction, smoothed_fraction

PAPER = ("2605.06077", "", "ours")
TITLE = "Copies: a smoothed training set"
CAPTION = (
    "Fraction of points x + h z around uniform points that are nearer to one of these than {ratio:g} times the "
    "distance to the second, against h in spacings of the points. Lines: closed form for Poisson points; dotted: "
    "what is left by chance, the limit to the power of the dimension. Symbols: {instances} periodic boxes of about "
    "2000 points each; error bars, one standard error."
)


def compute(
    preset: str, *, ratio: float = 1.0 / 3.0, dimensions: tuple[int, ...] = (1, 2, 3)
) -> dict[str, Any]:
    instances = 8 if preset == "quick" else 60
    grid = np.geomspace(0.005, 2.0, 80)
    places = np.geomspace(0.01, 0.4, 7)
    lines, measured, chance = [], [], []
    for d in dimensions:
        lines.append(smoothed_fraction(d, ratio, 1.0, grid))
        chance.append(float(null_fraction(d, ratio)))
        rows = [
            simulate_neighbour_fraction(
                d, ratio, smoothing_width=float(h), instances=instances, walkers=1000, seed=1
            )
            for h in places
        ]
        measured.append([[float(e.mean), float(e.standard_error)] for e in rows])
    return {
        "instances": instances,
        "dimensions": np.array(dimensions),
        "grid": grid,
        "lines": np.array(lines),
        "chance": np.array(chance),
        "places": places,
        "measured": np.array(measured),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    for k, d in enumerate(data["dimensions"]):
        colour = style.COLOURS[k]
        axes.plot(data["grid"], data["lines"][k], color=colour)
        axes.axhline(float(data["chance"][k]), color=colour, linewidth=0.8, linestyle=":")
        mean, error = data["measured"][k].T
        style.simulation(axes, data["places"], mean, error, k, f"$D$ = {int(d)}")
    axes.set(xscale="log", xlabel=r"width of smoothing $h\rho^{1/D}$", ylabel="fraction of near copies")
    axes.legend()
    return figure
