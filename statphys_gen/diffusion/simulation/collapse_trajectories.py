r"""The backward process with the score of n training points: exact transitions, and Euler steps to study against them.

The score of the noised empirical law is (exp(-t) sum_mu w_mu(x) a_mu - x) / D_t with the posterior weights w_mu. A
backward transition from t to s < t is sampled without a step: draw mu from w(x_t), then, by the bridge,

    x_s | a_mu, x_t  ~  N( [exp(-(t-s)) D_s x_t + exp(-s) D_{t-s} a_mu] / D_t,  D_s D_{t-s} / D_t ).

Two clones from x_t agree when their nearest training points (to exp(-s) a_mu) are the same at the end; at s = 0 this is
the point drawn, and the agreement is E sum_mu w_mu^2.

Euler steps x <- x + h (x + 2 score) + sqrt(2h) xi are stiff near t = 0, where the score has the slope -1/D_t: the steps
are proportional to exp(2t) - 1 over exp(2t), and the run stops at ``end`` > 0. They cost steps x runs x n x d: a
cross-check for a few hundred points in a few dozen dimensions. The start is a noised training point at ``horizon``,
which is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import DataLaw
from ...data.sampling import draw_index
from ...errors import InvalidArgument
from ...numerics.blocks import map_blocks
from ...numerics.neighbours import nearest
from ...progress import keep
from ...statistics.estimate import Estimate
from .collapse import data_stream, draw_data, posterior_weights
from .first_passage import FirstPassage
from .langevin import step_grid


def simulate_empirical_clones(
    law: DataLaw,
    time: ArrayLike,
    samples: int,
    *,
    end: float = 0.0,
    walkers: int = 1000,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Probability that two backward runs with the empirical score, sharing x_t, end at the same nearest training point.

    By the exact transition.

    Parameters
    ----------
    law : GaussianMixture, Covariance, DiscreteProduct or CurieWeiss.
    time : branch times, any shape, above ``end``.
    samples : n, training points of an instance, at least 2.
    end : where the nearest training points are compared, at least 0.
    walkers : pairs of runs for each instance.
    instances : independent sets of training points, at least 2; the error is over these.
    seed : of the random streams.
    threads : the bits of the result do not depend on it.
    """
    times, last = _branch_times(time, end)
    _sizes(samples, walkers, instances)

    def agree(points: FloatArray, x: FloatArray, t: float, rng: np.random.Generator) -> NDArray[np.bool_]:
        weights = posterior_weights(points, x, t)
        first, second = (_denoise(points, x, weights, t, last, rng) for _ in range(2))
        return first == second

    return _clones(
        agree, "clones of the empirical law", law, samples, times, seed, walkers, instances, threads, end=last
    )


