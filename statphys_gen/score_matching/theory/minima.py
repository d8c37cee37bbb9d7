r"""Stationary points of the population risk of a score network.

The risk is smooth, but its valleys are curved and can lead to infinity. A neuron whose knot lies outside of the data is
active everywhere: its part of the network is the straight line v w y + v b, so that v and b are fixed by their product
where the line is level, and where no slope is wanted the risk falls for ever while b grows and v b stays. Newton steps
are therefore taken in v and c = v b for neurons that are active nearly everywhere, where the risk is nearly quadratic,
unless v would change by a half of itself; and a knot far beyond the data is the end of the search.
"""

from __future__ import annotations

import numpy as np

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray, IntArray
from ...solution import Solution, Status
from ..model import NoisedSample, ScoreNetwork
from .empirical_score import SOURCE
from .network_risk import arrays, gradient_of, risk_hessian, risk_of
from .segments import Law, segments

_FLAT = 1e-12  # of the largest eigenvalue
_STRAIGHT = 0.05  # probability of being inactive below which a neuron is a line
_FAR, _FARTHEST = 30.0, 1e6  # of a knot, in units of the spread of the noised law
_ACCURACY = 1e-4  # of the parameters; a valley that is flatter leaves the point near-critical


class _Point:
    """Parameters (v, b) with risk, gradient, and the neurons that are lines."""

    def __init__(self, law: Law, inner: FloatArray, theta: FloatArray) -> None:
        m = len(inner)
        self.inner, self.theta, self.outer, self.bias = inner, theta, theta[:m], theta[m:]
        parts = segments(law, inner, self.outer, self.bias)
        self.risk = risk_of(law, parts)
        self.gradient = np.concatenate(gradient_of(inner, self.outer, parts))
        self.lines = np.flatnonzero((1.0 - parts.active_mass < _STRAIGHT) & (self.outer != 0.0))
        distance = np.abs(parts.knots[self.lines]) / np.sqrt(law.total[2])
        self.farthest = float(distance.max(initial=0.0))

    def network(self) -> ScoreNetwork:
        return ScoreNetwork(tuple(self.inner.tolist()), tuple(self.outer.tolist()), tuple(self.bias.tolist()))

    def newton(self, hessian: FloatArray, radius: float) -> tuple[FloatArray, float, float]:
        """Where a step of at most the radius leads, its length, and by how much the risk should fall."""
        m, rows = len(self.inner), self.lines
        while True:
            gradient, square = self._turned(hessian, rows)
            values, vectors = np.linalg.eigh(square)
            along = vectors.T @ gradient
            # |H| in place of H leads down, also where the risk is not convex; flat directions are left alone.
            flat = np.abs(values) <= _FLAT * np.abs(values).max()
            step = np.where(flat, 0.0, -along / np.where(flat, 1.0, np.abs(values)))
            length = float(np.linalg.norm(step))
            step *= min(1.0, radius / length) if length > 0.0 else 0.0
            move = vectors @ step
            steady = np.abs(move[rows]) < 0.5 * np.abs(self.outer[rows])
            if steady.all():
                break
            rows = rows[steady]
        theta = self.theta + move
        theta[m + rows] = (self.outer[rows] * self.bias[rows] + move[m + rows]) / theta[rows]
        return theta, length, -float(along @ step + 0.5 * values @ step**2)

    def _turned(self, hessian: FloatArray, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Gradient and Hessian by v and c = v b of some neurons, by v and b of the others."""
        m = len(self.inner)
        turn = np.eye(2 * m)
        turn[m + rows, rows] = -self.bias[rows] / self.outer[rows]
        turn[m + rows, m + rows] = 1.0 / self.outer[rows]
        found = turn.T @ hessian @ turn
        by_bias, square = self.gradient[m + rows], self.outer[rows] ** 2
        found[rows, rows] += 2.0 * by_bias * self.bias[rows] / square
        found[rows, m + rows] -= by_bias / square
        found[m + rows, rows] -= by_bias / square
        return turn.T @ self.gradient, found


@states("exact", source=SOURCE, verification="derived and simulated")
def stationary_point(
    sample: NoisedSample, network: ScoreNetwork, *, tolerance: float = 1e-11, iterations: int = 400
) -> Solution:
    """A stationary point of the population risk near a network, by Newton's method with a trust region.

    Fields: ``outer`` and ``bias`` (m,), ``risk``, ``smallest_eigenvalue`` and ``largest_eigenvalue`` of the Hessian (a
    minimum where the smallest is not negative; dead neurons have eigenvalues 0). ``residual`` is the gradient's norm,
    ``error`` that of the parameters across all directions that are not flat to rounding.

    Status *near-critical*: in a valley so flat that parameters are known to a part in 1e4 or worse. *Left the domain*:
    the risk falls while the knot of a neuron leaves the data (it is 30 spreads of the noised law away); the lowest risk
    that way is that of a constant in place of the neuron, which no network of this size has.

    Raises
    ------
    InvalidArgument : inner weights other than +-1, or a tolerance outside (0, 1).
    """
    validation.inside("tolerance", tolerance, 0.0, 1.0)
    count = validation.integer("iterations", iterations, minimum=1, maximum=100_000)
    inner, outer, bias = arrays(network)
    law = Law(sample)
    here, radius, used = _Point(law, inner, np.concatenate([outer, bias])), 0.1, 0
    while used < count and np.linalg.norm(here.gradient) > tolerance and radius > 1e-14:
        if here.farthest > _FARTHEST:
            break
        used += 1
        theta, length, expected = here.newton(risk_hessian(sample, here.network()), radius)
        there = _Point(law, inner, theta)
        # Where the risk cannot tell, the gradient does.
        blind = expected < 1e-12 * abs(here.risk)
        lower = np.linalg.norm(there.gradient) < np.linalg.norm(here.gradient)
        if (blind and lower) or (not blind and there.risk < here.risk):
            here = there
            radius = min(2.0 * radius, 10.0 + float(np.linalg.norm(here.theta)))
        else:
            radius = 0.25 * min(radius, length)
    return _judged(sample, here, tolerance, used)


def _judged(sample: NoisedSample, here: _Point, tolerance: float, used: int) -> Solution:
    values, vectors = np.linalg.eigh(risk_hessian(sample, here.network()))
    residual, size = float(np.linalg.norm(here.gradient)), float(np.linalg.norm(here.theta))
    along = np.abs(vectors.T @ here.gradient)
    flat = np.abs(values) <= _FLAT * np.abs(values).max()
    # How far a direction leads that is flat to rounding, but not level, is not known.
    known = not (along[flat] > 1e-3 * tolerance).any()
    error = float(np.linalg.norm(along[~flat] / values[~flat])) + 1e-15 * size if known else np.inf
    accurate = residual <= tolerance and error <= _ACCURACY * (1.0 + size)
    status = Status.CONVERGED if accurate else Status.NOT_CONVERGED
    if not accurate and here.farthest > _FAR:
        status = Status.LEFT_DOMAIN
    elif not accurate and residual <= tolerance:
        status = Status.NEAR_CRITICAL
    m = len(here.inner)
    return Solution(
        {
            "outer": here.theta[:m],
            "bias": here.theta[m:],
            "risk": np.array(here.risk),
            "smallest_eigenvalue": np.array(values[0]),
            "largest_eigenvalue": np.array(values[-1]),
        },
        np.array(status, dtype=np.int8),
        np.array(residual),
        np.array(error),
        np.array(used),
        approximation_of(stationary_point),
    )
