r"""The four numbers through which the activation enters: a_t, b_t^2, v_t^2, s_t^2, from one dual kernel.

With Gamma^2 = exp(-2t) sigma_x^2 + D the variance of a noised coordinate, c_k = E[sigma(Gamma z) He_k(z)] /
sqrt(k!), and

    kappa(rho) = E[sigma(Gamma u) sigma(Gamma v)] at correlation rho = sum_k c_k^2 rho^k,    rho_t = exp(-2t)
    sigma_x^2 / Gamma^2,

rho_t is the correlation of two noised copies of the same sample. Then

    a_t   = c_1 / Gamma                                   linear part of the feature
    b_t^2 = c_1^2 D / Gamma^2                             linear response to the noise
    v_t^2 = sum_{k>=2} c_k^2 rho_t^k                      nonlinear part that the draws of one sample share
    s_t^2 = sum_{k>=2} c_k^2 (1 - rho_t^k)                nonlinear part that is fresh in each draw

All are evaluated as sums of positive terms, so that neither a small time (s_t^2 -> 0) nor a large one (v_t^2
-> 0) costs accuracy: closed forms for erf, sin, relu, sign, linear and polynomials; for other activations the
series in k where it converges, and otherwise v_t^2 and s_t^2 as averages of squares.

Source: Bonnaire et al., arXiv 2505.17638, equations 12-14 (with Gamma^2 for their Gamma_t);
derivations/random_features/dual_kernel.py.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import noising, validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...glossary import dataset
from ...numerics.quadrature import Rule, gaussian_average, gaussian_rule, legendre_rule
from ...presentation import Tabular
from ..model import Activation, RandomFeatures

if TYPE_CHECKING:
    import xarray

_SOURCE = "arXiv 2505.17638, equations 12-14; derivations/random_features/dual_kernel.py"
_NEGLIGIBLE = 2e-16
# Of E sigma^2; products of several such numbers are formed.
_SMALLEST_MOMENT = 1e-60
# exp(-z^2/4), which bounds density times normalised Hermite polynomial, is below 1e-18 from here on.
_REACH = 13.0
_LONGEST_SERIES = 1024


class OutlierWarning(UserWarning):
    """The activation is not odd: eigenvalues outside of the bulks exist, see :func:`~.spikes.outliers`."""


@dataclass(frozen=True, repr=False)
class Coefficients(Tabular):
    """Everything that the theory needs to know of the activation, at one or several times (arrays of one shape).

    Attributes
    ----------
    time : t.
    data_variance : sigma_x^2 = Tr Sigma / d.
    signal_variance : exp(-2t) sigma_x^2, the share of the data in a noised coordinate.
    noise_variance : D = 1 - exp(-2t).
    a_t, b_t_squared, v_t_squared, s_t_squared : see the module.
    second_moment : E sigma(Gamma z)^2.
    mean : c_0 = E sigma(Gamma z).
    hermite_two : c_2, which vanishes with ``mean`` for odd activations.
    """

    time: FloatArray
    data_variance: float
    signal_variance: FloatArray
    noise_variance: FloatArray
    a_t: FloatArray
    b_t_squared: FloatArray
    v_t_squared: FloatArray
    s_t_squared: FloatArray
    second_moment: FloatArray
    mean: FloatArray
    hermite_two: FloatArray

    @property
    def nonlinear(self) -> FloatArray:
        """v_t^2 + s_t^2 = E sigma^2 - c_0^2 - c_1^2, the variance of the nonlinear part of a feature."""
        return self.v_t_squared + self.s_t_squared

    def records(self) -> list[dict[str, Any]]:
        names = ("a_t", "b_t_squared", "v_t_squared", "s_t_squared")
        return [
            {"time": float(time)} | {name: float(getattr(self, name).ravel()[k]) for name in names}
            for k, time in enumerate(self.time.ravel())
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along time; several axes of an array of times are numbered."""
        count = self.time.ndim
        axes = ("time",) if count == 1 else tuple(f"time_{k}" for k in range(count))
        arrays = {name: (axes, entry) for name, entry in vars(self).items() if isinstance(entry, np.ndarray)}
        place = {"time": arrays.pop("time"), "data_variance": ((), self.data_variance)}
        return dataset(arrays, place, approximation_of(coefficients))


