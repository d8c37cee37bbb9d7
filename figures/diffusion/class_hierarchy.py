"""A tree of classes speciates level by level, each level at its own time."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import common_covariance_agreement, simulate_clones

PAPER = ("2402.18491", "", "ours")
TITLE = "Successive speciations of a hierarchy of classes"
CAPTION = (
    "Four balanced classes, the leaves of a binary tree in dimension {dimension}: the means differ by twice "
    "{scales} times the square root of the dimension at the first and the second branching, unit "
    "covariance. Lines: exact theory for the agreement of clones on the label of each level. Symbols: "
    "{walkers} pairs of clones in full dimension by the exact backward kernel, error bars one standard "
    "error. Dotted: the time at which the signal of that branching is 1."
)

LEVELS = ("first branching", "second branching (leaves)")


def tree(dimension: int, scales: tuple[float, float]) -> tuple[GaussianMixture, list[np.ndarray]]:
    """Means: a +-1 contribution for each branching on the path, in orthogonal directions; and the labels."""
    leaves = np.arange(4)
    means = np.zeros((4, dimension))
    blocks = np.array_split(np.arange(dimension), 2)
    for scale, block, bit in zip(scales, blocks, (leaves >> 1, leaves & 1), strict=True):
        means[:, block] = (2.0 * bit[:, None] - 1.0) * scale * np.sqrt(dimension / len(block))
    return GaussianMixture(np.full(4, 0.25), means, 1.0), [leaves >> 1, leaves]


def compute(preset: str, *, scales: tuple[float, float] = (1.2, 0.15)) -> dict[str, Any]:
    dimension, walkers = (256, 2000) if preset == "quick" else (3000, 20_000)
    mixture, labels = tree(dimension, scales)
    last = 0.5 * np.log(dimension) + 2.4
    grid = np.linspace(0.2, last, 49 if preset == "quick" else 97)
    times = np.arange(0.4, last, 0.5)
    simulated = [
        simulate_clones(mixture, times, walkers=walkers, seed=0, groups=label, threads=2) for label in labels
    ]
    return {
        "dimension": dimension,
        "walkers": walkers,
        "grid": grid,
        "theory": np.array(
            [common_covariance_agreement(mixture, grid, groups=label).value for label in labels]
        ),
        "time": times,
        "mean": np.array([estimate.mean for estimate in simulated]),
        "error": np.array([estimate.standard_error for estimate in simulated]),
        "branching_times": 0.5 * np.log(dimension * np.array(scales) ** 2),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.2)
    for series, level in enumerate(LEVELS):
        axes.plot(data["grid"], data["theory"][series], color=style.COLOURS[series])
        style.simulation(axes, data["time"], data["mean"][series], data["error"][series], series, level)
        axes.axvline(
            data["branching_times"][series], color=style.COLOURS[series], linewidth=0.6, linestyle=":"
        )
    axes.set(xlabel="diffusion time $t$", ylabel=r"clone agreement $\phi$", ylim=(0.0, 1.04))
    entries, _ = axes.get_legend_handles_labels()
    style.legend_below(axes, entries + style.keys(**{"exact theory": "-", "unit signal": ":"}), 2)
    return figure
