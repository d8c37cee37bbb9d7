"""Crossovers at a number of steps of the order sqrt(d), and exact errors of several dimensions on them."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import (
    TimeGrid,
    TwoClasses,
    generated_weight,
    interpolant,
    ve_crossover,
    vp_crossover,
)

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: sqrt(d) steps repair undilated ones"
CAPTION = (
    "Left: weight of vp-linear against K/sqrt(d), true weight {weight:g}. Right: details over sigma of ve-linear "
    "against sigma K/sqrt(d), variance {variance:g}. Lines: limits of large dimension; symbols: exact values at "
    "dimension 100, 1600 and 25,600, separation 1."
)
_DIMENSIONS = (100, 1600, 25_600)


def compute(preset: str, *, weight: float = 0.72, variance: float = 0.36) -> dict[str, Any]:
    ratio = np.geomspace(0.1, 10.0, 25 if preset == "quick" else 100)
    points = np.array([0.3, 0.6, 1.2, 2.4, 4.8])
    shape = (len(_DIMENSIONS), len(points))
    data: dict[str, Any] = {
        "ratio": ratio,
        "weight_line": vp_crossover(ratio, weight),
        "detail_line": ve_crossover(ratio),
    }
    for name in ("weight_x", "generated", "detail_x", "detail"):
        data[name] = np.empty(shape)
    for i, d in enumerate(_DIMENSIONS):
        classes, root = TwoClasses(d, 1.0, variance, weight), d**0.5
        for j, r in enumerate(points.tolist()):
            count = max(1, round(r * root))
            data["weight_x"][i, j] = count / root
            grid = TimeGrid.uniform(interpolant("vp-linear"), count)
            data["generated"][i, j] = generated_weight(classes, grid).weight
            count = max(1, round(r * root / classes.deviation))
            data["detail_x"][i, j] = classes.deviation * count / root
            grid = TimeGrid.uniform(interpolant("ve-linear", classes.norm), count)
            data["detail"][i, j] = generated_weight(classes, grid).detail_ratio
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["ratio"], data["weight_line"], color="black", label="limit")
    right.plot(data["ratio"], data["detail_line"], color="black")
    for i, d in enumerate(_DIMENSIONS):
        mark: dict[str, Any] = {"color": style.COLOURS[i], "markerfacecolor": "white"}
        left.plot(data["weight_x"][i], data["generated"][i], style.MARKERS[i], label=f"d = {d}", **mark)
        right.plot(data["detail_x"][i], data["detail"][i], style.MARKERS[i], **mark)
    left.set(xscale="log", xlabel=r"$K/\sqrt{d}$", ylabel="weight")
    right.set(xscale="log", xlabel=r"$\sigma K/\sqrt{d}$", ylabel=r"details over $\sigma$", ylim=(0.0, 1.05))
    left.legend()
    return figure
