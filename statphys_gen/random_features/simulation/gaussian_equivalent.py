r"""The Gaussian equivalent of a random-features model: a reduced simulation, whose coefficients are arguments.

Each feature is replaced by a linear part, a nonlinear part that the draws of one sample share, and a fresh one,

    phi = a w (exp(-t) x + sqrt(D) xi) + v Omega + s omega,    w = W/sqrt(d), Omega and omega standard Gaussian,

one Omega for each sample and one omega for each draw. For m = infinity the average over xi and omega is taken,

    U = G G^T/n + D a^2 w w^T + s^2,  G = a exp(-t) w X + v Omega,   V = sqrt(D) a w,

and the population has E[U] = a^2 w Sigma_t w^T + v^2 + s^2, E[V] = sqrt(D) a w.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ... import validation
from ...arrays import FloatArray
from .training import Matrices


@dataclass(frozen=True)
class FeatureMoments:
    """What the Gaussian equivalent knows of the activation.

    Parameters
    ----------
    linear : a, the mean slope.
    shared_variance : v^2, of the nonlinear part that all draws of one sample share; at least 0.
    fresh_variance : s^2, of the nonlinear part that is fresh in each draw; at least 0.
    """

    linear: float
    shared_variance: float
    fresh_variance: float

    def __post_init__(self) -> None:
        validation.finite("linear", self.linear)
        validation.non_negative("shared_variance", self.shared_variance)
        validation.non_negative("fresh_variance", self.fresh_variance)


def equivalent_matrices(
    moments: FeatureMoments,
    features: int,
    samples: int,
    variances: FloatArray,
    time: float,
    noise_draws: float,
    rng: np.random.Generator,
) -> Matrices:
    """The matrices of one instance; ``variances`` are the d eigenvalues of Sigma."""
    a, v, s2 = moments.linear, math.sqrt(moments.shared_variance), moments.fresh_variance
    dimension = len(variances)
    signal, noise = math.exp(-time), -math.expm1(-2.0 * time)
    w = rng.standard_normal((features, dimension)) / math.sqrt(dimension)
    x = np.sqrt(variances)[:, None] * rng.standard_normal((dimension, samples))
    shared = a * signal * (w @ x) + v * rng.standard_normal((features, samples))
    if math.isinf(noise_draws):
        gram = shared @ shared.T / samples + noise * a**2 * (w @ w.T) + s2 * np.eye(features)
        cross, squared_noise = math.sqrt(noise) * a * w, 1.0
    else:
        columns = samples * int(noise_draws)
        xi = rng.standard_normal((dimension, columns))
        phi = np.repeat(shared, int(noise_draws), axis=1) + a * math.sqrt(noise) * (w @ xi)
        phi += math.sqrt(s2) * rng.standard_normal((features, columns))
        gram, cross = phi @ phi.T / columns, phi @ xi.T / columns
        squared_noise = float(np.einsum("ij,ij->", xi, xi)) / (columns * dimension)
    total = signal**2 * variances + noise
    population = a**2 * ((w * total) @ w.T) + (moments.shared_variance + s2) * np.eye(features)
    return Matrices(
        gram,
        cross,
        population,
        math.sqrt(noise) * a * w,
        a * w,
        squared_noise,
        noise,
        float((1.0 / total).mean()),
    )
