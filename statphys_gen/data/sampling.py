r"""Samples of the laws, as they are and under noise, and experiments on blocks of walkers.

Noising x_t = exp(-t) a + sqrt(D_t) z with D_t = 1 - exp(-2t) (:mod:`statphys_gen.noising`). Component k of a Gaussian
mixture at time t is N(mu_k(t), S_k(t)), mu_k = exp(-t) m_k, S_k = exp(-2t) C_k + D_t I. The backward process from t to
s < t is sampled without a time step, by the bridge of the Ornstein-Uhlenbeck process: draw the component k ~ p(k|x_t),
then, with e = exp(-(t - s)),

    x_s | k, x_t  ~  N( mu_k(s) + e S_k(s) S_k(t)^{-1} (x_t - mu_k(t)),  D_{t-s} S_k(s) S_k(t)^{-1} ).

Curie-Weiss data are drawn by the exact law of the magnetisation M = sum_i a_i. Given x_t, their posterior is
exp(beta M^2 / (2 d) + sum_i b_i a_i) with b = x_t exp(-t) / D_t + tilt / d, and

    exp(beta M^2 / (2 d)) ~ sum_j exp(-d h_j^2 / (2 beta)) exp(h_j M)

on equidistant h_j makes the spins independent given h: draw h_j, then every spin. The spacing is 0.7 of the width
sqrt(beta / d) of the Gaussian, for which the equality holds to 2 exp(-2 pi^2 / 0.49) = 7e-18, whatever M.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument
from ..numerics.blocks import map_blocks
from ..statistics.estimate import Estimate
from ..statistics.proportions import estimate_proportion
from ..statistics.streams import generator
from .laws import CurieWeiss, GaussianMixture

Outcomes = Callable[[float, int, np.random.Generator], NDArray[Any]]

# A block of walkers holds about 4 MB, so that its passes stay in cache. The bits of a result depend on it.
_BLOCK_NUMBERS = 2**19
_LARGEST_BLOCK = 8192
_SPACING = 0.7
_REACH = 9.0


@dataclass(frozen=True)
class _Component:
    """N(mean, covariance) in the eigenbasis of the covariance.

    ``variances`` has shape (1,) for an isotropic covariance, else (d,); ``rotation`` is None for a diagonal one.
    """

    mean: FloatArray
    variances: FloatArray
    rotation: FloatArray | None

    def at(self, time: float) -> _Component:
        variances = np.exp(-2.0 * time) * self.variances - np.expm1(-2.0 * time)
        return _Component(np.exp(-time) * self.mean, variances, self.rotation)

    def to_eigenbasis(self, x: FloatArray) -> FloatArray:
        return x - self.mean if self.rotation is None else (x - self.mean) @ self.rotation

    def rotate_back(self, y: FloatArray) -> FloatArray:
        return y if self.rotation is None else y @ self.rotation.T

    def log_density(self, x: FloatArray) -> FloatArray:
        """log N(x; mean, covariance) + (d/2) log(2 pi) for the rows of x."""
        y = self.to_eigenbasis(x)
        np.multiply(y, y, out=y)
        inverse = 1.0 / self.variances
        quadratic = y.sum(axis=1) * inverse[0] if len(inverse) == 1 else y @ inverse
        return -0.5 * (quadratic + np.log(self.variances).mean() * len(self.mean))


class NoisedMixture:
    """A Gaussian mixture under noising: its laws P_t, their scores and the exact backward transitions.

    Rows of every array are walkers.

    Parameters
    ----------
    mixture : the law of the data.
    """

    def __init__(self, mixture: GaussianMixture) -> None:
        if not isinstance(mixture, GaussianMixture):
            raise InvalidArgument("mixture", mixture, "a GaussianMixture")
        self.mixture = mixture
        self._components = []
        stored: tuple[FloatArray, FloatArray | None]
        for k in range(mixture.classes):
            covariance = mixture.covariance(k)
            if covariance.ndim < 2:
                stored = np.atleast_1d(covariance), None
            elif k == 0 or len(mixture.covariances) > 1:
                eigenvalues, vectors = np.linalg.eigh(covariance)
                stored = np.clip(eigenvalues, 0.0, None), vectors
            self._components.append(_Component(mixture.means[k], *stored))
        self._log_weights = np.log(mixture.weights)

    @property
    def smallest_variance(self) -> float:
        """The smallest variance of the data within a component, over all directions."""
        return float(min(component.variances.min() for component in self._components))

    def draw_components(self, walkers: int, rng: np.random.Generator) -> IntArray:
        """Components drawn from the weights; shape (walkers,)."""
        return draw_index(np.broadcast_to(self.mixture.weights, (walkers, self.mixture.classes)), rng)

    def sample(self, components: IntArray, time: float, rng: np.random.Generator) -> FloatArray:
        """x_t from the given components; shape (walkers, d). Time 0 gives data."""
        x = rng.standard_normal((len(components), self.mixture.dimension))
        for k, rows in _rows_of(components):
            law = self._components[k].at(time)
            x[rows] = law.rotate_back(np.sqrt(law.variances) * x[rows]) + law.mean
        return x

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """(count, d) independent data."""
        return self.sample(self.draw_components(count, rng), 0.0, rng)

    def posterior(self, x: FloatArray, time: float) -> FloatArray:
        """p(k | x_t = x) by log-sum-exp; shape (walkers, K). Every S_k(t) must be positive definite."""
        if self.mixture.covariance_kind == "isotropic":
            means = np.exp(-time) * self.mixture.means
            return self._isotropic_posterior(np.einsum("bi,bi->b", x, x), x @ means.T, time)
        return _normalised(self._log_terms(x, time))

    def sample_posterior(self, components: IntArray, time: float, rng: np.random.Generator) -> FloatArray:
        """p(k | x_t) for x_t drawn from the given components, the same random numbers as in :meth:`sample`."""
        if self.mixture.covariance_kind != "isotropic":
            return self.posterior(self.sample(components, time, rng), time)
        from .kernels import isotropic_projections

        laws = [component.at(time) for component in self._components]
        squares, products = np.empty(len(components)), np.empty((len(components), self.mixture.classes))
        deviations = np.sqrt([law.variances[0] for law in laws])
        isotropic_projections(
            rng, components, np.stack([law.mean for law in laws]), deviations, squares, products
        )
        return self._isotropic_posterior(squares, products, time)

    def log_density(self, x: FloatArray, time: float) -> FloatArray:
        """log P_t(x) for every row."""
        logs = self._log_terms(x, time)
        largest = logs.max(axis=1)
        summed = np.log(np.exp(logs - largest[:, None]).sum(axis=1))
        return largest + summed - 0.5 * self.mixture.dimension * np.log(2.0 * np.pi)

    def _log_terms(self, x: FloatArray, time: float) -> FloatArray:
        """log w_k N(x; mu_k, S_k), without the (2 pi)^(d/2)."""
        return self._log_weights + np.stack([c.at(time).log_density(x) for c in self._components], axis=1)

    def _isotropic_posterior(self, squares: FloatArray, products: FloatArray, time: float) -> FloatArray:
        """From |x|^2, shape (walkers,), and x . mu_k(t), shape (walkers, K)."""
        laws = [component.at(time) for component in self._components]
        variances = np.array([law.variances[0] for law in laws])
        norms = np.array([law.mean @ law.mean for law in laws])
        distances = squares[:, None] - 2.0 * products + norms
        logs = self._log_weights - 0.5 * self.mixture.dimension * np.log(variances)
        return _normalised(logs - 0.5 * distances / variances)

    def score(self, x: FloatArray, time: float) -> FloatArray:
        """grad log P_t(x) = -sum_k p(k|x) S_k^{-1} (x - mu_k)."""
        posterior = self.posterior(x, time)
        result = np.zeros_like(x)
        for k, component in enumerate(self._components):
            law = component.at(time)
            result -= posterior[:, k, None] * law.rotate_back(law.to_eigenbasis(x) / law.variances)
        return result

    def clean(self, x: FloatArray, time: float) -> FloatArray:
        """E[x_0 | x_t = x], the best guess of the clean data; the score is (exp(-t) clean - x) / D_t."""
        posterior = self.posterior(x, time)
        result = np.zeros_like(x)
        for k, component in enumerate(self._components):
            law = component.at(time)
            gain = np.exp(-time) * component.variances / law.variances
            guess = component.rotate_back(gain * law.to_eigenbasis(x)) + component.mean
            result += posterior[:, k, None] * guess
        return result

    def backward(
        self, x: FloatArray, start: float, end: float, rng: np.random.Generator
    ) -> tuple[FloatArray, IntArray]:
        """One exact backward transition from x at time ``start`` to ``end`` < ``start``.

        Returns the new x and the components that were drawn.
        """
        components = draw_index(self.posterior(x, start), rng)
        result = rng.standard_normal(x.shape)
        elapsed = start - end
        for k, rows in _rows_of(components):
            before, after = self._components[k].at(start), self._components[k].at(end)
            ratio = after.variances / before.variances
            y = np.exp(-elapsed) * ratio * before.to_eigenbasis(x[rows])
            y += np.sqrt(-np.expm1(-2.0 * elapsed) * ratio) * result[rows]
            result[rows] = after.rotate_back(y) + after.mean
        return result, components


def sample_curie_weiss(model: CurieWeiss, walkers: int, rng: np.random.Generator) -> FloatArray:
    """Independent exact samples, entries -1 and 1; shape (walkers, d)."""
    from scipy.special import gammaln

    d = model.dimension
    up = np.arange(d + 1.0)
    magnetisation = 2.0 * up - d
    log_law = (
        model.inverse_temperature * magnetisation**2 / (2.0 * d)
        - gammaln(up + 1.0)
        - gammaln(d - up + 1.0)
        + model.tilt * magnetisation / d
    )
    cumulative = np.cumsum(np.exp(log_law - log_law.max()))
    chosen = np.searchsorted(cumulative, rng.random(walkers) * cumulative[-1], side="right")
    ordered = np.where(np.arange(d) < chosen[:, None], 1.0, -1.0)
    return rng.permuted(ordered, axis=1)


def curie_weiss_posterior_field(
    model: CurieWeiss, x: FloatArray, time: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The auxiliary field given x_t: nodes (J,), their probabilities (walkers, J), and b.

    With b = x_t exp(-t) / D_t + tilt / d, spin i is up with probability 1 / (1 + exp(-2 (h + b_i))) given a node h.
    """
    from .kernels import log_cosh_sums

    beta, d = model.inverse_temperature, model.dimension
    fields = x * (np.exp(-time) / -np.expm1(-2.0 * time)) + model.tilt / d
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


