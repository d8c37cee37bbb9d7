r"""Finite-size clones and U-turns for data whose classes are not Gaussian.

Curie-Weiss
    P(a) ~ exp(beta (sum_i a_i)^2 / (2 d)), a in {-1, +1}^d; the class is the sign of the magnetisation sum_i a_i,
    a fair coin where that is 0. Data and posterior are drawn without approximation (:mod:`statphys_gen.data.sampling`).

Product classes
    Given its class, the coordinates of a data point are independent and identically distributed by a one-dimensional
    mixture: classes that differ in any cumulant, skewness for example.

Nothing here evaluates a formula for the agreement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import CurieWeiss, GaussianMixture
from ...data.sampling import (
    NoisedMixture,
    curie_weiss_posterior_field,
    draw_index,
    proportion,
    sample_curie_weiss,
)
from ...errors import InvalidArgument
from ...meaning import fingerprint
from ...statistics.estimate import Estimate


def simulate_curie_weiss_clones(
    model: CurieWeiss, time: ArrayLike, *, walkers: int = 10_000, seed: int = 0, threads: int = 1
) -> Estimate:
    """Probability that two backward runs which share x_t end with the same sign of the magnetisation; exact sampling.

    Parameters
    ----------
    model : the law of the data, without tilt.
    time : branch times, any shape, above 0.
    walkers : number of independent pairs of runs for each time, at least 2.
    seed, threads : as for :func:`~statphys_gen.diffusion.simulate_clones`.
    """

    def agree(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        x = _noised(sample_curie_weiss(model, count, rng), t, rng)
        posterior = curie_weiss_posterior_field(model, x, t)
        first = _sign(_draw_spins(*posterior, rng), rng)
        return first == _sign(_draw_spins(*posterior, rng), rng)

    return _curie_weiss_proportion(agree, "clones", model, time, walkers, seed, threads)


def simulate_curie_weiss_u_turn(
    model: CurieWeiss, time: ArrayLike, *, walkers: int = 10_000, seed: int = 0, threads: int = 1
) -> Estimate:
    """Probability that a data point noised to time t and generated back keeps the sign of its magnetisation.

    Parameters as for :func:`simulate_curie_weiss_clones`.
    """

    def unchanged(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        data = sample_curie_weiss(model, count, rng)
        generated = _draw_spins(*curie_weiss_posterior_field(model, _noised(data, t, rng), t), rng)
        return _sign(data, rng) == _sign(generated, rng)

    return _curie_weiss_proportion(unchanged, "u-turn", model, time, walkers, seed, threads)


def simulate_product_clones(
    marginals: Sequence[GaussianMixture],
    time: ArrayLike,
    dimension: int,
    *,
    weights: ArrayLike | None = None,
    walkers: int = 10_000,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Probability that two backward runs which share x_t redraw the same class, for classes with i.i.d. coordinates.

    Parameters
    ----------
    marginals : for each class the law of a coordinate, a mixture in one dimension; point masses (variance 0) allowed.
    time : branch times, any shape; above 0 where a marginal has a singular component.
    dimension : d, the number of coordinates.
    weights : of the classes, default equal.
    walkers, seed, threads : as for :func:`~statphys_gen.diffusion.simulate_clones`.
    """
    validation.integer("dimension", dimension, minimum=1)
    laws = [NoisedMixture(marginal) for marginal in marginals]
    if not laws or any(marginal.dimension != 1 for marginal in marginals):
        raise InvalidArgument("marginals", marginals, "mixtures in one dimension, one for each class")
    shares = (
        np.full(len(laws), 1.0 / len(laws))
        if weights is None
        else validation.probability_vector("weights", weights)
    )
    if len(shares) != len(laws):
        raise InvalidArgument("weights", shares, f"{len(laws)} weights, one for each class")

    def agree(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        classes = draw_index(np.broadcast_to(shares, (count, len(shares))), rng)
        x = np.empty((count, dimension))
        for c in np.unique(classes):
            rows = np.flatnonzero(classes == c)
            components = laws[c].draw_components(len(rows) * dimension, rng)
            x[rows] = laws[c].sample(components, t, rng).reshape(len(rows), dimension)
        logs = np.stack(
            [law.log_density(x.reshape(-1, 1), t).reshape(x.shape).sum(axis=1) for law in laws], axis=1
        )
        logs += np.log(shares)
        posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
        return draw_index(posterior, rng) == draw_index(posterior, rng)

    if min(law.smallest_variance for law in laws) <= 0.0:
        validation.array("time", time, above=0.0)
    key = {
        "purpose": "clones of a product law",
        "marginals": [fingerprint(marginal) for marginal in marginals],
        "weights": shares,
        "dimension": dimension,
    }
    return proportion(agree, key, dimension, time, walkers, seed, threads)


def _noised(data: FloatArray, time: float, rng: np.random.Generator) -> FloatArray:
    return np.exp(-time) * data + np.sqrt(-np.expm1(-2.0 * time)) * rng.standard_normal(data.shape)


def _draw_spins(
    nodes: FloatArray, probabilities: FloatArray, fields: FloatArray, rng: np.random.Generator
) -> FloatArray:
    from scipy.special import expit

    h = nodes[draw_index(probabilities, rng)]
    return np.where(rng.random(fields.shape) < expit(2.0 * (h[:, None] + fields)), 1.0, -1.0)


def _sign(spins: FloatArray, rng: np.random.Generator) -> IntArray:
    """1 or -1 for every row; a tie is a fair coin."""
    total = np.rint(spins.sum(axis=1)).astype(np.int64)
    coin = 2 * rng.integers(0, 2, len(total)) - 1
    return np.where(total == 0, coin, np.sign(total))


def _curie_weiss_proportion(
    experiment: Any, name: str, model: CurieWeiss, time: ArrayLike, walkers: int, seed: int, threads: int
) -> Estimate:
    model.require_no_tilt()
    times = validation.array("time", time, above=0.0)
    key = {"purpose": name, "law": model}
    return proportion(experiment, key, model.dimension, times, walkers, seed, threads)
