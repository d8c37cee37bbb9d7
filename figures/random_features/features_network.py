"""A small network on a Gaussian mixture: copies and quality along training, for several training set sizes."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from statphys_gen import style
from statphys_gen.data import NoisedMixture
from statphys_gen.memorization import gaussian_frechet
from statphys_gen.numerics import neighbour_ratios
from statphys_gen.random_features import (
    Architecture,
    GaussianMixture,
    NetworkTraining,
    backward_times,
    generate,
    train_network,
)
from statphys_gen.statistics import bootstrap_fraction

PAPER = (
    "2505.17638",
    "9",
    "stand-in: a fully connected network trained by Adam for the residual one trained with momentum",
)
TITLE = "A trained network: copies and quality along training, for several training sets"
CAPTION = (
    "Simulation only. A fully connected score network ({hidden_layers} hidden layers of {width} units), trained by "
    "Adam on n points of two Gaussian classes at +-{separation:g} (1, ..., 1) with unit covariance in dimension "
    "{dimension}, {batch} samples in a step, with fresh noise and times in each step; it stands in for the residual "
    "network of the paper, which was trained by descent with momentum for up to 4 million steps. Top: fraction of "
    "{walkers} generated points that are copies (nearest training point nearer than a third of the second nearest), "
    "against steps and against steps over n; error bars, 95 % bootstrap interval over {instances} independent "
    "trainings and the points of each. Bottom left: quality, the Frechet distance between the generated points and the "
    "law, from means and covariances, per dimension; dashed: of the training set itself, dotted: of {walkers} "
    "fresh points. Bottom right: denoising loss at t = {loss_time} on fresh (filled) and training points (open). "
    "Error bars: one standard error over trainings."
)


def compute(
    preset: str, *, dimension: int = 8, separation: float = 1.0, loss_time: float = 0.1
) -> dict[str, Any]:
    if preset == "quick":
        samples, architecture = [8, 16, 32], Architecture(64, 2)
        batch, learning_rate, instances, walkers, last, looks = 16, 5e-3, 3, 200, 80, 8
    else:
        samples, architecture = [256, 512, 1024, 2048, 4096], Architecture(128, 3)
        batch, learning_rate, instances, walkers, last, looks = 64, 2e-3, 3, 1000, 80, 14
    law = NoisedMixture(GaussianMixture.two_classes(dimension, separation))
    times = backward_times(0.01, 3.0, 40)
    noise = -np.expm1(-2.0 * loss_time)

    def one(n: int, instance: int) -> tuple[list[Any], list[Any], float]:
        """At each look whether points are copies, and distance, test and train loss; the training set's distance."""
        rng = np.random.default_rng([n, instance])
        points, fresh = law.draw(n, rng), law.draw(4000, rng)
        seen, xi = points[rng.integers(n, size=len(fresh))], rng.standard_normal(fresh.shape)
        copies, numbers = [], []

        def look(step: int, network: Any) -> None:
            made = generate(network.clean, dimension, network.mean_square, walkers, rng, times)
            copies.append(neighbour_ratios(made, points) < 1.0 / 3.0)
            losses = []
            for clean in (fresh, seen):
                noised = np.exp(-loss_time) * clean + np.sqrt(noise) * xi
                wrong = np.exp(-loss_time) * (network.clean(noised, loss_time) - clean) / np.sqrt(noise)
                losses.append((wrong**2).mean())
            numbers.append([_distance(made, separation), *losses])

        course = NetworkTraining(_looks(n, last, looks), batch, learning_rate=learning_rate)
        train_network(points, architecture, course, rng, look)
        return copies, numbers, _distance(points, separation)

    fractions, means, errors, training_set = [], [], [], []
    for n in samples:
        runs = zip(*(one(n, k) for k in range(instances)), strict=True)
        copies, numbers, distances = (np.array(entry) for entry in runs)
        training_set.append(distances.mean())
        found = [bootstrap_fraction(copies[:, k]) for k in range(looks)]
        fractions.append([[each.fraction, each.lower, each.upper] for each in found])
        means.append(numbers.mean(axis=0))
        errors.append(numbers.std(axis=0, ddof=1) / np.sqrt(instances))
    rng = np.random.default_rng(1)
    return {
        "width": architecture.width,
        "hidden_layers": architecture.hidden_layers,
        "batch": batch,
        "instances": instances,
        "walkers": walkers,
        "samples": np.array(samples),
        "steps": np.array([_looks(n, last, looks) for n in samples]),
        "fraction": np.array(fractions),
        "mean": np.array(means),
        "error": np.array(errors),
        "training_set": np.array(training_set),
        "floor": np.mean([_distance(law.draw(walkers, rng), separation) for _ in range(50)]),
    }


def _looks(samples: int, last: int, looks: int) -> tuple[int, ...]:
    return tuple(int(k) for k in np.round(np.geomspace(10, last * samples, looks)))


def _distance(points: np.ndarray, separation: float) -> float:
    """Of the Gaussians with the means and covariances of the points and of the law, per dimension."""
    dimension = points.shape[1]
    covariance = np.eye(dimension) + separation**2 * np.ones((dimension, dimension))
    found = gaussian_frechet(points.mean(axis=0), np.cov(points.T), np.zeros(dimension), covariance)
    return found / dimension


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right, quality, loss) = style.panels(2, 2, height=4.6)
    for series, n in enumerate(data["samples"]):
        steps, colour = data["steps"][series], style.COLOURS[series]
        fraction, lower, upper = data["fraction"][series].T
        error = np.stack([fraction - lower, upper - fraction])
        for axes, x in ((left, steps), (right, steps / n)):
            style.simulation(axes, x, fraction, error, series, f"$n$ = {n}")
            axes.plot(x, fraction, color=colour, linewidth=0.5)
        mean, spread = data["mean"][series].T, data["error"][series].T
        quality.axhline(data["training_set"][series], color=colour, linewidth=0.8, linestyle="--")
        for axes, k, fill in ((quality, 0, colour), (loss, 1, colour), (loss, 2, "white")):
            points = style.simulation(axes, steps, mean[k], spread[k], series)
            points[0].set_markerfacecolor(fill)
            axes.plot(steps, mean[k], color=colour, linewidth=0.5)
    quality.axhline(float(data["floor"]), color="grey", linewidth=0.8, linestyle=":")
    left.set(xscale="log", xlabel="steps", ylabel="fraction of copies")
    right.set(xscale="log", xlabel="steps / $n$", ylabel="fraction of copies", xlim=(0.5, None))
    quality.set(xscale="log", yscale="log", xlabel="steps", ylabel="Frechet distance to the law / $d$")
    loss.set(xscale="log", xlabel="steps", ylabel="loss per dimension")
    # The minor ticks of a range of little more than a decade would overlap.
    right.xaxis.set_minor_formatter(NullFormatter())
    left.legend()
    quality.legend(handles=style.keys(**{"of the training set": "--", "of fresh points": ":"}))
    loss.legend(handles=style.keys(test=".o", train="o"))
    return figure
