"""A small network on handwritten digits: copies and quality along training, for training sets and widths."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import MissingExtra
from statphys_gen.memorization import gaussian_frechet
from statphys_gen.numerics import neighbour_ratios
from statphys_gen.random_features import (
    Architecture,
    NetworkTraining,
    backward_times,
    generate,
    train_network,
)
from statphys_gen.statistics import bootstrap_fraction

PAPER = (
    "2505.17638",
    "2, 3, 6, 7, 8, 10",
    "stand-in: handwritten digits of scikit-learn and a fully connected network for the images and their networks",
)
TITLE = "A network trained on digits: copies and quality, for training sets and widths"
CAPTION = (
    "Simulation only. scikit-learn's digits (8 x 8 pixels, their 8 principal components, of unit mean variance) stand "
    "in for the images of the paper, and a fully connected network ({layers} hidden layers, Adam) for its image "
    "networks. Left: n training points, width {width}; right: n = {fixed}, several widths. Top: fraction of "
    "{walkers} generated points that are copies (nearest training point nearer than a third of the second nearest), "
    "against steps over n, up to {last}; error bars, 95 % bootstrap interval over {instances} independent trainings "
    "and the points of each; grey: the same fraction of digits that are not in the training set. Bottom: quality, the "
    "Frechet distance of the generated points from all digits, from means and covariances, per component; error bars, "
    "one standard error over trainings; dashed: of the training sets themselves."
)
_COMPONENTS = 8


def compute(preset: str, *, fixed: int = 20, width: int = 64, last: int = 120) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure features_digits", "scikit-learn", "examples") from None
    samples: tuple[int, ...] = (10, 20, 40)
    widths: tuple[int, ...] = (32, 64, 128)
    layers, rate, instances, walkers, looks = 2, 5e-3, 2, 200, 7
    if preset == "full":
        samples, widths = (fixed, 64, 128, 256, 512), (32, 64, 128, 256)
        layers, rate, instances, walkers, looks = 3, 2e-3, 4, 1000, 12
    pixels = load_digits().data
    centred = pixels - pixels.mean(axis=0)
    digits = centred @ np.linalg.svd(centred, full_matrices=False)[2][:_COMPONENTS].T
    digits /= np.sqrt(digits.var(axis=0).mean())
    steps = np.geomspace(1.0, last, looks)
    times = backward_times(0.01, 3.0, 40)

    def trainings(n: int, units: int) -> tuple[Any, ...]:
        """Fraction of copies with its interval, distance with its error, at each look; null and training set."""
        copies, distance, null, own = [], [], [], []
        for instance in range(instances):
            rng = np.random.default_rng([n, instance])
            order = rng.permutation(len(digits))
            seen, fresh = digits[order[:n]], digits[order[n:]]
            null.append((neighbour_ratios(fresh, seen) < 1.0 / 3.0).mean())
            own.append(_distance(seen, digits))
            rows: list[tuple[Any, float]] = []

            def look(step: int, network: Any, seen: Any = seen, rng: Any = rng, rows: Any = rows) -> None:
                made = generate(network.clean, _COMPONENTS, network.mean_square, walkers, rng, times)
                rows.append((neighbour_ratios(made, seen) < 1.0 / 3.0, _distance(made, digits)))

            course = NetworkTraining(
                tuple(int(k) for k in np.round(steps * n)), min(n, 64), learning_rate=rate
            )
            train_network(seen, Architecture(units, layers), course, rng, look)
            copies.append([row[0] for row in rows])
            distance.append([row[1] for row in rows])
        events, far = np.array(copies), np.array(distance)
        found = [bootstrap_fraction(events[:, k]) for k in range(looks)]
        return (
            [[each.fraction, each.lower, each.upper] for each in found],
            np.stack([far.mean(axis=0), far.std(axis=0, ddof=1) / np.sqrt(instances)], axis=1),
            np.mean(null),
            np.mean(own),
        )

    pairs = [(n, width) for n in samples] + [(fixed, units) for units in widths]
    runs = {pair: trainings(*pair) for pair in dict.fromkeys(pairs)}
    by_samples, by_width = (
        list(zip(*(runs[pair] for pair in part), strict=True))
        for part in (pairs[: len(samples)], pairs[len(samples) :])
    )
    names = ("copies", "distance", "null", "own")
    return {
        "samples": np.array(samples),
        "widths": np.array(widths),
        "layers": layers,
        "instances": instances,
        "walkers": walkers,
        "steps": steps,
        **{f"{name}_samples": np.array(entry) for name, entry in zip(names, by_samples, strict=True)},
        **{f"{name}_widths": np.array(entry) for name, entry in zip(names, by_width, strict=True)},
    }


def _distance(points: np.ndarray, others: np.ndarray) -> float:
    found = gaussian_frechet(points.mean(axis=0), np.cov(points.T), others.mean(axis=0), np.cov(others.T))
    return found / points.shape[1]


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2, 2, height=4.4, sharex=True)
    steps = data["steps"]
    for column, (kind, symbol) in enumerate((("samples", "$n$"), ("widths", "width"))):
        top, bottom = panels[column], panels[2 + column]
        for series, value in enumerate(data[kind]):
            colour = style.COLOURS[series]
            fraction, lower, upper = data[f"copies_{kind}"][series].T
            bars = np.maximum(np.stack([fraction - lower, upper - fraction]), 0.0)
            style.simulation(top, steps, fraction, bars, series, f"{symbol} = {value}")
            top.plot(steps, fraction, color=colour, linewidth=0.5)
            mean, error = data[f"distance_{kind}"][series].T
            style.simulation(bottom, steps, mean, error, series)
            bottom.plot(steps, mean, color=colour, linewidth=0.5)
            if kind == "samples":
                bottom.axhline(data["own_samples"][series], color=colour, linewidth=0.8, linestyle="--")
        if kind == "widths":
            bottom.axhline(data["own_widths"][0], color="black", linewidth=0.8, linestyle="--")
        null = data[f"null_{kind}"].mean()
        top.axhline(null, color="grey", linewidth=0.8, linestyle=":", label="fresh digits")
        top.set(xscale="log", ylabel="fraction of copies")
        bottom.set(xscale="log", yscale="log", xlabel="steps / $n$", ylabel="Frechet distance / components")
        top.legend()
        bottom.legend(handles=style.keys(**{"of the training set": "--"}))
    return figure
