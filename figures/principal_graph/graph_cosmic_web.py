"""The skeleton of particles that moved by Zel'dovich's approximation: a stand-in for a cosmic web."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import Cycles, FitOptions, fit_principal_graph, zeldovich_points

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: the filaments of Zel'dovich's approximation"
CAPTION = (
    "Particles of Zel'dovich's approximation in a periodic square, not galaxies: {side:g}$^2$ of them, displaced "
    "from a grid along the gradient of a Gaussian field (growth {growth:g}, power $k^{{{slope:g}}}$, cut at {cut:g} "
    "waves, seed {seed}). Left: density in cells. Right: particles by their probability to belong to the graph, and "
    "the graph of at most {nodes:g} nodes with the cycles that resampling confirms; the smoothing is "
    "cross-validated. The fit does not know that the square is periodic."
)


def compute(
    preset: str,
    *,
    side: int = 64,
    growth: float = 1.2,
    slope: float = -1.5,
    cut: float = 5.0,
    nodes: int = 200,
    seed: int = 1,
) -> dict[str, Any]:
    count = side if preset == "quick" else 2 * side
    points = zeldovich_points(count, growth=growth, slope=slope, cut=cut, seed=seed)
    options = FitOptions(
        nodes=nodes, iterations=80, tolerance=1e-6, cycles=Cycles(resamplings=100), seed=seed
    )
    fit = fit_principal_graph(points, options)
    ends = fit.nodes[fit.edges]
    path = np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1).reshape(-1, 2)
    cells = np.linspace(0.0, 1.0, count // 2 + 1)
    density = np.histogram2d(points[:, 0], points[:, 1], bins=[cells, cells])[0]
    return {
        "cells": cells,
        "density": np.log10(1.0 + density),
        "x": points[:, 0],
        "y": points[:, 1],
        "probability": fit.pattern_probability,
        "path_x": path[:, 0],
        "path_y": path[:, 1],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    mesh = left.pcolormesh(data["cells"], data["cells"], data["density"].T, cmap="magma", rasterized=True)
    figure.colorbar(mesh, ax=left, label=r"$\log_{10}(1+n)$ of a cell", shrink=0.8)
    drawn = right.scatter(
        data["x"], data["y"], c=data["probability"], s=1, cmap="viridis", vmin=0.0, vmax=1.0, linewidths=0
    )
    right.plot(data["path_x"], data["path_y"], color=style.COLOURS[1], linewidth=0.9)
    figure.colorbar(drawn, ax=right, label="probability", shrink=0.8)
    for axes in (left, right):
        axes.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    return figure
