"""Special parameter values of F(x, parameter) = 0, each solved as the system of equations that defines it.

:func:`fold`: the branch turns back (spinodal); :func:`crossing`: two phases have the same free energy (first-order
line); :func:`bifurcation`: a known branch loses its stability (continuous transition). Branches themselves are followed
by :func:`~statphys_gen.numerics.follow`; its turning points and changes of stability are good starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..approximation import Approximation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..solution import Solution, Status
from .assessment import assess
from .equations import EPSILON, Equations, Jacobian, Residual, prepare
from .roots import accuracies, bracketed, field_names, iterate, newton, package
from .turning import changes_sign, turns_back


def fold(
    residual: Residual,
    start: ArrayLike,
    parameter: ArrayLike,
    *,
    parameters: Sequence[ArrayLike] | None = None,
    jacobian: Jacobian | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    parameter_lower: ArrayLike = -np.inf,
    parameter_upper: ArrayLike = np.inf,
    tolerance: float | None = None,
    accuracy: float | None = None,
    max_iterations: int = 100,
    names: Sequence[str] | None = None,
    parameter_name: str = "parameter",
    residual_error: float = 0.0,
    approximation: Approximation | None = None,
) -> Solution:
    """Where a branch turns back in the parameter: F = 0, J v = 0, v.v = 1 for the unknowns, the parameter and v.

    Parameters
    ----------
    residual : ``residual(x, parameter, *parameters)`` with x of shape (points, unknowns), the others (points,).
    start, parameter : guess of the fold, shapes (unknowns,) or (*batch, unknowns), and the batch's.
    jacobian : dF/dx as a function of the same arguments, or "complex-step": either gives J v to rounding. By default
        J v comes from differences of eighth order, whose error is part of the result's.
    tolerance : largest residual of the whole system; by default 1e-12 with one of these Jacobians and 1e-11 with
        differences, which cannot do better for equations of size 10.
    parameter_lower, parameter_upper : open bounds of the parameter.
    residual_error : bound on the errors of F and of its derivative along a unit vector, apart from rounding.

    The others are those of :func:`~statphys_gen.numerics.newton`. The fields are the unknowns and the parameter;
    the residual is that of the whole system. Where two folds meet (cusp) the system is nearly singular and the result
    is near-critical. Inflections (p = x^3), points where branches cross and isolated points solve the same system:
    unless the parameter is seen to turn back on the two sides of the point, it is *not converged*. For branches that
    cross use :func:`bifurcation`.
    """
    unknowns = np.atleast_1d(start).shape[-1]
    fields = (*field_names(names, unknowns), parameter_name)
    if tolerance is None:
        tolerance = 1e-12 if callable(jacobian) or jacobian == "complex-step" else 1e-11
    tolerance, accuracy = accuracies(tolerance, accuracy)
    validation.integer("max_iterations", max_iterations, minimum=1)
    inner, z, shape = prepare(
        residual,
        _join(validation.array("start", start), validation.array("parameter", parameter), unknowns),
        parameters,
        jacobian,
        _join(-np.inf if lower is None else lower, parameter_lower, unknowns),
        _join(np.inf if upper is None else upper, parameter_upper, unknowns),
    )
    system = _Fold(
        inner.residual, inner.jacobian, unknowns, validation.non_negative("residual_error", residual_error)
    )
    bounds = inner.lower[:, :unknowns], inner.upper[:, :unknowns]
    direction = system.flat_direction(z, *bounds, *inner.parameters)
    free = np.full_like(direction, np.inf)
    equations = Equations(
        system,
        (*bounds, *inner.parameters),
        np.concatenate([inner.lower, -free], axis=1),
        np.concatenate([inner.upper, free], axis=1),
    )
    y, left, iterations = iterate(
        equations, np.concatenate([z, direction], axis=1), tolerance, accuracy, max_iterations
    )
    verdict = assess(
        equations,
        y,
        tolerance=tolerance,
        accuracy=accuracy,
        residual_error=system.error,
        judged=unknowns + 1,
    )
    good = np.flatnonzero(verdict.status <= Status.NEAR_CRITICAL)
    folds = turns_back(
        lambda p, rows: Equations(
            inner.residual,
            (p, *(entry[good[rows]] for entry in inner.parameters)),
            bounds[0][good[rows]],
            bounds[1][good[rows]],
            inner.jacobian,
        ),
        y[good, :unknowns],
        y[good, unknowns],
        y[good, unknowns + 1 :],
        verdict.error[good, : unknowns + 1].max(axis=1),
        inner.nearest(y[:, : unknowns + 1])[good, unknowns],
    )
    verdict.status[good[~folds]] = Status.NOT_CONVERGED
    return package(y, left, verdict, iterations, shape, fields, approximation)


@dataclass(frozen=True)
class _Fold:
    """The system of a fold in y = (x, parameter, v); the bounds of x are its first two parameters."""

    residual: Residual
    jacobian: Jacobian
    unknowns: int
    residual_error: float

    def __call__(
        self, y: FloatArray, lower: FloatArray, upper: FloatArray, *parameters: FloatArray
    ) -> FloatArray:
        inner, x, v = self._parts(y, lower, upper, *parameters)
        norm = (v**2).sum(axis=1, keepdims=True) - 1
        return np.concatenate([inner(x), inner.directional(x, v)[0], norm], axis=1)

    def error(
        self, y: FloatArray, lower: FloatArray, upper: FloatArray, *parameters: FloatArray
    ) -> FloatArray:
        inner, x, v = self._parts(y, lower, upper, *parameters)
        bias = inner.directional(x, v)[1] + self.residual_error
        return np.concatenate([np.full_like(x, self.residual_error), bias, np.zeros((len(y), 1))], axis=1)

    def flat_direction(
        self, z: FloatArray, lower: FloatArray, upper: FloatArray, *parameters: FloatArray
    ) -> FloatArray:
        """The unit vector along which F changes least at z = (x, parameter)."""
        inner, x, _ = self._parts(z, lower, upper, *parameters)
        matrix = np.nan_to_num(inner.derivative(x, inner(x), accurate=True))
        return np.asarray(np.linalg.svd(matrix)[2][:, -1, :])

    def _parts(
        self, y: FloatArray, lower: FloatArray, upper: FloatArray, *parameters: FloatArray
    ) -> tuple[Equations, FloatArray, FloatArray]:
        n = self.unknowns
        inner = Equations(self.residual, (y[:, n], *parameters), lower, upper, self.jacobian)
        return inner, y[:, :n], y[:, n + 1 :]


@dataclass(frozen=True)
class Phase:
    """One of two coexisting solutions.

    Attributes
    ----------
    residual : ``residual(x, parameter, *parameters)``, the equations of this phase.
    value : ``value(x, parameter, *parameters)`` of shape (points,): the free energy, or whatever is to be equal.
    start : guess of its unknowns, (unknowns,) or (*batch, unknowns); empty for a phase without unknowns.
    names : names of its unknowns in the result; different from those of the other phase.
    lower, upper : open bounds of its unknowns.
    """

    residual: Residual
    value: Callable[..., FloatArray]
    start: ArrayLike
    names: Sequence[str]
    lower: ArrayLike | None = None
    upper: ArrayLike | None = None


def crossing(
    first: Phase,
    second: Phase,
    parameter: ArrayLike,
    *,
    parameters: Sequence[ArrayLike] | None = None,
    jacobian: Jacobian | None = None,
    parameter_lower: ArrayLike = -np.inf,
    parameter_upper: ArrayLike = np.inf,
    tolerance: float = 1e-12,
    accuracy: float | None = None,
    max_iterations: int = 100,
    parameter_name: str = "parameter",
    residual_error: float = 0.0,
    approximation: Approximation | None = None,
) -> Solution:
    """Where two phases have equal values: both sets of equations and the equality, for all unknowns and the parameter.

    Parameters
    ----------
    first, second : the phases; they must be different solutions at the crossing, since two equal ones cross everywhere
        (the result is then *not converged*, as where the values touch and do not cross).
    parameter : guess of the crossing, of the batch's shape.
    jacobian : of the whole system: "forward", "central" or "complex-step".
    residual_error : bound on the errors of both residuals and both values, apart from rounding.

    The others are those of :func:`fold`. The fields are the unknowns of both phases and the parameter.
    """
    phases = (first, second)
    sizes = [np.atleast_1d(phase.start).shape[-1] for phase in phases]
    names = [
        name for phase, size in zip(phases, sizes, strict=True) for name in field_names(phase.names, size)
    ]
    split = sizes[0]

    def system(y: FloatArray, *values: FloatArray) -> FloatArray:
        both = (y[:, :split], y[:, split:-1])
        parts = [phase.residual(x, y[:, -1], *values) for phase, x in zip(phases, both, strict=True)]
        here, there = (phase.value(x, y[:, -1], *values) for phase, x in zip(phases, both, strict=True))
        return np.concatenate([*parts, (here - there)[:, None]], axis=1)

    def joined(argument: str, edge: float, last: ArrayLike) -> FloatArray:
        given = [getattr(phase, argument) for phase in phases]
        inner = _join(edge if given[1] is None else given[1], last, sizes[1])
        left = np.asarray(edge if given[0] is None else given[0], dtype=np.float64)
        return _concatenate(np.broadcast_to(left, (split,)) if left.ndim == 0 else left, inner)

    found = newton(
        system,
        joined("start", 0.0, validation.array("parameter", parameter)),
        parameters=parameters,
        jacobian=jacobian,
        lower=joined("lower", -np.inf, parameter_lower),
        upper=joined("upper", np.inf, parameter_upper),
        tolerance=tolerance,
        accuracy=accuracy,
        max_iterations=max_iterations,
        names=(*names, parameter_name),
        residual_error=np.append(np.full(sum(sizes), residual_error), 2 * residual_error),
        approximation=approximation,
    )
    good = np.flatnonzero(found.good.reshape(-1))
    if not len(good):
        return found
    place = np.stack([found[name].reshape(-1)[good] for name in (*names, parameter_name)], axis=-1)
    given = [np.broadcast_to(p, found.shape).reshape(-1)[good] for p in map(np.asarray, parameters or ())]

    def difference(distance: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
        """Of the values of the two phases, each solved at this distance from the crossing."""
        at = place[rows, -1] + distance
        values = [p[rows] for p in given]
        result = np.zeros(len(rows))
        for phase, x, sign in zip(
            phases, np.split(place[rows, :-1], [split], axis=1), (1.0, -1.0), strict=True
        ):
            solved = x
            if x.shape[1]:
                branch = newton(phase.residual, x, parameters=[at, *values], tolerance=tolerance)
                solved = np.stack(list(branch.value.values()), axis=-1)
            result += sign * phase.value(solved, at, *values)
        return result

    every = np.arange(len(good))
    scale = np.maximum(1.0, np.abs(place).max(axis=1))
    still = [difference(4 * EPSILON * probe * scale, every) for probe in (-3.1, -0.6, 0.0, 0.8, 2.7)]
    noise = 4.0 * np.abs(still).max(axis=0) + 2 * residual_error
    crossed = changes_sign(difference, found.error.reshape(-1)[good], scale, noise)
    status = found.status.reshape(-1).copy()
    status[good[~crossed]] = Status.NOT_CONVERGED
    return replace(found, status=status.reshape(found.shape))


def bifurcation(
    residual: Residual,
    branch: Callable[..., FloatArray],
    lower: ArrayLike,
    upper: ArrayLike,
    *,
    parameters: Sequence[ArrayLike] | None = None,
    jacobian: Jacobian | None = None,
    tolerance: float = 1e-10,
    accuracy: float | None = None,
    max_iterations: int = 200,
    parameter_name: str = "parameter",
    residual_error: float = 0.0,
    approximation: Approximation | None = None,
) -> Solution:
    """Where a known branch loses its stability: the eigenvalue of J = dF/dx with the smallest real part is zero.

    Parameters
    ----------
    residual : as for :func:`fold`, with the sign that makes the eigenvalues of J positive where the branch is stable
        (x minus the map that is iterated, the gradient of a free energy).
    branch : ``branch(parameter, *parameters)`` of shape (points, unknowns): the solution on the branch.
    lower, upper : values of the parameter on the two sides of the transition; they broadcast with the parameters.
    jacobian : as for :func:`fold`.
    tolerance : largest absolute eigenvalue at a good point.
    residual_error : bound on the error of the eigenvalue that comes from that of the branch and of F.

    The others are those of :func:`~statphys_gen.numerics.bracketed`. The only field is the parameter. Status: *no
    solution* when the eigenvalue has one sign at both ends, or when a complex pair crosses the imaginary axis, where J
    is not singular.
    """

    def spectrum(value: FloatArray, *values: FloatArray) -> tuple[NDArray[np.complex128], FloatArray]:
        """Eigenvalues in the order of their real parts, and a bound on the error of each."""
        x = np.asarray(branch(value, *values), dtype=np.float64)
        if x.ndim != 2 or len(x) != len(value):
            raise InvalidArgument(
                "branch", x, "a function that returns the unknowns, shape (points, unknowns)"
            )
        free = np.full_like(x, np.inf)
        inner = Equations(
            residual, (value, *values), -free, free, "forward" if jacobian is None else jacobian
        )
        columns = [inner.directional(x, np.broadcast_to(unit, x.shape)) for unit in np.eye(x.shape[1])]
        matrix = np.stack([column for column, _ in columns], axis=2)
        matrix[~np.isfinite(matrix).all(axis=(1, 2))] = np.nan
        bias = np.stack([bound for _, bound in columns], axis=2).sum(axis=2).max(axis=1)
        return _sorted_eigenvalues(matrix, bias)

    found = bracketed(
        lambda value, *values: spectrum(value, *values)[0][:, 0].real,
        lower,
        upper,
        parameters=parameters,
        tolerance=tolerance,
        accuracy=accuracy,
        max_iterations=max_iterations,
        name=parameter_name,
        residual_error=lambda value, *values: spectrum(value, *values)[1] + residual_error,
        approximation=approximation,
    )
    flat = found[parameter_name].reshape(-1)
    rows = np.flatnonzero(found.good.reshape(-1))
    given = [
        np.broadcast_to(np.asarray(p, dtype=np.float64), found.shape).reshape(-1)[rows]
        for p in parameters or ()
    ]
    status = found.status.reshape(-1).copy()
    if len(rows):
        eigenvalues = spectrum(flat[rows], *given)[0]
        oscillating = np.abs(eigenvalues[:, 0].imag) > 1e-6 * np.abs(eigenvalues).max(axis=1)
        status[rows[oscillating]] = Status.NO_SOLUTION
    return replace(found, status=status.reshape(found.shape))


def _sorted_eigenvalues(matrix: FloatArray, bias: FloatArray) -> tuple[NDArray[np.complex128], FloatArray]:
    """Eigenvalues of each matrix by real part, NaN for one that is not finite; Bauer and Fike's bound of the error."""
    values = np.full(matrix.shape[:2], np.nan, dtype=np.complex128)
    error = np.full(len(matrix), np.inf)
    finite = np.isfinite(matrix).all(axis=(1, 2))
    if finite.any():
        found, vectors = np.linalg.eig(matrix[finite])
        values[finite] = np.take_along_axis(found, np.argsort(found.real, axis=1), axis=1)
        error[finite] = np.where(bias[finite] > 0, bias[finite] * np.linalg.cond(vectors), 0.0)
    return values, error


def _join(x: ArrayLike, parameter: ArrayLike, unknowns: int) -> FloatArray:
    """(..., unknowns) and (...) to (..., unknowns + 1), broadcasting; a scalar x stands for all unknowns."""
    first = np.asarray(x, dtype=np.float64)
    first = np.broadcast_to(first, (unknowns,)) if first.ndim == 0 else first
    return _concatenate(first, np.asarray(parameter, dtype=np.float64)[..., None])


def _concatenate(first: FloatArray, second: FloatArray) -> FloatArray:
    """Along the last axis, the others broadcasting."""
    try:
        shape = np.broadcast_shapes(first.shape[:-1], second.shape[:-1])
    except ValueError:
        raise InvalidArgument(
            "start", first, f"of a shape that broadcasts with the parameter's {second.shape[:-1]}"
        ) from None
    return np.concatenate(
        [
            np.broadcast_to(first, (*shape, first.shape[-1])),
            np.broadcast_to(second, (*shape, second.shape[-1])),
        ],
        axis=-1,
    )
