r"""How many steps repair an undilated schedule: the crossovers at K of the order sqrt(d).

Variance preserving, K = lam sqrt(d): mu_{j+1} = mu_j + (1/lam) tanh(h + (j/lam) mu_j) from mu_0 ~ N(0, 1); the weight
is
the probability that mu grows to +infinity. Variance exploding, K = a sqrt(d)/sigma: the details are
sigma cosh(pi sqrt(a^2 - 1/4))/sinh(pi a).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from .isotropic_map import bracket

_SOURCE = "derivations/schedules/limits.py"
_LOG_GROWTH = 50.0  # of a deviation from the separatrix, after which its sign is settled
_MOST = 200_000


@states("exact as N -> infinity", "at K = lam sqrt(d)", source=_SOURCE, verification="derived and simulated")
def vp_crossover(steps_ratio: ArrayLike, weight: float) -> FloatArray:
    """Weight that the schedule vp-linear generates with K = lam sqrt(d) steps, at separation 1; the shape of lam.

    Parameters
    ----------
    steps_ratio : lam = K/sqrt(d), in [1e-3, 1e4].
    weight : p in (0, 1).
    """
    ratios = validation.array("steps_ratio", steps_ratio, above=0.0)
    p = validation.inside("weight", weight, 0.0, 1.0)
    h = 0.5 * (math.log(p) - math.log1p(-p))
    for value in ratios.ravel():
        validation.inside("steps_ratio", float(value), 1e-3, 1e4, closed=True)
    return np.array([_grows(float(value), h) for value in ratios.ravel()]).reshape(ratios.shape)


def _grows(lam: float, h: float) -> float:
    # The derivative of mu_{j+1} at its separatrix is 1 + (1 - T^2) j/lam^2, with T -> 0 there.
    count, growth = 2, 0.0
    while growth < _LOG_GROWTH + 2.0 * abs(h) and count < _MOST:
        growth += math.log1p(count / lam**2)
        count += 1

    def end(mu: float) -> float:
        for j in range(count):
            mu += math.tanh(h + j / lam * mu) / lam
        return h + count / lam * mu

    lower, upper = bracket(end, -1.0, 1.0)
    return float(ndtr(-brentq(end, lower, upper, xtol=1e-300, rtol=1e-15, maxiter=400)))


@states(
    "exact as N -> infinity", "at K = a sqrt(d)/sigma", source=_SOURCE, verification="derived and simulated"
)
def ve_crossover(steps_ratio: ArrayLike) -> FloatArray:
    """Details over sigma that the schedule ve-linear generates with K = a sqrt(d)/sigma steps, at separation 1.

    Parameters
    ----------
    steps_ratio : a = sigma K/sqrt(d), above 0; any shape.
    """
    a = validation.array("steps_ratio", steps_ratio, above=0.0)
    small = np.minimum(a, 0.5)
    below = np.cos(np.pi * np.sqrt(0.25 - small**2)) / np.sinh(np.pi * small)
    large = np.maximum(a, 0.5)
    # Ratio of cosh and sinh without overflow; the difference of the exponents without cancellation.
    root = np.sqrt(large**2 - 0.25)
    gap = -0.25 / (root + large)
    above = np.exp(np.pi * gap) * (1.0 + np.exp(-2.0 * np.pi * root)) / -np.expm1(-2.0 * np.pi * large)
    # cos(pi sqrt(1/4 - a^2)) = sin(pi (1/2 - sqrt(1/4 - a^2))) keeps its digits at small a.
    tiny = np.sin(np.pi * small**2 / (0.5 + np.sqrt(0.25 - small**2))) / np.sinh(np.pi * small)
    return np.where(a < 0.5, np.where(a < 0.1, tiny, below), above)
