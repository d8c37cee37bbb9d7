"""Score error of random features along training for data of large and of small variance."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import Covariance, RandomFeatures

from .features_learning_curves import curves_and_points

PAPER = ("2505.17638", "11-14", "same axes, reduced")
TITLE = "Random features: score error for data of standard deviation 2 and 0.5"
CAPTION = (
    "Score error of a random-features model with tanh at p/d = {features:g} and t = {time:g} along "
    "training, for isotropic data of standard deviation {deviations} (from left to right). Lines: theory "
    "(n, p, d to infinity). Symbols: {instances} instances of the {kind} in dimension {dimension}, not "
    "extrapolated, so that differences of relative order 1/{dimension} are expected; error bars, one "
    "standard error over instances."
)


def compute(
    preset: str,
    *,
    deviations: tuple[float, ...] = (2.0, 0.5),
    samples: tuple[float, ...] = (4, 16),
    features: float = 64.0,
    time: float = 0.1,
) -> dict[str, Any]:
    dimension, instances = (8, 6) if preset == "quick" else (24, 6)
    models = [
        RandomFeatures("tanh", features, n, time, Covariance.isotropic(deviation**2))
        for deviation in deviations
        for n in samples
    ]
    grid, times = np.geomspace(0.1, 1e6, 300), np.geomspace(0.3, 3e5, 13)
    return curves_and_points(models, grid, times, dimension, instances, equivalent=True)


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(len(data["deviations"]))
    for k, (axes, deviation) in enumerate(zip(panels, data["deviations"], strict=True)):
        for series, ratio in enumerate(data["samples"]):
            row = len(data["samples"]) * k + series
            axes.plot(data["grid"], data["score_error"][row], color=style.COLOURS[series])
            points = (data["score_error_mean"][row], data["score_error_error"][row])
            style.simulation(axes, data["times"], *points, series, f"$n/d$ = {ratio:g}")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(r"training time $\tau$")
        axes.set_ylabel("score error per dimension")
        axes.set_title(rf"$\sigma_x$ = {deviation:g}")
    panels[0].legend()
    panels[-1].legend(handles=style.keys(**{"theory": "-", "simulation, finite $d$": "o"}))
    return figure