def block_size(dimension: int, walkers: int) -> int:
    """Walkers in a block, whatever the number of threads."""
    return min(walkers, int(np.clip(_BLOCK_NUMBERS // dimension, 1, _LARGEST_BLOCK)))


def draw_index(probabilities: FloatArray, rng: np.random.Generator) -> IntArray:
    """One index for each row of probabilities, which need not be normalised to rounding."""
    cumulative = np.cumsum(probabilities, axis=1)
    uniform = rng.random(len(probabilities)) * cumulative[:, -1]
    return (uniform[:, None] >= cumulative[:, :-1]).sum(axis=1)


def outcomes(
    experiment: Outcomes,
    key: Mapping[str, Any],
    dimension: int,
    time: ArrayLike,
    walkers: int,
    seed: int,
    threads: int,
) -> FloatArray:
    """``experiment(t, count, rng)`` in blocks of walkers: (walkers,) + shape of time.

    Every block has its own stream, made of ``key``, the time, the seed and its number.
    """
    times = validation.array("time", time, at_least=0.0)
    validation.integer("walkers", walkers, minimum=2)
    size = block_size(dimension, walkers)
    starts = range(0, walkers, size)

    def run(index: int) -> NDArray[Any]:
        t, block = float(times.ravel()[index // len(starts)]), index % len(starts)
        rng = generator(seed, {**key, "time": t}, block)
        return experiment(t, min(size, walkers - starts[block]), rng)

    blocks = map_blocks(run, times.size * len(starts), threads=threads)
    samples = np.concatenate(blocks).reshape(times.size, walkers).astype(np.float64)
    return samples.T.reshape(walkers, *times.shape)


def proportion(
    experiment: Outcomes,
    key: Mapping[str, Any],
    dimension: int,
    time: ArrayLike,
    walkers: int,
    seed: int,
    threads: int,
) -> Estimate:
    """The fraction of walkers for which the experiment is true."""
    return estimate_proportion(
        outcomes(experiment, key, dimension, time, walkers, seed, threads).sum(axis=0), walkers
    )


def _normalised(logs: FloatArray) -> FloatArray:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _rows_of(components: IntArray) -> list[tuple[int, IntArray]]:
    return [(int(k), np.flatnonzero(components == k)) for k in np.unique(components)]
