"""A branch of solutions of F(x, parameter) = 0, followed by pseudo-arclength through its turning points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import Approximation
from ..arrays import FloatArray
from ..errors import InvalidArgument, NotConverged
from ..solution import Solution, Status
from .assessment import ResidualError, assess
from .equations import Equations, Residual, inverse
from .roots import accuracies, field_names, iterate, newton

# A step is repeated at half its size when the direction of the branch turns by more than this (cosine of 0.3 rad) or
# the corrector needs more than MOST_ITERATIONS; it grows after a quick one.
_STRAIGHT = float(np.cos(0.3))
_MOST_ITERATIONS = 12
_QUICK = 4
_GROWTH = 1.5
# Two branches closer than about this part of a step are taken to cross; others are told apart.
_SHARPEST = 1e-4
# Where the inverse of the system (F, tangent) is larger than this, the tangent cannot be known: such a point, which is
# one where branches cross, is stepped over.
_MOST_SINGULAR = 1e7


@dataclass(frozen=True)
class Branch:
    """Consecutive points of a branch.

    Attributes
    ----------
    solution : fields are the unknowns and the parameter, of shape (points,). ``error`` is the distance from the branch
        as a curve in the space of unknowns and parameter, so that it stays small at a turning point.
    parameter_name : which field is the parameter.
    tangent : unit tangents (points, unknowns + 1), the parameter last.
    determinant_sign : sign of det dF/dx at fixed parameter; where F is the gradient of a free energy, or x minus a map
        that is iterated, a change of sign is a loss or gain of stability.
    end : why it ends: "closed" (the last point is the first one again), "parameter bound", "bound of the unknowns",
        "points" or "step size".
    """

    solution: Solution
    parameter_name: str
    tangent: FloatArray
    determinant_sign: NDArray[np.int8]
    end: str

    @property
    def parameter(self) -> FloatArray:
        return self.solution[self.parameter_name]

    @property
    def unknowns(self) -> FloatArray:
        """The unknowns as one array (points, unknowns), the shape that starts and residuals have."""
        fields = [entry for name, entry in self.solution.value.items() if name != self.parameter_name]
        return np.stack(fields, axis=-1)

    @property
    def turning_points(self) -> NDArray[np.intp]:
        """Indices k such that the parameter turns back between the points k and k + 1."""
        return np.flatnonzero(self.tangent[:-1, -1] * self.tangent[1:, -1] < 0)

    @property
    def bifurcations(self) -> NDArray[np.intp]:
        """Indices k such that stability changes between the points k and k + 1 without a turn of the parameter."""
        signs = self.determinant_sign
        return np.setdiff1d(np.flatnonzero(signs[:-1] * signs[1:] < 0), self.turning_points)


def follow(
    residual: Residual,
    start: ArrayLike,
    parameter: float,
    *,
    direction: int = 1,
    step: float = 0.02,
    min_step: float = 1e-7,
    max_step: float = 0.1,
    max_points: int = 1000,
    parameter_lower: float = -np.inf,
    parameter_upper: float = np.inf,
    parameter_scale: float = 1.0,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    tolerance: float = 1e-12,
    accuracy: float | None = None,
    names: Sequence[str] | None = None,
    parameter_name: str = "parameter",
    residual_error: ResidualError = 0.0,
    approximation: Approximation | None = None,
) -> Branch:
    """Follow the branch through the solution near ``start`` at ``parameter``.

    Parameters
    ----------
    residual : ``residual(x, parameter)`` with x of shape (points, unknowns), parameter of shape (points,).
    start, parameter : a guess of the first point; it is solved at this parameter, and must converge.
    direction : 1 to leave in the direction of growing parameter, -1 of falling.
    step, min_step, max_step : arclength between points: the first, and the limits of its control.
    parameter_lower, parameter_upper : the branch ends there, with a point solved exactly at the bound.
    parameter_scale : unit of the parameter in the arclength, for a parameter that is not of the size of the unknowns.

    The others are those of :func:`~statphys_gen.numerics.newton`.
    """
    validation.choice("direction", str(direction), ("1", "-1"))
    for argument, value in (("min_step", min_step), ("step", step), ("max_step", max_step)):
        validation.positive(argument, value)
    validation.integer("max_points", max_points, minimum=2)
    scale = validation.positive("parameter_scale", parameter_scale)
    bounds = (float(parameter_lower), float(parameter_upper))
    if not bounds[0] <= validation.finite("parameter", parameter) <= bounds[1]:
        raise InvalidArgument("parameter", parameter, f"in [{bounds[0]:g}, {bounds[1]:g}]")
    first = validation.array("start", np.atleast_1d(start), ndim=1)
    fields = (*field_names(names, len(first)), parameter_name)
    follower = _Follower(
        residual, scale, lower, upper, *accuracies(tolerance, accuracy), residual_error, len(first)
    )
    points = [follower.first(first, parameter, direction)]
    size, end = min(step, max_step), "points"
    while len(points) < max_points:
        last = points[-1]
        new = follower.next(last, size)
        if new is None:
            size /= 2
            if size < min_step:
                near = follower.at_bound(last.y + 2 * min_step * last.tangent)
                end = "bound of the unknowns" if near else "step size"
                break
            continue
        outside = [
            bound for bound in bounds if (bound - new.y[-1] * scale) * (bound - last.y[-1] * scale) < 0
        ]
        if outside:
            final = follower.at_parameter(last, new, outside[0])
            points += [final] if final else []
            end = "parameter bound" if final else "step size"
            break
        if follower.passes(points[0], last, new):
            points.append(replace(points[0], iterations=new.iterations))
            end = "closed"
            break
        points.append(new)
        size = min(max_step, size * (_GROWTH if new.iterations <= _QUICK else 1.0))
    return follower.branch(points, fields, end, approximation)


@dataclass(frozen=True)
class _Node:
    """A point y = (x, parameter / scale) of the branch with everything that the result keeps of it."""

    y: FloatArray
    tangent: FloatArray
    determinant_sign: int
    orientation: int
    status: int
    residual: float
    error: float
    iterations: int


@dataclass(frozen=True)
class _Follower:
    """The corrector and the tangents, with the parameter in its own unit as the last unknown."""

    residual: Residual
    scale: float
    lower: ArrayLike | None
    upper: ArrayLike | None
    tolerance: float
    accuracy: float
    residual_error: ResidualError
    unknowns: int

    def first(self, start: FloatArray, parameter: float, direction: int) -> _Node:
        x = self._at(start, parameter)
        if x is None:
            raise NotConverged(f"no solution near the start of the branch at parameter {parameter:g}")
        node = self._node(np.append(x, parameter / self.scale), np.append(np.zeros(len(x)), direction))
        if node is None:
            raise NotConverged(
                f"the start of the branch at parameter {parameter:g} is singular: start elsewhere"
            )
        return node

    def next(self, last: _Node, size: float) -> _Node | None:
        """The point at arclength ``size`` after the last one; None if it cannot be known to be on the same branch.

        The orientation of the system (F, tangent) changes its sign only where branches cross. It also changes when the
        step jumps to another branch across a sharp turn, which shows when the place of the change is approached.
        """
        new = self._step(last, size)
        if new is None or new.orientation == last.orientation:
            return new
        near, far = 0.0, size
        while far - near > _SHARPEST * size:
            middle = self._step(last, (near + far) / 2)
            if middle is None:
                return None
            if middle.orientation == last.orientation:
                near = (near + far) / 2
            else:
                far = (near + far) / 2
        return new

    def _step(self, last: _Node, size: float) -> _Node | None:
        """Predictor and corrector; None if the point was not found or the branch turned too far."""
        y = last.y + size * last.tangent
        equations = self._extended(y, last.tangent)
        if not equations.inside(y[None, :])[0]:
            return None
        found, left, iterations = iterate(
            equations, y[None, :], self.tolerance, self.accuracy, _MOST_ITERATIONS
        )
        if left[0]:
            return None
        node = self._node(found[0], last.tangent, int(iterations[0]))
        if node is None or node.tangent @ last.tangent < _STRAIGHT:
            return None
        return node

    def at_parameter(self, last: _Node, new: _Node, parameter: float) -> _Node | None:
        """The point between two others at exactly this parameter."""
        p = parameter / self.scale
        part = (p - last.y[-1]) / (new.y[-1] - last.y[-1])
        x = self._at((last.y + part * (new.y - last.y))[:-1], parameter)
        return None if x is None else self._node(np.append(x, p), last.tangent)

    def passes(self, first: _Node, last: _Node, new: _Node) -> bool:
        """Whether the branch comes through its first point again between two others, in the same direction."""
        before, after = last.y - first.y, new.y - first.y
        near = 2.0 * np.linalg.norm(new.y - last.y)
        if not before @ first.tangent < 0 <= after @ first.tangent or new.tangent @ first.tangent < _STRAIGHT:
            return False
        if np.linalg.norm(before) > near or np.linalg.norm(after) > near:
            return False
        part = before @ first.tangent / ((before - after) @ first.tangent)
        equations = self._extended(first.y, first.tangent)
        start = last.y + part * (new.y - last.y)
        found, left, _ = iterate(equations, start[None, :], self.tolerance, self.accuracy, _MOST_ITERATIONS)
        distance = np.abs(found[0] - first.y).max()
        return not left[0] and bool(distance <= 10.0 * first.error + self.accuracy)

    def at_bound(self, y: FloatArray) -> bool:
        return not bool(self._extended(y, y).inside(y[None, :])[0])

    def branch(
        self, points: list[_Node], fields: tuple[str, ...], end: str, approximation: Approximation | None
    ) -> Branch:
        y = np.array([node.y for node in points])
        y[:, -1] *= self.scale
        solution = Solution(
            dict(zip(fields, y.T, strict=True)),
            np.array([node.status for node in points], dtype=np.int8),
            np.array([node.residual for node in points]),
            np.array([node.error for node in points]),
            np.array([node.iterations for node in points]),
            approximation,
        )
        tangents = np.array([node.tangent for node in points])
        signs = np.array([node.determinant_sign for node in points], dtype=np.int8)
        return Branch(solution, fields[-1], tangents, signs, end)

    def _at(self, start: FloatArray, parameter: float) -> FloatArray | None:
        solution = newton(
            self.residual,
            start,
            parameters=[parameter],
            lower=self.lower,
            upper=self.upper,
            tolerance=self.tolerance,
            accuracy=self.accuracy,
        )
        return np.array(list(solution.value.values())) if solution.good else None

    def _extended(self, anchor: FloatArray, tangent: FloatArray) -> Equations:
        """F = 0 on the plane through ``anchor`` across ``tangent``; its unknowns are y."""

        def plane(y: NDArray[np.floating]) -> FloatArray:
            value = self.residual(y[:, :-1], self.scale * y[:, -1])
            return np.concatenate([value, ((y - anchor) @ tangent)[:, None]], axis=1)

        low, high = (
            np.append(np.broadcast_to(default if bound is None else bound, self.unknowns), default)[None, :]
            for bound, default in ((self.lower, -np.inf), (self.upper, np.inf))
        )
        return Equations(plane, (), np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))

    def _extended_error(self, y: FloatArray) -> FloatArray:
        """The residual error of the caller, with none for the plane."""
        given = self.residual_error
        if callable(given):
            given = given(y[:, :-1], self.scale * y[:, -1])
        return np.append(
            np.broadcast_to(np.asarray(given, dtype=np.float64), (len(y), self.unknowns)), [[0.0]], axis=1
        )

    def _node(self, y: FloatArray, before: FloatArray, iterations: int = 0) -> _Node | None:
        """Judge the point and find its tangent on the side of ``before``; None if it is not a good point."""
        equations = self._extended(y, before)
        value = equations(y[None, :])
        jacobian = equations.derivative(y[None, :], value, accurate=True)
        inverted = inverse(jacobian)[0]
        tangent = inverted[:, -1]
        if not np.abs(inverted).max() < _MOST_SINGULAR:
            return None
        tangent = tangent / np.linalg.norm(tangent)
        verdict = assess(
            self._extended(y, tangent),
            y[None, :],
            tolerance=self.tolerance,
            accuracy=self.accuracy,
            residual_error=self._extended_error,
        )
        if verdict.status[0] > Status.NEAR_CRITICAL:
            return None
        error = float((verdict.error[0] * np.append(np.ones(self.unknowns), self.scale)).max())
        sign, orientation = (int(np.sign(np.linalg.det(m))) for m in (jacobian[0, :-1, :-1], jacobian[0]))
        return _Node(
            y,
            tangent,
            sign,
            orientation,
            int(verdict.status[0]),
            float(verdict.residual[0]),
            error,
            iterations,
        )
