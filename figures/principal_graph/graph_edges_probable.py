"""Probabilities of edges given the nodes, beside their frequencies in trees of drawn nodes."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import (
    Cycles,
    FitOptions,
    draw_ridge,
    edge_frequencies,
    fit_principal_graph,
    tree_marginals,
)

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: two measures of an edge, probability and stability"
CAPTION = (
    "Nodes fitted to {samples} points about a loop with a fifth of outliers (seed {seed}). Left: the tree (line) and "
    "the edge that closes the loop (dashed): it holds in at least {frequency:g} of the minimum spanning trees of "
    "three quarters of the nodes, and its ends are eight edges apart or more. Right: of every pair of nodes with a "
    "frequency or a probability above 0.001, the probability of the edge given the nodes, with the tree as a latent "
    "variable at the fitted stiffness, against that frequency ({resamplings:g} trees); square: the closing edge. The "
    "first says which trees explain the nodes, the second what stays when nodes are taken away."
)


def compute(
    preset: str, *, samples: int = 1000, frequency: float = 0.5, resamplings: int = 200, seed: int = 3
) -> dict[str, Any]:
    ridge = draw_ridge("loop", samples if preset == "quick" else 3 * samples, seed=seed)
    rule = Cycles(resamplings=int(resamplings), frequency=frequency)
    options = FitOptions(iterations=150, tolerance=1e-6, cycles=rule, seed=seed)
    fit = fit_principal_graph(ridge.points, options)
    held = edge_frequencies(fit.nodes, rule, seed=seed)
    probable = tree_marginals(fit.nodes, fit.stiffness).probability
    rows, columns = np.triu_indices(len(fit.nodes), 1)
    seen = np.maximum(held, probable)[rows, columns] > 1e-3
    rows, columns = rows[seen], columns[seen]
    closing = np.array([[c.first, c.second] for c in fit.cycles], dtype=np.int64).reshape(-1, 2)
    of_tree = [pair for pair in fit.edges.tolist() if pair not in closing.tolist()]
    ends = fit.nodes[np.array(of_tree)]
    path = np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1).reshape(-1, 2)
    closed = fit.nodes[closing].reshape(-1, 2)
    return {
        "x": ridge.points[:, 0],
        "y": ridge.points[:, 1],
        "path_x": path[:, 0],
        "path_y": path[:, 1],
        "closed_x": closed[:, 0],
        "closed_y": closed[:, 1],
        "held": held[rows, columns],
        "probable": probable[rows, columns],
        "held_closed": held[closing[:, 0], closing[:, 1]],
        "probable_closed": probable[closing[:, 0], closing[:, 1]],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["x"], data["y"], ".", color="#BBBBBB", markersize=1.5)
    left.plot(data["path_x"], data["path_y"], color=style.COLOURS[1])
    left.plot(data["closed_x"], data["closed_y"], "--", color=style.COLOURS[0])
    left.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    right.plot(
        data["held"], data["probable"], "o", color=style.COLOURS[1], markersize=3, label="pairs of nodes"
    )
    right.plot(
        data["held_closed"],
        data["probable_closed"],
        "s",
        color=style.COLOURS[0],
        markerfacecolor="white",
        markersize=6,
        label="closing edge",
    )
    right.set(xlabel="frequency in resampled trees", ylabel="probability given the nodes")
    right.legend(loc="upper left")
    return figure
