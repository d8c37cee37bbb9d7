"""How good a point is at which an iteration ended: rounding of the equations, error in the unknowns, status.

The linear estimate of the error is |J^-1| (|F| + rounding + whatever the caller's quadrature adds). It holds only
where the Jacobian J does not change over a distance of that size, which is tested by evaluating F there. Where it
fails (close to a double or triple root) the equations are reduced to one function g(s) along the critical direction v,

    F(x) + u g = 0,    v . (x - x0) = s,

a regular system even where J is singular (Lyapunov-Schmidt). A root is then enclosed by a change of sign of g between
-s and s that stands out from the rounding; the error is that s. If g has the same sign on both sides and does not reach
zero between them, there is no root here: the branch has ended. Where two directions are critical at once, one function
does not suffice, and the point counts as not converged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..solution import Status
from .equations import EPSILON, Equations, apply, inverse

ResidualError = ArrayLike | Callable[..., ArrayLike]

# Rounding is sampled at these distances, in units of Equations.scale: short against any curvature, incommensurate with
# the spacing of floats, and of several lengths, since a rounded F can be flat over many of its arguments. Where much
# depends on it, at nearly singular points, the sample is larger.
_FEW_PROBES = np.array([1.0731e-14, -2.9347e-13, 1.1927e-11, -2.2153e-10, 1.7411e-9])
_MANY_PROBES = np.geomspace(1.0731e-14, 1.7411e-9, 48) * np.tile([1.0, -1.0], 24)
# The sampled rounding errors are a few of many: the bound is this many times their largest.
_ROUNDING_SAFETY = 4.0
# The linear estimate is tested at this multiple of itself, and at a length at which F is certainly not flat.
_REACH = 8.0
_SHORTEST_REACH = 1e-7
# The reduced function is sampled at these parts of a radius that doubles up to LONGEST_REACH.
_SAMPLES = (-1.0, -0.6, -0.2, 0.2, 0.6, 1.0)
_LONGEST_REACH = 4.0
# The radius starts here where F is not small and the only question is whether there is a root at all.
_COARSE = 1e-6
# The radius by which the bordered system must have a solution.
_CLOSE_BY = 1e-3
# F counts as linear when it deviates by this part at most.
_LARGEST_DEVIATION = 0.25
# With that deviation (and the rounding in it) the root is within 1 / (1 - 5/16) of the linear estimate.
_LINEAR_SAFETY = 1.5
_FLOOR = 4 * EPSILON


@dataclass(frozen=True)
class Assessment:
    """Status (int8), residual (both of shape (batch,)) and error of every unknown (batch, unknowns)."""

    status: NDArray[np.int8]
    residual: FloatArray
    error: FloatArray


def assess(
    equations: Equations,
    x: FloatArray,
    *,
    tolerance: float,
    accuracy: float,
    residual_error: ResidualError = 0.0,
    judged: int | None = None,
) -> Assessment:
    """Judge the points x.

    A point is good when the largest |F_i| is at most ``tolerance`` and a root was located: converged when the error of
    every unknown is at most ``accuracy`` max(1, |x|), near-critical otherwise. A point without a root nearby has no
    solution; any other is not converged. Only the first ``judged`` unknowns have to be accurate (default: all).
    """
    batch = len(x)
    status = np.full(batch, Status.NOT_CONVERGED, dtype=np.int8)
    error = np.full_like(x, np.inf)
    value = equations(x)
    residual = np.abs(value).max(axis=1, initial=0.0)
    residual[np.isnan(residual)] = np.inf
    jacobian = equations.derivative(x, value, accurate=True)
    finite = np.flatnonzero(
        np.isfinite(residual) & np.isfinite(jacobian).all(axis=(1, 2)) & equations.inside(x)
    )
    if not len(finite):
        return Assessment(status, residual, error)
    point = _Point.at(
        equations.rows(finite), x[finite], value[finite], jacobian[finite], finite, batch, residual_error
    )
    regular, linear_error = _linear(point)
    error[finite] = linear_error
    status[finite[regular]] = Status.CONVERGED
    critical = np.flatnonzero(~regular)
    if len(critical):
        status[finite[critical]], error[finite[critical]] = _reduce(point, critical, tolerance)
    # What was written so far only says whether there is a root; the residual and the accuracy decide the rest.
    located = status <= Status.NEAR_CRITICAL
    error += _FLOOR * np.abs(x).max(axis=1, initial=0.0)[:, None] + np.finfo(np.float64).tiny
    status[located & (residual > tolerance)] = Status.NOT_CONVERGED
    inaccurate = (error > accuracy * np.maximum(1.0, np.abs(x)))[:, :judged].any(axis=1)
    status[(status == Status.CONVERGED) & inaccurate] = Status.NEAR_CRITICAL
    return Assessment(status, residual, error)


@dataclass(frozen=True)
class _Point:
    """Everything known at the points x to first order; ``budget`` bounds what F may differ by from zero."""

    equations: Equations
    x: FloatArray
    value: FloatArray
    jacobian: FloatArray
    inverse: FloatArray
    rounding: FloatArray
    budget: FloatArray
    scale: FloatArray

    @classmethod
    def at(
        cls,
        equations: Equations,
        x: FloatArray,
        value: FloatArray,
        jacobian: FloatArray,
        rows: NDArray[np.intp],
        batch: int,
        residual_error: ResidualError,
    ) -> _Point:
        if callable(residual_error):
            extra = np.asarray(residual_error(x, *equations.parameters), dtype=np.float64)
            extra = np.broadcast_to(extra, x.shape)
        else:
            extra = np.broadcast_to(np.asarray(residual_error, dtype=np.float64), (batch, x.shape[1]))[rows]
        if not (extra >= 0).all():
            raise InvalidArgument("residual_error", extra, "not negative")
        rounding = _rounding(equations, x, value, jacobian, _FEW_PROBES) + extra
        budget = np.abs(value) + rounding
        return cls(equations, x, value, jacobian, inverse(jacobian), rounding, budget, equations.scale(x))


def _rounding(
    equations: Equations, x: FloatArray, value: FloatArray, jacobian: FloatArray, distances: FloatArray
) -> FloatArray:
    """The rounding error of F, measured: its deviation from a straight line over distances too short for curvature."""
    count = len(distances)
    # Generic directions, none that an integer combination of the unknowns would miss, and on one side only: rounding
    # is often odd about a special point, and would cancel in a second difference.
    turns = (
        np.outer(np.arange(1, count + 1), np.arange(1, x.shape[1] + 1)) * np.sqrt(2)
        + np.arange(x.shape[1]) * np.e
    )
    directions = distances[:, None] * (0.3 * np.sin(turns) + np.copysign(0.7, np.sin(turns)))
    reach = np.minimum(equations.scale(x), equations.nearest(x) / (4 * np.abs(distances).max()))
    probes = np.concatenate([x + shift * reach for shift in directions])
    sampled = equations.rows(np.tile(np.arange(len(x)), count))(probes).reshape(count, *x.shape)
    shifts = probes.reshape(count, *x.shape) - x
    deviation = np.abs(sampled - value - np.einsum("bij,kbj->kbi", jacobian, shifts)).max(axis=0)
    representation = 2 * EPSILON * apply(np.abs(jacobian), np.abs(x))
    return np.asarray(_ROUNDING_SAFETY * deviation + representation)


def _linear(point: _Point) -> tuple[NDArray[np.bool_], FloatArray]:
    """Whether the equations are linear over the distance of the linear error estimate, and that estimate."""
    with np.errstate(all="ignore"):
        error = apply(np.abs(point.inverse), point.budget)
        # A singular J is recognised by the failure of its inverse, whatever F is.
        identity = point.inverse @ point.jacobian - np.eye(point.x.shape[1])
        regular = np.isfinite(error).all(axis=1) & (np.abs(identity).max(axis=(1, 2), initial=0.0) < 0.1)
        extreme = _extreme(point.inverse, np.maximum(point.budget, 1e-300), point.scale)[1]
        length = np.abs(extreme / point.scale).max(axis=1, initial=0.0)
        direction = extreme / length[:, None]
        for reach in (_REACH * length, -_REACH * length, _SHORTEST_REACH, -_SHORTEST_REACH):
            trial = _stop_inside(point.equations, point.x, np.asarray(reach)[..., None] * direction)
            shift = trial - point.x
            deviation = point.equations(trial) - point.value - apply(point.jacobian, shift)
            excess = np.abs(apply(point.inverse, deviation)) / point.scale
            allowed = _LARGEST_DEVIATION * np.abs(shift) / point.scale + np.abs(extreme) / point.scale / 2
            regular &= excess.max(axis=1, initial=0.0) <= allowed.max(axis=1, initial=0.0)
    return regular, _LINEAR_SAFETY * error


def _extreme(inverted: FloatArray, budget: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The change of F within ``budget`` that moves some unknown furthest, in units of ``scale``; and that move of x."""
    worst = np.argmax(apply(np.abs(inverted), budget) / scale, axis=1)
    row = np.take_along_axis(inverted, worst[:, None, None], axis=1)[:, 0, :]
    push = np.copysign(budget, row)
    return push, apply(inverted, push)


