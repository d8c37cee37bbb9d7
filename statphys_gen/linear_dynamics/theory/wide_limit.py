r"""The whole matrix A(t) in the limit of infinite width, for any shape and start.

With W = [W1, W2^T], K = W^T W = [[C1, A^T], [A, C2]] and J = diag(I, -I), the weights conserve W J W^T. At infinite
width K J K = c^2 J, which is a fixed relation for every cost (``derivations/linear_dynamics/gram.py``), hence

    dA/dt = -sqrt(A A^T + c^2) G - G sqrt(A^T A + c^2),    G = grad C(A).

For the squared distance from T the whole of K obeys a matrix Riccati equation, K' = K M + M K - K^2 + c^2 with
M = [[0, T^T], [T, 0]]. With L = sqrt(M^2 + c^2), K = M - L is its unstable fixed point, and the distance from it has an
inverse that obeys a linear equation, so that from any start

    K(t) = M - L + S(t)^-1,   S(t) = exp(-L t) S(0) exp(-L t) + (1 - exp(-2 L t))/(2 L),   S(0) = (K(0) + L - M)^-1

(``derivations/linear_dynamics/riccati.py``): both terms of S are positive, at all times. A direction that starts
against the target leaves its plateau at the rate of eigenvalues of K(0) of the order of c^2, which are lost in K(0)
itself: everything is therefore kept as factors, whose rows may differ by any number of orders.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.flow import checked_times, checked_tolerance, integrate_with_error
from ..model import in_range
from .crossover import ErrorCurves
from .modes import mode

_SOURCE = "arXiv 2405.17580, equation 1; derivations/linear_dynamics/riccati.py"
_WIDE = "for w -> infinity; and at any w >= n + p for orthogonal initial weights, W^T W = c I"
_SMALLEST_THRESHOLD = 1e-100  # of the largest entry of the target and the start

Gradient = Callable[[FloatArray], FloatArray]


@states("exact", _WIDE, source=_SOURCE, verification="derived and simulated")
def wide_flow(
    initial: ArrayLike, target: ArrayLike, threshold: float, training_time: ArrayLike
) -> FloatArray:
    """A(t) (m, p, n) for the squared distance from the target, from any A(0).

    Parameters
    ----------
    initial : A(0) (p, n).
    target : T (p, n).
    threshold : c, above 0; in the units of the target, and at least 1e-100 of the largest entry of T and A(0).
    training_time : t of the gradient flow (m,), at least 0, in inverse units of the target.

    Rounding is relative to the largest of T and A(0).
    """
    start, goal = _matrices(initial, target)
    c = validation.positive("threshold", threshold)
    times = checked_times("training_time", training_time)
    unit = max(float(np.abs(goal).max()), float(np.abs(start).max()), c)
    if c < _SMALLEST_THRESHOLD * unit:
        raise InvalidArgument(
            "threshold", c, f"at least {_SMALLEST_THRESHOLD * unit:g} for this target and start"
        )
    goal, start, c = goal / unit, start / unit, c / unit
    p, n = goal.shape
    # Eigenvectors of M, those of T itself with (v, u) and (v, -u): eigenvalues s, -s and 0.
    u, s, vt = np.linalg.svd(goal, full_matrices=True)
    few = len(s)
    basis = np.zeros((n + p, n + p))
    for k, sign in ((0, 1.0), (few, -1.0)):
        basis[:n, k : k + few], basis[n:, k : k + few] = vt[:few].T, sign * u[:, :few]
    basis *= math.sqrt(0.5)
    basis[:n, 2 * few : n + few], basis[n:, n + few :] = vt[few:].T, u[:, few:]
    rates = np.concatenate([np.hypot(s, c), np.hypot(s, c), np.full(n + p - 2 * few, c)])
    below = np.concatenate([c * (c / (np.hypot(s, c) + s)), np.hypot(s, c) + s, rates[2 * few :]])  # L - M
    inverse = _inverse_factor(np.concatenate([_factor(start, c) @ basis, np.diag(np.sqrt(below))]))
    results = np.empty((len(times), p, n))
    for k, time in enumerate(times):
        with np.errstate(over="ignore", under="ignore"):
            angle = rates * (time * unit)
            settled = np.sqrt(-np.expm1(-2.0 * angle) / (2.0 * rates))
            whole = np.concatenate([(np.exp(-angle)[:, None] * inverse).T, np.diag(settled)])
        left = basis @ _inverse_factor(whole)
        # M - L has the blocks T and -L of even functions.
        results[k] = unit * (goal + left[n:] @ left[:n].T)
    return results


def _factor(initial: FloatArray, threshold: float) -> FloatArray:
    """W with W^T W = K, K J K = c^2 J and the given block A: a row for each singular direction, of any size."""
    u, a, vt = np.linalg.svd(initial, full_matrices=True)
    p, n = initial.shape
    few, length = len(a), np.hypot(a, threshold)
    rows = np.zeros((n + p, n + p))
    for k, sign, value in (
        (0, 1.0, length + a),
        (few, -1.0, threshold * (threshold / (length + a))),
    ):
        root = np.sqrt(value / 2.0)[:, None]
        rows[k : k + few, :n], rows[k : k + few, n:] = root * vt[:few], sign * root * u[:, :few].T
    rows[2 * few : n + few, :n] = math.sqrt(threshold) * vt[few:]
    rows[n + few :, n:] = math.sqrt(threshold) * u[:, few:].T
    return rows


def _inverse_factor(rows: FloatArray) -> FloatArray:
    """G with G G^T = (F^T F)^-1 for F of more rows than columns; the rows may differ by any number of orders."""
    from scipy.linalg import qr, solve_triangular

    # Householder's reflections keep small rows exact when large rows come first and columns are exchanged.
    order = np.argsort(-np.abs(rows).max(axis=1), kind="stable")
    triangle, exchanged = qr(rows[order], mode="r", pivoting=True)
    size = rows.shape[1]
    found = np.empty((size, size))
    found[exchanged] = solve_triangular(triangle[:size], np.eye(size))
    return found


@states("exact", _WIDE, source=_SOURCE, verification="derived")
def wide_errors(
    target: ArrayLike, signal: ArrayLike, threshold: float, training_time: ArrayLike
) -> ErrorCurves:
    """Train and test error of one given target from A(0) = 0, at all times from one singular value decomposition.

    Parameters
    ----------
    target : T (p, n), what the network is trained on.
    signal : A* (p, n), what it is tested against.
    threshold, training_time : c and t (m,) of the gradient flow, in the units of the target (not scaled).

    Returns
    -------
    ErrorCurves with |A - T|^2 and |A - A*|^2 over n p.
    """
    truth, goal = _matrices(signal, target, "signal")
    c = validation.positive("threshold", threshold)
    times = checked_times("training_time", training_time)
    u, s, vt = np.linalg.svd(goal, full_matrices=False)
    known = np.einsum("ij,ik,kj->j", u, truth, vt.T, optimize=True)
    # a^2 - 2 m a + |A*|^2 as a sum of squares: no cancellation where the signal is learned.
    learned, gap = mode(s, c, times[:, None])
    unseen = max(0.0, float((truth**2).sum() - (known**2).sum()))
    test = ((learned - known) ** 2).sum(axis=1) + unseen
    return ErrorCurves(
        times, (gap**2).sum(axis=1) / goal.size, test / goal.size, approximation_of(wide_errors)
    )


@states("exact", _WIDE, source="arXiv 2405.17580, equation 1", verification="derived and simulated")
def generic_wide_flow(
    gradient: Gradient,
    initial: ArrayLike,
    threshold: float,
    training_time: ArrayLike,
    *,
    tolerance: float = 1e-9,
) -> FloatArray:
    """A(t) (m, p, n) for any differentiable cost.

    Parameters
    ----------
    gradient : maps A (p, n) to the gradient of the cost there, (p, n).
    initial : A(0) (p, n).
    threshold, training_time : c and t (m,), in units in which the gradient has the unit of A.
    tolerance : of a step, relative to the largest of c and A(0); at most 1e-5.

    Raises
    ------
    AccuracyNotReached : solutions at two tolerances differ by more than a thousand times the tolerance.
    NotConverged : the flow runs away.
    """
    start = checked_matrix("initial", initial)
    c = validation.positive("threshold", threshold)
    times = checked_times("training_time", training_time)
    checked_tolerance(tolerance, 1e-5)
    shape = start.shape
    force = np.shape(gradient(start))
    if force != shape:
        raise InvalidArgument("gradient", force, f"a function that returns shape {shape}")

    def right_side(flat: FloatArray) -> FloatArray:
        product = flat.reshape(shape) * c
        force = np.asarray(gradient(product), dtype=np.float64)
        # From the singular vectors of A: those of A A^T + c^2 lose half the digits.
        u, a, vt = np.linalg.svd(product, full_matrices=False)
        extra = np.hypot(a, c) - c
        moved = 2.0 * c * force + (u * extra) @ (u.T @ force) + ((force @ vt.T) * extra) @ vt
        return np.asarray(-moved.ravel() / c)

    # In units of c and with one more unknown at 1, so that the tolerance is relative to c also from A(0) = 0.
    def padded(state: FloatArray) -> FloatArray:
        return np.concatenate([right_side(state[:-1]), [0.0]])

    state, error = integrate_with_error(
        padded, np.concatenate([start.ravel() / c, [1.0]]), times, tolerance=tolerance
    )
    allowed = 1e3 * tolerance * max(1.0, float(np.abs(state).max()))
    if error > allowed:
        raise AccuracyNotReached(
            f"wide flow: solutions at two tolerances differ by {error * c:.2g}, allowed are {allowed * c:.2g}"
        )
    return c * state[:, :-1].reshape(len(times), *shape)


def _matrices(first: ArrayLike, target: ArrayLike, name: str = "initial") -> tuple[FloatArray, FloatArray]:
    one, goal = checked_matrix(name, first), checked_matrix("target", target)
    if one.shape != goal.shape:
        raise InvalidArgument(name, one, f"of the shape of the target, {goal.shape}")
    return one, goal


def checked_matrix(argument: str, value: ArrayLike) -> FloatArray:
    """A matrix whose squared distances are in the range of a float."""
    matrix = validation.array(argument, value, ndim=2)
    largest = float(np.abs(matrix).max())
    if largest > 0.0:
        in_range(argument, largest)
    return matrix
