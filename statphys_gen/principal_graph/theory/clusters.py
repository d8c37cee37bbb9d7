r"""Learned weights with as many components as wanted: a concave problem in the mixing measure, with a certificate.

With F(x) = sum_l pi_l exp(-|x - mu_l|^2/2T), the gain of an infinitesimal component at mu is

    g(mu) = < exp(-|x - mu|^2/2T)/F(x) > - 1;

a state is optimal iff sup g <= 0, and 0 <= log L_best - log L <= log(1 + sup g) for every state. The density that is
fitted is unique: neither seeds nor the way of cooling enter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...presentation import Tabular
from ...solution import Status
from ..model import WeightedPoints
from .mixture import Law, Mixture, checked_temperatures, moments, weighted_points
from .speciation_link import diffusion_time
from .stationary import learned_derivatives

TOLERANCE = 1e-9  # of the certificate
_ROUNDS, _STEPS = 400, 100
_CLOSE = 1e-4  # atoms nearer than this times sqrt(T) are one
_LEAST_WEIGHT = 1e-12
_STARTS, _KEPT = 400, 8
_ROUGH, _FINE = 12, 200


@dataclass(frozen=True, repr=False)
class ClusterState(Tabular):
    """The best mixture at a temperature.

    Attributes
    ----------
    temperature : T.
    centroids : (K, D) positions of the components, by decreasing weight.
    weights : (K,) decreasing.
    log_likelihood : < log sum_k pi_k exp(-|x - mu_k|^2/2T) >.
    certificate : the largest gain that was found; the log-likelihood lies at most log(1 + certificate) below the best.
    candidate : (D,) where that gain is.
    status : converged, or not converged if the certificate is above the tolerance.
    """

    temperature: float
    centroids: FloatArray
    weights: FloatArray
    log_likelihood: float
    certificate: float
    candidate: FloatArray
    status: Status
    rounds: int

    @property
    def clusters(self) -> int:
        """K."""
        return len(self.weights)

    @property
    def diffusion_time(self) -> float:
        """log(1 + T)/2, at which noise of the forward process has this variance relative to the data."""
        return diffusion_time(self.temperature)

    @property
    def approximation(self) -> Approximation:
        return approximation_of(cluster_state)

    def records(self) -> list[dict[str, Any]]:
        """One row, as the command prints it."""
        gap = float(np.log1p(max(self.certificate, 0.0)))
        return [
            {
                "temperature": self.temperature,
                "clusters": self.clusters,
                "centroids": self.centroids.tolist(),
                "weights": self.weights.tolist(),
                "log_likelihood": self.log_likelihood,
                "certificate": self.certificate,
                "diffusion_time": self.diffusion_time,
                "weight_kind": "learned",
                "status": str(self.status),
                "residual": max(self.certificate, 0.0),
                "error": max(gap, 4e-16 * max(1.0, abs(self.log_likelihood))),
                "approximation": str(self.approximation),
            }
        ]


@states(
    "exact",
    "of the points given, within the certificate; its supremum is searched from up to 400 points and all components",
    source="derivations/principal_graph/nucleation.py",
    verification="derived and simulated",
)
def cluster_state(law: Law, temperature: float, *, tolerance: float = TOLERANCE) -> ClusterState:
    """The mixture of greatest likelihood at a temperature, with learned weights and any number of components.

    Parameters
    ----------
    law : points, a data set, or a mixture in dimension 1.
    temperature : T, above 0.
    tolerance : largest certificate of a converged state.

    Raises
    ------
    InvalidArgument : an argument out of its domain.
    """
    points = weighted_points(law)
    (T,) = checked_temperatures(validation.positive("temperature", temperature))
    validation.positive("tolerance", tolerance)
    mean, _ = moments(points)
    centred = WeightedPoints(points.points - mean, points.weights, points.samples)
    return shifted(certified(centred, float(T), None, tolerance), mean)


def shifted(state: ClusterState, mean: FloatArray) -> ClusterState:
    """The state in coordinates in which the law has this mean."""
    changes = {"centroids": state.centroids + mean, "candidate": state.candidate + mean}
    return ClusterState(
        **{name: changes.get(name, getattr(state, name)) for name in state.__dataclass_fields__}
    )


def cluster_states(law: Law, temperature: ArrayLike, *, tolerance: float = TOLERANCE) -> list[ClusterState]:
    """:func:`cluster_state` at several temperatures, in the order given; each starts from the one above it."""
    points = weighted_points(law)
    checked = checked_temperatures(temperature)
    mean, _ = moments(points)
    centred = WeightedPoints(points.points - mean, points.weights, points.samples)
    found: dict[int, ClusterState] = {}
    last = None
    for index in np.argsort(-checked, kind="stable").tolist():
        state = certified(centred, float(checked[index]), last, tolerance)
        last = Mixture(centred, state.centroids, state.weights, state.temperature)
        found[index] = shifted(state, mean)
    return [found[index] for index in range(len(checked))]


def certified(
    law: WeightedPoints, temperature: float, start: Mixture | None, tolerance: float = TOLERANCE
) -> ClusterState:
    """The best state, from a state at another temperature or from the lone centroid; the mean of the law is 0."""
    if start is None:
        centroids, weights = np.zeros((1, law.dimension)), np.ones(1)
    else:
        centroids, weights = start.centroids, start.weights
    mixture = climbed(Mixture(law, centroids, weights, temperature))
    gain, place, rounds = np.inf, centroids[0], 0
    stuck = 0
    while rounds < _ROUNDS:
        rounds += 1
        gains, places = gains_of(mixture)
        gain, place = float(gains[0]), places[0]
        if gain <= tolerance or stuck >= 3:
            break
        before = mixture.log_likelihood
        mixture = climbed(_inserted(mixture, place))
        stuck = stuck + 1 if mixture.log_likelihood <= before + 1e-15 else 0
    status = Status.CONVERGED if gain <= tolerance else Status.NOT_CONVERGED
    order = np.argsort(-mixture.weights, kind="stable")
    return ClusterState(
        temperature,
        mixture.centroids[order],
        mixture.weights[order],
        mixture.log_likelihood,
        gain,
        place,
        status,
        rounds,
    )


def _inserted(mixture: Mixture, place: FloatArray) -> Mixture:
    """One more component, with the best weight of a logarithmic grid."""
    T, x = mixture.temperature, mixture.law.points
    own = -((x - place) ** 2).sum(axis=1) / (2.0 * T) - mixture.log_sum
    shares = np.geomspace(1e-8, 0.5, 40)
    values = np.logaddexp(np.log1p(-shares)[:, None], np.log(shares)[:, None] + own) @ mixture.law.weights
    share = float(shares[values.argmax()])
    return mixture.moved(
        np.vstack([mixture.centroids, place]), np.append(mixture.weights * (1.0 - share), share)
    )


def _tidied(mixture: Mixture) -> Mixture:
    """Without components of no weight, and with those at one place as one."""
    kept = mixture.weights > _LEAST_WEIGHT
    centroids, weights = mixture.centroids[kept], mixture.weights[kept]
    closest = _CLOSE**2 * mixture.temperature
    merged: list[tuple[FloatArray, float]] = []
    for mu, weight in zip(centroids, weights.tolist(), strict=True):
        for j, (other, share) in enumerate(merged):
            if ((other - mu) ** 2).sum() < closest:
                total = share + weight
                merged[j] = ((other * share + mu * weight) / total, total)
                break
        else:
            merged.append((mu, weight))
    if len(merged) == len(mixture.weights):
        return mixture
    shares = np.array([weight for _, weight in merged])
    return mixture.moved(np.stack([mu for mu, _ in merged]), shares / shares.sum())


def climbed(mixture: Mixture) -> Mixture:
    """The stationary state reached by damped Newton steps of positions and weights, EM where they do not climb."""
    damping = 1e-3
    mixture = _tidied(mixture)
    value = mixture.log_likelihood
    for _ in range(_STEPS):
        gradient, hessian = learned_derivatives(mixture)
        K = len(mixture.weights)
        scale = np.concatenate(
            [mixture.weights, np.repeat(mixture.weights / mixture.temperature, mixture.law.dimension)]
        )
        residual = np.abs(gradient) * np.concatenate(
            [np.ones(K), np.full(K * mixture.law.dimension, np.sqrt(mixture.temperature))]
        )
        if residual.max() < 1e-14:
            break
        moved = None
        for _ in range(8):
            try:
                factor = cho_factor(np.diag(damping * scale) - hessian, lower=True)
            except np.linalg.LinAlgError:
                damping = max(10.0 * damping, 1e-8)
                continue
            step = cho_solve(factor, gradient)
            change = step[:K]
            # A weight goes at most nine tenths of its way to zero.
            falling = change < 0.0
            limit = min(1.0, float((0.9 * mixture.weights[falling] / -change[falling]).min(initial=1.0)))
            weights = mixture.weights + limit * change
            trial = mixture.moved(
                mixture.centroids + limit * step[K:].reshape(mixture.centroids.shape), weights / weights.sum()
            )
            if trial.log_likelihood > value:
                moved = trial
                damping *= 0.1 if limit == 1.0 else 1.0
                break
            damping = max(10.0 * damping, 1e-8)
        if moved is None:
            damping = 1e-3
            moved = mixture.moved(mixture.means, mixture.shares)
        moved = _tidied(moved)
        gained = moved.log_likelihood - value
        if gained <= 1e-16 * max(1.0, abs(value)) and residual.max() < 1e-7:
            return moved if gained >= 0.0 else mixture
        mixture, value = moved, moved.log_likelihood
    return mixture


def gains_of(mixture: Mixture) -> tuple[FloatArray, FloatArray]:
    """Local maxima of g, largest first, by the weighted mean shift from points and components."""
    starts = np.vstack([_spread(mixture), mixture.centroids])
    places = starts
    for _ in range(_ROUGH):
        places = _shifted_means(mixture, places)[1]
    logs = _shifted_means(mixture, places)[0]
    order = np.argsort(-logs, kind="stable")
    chosen: list[int] = []
    apart = 1e-2 * mixture.temperature
    for i in order.tolist():
        if all(((places[i] - places[j]) ** 2).sum() > apart for j in chosen):
            chosen.append(i)
        if len(chosen) == _KEPT:
            break
    ends = np.stack([peak_of_gain(mixture, places[i]) for i in chosen])
    logs = _shifted_means(mixture, ends)[0]
    order = np.argsort(-logs, kind="stable")
    return _gain(logs[order]), ends[order]


def peak_of_gain(mixture: Mixture, place: FloatArray) -> FloatArray:
    """The local maximum of g above a place: Newton's steps on grad g, the mean shift where they leave it."""
    x, T = mixture.law.points, mixture.temperature
    mu = place
    for _ in range(_FINE):
        a, log_total = _gain_terms(mixture, mu)
        r = x - mu
        pull = a @ r
        if np.abs(pull).max() < 1e-13 * np.sqrt(T):
            break
        curvature = np.eye(len(mu)) - (r * a[:, None]).T @ r / T
        step = pull
        if np.linalg.eigvalsh(curvature)[0] > 0.0:
            newton = np.asarray(np.linalg.solve(curvature, pull), dtype=np.float64)
            near = np.abs(newton).max() < 0.5 * np.sqrt(T)
            if near and _gain_terms(mixture, mu + newton)[1] >= log_total:
                step = newton
        mu = mu + step
    return mu