def _stop_inside(equations: Equations, x: FloatArray, step: FloatArray) -> FloatArray:
    """x + step, the step shortened to half the way to the first bound that it would cross."""
    room = np.where(step > 0, equations.upper - x, x - equations.lower) / 2
    fraction = np.minimum(1.0, np.min(room / np.maximum(np.abs(step), 1e-300), axis=1, initial=1.0))
    return np.asarray(x + fraction[:, None] * step)


def _reduce(point: _Point, rows: NDArray[np.intp], tolerance: float) -> tuple[NDArray[np.int8], FloatArray]:
    """Status and error of nearly singular points from the reduced function g, sampled from -s to s for growing s."""
    reduced = _Reduced.build(point, rows, tolerance)
    status = np.full(len(rows), Status.NOT_CONVERGED, dtype=np.int8)
    error = np.full((len(rows), point.x.shape[1]), np.inf)
    noise, radius = reduced.noise.copy(), reduced.radius.copy()
    seen = np.zeros(len(rows), dtype=bool)
    active = np.arange(len(rows))
    while len(active):
        g, x, valid = reduced.sample(active, radius[active])
        with np.errstate(all="ignore"):
            # The fifth difference of a smooth function over six points is nearly nothing: what is there is rounding.
            noise[active] = np.fmax(noise[active], np.abs(np.diff(g, 5, axis=0)[0]) / 2)
            doubt = 2 * noise[active]
            side = np.sign(g[-1])
            ends = np.minimum(np.abs(g[0]), np.abs(g[-1]))
            lowest = np.min(side * g[1:-1], axis=0)
            same = np.sign(g[0]) == side
            enclosed = valid & (ends > doubt) & (~same | (lowest < -doubt))
            minimum = valid & ~enclosed & same & (ends > 2 * np.abs(lowest) + doubt)
            touching = minimum & (lowest <= doubt)
            barren = minimum & (_below(side * g) > doubt)
        located = enclosed | touching
        status[active[located]] = Status.CONVERGED
        status[active[barren]] = Status.NO_SOLUTION
        error[active] = np.abs(x - reduced.x[active]).max(axis=0) + reduced.transverse[active]
        radius[active] *= 2
        # Very close by, rounding may hide the solution of the bordered system.
        usable = valid | (~seen[active] & (radius[active] < _CLOSE_BY))
        seen[active] |= valid
        active = active[usable & ~located & ~minimum & (radius[active] <= _LONGEST_REACH)]
    return status, error


