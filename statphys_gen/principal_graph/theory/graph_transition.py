r"""The first transition of a mixture whose centroids are bound by a graph.

All K nodes at the mean, equal weights, stiffness lambda: mode (j, a) of the Laplacian's eigenvalue l_j and the data's
eigenvalue lambda_a grows in a step of EM by (lambda_a/T)/(1 + lambda l_j K T/N), and is unstable below

    T_j = (sqrt(1 + 4 b_j lambda_max) - 1)/(2 b_j),    b_j = lambda l_j K/N;

the softest mode, of the smallest l_j above 0, comes first. Without stiffness T_j = lambda_max.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray, IntArray
from ..model import checked_edges

GraphName = Literal["chain", "star", "cycle", "complete"]
GRAPH_NAMES: tuple[GraphName, ...] = ("chain", "star", "cycle", "complete")
LARGEST = 3000


def graph_edges(name: GraphName, nodes: int) -> IntArray:
    """(E, 2) edges of a graph by name; a star has its centre at node 0."""
    validation.choice("graph", name, GRAPH_NAMES)
    count = validation.integer("nodes", nodes, 3 if name == "cycle" else 2, LARGEST)
    if name == "complete":
        return np.stack(np.triu_indices(count, 1), axis=1)
    if name == "star":
        return np.stack([np.zeros(count - 1, dtype=np.int64), np.arange(1, count)], axis=1)
    chain = np.stack([np.arange(count - 1), np.arange(1, count)], axis=1)
    return np.vstack([chain, [[0, count - 1]]]) if name == "cycle" else chain


def laplacian(edges: ArrayLike, nodes: int) -> FloatArray:
    """(K, K) Laplacian of a connected graph with edges of weight 1."""
    count = validation.integer("nodes", nodes, 2, LARGEST)
    pairs = checked_edges("edges", edges, count)
    found = np.zeros((count, count))
    np.add.at(found, (pairs[:, 0], pairs[:, 1]), -1.0)
    found += found.T
    found[np.diag_indices(count)] = -found.sum(axis=1)
    return found


@states(
    "exact",
    "for equal weights and one temperature; the edges are fixed",
    source="derivations/principal_graph/graph_transition.py",
    verification="derived and simulated",
)
def graph_temperature(
    edges: ArrayLike, nodes: int, stiffness: ArrayLike, samples: int, variance: float, *, mode: int = 1
) -> FloatArray:
    """Temperature below which the nodes of a graph leave the mean.

    Parameters
    ----------
    edges : (E, 2) node numbers from 0, of a connected graph.
    nodes : K, at least 2.
    stiffness : lambda, at least 0; any shape, which the result has.
    samples : N.
    variance : lambda_max, the top eigenvalue of the covariance, above 0.
    mode : 1 for the softest, 2 for the next, ...; below K.
    """
    eigenvalues = np.linalg.eigvalsh(laplacian(edges, nodes))
    number = validation.integer("mode", mode, 1, nodes - 1)
    count = validation.integer("samples", samples, minimum=1)
    top = validation.positive("variance", variance)
    lam = validation.array("stiffness", stiffness, at_least=0.0)
    softness = max(float(eigenvalues[number]), 0.0) * nodes / count
    # Without cancellation at small b, and without overflow of b lambda_max.
    return np.asarray(
        2.0 * top / (np.hypot(1.0, 2.0 * np.sqrt(lam) * np.sqrt(softness) * np.sqrt(top)) + 1.0)
    )


def graph_growth(
    edges: ArrayLike,
    nodes: int,
    stiffness: float,
    samples: int,
    variance: float,
    temperature: float,
    *,
    mode: int = 1,
) -> float:
    """Factor by which a mode grows in a step of EM at a temperature; parameters as :func:`graph_temperature`."""
    eigenvalues = np.linalg.eigvalsh(laplacian(edges, nodes))
    number = validation.integer("mode", mode, 1, nodes - 1)
    count = validation.integer("samples", samples, minimum=1)
    T = validation.positive("temperature", temperature)
    lam = validation.non_negative("stiffness", stiffness)
    ratio = validation.positive("variance", variance) / T
    return float(ratio / (1.0 + lam * eigenvalues[number] * nodes * T / count))
