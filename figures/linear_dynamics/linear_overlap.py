"""How much of a weak signal a linear network learns, below and above the transition of its outlier."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import LinearNetwork, Task, amplitude, outlier, overlap, simulate_training

PAPER = ("2405.17580", "", "ours")
TITLE = "A weak signal in training, through the transition of its outlier"
CAPTION = (
    "Overlap u.A v with a signal of singular value tau sqrt(d) over that of complete learning, threshold "
    "0.6 sqrt(d), at three times in units of 1/sqrt(d). Solid: theory for d, w to infinity. Dashed: the "
    "part that the bulk of singular values carries, all of it below tau = 1 (vertical), where the target "
    "has no outlier. Symbols with errors: orthogonal networks of d = {dimension} with four signals each, "
    "{instances} instances, by the flow of the Gram matrix."
)
_TIMES = (0.4, 0.8, 2.0)
_SPIKES = (0.4, 0.8, 1.0, 1.3, 2.0, 2.8)
_THRESHOLD = 0.6


def compute(preset: str) -> dict[str, Any]:
    dimension, instances = (80, 16) if preset == "quick" else (200, 40)
    root = math.sqrt(dimension)
    tau = np.concatenate([np.linspace(0.1, 0.97, 24), np.linspace(0.98, 1.02, 9), np.linspace(1.05, 3.0, 30)])
    line = overlap(tau, _THRESHOLD, list(_TIMES))
    from_outlier = np.zeros_like(line)
    above = tau > 1.0
    share = 1.0 - tau[above] ** -2.0
    from_outlier[above] = share[:, None] * amplitude(outlier(tau[above])[:, None], _THRESHOLD, list(_TIMES))
    network = LinearNetwork(dimension, dimension, 2 * dimension, 0.3 / root, 0.3 / root)
    found = [
        simulate_training(
            network,
            np.array(_TIMES) / root,
            Task((spike / root,) * 4),
            instances=instances,
            initialisation="orthogonal",
            tolerance=1e-5,
        ).estimate("overlap")
        for spike in _SPIKES
    ]
    return {
        "dimension": dimension,
        "instances": instances,
        "tau": tau,
        "line": line / tau[:, None],
        "bulk": (line - from_outlier) / tau[:, None],
        "mean": np.array([entry.mean for entry in found]) / root / np.array(_SPIKES)[:, None],
        "error": np.array([entry.standard_error for entry in found]) / root / np.array(_SPIKES)[:, None],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=2.7)
    for k, time in enumerate(_TIMES):
        colour = style.COLOURS[k]
        axes.plot(data["tau"], data["line"][:, k], color=colour)
        axes.plot(data["tau"], data["bulk"][:, k], "--", color=colour, linewidth=0.9)
        style.simulation(
            axes, _SPIKES, data["mean"][:, k], data["error"][:, k], k, rf"$\sqrt{{d}}\,t$ = {time:g}"
        )
    axes.axvline(1.0, color="grey", linewidth=0.8, linestyle=":")
    axes.set(
        xlabel=r"signal $\tau$", ylabel=r"learned share $u^\top\! A v\,/\,\tau\sqrt{d}$", ylim=(0.0, 1.05)
    )
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.12))
    return figure
