"""Integrands: evaluated over a measure, with every value checked and every node counted, and the accuracy asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..arrays import FloatArray
from ..errors import AccuracyNotReached, InvalidArgument
from .special import normal_density

Values = NDArray[Any]
Integrand = Callable[[FloatArray], Values]

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)
# Function values per call, which bounds the memory of a batch.
_CHUNK = 2**18


@dataclass(frozen=True)
class Integral:
    """The value of an integral (or a batch of them).

    Attributes
    ----------
    value : real or complex, of the batch's shape.
    error : estimate of the absolute error, rounding included, of the same shape.
    nodes : number of nodes at which the integrand was evaluated.
    """

    value: Values
    error: FloatArray
    nodes: int


@dataclass(frozen=True)
class Goal:
    """What counts as reached: ``tolerance`` times the integral of the modulus, or times 1 if that is larger."""

    tolerance: float
    relative: bool
    max_nodes: int

    def allowed(self, magnitude: FloatArray) -> FloatArray:
        return self.tolerance * (magnitude if self.relative else np.maximum(magnitude, 1.0))

    def met(self, error: FloatArray, magnitude: FloatArray) -> bool:
        return bool((error <= self.allowed(magnitude)).all())

    def refusal(self, error: FloatArray, magnitude: FloatArray, nodes: int) -> AccuracyNotReached:
        error, magnitude = np.atleast_1d(error), np.atleast_1d(magnitude)
        allowed = self.allowed(magnitude)
        worst = np.unravel_index(int((error / np.maximum(allowed, TINY)).argmax()), error.shape)
        place = f" at index {tuple(map(int, worst))}" if error.size > 1 else ""
        return AccuracyNotReached(
            f"quadrature{place}: reached an error of {error[worst]:.2g} after {nodes} nodes, allowed are"
            f" {allowed[worst]:.2g} (integral of the modulus {magnitude[worst]:.3g})"
        )

    def require_room(self, nodes: float) -> None:
        """Refuse a first rule that is larger than allowed, before it is laid out."""
        if nodes > self.max_nodes:
            raise AccuracyNotReached(
                f"quadrature: the declared smallest scale asks for {nodes:.3g} nodes, allowed are {self.max_nodes}"
            )


def checked_goal(tolerance: float, relative: bool, max_nodes: int) -> Goal:
    return Goal(
        validation.inside("tolerance", tolerance, 1e-15, 0.1, closed=True),
        bool(relative),
        validation.integer("max_nodes", max_nodes, minimum=100),
    )


@dataclass(frozen=True)
class GaussianMeasure:
    """The measure Dz = exp(-z^2/2) dz / sqrt(2 pi). Panels are of kind 0 and their variable is z itself."""

    def __call__(self, t: FloatArray, kind: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The nodes, their density with respect to dt, and |node| times the density with respect to the node."""
        weight = normal_density(t)
        return t, weight, np.abs(t) * weight

    def condition(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """By how many eps the density changes when its argument is rounded."""
        return np.maximum(left * left, right * right)


# Panels towards an infinite end, in scale/distance: out to 256 scales, and one beyond.
_OCTAVES = np.append(0.0, 0.5 ** np.arange(8, -1, -1.0))


@dataclass(frozen=True)
class LineMeasure:
    """dx, in panels of three kinds: 0, x itself; +1 and -1, scale/|x - origin| towards either infinity.

    An infinite end is thus at 0, where float64 is dense.
    """

    origin: float
    scale: float

    def __call__(self, t: FloatArray, kind: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        tail = kind != 0.0
        far = np.where(tail, t, 1.0)
        x = np.where(tail, self.origin + kind * self.scale / far, t)
        density = np.where(tail, self.scale / (far * far), 1.0)
        return x, density, np.maximum(np.abs(x), np.where(tail, self.scale / far, 0.0))

    def condition(self, left: FloatArray, right: FloatArray) -> FloatArray:
        return np.zeros_like(left)

    def panels(
        self, lower: float, upper: float, points: FloatArray, widest: float, goal: Goal
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Left ends, right ends and kinds of the first panels; those of finite kind are at most ``widest`` wide."""
        core = [lower if math.isfinite(lower) else self.origin - self.scale]
        core.append(upper if math.isfinite(upper) else self.origin + self.scale)
        edges = np.unique(np.concatenate([core, points[(points > core[0]) & (points < core[1])]]))
        parts = [(0.0, edges, np.full(edges.size - 1, widest))]
        for kind, end in ((1.0, upper), (-1.0, lower)):
            if math.isinf(end):
                distance = kind * (points - self.origin)
                edges = np.unique(np.concatenate([_OCTAVES, self.scale / distance[distance > self.scale]]))
                # A panel that is ``widest`` at distance scale, and grows with the distance.
                parts.append((kind, edges, edges[:-1] * min(1.0, widest / self.scale)))
                parts[-1][2][0] = math.inf
        with np.errstate(over="ignore"):
            counts = [np.ceil(np.diff(edges) / most).clip(min=1) for _, edges, most in parts]
        goal.require_room(21 * sum(float(count.sum()) for count in counts))
        left, right, kinds = [], [], []
        for (kind, edges, _), count in zip(parts, counts, strict=True):
            pieces = [
                a + (b - a) * np.arange(n) / n
                for a, b, n in zip(edges, edges[1:], count.astype(int), strict=False)
            ]
            ends = np.append(np.concatenate(pieces), edges[-1])
            left.append(ends[:-1])
            right.append(ends[1:])
            kinds.append(np.full(ends.size - 1, kind))
        return np.concatenate(left), np.concatenate(right), np.concatenate(kinds)


class Evaluator:
    """The integrand times the density of its measure: every value checked, every node counted."""

    def __init__(self, function: Integrand, measure: GaussianMeasure | LineMeasure, goal: Goal) -> None:
        self.function = function
        self.measure = measure
        self.max_nodes = goal.max_nodes
        self.nodes = 0
        self.batch: tuple[int, ...] | None = None

    def has_room(self, nodes: int) -> bool:
        return self.nodes + nodes <= self.max_nodes

    def chunk(self) -> int:
        """Nodes per call. The first call finds the size of the batch and is made small."""
        return 64 if self.batch is None else max(64, _CHUNK // max(1, math.prod(self.batch)))

    def probe(self, x: FloatArray) -> FloatArray:
        """The modulus of the function (..., n), and 0 where it is not finite: that is not known to matter."""
        with np.errstate(all="ignore"):
            modulus = np.abs(self.function(x))
        self.nodes += x.size
        return np.where(np.isfinite(modulus), modulus, 0.0)

    def __call__(self, t: FloatArray, kind: FloatArray) -> tuple[Values, FloatArray]:
        """The integrand with respect to dt (..., n) at the nodes t (n,), and the |x d(function)| between successive
        ones (..., n - 1): its sum times eps is the effect of rounding every argument once."""
        x, weight, shift = self.measure(t, kind)
        values = np.asarray(self.function(x))
        if values.dtype.kind not in "biufc" or values.shape[-1:] != x.shape:
            raise InvalidArgument(
                "function", values, f"a function of nodes (n,) with values (..., n), here n = {x.size}"
            )
        if self.batch is None:
            self.batch = values.shape[:-1]
        elif values.shape[:-1] != self.batch:
            raise InvalidArgument("function", values, f"a function whose batch shape stays {self.batch}")
        self.nodes += x.size
        finite = np.isfinite(values)
        if not finite.all():
            index = tuple(np.argwhere(~finite)[0])
            raise InvalidArgument(f"function({x[index[-1]]:.17g})", values[index], "finite at every node")
        moved = np.abs(np.diff(values)) * np.maximum(shift[1:], shift[:-1])
        return values * weight, moved


def rounding(magnitude: FloatArray, variation: FloatArray) -> FloatArray:
    return EPS * (4.0 * magnitude + variation)
