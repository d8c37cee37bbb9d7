"""The condensed phase: how few training points hold the weight of a point that is not one of them."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import Covariance
from statphys_gen.diffusion import condensed_phase, finite_size_condensed_phase, simulate_condensation

PAPER = ("2402.18491", "", "ours")
TITLE = "The condensed phase and its approach with the dimension"
CAPTION = (
    "Isotropic Gaussian data, log(n)/d = {alpha:g}, fresh points x_t that are not noised training points. "
    "Black: participation 1 - m(t) with the Parisi parameter m of one step of replica symmetry breaking, "
    "exact as the dimension grows. Coloured lines: with the correction of order log(d)/d (heuristic, "
    "partial near the collapse time). Symbols: mean sum of squared posterior weights, {instances} data "
    "sets and {walkers} fresh points each; error bars, one standard error. Dotted: leading-order collapse "
    "time."
)


def compute(
    preset: str, *, alpha: float = 0.3, dimensions: tuple[int, ...] = (16, 24, 32, 40)
) -> dict[str, Any]:
    quick = preset == "quick"
    instances, walkers = (12, 100) if quick else (32, 400)
    simulated = dimensions[:3] if quick else dimensions
    grid, times = np.linspace(0.02, 0.9, 90), np.arange(0.05, 0.9, 0.1)
    theory, mean, error = [], [], []
    for dimension in dimensions:
        law = Covariance.isotropic(dimension=dimension)
        solution = finite_size_condensed_phase(law, grid, alpha * dimension)
        theory.append(solution["test_participation_ratio"])
        if dimension in simulated:
            samples = round(math.exp(alpha * dimension))
            curves = simulate_condensation(
                law, times, samples, seed=0, walkers=walkers, instances=instances, threads=2
            )
            mean.append(curves.participation.mean)
            error.append(curves.participation.standard_error)
    limit = condensed_phase(Covariance.isotropic(dimension=1000), grid, alpha * 1000)
    return {
        "instances": instances,
        "walkers": walkers,
        "grid": grid,
        "theory": np.array(theory),
        "limit": limit["test_participation_ratio"],
        "collapse_time": -0.5 * math.log1p(-math.exp(-2 * alpha)),
        "time": times,
        "mean": np.array(mean),
        "error": np.array(error),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.2)
    axes.plot(data["grid"], data["limit"], color="black", label=r"$d\to\infty$")
    for series, dimension in enumerate(data["dimensions"]):
        label, simulated = f"$d$ = {dimension}", series < len(data["mean"])
        colour = style.COLOURS[series]
        axes.plot(
            data["grid"],
            data["theory"][series],
            color=colour,
            linewidth=0.9,
            label=None if simulated else label,
        )
        if simulated:
            style.simulation(axes, data["time"], data["mean"][series], data["error"][series], series, label)
    axes.axvline(float(data["collapse_time"]), color="grey", linewidth=0.6, linestyle=":")
    axes.text(0.55, 0.35, "rounded by the finite size:\nthe term holds below", fontsize=6)
    axes.set(xlabel="diffusion time $t$", ylabel=r"participation $\langle\sum_\mu w_\mu^2\rangle$")
    entries, _ = axes.get_legend_handles_labels()
    lines = {"with the term $\\log(d)/d$ (heuristic)": "-", "collapse time, $d\\to\\infty$": ":"}
    style.legend_below(axes, entries + style.keys(**lines), 2)
    return figure
