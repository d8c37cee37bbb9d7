r"""Named schedules at a fixed number of steps as the dimension grows, for two isotropic classes of separation 1.

A variance-preserving schedule passes the noise levels of the order sqrt(d), at which classes are decided, within its
first step, an exploding one those of the order 1, of the details, within its last: the one loses the weight, the other
the details. Dilated ones give half of their steps to either.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import loggamma, ndtr

from ... import validation
from ...approximation import states
from ...errors import InvalidArgument
from ...presentation import Scalars
from ..model import INTERPOLANTS, MOST_STEPS
from .isotropic_map import bracket
from .start import share_above

_SOURCE = "derivations/schedules/limits.py"


@dataclass(frozen=True, repr=False)
class Limit(Scalars):
    """What a schedule generates as the dimension grows.

    Attributes
    ----------
    weight : share of the samples with m.x > 0.
    detail_std : standard deviation of a direction orthogonal to m; None where it grows as sqrt(d).
    detail_std_over_sqrt_dimension : then its coefficient; None otherwise.
    """

    weight: float
    detail_std: float | None
    detail_std_over_sqrt_dimension: float | None


@states(
    "exact as N -> infinity",
    "at a fixed number of steps",
    source=_SOURCE,
    verification="derived and simulated",
)
def limit(
    schedule: str, weight: float, variance: float, steps: float, dilation: float | None = None
) -> Limit:
    """What a named schedule with uniform Euler steps generates as the dimension grows at a fixed number of steps.

    Parameters
    ----------
    schedule : one of :data:`INTERPOLANTS`.
    weight : p in (0, 1).
    variance : sigma^2, at least 0.
    steps : K, at least 1, or infinity after the dimension.
    dilation : kappa above 0, of a dilated schedule.

    Raises
    ------
    InvalidArgument : an odd number of steps of a dilated exploding schedule, which steps past the data.
    """
    validation.choice("schedule", schedule, INTERPOLANTS)
    p, spread = validation.inside("weight", weight, 0.0, 1.0), validation.non_negative("variance", variance)
    kappa = _dilation(schedule, dilation)
    h = 0.5 * (math.log(p) - math.log1p(-p))
    linear, exploding = schedule.endswith("linear"), "ve-" in schedule
    if steps == math.inf:
        return _many_steps(schedule, p, h, spread, kappa)
    count = validation.integer("steps", steps, minimum=1, maximum=MOST_STEPS)
    if not schedule.startswith("dilated"):
        if not exploding:
            certain = 0.5 if h == 0.0 else float(h > 0.0)
            return Limit(certain, _details(linear, spread, _uniform(count), 1.0 / count), None)
        coefficient = 0.0 if linear else _trigonometric_growth(count)
        found = _exploding_weight(h, count, linear)
        return Limit(found, 0.0, None) if linear else Limit(found, None, coefficient)
    if exploding:
        if count % 2:
            raise InvalidArgument(
                "steps", count, f"even with the schedule {schedule}: odd ones step past the data"
            )
        half = count // 2
        found = _exploding_weight(h, half, linear)
        if linear:
            return Limit(found, _dilated_details(math.sqrt(spread), half, kappa), None)
        return Limit(found, None, _trigonometric_growth(half) * _late_factor(spread, half, kappa))
    found = _dilated_weight(h, count, kappa)
    if count % 2:
        taus = [(2 * j - count) / count for j in range((count + 1) // 2, count)]
        return Limit(found, _details(linear, spread, taus, 2.0 / count), None)
    return Limit(found, _details(linear, spread, _uniform(count // 2), 2.0 / count), None)


def _dilation(schedule: str, dilation: float | None) -> float:
    if schedule.startswith("dilated"):
        return validation.positive("dilation", dilation)
    if dilation is not None:
        raise InvalidArgument("dilation", dilation, f"left out with the schedule {schedule}")
    return 0.0


def _many_steps(schedule: str, p: float, h: float, variance: float, kappa: float) -> Limit:
    sigma, linear = math.sqrt(variance), schedule.endswith("linear")
    if schedule.startswith("vp"):
        return Limit(0.5 if h == 0.0 else float(h > 0.0), sigma, None)
    if "vp" in schedule:
        return Limit(share_above(p, h, kappa), sigma, None)
    if not linear:
        return Limit(p, None, 0.0)
    return Limit(p, kappa * sigma / math.hypot(kappa, sigma) if kappa else 0.0, None)


def _uniform(count: int) -> list[float]:
    return [j / count for j in range(count)]


def _details(linear: bool, variance: float, taus: list[float], step: float) -> float:
    """Product of the factors of Euler steps of a variance-preserving interpolant."""
    total = 1.0
    for t in taus:
        rate = (-(1.0 - t) + variance * t) / ((1.0 - t) ** 2 + variance * t * t)
        if not linear:
            rate = -(1.0 - variance) * t / (1.0 - (1.0 - variance) * t * t)
        total *= 1.0 + step * rate
    return abs(total)


def _trigonometric_growth(count: int) -> float:
    """prod_{j<K} (K^2 - j^2 - j)/(K^2 - j^2)."""
    j = np.arange(count, dtype=np.float64)
    square = float(count) ** 2
    return float(np.prod((square - j * j - j) / (square - j * j)))


def _late_factor(variance: float, half: int, kappa: float) -> float:
    """Of the second half of the dilated trigonometric schedule, 1 - (1/K2) kappa^2 u/(kappa^2 u^2 + sigma^2)."""
    total = 1.0
    for j in range(half):
        u = kappa * (1.0 - j / half)
        total *= 1.0 - kappa * u / (half * (u * u + variance))
    return abs(total)


def _dilated_details(sigma: float, half: int, kappa: float) -> float:
    """kappa prod_{j=1}^{K2} (j^2 - j + a^2)/(j^2 + a^2), a = sigma K2/kappa, by Gamma functions."""
    if sigma == 0.0:
        return 0.0
    a = sigma * half / kappa
    root = complex(0.25 - a * a) ** 0.5
    numerator = (
        loggamma(half + 0.5 + root)
        + loggamma(half + 0.5 - root)
        - loggamma(0.5 + root)
        - loggamma(0.5 - root)
    )
    denominator = (
        loggamma(half + 1 + 1j * a)
        + loggamma(half + 1 - 1j * a)
        - loggamma(1 + 1j * a)
        - loggamma(1 - 1j * a)
    )
    return float(kappa * np.exp((numerator - denominator).real))


def _share_above(end: Callable[[float], float]) -> float:
    """Probability that an increasing function of a standard normal variable is above 0."""
    lower, upper = bracket(end, -1.0, 1.0)
    return float(ndtr(-brentq(end, lower, upper, xtol=1e-300, rtol=1e-15, maxiter=400)))


def _exploding_weight(h: float, count: int, linear: bool) -> float:
    """Of an exploding schedule: M' = M + (dt/(1-tau)) (-M + T), or (dt/(1-tau^2)) (-tau M + T)."""

    def end(m: float) -> float:
        argument = h + m
        for j in range(count):
            tau = j / count
            if linear:
                argument = h + tau * m / (1.0 - tau) ** 2
                m += (math.tanh(argument) - m) / (count - j)
            else:
                rest = (1.0 - tau) * (1.0 + tau)
                m += (math.tanh(h + tau * m / rest) - tau * m) / (count * rest)
        # The last linear step ends at tanh(argument), whose sign is that of the argument.
        return argument if linear else m

    return (
        float(h > 0.0) if count == 1 and linear and h else 0.5 if count == 1 and linear else _share_above(end)
    )


def _dilated_weight(h: float, count: int, kappa: float) -> float:
    """Of a dilated variance-preserving schedule; see :func:`first_half`."""

    def end(xi: float) -> float:
        mu = first_half(h, 1.0, count, kappa, xi)
        return mu if count % 2 else h + kappa * mu

    return _share_above(end)


def first_half(h: float, magnetisation: float, count: int, kappa: float, xi: float) -> float:
    """mu = sqrt(d) M after the steps with t < 1/2: mu += (2 kappa/K) m* tanh(h + 2 kappa (j/K) m* mu).

    An even K goes on with a step at which the posterior has log-odds h + kappa m* mu; an odd one with a step at a
    noise level of the order 1, at which the sign of mu decides.
    """
    mu, size = xi, 2.0 * kappa / count * magnetisation
    for j in range((count + 1) // 2):
        mu += size * math.tanh(h + size * j * mu)
    return mu
