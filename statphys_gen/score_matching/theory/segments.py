"""The line cut at the knots of a score network: partial moments of the noised law, and the network on each segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
        self.total = np.array([1.0, 0.0, self.sigma**2 + float(self.shares @ self.centres**2)])

    def beside(self, positions: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """E (1, Y, Y^2) of Y < z and of Y > z at positions and at both ends of the line, (3, q + 2) each, and the
        density, (q,).

        Either tail is a sum of its own, so that the smaller one keeps its digits.
        """
        from .kernels import moments_beside

        u = (positions - self.centres[:, None]) / self.sigma
        below, above = np.zeros((2, 3, len(positions) + 2))
        below[:, -1] = above[:, 0] = self.total
        below[:, 1:-1], above[:, 1:-1], density = moments_beside(
            u, np.exp(-0.5 * u * u), self.shares, self.centres, self.sigma, positions
        )
        return below, above, density


@dataclass(frozen=True, eq=False)
class Segments:
    """The network of m neurons on the m + 1 segments between its sorted knots, under a law.

    Attributes
    ----------
    order : (m,) neurons by their knots; ``place`` is its inverse.
    knots : (m,) of the neurons, from the centre of the law; ``bias`` belongs to positions from there.
    density : (m,) of the law at the knots.
    below, above : (3, m + 2) moments E (1, Y, Y^2) on either side of the sorted knots, and of the two ends of the line.
    moments : (3, m + 1) of the segments; ``slope``, ``intercept``, (m + 1,), are the network's there.
    active_mass : (m,) probability that a neuron is active.
    """

    order: IntArray
    place: IntArray
    knots: FloatArray
    bias: FloatArray
    density: FloatArray
    below: FloatArray
    above: FloatArray
    moments: FloatArray
    slope: FloatArray
    intercept: FloatArray
    active_mass: FloatArray


def segments(law: Law, inner: FloatArray, outer: FloatArray, bias: FloatArray) -> Segments:
    """Knots, moments and the piecewise linear network, O(m n + m log m)."""
    from .kernels import over_neurons

    m = len(inner)
    shifted = bias + inner * law.centre
    knots = -inner * shifted
    order = np.argsort(knots, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(m)
    positions, rising = knots[order], inner[order] > 0.0
    below, above, density = law.beside(positions)
    bends = (inner * outer / m)[order]
    slope, intercept = over_neurons(rising, np.stack([bends, -bends * positions]))
    moments = between(below, above, slice(-1), slice(1, None))
    active_mass = np.where(rising, above[0, 1:-1], below[0, 1:-1])[place]
    density = density[place]
    return Segments(
        order, place, knots, shifted, density, below, above, moments, slope, intercept, active_mass
    )


def between(
    below: FloatArray, above: FloatArray, start: IntArray | slice, end: IntArray | slice
) -> FloatArray:
    """Moments (3, ...) from one edge to a later one, by the tail that is the smaller one."""
    return np.asarray(
        np.where(below[0, end] <= 0.5, below[:, end] - below[:, start], above[:, start] - above[:, end])
    )
