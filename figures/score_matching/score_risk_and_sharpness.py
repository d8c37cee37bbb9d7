"""Excess risk and sharpness of score networks against the learning rate."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.score_matching import NoisedSample, bounds, draw_network, irregularity, population_descent
from statphys_gen.statistics import Estimate

PAPER = ("2502.03435", "2", "same axes, reduced")
TITLE = "Score networks: excess risk and sharpness against the learning rate"
CAPTION = (
    "Two-layer ReLU networks of {neurons} neurons after exact descent for a training time of "
    "{training_time:g}; four points, noise scale {noise_scale:g}, data scale {data_scale:g}. Points: mean "
    "over {starts} starts, error bars one standard error (above the stability of its minima a descent is "
    "chaotic, and only means over starts are predictions). Left: excess risk; dashed, that of the network "
    "s = 0, where all neurons are dead. Right: the sharpness ratio, learning rate over critical learning "
    "rate, with which descent hovers about 1 (dotted) where it does not settle. Dash-dotted: the learning "
    "rate {largest:.2g} = 1/(2 TV(s*)) above which no network that equals the empirical score is a stable "
    "minimum, an upper bound (the networks learned here are far from equal to it); that of theorem 8, "
    "{theorem:.0f}, lies far outside."
)
POINTS = (-1.2, -0.3, 0.5, 1.3)


def compute(
    preset: str, *, noise_scale: float = 0.35, data_scale: float = 0.95, neurons: int = 40
) -> dict[str, Any]:
    starts, time, count = (6, 20.0, 7) if preset == "quick" else (30, 200.0, 13)
    sample = NoisedSample(POINTS, data_scale, noise_scale)
    rates = np.geomspace(0.01, 0.6, count)
    excess, ratio = [], []
    for eta in rates.tolist():
        steps = round(time / eta)
        # Where descent does not settle the ratio swings: its mean over the last tenth.
        kept = np.unique(np.linspace(0.9 * steps, steps, 12).astype(int))
        runs = [
            population_descent(sample, draw_network(neurons, seed=0, replica=k), eta, steps, kept=kept)
            for k in range(starts)
        ]
        excess.append(Estimate.from_samples([run.excess_risk.mean() for run in runs]))
        ratio.append(Estimate.from_samples([run.sharpness_ratio.mean() for run in runs]))
    irregular = irregularity(sample)
    return {
        "training_time": time,
        "starts": starts,
        "largest": irregular.largest_learning_rate,
        "theorem": bounds(sample).theorem_learning_rate,
        "rates": rates,
        "dead": 1.0 / noise_scale**2 - irregular.risk,
        "excess": np.array([[float(e.mean), float(e.standard_error)] for e in excess]),
        "ratio": np.array([[float(e.mean), float(e.standard_error)] for e in ratio]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for axes, name, series in ((left, "excess", 0), (right, "ratio", 1)):
        mean, error = data[name].T
        style.simulation(axes, data["rates"], mean, error, series, "mean over starts")
        axes.axvline(
            float(data["largest"]),
            color="grey",
            linewidth=0.8,
            linestyle="-.",
            label=r"$1/(2\,\mathrm{TV}(s^*))$",
        )
        axes.set(xscale="log", xlabel=r"learning rate $\eta$")
    left.axhline(float(data["dead"]), color="grey", linewidth=0.8, linestyle="--", label="$s = 0$")
    right.axhline(1.0, color="grey", linewidth=0.8, linestyle=":", label="edge of stability")
    left.set(ylabel="excess risk $R - R(s^*)$", yscale="log")
    right.set(ylabel=r"sharpness ratio $m\eta\lambda_{\max}/2$", ylim=(0.0, None))
    left.legend()
    right.legend()
    return figure
