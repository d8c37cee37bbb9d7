r"""How irregular a score is where the noised data lie: total variations of its slope, weighted, and bounds.

    TV(s) = int |s''(y)| pi(y) dy over [mu x_1, mu x_n],    pi(y) = E min(pi_-, pi_+)(y - sigma xi),
    pi_-(z) = (1/n^2) #{mu x_i < z} sum_{mu x_i < z} (z - mu x_i),    pi_+ the same of the points above z.

The second weight, pi~(y) = min{P(Y > y) E (Y - y)_+, P(Y < y) E (y - Y)_+} with Y the noised law, is the one for which
the sharpness bound is proved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ...presentation import Curves, Scalars
from ..model import NoisedSample
from .empirical_score import SOURCE, distinct, empirical_score, optimal_risk, panels

_BISECTIONS = 60


@dataclass(frozen=True, eq=False, repr=False)
class VariationWeights(Curves):
    """The two weights of total variations along positions.

    Attributes
    ----------
    position : y, of any shape, which the others share.
    variation_weight : pi(y).
    noised_variation_weight : pi~(y).
    """

    position: FloatArray
    variation_weight: FloatArray
    noised_variation_weight: FloatArray


def _pieces(sample: NoisedSample) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Edges (k + 1,) between which min(pi_-, pi_+) is linear, and its values just inside both ends, (k,) each."""
    points, shares = distinct(sample)
    centres = sample.data_scale * points
    gaps = np.diff(centres)
    left = np.cumsum(shares)[:-1]
    right = np.cumsum(shares[::-1])[::-1][1:]
    # Sums of distances to all points on one side of a gap, from its nearer end: terms of one sign.
    below = np.concatenate([[0.0], np.cumsum(left[:-1] * gaps[:-1])])
    above = np.concatenate([np.cumsum((right[1:] * gaps[1:])[::-1])[::-1], [0.0]])
    starts = np.stack([left * below, right * (right * gaps + above)])
    ends = np.stack([left * (left * gaps + below), right * above])
    slope = left**2 + right**2
    with np.errstate(invalid="ignore"):
        crossing = (starts[1] - starts[0]) / slope
    inside = (crossing > 0.0) & (crossing < gaps)
    edges, first, last = [], [], []
    for k in range(len(gaps)):
        edges.append(centres[k])
        first.append(starts[:, k].min())
        if inside[k]:
            middle = starts[0, k] + left[k] ** 2 * crossing[k]
            edges.append(centres[k] + crossing[k])
            last.append(middle)
            first.append(middle)
        last.append(ends[:, k].min())
    edges.append(centres[-1])
    return np.array(edges), np.array(first), np.array(last)


@states("exact", source=SOURCE, verification="derived and simulated")
def variation_weights(sample: NoisedSample, position: ArrayLike) -> VariationWeights:
    """pi and pi~, finite sums of partial moments of Gaussians.

    Sums of positive terms; far outside of the points, pi is accurate to 1e-15 of its largest value only.

    Raises
    ------
    InvalidArgument : a position that is not finite.
    """
    y = validation.array("position", position)
    flat = y.ravel()
    return VariationWeights(
        y, _weight(sample, flat).reshape(y.shape), _noised_weight(sample, flat).reshape(y.shape)
    )


def _weight(sample: NoisedSample, y: FloatArray) -> FloatArray:
    edges, first, last = _pieces(sample)
    sigma = sample.noise_scale
    u = (edges - y[:, None]) / sigma
    lower, upper = u[:, :-1], u[:, 1:]
    # The tail that is the smaller one, so that far pieces keep their digits.
    flip = lower > 0.0
    mass = np.where(flip, ndtr(-lower) - ndtr(-upper), ndtr(upper) - ndtr(lower))
    moment = normal_density(lower) - normal_density(upper)
    width = np.diff(edges) / sigma
    slope = (last - first) / width
    terms = (first - slope * lower) * mass + slope * moment
    # Of a narrow piece that is a difference of nearly equal numbers: eight nodes are exact to rounding there.
    narrow = np.flatnonzero(width < 0.5)
    rule = legendre_rule([0.0, 1.0], 8)
    inside = lower[:, narrow, None] + width[narrow, None] * rule.nodes
    heights = first[narrow, None] + (last - first)[narrow, None] * rule.nodes
    terms[:, narrow] = width[narrow] * ((normal_density(inside) * heights) @ rule.weights)
    return np.maximum(terms, 0.0).sum(axis=1)


