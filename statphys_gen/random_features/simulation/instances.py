r"""Finite random-features score models: their matrices, their spectra, and their losses under training.

One *instance* is a draw of the features W (p x d), of n samples x ~ N(0, Sigma) and, for finite m, of m noise
draws for each sample; with phi = sigma(W x_t / sqrt(d)) its matrices are

    U = mean of phi phi^T,  V = mean of phi xi^T     over the training set (over all noise if m = infinity),
    E[U], E[V]              the same over the population, and  E[phi y^T] for y = x_t.

They are exact: averages over noise and population are Gaussian integrals (:mod:`.matrices`), only W,
x and finite draws are sampled. With B = A/sqrt(p) the losses are, by their definitions,

    L_train = mean |xi|^2/d + (D Tr B U B^T + 2 sqrt(D) Tr B V)/d,
    L_test  = 1 + (D Tr B E[U] B^T + 2 sqrt(D) Tr B E[V])/d,
    E_score = (Tr B E[U] B^T + 2 Tr B E[phi y^T] Sigma_t^{-1} + Tr Sigma_t^{-1})/d,

and how B is trained is the business of :mod:`.training`. The Gaussian equivalent
(:mod:`.gaussian_equivalent`) is a reduced simulation: it takes the coefficients of the activation as arguments.
Errors are over independent instances. Sigma is diagonal, which is no restriction because W is isotropic; its d
eigenvalues are the quantiles of the law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...data.covariance import Covariance, Nodes
from ...errors import InvalidArgument
from ...glossary import dataset
from ...numerics.blocks import map_blocks
from ...presentation import Tabular
from ...progress import keep
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.streams import generator
from ..model import RandomFeatures
from .gaussian_equivalent import FeatureMoments, equivalent_matrices
from .matrices import averaged_products
from .training import GradientFlow, Losses, Matrices, SpectralTraining, Training, training_of

if TYPE_CHECKING:
    import xarray

FIELDS = ("train_loss", "test_loss", "score_error")


@dataclass(frozen=True, repr=False)
class SimulatedLosses(Tabular):
    """Estimates of the losses of a batch of trainings, each of shape (batch,).

    ``axis`` and ``coordinate`` are "training_time", "penalty" or "steps" and its values.
    """

    axis: str
    coordinate: NDArray[Any]
    train_loss: Estimate
    test_loss: Estimate
    score_error: Estimate

    def _columns(self) -> dict[str, FloatArray]:
        found: dict[str, FloatArray] = {}
        for name in FIELDS:
            estimate = getattr(self, name)
            found |= {name: estimate.mean, f"{name}_standard_error": estimate.standard_error}
        return found

    def records(self) -> list[dict[str, Any]]:
        columns = self._columns()
        return [
            {self.axis: place} | {name: float(entry[k]) for name, entry in columns.items()}
            for k, place in enumerate(self.coordinate.tolist())
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along ``axis``, with standard errors and their degrees of freedom."""
        columns = self._columns() | {"degrees_of_freedom": self.train_loss.degrees_of_freedom}
        return dataset(
            {name: ((self.axis,), entry) for name, entry in columns.items()},
            {self.axis: ((self.axis,), self.coordinate)},
        )


def population_eigenvalues(covariance: Covariance, dimension: int) -> FloatArray:
    """The d eigenvalues of Sigma: the quantiles of its law at (i + 1/2)/d, in increasing order."""
    validation.integer("dimension", dimension, minimum=1)
    values, weights = _fine_law(covariance)
    cumulative = np.cumsum(weights)
    places = (np.arange(dimension) + 0.5) / dimension * cumulative[-1]
    chosen = np.searchsorted(cumulative, places)
    return np.asarray(values[np.minimum(chosen, len(values) - 1)])


@lru_cache(maxsize=16)
def _fine_law(covariance: Covariance) -> Nodes:
    return covariance.fine_nodes(1024)


def whole_size(argument: str, ratio: float, dimension: int) -> int:
    """ratio * dimension, which has to be an integer."""
    size = round(ratio * dimension)
    if size < 1 or abs(size - ratio * dimension) > 1e-9 * size:
        raise InvalidArgument(
            "dimension", dimension, f"such that {argument} * dimension is a positive integer"
        )
    return size


