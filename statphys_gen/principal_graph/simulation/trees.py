"""Random spanning trees by loop-erased walks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray, IntArray
from ...progress import keep, observe_part
from ...statistics.streams import generator

_BLOCK = 100  # trees of which the sum is kept when a run is stopped


def wilson_tree(weights: FloatArray, random: np.random.Generator) -> IntArray:
    """(K - 1, 2) edges of a spanning tree, drawn with probability proportional to the product of its weights (K, K)."""
    count = len(weights)
    cumulated = np.cumsum(weights / weights.sum(1, keepdims=True), axis=1)
    inside = np.zeros(count, dtype=bool)
    inside[0] = True
    onward = np.zeros(count, dtype=np.int64)
    edges = []
    for start in range(1, count):
        here = start
        while not inside[here]:
            onward[here] = min(
                int(np.searchsorted(cumulated[here], random.random(), side="right")), count - 1
            )
            here = onward[here]
        here = start
        while not inside[here]:
            inside[here] = True
            edges.append((here, int(onward[here])))
            here = onward[here]
    return np.array(edges, dtype=np.int64)


def simulate_trees(
    points: ArrayLike, stiffness: float, trees: int, *, seed: int = 0, replica: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Frequencies (K, K) of edges among drawn trees, and the sum of squared lengths of each tree (trees,)."""
    nodes = validation.array("points", points, ndim=2)
    lam = validation.non_negative("stiffness", stiffness)
    number = validation.integer("trees", trees, 1, 10_000_000)
    squares = ((nodes[:, None] - nodes) ** 2).sum(-1)
    weights = np.exp(-0.5 * lam * squares)
    np.fill_diagonal(weights, 0.0)
    random = generator(seed, {"purpose": "random trees", "points": nodes, "stiffness": lam}, replica)
    blocks = [
        _drawn(weights, squares, random, min(_BLOCK, number - first)) for first in range(0, number, _BLOCK)
    ]
    frequency = np.sum([counts for counts, _ in blocks], axis=0)
    return (frequency + frequency.T) / number, np.concatenate([lengths for _, lengths in blocks])


def _drawn(
    weights: FloatArray, squares: FloatArray, random: np.random.Generator, number: int
) -> tuple[FloatArray, FloatArray]:
    """How often each edge is in one of so many trees, drawn one after another, and the length of each."""
    counts, lengths = np.zeros_like(squares), np.empty(number)
    for k in range(number):
        edges = wilson_tree(weights, random)
        counts[edges[:, 0], edges[:, 1]] += 1
        lengths[k] = squares[edges[:, 0], edges[:, 1]].sum()
    return counts, lengths


observe_part(_drawn)
keep(simulate_trees, "trees", lambda: _BLOCK, part=_drawn)
