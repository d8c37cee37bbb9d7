"""Graphs: where their nodes leave the mean, sums over trees, and fits to points with a known truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..analysis.fit import fit_principal_graph
from ..model import FitOptions
from ..simulation.annealing import draw_points, simulate_graph_growth
from ..simulation.ridges import draw_ridge, ridge_scores
from ..simulation.trees import simulate_trees
from ..theory.graph_transition import graph_growth, graph_temperature
from ..theory.tree_posterior import tree_marginals

LAW = GaussianMixture([0.4, 0.6], [[1.5, 0.3], [-1.0, -0.2]], [[0.5, 0.8]])
# Largest eigenvalue of its covariance, [[2, 0.3], [0.3, 0.86]].
VARIANCE = 1.43 + 0.5 * math.sqrt(1.14**2 + 0.6**2)
CHAIN = [[k, k + 1] for k in range(6)]
STAR = [[0, k] for k in range(1, 9)]
TREE = [[0, 1], [1, 2], [1, 3], [3, 4], [0, 5], [5, 6], [5, 7], [7, 8], [8, 9], [8, 10], [3, 11]]
# Pattern over a chain of seven nodes of its softest mode.
SOFTEST = np.cos(np.pi * (np.arange(7) + 0.5) / 7)


def checks() -> list[Check]:
    return [
        _growth("of a chain", CHAIN, 7, 8.0, 1.4, instances=64),
        _growth("of a star", STAR, 9, 30.0, 1.2, instances=64),
        _growth("of a tree", TREE, 12, 100.0, 1.1),
        _growth("of the second mode of a chain", CHAIN, 7, 20.0, 1.0, mode=2),
        _marginals(7, 2.0),
        _degrees(12, 5.0),
        _partition(),
        _background(),
        _ridges(),
        _widths(),
        _errors(),
    ]


def _id(name: str) -> str:
    return "principal-graph-" + name.replace(" ", "-")


def _growth(
    what: str,
    edges: list[list[int]],
    nodes: int,
    stiffness: float,
    temperature: float,
    *,
    mode: int = 1,
    instances: int = 40,
) -> Check:
    samples = 2000
    name = f"growth {what}"

    def simulate(seed: int) -> Estimate:
        rows = []
        for replica in range(instances):
            points = draw_points(LAW, samples, seed=seed, replica=replica)
            without = SOFTEST[None] if mode == 2 else None
            rows.append(
                simulate_graph_growth(
                    points, edges, nodes, stiffness, temperature, steps=60, without=without, seed=seed
                )
            )
        return Estimate.from_samples(rows)

    return Check(
        name,
        "factor by which a small displacement of the nodes from the mean grows in an EM step",
        approximation_of(graph_temperature),
        theory=lambda: np.array(
            graph_growth(edges, nodes, stiffness, samples, VARIANCE, temperature, mode=mode)
        ),
        simulate=simulate,
        resolution=0.02,
        sizes={
            "edges": edges,
            "nodes": nodes,
            "stiffness": stiffness,
            "temperature": temperature,
            "samples": samples,
            "instances": instances,
        },
        model=LAW,
        id=_id(name),
    )


def _places(nodes: int) -> FloatArray:
    k = np.arange(nodes)
    return np.stack([np.sin(1.7 * k), np.cos(2.3 * k + 0.4)], axis=1)


def _marginals(nodes: int, stiffness: float) -> Check:
    batches, trees = 40, 3000
    rows, columns = np.triu_indices(nodes, 1)

    def simulate(seed: int) -> Estimate:
        found = [
            simulate_trees(_places(nodes), stiffness, trees, seed=seed, replica=batch)[0][rows, columns]
            for batch in range(batches)
        ]
        return Estimate.from_samples(found)

    name = f"edges of random trees of {nodes} nodes"
    return Check(
        name,
        "probability of every edge in trees drawn by loop-erased walks, relative to the largest",
        approximation_of(tree_marginals),
        theory=lambda: tree_marginals(_places(nodes), stiffness).probability[rows, columns][:64],
        simulate=lambda seed: simulate(seed)[:64],
        resolution=0.02,
        scale=lambda found: np.full(found.shape, found.max()),
        sizes={"nodes": nodes, "stiffness": stiffness, "batches": batches, "trees": trees},
        id=_id(name),
    )


def _degrees(nodes: int, stiffness: float) -> Check:
    """Of many nodes most pairs are never joined; how many neighbours a node has is seen of each."""
    batches, trees = 30, 3000

    def simulate(seed: int) -> Estimate:
        return Estimate.from_samples(
            [
                simulate_trees(_places(nodes), stiffness, trees, seed=seed, replica=batch)[0].sum(axis=1)
                for batch in range(batches)
            ]
        )

    name = f"neighbours in random trees of {nodes} nodes"
    return Check(
        name,
        "mean number of neighbours of every node in trees drawn by loop-erased walks",
        approximation_of(tree_marginals),
        theory=lambda: tree_marginals(_places(nodes), stiffness).probability.sum(axis=1),
        simulate=simulate,
        resolution=0.02,
        sizes={"nodes": nodes, "stiffness": stiffness, "batches": batches, "trees": trees},
        id=_id(name),
    )


def _partition() -> Check:
    nodes, stiffness, batches, trees, order = 8, 3.0, 40, 1600, 10

    def simulate(seed: int) -> Estimate:
        places, weights = np.polynomial.legendre.leggauss(order)
        rows = []
        for batch in range(batches):
            total = (nodes - 2) * np.log(nodes)  # Cayley's count at stiffness 0
            for place, weight in zip(places, weights, strict=True):
                lam = 0.5 * stiffness * (place + 1.0)
                lengths = simulate_trees(_places(nodes), lam, trees, seed=seed, replica=batch)[1]
                total -= 0.5 * 0.5 * stiffness * weight * lengths.mean()
            rows.append(total)
        return Estimate.from_samples(rows)

    name = "sum over trees"
    return Check(
        name,
        "log of the sum over trees, from the mean length of drawn trees integrated over the stiffness",
        approximation_of(tree_marginals),
        theory=lambda: np.array(tree_marginals(_places(nodes), stiffness).log_partition),
        simulate=simulate,
        resolution=0.02,
        sizes={"nodes": nodes, "stiffness": stiffness, "batches": batches, "trees": trees, "order": order},
        id=_id(name),
    )


def _fits(name: Any, instances: int, stiffness: float, seed: int) -> list[Any]:
    found = []
    for replica in range(instances):
        ridge = draw_ridge(name, 3000, seed=seed, replica=replica)
        options = FitOptions(nodes=120, stiffness=stiffness, iterations=150, tolerance=1e-6)
        found.append((ridge, fit_principal_graph(ridge.points, options)))
    return found


def _background() -> Check:
    instances, stiffness = 10, 2400.0

    def simulate(seed: int) -> Estimate:
        return Estimate.from_samples(
            [fit.background_fraction for _, fit in _fits("loop", instances, stiffness, seed)]
        )

    name = "share of outliers"
    return Check(
        name,
        "share of the background in fits to a loop with a fifth of outliers",
        approximation_of(fit_principal_graph),
        theory=lambda: np.array(0.2),
        simulate=simulate,
        resolution=0.02,
        sizes={"samples": 3000, "instances": instances, "nodes": 120, "stiffness": stiffness},
        judged=False,
        reason="part of the uniform points lies on the ridge, and the tails of the ridge in the background",
        bound=0.1,
        id=_id(name),
    )


def _ridges() -> Check:
    instances, stiffness = 4, 2400.0

    def simulate(seed: int) -> Estimate:
        rows = []
        for ridge, fit in _fits("spiral", instances, stiffness, seed):
            scores = ridge_scores(ridge, fit.nodes, fit.edges)
            rows.append([scores.ridge_error, scores.completeness])
        return Estimate.from_samples(rows)

    name = "distance from a spiral"
    return Check(
        name,
        "mean distance of the graph from the curve, and of the curve from the graph, in widths of the ridge",
        approximation_of(fit_principal_graph),
        theory=lambda: np.zeros(2),
        simulate=simulate,
        resolution=0.02,
        scale=lambda found: np.full(found.shape, 0.05),
        sizes={"samples": 3000, "instances": instances, "nodes": 120, "stiffness": stiffness},
        judged=False,
        reason="a graph fitted to finitely many points is near the curve and not on it; a width is far for both",
        bound=1.0,
        id=_id(name),
    )


def _widths() -> Check:
    instances, stiffness, bands = 12, 2400.0, (0.2, 0.5, 0.8)

    def simulate(seed: int) -> Estimate:
        rows = []
        for ridge, fit in _fits("width", instances, stiffness, seed):
            place = ((fit.nodes[:, None] - ridge.truth) ** 2).sum(-1).argmin(axis=1) / (len(ridge.truth) - 1)
            near = [np.abs(place - u) < 0.1 for u in bands]
            rows.append([float(np.sqrt(fit.variances[rows_of].mean())) for rows_of in near])
        return Estimate.from_samples(rows)

    name = "width along an arc"
    return Check(
        name,
        "standard deviation of the nodes at three places along an arc whose width grows fourfold",
        approximation_of(fit_principal_graph),
        theory=lambda: 0.05 * (0.4 + 1.2 * np.array(bands)),
        simulate=simulate,
        resolution=0.02,
        sizes={"samples": 3000, "instances": instances, "nodes": 120, "stiffness": stiffness},
        judged=False,
        reason="a node has one width for all directions: along the ridge it is the spacing of nodes, not the noise",
        bound=0.25,
        id=_id(name),
    )


def _errors() -> Check:
    samples, refits, stiffness = 3000, 24, 2400.0

    def simulate(seed: int) -> Estimate:
        first = draw_ridge("loop", samples, seed=seed)
        options = FitOptions(nodes=60, stiffness=stiffness, iterations=200, tolerance=1e-8, error_bars=True)
        fit = fit_principal_graph(first.points, options)
        stated = fit.node_standard_errors
        assert stated is not None
        found = [
            fit_principal_graph(
                draw_ridge("loop", samples, seed=seed, replica=replica).points,
                options,
                edges=fit.edges,
                start=fit.nodes,
            ).nodes
            for replica in range(1, refits + 1)
        ]
        nearest = ((fit.nodes[:, None] - first.truth) ** 2).sum(-1).argmin(axis=1) % (len(first.truth) - 1)
        along = first.truth[nearest + 1] - first.truth[nearest]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        across /= np.sqrt((across**2).sum(axis=1))[:, None]
        scatter = np.einsum("rkd,kd->rk", np.stack(found), across).var(axis=0, ddof=1)
        return Estimate.from_samples(scatter / stated**2)

    name = "standard errors of nodes"
    return Check(
        name,
        "variance of nodes across the ridge over fresh samples, over that which one fit states, mean over the nodes",
        approximation_of(fit_principal_graph),
        theory=lambda: np.array(1.0),
        simulate=simulate,
        resolution=0.5,
        kind="standard error",
        sizes={"samples": samples, "refits": refits, "nodes": 60, "stiffness": stiffness},
        judged=False,
        reason="stated errors hold memberships, graph and widths fixed, and count the prior as knowledge",
        id=_id(name),
    )
