r"""Spectra from Stieltjes transforms that are known by an inverse map or by self-consistent equations.

A spectral problem is a :class:`SelfConsistent` system F(x, z) = 0, holomorphic in the unknowns x (one of which
is usually the Stieltjes transform) and in the spectral parameter z. The physical solution is the one that
continues the far field x ~ far_field(z) at |z| -> infinity through the upper half-plane. An explicit inverse
map z(m) is the case of one unknown, made by :func:`inverse_map`.

- :func:`resolve`: the physical solution at any points of the closed upper half-plane, by Newton steps along the line
  from far above each point.
- :func:`boundary_values`: the solution on a bulk [lower, upper], at Chebyshev angles, where it is analytic between the
  two square-root edges; refined until its Fourier series has ended.
- :func:`critical_points`: extrema of a real curve z(t), the candidates for edges.
- :func:`support`: which intervals between the candidates carry spectrum.
- :func:`outliers`: isolated eigenvalues (BBP), real zeros of a function outside of the support.

Convention: m(z) = integral of rho(x) / (x - z), so that Im m > 0 in the upper half-plane and rho = Im m(x + i0) / pi.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import AccuracyNotReached, InvalidArgument, NotConverged

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_NEWTON_STEPS = 12
_STEP_TOLERANCE = 1e-7
# On the way, only the basin of the next point matters.
_COARSE_STEP = 1e-2
_LARGEST_RESIDUAL = 1e-10
_ROUNDS = 400
_SMALLEST_FACTOR = 0.2
_SMALLEST_HEIGHT = 1e-9
# Candidates for edges that are closer than this, relative to their position, are one.
_NARROWEST = 1e-8
# Heights over the middle of an interval, relative to its half length, at which a density is looked for.
_HEIGHTS = (1e-2, 1e-3, 1e-5, 1e-7)
_LOWEST_HEIGHT = 1e-10
# When a series is longer than this, pivots at these distances from the lower edge, relative to it, are tried.
_PIVOT_ANGLES = 144
_PIVOTS = (1e-1, 1e-3, 1e-5, 1e-7)


@dataclass(frozen=True)
class SelfConsistent:
    """F(x, z) = 0 with x of shape (points, unknowns) and z of shape (points,).

    Attributes
    ----------
    residual : F, of shape (points, unknowns), scaled such that its rounding error is of order 1e-16.
    jacobian : dF_i/dx_j, of shape (points, unknowns, unknowns).
    slope : dF_i/dz, of shape (points, unknowns).
    far_field : x at |z| -> infinity, of shape (points, unknowns).
    physical : True for points whose x has the signs of the physical solution in the open upper half-plane.
    scale : the spectrum lies within [-scale, scale]; an upper estimate costs only a few steps.
    take : for a batch of systems, one for each point (with ``scale`` of shape (points,)): the batch of some of the
        points. By default, one system serves all points.
    """

    residual: Callable[[Complex, Complex], Complex]
    jacobian: Callable[[Complex, Complex], Complex]
    slope: Callable[[Complex, Complex], Complex]
    far_field: Callable[[Complex], Complex]
    physical: Callable[[Complex, Complex], NDArray[np.bool_]]
    scale: float | Array
    take: Callable[[NDArray[np.intp]], SelfConsistent] | None = None

    def of(self, points: NDArray[np.intp]) -> SelfConsistent:
        """The systems of some of the points."""
        return self if self.take is None else self.take(points)


def inverse_map(
    position: Callable[[Complex], Complex], derivative: Callable[[Complex], Complex], scale: float
) -> SelfConsistent:
    """The system of one unknown m with z = position(m), for a probability density within [-scale, scale].

    ``derivative`` is dz/dm. Both take and return complex arrays of shape (points,).
    """
    return SelfConsistent(
        residual=lambda x, z: x * (position(x[:, 0]) - z)[:, None],
        jacobian=lambda x, z: (position(x[:, 0]) - z + x[:, 0] * derivative(x[:, 0]))[:, None, None],
        slope=lambda x, z: -x,
        far_field=lambda z: -1.0 / z[:, None],
        physical=lambda x, z: x[:, 0].imag > 0.0,
        scale=validation.positive("scale", scale),
    )


def newton(
    system: SelfConsistent, x: Complex, z: Complex, step_tolerance: float = _STEP_TOLERANCE
) -> tuple[Complex, NDArray[np.bool_]]:
    """Newton's iteration from x at fixed z: where it ended, and where it converged.

    It stops at a relative step below ``step_tolerance``; with the default, one more step and the residual follow.
    """
    x = x.copy()
    done = np.zeros(len(z), dtype=bool)
    active = np.arange(len(z))
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_STEPS):
            here, at, now = x[active], z[active], system.of(active)
            step = _linear_solve(now.jacobian(here, at), now.residual(here, at))
            here = here - step
            x[active] = here
            small = (np.abs(step) <= step_tolerance * np.abs(here)).all(axis=1)
            done[active[small]] = True
            active = active[~small & np.isfinite(here).all(axis=1)]
            if not len(active):
                break
        if done.any() and step_tolerance <= _STEP_TOLERANCE:
            # Quadratic convergence: one more step brings the error to rounding.
            rows = np.flatnonzero(done)
            here, at, now = x[rows], z[rows], system.of(rows)
            x[rows] = here - _linear_solve(now.jacobian(here, at), now.residual(here, at))
            residual = np.abs(now.residual(x[rows], at)).max(axis=1)
            done[rows[~(residual <= _LARGEST_RESIDUAL)]] = False
    return x, done


def _linear_solve(matrices: Complex, vectors: Complex) -> Complex:
    """Solutions of one, two or three equations, or more; NaN or infinity where the matrix is singular."""
    unknowns = matrices.shape[-1]
    if unknowns == 1:
        return np.asarray(vectors / matrices[:, :, 0])
    if unknowns == 2:
        a, b, c, d = (matrices[:, i, j] for i in (0, 1) for j in (0, 1))
        u, v = vectors[:, 0], vectors[:, 1]
        return np.asarray(np.stack([d * u - b * v, a * v - c * u], axis=1) / (a * d - b * c)[:, None])
    try:
        return np.asarray(np.linalg.solve(matrices, vectors[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        return np.full_like(vectors, np.nan)


def resolve(system: SelfConsistent, z: ArrayLike) -> Complex:
    """The physical solution at points z of the closed upper half-plane; shape (points, unknowns).

    On the real axis it is the limit from above; points within about 1e-8 (relative) of an edge or an atom are
    refused.

    Raises
    ------
    NotConverged : the continuation stalled at some point.
    """
    points = np.asarray(z, dtype=np.complex128)
    if points.ndim != 1 or not np.isfinite(points).all() or (points.imag < 0).any():
        raise InvalidArgument("z", z, "finite complex numbers with imaginary part at least 0, in one axis")
    target = points.imag
    height = np.maximum(target, 10.0 * system.scale)
    x, good = newton(system, system.far_field(points.real + 1j * height), points.real + 1j * height)
    if not good.all():
        raise NotConverged("Stieltjes transform: no solution far above the spectrum")
    factor = np.full(len(points), 0.25)
    active = np.flatnonzero(height > target)
    for _ in range(_ROUNDS):
        if not len(active):
            return _finished(system, x, points)
        lower = np.maximum(target[active], height[active] * factor[active])
        close = lower < np.maximum(_SMALLEST_HEIGHT * np.abs(points[active]), 1e-300)
        lower = np.where(close, target[active], lower)
        at = points.real[active] + 1j * lower
        here = system.of(active)
        start = _predict(here, x[active], points.real[active] + 1j * height[active], at)
        there, found = newton(here, start, at, _COARSE_STEP)
        with np.errstate(invalid="ignore"):
            moved = np.abs(there - x[active]) <= 0.8 * np.abs(x[active]) + 0.8 * np.abs(there)
        found &= moved.all(axis=1) & (here.physical(there, at) | (lower == 0.0))
        rows = active[found]
        x[rows], height[rows] = there[found], lower[found]
        factor[rows] = np.maximum(0.5 * factor[rows], _SMALLEST_FACTOR)
        missed = active[~found]
        factor[missed] = np.sqrt(factor[missed])
        if (factor[missed] > 0.995).any():
            worst = points[missed[np.argmax(factor[missed])]]
            raise NotConverged(f"Stieltjes transform: the continuation to z = {complex(worst):.6g} stalled")
        active = active[height[active] > target[active]]
    raise NotConverged(
        f"Stieltjes transform: the continuation to z = {complex(points[active[0]]):.6g} is too slow"
    )


def _finished(system: SelfConsistent, x: Complex, z: Complex) -> Complex:
    x, good = newton(system, x, z)
    if not good.all():
        worst = complex(z[np.flatnonzero(~good)[0]])
        raise NotConverged(f"Stieltjes transform: Newton's iteration did not converge at z = {worst:.6g}")
    return x


def _predict(system: SelfConsistent, x: Complex, z: Complex, at: Complex) -> Complex:
    """x + dx/dlog(z - real part), extrapolated linearly in the logarithm of the height."""
    with np.errstate(all="ignore"):
        tangent = -_linear_solve(system.jacobian(x, z), system.slope(x, z))
        positive = np.where(at.imag > 0, at.imag, 1.0) / z.imag
        shift = np.where(at.imag > 0, 1j * z.imag * np.log(positive), 1j * (at.imag - z.imag))
        start = x + tangent * shift[:, None]
        bad = ~np.isfinite(start).all(axis=1) | (np.abs(start - x) > 0.5 * np.abs(x)).any(axis=1)
    start[bad] = x[bad]
    return start


# ------------------------------------------------------------------------------------------------------- edges


Curve = Callable[[Complex, NDArray[np.intp]], Complex]


@dataclass(frozen=True)
class CriticalPoints:
    """Extrema of real curves: parameter t, branch and value, in increasing order of the value."""

    parameter: Array
    branch: NDArray[np.intp]
    value: Array


def critical_points(curve: Curve, grids: list[tuple[int, Array]]) -> CriticalPoints:
    """Extrema of the real curves z(t) on several branches.

    Parameters
    ----------
    curve : ``curve(t, branch)`` with t complex and branch integer of one shape (points,): z(t), holomorphic
        near the real axis (its derivative is taken by a complex step); NaN where the branch does not exist.
    grids : branch and increasing t; an extremum is found if the derivative has different signs at two
        neighbours, or a local minimum of its modulus between three of them goes through zero.
    """
    from scipy.optimize import elementwise

    def slope(t: Array, branch: NDArray[Any]) -> Array:
        with np.errstate(all="ignore"):
            step = 1e-30 * np.maximum(1.0, np.abs(t))
            return np.asarray(curve(t + 1j * step, np.asarray(branch, dtype=np.intp)).imag / step)

    left, right, branches = _brackets(slope, grids)
    if not len(left):
        return CriticalPoints(np.empty(0), np.empty(0, dtype=np.intp), np.empty(0))
    with np.errstate(all="ignore"):
        found = elementwise.find_root(
            slope, (left, right), args=(branches.astype(float),), tolerances={"xrtol": 4e-16, "xatol": 0.0}
        )
        ends = np.maximum(np.abs(slope(left, branches)), np.abs(slope(right, branches)))
        value = curve(found.x.astype(complex), branches).real
        # At a pole the derivative changes its sign through infinity.
        genuine = (np.abs(slope(found.x, branches)) < 0.1 * ends) & np.isfinite(value)
    order = np.argsort(value[genuine])
    return CriticalPoints(found.x[genuine][order], branches[genuine][order], value[genuine][order])


def _brackets(
    slope: Callable[[Array, NDArray[Any]], Array], grids: list[tuple[int, Array]]
) -> tuple[Array, Array, NDArray[np.intp]]:
    from scipy.optimize import elementwise

    sizes = [len(t) for _, t in grids]
    if not sizes:
        return np.empty(0), np.empty(0), np.empty(0, dtype=np.intp)
    t = np.concatenate([t for _, t in grids])
    branch = np.repeat([b for b, _ in grids], sizes).astype(np.intp)
    piece = np.repeat(np.arange(len(grids)), sizes)
    g = slope(t, branch)
    with np.errstate(invalid="ignore"):
        together = piece[1:] == piece[:-1]
        change = together & (g[1:] * g[:-1] < 0)
        rows = np.flatnonzero(change)
        triple = together[1:] & together[:-1] & (g[2:] * g[1:-1] > 0) & (g[1:-1] * g[:-2] > 0)
        size = np.abs(g)
        dip = np.flatnonzero(triple & (size[1:-1] <= size[2:]) & (size[1:-1] < size[:-2])) + 1
    left, right, where = [t[rows]], [t[rows + 1]], [branch[rows]]
    if len(dip):
        sign = np.sign(g[dip])
        with np.errstate(all="ignore"):
            lowest = elementwise.find_minimum(
                lambda x, b, s: s * slope(x, b),
                (t[dip - 1], t[dip], t[dip + 1]),
                args=(branch[dip].astype(float), sign),
            )
        through = (lowest.f_x < 0) & np.isfinite(lowest.f_x)
        for a, b in ((t[dip - 1], lowest.x), (lowest.x, t[dip + 1])):
            left.append(a[through])
            right.append(b[through])
            where.append(branch[dip][through])
    return np.concatenate(left), np.concatenate(right), np.concatenate(where)


def support(system: SelfConsistent, candidates: ArrayLike, unknown: int = 0) -> list[tuple[float, float]]:
    """The intervals that carry a density, with ends among the ``candidates`` (which contain all edges, and all atoms).

    The density is looked at once between neighbouring candidates: with the solution at several heights above the
    point, Im m is proportional to the height in a gap, and hardly changes inside of a bulk.
    """
    places = np.unique(validation.array("candidates", candidates, ndim=1))
    keep = np.ones(len(places), dtype=bool)
    keep[1:] = np.diff(places) > _NARROWEST * np.abs(places[1:])
    places = places[keep]
    if len(places) < 2:
        return []
    lower, upper = places[:-1], places[1:]
    same_sign = (lower > 0) | (upper < 0)
    with np.errstate(invalid="ignore"):
        middle = np.where(same_sign, np.sign(upper) * np.sqrt(np.abs(lower * upper)), 0.5 * (lower + upper))
    reach = np.minimum(middle - lower, upper - middle)
    inside = np.zeros(len(middle), dtype=bool)
    # Beside a heavy atom, a light bulk shows only close to the axis: the lower heights, for what is still open.
    for heights in (_HEIGHTS[:2], _HEIGHTS[1:]):
        h = np.array(heights)
        open_ = np.flatnonzero(
            ~inside & ((h[0] == _HEIGHTS[0]) | (h[1] * reach > _LOWEST_HEIGHT * np.abs(middle)))
        )
        if not len(open_):
            break
        at = middle[open_] + 1j * np.maximum(
            h[:, None] * reach[open_], 0.5 * _LOWEST_HEIGHT * np.abs(middle[open_])
        )
        found = resolve(system, at.ravel())[:, unknown].imag.reshape(at.shape)
        inside[open_] = (found[1:] > 1.05 * at.imag[1:] / at.imag[:-1] * found[:-1]).any(axis=0)
    bulks: list[tuple[float, float]] = []
    for a, b, carries in zip(lower, upper, inside, strict=True):
        if carries and bulks and bulks[-1][1] == a:
            bulks[-1] = (bulks[-1][0], float(b))
        elif carries:
            bulks.append((float(a), float(b)))
    return bulks


# --------------------------------------------------------------------------------------------------- boundary values


@dataclass(frozen=True)
class BoundaryValues:
    """The solution on a bulk, from above, at angles theta between its edges.

    x = middle - half cos(theta), or, for a positive bulk, log(x - pivot) is such a function of the angle.

    Attributes
    ----------
    lower, upper : the edges.
    angle : (N,) midpoints (k + 1/2) pi / N.
    position : (N,) x.
    value : (N, unknowns).
    error : the last coefficients of the Fourier series relative to the largest, a measure of the error of integrals.
    hard : the lower edge is at 0 and the solution grows as 1/sqrt(x) there; the series is that of x times it.
    pivot : below the lower edge; None if x itself is the function of the angle.
    """

    lower: float
    upper: float
    angle: Array
    position: Array
    value: Complex
    error: float
    hard: bool = False
    pivot: float | None = None

    @property
    def measure(self) -> Array:
        """(N,) weights dx such that the integral of f(x) dx over the bulk is measure @ f(position)."""
        step = np.sin(self.angle) * (np.pi / len(self.angle))
        if self.pivot is not None:
            length = np.log((self.upper - self.pivot) / (self.lower - self.pivot))
            return 0.5 * length * (self.position - self.pivot) * step
        return 0.5 * (self.upper - self.lower) * step

    def integral(self, density: ArrayLike) -> Array:
        """Integral over the bulk of a density of shape (..., N) that vanishes like a square root at the edges."""
        return np.asarray(np.asarray(density) @ self.measure)

    def _angle(self, x: Array) -> Array:
        """The angle of a position, from the nearer edge."""
        if self.pivot is not None:
            low, high = self.lower - self.pivot, self.upper - self.pivot
            length = np.log(high / low)
            left, right = np.log1p((x - self.lower) / low), -np.log1p((x - self.upper) / high)
        else:
            length, left, right = self.upper - self.lower, x - self.lower, self.upper - x
        near = 2.0 * np.arcsin(np.sqrt(np.clip(left / length, 0.0, 1.0)))
        far = np.pi - 2.0 * np.arcsin(np.sqrt(np.clip(right / length, 0.0, 1.0)))
        return np.asarray(np.where(near < 0.5 * np.pi, near, far))

    def series(self) -> tuple[Array, Array]:
        """Coefficients of cos(k theta) in the real part and of sin((k+1) theta) in the imaginary part, by columns."""
        from scipy.fft import dct, dst

        value = self.value * self.position[:, None] if self.hard else self.value
        cosine = dct(value.real, type=2, axis=0) / len(self.angle)
        cosine[0] *= 0.5
        sine = dst(value.imag, type=2, axis=0) / len(self.angle)
        sine[-1] *= 0.5
        return np.asarray(cosine, dtype=np.float64), np.asarray(sine, dtype=np.float64)

    def interpolate(self, x: ArrayLike) -> Complex:
        """The solution at positions x (n,) of the bulk from its Fourier series; (n, unknowns)."""
        cosine, sine = self.series()
        points = np.asarray(x, dtype=np.float64)
        phase = np.exp(1j * self._angle(points))
        value = _clenshaw(cosine, phase, 0) + 1j * _clenshaw(sine, phase, 1)
        return np.asarray(value / points[:, None] if self.hard else value, dtype=np.complex128)

    def refined(self, factor: int) -> Complex:
        """The series at factor N midpoint angles; (factor N, unknowns)."""
        from scipy.fft import idct, idst

        cosine, sine = self.series()
        rows = factor * len(self.angle)
        padding = ((0, rows - len(self.angle)), (0, 0))
        cosine, sine = np.pad(cosine, padding), np.pad(sine, padding)
        cosine[0] *= 2.0
        value = np.asarray(idct(cosine, type=2, axis=0) + 1j * idst(sine, type=2, axis=0)) * rows
        if self.hard:
            value = value / angle_positions(self.lower, self.upper, rows, self.pivot)[:, None]
        return np.asarray(value, dtype=np.complex128)

    def polished(self, system: SelfConsistent, x: ArrayLike) -> Complex:
        """The solution at positions x (n,) of the bulk, by Newton's iteration from a table of the series.

        Faster than :meth:`interpolate` for long series.
        """
        points = np.asarray(x, dtype=np.float64)
        table = self.refined(max(1, -(-1200 // len(self.angle))))
        nodes = (np.arange(len(table)) + 0.5) * (np.pi / len(table))
        theta = self._angle(points)
        start = np.empty((len(points), table.shape[1]), dtype=np.complex128)
        for j in range(table.shape[1]):
            start[:, j] = np.interp(theta, nodes, table[:, j])
        value, good = newton(system, start, points.astype(complex))
        good &= (np.abs(value - start) <= 0.05 * np.abs(start)).all(axis=1) & (value[:, 0].imag > 0)
        # Next to an edge Newton's iteration may leave the upper half-plane; the series does not.
        good &= (theta > nodes[0]) & (theta < nodes[-1])
        if not good.all():
            value[~good] = self.interpolate(points[~good])
        return value


def _clenshaw(series: Array, phase: Complex, first: int) -> Array:
    """sum_k c_k cos(k theta) (first = 0) or sum_k c_k sin((k+1) theta) (first = 1), by columns of c."""
    significant = np.flatnonzero(np.abs(series).max(axis=1) > 1e-17 * np.abs(series).max())
    length = int(significant[-1]) + 1 if len(significant) else 1
    total = np.zeros((phase.size, series.shape[1]), dtype=np.complex128)
    for row in series[:length][::-1]:
        total = total * phase.reshape(-1, 1) + row
    if first:
        total *= phase.reshape(-1, 1)
        return total.imag
    return total.real


def angle_positions(lower: float, upper: float, count: int, pivot: float | None = None) -> Array:
    """x at ``count`` midpoint angles between two edges, from the nearer edge, to keep the distance to it."""
    angle = (np.arange(count) + 0.5) * (np.pi / count)
    left, right = np.sin(0.5 * angle) ** 2, np.cos(0.5 * angle) ** 2
    near = angle < 0.5 * np.pi
    if pivot is None:
        return np.asarray(np.where(near, lower + (upper - lower) * left, upper - (upper - lower) * right))
    low, high = lower - pivot, upper - pivot
    length = np.log(high / low)
    # By expm1, which keeps the distance to the edge.
    return np.asarray(
        np.where(near, lower + low * np.expm1(length * left), upper + high * np.expm1(-length * right))
    )


def boundary_values(
    system: SelfConsistent,
    lower: float,
    upper: float,
    *,
    tolerance: float = 1e-10,
    acceptable: float = 1e-10,
    start: Complex | None = None,
    hard: bool = False,
    first: int = 16,
    max_nodes: int = 40_000,
) -> BoundaryValues:
    """The physical solution on the bulk [lower, upper], on as many angles as its Fourier series needs.

    The first angles are reached from above (:func:`resolve`); each refinement triples them (the old ones stay)
    and starts Newton's iteration from the series, so that a point costs two or three evaluations. For a positive
    bulk the angle is that of log x, or, if its series turns out to be long, of the distance from a pivot closer
    to the lower edge, where the solution may change on a small scale.

    Parameters
    ----------
    tolerance : the error at which the refinement ends.
    acceptable : the error with which the largest number of angles is still accepted.
    start : the solution at the first angles (:func:`angle_positions`, pivot 0 for a positive bulk), if it is
        known; their number is its length.
    hard : the lower edge is at 0, where the solution grows as 1/sqrt(x) (default: as a square root at both edges).

    Raises
    ------
    AccuracyNotReached : more than ``max_nodes`` angles are needed: two bulks are about to merge, or an edge is wrong.
    """
    if hard and lower != 0.0:
        raise InvalidArgument("hard", hard, "False unless lower is 0")

    def solved(count: int, pivot: float | None) -> BoundaryValues:
        position = angle_positions(lower, upper, count, pivot)
        return _boundary(lower, upper, position, resolve(system, position.astype(complex)), hard, pivot)

    pivot = 0.0 if lower > 0.0 else None
    if start is None:
        current = solved(first, pivot)
    else:
        position = angle_positions(lower, upper, len(start), pivot)
        current = _boundary(lower, upper, position, start, hard, pivot)
    while current.error > tolerance:
        count = 3 * len(current.angle)
        if count > max_nodes:
            if current.error <= acceptable:
                break
            raise AccuracyNotReached(
                f"spectral density on [{lower:.6g}, {upper:.6g}]: its series has not ended after {count // 3} terms "
                f"(last {current.error:.1g}); an edge is not resolved there, or two bulks are about to merge"
            )
        if current.pivot == 0.0 and _PIVOT_ANGLES <= len(current.angle) < 3 * _PIVOT_ANGLES:
            others = []
            for closeness in _PIVOTS:
                # Angles that come too close to the edge are refused.
                with contextlib.suppress(NotConverged):
                    others.append(solved(_PIVOT_ANGLES, lower * (1.0 - closeness)))
            best = min([*others, current], key=lambda other: other.error)
            if best.error < 0.1 * current.error:
                current = best
                continue
        current = _refined(system, current)
    return current


def _boundary(
    lower: float, upper: float, position: Array, value: Complex, hard: bool, pivot: float | None
) -> BoundaryValues:
    angle = (np.arange(len(value)) + 0.5) * (np.pi / len(value))
    result = BoundaryValues(lower, upper, np.asarray(angle), position, value, 0.0, hard, pivot)
    return replace(result, error=_series_error(result))


def _refined(system: SelfConsistent, current: BoundaryValues) -> BoundaryValues:
    position = angle_positions(current.lower, current.upper, 3 * len(current.angle), current.pivot)
    guess = current.refined(3)
    value, good = newton(system, guess, position.astype(complex))
    good &= (np.abs(value - guess) <= 0.3 * np.abs(guess)).all(axis=1) & (value[:, 0].imag > 0)
    bad = np.flatnonzero(~good)
    if len(bad):
        value[bad] = resolve(system, position[bad].astype(complex))
    return _boundary(current.lower, current.upper, position, value, current.hard, current.pivot)


def _series_error(values: BoundaryValues) -> float:
    worst = 0.0
    sizes = [np.abs(series) for series in values.series()]
    rounding = 50.0 * np.finfo(float).eps * np.maximum(*(size.max(axis=0) for size in sizes))
    for size in sizes:
        tail = size[-max(2, len(size) // 8) :].max(axis=0)
        tail[tail <= rounding] = 0.0
        worst = max(worst, float((tail / np.maximum(size.max(axis=0), 1e-300)).max()))
    return worst


# -------------------------------------------------------------------------------------------------------- outliers


def outliers(function: Callable[[Array], Any], lower: float, upper: float, points: int = 400) -> Array:
    """Real zeros between two positions outside of the support: isolated eigenvalues that a low-rank part pulls out.

    Parameters
    ----------
    function : maps positions (n,) to real numbers (n,), such as 1 + theta m(x) for the rank-one part theta; it
        must be continuous between ``lower`` and ``upper``, at which it is not evaluated.
    points : number of positions, clustered at the ends, between which a change of sign is looked for.
    """
    from scipy.optimize import elementwise

    if not lower < upper:
        raise InvalidArgument("upper", upper, f"above lower = {lower:g}")
    angle = np.linspace(0.0, np.pi, validation.integer("points", points, minimum=3) + 2)[1:-1]
    x = lower + (upper - lower) * np.sin(0.5 * angle) ** 2
    values = np.asarray(function(x), dtype=np.float64)
    rows = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    if not len(rows):
        return np.empty(0)
    found = elementwise.find_root(function, (x[rows], x[rows + 1]))
    return np.asarray(found.x)
