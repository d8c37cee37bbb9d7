r"""What a trained score network generates, how much of it is memorized, and when in training that sets in.

Generation. From N(0, G) at the longest time, the backward process goes down a grid of times, evenly spaced in u =
log(sqrt(D) exp(t)): from x_t and the guess c = E[x_0 | x_t] the next point is drawn by the bridge

    x_s ~ N( [exp(-(t-s)) D_s x_t + exp(-s) D_{t-s} c] / D_t,  D_s D_{t-s} / D_t )   (ancestral sampling),

and the result is the guess at the shortest time. The guess may be a network's, or that of an exact law.

Memorization. A generated point is a copy when its nearest point of the training set is nearer than a third of the
distance to the second nearest (the criterion of Bonnaire et al., arXiv 2505.17638, section 2). Points of the exact law
that have nothing to do with the training set are counted with a probability of order 3^-d.

Training. Independent runs draw a training set, initial weights, minibatches, noise and times from streams of their own.
The onset is the number of steps at which the fraction of copies crosses a level, run by run, between two looks linearly
in the logarithm of the steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InsufficientSamples, InvalidArgument
from ...meaning import fingerprint
from ...numerics.blocks import map_blocks
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from .mixture import Mixture
from .network import Architecture, NetworkTraining, ScoreNetwork, batch_loss, train_network

Guess = Callable[[FloatArray, float], FloatArray]

RATIO = 1.0 / 3.0
_BLOCK_NUMBERS = 2**22


# ------------------------------------------------------------------------------------------- generation, copies


def backward_times(shortest_time: float, longest_time: float, steps: int) -> FloatArray:
    """Decreasing times, evenly spaced in log(exp(2t) - 1); (steps + 1,)."""
    first = validation.positive("shortest_time", shortest_time)
    last = validation.positive("longest_time", longest_time)
    validation.integer("steps", steps, minimum=1)
    if last <= first:
        raise InvalidArgument("longest_time", longest_time, f"above shortest_time = {first:g}")
    top, bottom = (2.0 * t + math.log(-math.expm1(-2.0 * t)) for t in (last, first))
    times = 0.5 * np.logaddexp(0.0, np.linspace(top, bottom, steps + 1))
    times[[0, -1]] = last, first
    return np.asarray(times)


def generate(
    guess: Guess,
    dimension: int,
    mean_square: float,
    count: int,
    rng: np.random.Generator,
    times: ArrayLike,
) -> FloatArray:
    """(count, d) points of the backward process.

    Parameters
    ----------
    guess : maps x (count, d) and a time to E[x_0 | x_t = x].
    mean_square : q = E|x|^2/d of the data, for the start.
    times : decreasing, above 0 (:func:`backward_times`).
    """
    if not callable(guess):
        raise InvalidArgument("guess", guess, "a function of x and a time")
    validation.integer("dimension", dimension, minimum=1)
    validation.integer("count", count, minimum=1)
    grid = validation.array("times", times, ndim=1, above=0.0)
    if len(grid) < 2 or not (np.diff(grid) < 0).all():
        raise InvalidArgument("times", grid, "at least 2 decreasing times")
    start = math.exp(-2.0 * grid[0]) * validation.positive("mean_square", mean_square)
    x = math.sqrt(start - math.expm1(-2.0 * grid[0])) * rng.standard_normal((count, dimension))
    for t, s in pairwise(grid.tolist()):
        now, later, between = (-math.expm1(-2.0 * v) for v in (t, s, t - s))
        mean = (math.exp(-(t - s)) * later * x + math.exp(-s) * between * guess(x, t)) / now
        x = mean + math.sqrt(later * between / now) * rng.standard_normal(x.shape)
    return np.asarray(guess(x, float(grid[-1])))


def neighbour_ratios(generated: ArrayLike, points: ArrayLike) -> FloatArray:
    """Distance to the nearest of ``points`` over that to the second nearest, (count,); at least 2 points.

    A generated point at two equal points has the ratio 1: it is no nearer to one of them.
    """
    places = validation.array("points", points, shape=(None, None))
    if len(places) < 2:
        raise InvalidArgument("points", places, "at least 2 points")
    found = validation.array("generated", generated, shape=(None, places.shape[1]))
    ratios = np.empty(len(found))
    norms = (places**2).sum(axis=1)
    block = max(1, _BLOCK_NUMBERS // len(places))
    for start in range(0, len(found), block):
        part = found[start : start + block]
        chosen = np.argpartition(norms - 2.0 * part @ places.T, 1, axis=1)[:, :2]
        # Again as differences: a copy's distance is small against the norms.
        squares = np.sort(((part[:, None, :] - places[chosen]) ** 2).sum(axis=2), axis=1)
        far = squares[:, 1] > 0.0
        ratios[start : start + block] = np.where(
            far, np.sqrt(squares[:, 0] / np.where(far, squares[:, 1], 1.0)), 1.0
        )
    return ratios


@dataclass(frozen=True)
class MemorizedFraction:
    """A fraction with its bootstrap interval; at 0 or 1 in all runs the interval has no width."""

    fraction: float
    lower: float
    upper: float


def memorized_fraction(
    ratios: ArrayLike,
    seed: int,
    *,
    ratio: float = RATIO,
    level: float = 0.95,
    resamples: int = 1000,
) -> MemorizedFraction:
    """The fraction of ratios below ``ratio``, with the percentile interval of the bootstrap.

    Parameters
    ----------
    ratios : (count,) of one training, or (runs, count): runs are then drawn with replacement, and points within them.
    level : coverage that is aimed at.
    resamples : bootstrap samples.
    """
    values = np.atleast_2d(validation.array("ratios", ratios, at_least=0.0))
    if values.ndim != 2:
        raise InvalidArgument("ratios", values, "(count,) or (runs, count)")
    limit = validation.inside("ratio", ratio, 0.0, 1.0)
    tail = 0.5 * (1.0 - validation.inside("level", level, 0.0, 1.0))
    validation.integer("resamples", resamples, minimum=100)
    fractions = (values < limit).mean(axis=1)
    runs, count = values.shape
    key = {"purpose": "bootstrap of the memorized fraction", "fractions": fractions, "count": count}
    rng = generator(seed, key)
    chosen = rng.integers(runs, size=(resamples, runs))
    # Points that are drawn with replacement from a run are copies with the run's fraction.
    drawn = rng.binomial(count, fractions[chosen]).mean(axis=1) / count
    lower, upper = np.quantile(drawn, [tail, 1.0 - tail])
    return MemorizedFraction(float(fractions.mean()), float(lower), float(upper))


# -------------------------------------------------------------------------------------------------- experiments


@dataclass(frozen=True)
class MemorizationCurve:
    """Looks at independent trainings.

    Attributes
    ----------
    samples : n, points of a training set.
    steps : (looks,).
    ratios : :func:`neighbour_ratios` of the generated points, (runs, looks, count).
    train_loss, test_loss : at ``loss_time``, (runs, looks), with the same noise at every look.
    loss_time : diffusion time of the losses.
    """

    samples: int
    steps: NDArray[np.int64]
    ratios: FloatArray
    train_loss: FloatArray
    test_loss: FloatArray
    loss_time: float

    def fraction(self, seed: int = 0, ratio: float = RATIO) -> list[MemorizedFraction]:
        """The fraction of copies at every look, with its bootstrap interval over runs and points."""
        return [memorized_fraction(self.ratios[:, k], seed, ratio=ratio) for k in range(len(self.steps))]


def simulate_memorization(
    mixture: Mixture,
    samples: int,
    architecture: Architecture,
    training: NetworkTraining,
    runs: int,
    seed: int,
    *,
    generated: int = 500,
    backward_steps: int = 40,
    loss_time: float = 0.1,
    loss_draws: int = 4000,
    threads: int = 1,
) -> MemorizationCurve:
    """Train networks on independent training sets and look at what they generate.

    Parameters
    ----------
    samples : n, at least 2.
    runs : independent trainings, at least 1 (2 for an error bar).
    seed : of the random streams; different mixtures, numbers of samples, architectures and trainings have independent
        ones, and a look is the same whichever other looks are asked for.
    generated : points that are generated at each look.
    loss_draws : noised points in a loss.
    threads : the bits of the result do not depend on it.

    Raises
    ------
    InvalidArgument : a training at one fixed time, from which nothing can be generated.
    """
    if not isinstance(mixture, Mixture):
        raise InvalidArgument("mixture", mixture, "a Mixture")
    if not isinstance(architecture, Architecture):
        raise InvalidArgument("architecture", architecture, "an Architecture")
    if not isinstance(training, NetworkTraining):
        raise InvalidArgument("training", training, "a NetworkTraining")
    validation.integer("samples", samples, minimum=2)
    validation.integer("runs", runs, minimum=1)
    validation.integer("seed", seed, minimum=0)
    validation.integer("generated", generated, minimum=1)
    validation.integer("loss_draws", loss_draws, minimum=1)
    validation.positive("loss_time", loss_time)
    if training.fixed_time:
        raise InvalidArgument(
            "longest_time", training.longest_time, "above shortest_time: the backward process needs all times"
        )
    grid = backward_times(training.shortest_time, training.longest_time, backward_steps)
    # How the network is trained, without the steps at which it is looked at.
    course = replace(training, steps=(0,))
    key = {"law": mixture, "samples": samples, "architecture": architecture, "training": course}
    key = {"purpose": "memorization", "study": fingerprint(key)}
    loss_key = key | {"part": "losses", "time": loss_time}

    def run(replica: int) -> tuple[FloatArray, FloatArray]:
        points = mixture.sample(samples, generator(seed, key | {"part": "points"}, replica))
        ratios, losses = [], []

        def observe(step: int, network: ScoreNetwork) -> None:
            rng = generator(seed, key | {"part": "generation", "step": step}, replica)
            made = generate(network.clean, mixture.dimension, network.mean_square, generated, rng, grid)
            ratios.append(neighbour_ratios(made, points))
            draws = generator(seed, loss_key, replica)
            losses.append(network_losses(network, mixture, points, loss_time, loss_draws, draws))

        train_network(
            points, architecture, training, generator(seed, key | {"part": "training"}, replica), observe
        )
        return np.stack(ratios), np.array(losses)

    found = map_blocks(run, runs, threads=threads)
    losses = np.stack([one[1] for one in found])
    return MemorizationCurve(
        samples,
        np.array(training.steps),
        np.stack([one[0] for one in found]),
        losses[:, :, 0],
        losses[:, :, 1],
        loss_time,
    )


def network_losses(
    network: ScoreNetwork,
    mixture: Mixture,
    points: FloatArray,
    time: float,
    draws: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Train and test loss at one diffusion time, over ``draws`` noised points each, with the same noise."""
    u = np.full(draws, time + 0.5 * math.log(-math.expm1(-2.0 * time)))
    kind = network.parameters.dtype
    xi = rng.standard_normal((draws, mixture.dimension)).astype(kind)
    seen = points[rng.integers(len(points), size=draws)].astype(kind)
    fresh = mixture.sample(draws, rng).astype(kind)
    return batch_loss(network, seen, xi, u), batch_loss(network, fresh, xi, u)


