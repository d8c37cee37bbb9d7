"""Proportions of independent trials, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray, IntArray
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
    """A fraction, or a difference of two, with an interval."""

    fraction: float
    lower: float
    upper: float


def bootstrap_fraction(
    events: ArrayLike, *, seed: int = 0, level: float = 0.95, resamples: int = 1000
) -> Fraction:
    """The fraction of events that are true, with the percentile interval of the bootstrap.

    At 0 or 1 in all instances the interval has no width.

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


def clopper_pearson(events: int, trials: int, *, level: float = 0.95) -> Fraction:
    """The fraction of events with the exact two-sided interval of Clopper and Pearson (Biometrika 26, 404, 1934).

    Each end is missed with a probability of at most (1 - level)/2, whatever the true probability.

    Parameters
    ----------
    events, trials : of the binomial law; at least 1 trial.
    level : coverage, in (0, 1).
    """
    from scipy.special import betaincinv

    count = validation.integer("trials", trials, minimum=1)
    found = validation.integer("events", events, 0, count)
    tail = 0.5 * (1.0 - validation.inside("level", level, 0.0, 1.0))
    lower = betaincinv(found, count - found + 1.0, tail) if found else 0.0
    upper = betaincinv(found + 1.0, count - found, 1.0 - tail) if found < count else 1.0
    return Fraction(found / count, float(lower), float(upper))


def newcombe(
    first_events: int, first_trials: int, second_events: int, second_trials: int, *, level: float = 0.95
) -> Fraction:
    """The difference of two independent fractions, first minus second, with Newcombe's interval.

    The interval joins the score intervals of Wilson (Statistics in Medicine 17, 873, 1998, method 10); it stays inside
    [-1, 1] and has a width where a fraction is 0 or 1. Its coverage is close to ``level``, not at least that.
    """
    from scipy.special import ndtri

    quantile = float(-ndtri(0.5 * (1.0 - validation.inside("level", level, 0.0, 1.0))))
    parts = []
    for name, events, trials in (
        ("first", first_events, first_trials),
        ("second", second_events, second_trials),
    ):
        count = validation.integer(f"{name}_trials", trials, minimum=1)
        share = validation.integer(f"{name}_events", events, 0, count) / count
        centre = share + quantile**2 / (2.0 * count)
        half = quantile * np.sqrt(share * (1.0 - share) / count + (quantile / (2.0 * count)) ** 2)
        scale = 1.0 + quantile**2 / count
        parts.append((share, max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)))
    (p, p_low, p_high), (q, q_low, q_high) = parts
    lower = p - q - np.hypot(p - p_low, q_high - q)
    upper = p - q + np.hypot(p_high - p, q - q_low)
    return Fraction(p - q, float(lower), float(upper))


def hypergeometric(total: int, marked: int, drawn: int) -> tuple[IntArray, FloatArray]:
    """Possible numbers of marked things among ``drawn`` of ``total`` without replacement, and their probabilities."""
    lowest, highest = max(0, drawn + marked - total), min(marked, drawn)
    counts = np.arange(lowest, highest + 1)
    k = counts[:-1].astype(np.float64)
    steps = np.log((marked - k) * (drawn - k) / ((k + 1.0) * (total - marked - drawn + k + 1.0)))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    return counts, weights / weights.sum()


def fisher_p_value(first_events: int, first_trials: int, second_events: int, second_trials: int) -> float:
    """Fisher's exact one-sided test that the first of two fractions is the larger one.

    The probability of at least ``first_events`` among the first trials, given the number of all events.
    """
    first = validation.integer("first_trials", first_trials, minimum=1)
    second = validation.integer("second_trials", second_trials, minimum=1)
    events = validation.integer("first_events", first_events, 0, first)
    others = validation.integer("second_events", second_events, 0, second)
    counts, probabilities = hypergeometric(first + second, events + others, first)
    return min(1.0, float(probabilities[counts >= events].sum()))
