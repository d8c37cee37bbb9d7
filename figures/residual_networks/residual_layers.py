"""Weights of a deep residual network over its layers while it is trained, and its loss."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.residual_networks import ResidualNetwork, depth_scaling, draw_task, first_step, train

PAPER = ("2309.01213", "2", "same axes, reduced")
TITLE = "Residual networks: weights over the layers, and the loss"
CAPTION = (
    "A residual network of depth {depth} and width {width}, trained on {samples} drawn pairs in dimension {dimension} "
    "(learning rate {learning_rate:g}). Left: two entries of the outer weights V over the depth of a layer after the "
    "numbers of steps {steps}, dark to light; dotted: after the first step, where all layers are alike (theory). "
    "Right: the loss. Deterministic training, one instance: no error bars. The sizes of the paper are not known."
)
_ENTRIES = ((0, 0), (1, 2))


def compute(
    preset: str,
    *,
    steps: tuple[int, ...] = (1, 10, 40, 160),
    depth: int = 64,
    learning_rate: float = 0.1,
    dimension: int = 3,
    width: int = 12,
    samples: int = 4,
) -> dict[str, Any]:
    factor = 1 if preset == "quick" else 16
    numbers = np.unique(np.array(steps) * np.where(np.array(steps) > 1, factor, 1))
    task, inner = draw_task(dimension, width, samples)
    network = ResidualNetwork(depth, "tanh", inner)
    trained = [train(network, task, learning_rate, int(count))[0] for count in numbers]
    looks = np.unique(np.geomspace(1, numbers[-1], 12).round().astype(int))
    loss = [float(depth_scaling(network, task, [depth], learning_rate, int(k)).loss[0]) for k in looks]
    entries = np.array([[outer[:, i, j] for i, j in _ENTRIES] for outer in trained])
    start = first_step(network, task, learning_rate)
    return {
        "steps": numbers,
        "entries": entries,
        "first": np.array([start[i, j] for i, j in _ENTRIES]),
        "looks": looks,
        "loss": np.array(loss),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    layers = data["entries"].shape[2]
    middle = (np.arange(layers) + 0.5) / layers
    shades = np.linspace(1.0, 0.35, len(data["steps"]))
    for k, (step, shade) in enumerate(zip(data["steps"], shades, strict=True)):
        for j, colour in enumerate(style.COLOURS[:2]):
            label = f"{step} steps" if j == 0 else "another entry" if step == data["steps"][-1] else None
            left.plot(middle, data["entries"][k, j], color=colour, alpha=shade, label=label)
    for j, value in enumerate(data["first"]):
        left.axhline(value, color="0.4", linestyle=":", label=None if j else "theory, 1 step")
    left.set(xlabel="depth $(k-1/2)/L$", ylabel="entries of $V_k$")
    left.legend()
    right.loglog(data["looks"], data["loss"], "o-", color=style.COLOURS[0])
    right.set(xlabel="training steps", ylabel="loss")
    return figure
