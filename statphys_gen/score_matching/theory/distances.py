"""Distances between the empirical score, its Gaussian approximation and the score of a population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...presentation import Scalars
from ..model import NoisedSample
from .empirical_score import SOURCE, empirical_score, expectation


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
    AccuracyNotReached : two quadratures differ by more than 1e-10.
    """
    mean = validation.inside("population_mean", population_mean, -1e20, 1e20, closed=True)
    variance = validation.inside("population_variance", population_variance, 0.0, 1e40, closed=True)
    mu, sigma = sample.data_scale, sample.noise_scale
    points = np.array(sample.points)

    def integrand(y: FloatArray) -> FloatArray:
        found = empirical_score(sample, y)
        gaussian = -(y - mu * points.mean()) / (mu**2 * points.var() + sigma**2)
        population = -(y - mu * mean) / (mu**2 * variance + sigma**2)
        return np.stack(
            [
                (found.score - gaussian) ** 2,
                (found.score - population) ** 2,
                (gaussian - population) ** 2,
                np.log(found.effective_samples),
                (mu / sigma**2) ** 2 * found.posterior_variance,
            ]
        )

    return Distances(*expectation(sample, "distances of scores", integrand).tolist())
