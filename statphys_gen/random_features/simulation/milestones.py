r"""Places on the curves of single instances: the best penalty, training times at which a level is passed, relaxation.

Each is read off instance by instance, so that its error is over instances. The relaxation time of a mode is measured by
training: a share 1 - exp(-2 tau/tau_k) of what mode k will ever take off the train loss is gone after tau.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...statistics.estimate import Estimate
from ...statistics.onset import log_crossing
from ..model import RandomFeatures
from .gaussian_equivalent import FeatureMoments
from .instances import instance_matrices, instance_stream, loss_samples
from .training import GradientFlow, Ridge


def minimum(places: FloatArray, curve: FloatArray, argument: str) -> tuple[float, float]:
    """Logarithm of the place of the least value, and that value, by the parabola through three points."""
    lowest = int(np.argmin(curve))
    if lowest in (0, len(places) - 1):
        raise InvalidArgument(argument, places, "around the minimum of the score error")
    part = slice(lowest - 1, lowest + 2)
    middle = math.log(places[lowest])
    a, b, c = np.polyfit(np.log(places[part]) - middle, curve[part], 2)
    return middle - 0.5 * b / a, c - 0.25 * b**2 / a


def simulate_best_ridge(
    model: RandomFeatures, penalty: ArrayLike, dimension: int, *, instances: int, seed: int = 0
) -> Estimate:
    """Logarithm of the penalty with the least score error, and that error; (2,). ``penalty`` brackets the minimum."""
    places = validation.array("penalty", penalty, ndim=1, above=0.0)
    curves = loss_samples(model, Ridge(places), dimension, instances, None, seed, 1)[:, 2]
    return Estimate.from_samples([minimum(places, curve, "penalty") for curve in curves])


def simulate_ridge_against_stopping(
    model: RandomFeatures,
    penalty: ArrayLike,
    training_time: ArrayLike,
    dimension: int,
    *,
    instances: int,
    seed: int = 0,
) -> FloatArray:
    """Least score error with a ridge less that along gradient flow, of each instance; (instances,)."""
    places, times = (np.asarray(entry, dtype=np.float64) for entry in (penalty, training_time))
    ridge = loss_samples(model, Ridge(places), dimension, instances, None, seed, 1)[:, 2]
    flow = loss_samples(model, GradientFlow(times), dimension, instances, None, seed, 1)[:, 2]
    pairs = zip(ridge, flow, strict=True)
    return np.array(
        [minimum(places, r, "penalty")[1] - minimum(times, f, "training_time")[1] for r, f in pairs]
    )


def simulate_gap_time(
    model: RandomFeatures,
    training_time: ArrayLike,
    gap: float,
    dimension: int,
    *,
    instances: int,
    seed: int = 0,
) -> Estimate:
    """Logarithm of the first training time at which the test loss exceeds the train loss by ``gap``; (1,)."""
    times = validation.array("training_time", training_time, ndim=1, above=0.0)
    curves = loss_samples(model, GradientFlow(times), dimension, instances, None, seed, 1)
    gaps = curves[:, 1] - curves[:, 0]
    return Estimate.from_samples([[log_crossing(times, one, gap, name="gap")] for one in gaps])


def simulate_window(
    model: RandomFeatures,
    training_time: ArrayLike,
    tolerance: float,
    dimension: int,
    *,
    instances: int,
    seed: int = 0,
) -> Estimate:
    """Logarithms of the training times between which the score error is at most 1 + tolerance times its least; (2,)."""
    times = validation.array("training_time", training_time, ndim=1, above=0.0)
    curves = loss_samples(model, GradientFlow(times), dimension, instances, None, seed, 1)[:, 2]
    found = []
    for curve in curves:
        level = (1.0 + tolerance) * minimum(times, curve, "training_time")[1]
        lowest = int(np.argmin(curve))
        before, after = slice(lowest + 1), slice(lowest, None)
        falls = log_crossing(times[before], -curve[before], -level, name="score error")
        found.append([falls, log_crossing(times[after], curve[after], level, name="score error")])
    return Estimate.from_samples(found)


def simulate_relaxation_times(
    model: RandomFeatures,
    training_time: Sequence[float],
    ranks: Callable[[int], Sequence[int]],
    dimension: int,
    *,
    instances: int,
    moments: FeatureMoments | None = None,
    seed: int = 0,
) -> Estimate:
    """Relaxation times of the modes of given ranks, each read at a training time of its own; (ranks,)."""
    times, chosen = np.asarray(training_time, dtype=np.float64), list(ranks(dimension))
    flow = GradientFlow([*times, math.inf])
    found = []
    for instance in range(instances):
        rng = instance_stream(model, dimension, moments, seed, instance)
        parts = flow.train_parts(
            instance_matrices(model, dimension, moments, rng), model.features_per_dimension
        )[:, chosen]
        gone = parts[np.arange(len(chosen)), np.arange(len(chosen))] / parts[-1]
        found.append(-2.0 * times / np.log1p(-gone))
    return Estimate.from_samples(found)
