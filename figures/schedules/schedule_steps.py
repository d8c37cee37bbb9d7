"""The designer: where steps are needed, and where the grids put them."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import (
    NoiseGrid,
    TwoClasses,
    design_schedule,
    detail_density,
    generated_weight,
    noise_grid,
    weight_density,
)

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: where a designed grid puts its steps"
CAPTION = (
    "Two classes, dimension {dimension}, separation {separation:g}, variance {variance:g}, weight {weight:g}. Above: "
    "best densities of steps over log S for the weight and for the details. Below: the levels of grids of {steps} "
    "steps over the range of the designer's choice. Errors of weight and of the logarithm of details, exact: chosen "
    "{weight_0:.3f}, {detail_0:.3f}; karras {weight_1:.3f}, {detail_1:.3f}; log-uniform {weight_2:.3f}, "
    "{detail_2:.3f}; flow-uniform {weight_3:.3f}, {detail_3:.3f}. Theory alone."
)
GRIDS = ("chosen", "karras", "log-uniform", "flow-uniform")


def compute(
    preset: str,
    *,
    dimension: int = 100_000,
    separation: float = 0.8,
    variance: float = 0.36,
    weight: float = 0.72,
    steps: int = 16,
) -> dict[str, Any]:
    classes = TwoClasses(dimension, separation, variance, weight)
    found = design_schedule(classes, steps)
    levels = found.noise_levels
    ends = float(levels[-2]), float(levels[0])
    grids = [NoiseGrid(tuple(levels.tolist()), "ddim", "mean")]
    grids += [noise_grid(name, steps, ends, start="mean") for name in GRIDS[1:]]
    level = np.geomspace(0.5 * ends[0], 3.0 * ends[1], 400 if preset == "quick" else 1500)
    data: dict[str, Any] = {
        "level": level,
        "for_weight": np.sqrt(np.abs(weight_density(level, classes))),
        "for_details": np.sqrt(detail_density(level, variance)),
        "grids": np.array([grid.levels[:-1] for grid in grids]),
        "rows": np.repeat(-np.arange(float(len(grids)))[:, None], steps, axis=1),
    }
    for k, grid in enumerate(grids):
        exact = generated_weight(classes, grid)
        assert exact.detail_ratio is not None
        data[f"weight_{k}"], data[f"detail_{k}"] = exact.weight_error, abs(math.log(exact.detail_ratio))
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (above, below) = style.panels(1, 2, sharex=True, height_ratios=(2, 1), height=4.2)
    for k, (name, line) in enumerate((("weight", "-"), ("details", "--"))):
        above.plot(data["level"], data[f"for_{name}"], line, color=style.COLOURS[k], label=name)
    for k in range(len(GRIDS)):
        below.plot(data["grids"][k], data["rows"][k], "|", color=style.COLOURS[k], markersize=9)
    above.set(xscale="log", ylabel=r"$\sqrt{|e|}$ per $\log S$", ylim=(0.0, None))
    below.set(xlabel="noise level $S$", ylabel="grid", yticks=[-k for k in range(len(GRIDS))])
    below.set_yticklabels(GRIDS)
    below.set_ylim(0.6 - len(GRIDS), 0.6)
    above.legend()
    return figure
