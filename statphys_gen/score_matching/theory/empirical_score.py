r"""The score of the noised training points, its derivatives, and its risk: the best that score matching can reach.

With the posterior weights w_i(y) ~ exp(-(y - mu x_i)^2/(2 sigma^2)) and W = x_i under w,

    s*(y) = p'(y)/p(y) = (mu E W - y)/sigma^2,
    s*' = (mu^2 Var W/sigma^2 - 1)/sigma^2,    s*'' = mu^3 kappa_3(W)/sigma^6.

Integration by parts turns the risk R(s) = E (s(Y) + xi/sigma)^2 of any score s into E s^2 + 2 E s' + 1/sigma^2; its
smallest value is R(s*) = (mu^2/sigma^4) E Var W.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached
from ...numerics.quadrature import legendre_rule
from ...presentation import Curves
from ..model import NoisedSample

SOURCE = "Wu, Marion, Biau, Boyer, arXiv 2502.03435; derivations/score_matching"
_BLOCK = 2_000_000  # entries of a block of weights
NEIGHBOURS = 512  # positions at once, which have points of weight in common
REACH = 39.0  # standard deviations beyond which a Gaussian is 0
_MARGIN = 1.1  # for the shares of repeated points
_FARTHEST = 9.5  # standard deviations beyond which a Gaussian holds less than rounding
_MOST_PANELS = 400_000
_APART = 80.0  # standard deviations between points whose confusion, exp(-800) at most, is below every float
# Edges of panels around a step of the posterior, in units of its width: it is a function of tanh of half of these.
STEPS = np.concatenate(
    [-np.arange(80.0, 24.0, -4.0), np.arange(-24.0, 24.0, 2.0), np.arange(24.0, 81.0, 4.0)]
)


def distinct(sample: NoisedSample) -> tuple[FloatArray, FloatArray]:
    """The distinct points (k,), increasing, and their shares (k,) of the sample."""
    points, counts = np.unique(np.array(sample.points), return_counts=True)
    return points, counts / sample.samples


@dataclass(frozen=True, eq=False, repr=False)
class EmpiricalScore(Curves):
    """The empirical optimal score along positions.

    Attributes
    ----------
    position : y, of any shape, which the others share.
    score, derivative, second_derivative : s*, s*', s*''.
    posterior_mean, posterior_variance : of the training point W given y.
    effective_samples : exponential of the entropy of the weights over the n training points.
    """

    position: FloatArray
    score: FloatArray
    derivative: FloatArray
    second_derivative: FloatArray
    posterior_mean: FloatArray
    posterior_variance: FloatArray
    effective_samples: FloatArray


@states("exact", source=SOURCE, verification="derived and simulated")
def empirical_score(sample: NoisedSample, position: ArrayLike) -> EmpiricalScore:
    """s* = p'/p of the noised training points with two derivatives, without overflow at any position.

    Parameters
    ----------
    sample : the training points and the noise.
    position : y, any shape, at most 1e22 in absolute value.

    Raises
    ------
    InvalidArgument : a position that is not finite, or beyond that.
    """
    y = validation.array("position", position)
    validation.inside("position", float(y.ravel()[np.abs(y).argmax()]), -1e22, 1e22, closed=True)
    sigma, ratio = sample.noise_scale, sample.data_scale / sample.noise_scale
    pull, mean, variance, third, entropy = (each.reshape(y.shape) for each in moments(sample, y.ravel()))
    return EmpiricalScore(
        y,
        pull / sigma,
        (ratio * ratio * variance - 1.0) / sigma**2,
        ratio**3 * third / sigma**3,
        mean,
        variance,
        np.exp(entropy),
    )


def moments(sample: NoisedSample, y: FloatArray) -> list[FloatArray]:
    """(mu E W - y)/sigma, mean, variance and third cumulant of W, and the entropy of the weights, each (q,)."""
    size = min(NEIGHBOURS, max(1, _BLOCK // len(distinct(sample)[0])))
    parts = [_moments(sample, y[k : k + size]) for k in range(0, y.size, size)]
    return [np.concatenate(entry) for entry in zip(*parts, strict=True)]


def _moments(
    sample: NoisedSample, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """The same for so few positions that the points of weight there are few.

    Everything is measured from the nearest point: weights as differences of squares, moments from differences.
    """
    mu, sigma = sample.data_scale, sample.noise_scale
    points, shares = distinct(sample)
    middles = mu * 0.5 * (points[1:] + points[:-1])
    nearest = np.searchsorted(middles, y)
    # Points of which the weight is 0 at all of these positions are left out.
    far = float(np.hypot(np.abs(y - mu * points[nearest]).max(), REACH * sigma * _MARGIN))
    low, high = np.searchsorted(mu * points, [y.min() - far, y.max() + far])
    low, high = min(low, nearest.min()), max(high, nearest.max() + 1)
    points, shares, nearest = points[low:high], shares[low:high], nearest - low
    step = points - points[nearest][:, None]
    distance = (y - mu * points[nearest]) / sigma
    jump = (mu / sigma) * step
    # Of a far point the square overflows: its weight is 0.
    with np.errstate(over="ignore"):
        # From the middle between both points, where the two weights are alike and everything is decided.
        middle = (y[:, None] - mu * (0.5 * (points + points[nearest][:, None]))) / sigma
        exponent = jump * middle + np.log(shares / shares[nearest][:, None])
    top = exponent.max(axis=1, keepdims=True)
    weights = np.exp(exponent - top)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    shift = (weights * step).sum(axis=1)
    centred = step - shift[:, None]
    with np.errstate(invalid="ignore"):
        variance = (weights * centred**2).sum(axis=1)
        third = (weights * centred**3).sum(axis=1)
    # Of a total near 1 the rest keeps its digits: p is largest where the entropy is smallest.
    tied = (exponent == top).sum(axis=1, keepdims=True)
    rest = np.exp(exponent - top).sum(axis=1, keepdims=True, where=exponent < top)
    logarithm = exponent - top - np.log(tied) - np.log1p(rest / tied) - np.log(shares * sample.samples)
    entropy = -np.where(weights > 0.0, weights * np.where(weights > 0.0, logarithm, 0.0), 0.0).sum(axis=1)
    return (mu / sigma) * shift - distance, points[nearest] + shift, variance, third, entropy


def panels(sample: NoisedSample, more: ArrayLike = ()) -> FloatArray:
    """Edges of panels on each of which the density and the score vary little, for Gauss-Legendre rules.

    Half of sigma where a training point is near, and sigma^2/(mu delta) around the middle between two neighbours at a
    distance mu delta above sigma, where the score jumps from one to the other. ``more`` edges are added.

    Raises
    ------
    AccuracyNotReached : more panels than can be afforded, or noise too small for the positions of the points.
    """
    mu, sigma = sample.data_scale, sample.noise_scale
    centres = mu * distinct(sample)[0]
    if np.abs(centres).max() > 1e12 * sigma:
        raise AccuracyNotReached(
            "the noise is below 1e-12 of the noised points: their distances are not resolved"
        )
    step = 0.5 * sigma
    around = np.arange(-2 * _FARTHEST, 2 * _FARTHEST + 1.0)
    coarse = step * np.unique(np.floor(centres / step)[:, None] + around)
    gap = np.diff(centres)
    wide = gap > sigma
    middles, width = (0.5 * (centres[1:] + centres[:-1]))[wide], sigma * (sigma / gap[wide])
    fine = middles[:, None] + width[:, None] * STEPS
    edges = np.unique(np.concatenate([coarse, fine.ravel(), np.asarray(more, dtype=np.float64).ravel()]))
    if edges.size > _MOST_PANELS:
        raise AccuracyNotReached(
            f"{len(centres)} distinct points need more than {_MOST_PANELS} panels of quadrature"
        )
    return edges


def density(sample: NoisedSample, y: FloatArray) -> FloatArray:
    """p(y) of the noised law, (q,)."""
    points, shares = distinct(sample)
    u = (y[:, None] - sample.data_scale * points) / sample.noise_scale
    with np.errstate(under="ignore"):
        kernel = np.exp(-0.5 * u * u)
    return np.asarray(kernel @ shares / (np.sqrt(2.0 * np.pi) * sample.noise_scale))


def expectation(
    sample: NoisedSample,
    name: str,
    integrand: Callable[[FloatArray], FloatArray],
    *,
    tolerance: float = 1e-10,
) -> FloatArray:
    """E f(Y) for each row of ``integrand(y) -> (k, q)``, by two Gauss-Legendre rules that share no node.

    Raises
    ------
    AccuracyNotReached : the rules differ by more than the tolerance, relative to the mean absolute value.
    """
    edges = panels(sample)
    found = []
    for order in (10, 13):
        rule = legendre_rule(edges, order)
        total, size = np.zeros(1), np.zeros(1)
        block = max(1, _BLOCK // len(distinct(sample)[0]))
        for k in range(0, rule.nodes.size, block):
            y, weight = rule.nodes[k : k + block], rule.weights[k : k + block]
            values = np.atleast_2d(integrand(y)) * (density(sample, y) * weight)
            total, size = total + values.sum(axis=1), size + np.abs(values).sum(axis=1)
        found.append((total, size))
    (coarse, _), (value, size) = found
    error = np.abs(value - coarse)
    # Below 1e-290 only the size of a value is known, and nothing is lost by calling it 0.
    value = np.where(size < 1e-290, 0.0, value)
    if not (error <= tolerance * np.maximum(size, 1e-290)).all():
        worst = float((error / np.maximum(size, np.finfo(np.float64).tiny)).max())
        raise AccuracyNotReached(f"{name}: two quadratures differ by {worst:.1g} of the value")
    return value


@states("exact", source=SOURCE, verification="derived and simulated")
def optimal_risk(sample: NoisedSample) -> float:
    """R(s*) = (mu^2/sigma^4) E Var W, the smallest risk of any score.

    Raises
    ------
    AccuracyNotReached : the quadrature is not accurate to 1e-10 of the value.
    """
    ratio = sample.data_scale / sample.noise_scale
    if ratio * float(np.diff(distinct(sample)[0]).min()) > _APART:
        return 0.0

    def variance(y: FloatArray) -> FloatArray:
        return empirical_score(sample, y).posterior_variance

    return float(
        ratio**2 * expectation(sample, "risk of the empirical score", variance)[0] / sample.noise_scale**2
    )
