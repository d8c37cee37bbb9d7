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
def _sum(a: float, b: float) -> tuple[float, float]:
    """a + b rounded, and what the rounding took."""
    whole = a + b
    if whole == -np.inf:
        return whole, 0.0
    part = whole - a
    return whole, (a - (whole - part)) + (b - part)


@njit(cache=True, nogil=True)
def _log_add(a: float, a_rest: float, b: float, b_rest: float) -> tuple[float, float]:
    """log(exp(a) + exp(b)) of two logarithms with their rests."""
    if a == -np.inf:
        return b, b_rest
    if b == -np.inf:
        return a, a_rest
    difference = (b - a) + (b_rest - a_rest)
    if difference > 0.0:
        a, a_rest, difference = b, b_rest, -difference
    return _sum(a, a_rest + math.log1p(math.exp(difference)))


@njit(cache=True, nogil=True)
def _through(
    a: float, a_rest: float, b: float, b_rest: float, total: float, total_rest: float
) -> tuple[float, float]:
    """a + b - total, likewise."""
    share, lost = _sum(a, -total)
    whole, more = _sum(b, share)
    return _sum(whole, more + lost + a_rest + b_rest - total_rest)


@njit(cache=True, nogil=True)
def _level(k: int) -> int:
    """Where the conductances among nodes 0, ..., k begin: pair i > j at i (i - 1)/2 + j after it."""
    return (k - 1) * k * (k + 1) // 6


@njit(cache=True, nogil=True)
def eliminate_stars(conductance: FloatArray, rest: FloatArray, count: int, totals: FloatArray) -> float:
    """Log of the sum over spanning trees, by removing the last node again and again (star-mesh, no subtraction).

    ``conductance`` holds logarithms, of every level (:func:`_level`), and ``rest`` what their rounding took: trees of
    equal weight differ by factors near 1, which a large logarithm has no digits for. The last level is given, the
    others are written. ``totals[k]`` (2,) is the log of the sum of the conductances of node k when it is removed.
    """
    log_sum, small = 0.0, 0.0
    for k in range(count - 1, 0, -1):
        here, below = _level(k), _level(k - 1)
        star = here + k * (k - 1) // 2
        total, lost = -np.inf, 0.0
        for i in range(k):
            total, lost = _log_add(total, lost, conductance[star + i], rest[star + i])
        totals[k, 0], totals[k, 1] = total, lost
        log_sum, more = _sum(log_sum, total)
        small += more + lost
        for i in range(1, k):
            row = i * (i - 1) // 2
            for j in range(i):
                at = here + row + j
                new, new_rest = conductance[at], rest[at]
                if conductance[star + i] > -np.inf and conductance[star + j] > -np.inf:
                    through, through_rest = _through(
                        conductance[star + i],
                        rest[star + i],
                        conductance[star + j],
                        rest[star + j],
                        total,
                        lost,
                    )
                    new, new_rest = _log_add(new, new_rest, through, through_rest)
                conductance[below + row + j], rest[below + row + j] = new, new_rest
    return log_sum + small


@njit(cache=True, nogil=True)
def star_marginals(
    conductance: FloatArray, rest: FloatArray, count: int, totals: FloatArray, probability: FloatArray
) -> None:
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
                at = below + row + j
                if conductance[at] == -np.inf:
                    continue
                old = here + row + j
                part = 0.0
                if conductance[star + i] > -np.inf and conductance[star + j] > -np.inf:
                    log, lost = _through(
                        conductance[star + i],
                        rest[star + i],
                        conductance[star + j],
                        rest[star + j],
                        totals[k, 0],
                        totals[k, 1],
                    )
                    part = probability[i, j] * math.exp((log - conductance[at]) + (lost - rest[at]))
                probability[i, j] *= math.exp((conductance[old] - conductance[at]) + (rest[old] - rest[at]))
                through[i] += part
                through[j] += part
                whole += part
        for i in range(k):
            share = 0.0
            if conductance[star + i] > -np.inf:
                share = math.exp((conductance[star + i] - totals[k, 0]) + (rest[star + i] - totals[k, 1]))
            probability[k, i] = share * (1.0 - whole) + through[i]
    for i in range(count):
        for j in range(i):
            probability[j, i] = probability[i, j]
