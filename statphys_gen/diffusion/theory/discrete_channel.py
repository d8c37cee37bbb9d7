r"""One discrete component seen through Gaussian noise: y = sqrt(s) a + z, with s the signal-to-noise ratio.

    information          I(a; y) = -sum_j p_j E log sum_l p_l exp(-s (v_j - v_l)^2 / 2 - sqrt(s) (v_j - v_l) z)
    posterior variance   M(s) = E Var(a | y),    dI/ds = M/2
    information variance Var of the summand log[p(y|a)/p(y)]

The averages over z are trapezoidal sums, each over the values that can be confused with the own one. Beyond
s gap^2 = 400, gap the smallest distance of two values, the value is known to exp(-50): the information is the entropy
of a component and the posterior variance 0.

Source: derivations/diffusion/collapse_rem.py (dI/ds = M/2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...data.laws import DiscreteProduct
from ...numerics.quadrature import gaussian_average

_KNOWN = 400.0
_OWN = 8  # own values at a time


@dataclass(frozen=True)
class Channel:
    """Per component, each of shape (points,): information in nats, its variance, and the posterior variance of a."""

    information: FloatArray
    information_variance: FloatArray
    posterior_variance: FloatArray


def entropy(law: DiscreteProduct) -> float:
    """Entropy of one component in nats."""
    return -float(law.probabilities @ np.log(law.probabilities))


def channel(law: DiscreteProduct, signal_to_noise: FloatArray) -> Channel:
    """The channel at each signal-to-noise ratio, shape (points,)."""
    rows = [_channel(law, s) for s in signal_to_noise.tolist()]
    table = np.array(rows).reshape(-1, 3)
    return Channel(table[:, 0], table[:, 1], table[:, 2])


def _channel(law: DiscreteProduct, ratio: float) -> tuple[float, float, float]:
    order = np.argsort(law.values)
    values, log_p = law.values[order], np.log(law.probabilities[order])
    known = _KNOWN / float(np.diff(values).min()) ** 2
    s = min(ratio, known)
    root = math.sqrt(s)
    # The posterior variance must not feel where the values lie.
    centred = values - law.probabilities @ law.values
    # Values further away have a posterior below exp(-45) at all z that carry weight, |z| < 9.5.
    reach = 9.5 + math.sqrt(9.5**2 + 2.0 * (45.0 + float(np.ptp(log_p))))
    total = np.zeros(3)
    start = 0
    while start < len(values):
        # A few own values with nearly the same neighbours; at most as many steps in z as these can make.
        close = int(np.searchsorted(root * (values - values[start]), reach, side="right"))
        stop = min(start + _OWN, close)
        low = int(np.searchsorted(root * (values - values[start]), -reach))
        high = int(np.searchsorted(root * (values - values[stop - 1]), reach, side="right"))
        found = _moments(values[start:stop], values[low:high], centred[low:high], log_p[low:high], root)
        total += found @ np.exp(log_p[start:stop])
        start = stop
    mean, square, spread = total.tolist()
    return mean, max(square - mean**2, 0.0), 0.0 if ratio > known else spread


def _moments(
    own: FloatArray, others: FloatArray, centred: FloatArray, log_p: FloatArray, root: float
) -> FloatArray:
    """Information, its square and the posterior variance for each own value, (3, own)."""
    distance = own[:, None] - others
    constant = log_p - 0.5 * (root * distance) ** 2

    def moments(z: FloatArray) -> FloatArray:
        exponent = constant[:, :, None] - root * distance[:, :, None] * z
        log_sum = np.logaddexp.reduce(exponent, axis=1)
        posterior = np.exp(exponent - log_sum[:, None, :])
        mean = np.einsum("jln,l->jn", posterior, centred)
        spread = np.einsum("jln,jln->jn", posterior, (centred[:, None] - mean[:, None, :]) ** 2)
        return np.stack([-log_sum, log_sum**2, spread])

    slope = 0.5 * root * float(np.ptp(others))
    return np.asarray(gaussian_average(moments, slope=slope, tolerance=1e-13).value)
