r"""Population risk of a two-layer ReLU score network with its gradient and Hessian, exactly and without quadrature.

R(v, b) = E s^2 + 2 E s' + 1/sigma^2 for s(y) = (1/m) sum_l v_l relu(w_l y + b_l) with w_l = +-1. With knots
k_l = -b_l/w_l, the active half-line 1_l, its mass P_l, and the density p of the noised law,

    dR/dv_l = (2/m)(E[s relu_l] + w_l P_l),    dR/db_l = (2 v_l/m)(E[s 1_l] + w_l p(k_l)),

since E[s* relu_l] = -w_l P_l and E[s* 1_l] = -w_l p(k_l) by parts. The Hessian is 2 E[phi phi^T], phi the gradient of
s, plus (2/m)(E[s 1_l] + w_l p(k_l)) between v_l and b_l, plus (2 v_l/m) p(k_l)(s - s*)(k_l) at b_l, where the
derivative of the half-line is a delta function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...approximation import states
from ...arrays import FloatArray
from ...presentation import Scalars
from ..model import NoisedSample, ScoreNetwork
from .empirical_score import SOURCE, empirical_score, optimal_risk
from .segments import Law, Segments, between, segments, signs
from .weights import variation_weights

_DEAD = float(np.finfo(np.float64).eps)  # of the probability that a neuron is active


def arrays(network: ScoreNetwork) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Inner weights (+-1), outer weights and biases, (m,) each."""
    return signs(network), np.array(network.outer), np.array(network.bias)


def alive(parts: Segments) -> NDArray[np.bool_]:
    """(m,) whether a neuron is active with a probability above rounding."""
    return parts.active_mass >= _DEAD


def risk_of(law: Law, parts: Segments) -> float:
    """R from the segments."""
    mass, first, second = parts.moments
    slope, intercept = parts.slope, parts.intercept
    square = slope**2 * second + 2.0 * slope * intercept * first + intercept**2 * mass
    return float((square + 2.0 * slope * mass).sum() + 1.0 / law.sigma**2)


def rounding_of(law: Law, inner: FloatArray, outer: FloatArray, parts: Segments) -> float:
    """Error of R by rounding: of the terms of each segment, of its line (a sum over neurons) and of the knots."""
    from .kernels import over_neurons

    steps = np.abs(outer) / len(outer) * np.stack([np.ones_like(outer), np.abs(parts.bias)])
    size = over_neurons(inner[parts.order] > 0.0, steps[:, parts.order])
    # A moment is the difference of two tails.
    tails = np.where(parts.below[0, 1:] <= 0.5, parts.below[:, 1:], parts.above[:, :-1])
    mass, _, second = tails
    slope, intercept = np.abs(parts.slope), np.abs(parts.intercept)
    first = np.sqrt(mass * second)
    terms = slope * size[0] * second + (slope * size[1] + intercept * size[0]) * first
    terms += intercept * size[1] * mass + 2.0 * size[0] * mass
    _, by_bias = gradient_of(inner, outer, parts)
    moved = np.abs(by_bias) @ (np.abs(parts.bias) + abs(law.centre))
    return 4.0 * float(np.finfo(np.float64).eps * (terms.sum() + moved + 1.0 / law.sigma**2))


def gradient_of(inner: FloatArray, outer: FloatArray, parts: Segments) -> tuple[FloatArray, FloatArray]:
    """dR/dv and dR/db, (m,) each."""
    from .kernels import over_segments

    m = len(inner)
    mass, first, second = parts.moments
    flow = np.stack(
        [parts.slope * first + parts.intercept * mass, parts.slope * second + parts.intercept * first]
    )
    active = over_segments(inner[parts.order] > 0.0, flow)[:, parts.place]
    # Of what no point activates the sums are rounding, which would let a dead neuron drift.
    plain, moment = np.where(alive(parts), active, 0.0)
    by_outer = (2.0 / m) * (inner * moment + parts.bias * plain + inner * parts.active_mass)
    return by_outer, (2.0 / m) * outer * (plain + inner * parts.density)


@states("exact", source=SOURCE, verification="derived and simulated")
def network_risk(sample: NoisedSample, network: ScoreNetwork) -> float:
    """R(s) of a network with inner weights +-1.

    Raises
    ------
    InvalidArgument : other inner weights.
    """
    law = Law(sample)
    return risk_of(law, segments(law, *arrays(network)))


@states("exact", source=SOURCE, verification="derived and simulated")
def risk_gradient(sample: NoisedSample, network: ScoreNetwork) -> FloatArray:
    """The gradient of R by the outer weights, then the biases, (2 m,)."""
    inner, outer, bias = arrays(network)
    return np.concatenate(gradient_of(inner, outer, segments(Law(sample), inner, outer, bias)))


