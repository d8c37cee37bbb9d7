r"""What a trained score network generates, how much of it is memorized, and when in training that sets in.

Generation. From N(0, G) at the longest time, the backward process goes down a grid of times, evenly spaced in u =
log(sqrt(D) exp(t)): from x_t and the guess c = E[x_0 | x_t] the next point is drawn by the bridge

    x_s ~ N( [exp(-(t-s)) D_s x_t + exp(-s) D_{t-s} c] / D_t,  D_s D_{t-s} / D_t )   (ancestral sampling),

and the result is the guess at the shortest time. The guess may be a network's, or that of an exact law.

Memorization. A generated point is a copy when its nearest point of the training set is nearer than a third of the
distance to the second nearest (the criterion of Bonnaire et al., arXiv 2505.17638, section 2). Points of the exact law
that have nothing to do with the training set are counted with a probability of order 3^-d.

Training. An instance draws a training set, initial weights, minibatches, noise and times from streams of its own. The
onset is the number of steps at which the fraction of copies crosses a level, instance by instance, between two looks
linearly in the logarithm of the steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...data.sampling import NoisedMixture
from ...errors import InsufficientSamples, InvalidArgument
from ...glossary import dataset
from ...meaning import fingerprint
from ...numerics.blocks import map_blocks
from ...numerics.neighbours import neighbour_ratios
from ...presentation import Tabular
from ...progress import keep
from ...statistics.estimate import Estimate
from ...statistics.onset import log_crossing
from ...statistics.proportions import Fraction, bootstrap_fraction
from ...statistics.streams import generator
from .network import Architecture, NetworkTraining, ScoreNetwork, batch_loss, train_network

if TYPE_CHECKING:
    import xarray

Guess = Callable[[FloatArray, float], FloatArray]

RATIO = 1.0 / 3.0


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
    walkers: int,
    rng: np.random.Generator,
    times: ArrayLike,
) -> FloatArray:
    """(walkers, d) points of the backward process.

    Parameters
    ----------
    guess : maps x (walkers, d) and a time to E[x_0 | x_t = x].
    mean_square : q = E|x|^2/d of the data, for the start.
    times : decreasing, above 0 (:func:`backward_times`).
    """
    if not callable(guess):
        raise InvalidArgument("guess", guess, "a function of x and a time")
    validation.integer("dimension", dimension, minimum=1)
    validation.integer("walkers", walkers, minimum=1)
    grid = validation.array("times", times, ndim=1, above=0.0)
    if len(grid) < 2 or not (np.diff(grid) < 0).all():
        raise InvalidArgument("times", grid, "at least 2 decreasing times")
    start = math.exp(-2.0 * grid[0]) * validation.positive("mean_square", mean_square)
    x = math.sqrt(start - math.expm1(-2.0 * grid[0])) * rng.standard_normal((walkers, dimension))
    for t, s in pairwise(grid.tolist()):
        now, later, between = (-math.expm1(-2.0 * v) for v in (t, s, t - s))
        mean = (math.exp(-(t - s)) * later * x + math.exp(-s) * between * guess(x, t)) / now
        x = mean + math.sqrt(later * between / now) * rng.standard_normal(x.shape)
    return np.asarray(guess(x, float(grid[-1])))


def memorized_fraction(
    ratios: ArrayLike,
    *,
    ratio: float = RATIO,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Fraction:
    """The fraction of ratios below ``ratio``, with the percentile interval of the bootstrap.

    Parameters
    ----------
    ratios : (walkers,) of one training, or (instances, walkers): instances are then drawn with replacement, and walkers
        within them.
    level, resamples : as for :func:`~statphys_gen.statistics.bootstrap_fraction`.
    """
    values = validation.array("ratios", ratios, at_least=0.0)
    if values.ndim not in (1, 2):
        raise InvalidArgument("ratios", values, "(walkers,) or (instances, walkers)")
    limit = validation.inside("ratio", ratio, 0.0, 1.0)
    return bootstrap_fraction(values < limit, seed=seed, level=level, resamples=resamples)


# -------------------------------------------------------------------------------------------------- experiments


@dataclass(frozen=True, eq=False, repr=False)
class MemorizationCurve(Tabular):
    """Looks at independent trainings: nearest neighbours of generated points, and losses.

    Attributes
    ----------
    samples : n, points of a training set.
    steps : (looks,).
    ratios : :func:`~statphys_gen.numerics.neighbour_ratios` of the generated points, (instances, looks, walkers).
    train_loss, test_loss : at ``loss_time``, (instances, looks), with the same noise at every look.
    loss_time : diffusion time of the losses.
    """

    samples: int
    steps: NDArray[np.int64]
    ratios: FloatArray
    train_loss: FloatArray
    test_loss: FloatArray
    loss_time: float

    def fraction(self, *, ratio: float = RATIO, seed: int = 0) -> list[Fraction]:
        """The fraction of copies at every look, with its bootstrap interval over instances and points."""
        return [memorized_fraction(self.ratios[:, k], ratio=ratio, seed=seed) for k in range(len(self.steps))]

    def records(self) -> list[dict[str, Any]]:
        return [
            {
                "steps": int(steps),
                "fraction": copies.fraction,
                "lower": copies.lower,
                "upper": copies.upper,
                "train_loss": float(self.train_loss[:, k].mean()),
                "test_loss": float(self.test_loss[:, k].mean()),
            }
            for k, (steps, copies) in enumerate(zip(self.steps, self.fraction(), strict=True))
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along instances, steps and walkers."""
        axes = ("instance", "steps")
        return dataset(
            {
                "neighbour_ratio": ((*axes, "walker"), self.ratios),
                "train_loss": (axes, self.train_loss),
                "test_loss": (axes, self.test_loss),
            },
            {"steps": (("steps",), self.steps), "time": ((), self.loss_time), "samples": ((), self.samples)},
        )


