r"""Whether a first transition stands out of what isotropic noise gives: the edge of a sample covariance.

With N points of variance sigma^2 in each of D dimensions the largest eigenvalue of the covariance is near
sigma^2 (1 + sqrt(D/N))^2 and fluctuates by Tracy and Widom's law. sigma^2 is read off as the median eigenvalue over the
median of Marchenko and Pastur's law. In few dimensions the median fluctuates as well (of two eigenvalues it is half of
their sum): there the quantile is that of the largest over the median eigenvalue in draws of noise, and for two closed,
P(2 sqrt(l1 l2)/(l1 + l2) < v) = v^(n-1) with n degrees of freedom. Two classes at +-sqrt(theta) e with noise of
variance 1 split at (1 + theta)(1 + gamma/theta), gamma = D/N, if theta > sqrt(gamma), and at the edge, without a
signal, below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...numerics.roots import bracketed
from ...presentation import Scalars
from ...statistics.streams import generator
from .mixture import Law, moments, weighted_points

# 99 % point of Tracy and Widom's law for real symmetric matrices (Bejan's tables), and its mean.
TRACY_WIDOM_99 = 2.0234
TRACY_WIDOM_MEAN = -1.2065335745820
_LEVEL = 0.01
_DRAWN, _DRAWS = 30, 4000  # number of eigenvalues up to which noise is drawn, and how often


@dataclass(frozen=True, repr=False)
class Significance(Scalars):
    """The first transition beside noise.

    Attributes
    ----------
    bulk_edge : sigma^2 (1 + sqrt(D/N))^2.
    threshold : what noise exceeds in 1 % of cases.
    significant : whether the top eigenvalue is above that; None of one eigenvalue, where there is no bulk.
    """

    bulk_edge: float
    threshold: float
    significant: bool | None


@states(
    "exact as N -> infinity",
    "for Gaussian noise that is the same in all directions, D/N fixed; up to 30 eigenvalues the threshold is that of "
    "4000 draws at the given N and D",
    source="derivations/principal_graph/stability.py",
    verification="derived",
)
def significance(law: Law) -> Significance | None:
    """Edge of the bulk and whether the first transition stands out of it; None of a population.

    Parameters
    ----------
    law : points with their number, or a data set.

    Raises
    ------
    InvalidArgument : neither; all points equal.
    """
    if isinstance(law, GaussianMixture):
        return None
    points = weighted_points(law)
    if points.samples is None:
        return None
    samples, dimension = points.samples, points.dimension
    eigenvalues = np.linalg.eigvalsh(moments(points)[1])
    if not eigenvalues[-1] > 0.0:
        raise InvalidArgument("law", 0.0, "of points that are not all equal: there is no transition")
    ratio = dimension / samples
    present = np.sort(eigenvalues)[-min(dimension, max(samples - 1, 1)) :]
    variance = float(np.median(present)) / marchenko_pastur_median(ratio)
    edge = variance * (1.0 + np.sqrt(ratio)) ** 2
    smaller, larger = sorted((dimension, samples - 1))
    known = smaller > 1
    threshold = edge + variance * TRACY_WIDOM_99 * tracy_widom_scale(samples, dimension)
    if known and smaller <= _DRAWN:
        threshold = float(np.median(present)) * _noise_quantile(smaller, larger)
    return Significance(edge, threshold, bool(eigenvalues[-1] > threshold) if known else None)


@lru_cache(maxsize=64)
def _noise_quantile(smaller: int, larger: int) -> float:
    """99 % point of the largest over the median eigenvalue of G G^T, G (smaller, larger) of standard normal numbers."""
    if smaller == 2:
        return 1.0 + float(np.sqrt(-np.expm1(2.0 * np.log(_LEVEL) / (larger - 1.0))))
    random = generator(0, {"purpose": "edge of noise", "smaller": smaller, "larger": larger})
    # Bartlett's triangular factor of the same law.
    factor = np.tril(random.standard_normal((_DRAWS, smaller, smaller)), -1)
    places = np.arange(smaller)
    factor[:, places, places] = np.sqrt(random.chisquare(larger - places, (_DRAWS, smaller)))
    eigenvalues = np.linalg.eigvalsh(factor @ factor.transpose(0, 2, 1))
    return float(np.quantile(eigenvalues[:, -1] / np.median(eigenvalues, axis=1), 1.0 - _LEVEL))


def tracy_widom_scale(samples: int, dimension: int) -> float:
    """Scale of the fluctuation of the largest eigenvalue of a covariance of N points of variance 1 in D dimensions."""
    n, d = np.sqrt(samples), np.sqrt(dimension)
    return float((n + d) * (1.0 / n + 1.0 / d) ** (1.0 / 3.0) / samples)


@lru_cache(maxsize=64)
def marchenko_pastur_median(ratio: float) -> float:
    """Median of the eigenvalues above 0 of a covariance of noise of variance 1 with D/N = ratio."""
    gamma = validation.positive("ratio", ratio)
    lower, upper = (1.0 - np.sqrt(gamma)) ** 2, (1.0 + np.sqrt(gamma)) ** 2
    mass = min(1.0, 1.0 / gamma)

    def below(x: FloatArray) -> FloatArray:
        # With x = lower + (upper - lower) sin^2(phi/2) the density is smooth at both edges.
        phi = 2.0 * np.arcsin(np.sqrt(np.clip((x - lower) / (upper - lower), 0.0, 1.0)))
        nodes, weights = np.polynomial.legendre.leggauss(200)
        angle = 0.5 * phi[..., None] * (nodes + 1.0)
        place = lower + (upper - lower) * np.sin(angle / 2.0) ** 2
        half = (upper - lower) / 2.0
        density = (half * np.sin(angle)) ** 2 / (2.0 * np.pi * gamma * np.maximum(place, 1e-300))
        return np.asarray(0.5 * phi * (density @ weights)) / mass - 0.5

    if upper - lower < 1e-12:
        raise InvalidArgument("ratio", ratio, "a ratio of dimension to samples above 1e-24")
    return float(bracketed(below, lower, upper).require()["x"])


@states(
    "exact as N -> infinity",
    "D/N fixed",
    source="derivations/principal_graph/stability.py",
    verification="derived and simulated",
)
def spiked_split_temperature(signal: float, ratio: float) -> float:
    """First split of two classes at +-sqrt(signal) e with noise of variance 1, from N points in D = ratio N dimensions.

    Parameters
    ----------
    signal : theta, variance of the classes' means, at least 0.
    ratio : gamma = D/N, above 0.
    """
    theta, gamma = validation.non_negative("signal", signal), validation.positive("ratio", ratio)
    if theta <= np.sqrt(gamma):
        return float((1.0 + np.sqrt(gamma)) ** 2)
    return float((1.0 + theta) * (1.0 + gamma / theta))
