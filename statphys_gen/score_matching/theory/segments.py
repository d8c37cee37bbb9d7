"""The line cut at the knots of a score network: partial moments of the noised law, and the network on each segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from ...arrays import FloatArray, IntArray
from ...errors import InvalidArgument
from ..model import NoisedSample, ScoreNetwork
from .empirical_score import distinct


def signs(network: ScoreNetwork) -> FloatArray:
    """The inner weights, if they are those of the exact theory.

    Raises
    ------
    InvalidArgument : one of them is neither +1 nor -1.
    """
    inner = np.array(network.inner)
    bad = np.flatnonzero(np.abs(inner) != 1.0)
    if bad.size:
        allowed = "+1 or -1 in the exact theory (a simulation takes any)"
        raise InvalidArgument(f"inner[{bad[0]}]", float(inner[bad[0]]), allowed)
    return inner


class Law:
    """The noised law of a sample, by its moments below positions.

    Positions are counted from the mean of the law, so that nothing large cancels.
    """

    def __init__(self, sample: NoisedSample) -> None:
        points, self.shares = distinct(sample)
        centres = sample.data_scale * points
        self.centre = float(self.shares @ centres)
        self.sigma = sample.noise_scale
        self.centres = centres - self.centre
        squares = self.shares * (self.centres**2 + self.sigma**2)
        self._of_mass = np.stack([self.shares, self.shares * self.centres, squares], axis=1)
        self._of_bell = self._of_mass[:, :2] / np.sqrt(2.0 * np.pi)
        self.total = np.array([1.0, 0.0, self.sigma**2 + float(self.shares @ self.centres**2)])

    def beside(self, positions: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """E (1, Y, Y^2) 1(Y < z), (3, q), the density at z, and P(side (Y - z) > 0), (q,) each, for sides +1 and -1."""
        u = (positions[:, None] - self.centres) / self.sigma
        beyond = ndtr(-side[:, None] * u)
        mass = np.where(side[:, None] > 0.0, 1.0 - beyond, beyond)
        # One product for all sums over the points.
        sums = mass @ self._of_mass
        bell = np.exp(-0.5 * u * u) @ self._of_bell
        first = sums[:, 1] - self.sigma * bell[:, 0]
        second = sums[:, 2] - self.sigma * (bell[:, 1] + positions * bell[:, 0])
        return np.stack([sums[:, 0], first, second]), bell[:, 0] / self.sigma, beyond @ self.shares


@dataclass(frozen=True, eq=False)
class Segments:
    """The network of m neurons on the m + 1 segments between its sorted knots, under a law.

    Attributes
    ----------
    order : (m,) neurons by their knots; ``place`` is its inverse.
    knots : (m,) of the neurons, from the centre of the law; ``bias`` belongs to positions from there.
    density : (m,) of the law at the knots.
    below : (3, m) moments E (1, Y, Y^2) below the knots.
    moments : (3, m + 1) of the segments; ``slope``, ``intercept``, (m + 1,), are the network's there.
    active_mass : (m,) probability that a neuron is active.
    """

    order: IntArray
    place: IntArray
    knots: FloatArray
    bias: FloatArray
    density: FloatArray
    below: FloatArray
    moments: FloatArray
    slope: FloatArray
    intercept: FloatArray
    active_mass: FloatArray


def segments(law: Law, inner: FloatArray, outer: FloatArray, bias: FloatArray) -> Segments:
    """Knots, moments and the piecewise linear network, O(m n + m log m)."""
    m = len(inner)
    shifted = bias + inner * law.centre
    knots = -inner * shifted
    below, density, active_mass = law.beside(knots, inner)
    order = np.argsort(knots, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(m)
    sorted_below = below[:, order]
    edges = np.concatenate([np.zeros((3, 1)), sorted_below, law.total[:, None]], axis=1)
    rising = inner[order] > 0.0
    steps = np.stack([outer[order] * inner[order], outer[order] * shifted[order]]) / m
    lines = np.zeros((2, m + 1))
    lines[:, 1:] += np.cumsum(np.where(rising, steps, 0.0), axis=1)
    lines[:, :-1] += np.cumsum(np.where(rising, 0.0, steps)[:, ::-1], axis=1)[:, ::-1]
    moments = np.diff(edges, axis=1)
    return Segments(order, place, knots, shifted, density, below, moments, lines[0], lines[1], active_mass)
