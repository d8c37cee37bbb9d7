r"""Stationary states of a mixture at a temperature, with equal or learned weights.

EM decreases f = -T < log sum_k pi_k exp(-|x - mu_k|^2/2T) > to a state; Newton steps on the gradient end it. Which of
several states is meant is fixed by the start, which is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...solution import Solution, Status
from ..model import WEIGHT_KINDS, WeightedPoints, WeightKind
from .mixture import Law, Mixture, checked_temperatures, moments, top_direction, weighted_points
from .nucleation import lone_supremum

MOST_COMPONENTS = 64
_EM_STEPS, _NEWTON_STEPS = 40_000, 40
_CLOSE = 1e-3  # EM step, in units of sqrt(T), from which Newton's are tried
_SEED_WEIGHT = 0.02  # of the second component at the start with learned weights
_AT_CRITICAL = 1e-12  # below the first transition, two components are not told apart
_PACE = 0.97  # of successive temperatures, where splits are followed from the first transition
_EPSILON = float(np.finfo(np.float64).eps)


@states(
    "exact",
    "of the law given; the branch is that of the start, not always the lowest free energy",
    source="derivations/principal_graph/stability.py",
    verification="derived and simulated",
)
def stationary_state(
    law: Law, temperature: ArrayLike, components: int = 2, weight_kind: WeightKind = "equal"
) -> Solution:
    """Centroids, weights and stability of K components at temperatures.

    Start with equal weights: one component at the mean; two at the mean +- sqrt(lambda_max) along the top direction;
    more are followed down from the first transition, where replicas at one place are set apart as soon as it is
    unstable. With learned weights: two at the mean and where a new component gains most, with weight 0.02; more as
    before.

    Parameters
    ----------
    law : points, a data set, or a mixture in dimension 1.
    temperature : (m,) above 0, variance of a component.
    components : K, at least 1, at most 64.
    weight_kind : "equal", 1/K each, or "learned", <P_k>.

    Returns
    -------
    Solution of shape (m,) with ``temperature``, ``centroids`` (m, K, D), sorted along the top direction, ``weights``
    (m, K), ``free_energy``, ``local_eigenvalues`` (m, K), the largest eigenvalue of each component's local covariance,
    and ``stable`` (1 or 0): every local eigenvalue is below T and the Hessian of f is positive.

    Raises
    ------
    InvalidArgument : an argument out of its domain; a mixture in more dimensions.
    """
    points = weighted_points(law)
    checked = checked_temperatures(temperature)
    validation.integer("components", components, 1, MOST_COMPONENTS)
    validation.choice("weight_kind", weight_kind, WEIGHT_KINDS)
    followed = Follower(points, components, weight_kind)
    order = np.argsort(-checked, kind="stable")
    found: list[Ended | None] = [None] * len(checked)
    for index in order:
        found[index] = followed.at(float(checked[index]))
    ended = [entry for entry in found if entry is not None]
    return Solution(
        {
            "temperature": checked,
            "centroids": np.stack([entry.mixture.centroids for entry in ended]),
            "weights": np.stack([entry.mixture.weights for entry in ended]),
            "free_energy": np.array([-e.mixture.temperature * e.mixture.log_likelihood for e in ended]),
            "local_eigenvalues": np.stack([entry.local_eigenvalues for entry in ended]),
            "stable": np.array([float(entry.stable) for entry in ended]),
        },
        np.array([entry.status for entry in ended], dtype=np.int8),
        np.array([entry.residual for entry in ended]),
        np.array([entry.error for entry in ended]),
        np.array([entry.iterations for entry in ended]),
        approximation_of(stationary_state),
    )


class Ended:
    """Where EM and Newton ended, with what can be said of that state."""

    def __init__(self, mixture: Mixture, iterations: int, learned: bool, direction: FloatArray) -> None:
        order = np.argsort(mixture.centroids @ direction, kind="stable")
        self.mixture = mixture = mixture.moved(mixture.centroids[order], mixture.weights[order])
        self.iterations = iterations
        T = mixture.temperature
        groups = mixture.groups()
        self.groups = groups
        self.local_eigenvalues = np.empty(len(order))
        self.local_directions = np.empty((len(order), mixture.law.dimension))
        for group in groups:
            value, vector = top_direction(mixture.local_covariance(group))
            self.local_eigenvalues[group], self.local_directions[group] = value, vector
        shares = mixture.shares
        pulls = mixture.pulls()
        with np.errstate(invalid="ignore", divide="ignore"):
            steps = np.where(shares[:, None] > 0.0, pulls / shares[:, None], 0.0)
        self.residual = float(np.abs(steps).max() / np.sqrt(T))
        if learned:
            self.residual = max(self.residual, float(np.abs(shares - mixture.weights).max()))
        eigenvalues, vectors = np.linalg.eigh(mixture.hessian(groups))
        # In units of a share of the points, so that the smallest says how near a fold is.
        smallest = np.abs(eigenvalues).min() / max(shares.max(), 1e-300)
        scale = np.abs(mixture.law.points).max() * _EPSILON * 8.0 + np.abs(pulls).max()
        bound = (np.abs(vectors) @ ((np.abs(vectors.T).sum(axis=1)) / np.abs(eigenvalues).clip(1e-300))).max()
        self.error = float(bound * scale)
        self.smallest_curvature = float(eigenvalues.min())
        self.stable = bool((self.local_eigenvalues < T).all() and eigenvalues.min() > 0.0)
        if self.residual > 1e-8:
            self.status = Status.NOT_CONVERGED
        elif smallest < 1e-9 or self.error > 1e-6 * np.sqrt(T):
            self.status = Status.NEAR_CRITICAL
        else:
            self.status = Status.CONVERGED


class Follower:
    """The branch of states from its start on, temperature after temperature (decreasing ones for K > 2)."""

    def __init__(self, law: WeightedPoints, components: int, weight_kind: WeightKind) -> None:
        mean, covariance = moments(law)
        # Far from the origin squares cancel.
        self.law = WeightedPoints(law.points - mean, law.weights, law.samples)
        self.mean, self.components, self.learned = mean, components, weight_kind == "learned"
        self.critical, self.direction = top_direction(covariance)
        if not self.critical > 0.0:
            raise InvalidArgument("law", self.critical, "of points that are not all equal")
        self._last: Mixture | None = None

    def at(self, temperature: float) -> Ended:
        """The state at a temperature, in the coordinates of the data."""
        return self.shifted(self.centred_at(temperature))

    def shifted(self, ended: Ended) -> Ended:
        """The same state with its centroids where the data are."""
        law = WeightedPoints(self.law.points + self.mean, self.law.weights, self.law.samples)
        mixture = ended.mixture
        moved = Mixture(law, mixture.centroids + self.mean, mixture.weights, mixture.temperature)
        found = Ended.__new__(Ended)
        found.__dict__.update(ended.__dict__)
        found.mixture = moved
        return found

    def centred_at(self, temperature: float) -> Ended:
        """The state at a temperature, the mean of the law at 0."""
        if self.components <= 2:
            return settle(self._pair(temperature), self.learned, self.direction)
        last = self._last
        if last is None or temperature > last.temperature:
            last = self._together(max(self.critical * (1.0 - 1e-6), temperature))
        grid = last.temperature * _PACE ** np.arange(
            1, int(np.floor(np.log(last.temperature / temperature) / -np.log(_PACE) + 1e-9)) + 1
        )
        for value in [*grid[grid > temperature * (1.0 + 1e-9)].tolist(), temperature]:
            ended = settle(
                _apart(Mixture(self.law, last.centroids, last.weights, value)), self.learned, self.direction
            )
            last = ended.mixture
        self._last = last
        return ended

    def from_state(self, mixture: Mixture, temperature: float) -> Ended:
        """The state at a temperature that EM reaches from a state at another one."""
        start = Mixture(self.law, mixture.centroids, mixture.weights, temperature)
        return settle(start, self.learned, self.direction)

    def _together(self, temperature: float) -> Mixture:
        K = self.components
        return Mixture(self.law, np.zeros((K, self.law.dimension)), np.full(K, 1.0 / K), temperature)

    def _pair(self, temperature: float) -> Mixture:
        if self.components == 1 or (temperature >= self.critical * (1.0 - _AT_CRITICAL) and not self.learned):
            return self._together(temperature)
        if not self.learned:
            step = np.sqrt(self.critical) * self.direction
            return Mixture(self.law, np.stack([-step, step]), np.full(2, 0.5), temperature)
        place = lone_supremum(self.law, temperature)
        centroids = np.stack([np.zeros(self.law.dimension), place])
        return Mixture(self.law, centroids, np.array([1.0 - _SEED_WEIGHT, _SEED_WEIGHT]), temperature)


def _apart(mixture: Mixture) -> Mixture:
    """Replicas at one place set apart by a hundredth of sqrt(T) where that place is unstable."""
    centroids = mixture.centroids.copy()
    for group in mixture.groups():
        if len(group) == 1:
            continue
        value, vector = top_direction(mixture.local_covariance(group))
        if value > mixture.temperature:
            spread = np.linspace(-1.0, 1.0, len(group))[:, None]
            centroids[group] += 1e-2 * np.sqrt(mixture.temperature) * spread * vector
    return mixture.moved(centroids)


def settle(mixture: Mixture, learned: bool, direction: FloatArray) -> Ended:
    """EM until its steps are short, then Newton's; EM goes on where those do not help."""
    T = mixture.temperature
    unit = np.sqrt(T)
    newton = _newton_learned if learned else _newton_equal
    tried = np.inf
    iterations = 0
    while iterations < _EM_STEPS:
        iterations += 1
        shares, means = mixture.shares, mixture.means
        step = float(np.abs(means - mixture.centroids).max() / unit)
        if learned:
            step = max(step, float(np.abs(shares - mixture.weights).max()))
        if step < 1e-13:
            break
        # A failed attempt is repeated when EM has come ten times closer.
        if step < _CLOSE and step < 0.1 * tried:
            tried = step
            ended = newton(mixture, unit)
            if ended is not None:
                mixture = ended
                break
        mixture = mixture.moved(means, shares if learned else None)
    return Ended(mixture, iterations, learned, direction)


