r"""The tree as a latent variable: exact probabilities of edges by sums over all spanning trees.

Prior uniform over trees and w_e = exp(-(lambda/2)|mu_a - mu_b|^2): Z is a determinant (Kirchhoff), summed here by
star-mesh elimination of logarithms, which does not fail at large lambda as the determinant's factorisation does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.spanning_trees import LARGEST_SUM, minimum_spanning_tree, sum_over_trees
from ...presentation import Tabular


@dataclass(frozen=True, repr=False)
class TreeMarginals(Tabular):
    """Probabilities of the edges of a random spanning tree.

    Attributes
    ----------
    log_partition : log Z, the sum over trees of exp(-(lambda/2) sum of squared lengths).
    probability : (K, K), zeros on the diagonal; the sum over edges is K - 1.
    minimum_tree_cost : least sum of squared lengths of a tree.
    """

    log_partition: float
    probability: FloatArray
    minimum_tree_cost: float

    @property
    def residual(self) -> float:
        """How far the probabilities are from their sum, K - 1."""
        return abs(float(np.tril(self.probability).sum()) - (len(self.probability) - 1))

    def records(self) -> list[dict[str, Any]]:
        """One row with all edges, by node numbers from 0."""
        rows, columns = np.triu_indices(len(self.probability), 1)
        chances = self.probability[rows, columns].tolist()
        edges = [
            {"first": a, "second": b, "probability": p}
            for a, b, p in zip(rows.tolist(), columns.tolist(), chances, strict=True)
        ]
        return [
            {
                "log_partition": self.log_partition,
                "edges": edges,
                "minimum_tree_cost": self.minimum_tree_cost,
                "status": "converged",
                "residual": self.residual,
                "error": 4e-16 * len(self.probability) * max(1.0, abs(self.log_partition)),
                "approximation": str(approximation_of(tree_marginals)),
            }
        ]


@states(
    "exact",
    "given the positions of the nodes",
    source="derivations/principal_graph/trees.py",
    verification="derived and simulated",
)
def tree_marginals(points: ArrayLike, stiffness: float) -> TreeMarginals:
    """Edge probabilities and log Z of spanning trees of weight exp(-(stiffness/2) sum of squared lengths).

    Parameters
    ----------
    points : (K, D) nodes, 2 <= K <= 500; repeated ones count as nodes of their own.
    stiffness : lambda, at least 0.
    """
    nodes = validation.array("points", points, ndim=2)
    if not 2 <= len(nodes) <= LARGEST_SUM:
        raise InvalidArgument("points", nodes, f"at least 2 and at most {LARGEST_SUM} nodes")
    lam = validation.non_negative("stiffness", stiffness)
    nodes = nodes - nodes.mean(axis=0)
    reach = float(np.abs(nodes).max())
    if reach > 1e150:
        raise InvalidArgument("points", reach, "nodes at most 1e150 from their mean")
    squares = ((nodes[:, None, :] - nodes) ** 2).sum(axis=2)
    if lam > 1e300 / max(float(squares.max()), 1.0):
        raise InvalidArgument(
            "stiffness", lam, "a number that, times the squared distances, is at most 1e300"
        )
    found = sum_over_trees(-0.5 * lam * squares)
    edges = minimum_spanning_tree(nodes).edges
    return TreeMarginals(found.log_sum, found.probability, float(squares[edges[:, 0], edges[:, 1]].sum()))