def simulate_memorization(
    mixture: GaussianMixture,
    samples: int,
    architecture: Architecture,
    training: NetworkTraining,
    *,
    instances: int,
    walkers: int = 500,
    backward_steps: int = 40,
    loss_time: float = 0.1,
    loss_draws: int = 4000,
    seed: int = 0,
    threads: int = 1,
) -> MemorizationCurve:
    """Train networks on independent training sets and look at what they generate.

    Parameters
    ----------
    samples : n, at least 2.
    instances : independent training sets, each with its training, at least 1 (2 for an error bar).
    walkers : points that are generated at each look.
    seed : of the random streams; different mixtures, numbers of samples, architectures and trainings have independent
        ones, and a look is the same whichever other looks are asked for.
    loss_draws : noised points in a loss.
    threads : the bits of the result do not depend on it.

    Raises
    ------
    InvalidArgument : a training at one fixed time, from which nothing can be generated.
    """
    law = NoisedMixture(mixture)
    if not isinstance(architecture, Architecture):
        raise InvalidArgument("architecture", architecture, "an Architecture")
    if not isinstance(training, NetworkTraining):
        raise InvalidArgument("training", training, "a NetworkTraining")
    validation.integer("samples", samples, minimum=2)
    validation.integer("instances", instances, minimum=1)
    validation.integer("seed", seed, minimum=0)
    validation.integer("walkers", walkers, minimum=1)
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
        points = law.draw(samples, generator(seed, key | {"part": "points"}, replica))
        ratios, losses = [], []

        def observe(step: int, network: ScoreNetwork) -> None:
            rng = generator(seed, key | {"part": "generation", "step": step}, replica)
            made = generate(network.clean, mixture.dimension, network.mean_square, walkers, rng, grid)
            ratios.append(neighbour_ratios(made, points))
            draws = generator(seed, loss_key, replica)
            losses.append(network_losses(network, law, points, loss_time, loss_draws, draws))

        train_network(
            points, architecture, training, generator(seed, key | {"part": "training"}, replica), observe
        )
        return np.stack(ratios), np.array(losses)

    found = map_blocks(run, instances, threads=threads)
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
    law: NoisedMixture,
    points: FloatArray,
    time: float,
    draws: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Train and test loss at one diffusion time, over ``draws`` noised points each, with the same noise."""
    u = np.full(draws, time + 0.5 * math.log(-math.expm1(-2.0 * time)))
    kind = network.parameters.dtype
    xi = rng.standard_normal((draws, points.shape[1])).astype(kind)
    seen = points[rng.integers(len(points), size=draws)].astype(kind)
    fresh = law.draw(draws, rng).astype(kind)
    return batch_loss(network, seen, xi, u), batch_loss(network, fresh, xi, u)


def memorization_onset(curve: MemorizationCurve, *, level: float = 0.1, ratio: float = RATIO) -> Estimate:
    """Logarithm of the number of steps at which the fraction of copies first crosses ``level``, over the instances.

    Raises
    ------
    InsufficientSamples : fewer than 2 instances, or one that does not cross the level between two looks.
    """
    wanted = validation.inside("level", level, 0.0, 1.0)
    fractions = (curve.ratios < validation.inside("ratio", ratio, 0.0, 1.0)).mean(axis=2)
    found = []
    for k, fraction in enumerate(fractions):
        try:
            found.append(log_crossing(curve.steps, fraction, wanted, name="fraction of copies"))
        except InsufficientSamples as error:
            raise InsufficientSamples(f"n = {curve.samples}, instance {k}: {error}") from None
    return Estimate.from_samples(found)


keep(simulate_memorization, "instances")
