r"""Two classes where more, or less, than one signal matters: two variances at equal means, and the label by
sign.

Equal means, covariances V_1 I and V_2 I: R = |x_t|^2 is sufficient, R ~ S_k chi^2_d with S_k = 1 +
exp(-2t)(V_k - 1). With the log-likelihood ratio l(R) = -d/2 log(S_1/S_2) - R (1/S_1 - 1/S_2)/2, h =
log(w_1/w_2)/2 and the harmonic mean S of S_1 and S_2,

    1 - phi = sqrt(w_1 w_2) (S / sqrt(S_1 S_2))^(d/2) E 1 / cosh(l(R)/2 + h),    R ~ S chi^2_d.

Label by sign: the generated point is labelled by the side of the midpoint on which it lies, which for
overlapping classes is not the class it came from. On the line through the classes, with u the projection of
x_t, a = exp(-t) |m_1 - m_2|/2 and Gamma = 1 + exp(-2t)(s2 - 1), class k = +-1 has x_0 | x_t, k ~ N(M_k, v),

    M_k = (k |m| D_t + s2 exp(-t) u) / Gamma,   v = s2 D_t / Gamma,   q(u) = sum_k p(k|u) N_cdf(M_k /
    sqrt(v)),

and phi_sign = E[q^2 + (1-q)^2]. Source: derivations/diffusion/clone_agreement.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.binary_channel import two_class_agreement
from ...data.laws import GaussianMixture
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.quadrature import gaussian_average
from .class_signal import ClassLine, class_line

_SOURCE = "derivations/diffusion/clone_agreement.py"
_MOST_NODES = 2**20


@states("exact", "at any dimension", source=_SOURCE, verification="derived and simulated")
def two_variance_agreement(
    dimension: int, variances: tuple[float, float], weight: float, time: ArrayLike
) -> FloatArray:
    """Clone agreement of two isotropic classes with equal means and different variances.

    Parameters
    ----------
    dimension : d, at least 1.
    variances : the variance of each class in every direction, at least 0.
    weight : weight of the first class, in (0, 1).
    time : diffusion times, any shape, at least 0; above 0 if a variance is 0.

    Returns
    -------
    phi of the shape of ``time``. Raises :class:`~statphys_gen.errors.AccuracyNotReached` if it does not
    reach 1e-12.
    """
    d = validation.integer("dimension", dimension, minimum=1)
    pair = validation.array("variances", variances, shape=(2,), at_least=0.0)
    w = validation.inside("weight", weight, 0.0, 1.0)
    times = validation.array("time", time, at_least=0.0)
    if pair.min() == 0.0 and (times == 0.0).any():
        raise InvalidArgument("time", 0.0, "above 0, because a variance is 0")
    values = [_two_variances_at(d, pair, w, t) for t in times.ravel().tolist()]
    return np.array(values).reshape(times.shape)


def _two_variances_at(d: int, variances: FloatArray, weight: float, time: float) -> float:
    s1, s2 = (1.0 + math.exp(-2.0 * time) * (variances - 1.0)).tolist()
    half_odds = 0.5 * (math.log(weight) - math.log1p(-weight))
    constant = -0.5 * d * math.log(s1 / s2)
    harmonic = 2.0 / (1.0 / s1 + 1.0 / s2)
    log_overlap = 0.5 * d * (math.log(harmonic) - 0.5 * (math.log(s1) + math.log(s2)))

    def log_integrand(y: FloatArray) -> FloatArray:
        """Of y = log(R/d): the law of R up to a constant, times 1/cosh."""
        r = d * np.exp(y)
        v = np.abs(0.5 * (constant - 0.5 * r * (1.0 / s1 - 1.0 / s2)) + half_odds)
        shifted = y - math.log(harmonic)
        return 0.5 * d * (shifted - np.expm1(shifted)) + math.log(2.0) - v - np.log1p(np.exp(-2.0 * v))

    # The integrand lies below both class densities: it lives where the laws of the two classes do, or
    # between them.
    a = 1.0 + 90.0 / d
    lower = math.log(min(s1, s2)) - a
    upper = math.log(max(s1, s2)) + math.log(a + math.sqrt(2.0 * (a - 1.0)) + math.log(a))
    if d > 100:  # there the range is a few standard deviations sqrt(2/d) of y on each side
        lower = math.log(min(s1, s2)) - 14.0 * math.sqrt(2.0 / d)
    integral = _trapezoid(log_integrand, lower, upper)
    norm = 0.5 * d * math.log(0.5 * d) - 0.5 * d - math.lgamma(0.5 * d)
    return 1.0 - math.sqrt(weight * (1.0 - weight)) * math.exp(log_overlap + norm) * integral


def _trapezoid(log_integrand: Callable[[FloatArray], FloatArray], lower: float, upper: float) -> float:
    """Integral of exp(log_integrand), smooth and negligible at both ends, by halving the spacing until 1e-12."""
    nodes = 257
    previous = math.inf
    while nodes <= _MOST_NODES:
        y = np.linspace(lower, upper, nodes)
        values = np.exp(log_integrand(y))
        total = float(values.sum()) * (upper - lower) / (nodes - 1)
        if abs(total - previous) <= 1e-12 * total:
            return total
        previous, nodes = total, 2 * nodes - 1
    raise AccuracyNotReached(f"the chi-square integral did not reach 1e-12 with {_MOST_NODES} nodes")


@states(
    "exact",
    "for two classes with a common covariance of which m_1 - m_2 is an eigenvector",
    source=_SOURCE,
    verification="derived and simulated",
)
def sign_agreement(mixture: GaussianMixture, time: ArrayLike) -> FloatArray:
    """Probability that clones end on the same side of the midpoint of two classes.

    This is what an experiment measures that labels a generated point x_0 by the sign of m . x_0. It differs
    from :func:`~statphys_gen.data.two_class_agreement`, in which the label is the class
    itself, when the classes overlap; it tends to 1 as t -> 0.

    Parameters
    ----------
    mixture : two classes with a common covariance of which m_1 - m_2 is an eigenvector (isotropic: always).
    time : diffusion times, any shape, above 0.
    """
    line = class_line(mixture)
    times = validation.array("time", time, above=0.0)
    values = [_sign_agreement_at(line, t) for t in times.ravel().tolist()]
    return np.array(values).reshape(times.shape)


def _sign_agreement_at(line: ClassLine, time: float) -> float:
    from scipy.special import expit, ndtr

    a, gamma = (float(entry) for entry in line.noised(time))
    weight = float(expit(2.0 * line.half_log_odds))
    if line.variance == 0.0:  # the side is the class
        return float(two_class_agreement(a * a / gamma, weight))
    decay, noise = math.exp(-time), -math.expm1(-2.0 * time)
    spread = math.sqrt(line.variance * noise / gamma)

    def disagreement(u: FloatArray) -> FloatArray:
        upper = expit(2.0 * (a * u / gamma + line.half_log_odds))
        lower = expit(-2.0 * (a * u / gamma + line.half_log_odds))
        shift = line.variance * decay * u
        ratios = [(k * line.half_separation * noise + shift) / (gamma * spread) for k in (1.0, -1.0)]
        right = upper * ndtr(ratios[0]) + lower * ndtr(ratios[1])
        left = upper * ndtr(-ratios[0]) + lower * ndtr(-ratios[1])
        return 2.0 * right * left

    width = math.sqrt(gamma)
    steps = [k * line.half_separation * noise / (line.variance * decay) for k in (1.0, -1.0)]
    places = np.array([*steps, -line.half_log_odds * gamma / a])
    steepness = width * max(line.variance * decay / (gamma * spread), a / gamma)
    total = 0.0
    for share, centre in ((weight, a), (1.0 - weight, -a)):
        average = gaussian_average(
            partial(_shifted, disagreement, centre, width),
            slope=1.0,
            steepness=steepness,
            breakpoints=(places - centre) / width,
        )
        total += share * float(average.value)
    return 1.0 - total


def _shifted(
    function: Callable[[FloatArray], FloatArray], centre: float, width: float, z: FloatArray
) -> FloatArray:
    return function(centre + width * z)
