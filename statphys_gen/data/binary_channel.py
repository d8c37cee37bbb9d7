r"""Two classes: the probability that two backward trajectories which share x_t end in the same class, in
closed form.

Three experiments have the same probability phi(t): clones (two backward trajectories from one x_t ~ P_t end
in the same class), U-turn (noise a data point to time t, denoise it, class unchanged), posterior
(phi = E_{x ~ P_t} sum_k p(k|x)^2, with p(k|x) the posterior of the class). For two classes with weights w,
w' and a common covariance, only the signal x (squared half separation over variance) matters. With s =
sqrt(x), h = log(w/w') / 2 and u a standard Gaussian variable,

    1 - phi          = sqrt(w w') exp(-x/2) E 1 / cosh(s u + h)
    phi - w^2 - w'^2 = 4 (w w')^(3/2) exp(-x/2) E sinh(s u)^2 / cosh(s u + h)

Neither has a cancellation, so that both keep their relative accuracy at large and at small x. For w = 1/2
this is phi = [1 + E tanh(x + s u)] / 2, the integral of the literature:
phi = 1/2 + (x - x^2 + 5/3 x^3 - ...) / 2 and 1 - phi ~ sqrt(pi / (8 x)) exp(-x/2).

The averages are trapezoidal sums, whose error decreases exponentially with the step: the integrand is
analytic in the strip |Im u| < pi / (2 s), and the step resolves it to below 1e-15 of the value for every
signal and weight.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (clone experiment, two balanced classes);
derivations/diffusion/clone_agreement.py.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from .. import validation
from ..approximation import states
from ..arrays import FloatArray
from ..errors import InvalidArgument

_SOURCE = "arXiv 2402.18491; derivations/diffusion/clone_agreement.py"
_LOG_EPSILON = 39.0  # exp(-39) = 1e-17
_BLOCK = 2_000_000  # entries of one block of the (signal, node) plane


def _log_sech(v: FloatArray) -> FloatArray:
    magnitude = np.abs(v)
    return math.log(2.0) - magnitude - np.log1p(np.exp(-2.0 * magnitude))


def _half_width(s: FloatArray, h: float) -> tuple[FloatArray, FloatArray]:
    """Centre and half width of the interval outside which exp(-u^2/2) / cosh(s u + h) is below 1e-17 of its
    mass.

    The logarithm is concave with curvature at least 1, and falls from its peak with slope at least s - |h|/s
    beyond the corner at -h/s when that corner carries the peak.
    """
    with np.errstate(divide="ignore"):
        corner = abs(h) / s if h else np.zeros_like(s)
    slope = np.maximum(s - corner, 0.0)
    reach = 2.0 * _LOG_EPSILON / (slope + np.sqrt(slope**2 + 2.0 * _LOG_EPSILON))
    margin = np.minimum(1.0, 3.0 / np.maximum(s, 1e-300))
    return -math.copysign(1.0, h) * np.minimum(s, corner), reach + margin


def _blocks(signals: FloatArray, nodes: int) -> list[FloatArray]:
    return np.array_split(signals, max(1, math.ceil(signals.size * nodes / _BLOCK)))


def _disagreement(x: FloatArray, weight: float) -> FloatArray:
    h = 0.5 * (math.log(weight) - math.log1p(-weight))
    s = np.sqrt(x)
    centre, half = _half_width(s, h)
    step = np.minimum(0.45, 0.22 / np.maximum(s, 1e-300))
    nodes = math.ceil(float((2.0 * half / step).max())) + 1
    grid = np.linspace(-1.0, 1.0, nodes)
    result = []
    for block in np.array_split(np.arange(x.size), len(_blocks(x, nodes))):
        u = centre[block, None] + half[block, None] * grid
        v = s[block, None] * u + h
        exponent = -0.5 * (u**2 + x[block, None]) + _log_sech(v)
        result.append(np.exp(exponent).sum(axis=1) * (2.0 * half[block] / (nodes - 1)))
    return math.sqrt(weight * (1.0 - weight) / (2.0 * math.pi)) * np.concatenate(result)


def _use_excess_form(x: FloatArray, weight: float) -> NDArray[np.bool_]:
    """True where the excess is so small beside its limit 2 w w' that it must not be had by subtraction."""
    return x <= min(1.0 + 2.0 * abs(math.log(weight) - math.log1p(-weight)), 30.0)


def _excess_of_small_signal(x: FloatArray, weight: float) -> FloatArray:
    """The second form of the module's docstring, for x of at most 30; its peaks are within 3 s + 2 of the origin."""
    h = 0.5 * (math.log(weight) - math.log1p(-weight))
    s = np.sqrt(x)
    largest = float(s.max())
    half = 11.0 + 3.0 * largest
    intervals = math.ceil(2.0 * half / min(0.3, 0.22 / max(largest, 1e-300)))
    u = np.linspace(-half, half, intervals + 1)
    result = []
    for block in np.array_split(np.arange(x.size), len(_blocks(x, u.size))):
        v = s[block, None] * u
        integrand = np.sinh(v) ** 2 * np.exp(_log_sech(v + h) - 0.5 * (u**2 + x[block, None]))
        result.append(integrand.sum(axis=1) * (2.0 * half / intervals))
    return 4.0 * (weight * (1.0 - weight)) ** 1.5 / math.sqrt(2.0 * math.pi) * np.concatenate(result)


