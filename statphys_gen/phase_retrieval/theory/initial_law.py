r"""The law of the curvatures before any training: y, t jointly Gaussian with correlation m (random or warm start).

For the normalised loss the average over y is closed, E 1/(c^2 + y^2) being a Faddeeva function; one integral is left.

Source: derivations/phase_retrieval/initialisation.py.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import ComplexArray, FloatArray
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ..model import Loss, check_loss
from .curvature_law import CurvatureLaw, MomentRule, Values, graded_edges, node_rule

_SOURCE = "derivations/phase_retrieval/initialisation.py"
# The Gaussian weight beyond is below 1e-32.
_FARTHEST = 12.0
# Elements of a chunk of arguments times nodes, where a dozen such arrays are made and stay in the cache.
_SMALL_CHUNK = 2**12
# Poles of 1/(c^2 + y^2) beyond this distance from the mean are invisible to a Gauss-Hermite rule.
_FAR_POLE = 15.0
_HERMITE_NODES = 14
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
    rules = [_normalised_rule(a, c, m, order), _normalised_rule(a, c, m, math.ceil(0.75 * order))]
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


def _label_rule(a: float, order: int) -> tuple[FloatArray, FloatArray]:
    """Nodes t > 0 and probabilities of a standard Gaussian |t|, dense on the scale sqrt(a)."""
    scale = math.sqrt(a)
    rule = legendre_rule([0.0, math.asinh(_FARTHEST / scale)], order)
    t = scale * np.sinh(rule.nodes)
    return t, 2.0 * normal_density(t) * scale * np.cosh(rule.nodes) * rule.weights


def _normalised_rule(a: float, prefactor: float, m: float, order: int) -> MomentRule:
    """1/(1 + g S) = (a + t^2)/(A + B y^2) with A = a + (1 - 2S) t^2, B = 6 S (prefactor absorbed into S)."""
    label, label_probability = _label_rule(a, order)
    sigma = math.sqrt(1.0 - m * m)
    # For complex S the labels run along a ray above the real axis, away from the branch points A = 0, which come close
    # to it next to a hard edge: the average over y is analytic between the two.
    ray = np.exp(1j * _RAY)
    ray_probability = label_probability * np.exp(0.5 * label**2 * (1.0 - ray**2)) * ray

    def rule(s: Values, signal: bool) -> Values:
        turned = np.iscomplexobj(s)
        t = label * ray if turned else label
        probability = ray_probability if turned else label_probability
        results = np.empty((4 if signal else 2, len(s)), dtype=np.result_type(s, np.float64))
        rows = max(1, _SMALL_CHUNK // order)
        for start in range(0, len(s), rows):
            part = slice(start, start + rows)
            denominator = 6.0 * prefactor * s[part, None]
            factor = (a + t * t) / denominator
            squared_pole = factor - t * t / 3.0
            averages: tuple[Values, ...]
            if turned or m != 0.0:
                # The branch Re c > 0, continued beyond the upper half-plane of S on both sides of it.
                c = np.exp(-0.25j * np.pi) * np.sqrt(1j * squared_pole)
            else:
                c = np.sqrt(squared_pole)
            if m == 0.0:
                averages = _centred_averages(c)
                if signal:
                    averages = (*averages, t * t * averages[0], t * t * averages[1])
            else:
                general = _lorentzian_averages(c, m * t, sigma)
                averages = general[:2]
                if signal:
                    averages = (*averages, *_with_signal(general, c, t, m))
            weighted = factor * probability
            for k in range(0, len(results), 2):
                # r = 1 - R, r^2 = 1 - 2R + R^2, with R = 1/(1 + g S) and E u^2 = 1.
                plain = np.einsum("sn,sn->s", weighted, averages[k])
                squared = np.einsum("sn,sn->s", weighted * factor, averages[k + 1])
                for row, value in ((k, 1.0 - plain), (k + 1, 1.0 - 2.0 * plain + squared)):
                    results[row, part] = value if turned else value.real
        return results

    return rule


def _centred_averages(c: Values) -> tuple[Values, ...]:
    """E[L], E[L^2] over y ~ N(0, 1), for L = 1/(c^2 + y^2), Re c > 0: E L = sqrt(pi/2) erfcx(c/sqrt 2)/c."""
    from scipy.special import erfcx

    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / c
        plain = math.sqrt(math.pi / 2.0) * erfcx(c * math.sqrt(0.5)) * inverse
        inverse *= inverse
        # E L^2 = (E L (1 - c^2) + 1)/(2 c^2).
        squared = 0.5 * (plain * (inverse - 1.0) + inverse)
    # Far poles: the closed forms cancel, and a Gauss-Hermite rule is exact to rounding.
    far = c.real * c.real + c.imag * c.imag > _FAR_POLE**2
    if far.any():
        nodes, weights = _hermite()
        half = nodes > 0.0
        lorentzian = 1.0 / (c[far] ** 2 + nodes[half, None] ** 2)
        plain[far] = 2.0 * weights[half] @ lorentzian
        squared[far] = 2.0 * weights[half] @ lorentzian**2
    return plain, squared


def _lorentzian_averages(
    c: ComplexArray, mean: Values, sigma: float
) -> tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray]:
    """E[L], E[L^2], E[y L], E[y L^2] over y ~ N(mean, sigma^2), for L = 1/(c^2 + y^2), Re c > 0.

    With w the Faddeeva function and z+- = (i c +- mean)/(sigma sqrt 2): E 1/(y - i c) = i sqrt(pi/2)/sigma w(z-).
    """
    from scipy.special import wofz

    mean = np.asarray(np.broadcast_to(mean, c.shape), dtype=np.complex128)
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
    # Far poles: the closed forms cancel, and a Gauss-Hermite rule is exact to rounding.
    far = np.abs(c) > _FAR_POLE + np.abs(mean)
    if far.any():
        plain[far], squared[far], odd[far], odd_squared[far] = _far_averages(c[far], mean[far], sigma)
    return plain, squared, odd, odd_squared


def _far_averages(c: ComplexArray, mean: Values, sigma: float) -> ComplexArray:
    """E[L], E[L^2], E[y L], E[y L^2] by a Gauss-Hermite rule."""
    sums = np.zeros((4, len(c)), dtype=np.complex128)
    pole = c * c
    for node, weight in zip(*_hermite(), strict=True):
        y = mean + sigma * node
        lorentzian = 1.0 / (pole + y * y)
        term = weight * lorentzian
        sums += np.stack([term, term * lorentzian, y * term, y * term * lorentzian])
    return sums


def _with_signal(
    averages: tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray],
    c: ComplexArray,
    t: Values,
    m: float,
) -> tuple[ComplexArray, ComplexArray]:
    """E[u^2 L] and E[u^2 L^2] over y, u = (t - m y)/sqrt(1 - m^2); y^2 L = 1 - c^2 L."""
    plain, squared, odd, odd_squared = averages
    rest = 1.0 - m * m
    return (
        (t * t * plain - 2.0 * m * t * odd + m * m * (1.0 - c * c * plain)) / rest,
        (t * t * squared - 2.0 * m * t * odd_squared + m * m * (plain - c * c * squared)) / rest,
    )


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
        return node_rule(curvature, 2.0 * u * u, np.full(count, 1.0 / count))

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
    for order in (12, 10):
        y, t, probability = _plane(loss, m, order)
        signal = (t - m * y) ** 2 / (1.0 - m * m)
        rules.append(node_rule(loss.curvature(y, t), signal, probability))
        if order == 12:
            force = float(np.einsum("n,n->", probability, loss.slope(y, t) * y))
            energy = float(np.einsum("n,n->", probability, loss.value(y, t)))
    bound = loss.curvature_bound
    name = f"{loss.name}, start at overlap {m:g}"
    return CurvatureLaw(name, bound, m, force, energy, (rules[0], rules[1]))


def _plane(loss: Loss, m: float, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes (y, t) and probabilities of the correlated Gaussian, folded with (y, t) -> (-y, -t)."""
    y_rule = legendre_rule(graded_edges(min(loss.scale, 0.1), 10.0, widest=0.5), order)
    t_rule = legendre_rule(graded_edges(loss.scale, 10.0, loss.label_breakpoints), order)
    t, t_weight = t_rule.nodes, t_rule.weights
    if m != 0.0:
        t, t_weight = np.concatenate([-t[::-1], t]), np.concatenate([t_weight[::-1], t_weight])
    grid_y, grid_t = np.meshgrid(y_rule.nodes, t, indexing="ij")
    sigma = math.sqrt(1.0 - m * m)
    density = normal_density(grid_t) * normal_density((grid_y - m * grid_t) / sigma) / sigma
    probability = (2.0 if m != 0.0 else 4.0) * density * y_rule.weights[:, None] * t_weight
    keep = probability > 1e-22
    return grid_y[keep], grid_t[keep], probability[keep]
