"""Four maps of trained linear networks over the exponents of variance and width, with the theory's contours."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import (
    LinearNetwork,
    Task,
    lazy_ratio,
    phase_diagram,
    simulate_training,
)

PAPER = ("2405.17580", "2", "same axes, reduced")
TITLE = "Linear networks over the exponents of variance and width"
CAPTION = (
    "Simulation: networks of dimension {dimension} with weights of variance d^gs and width d^gw (at least "
    "1), {rank} signals of strength 1/sqrt({rank}) in unit noise, one instance a point, trained by the "
    "exact flow of the Gram matrix, at the time of their lowest test error: that error, the stable rank "
    "of the product, the scaled time, and the distance from a network of infinite width on the same "
    "target over the target's norm (blank where w < 2 d; dark cells where the error is lowest at the last time "
    "looked at, when all is learned at any width). Fig. 2 of arXiv 2405.17580 shows such maps at d = 200. "
    "Black contours (first map): the same error by theory for d, w to infinity, from width d on. "
    "White: signals lazy or active (solid), noise lazy or active (dashed), initial noise 1 (dash-dotted), "
    "width equal to the rank (dotted)."
)
_LEVELS = (0.2, 0.3, 0.4, 0.5, 0.7)


def compute(preset: str, *, rank: int = 2) -> dict[str, Any]:
    dimension, points = (30, 20) if preset == "quick" else (100, 29)
    task = Task.equal(rank)
    gs, gw = np.linspace(-3.0, 0.0, points), np.linspace(0.0, 2.8, points)
    maps = np.full((4, points, points), np.nan)
    for i, j in np.ndindex(points, points):
        network = LinearNetwork.from_exponents(dimension, float(gs[i]), float(gw[j]))
        kappa = lazy_ratio(network)
        # Till signals are learned and the start is forgotten; beyond, only the noise is.
        last = min(
            3.0 * (1.0 + math.log1p(2.0 / kappa)), 4.0 / kappa * (1.0 + math.log1p(float(gs[i]) + 3.0))
        )
        times = np.geomspace(0.02 * last, last, 24)
        wide = network.width >= 2 * dimension
        found = simulate_training(
            network, times / dimension, task, instances=1, reference=wide, tolerance=1e-4
        )
        best = int(np.argmin(found.test_error[0]))
        maps[0, i, j] = found.test_error[0, best]
        maps[1, i, j] = found.samples("stable_rank")[0, best]
        maps[2, i, j] = np.log10(times[best])
        maps[3, i, j] = np.log10(found.wide_distance[0, best])
    fine = np.linspace(-3.0, 0.0, 90), np.linspace(1.0, 2.8, 90)
    theory = phase_diagram(task.signal_strengths, dimension, *fine)["test_error"].to_numpy()
    return {
        "dimension": dimension,
        "variance_exponent": gs,
        "width_exponent": gw,
        "maps": maps,
        "fine_variance": fine[0],
        "fine_width": fine[1],
        "theory": theory,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, axes = style.panels(2, 2, height=5.2, sharex=True, sharey=True)
    gs, gw = data["variance_exponent"], data["width_exponent"]
    labels = (
        "best test error",
        "stable rank of $A$",
        r"$\log_{10}$ of the best scaled time",
        r"$\log_{10}$ distance from infinite width",
    )
    rank_line = math.log(int(data["rank"])) / math.log(int(data["dimension"]))
    for axis, values, label in zip(axes, data["maps"], labels, strict=True):
        low, high = (0.0, 1.0) if label == labels[0] else (None, None)
        mesh = axis.pcolormesh(gs, gw, values.T, shading="nearest", rasterized=True, vmin=low, vmax=high)
        figure.colorbar(mesh, ax=axis, label=label)
        axis.plot(gs, 1.0 - gs, color="white", linewidth=1.1)
        axis.plot(gs, 0.5 - gs, "--", color="white", linewidth=1.1)
        axis.plot(gs, -2.0 * gs, "-.", color="white", linewidth=1.1)
        axis.axhline(rank_line, color="white", linewidth=1.1, linestyle=":")
        axis.set(xlim=(-3.0, 0.0), ylim=(0.0, 2.8))
        axis.set_facecolor("lightgrey")
    contour = axes[0].contour(
        data["fine_variance"],
        data["fine_width"],
        data["theory"].T,
        levels=_LEVELS,
        colors="black",
        linewidths=0.8,
    )
    axes[0].clabel(contour, fontsize=6)
    notes = {
        "signals lazy / active": "-",
        "noise lazy / active": "--",
        "initial noise 1": "-.",
        "width = rank": ":",
    }
    figure.legend(handles=style.keys(**notes), loc="outside lower center", ncols=4, title="white lines")
    for axis in axes[2:]:
        axis.set_xlabel(r"variance exponent $\gamma_\sigma$")
    for axis in axes[::2]:
        axis.set_ylabel(r"width exponent $\gamma_w$")
    return figure
