r"""Finite-size experiments on speciation: clones and U-turns of a Gaussian mixture, sampled in full dimension.

Law: a ~ sum_k w_k N(m_k, C_k); forward process x_t = exp(-t) a + sqrt(D_t) z, D_t = 1 - exp(-2t)
(:mod:`statphys_gen.noising`), so that class k at time t is N(mu_k(t), S_k(t)) with mu_k = exp(-t) m_k and
S_k = exp(-2t) C_k + D_t I. The backward process from t to s < t is sampled without a time step, by the bridge of the
Ornstein-Uhlenbeck process: draw the component k ~ p(k|x_t), then, with e = exp(-(t - s)),

    x_s | k, x_t  ~  N( mu_k(s) + e S_k(s) S_k(t)^{-1} (x_t - mu_k(t)),  D_{t-s} S_k(s) S_k(t)^{-1} ).

Experiments, each repeated for independent *walkers*:

clones
    x_t ~ P_t is shared by two independent backward runs; do they end in the same class?
U-turn
    a data point of known class is noised to time t and generated back; is its class unchanged?

The class of a generated point is read by one of two labels, which differ when the classes overlap:

``"component"``
    the component of the mixture that the backward process draws: the class in the sense of Bayes. A run that ends at
    x_0 has redrawn it from p(k|x_0), so two runs from nearly the same x_0 in the overlap may still differ.
``"sign"``
    which of the two means is nearer to x_0: for means +-m the sign of m.x_0, what one reads off a generated sample. Only
    for two components.

Nothing here evaluates a formula for the agreement; :func:`posterior_agreement` alone averages over the redrawn class.
Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (clones); derivation of the bridge in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import InvalidArgument
from ..numerics.blocks import map_blocks
from ..statistics.estimate import Estimate
from ..statistics.streams import generator
from .model import GaussianMixture

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Label = Literal["component", "sign"]

# A block of walkers holds about 4 MB, so that its passes stay in cache; the bits of a result depend on this size.
_BLOCK_NUMBERS = 2**19
_LARGEST_BLOCK = 8192


@dataclass(frozen=True)
class _Class:
    """One component N(mean, covariance) in the eigenbasis of its covariance; ``rotation`` is None if that is diagonal.

    ``variances`` has shape (1,) for an isotropic covariance, else (d,).
    """

    mean: FloatArray
    variances: FloatArray
    rotation: FloatArray | None

    def noised(self, time: float) -> _Class:
        decay = np.exp(-2.0 * time)
        return _Class(
            np.exp(-time) * self.mean, decay * self.variances - np.expm1(-2.0 * time), self.rotation
        )

    def to_eigenbasis(self, x: FloatArray) -> FloatArray:
        return x - self.mean if self.rotation is None else (x - self.mean) @ self.rotation

    def from_eigenbasis(self, y: FloatArray) -> FloatArray:
        return (y if self.rotation is None else y @ self.rotation.T) + self.mean

    def log_density(self, x: FloatArray) -> FloatArray:
        """log N(x; mean, covariance) without the (2 pi)^(d/2), for rows of x."""
        y = self.to_eigenbasis(x)
        log_determinant = np.log(self.variances).sum() * (len(self.mean) / len(self.variances))
        np.multiply(y, y, out=y)
        quadratic = (
            y.sum(axis=1) / self.variances[0] if len(self.variances) == 1 else y @ (1.0 / self.variances)
        )
        return -0.5 * (quadratic + log_determinant)


class ExactKernel:
    """The exact backward transitions of a Gaussian mixture.

    The backward process of P_t is reversed noising, so its transition from ``start`` to ``end`` has no discretisation
    error for any step. Rows are walkers.

    Parameters
    ----------
    mixture : the law of the data.
    """

    def __init__(self, mixture: GaussianMixture) -> None:
        self.mixture = mixture
        self._classes = []
        rotations: dict[int, tuple[FloatArray, FloatArray]] = {}
        for k in range(mixture.classes):
            covariance = mixture.covariance(k)
            if covariance.ndim < 2:
                self._classes.append(_Class(mixture.means[k], np.atleast_1d(covariance), None))
                continue
            stored = k if len(mixture.covariances) > 1 else 0
            if stored not in rotations:
                rotations[stored] = np.linalg.eigh(covariance)
            eigenvalues, vectors = rotations[stored]
            self._classes.append(_Class(mixture.means[k], np.clip(eigenvalues, 0.0, None), vectors))

    def draw_components(self, walkers: int, rng: np.random.Generator) -> IntArray:
        """Components from the weights of the mixture; shape (walkers,)."""
        return _categorical(np.tile(self.mixture.weights, (walkers, 1)), rng)

    def sample(self, components: IntArray, time: float, rng: np.random.Generator) -> FloatArray:
        """x_t from the given components at the given time (0: data); shape (walkers, d)."""
        noise = rng.standard_normal((len(components), self.mixture.dimension))
        for k, rows in _rows_of(components):
            law = self._classes[k].noised(time)
            noise[rows] = law.from_eigenbasis(np.sqrt(law.variances) * noise[rows])
        return noise

    def posterior(self, x: FloatArray, time: float) -> FloatArray:
        """p(k | x_t = x) by a log-sum-exp over the components; shape (walkers, K). Needs S_k(t) without zeros."""
        logs = np.empty((len(x), self.mixture.classes))
        shared_isotropic = all(c.variances.shape == (1,) for c in self._classes)
        squares = np.einsum("bi,bi->b", x, x) if shared_isotropic else None
        for k, c in enumerate(self._classes):
            law = c.noised(time)
            if squares is None:
                logs[:, k] = law.log_density(x)
            else:
                # |x - mu|^2 from a matrix product: one pass over x for all classes instead of one for each.
                distance = squares - 2.0 * (x @ law.mean) + law.mean @ law.mean
                logs[:, k] = -0.5 * (distance / law.variances[0] + len(law.mean) * np.log(law.variances[0]))
        logs += np.log(self.mixture.weights)
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        return logs / logs.sum(axis=1, keepdims=True)

    def step(
        self, x: FloatArray, start: float, end: float, rng: np.random.Generator
    ) -> tuple[FloatArray, IntArray]:
        """One backward transition from x at time ``start`` to ``end`` < ``start``: the new x and its components."""
        components = _categorical(self.posterior(x, start), rng)
        result = rng.standard_normal(x.shape)
        elapsed = start - end
        for k, rows in _rows_of(components):
            before, after = self._classes[k].noised(start), self._classes[k].noised(end)
            ratio = after.variances / before.variances
            y = np.exp(-elapsed) * ratio * before.to_eigenbasis(x[rows])
            y += np.sqrt(-np.expm1(-2.0 * elapsed) * ratio) * result[rows]
            result[rows] = after.from_eigenbasis(y)
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
    mixture : the law of the data, in dimension d with K components.
    time : branch times t, any shape, at least 0; above 0 where a covariance is singular.
    walkers : number of independent pairs of runs for each time, at least 2.
    seed : of the random streams; a time has the same stream whichever other times are asked for.
    label : "component" or "sign", see the module.
    groups : (K,) integers; components with equal numbers count as one class (a level of a hierarchy). For "component".
    threads : the bits of the result do not depend on it.

    Returns
    -------
    Estimate of the shape of ``time``. The standard error is that of a proportion with half an event added to each
    outcome, so that it is not zero when all walkers agree.

    Raises
    ------
    InvalidArgument : time below 0, or 0 with a singular covariance; "sign" with K other than 2.

    Approximation: none but sampling.
    """
    kernel, reader = ExactKernel(mixture), _class_reader(mixture, label, groups)

    def agree(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        x = kernel.sample(kernel.draw_components(count, rng), t, rng)
        if label == "component":
            # The class of a run depends on x_0 only through its component: x_0 itself need not be drawn.
            posterior = kernel.posterior(x, t)
            first, second = (reader(_categorical(posterior, rng), x) for _ in range(2))
        else:
            first, second = (reader(*reversed(kernel.step(x, t, 0.0, rng))) for _ in range(2))
        return first == second

    return _proportion(agree, mixture, time, walkers, seed, f"clones {label}", threads)


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

    With the label "component" the class of the data point is the component it was drawn from, not one redrawn from
    p(k|x_0). Parameters, errors and result as for :func:`simulate_clones`.
    """
    kernel, reader = ExactKernel(mixture), _class_reader(mixture, label, groups)

    def unchanged(t: float, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        components = kernel.draw_components(count, rng)
        data = kernel.sample(components, 0.0, rng)
        x = np.exp(-t) * data + np.sqrt(-np.expm1(-2.0 * t)) * rng.standard_normal(data.shape)
        generated, redrawn = kernel.step(x, t, 0.0, rng)
        return reader(components, data) == reader(redrawn, generated)

    return _proportion(unchanged, mixture, time, walkers, seed, f"u-turn {label}", threads)


def posterior_agreement(
    mixture: GaussianMixture,
    time: ArrayLike,
    walkers: int,
    seed: int,
    *,
    groups: ArrayLike | None = None,
    threads: int = 1,
) -> Estimate:
    """E sum_g p(g|x_t)^2 over x_t ~ P_t: the clone agreement with its average over the redrawn class done exactly.

    Smaller variance than :func:`simulate_clones`, but it *uses* the identity between clones and posterior, so it is no
    independent support of it. Parameters as for :func:`simulate_clones`.
    """
    kernel = ExactKernel(mixture)
    of_group = _group_numbers(mixture, groups)

    def agreement(t: float, count: int, rng: np.random.Generator) -> FloatArray:
        x = kernel.sample(kernel.draw_components(count, rng), t, rng)
        posterior = kernel.posterior(x, t)
        return sum(  # type: ignore[return-value]
            posterior[:, of_group == g].sum(axis=1) ** 2 for g in np.unique(of_group)
        )

    samples, shape = _sample_blocks(agreement, mixture, time, walkers, seed, "posterior agreement", threads)
    estimate = Estimate.from_samples(samples, axis=1)
    return Estimate(
        *(entry.reshape(shape) for entry in (estimate.mean, estimate.standard_error)), walkers - 1.0
    )


def _categorical(probabilities: FloatArray, rng: np.random.Generator) -> IntArray:
    """One index for each row of normalised probabilities."""
    cumulative = np.cumsum(probabilities, axis=1)
    uniform = rng.random(len(probabilities)) * cumulative[:, -1]
    return (uniform[:, None] >= cumulative[:, :-1]).sum(axis=1)


def _rows_of(components: IntArray) -> list[tuple[int, IntArray]]:
    return [(int(k), np.flatnonzero(components == k)) for k in np.unique(components)]


def _group_numbers(mixture: GaussianMixture, groups: ArrayLike | None) -> IntArray:
    if groups is None:
        return np.arange(mixture.classes)
    numbers = np.asarray(groups)
    if numbers.shape != (mixture.classes,) or numbers.dtype.kind not in "iu":
        raise InvalidArgument("groups", groups, f"{mixture.classes} integers, one for each component")
    return numbers.astype(np.int64)


def _class_reader(
    mixture: GaussianMixture, label: str, groups: ArrayLike | None
) -> Callable[[IntArray, FloatArray], IntArray]:
    """A function of (components, x_0) that returns the classes of the rows."""
    validation.choice("label", label, ["component", "sign"])
    of_group = _group_numbers(mixture, groups)
    if label == "component":
        return lambda components, x: of_group[components]
    if mixture.classes != 2:
        raise InvalidArgument("label", label, "component for a mixture that has not exactly 2 components")
    if groups is not None:
        raise InvalidArgument("groups", groups, "absent with the label sign")
    direction = mixture.means[0] - mixture.means[1]
    if not direction.any():
        raise InvalidArgument("label", label, "component for classes with equal means")
    threshold = 0.5 * direction @ (mixture.means[0] + mixture.means[1])
    return lambda components, x: (x @ direction < threshold).astype(np.int64)


def _sample_blocks(
    experiment: Callable[[float, int, np.random.Generator], NDArray],
    mixture: GaussianMixture,
    time: ArrayLike,
    walkers: int,
    seed: int,
    name: str,
    threads: int,
) -> tuple[FloatArray, tuple[int, ...]]:
    """The outcome of every walker, (times, walkers), and the shape of ``time``; blocks of walkers have own streams."""
    times = validation.array("time", time, at_least=0.0)
    if (times == 0.0).any() and (mixture.covariances.ndim == 3 or (mixture.covariances == 0.0).any()):
        for k in range(mixture.classes):
            covariance = mixture.covariance(k)
            spectrum = np.linalg.eigvalsh(covariance) if covariance.ndim == 2 else covariance
            if np.min(spectrum) <= 0.0:
                raise InvalidArgument("time", 0.0, f"above 0: the covariance of component {k} is singular")
    validation.integer("walkers", walkers, minimum=2)
    size = int(np.clip(_BLOCK_NUMBERS // mixture.dimension, 1, _LARGEST_BLOCK))
    starts = range(0, walkers, size)

    def run(index: int) -> NDArray:
        t, block = float(times.ravel()[index // len(starts)]), index % len(starts)
        key = {"simulation": name, "dimension": mixture.dimension, "time": t}
        return experiment(t, min(size, walkers - starts[block]), generator(seed, key, block))

    outcomes = map_blocks(run, times.size * len(starts), threads=threads)
    return np.concatenate(outcomes).reshape(times.size, walkers).astype(np.float64), times.shape


def _proportion(
    experiment: Callable[[float, int, np.random.Generator], NDArray[np.bool_]],
    mixture: GaussianMixture,
    time: ArrayLike,
    walkers: int,
    seed: int,
    name: str,
    threads: int,
) -> Estimate:
    """Fraction of the walkers for which the experiment is true."""
    samples, shape = _sample_blocks(experiment, mixture, time, walkers, seed, name, threads)
    events = samples.sum(axis=1).reshape(shape)
    smoothed = (events + 0.5) / (walkers + 1.0)
    return Estimate(events / walkers, np.sqrt(smoothed * (1.0 - smoothed) / (walkers - 1.0)), walkers - 1.0)
