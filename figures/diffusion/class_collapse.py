"""Classes of different variance collapse one after the other; at the zero of the averaged entropy nothing happens."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import class_collapse, gaussian_window, simulate_collapse

PAPER = ("2402.18491", "", "ours")
TITLE = "Class-resolved collapse"
CAPTION = (
    "Two balanced classes far apart in dimension {dimension} with variances {variances}, {samples} "
    "training points. Symbols: weight of a noised training point under the posterior, by its class, from "
    "{instances} data sets; error bars, one standard error. Lines: Gaussian finite-size window of each "
    "class (heuristic, good above its collapse time). Dotted: leading-order collapse time of each class; "
    "dashed: zero of the averaged excess entropy, where neither class collapses."
)


def compute(
    preset: str, *, dimension: int = 40, samples: int = 3000, variances: tuple[float, float] = (0.25, 4.0)
) -> dict[str, Any]:
    instances, walkers = (4, 100) if preset == "quick" else (32, 500)
    means = np.full((2, dimension), 2.0)
    means[1] *= -1.0
    law = GaussianMixture([0.5, 0.5], means, variances)
    log_n = math.log(samples)
    grid, times = np.linspace(0.03, 1.8, 80), np.arange(0.1, 1.85, 0.15)
    curves = simulate_collapse(
        law, times, samples, seed=0, walkers=walkers, instances=instances, by_class=True, threads=2
    )
    collapse = class_collapse(law, log_n)
    return {
        "instances": instances,
        "grid": grid,
        "theory": gaussian_window(law, grid, log_n).class_participation,
        "time": times,
        "mean": curves.source_weight.mean,
        "error": curves.source_weight.standard_error,
        "collapse_times": collapse.classes["time"],
        "averaged": float(collapse.averaged["time"]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.2)
    for series, variance in enumerate(data["variances"]):
        colour = style.COLOURS[series]
        axes.plot(data["grid"], data["theory"][:, series], color=colour)
        label = f"variance {variance:g}"
        style.simulation(axes, data["time"], data["mean"][series], data["error"][series], series, label)
        axes.axvline(data["collapse_times"][series], color=colour, linewidth=0.7, linestyle=":")
    axes.axvline(float(data["averaged"]), color="grey", linewidth=0.9, linestyle="--")
    axes.set(xlabel="diffusion time $t$", ylabel="weight of the own point", ylim=(-0.02, 1.05))
    entries, _ = axes.get_legend_handles_labels()
    lines = {"finite-size window (theory)": "-", "collapse time of a class": ":", "averaged $f=0$": "--"}
    style.legend_below(axes, entries + style.keys(**lines), 2)
    return figure
