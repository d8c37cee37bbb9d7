"""The smallest fraction of copies that a report can see, against the sizes of its sets."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.memorization import distinct_copies_needed, smallest_nameable

PAPER = ("2605.06077", "", "ours")
TITLE = "Copies: what a report could have seen"
CAPTION = (
    "Left: training points that must have a copy among the generated points before the test of membership can "
    "reject at the level {level:g}, where no held-out point is suspicious, for three sizes of the training set. "
    "Right: fraction of {generated} generated points that must be copies before the test can reject (solid, "
    "10000 training points) and before any point can be named at a false discovery rate of {rate:g} (dashed). "
    "Closed forms."
)


def compute(preset: str, *, level: float = 0.05, rate: float = 0.1, generated: int = 5000) -> dict[str, Any]:
    held_out = np.unique(np.geomspace(20, 50_000, 40 if preset == "quick" else 160).round().astype(int))
    training = np.array([1000, 10_000, 50_000])
    needed = [[distinct_copies_needed(int(n), int(h), level) for h in held_out] for n in training]
    named = [smallest_nameable(generated, int(h), rate) for h in held_out]
    return {
        "held_out": held_out.astype(np.float64),
        "training": training,
        "needed": np.array(needed, dtype=np.float64),
        "named": np.array(named) / generated,
        "seen": np.array(needed[1]) / generated,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, n in enumerate(data["training"]):
        left.plot(data["held_out"], data["needed"][k], color=style.COLOURS[k], label=f"$N$ = {int(n)}")
    left.set(xscale="log", yscale="log", xlabel="held-out points $H$", ylabel="distinct copies needed")
    left.legend()
    right.plot(data["held_out"], data["seen"], color=style.COLOURS[1], label="test of membership")
    right.plot(data["held_out"], data["named"], "--", color=style.COLOURS[3], label="named copies")
    right.set(xscale="log", yscale="log", xlabel="held-out points $H$", ylabel="smallest fraction of copies")
    right.legend()
    return figure
