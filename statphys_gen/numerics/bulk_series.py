r"""The solution of a spectral problem on a whole bulk, as a short series.

Between two square-root edges the boundary values of the Stieltjes transform are analytic in an angle:
:func:`boundary_values` solves for them at Chebyshev angles and refines until their Fourier series has ended, and
:class:`BoundaryValues` integrates and interpolates them.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import ComplexArray, FloatArray
from ..errors import AccuracyNotReached, InvalidArgument, NotConverged
from .stieltjes import SelfConsistent, newton, resolve

# When a series is longer than this, pivots at these distances from the lower edge, relative to it, are tried.
_PIVOT_ANGLES = 144
_PIVOTS = (1e-1, 1e-3, 1e-5, 1e-7)


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
    angle: FloatArray
    position: FloatArray
    value: ComplexArray
    error: float
    hard: bool = False
    pivot: float | None = None

    @property
    def measure(self) -> FloatArray:
        """(N,) weights dx such that the integral of f(x) dx over the bulk is measure @ f(position)."""
        step = np.sin(self.angle) * (np.pi / len(self.angle))
        if self.pivot is not None:
            length = np.log((self.upper - self.pivot) / (self.lower - self.pivot))
            return 0.5 * length * (self.position - self.pivot) * step
        return 0.5 * (self.upper - self.lower) * step

    def integral(self, density: ArrayLike) -> FloatArray:
        """Integral over the bulk of a density of shape (..., N) that vanishes like a square root at the edges."""
        return np.asarray(np.asarray(density) @ self.measure)

    def _angle(self, x: FloatArray) -> FloatArray:
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

    def series(self) -> tuple[FloatArray, FloatArray]:
        """Coefficients of cos(k theta) in the real part and of sin((k+1) theta) in the imaginary part, by columns."""
        from scipy.fft import dct, dst

        value = self.value * self.position[:, None] if self.hard else self.value
        cosine = dct(value.real, type=2, axis=0) / len(self.angle)
        cosine[0] *= 0.5
        sine = dst(value.imag, type=2, axis=0) / len(self.angle)
        sine[-1] *= 0.5
        return np.asarray(cosine, dtype=np.float64), np.asarray(sine, dtype=np.float64)

    def interpolate(self, x: ArrayLike) -> ComplexArray:
        """The solution at positions x (n,) of the bulk from its Fourier series; (n, unknowns)."""
        cosine, sine = self.series()
        points = np.asarray(x, dtype=np.float64)
        phase = np.exp(1j * self._angle(points))
        value = _clenshaw(cosine, phase, 0) + 1j * _clenshaw(sine, phase, 1)
        return np.asarray(value / points[:, None] if self.hard else value, dtype=np.complex128)

    def refined(self, factor: int) -> ComplexArray:
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

    def polished(self, system: SelfConsistent, x: ArrayLike) -> ComplexArray:
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


def _clenshaw(series: FloatArray, phase: ComplexArray, first: int) -> FloatArray:
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


def angle_positions(lower: float, upper: float, count: int, pivot: float | None = None) -> FloatArray:
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
    start: ComplexArray | None = None,
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
    lower: float, upper: float, position: FloatArray, value: ComplexArray, hard: bool, pivot: float | None
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
