"""Proportions of independent trials, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..errors import InvalidArgument
from ..presentation import Scalars
from .estimate import Estimate
from .streams import generator


def estimate_proportion(events: ArrayLike, trials: int) -> Estimate:
    """Events out of independent trials; the error counts half an event more of either outcome.

    Parameters
    ----------
    events : any shape, how many of the trials came out true.
    trials : at least 2.
    """
    counts = np.asarray(events, dtype=np.float64)
    smoothed = (counts + 0.5) / (trials + 1.0)
    error = np.sqrt(smoothed * (1.0 - smoothed) / (trials - 1.0))
    return Estimate(counts / trials, error, np.full(counts.shape, trials - 1.0))


@dataclass(frozen=True, repr=False)
class Fraction(Scalars):
    """A fraction with its bootstrap interval; at 0 or 1 in all instances the interval has no width."""

    fraction: float
    lower: float
    upper: float


def bootstrap_fraction(
    events: ArrayLike, *, seed: int = 0, level: float = 0.95, resamples: int = 1000
) -> Fraction:
    """The fraction of events that are true, with the percentile interval of the bootstrap.

    Parameters
    ----------
    events : (count,) booleans of one instance, or (instances, count): instances are then drawn with replacement, and
        events within them.
    level : coverage that is aimed at.
    resamples : bootstrap samples.
    """
    values = np.atleast_2d(np.asarray(events))
    if values.dtype != np.bool_ or values.ndim != 2 or not values.size:
        raise InvalidArgument("events", events, "booleans of shape (count,) or (instances, count)")
    tail = 0.5 * (1.0 - validation.inside("level", level, 0.0, 1.0))
    validation.integer("resamples", resamples, minimum=100)
    fractions = values.mean(axis=1)
    instances, count = values.shape
    rng = generator(seed, {"purpose": "bootstrap of a fraction", "fractions": fractions, "count": count})
    chosen = rng.integers(instances, size=(resamples, instances))
    # Events that are drawn with replacement from an instance are true with the instance's fraction.
    drawn = rng.binomial(count, fractions[chosen]).mean(axis=1) / count
    lower, upper = np.quantile(drawn, [tail, 1.0 - tail])
    return Fraction(float(fractions.mean()), float(lower), float(upper))
