"""Weight and details against the number of steps: preserving, exploding, dilated and designed schedules."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import TimeGrid, TwoClasses, design_schedule, generated_weight, interpolant

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: preserving ones lose the weight, exploding ones the details"
CAPTION = (
    "Error of the generated weight (left; true weight {weight:g}) and generated over true standard deviation of a "
    "detail (right, variance {variance:g}) against the number of steps, two classes of separation 1. Colours: "
    "vp-linear, ve-linear, dilated-vp-linear (dilation {dilation:g}) and designed grids, started at the data mean; "
    "lines solid at dimension 100, dashed at 1e4, dotted at 1e8. All exact, no sampling."
)
_DIMENSIONS = (100, 10_000, 100_000_000)
_STYLES = ("-", "--", ":")
_NAMES = ("vp-linear", "ve-linear", "dilated-vp-linear")


def compute(
    preset: str, *, weight: float = 0.72, variance: float = 0.36, dilation: float = 3.0
) -> dict[str, Any]:
    steps = np.array([4, 8, 16, 32] if preset == "quick" else [4, 6, 8, 12, 16, 24, 32, 48, 64, 96])
    shape = (len(_NAMES) + 1, len(_DIMENSIONS), len(steps))
    error, ratio = np.empty(shape), np.empty(shape)
    for j, d in enumerate(_DIMENSIONS):
        classes = TwoClasses(d, 1.0, variance, weight)
        for k, count in enumerate(steps.tolist()):
            for i, name in enumerate(_NAMES):
                kappa = dilation if name.startswith("dilated") else None
                found = generated_weight(
                    classes, TimeGrid.uniform(interpolant(name, classes.norm, kappa), count)
                )
                error[i, j, k], ratio[i, j, k] = found.weight_error, found.detail_ratio
            found = generated_weight(classes, design_schedule(classes, count).grid)
            error[-1, j, k], ratio[-1, j, k] = found.weight_error, found.detail_ratio
    return {"steps": steps, "error": np.abs(error), "ratio": ratio}


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for i, name in enumerate((*_NAMES, "designed")):
        for j, line in enumerate(_STYLES):
            label = name if j == 0 else None
            left.plot(data["steps"], data["error"][i, j], line, color=style.COLOURS[i], label=label)
            right.plot(data["steps"], data["ratio"][i, j], line, color=style.COLOURS[i])
    for axes in (left, right):
        axes.set_xscale("log", base=2)
    left.set(yscale="log", xlabel="steps $K$", ylabel="error of the weight", ylim=(1e-3, 1.0))
    right.set(xlabel="steps $K$", ylabel="detail ratio", ylim=(0.0, 1.1))
    left.legend()
    return figure
