"""U-turns, and the noise levels where weight and details are learned."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import TwoClasses, detail_density, u_turn, weight_density, weight_sensitivity

PAPER = ("2412.07972", "", "ours")
TITLE = "Schedules: windows of noise levels"
CAPTION = (
    "Two classes, dimension {dimension}, separation {separation:g}, variance {variance:g}, weight {weight:g}. Left: "
    "probability that noising to level S and coming back keeps the class, by the reverse process (solid) and by the "
    "probability flow (dashed). Right: densities over log S, each of integral 1: sensitivity of the weight to a bias "
    "of the network (solid), of a detail to an error of its variance (dashed), and the best density of steps for the "
    "weight (dotted). Theory alone."
)


def compute(
    preset: str,
    *,
    dimension: int = 400,
    separation: float = 0.8,
    variance: float = 0.36,
    weight: float = 0.72,
) -> dict[str, Any]:
    classes = TwoClasses(dimension, separation, variance, weight)
    level = np.geomspace(0.02 * classes.deviation, 60.0 * classes.norm, 400 if preset == "quick" else 1500)
    turn = u_turn(classes.squared_norm / (level**2 + variance), weight)
    densities = {
        "sensitivity": weight_sensitivity(level, classes),
        "details": detail_density(level, variance),
        "steps": np.sqrt(np.abs(weight_density(level, classes))),
    }
    width = np.log(level[1] / level[0])
    data: dict[str, Any] = {name: values / (values.sum() * width) for name, values in densities.items()}
    return data | {"level": level, "stochastic": turn.stochastic, "deterministic": turn.deterministic}


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["level"], data["stochastic"], color=style.COLOURS[0], label="reverse process")
    left.plot(data["level"], data["deterministic"], "--", color=style.COLOURS[1], label="probability flow")
    lines = (
        ("sensitivity", "-", "weight"),
        ("details", "--", "details"),
        ("steps", ":", "steps for the weight"),
    )
    for k, (name, line, label) in enumerate(lines):
        right.plot(data["level"], data[name], line, color=style.COLOURS[k], label=label)
    left.set(xscale="log", xlabel="noise level $S$", ylabel="same class")
    right.set(xscale="log", xlabel="noise level $S$", ylabel=r"density per $\log S$", ylim=(0.0, None))
    left.legend()
    right.legend()
    return figure
