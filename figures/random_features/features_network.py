"""A small network on a Gaussian mixture: the fraction of copies along training, for several training set sizes."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from statphys_gen import style
from statphys_gen.random_features import Architecture, GaussianMixture, NetworkTraining, simulate_memorization

PAPER = ("2505.17638", "9", "same axes, reduced")
TITLE = "A trained network: copies along training, and training set sizes"
CAPTION = (
    "Simulation only, a reduced run: a fully connected score network ({hidden_layers} hidden layers of "
    "{width} units) trained by Adam on n points of two Gaussian classes at +-{separation:g} (1, ..., 1) "
    "with unit covariance in dimension {dimension}, {batch} samples in a step, with fresh noise and times "
    "in each step; it stands in for the residual network of the paper, which was trained by descent with "
    "momentum for up to 4 million steps. Left: fraction of {walkers} generated points that are copies "
    "(nearest training point nearer than a third of the second nearest); error bars, 95 % bootstrap "
    "interval over {instances} independent trainings and the points of each. Middle: the same against "
    "steps over n. Right: test loss (filled) and train loss (open) at t = {loss_time}; error bars, one "
    "standard error over trainings."
)


def compute(
    preset: str, *, dimension: int = 8, separation: float = 1.0, loss_time: float = 0.1
) -> dict[str, Any]:
    if preset == "quick":
        samples, architecture = [8, 16, 32], Architecture(64, 2)
        batch, learning_rate, instances, walkers, last, looks = 16, 5e-3, 3, 200, 80, 8
    else:
        samples, architecture = [32, 64, 128, 256], Architecture(128, 3)
        batch, learning_rate, instances, walkers, last, looks = 64, 2e-3, 3, 400, 80, 11
    data: dict[str, Any] = {
        "width": architecture.width,
        "hidden_layers": architecture.hidden_layers,
        "batch": batch,
        "instances": instances,
        "walkers": walkers,
        "samples": np.array(samples),
    }
    found: dict[str, list[Any]] = {name: [] for name in ("steps", "fraction", "loss", "loss_error")}
    for n in samples:
        steps = tuple(int(k) for k in np.round(np.geomspace(10, last * n, looks)))
        curve = simulate_memorization(
            GaussianMixture.two_classes(dimension, separation),
            n,
            architecture,
            NetworkTraining(steps, batch, learning_rate=learning_rate),
            instances=instances,
            walkers=walkers,
            loss_time=loss_time,
            threads=2,
        )
        found["steps"].append(curve.steps)
        found["fraction"].append([[f.fraction, f.lower, f.upper] for f in curve.fraction()])
        both = np.stack([curve.test_loss, curve.train_loss])
        found["loss"].append(both.mean(axis=1))
        found["loss_error"].append(both.std(axis=1, ddof=1) / np.sqrt(instances))
    return data | {name: np.array(entry) for name, entry in found.items()}


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.3)
    for series, n in enumerate(data["samples"]):
        steps = data["steps"][series]
        fraction, lower, upper = data["fraction"][series].T
        error = np.stack([fraction - lower, upper - fraction])
        for axes, x in ((left, steps), (middle, steps / n)):
            style.simulation(axes, x, fraction, error, series, f"$n$ = {n}")
            axes.plot(x, fraction, color=style.COLOURS[series], linewidth=0.5)
        for k, fill in enumerate((style.COLOURS[series], "white")):
            points = style.simulation(
                right, steps, data["loss"][series, k], data["loss_error"][series, k], series
            )
            points[0].set_markerfacecolor(fill)
            right.plot(steps, data["loss"][series, k], color=style.COLOURS[series], linewidth=0.5)
    left.set(xscale="log", xlabel="steps", ylabel="fraction of copies")
    middle.set(xscale="log", xlabel="steps / $n$", ylabel="fraction of copies")
    right.set(xscale="log", xlabel="steps", ylabel="loss per dimension")
    middle.set_xlim(left=0.5)
    # The minor ticks of a range of little more than a decade would overlap.
    middle.xaxis.set_minor_formatter(NullFormatter())
    left.legend()
    right.legend(handles=style.keys(test=".o", train="o"))
    return figure
