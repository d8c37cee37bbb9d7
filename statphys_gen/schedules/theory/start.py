r"""What a start of finite noise costs: the part of the error of the weight that no number of steps removes.

At noise level S the data projected on the direction that tells two classes apart are p N(q, q) + (1-p) N(-q, q), with
q the signal, and the exact flow keeps quantiles. Started from N(mean, S^2 I) it generates the probability that the
start lies above the quantile of the boundary of the classes in the data: the (1-p)-quantile, where they do not overlap.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx, log_ndtr, ndtr, ndtri, ndtri_exp

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
    """v*, the (1-p)-quantile of p N(q, q) + (1-p) N(-q, q): where the separatrix lies at signal q,
    for classes that do not overlap; the shape of q.

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


class Boundary(NamedTuple):
    """The share of the data on the side of the first of two classes, in the forms that keep its digits.

    ``deficit`` is p less the share, the others are the logarithms of the share and of its complement.
    """

    deficit: float
    log_share: float
    log_complement: float


def boundary(weight: float, root: float, *, by_sign: bool = False) -> Boundary:
    """Where the classes of the data meet, at s = ``root``: by Bayes' rule, or by the sign of v.

    Parameters
    ----------
    weight : p.
    root : s = sqrt(q) of the data themselves, at S = 0; infinite for classes that do not overlap.
    by_sign : whether the class is the sign of v, not that of h + v.
    """
    odds = math.log(weight), math.log1p(-weight)
    if math.isinf(root):
        return Boundary(0.0, *odds)
    offset = 0.0 if by_sign else 0.5 * (odds[0] - odds[1]) / root
    tails = log_ndtr([root + offset, -root + offset, -root - offset, root - offset])
    log_share = float(np.logaddexp(odds[0] + tails[0], odds[1] + tails[1]))
    log_complement = float(np.logaddexp(odds[0] + tails[2], odds[1] + tails[3]))
    deficit = math.exp(odds[0] + tails[2]) - math.exp(odds[1] + tails[1])
    return Boundary(deficit, log_share, log_complement)


def edge_of(root: ArrayLike, weight: float, meeting: Boundary) -> FloatArray:
    """w above which the share of the law p N(s, 1) + (1-p) N(-s, 1) lies, at s = ``root``; the shape of s."""
    s = np.asarray(root, dtype=np.float64)
    if abs(meeting.deficit) < _SMALLEST:
        return standard_quantile(s, weight)
    odds = math.log(weight), math.log1p(-weight)
    rare = meeting.log_share < meeting.log_complement
    middle = -float(ndtri_exp(meeting.log_share)) if rare else float(ndtri_exp(meeting.log_complement))
    lower, upper = middle - s - 1e-12, middle + s + 1e-12
    near = abs(meeting.deficit) < 0.5 * min(weight, 1.0 - weight)
    w = np.clip(standard_quantile(s, weight), lower, upper) if near else np.full_like(s, middle)
    size = upper - lower
    for _ in range(_ITERATIONS):
        with np.errstate(under="ignore", over="ignore", divide="ignore", invalid="ignore"):
            bells = np.exp(odds[0] - 0.5 * (w - s) ** 2) + np.exp(odds[1] - 0.5 * (w + s) ** 2)
            bells = bells / math.sqrt(2.0 * math.pi)
            if near:
                below = np.exp(odds[0] + log_ndtr(w - s)) - np.exp(odds[1] + log_ndtr(-w - s))
                value, rate = below - meeting.deficit, bells
            elif rare:
                share = np.logaddexp(odds[0] + log_ndtr(s - w), odds[1] + log_ndtr(-s - w))
                value, rate = meeting.log_share - share, bells * np.exp(-share)
            else:
                share = np.logaddexp(odds[0] + log_ndtr(w - s), odds[1] + log_ndtr(w + s))
                value, rate = share - meeting.log_complement, bells * np.exp(-share)
            after = w - value / rate
        lower, upper = np.where(value < 0.0, w, lower), np.where(value < 0.0, upper, w)
        # Halved where Newton's step leaves the bracket, or is no half of the step before: slow in a tail.
        good = (after >= lower) & (after <= upper) & (np.abs(after - w) <= 0.5 * size)
        after = np.where(good, after, 0.5 * (lower + upper))
        size = np.abs(after - w)
        moved = size > 4e-16 * np.maximum(1e-8, np.abs(w))
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
    if target in (0.0, 1.0):
        edge = math.inf if target == 0.0 else -math.inf
    else:
        meeting = Boundary(weight - target, math.log(target), math.log1p(-target))
        edge = float(edge_of(root, weight, meeting)) / root
    # The start is N(mean, 1/separation^2) in units of the half difference; the quantile of q times these is v*.
    return float(ndtr(separation * (mean - edge))) - target


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
