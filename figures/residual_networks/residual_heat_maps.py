"""Distance of trained weights from those of a very deep network, in the plane of depth and training step."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.residual_networks import ResidualNetwork, draw_task, train

PAPER = ("2309.01213", "1", "same axes, reduced")
TITLE = "Residual networks: distance from a deep network in depth and training"
CAPTION = (
    "Largest distance over the layers (Frobenius norm) of the outer (left) and inner (right) weights of "
    "networks of depth L from those of a network of depth {reference}, which is interpolated to the "
    "middle of each layer, after the numbers of steps {steps}; width {width}, {samples} drawn pairs in "
    "dimension {dimension}, learning rate {learning_rate:g}. The distance falls as 1/L at every step."
)


def compute(
    preset: str,
    *,
    steps: tuple[int, ...] = (5, 10, 20, 40, 80),
    learning_rate: float = 0.1,
    dimension: int = 4,
    width: int = 8,
    samples: int = 6,
) -> dict[str, Any]:
    depths, reference = ([4, 8, 16, 32], 128) if preset == "quick" else ([4, 8, 16, 32, 64, 128, 256], 1024)
    task, inner = draw_task(dimension, width, samples)
    network = ResidualNetwork(2, "tanh", inner)
    maps = np.zeros((2, len(steps), len(depths)))
    for i, count in enumerate(steps):
        deep = train(network.replace(depth=reference), task, learning_rate, count)
        places = (np.arange(reference) + 0.5) / reference
        for j, depth in enumerate(depths):
            found = train(network.replace(depth=depth), task, learning_rate, count)
            middle = (np.arange(depth) + 0.5) / depth
            for k, (mine, theirs) in enumerate(zip(found, deep, strict=True)):
                flat = theirs.reshape(reference, -1)
                there = np.array([np.interp(middle, places, column) for column in flat.T]).T
                maps[k, i, j] = np.linalg.norm(mine.reshape(depth, -1) - there, axis=1).max()
    return {"reference": reference, "depths": np.array(depths), "maps": maps}


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    positive = data["maps"][data["maps"] > 0.0]
    norm = LogNorm(positive.min(), positive.max())
    for axes, shown, name in zip(
        panels, data["maps"], ("outer weights $V$", "inner weights $W$"), strict=True
    ):
        # A weight that has not moved yet has no logarithm.
        image = axes.imshow(np.where(shown > 0.0, shown, np.nan), norm=norm, aspect="auto", origin="lower")
        axes.set_xticks(range(len(data["depths"])), [str(depth) for depth in data["depths"]])
        axes.set_yticks(range(len(data["steps"])), [str(step) for step in data["steps"]])
        axes.set(xlabel="depth $L$", ylabel="training steps", title=name)
    figure.colorbar(image, ax=panels, label="largest distance over the layers")
    return figure
