r"""One feature under two noise draws, and the true score of Gaussian data, each sampled from its definition.

The pre-activations of a feature of unit norm for two noise draws of one sample are u_1 and u_2, u = exp(-t) x +
sqrt(D) xi. With a = E[f u]/E[u^2] the linear part of the feature f = sigma(u),

    b^2 = a^2 D,   v^2 = E[(f_1 - a u_1)(f_2 - a u_2)] - (E f)^2,   s^2 = E[(f_1 - a u_1 - f_2 + a u_2)^2]/2.
"""

from __future__ import annotations

import math

import numpy as np

from ...statistics.estimate import Estimate
from ...statistics.jackknife import jackknife
from ...statistics.streams import generator
from ..model import Activation, RandomFeatures
from .instances import population_eigenvalues


def simulate_coefficients(
    activation: str, time: float, variance: float, *, draws: int, blocks: int = 64, seed: int = 0
) -> Estimate:
    """a, b^2, v^2 and s^2 of an activation; (4,). ``draws`` are samples in each block."""
    sigma = Activation.named(activation)
    noise = -math.expm1(-2.0 * time)
    key = {"purpose": "coefficients", "activation": activation, "time": time, "variance": variance}
    moments = []
    for block in range(blocks):
        rng = generator(seed, key, block)
        x = math.exp(-time) * math.sqrt(variance) * rng.standard_normal(draws)
        u = x + math.sqrt(noise) * rng.standard_normal((2, draws))
        f = sigma(u)
        pairs = (f * u, u * u, f[0] * f[1], f[0] * u[1], f[1] * u[0], u[0] * u[1], f * f, f)
        moments.append([float(pair.mean()) for pair in pairs])

    def combine(mean: np.ndarray) -> np.ndarray:
        fu, uu, ff, cross_1, cross_2, shared, square, first = mean
        a = fu / uu
        v = ff - a * (cross_1 + cross_2) + a**2 * shared - first**2
        whole = square - 2.0 * a * fu + a**2 * uu - first**2
        return np.array([a, a**2 * noise, v, whole - v])

    return jackknife(moments, combine)


def simulate_true_score(
    model: RandomFeatures, dimension: int, *, draws: int, blocks: int = 64, seed: int = 0
) -> Estimate:
    """E |score|^2/d of the noised data, and the test loss of their true score; (2,)."""
    eigenvalues = population_eigenvalues(model.covariance, dimension)
    signal, noise = math.exp(-model.time), -math.expm1(-2.0 * model.time)
    found = []
    for block in range(blocks):
        rng = generator(seed, {"purpose": "true score", "model": model, "dimension": dimension}, block)
        xi = rng.standard_normal((draws, dimension))
        x = signal * np.sqrt(eigenvalues) * rng.standard_normal((draws, dimension)) + math.sqrt(noise) * xi
        score = -x / (signal**2 * eigenvalues + noise)
        found.append([(score**2).mean(), ((math.sqrt(noise) * score + xi) ** 2).mean()])
    return Estimate.from_samples(found)
