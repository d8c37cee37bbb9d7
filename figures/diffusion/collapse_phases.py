"""Phases of the backward process in the plane of time and log(n)/d."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import phase_diagram, simulate_collapse

PAPER = ("2402.18491", "", "ours")
TITLE = "Speciation, traps and collapse in the plane of time and number of samples"
CAPTION = (
    "Two balanced classes in dimension {dimension}, separation 1, variance 1. Lines: leading order in the "
    "dimension; the trap onset is where a training point becomes attractive by itself, the collapse where "
    "it holds the trajectory. Symbols: simulated time at which a noised training point has half of the "
    "posterior weight, from {instances} data sets; its distance from the line is a finite-size effect of "
    "order log(d)/d. Error bars: one standard error."
)

DIMENSION = 32
SAMPLES = (20, 60, 200, 600, 2000)


def compute(preset: str) -> dict[str, Any]:
    instances, walkers = (6, 150) if preset == "quick" else (32, 600)
    law = GaussianMixture.two_classes(DIMENSION, 1.0, 1.0)
    alphas = np.linspace(0.02, 0.35, 60)
    diagram = phase_diagram(law, np.linspace(0.02, 2.5, 40), alphas)
    grid = np.linspace(0.1, 2.0, 20)
    crossing, error = [], []
    for samples in SAMPLES:
        curves = simulate_collapse(
            law, grid, samples, seed=0, walkers=walkers, instances=instances, threads=2
        )
        time, spread = half_time(grid, curves.participation.mean, curves.participation.standard_error)
        crossing.append(time)
        error.append(spread)
    return {
        "dimension": DIMENSION,
        "instances": instances,
        "alpha": alphas,
        "collapse": diagram.collapse["time"],
        "traps": diagram.trap_onset["time"],
        "speciation": diagram.speciation_time,
        "simulated_alpha": np.log(SAMPLES) / DIMENSION,
        "crossing": np.array(crossing),
        "error": np.array(error),
    }


def half_time(time: np.ndarray, value: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """Where a falling curve crosses 1/2, by linear interpolation, and its standard error."""
    k = int(np.argmax(value < 0.5))
    slope = (value[k] - value[k - 1]) / (time[k] - time[k - 1])
    crossing = time[k - 1] + (0.5 - value[k - 1]) / slope
    return float(crossing), float(max(error[k - 1], error[k]) / abs(slope))


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    alpha, speciation = data["alpha"], float(data["speciation"])
    axes.fill_betweenx(alpha, 0.0, data["collapse"], color=style.COLOURS[1], alpha=0.15, linewidth=0)
    axes.fill_betweenx(
        alpha, data["collapse"], data["traps"], color=style.COLOURS[4], alpha=0.15, linewidth=0
    )
    axes.plot(data["collapse"], alpha, color=style.COLOURS[1], label="collapse")
    axes.plot(data["traps"], alpha, color=style.COLOURS[4], label="trap onset")
    axes.axvline(speciation, color=style.COLOURS[0], label="speciation (bayes)")
    axes.errorbar(
        data["crossing"],
        data["simulated_alpha"],
        xerr=data["error"],
        fmt="o",
        color=style.COLOURS[1],
        markerfacecolor="white",
        capsize=1.5,
        label="half the weight, simulation",
    )
    axes.text(0.15, 0.05, "collapse", color=style.COLOURS[1])
    axes.text(0.98, 0.19, "generalisation")
    axes.text(speciation + 0.1, 0.2, "noise", color=style.COLOURS[0])
    axes.set(xlabel="diffusion time $t$", ylabel=r"$\alpha=\log(n)/d$", xlim=(0.0, 2.5), ylim=(0.02, 0.35))
    axes.legend(loc="upper right", fontsize=6, frameon=True, framealpha=1.0, edgecolor="none")
    return figure
