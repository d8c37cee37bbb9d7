"""Held-out density and distance from the curve against the smoothing."""

from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import FitOptions, draw_ridge, fit_principal_graph, ridge_scores

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: held-out density picks a smoothing that is near the best"
CAPTION = (
    "Fits of {nodes} nodes to {samples} points about three curves with a fifth of outliers, at fixed stiffness, "
    "against the smoothing $\\kappa=\\lambda s/n$ that results; means and standard errors over {instances} "
    "samples. Left: mean log density of as many fresh points of the same law, from its largest value. Right: "
    "mean distance of the graph from the curve (solid) and of the curve from the graph (dashed), in widths of "
    "the ridge. The curve is not known to a fit; the density is."
)
NAMES: tuple[Literal["spiral", "tree", "loop"], ...] = ("spiral", "tree", "loop")


def compute(preset: str, *, samples: int = 1000, nodes: int = 40, instances: int = 3) -> dict[str, Any]:
    stiffness = np.geomspace(60.0, 6000.0, 5 if preset == "quick" else 13)
    data: dict[str, Any] = {}
    for name in NAMES:
        table = np.empty((4, len(stiffness), instances))
        for r in range(instances):
            ridge, fresh = (draw_ridge(name, samples, replica=replica) for replica in (r, instances + r))
            for j, value in enumerate(stiffness.tolist()):
                options = FitOptions(nodes=nodes, stiffness=value, iterations=60, tolerance=1e-6)
                fit = fit_principal_graph(ridge.points, options)
                scores = ridge_scores(ridge, fit.nodes, fit.edges)
                table[:, j, r] = (
                    fit.smoothing,
                    fit.memberships(fresh.points)[2].mean(),
                    scores.ridge_error / 0.05,
                    scores.completeness / 0.05,
                )
        table[1] -= table[1].max(axis=0)
        mean, error = table.mean(axis=2), table.std(axis=2, ddof=1) / np.sqrt(instances)
        for k, what in enumerate(("smoothing", "density", "error", "missed")):
            data[f"{name}_{what}"], data[f"{name}_{what}_spread"] = mean[k], error[k]
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, name in enumerate(NAMES):
        at = data[f"{name}_smoothing"]
        for axes, what, look in ((left, "density", "-"), (right, "error", "-"), (right, "missed", "--")):
            axes.errorbar(
                at,
                data[f"{name}_{what}"],
                yerr=data[f"{name}_{what}_spread"],
                fmt=look,
                marker=style.MARKERS[k],
                markerfacecolor="white",
                color=style.COLOURS[k],
                elinewidth=0.8,
                label=None if look == "--" else name,
            )
    left.set(xscale="log", xlabel=r"smoothing $\kappa$", ylabel="held-out log density, from its best")
    right.set(
        xscale="log", yscale="log", xlabel=r"smoothing $\kappa$", ylabel="distance in widths of the ridge"
    )
    left.legend()
    right.legend(
        handles=[*right.get_legend_handles_labels()[0], *style.keys(graph_to_curve="-", curve_to_graph="--")]
    )
    return figure