def sample_matrices(model: RandomFeatures, dimension: int, rng: np.random.Generator) -> Matrices:
    """The matrices of one instance of the exact nonlinear model.

    Raises
    ------
    InvalidArgument : a dimension for which n or p is not an integer; an activation with kinks and infinitely many
        noise draws.
    """
    _require_model(model)
    p = whole_size("features_per_dimension", model.features_per_dimension, dimension)
    n = whole_size("samples_per_dimension", model.samples_per_dimension, dimension)
    variances = population_eigenvalues(model.covariance, dimension)
    signal, noise = math.exp(-model.time), -math.expm1(-2.0 * model.time)
    w = rng.standard_normal((p, dimension)) / math.sqrt(dimension)
    clean = signal * (w @ (np.sqrt(variances)[:, None] * rng.standard_normal((dimension, n))))
    if math.isinf(model.noise_draws):
        kernel = w @ w.T
        norm = np.sqrt(np.diag(kernel))
        correlation = kernel / np.multiply.outer(norm, norm)
        gram, slope = averaged_products(model.activation, clean, math.sqrt(noise) * norm, correlation)
        cross, squared_noise = (math.sqrt(noise) * slope / (math.sqrt(noise) * norm))[:, None] * w, 1.0
    else:
        columns = n * int(model.noise_draws)
        xi = rng.standard_normal((dimension, columns))
        phi = model.activation(np.repeat(clean, int(model.noise_draws), axis=1) + math.sqrt(noise) * (w @ xi))
        gram, cross = phi @ phi.T / columns, phi @ xi.T / columns
        squared_noise = float(np.einsum("ij,ij->", xi, xi)) / (columns * dimension)
    total = signal**2 * variances + noise
    kernel = (w * total) @ w.T
    norm = np.sqrt(np.diag(kernel))
    correlation = kernel / np.multiply.outer(norm, norm)
    population, slope = averaged_products(model.activation, np.zeros((p, 1)), norm, correlation)
    mean_slope = (slope / norm)[:, None] * w
    return Matrices(
        gram,
        cross,
        population,
        math.sqrt(noise) * mean_slope,
        mean_slope,
        squared_noise,
        noise,
        float((1.0 / total).mean()),
    )


def instance_matrices(
    model: RandomFeatures, dimension: int, moments: FeatureMoments | None, rng: np.random.Generator
) -> Matrices:
    if moments is None:
        return sample_matrices(model, dimension, rng)
    _require_model(model)
    p = whole_size("features_per_dimension", model.features_per_dimension, dimension)
    n = whole_size("samples_per_dimension", model.samples_per_dimension, dimension)
    return equivalent_matrices(
        moments, p, n, population_eigenvalues(model.covariance, dimension), model.time, model.noise_draws, rng
    )


def _require_model(model: RandomFeatures) -> None:
    if not isinstance(model, RandomFeatures):
        raise InvalidArgument("model", model, "a RandomFeatures")


def instance_stream(
    model: RandomFeatures, dimension: int, moments: FeatureMoments | None, seed: int, instance: int
) -> np.random.Generator:
    """One instance is the same draw whatever is done with it: every training, and the eigenvalues."""
    purpose = "random features" if moments is None else "Gaussian equivalent of random features"
    key = {"purpose": purpose, "model": model, "moments": moments, "dimension": dimension}
    return generator(seed, key, instance)


# ---------------------------------------------------------------------------------------------------------- losses