@dataclass(frozen=True)
class _Point:
    """c_0, c_1, c_2, E sigma^2, v_t^2 and s_t^2 at one time."""

    c0: float
    c1: float
    c2: float
    second_moment: float
    shared: float
    fresh: float


@states(
    "exact",
    "definition; relative accuracy 1e-12",
    source=_SOURCE,
    verification="derived and simulated",
)
def coefficients(activation: Activation | str, time: ArrayLike, data_variance: float = 1.0) -> Coefficients:
    """a_t, b_t^2, v_t^2 and s_t^2 of an activation at diffusion times t.

    Parameters
    ----------
    activation : an Activation or the name of one.
    time : t, above 0 and at most 20; any shape, which the result's fields have.
    data_variance : sigma_x^2 = Tr Sigma / d, above 0.

    Warns
    -----
    OutlierWarning : c_0 or c_2 does not vanish. All results of the theory are for the bulk of the spectrum,
        which is that of the centred activation.

    Raises
    ------
    AccuracyNotReached : the averages over the activation do not converge (a kink that is not among its breakpoints).
    """
    if isinstance(activation, str):
        activation = Activation.named(activation)
    if not isinstance(activation, Activation):
        raise InvalidArgument("activation", activation, "an Activation or the name of one")
    variance = validation.positive("data_variance", data_variance)
    t = validation.array("time", time, above=0.0)
    if (t > 20.0).any():
        raise InvalidArgument("time", float(t.max()), "at most 20")
    signal = np.exp(-2.0 * t) * variance
    noise = noising.noise_variance(t)
    total = signal + noise
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        points = [
            _point(activation, float(g), float(r), float(d))
            for g, r, d in zip(total.flat, (signal / total).flat, (noise / total).flat, strict=True)
        ]
    for point in points:
        if not _SMALLEST_MOMENT <= point.second_moment <= 1.0 / _SMALLEST_MOMENT:
            raise InvalidArgument(
                "activation",
                activation.name,
                f"one with E sigma^2 between {_SMALLEST_MOMENT:g} and {1.0 / _SMALLEST_MOMENT:g} (rescale it); "
                f"it is {point.second_moment:.3g}",
            )

    def field(name: str) -> FloatArray:
        return np.array([getattr(point, name) for point in points]).reshape(t.shape)

    c1 = field("c1")
    result = Coefficients(
        t,
        variance,
        signal,
        noise,
        c1 / np.sqrt(total),
        c1**2 * noise / total,
        field("shared"),
        field("fresh"),
        field("second_moment"),
        field("c0"),
        field("c2"),
    )
    scale = np.sqrt(result.second_moment)
    if (np.abs(result.mean) > 1e-12 * scale).any() or (np.abs(result.hermite_two) > 1e-12 * scale).any():
        warnings.warn(
            f"activation {activation.name!r} is not odd: the results are for the bulk of its centred version; "
            "outliers() reports the eigenvalues beyond",
            OutlierWarning,
            stacklevel=2,
        )
    return result


