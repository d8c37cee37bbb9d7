r"""The law of the curvatures before any training: y, t jointly Gaussian with correlation m (random or warm start).

For the normalised loss the average over y is closed, E 1/(c^2 + y^2) being a Faddeeva function; one integral is left.

Source: derivations/phase_retrieval/initialisation.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import ComplexArray, FloatArray
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ..model import Loss, check_loss
from .curvature_law import CurvatureLaw, MomentRule, NodeRule, Values
from .plane import plane_rules

_SOURCE = "derivations/phase_retrieval/initialisation.py"
# The Gaussian weight beyond is below 1e-32.
_FARTHEST = 12.0
# Elements of a chunk of arguments times nodes, where a dozen such arrays are made and stay in the cache.
_SMALL_CHUNK = 2**12
# Poles of 1/(c^2 + y^2) beyond this many standard deviations from the mean are invisible to a Gauss-Hermite rule.
_FAR_POLE = 10.0
_HERMITE_NODES = 20
_RAY = 0.3


@states(
    "exact as N -> infinity",
    "student independent of the sensing vectors but for its overlap with the signal",
    source=_SOURCE,
    verification="derived and simulated",
)
def initial_curvature_law(loss: Loss, *, overlap: float = 0.0) -> CurvatureLaw:
    """The law of a student on the sphere with the given overlap m with the signal, before any training.

    Parameters
    ----------
    loss : any :class:`~statphys_gen.phase_retrieval.Loss`.
    overlap : m in (-1, 1); 0 for a random start, other values for a warm start.
    """
    check_loss(loss)
    m = validation.inside("overlap", overlap, -1.0, 1.0)
    if loss.name == "normalised" and loss.offset == 0.0:
        return _without_offset(loss, m)
    if loss.name == "normalised" and loss.offset is not None:
        return _normalised(loss, m)
    return _by_quadrature(loss, m)


def _normalised(loss: Loss, m: float) -> CurvatureLaw:
    assert loss.offset is not None
    a, c = loss.offset, loss.prefactor
    # Convergence is exponential in the order over the length of the sinh map; these reach rounding.
    order = math.ceil(36 + 12 * math.asinh(_FARTHEST / math.sqrt(a)))
    rules = [_NormalisedRule(a, c, m, order), _NormalisedRule(a, c, m, math.ceil(0.75 * order))]
    t, probability = _label_rule(a, order)
    # y given t is N(m t, 1 - m^2).
    variance, mean = 1.0 - m * m, m * t
    second = mean**2 + variance
    fourth = mean**4 + 6.0 * mean**2 * variance + 3.0 * variance**2
    force = 2.0 * c * (fourth - t * t * second) / (a + t * t)
    energy = 0.5 * c * (fourth - 2.0 * t * t * second + t**4) / (a + t * t)
    return CurvatureLaw(
        f"{loss.name}, offset {a:g}, start at overlap {m:g}",
        loss.curvature_bound,
        m,
        float(probability @ force),
        float(probability @ energy),
        (rules[0], rules[1]),
    )


@lru_cache(maxsize=8)
def _label_rule(a: float, order: int) -> tuple[FloatArray, FloatArray]:
    """Nodes t > 0 and probabilities of a standard Gaussian |t|, dense on the scale sqrt(a)."""
    scale = math.sqrt(a)
    rule = legendre_rule([0.0, math.asinh(_FARTHEST / scale)], order)
    t = scale * np.sinh(rule.nodes)
    return t, 2.0 * normal_density(t) * scale * np.cosh(rule.nodes) * rule.weights


@dataclass(frozen=True)
class _NormalisedRule:
    """r = (y^2 - t^2/3)/(c^2 + y^2), c^2 = (a + t^2)/(6 S) - t^2/3 (the prefactor absorbed into S)."""

    a: float
    prefactor: float
    m: float
    order: int

    def __call__(self, s: Values, signal: bool) -> Values:
        a, m = self.a, self.m
        t, probability = _label_rule(a, self.order)
        sigma = math.sqrt(1.0 - m * m)
        turned = np.iscomplexobj(s)
        if turned:
            # For complex S the labels run along a ray above the real axis, away from the branch points c = 0, which
            # come close to it next to a hard edge: the average over y is analytic between the two.
            ray = np.exp(1j * _RAY)
            probability = probability * np.exp(0.5 * t**2 * (1.0 - ray**2)) * ray
            t = t * ray
        results = np.empty((4 if signal else 2, len(s)), dtype=np.result_type(s, np.float64))
        rows = max(1, _SMALL_CHUNK // self.order)
        for start in range(0, len(s), rows):
            part = slice(start, start + rows)
            factor = (a + t * t) / (6.0 * self.prefactor * s[part, None])
            averages = _response_averages(factor, np.broadcast_to(t, factor.shape), m, sigma, signal)
            for row, average in zip(results, averages, strict=True):
                value = np.einsum("sn,n->s", average, probability)
                row[part] = value if turned else value.real
        return results


def _response_averages(factor: Values, t: Values, m: float, sigma: float, signal: bool) -> tuple[Values, ...]:
    """E r, E r^2 and, if asked for, E u^2 r and E u^2 r^2 over y ~ N(m t, sigma^2), for c^2 = factor - t^2/3."""
    squared_pole = factor - t * t / 3.0
    if np.iscomplexobj(factor) or m != 0.0:
        # The branch Re c > 0, continued beyond the upper half-plane of S on both sides of it.
        c = np.exp(-0.25j * np.pi) * np.sqrt(1j * squared_pole)
    else:
        c = np.sqrt(squared_pole)
    # The closed forms cancel where the poles +-i c are far from the mean: there r is small and flat.
    far = (
        np.minimum(_modulus_squared(1j * c - m * t), _modulus_squared(1j * c + m * t))
        > (_FAR_POLE * sigma) ** 2
    )
    near = ~far
    results = tuple(np.empty(factor.shape, dtype=c.dtype) for _ in range(4 if signal else 2))
    for where, averages in ((near, _near_averages), (far, _far_averages)):
        if where.any():
            found = averages(factor[where], squared_pole[where], c[where], t[where], m, sigma, signal)
            for result, part in zip(results, found, strict=True):
                result[where] = part
    return results


def _modulus_squared(z: Values) -> FloatArray:
    return np.asarray(z.real * z.real + z.imag * z.imag)


def _near_averages(
    factor: Values, squared_pole: Values, c: Values, t: Values, m: float, sigma: float, signal: bool
) -> tuple[Values, ...]:
    """r = 1 - R, r^2 = 1 - 2R + R^2, with R = 1/(1 + g S) = factor L, L = 1/(c^2 + y^2)."""
    if m == 0.0:
        plain, squared = _centred_averages(c)
        rows = [(1.0, plain, squared)] + [(t * t, t * t * plain, t * t * squared)] * signal
    else:
        plain, squared, odd, odd_squared = _lorentzian_averages(c, m * t, sigma)
        rows = [(1.0, plain, squared)]
        if signal:
            # u = (t - m y)/sigma, y^2 L = 1 - c^2 L.
            rest = sigma * sigma
            rows.append(
                (
                    rest * t * t + m * m,
                    (t * t * plain - 2.0 * m * t * odd + m * m * (1.0 - squared_pole * plain)) / rest,
                    (t * t * squared - 2.0 * m * t * odd_squared + m * m * (plain - squared_pole * squared))
                    / rest,
                )
            )
    results: list[Values] = []
    for whole, first, second in rows:
        results += [whole - factor * first, whole - 2.0 * factor * first + factor * factor * second]
    return tuple(results)


def _far_averages(
    factor: Values, squared_pole: Values, c: Values, t: Values, m: float, sigma: float, signal: bool
) -> tuple[Values, ...]:
    """By a Gauss-Hermite rule, which is exact to rounding and keeps the relative accuracy of small responses."""
    sums: list[Any] = [np.zeros(factor.shape, dtype=c.dtype) for _ in range(4 if signal else 2)]
    nodes, weights = _hermite()
    if m == 0.0:
        nodes, weights = nodes[nodes > 0.0], 2.0 * weights[nodes > 0.0]
    zero = t * t / 3.0
    for node, weight in zip(nodes, weights, strict=True):
        square = (m * t + sigma * node) ** 2
        response = (square - zero) / (squared_pole + square)
        terms = [weight * response, weight * response * response]
        sums[0] += terms[0]
        sums[1] += terms[1]
        if signal:
            # u = (t - m y)/sigma.
            signal_squared = (sigma * t - m * node) ** 2
            sums[2] += signal_squared * terms[0]
            sums[3] += signal_squared * terms[1]
    return tuple(sums)


def _centred_averages(c: Values) -> tuple[Values, Values]:
    """E[L], E[L^2] over y ~ N(0, 1), for L = 1/(c^2 + y^2), Re c > 0: E L = sqrt(pi/2) erfcx(c/sqrt 2)/c."""
    from scipy.special import erfcx

    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / c
        plain = math.sqrt(math.pi / 2.0) * erfcx(c * math.sqrt(0.5)) * inverse
        inverse *= inverse
        # E L^2 = (E L (1 - c^2) + 1)/(2 c^2).
        squared = 0.5 * (plain * (inverse - 1.0) + inverse)
    return plain, squared


def _lorentzian_averages(
    c: Values, mean: Values, sigma: float
) -> tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray]:
    """E[L], E[L^2], E[y L], E[y L^2] over y ~ N(mean, sigma^2), for L = 1/(c^2 + y^2), Re c > 0.

    With w the Faddeeva function and z+- = (i c +- mean)/(sigma sqrt 2): E 1/(y - i c) = i sqrt(pi/2)/sigma w(z-).
    """
    from scipy.special import wofz

    unit = sigma * math.sqrt(2.0)
    amplitude = math.sqrt(math.pi / 2.0) / sigma
    z_minus, z_plus = (1j * c - mean) / unit, (1j * c + mean) / unit
    w_minus, w_plus = wofz(z_minus), wofz(z_plus)
    slope_minus = -2.0 * z_minus * w_minus + 2j / math.sqrt(math.pi)
    slope_plus = -2.0 * z_plus * w_plus + 2j / math.sqrt(math.pi)
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = amplitude * (w_minus + w_plus) / (2.0 * c)
        squared = (plain / c - amplitude / (2.0 * c) * (slope_minus + slope_plus) * (1j / unit)) / (2.0 * c)
        odd = 0.5j * amplitude * (w_minus - w_plus)
        odd_squared = -(0.5j * amplitude * (slope_minus - slope_plus) * (1j / unit)) / (2.0 * c)
    return plain, squared, odd, odd_squared


@lru_cache(maxsize=1)
def _hermite() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_HERMITE_NODES)
    return nodes, weights / weights.sum()


def _without_offset(loss: Loss, m: float) -> CurvatureLaw:
    """offset 0: g depends on the angle of (y, u) alone, and E u^2 = 2 sin^2 at each angle."""

    def rule(count: int) -> MomentRule:
        angle = (np.arange(count) + 0.5) * (np.pi / count)
        y, u = np.cos(angle), np.sin(angle)
        t = m * y + math.sqrt(1.0 - m * m) * u
        with np.errstate(divide="ignore"):
            curvature = loss.prefactor * (6.0 * (y / t) ** 2 - 2.0)
        return NodeRule(curvature, 2.0 * u * u, np.full(count, 1.0 / count))

    # The forces and energies of measurements with small labels have no mean.
    return CurvatureLaw(
        f"normalised, offset 0, start at overlap {m:g}",
        loss.curvature_bound,
        m,
        math.inf,
        math.inf,
        (rule(2048), rule(1449)),
    )


def _by_quadrature(loss: Loss, m: float) -> CurvatureLaw:
    rules: list[MomentRule] = []
    force = energy = 0.0
    both = plane_rules(loss, m)
    for k, rule in enumerate(both):
        keep = rule.probability > 1e-22
        y, t, probability = rule.y[keep], rule.t[keep], rule.probability[keep]
        signal = (t - m * y) ** 2 / (1.0 - m * m)
        rules.append(NodeRule(loss.curvature(y, t), signal, probability))
        if k == 0:
            force = float(np.einsum("n,n->", probability, loss.slope(y, t) * y))
            energy = float(np.einsum("n,n->", probability, loss.value(y, t)))
    bound = loss.curvature_bound
    name = f"{loss.name}, start at overlap {m:g}"
    return CurvatureLaw(name, bound, m, force, energy, (rules[0], rules[1]))
