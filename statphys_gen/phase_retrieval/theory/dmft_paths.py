r"""One replica of the dynamical mean-field theory: n paths that average over each other.

Written for the descent w_{t+1} = w~/nu_t, w~ = w_t - eta_t grad L + sqrt(2 T eta_t) noise, |w_t|^2 = N. For N ->
infinity a pre-activation h_t = x.w_t/sqrt(N) with label tau is the process

    h_t = m_t tau + A_t xi + sum_{s<t} R(t,s) (phi_s + F_s),     F_s = l'(h_s, tau),
    xi ~ N(0, 1),  phi Gaussian with covariance K(s,s') = alpha E[F_s F_s'] + (2 T/eta_s) delta_ss',
    D_t(s) = dF_t/dh_s = g_t (delta_ts + sum_{s<=u<t} R(t,u) D_u(s)),     g_t = l''(h_t, tau),
    Gamma(t,s) = alpha E D_t(s),

where the part of w_t across the signal is A_t w_0 + sum_s R(t,s) (Gaussian force phi_s), and m_t its part along it:

    R~(s) = R(t,s) - eta_t (sum_{s<u<=t} Gamma(t,u) R(u,s) + delta_ts),    A~ = A_t - eta_t sum_{u<=t} Gamma(t,u) A_u,
    m~ = m_t - eta_t alpha E[tau F_t],    nu_t^2 = A~^2 + R~ K R~^T + m~^2,    (R, A, m)_{t+1} = (R~, A~, m~)/nu_t.

A_0^2 = 1 - m_0^2. An infinitesimal overlap m_t = G_t m_0 grows as

    G_{t+1} = (G_t - eta_t sum_s alpha E[tau^2 D_t(s)] G_s)/nu_t.

The averages are over n paths at once, whose labels, xi and leading components of phi are scrambled Sobol points. phi
is made from the factor of its measured covariance, one row a step, leaving out directions of no variance: the paths are
smooth, K is nearly singular, and its factor would amplify rounding otherwise.

Source: derivations/phase_retrieval/dynamics.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...numerics.sobol import LARGEST_DIMENSION, scrambled_sobol
from ..model import PhaseRetrieval

# Coordinates of a path that are Sobol points; later ones, which matter less, are random.
_SOBOL_DIMENSIONS = LARGEST_DIMENSION
# Directions of phi with less than this share of the variance are left out.
_SMALLEST_PIVOT = 1e-8
# A pre-activation is of order 1; beyond this the step sizes have made a path run away.
_RUNAWAY = 100.0
# Descent with small enough steps never raises the energy: a rise in one step above this share of the energy of a random
# student is a divergence. Langevin dynamics may heat a student, but not above this multiple of it.
LARGEST_RISE = 0.01
_LARGEST_HEATING = 3.0


@dataclass
class Paths:
    """One replica after ``reached`` steps: fewer than asked for if the descent diverged there.

    Arrays over the steps 0 ... reached: ``energy``, ``multiplier``, ``stein`` (the multiplier by Stein's lemma),
    ``force`` (alpha E |F h|, the scale of both), ``overlap``, ``growth``; ``correlation`` of all pairs of steps and
    ``response`` R, both square; the pre-activations ``field`` of every path, of shape (steps, n), and the labels
    ``label``.
    """

    reached: int
    diverged: bool
    energy: FloatArray
    multiplier: FloatArray
    stein: FloatArray
    force: FloatArray
    overlap: FloatArray
    growth: FloatArray
    correlation: FloatArray
    response: FloatArray
    field: FloatArray
    label: FloatArray


def follow(
    model: PhaseRetrieval,
    step_sizes: FloatArray,
    temperature: float,
    paths: int,
    random: np.random.Generator,
) -> Paths:
    """Run all steps, or those before a path runs away or the energy rises."""
    replica = _Replica(model, step_sizes, temperature, paths, random)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        steps = len(step_sizes)
        for t in range(steps + 1):
            if not replica.measure(t):
                return replica.result(t - 1, diverged=True)
            if t < steps and not replica.move(t):
                return replica.result(t, diverged=True)
    return replica.result(steps, diverged=False)


class _Replica:
    """The state of one replica; names of arrays as in the equations of the module."""

    def __init__(
        self,
        model: PhaseRetrieval,
        step_sizes: FloatArray,
        temperature: float,
        paths: int,
        random: np.random.Generator,
    ) -> None:
        from scipy.special import ndtri

        self.loss, self.alpha = model.loss, model.samples_per_dimension
        self.eta = step_sizes
        self.thermal = 2.0 * temperature / step_sizes
        self.random = random
        size = len(step_sizes) + 1
        regular = ndtri(scrambled_sobol(paths, _SOBOL_DIMENSIONS, random))
        # Loss and law are even under (y, tau) -> (-y, -tau): positive labels stand for both signs.
        self.label, self.start = np.abs(regular[0]), regular[1]
        self.coordinates = list(regular[2:][::-1])
        self.kept = np.empty((size, paths))
        self.A, self.m, self.G = np.zeros(size), np.zeros(size), np.zeros(size)
        self.m[0], self.G[0] = model.overlap, 1.0
        self.A[0] = math.sqrt(1.0 - model.overlap**2)
        self.R, self.K = np.zeros((size, size)), np.zeros((size, size))
        self.Gamma, self.signal_gamma = np.zeros((size, size)), np.zeros((size, size))
        # The factor of K: one column for each direction that is kept, with the step at which it appeared.
        self.factor = np.zeros((size, size))
        self.pivots: list[int] = []
        self.h, self.F = np.empty((size, paths)), np.empty((size, paths))
        self.drive = np.empty((size, paths))
        # D_u(s) of all paths for u = s, s + 1, ...: one block for each s, read as a whole in every later step.
        self.D = [np.empty((size - s, paths)) for s in range(size)]
        self.rows: list[tuple[float, ...]] = []

    def measure(self, t: int) -> bool:
        """Pre-activations, forces, responses and their averages at step t; False if the descent has diverged."""
        alpha, tau = self.alpha, self.label
        h = self.m[t] * tau + self.A[t] * self.start
        if t:
            h += self.R[t, :t] @ self.drive[:t]
        if not np.abs(h).max() < _RUNAWAY:
            return False
        self.h[t] = h
        self.F[t] = force = self.loss.slope(h, tau)
        curvature = self.loss.curvature(h, tau)
        weight = np.full(len(h), alpha / len(h))
        signal_weight = weight * tau**2
        for s in range(t):
            np.multiply(self.R[t, s:t] @ self.D[s][: t - s], curvature, out=self.D[s][t - s])
        self.D[t][0] = curvature
        for s in range(t + 1):
            self.Gamma[t, s] = self.D[s][t - s] @ weight
            self.signal_gamma[t, s] = self.D[s][t - s] @ signal_weight
        row = self.F[: t + 1] @ (weight * force)
        self.K[t, : t + 1] = self.K[: t + 1, t] = row
        across = self.A[t] * self.A[: t + 1] + self.R[t, :t] @ self.K[:t, :t] @ self.R[: t + 1, :t].T
        # A random student stays at overlap 0, by the symmetry h -> -h that finitely many paths break.
        self.along = float(force @ (weight * tau)) if self.m[0] else 0.0
        stein = self.Gamma[t, : t + 1] @ across + self.R[t, :t] @ row[:t] + self.m[t] * self.along
        product = force * h
        row_of_averages = (
            self.loss.value(h, tau) @ weight,
            product @ weight,
            stein,
            np.abs(product) @ weight,
        )
        self.rows.append(tuple(float(entry) for entry in row_of_averages))
        self.K[t, t] += self.thermal[t] if t < len(self.eta) else 0.0
        finite = np.isfinite(row_of_averages).all() and np.isfinite(self.Gamma[t, : t + 1]).all()
        return bool(finite and not self._risen(t))

    def _risen(self, t: int) -> bool:
        """Whether the energy shows that the last step was too large."""
        if not t:
            return False
        random_energy = self.alpha * float(self.loss.value(self.start, self.label).mean())
        if self.thermal.any():
            return self.rows[t][0] > _LARGEST_HEATING * max(random_energy, self.rows[0][0])
        return self.rows[t][0] > self.rows[t - 1][0] + LARGEST_RISE * random_energy

    def move(self, t: int) -> bool:
        """The forces phi of step t and the coefficients of step t + 1; False if those are no longer finite."""
        self.drive[t] = self._force(t) + self.F[t]
        eta, memory = self.eta[t], self.Gamma[t, : t + 1]
        response = self.R[t] - eta * (memory @ self.R[: t + 1])
        response[t] = -eta
        start = self.A[t] - eta * (memory @ self.A[: t + 1])
        overlap = self.m[t] - eta * self.along
        growth = self.G[t] - eta * (self.signal_gamma[t, : t + 1] @ self.G[: t + 1])
        norm = start**2 + response[: t + 1] @ self.K[: t + 1, : t + 1] @ response[: t + 1] + overlap**2
        if not (np.isfinite(norm) and norm > 0.0):
            return False
        nu = math.sqrt(norm)
        self.R[t + 1], self.A[t + 1] = response / nu, start / nu
        self.m[t + 1], self.G[t + 1] = overlap / nu, growth / nu
        return True

    def _force(self, t: int) -> FloatArray:
        """phi_t of every path: the next row of the factor of K, and a new coordinate if it adds variance."""
        count = len(self.pivots)
        row = np.zeros(count)
        for k, s in enumerate(self.pivots):
            row[k] = (self.K[t, s] - row[:k] @ self.factor[s, :k]) / self.factor[s, k]
        rest = self.K[t, t] - row @ row
        self.factor[t, :count] = row
        phi = row @ self.kept[:count]
        if rest > _SMALLEST_PIVOT * self.K[t, t]:
            regular = self.coordinates
            fresh = regular.pop() if regular else self.random.standard_normal(len(self.label))
            self.factor[t, count] = math.sqrt(rest)
            self.pivots.append(t)
            self.kept[count] = fresh
            phi = phi + math.sqrt(rest) * fresh
        return np.asarray(phi)

    def result(self, reached: int, diverged: bool) -> Paths:
        size = reached + 1
        R, A, m = self.R[:size, :size], self.A[:size], self.m[:size]
        correlation = np.outer(A, A) + R @ self.K[:size, :size] @ R.T + np.outer(m, m)
        energy, multiplier, stein, force = np.array(self.rows[:size]).reshape(-1, 4).T
        return Paths(
            reached,
            diverged,
            energy,
            multiplier,
            stein,
            force,
            m,
            self.G[:size],
            correlation,
            R,
            self.h[:size],
            self.label,
        )