def simulate_losses(
    model: RandomFeatures,
    training_time: ArrayLike | Training,
    dimension: int,
    *,
    instances: int,
    moments: FeatureMoments | None = None,
    seed: int = 0,
    threads: int = 1,
) -> SimulatedLosses:
    """Train loss, test loss and score error in dimension d, over independent instances.

    Parameters
    ----------
    training_time : training times of gradient flow, or how A is trained instead (:mod:`.training`).
    dimension : d.
    instances : independent draws of features, samples and noise, at least 2.
    seed : of the random streams. Instances of different models are independent; instance k of a model, dimension and
        seed is the same for every training, and for :func:`simulate_eigenvalues`.
    moments : coefficients of the activation; if given, the Gaussian equivalent is simulated instead of the model.
    threads : the bits of the result do not depend on it.

    Raises
    ------
    InvalidArgument : as for :func:`sample_matrices`.
    """
    training = training_of(training_time)
    values = loss_samples(model, training, dimension, instances, moments, seed, threads)
    return SimulatedLosses(*training.axis, *(Estimate.from_samples(values[:, k]) for k in range(3)))


def loss_samples(
    model: RandomFeatures,
    training: Training,
    dimension: int,
    instances: int,
    moments: FeatureMoments | None,
    seed: int,
    threads: int,
) -> FloatArray:
    """(instances, 3, batch)."""
    _require_sizes(model, dimension, instances, moments, seed)

    def run(instance: int) -> FloatArray:
        rng = instance_stream(model, dimension, moments, seed, instance)
        matrices = instance_matrices(model, dimension, moments, rng)
        losses: Losses = training.losses(matrices, model.features_per_dimension)
        return np.stack([losses.train_loss, losses.test_loss, losses.score_error])

    return np.stack(map_blocks(run, instances, threads=threads))


def _require_sizes(
    model: RandomFeatures, dimension: int, instances: int, moments: FeatureMoments | None, seed: int
) -> None:
    _require_model(model)
    validation.integer("dimension", dimension, minimum=1)
    validation.integer("instances", instances, minimum=2)
    validation.integer("seed", seed, minimum=0)
    if moments is not None and not isinstance(moments, FeatureMoments):
        raise InvalidArgument("moments", moments, "FeatureMoments")


def simulate_limit(
    model: RandomFeatures,
    training_time: ArrayLike | Training,
    dimensions: Sequence[int],
    *,
    instances: Sequence[int],
    moments: FeatureMoments | None = None,
    seed: int = 0,
    threads: int = 1,
) -> SimulatedLosses:
    """:func:`simulate_losses` extrapolated to infinite dimension, with corrections of order 1/d.

    ``dimensions`` are at least 3; ``instances``, one number for each, at least 8.
    """
    if np.ndim(dimensions) != 1 or len(dimensions) < 3:
        raise InvalidArgument("dimensions", dimensions, "at least 3 numbers")
    if np.shape(instances) != np.shape(dimensions):
        raise InvalidArgument("instances", instances, f"{len(dimensions)} numbers, one for each dimension")
    for count in instances:
        validation.integer("instances", count, minimum=8)
    training = training_of(training_time)
    found = [
        simulate_losses(model, training, d, instances=count, moments=moments, seed=seed, threads=threads)
        for d, count in zip(dimensions, instances, strict=True)
    ]
    return SimulatedLosses(
        *training.axis,
        *(componentwise_limit(dimensions, [getattr(one, name) for one in found]) for name in FIELDS),
    )