def _newton_equal(mixture: Mixture, unit: float) -> Mixture | None:
    """Newton's steps on df/dmu = 0; None where they lead away or end nowhere."""

    def step_of(current: Mixture) -> tuple[FloatArray, FloatArray] | None:
        groups = [[k] for k in range(len(current.centroids))]
        pulls = current.pulls()
        try:
            step = np.linalg.solve(current.hessian(groups), pulls.ravel())
        except np.linalg.LinAlgError:
            return None
        return np.asarray(step.reshape(pulls.shape)), np.zeros(len(pulls))

    return _newton(mixture, unit, step_of)


def _newton_learned(mixture: Mixture, unit: float) -> Mixture | None:
    """The same for positions and weights together: log-likelihood - sum_k pi_k has its maximum at sum pi = 1."""

    def step_of(current: Mixture) -> tuple[FloatArray, FloatArray] | None:
        gradient, hessian = learned_derivatives(current)
        try:
            step = np.linalg.solve(hessian, -gradient)
        except np.linalg.LinAlgError:
            return None
        K = len(current.weights)
        return np.asarray(step[K:].reshape(current.centroids.shape)), np.asarray(step[:K])

    return _newton(mixture, unit, step_of)


def learned_derivatives(mixture: Mixture) -> tuple[FloatArray, FloatArray]:
    """Gradient and Hessian of <log F> - sum_k pi_k by (pi_1, ..., pi_K, mu_1, ..., mu_K)."""
    x, w, T = mixture.law.points, mixture.law.weights, mixture.temperature
    K, D = mixture.centroids.shape
    with np.errstate(over="ignore"):
        ratio = mixture.posterior / mixture.weights  # exp(-|x - mu_k|^2/2T)/F
    scores = [ratio]
    for k, mu in enumerate(mixture.centroids):
        scores.append(mixture.posterior[:, [k]] * (x - mu) / T)
    score = np.concatenate(scores, axis=1)
    gradient = w @ score
    hessian = -(score * w[:, None]).T @ score
    shares = mixture.shares
    for k, mu in enumerate(mixture.centroids):
        block = slice(K + k * D, K + (k + 1) * D)
        r = x - mu
        hessian[block, block] += (
            (r * (mixture.posterior[:, k] * w)[:, None]).T @ r / T - shares[k] * np.eye(D)
        ) / T
        mixed = w @ (ratio[:, [k]] * r) / T
        hessian[k, block] += mixed
        hessian[block, k] += mixed
    gradient[:K] -= 1.0
    return gradient, hessian


def _newton(
    mixture: Mixture,
    unit: float,
    step_of: Callable[[Mixture], tuple[FloatArray, FloatArray] | None],
) -> Mixture | None:
    start, last = mixture, np.inf
    reference = mixture.log_likelihood
    for _ in range(_NEWTON_STEPS):
        found = step_of(mixture)
        if found is None:
            return None
        move, change = found
        size = max(float(np.abs(move).max() / unit), float(np.abs(change).max()))
        weights = mixture.weights + change
        if not size < 0.3 or (weights <= 0.0).any():
            return None
        mixture = mixture.moved(mixture.centroids + move, weights)
        if size < 1e-14 or (size < 1e-11 and size >= 0.5 * last):
            far = np.abs(mixture.centroids - start.centroids).max() > 0.5 * unit
            fell = mixture.log_likelihood < reference - 1e-13 * max(1.0, abs(reference))
            return None if far or fell else mixture.moved(mixture.centroids, weights / weights.sum())
        last = size
    return None
