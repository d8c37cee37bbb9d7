"""Averages over Gaussian variables and integrals over intervals that choose their nodes and return their error.

Which rule to use:

- ``gaussian_average``: one average, or a batch of them, to a stated accuracy. It doubles its nodes until the
  accuracy is reached, and raises when it cannot be. Without ``breakpoints`` it is the trapezoidal rule, which
  converges exponentially for integrands analytic in a strip around the real axis (tanh, logistic, log 2cosh, tanh^2
  of slope * z + shift); Gauss-Hermite needs far more nodes for these and fails at moderate slopes.
- ``gaussian_average`` with ``breakpoints``: the integrand has a jump or a kink (sign, ReLU, threshold), or one steep
  feature at a known place; adaptive Gauss-Kronrod panels between the breakpoints, graded towards them.
- ``gaussian_rule``: fixed nodes and weights for the inner loop of a solver, when the steepness of the integrand is
  known beforehand. It carries no error estimate: check the solution once with ``gaussian_average``.
- ``integrate``: an interval, a half-line or the line with respect to dx; adaptive Gauss-Kronrod panels.
- ``legendre_rule``: fixed Gauss-Legendre panels with respect to dx, for smooth integrands in inner loops and for
  panel edges that differ along a batch.

``function`` maps nodes of shape (n,) to real or complex values of shape (..., n); leading axes are a batch, all of
whose entries share the nodes. ``Integral.error`` is an estimate that is meant to lie above the true error: the
difference of two successive rules (the error of the coarser one), plus the mass beyond the range, plus the effect of
rounding every node and value once.

``scipy.integrate.quad_vec`` calls its function with one node at a time, reports no effect of rounding, and returns a
number also where it failed; it is about as fast (between half as fast and nine times slower in our trials) and a good
choice for a function of an interval that is not vectorised over nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import AccuracyNotReached, InvalidArgument
from .special import normal_density

Array = NDArray[np.float64]
Values = NDArray[Any]
Integrand = Callable[[Array], Values]

_EPS = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float64).tiny)
# The Gaussian density is a normal float64 up to here; whatever lies further out contributes less than 1e-300.
_FARTHEST = 37
# Panels are not made narrower than this, so that neither 1/x^2 nor the map of a half-line overflows.
_NARROWEST = 1e-140
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
    error: Array
    nodes: int


@dataclass(frozen=True)
class Rule:
    """Fixed nodes and weights of a stated measure; a leading batch axis of both is allowed."""

    nodes: Array
    weights: Array

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
    count = math.ceil(farthest / _spacing(slope, tolerance))
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
def _legendre(order: int) -> tuple[Array, Array]:
    """Nodes and weights by Newton's method in extended precision.

    numpy's ``leggauss`` and scipy's ``roots_legendre`` are off by 2e-14 at 400 nodes, and take an eigenvalue problem.
    """
    angle = np.pi * (4.0 * np.arange(order, 0, -1) - 1.0) / (4.0 * order + 2.0)
    x: NDArray[Any] = np.asarray(
        np.cos(angle) * (1.0 - (order - 1.0) / (8.0 * order**3)), dtype=np.longdouble
    )
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


def _frozen(values: Array) -> Array:
    values.setflags(write=False)
    return values


def _spacing(slope: float, tolerance: float) -> float:
    """Spacing at which the trapezoidal rule of the Gaussian average has this error.

    Poles at distance d from the axis leave an error of order exp(d^2/2 - 2 pi d/h), and the Gaussian itself one of
    exp(-2 pi^2/h^2), which is the former at the best d = 2 pi/h. The factor 1000 covers the residues of double poles.
    """
    digits = math.log(1000.0 / tolerance)
    strip = math.sqrt(2.0 * digits)
    if slope * strip > math.pi / 2.0:
        strip = math.pi / (2.0 * slope)
    return 2.0 * math.pi * strip / (digits + 0.5 * strip * strip)


# ----------------------------------------------------------------------------------------------- adaptive averages


def gaussian_average(
    function: Integrand,
    *,
    slope: ArrayLike = 1.0,
    tolerance: float = 1e-12,
    relative: bool = False,
    breakpoints: ArrayLike = (),
    limits: tuple[int, int] = (-_FARTHEST, _FARTHEST),
    max_nodes: int = 2**22,
) -> Integral:
    """E function(z), z ~ N(0, 1).

    Parameters
    ----------
    function : maps nodes (n,) to values (..., n), real or complex.
    slope : the integrand varies over distances of 1/slope in z; the largest value counts. It sets the first spacing,
        so that no feature is missed: too small a value costs only doublings as long as the feature is seen at all,
        too large a value costs nodes. With breakpoints, the steep features are at these, and the integrand varies
        over distances of order 1 elsewhere.
    tolerance : the error allowed, as a fraction of max(1, E|function|).
    relative : as a fraction of E|function| instead, however small. The whole of ``limits`` is then searched for mass,
        so that averages which live far out are found, such as E 1/(1 + exp(2(x + sqrt(x) z))), near z = -sqrt(x).
    breakpoints : places of jumps, kinks or steep features, shared by the batch.
    limits : integers; the integrand is evaluated between these only, and must not matter outside. Without
        ``relative``, the range starts at about 9 on both sides and grows while the outermost unit carries mass.
    max_nodes : refuse beyond.

    Raises
    ------
    AccuracyNotReached : the estimated error stays above what is allowed.
    InvalidArgument : an argument is outside its domain, or the integrand is not finite at a node.
    """
    steepness = float(validation.array("slope", slope, at_least=0.0).max())
    goal = _goal(tolerance, relative, max_nodes)
    low = validation.integer("limits[0]", limits[0], minimum=-_FARTHEST, maximum=-1)
    high = validation.integer("limits[1]", limits[1], minimum=1, maximum=_FARTHEST)
    points = validation.array("breakpoints", np.asarray(breakpoints, dtype=float), ndim=1, empty=True)
    evaluator = _Evaluator(function, _Gaussian(), goal)
    if points.size == 0:
        return _trapezoid(evaluator, steepness, goal, low, high)
    low, high, beyond = _range_of_panels(evaluator, goal, low, high)
    grades = 0.5 ** np.arange(max(0, math.ceil(math.log2(max(steepness, 1.0)))) + 1)
    near = (points[:, None] + np.concatenate([-grades, [0.0], grades])).ravel()
    edges = np.unique(np.concatenate([np.arange(low, high + 1), near[(near > low) & (near < high)]]))
    return _adaptive(evaluator, edges[:-1], edges[1:], np.zeros(edges.size - 1), goal, beyond)


def integrate(
    function: Integrand,
    lower: float,
    upper: float,
    *,
    tolerance: float = 1e-12,
    relative: bool = False,
    breakpoints: ArrayLike = (),
    width: float = math.inf,
    scale: float = 1.0,
    max_nodes: int = 2**20,
) -> Integral:
    """Integral of ``function`` over [lower, upper], of which either end may be infinite.

    Parameters
    ----------
    function : maps nodes (n,) to values (..., n), real or complex; never evaluated at an end or a breakpoint.
    tolerance : the error allowed, as a fraction of max(1, integral of |function|).
    relative : as a fraction of the integral of |function| instead.
    breakpoints : jumps, kinks and integrable singularities between the ends.
    width : no feature between breakpoints is narrower than this; the first panels are no wider.
    scale : the length over which the integrand decays towards an infinite end. Beyond this distance from the finite
        end (from 0 on the whole line) the panels are laid in scale/distance.
    max_nodes : refuse beyond.

    Raises
    ------
    AccuracyNotReached : the estimated error stays above what is allowed. A singularity away from x = 0 is limited by
        the spacing of float64 there: substitute a variable that vanishes at the singularity.
    InvalidArgument : an argument is outside its domain, or the integrand is not finite at a node.
    """
    goal = _goal(tolerance, relative, max_nodes)
    scale = validation.positive("scale", scale)
    width = math.inf if width == math.inf else validation.positive("width", width)
    lower, upper = float(lower), float(upper)
    if not lower < upper:
        raise InvalidArgument("upper", upper, f"above lower = {lower:g}")
    points = validation.array("breakpoints", np.asarray(breakpoints, dtype=float), ndim=1, empty=True)
    points = points[(points > lower) & (points < upper)]
    origin = lower if math.isfinite(lower) else upper if math.isfinite(upper) else 0.0
    measure = _Line(origin, scale)
    panels = measure.panels(lower, upper, points, width)
    return _adaptive(_Evaluator(function, measure, goal), *panels, goal, np.zeros(()))


@dataclass(frozen=True)
class _Goal:
    """What counts as reached: ``tolerance`` times the integral of the modulus, or times 1 if that is larger."""

    tolerance: float
    relative: bool
    max_nodes: int

    def allowed(self, magnitude: Array) -> Array:
        return self.tolerance * (magnitude if self.relative else np.maximum(magnitude, 1.0))

    def met(self, error: Array, magnitude: Array) -> bool:
        return bool((error <= self.allowed(magnitude)).all())

    def refusal(self, error: Array, magnitude: Array, nodes: int) -> AccuracyNotReached:
        error, magnitude = np.atleast_1d(error), np.atleast_1d(magnitude)
        allowed = self.allowed(magnitude)
        worst = np.unravel_index(int((error / np.maximum(allowed, _TINY)).argmax()), error.shape)
        place = f" at index {tuple(map(int, worst))}" if error.size > 1 else ""
        return AccuracyNotReached(
            f"quadrature{place}: reached an error of {error[worst]:.2g} after {nodes} nodes, allowed are"
            f" {allowed[worst]:.2g} (integral of the modulus {magnitude[worst]:.3g})"
        )


def _goal(tolerance: float, relative: bool, max_nodes: int) -> _Goal:
    return _Goal(
        validation.inside("tolerance", tolerance, 1e-15, 0.1, closed=True),
        bool(relative),
        validation.integer("max_nodes", max_nodes, minimum=100),
    )


@dataclass(frozen=True)
class _Gaussian:
    """The measure Dz = exp(-z^2/2) dz / sqrt(2 pi). Panels are of kind 0 and their variable is z itself."""

    def __call__(self, t: Array, kind: Array) -> tuple[Array, Array, Array]:
        """The nodes, their density with respect to dt, and |node| times the density with respect to the node."""
        weight = normal_density(t)
        return t, weight, np.abs(t) * weight

    def condition(self, left: Array, right: Array) -> Array:
        """By how many eps the density changes when its argument is rounded."""
        return np.maximum(left * left, right * right)


@dataclass(frozen=True)
class _Line:
    """dx, in panels of three kinds: 0, x itself; +1 and -1, scale/|x - origin| towards either infinity.

    An infinite end is thus at 0, where float64 is dense.
    """

    origin: float
    scale: float

    def __call__(self, t: Array, kind: Array) -> tuple[Array, Array, Array]:
        tail = kind != 0.0
        far = np.where(tail, t, 1.0)
        x = np.where(tail, self.origin + kind * self.scale / far, t)
        density = np.where(tail, self.scale / (far * far), 1.0)
        return x, density, np.maximum(np.abs(x), np.where(tail, self.scale / far, 0.0))

    def condition(self, left: Array, right: Array) -> Array:
        return np.zeros_like(left)

    def panels(self, lower: float, upper: float, points: Array, width: float) -> tuple[Array, Array, Array]:
        """Left ends, right ends and kinds of the first panels."""
        core = [lower if math.isfinite(lower) else self.origin - self.scale]
        core.append(upper if math.isfinite(upper) else self.origin + self.scale)
        lists = [(0.0, np.concatenate([core, points[(points > core[0]) & (points < core[1])]]))]
        for kind, end in ((1.0, upper), (-1.0, lower)):
            if math.isinf(end):
                distance = kind * (points - self.origin)
                lists.append(
                    (kind, np.concatenate([[0.0, 1.0], self.scale / distance[distance > self.scale]]))
                )
        left, right, kinds = [], [], []
        for kind, ends in lists:
            edges = np.unique(ends)
            counts = np.ceil(np.diff(edges) / width).astype(int).clip(min=1)
            edges = np.append(
                np.concatenate(
                    [
                        a + (b - a) * np.arange(n) / n
                        for a, b, n in zip(edges, edges[1:], counts, strict=False)
                    ]
                ),
                edges[-1],
            )
            left.append(edges[:-1])
            right.append(edges[1:])
            kinds.append(np.full(edges.size - 1, kind))
        return np.concatenate(left), np.concatenate(right), np.concatenate(kinds)


class _Evaluator:
    """The integrand times the density of its measure: every value checked, every node counted."""

    def __init__(self, function: Integrand, measure: _Gaussian | _Line, goal: _Goal) -> None:
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

    def __call__(self, t: Array, kind: Array) -> tuple[Values, Array]:
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


def _rounding(magnitude: Array, variation: Array) -> Array:
    return _EPS * (4.0 * magnitude + variation)


# ---------------------------------------------------------------------------------------------- trapezoidal rule


def _trapezoid(evaluator: _Evaluator, slope: float, goal: _Goal, low: int, high: int) -> Integral:
    """Trapezoidal sums over the unit cells [j, j + 1) of z, with twice as many nodes in each until they agree."""
    # The first rule is coarser by 2 than the one that should do, so that the third one is accepted: the difference
    # of the last two then is the accuracy asked for, and the square of the one before confirms that it is no accident.
    per_cell = math.ceil(0.5 / _spacing(slope, goal.tolerance))
    low, high, signed, modulus, beyond = _located(evaluator, per_cell, goal, low, high)
    total, magnitude = signed.sum(axis=0), modulus.sum(axis=0)
    error = np.full(magnitude.shape, np.inf)
    ends = np.arange(low, high + 1, dtype=np.float64)
    condition = evaluator.measure.condition(ends[:-1], ends[1:])
    floor = error
    previous = None
    while evaluator.has_room((high - low) * per_cell):
        middle, middle_modulus, variation = _sums(evaluator, low, high, per_cell, 0.5)
        per_cell *= 2
        finer = 0.5 * (total + middle.sum(axis=0))
        magnitude = 0.5 * (magnitude + middle_modulus.sum(axis=0))
        difference = np.abs(finer - total)
        total = finer
        if previous is not None:
            spread = np.maximum(difference, previous * (previous / np.maximum(magnitude, _TINY)))
            coarser, floor = (
                floor,
                beyond + _rounding(magnitude, variation + np.tensordot(condition, middle_modulus, axes=1)),
            )
            error = spread + floor
            if goal.met(error, magnitude):
                return Integral(total, error, evaluator.nodes)
            # What rounding does is overestimated until the steps of the function are resolved.
            if goal.met(spread, magnitude) and (floor > 0.5 * coarser).any():
                break
        previous = difference
    raise goal.refusal(error, magnitude, evaluator.nodes)


def _sums(
    evaluator: _Evaluator, low: int, high: int, per_cell: int, offset: float
) -> tuple[Values, Array, Array]:
    """Mean of the integrand and of its modulus over the nodes j + (i + offset)/per_cell, i < per_cell, of each cell
    low <= j < high (leading axis); and the variation over all of them."""
    signed, modulus, variations = [], [], []
    cell, node = low, 0
    while cell < high:
        nodes = min(per_cell - node, evaluator.chunk())
        cells = min(high - cell, max(1, evaluator.chunk() // per_cell)) if nodes == per_cell else 1
        z = np.arange(cell, cell + cells)[:, None] + (np.arange(node, node + nodes) + offset) / per_cell
        values, moved = evaluator(z.ravel(), np.zeros(1))
        variations.append(moved.sum(axis=-1))
        values = np.moveaxis(values.reshape(*values.shape[:-1], cells, nodes), -2, 0)
        parts = values.sum(axis=-1) / per_cell, np.abs(values).sum(axis=-1) / per_cell
        if node == 0:
            signed.append(parts[0])
            modulus.append(parts[1])
        else:
            signed[-1] = signed[-1] + parts[0]
            modulus[-1] = modulus[-1] + parts[1]
        node = (node + nodes) % per_cell
        cell += cells if node == 0 else 0
    return np.concatenate(signed), np.concatenate(modulus), np.sum(variations, axis=0)


def _located(
    evaluator: _Evaluator, per_cell: int, goal: _Goal, low: int, high: int
) -> tuple[int, int, Values, Array, Array]:
    """The range of cells that carries the mass, their first sums, and a bound on the mass outside."""
    reach = max(-low, high)
    if not goal.relative:
        reach = math.ceil(math.sqrt(-2.0 * math.log(goal.tolerance)) + 1.2)
    first, last = max(low, -reach), min(high, reach)
    if not evaluator.has_room((last - first) * per_cell):
        raise goal.refusal(np.array(np.inf), np.array(np.nan), 0)
    signed, modulus, _ = _sums(evaluator, first, last, per_cell, 0.0)
    while True:
        threshold = 1e-2 * goal.allowed(modulus.sum(axis=0))
        grow_left = first > low and ((modulus[0] > threshold) | (modulus[0] > modulus[1])).any()
        grow_right = last < high and ((modulus[-1] > threshold) | (modulus[-1] > modulus[-2])).any()
        if not grow_left and not grow_right:
            break
        sides = ([(first - 1, first)] if grow_left else []) + ([(last, last + 1)] if grow_right else [])
        for a, b in sides:
            more, more_modulus, _ = _sums(evaluator, a, b, per_cell, 0.0)
            pair = (
                ((more, signed), (more_modulus, modulus))
                if a < first
                else ((signed, more), (modulus, more_modulus))
            )
            signed, modulus = (np.concatenate(p) for p in pair)
        first, last = first - int(grow_left), last + int(grow_right)
    # One cell that does not matter is kept on each side; its mass bounds what lies beyond it.
    matters = (modulus > 0.1 * threshold).reshape(len(modulus), -1).any(axis=1)
    inner = np.flatnonzero(matters)
    start, stop = (
        (max(inner[0] - 1, 0), min(inner[-1] + 2, len(modulus))) if inner.size else (0, len(modulus))
    )
    beyond = modulus[: start + 1].sum(axis=0) + modulus[stop - 1 :].sum(axis=0)
    if not goal.relative:
        # Nothing is known of the function where it was not evaluated; what is negligible is a fraction of 1.
        ends = np.array([first, last], dtype=np.float64)
        beyond = np.maximum(beyond, (normal_density(ends) / np.abs(ends)).sum())
    return first + int(start), first + int(stop), signed[start:stop], modulus[start:stop], beyond


def _range_of_panels(evaluator: _Evaluator, goal: _Goal, low: int, high: int) -> tuple[int, int, Array]:
    """The range of z for panels, and a bound on the mass outside."""
    first, last, *_, beyond = _located(evaluator, 8, goal, low, high)
    if goal.relative:
        # Mass may sit at a breakpoint between the nodes of this first look: nothing is left out.
        return low, high, np.zeros_like(beyond)
    return first, last, beyond


# ------------------------------------------------------------------------------------------- Gauss-Kronrod panels

# Kronrod's extension of the 10-node Gauss rule: abscissae from 1 to 0, both weights (QUADPACK, qk21).
_KRONROD = np.array(
    [
        [0.995657163025808080735527280689003, 0.011694638867371874278064396062192, 0.0],
        [
            0.973906528517171720077964012084452,
            0.032558162307964727478818972459390,
            0.066671344308688137593568809893332,
        ],
        [0.930157491355708226001207180059508, 0.054755896574351996031381300244580, 0.0],
        [
            0.865063366688984510732096688423493,
            0.075039674810919952767043140916190,
            0.149451349150580593145863396957698,
        ],
        [0.780817726586416897063717578345042, 0.093125454583697605535065465083366, 0.0],
        [
            0.679409568299024406234327365114874,
            0.109387158802297641899210590325805,
            0.219086362515982043995534934228163,
        ],
        [0.562757134668604683339000099272694, 0.123491976262065851077958109585166, 0.0],
        [
            0.433395394129247190799265943165784,
            0.134709217311473325928054001771707,
            0.269266719309996355091226921569469,
        ],
        [0.294392862701460198131126603103866, 0.142775938577060080797094273138717, 0.0],
        [
            0.148874338981631210884826001129720,
            0.147739104901338491374841515972068,
            0.295524224714752870173815619188769,
        ],
        [0.0, 0.149445554002916905664936468389821, 0.0],
    ]
)
_KRONROD = np.concatenate([_KRONROD * [-1.0, 1.0, 1.0], _KRONROD[-2::-1]])
_POINTS, _KRONROD_WEIGHTS, _GAUSS_WEIGHTS = (_frozen(column.copy()) for column in _KRONROD.T)


def _adaptive(
    evaluator: _Evaluator, left: Array, right: Array, kind: Array, goal: _Goal, beyond: Array
) -> Integral:
    """Bisect the panels that miss their share of the error, until the sum of all meets the goal."""
    sums = _panel_sums(evaluator, left, right, kind)
    while True:
        value, difference, magnitude, variation = (part.sum(axis=0) for part in sums)
        floor = beyond + _rounding(magnitude, variation)
        error = difference + floor
        if goal.met(error, magnitude):
            return Integral(value, error, evaluator.nodes)
        missed = sums[1] > np.maximum(0.5 * goal.allowed(magnitude) / left.size, 2.0 * _EPS * sums[2])
        wide = right - left > np.maximum(1e3 * _EPS * np.maximum(np.abs(left), np.abs(right)), _NARROWEST)
        missed = wide & missed.reshape(left.size, -1).any(axis=1)
        if not missed.any() or not evaluator.has_room(2 * _POINTS.size * int(missed.sum())):
            raise goal.refusal(error, magnitude, evaluator.nodes)
        middle = 0.5 * (left[missed] + right[missed])
        halves = (
            np.concatenate([left[missed], middle]),
            np.concatenate([middle, right[missed]]),
            np.tile(kind[missed], 2),
        )
        finer = _panel_sums(evaluator, *halves)
        left, right, kind = (
            np.concatenate([old[~missed], new]) for old, new in zip((left, right, kind), halves, strict=True)
        )
        sums = [np.concatenate([old[~missed], new]) for old, new in zip(sums, finer, strict=True)]


def _panel_sums(evaluator: _Evaluator, left: Array, right: Array, kind: Array) -> list[Values]:
    """Kronrod's value, its difference from Gauss's, the integral of the modulus and the variation of each panel
    (leading axis)."""
    parts = []
    start = 0
    while start < left.size:
        stop = start + max(1, evaluator.chunk() // _POINTS.size)
        half = 0.5 * (right[start:stop] - left[start:stop])
        t = 0.5 * (right[start:stop] + left[start:stop])[:, None] + half[:, None] * _POINTS
        values, moved = evaluator(t.ravel(), np.repeat(kind[start:stop], _POINTS.size))
        values = values.reshape(*values.shape[:-1], *t.shape)
        value = half * (values * _KRONROD_WEIGHTS).sum(axis=-1)
        gauss = half * (values * _GAUSS_WEIGHTS).sum(axis=-1)
        modulus = half * (np.abs(values) * _KRONROD_WEIGHTS).sum(axis=-1)
        variation = np.concatenate([moved, np.zeros((*moved.shape[:-1], 1))], axis=-1)
        variation = variation.reshape(*moved.shape[:-1], *t.shape)[..., :-1].sum(axis=-1)
        variation += modulus * evaluator.measure.condition(left[start:stop], right[start:stop])
        parts.append([np.moveaxis(p, -1, 0) for p in (value, np.abs(value - gauss), modulus, variation)])
        start = stop
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