def simulate_train_parts(
    model: RandomFeatures,
    training_time: ArrayLike | SpectralTraining,
    dimension: int,
    ranks: Sequence[int],
    *,
    instances: int,
    moments: FeatureMoments | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """The parts of L_train - 1 that groups of modes carry; shape (batch * (groups),), group after group.

    ``training_time`` may also be a ridge, which acts on modes as gradient flow does. ``ranks`` are the increasing
    limits of the groups, counted from the lowest eigenvalue: 0, ..., p.
    """
    _require_sizes(model, dimension, instances, moments, seed)
    training = training_of(training_time)
    if not isinstance(training, SpectralTraining):
        raise InvalidArgument("training_time", training, "gradient flow or ridge, which act on modes")
    p = whole_size("features_per_dimension", model.features_per_dimension, dimension)
    limits = np.asarray(ranks)
    if limits.ndim != 1 or len(limits) < 2 or limits[0] < 0 or limits[-1] > p or (np.diff(limits) <= 0).any():
        raise InvalidArgument("ranks", list(ranks), f"increasing integers between 0 and {p}")

    def run(instance: int) -> FloatArray:
        rng = instance_stream(model, dimension, moments, seed, instance)
        matrices = instance_matrices(model, dimension, moments, rng)
        parts = training.train_parts(matrices, model.features_per_dimension)[:, : limits[-1]]
        return np.asarray(np.add.reduceat(parts, limits[:-1], axis=1).T.ravel())

    return Estimate.from_samples(np.stack(map_blocks(run, instances, threads=threads)))


def simulate_best_stopping(
    model: RandomFeatures,
    training_time: ArrayLike,
    dimension: int,
    *,
    instances: int,
    seed: int = 0,
    threads: int = 1,
) -> Estimate:
    """Where the score error of gradient flow is least, and how small it is; shape (2,): log time, score error.

    ``training_time`` are at least 5 increasing times that bracket the minimum; the parabola through the lowest and
    its neighbours in log time is taken, instance by instance.
    """
    times = validation.array("training_time", training_time, ndim=1, above=0.0)
    if len(times) < 5 or not (np.diff(times) > 0).all():
        raise InvalidArgument("training_time", times, "at least 5 increasing times")
    curves = loss_samples(model, GradientFlow(times), dimension, instances, None, seed, threads)[:, 2]
    found = []
    for curve in curves:
        lowest = int(np.argmin(curve))
        if lowest in (0, len(times) - 1):
            raise InvalidArgument("training_time", times, "around the minimum of the score error")
        part = slice(lowest - 1, lowest + 2)
        middle = math.log(times[lowest])
        a, b, c = np.polyfit(np.log(times[part]) - middle, curve[part], 2)
        found.append([middle - 0.5 * b / a, c - 0.25 * b**2 / a])
    return Estimate.from_samples(found)


# -------------------------------------------------------------------------------------------------------- spectra


def simulate_eigenvalues(
    model: RandomFeatures,
    dimension: int,
    *,
    instances: int,
    moments: FeatureMoments | None = None,
    seed: int = 0,
    threads: int = 1,
) -> FloatArray:
    """The eigenvalues of U in increasing order, (instances, p); parameters as for :func:`simulate_losses`."""
    _require_sizes(model, dimension, instances, moments, seed)

    def run(instance: int) -> FloatArray:
        rng = instance_stream(model, dimension, moments, seed, instance)
        return np.asarray(np.linalg.eigvalsh(instance_matrices(model, dimension, moments, rng).gram))

    return np.stack(map_blocks(run, instances, threads=threads))


def modes_between(eigenvalues: ArrayLike, boundaries: ArrayLike, dimension: int) -> Estimate:
    """Modes per dimension between consecutive boundaries; shape (boundaries - 1,).

    Counts that are the same in all instances still have an error: half a mode in each instance is the least
    that is stated.
    """
    values = validation.array("eigenvalues", eigenvalues, shape=(None, None))
    places = validation.array("boundaries", boundaries, ndim=1)
    if len(places) < 2 or not (np.diff(places) > 0).all():
        raise InvalidArgument("boundaries", places, "at least 2 increasing numbers")
    d = validation.integer("dimension", dimension, minimum=1)
    counts = np.stack([np.histogram(row, places)[0] for row in values]) / d
    found = Estimate.from_samples(counts)
    least = 0.5 / (d * math.sqrt(len(values)))
    return replace(found, standard_error=np.maximum(found.standard_error, least))


def modes_at(eigenvalues: ArrayLike, ranks: Sequence[int]) -> Estimate:
    """Mean of the eigenvalues of given ranks, 0 for the lowest, -1 for the highest."""
    values = validation.array("eigenvalues", eigenvalues, shape=(None, None))
    count = values.shape[1]
    for rank in ranks:
        if not -count <= rank < count:
            raise InvalidArgument("ranks", rank, f"between {-count} and {count - 1}")
    return Estimate.from_samples(values[:, list(ranks)])


keep(simulate_losses, "instances")
keep(simulate_train_parts, "instances")
keep(simulate_best_stopping, "instances")
keep(simulate_eigenvalues, "instances")