def gain_at(mixture: Mixture, place: FloatArray) -> float:
    """g at one place."""
    log_total = _gain_terms(mixture, place)[1]
    return float(_gain(np.array(log_total)))


def _gain(log_total: FloatArray) -> FloatArray:
    """g from log(1 + g); infinite where that has no exponential."""
    with np.errstate(over="ignore"):
        return np.asarray(np.expm1(log_total))


def _gain_terms(mixture: Mixture, mu: FloatArray) -> tuple[FloatArray, float]:
    """The shares of the points in 1 + g(mu), and its logarithm: far below a transition it has no exponential."""
    x, T = mixture.law.points, mixture.temperature
    exponents = np.log(mixture.law.weights) - ((x - mu) ** 2).sum(axis=1) / (2.0 * T) - mixture.log_sum
    largest = float(exponents.max())
    a = np.exp(exponents - largest)
    total = float(a.sum())
    return a / total, largest + float(np.log(total))


def _shifted_means(mixture: Mixture, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """log(1 + g) at places (m, D) and their weighted mean shifts."""
    x, T = mixture.law.points, mixture.temperature
    logs, moved = np.empty(len(places)), np.empty_like(places)
    inner = (x * x).sum(axis=1) / (2.0 * T) + mixture.log_sum - np.log(mixture.law.weights)
    for start in range(0, len(places), 64):
        block = slice(start, start + 64)
        mu = places[block]
        exponents = mu @ x.T / T - (mu * mu).sum(axis=1)[:, None] / (2.0 * T) - inner
        largest = exponents.max(axis=1, keepdims=True)
        a = np.exp(exponents - largest)
        total = a.sum(axis=1)
        logs[block] = largest[:, 0] + np.log(total)
        moved[block] = a @ x / total[:, None]
    return logs, moved


def _spread(mixture: Mixture) -> FloatArray:
    """Points from which maxima of g are looked for: those that the mixture explains worst, and some spread over all."""
    x = mixture.law.points
    if len(x) <= _STARTS:
        return x
    worst = np.argsort(mixture.log_sum, kind="stable")[: _STARTS // 2]
    even = np.linspace(0, len(x) - 1, _STARTS - len(worst)).astype(int)
    by_place = np.lexsort(x.T)
    return x[np.unique(np.concatenate([worst, by_place[even]]))]


def effective_points(mixture: Mixture, place: FloatArray) -> float | None:
    """(sum a)^2/sum a^2 over the points behind a component at this place; None of a population."""
    if mixture.law.samples is None:
        return None
    a, _ = _gain_terms(mixture, place)
    return float(1.0 / (a * a / mixture.law.weights).sum() * mixture.law.samples)
