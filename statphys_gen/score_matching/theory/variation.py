r"""The total variation of the empirical score, TV(s*) = int |s*''(y)| pi(y) dy over the range of the points.

Between neighbours at a distance delta of the noised points s*'' is that of a step of width sigma^2/delta around the
middle. Where delta is many sigma this is far narrower than the noise, and soon than the distance of floating-point
numbers there: such steps are integrated in their own coordinate, y = middle + (sigma^2/delta) t, with the posterior
weights exp((c_j - c_i)(sigma^2/delta t + (c_k - c_j)/2)/sigma^2) of the points c_j against the left neighbour c_i;
c_k is the right one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...approximation import states
from ...arrays import FloatArray, IntArray
from ...errors import AccuracyNotReached
from ...numerics.quadrature import legendre_rule
from ..model import NoisedSample
from .empirical_score import REACH, SOURCE, STEPS, distinct, empirical_score, panels
from .weights import variation_weight

_BISECTIONS = 60
_WIDE = 30.0  # sigma; beyond, a step and all that surrounds the points are apart by many of their widths
_AROUND = 12.0  # sigma around a point, outside of which only steps are left
_ORDERS = (10, 13)  # of two rules that share no node
_TOLERANCE = 1e-8


@states("exact", source=SOURCE, verification="derived")
def total_variation(sample: NoisedSample) -> float:
    """TV(s*) of the empirical optimal score, with the weight pi.

    Raises
    ------
    AccuracyNotReached : two quadratures that share no node differ by more than 1e-8 of the value.
    """
    centres = sample.data_scale * distinct(sample)[0]
    wide = np.flatnonzero(np.diff(centres) > _WIDE * sample.noise_scale)
    parts = [_of_step(sample, int(k)) for k in wide]
    if len(wide) < len(centres) - 1:
        parts.append(_around_points(sample, centres, wide))
    coarse, value = (float(entry) for entry in np.sum(parts, axis=0))
    if not abs(value - coarse) <= _TOLERANCE * value:
        raise AccuracyNotReached(
            f"total variation: two quadratures differ by {abs(value - coarse) / value:.1g} of the value"
        )
    return value


def _of_step(sample: NoisedSample, place: int) -> FloatArray:
    """The part of one wide gap, by both rules."""
    points, shares = distinct(sample)
    centres, sigma = sample.data_scale * points, sample.noise_scale
    left, right = centres[place], centres[place + 1]
    gap = right - left
    near = np.flatnonzero((centres >= left - 2.0 * REACH * sigma) & (centres <= right + 2.0 * REACH * sigma))
    share, jump = shares[near] / shares[place], (centres[near] - left) / sigma
    apart = (right - centres[near]) / (2.0 * sigma)
    unit = sigma / gap

    def third(t: FloatArray) -> FloatArray:
        """Third cumulant of the posterior of (c - left)/gap."""
        exponent = np.log(share) + jump * (t[:, None] * unit + apart)
        weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        value = jump * unit
        centred = value - (weights @ value)[:, None]
        return np.asarray((weights * centred**3).sum(axis=1))

    edges = np.union1d(STEPS, _changes(third, STEPS))
    middle, width = 0.5 * (left + right), sigma * unit
    found = []
    for order in _ORDERS:
        rule = legendre_rule(edges, order)
        weight = variation_weight(sample, middle + width * rule.nodes)
        found.append(rule.average(np.abs(third(rule.nodes)) * weight))
    return np.array(found) / (unit * sigma) ** 2


def _around_points(sample: NoisedSample, centres: FloatArray, wide: IntArray) -> FloatArray:
    """The parts of all other gaps, by both rules."""
    edges = panels(sample, [*centres])
    edges = edges[(edges >= centres[0]) & (edges <= centres[-1])]
    edges = np.union1d(edges, _changes(lambda y: empirical_score(sample, y).second_derivative, edges))
    room = _AROUND * sample.noise_scale
    middles, kept = 0.5 * (edges[1:] + edges[:-1]), np.ones(len(edges) - 1, dtype=bool)
    for k in wide:
        kept &= (middles < centres[k] + room) | (middles > centres[k + 1] - room)
    starts, lengths = edges[:-1][kept], np.diff(edges)[kept]
    found = []
    for order in _ORDERS:
        rule = legendre_rule([0.0, 1.0], order)
        y = (starts[:, None] + lengths[:, None] * rule.nodes).ravel()
        values = np.abs(empirical_score(sample, y).second_derivative) * variation_weight(sample, y)
        found.append(lengths @ (values.reshape(len(lengths), -1) @ rule.weights))
    return np.array(found)


def _changes(function: Callable[[FloatArray], FloatArray], edges: FloatArray) -> FloatArray:
    """Where a function changes its sign, by bisection between nodes that are finer than it can turn."""
    grid = np.unique(np.concatenate([edges, legendre_rule(edges, 4).nodes]))
    sign = np.sign(function(grid))
    change = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    low, high = grid[change], grid[change + 1]
    if not low.size:
        return low
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        same = np.sign(function(middle)) == sign[change]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)
