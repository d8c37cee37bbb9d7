"""Nucleation of single points of pure noise against the dimension."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import (
    GaussianMixture,
    WeightedPoints,
    draw_points,
    linear_temperature,
    nucleation,
)

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures: in many dimensions single points nucleate"
CAPTION = (
    "{samples} points of one isotropic Gaussian of variance 1 (mean of {instances} samples, standard errors). "
    "Left: temperature of the first component that appears with learned weights, and first linear instability, "
    "the top eigenvalue of the covariance; both exact for the points. Solid line: $r^2/(2\\log N)$ of the point "
    "that lies farthest. Right: effective number of points behind the new component. Above $D=2\\log N$ (dotted) "
    "the cascade is a list of single points."
)


def compute(preset: str, *, samples: int = 200, instances: int = 6) -> dict[str, Any]:
    dimensions = (
        [1, 2, 4, 8, 16, 32, 64] if preset == "quick" else [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]
    )
    table = np.empty((4, len(dimensions), instances))
    for j, D in enumerate(dimensions):
        law = GaussianMixture([1.0], [np.zeros(D)], 1.0)
        for r in range(instances):
            x = draw_points(law, samples, replica=r)
            points = WeightedPoints(x, samples=samples)
            found = nucleation(points)
            far = float(((x - x.mean(0)) ** 2).sum(1).max()) / (2.0 * np.log(samples))
            table[:, j, r] = (
                found.nucleation_temperature,
                found.nucleation_effective_points,
                linear_temperature(points),
                far,
            )
    mean, error = table.mean(2), table.std(2, ddof=1) / np.sqrt(instances)
    return {
        "dimension": np.array(dimensions, dtype=np.float64),
        "nucleation": mean[0],
        "nucleation_error": error[0],
        "behind": mean[1],
        "behind_error": error[1],
        "linear": mean[2],
        "linear_error": error[2],
        "single": mean[3],
        "limit": np.array(2.0 * np.log(samples)),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["dimension"], data["single"], color="grey", label="farthest point alone")
    for k, name in enumerate(("nucleation", "linear")):
        style.simulation(left, data["dimension"], data[name], data[f"{name}_error"], k, name)
    style.simulation(right, data["dimension"], data["behind"], data["behind_error"], 0)
    for axes in (left, right):
        axes.axvline(float(data["limit"]), color="grey", linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlabel="dimension $D$")
    left.set(ylabel="temperature")
    right.set(ylabel="effective points")
    left.legend()
    return figure
