"""Batches of nonlinear equations F(x; parameters) = 0: evaluation on any subset of the batch, bounds, and Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument

Residual = Callable[..., FloatArray]
Jacobian = Callable[..., FloatArray] | Literal["forward", "central", "complex-step"]

EPSILON = float(np.finfo(np.float64).eps)
# Steps that balance truncation and rounding: h for (F(x+h) - F(x)) / h, and for (F(x+h) - F(x-h)) / 2h.
FORWARD_STEP = EPSILON**0.5
CENTRAL_STEP = EPSILON ** (1 / 3)
COMPLEX_STEP = 1e-30
# Central difference of eighth order, and what it adds to the one of sixth order with the same step.
_DIRECTIONAL_STEP = 1e-3
_EIGHTH_ORDER = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
_SIXTH_ORDER = (3 / 4, -3 / 20, 1 / 60, 0.0)


@dataclass(frozen=True)
class Equations:
    """``residual(x, *parameters)`` with x of shape (batch, unknowns), inside the open box (lower, upper).

    ``jacobian`` is a function with the same arguments that returns (batch, unknowns, unknowns), or one of "forward"
    (differences, refined to central ones where the error is judged), "central", and "complex-step" (exact to rounding;
    the residual must be analytic and accept complex x).
    """

    residual: Residual
    parameters: tuple[FloatArray, ...]
    lower: FloatArray
    upper: FloatArray
    jacobian: Jacobian = "forward"

    @property
    def unknowns(self) -> int:
        return int(self.lower.shape[1])

    def rows(self, index: NDArray[np.intp]) -> Equations:
        """The equations of some rows of the batch; an index may occur several times."""
        return Equations(
            self.residual,
            tuple(p[index] for p in self.parameters),
            self.lower[index],
            self.upper[index],
            self.jacobian,
        )

    def __call__(self, x: NDArray[Any]) -> FloatArray:
        """F at x; not finite where x is not, or where the caller's function is not."""
        if not len(x):
            return np.empty_like(x)
        # A trial point may overflow or leave the caller's domain: that is seen in the value, a warning adds nothing.
        with np.errstate(all="ignore"):
            value = np.asarray(self.residual(x, *self.parameters))
        if value.shape != x.shape:
            raise InvalidArgument(
                "residual", value, f"a function that returns the shape {x.shape} of its argument"
            )
        return value

    def inside(self, x: FloatArray) -> NDArray[np.bool_]:
        """True for rows strictly inside the box."""
        return np.asarray(((x > self.lower) & (x < self.upper)).all(axis=1))

    def nearest(self, x: FloatArray) -> FloatArray:
        """Distance of every unknown from its nearer bound."""
        return np.asarray(np.minimum(x - self.lower, self.upper - x))

    def scale(self, x: FloatArray) -> FloatArray:
        """The unit in which steps and errors of every unknown are measured: 1 or its size, if larger.

        Close to a bound it is the distance from there, since many equations are singular at a bound; but never less
        than the unknown itself, which may be close to 1 and resolved to an ulp only.
        """
        size = np.abs(x)
        return np.asarray(np.clip(self.nearest(x), size, np.maximum(1.0, size)))

    def derivative(self, x: FloatArray, value: FloatArray, *, accurate: bool = False) -> FloatArray:
        """The Jacobian dF_i/dx_j at x, where F is ``value``; ``accurate`` asks for central instead of forward steps."""
        if callable(self.jacobian):
            with np.errstate(all="ignore"):
                matrix = np.asarray(self.jacobian(x, *self.parameters), dtype=np.float64)
            if matrix.shape != (*x.shape, x.shape[1]):
                raise InvalidArgument(
                    "jacobian", matrix, f"a function that returns shape {(*x.shape, x.shape[1])}"
                )
            return matrix
        matrix = np.empty((*x.shape, x.shape[1]))
        for j in range(x.shape[1]):
            if self.jacobian == "complex-step":
                shifted = x.astype(np.complex128)
                shifted[:, j] += 1j * COMPLEX_STEP
                matrix[:, :, j] = self(shifted).imag / COMPLEX_STEP
            elif accurate or self.jacobian == "central":
                matrix[:, :, j] = self._central(x, j)
            else:
                matrix[:, :, j] = self._forward(x, value, j)
        return matrix

    def directional(self, x: FloatArray, vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        """J v and a bound on its error apart from rounding: none for a given Jacobian or the complex step.

        Otherwise a central difference of eighth order, whose error is at most its distance from that of sixth order.
        """
        if callable(self.jacobian):
            return apply(self.derivative(x, x), vector), np.zeros_like(x)
        if self.jacobian == "complex-step":
            return self(x + 1j * COMPLEX_STEP * vector).imag / COMPLEX_STEP, np.zeros_like(x)
        with np.errstate(all="ignore"):
            reach = np.minimum(_DIRECTIONAL_STEP * self.scale(x), self.nearest(x) / (2 * len(_EIGHTH_ORDER)))
            step = np.min(reach / np.abs(vector), axis=1, initial=1.0)[:, None]
        eighth, sixth = np.zeros_like(x), np.zeros_like(x)
        for k, (high, low) in enumerate(zip(_EIGHTH_ORDER, _SIXTH_ORDER, strict=True), start=1):
            difference = self(x + k * step * vector) - self(x - k * step * vector)
            eighth += high * difference
            sixth += low * difference
        with np.errstate(all="ignore"):
            return eighth / step, np.abs(eighth - sixth) / step

    def _forward(self, x: FloatArray, value: FloatArray, j: int) -> FloatArray:
        shifted = x.copy()
        shifted[:, j] += self._step(x, j, FORWARD_STEP)
        return _quotient(self(shifted) - value, shifted[:, j] - x[:, j])

    def _central(self, x: FloatArray, j: int) -> FloatArray:
        step = self._step(x, j, CENTRAL_STEP)
        above, below = x.copy(), x.copy()
        above[:, j] += step
        below[:, j] -= step
        return _quotient(self(above) - self(below), above[:, j] - below[:, j])

    def _step(self, x: FloatArray, j: int, relative: float) -> FloatArray:
        return np.asarray(np.minimum(relative * self.scale(x)[:, j], self.nearest(x)[:, j] / 2))


def _quotient(difference: FloatArray, step: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.asarray(difference / step[:, None])


def prepare(
    residual: Residual,
    start: ArrayLike,
    parameters: Sequence[ArrayLike] | None,
    jacobian: Jacobian | None,
    lower: ArrayLike | None,
    upper: ArrayLike | None,
) -> tuple[Equations, FloatArray, tuple[int, ...]]:
    """Flatten a batch of any shape: the equations, the starts of shape (batch, unknowns), and the batch's shape."""
    first = np.atleast_1d(validation.array("start", start))
    given = tuple(
        validation.array(f"parameters[{k}]", p, empty=True)
        for k, p in enumerate(() if parameters is None else parameters)
    )
    try:
        shape = np.broadcast_shapes(first.shape[:-1], *(p.shape for p in given))
    except ValueError:
        raise InvalidArgument(
            "parameters", [p.shape for p in given], f"arrays that broadcast with the batch {first.shape[:-1]}"
        ) from None
    unknowns = first.shape[-1]
    x = np.array(np.broadcast_to(first, (*shape, unknowns))).reshape(-1, unknowns)
    flat = tuple(np.array(np.broadcast_to(p, shape)).reshape(-1) for p in given)
    low = _bound("lower", lower, -np.inf, (*shape, unknowns))
    high = _bound("upper", upper, np.inf, (*shape, unknowns))
    if not callable(jacobian) and jacobian is not None:
        validation.choice("jacobian", jacobian, ("forward", "central", "complex-step"))
    equations = Equations(residual, flat, low, high, "forward" if jacobian is None else jacobian)
    outside = np.argwhere(~((x > low) & (x < high)))
    if len(outside):
        row, column = (int(i) for i in outside[0])
        raise InvalidArgument(
            f"start[..., {column}]",
            float(x[row, column]),
            f"inside its open bounds ({low[row, column]:g}, {high[row, column]:g})",
        )
    return equations, x, shape


def _bound(argument: str, bound: ArrayLike | None, default: float, shape: tuple[int, ...]) -> FloatArray:
    values = np.asarray(default if bound is None else bound, dtype=np.float64)
    if np.isnan(values).any():
        raise InvalidArgument(argument, bound, "numbers, infinite for no bound")
    try:
        return np.array(np.broadcast_to(values, shape)).reshape(-1, shape[-1])
    except ValueError:
        raise InvalidArgument(
            argument, bound, f"one number, or one for each of {shape[-1]} unknowns"
        ) from None


def inverse(matrices: FloatArray) -> FloatArray:
    """Inverses of a stack of matrices; a singular one gets singular values just large enough to stay finite.

    A matrix that is not finite has NaN for its inverse.
    """
    result = np.full_like(matrices, np.nan)
    finite = np.isfinite(matrices).all(axis=(1, 2))
    if matrices.shape[1] == 0 or not finite.any():
        return result
    try:
        result[finite] = np.linalg.inv(matrices[finite])
        finite &= ~np.isfinite(result).all(axis=(1, 2))
    except np.linalg.LinAlgError:
        pass
    if finite.any():
        left, values, right = np.linalg.svd(matrices[finite])
        values = np.maximum(values, np.maximum(EPSILON * values[:, :1], 1e-150))
        result[finite] = np.swapaxes(right, 1, 2) @ (np.swapaxes(left, 1, 2) / values[:, :, None])
    return result


def apply(matrices: NDArray[np.floating[Any]], vectors: FloatArray) -> FloatArray:
    """Matrix times vector, row by row of the batch; overflow shows in the value."""
    with np.errstate(all="ignore"):
        return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])