def simulate_empirical_clones_langevin(
    law: DataLaw,
    time: ArrayLike,
    samples: int,
    *,
    steps: int = 200,
    end: float = 1e-3,
    walkers: int = 200,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """The probability of :func:`simulate_empirical_clones` by Euler steps from t to ``end``, above 0.

    ``steps`` counts the Euler steps of a run; the bias is of first order in 1/steps.
    """
    validation.positive("end", end)
    validation.integer("steps", steps, minimum=1)
    times, last = _branch_times(time, end)
    _sizes(samples, walkers, instances)

    def agree(points: FloatArray, x: FloatArray, t: float, rng: np.random.Generator) -> NDArray[np.bool_]:
        grid = step_grid(t, last, steps, 0.0)
        ends = []
        for _ in range(2):
            clone = x.copy()
            _euler(points, clone, grid, rng)
            ends.append(nearest(clone, np.exp(-last) * points))
        return ends[0] == ends[1]

    purpose, numbers = "clones of the empirical law by Euler steps", {"end": last, "steps": steps}
    return _clones(agree, purpose, law, samples, times, seed, walkers, instances, threads, **numbers)


def simulate_last_change(
    law: DataLaw,
    samples: int,
    *,
    steps: int = 200,
    horizon: float = 4.0,
    end: float = 1e-3,
    walkers: int = 200,
    instances: int = 16,
    seed: int = 0,
    threads: int = 1,
) -> FirstPassage:
    """Time of the last change of the nearest training point along Euler runs of the backward process.

    The nearest point is monitored at the grid times (:func:`backward_grid`); the time is the earlier end, in backward
    order, of the interval of the change, and ``end`` where no change was seen before it. It has the law of
    :func:`~statphys_gen.diffusion.simulate_first_passage` with these monitored times and
    ``bridge=False``, up to the bias of the steps.

    Parameters
    ----------
    law, samples, instances, seed, threads : as for :func:`simulate_empirical_clones`.
    steps : Euler steps from ``horizon`` to ``end``.
    horizon : where a run starts, at a noised training point.
    end : where it stops, above 0.
    walkers : backward runs of an instance.
    """
    _sizes(samples, walkers, instances)
    grid = backward_grid(horizon, end, steps)

    def changes(instance: int) -> FloatArray:
        rng = data_stream(
            seed,
            "last change",
            law,
            samples,
            instance,
            steps=steps,
            horizon=float(grid[0]),
            end=float(grid[-1]),
        )
        points = draw_data(law, samples, rng)[0]
        x = _noised(points, walkers, float(grid[0]), rng)
        last = np.full(walkers, float(grid[-1]))
        near = nearest(x, np.exp(-float(grid[0])) * points)

        def see(time: float, before: float) -> None:
            nonlocal near
            now = nearest(x, np.exp(-time) * points)
            last[now != near] = before
            near = now

        _euler(points, x, grid, rng, see)
        return last

    return FirstPassage(np.stack(map_blocks(changes, instances, threads=threads)))


def backward_grid(horizon: float, end: float, steps: int) -> FloatArray:
    """Decreasing times from ``horizon`` to ``end``, evenly in log(exp(2t) - 1); shape (steps + 1,)."""
    start, last = validation.positive("horizon", horizon), validation.positive("end", end)
    validation.integer("steps", steps, minimum=1)
    if last >= start:
        raise InvalidArgument("end", end, f"below horizon = {start:g}")
    return np.asarray(step_grid(start, last, steps, 0.0))


def _euler(
    points: FloatArray,
    x: FloatArray,
    grid: FloatArray,
    rng: np.random.Generator,
    see: Callable[[float, float], None] | None = None,
) -> None:
    """Euler steps along the decreasing ``grid``, in place; ``see(time, time before)`` after each of them."""
    for t, s in pairwise(grid):
        h = float(t - s)
        mean = np.exp(-t) * (posterior_weights(points, x, float(t)) @ points)
        drift = x + 2.0 * (mean - x) / -np.expm1(-2.0 * t)
        x += h * drift + np.sqrt(2.0 * h) * rng.standard_normal(x.shape)
        if see is not None:
            see(float(s), float(t))


def _denoise(
    points: FloatArray, x: FloatArray, weights: FloatArray, t: float, s: float, rng: np.random.Generator
) -> IntArray:
    """Nearest training point at time s of one exact backward transition from x at time t."""
    drawn = draw_index(weights, rng)
    if s == 0.0:
        return drawn
    width, after, between = (float(-np.expm1(-2.0 * u)) for u in (t, s, t - s))
    mean = (np.exp(-(t - s)) * after * x + np.exp(-s) * between * points[drawn]) / width
    later = mean + np.sqrt(after * between / width) * rng.standard_normal(x.shape)
    return nearest(later, np.exp(-s) * points)


def _clones(
    agree: Callable[[FloatArray, FloatArray, float, np.random.Generator], NDArray[np.bool_]],
    purpose: str,
    law: DataLaw,
    samples: int,
    times: FloatArray,
    seed: int,
    walkers: int,
    instances: int,
    threads: int,
    **parameters: float,
) -> Estimate:
    def shares(instance: int) -> list[float]:
        rng = data_stream(seed, purpose, law, samples, instance, **parameters)
        points = draw_data(law, samples, rng)[0]
        return [
            float(agree(points, _noised(points, walkers, float(t), rng), float(t), rng).mean())
            for t in times.ravel()
        ]

    return Estimate.from_samples(
        np.array(map_blocks(shares, instances, threads=threads)).reshape(instances, *times.shape)
    )


def _noised(points: FloatArray, count: int, time: float, rng: np.random.Generator) -> FloatArray:
    """``count`` noised training points, spread evenly over the points."""
    data = points[np.arange(count) % len(points)]
    return np.exp(-time) * data + np.sqrt(-np.expm1(-2.0 * time)) * rng.standard_normal(data.shape)


def _branch_times(time: ArrayLike, end: float) -> tuple[FloatArray, float]:
    last = validation.non_negative("end", end)
    return validation.array("time", time, above=last), last


def _sizes(samples: int, walkers: int, instances: int) -> None:
    validation.integer("samples", samples, minimum=2)
    validation.integer("walkers", walkers, minimum=1)
    validation.integer("instances", instances, minimum=2)


keep(simulate_empirical_clones, "instances")
keep(simulate_empirical_clones_langevin, "instances")
keep(simulate_last_change, "instances")