@states("exact", source=SOURCE, verification="derived and simulated")
def risk_hessian(sample: NoisedSample, network: ScoreNetwork) -> FloatArray:
    """The Hessian of R in the order of :func:`risk_gradient`, (2 m, 2 m), the delta functions at the knots included."""
    inner, outer, bias = arrays(network)
    law, m = Law(sample), len(inner)
    parts = segments(law, inner, outer, bias)
    by_slope, by_step, by_mass = _pair_moments(inner, parts)
    hessian = np.empty((2 * m, 2 * m))
    hessian[:m, :m] = by_slope
    hessian[:m, m:] = by_step * outer
    hessian[m:, :m] = hessian[:m, m:].T
    hessian[m:, m:] = by_mass * outer[:, None] * outer
    hessian *= 2.0 / m**2
    own = np.arange(m)
    # dR/db over v, where v = 0 too.
    _, crossed = gradient_of(inner, np.ones(m), parts)
    hessian[own, m + own] += crossed
    hessian[m + own, own] += crossed
    network_at, score_at = _at_knots(sample, law, parts)
    hessian[m + own, m + own] += (2.0 / m) * outer * parts.density * (network_at - score_at)
    return hessian


def _pair_moments(inner: FloatArray, parts: Segments) -> tuple[FloatArray, FloatArray, FloatArray]:
    """E[relu_l relu_k], E[relu_l 1_k] and E[1_l 1_k], (m, m) each, from the segments where both are active."""
    m = len(inner)
    rising = inner > 0.0
    # Both active: above the largest knot of the rising ones and below the smallest of the falling ones.
    lower = np.where(rising, parts.place + 1, 0)
    upper = np.where(rising, m + 1, parts.place + 1)
    start, end = np.maximum(lower[:, None], lower), np.minimum(upper[:, None], upper)
    end = np.maximum(start, end)
    both = alive(parts) & alive(parts)[:, None]
    mass, first, second = np.where(both, between(parts.below, parts.above, start, end), 0.0)
    w, b = inner, parts.bias
    relu_step = w[:, None] * first + b[:, None] * mass
    relu_relu = w[:, None] * w * second + (w[:, None] * b + b[:, None] * w) * first + b[:, None] * b * mass
    return relu_relu, relu_step, mass


def _at_knots(sample: NoisedSample, law: Law, parts: Segments) -> tuple[FloatArray, FloatArray]:
    """The network and the empirical score at the knots, (m,) each."""
    after = parts.place + 1
    network = parts.slope[after] * parts.knots + parts.intercept[after]
    return network, empirical_score(sample, parts.knots + law.centre).score


@states("exact", source=SOURCE, verification="derived and simulated")
def critical_learning_rate(sample: NoisedSample, network: ScoreNetwork) -> float:
    """eta_c = 2/(m lambda_max), from which on descent theta <- theta - m eta grad R leaves a stationary point.

    Infinite where the largest eigenvalue is not positive. Says nothing away from a stationary point.
    """
    largest = float(np.linalg.eigvalsh(risk_hessian(sample, network))[-1])
    return 2.0 / (network.neurons * largest) if largest > 0.0 else np.inf


@dataclass(frozen=True)
class Sharpness(Scalars):
    """Risk and sharpness of a score network.

    Attributes
    ----------
    risk, excess_risk : R(s), and R(s) - R(s*) = E (s - s*)^2.
    gradient_norm : Euclidean norm of the gradient of R by outer weights and biases.
    largest_eigenvalue : of the Hessian.
    critical_learning_rate : 2/(m lambda_max), the learning rate at which a stationary point loses stability.
    total_variation, noised_total_variation : (1/m) sum_l |v_l| pi(k_l), with the weights pi and pi~.
    dead_neurons : those that are active with a probability below rounding.
    error : of the risk, by rounding.
    """

    risk: float
    excess_risk: float
    gradient_norm: float
    largest_eigenvalue: float
    critical_learning_rate: float
    total_variation: float
    noised_total_variation: float
    dead_neurons: int
    error: float


@states("exact", source=SOURCE, verification="derived and simulated")
def sharpness(sample: NoisedSample, network: ScoreNetwork) -> Sharpness:
    """Risk, gradient, largest eigenvalue of the Hessian, and total variations of a network.

    Raises
    ------
    InvalidArgument : inner weights other than +-1.
    AccuracyNotReached : the risk of the empirical score, as :func:`~statphys_gen.score_matching.optimal_risk`.
    """
    inner, outer, bias = arrays(network)
    law = Law(sample)
    parts = segments(law, inner, outer, bias)
    risk = risk_of(law, parts)
    gradient = np.concatenate(gradient_of(inner, outer, parts))
    largest = float(np.linalg.eigvalsh(risk_hessian(sample, network))[-1])
    plain, noised = network_variations(sample, law, outer, parts)
    return Sharpness(
        risk,
        risk - optimal_risk(sample),
        float(np.linalg.norm(gradient)),
        largest,
        2.0 / (len(inner) * largest) if largest > 0.0 else np.inf,
        plain,
        noised,
        dead_neurons(parts),
        rounding_of(law, inner, outer, parts),
    )


def network_variations(
    sample: NoisedSample, law: Law, outer: FloatArray, parts: Segments
) -> tuple[float, float]:
    """TV of the network with both weights."""
    found = variation_weights(sample, parts.knots + law.centre)
    size = np.abs(outer) / len(outer)
    return float(size @ found.variation_weight), float(size @ found.noised_variation_weight)


def dead_neurons(parts: Segments) -> int:
    """Neurons that no noised point activates."""
    return int((~alive(parts)).sum())
