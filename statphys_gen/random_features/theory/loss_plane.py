"""Losses over the plane of features and samples at given training times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...glossary import dataset
from ...presentation import Tabular
from ..model import Activation, RandomFeatures
from .filters import gradient_flow
from .learning_curves import losses_of_many

if TYPE_CHECKING:
    import xarray

_FIELDS = ("train_loss", "test_loss", "score_error")


@dataclass(frozen=True, repr=False)
class LossPlane(Tabular):
    """Losses in the plane of features and samples, each of shape (training times, features, samples)."""

    training_time: FloatArray
    features_per_dimension: FloatArray
    samples_per_dimension: FloatArray
    train_loss: FloatArray
    test_loss: FloatArray
    score_error: FloatArray

    @property
    def generalisation_gap(self) -> FloatArray:
        """L_test - L_train."""
        return self.test_loss - self.train_loss

    def records(self) -> list[dict[str, Any]]:
        return [
            {
                "training_time": float(time),
                "features_per_dimension": float(p),
                "samples_per_dimension": float(n),
            }
            | {name: float(getattr(self, name)[k, i, j]) for name in _FIELDS}
            for k, time in enumerate(self.training_time)
            for i, p in enumerate(self.features_per_dimension)
            for j, n in enumerate(self.samples_per_dimension)
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along training time, features and samples."""
        axes = ("training_time", "features_per_dimension", "samples_per_dimension")
        return dataset(
            {name: (axes, getattr(self, name)) for name in _FIELDS},
            {name: ((name,), getattr(self, name)) for name in axes},
            approximation_of(phase_diagram),
        )


@states(
    "exact as N -> infinity",
    "odd (or centred) activation, full-batch gradient flow from A = 0",
    source="arXiv 2505.17638; derivations/random_features/two_point.py",
    verification="derived and simulated",
)
def phase_diagram(
    activation: Activation | str,
    time: float,
    training_time: ArrayLike,
    features_per_dimension: ArrayLike,
    samples_per_dimension: ArrayLike,
    covariance: Covariance | None = None,
    noise_draws: float = math.inf,
) -> LossPlane:
    """Losses over the (n, p) plane at given training times.

    ``training_time``, ``features_per_dimension`` and ``samples_per_dimension`` are one-dimensional (or
    numbers); the equations of all points are solved together: a few ms for each point
    of the plane, with all training times (finite noise draws: about 0.1 s, for the edges of the spectrum).
    """
    times = np.atleast_1d(np.asarray(training_time))
    features = np.atleast_1d(validation.array("features_per_dimension", features_per_dimension, above=0.0))
    samples = np.atleast_1d(validation.array("samples_per_dimension", samples_per_dimension, above=0.0))
    models = [
        RandomFeatures(activation, float(p), float(n), time, covariance, noise_draws)
        for p in features
        for n in samples
    ]
    curves = losses_of_many(models, [gradient_flow(model, times) for model in models])
    planes = [
        np.array([getattr(curve, name) for curve in curves]).T.reshape(
            times.size, features.size, samples.size
        )
        for name in _FIELDS
    ]
    return LossPlane(times.astype(np.float64), features, samples, *planes)
