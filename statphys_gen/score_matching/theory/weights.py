r"""The weights of total variations.

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
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ...presentation import Curves
from ..model import NoisedSample
from .empirical_score import NEIGHBOURS, REACH, SOURCE, distinct


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


def pieces(sample: NoisedSample) -> tuple[FloatArray, FloatArray, FloatArray]:
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
    # Between neighbouring floating-point numbers there is no room for it.
    inside = (centres[:-1] + crossing > centres[:-1]) & (centres[:-1] + crossing < centres[1:])
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
    # Beyond the reach of the noise both are 0.
    ends, far = sample.data_scale * np.array(sample.points)[[0, -1]], 2.0 * REACH * sample.noise_scale
    flat = y.ravel()
    near = np.clip(flat, ends[0] - far, ends[1] + far)
    found = [
        np.where(flat == near, weight(sample, near), 0.0) for weight in (variation_weight, _noised_weight)
    ]
    return VariationWeights(y, *(entry.reshape(y.shape) for entry in found))


def variation_weight(sample: NoisedSample, y: FloatArray) -> FloatArray:
    """pi at positions (q,)."""
    parts, found = pieces(sample), np.empty_like(y)
    for k in range(0, y.size, NEIGHBOURS):
        found[k : k + NEIGHBOURS] = _mean_of_pieces(*parts, sample.noise_scale, y[k : k + NEIGHBOURS])
    return found


def _mean_of_pieces(
    edges: FloatArray, first: FloatArray, last: FloatArray, sigma: float, y: FloatArray
) -> FloatArray:
    """E f(y - sigma xi) of a function that is linear between the edges and 0 outside."""
    # Pieces out of the reach of the noise do not count.
    low = max(0, int(np.searchsorted(edges, y.min() - REACH * sigma)) - 1)
    high = min(len(first), int(np.searchsorted(edges, y.max() + REACH * sigma, side="right")))
    if low >= high:
        return np.zeros_like(y)
    edges, first, last = edges[low : high + 1], first[low:high], last[low:high]
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
