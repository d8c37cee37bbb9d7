r"""Finite-size experiments on speciation: clones and U-turns of a Gaussian mixture, in full dimension.

Law: a ~ sum_k w_k N(m_k, C_k); noising x_t = exp(-t) a + sqrt(D_t) z with D_t = 1 - exp(-2t)
(:mod:`statphys_gen.noising`), so that component k at time t is N(mu_k(t), S_k(t)), mu_k = exp(-t) m_k,
S_k = exp(-2t) C_k + D_t I. The backward process from t to s < t is sampled without a time step, by the bridge
of the Ornstein-Uhlenbeck process: draw the component k ~ p(k|x_t), then, with e = exp(-(t - s)),

    x_s | k, x_t  ~  N( mu_k(s) + e S_k(s) S_k(t)^{-1} (x_t - mu_k(t)),  D_{t-s} S_k(s) S_k(t)^{-1} ).

Experiments, each repeated for independent *walkers*:

clones
    x_t ~ P_t is shared by two independent backward runs; do they end in the same class?
U-turn
    a data point of known class is noised to time t and generated back; is its class unchanged?

The class of a generated point is read by one of two labels, which differ when the classes overlap:

``"component"``
    the component of the mixture that the backward process draws: the class in the sense of Bayes. Its law
    given x_0 is p(k|x_0), so even two runs that end at the same x_0 may differ where the components overlap.
``"sign"``
    which of the two means is nearer to x_0: for means +-m the sign of m.x_0, what one reads off a generated
    sample. For two components only.

Nothing here evaluates a formula for the agreement; only :func:`posterior_agreement` averages over the redrawn
class instead of drawing it.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (clones). The Euler scheme of the same process
is in :mod:`statphys_gen.diffusion.simulation.langevin`, other laws in
:mod:`statphys_gen.diffusion.simulation.beyond_gaussian`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray, IntArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...meaning import fingerprint
from ...numerics.blocks import map_blocks
from ...statistics.estimate import Estimate
from ...statistics.streams import generator

Label = Literal["component", "sign"]
Outcomes = Callable[[float, int, np.random.Generator], NDArray[Any]]
ClassReader = Callable[[FloatArray, IntArray], IntArray]

# A block of walkers holds about 4 MB, so that its passes stay in cache. The bits of a result depend on it.
_BLOCK_NUMBERS = 2**19
_LARGEST_BLOCK = 8192


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


def simulate_clones(
    mixture: GaussianMixture,
    time: ArrayLike,
    walkers: int,
    seed: int,
    *,
    label: Label = "component",
    groups: ArrayLike | None = None,
    threads: int = 1,
) -> Estimate:
    """Probability that two backward runs which share x_t end in the same class, by the exact kernel.

    Parameters
    ----------
    mixture : the law of the data, K components in dimension d.
    time : branch times t, any shape, at least 0; above 0 where a covariance is singular.
    walkers : number of independent pairs of runs for each time, at least 2.
    seed : of the random streams; a time has the same stream whichever other times are asked for. Different mixtures and
        labels have independent streams; other groups are another reading of the same runs.
    label : "component" or "sign", see the module.
    groups : (K,) integers; components with equal integers are one class (a level of a hierarchy of classes).
        Only with the label "component".
    threads : the bits of the result do not depend on it.

    Returns
    -------
    Estimate of the shape of ``time``. Its standard error is that of a proportion, with half an event added to
    each outcome so that it is not zero where all walkers agree.

    Raises
    ------
    InvalidArgument : a time below 0, or 0 with a singular covariance; "sign" without two different means.
    """
    law, read = NoisedMixture(mixture), class_reader(mixture, label, groups)

    def agree(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        components = law.draw_components(count, rng)
        if label == "component":
            # The class of a run is its component: the rest of x_0 need not be drawn.
            posterior = law.sample_posterior(components, t, rng)
            of_group = group_numbers(mixture, groups)
            return of_group[draw_index(posterior, rng)] == of_group[draw_index(posterior, rng)]
        x = law.sample(components, t, rng)
        first = read(*law.backward(x, t, 0.0, rng))
        return first == read(*law.backward(x, t, 0.0, rng))

    _require_density(law, time)
    key = experiment_key("clones", mixture, label)
    return proportion(agree, key, mixture.dimension, time, walkers, seed, threads)


def simulate_u_turn(
    mixture: GaussianMixture,
    time: ArrayLike,
    walkers: int,
    seed: int,
    *,
    label: Label = "component",
    groups: ArrayLike | None = None,
    threads: int = 1,
) -> Estimate:
    """Probability that a data point noised to time t and generated back keeps its class, by the exact kernel.

    With the label "component" the class of the data point is the component from which it was drawn.
    Parameters, result and errors as for :func:`simulate_clones`.
    """
    law, read = NoisedMixture(mixture), class_reader(mixture, label, groups)

    def unchanged(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        components = law.draw_components(count, rng)
        data = law.sample(components, 0.0, rng)
        x = np.exp(-t) * data + np.sqrt(-np.expm1(-2.0 * t)) * rng.standard_normal(data.shape)
        return read(data, components) == read(*law.backward(x, t, 0.0, rng))

    _require_density(law, time)
    key = experiment_key("u-turn", mixture, label)
    return proportion(unchanged, key, mixture.dimension, time, walkers, seed, threads)


def posterior_agreement(
    mixture: GaussianMixture,
    time: ArrayLike,
    walkers: int,
    seed: int,
    *,
    groups: ArrayLike | None = None,
    threads: int = 1,
) -> Estimate:
    """E sum_g p(g|x_t)^2 over x_t ~ P_t: clones with the average over the redrawn class done, not sampled.

    Of smaller variance than :func:`simulate_clones`, but it *uses* the identity of clones and posterior and is
    therefore no support of it. Parameters and errors as for :func:`simulate_clones`.
    """
    law, of_group = NoisedMixture(mixture), group_numbers(mixture, groups)
    members = np.equal.outer(of_group, np.unique(of_group)).astype(np.float64)

    def agreement(t: float, count: int, rng: np.random.Generator) -> FloatArray:
        posterior = law.sample_posterior(law.draw_components(count, rng), t, rng)
        return ((posterior @ members) ** 2).sum(axis=1)

    _require_density(law, time)
    key = experiment_key("posterior agreement", mixture, "component")
    return Estimate.from_samples(outcomes(agreement, key, mixture.dimension, time, walkers, seed, threads))


def block_size(dimension: int, walkers: int) -> int:
    """Walkers in a block, whatever the number of threads."""
    return min(walkers, int(np.clip(_BLOCK_NUMBERS // dimension, 1, _LARGEST_BLOCK)))


def draw_index(probabilities: FloatArray, rng: np.random.Generator) -> IntArray:
    """One index for each row of probabilities, which need not be normalised to rounding."""
    cumulative = np.cumsum(probabilities, axis=1)
    uniform = rng.random(len(probabilities)) * cumulative[:, -1]
    return (uniform[:, None] >= cumulative[:, :-1]).sum(axis=1)


def group_numbers(mixture: GaussianMixture, groups: ArrayLike | None) -> IntArray:
    """The number of the class of each component: its own, or that of its group."""
    if groups is None:
        return np.arange(mixture.classes)
    numbers = np.asarray(groups)
    if numbers.shape != (mixture.classes,) or numbers.dtype.kind not in "iu":
        raise InvalidArgument("groups", groups, f"{mixture.classes} integers, one for each component")
    return numbers.astype(np.int64)


def experiment_key(purpose: str, mixture: GaussianMixture, label: str) -> dict[str, Any]:
    """What the stream of an experiment is made of, besides its time, seed and block of walkers."""
    return {"purpose": purpose, "law": fingerprint(mixture), "label": label}


def class_reader(mixture: GaussianMixture, label: str, groups: ArrayLike | None) -> ClassReader:
    """The function of (x_0, components) that returns the classes of the rows."""
    validation.choice("label", label, ["component", "sign"])
    if label == "component":
        of_group = group_numbers(mixture, groups)
        return lambda x, components: of_group[components]
    if mixture.classes != 2 or (mixture.means[0] == mixture.means[1]).all():
        raise InvalidArgument("label", label, "component for a mixture without two different means")
    if groups is not None:
        raise InvalidArgument("groups", groups, "left out with the label sign")
    direction = mixture.means[0] - mixture.means[1]
    threshold = 0.5 * direction @ (mixture.means[0] + mixture.means[1])
    return lambda x, components: (x @ direction < threshold).astype(np.int64)


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


def estimate_proportion(events: ArrayLike, trials: int) -> Estimate:
    """Events out of independent trials; the error counts half an event more of either outcome."""
    counts = np.asarray(events, dtype=np.float64)
    smoothed = (counts + 0.5) / (trials + 1.0)
    error = np.sqrt(smoothed * (1.0 - smoothed) / (trials - 1.0))
    return Estimate(counts / trials, error, np.full(counts.shape, trials - 1.0))


def _normalised(logs: FloatArray) -> FloatArray:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _rows_of(components: IntArray) -> list[tuple[int, IntArray]]:
    return [(int(k), np.flatnonzero(components == k)) for k in np.unique(components)]


def _require_density(law: NoisedMixture, time: ArrayLike) -> None:
    if law.smallest_variance <= 0.0:
        validation.array("time", time, above=0.0)