def memorization_onset(curve: MemorizationCurve, level: float = 0.1, ratio: float = RATIO) -> Estimate:
    """Logarithm of the number of steps at which the fraction of copies first crosses ``level``, over the runs.

    Raises
    ------
    InsufficientSamples : fewer than 2 runs, or one that does not cross the level between two looks.
    """
    wanted = validation.inside("level", level, 0.0, 1.0)
    fractions = (curve.ratios < validation.inside("ratio", ratio, 0.0, 1.0)).mean(axis=2)
    found = []
    for k, fraction in enumerate(fractions):
        above = np.flatnonzero(fraction >= wanted)
        if not len(above) or above[0] == 0 or curve.steps[above[0] - 1] == 0:
            raise InsufficientSamples(
                f"n = {curve.samples}, run {k}: the fraction of copies does not cross {wanted:g} between two looks "
                f"(it goes from {fraction[0]:.3g} to {fraction[-1]:.3g})"
            )
        after = int(above[0])
        share = (wanted - fraction[after - 1]) / (fraction[after] - fraction[after - 1])
        before, later = np.log(curve.steps[[after - 1, after]])
        found.append(before + share * (later - before))
    return Estimate.from_samples(found)


def onset_exponent(samples: ArrayLike, onsets: Estimate) -> Estimate:
    """The exponent e of onset ~ n^e: the slope of the logarithms, with the error that those of the onsets cause.

    ``onsets`` are logarithms, (sizes,), at least 2 of them. They count alike, because standard errors over a few runs
    are too uncertain to be weights. Degrees of freedom after Welch and Satterthwaite.
    """
    x = np.log(validation.array("samples", samples, ndim=1, above=0.0))
    if len(x) < 2 or len(np.unique(x)) < 2 or onsets.shape != x.shape:
        raise InvalidArgument("samples", samples, "at least 2 distinct sizes, one for each onset")
    if not (onsets.standard_error > 0).all():
        raise InvalidArgument("onsets", onsets.standard_error, "estimates with positive standard errors")
    centred = x - x.mean()
    share = centred / (centred @ centred)
    parts = (share * onsets.standard_error) ** 2
    freedom = parts.sum() ** 2 / (parts**2 / onsets.degrees_of_freedom).sum()
    return Estimate(np.asarray(share @ onsets.mean), np.asarray(math.sqrt(parts.sum())), np.asarray(freedom))