def _below(g: FloatArray) -> FloatArray:
    """A lower bound of a convex function between its samples g (first axis), a kink included; -inf if it is not convex.

    Between two samples it lies above the lines through its neighbours on either side.
    """
    s = np.array(_SAMPLES)[:, None]
    slope = np.diff(g, axis=0) / np.diff(s, axis=0)
    # From the left into each inner cell and into the last one, and from the right into each inner cell and the first.
    from_left, from_right = slope[:-1], slope[1:]
    with np.errstate(all="ignore"):
        reach = np.diff(s, axis=0)[1:-1]
        meet = (g[2:-1] - g[1:-2] - from_right[1:] * reach) / (from_left[:-1] - from_right[1:])
        inner = g[1:-2] + from_left[:-1] * np.where(np.isfinite(meet), np.clip(meet, 0.0, reach), 0.0)
    outer = np.stack([g[1] + slope[1] * (s[0] - s[1]), g[-2] + slope[-2] * (s[-1] - s[-2])])
    bound = np.minimum(np.concatenate([inner, outer]).min(axis=0), g.min(axis=0))
    return np.asarray(np.where((np.diff(slope, axis=0) >= 0).all(axis=0), bound, -np.inf))


@dataclass(frozen=True)
class _Reduced:
    """The bordered system F(x) + u g = 0, v.(x - x0) = s, with its inverse at x0; s in units of Equations.scale."""

    equations: Equations
    x: FloatArray
    left: FloatArray
    right: FloatArray
    scale: FloatArray
    inverse: FloatArray
    noise: FloatArray
    transverse: FloatArray
    radius: FloatArray

    @classmethod
    def build(cls, point: _Point, rows: NDArray[np.intp], tolerance: float) -> _Reduced:
        x, scale, jacobian = point.x[rows], point.scale[rows], point.jacobian[rows]
        n = x.shape[1]
        equations = point.equations.rows(rows)
        more = _rounding(equations, x, point.value[rows], jacobian, _MANY_PROBES)
        rounding = np.fmax(point.rounding[rows], more)
        # The change of F that moves x furthest, among those as large as its rounding, and the move: with unequal units
        # of the equations this, not the smallest singular value, says which direction is critical. Where F is not
        # small it is F itself that cannot be removed.
        coarse = np.abs(point.value[rows]).max(axis=1) > tolerance
        least = np.maximum(EPSILON * apply(np.abs(jacobian), scale), 1e-300)
        push, move = _extreme(point.inverse[rows], np.maximum(rounding, least), scale)
        push[coarse] = point.value[rows[coarse]]
        move[coarse] = apply(point.inverse[rows[coarse]], push[coarse])
        with np.errstate(all="ignore"):
            length = np.abs(move / scale).max(axis=1)
            along = move / length[:, None]
        bordered = np.zeros((len(rows), n + 1, n + 1))
        bordered[:, :n, :n] = jacobian
        bordered[:, :n, n] = np.where(coarse[:, None], push, push / EPSILON)
        bordered[:, n, :n] = along / scale**2 / ((along / scale) ** 2).sum(axis=1, keepdims=True)
        inverted = inverse(bordered)
        return cls(
            equations,
            x,
            bordered[:, :n, n],
            bordered[:, n, :n],
            scale,
            inverted,
            apply(np.abs(inverted[:, n:, :n]), rounding)[:, 0],
            apply(np.abs(inverted[:, :n, :n]), np.abs(point.value[rows]) + rounding),
            np.where(coarse, _COARSE, np.clip(length / 64, 4 * EPSILON, 1e-9)),
        )

    def sample(
        self, rows: NDArray[np.intp], radius: FloatArray
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """g and x at _SAMPLES times the radius, first axis, and whether all of them were found."""
        count = len(_SAMPLES)
        g, x, valid = self._solve(
            np.tile(rows, count), np.outer(_SAMPLES, radius).reshape(-1), np.tile(radius, count)
        )
        return (
            g.reshape(count, -1),
            x.reshape(count, len(rows), -1),
            np.asarray(valid.reshape(count, -1).all(axis=0)),
        )

    def _solve(
        self, rows: NDArray[np.intp], s: FloatArray, radius: FloatArray, iterations: int = 12
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """g(s), x(s) and whether they were found, by iteration with the Jacobian at the centre."""
        n = self.x.shape[1]
        equations, origin, inverted = self.equations.rows(rows), self.x[rows], self.inverse[rows]
        x = origin + s[:, None] * inverted[:, :n, n]
        g = np.zeros(len(rows))
        valid = np.zeros(len(rows), dtype=bool)
        for _ in range(iterations):
            with np.errstate(all="ignore"):
                defect = np.empty((len(rows), n + 1))
                defect[:, :n] = equations(x) + self.left[rows] * g[:, None]
                defect[:, n] = (self.right[rows] * (x - origin)).sum(axis=1) - s
                correction = apply(inverted, defect)
                x = x - correction[:, :n]
                g = g - correction[:, n]
                moved = np.abs(correction[:, :n] / self.scale[rows]).max(axis=1)
                settled = np.abs(correction[:, n]) <= 1e-3 * np.abs(g) + self.noise[rows]
            valid = (moved <= 0.1 * radius) & settled
            if (valid | ~np.isfinite(g)).all():
                break
        return g, x, np.asarray(valid & np.isfinite(g) & equations.inside(x))
