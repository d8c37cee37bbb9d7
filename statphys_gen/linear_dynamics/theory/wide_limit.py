r"""The whole matrix A(t) in the limit of infinite width, for any shape and start.

With W = [W1, W2^T], K = W^T W = [[C1, A^T], [A, C2]] and J = diag(I, -I), the weights conserve W J W^T. At infinite
width K J K = c^2 J, which is a fixed relation for every cost (``derivations/linear_dynamics/gram.py``), hence

    dA/dt = -sqrt(A A^T + c^2) G - G sqrt(A^T A + c^2),    G = grad C(A).

For the squared distance from T the whole of K obeys a matrix Riccati equation, K' = K M + M K - K^2 + c^2 with
M = [[0, T^T], [T, 0]], so that from any start

    K(t) = Y X^-1,  X = cosh(L t) + (sinh(L t)/L) (K0 - M),  Y = cosh(L t) K0 + (sinh(L t)/L) (c^2 + M K0),
    L^2 = M^2 + c^2

(``derivations/linear_dynamics/riccati.py``). cosh overflows and is ill conditioned for large arguments, therefore steps
with max(L) dt <= 4 are composed.
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
from .crossover import ErrorCurves
from .modes import mode

_SOURCE = "arXiv 2405.17580, equation 1; derivations/linear_dynamics/riccati.py"
_WIDE = "for w -> infinity; and at any w >= n + p for orthogonal initial weights, W^T W = c I"
_LONGEST = 4.0  # max(L) dt of one step

Gradient = Callable[[FloatArray], FloatArray]


def self_consistent_start(initial: FloatArray, threshold: float) -> FloatArray:
    """K with K J K = c^2 J whose block A is the given one."""
    u, a, vt = np.linalg.svd(initial, full_matrices=True)
    p, n = initial.shape
    length = [np.hypot(np.concatenate([a, np.zeros(k - len(a))]), threshold) for k in (n, p)]
    return np.block([[(vt.T * length[0]) @ vt, initial.T], [initial, (u * length[1]) @ u.T]])


@states("exact", _WIDE, source=_SOURCE, verification="derived and simulated")
def wide_flow(
    initial: ArrayLike, target: ArrayLike, threshold: float, training_time: ArrayLike
) -> FloatArray:
    """A(t) (m, p, n) for the squared distance from the target, from any A(0).

    Parameters
    ----------
    initial : A(0) (p, n).
    target : T (p, n).
    threshold : c, above 0; in the units of the target.
    training_time : t of the gradient flow (m,), at least 0, in inverse units of the target.
    """
    start, goal = _matrices(initial, target)
    c = validation.positive("threshold", threshold)
    times = checked_times("training_time", training_time)
    p, n = goal.shape
    u, s, vt = np.linalg.svd(goal, full_matrices=True)
    basis = np.block([[vt.T, np.zeros((n, p))], [np.zeros((p, n)), u]])
    lengths = np.concatenate([np.hypot(np.concatenate([s, np.zeros(k - len(s))]), c) for k in (n, p)])
    matrix = np.block([[np.zeros((n, n)), goal.T], [goal, np.zeros((p, p))]])
    gram = self_consistent_start(start, c)
    wanted, place = np.unique(times, return_inverse=True)
    results = np.empty((len(wanted), p, n))
    now = 0.0
    for k, time in enumerate(wanted):
        steps = math.ceil((time - now) * float(lengths.max()) / _LONGEST)
        if steps:
            angle = lengths * (time - now) / steps
            even = (basis * np.cosh(angle)) @ basis.T
            odd = (basis * (np.sinh(angle) / lengths)) @ basis.T
        for _ in range(steps):
            x = even + odd @ (gram - matrix)
            y = even @ gram + odd @ (c**2 * np.eye(n + p) + matrix @ gram)
            gram = np.linalg.solve(x.T, y.T).T
            gram = (gram + gram.T) / 2.0
        now = float(time)
        results[k] = gram[n:, :n]
    return results[place]


@states("exact", _WIDE, source=_SOURCE, verification="derived and simulated")
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
    start = validation.array("initial", initial, ndim=2)
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
    one, goal = validation.array(name, first, ndim=2), validation.array("target", target, ndim=2)
    if one.shape != goal.shape:
        raise InvalidArgument(name, one, f"of the shape of the target, {goal.shape}")
    return one, goal
