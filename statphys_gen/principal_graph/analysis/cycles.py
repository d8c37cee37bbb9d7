"""Edges that close a cycle: those that hold in most minimum spanning trees of part of the nodes.

The frequency of an edge is the share of the trees, among those with both its ends drawn, that hold it: a measure of
stability against resampling, and not the probability of the edge given the nodes (``theory.tree_posterior``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray, IntArray
from ...numerics.spanning_trees import minimum_spanning_tree
from ...statistics.streams import generator
from ..model import Cycles


@dataclass(frozen=True)
class ClosingEdge:
    """An edge that closes a cycle, with its frequency."""

    first: int
    second: int
    frequency: float


def edge_frequencies(nodes: FloatArray, options: Cycles, *, seed: int = 0) -> FloatArray:
    """(K, K) frequency of each edge in the minimum spanning trees of drawn nodes; 0 for pairs never drawn together."""
    count = len(nodes)
    drawn = min(count, max(2, round(options.fraction * count)))
    together, held = np.zeros((count, count)), np.zeros((count, count))
    for replica in range(options.resamplings):
        random = generator(
            seed, {"purpose": "nodes of resampled trees", "nodes": count, "drawn": drawn}, replica
        )
        rows = np.sort(random.choice(count, size=drawn, replace=False))
        together[np.ix_(rows, rows)] += 1.0
        edges = rows[minimum_spanning_tree(nodes[rows]).edges]
        held[edges[:, 0], edges[:, 1]] += 1.0
        held[edges[:, 1], edges[:, 0]] += 1.0
    return np.divide(held, together, out=np.zeros_like(held), where=together > 0.0)


def closing_edges(edges: IntArray, frequency: FloatArray, options: Cycles) -> list[ClosingEdge]:
    """Edges that are frequent enough and whose ends are far apart along the graph, the most frequent first.

    Each that is taken shortens paths: a second edge beside it closes no cycle of its own.
    """
    count = len(frequency)
    neighbours: list[set[int]] = [set() for _ in range(count)]
    for a, b in edges.tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    rows, columns = np.triu_indices(count, 1)
    values = frequency[rows, columns]
    found = []
    for place in np.argsort(-values, kind="stable").tolist():
        if values[place] < options.frequency or values[place] == 0.0:
            break
        a, b = int(rows[place]), int(columns[place])
        if b in neighbours[a] or _steps(neighbours, a, b, options.shortest) < options.shortest:
            continue
        neighbours[a].add(b)
        neighbours[b].add(a)
        found.append(ClosingEdge(a, b, float(values[place])))
    return found


def _steps(neighbours: list[set[int]], start: int, end: int, most: int) -> int:
    """Edges on the shortest path, or ``most`` where it is at least that long."""
    seen, front = {start}, [start]
    for steps in range(1, most):
        front = [n for node in front for n in neighbours[node] if n not in seen]
        if end in front:
            return steps
        seen.update(front)
    return most
