r"""What a start of finite noise costs: the part of the error of the weight that no number of steps removes.

At noise level S the data projected on the direction that tells two classes apart are p N(q, q) + (1-p) N(-q, q), with
q the signal, and the exact flow keeps quantiles. Started from N(mean, S^2 I) it generates the probability that the
start lies above the quantile of the boundary of the classes in the data: the (1-p)-quantile, where they do not overlap.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import erfcx, log_ndtr, ndtr, ndtri

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ..model import TwoClasses

_SOURCE = "derivations/schedules/windows.py"
_ITERATIONS = 200
_SMALLEST = 1e-300
_ROOT_TWO = math.sqrt(2.0)


@states("exact", "for two classes with a common covariance", source=_SOURCE, verification="derived")
def posterior_quantile(signal: ArrayLike, weight: float) -> FloatArray:
    """v*, the (1-p)-quantile of p N(q, q) + (1-p) N(-q, q): where the separatrix lies at signal q; the shape of q.

    Parameters
    ----------
    signal : q, at least 0 (there v* = 0).
    weight : p in (0, 1).
    """
    q = validation.array("signal", signal, at_least=0.0)
    root = np.sqrt(q)
    return np.asarray(root * standard_quantile(root, validation.inside("weight", weight, 0.0, 1.0)))


def standard_quantile(root: ArrayLike, weight: float) -> FloatArray:
    """v*/sqrt(q) at sqrt(q), by Newton's method in a bracket; full accuracy at every signal."""
    s = np.asarray(root, dtype=np.float64)
    middle = -float(ndtri(weight)) if weight < 0.5 else float(ndtri(1.0 - weight))
    # p Phi(w - s) = (1-p) Phi(-w - s), in logarithms.
    shift = np.log(weight) - np.log1p(-weight)
    lower, upper = middle - s - 1e-12, middle + s + 1e-12
    w = np.clip(np.where(s > 1.0, -0.5 * shift / np.maximum(s, 1.0), middle), lower, upper)
    for _ in range(_ITERATIONS):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            near, far = erfcx((s - w) / _ROOT_TWO), erfcx((s + w) / _ROOT_TWO)
            # log Phi(w - s) - log Phi(-w - s), without cancellation where both are tails.
            tails = 2.0 * s * w + np.log(near / far)
            value = shift + np.where(s > np.abs(w), tails, log_ndtr(w - s) - log_ndtr(-w - s))
            rate = math.sqrt(2.0 / math.pi) * (1.0 / near + 1.0 / far)
        lower, upper = np.where(value < 0.0, w, lower), np.where(value < 0.0, upper, w)
        after = w - value / rate
        after = np.where((after >= lower) & (after <= upper), after, 0.5 * (lower + upper))
        moved = np.abs(after - w) > 4e-16 * np.maximum(_SMALLEST, np.abs(w))
        w = after
        if not moved.any():
            break
    return np.asarray(w)


def share_above(weight: float, threshold: float, root: float) -> float:
    """P(h + s w > 0) for w of the law p N(s, 1) + (1-p) N(-s, 1): p Phi(s + h/s) + (1-p) Phi(-s + h/s).

    Parameters
    ----------
    weight : p.
    threshold : h; half the log-odds of the classes for Bayes' rule, 0 for the sign.
    root : s = sqrt(q), at least 0.
    """
    if root == 0.0:
        return 0.5 * (1.0 + float(np.sign(threshold)))
    offset = threshold / root
    return float(weight * ndtr(root + offset) + (1.0 - weight) * ndtr(-root + offset))


def share_of_data(classes: TwoClasses) -> float:
    """Share of the data with m.x > 0: p, but for classes that overlap."""
    if classes.variance == 0.0:
        return classes.weight
    return share_above(classes.weight, 0.0, classes.norm / classes.deviation)


def start_error_of(
    weight: float, signal: float, mean: float, separation: float, share: float | None = None
) -> float:
    """Error of the share on the side of the first class, of the exact flow from a start of other law.

    Parameters
    ----------
    weight : p.
    signal : q at the start.
    mean : of the start along the half difference of the class means from their midpoint, in units of it.
    separation : half the distance of the class means over the standard deviation of the start.
    share : of the data, that lies on the side of the first class; p if left out, as where classes do not overlap.
    """
    root, target = math.sqrt(signal), weight if share is None else share
    if target == weight:
        edge = float(standard_quantile(root, weight)) / root
    else:
        edge = _edge_of(weight, root, target) / root
    # The start is N(mean, 1/separation^2) in units of the half difference; the quantile of q times these is v*.
    return float(ndtr(separation * (mean - edge))) - target


def _edge_of(weight: float, root: float, share: float) -> float:
    """w above which the share of the law p N(s, 1) + (1-p) N(-s, 1) lies."""
    if share in (0.0, 1.0):
        return math.inf if share == 0.0 else -math.inf

    def excess(w: float) -> float:
        return weight * float(ndtr(root - w)) + (1.0 - weight) * float(ndtr(-root - w)) - share

    return float(brentq(excess, -root - 40.0, root + 40.0, xtol=1e-15, rtol=1e-15))


@states("exact", "for two isotropic classes", source=_SOURCE, verification="derived and simulated")
def start_error(classes: TwoClasses, noise_level: float, start: str = "zero") -> float:
    """Share with m.x > 0 of the exact flow from N(mean, S^2 I), less that of the data.

    Parameters
    ----------
    classes : the law of the data.
    noise_level : S, above 0.
    start : "zero", the midpoint of the class means, or "mean", that of the data.
    """
    level = validation.positive("noise_level", noise_level)
    validation.choice("start", start, ("zero", "mean"))
    mean = 2.0 * classes.weight - 1.0 if start == "mean" else 0.0
    signal = classes.squared_norm / (level**2 + classes.variance)
    return start_error_of(classes.weight, signal, mean, classes.norm / level, share_of_data(classes))
