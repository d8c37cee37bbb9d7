"""Distance of graphs from the curve against the share of outliers: this fit, and a plain mixture with its tree."""

from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.numerics import minimum_spanning_tree
from statphys_gen.principal_graph import FitOptions, draw_ridge, fit_principal_graph, ridge_scores

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: outliers do not pull the graph off the ridge"
CAPTION = (
    "Mean distance of the graph from the curve (left) and of the curve from the graph (right), in widths of the "
    "ridge, against the share of uniform outliers: {samples} points about a {curve}, mean and standard error of "
    "{instances} samples. Ours: all options at their defaults. GMM + tree: scikit-learn's mixture of {nodes:g} "
    "spherical Gaussians and the minimum spanning tree of its means, which has no class for outliers and was not "
    "tuned: a statement about outliers, not a ranking."
)


def compute(
    preset: str,
    *,
    curve: Literal["spiral", "tree", "loop", "width"] = "tree",
    samples: int = 1000,
    nodes: int = 40,
    instances: int = 3,
) -> dict[str, Any]:
    from sklearn.mixture import GaussianMixture

    shares = np.linspace(0.0, 0.5, 5 if preset == "quick" else 11)
    table = np.empty((2, 2, len(shares), instances))
    for j, share in enumerate(shares.tolist()):
        for r in range(instances):
            ridge = draw_ridge(curve, samples, outliers=share, replica=r)
            fit = fit_principal_graph(ridge.points, FitOptions(iterations=80, tolerance=1e-6))
            plain = GaussianMixture(nodes, covariance_type="spherical", random_state=r).fit(ridge.points)
            edges = minimum_spanning_tree(plain.means_).edges
            for k, (where, links) in enumerate(((fit.nodes, fit.edges), (plain.means_, edges))):
                scores = ridge_scores(ridge, where, links)
                table[k, :, j, r] = scores.ridge_error / 0.05, scores.completeness / 0.05
    mean, error = table.mean(axis=3), table.std(axis=3, ddof=1) / np.sqrt(instances)
    data: dict[str, Any] = {"share": shares}
    for k, who in enumerate(("ours", "mixture")):
        for c, what in enumerate(("error", "missed")):
            data[f"{who}_{what}"], data[f"{who}_{what}_spread"] = mean[k, c], error[k, c]
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for axes, what, label in ((left, "error", "graph to curve"), (right, "missed", "curve to graph")):
        for k, (who, name) in enumerate((("ours", "ours"), ("mixture", "GMM + tree"))):
            style.simulation(
                axes, data["share"], data[f"{who}_{what}"], data[f"{who}_{what}_spread"], k, name
            )
        axes.set(xlabel="share of outliers", ylabel=f"{label}, in widths of the ridge")
        axes.legend()
    left.set(yscale="log")
    left.set_yticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
    left.minorticks_off()
    right.set_ylim(bottom=0.0)
    return figure
