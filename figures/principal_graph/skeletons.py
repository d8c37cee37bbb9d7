"""Principal graphs of four sets of points with outliers, with their widths and the points' probabilities."""

from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import FitOptions, draw_ridge, fit_principal_graph

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: four curves, found among outliers without a choice of parameters"
CAPTION = (
    "{samples} points about a spiral, a tree, a loop, and an arc of growing width, {outliers:g} of them uniform "
    "outliers, and the graph that is fitted with all options left at their defaults (seed {seed}). Colour of a "
    "point: its probability to belong to the graph. Line: edges; discs: nodes with one standard deviation around "
    "them. The smoothing is cross-validated for each set; a tree cannot close the loop. A chance cluster of "
    "outliers near a ridge may draw a short side branch."
)
NAMES: tuple[Literal["spiral", "tree", "loop", "width"], ...] = ("spiral", "tree", "loop", "width")


def compute(preset: str, *, samples: int = 1000, outliers: float = 0.2, seed: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name in NAMES:
        ridge = draw_ridge(name, samples if preset == "quick" else 3 * samples, outliers=outliers, seed=seed)
        fit = fit_principal_graph(ridge.points, FitOptions(iterations=150, tolerance=1e-6, seed=seed))
        # Edges one after another, with a gap between them.
        ends = fit.nodes[fit.edges]
        path = np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        for what, entry in (("points", ridge.points), ("nodes", fit.nodes), ("path", path)):
            data[f"{name}_{what}_x"], data[f"{name}_{what}_y"] = entry[:, 0], entry[:, 1]
        data[f"{name}_width"] = np.sqrt(fit.variances)
        data[f"{name}_probability"] = fit.pattern_probability
    return data


def draw(data: dict[str, Any]) -> Figure:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    figure, panels = style.panels(2, 2, height=5.6)
    for axes, name in zip(panels, NAMES, strict=True):
        x, y = data[f"{name}_nodes_x"], data[f"{name}_nodes_y"]
        discs = [Circle((a, b), r) for a, b, r in zip(x, y, data[f"{name}_width"], strict=True)]
        axes.add_collection(PatchCollection(discs, facecolor=style.COLOURS[1], alpha=0.12, linewidth=0))
        drawn = axes.scatter(
            data[f"{name}_points_x"],
            data[f"{name}_points_y"],
            c=data[f"{name}_probability"],
            s=2,
            cmap="viridis",
            vmin=0.0,
            vmax=1.0,
            linewidths=0,
        )
        axes.plot(data[f"{name}_path_x"], data[f"{name}_path_y"], color=style.COLOURS[1], linewidth=1.0)
        axes.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    figure.colorbar(drawn, ax=panels, label="probability to belong to the graph", shrink=0.6)
    return figure
