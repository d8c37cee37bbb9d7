r"""The spectrum of the feature matrix U: atoms, bulks with exact edges, densities, and which bulk is what.

For m = infinity and psi_p > psi_n + 1 there are up to three groups of modes: the directions of the data
(generalisation), the nonlinear features of single samples (overfitting), and, just above the atom at s_t^2,
the linear response to the noise in the directions that no sample occupies (interpolation). For n, p > d they
have d, min(n, p) - d and min(d, p - n) modes; groups may merge into one bulk, and one group may split into several.

Source: Bonnaire et al., arXiv 2505.17638, theorem 3.1; derivations/random_features_self_consistent.py and
derivations/random_features_atoms.py (the third group and the weights).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import states
from ..errors import AccuracyNotReached, InvalidArgument, NotConverged
from ..numerics.stieltjes import BoundaryValues, CriticalPoints, boundary_values, critical_points, support
from .dyson import Dyson, Resolvent, dyson, dyson_fine
from .model import RandomFeatures

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Group = Literal["generalisation", "overfitting", "interpolation"]
Density = Literal["eigenvalues", "feature", "data", "train"]
Parameter = Literal["features_per_dimension", "samples_per_dimension", "time"]

_SOURCE = "arXiv 2505.17638, theorem 3.1; derivations/random_features_self_consistent.py"
# Decades below and above the variance of the data that the real curve is looked at, in mu.
_DECADES = 13.0
# Longer series are evaluated by Newton's iteration from a table.
_LONG_SERIES = 150
# Nodes for a continuous covariance next to the real axis.
_FINE_NODES = (1024, 2048)


@dataclass(frozen=True)
class Atom:
    """An eigenvalue with a finite fraction ``weight`` of all p modes."""

    position: float
    weight: float


@dataclass(frozen=True)
class Bulk:
    """An interval of the spectrum.

    Attributes
    ----------
    lower, upper : its edges.
    weight : the fraction of the p modes in it.
    modes_per_dimension : the number of its modes over d, which is psi_p weight.
    groups : the groups of modes that it consists of: one, several that have merged, or a part of one that has split.
    boundary : the solution of the equations on it, from above.
    """

    lower: float
    upper: float
    weight: float
    modes_per_dimension: float
    groups: tuple[Group, ...]
    boundary: BoundaryValues


@dataclass(frozen=True)
class Spectrum:
    """Atoms and bulks of U in increasing order, and their densities.

    ``moments`` are the first three moments of the density with atoms, which agree with those of the Gaussian factors.
    """

    model: RandomFeatures
    atoms: tuple[Atom, ...]
    bulks: tuple[Bulk, ...]
    moments: tuple[float, float, float]
    system: Dyson

    def density(self, position: ArrayLike, kind: Density = "eigenvalues") -> FloatArray:
        """Density at positions of any shape (atoms left out); 0 outside of the bulks.

        ``kind``: "eigenvalues" (of Tr G / p), "feature" (of Tr w^T G w / p), "data" (of Tr Sigma w^T G w / p)
        or "train" (of Tr V^T G V / d, whose integral against a filter is the train loss).
        """
        validation.choice("kind", kind, ("eigenvalues", "feature", "data", "train"))
        x = validation.array("position", position, empty=True)
        result = np.zeros(x.shape)
        for bulk in self.bulks:
            inside = (x > bulk.lower) & (x < bulk.upper)
            if inside.any():
                points = x[inside]
                boundary = bulk.boundary
                long = len(boundary.angle) > _LONG_SERIES
                values = (
                    boundary.polished(self.system.system, points) if long else boundary.interpolate(points)
                )
                resolvent = self.system.package(values, points.astype(complex))
                result[inside] = _transform(resolvent, kind).imag / np.pi
        return result

    def grid(self, points: int = 400) -> FloatArray:
        """Positions that see every bulk: ``points`` in each, at equal steps of the angle between its edges."""
        validation.integer("points", points, minimum=2)
        angle = (np.arange(points) + 0.5) * (np.pi / points)
        pieces = [b.lower + (b.upper - b.lower) * np.sin(0.5 * angle) ** 2 for b in self.bulks]
        return np.concatenate(pieces) if pieces else np.empty(0)

    def bulks_of(self, group: Group) -> tuple[Bulk, ...]:
        """The bulks that contain modes of the group, possibly together with others; () when the group is empty."""
        return tuple(b for b in self.bulks if group in b.groups)

    def integral(self, bulk: Bulk, function: ArrayLike, kind: Density = "eigenvalues") -> FloatArray:
        """Integral over one bulk of ``function`` (..., N), given at ``bulk.boundary.position``, against a density."""
        boundary = bulk.boundary
        resolvent = self.system.package(boundary.value, boundary.position.astype(complex))
        return boundary.integral(np.asarray(function) * (_transform(resolvent, kind).imag / np.pi))


def _transform(resolvent: Resolvent, kind: Density) -> ComplexArray:
    return {
        "eigenvalues": resolvent.q,
        "feature": resolvent.s,
        "data": resolvent.r,
        "train": resolvent.omega,
    }[kind]


# -------------------------------------------------------------------------------------------------------- edges


def _segments(system: Dyson, continuous: bool) -> list[tuple[float, int, float]]:
    """Pieces of the real mu axis as (end, direction, length), each with all singularities at its end."""
    points = np.unique(np.concatenate([[0.0], system.eigenvalues]))
    pieces: list[tuple[float, int, float]] = [(0.0, -1, math.inf)]
    for left, right in pairwise(points.tolist()):
        if not (continuous and left > 0.0):
            half = (right - left) / 2.0
            pieces += [(left, 1, half), (right, -1, half)]
    return [*pieces, (float(points[-1]), 1, math.inf)]


@dataclass(frozen=True)
class _RealCurve:
    """z along the real curve: t on the sheet j of the piece k has mu = end_k +- exp(t), and branch 2 k + j."""

    system: Dyson
    base: FloatArray
    direction: FloatArray
    lengths: tuple[float, ...]

    @classmethod
    def of(cls, system: Dyson, continuous: bool) -> _RealCurve:
        pieces = _segments(system, continuous)
        return cls(
            system,
            np.array([piece[0] for piece in pieces]),
            np.array([float(piece[1]) for piece in pieces]),
            tuple(piece[2] for piece in pieces),
        )

    def evaluate(self, t: ComplexArray, branch: NDArray[np.intp]) -> tuple[ComplexArray, ComplexArray]:
        """z and the discriminant of the sheets."""
        piece = branch // 2
        with np.errstate(all="ignore"):
            z, _, discriminant = self.system.real_curve(
                self.base[piece],
                np.asarray(self.direction[piece] * np.exp(t), dtype=np.complex128),
                branch % 2,
            )
        return z, discriminant

    def position(self, t: ComplexArray, branch: NDArray[np.intp]) -> ComplexArray:
        """z, NaN where the sheets are complex."""
        z, discriminant = self.evaluate(t, branch)
        return np.where(discriminant.real >= 0, z, np.nan)

    def discriminant(self, piece: int, t: FloatArray) -> FloatArray:
        branch = np.full(t.size, 2 * piece)
        return np.asarray(self.evaluate(t.ravel().astype(np.complex128), branch)[1].real.reshape(t.shape))

    def grids(self) -> list[tuple[int, FloatArray]]:
        """Branches and the values of t between which extrema are looked for."""
        lowest = math.log(self.system.variance) - _DECADES * math.log(10.0)
        highest = math.log(self.system.variance) + _DECADES * math.log(10.0)
        count = 240 if len(self.lengths) <= 12 else 60
        result: list[tuple[int, FloatArray]] = []
        for k, length in enumerate(self.lengths):
            top = min(highest, math.log(length) if math.isfinite(length) else highest)
            t = np.linspace(min(lowest, top - 10.0), top, count)
            for part in _real_pieces(partial(self.discriminant, k), t):
                result += [(2 * k, part), (2 * k + 1, part)]
        return result


def _extrema(curve: _RealCurve) -> CriticalPoints:
    """All extrema z > 0 of the real curve, in increasing order; every edge of the spectrum is among them."""
    found = critical_points(curve.position, curve.grids())
    keep = (found.value > 0.0) & (found.value < 1e3 * curve.system.scale)
    return CriticalPoints(found.parameter[keep], found.branch[keep], found.value[keep])


def _real_pieces(discriminant: Callable[[FloatArray], FloatArray], t: FloatArray) -> list[FloatArray]:
    """The parts of the grid where the discriminant is positive, with points that accumulate at its zeros."""
    from scipy.optimize import elementwise

    values = discriminant(t)
    changes = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    extra = []
    if len(changes):
        zeros = elementwise.find_root(discriminant, (t[changes], t[changes + 1])).x
        side = np.where(values[changes + 1] > 0, 1.0, -1.0)
        reach = (t[1] - t[0]) * 10.0 ** -np.linspace(0.0, 13.0, 40)
        extra = list(zeros[:, None] + side[:, None] * reach)
    full = np.unique(np.concatenate([t, *extra]))
    positive = discriminant(full) >= 0
    cuts = np.flatnonzero(np.diff(positive.astype(int))) + 1
    return [full[p] for p in np.split(np.arange(len(full)), cuts) if positive[p[0]] and len(p) > 1]


@lru_cache(maxsize=256)
def _support(model: RandomFeatures) -> tuple[tuple[float, float], ...]:
    system = dyson(model)
    extrema = _extrema(_RealCurve.of(dyson_fine(model, _FINE_NODES[0]), model.covariance.continuous)).value
    floor = [system.s2] if system.inverse_draws == 0.0 else []
    return tuple(support(dyson_fine(model, _FINE_NODES[0]).system, np.concatenate([[0.0], floor, extrema])))


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent; edges of the bulks of U for an odd activation",
    source=_SOURCE,
    verification="derived and simulated",
)
def bulk_edges(model: RandomFeatures) -> FloatArray:
    """Edges of all bulks, shape (bulks, 2), in increasing order.

    They are extrema of the explicit real curve z(mu) (one scalar equation for any covariance), of which those
    are kept that separate a density from none.
    """
    return np.array(_support(model)).reshape(-1, 2)


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent",
    source="derivations/random_features_atoms.py",
    verification="derived and simulated",
)
def atoms(model: RandomFeatures) -> tuple[Atom, ...]:
    """The atom of the spectrum, if any: s_t^2 for m = infinity, 0 otherwise.

    Neither carries any weight of the train loss. At finite sizes the atom of the true nonlinear matrix at
    s_t^2 is smeared over a width of order s_t^2/sqrt(d).
    """
    system = dyson(model)
    psi, samples = system.features, system.samples
    nonlinear = system.v2 + system.s2 > 0.0
    if system.inverse_draws == 0.0:
        rank = 1.0 + (samples if system.v2 > 0.0 else 0.0)
        position = system.s2
    else:
        columns = samples / system.inverse_draws
        rank = columns if nonlinear else min(columns, 1.0)
        position = 0.0
    weight = 1.0 - rank / psi
    return (Atom(position, weight),) if weight > 0.0 else ()


def mode_groups(model: RandomFeatures) -> dict[Group, float]:
    """Modes per dimension of each group, from the lowest eigenvalues up; for finite m there are two groups."""
    psi, samples, system = model.features_per_dimension, model.samples_per_dimension, dyson(model)
    if not math.isinf(model.noise_draws):
        total = min(psi, model.noise_draws * samples)
        top = min(1.0, total)
        rest = total - top if system.v2 + system.s2 > 0.0 else 0.0
        return {"interpolation": 0.0, "overfitting": rest, "generalisation": top}
    if system.v2 == 0.0:
        return {"interpolation": 0.0, "overfitting": 0.0, "generalisation": min(1.0, psi)}
    return {
        "interpolation": max(0.0, min(1.0, psi - samples)),
        "overfitting": max(0.0, min(psi, samples) - 1.0),
        "generalisation": min(1.0, samples, psi),
    }


def _name_groups(model: RandomFeatures, counts: list[float]) -> list[tuple[Group, ...]]:
    """The groups in each bulk, by counting modes from below."""
    names: list[tuple[Group, ...]] = []
    sizes = mode_groups(model)
    ends = np.cumsum(list(sizes.values()))
    starts = ends - np.array(list(sizes.values()))
    position = 0.0
    for count in counts:
        low, high = position, position + count
        inside = [
            name
            for name, a, b in zip(sizes, starts, ends, strict=True)
            if min(high, b) - max(low, a) > 1e-7 * model.features_per_dimension
        ]
        names.append(tuple(inside))
        position = high
    return names


# ------------------------------------------------------------------------------------------------------- merging


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent",
    source="derivations/random_features_self_consistent.py",
    verification="derived",
)
def merging_point(
    model: RandomFeatures, solve_for: Parameter, lower: float, upper: float, *, gap_near: float | None = None
) -> float:
    """The value of one parameter at which a gap between two bulks closes.

    There, an inflection of the real curve z(mu) is horizontal, dz/dmu = d^2z/dmu^2 = 0; that is what is solved.

    Parameters
    ----------
    solve_for : features_per_dimension, samples_per_dimension or time; the other parameters are those of ``model``.
    lower, upper : values at which the numbers of bulks differ by one.
    gap_near : position in the spectrum of the gap that is meant; default the narrowest.
    """
    validation.choice("solve_for", solve_for, ("features_per_dimension", "samples_per_dimension", "time"))
    low, high = validation.positive("lower", lower), validation.positive("upper", upper)
    if not low < high:
        raise InvalidArgument("lower", lower, f"below upper = {high:g}")

    def at(value: float) -> RandomFeatures:
        return model.replace(**{solve_for: value})

    counts = {value: len(_support(at(value))) for value in (low, high)}
    if abs(counts[low] - counts[high]) != 1:
        raise InvalidArgument(
            "upper",
            upper,
            f"such that the number of bulks changes by 1 (it is {counts[low]} and {counts[high]})",
        )
    # Close in by counting, until the two edges of the gap are the only extrema near by.
    for _ in range(60):
        if high / low - 1.0 < 1e-3:
            break
        middle = math.sqrt(low * high)
        counts[middle] = len(_support(at(middle)))
        low, high = (middle, high) if counts[middle] == counts[low] else (low, middle)
    open_side = low if counts[low] > counts[high] else high
    return _closing(at, open_side, low, high, gap_near)


def _closing(
    at: Callable[[float], RandomFeatures], open_side: float, low: float, high: float, gap_near: float | None
) -> float:
    from scipy.optimize import brentq, minimize_scalar

    edges = np.array(_support(at(open_side)))
    gaps = np.stack([edges[:-1, 1], edges[1:, 0]], axis=1)
    if gap_near is None:
        lower_edge, upper_edge = gaps[np.argmin(gaps[:, 1] / gaps[:, 0])]
    else:
        lower_edge, upper_edge = gaps[np.argmin(np.abs(np.log(gaps.mean(axis=1) / gap_near)))]
    found = _extrema(
        _RealCurve.of(dyson_fine(at(open_side), _FINE_NODES[0]), at(open_side).covariance.continuous)
    )
    ends = [int(np.argmin(np.abs(found.value - edge))) for edge in (lower_edge, upper_edge)]
    branch = found.branch[ends]
    if branch[0] != branch[1]:
        raise AccuracyNotReached(
            "merging point: the edges of the gap lie on different branches of the real curve"
        )
    start, stop = np.sort(found.parameter[ends])
    margin = stop - start

    def extreme_slope(value: float) -> float:
        """The largest slope towards the gap; positive while it is open."""
        curve = _RealCurve.of(dyson_fine(at(value), _FINE_NODES[0]), at(value).covariance.continuous)

        def slope(t: float) -> float:
            z = curve.position(np.array([t + 1e-30j]), branch[:1])
            return -sign * float(z[0].imag / 1e-30)

        best = minimize_scalar(
            slope,
            bounds=(start - margin, stop + margin),
            method="bounded",
            options={"xatol": 1e-9 * margin},
        )
        return -float(best.fun)

    # In the gap z increases from the lower to the upper edge.
    sign = 1.0 if found.parameter[ends[1]] > found.parameter[ends[0]] else -1.0
    closed_side = low + high - open_side
    for _ in range(8):
        # The last gaps before they close are too narrow to be counted.
        if extreme_slope(closed_side) < 0.0:
            break
        closed_side += closed_side - open_side
    if not extreme_slope(open_side) > 0.0 > extreme_slope(closed_side):
        raise AccuracyNotReached("merging point: the gap was lost on the real curve")
    return float(brentq(extreme_slope, open_side, closed_side, xtol=1e-14, rtol=1e-13))


# ------------------------------------------------------------------------------------------------------- spectrum


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent, whose bulks are those of U for an odd activation; mass and moments to 1e-8",
    source=_SOURCE,
    verification="derived and simulated",
)
def spectrum(model: RandomFeatures) -> Spectrum:
    """The limiting spectrum of U: atoms, up to three groups of bulks with exact edges and mode counts, and densities.

    Raises
    ------
    AccuracyNotReached : two bulks are so close to merging (or an edge so close to 0) that the density is not
        resolved, or its mass or one of its first three moments is off by more than 1e-8.
    """
    return _spectrum(model)


def _boundaries(model: RandomFeatures) -> tuple[Dyson, list[BoundaryValues]]:
    """The solution on every bulk; a continuous covariance gets more nodes if its usual ones show as atoms."""
    edges = _support(model)

    def attempt(nodes: int) -> tuple[Dyson, list[BoundaryValues]]:
        system = dyson_fine(model, nodes)
        return system, [boundary_values(system.system, lower, upper) for lower, upper in edges]

    try:
        return attempt(_FINE_NODES[0])
    except (AccuracyNotReached, NotConverged):
        if not model.covariance.continuous:
            raise
        return attempt(_FINE_NODES[1])


@lru_cache(maxsize=64)
def _spectrum(model: RandomFeatures) -> Spectrum:
    system, pieces = _boundaries(model)
    points = atoms(model)
    weights = [float(b.integral(b.value[:, 0].imag / np.pi)) for b in pieces]
    mass = sum(weights) + sum(a.weight for a in points)
    if not abs(mass - 1.0) <= 1e-8:
        raise AccuracyNotReached(
            f"spectrum: atoms and bulks have the mass {mass:.12g}, not 1; a bulk is missing"
        )
    found = []
    expected = spectral_moments(system)
    for k in (1, 2, 3):
        value = sum(float(b.integral(b.position**k * b.value[:, 0].imag / np.pi)) for b in pieces)
        value += sum(a.weight * a.position**k for a in points)
        if not abs(value - expected[k - 1]) <= 1e-8 * expected[k - 1]:
            raise AccuracyNotReached(f"spectrum: moment {k} is {value:.12g}, not {expected[k - 1]:.12g}")
        found.append(value)
    names = _name_groups(model, [weight * system.features for weight in weights])
    bulks = tuple(
        Bulk(b.lower, b.upper, weight, weight * system.features, groups, b)
        for b, weight, groups in zip(pieces, weights, names, strict=True)
    )
    return Spectrum(model, points, bulks, (found[0], found[1], found[2]), system)


def spectral_moments(system: Dyson) -> tuple[float, float, float]:
    """(1/p) Tr U^k for k = 1, 2, 3, from the expansion of the equations at large z (not from any solution of them).

    Power series in u = 1/z: q = -u (1 + m_1 u + m_2 u^2 + ...). Multiplying the trace equation by q/psi_p gives
    -z q = 1 - q (s_t^2 gbar + v^2 gamma_1) - q <h/(1 + psi_p q h)>, each order of which follows from the ones before.
    """
    order = 4
    f, i, psi, a = system.ratio, system.inverse_draws, system.features, system.linear
    m = np.zeros(order)
    m[0] = 1.0

    def times(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.convolve(x, y)[:order]

    def inverse(x: FloatArray) -> FloatArray:
        result = np.zeros(order)
        result[0] = 1.0 / x[0]
        for k in range(1, order):
            result[k] = -(x[1 : k + 1] @ result[k - 1 :: -1][:k]) / x[0]
        return result

    one = np.zeros(order)
    one[0] = 1.0
    gamma_1, gamma_2 = one.copy(), one.copy()
    for _ in range(order + 1):
        q = np.concatenate([[0.0], -m[:-1]])
        bar = i * gamma_1 + (1.0 - i) * gamma_2
        s, r, trace = np.zeros(order), np.zeros(order), np.zeros(order)
        for weight, x in zip(system.weights, system.eigenvalues, strict=True):
            h = system.b2 * bar + a * x * gamma_1
            share = inverse(one + psi * times(q, h))
            s += weight * times(q, share)
            r += weight * x * times(q, share)
            trace += weight * times(h, share)
        fresh = i * (system.b2 * s + system.s2 * q)
        m = one - times(q, system.s2 * bar + system.v2 * gamma_1 + trace)
        gamma_1 = inverse(one + f * (a * r + system.v2 * q + fresh))
        gamma_2 = inverse(one + f * fresh)
    return float(m[1]), float(m[2]), float(m[3])


def identity_polynomial(model: RandomFeatures) -> FloatArray:
    """Coefficients c[j, k] of z^j q^k in the polynomial P(q, z) = 0 for an isotropic covariance and m = infinity.

    The self-consistent equations are two quadratic equations in gamma; P is their resultant without its
    spurious factors. It has degree 2 in z and 5 in q, and is a route to the density that is independent of
    Newton's iteration.
    """
    if len(model.covariance.eigenvalues) != 1 or not math.isinf(model.noise_draws):
        raise InvalidArgument("model", model.covariance.name, "isotropic, with infinitely many noise draws")
    return _identity_polynomial(dyson(model))


def _identity_polynomial(system: Dyson) -> FloatArray:
    psi, f = system.features, system.ratio
    b2, v2, s2 = system.b2, system.v2, system.s2
    a = system.linear * system.variance

    def poly(*terms: tuple[int, int, float]) -> FloatArray:
        table = np.zeros((3, 9))
        for j, k, value in terms:
            table[j, k] += value
        return table

    def times(x: FloatArray, y: FloatArray) -> FloatArray:
        table = np.zeros((3, 9))
        for j, k in zip(*np.nonzero(x), strict=True):
            for l, n in zip(*np.nonzero(y), strict=True):  # noqa: E741
                table[j + l, k + n] += x[j, k] * y[l, n]
        return table

    # Quadratics a2 g^2 + a1 g + a0 (gamma equation) and b2_ g^2 + b1 g + b0 (trace equation), both multiplied
    # out; their resultant is made of their minors.
    p1 = poly((0, 0, 1.0), (0, 1, psi * b2))
    x = poly((0, 0, 1.0), (0, 1, -s2), (1, 1, 1.0))
    big = psi * a
    a2 = poly((0, 1, -big), (0, 2, -big * f * v2))
    a1 = poly((0, 1, big - f * a), (0, 0, -1.0), (0, 1, -psi * b2)) - times(poly((0, 1, f * v2)), p1)
    a0 = p1
    b2_ = poly((0, 2, -v2 * big))
    b1 = times(x, poly((0, 1, big))) - times(poly((0, 1, v2)), p1) - poly((0, 1, a))
    b0 = times(x, p1) - poly((0, 1, b2))

    def minor(u: FloatArray, v: FloatArray, w: FloatArray, y: FloatArray) -> FloatArray:
        return times(u, y) - times(v, w)

    m02 = minor(a2, a0, b2_, b0)
    result = times(m02, m02) - times(minor(a2, a1, b2_, b1), minor(a1, a0, b1, b0))
    # The factor q^2 is spurious.
    return result[:, 2:8]
