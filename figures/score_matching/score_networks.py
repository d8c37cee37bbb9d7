"""Scores that two-layer networks learn with three learning rates, beside the empirical score."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.score_matching import (
    NoisedSample,
    ScoreNetwork,
    draw_network,
    empirical_score,
    population_descent,
)

PAPER = ("2502.03435", "1", "same axes, reduced")
TITLE = "Score networks: large learning rates leave irregular scores unlearned"
CAPTION = (
    "Score that a two-layer ReLU network of {neurons} neurons learns by exact descent on the population "
    "risk, from one start, after a training time (learning rate times steps) of {training_time:g}, for "
    "the learning rates {learning_rate}; four points (ticks), noise scale {noise_scale:g}, data scale "
    "{data_scale:g}. Grey: the empirical score, which is the minimum over all functions. The larger the "
    "learning rate, the fewer of its turns are learned. Above the stability of its minima a descent is "
    "chaotic, and another start ends at another curve of the same kind."
)
POINTS = (-1.2, -0.3, 0.5, 1.3)


def compute(
    preset: str,
    *,
    learning_rate: tuple[float, ...] = (0.02, 0.1, 0.3),
    noise_scale: float = 0.35,
    data_scale: float = 0.95,
    neurons: int = 60,
) -> dict[str, Any]:
    time = 200.0 if preset == "quick" else 4000.0
    sample = NoisedSample(POINTS, data_scale, noise_scale)
    start = draw_network(neurons, seed=1)
    grid = np.linspace(data_scale * POINTS[0] - 0.6, data_scale * POINTS[-1] + 0.6, 601)
    curves = []
    for eta in learning_rate:
        run = population_descent(sample, start, eta, round(time / eta))
        curves.append(_values(run.network(start.inner), grid))
    return {
        "training_time": time,
        "grid": grid,
        "empirical": empirical_score(sample, grid).score,
        "curves": np.array(curves),
    }


def _values(network: ScoreNetwork, y: np.ndarray) -> np.ndarray:
    inner, outer, bias = (np.array(entry) for entry in (network.inner, network.outer, network.bias))
    return np.asarray(np.maximum(inner * y[:, None] + bias, 0.0) @ outer / len(inner))


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    axes.plot(
        data["grid"], data["empirical"], color="grey", linewidth=2.5, alpha=0.6, label="empirical score"
    )
    for k, (eta, curve) in enumerate(zip(data["learning_rate"], data["curves"], strict=True)):
        axes.plot(data["grid"], curve, color=style.COLOURS[k % 8], label=rf"$\eta$ = {eta:g}")
    for x in POINTS:
        axes.plot(data["data_scale"] * x, 0.0, "|", color="black", markersize=8)
    span = 1.3 * np.abs(data["empirical"][100:-100]).max()
    axes.set(xlabel="position $y$", ylabel="score", ylim=(-span, span))
    axes.legend()
    return figure
