"""Weights of a scalar ReLU network over its layers: the jumps do not vanish with the depth."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.residual_networks import alternating_weight

PAPER = ("2309.01213", "2", "same axes, reduced")
TITLE = "Residual networks: a rectifier whose weights stay rough"
CAPTION = (
    "Scalar ReLU network of depth {depth} = 2 x {half_depth} with alternating initial weights, h + relu(w "
    "h)/{depth} in each layer, input {input:g}, target {target:g} x. Left: weights of the layers during "
    "gradient descent, dark early and light late; odd layers are stuck at their start, even ones rise to the "
    "predicted weight (dashed). Right: loss against training time."
)


def compute(preset: str, *, target: float = 3.0, half_depth: int = 32, input: float = 1.0) -> dict[str, Any]:
    depth, steps = 2 * half_depth, 4000
    eta = 1.0 / steps
    weights = (-1.0) ** np.arange(1, depth + 1) / depth
    kept, losses = [weights.copy()], []
    looks = set(np.unique(np.geomspace(1, steps, 8).astype(int)).tolist())
    for step in range(1, steps + 1):
        before, h = np.empty(depth), input
        for k in range(depth):
            before[k] = h
            h = h + max(weights[k] * h, 0.0) / depth
        losses.append((h - target * input) ** 2)
        p = 2.0 * (h - target * input)
        for k in range(depth - 1, -1, -1):
            active = float(weights[k] * before[k] > 0.0) / depth
            slope, p = p * active * before[k], p * (1.0 + active * weights[k])
            weights[k] -= eta * depth * slope
        if step in looks:
            kept.append(weights.copy())
    return {
        "depth": depth,
        "weights": np.array(kept),
        "loss": np.array(losses),
        "times": eta * np.arange(steps),
        "predicted": float(alternating_weight(target, half_depth)),
    }


def draw(data: dict[str, Any]) -> Figure:
    from matplotlib import colormaps

    figure, (left, right) = style.panels(2)
    layers, rows = np.arange(1, int(data["depth"]) + 1), data["weights"]
    for k, row in enumerate(rows):
        label = {0: "weights at first", len(rows) - 1: "weights at last"}.get(k)
        left.plot(layers, row, ".", markersize=3, color=colormaps["viridis"](k / len(rows)), label=label)
    left.axhline(
        float(data["predicted"]), color="black", linewidth=0.9, linestyle="--", label="predicted weight"
    )
    left.set(xlabel="layer $k$", ylabel="weight $w_k$")
    left.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))
    right.plot(data["times"], data["loss"], color=style.COLOURS[0])
    right.set(yscale="log", xlabel="training time $t$", ylabel=r"loss $(h_{2L} - Cx)^2$")
    return figure