def model_coefficients(model: RandomFeatures) -> Coefficients:
    """The coefficients of a model, as zero-dimensional arrays, without the warning; a_t = 0 is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutlierWarning)
        result = coefficients(model.activation, model.time, model.covariance.variance)
    if float(result.a_t) ** 2 <= 1e-28 * float(result.second_moment):
        raise InvalidArgument(
            "activation", model.activation.name, "one with a linear part (E sigma' is 0: no score is learnt)"
        )
    return result


@lru_cache(maxsize=1024)
def _point(activation: Activation, gamma2: float, rho: float, delta: float) -> _Point:
    """``delta`` is 1 - rho, known better than by subtraction."""
    if activation.polynomial is not None:
        c = _polynomial_series(activation.polynomial, gamma2)
        return _from_series(c, rho, delta)
    closed = _CLOSED.get(activation.name)
    if closed is not None and activation == Activation.named(activation.name):
        return closed(gamma2, rho, delta)
    return _general(activation, gamma2, rho, delta)


# --------------------------------------------------------------------------------------------------- closed forms


def _positive_integral(function: Callable[[FloatArray], FloatArray], start: float, width: float) -> float:
    """Integral of a smooth positive function over [start, start + width], a few radians at most."""
    rule = legendre_rule([0.0, 0.25, 0.5, 1.0], 20)
    return float(width * (rule.weights @ function(start + width * rule.nodes)))


def _arcsine(x: float, rest: float, rho: float, delta: float, c1: float, second_moment: float) -> _Point:
    """kappa = (2/pi) asin(x rho), where ``rest`` = 1 - x: erf and, at x = 1, sign."""
    cosine_end = math.sqrt(rest * (1.0 + x))
    cosine_start = math.sqrt((rest + x * delta) * (1.0 + x * rho))
    angle = math.atan2(x * rho, cosine_start)
    difference = x * x * delta * (1.0 + rho) / (cosine_start + cosine_end)
    sine = x * (difference + delta * cosine_end)
    width = math.atan2(sine, cosine_start * cosine_end + x * x * rho)

    def integrand(theta: FloatArray) -> FloatArray:
        return 2.0 * np.sin(0.5 * theta) ** 2

    factor = 2.0 / math.pi
    return _Point(
        0.0,
        c1,
        0.0,
        second_moment,
        factor * _positive_integral(integrand, 0.0, angle),
        factor * _positive_integral(integrand, angle, width),
    )


def _erf(gamma2: float, rho: float, delta: float) -> _Point:
    x = 2.0 * gamma2 / (1.0 + 2.0 * gamma2)
    return _arcsine(
        x,
        1.0 / (1.0 + 2.0 * gamma2),
        rho,
        delta,
        math.sqrt(2.0 / math.pi * x),
        2.0 / math.pi * math.asin(x),
    )


def _sign(gamma2: float, rho: float, delta: float) -> _Point:
    return _arcsine(1.0, 0.0, rho, delta, math.sqrt(2.0 / math.pi), 1.0)


def _sinh_excess(y: float) -> float:
    """exp(-y) (sinh y - y), to full relative accuracy."""
    if y > 1.0:
        return 0.5 * -math.expm1(-2.0 * y) - y * math.exp(-y)
    term = total = y**3 / 6.0
    k = 3
    while term > 1e-18 * total:
        term *= y * y / ((k + 1) * (k + 2))
        total += term
        k += 2
    return total * math.exp(-y)


def _sin(gamma2: float, rho: float, delta: float) -> _Point:
    shared = math.exp(-gamma2 * delta) * _sinh_excess(gamma2 * rho)
    half, middle = 0.5 * gamma2 * delta, 0.5 * gamma2 * (1.0 + rho)
    # 4 sinh(half) sinh(middle/2)^2 + 2 (sinh(half) - half), times exp(-half - middle).
    fresh = -math.expm1(-2.0 * half) * 0.5 * math.expm1(-middle) ** 2
    fresh += 2.0 * math.exp(-middle) * _sinh_excess(half)
    return _Point(
        0.0,
        math.sqrt(gamma2) * math.exp(-0.5 * gamma2),
        0.0,
        -0.5 * math.expm1(-2.0 * gamma2),
        shared,
        fresh,
    )


def _relu(gamma2: float, rho: float, delta: float) -> _Point:
    # asin(rho) and its complement.
    angle = math.atan2(rho, math.sqrt(delta * (1.0 + rho)))
    opening = 2.0 * math.asin(math.sqrt(0.5 * delta))
    factor = gamma2 / (2.0 * math.pi)
    return _Point(
        math.sqrt(factor),
        0.5 * math.sqrt(gamma2),
        0.5 * math.sqrt(gamma2 / math.pi),
        0.5 * gamma2,
        factor * _positive_integral(lambda x: x * np.cos(x), 0.0, angle),
        factor * _positive_integral(lambda x: (0.5 * math.pi - x) * np.sin(x), 0.0, opening),
    )


_CLOSED: dict[str, Callable[[float, float, float], _Point]] = {
    "erf": _erf,
    "sin": _sin,
    "relu": _relu,
    "sign": _sign,
}


# ------------------------------------------------------------------------------------------------------- series


def _from_series(c: FloatArray, rho: float, delta: float) -> _Point:
    c = np.concatenate([c, np.zeros(max(0, 3 - len(c)))])
    k = np.arange(2, len(c))
    log_rho = math.log1p(-delta) if delta < 0.5 else math.log(rho)
    squares = c[2:] ** 2
    return _Point(
        float(c[0]),
        float(c[1]),
        float(c[2]),
        float((c**2).sum()),
        float((squares * np.exp(k * log_rho)).sum()),
        float((squares * -np.expm1(k * log_rho)).sum()),
    )


def _polynomial_series(monomials: tuple[float, ...], gamma2: float) -> FloatArray:
    """c_k of sum_j a_j (Gamma z)^j, from z^j = sum_i j! / (2^i i! (j-2i)!) He_{j-2i}(z)."""
    result = np.zeros(len(monomials))
    for j, a in enumerate(monomials):
        for i in range(j // 2 + 1):
            k = j - 2 * i
            weight = (
                math.factorial(j)
                / (2**i * math.factorial(i) * math.factorial(k))
                * math.sqrt(math.factorial(k))
            )
            result[k] += a * gamma2 ** (j / 2.0) * weight
    return result


def _hermite_coefficients(activation: Activation, gamma: float, count: int, rule: Rule) -> FloatArray:
    values = activation(gamma * rule.nodes) * rule.weights
    previous, current = np.zeros_like(values), np.ones_like(values)
    result = np.empty(count)
    for k in range(count):
        result[k] = values @ current
        previous, current = current, (rule.nodes * current - math.sqrt(k) * previous) / math.sqrt(k + 1.0)
    return result


def _line_rule(activation: Activation, gamma: float, count: int, refinement: int) -> Rule:
    """Nodes for E[sigma(Gamma z) h_k(z)], k < count: trapezoid, or panels between the breakpoints."""
    wave = math.sqrt(count) + 10.0 + 12.0 * gamma
    if activation.breakpoints:
        inner = np.clip(np.array(activation.breakpoints) / gamma, -_REACH, _REACH)
        panels = math.ceil(_REACH * wave / 6.0) * refinement
        edges = np.unique(np.concatenate([np.linspace(-_REACH, _REACH, panels + 1), inner]))
        panel = legendre_rule(edges, 24)
        weights = panel.weights * np.exp(-0.5 * panel.nodes**2) / math.sqrt(2.0 * math.pi)
        return Rule(panel.nodes, weights)
    half = math.ceil(_REACH * wave / math.pi) * refinement
    nodes: FloatArray = np.asarray(_REACH / half * np.arange(-half, half + 1), dtype=np.float64)
    weights = np.exp(-0.5 * nodes**2) * (_REACH / half / math.sqrt(2.0 * math.pi))
    return Rule(nodes, weights)


@lru_cache(maxsize=256)
def _series(activation: Activation, gamma2: float, count: int) -> tuple[FloatArray, float]:
    """c_k for k < count, converged in the nodes, and E sigma^2."""
    gamma = math.sqrt(gamma2)
    previous, refinement = None, 1
    while refinement <= 64:
        rule = _line_rule(activation, gamma, count, refinement)
        c = _hermite_coefficients(activation, gamma, count, rule)
        moment = float(rule.weights @ activation(gamma * rule.nodes) ** 2)
        if previous is not None and np.abs(c - previous).max() <= 1e-14 * math.sqrt(moment):
            return c, moment
        previous, refinement = c, 2 * refinement
    raise AccuracyNotReached(
        f"activation {activation.name!r}: Gaussian averages do not converge; declare its kinks and jumps as breakpoints"
    )


def _general(activation: Activation, gamma2: float, rho: float, delta: float) -> _Point:
    count = 64
    while count <= _LONGEST_SERIES:
        c, moment = _series(activation, gamma2, count)
        tail = float(np.abs(c[-8:]).max())
        if not activation.breakpoints and tail <= _NEGLIGIBLE * math.sqrt(moment):
            return _from_series(c, rho, delta)
        shared = float((c[2:] ** 2 * np.exp(np.arange(2, count) * math.log(rho))).sum())
        if moment * rho**count <= _NEGLIGIBLE * shared:
            fresh = moment - c[0] ** 2 - c[1] ** 2 - shared
            return _Point(float(c[0]), float(c[1]), float(c[2]), moment, shared, fresh)
        if rho > 0.9 and activation.breakpoints:
            break
        # Where coefficients that fall like exp(-k^(1/2)), or the powers of rho, will have become negligible.
        needed = math.log(_NEGLIGIBLE * shared / moment) / math.log(rho)
        if not activation.breakpoints and tail < 0.1 * math.sqrt(moment):
            ratio = math.log(_NEGLIGIBLE) / math.log(tail / math.sqrt(moment))
            needed = min(needed, count * ratio**2)
        count = max(2 * count, 64 * math.ceil(min(1.1 * needed, _LONGEST_SERIES) / 64))
    c, moment = _series(activation, gamma2, 64)
    shared, fresh = _averages_of_squares(activation, gamma2, rho, delta, float(c[0]), float(c[1]))
    return _Point(float(c[0]), float(c[1]), float(c[2]), moment, shared, fresh)


# -------------------------------------------------------------------------------------------- averages of squares


def _averages_of_squares(
    activation: Activation, gamma2: float, rho: float, delta: float, c0: float, c1: float
) -> tuple[float, float]:
    r"""v^2 = E_u (g - c_0 - c_1 sqrt(rho) u)^2 and s^2 = E_u E_y (sigma - g - c_1 sqrt(1-rho) y)^2.

    Here sigma = sigma(Gamma (sqrt(rho) u + sqrt(1-rho) y)) and g(u) = E_y sigma.
    """
    gamma, signal, fresh = math.sqrt(gamma2), math.sqrt(rho), math.sqrt(delta)

    def squares(u: FloatArray, refinement: int) -> FloatArray:
        rule = _fresh_rule(activation, gamma, signal * u, fresh, refinement)
        y, weights = np.broadcast_to(rule.nodes, (len(u), rule.nodes.shape[-1])), rule.weights
        values = activation(gamma * (signal * u[:, None] + fresh * y))
        middle = (values * weights).sum(axis=1)
        rest = values - middle[:, None] - c1 * fresh * y
        return np.stack([(middle - c0 - c1 * signal * u) ** 2, (rest**2 * weights).sum(axis=1)])

    places = np.array(activation.breakpoints) / (gamma * signal)
    places = places[np.abs(places) < 12.0]
    # The shared part varies over the width of the fresh one, which the panels are graded towards.
    ladder = fresh / signal * np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    breakpoints = np.unique(np.concatenate([(places[:, None] + s * ladder).ravel() for s in (-1, 1)]))
    previous = None
    for refinement in (1, 2, 4, 8):
        average = gaussian_average(
            partial(squares, refinement=refinement),
            slope=max(1.0, gamma * signal),
            steepness=gamma * signal,
            tolerance=1e-13,
            relative=True,
            breakpoints=breakpoints,
            limits=(-12, 12),
        )
        value = average.value
        if previous is not None and (np.abs(value - previous) <= 3e-13 * np.abs(value)).all():
            return float(value[0]), float(value[1])
        previous = value
    raise AccuracyNotReached(
        f"activation {activation.name!r}: average over the noise does not converge; declare its kinks as breakpoints"
    )


def _fresh_rule(
    activation: Activation, gamma: float, shift: FloatArray, fresh: float, refinement: int
) -> Rule:
    """Nodes in y for each shift; the breakpoints of sigma(Gamma (shift + fresh y)) depend on the shift."""
    if not activation.breakpoints:
        rule = gaussian_rule(max(1.0, gamma * fresh) * refinement, 1e-15)
        return Rule(rule.nodes, rule.weights)
    reach = 9.5
    inner = (np.array(activation.breakpoints) / gamma - shift[:, None]) / fresh
    grid = np.linspace(-reach, reach, 8 * refinement + 1)
    edges = np.concatenate(
        [np.broadcast_to(grid, (len(shift), grid.size)), np.clip(inner, -reach, reach)], axis=1
    )
    panel = legendre_rule(np.sort(edges, axis=1), 24)
    weights = panel.weights * np.exp(-0.5 * panel.nodes**2)
    return Rule(panel.nodes, weights / weights.sum(axis=1, keepdims=True))
