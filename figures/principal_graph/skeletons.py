"""Principal graphs of four sets of points with outliers."""

from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import FitOptions, draw_ridge, fit_principal_graph

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: four curves, found among outliers without a choice of parameters"
CAPTION = (
    "{samples} points about a spiral, a tree, a loop, and an arc of growing width, a fifth of them uniform outliers "
    "(grey), and the graph that is fitted with all options left at their defaults (seed {seed}). Nodes with edges; "
    "the smoothing is cross-validated for each set."
)
NAMES: tuple[Literal["spiral", "tree", "loop", "width"], ...] = ("spiral", "tree", "loop", "width")


def compute(preset: str, *, samples: int = 800, seed: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {}
    count = samples if preset == "quick" else 3000
    for name in NAMES:
        ridge = draw_ridge(name, count, seed=seed)
        fit = fit_principal_graph(ridge.points, FitOptions(iterations=150, tolerance=1e-6, seed=seed))
        # Edges one after another, with a gap between them.
        ends = fit.nodes[fit.edges]
        path = np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        for what, entry in (("points", ridge.points), ("nodes", fit.nodes), ("path", path)):
            data[f"{name}_{what}_x"], data[f"{name}_{what}_y"] = entry[:, 0], entry[:, 1]
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2, 2)
    for axes, name in zip(panels, NAMES, strict=True):
        for what, look in (("points", "."), ("path", "-"), ("nodes", "o")):
            colour = "#BBBBBB" if what == "points" else style.COLOURS[1]
            size = 1.5 if what == "points" else 2.0
            axes.plot(data[f"{name}_{what}_x"], data[f"{name}_{what}_y"], look, color=colour, markersize=size)
        axes.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    return figure