def _check(signal: ArrayLike, weight: float) -> tuple[FloatArray, float]:
    return validation.array("signal", signal, at_least=0.0), validation.inside("weight", weight, 0.0, 1.0)


@states(
    "exact",
    "for two classes with a common covariance",
    source=_SOURCE,
    verification="derived and simulated",
)
def two_class_disagreement(signal: ArrayLike, weight: float = 0.5) -> FloatArray:
    """1 - phi, the probability that clones end in different classes, to full relative accuracy at any signal.

    Parameters and shapes as in :func:`two_class_agreement`.
    """
    x, w = _check(signal, weight)
    return _disagreement(x.ravel(), w).reshape(x.shape)


@states(
    "exact",
    "for two classes with a common covariance",
    source=_SOURCE,
    verification="derived and simulated",
)
def two_class_excess(signal: ArrayLike, weight: float = 0.5) -> FloatArray:
    """phi - w^2 - (1-w)^2, the agreement beyond that of independent draws, to full relative accuracy at any
    signal.

    Parameters and shapes as in :func:`two_class_agreement`.
    """
    x, w = _check(signal, weight)
    flat = x.ravel()
    result = np.empty_like(flat)
    small = _use_excess_form(flat, w)
    if small.any():
        result[small] = _excess_of_small_signal(flat[small], w)
    if not small.all():
        result[~small] = 2.0 * w * (1.0 - w) - _disagreement(flat[~small], w)
    return result.reshape(x.shape)


@states(
    "exact",
    "for two classes with a common covariance",
    source=_SOURCE,
    verification="derived and simulated",
)
def two_class_agreement(signal: ArrayLike, weight: float = 0.5) -> FloatArray:
    """phi, the probability that two backward trajectories from a shared x_t end in the same class.

    Parameters
    ----------
    signal : x, at least 0: the squared half separation of the noised classes over their variance. Any shape.
    weight : weight w of the first class, in (0, 1); default two balanced classes.

    Returns
    -------
    phi of the shape of ``signal``, from w^2 + (1-w)^2 at x = 0 to 1. At x = 1, w = 1/2 it is
    0.7752002453966637.
    """
    x, w = _check(signal, weight)
    flat = x.ravel()
    result = np.empty_like(flat)
    small = _use_excess_form(flat, w)
    if small.any():
        result[small] = (w**2 + (1.0 - w) ** 2) + _excess_of_small_signal(flat[small], w)
    if not small.all():
        result[~small] = 1.0 - _disagreement(flat[~small], w)
    return result.reshape(x.shape)


@states(
    "exact",
    "for two classes with a common covariance",
    source=_SOURCE,
    verification="derived and simulated",
)
def signal_at_agreement(agreement: ArrayLike, weight: float = 0.5) -> FloatArray:
    """The signal x at which two classes have the given clone agreement; the inverse of
    :func:`two_class_agreement`.

    Parameters
    ----------
    agreement : phi, at least w^2 + (1-w)^2 (there x = 0) and below 1. Any shape.
    weight : weight w of the first class, in (0, 1).
    """
    w = validation.inside("weight", weight, 0.0, 1.0)
    phi = validation.array("agreement", agreement)
    floor = w**2 + (1.0 - w) ** 2
    outside = (phi < floor) | (phi >= 1.0)
    if outside.any():
        raise InvalidArgument(
            "agreement", float(phi[outside].flat[0]), f"in [{floor:.12g}, 1) at weight {w:g}"
        )
    return np.array([_signal_at(value, floor, w) for value in phi.ravel().tolist()]).reshape(phi.shape)


def _signal_at(agreement: float, floor: float, weight: float) -> float:
    if agreement == floor:
        return 0.0
    # The logarithm of the smaller of the two distances to the limits, in the logarithm of x, is nearly a
    # straight line.
    near_one = agreement > 0.5 * (1.0 + floor)
    target = math.log(1.0 - agreement) if near_one else math.log(agreement - floor)

    def mismatch(log_signal: float) -> float:
        x = np.array([math.exp(log_signal)])
        value = two_class_disagreement(x, weight) if near_one else two_class_excess(x, weight)
        return float(np.log(value[0])) - target

    # 1 - phi <= exp(-x/2) / 2 bounds the root from above; phi - floor <= x bounds it from below.
    upper = math.log(-2.0 * math.log(2.0 * (1.0 - agreement)) if agreement > 0.51 else 1.0)
    lower = math.log(agreement - floor) - 1.0
    while (mismatch(upper) < 0.0) != near_one:
        upper += 1.0
    return math.exp(brentq(mismatch, lower, upper, xtol=1e-15, rtol=1e-15))
