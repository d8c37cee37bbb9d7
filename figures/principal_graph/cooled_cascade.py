"""Five clusters of unequal widths: how many components are certified at each temperature."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import GaussianMixture, WeightedPoints, cluster_states, draw_points

PAPER = ("2010.07955", "page", "stand-in: clusters of like means and variances")
TITLE = "Cooled mixtures: clusters appear one after another"
CAPTION = (
    "Left: {samples} points (seed {seed}) of five clusters of variances 0.6, 0.8, 0.095, 0.155 and 1.4. Right: "
    "number of components of the mixture of greatest likelihood at temperatures down to {lowest:g}, weights "
    "learned, certified to 1e-9 (theory of these points); dotted: the variances of the clusters. Below them the "
    "clusters themselves are resolved into parts."
)
MEANS = ((-8.0, -0.5), (-4.0, -0.8), (2.5, 2.4), (5.0, 2.5), (4.7, -3.8))
VARIANCES = (0.6, 0.8, 0.095, 0.155, 1.4)


def compute(preset: str, *, lowest: float = 1.2, samples: int = 300, seed: int = 0) -> dict[str, Any]:
    count = 24 if preset == "quick" else 120
    points = draw_points(GaussianMixture([0.2] * 5, MEANS, VARIANCES), samples, seed=seed)
    grid = np.geomspace(60.0, lowest, count)
    states = cluster_states(WeightedPoints(points, samples=samples), grid)
    return {
        "x": points[:, 0],
        "y": points[:, 1],
        "grid": grid,
        "clusters": np.array([float(state.clusters) for state in states]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["x"], data["y"], ".", color="grey", markersize=2)
    left.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    right.plot(data["grid"], data["clusters"], "o-", color=style.COLOURS[0], markersize=2)
    for variance in VARIANCES:
        right.axvline(variance, color="grey", linewidth=0.6, linestyle=":")
    right.set(xscale="log", xlabel="temperature $T$", ylabel="components", ylim=(0.0, None))
    return figure
