"""Score error, train loss and test loss of random features along training, for four numbers of samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import (
    FeatureMoments,
    RandomFeatures,
    learning_curves,
    model_coefficients,
    simulate_losses,
)

PAPER = ("2505.17638", "5A, 5B", "same axes, reduced")
TITLE = "Random features: score error and losses along training"
CAPTION = (
    "Full-batch gradient flow of a random-features score model with tanh at p/d = {features:g} and t = {time:g} "
    "for n/d = {samples}. Left: mean squared distance to the true score. Middle: train loss (dashed) and test "
    "loss (solid); the grey line is the loss of the true score. Right: train loss against the time over n/d, in "
    "which overfitting begins together only roughly. Lines: theory (n, p, d to infinity). Symbols: {instances} "
    "instances of the {kind} in dimension {dimension}, {deviation}; error bars, one standard error over "
    "instances."
)

_LATE_DEVIATION = (
    "not extrapolated; late in training they lie off the lines (by a third of the final score error at p/d = 64, "
    "n/d = 4 and d = 18), which the Gaussian equivalent does not: in small dimensions the nonlinear parts of so many "
    "features are correlated"
)
FIELDS = ("train_loss", "test_loss", "score_error")


def curves_and_points(
    models: Sequence[RandomFeatures],
    grid: Any,
    times: Any,
    dimension: int,
    instances: int,
    *,
    equivalent: bool = False,
) -> dict[str, Any]:
    """For each loss: theory (models, grid), and mean and error of the simulation (models, times).

    ``equivalent``: simulate the Gaussian equivalent and not the model itself.
    """
    theory = [learning_curves(model, grid) for model in models]
    found = [
        simulate_losses(
            model,
            times,
            dimension,
            instances=instances,
            moments=_moments(model) if equivalent else None,
            threads=2,
        )
        for model in models
    ]
    data: dict[str, Any] = {"dimension": dimension, "instances": instances, "grid": grid, "times": times}
    data["kind"] = "Gaussian equivalent (a reduced simulation)" if equivalent else "exact nonlinear model"
    data["deviation"] = (
        f"not extrapolated, so that differences of relative order 1/{dimension} are expected"
        if equivalent
        else _LATE_DEVIATION
    )
    for field in FIELDS:
        data[field] = np.array([getattr(curves, field) for curves in theory])
        data[f"{field}_mean"] = np.array([getattr(losses, field).mean for losses in found])
        data[f"{field}_error"] = np.array([getattr(losses, field).standard_error for losses in found])
    return data


def _moments(model: RandomFeatures) -> FeatureMoments:
    c = model_coefficients(model)
    return FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))


def compute(
    preset: str, *, samples: tuple[float, ...] = (4, 8, 16, 32), features: float = 64.0, time: float = 0.1
) -> dict[str, Any]:
    quick = preset == "quick"
    dimension, instances = (8, 6) if quick else (60, 4)
    models = [RandomFeatures("tanh", features, n, time) for n in samples]
    grid, times = np.geomspace(0.1, 1e6, 300), np.geomspace(0.3, 3e5, 13)
    return curves_and_points(models, grid, times, dimension, instances, equivalent=quick)


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.7)
    for series, ratio in enumerate(data["samples"]):
        colour = style.COLOURS[series]
        for axes, field, line, scale in (
            (left, "score_error", "-", 1.0),
            (middle, "test_loss", "-", 1.0),
            (middle, "train_loss", "--", 1.0),
            (right, "train_loss", "--", 1.0 / ratio),
        ):
            axes.plot(scale * data["grid"], data[field][series], line, color=colour)
            label = f"$n/d$ = {ratio:g}" if axes is left else None
            mean, error = data[f"{field}_mean"][series], data[f"{field}_error"][series]
            style.simulation(axes, scale * data["times"], mean, error, series, label)
    best = middle.axhline(np.exp(-2.0 * data["time"]), color="grey", linewidth=0.8, label="true score")
    left.set_ylabel("score error per dimension")
    middle.set(ylabel="loss per dimension", ylim=(0.0, 1.5))
    right.set(ylabel="train loss per dimension", ylim=(0.0, 1.1))
    left.set_yscale("log")
    for axes, label in (
        (left, r"training time $\tau$"),
        (middle, r"training time $\tau$"),
        (right, r"$\tau\,d/n$"),
    ):
        axes.set(xscale="log", xlabel=label)
    notes = {"test": "-", "train": "--", "simulation, finite $d$": "o"}
    style.legend_below(left, [*left.get_legend_handles_labels()[0], *style.keys(**notes), best], 4)
    return figure
