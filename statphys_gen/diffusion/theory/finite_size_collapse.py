r"""Isotropic Gaussian data: entropy, participation and nearest point of the posterior at finite n and d.

x = exp(-t) a + sqrt(D_t) z is a noised training point, a and the n - 1 others independent draws of N(0, s2 I). Given
|x|^2 and |z|^2 the weights of the others over the own one are independent,

    y = exp(|z|^2/2 - r chi/2),   chi ~ noncentral chi^2_d(B (1 + r)/r),
    B = |x|^2/(D_t (1 + r)),      r = s2/(exp(2t) - 1),

B ~ chi^2_d, and given B |z|^2 ~ r/(1 + r) noncentral chi^2_d(B/r). With L(s) = E exp(-s y),

    H = E log(1 + sum y) = E int ds/s exp(-s) (1 - L^(n-1)),       Y = E 1/(1 + sum y) = E int ds exp(-s) L^(n-1),

and the own point is the nearest one with probability E P(y < 1)^(n-1). In u = log s + |z|^2/2 the function L depends on
B alone, so that B, |z|^2, chi and u are four one-dimensional integrals: Gauss-Legendre panels over the square roots of
the chi-square variables, whose densities have at most the width of a standard Gaussian, and a trapezoidal sum over u.
At late times r is small and the roots of the centres, of order r^(-1/2), are large: everything is written in the
distances h from these, so that nothing cancels, down to r = 0, where H = log n and Y = 1/n.
No random number is drawn, and n enters as a number.

Source: derivations/diffusion/collapse_finite_size.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ive, xlogy

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached
from ...numerics.quadrature import legendre_rule
from ...presentation import Curves
from .class_signal import excess_time

_STEP = 0.3  # in u: the integrand is analytic for |Im u| < pi/2, and the error is exp(-pi^2/step)
_NEGLIGIBLE = 40.0  # logarithm
_MOST_NODES = 60_000
_ROWS = 32
_RADIUS_STEP = 0.35
_ALMOST = 1.0 - 1e-16
_ACCURACY = 1e-9  # in units of the largest possible value
_NOTHING_LEFT = 1e-36  # d r from which on all points are alike: the own one stands out by (d r)^(1/2)
_MOST_ROUNDS = 10_000


@dataclass(frozen=True, repr=False)
class FiniteSizeCollapse(Curves):
    """Entropy, participation and nearest point at finite n and d, each of the shape of ``time``.

    Attributes
    ----------
    time : the diffusion times.
    entropy : H(mu | x_t) in nats.
    participation : Y = E sum_mu w_mu^2, the agreement of clones on a training point.
    own_nearest : probability that the nearest training point is the one that was noised.
    """

    time: FloatArray
    entropy: FloatArray
    participation: FloatArray
    own_nearest: FloatArray


@states(
    "exact",
    "at any number of samples and dimension, averaged over data sets",
    source="derivations/diffusion/collapse_finite_size.py",
    verification="derived and simulated",
)
def isotropic_collapse(
    dimension: int, variance: float, samples: float, time: ArrayLike
) -> FiniteSizeCollapse:
    """Entropy, participation and nearest point for n draws of N(0, variance I) at finite n and d, to about 1e-10.

    Parameters
    ----------
    dimension : d, at least 1.
    variance : s2, above 0.
    samples : n, at least 1 (a large one need not be an integer), at most 1e300.
    time : diffusion times, any shape, above 0.

    Raises
    ------
    AccuracyNotReached : the time is so small, or the dimension so large, that too many nodes would be needed.
    """
    d = validation.integer("dimension", dimension, minimum=1)
    s2 = validation.positive("variance", variance)
    n = validation.inside("samples", samples, 1.0, 1e300, closed=True)
    times = validation.array("time", time, above=0.0)
    rows = [_at(d, n, s2 / e) for e in excess_time(times.ravel()).tolist()]
    table = np.array(rows).reshape(*times.shape, 3)
    bounds = ((0.0, math.log(n)), (1.0 / n, 1.0), (1.0 / n, 1.0))
    entropy, participation, nearest = (
        _bounded(column, *ends) for column, ends in zip(np.moveaxis(table, -1, 0), bounds, strict=True)
    )
    return FiniteSizeCollapse(times, entropy, participation, nearest)


def _bounded(value: FloatArray, lower: float, upper: float) -> FloatArray:
    """Values within bounds that hold exactly, once they are seen to do so within the accuracy."""
    allowed = _ACCURACY * max(1.0, upper)
    if not ((value >= lower - allowed) & (value <= upper + allowed)).all():
        raise AccuracyNotReached("finite-size collapse: a value left the bounds that hold exactly")
    return np.clip(value, lower, upper)


def _log_bessel(order: float, x: FloatArray) -> FloatArray:
    """log[exp(-x) I_order(x)]; Hankel's expansion far beyond the order, where the function itself gives NaN.

    Where it underflows, Debye's uniform expansion.
    """
    beyond = x > 1e6 * max(1.0, order**2)
    result = np.empty_like(x)
    if beyond.any():
        square, large = 4.0 * order**2, x[beyond]
        term = series = np.zeros_like(large)
        for k in range(1, 6):
            term = -(square - (2 * k - 1) ** 2) / (8.0 * k * large) * (1.0 if k == 1 else term)
            series = series + term
        result[beyond] = -0.5 * np.log(2.0 * math.pi * large) + np.log1p(series)
    with np.errstate(divide="ignore"):
        result[~beyond] = np.log(ive(order, x[~beyond]))
    far = ~beyond & (~np.isfinite(result) | (result < -600.0))
    if far.any():
        z = np.maximum(x[far], 1e-300) / order
        root = np.sqrt(1.0 + z * z)
        p = 1.0 / root
        # root + log(z/(1 + root)) - z, of which the first and the last are close to each other at large z.
        exponent = 1.0 / (root + z) - np.arcsinh(1.0 / z)
        u1 = (3 * p - 5 * p**3) / 24
        u2 = (81 * p**2 - 462 * p**4 + 385 * p**6) / 1152
        u3 = (30375 * p**3 - 369603 * p**5 + 765765 * p**7 - 425425 * p**9) / 414720
        series = u1 / order + u2 / order**2 + u3 / order**3
        result[far] = order * exponent - 0.5 * np.log(2.0 * math.pi * order * root) + np.log1p(series)
    return result


def _root_density(d: int, root: float, h: FloatArray) -> FloatArray:
    """Density of w = sqrt(chi), chi noncentral chi^2_d(root^2), at w = root + h."""
    w = root + h
    if root == 0.0:
        return np.exp(xlogy(d - 1.0, w) - 0.5 * w * w - (0.5 * d - 1.0) * math.log(2.0) - gammaln(0.5 * d))
    order = 0.5 * d - 1.0
    with np.errstate(divide="ignore"):  # w = 0
        powers = np.log(w) + order * np.log1p(h / root)
    return np.exp(powers - 0.5 * h**2 + _log_bessel(order, root * w))


def _nodes(d: int, root: float, rate: float, rare: float) -> tuple[FloatArray, FloatArray]:
    """h = w - root and probabilities.

    What is averaged varies at ``rate`` * w, and exp(-rare) is the rarest event that counts.
    """
    middle = (d - 1.0) / (math.sqrt(root**2 + d - 1.0) + root)
    reach = math.sqrt(2.0 * (rare + _NEGLIGIBLE)) + 1.5
    low, high = max(-root, middle - reach), middle + reach
    panels = math.ceil((high - low) * max(0.4, rate * (root + high) / 5.0))
    if 16 * panels > _MOST_NODES:
        raise AccuracyNotReached(
            f"finite-size collapse: {16 * panels} nodes would be needed, {_MOST_NODES} are allowed; "
            "take a larger time or the Gaussian window"
        )
    rule = legendre_rule(np.linspace(low, high, panels + 1), 16)
    return rule.nodes, rule.weights * _root_density(d, root, rule.nodes)


def _radii(d: int) -> tuple[FloatArray, FloatArray]:
    """Square roots of B and probabilities; away from 0 the density is smooth enough for a trapezoidal sum."""
    if d < 40:
        rule = legendre_rule(np.linspace(0.0, math.sqrt(d) + 7.0, math.ceil(0.4 * math.sqrt(d) + 3.0)), 12)
        return rule.nodes, rule.weights * _root_density(d, 0.0, rule.nodes)
    nodes = math.sqrt(d - 0.5) + _RADIUS_STEP * np.arange(-16.0, 17.0)
    return nodes, _RADIUS_STEP * _root_density(d, 0.0, nodes)


def _exponential(rows: FloatArray, columns: FloatArray) -> FloatArray:
    """exp(rows + columns), as a product of exponentials where none of them leaves the range of float64."""
    if max(np.abs(rows).max(), np.abs(columns).max()) < 340.0:
        return np.multiply.outer(np.exp(rows), np.exp(columns))
    return np.exp(np.minimum(rows[:, None] + columns, 700.0))


def _cumulative(d: int, root: float, ends: FloatArray) -> FloatArray:
    """P(sqrt(chi) < root + h) at increasing h, as a sum of positive terms: a relative accuracy in the tail as well."""
    first = np.linspace(max(-root, ends[0] - 10.0), ends[0], 6)
    rule = legendre_rule(np.concatenate([first, ends[1:]]), 8)
    parts = (rule.weights * _root_density(d, root, rule.nodes)).reshape(-1, 8).sum(axis=1)
    return np.cumsum(parts)[4:]


def _at(d: int, n: float, r: float) -> tuple[float, float, float]:
    """H, Y and the probability that the own point is nearest."""
    if r * d < _NOTHING_LEFT:
        return math.log(n), 1.0 / n, 1.0 / n
    roots, weights = _radii(d)
    kept = weights > 1e-13
    total = np.zeros(3)
    for root, weight in zip(roots[kept].tolist(), weights[kept].tolist(), strict=True):
        total += weight * _given_radius(d, n, r, root * root)
    return float(total[0]), float(total[1]), float(total[2])


def _given_radius(d: int, n: float, r: float, b: float) -> FloatArray:
    # Roots of the centres of the other points and of the own noise.
    other_root, own_root = math.sqrt(b) * math.sqrt((1.0 + r) / r), math.sqrt(b) * math.sqrt(1.0 / r)
    others, other_weights = _nodes(d, other_root, r, math.log(n))
    counts = other_weights * n > 1e-17
    others, other_weights = others[counts], other_weights[counts]
    noises, noise_weights = _nodes(d, own_root, r / (1.0 + r), 0.0)
    # The logarithm of a competitor without the noise, and half the squared noise, both relative to B/2.
    competitor = -0.5 * r * (b + (2.0 * other_root + others) * others)
    noise = 0.5 * r / (1.0 + r) * ((2.0 * own_root + noises) * noises - b)
    ends = (noises - r * own_root) / math.sqrt(1.0 + r)
    beaten = _cumulative(d, other_root, ends)
    nearest = float(np.exp((n - 1.0) * np.log1p(-np.minimum(beaten, _ALMOST))) @ noise_weights)
    entropy = participation = 0.0
    start = float(noise[-1]) + math.log(_NEGLIGIBLE)
    for _ in range(_MOST_ROUNDS):
        v: FloatArray = start - _STEP * np.arange(_ROWS, dtype=np.float64)
        start -= _STEP * _ROWS
        with np.errstate(over="ignore", under="ignore"):
            own = _exponential(v, -noise)
            # exp(-s) and s exp(-s), averaged over the noise.
            late = np.exp(-own) @ noise_weights
            rate = (own * np.exp(-np.minimum(own, 745.0))) @ noise_weights
            met = -np.expm1(-_exponential(v, competitor)) @ other_weights
        survives = (n - 1.0) * np.log1p(-np.minimum(met, _ALMOST))
        entropy_terms = late * -np.expm1(survives)
        participation_terms = rate * np.exp(survives)
        entropy += _STEP * float(entropy_terms.sum())
        participation += _STEP * float(participation_terms.sum())
        # late = 1 only below the range of the noise.
        if (
            late[-1] > 0.999
            and entropy_terms[-1] <= 1e-13
            and participation_terms[-1] <= 1e-12 * participation
        ):
            return np.array([entropy, participation, nearest])
    raise AccuracyNotReached("finite-size collapse: the integral over the weights did not end")
