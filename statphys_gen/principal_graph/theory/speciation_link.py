r"""Transitions of a cooled mixture in the time of a diffusion model.

The forward process x = exp(-t) a + sqrt(1 - exp(-2t)) xi has, relative to the data, noise of variance T = exp(2t) - 1.
Clustering normalises over centroids for each point, diffusion over points for each walker: the two transitions agree to
the order of 1/Lambda only. A single Gaussian has a clustering transition, and no speciation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...numerics.roots import bracketed
from ...presentation import Tabular
from .mixture import full_covariance

LARGEST_DIMENSION = 1000
_POINTS = 400


def diffusion_time(temperature: float) -> float:
    """t = log(1 + T)/2."""
    return 0.5 * float(np.log1p(temperature))


@dataclass(frozen=True, repr=False)
class SpeciationTimes(Tabular):
    """Times of three criteria; None where a criterion has none.

    Attributes
    ----------
    cluster : log(1 + Lambda)/2, at the first split of a cooled mixture; Lambda is the top eigenvalue of the covariance.
    curvature : where the noised log-density at the mean changes from one maximum to a barrier.
    spectral : log(Lambda)/2.
    error : of ``curvature``.
    """

    cluster: float
    curvature: float | None
    spectral: float | None
    error: float

    def records(self) -> list[dict[str, Any]]:
        """One row for each criterion."""
        said = str(approximation_of(speciation_times))
        return [
            {
                "criterion": name,
                "time": getattr(self, name),
                "status": "converged",
                "residual": 0.0,
                "error": self.error if name == "curvature" else 1e-15,
                "approximation": said,
            }
            for name in ("cluster", "curvature", "spectral")
        ]


@states(
    "exact",
    "of the law given; the curvature is that at the mean, the barrier of laws that are symmetric about it",
    source="derivations/principal_graph/speciation.py",
    verification="derived and simulated",
)
def speciation_times(law: GaussianMixture) -> SpeciationTimes:
    """Times at which classes of a mixture part, by three criteria.

    Parameters
    ----------
    law : a mixture; common isotropic covariances in any dimension, others up to dimension 1000.

    Raises
    ------
    InvalidArgument : too many dimensions; a law without variance.
    """
    if not isinstance(law, GaussianMixture):
        raise InvalidArgument("law", law, "a GaussianMixture")
    shift, full = _reduced(law)
    weights = law.weights
    covariance = (shift * weights[:, None]).T @ shift + np.einsum("k,kij->ij", weights, full)
    value = float(np.linalg.eigvalsh(covariance)[-1])
    if not value > 0.0:
        raise InvalidArgument("law", value, "of points that are not all equal")
    temperature, error = _barrier_temperature(weights, shift, full, value)
    return SpeciationTimes(
        diffusion_time(value),
        None if temperature is None else diffusion_time(temperature),
        0.5 * float(np.log(value)) if value > 1.0 else None,
        error,
    )


def _reduced(law: GaussianMixture) -> tuple[FloatArray, FloatArray]:
    """Means about the common mean and covariances, in the space of the means and one direction more."""
    mean = law.weights @ law.means
    shift = law.means - mean
    if law.common_covariance and law.covariance_kind == "isotropic":
        _, sizes, basis = np.linalg.svd(shift, full_matrices=False)
        basis = basis[sizes > 1e-14 * max(sizes.max(), 1e-300)]
        rank = len(basis) + (1 if len(basis) < law.dimension else 0)
        reduced = np.zeros((law.classes, rank))
        reduced[:, : len(basis)] = shift @ basis.T
        return reduced, np.broadcast_to(float(law.covariance(0)) * np.eye(rank), (law.classes, rank, rank))
    validation.integer("dimension", law.dimension, 1, LARGEST_DIMENSION)
    return shift, np.stack([full_covariance(law, k) for k in range(law.classes)])


def _barrier_temperature(
    weights: FloatArray, shift: FloatArray, full: FloatArray, top: float
) -> tuple[float | None, float]:
    """The highest T at which the covariance of the data given the noised point 0 has the largest eigenvalue T."""
    if len(weights) == 1:
        return None, 0.0
    eigen = [np.linalg.eigh(c) for c in full]

    def excess(temperature: float) -> float:
        logs, means, covariances = [], [], []
        for w, m, (values, vectors) in zip(weights, shift, eigen, strict=True):
            along = vectors.T @ m
            logs.append(
                np.log(w) - 0.5 * (np.log(values + temperature) + along**2 / (values + temperature)).sum()
            )
            means.append(vectors @ (along * temperature / (values + temperature)))
            covariances.append((vectors * (values * temperature / (values + temperature))) @ vectors.T)
        shares = np.exp(np.array(logs) - max(logs))
        shares /= shares.sum()
        centre = shares @ np.stack(means)
        apart = np.stack(means) - centre
        tilted = np.einsum("k,kij->ij", shares, np.stack(covariances)) + (apart * shares[:, None]).T @ apart
        return float(np.linalg.eigvalsh(tilted)[-1] / temperature - 1.0)

    grid = np.geomspace(4.0 * top, 1e-6 * top, _POINTS)
    values = np.array([excess(float(t)) for t in grid])
    above = np.flatnonzero(values > 0.0)
    if not len(above) or above[0] == 0:
        return None, 0.0
    k = int(above[0])
    found = bracketed(
        lambda t: np.array([excess(float(v)) for v in np.ravel(t)]).reshape(np.shape(t)), grid[k], grid[k - 1]
    ).require()
    return float(found["x"]), float(found.error)