def partial_moments(
    sample: NoisedSample, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """P(Y > y), E (Y - y)_+, P(Y < y) and E (y - Y)_+ of the noised law, (q,) each."""
    points, shares = distinct(sample)
    sigma = sample.noise_scale
    u = (sample.data_scale * points - y[:, None]) / sigma
    # phi(u) + u Phi(u), from the smaller tail: E (Y - y)_+ = E (y - Y)_+ + E Y - y.
    tail = np.abs(u)
    small = normal_density(tail) - tail * ndtr(-tail)
    small = np.where(
        tail > 30.0,
        normal_density(tail) * (1.0 - 3.0 / np.maximum(tail, 1.0) ** 2) / np.maximum(tail, 1.0) ** 2,
        small,
    )
    above, below = small + np.maximum(u, 0.0), small + np.maximum(-u, 0.0)
    return ndtr(u) @ shares, sigma * (above @ shares), ndtr(-u) @ shares, sigma * (below @ shares)


def _noised_weight(sample: NoisedSample, y: FloatArray) -> FloatArray:
    above, right, below, left = partial_moments(sample, y)
    return np.minimum(above * right, below * left)


@states("exact", source=SOURCE, verification="derived")
def total_variation(sample: NoisedSample) -> float:
    """TV(s*) of the empirical optimal score, with the weight pi.

    Raises
    ------
    AccuracyNotReached : two quadratures that share no node differ by more than 1e-8 of the value.
    """
    centres = sample.data_scale * distinct(sample)[0]
    lowest, highest = centres[0], centres[-1]

    def integrand(y: FloatArray) -> FloatArray:
        return np.abs(empirical_score(sample, y).second_derivative) * _weight(sample, y)

    edges = panels(sample, [*centres])
    edges = edges[(edges >= lowest) & (edges <= highest)]
    edges = np.union1d(edges, _turning_points(sample, edges))
    values = [
        legendre_rule(edges, order).average(integrand(legendre_rule(edges, order).nodes))
        for order in (10, 13)
    ]
    coarse, value = (float(entry) for entry in values)
    if not abs(value - coarse) <= 1e-8 * value:
        raise AccuracyNotReached(
            f"total variation: two quadratures differ by {abs(value - coarse) / value:.1g} of the value"
        )
    return value


def _turning_points(sample: NoisedSample, edges: FloatArray) -> FloatArray:
    """Where s*'' changes its sign, by bisection between nodes that are finer than it can turn."""
    grid = np.unique(np.concatenate([edges, legendre_rule(edges, 4).nodes]))
    sign = np.sign(empirical_score(sample, grid).second_derivative)
    change = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    low, high = grid[change], grid[change + 1]
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        same = (
            np.sign(empirical_score(sample, middle).second_derivative) == sign[change]
            if middle.size
            else middle > 0
        )
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


@states(
    "leading order", "in the noise scale, sigma -> 0 at fixed points", source=SOURCE, verification="derived"
)
def small_noise_total_variation(sample: NoisedSample) -> float:
    """sum_i (mu delta_i)^2/(2 sigma^4) min(pi_-, pi_+)(mu (x_i + x_{i+1})/2), delta_i = x_{i+1} - x_i."""
    centres = sample.data_scale * distinct(sample)[0]
    middles, gaps = 0.5 * (centres[1:] + centres[:-1]), np.diff(centres)
    edges, first, last = _pieces(sample)
    k = np.searchsorted(edges, middles, side="right") - 1
    share = (middles - edges[k]) / (edges[k + 1] - edges[k])
    weight = first[k] + share * (last[k] - first[k])
    return float(((gaps / sample.noise_scale) ** 2 * weight).sum() / (2.0 * sample.noise_scale**2))


@dataclass(frozen=True)
class Bounds(Scalars):
    """What the paper proves of an empirical score; inequalities, not predictions.

    Attributes
    ----------
    lower_bound, lower_bound_applies : of TV(s*), mu^3 n Delta^3/(2^12 sigma^4), Delta the least distance of two points;
        proved for distinct points with 16 n^3 exp(-mu^2 Delta^2/(4 sigma^2)) <= 1.
    risk_bound, risk_bound_applies : above R(s*), (4 mu^2 (x_n - x_1)^2/sigma^4) exp(-mu^2 Delta^2/(32 sigma^2)); proved
        for distinct points with Delta >= 2 sigma/mu.
    low_risk_bound, low_risk_bound_applies : below TV(s) of every score s of risk at most 1/(16 n sigma^2),
        mu n^2 Delta/(2^11 sigma^2); proved for distinct points with Delta >= 8 sigma/mu.
    theorem_learning_rate : 2^12 sigma^2/(mu n^2 Delta), above which the excess risk of every stable minimum is bounded
        below, for sigma smaller than a number that is not known.
    """

    lower_bound: float
    lower_bound_applies: bool
    risk_bound: float
    risk_bound_applies: bool
    low_risk_bound: float
    low_risk_bound_applies: bool
    theorem_learning_rate: float


@states("exact", "inequalities, each under its condition", source=SOURCE, verification="derived")
def bounds(sample: NoisedSample) -> Bounds:
    """The bounds of theorem 4, corollary 3, proposition 7 and theorem 8 (of version 1), with their conditions."""
    points, _ = distinct(sample)
    n, mu, sigma = sample.samples, sample.data_scale, sample.noise_scale
    least, ties = float(np.diff(points).min()), len(points) < n
    ratio = mu * least / sigma
    with np.errstate(under="ignore"):
        return Bounds(
            lower_bound=ratio**3 * n / 2.0**12 / sigma,
            lower_bound_applies=not ties and bool(16.0 * n**3 * np.exp(-(ratio**2) / 4.0) <= 1.0),
            risk_bound=float(
                4.0 * (mu * (points[-1] - points[0]) / sigma) ** 2 / sigma**2 * np.exp(-(ratio**2) / 32.0)
            ),
            risk_bound_applies=not ties and ratio >= 2.0,
            low_risk_bound=ratio * n**2 / 2.0**11 / sigma,
            low_risk_bound_applies=not ties and ratio >= 8.0,
            theorem_learning_rate=2.0**12 * sigma / (n**2 * ratio),
        )


@dataclass(frozen=True)
class Irregularity(Scalars):
    """Irregularity and risk of an empirical score.

    Attributes
    ----------
    noise_scale : sigma.
    total_variation : TV(s*).
    small_noise_total_variation : its leading order in sigma.
    risk : R(s*).
    largest_learning_rate : 1/(2 TV(s*)), above which a network whose score is s* is no stable minimum.
    """

    noise_scale: float
    total_variation: float
    small_noise_total_variation: float
    risk: float
    largest_learning_rate: float


@states("exact", source=SOURCE, verification="derived")
def irregularity(sample: NoisedSample) -> Irregularity:
    """Total variation, its small-noise value, the risk of s*, and the learning rate that follows.

    Raises
    ------
    AccuracyNotReached : as :func:`total_variation` and :func:`~statphys_gen.score_matching.optimal_risk`.
    """
    variation = total_variation(sample)
    return Irregularity(
        sample.noise_scale,
        variation,
        small_noise_total_variation(sample),
        optimal_risk(sample),
        0.5 / variation if variation > 0.0 else np.inf,
    )
