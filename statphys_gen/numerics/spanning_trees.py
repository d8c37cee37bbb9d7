"""Spanning trees: the minimal one of a set of points, linear systems on a tree, and exact sums over all trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument

LARGEST_SUM = 500  # nodes of a sum over trees: its memory grows as their cube


@dataclass(frozen=True)
class RootedTree:
    """A spanning tree with an order in which every node follows its parent.

    Attributes
    ----------
    order : (K,) nodes, the root first.
    parent : (K,) of each node; -1 of the root.
    """

    order: IntArray
    parent: IntArray

    @property
    def edges(self) -> IntArray:
        """(K - 1, 2) pairs (first < second), sorted."""
        children = self.order[1:]
        pairs = np.sort(np.stack([self.parent[children], children], axis=1), axis=1)
        return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]

    def solve(self, diagonal: FloatArray, weight: float, right: FloatArray) -> FloatArray:
        """x with (diag(diagonal) + weight L) x = right, L the Laplacian of the tree; O(K) for each column.

        Parameters
        ----------
        diagonal : (K,) at least 0, one entry above 0.
        weight : of every edge.
        right : (K, columns).
        """
        from .kernels_trees import solve_tree

        found = np.array(right, dtype=np.float64, order="C")
        solve_tree(self.order, self.parent, np.full(len(self.order), float(weight)), diagonal, found)
        return found


def minimum_spanning_tree(points: ArrayLike) -> RootedTree:
    """The spanning tree of least sum of squared distances, by Prim's algorithm in O(K^2 D), rooted at point 0.

    Equal points are joined by edges of length 0. Of equal trees the one that Prim's order meets first is taken.

    Parameters
    ----------
    points : (K, D), at least one.
    """
    from .kernels_trees import prim

    checked = np.ascontiguousarray(validation.array("points", points, ndim=2))
    order, parent = np.empty(len(checked), dtype=np.int64), np.empty(len(checked), dtype=np.int64)
    prim(checked, order, parent)
    return RootedTree(order, parent)


def rooted(edges: IntArray, nodes: int) -> RootedTree | None:
    """The tree of these edges, rooted at node 0; None where they do not form a spanning tree.

    Parameters
    ----------
    edges : (E, 2) node numbers from 0.
    nodes : K.
    """
    if len(edges) != nodes - 1:
        return None
    neighbours: list[list[int]] = [[] for _ in range(nodes)]
    for a, b in edges.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    order, parent = [0], np.full(nodes, -2, dtype=np.int64)
    parent[0] = -1
    for node in order:
        for other in neighbours[node]:
            if parent[other] == -2:
                parent[other] = node
                order.append(other)
    return RootedTree(np.array(order, dtype=np.int64), parent) if len(order) == nodes else None


@dataclass(frozen=True)
class TreeSum:
    """The sum over all spanning trees.

    Attributes
    ----------
    log_sum : log Z, Z = sum over trees of the product of the weights of their edges.
    probability : (K, K) share of Z in the trees that hold an edge, zeros on the diagonal; sums to K - 1 over edges.
    """

    log_sum: float
    probability: FloatArray


def sum_over_trees(log_weight: ArrayLike) -> TreeSum:
    """Z and the probability of every edge, by star-mesh elimination of logarithms: no underflow, no subtraction in Z.

    Parameters
    ----------
    log_weight : (K, K) symmetric, log weight of each edge; -inf for none. The diagonal is not read. 2 <= K <= 500.

    Raises
    ------
    InvalidArgument : another shape, too many nodes, or no spanning tree.
    """
    from .kernels_trees import eliminate_stars, star_marginals

    given = np.asarray(log_weight, dtype=np.float64)
    count = len(given)
    if given.ndim != 2 or given.shape != (count, count) or not 2 <= count <= LARGEST_SUM:
        raise InvalidArgument(
            "log_weight", given, f"of shape (K, K) with at least 2 and at most {LARGEST_SUM} nodes"
        )
    rows, columns = np.tril_indices(count, -1)
    pairs = given[rows, columns]
    if np.isnan(pairs).any() or (pairs == np.inf).any() or (pairs != given[columns, rows]).any():
        raise InvalidArgument("log_weight", given, "symmetric, without NaN and inf")
    conductance = np.full((count - 1) * count * (count + 1) // 6, -np.inf)
    conductance[-len(pairs) :] = pairs
    rest, totals, probability = np.zeros_like(conductance), np.zeros((count, 2)), np.zeros((count, count))
    log_sum = eliminate_stars(conductance, rest, count, totals)
    if not np.isfinite(log_sum):
        raise InvalidArgument("log_weight", given, "of a connected graph")
    star_marginals(conductance, rest, count, totals, probability)
    return TreeSum(float(log_sum), probability)
