"""Agreement of a simulation with an exact value: one rule, with a stated rate of false alarms.

Seeds are fixed, so that a verdict does not change from run to run; but whenever streams change, every such test is
drawn anew. Each comparison therefore spends a level, the probability that it alarms although nothing is wrong, and all
levels of the suite together stay below ``TOTAL_RATE`` (``conftest.py`` fails the session when they do not): drawn anew
as a whole, the suite raises a false alarm in at most one of ten cases. A comparison that needs a narrower band than the
default spends more and says so.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from statphys_gen.statistics.estimate import Estimate

TOTAL_RATE = 0.1
# Four standard errors where the number of their degrees of freedom is large.
LEVEL = 6.3e-5
# Of this process; conftest.py sums over processes.
spent = 0.0


def agrees(
    estimate: Estimate, exact: ArrayLike | Estimate, level: float = LEVEL, *, bias: ArrayLike = 0.0
) -> bool:
    """Whether every component lies where an unbiased estimate of ``exact`` lies with probability 1 - ``level``.

    Student's law with the degrees of freedom of the estimate; the level is shared by the components (Bonferroni).

    Parameters
    ----------
    exact : the value, or an independent estimate of the same quantity (Welch's degrees of freedom).
    bias : bound of a known systematic deviation, such as that of a finite step; it is subtracted from the distance.
    """
    _spend(level)
    mean, error, freedom = (
        np.asarray(x, dtype=np.float64)
        for x in (estimate.mean, estimate.standard_error, estimate.degrees_of_freedom)
    )
    if isinstance(exact, Estimate):
        parts = error**4 / freedom + np.asarray(exact.standard_error) ** 4 / exact.degrees_of_freedom
        error = np.hypot(error, exact.standard_error)
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = error**4 / parts
        exact = exact.mean
    distance = np.maximum(0.0, np.abs(mean - np.asarray(exact, dtype=np.float64)) - bias)
    components = max(distance.size, 1)
    return bool((distance <= stats.t.isf(0.5 * level / components, freedom) * error).all())


def count_agrees(
    count: int,
    trials: int,
    probability: float,
    level: float = LEVEL,
    side: Literal["both", "above", "below"] = "both",
) -> bool:
    """Whether so many of independent trials succeed as do with probability 1 - ``level``, by the binomial law.

    ``side`` says on which side of the expectation a count is an alarm.
    """
    _spend(level)
    tail = 0.5 * level if side == "both" else level
    quantile: Callable[[float], float] = stats.binom(trials, probability).ppf
    return bool(
        (side == "above" or count >= quantile(tail)) and (side == "below" or count <= quantile(1.0 - tail))
    )


def _spend(level: float) -> None:
    global spent
    spent += level
