r"""The potentials whose change of shape is speciation, along the line through two classes.

For two classes with a common covariance of which m_1 - m_2 is an eigenvector (isotropic: always), the
projection u of x_t on that line, counted from the midpoint, obeys a closed one-dimensional backward process.
With a = exp(-t) |m_1 - m_2| / 2, Gamma = 1 + exp(-2t)(variance - 1) and h = log(w_1/w_2)/2,

    drift potential:    V(u) = -(1 - 2/Gamma) u^2 / 2 - 2 log cosh(a u / Gamma + h)     (backward drift
    -V'(u)) density potential:  U(u) = u^2 / (2 Gamma) - log cosh(a u / Gamma + h)              (-log P_t(u)
    up to a constant)

Critical points of both solve  tanh(y) = kappa (y - h),  y = a u / Gamma + h, with kappa = Gamma (2 - Gamma)
/ (2 a^2) for V and kappa = Gamma / a^2 for U: a mean-field magnet in a field. Two minima exist exactly for 0
< kappa < kappa*(h), where kappa* = 1 for balanced classes and in general

    kappa* = 1 / cosh(z/2)^2,   sinh(z) - z = |log(w_1/w_2)|.

Hence closed forms for the last time (going backward from noise: the first) at which there are two minima, see
:mod:`statphys_gen.diffusion.theory.speciation_time`. Two point masses at +-1: exp(-2t) = sqrt(2) - 1 for V.

Source: Raya and Ambrogioni, arXiv 2305.19693 (potential of the backward drift); Biroli et al., arXiv
2402.18491 (Landau expansion at large d); derivations/diffusion/potential.py.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...solution import Solution, Status
from .class_signal import ClassLine, class_line

Kind = Literal["drift", "density"]
_KINDS = ("drift", "density")
_SOURCE = "arXiv 2305.19693, 2402.18491; derivations/diffusion/potential.py"


def _sinh_minus_argument(z: float) -> float:
    if z > 1.0:
        return math.sinh(z) - z
    squared = z * z
    series = 1.0
    for n in (8, 7, 6, 5, 4, 3, 2):  # z^3/3! (1 + z^2/(4 5) (1 + z^2/(6 7) (1 + ...)))
        series = 1.0 + squared / ((2 * n) * (2 * n + 1)) * series
    return z * squared / 6.0 * series


@states("exact", source=_SOURCE, verification="derived and simulated")
def bistability_threshold(weight: float = 0.5) -> float:
    """kappa* of two classes with weights ``weight`` and 1 - ``weight``: both potentials have two minima for
    kappa below it.

    1 for balanced classes, and falling to 0 as one class disappears.
    """
    w = validation.inside("weight", weight, 0.0, 1.0)
    log_odds = abs(math.log(w) - math.log1p(-w))
    if log_odds == 0.0:
        return 1.0
    upper = min((6.0 * log_odds) ** (1.0 / 3.0), math.asinh(log_odds) + 4.0 + math.log1p(log_odds)) * (
        1 + 1e-9
    )
    z = brentq(lambda z: _sinh_minus_argument(z) - log_odds, 0.0, upper, xtol=1e-300, rtol=1e-15)
    return 1.0 / math.cosh(0.5 * z) ** 2


def _reduced(line: ClassLine, time: ArrayLike, kind: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """a, Gamma and kappa at each time."""
    validation.choice("kind", kind, _KINDS)
    a, gamma = line.noised(time)
    with np.errstate(over="ignore", divide="ignore"):
        kappa = gamma * (2.0 - gamma) / (2.0 * a**2) if kind == "drift" else gamma / a**2
    return a, gamma, kappa


@states("exact", "along the line through two classes", source=_SOURCE, verification="derived and simulated")
def potential(
    mixture: GaussianMixture, projection: ArrayLike, time: float, kind: Kind = "drift"
) -> FloatArray:
    """V (``kind`` "drift") or U ("density") along the line through two classes, 0 at the midpoint.

    Parameters
    ----------
    mixture : two classes with a common covariance of which m_1 - m_2 is an eigenvector.
    projection : u, signed distance of x_t from the midpoint exp(-t) (m_1 + m_2) / 2 along m_1 - m_2. Any
        shape.
    time : diffusion time, above 0 for point masses.
    """
    line = class_line(mixture)
    u = validation.array("projection", projection)
    validation.choice("kind", kind, _KINDS)
    a, gamma = (float(entry) for entry in line.noised(_line_time(line, time)))
    v = a * u / gamma + line.half_log_odds
    log_cosh = np.logaddexp(v, -v) - np.logaddexp(line.half_log_odds, -line.half_log_odds)
    if kind == "drift":
        return -0.5 * (1.0 - 2.0 / gamma) * u**2 - 2.0 * log_cosh
    return u**2 / (2.0 * gamma) - log_cosh


def _line_time(line: ClassLine, time: float) -> float:
    return validation.non_negative("time", time) if line.variance > 0.0 else validation.positive("time", time)


@states(
    "exact",
    "as the Taylor expansion at the midpoint of two balanced classes",
    source=_SOURCE,
    verification="derived and simulated",
)
def landau_coefficients(mixture: GaussianMixture, time: ArrayLike) -> FloatArray:
    """Taylor coefficients (c2, c4, c6) of the drift potential, V = c2 u^2/2 + c4 u^4/4 + c6 u^6/6 + ...;
    shape (T, 3).

    c2 = 2/Gamma - 1 - 2 a^2/Gamma^2 changes sign at the speciation time ``drift``; c4 = 2 a^4 / (3 Gamma^4)
    is positive: the transition is continuous. Balanced classes only, on the line of :func:`potential`.
    """
    line = class_line(mixture)
    validation.inside("weights[0]", mixture.weights[0], 0.5 - 1e-12, 0.5 + 1e-12)
    a, gamma = line.noised(validation.array("time", time, at_least=0.0, above=_strictly_above(line)))
    ratio = (a / gamma) ** 2
    return np.stack([2.0 / gamma - 1.0 - 2.0 * ratio, 2.0 / 3.0 * ratio**2, -4.0 / 15.0 * ratio**3], axis=-1)


def _strictly_above(line: ClassLine) -> float | None:
    """Point masses have no density at t = 0."""
    return None if line.variance > 0.0 else 0.0


@states("exact", "along the line through two classes", source=_SOURCE, verification="derived and simulated")
def critical_points(mixture: GaussianMixture, time: ArrayLike, kind: Kind = "drift") -> Solution:
    """Minima and barrier of the drift or the density potential along the line through two classes.

    Returns
    -------
    Solution of batch shape (T, 3), ``time`` counted as one-dimensional, with the fields ``projection`` (u,
    ascending) and ``curvature`` (second derivative of the potential). Columns: the minimum of class 2, the
    barrier, the minimum of class 1. Where there is only one critical point it stands in the middle column,
    and the outer two have no solution.
    """
    line = class_line(mixture)
    times = np.atleast_1d(validation.array("time", time, at_least=0.0, above=_strictly_above(line)))
    a, gamma, kappa = _reduced(line, times, kind)
    h = line.half_log_odds
    shape = (times.size, 3)
    y, status = np.zeros(shape), np.full(shape, Status.NO_SOLUTION, dtype=np.int8)
    for row, value in enumerate(kappa.ravel().tolist()):
        for column, root in _roots(value, h):
            y[row, column] = root
            status[row, column] = Status.CONVERGED
    a, gamma, kappa = (entry.reshape(-1, 1) for entry in (a, gamma, kappa))
    slope = 1.0 / np.cosh(np.minimum(np.abs(y), 300.0)) ** 2 - kappa
    residual = np.abs(np.tanh(y) - kappa * (y - h))
    rounding = 4e-16 * (1.0 + np.abs(kappa) * (np.abs(y) + abs(h)))
    # A nearly flat crossing (two critical points about to merge) leaves half of the digits.
    step = (residual + rounding) / np.maximum(np.abs(slope), np.sqrt(residual + rounding))
    status[(status == Status.CONVERGED) & (np.abs(slope) < 1e-6)] = Status.NEAR_CRITICAL
    scale = gamma / a
    curvature = -slope * (2.0 if kind == "drift" else 1.0) / scale**2
    return Solution(
        {"projection": (y - h) * scale, "curvature": curvature},
        status,
        residual,
        scale * step,
        np.ones(shape, dtype=np.int64),
        approximation_of(critical_points),
    )


def _roots(kappa: float, h: float) -> list[tuple[int, float]]:
    """(column, y) of every root of tanh(y) = kappa (y - h)."""
    if h < 0.0:
        return [(2 - column, -y) for column, y in _roots(kappa, -h)]

    def force(y: float) -> float:
        return math.tanh(y) - kappa * (y - h)

    def solve(lower: float, upper: float) -> float:
        return brentq(force, lower, upper, xtol=1e-15, rtol=1e-15) if lower < upper else lower

    if kappa <= 0.0:
        return [(1, solve(0.0, h))]
    end = 1.0 / kappa * (1.0 + 1e-12)
    if kappa >= 1.0:
        return [(1, solve(h, h + end) if h > 0.0 else 0.0)]
    turn = math.atanh(math.sqrt(1.0 - kappa))
    upper = solve(turn, h + end)
    if force(-turn) >= 0.0:
        return [(1, upper)]
    return [(0, solve(h - end, -turn)), (1, solve(-turn, turn) if h > 0.0 else 0.0), (2, upper)]
