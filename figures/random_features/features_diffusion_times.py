"""Overfitting of random features at several diffusion times."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import RandomFeatures

from .features_learning_curves import curves_and_points

PAPER = ("2505.17638", "11-14", "same axes, reduced")
TITLE = "Random features: overfitting at several diffusion times"
CAPTION = (
    "Random-features score models with tanh at p/d = {features:g} and n/d = {samples:g}, each trained at "
    "one diffusion time t. Left: test loss minus train loss; right: score error. Lines: theory (n, p, d "
    "to infinity). Symbols: {instances} instances of the {kind} in dimension {dimension}, {deviation}; "
    "error bars, one standard error over instances (of the difference: those of the two losses added, an "
    "upper bound)."
)


def compute(
    preset: str,
    *,
    diffusion_times: tuple[float, ...] = (0.01, 0.1, 0.5, 1.0),
    features: float = 32.0,
    samples: float = 8.0,
) -> dict[str, Any]:
    quick = preset == "quick"
    dimension, instances = (14, 6) if quick else (30, 6)
    models = [RandomFeatures("tanh", features, samples, t) for t in diffusion_times]
    grid, times = np.geomspace(0.1, 1e6, 300), np.geomspace(0.3, 3e5, 13)
    return curves_and_points(models, grid, times, dimension, instances, equivalent=quick)


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, time in enumerate(data["diffusion_times"]):
        colour = style.COLOURS[series]
        left.plot(data["grid"], data["test_loss"][series] - data["train_loss"][series], color=colour)
        gap = data["test_loss_mean"][series] - data["train_loss_mean"][series]
        error = data["test_loss_error"][series] + data["train_loss_error"][series]
        style.simulation(left, data["times"], gap, error, series, f"$t$ = {time:g}")
        right.plot(data["grid"], data["score_error"][series], color=colour)
        points = (data["score_error_mean"][series], data["score_error_error"][series])
        style.simulation(right, data["times"], *points, series)
    left.set_ylabel(r"$L_\mathrm{test} - L_\mathrm{train}$")
    right.set_ylabel("score error per dimension")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(r"training time $\tau$")
    left.set_ylim(1e-4, 30.0)
    left.legend(fontsize=6)
    right.legend(handles=style.keys(**{"theory": "-", "simulation, finite $d$": "o"}), fontsize=6)
    return figure
