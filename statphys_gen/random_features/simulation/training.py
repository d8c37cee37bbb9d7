r"""How the weights of a finite model are trained, and its losses.

With B = A/sqrt(p), the gradient of the train loss is

    dL/dA = (2/(d sqrt(p))) (D B U + sqrt(D) V^T),

so that a step A <- A - eta dL/dA is B <- B - (2 D/psi_p) (eta/d^2) (B U + V^T/sqrt(D)). Training time is
(number of steps) eta/d^2. Gradient flow and the ridge minimum are solved exactly from one eigendecomposition of U;
the algorithms that make steps (:class:`GradientDescent`, :class:`Adam`) make them one by one. All start from A = 0.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument

# Eigenvalues below this part of the largest one are the null space of U, in which V has no part.
_NULL = 1e-11


@dataclass(frozen=True)
class Matrices:
    """What the losses of one instance are made of.

    Attributes
    ----------
    gram, cross : U (p, p) and V (p, d) of the training set.
    population_gram, population_cross : E[U] and E[V] over the population.
    population_score : E[phi y^T] Sigma_t^{-1}, (p, d), y being the noised data.
    squared_noise : mean of |xi|^2/d over the training set; 1 when all noise is averaged over.
    noise_variance : D.
    fisher_information : Tr Sigma_t^{-1}/d.
    """

    gram: FloatArray
    cross: FloatArray
    population_gram: FloatArray
    population_cross: FloatArray
    population_score: FloatArray
    squared_noise: float
    noise_variance: float
    fisher_information: float


@dataclass(frozen=True)
class Losses:
    """Losses of a batch of trainings of one instance, each of shape (batch,)."""

    train_loss: FloatArray
    test_loss: FloatArray
    score_error: FloatArray


def losses_of(matrices: Matrices, weights: FloatArray) -> Losses:
    """The losses of given B = A/sqrt(p), shape (batch, d, p), by their definitions."""
    dimension = weights.shape[1]
    noise = matrices.noise_variance

    def quadratic(gram: FloatArray) -> FloatArray:
        return np.einsum("kij,kij->k", weights @ gram, weights) / dimension

    def linear(cross: FloatArray) -> FloatArray:
        return np.einsum("kij,ji->k", weights, cross) / dimension

    train = noise * quadratic(matrices.gram) + 2.0 * math.sqrt(noise) * linear(matrices.cross)
    population = quadratic(matrices.population_gram)
    test = noise * population + 2.0 * math.sqrt(noise) * linear(matrices.population_cross)
    score = population + 2.0 * linear(matrices.population_score) + matrices.fisher_information
    return Losses(matrices.squared_noise + train, 1.0 + test, score)


class Training(ABC):
    """A way to train: it makes the losses of one instance."""

    @property
    @abstractmethod
    def axis(self) -> tuple[str, NDArray[Any]]:
        """What the members of the batch differ by, and its values."""

    @abstractmethod
    def losses(self, matrices: Matrices, features_per_dimension: float) -> Losses:
        """Losses of the batch of training times, penalties or numbers of steps."""


def training_of(training_time: ArrayLike | Training) -> Training:
    """Gradient flow up to training times, or the training that was given in their place."""
    return training_time if isinstance(training_time, Training) else GradientFlow(training_time)


class SpectralTraining(Training):
    """Trainings that are solved mode by mode: B = -V^T F(U)/sqrt(D)."""

    @abstractmethod
    def filter(self, eigenvalues: FloatArray, rate: float) -> FloatArray:
        """F at positive eigenvalues, (batch, modes); ``rate`` = 2 D/psi_p."""

    def train_parts(self, matrices: Matrices, features_per_dimension: float) -> FloatArray:
        """What each mode adds to L_train, eigenvalues in increasing order; (batch, p)."""
        dimension = matrices.cross.shape[1]
        eigenvalues, vectors = np.linalg.eigh(matrices.gram)
        kept = eigenvalues > _NULL * eigenvalues[-1]
        f = self.filter(eigenvalues[kept], 2.0 * matrices.noise_variance / features_per_dimension)
        strength = np.sum((vectors[:, kept].T @ matrices.cross) ** 2, axis=1) / dimension
        parts = np.zeros((len(f), len(eigenvalues)))
        parts[:, kept] = f * (f * eigenvalues[kept] - 2.0) * strength
        return parts

    def losses(self, matrices: Matrices, features_per_dimension: float) -> Losses:
        dimension, noise = matrices.cross.shape[1], matrices.noise_variance
        eigenvalues, vectors = np.linalg.eigh(matrices.gram)
        kept = eigenvalues > _NULL * eigenvalues[-1]
        eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
        f = self.filter(eigenvalues, 2.0 * noise / features_per_dimension)
        cross = vectors.T @ matrices.cross
        strength = np.einsum("ij,ij->i", cross, cross) / dimension
        train = (f * (f * eigenvalues - 2.0)) @ strength
        pairs = (vectors.T @ matrices.population_gram @ vectors) * (cross @ cross.T) / dimension
        quadratic = np.einsum("ki,ki->k", f @ pairs, f)
        linear = f @ (np.einsum("ij,ij->i", cross, vectors.T @ matrices.population_cross) / dimension)
        score = f @ (np.einsum("ij,ij->i", cross, vectors.T @ matrices.population_score) / dimension)
        return Losses(
            matrices.squared_noise + train,
            1.0 + quadratic - 2.0 * linear,
            quadratic / noise - 2.0 / math.sqrt(noise) * score + matrices.fisher_information,
        )


@dataclass(frozen=True)
class GradientFlow(SpectralTraining):
    """Gradient flow up to training times, (batch,), at least 0; infinity is allowed."""

    training_time: ArrayLike

    def __post_init__(self) -> None:
        times = np.atleast_1d(np.asarray(self.training_time))
        if times.dtype.kind not in "iuf" or times.ndim != 1 or not times.size or not (times >= 0).all():
            raise InvalidArgument(
                "training_time", self.training_time, "numbers, at least 0 (or infinity), in one axis"
            )
        object.__setattr__(self, "training_time", times.astype(np.float64))

    @property
    def axis(self) -> tuple[str, NDArray[Any]]:
        return "training_time", np.asarray(self.training_time)

    def filter(self, eigenvalues: FloatArray, rate: float) -> FloatArray:
        times = np.asarray(self.training_time)
        return -np.expm1(-rate * np.multiply.outer(times, eigenvalues)) / eigenvalues


@dataclass(frozen=True)
class Ridge(SpectralTraining):
    """The minimum of L_train + (D penalty/d) |A|^2/p; penalties above 0, (batch,)."""

    penalty: ArrayLike

    def __post_init__(self) -> None:
        penalties = np.atleast_1d(validation.array("penalty", self.penalty, above=0.0))
        if penalties.ndim != 1:
            raise InvalidArgument("penalty", self.penalty, "numbers above 0 in one axis")
        object.__setattr__(self, "penalty", penalties)

    @property
    def axis(self) -> tuple[str, NDArray[Any]]:
        return "penalty", np.asarray(self.penalty)

    def filter(self, eigenvalues: FloatArray, rate: float) -> FloatArray:
        return 1.0 / np.add.outer(np.asarray(self.penalty), eigenvalues)


def _checked_steps(steps: ArrayLike) -> NDArray[np.int64]:
    values = np.atleast_1d(np.asarray(steps))
    if (
        values.dtype.kind not in "iu"
        or values.ndim != 1
        or not values.size
        or not (np.diff(values) > 0).all()
    ):
        raise InvalidArgument("steps", steps, "increasing integers, at least 0, in one axis")
    if values[0] < 0:
        raise InvalidArgument("steps", int(values[0]), "increasing integers, at least 0, in one axis")
    return values.astype(np.int64)


class SteppedTraining(Training):
    """Trainings that are made step by step, up to each of ``steps``."""

    steps: ArrayLike

    @property
    def axis(self) -> tuple[str, NDArray[Any]]:
        return "steps", np.asarray(self.steps)


@dataclass(frozen=True)
class GradientDescent(SteppedTraining):
    """Full-batch descent, step by step, with heavy-ball momentum or Nesterov's.

    Parameters
    ----------
    steps : numbers of steps after which the losses are taken, increasing, (batch,).
    learning_rate : eta/d^2, the training time of one step.
    momentum : memory of the last displacement, in [0, 1).
    nesterov : take the gradient ahead, at A + momentum (A - A_previous).
    """

    steps: ArrayLike
    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", _checked_steps(self.steps))
        validation.positive("learning_rate", self.learning_rate)
        if validation.inside("momentum", self.momentum, 0.0, 1.0, closed=True) == 1.0:
            raise InvalidArgument("momentum", self.momentum, "a number in [0, 1)")

    def losses(self, matrices: Matrices, features_per_dimension: float) -> Losses:
        from .kernels import descent_steps

        step = 2.0 * matrices.noise_variance / features_per_dimension * self.learning_rate
        target = np.ascontiguousarray(matrices.cross.T) / math.sqrt(matrices.noise_variance)
        gram = np.ascontiguousarray(matrices.gram)
        weights, before = np.zeros_like(target), np.zeros_like(target)
        kept, done = [], 0
        for count in np.asarray(self.steps).tolist():
            descent_steps(
                weights, before, gram, target, count - done, step, float(self.momentum), self.nesterov
            )
            done = count
            kept.append(losses_of(matrices, weights[None]))
        return _joined(kept)


@dataclass(frozen=True)
class Adam(SteppedTraining):
    """Full-batch Adam on A, with bias correction: not linear in A, so that no spectral filter describes it.

    Parameters
    ----------
    steps : numbers of steps after which the losses are taken, increasing, (batch,).
    learning_rate : change of an entry of A in the first step.
    first_decay, second_decay : memories of the means of the gradient and of its square, in [0, 1).
    offset : added to the root of the mean square.
    """

    steps: ArrayLike
    learning_rate: float = 1e-2
    first_decay: float = 0.9
    second_decay: float = 0.999
    offset: float = 1e-8

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", _checked_steps(self.steps))
        validation.positive("learning_rate", self.learning_rate)
        validation.positive("offset", self.offset)
        for name in ("first_decay", "second_decay"):
            if validation.inside(name, getattr(self, name), 0.0, 1.0, closed=True) == 1.0:
                raise InvalidArgument(name, getattr(self, name), "a number in [0, 1)")

    def losses(self, matrices: Matrices, features_per_dimension: float) -> Losses:
        from .kernels import adam_steps

        features, dimension = matrices.cross.shape
        root, noise = math.sqrt(features), matrices.noise_variance
        # The gradient with respect to A is A hessian + constant.
        hessian = np.ascontiguousarray(matrices.gram) * (2.0 * noise / (dimension * features))
        constant = np.ascontiguousarray(matrices.cross.T) * (2.0 * math.sqrt(noise) / (dimension * root))
        weights, first, second = (np.zeros_like(constant) for _ in range(3))
        kept, done = [], 0
        for count in np.asarray(self.steps).tolist():
            adam_steps(
                weights,
                first,
                second,
                hessian,
                constant,
                done,
                count,
                self.learning_rate,
                self.first_decay,
                self.second_decay,
                self.offset,
            )
            done = count
            kept.append(losses_of(matrices, weights[None] / root))
        return _joined(kept)


def _joined(parts: list[Losses]) -> Losses:
    return Losses(
        np.concatenate([part.train_loss for part in parts]),
        np.concatenate([part.test_loss for part in parts]),
        np.concatenate([part.score_error for part in parts]),
    )
