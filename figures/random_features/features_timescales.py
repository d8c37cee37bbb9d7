"""The three training times of random features, and the best one, against the number of samples."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import RandomFeatures, early_stopping, timescales

PAPER = ("2505.17638", "", "ours")
TITLE = "Random features: generalisation, overfitting and interpolation against samples"
CAPTION = (
    "Training times at which the three groups of modes have relaxed, psi_p/(2 D eigenvalue) at the lowest "
    "eigenvalue of each group, and the best training time (dotted), for tanh at p/d = {features:g}, at t "
    "= {times} (from left to right). The time of overfitting grows like n (grey guide line), that of "
    "generalisation does not grow. Where two groups share a bulk (open symbols, if any) the time of the "
    "upper group is that of the other end of the bulk. Theory only (n, p, d to infinity)."
)

GROUPS = ("generalisation", "overfitting", "interpolation")


def compute(
    preset: str, *, times: tuple[float, ...] = (0.01, 0.1), features: float = 1000.0
) -> dict[str, Any]:
    samples = np.geomspace(2.0, 500.0, 21 if preset == "quick" else 61)
    found = np.full((len(times), len(GROUPS), samples.size), np.nan)
    merged = np.zeros((len(times), samples.size), dtype=bool)
    best = np.empty((len(times), samples.size))
    for i, time in enumerate(times):
        for k, n in enumerate(samples):
            model = RandomFeatures("tanh", features, float(n), time)
            scales = timescales(model)
            found[i, :, k] = [getattr(scales, group) or math.nan for group in GROUPS]
            merged[i, k] = scales.merged
            best[i, k] = early_stopping(model).training_time
    return {"axis": samples, "scales": found, "merged": merged, "best": best}


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(len(data["times"]), sharey=True)
    samples = data["axis"]
    for i, (axes, time) in enumerate(zip(panels, data["times"], strict=True)):
        merged = data["merged"][i]
        for series, group in enumerate(GROUPS):
            line, colour = data["scales"][i, series], style.COLOURS[series]
            axes.plot(*style.joined(samples, line, logarithmic=True), color=colour, label=group)
            axes.plot(samples[merged], line[merged], style.MARKERS[series], color=colour, mfc="white")
        best = style.joined(samples, data["best"][i], logarithmic=True)
        axes.plot(*best, ":", color="black", label="best stopping")
        few = samples < 30.0
        axes.plot(
            samples[few],
            3.0 * data["scales"][i, 1, 0] * samples[few] / samples[0],
            color="grey",
            linewidth=0.7,
            label=r"$\propto n$",
        )
        axes.set(
            xscale="log", yscale="log", xlabel="samples per dimension $n/d$", ylabel=r"training time $\tau$"
        )
        axes.set_title(f"$t$ = {time:g}")
    style.legend_below(panels[0], panels[0].get_legend_handles_labels()[0], 5)
    return figure
