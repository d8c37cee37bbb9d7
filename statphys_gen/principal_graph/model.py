"""What is studied: weighted points, the prior of a graph, the background, and how a fit is made. Definitions only."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument

WeightKind = Literal["equal", "learned"]
WEIGHT_KINDS: tuple[WeightKind, ...] = ("equal", "learned")
BackgroundKind = Literal["box", "volume", "gaussian", "none"]
BACKGROUND_KINDS: tuple[BackgroundKind, ...] = ("box", "volume", "gaussian", "none")
Rule = Literal["auto", "cross-validated", "evidence"]


@dataclass(frozen=True, eq=False)
class WeightedPoints:
    """A law with finitely many atoms, P = sum_i w_i delta(x - x_i): a data set, or the nodes of a quadrature.

    Parameters
    ----------
    points : (m, D).
    weights : (m,) positive, summing to 1; equal ones by default.
    samples : N, the number of points that the weights stand for; None of a population.
    """

    points: FloatArray
    weights: FloatArray
    samples: int | None

    def __init__(
        self, points: ArrayLike, weights: ArrayLike | None = None, samples: int | None = None
    ) -> None:
        checked = validation.array("points", points, ndim=2)
        if weights is None:
            shares = np.full(len(checked), 1.0 / len(checked))
        else:
            shares = validation.probability_vector("weights", weights)
        if len(shares) != len(checked):
            raise InvalidArgument("weights", shares, f"one for each of the {len(checked)} points")
        if samples is not None:
            validation.integer("samples", samples, minimum=1)
        for name, entry in (("points", checked), ("weights", shares)):
            entry = np.array(entry, order="C")
            entry.setflags(write=False)
            object.__setattr__(self, name, entry)
        object.__setattr__(self, "samples", samples)

    def __repr__(self) -> str:
        count = "population" if self.samples is None else f"{self.samples} samples"
        return f"<WeightedPoints: {len(self.points)} points in dimension {self.dimension}, {count}>"

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.points.shape[1])


@dataclass(frozen=True)
class GraphPrior:
    """Penalties of a graph with edges E on nodes mu_k, log variances l_k = log s_k and weights pi_k:

        (stiffness/2) sum_E |mu_a - mu_b|^2 + (width_stiffness/2) sum_E (l_a - l_b)^2
            - (weight_concentration - 1) sum_k log pi_k.

    Parameters
    ----------
    stiffness : lambda, units 1/length^2, at least 0.
    width_stiffness : lambda_sigma, without units, above 0: without it a node may shrink onto a point.
    weight_concentration : exponent of Dirichlet's law of the weights, at least 1.
    """

    stiffness: float
    width_stiffness: float = 10.0
    weight_concentration: float = 2.0

    def __post_init__(self) -> None:
        validation.non_negative("stiffness", self.stiffness)
        if self.stiffness > 1e150:
            raise InvalidArgument("stiffness", self.stiffness, "at most 1e150")
        validation.positive("width_stiffness", self.width_stiffness)
        if validation.finite("weight_concentration", self.weight_concentration) < 1.0:
            raise InvalidArgument("weight_concentration", self.weight_concentration, "a number, at least 1")

    def replace(self, **changes: Any) -> GraphPrior:
        """The same prior with other parameters."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Background:
    """The law of points that belong to no ridge.

    Parameters
    ----------
    kind : "box", uniform on the bounding box of the points; "volume", uniform with the given volume; "gaussian", one
        Gaussian with mean and covariance of all points; "none".
    log_volume : logarithm of the volume, for "volume" alone.
    fraction : share of the points at the start, in (0, 1).
    """

    kind: BackgroundKind = "box"
    log_volume: float | None = None
    fraction: float = 0.1

    def __post_init__(self) -> None:
        validation.choice("kind", self.kind, BACKGROUND_KINDS)
        if (self.kind == "volume") != (self.log_volume is not None):
            raise InvalidArgument("log_volume", self.log_volume, "given for the kind volume, and only then")
        if self.log_volume is not None:
            validation.finite("log_volume", self.log_volume)
        validation.inside("fraction", self.fraction, 0.0, 1.0)


@dataclass(frozen=True)
class Cycles:
    """When an edge closes a cycle: its frequency in minimum spanning trees of part of the nodes, and its path.

    Parameters
    ----------
    resamplings : number of draws of nodes, at least 1.
    fraction : share of the nodes in a draw, in (0, 1).
    frequency : least share of the trees with both nodes drawn that hold the edge, in (0, 1].
    shortest : least number of edges between its ends in the graph, at least 2.
    """

    resamplings: int = 200
    fraction: float = 0.75
    frequency: float = 0.5
    shortest: int = 8

    def __post_init__(self) -> None:
        validation.integer("resamplings", self.resamplings, 1, 100_000)
        validation.inside("fraction", self.fraction, 0.0, 1.0)
        if not 0.0 < validation.finite("frequency", self.frequency) <= 1.0:
            raise InvalidArgument("frequency", self.frequency, "a number in (0, 1]")
        validation.integer("shortest", self.shortest, minimum=2)


