r"""What decides, from the parameters of a network: threshold, lazy ratio, initial noise, exponents.

With c_i = w sigma_i^2, unequal variances and learning rates leave one threshold and one unit of time,

    c = (sqrt(eta2/eta1) c_1 + sqrt(eta1/eta2) c_2)/2,    t -> sqrt(eta1 eta2) t

(``derivations/linear_dynamics/gram.py``). Scaled variables at d = sqrt(n p): lazy ratio kappa = c/d, initial noise
omega = sigma1^2 sigma2^2 w (variance of an entry of A(0)), scaled time T = d t.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ..model import LinearNetwork

_SOURCE = "derivations/linear_dynamics/gram.py"


@states("exact", "for w -> infinity", source=_SOURCE, verification="derived and simulated")
def effective_threshold(network: LinearNetwork) -> float:
    """c, the singular value above which a direction is learned actively."""
    return combined_threshold(
        network.width * network.first_variance,
        network.width * network.second_variance,
        network.first_rate,
        network.second_rate,
    )


def combined_threshold(
    first: float, second: float, first_rate: float = 1.0, second_rate: float = 1.0
) -> float:
    """c of a network whose layers have thresholds c_1, c_2 (W1^T W1 = c_1 I, W2 W2^T = c_2 I) and these rates."""
    c1, c2 = validation.positive("thresholds[0]", first), validation.positive("thresholds[1]", second)
    e1, e2 = validation.positive("rates[0]", first_rate), validation.positive("rates[1]", second_rate)
    root = math.exp((math.log(e2) - math.log(e1)) / 2.0)
    found = root * c1 / 2.0 + c2 / root / 2.0
    if not (0.0 < found < math.inf):
        raise InvalidArgument(
            "thresholds", (c1, c2), f"such that the combined one, {found:g}, is a finite number"
        )
    return found


def time_scale(network: LinearNetwork) -> float:
    """sqrt(eta1 eta2): the factor by which the network's time runs faster than that of unit rates."""
    return math.sqrt(network.first_rate) * math.sqrt(network.second_rate)


def time_at_unit_rates(training_time: FloatArray, first_rate: float, second_rate: float) -> FloatArray:
    """sqrt(eta1 eta2) t, a finite number."""
    with np.errstate(over="ignore"):
        found = math.sqrt(first_rate) * math.sqrt(second_rate) * training_time
    if not np.isfinite(found).all():
        allowed = "such that its product with the learning rates is a finite number"
        raise InvalidArgument("training_time", float(training_time.max()), allowed)
    return np.asarray(found)


def lazy_ratio(network: LinearNetwork) -> float:
    """kappa = c/d, d = sqrt(n p)."""
    return effective_threshold(network) / math.sqrt(network.inputs * network.outputs)


def initial_noise(network: LinearNetwork) -> float:
    """omega, the variance of an entry of A(0)."""
    return (network.first_variance * network.width) * network.second_variance


def scaled_variables(
    dimension: int, variance_exponent: ArrayLike, width_exponent: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """kappa = d^(gs + gw - 1) and omega = d^(2 gs + gw) of a square network of variance d^gs and width d^gw."""
    size = validation.integer("dimension", dimension, minimum=2)
    gs, gw = validation.broadcast(
        variance_exponent=validation.array("variance_exponent", variance_exponent),
        width_exponent=validation.array("width_exponent", width_exponent),
    )
    with np.errstate(over="ignore", under="ignore"):
        kappa, omega = float(size) ** (gs + gw - 1.0), float(size) ** (2.0 * gs + gw)
    bad = ~(np.isfinite(kappa) & np.isfinite(omega) & (kappa > 0.0) & (omega > 0.0))
    if bad.any():
        allowed = f"such that powers of {size} are finite numbers (width exponent {gw[bad][0]:g})"
        raise InvalidArgument("variance_exponent", float(gs[bad][0]), allowed)
    return np.asarray(kappa), np.asarray(omega)


def exponents(
    dimension: int, lazy_ratio: ArrayLike, initial_noise: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """The variance and width exponents of a lazy ratio and an initial noise: the inverse of scaled_variables."""
    size = validation.integer("dimension", dimension, minimum=2)
    kappa, omega = validation.broadcast(
        lazy_ratio=validation.array("lazy_ratio", lazy_ratio, above=0.0),
        initial_noise=validation.array("initial_noise", initial_noise, above=0.0),
    )
    ratio, noise = np.log(kappa) / math.log(size), np.log(omega) / math.log(size)
    return np.asarray(noise - ratio - 1.0), np.asarray(2.0 * ratio + 2.0 - noise)
