"""Phases of the backward process in the plane of time and log(n)/d."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import gaussian_window, isotropic_collapse, phase_diagram, simulate_collapse

PAPER = ("2402.18491", "", "ours")
TITLE = "Speciation, traps and collapse in the plane of time and number of samples"
CAPTION = (
    "Two balanced classes in dimension {dimension}, separation {separation:g}, variance {variance:g}. "
    "Lines: leading order in the dimension; the trap onset is where a training point becomes attractive "
    "by itself, the collapse where it holds the trajectory. Symbols: simulated time at which a noised "
    "training point has half of the posterior weight, from {instances} data sets of n = {samples}; its "
    "distance from the solid line is a finite-size effect of order log(d)/d. Dashed: the same time by the "
    "finite-size theory of one isotropic class, joined between the sizes. Error bars: one standard error."
)


def compute(
    preset: str,
    *,
    dimension: int = 32,
    samples: tuple[int, ...] = (20, 60, 200, 600, 2000),
    separation: float = 1.0,
    variance: float = 1.0,
) -> dict[str, Any]:
    instances, walkers = (6, 150) if preset == "quick" else (32, 600)
    law = GaussianMixture.two_classes(dimension, separation, variance)
    alphas = np.linspace(0.02, 0.35, 60)
    diagram = phase_diagram(law, np.linspace(0.02, 2.5, 40), alphas)
    grid = np.linspace(0.1, 2.0, 20)
    crossing, error = [], []
    for count in samples:
        curves = simulate_collapse(law, grid, count, seed=0, walkers=walkers, instances=instances, threads=2)
        time, spread = half_time(grid, curves.participation.mean, curves.participation.standard_error)
        crossing.append(time)
        error.append(spread)
    return {
        "instances": instances,
        "alpha": alphas,
        "collapse": diagram.collapse["time"],
        "traps": diagram.trap_onset["time"],
        "speciation": diagram.speciation_time,
        "simulated_alpha": np.log(samples) / dimension,
        "crossing": np.array(crossing),
        "finite": np.array([_finite_size(law, variance, count) for count in samples]),
        "error": np.array(error),
    }


def _finite_size(law: GaussianMixture, variance: float, samples: int) -> float:
    """Where the weight is 1/2 by the theory of one isotropic class, which has half of the points and is far away."""
    dimension, grid = law.means.shape[1], np.linspace(0.05, 2.5, 30)
    window = gaussian_window(law, grid, float(np.log(samples))).participation
    # The window is up to a seventh too early.
    first, last = np.interp(-0.5, -window, grid) * np.array([1.05, 1.13])
    early, late = isotropic_collapse(dimension, variance, samples / 2, [first, last]).participation
    return float(first + (last - first) * (early - 0.5) / (early - late))


def half_time(time: np.ndarray, value: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """Where a falling curve crosses 1/2, by linear interpolation, and its standard error."""
    k = int(np.argmax(value < 0.5))
    slope = (value[k] - value[k - 1]) / (time[k] - time[k - 1])
    crossing = time[k - 1] + (0.5 - value[k - 1]) / slope
    return float(crossing), float(max(error[k - 1], error[k]) / abs(slope))


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.3)
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
    axes.plot(
        data["finite"],
        data["simulated_alpha"],
        "--",
        color=style.COLOURS[1],
        label="half the weight, finite size",
    )
    axes.text(0.15, 0.05, "collapse", color=style.COLOURS[1])
    axes.text(0.98, 0.19, "generalisation")
    axes.text(speciation + 0.1, 0.2, "noise", color=style.COLOURS[0])
    axes.set(xlabel="diffusion time $t$", ylabel=r"$\alpha=\log(n)/d$", xlim=(0.0, 2.5), ylim=(0.02, 0.35))
    style.legend_below(axes, axes.get_legend_handles_labels()[0], 2)
    return figure