@dataclass(frozen=True)
class FitOptions:
    """How a principal graph is fitted.

    Parameters
    ----------
    nodes : K; "auto": a node for 25 points, at least 20 and at most 400; "cross-validated".
    stiffness : lambda; "cross-validated" or "evidence".
    width_stiffness : lambda_sigma of :class:`GraphPrior`.
    background : :class:`Background`.
    cycles : :class:`Cycles`; None for a tree.
    initial_variance : of every node at the start; None: from the spacing of the nodes.
    weight_kind : "learned", or "equal": 1/K each.
    prune : whether nodes that do not stand out of the background are left out.
    centre, standardise : whether the mean is subtracted, and coordinates are divided by their standard deviations,
        before the fit; results are in the units of the data.
    error_bars : whether standard errors of the nodes are computed, given memberships, widths and graph.
    bootstrap : number of refits to resampled points that give the standard errors instead; 0 for none, else at least 2.
    iterations : of the last stage at most.
    tolerance : converged when the objective gains less than this per point, and the gradient vanishes.
    seed : of the random starts and resamplings.
    """

    nodes: int | Rule = "auto"
    stiffness: float | Rule = "cross-validated"
    width_stiffness: float = 10.0
    background: Background = Background()
    cycles: Cycles | None = None
    initial_variance: float | None = None
    weight_kind: WeightKind = "learned"
    prune: bool = True
    centre: bool = True
    standardise: bool = False
    error_bars: bool = False
    bootstrap: int = 0
    iterations: int = 500
    tolerance: float = 1e-9
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.nodes, str):
            validation.choice("nodes", self.nodes, ("auto", "cross-validated"))
        else:
            validation.integer("nodes", self.nodes, 3, 5000)
        if isinstance(self.stiffness, str):
            validation.choice("stiffness", self.stiffness, ("cross-validated", "evidence"))
        else:
            GraphPrior(self.stiffness)
        GraphPrior(0.0, self.width_stiffness)
        if self.initial_variance is not None:
            validation.positive("initial_variance", self.initial_variance)
        validation.choice("weight_kind", self.weight_kind, WEIGHT_KINDS)
        if validation.integer("bootstrap", self.bootstrap, 0, 100_000) == 1:
            raise InvalidArgument("bootstrap", self.bootstrap, "0, or an integer from 2 to 100000")
        validation.integer("iterations", self.iterations, 1, 1_000_000)
        validation.positive("tolerance", self.tolerance)
        validation.integer("seed", self.seed, minimum=0)

    def replace(self, **changes: Any) -> FitOptions:
        """The same options but for the changes."""
        return dataclasses.replace(self, **changes)


def checked_edges(argument: str, edges: ArrayLike, nodes: int) -> IntArray:
    """(E, 2) node numbers from 0 of a connected graph without loops and repetitions, each pair sorted.

    Raises
    ------
    InvalidArgument : a number out of range, an edge from a node to itself, a repeated edge, a graph in several parts.
    """
    given = validation.array(argument, edges, shape=(None, 2))
    pairs = np.sort(given.astype(np.int64), axis=1)
    for row, (raw, (a, b)) in enumerate(zip(given.tolist(), pairs.tolist(), strict=True)):
        if not 0 <= a <= b < nodes or [float(a), float(b)] != sorted(raw):
            raise InvalidArgument(
                f"{argument}[{row}]", raw, f"two node numbers, integers from 0 to {nodes - 1}"
            )
        if a == b:
            raise InvalidArgument(f"{argument}[{row}]", raw, "two different nodes")
    _, first = np.unique(pairs, axis=0, return_index=True)
    if len(first) < len(pairs):
        row = int(np.setdiff1d(np.arange(len(pairs)), first)[0])
        raise InvalidArgument(f"{argument}[{row}]", pairs[row].tolist(), "an edge that is not repeated")
    place = np.arange(nodes)
    for _ in range(max(1, math.ceil(math.log2(nodes)) * 4 + nodes)):
        low = np.minimum(place[pairs[:, 0]], place[pairs[:, 1]])
        new = place.copy()
        np.minimum.at(new, pairs[:, 0], low)
        np.minimum.at(new, pairs[:, 1], low)
        new = new[new]
        if (new == place).all():
            break
        place = new
    if (place != 0).any():
        raise InvalidArgument(
            argument,
            given,
            f"a connected graph of {nodes} nodes (node {int(np.argmax(place != 0))} is apart)",
        )
    return pairs
