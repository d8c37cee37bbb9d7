r"""Finite-size clones and U-turns for data whose classes are not Gaussian.

Curie-Weiss
    P(a) ~ exp(beta (sum_i a_i)^2 / (2 d)), a in {-1, +1}^d; the class is the sign of the magnetisation sum_i a_i,
    a fair coin where that is 0. Data are drawn by the exact law of the magnetisation. Given x_t, the posterior is
    exp(beta (sum a)^2 / (2 d) + sum_i b_i a_i) with b = x_t exp(-t) / D_t, and

        exp(beta M^2 / (2 d)) ~ sum_j exp(-d h_j^2 / (2 beta)) exp(h_j M)

    on equidistant h_j makes the spins independent given h: draw h_j, then every spin. The spacing is 0.7 of the width
    sqrt(beta / d) of the Gaussian, for which the equality holds to 2 exp(-2 pi^2 / 0.49) = 7e-18, whatever M.

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
from ...errors import InvalidArgument
from ...meaning import fingerprint
from ...statistics.estimate import Estimate
from .backward_kernel import NoisedMixture, draw_index, proportion

_SPACING = 0.7
_REACH = 9.0


def sample_curie_weiss(model: CurieWeiss, walkers: int, rng: np.random.Generator) -> FloatArray:
    """Independent exact samples, entries -1 and 1; shape (walkers, d)."""
    from scipy.special import gammaln

    d = model.dimension
    up = np.arange(d + 1.0)
    log_law = (
        model.inverse_temperature * (2.0 * up - d) ** 2 / (2.0 * d)
        - gammaln(up + 1.0)
        - gammaln(d - up + 1.0)
    )
    cumulative = np.cumsum(np.exp(log_law - log_law.max()))
    chosen = np.searchsorted(cumulative, rng.random(walkers) * cumulative[-1], side="right")
    ordered = np.where(np.arange(d) < chosen[:, None], 1.0, -1.0)
    return rng.permuted(ordered, axis=1)


def curie_weiss_posterior_field(
    model: CurieWeiss, x: FloatArray, time: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The auxiliary field given x_t: nodes (J,), their probabilities (walkers, J), and b = x_t exp(-t) / D_t.

    Given a node h, spin i is up with probability 1 / (1 + exp(-2 (h + b_i))).
    """
    from .kernels import log_cosh_sums

    beta, d = model.inverse_temperature, model.dimension
    fields = x * (np.exp(-time) / -np.expm1(-2.0 * time))
    if beta == 0.0:
        return np.zeros(1), np.ones((len(x), 1)), fields
    width = np.sqrt(beta / d)
    # Beyond |h| = beta the log-weight falls at least as fast as that of a Gaussian of this width.
    last = np.ceil((beta + _REACH * width) / (_SPACING * width))
    nodes = _SPACING * width * np.arange(-last, last + 1.0)
    logs = np.empty((len(x), len(nodes)))
    log_cosh_sums(fields, nodes, logs)
    logs -= 0.5 * d * nodes**2 / beta
    logs -= logs.max(axis=1, keepdims=True)
    probabilities = np.exp(logs)
    return nodes, probabilities / probabilities.sum(axis=1, keepdims=True), fields


def simulate_curie_weiss_clones(
    model: CurieWeiss, time: ArrayLike, walkers: int, seed: int, *, threads: int = 1
) -> Estimate:
    """Probability that two backward runs which share x_t end with the same sign of the magnetisation; exact sampling.

    Parameters
    ----------
    model : the law of the data.
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
    model: CurieWeiss, time: ArrayLike, walkers: int, seed: int, *, threads: int = 1
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
    dimension: int,
    time: ArrayLike,
    walkers: int,
    seed: int,
    *,
    weights: ArrayLike | None = None,
    threads: int = 1,
) -> Estimate:
    """Probability that two backward runs which share x_t redraw the same class, for classes with i.i.d. coordinates.

    Parameters
    ----------
    marginals : for each class the law of a coordinate, a mixture in one dimension; point masses (variance 0) allowed.
    dimension : d, the number of coordinates.
    time : branch times, any shape; above 0 where a marginal has a singular component.
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
    times = validation.array("time", time, above=0.0)
    key = {"purpose": name, "law": model}
    return proportion(experiment, key, model.dimension, times, walkers, seed, threads)
