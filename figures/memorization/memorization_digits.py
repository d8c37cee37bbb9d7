"""A small network trained on handwritten digits: when does it begin to copy them?"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import MissingExtra
from statphys_gen.memorization import empirical_denoiser, report, sample_distances
from statphys_gen.random_features import (
    Architecture,
    NetworkTraining,
    backward_times,
    generate,
    train_network,
)

PAPER = ("2605.06077", "2", "stand-in: handwritten digits of scikit-learn for the images of the paper")
TITLE = "Copies: along the training of a network on digits"
CAPTION = (
    "A fully connected network ({width} units, three layers, Adam) is trained on {training} of scikit-learn's "
    "digits (8 x 8 pixels, 8 principal components of unit mean variance); {held_out} are held out and "
    "{generated} points are generated at each look. Left: fraction of near copies among the training points "
    "(error bars: Clopper-Pearson, 95 %), that of held-out points (dotted), and the excess of suspicious votes "
    "on the training set (one standard error); full symbols where the test of membership rejects at 5 %. Right: "
    "Frechet distance to training and held-out points with that between the two (dotted), and the mean squared "
    "difference of the network's score from the empirical one at noise {noise_scale:g}, relative to the first look."
)
_COMPONENTS = 8


def compute(preset: str, *, training: int = 150, width: int = 96, noise_scale: float = 0.3) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure memorization_digits", "scikit-learn", "examples") from None
    generated, last = (200, 6000) if preset == "quick" else (1000, 60_000)
    rng = np.random.default_rng(5)
    images = load_digits().data[rng.permutation(1797)[: training + 600]]
    centred = images - images.mean(axis=0)
    points = centred @ np.linalg.svd(centred, full_matrices=False)[2][:_COMPONENTS].T
    points /= np.sqrt(points.var(axis=0).mean())
    seen, fresh = points[:training], points[training:]
    steps = tuple(np.unique(np.geomspace(100, last, 7).round().astype(int)).tolist())
    times = backward_times(0.01, 3.0, 30)
    mu, sigma = np.sqrt(1.0 - noise_scale**2), noise_scale
    time = float(-np.log(mu))
    noised = mu * seen + sigma * rng.standard_normal(seen.shape)
    empirical = empirical_denoiser(noised, seen, data_scale=mu, noise_scale=sigma)[0]
    rows: list[list[float]] = []

    def look(step: int, network: Any) -> None:
        draws = np.random.default_rng(step)
        made = generate(network.clean, _COMPONENTS, network.mean_square, generated, draws, times)
        found = report(made, seen, fresh, distances=False)
        score = (mu * network.clean(noised, time) - noised) / sigma**2
        rows.append(
            [
                found.copied_fraction,
                found.copied_lower,
                found.copied_upper,
                found.null_fraction,
                float(found.excess_fraction or 0.0),
                float(found.excess_fraction_standard_error or 0.0),
                float(found.membership_p_value or 0.0),
                *(_frechet(made, other) for other in (seen, fresh)),
                float(((score - empirical) ** 2).sum(axis=1).mean()),
            ]
        )

    course = NetworkTraining(steps, batch=64, learning_rate=2e-3)
    train_network(seen, Architecture(width, 3), course, rng, look)
    copied, lower, upper, null, excess, error, p_value, near, far, score = np.array(rows).T
    return {
        "held_out": len(fresh),
        "generated": generated,
        "steps": np.array(steps, dtype=np.float64),
        "copied": copied,
        "copied_error": np.stack([copied - lower, upper - copied]),
        "null": float(null[0]),
        "excess": excess,
        "excess_error": error,
        "rejected": p_value < 0.05,
        "to_training": near,
        "to_held_out": far,
        "baseline": _frechet(seen, fresh),
        "from_empirical": score / score[0],
    }


def _frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Without an error bar, which the bootstrap of all distances would take most of the time for."""
    return sample_distances(first, second, directions=1, resamples=2).frechet


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    steps = data["steps"]
    style.simulation(left, steps, data["copied"], data["copied_error"], 0, "near copies")
    style.simulation(left, steps, data["excess"], data["excess_error"], 1, "excess of votes")
    sure = np.flatnonzero(data["rejected"])
    left.plot(steps[sure], data["excess"][sure], "s", color=style.COLOURS[1], zorder=4)
    left.axhline(float(data["null"]), color=style.COLOURS[0], linewidth=0.8, linestyle=":")
    left.set(xscale="log", xlabel="step of training", ylabel="fraction of generated points")
    left.legend()
    right.plot(steps, data["to_training"], "o-", color=style.COLOURS[0], label="Frechet, training")
    right.plot(steps, data["to_held_out"], "^-", color=style.COLOURS[2], label="Frechet, held out")
    right.axhline(float(data["baseline"]), color="grey", linewidth=0.8, linestyle=":")
    right.plot(steps, data["from_empirical"], "s-", color=style.COLOURS[1], label="from empirical score")
    right.set(xscale="log", yscale="log", xlabel="step of training", ylabel="distance")
    right.legend()
    return figure
