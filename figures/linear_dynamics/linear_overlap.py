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
    "{threshold:g} sqrt(d), at the times {times} in units of 1/sqrt(d). Solid: theory for d, w to "
    "infinity. Dashed: the part that the bulk of singular values carries, all of it below tau = 1 "
    "(vertical), where the target has no outlier. Symbols with errors (tau = {spikes}): orthogonal "
    "networks of d = {dimension} with four signals each, {instances} instances, by the flow of the Gram "
    "matrix."
)


def compute(
    preset: str,
    *,
    times: tuple[float, ...] = (0.4, 0.8, 2.0),
    spikes: tuple[float, ...] = (0.4, 0.8, 1.0, 1.3, 2.0, 2.8),
    threshold: float = 0.6,
) -> dict[str, Any]:
    dimension, instances = (80, 16) if preset == "quick" else (200, 40)
    root = math.sqrt(dimension)
    tau = np.concatenate([np.linspace(0.1, 0.97, 24), np.linspace(0.98, 1.02, 9), np.linspace(1.05, 3.0, 30)])
    line = overlap(tau, threshold, list(times))
    from_outlier = np.zeros_like(line)
    above = tau > 1.0
    share = 1.0 - tau[above] ** -2.0
    from_outlier[above] = share[:, None] * amplitude(outlier(tau[above])[:, None], threshold, list(times))
    network = LinearNetwork(
        dimension, dimension, 2 * dimension, 0.5 * threshold / root, 0.5 * threshold / root
    )
    found = [
        simulate_training(
            network,
            np.array(times) / root,
            Task((spike / root,) * 4),
            instances=instances,
            initialisation="orthogonal",
            tolerance=1e-5,
        ).estimate("overlap")
        for spike in spikes
    ]
    return {
        "dimension": dimension,
        "instances": instances,
        "tau": tau,
        "line": line / tau[:, None],
        "bulk": (line - from_outlier) / tau[:, None],
        "mean": np.array([entry.mean for entry in found]) / root / np.array(spikes)[:, None],
        "error": np.array([entry.standard_error for entry in found]) / root / np.array(spikes)[:, None],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.3)
    for k, time in enumerate(data["times"]):
        colour = style.COLOURS[k]
        axes.plot(data["tau"], data["line"][:, k], color=colour)
        axes.plot(data["tau"], data["bulk"][:, k], "--", color=colour, linewidth=0.9)
        style.simulation(
            axes, data["spikes"], data["mean"][:, k], data["error"][:, k], k, rf"$\sqrt{{d}}\,t$ = {time:g}"
        )
    axes.axvline(1.0, color="grey", linewidth=0.8, linestyle=":")
    axes.set(
        xlabel=r"signal $\tau$", ylabel=r"learned share $u^\top\! A v\,/\,\tau\sqrt{d}$", ylim=(0.0, 1.05)
    )
    notes = {"theory": "-", "carried by the bulk": "--", "outlier appears": ":"}
    style.legend_below(axes, axes.get_legend_handles_labels()[0] + style.keys(**notes), 2)
    return figure
