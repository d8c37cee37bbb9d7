"""Averages over Gaussian variables and integrals over intervals that choose their nodes and return their error.

Which rule to use:

- ``gaussian_average``: one average, or a batch of them, to a stated accuracy. It doubles its nodes until the
  accuracy is reached, and raises when it cannot be. Without ``breakpoints`` it is the trapezoidal rule, which
  converges exponentially for integrands analytic in a strip around the real axis (tanh, logistic, log 2cosh, tanh^2
  of slope * z + shift); Gauss-Hermite needs far more nodes for these and fails at moderate slopes.
- ``gaussian_average`` with ``breakpoints``: the integrand has a jump or a kink (sign, ReLU, threshold), or one steep
  feature at a known place; adaptive Gauss-Kronrod panels between the breakpoints, graded towards them if asked to.
- ``gaussian_rule``: fixed nodes and weights for the inner loop of a solver, when the steepness of the integrand is
  known beforehand. It carries no error estimate: check the solution once with ``gaussian_average``.
- ``integrate``: an interval, a half-line or the line with respect to dx; adaptive Gauss-Kronrod panels.
- ``legendre_rule``: fixed Gauss-Legendre panels with respect to dx, for smooth integrands in inner loops and for
  panel edges that differ along a batch.

``function`` maps nodes of shape (n,) to real or complex values of shape (..., n); leading axes are a batch, all of
whose entries share the nodes. ``Integral.error`` is an estimate that is meant to lie above the true error: the
difference of two successive rules (the error of the coarser one) and that from a third rule which shares no node and no
spacing with them, whichever is larger, plus the mass beyond the range, plus the effect of rounding every node and value
once.

No rule can see what lies between its nodes. The caller therefore declares the smallest scale of the integrand
(``slope``, ``width``; there is no default), and the first nodes stand closer than that; the error is a claim about
integrands that have no narrower feature. One that is broader costs nodes and nothing else.

``scipy.integrate.quad_vec`` calls its function with one node at a time, reports no effect of rounding, and returns a
number also where it failed; it is about as fast (between half as fast and nine times slower in our trials) and a good
choice for a function of an interval that is not vectorised over nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from .integrands import Evaluator, GaussianMeasure, Integral, Integrand, LineMeasure, Values, checked_goal
from .kronrod import PANEL, POINTS, adaptive
from .special import normal_density
from .trapezoidal import range_of_panels, spacing, trapezoid

# The Gaussian density is a normal float64 up to here; whatever lies further out contributes less than 1e-300.
_FARTHEST = 37


@dataclass(frozen=True)
class Rule:
    """Fixed nodes and weights of a stated measure; a leading batch axis of both is allowed."""

    nodes: FloatArray
    weights: FloatArray

    def average(self, values: ArrayLike, axis: int = -1) -> Values:
        """Sum of weights * values over ``axis``, which runs over the nodes (the last axis for batched rules)."""
        values = np.asarray(values)
        if values.shape[axis] != self.weights.shape[-1]:
            raise InvalidArgument(
                "values", values, f"an array with {self.weights.shape[-1]} nodes along axis {axis}"
            )
        if self.weights.ndim > 1:
            return (np.moveaxis(values, axis, -1) * self.weights).sum(axis=-1)
        # einsum and not BLAS: the same bits for any number of threads.
        return np.einsum("...n,n->...", np.moveaxis(values, axis, -1), self.weights)


# ---------------------------------------------------------------------------------------------------- fixed rules


def gaussian_rule(slope: float, tolerance: float = 1e-12) -> Rule:
    """Trapezoidal rule for E g(z), z ~ N(0, 1), for integrands as steep as tanh(slope z + shift).

    Parameters
    ----------
    slope : g is a function of slope * z, analytic in the strip |Im| < pi/2 and at most double poles on its edge, or
        smoother; at least 0. For a batch, the largest slope.
    tolerance : error relative to the size of g; about 60 slope + 25 nodes for 1e-12.
    """
    slope = validation.non_negative("slope", slope)
    tolerance = validation.inside("tolerance", tolerance, 1e-15, 0.1, closed=True)
    farthest = math.sqrt(-2.0 * math.log(tolerance)) + 1.2
    count = math.ceil(farthest / spacing(slope, tolerance))
    nodes = farthest / count * np.arange(-count, count + 1, dtype=np.float64)
    weights = normal_density(nodes)
    weights /= weights.sum()
    return Rule(_frozen(nodes), _frozen(weights))


def legendre_rule(edges: ArrayLike, order: int = 16) -> Rule:
    """Gauss-Legendre rule of ``order`` nodes in each panel between successive ``edges``, with respect to dx.

    ``edges`` has shape (..., k + 1), increasing along the last axis; nodes and weights have shape (..., k order).
    Exact for polynomials of degree 2 order - 1 in each panel.
    """
    edges = validation.array("edges", edges)
    if edges.ndim == 0 or edges.shape[-1] < 2 or (np.diff(edges) < 0).any():
        raise InvalidArgument("edges", edges, "at least two increasing numbers along the last axis")
    points, weights = _legendre(validation.integer("order", order, minimum=1, maximum=1000))
    half = 0.5 * np.diff(edges)[..., None]
    middle = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None]
    shape = (*edges.shape[:-1], -1)
    return Rule(_frozen((middle + half * points).reshape(shape)), _frozen((half * weights).reshape(shape)))


@lru_cache(maxsize=64)
def _legendre(order: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights by Newton's method in extended precision.

    numpy's ``leggauss`` and scipy's ``roots_legendre`` are off by 2e-14 at 400 nodes, and take an eigenvalue problem.
    """
    angle = np.pi * (4.0 * np.arange(order, 0, -1) - 1.0) / (4.0 * order + 2.0)
    x: Values = np.asarray(np.cos(angle) * (1.0 - (order - 1.0) / (8.0 * order**3)), dtype=np.longdouble)
    for _ in range(5):
        before, polynomial = 0 * x + 1, x
        for degree in range(2, order + 1):
            before, polynomial = (
                polynomial,
                ((2 * degree - 1) * x * polynomial - (degree - 1) * before) / degree,
            )
        derivative = order * (before - x * polynomial) / (1 - x * x)
        x = x - polynomial / derivative
    nodes = 0.5 * (x - x[::-1])
    weights = 2 / ((1 - nodes * nodes) * derivative * derivative)
    return _frozen(nodes.astype(np.float64)), _frozen((0.5 * (weights + weights[::-1])).astype(np.float64))


