"""Excess entropy of two classes against time (the content of figure 3 of arXiv 2402.18491)."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import (
    excess_entropy,
    isotropic_collapse_time,
    leading_excess_entropy,
    simulate_collapse,
)

PAPER = ("2402.18491", "3", "same parameters")
TITLE = "Collapse: excess entropy of the empirical law"
CAPTION = (
    "Two balanced classes, separation {separation:g}, variance {variance:g}, {samples} training points. "
    "Dashed: the published leading order, max(f, 0) over log(n)/d; solid: with the information on the "
    "class, which the mixture does not share with its classes and which is 7 % of the curve at d = 256 "
    "and 20000 points. Symbols: entropy of the posterior over the training points, from {instances} data "
    "sets of which {walkers} points are noised; error bars, one standard error over data sets. Dotted: "
    "leading-order collapse time. The rounding near it is a finite-size effect that neither line "
    "contains."
)


def compute(
    preset: str,
    *,
    samples: int = 20_000,
    dimensions: tuple[int, ...] = (256, 1024, 4096),
    separation: float = 1.0,
    variance: float = 1.0,
) -> dict[str, Any]:
    quick = preset == "quick"
    instances, walkers = (3, 60) if quick else (16, 200)
    simulated = dimensions[:2] if quick else dimensions
    log_n = math.log(samples)
    grid = np.linspace(0.3, 6.0, 191)
    times = np.arange(0.6, 5.9, 0.4)
    leading, corrected, mean, error = [], [], [], []
    for dimension in dimensions:
        law = GaussianMixture.two_classes(dimension, separation, variance)
        scale = dimension / log_n
        leading.append(np.maximum(leading_excess_entropy(law, grid, log_n), 0.0) * scale)
        corrected.append(np.maximum(excess_entropy(law, grid, log_n), 0.0) * scale)
        if dimension in simulated:
            curves = simulate_collapse(
                law, times, samples, seed=0, walkers=walkers, instances=instances, threads=2
            )
            mean.append(curves.entropy.mean / log_n)
            error.append(curves.entropy.standard_error / log_n)
    return {
        "instances": instances,
        "walkers": walkers,
        "grid": grid,
        "leading": np.array(leading),
        "corrected": np.array(corrected),
        "collapse_times": np.array([float(isotropic_collapse_time(d, variance, log_n)) for d in dimensions]),
        "time": times,
        "mean": np.array(mean),
        "error": np.array(error),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.2)
    for series, dimension in enumerate(data["dimensions"]):
        colour = style.COLOURS[series]
        axes.plot(data["grid"], data["leading"][series], "--", color=colour, linewidth=0.9)
        axes.plot(data["grid"], data["corrected"][series], color=colour, label=f"$d$ = {dimension}")
        axes.axvline(data["collapse_times"][series], color=colour, linewidth=0.6, linestyle=":")
        if series < len(data["mean"]):
            style.simulation(axes, data["time"], data["mean"][series], data["error"][series], series)
    axes.set(xlabel="diffusion time $t$", ylabel=r"excess entropy $f/\alpha$")
    entries, _ = axes.get_legend_handles_labels()
    lines = {
        "with the class term": "-",
        "published leading order": "--",
        "collapse time": ":",
        "simulation": "o",
    }
    style.legend_below(axes, entries + style.keys(**lines), 2)
    return figure
