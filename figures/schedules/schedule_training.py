"""Where draws of training go, and the spread of the weight that they leave."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import TwoClasses, training_density, weight_variance

PAPER = ("2412.07972", "", "ours")
TITLE = "Schedules: a budget of draws for training"
CAPTION = (
    "Two classes, dimension {dimension}, separation {separation:g}, variance {variance:g}, weight {weight:g}; "
    "{levels} noise levels with a bias each. Left: probabilities of the levels, uniform in log S, uniform in the flow "
    "time of the length of m, half of the draws where the weight is learned, and the best for the weight alone. Right: "
    "standard deviation of the generated weight against the number of draws, {gain:.2f} times as large for uniform "
    "draws as for the best. Theory alone, leading order in the bias."
)
_NAMES = ("uniform in log S", "uniform in flow time", "half and half", "best for the weight")


def compute(
    preset: str,
    *,
    dimension: int = 400,
    separation: float = 0.8,
    variance: float = 0.36,
    weight: float = 0.72,
    levels: int = 40,
) -> dict[str, Any]:
    classes = TwoClasses(dimension, separation, variance, weight)
    level = np.geomspace(30.0 * classes.norm, 0.3 * classes.norm, levels)
    found = training_density(classes, level)
    # s = S/(|m| + S): ds = s (1 - s) dlog S.
    flow = level * classes.norm / (level + classes.norm) ** 2
    densities = np.stack([np.full(levels, 1.0 / levels), flow / flow.sum(), found.density, found.optimal])
    draws = np.geomspace(2e3, 2e5, 8 if preset == "quick" else 40)
    spread = np.array(
        [
            [
                weight_variance(classes, level, np.maximum(total * row, 1e-9)) ** 0.5
                for total in draws.tolist()
            ]
            for row in densities
        ]
    )
    return {
        "level": level,
        "density": densities,
        "draws": draws,
        "spread": spread,
        "gain": float(spread[0, 0] / spread[-1, 0]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, (name, line) in enumerate(zip(_NAMES, ("-", "--", "-.", ":"), strict=True)):
        left.plot(data["level"], data["density"][k], line, color=style.COLOURS[k], label=name)
        right.plot(data["draws"], data["spread"][k], line, color=style.COLOURS[k], label=name)
    left.set(xscale="log", xlabel="noise level $S$", ylabel="probability of a draw", ylim=(0.0, None))
    right.set(xscale="log", yscale="log", xlabel="draws", ylabel="standard deviation of the weight")
    right.legend()
    return figure
