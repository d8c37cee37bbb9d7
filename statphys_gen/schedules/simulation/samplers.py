"""Samples of a schedule in full dimension: Gaussian classes by their densities, Curie-Weiss data by their posterior."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...data.laws import CurieWeiss, GaussianMixture
from ...data.sampling import NoisedMixture, curie_weiss_posterior_field
from ...errors import InvalidArgument
from ...noising import time_from_edm_sigma
from ...progress import keep, observe_part
from ...statistics.estimate import Estimate
from ...statistics.proportions import estimate_proportion
from ...statistics.streams import generator
from ..model import Grid, TwoClasses
from .solvers import Denoiser, generate

_BLOCK_NUMBERS = 2**20
_LARGEST = 20_000  # dimension


def _blocks(
    key: dict[str, object],
    dimension: int,
    walkers: int,
    seed: int,
    run: Callable[[int, np.random.Generator], FloatArray],
) -> FloatArray:
    """What ``run(count, rng)`` measures of each sample, in blocks with streams of their own; (walkers, ...)."""
    count = validation.integer("walkers", walkers, minimum=10, maximum=10_000_000)
    validation.integer("dimension", dimension, minimum=1, maximum=_LARGEST)
    size = max(10, min(count, _BLOCK_NUMBERS // dimension))
    starts = range(0, count, size)
    return np.concatenate(
        [run(min(size, count - at), generator(seed, key, k)) for k, at in enumerate(starts)]
    )


def _root_mean(squares: FloatArray) -> Estimate:
    """Square root of the mean of independent squares."""
    mean = Estimate.from_samples(squares)
    root = np.sqrt(mean.mean)
    return Estimate(root, 0.5 * mean.standard_error / root, mean.degrees_of_freedom)


class TwoClassDenoiser:
    """E[a | y] of two isotropic classes from their densities N(y; +-m, (sigma^2 + S^2) I), m along (1, ..., 1).

    Attributes
    ----------
    direction : (d,) unit vector along m.
    mean : (d,) of the data.
    """

    def __init__(self, classes: TwoClasses) -> None:
        d = classes.dimension
        self.variance = classes.variance
        self.direction = np.full(d, 1.0 / math.sqrt(d))
        self._means = classes.norm * np.stack([self.direction, -self.direction])
        self._weights = np.log([classes.weight, 1.0 - classes.weight])
        self.mean = np.exp(self._weights) @ self._means

    def __call__(self, y: FloatArray, level: float, bias: float | FloatArray = 0.0) -> FloatArray:
        """Of points (n, d); ``bias``, one or (n,), is added to half of the log-odds of the classes."""
        # Within a class the guess is linear.
        spread = self.variance + level**2
        distances = np.stack([np.einsum("ij,ij->i", y - m, y - m) for m in self._means], axis=1)
        logs = self._weights - 0.5 * distances / spread
        logs += np.multiply.outer(bias, np.array([1.0, -1.0]))
        share = np.exp(logs - logs.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        centre = share @ self._means
        return np.asarray(centre + self.variance / spread * (y - centre))


def simulate_two_classes(
    classes: TwoClasses, grid: Grid, walkers: int, *, seed: int = 0, denoiser: Denoiser | None = None
) -> dict[str, Estimate]:
    """``weight`` and ``detail_std`` of samples in R^d, the class by the sign of m.x.

    Parameters
    ----------
    classes : of at most 20,000 dimensions.
    grid : of steps.
    walkers : number of samples, at least 10.
    seed : of the starts.
    denoiser : in place of the posterior mean of the classes.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    d = classes.dimension
    validation.integer("dimension", d, maximum=_LARGEST)
    law = TwoClassDenoiser(classes)
    direction = law.direction

    key = {"purpose": "schedule in two classes", "classes": classes, "grid": grid}

    def run(count: int, rng: np.random.Generator) -> FloatArray:
        x = generate(grid, denoiser or law, law.mean, count, rng)
        along = x @ direction
        across = (x - along[:, None] * direction) ** 2
        return np.stack([along, across.sum(axis=1) / max(d - 1, 1)], axis=1)

    found = _blocks(key, d, walkers, seed, run)
    result = {"weight": estimate_proportion((found[:, 0] > 0.0).sum(), len(found))}
    if d > 1 and classes.variance > 0.0:
        result["detail_std"] = _root_mean(found[:, 1])
    return result


