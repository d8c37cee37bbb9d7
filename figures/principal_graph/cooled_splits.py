"""Stability of two components along cooling, with re-entrance: Fisher's iris data."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import WeightedPoints, linear_temperature, split_temperatures

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures: stability of two components, lost, regained and lost again"
CAPTION = (
    "Largest local eigenvalue over the temperature of {components} components with equal weights, along the "
    "branch that is cooled down to {lower:g}, for Fisher's iris data (150 flowers, 4 lengths); theory. Above 1 a "
    "component is unstable against a split. Markers: exact crossings. The data are skewed along their first "
    "direction: one child of the first split, at the right end, is unstable at once and becomes stable again "
    "further down."
)


def compute(preset: str, *, components: int = 2, lower: float = 0.2) -> dict[str, Any]:
    from sklearn.datasets import load_iris

    law = WeightedPoints(load_iris().data, samples=150)
    found = split_temperatures(law, components, lower * linear_temperature(law))
    return {
        "grid": found.grid,
        "ratio": found.ratio,
        "crossing": np.array([entry.temperature for entry in found.crossings]),
        "at_one": np.ones(len(found.crossings)),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    axes.plot(data["grid"], data["ratio"], color=style.COLOURS[0], label="largest ratio")
    axes.plot(data["crossing"], data["at_one"], "o", color=style.COLOURS[1], label="crossing")
    axes.axhline(1.0, color="grey", linewidth=0.8)
    axes.set(xscale="log", xlabel="temperature $T$", ylabel=r"$\lambda_{\max}(C_g)/T$")
    axes.legend()
    return figure
