"""Distances between the empirical score, its Gaussian approximation and the score of a population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...presentation import Scalars
from ..model import NoisedSample
from .empirical_score import SOURCE, expectation, moments

# Of points in units of the noise, below which their score is summed beyond its Gaussian approximation.
_NEAR = 0.1
_TERMS = 16


@dataclass(frozen=True)
class Distances(Scalars):
    """Mean squared differences of scores under the noised empirical law.

    Attributes
    ----------
    empirical_to_gaussian : E (s* - s_G)^2, with the score s_G(y) = -(y - mu m)/(mu^2 C + sigma^2) of a Gaussian with
        the mean m and variance C (over n) of the points.
    empirical_to_population, gaussian_to_population : to the score of N(A, V) noised alike.
    entropy : mean entropy of the posterior weights over the n points, in nats.
    risk : R(s*).
    """

    empirical_to_gaussian: float
    empirical_to_population: float
    gaussian_to_population: float
    entropy: float
    risk: float


@states("exact", source=SOURCE, verification="derived and simulated")
def score_distances(
    sample: NoisedSample, *, population_mean: float = 0.0, population_variance: float = 1.0
) -> Distances:
    """How far the empirical score is from a Gaussian one and from that of a Gaussian population.

    Parameters
    ----------
    sample : the training points and the noise.
    population_mean, population_variance : A and V >= 0 of the law that the points were drawn from.

    Raises
    ------
    AccuracyNotReached : two quadratures differ by more than 1e-10 of the value.
    """
    mean = validation.inside("population_mean", population_mean, -1e20, 1e20, closed=True)
    variance = validation.inside("population_variance", population_variance, 0.0, 1e40, closed=True)
    mu, sigma = sample.data_scale, sample.noise_scale
    points = np.array(sample.points)
    shift = mu / sigma * (points - points.mean())
    total = 1.0 + float((shift**2).mean())

    def integrand(y: FloatArray) -> FloatArray:
        _, mean_there, variance_there, _, entropy = moments(sample, y)
        z = (y - mu * points.mean()) / sigma
        # At large noise these scores are nearly the same: what is common to both is left out.
        if np.abs(shift).max() < _NEAR:
            beyond = _beyond_gaussian(shift, z)
        else:
            beyond = mu / sigma * (mean_there - points.mean()) - z * (total - 1.0) / total
        return np.stack([(beyond / sigma) ** 2, entropy, (mu / sigma**2) ** 2 * variance_there])

    beyond, entropy, risk = expectation(sample, "distances of scores", integrand).tolist()
    # s_G is the projection of s* on the linear functions, among them the population's score: E s* f = -E f'.
    ratio = mu / sigma
    wide = 1.0 + ratio * (ratio * variance)
    spread = ratio * (ratio * (variance - float(points.var()))) / wide
    moved = ratio * (float(points.mean()) - mean) / wide
    linear = (spread * (spread / total) + moved * moved) / sigma**2
    return Distances(beyond, beyond + linear, linear, entropy, risk)


def _beyond_gaussian(shift: FloatArray, z: FloatArray) -> FloatArray:
    """E_w d - z v/(1 + v) for small d = ``shift`` (n,) of mean 0 and variance v, weights w ~ exp(g), g = d z - d^2/2.

    Terms of first and second order in d cancel exactly, and the rest is summed by itself: that of third order, which
    points that lie symmetrically do not have, apart from those of higher order.
    """
    square, cube, fourth, fifth = (float((shift**k).mean()) for k in (2, 3, 4, 5))
    g = shift * z[:, None] - 0.5 * shift**2
    # exp(g) - 1 - g - g^2/2
    series = np.ones_like(g)
    for k in range(_TERMS, 3, -1):
        series = 1.0 + g / k * series
    third = np.where(np.abs(g) < 0.5, g**3 / 6.0 * series, np.expm1(g) - g - 0.5 * g**2)
    mean = (0.5 * g**2 + third).mean(axis=1)
    part = 0.5 * (cube * (z**2 - 1.0) - z * fourth + 0.25 * fifth) + (shift * third).mean(axis=1)
    return (part + z * square * (1.5 * square - mean) / (1.0 + square)) / (1.0 - 0.5 * square + mean)
