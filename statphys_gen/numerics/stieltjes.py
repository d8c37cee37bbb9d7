r"""Spectra from Stieltjes transforms that are known by an inverse map or by self-consistent equations.

A spectral problem is a :class:`SelfConsistent` system F(x, z) = 0, holomorphic in the unknowns x (one of which
is usually the Stieltjes transform) and in the spectral parameter z. The physical solution is the one that
continues the far field x ~ far_field(z) at |z| -> infinity through the upper half-plane. An explicit inverse
map z(m) is the case of one unknown, made by :func:`inverse_map`.

- :func:`resolve`: the physical solution at any points of the closed upper half-plane, by Newton steps along the line
  from far above each point.

Edges and outliers are found by :mod:`statphys_gen.numerics.spectral_edges`; a whole bulk, where the solution is a
short series in an angle, is solved by :mod:`statphys_gen.numerics.bulk_series`.

Convention: m(z) = integral of rho(x) / (x - z), so that Im m > 0 in the upper half-plane and rho = Im m(x + i0) / pi.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import ComplexArray, FloatArray
from ..errors import InvalidArgument, NotConverged

_NEWTON_STEPS = 12
_STEP_TOLERANCE = 1e-7
# On the way, only the basin of the next point matters.
_COARSE_STEP = 1e-2
_LARGEST_RESIDUAL = 1e-10
_ROUNDS = 400
_SMALLEST_FACTOR = 0.2
_SMALLEST_HEIGHT = 1e-9


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

    residual: Callable[[ComplexArray, ComplexArray], ComplexArray]
    jacobian: Callable[[ComplexArray, ComplexArray], ComplexArray]
    slope: Callable[[ComplexArray, ComplexArray], ComplexArray]
    far_field: Callable[[ComplexArray], ComplexArray]
    physical: Callable[[ComplexArray, ComplexArray], NDArray[np.bool_]]
    scale: float | FloatArray
    take: Callable[[NDArray[np.intp]], SelfConsistent] | None = None

    def of(self, points: NDArray[np.intp]) -> SelfConsistent:
        """The systems of some of the points."""
        return self if self.take is None else self.take(points)


def inverse_map(
    position: Callable[[ComplexArray], ComplexArray],
    derivative: Callable[[ComplexArray], ComplexArray],
    scale: float,
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
    system: SelfConsistent, x: ComplexArray, z: ComplexArray, step_tolerance: float = _STEP_TOLERANCE
) -> tuple[ComplexArray, NDArray[np.bool_]]:
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


def _linear_solve(matrices: ComplexArray, vectors: ComplexArray) -> ComplexArray:
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


def resolve(system: SelfConsistent, z: ArrayLike) -> ComplexArray:
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
        # At 0 itself the scale of the spectrum is the only length.
        near = np.where(points[active].real == 0.0, 1e-3 * system.of(active).scale, np.abs(points[active]))
        close = lower < np.maximum(_SMALLEST_HEIGHT * near, 1e-300)
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


def _finished(system: SelfConsistent, x: ComplexArray, z: ComplexArray) -> ComplexArray:
    x, good = newton(system, x, z)
    if not good.all():
        worst = complex(z[np.flatnonzero(~good)[0]])
        raise NotConverged(f"Stieltjes transform: Newton's iteration did not converge at z = {worst:.6g}")
    return x


def _predict(system: SelfConsistent, x: ComplexArray, z: ComplexArray, at: ComplexArray) -> ComplexArray:
    """x + dx/dlog(z - real part), extrapolated linearly in the logarithm of the height."""
    with np.errstate(all="ignore"):
        tangent = -_linear_solve(system.jacobian(x, z), system.slope(x, z))
        positive = np.where(at.imag > 0, at.imag, 1.0) / z.imag
        shift = np.where(at.imag > 0, 1j * z.imag * np.log(positive), 1j * (at.imag - z.imag))
        start = x + tangent * shift[:, None]
        bad = ~np.isfinite(start).all(axis=1) | (np.abs(start - x) > 0.5 * np.abs(x)).any(axis=1)
    start[bad] = x[bad]
    return start