def simulate_mixture(
    mixture: GaussianMixture, grid: Grid, walkers: int, *, directions: FloatArray | None = None, seed: int = 0
) -> dict[str, Estimate]:
    """``weights`` (C,) of samples in R^d by Bayes' rule, and ``detail_std`` (k,) along given directions.

    Parameters
    ----------
    mixture : of at most 20,000 dimensions; any covariances, positive definite.
    grid : of steps.
    walkers : number of samples, at least 10.
    directions : (k, d) unit vectors orthogonal to the class means; none by default.
    seed : of the starts.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    noised = NoisedMixture(mixture)
    along = np.zeros((0, mixture.dimension)) if directions is None else directions
    key = {"purpose": "schedule in a mixture", "mixture": mixture, "grid": grid}

    def posterior_mean(y: FloatArray, level: float) -> FloatArray:
        t = float(time_from_edm_sigma(level))
        return noised.clean(math.exp(-t) * y, t)

    mean = mixture.weights @ mixture.means

    def run(count: int, rng: np.random.Generator) -> FloatArray:
        x = generate(grid, posterior_mean, mean, count, rng)
        return np.concatenate([noised.posterior(x, 0.0).argmax(axis=1)[:, None], x @ along.T], axis=1)

    found = _blocks(key, mixture.dimension, walkers, seed, run)
    events = np.bincount(found[:, 0].astype(np.int64), minlength=mixture.classes)
    result = {"weights": estimate_proportion(events, len(found))}
    if len(along):
        result["detail_std"] = _root_mean(found[:, 1:] ** 2)
    return result


def simulate_curie_weiss(
    model: CurieWeiss, grid: Grid, walkers: int, *, seed: int = 0
) -> dict[str, Estimate]:
    """``weight``, and ``magnetisation``, the mean sign of the coordinates of samples in the positive mode.

    Parameters
    ----------
    model : the law of the spins.
    grid : of steps.
    walkers : number of samples, at least 10.
    seed : of the starts.

    Raises
    ------
    InvalidArgument : fewer than two samples in the positive mode.
    """
    d = model.dimension
    key = {"purpose": "schedule in Curie-Weiss data", "model": model, "grid": grid}
    zero = np.zeros((1, d))

    def posterior_mean(y: FloatArray, level: float) -> FloatArray:
        t = float(time_from_edm_sigma(level))
        nodes, shares, fields = curie_weiss_posterior_field(model, math.exp(-t) * y, t)
        total = np.zeros_like(y)
        for node, share in zip(nodes, shares.T, strict=True):
            if share.max() > 1e-18:
                total += share[:, None] * np.tanh(node + fields)
        return total

    # Far noise tells nothing: the mean of the law.
    mean = posterior_mean(zero, 1e6)[0]

    def run(count: int, rng: np.random.Generator) -> FloatArray:
        x = generate(grid, posterior_mean, mean, count, rng)
        return np.stack([x.sum(axis=1), np.sign(x).mean(axis=1)], axis=1)

    found = _blocks(key, d, walkers, seed, run)
    positive = found[:, 0] > 0.0
    if positive.sum() < 2:
        raise InvalidArgument("walkers", walkers, "such that two samples are in the positive mode")
    return {
        "weight": estimate_proportion(positive.sum(), len(found)),
        "magnetisation": Estimate.from_samples(found[positive, 1]),
    }


def _walkers_per_block(dimension: int, walkers: int) -> int:
    """As in the blocks above."""
    return max(10, min(walkers, _BLOCK_NUMBERS // dimension))


observe_part(_blocks, "run")
keep(
    simulate_two_classes,
    "walkers",
    lambda classes, walkers: _walkers_per_block(classes.dimension, walkers),
    part=_blocks,
)
keep(
    simulate_mixture,
    "walkers",
    lambda mixture, walkers: _walkers_per_block(mixture.dimension, walkers),
    part=_blocks,
)
keep(
    simulate_curie_weiss,
    "walkers",
    lambda model, walkers: _walkers_per_block(model.dimension, walkers),
    part=_blocks,
)