def _frozen(values: FloatArray) -> FloatArray:
    values.setflags(write=False)
    return values


# ----------------------------------------------------------------------------------------------- adaptive averages


def gaussian_average(
    function: Integrand,
    *,
    slope: ArrayLike,
    tolerance: float = 1e-12,
    relative: bool = False,
    breakpoints: ArrayLike = (),
    steepness: ArrayLike = 0.0,
    limits: tuple[int, int] = (-_FARTHEST, _FARTHEST),
    max_nodes: int = 2**22,
) -> Integral:
    """E function(z), z ~ N(0, 1).

    Parameters
    ----------
    function : maps nodes (n,) to values (..., n), real or complex.
    slope : the integrand varies over distances of 1/slope in z and no shorter ones; at least 0, of a batch the largest
        value counts. It sets the first spacing: a feature that is narrower may be missed, a value that is too large
        costs nodes.
    tolerance : the error allowed, as a fraction of max(1, E|function|).
    relative : as a fraction of E|function| instead, however small. The whole of ``limits`` is then searched for mass,
        so that averages which live far out are found, such as E 1/(1 + exp(2(x + sqrt(x) z))), near z = -sqrt(x).
    breakpoints : places of jumps, kinks or steep features, shared by the batch.
    steepness : towards the breakpoints the integrand varies over ever shorter distances, down to 1/steepness; the first
        panels are graded accordingly.
    limits : integers; the integrand is evaluated between these only, and must not matter outside. Without
        ``relative``, the range is about 9 on both sides and grows to wherever one node in each 1/slope finds mass.
    max_nodes : refuse beyond.

    Raises
    ------
    AccuracyNotReached : the estimated error stays above what is allowed.
    InvalidArgument : an argument is outside its domain, or the integrand is not finite at a node.
    """
    smallest = float(validation.array("slope", slope, at_least=0.0).max())
    steepest = float(validation.array("steepness", steepness, at_least=0.0).max())
    goal = checked_goal(tolerance, relative, max_nodes)
    low = validation.integer("limits[0]", limits[0], minimum=-_FARTHEST, maximum=-1)
    high = validation.integer("limits[1]", limits[1], minimum=1, maximum=_FARTHEST)
    points = validation.array("breakpoints", np.asarray(breakpoints, dtype=float), ndim=1, empty=True)
    evaluator = Evaluator(function, GaussianMeasure(), goal)
    if points.size == 0:
        return trapezoid(evaluator, smallest, goal, low, high)
    low, high, beyond = range_of_panels(evaluator, smallest, goal, low, high)
    panels = max(1, math.ceil(smallest / PANEL))
    goal.require_room((high - low) * panels * POINTS)
    grades = 0.5 ** np.arange(max(0, math.ceil(math.log2(max(steepest, 1.0)))) + 1)
    near = (points[:, None] + np.concatenate([-grades, [0.0], grades])).ravel()
    cells = low + np.arange((high - low) * panels + 1) / panels
    edges = np.unique(np.concatenate([cells, near[(near > low) & (near < high)]]))
    return adaptive(evaluator, edges[:-1], edges[1:], np.zeros(edges.size - 1), goal, beyond)


