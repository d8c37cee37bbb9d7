"""Tail probabilities of the two tests that judge a check, and the errors that these tests find.

Student's law: t = (mean - theory) / standard error, two-sided. With s^2 = chi^2_nu / nu, t of a theory that is off by
``shift`` true standard errors is (Z + shift) / s, Z normal and s independent of it. Events: the number of events among
independent trials against the largest probability that is claimed for them, one-sided, by the binomial law.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from .. import validation

POWER = 0.9

# The trapezoidal rule on an integrand that falls as a Gaussian: its error is below rounding at this step.
_NODES = np.arange(-144, 145) / 16.0
_STEPS = 30  # of a bisection


def two_sided_p_value(t: ArrayLike, degrees_of_freedom: ArrayLike) -> NDArray[np.float64]:
    """P(|T| >= |t|) for Student's law; accurate in the far tail."""
    return 2.0 * special.stdtr(degrees_of_freedom, -np.abs(t))


def power_of_shift(shift: float, degrees_of_freedom: float, level: float) -> float:
    """Probability that a two-sided t-test at this level rejects, on the right side, a theory off by ``shift``.

    The shift is in true standard errors. P((Z + shift)/s > c) with the critical value c, as an average over whichever
    of the two variables leaves the smoother function of the other.
    """
    critical = -float(special.stdtrit(degrees_of_freedom, level / 2))
    return _power(shift, degrees_of_freedom, critical)


def _power(shift: float, freedom: float, critical: float) -> float:
    if freedom < 2.0 * critical**2:
        # Over Z: s must be below (Z + shift)/c, which has a width of c/sqrt(2 nu) in Z.
        reach = np.maximum(_NODES + shift, 0.0) / critical
        found = special.chdtr(freedom, freedom * reach**2)
        return float(np.exp(-0.5 * _NODES**2) @ found / (16.0 * np.sqrt(2.0 * np.pi)))
    # Over s, which is concentrated at 1 with a width of 1/sqrt(2 nu).
    s = 1.0 + _NODES / np.sqrt(2.0 * freedom)
    s = s[s > 0.0]
    log_density = (freedom - 1.0) * np.log(s) - 0.5 * freedom * (s**2 - 1.0)
    density = np.exp(log_density)
    return float(density @ special.ndtr(shift - critical * s) / density.sum())


@lru_cache(maxsize=4096)
def detectable_shift(degrees_of_freedom: float, level: float, power: float = POWER) -> float:
    """Shift, in standard errors, that a two-sided t-test at this level rejects with this power.

    The root of :func:`power_of_shift`, which increases, by bisection between two shifts of a factor of 2, to nine
    digits; rejection on the wrong side is neglected (its probability is below the level). 0 where the level alone has
    the power.

    Raises
    ------
    InvalidArgument : degrees of freedom not positive, level not in (0, 0.2) or power not in (0, 1).
    """
    freedom = validation.positive("degrees_of_freedom", degrees_of_freedom)
    critical = -float(special.stdtrit(freedom, validation.inside("level", level, 0.0, 0.2) / 2))
    validation.inside("power", power, 0.0, 1.0)
    lower = 0.0
    if _power(lower, freedom, critical) >= power:
        return lower
    upper = 1.0
    while upper < np.inf and _power(upper, freedom, critical) < power:
        lower, upper = upper, 2.0 * upper
    for _ in range(_STEPS):
        middle = 0.5 * (lower + upper)
        lower, upper = (middle, upper) if _power(middle, freedom, critical) < power else (lower, middle)
    return upper


def events_p_value(events: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> NDArray[np.float64]:
    """P(X >= events) for the binomial law: how surprising so many events are if none is likelier than claimed."""
    k, n = np.broadcast_arrays(np.asarray(events, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    return np.where(
        k > 0, special.betainc(np.maximum(k, 1.0), n - np.maximum(k, 1.0) + 1.0, probability), 1.0
    )


def critical_events(trials: int, probability: float, level: float) -> int:
    """The smallest number of events that is rejected at this level; trials + 1 if none is."""
    accepted, rejected = 0, trials + 1  # no event is never rejected
    while rejected - accepted > 1:
        middle = (accepted + rejected) // 2
        if events_p_value(middle, trials, probability) <= level:
            rejected = middle
        else:
            accepted = middle
    return rejected


def detectable_probability(trials: int, probability: float, level: float, power: float = POWER) -> float:
    """The smallest true probability of an event for which a claim of ``probability`` is rejected with this power.

    Infinite where no number of events among the trials would be rejected.
    """
    critical = critical_events(trials, probability, level)
    if critical > trials:
        return float("inf")
    return float(special.betaincinv(critical, trials - critical + 1.0, power))
