"""Reduced simulation of the Hessian's edge, of its signal outlier and of the transition, from pairs (y, t).

The pairs were drawn, or a descent has reached them. The Hessian of N-dimensional data is replaced by the law of large
numbers for matrices with these curvatures: with
g_i = l''(y_i, t_i) at n pairs, alpha = samples_per_dimension, r_i(S) = g_i S / (1 + g_i S), and the label's component
orthogonal to the student, u = (t - m y)/sqrt(1 - m^2) at overlap m, E u^2 = 1,

    z(S) = (alpha mean r - 1)/S,    edge = max z over 0 < S < 1/|inf l''|,    criterion = alpha mean (1 - u^2) r there,

minus the multiplier alpha mean l' y for the edge. A signal outlier lies left of the edge where the criterion exceeds 1.
The maximum is searched for as such. Matrices of finite dimension fluctuate around it by their own law; the microscopic
counterpart is :mod:`.hessians`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...arrays import FloatArray
from ...statistics.streams import generator
from ..model import Loss, PhaseRetrieval

# Beyond them lies less than one of 1e15 points.
_FARTHEST = 8.0
# Times by which the number of samples is doubled, from a quarter on, in search of the transition.
_DOUBLINGS = 11


def draw_pairs(count: int, overlap: float, *, seed: int, group: int = 0) -> tuple[FloatArray, FloatArray]:
    """Pre-activations (y, t) of a student and a signal at this overlap, each (count,).

    Gaussian pairs at the points of a scrambled Sobol net, ``count`` of them a power of 2: every pair has the law of the
    start, and averages over a net fluctuate less than over independent pairs. Groups are independent.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    rng = generator(seed, {"purpose": "pairs at the start", "count": count, "overlap": float(overlap)}, group)
    uniform = qmc.Sobol(2, seed=rng).random(count)
    y, u = np.clip(ndtri(uniform.T), -_FARTHEST, _FARTHEST)
    return y, overlap * y + math.sqrt(1.0 - overlap * overlap) * u


def reduced_edge(model: PhaseRetrieval, y: FloatArray, t: FloatArray) -> tuple[float, float]:
    """Left edge of the bulk, and the outlier criterion, of the pairs (y_i, t_i).

    Parameters
    ----------
    model : its loss, its samples_per_dimension and the overlap m of the pairs; the loss has curvatures bounded below.
    y, t : pre-activations of student and signal, of one length.
    """
    curvature, alpha = model.loss.curvature(y, t), model.samples_per_dimension
    top = 1.0 / abs(model.loss.curvature_bound)
    edge, s = _largest(curvature, top, alpha)
    signal = _beside_student(y, t, model.overlap)
    edge -= alpha * float((model.loss.slope(y, t) * y).mean())
    return edge, _criterion(curvature, signal, alpha, s)


def reduced_transition(curvature: FloatArray, infimum: float, signal: FloatArray) -> float:
    """The lowest samples_per_dimension at which the criterion of the curvatures g_i is 1.

    Parameters
    ----------
    curvature, signal : g_i and u_i, of one length.
    infimum : of the law that the curvatures were drawn from, below 0.
    """
    from scipy.optimize import brentq

    def excess(alpha: float) -> float:
        return _criterion(curvature, signal, alpha, _largest(curvature, 1.0 / abs(infimum), alpha)[1]) - 1.0

    low, high = 0.25, 0.5
    for _ in range(_DOUBLINGS):
        if excess(high) > 0.0:
            break
        low, high = high, 2.0 * high
    return float(brentq(excess, low, high, xtol=1e-8))


def reduced_initial_transition(loss: Loss, y: FloatArray, t: FloatArray, overlap: float = 0.0) -> float:
    """:func:`reduced_transition` of the pairs (y_i, t_i) with this overlap at the start of a descent."""
    return reduced_transition(loss.curvature(y, t), loss.curvature_bound, _beside_student(y, t, overlap))


def reduced_switch(
    family: Callable[[float], Loss],
    y: FloatArray,
    t: FloatArray,
    overlap: float,
    between: tuple[float, float],
) -> tuple[float, float]:
    """The offset at which the maximum of z at the transition reaches the end of its range, and the transition there.

    Parameters
    ----------
    family : offset -> loss.
    between : offsets, at the first of which the maximum lies inside.
    """
    from scipy.optimize import brentq

    def transition(offset: float) -> float:
        return reduced_initial_transition(family(offset), y, t, overlap)

    def slope_at_the_end(offset: float) -> float:
        loss = family(offset)
        response = _responses(loss.curvature(y, t), 1.0 / abs(loss.curvature_bound))
        # S^2 z'(S) = 1 - alpha mean r^2: not negative at the end where the maximum is there.
        return 1.0 - transition(offset) * float((response * response).mean())

    offset = float(brentq(slope_at_the_end, *between, xtol=1e-6))
    return offset, transition(offset)


def reduced_best_offset(
    family: Callable[[float], Loss],
    y: FloatArray,
    t: FloatArray,
    overlap: float,
    between: tuple[float, float],
) -> tuple[float, float]:
    """The offset in an interval at which the transition is lowest, and the transition there."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda offset: reduced_initial_transition(family(offset), y, t, overlap),
        bounds=between,
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(found.x), float(found.fun)


def _beside_student(y: FloatArray, t: FloatArray, overlap: float) -> FloatArray:
    return np.asarray((t - overlap * y) / math.sqrt(1.0 - overlap * overlap))


def _responses(curvature: FloatArray, s: float) -> FloatArray:
    return np.asarray(curvature * s / (1.0 + curvature * s))


def _criterion(curvature: FloatArray, signal: FloatArray, alpha: float, s: float) -> float:
    return alpha * float(((1.0 - signal * signal) * _responses(curvature, s)).mean())


def _largest(curvature: FloatArray, end: float, alpha: float) -> tuple[float, float]:
    """The maximum of z over 0 < S < end, and its place."""
    from scipy.optimize import minimize_scalar

    def below_edge(log_s: float) -> float:
        s = float(np.exp(log_s))
        return -(alpha * float(_responses(curvature, s).mean()) - 1.0) / s

    # The maximum is single: alpha mean r^2 increases up to the first pole, and is 1 there.
    top = np.log(end)
    found = minimize_scalar(below_edge, bounds=(top - 40.0, top), method="bounded", options={"xatol": 1e-9})
    # The search stays inside: a hard edge lies at the end itself, just below the pole.
    best = min(float(found.x), top - 1e-13, key=below_edge)
    return -below_edge(best), float(np.exp(best))
