r"""Where the spectrum of the feature matrix U is: its edges, as extrema of the explicit real curve z(mu).

For m = infinity everything is measured from the floor s_t^2 of the spectrum, so that bulks next to it keep
their relative accuracy (:func:`offset_edges`); the edges themselves are floor plus offset.

Source: Bonnaire et al., arXiv 2505.17638, theorem 3.1; derivations/random_features/self_consistent.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...approximation import states
from ...arrays import ComplexArray, FloatArray
from ...errors import AccuracyNotReached, NotConverged
from ...numerics.spectral_edges import CriticalPoints, critical_points, support
from ..model import RandomFeatures
from .moments import spectral_moments
from .resolvent import Dyson, dyson_from_floor

SOURCE = "arXiv 2505.17638, theorem 3.1; derivations/random_features/self_consistent.py"
# Nodes for a continuous covariance next to the real axis.
FINE_NODES = 1024
# Decades below and above the natural values of mu that the real curve is looked at, and points in each.
_DECADES = 13.0
_POINTS = 9.0
_FEW_POINTS = 2.5
# With finitely many draws an extremum and a pole may be closer to each other: so many times the points.
_FINITE_DRAWS = 10.0
# Up to so many times the directions with a variance, few samples make narrow bulks.
_FEW_SAMPLES = 0.99
# Numbers of columns and of features that differ by less are equal: the lowest edge is below 1e-24 of the highest.
_EQUAL = 1e-12
# Relative distance of p from d or from the number of columns that is named as the reason of a refusal.
_CLOSE = 1e-3
# Relative errors: of a sum of rounded terms, and of the coefficients of the activation.
_ROUNDING = 1e-15
_COEFFICIENTS = 1e-12
# Derivatives of z below so many times its rounding may have either sign.
_LEVEL = 10.0


def columns_per_dimension(system: Dyson) -> float:
    """The rank of U above its floor, over d."""
    if system.inverse_draws == 0.0:
        return 1.0 + (system.samples if system.v2 > 0.0 else 0.0)
    columns = system.samples / system.inverse_draws
    return columns if system.v2 + system.s2 > 0.0 else min(columns, 1.0)


def touches_floor(system: Dyson) -> bool:
    """As many columns as features: no atom is at the floor, and the lowest bulk begins there, with a hard edge."""
    return abs(columns_per_dimension(system) / system.features - 1.0) <= _EQUAL


def _narrow_places(system: Dyson) -> FloatArray:
    """Values of mu around which both edges of a narrow bulk lie when n or p is far from d: grids accumulate there.

    At -b^2/A, q is infinite (n >> p); where <x/(x - mu)> = psi_n, gamma_1 is (p >> d, n << d); at
    -(<x> + v^2/A)/psi_n, q is infinite at finite q gamma_1 (n, p << d).
    """
    from scipy.optimize import brentq

    places = [-system.b2 / system.linear]
    x, weights = system.eigenvalues, system.weights
    present = float(weights[x > 0].sum())
    if system.samples < _FEW_SAMPLES * present:
        # Between the bounds from the smallest and the largest eigenvalue.
        excess = present / system.samples
        ends = np.array([0.5 * x[x > 0].min(), 2.0 * x.max()]) * (excess - 1.0)

        def count(mu: float) -> float:
            return float(weights @ (x / (x + mu))) / system.samples - 1.0

        places.append(-brentq(count, *ends))
        places.append(-(system.variance + system.v2 / system.linear) / system.samples)
    return np.array(places)


def _segments(system: Dyson, continuous: bool) -> list[tuple[float, int, float]]:
    """Pieces of the real mu axis as (end, direction, length), each with all that is singular or narrow at its end."""
    points = np.unique(np.concatenate([[0.0], system.eigenvalues, _narrow_places(system)]))
    pieces: list[tuple[float, int, float]] = [(float(points[0]), -1, math.inf)]
    for left, right in pairwise(points.tolist()):
        if not (continuous and left > 0.0):
            half = (right - left) / 2.0
            pieces += [(left, 1, half), (right, -1, half)]
    return [*pieces, (float(points[-1]), 1, math.inf)]


@dataclass(frozen=True)
class RealCurve:
    """z along the real curve: t on the sheet j of the piece k has mu = end_k +- exp(t), and branch 2 k + j."""

    system: Dyson
    base: FloatArray
    direction: FloatArray
    lengths: tuple[float, ...]

    @classmethod
    def of(cls, model: RandomFeatures) -> RealCurve:
        system = dyson_from_floor(model, FINE_NODES)
        pieces = _segments(system, model.covariance.continuous)
        return cls(
            system,
            np.array([piece[0] for piece in pieces]),
            np.array([float(piece[1]) for piece in pieces]),
            tuple(piece[2] for piece in pieces),
        )

    def evaluate(
        self, t: ComplexArray, branch: NDArray[np.intp]
    ) -> tuple[ComplexArray, FloatArray, ComplexArray]:
        """z, the size of its terms, and the discriminant of the sheets."""
        piece = branch // 2
        offset = np.asarray(self.direction[piece] * np.exp(t), dtype=np.complex128)
        with np.errstate(all="ignore"):
            return self.system.real_curve(self.base[piece], offset, branch % 2)

    def position(self, t: ComplexArray, branch: NDArray[np.intp]) -> ComplexArray:
        """z, NaN where the sheets are complex."""
        z, _, discriminant = self.evaluate(t, branch)
        return np.where(discriminant.real >= 0, z, np.nan)

    def discriminant(self, t: FloatArray, piece: FloatArray) -> FloatArray:
        branch = 2 * np.broadcast_to(piece, t.shape).astype(np.intp).ravel()
        values = self.evaluate(t.ravel().astype(np.complex128), branch)[2]
        return np.asarray(values.real.reshape(t.shape))

    def grids(self) -> list[tuple[int, FloatArray]]:
        """Branches and the values of t between which extrema are looked for."""
        system, variance = self.system, self.system.variance
        # mu = -(1 + psi b^2 gbar q)/(psi A q gamma_1), at q of the order of 1/eigenvalue.
        natural = (system.b2 + system.mean_eigenvalue / system.features) / system.linear
        lowest = math.log(variance) - _DECADES * math.log(10.0)
        highest = math.log(max(variance, 1e-6 * natural)) + _DECADES * math.log(10.0)
        points = _POINTS if len(self.lengths) <= 16 else _FEW_POINTS
        points *= _FINITE_DRAWS if system.inverse_draws > 0.0 else 1.0
        count = math.ceil((highest - lowest) / math.log(10.0) * points)
        tops = [min(highest, math.log(x) if math.isfinite(x) else highest) for x in self.lengths]
        t = np.stack([np.linspace(min(lowest, top - 10.0), top, count) for top in tops])
        return [(2 * k + j, part) for k, part in self._real_pieces(t) for j in (0, 1)]

    def _real_pieces(self, t: FloatArray) -> list[tuple[int, FloatArray]]:
        """The parts of every row of t where the discriminant is positive, with points that accumulate at its zeros."""
        from scipy.optimize import elementwise

        piece = np.arange(len(t), dtype=np.float64)
        values = self.discriminant(t, piece[:, None])
        row, column = np.nonzero(np.sign(values[:, 1:]) != np.sign(values[:, :-1]))
        extra = np.empty((0, 0))
        if len(row):
            ends = t[row, column], t[row, column + 1]
            zeros = elementwise.find_root(self.discriminant, ends, args=(piece[row],)).x
            side = np.where(values[row, column + 1] > 0, 1.0, -1.0)
            reach = (ends[1] - ends[0])[:, None] * 10.0 ** -np.linspace(0.0, 13.0, 40)
            extra = zeros[:, None] + side[:, None] * reach
        result = []
        for k in range(len(t)):
            full = np.unique(np.concatenate([t[k], *extra[row == k]]))
            positive = self.discriminant(full, np.full(full.size, float(k))) >= 0
            cuts = np.flatnonzero(np.diff(positive.astype(int))) + 1
            parts = np.split(np.arange(len(full)), cuts)
            result += [(k, full[p]) for p in parts if positive[p[0]] and len(p) > 1]
        return result


def _slopes(curve: RealCurve, t: FloatArray, branch: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """dz/dt by a complex step, and its rounding error; of the shape of t."""
    step = 1e-30
    at = np.asarray(t.ravel() + 1j * step, dtype=np.complex128)
    z, size, _ = curve.evaluate(at, np.broadcast_to(branch, t.shape).ravel())
    return (z.imag / step).reshape(t.shape), (_ROUNDING * size).reshape(t.shape)


def _passes_straight(curve: RealCurve, found: CriticalPoints) -> NDArray[np.bool_]:
    """True for extrema that are only rounding: the curve passes the end of a piece there with a slope.

    Towards the end of a piece, z = z(end) + A exp(t) + B exp(2 t) + ..., and where A exp(t) is below the rounding of
    z its derivative has any sign. Further up the law exp(t) is seen if A is not 0, and exp(2 t) at an extremum.
    """
    around, noise = _slopes(curve, found.parameter + np.array([[-1.0], [1.0]]), found.branch)
    level = np.flatnonzero((np.abs(around) <= _LEVEL * noise).all(axis=0))
    result = np.zeros(len(found.parameter), dtype=bool)
    if len(level):
        t = found.parameter[level] + np.arange(1.0, 30.0)[:, None]
        slope, noise = _slopes(curve, t, found.branch[level])
        seen = np.abs(slope[:-1]) > 1e4 * noise[:-1]
        first = np.argmax(seen, axis=0), np.arange(len(level))
        growth = slope[1:][first] / slope[:-1][first]
        result[level] = seen.any(axis=0) & (np.abs(np.log(np.maximum(growth, 1e-300)) - 1.0) < 0.1)
    return result


def extrema(curve: RealCurve) -> CriticalPoints:
    """All extrema z > 0 of the real curve, in increasing order; every edge of the spectrum is among them."""
    found = critical_points(curve.position, curve.grids())
    keep = (found.value > 0.0) & (found.value < 1e3 * curve.system.scale)
    keep &= ~_passes_straight(curve, found)
    return CriticalPoints(found.parameter[keep], found.branch[keep], found.value[keep])


def offset_edges(model: RandomFeatures) -> tuple[tuple[float, float], ...]:
    """The edges of all bulks, measured from the floor s_t^2 for m = infinity and from 0 otherwise."""
    return _edges_and_errors(model)[0]


def edge_errors(model: RandomFeatures) -> tuple[tuple[float, float], ...]:
    """Estimates of the absolute errors of all edges: rounding of z(mu), and of the coefficients of the activation."""
    edges, rounding = _edges_and_errors(model)
    origin = dyson_from_floor(model, FINE_NODES).origin
    return tuple(
        (a + _COEFFICIENTS * (origin + lower), b + _COEFFICIENTS * (origin + upper))
        for (lower, upper), (a, b) in zip(edges, rounding, strict=True)
    )


@lru_cache(maxsize=256)
def _edges_and_errors(
    model: RandomFeatures,
) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    curve = RealCurve.of(model)
    system = curve.system
    found = extrema(curve)
    candidates = found.value
    sizes = curve.evaluate(found.parameter.astype(np.complex128), found.branch)[1]
    rounding = {0.0: 0.0} | dict(zip(candidates.tolist(), (_ROUNDING * sizes).tolist(), strict=True))
    if touches_floor(system):
        # The minimum at the floor is there only up to rounding.
        smallest = min(x for x in (system.b2, system.v2, system.s2, system.linear) if x > 0.0)
        candidates = candidates[candidates > 1e-14 * smallest]
    try:
        edges = support(system.system, np.concatenate([[0.0], candidates]))
    except NotConverged:
        raise unresolved(model) from None
    if not edges:
        raise unresolved(model, "no bulk was found")
    _, square, cube = spectral_moments(system)
    if edges[-1][1] < (1.0 - 1e-9) * cube / square:
        # The highest eigenvalue is at least the ratio of any two successive moments.
        raise unresolved(
            model, f"highest edge {edges[-1][1]:.6g} below the ratio {cube / square:.6g} of two moments"
        )
    return tuple(edges), tuple((rounding[lower], rounding[upper]) for lower, upper in edges)


def unresolved(
    model: RandomFeatures, seen: str = "an edge is singular to within the rounding of float64"
) -> AccuracyNotReached:
    """The refusal of a spectrum in which this was seen: why, and what to do."""
    columns = columns_per_dimension(dyson_from_floor(model, FINE_NODES))
    features = model.features_per_dimension
    if model.covariance.continuous and min(abs(features - 1.0), abs(features / columns - 1.0)) > _CLOSE:
        x = model.covariance.eigenvalues[model.covariance.eigenvalues > 0.0]
        reason = (
            f"the covariance spans {np.log10(x.max() / x.min()):.1f} decades and is too sparse at one end of them "
            "to be told from single eigenvalues; take a larger cutoff, or the eigenvalues that are meant as a list"
        )
    else:
        reason = (
            f"p = d at a late diffusion time, or p so close to the number of columns, {columns:.9g} d, that the lowest "
            "edge touches the floor; take a slightly different p"
        )
    return AccuracyNotReached(f"spectrum: {seen} ({reason}); losses and best training times need no spectrum")


def absolute_edges(model: RandomFeatures) -> tuple[tuple[float, float], ...]:
    """The edges of all bulks as eigenvalues."""
    origin = dyson_from_floor(model, FINE_NODES).origin
    return tuple((origin + lower, origin + upper) for lower, upper in offset_edges(model))


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent; edges of the bulks of U for an odd activation",
    source=SOURCE,
    verification="derived and simulated",
)
def bulk_edges(model: RandomFeatures) -> FloatArray:
    """Edges of all bulks, shape (bulks, 2), in increasing order.

    They are extrema of the explicit real curve z(mu) (one scalar equation for any covariance), of which those
    are kept that separate a density from none.

    Raises
    ------
    AccuracyNotReached : edges that float64 does not tell apart, or none above the ratio of two moments of the spectrum.
    """
    return np.array(absolute_edges(model)).reshape(-1, 2)