def integrate(
    function: Integrand,
    lower: float,
    upper: float,
    *,
    width: float,
    scale: float | None = None,
    tolerance: float = 1e-12,
    relative: bool = False,
    breakpoints: ArrayLike = (),
    finest: float | None = None,
    max_nodes: int = 2**20,
) -> Integral:
    """Integral of ``function`` over [lower, upper], of which either end may be infinite.

    Parameters
    ----------
    function : maps nodes (n,) to values (..., n), real or complex; never evaluated at an end or a breakpoint.
    width : the integrand varies over distances of ``width`` and no shorter ones, but for an integrable singularity or a
        kink at an end or a breakpoint. A feature that is narrower may be missed, a value that is too small costs
        nodes.
    scale : needed where an end is infinite. Within this distance of the finite end (of 0 on the whole line) lies what
        the integrand has; farther out it decays, and at a distance x varies over no less than width x/scale. The
        panels there are laid in scale/distance.
    tolerance : the error allowed, as a fraction of max(1, integral of |function|).
    relative : as a fraction of the integral of |function| instead.
    breakpoints : jumps, kinks, integrable singularities and narrow features between the ends.
    finest : towards the breakpoints and the finite ends the integrand varies over ever shorter distances, down to
        this one; the first panels are graded accordingly. None: it does not.
    max_nodes : refuse beyond.

    Raises
    ------
    AccuracyNotReached : the estimated error stays above what is allowed. A singularity away from x = 0 is limited by
        the spacing of float64 there: substitute a variable that vanishes at the singularity.
    InvalidArgument : an argument is outside its domain, or the integrand is not finite at a node.
    """
    goal = checked_goal(tolerance, relative, max_nodes)
    width = validation.positive("width", width)
    lower, upper = float(lower), float(upper)
    if not lower < upper:
        raise InvalidArgument("upper", upper, f"above lower = {lower:g}")
    if math.isfinite(lower) and math.isfinite(upper):
        scale = 1.0
    elif scale is None:
        raise InvalidArgument(
            "scale", scale, "a length where an end is infinite: how far out the integrand matters"
        )
    scale = validation.positive("scale", scale)
    points = validation.array("breakpoints", np.asarray(breakpoints, dtype=float), ndim=1, empty=True)
    if finest is not None:
        steps = math.log2(max(1.0, width / validation.positive("finest", finest)))
        grades = width * 0.5 ** np.arange(math.ceil(steps) + 1)
        ends = [end for end in (lower, upper) if math.isfinite(end)]
        near = np.concatenate([points, ends])[:, None] + np.concatenate([-grades, grades])
        points = np.concatenate([points, near.ravel()])
    points = points[(points > lower) & (points < upper)]
    origin = lower if math.isfinite(lower) else upper if math.isfinite(upper) else 0.0
    measure = LineMeasure(origin, scale)
    panels = measure.panels(lower, upper, points, PANEL * width, goal)
    return adaptive(Evaluator(function, measure, goal), *panels, goal, np.zeros(()))
