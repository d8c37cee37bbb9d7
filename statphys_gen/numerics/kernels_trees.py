"""Loops over the nodes of trees: Prim's algorithm, elimination from the leaves, and star-mesh elimination.

A file of its own because compiled loops stand apart; :mod:`statphys_gen.numerics.spanning_trees` calls them.
"""

import math

import numpy as np
from numba import njit

from ..arrays import FloatArray, IntArray


@njit(cache=True, nogil=True)
def prim(points: FloatArray, order: IntArray, parent: IntArray) -> None:
    """Minimum spanning tree of squared distances from point 0: ``order`` of arrival, and the ``parent`` of each point.

    Equal points are joined at no cost: an edge of weight zero is an edge.
    """
    count, dimension = points.shape
    nearest = np.full(count, np.inf)
    left = np.arange(count)
    parent[0] = -1
    order[0] = 0
    here, remaining = 0, count - 1
    left[0] = left[remaining]
    for step in range(1, count):
        best, chosen = np.inf, 0
        for j in range(remaining):
            i = left[j]
            squared = 0.0
            for d in range(dimension):
                difference = points[i, d] - points[here, d]
                squared += difference * difference
            if squared < nearest[i]:
                nearest[i] = squared
                parent[i] = here
            if nearest[i] < best:
                best, chosen = nearest[i], j
        here = left[chosen]
        order[step] = here
        remaining -= 1
        left[chosen] = left[remaining]


@njit(cache=True, nogil=True)
def solve_tree(
    order: IntArray, parent: IntArray, weight: FloatArray, diagonal: FloatArray, right: FloatArray
) -> None:
    """Solves (diag(diagonal) + L) x = right in place, L the Laplacian with ``weight`` of the edge to each parent.

    ``right`` is (K, columns). Nodes are eliminated from the leaves on; nothing fills in.
    """
    count, columns = right.shape
    pivot = diagonal.copy()
    for step in range(count - 1, 0, -1):
        node = order[step]
        up = parent[node]
        # Without subtraction: the pivot of the node without the edge is at least 0.
        whole = pivot[node] + weight[node]
        share = weight[node] / whole
        pivot[up] += pivot[node] * share
        for c in range(columns):
            right[up, c] += share * right[node, c]
    root = order[0]
    for c in range(columns):
        right[root, c] /= pivot[root]
    for step in range(1, count):
        node = order[step]
        whole = pivot[node] + weight[node]
        for c in range(columns):
            right[node, c] = (right[node, c] + weight[node] * right[parent[node], c]) / whole


@njit(cache=True, nogil=True)
def _log_add(a: float, b: float) -> float:
    if a < b:
        a, b = b, a
    if b == -np.inf:
        return a
    return a + math.log1p(math.exp(b - a))


@njit(cache=True, nogil=True)
def _level(k: int) -> int:
    """Where the conductances among nodes 0, ..., k begin: pair i > j at i (i - 1)/2 + j after it."""
    return (k - 1) * k * (k + 1) // 6


@njit(cache=True, nogil=True)
def eliminate_stars(conductance: FloatArray, count: int, totals: FloatArray) -> float:
    """Log of the sum over spanning trees, by removing the last node again and again (star-mesh, no subtraction).

    ``conductance`` holds logarithms, of every level (:func:`_level`); the last one is given, the others are written.
    ``totals[k]`` is the log of the sum of the conductances of node k when it is removed.
    """
    log_sum = 0.0
    for k in range(count - 1, 0, -1):
        here, below = _level(k), _level(k - 1)
        star = here + k * (k - 1) // 2
        total = -np.inf
        for i in range(k):
            total = _log_add(total, conductance[star + i])
        totals[k] = total
        log_sum += total
        for i in range(1, k):
            row = i * (i - 1) // 2
            for j in range(i):
                through = conductance[star + i] + conductance[star + j] - total
                conductance[below + row + j] = _log_add(conductance[here + row + j], through)
    return log_sum


@njit(cache=True, nogil=True)
def star_marginals(conductance: FloatArray, count: int, totals: FloatArray, probability: FloatArray) -> None:
    """d log Z/d log w of every edge, by the reverse sweep of the elimination; ``probability`` (K, K) starts as zeros.

    Of the derivative P_ij by the conductance w_ij + a_i a_j/W, W = sum a, the part Q_ij that went through the removed
    node k goes on to its edges: P_ki = (a_i/W)(1 - sum Q) + sum_j Q_ij.
    """
    through = np.empty(count)
    for k in range(1, count):
        here, below = _level(k), _level(k - 1)
        star = here + k * (k - 1) // 2
        through[:k] = 0.0
        whole = 0.0
        for i in range(1, k):
            row = i * (i - 1) // 2
            for j in range(i):
                new = conductance[below + row + j]
                if new == -np.inf:
                    continue
                part = probability[i, j] * math.exp(
                    conductance[star + i] + conductance[star + j] - totals[k] - new
                )
                probability[i, j] *= math.exp(conductance[here + row + j] - new)
                through[i] += part
                through[j] += part
                whole += part
        for i in range(k):
            share = math.exp(conductance[star + i] - totals[k])
            probability[k, i] = share * (1.0 - whole) + through[i]
    for i in range(count):
        for j in range(i):
            probability[j, i] = probability[i, j]
