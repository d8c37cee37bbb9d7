"""Jumps between layers and the distance from the limit of depth, against depth."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.residual_networks import ResidualNetwork, depth_limit, depth_scaling, draw_task

PAPER = ("2309.01213", "1", "same axes, reduced")
TITLE = "Residual networks: trained weights become a smooth function of depth"
CAPTION = (
    "Residual networks of width {width}, trained alike on {samples} drawn pairs in dimension {dimension} "
    "for the numbers of steps {steps} (learning rate {learning_rate:g}). Left: largest difference of "
    "weights of successive layers, which falls as 1/L (circles), and the Frobenius norm of all "
    "differences, which falls as L^(-1/2) only (squares); dashed: the limit of infinite depth, a "
    "differential equation trained alike, over L. Right: distance of the loss from that limit. "
    "Deterministic training, one instance: no error bars."
)


def compute(
    preset: str,
    *,
    steps: tuple[int, ...] = (20, 100),
    learning_rate: float = 0.1,
    dimension: int = 4,
    width: int = 8,
    samples: int = 6,
) -> dict[str, Any]:
    depths = [2, 4, 8, 16, 32, 64] if preset == "quick" else [2, 4, 8, 16, 32, 64, 128, 256]
    task, inner = draw_task(dimension, width, samples)
    network = ResidualNetwork(2, "tanh", inner)
    runs = [depth_scaling(network, task, depths, learning_rate, count) for count in steps]
    limits = [depth_limit(network, task, learning_rate, count).require() for count in steps]
    return {
        "depths": np.array(depths),
        "largest": np.array([run.largest_jump for run in runs]),
        "together": np.array([run.all_layers_jump for run in runs]),
        "slope": np.array([float(limit["largest_slope"]) for limit in limits]),
        "gap": np.array(
            [np.abs(run.loss - float(limit["loss"])) for run, limit in zip(runs, limits, strict=True)]
        ),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    depths = data["depths"]
    for k, count in enumerate(data["steps"]):
        colour = style.COLOURS[k % 8]
        left.plot(depths, data["largest"][k], "o-", color=colour, label=f"largest, {count} steps")
        left.plot(depths, data["together"][k], "s:", color=colour, label=f"all layers, {count} steps")
        left.plot(depths, data["slope"][k] / depths, "--", color=colour, label=f"limit, {count} steps")
        right.plot(depths, data["gap"][k], "o-", color=colour, label=f"{count} steps")
    right.plot(
        depths, 1.5 * data["gap"].max() * depths[0] / depths, "--", color="grey", label=r"$\propto 1/L$"
    )
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set(yscale="log", xlabel="depth $L$")
    left.set_ylim(0.02 * data["largest"].min(), None)
    left.legend(loc="lower left", ncols=len(data["steps"]), fontsize=5.5)
    right.legend()
    left.set_ylabel("difference of successive layers")
    right.set_ylabel("distance of the loss from its limit")
    return figure
