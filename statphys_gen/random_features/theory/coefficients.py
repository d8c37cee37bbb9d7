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
-> 0) costs accuracy: closed forms for erf, sin, relu, sign, linear and polynomials; for other activations see
:mod:`~statphys_gen.random_features.theory.dual_kernel`.

Source: Bonnaire et al., arXiv 2505.17638, equations 12-14 (with Gamma^2 for their Gamma_t);
derivations/random_features/dual_kernel.py.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import noising, validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import dataset
from ...numerics.quadrature import legendre_rule
from ...presentation import Tabular
from ..model import Activation, RandomFeatures
from .dual_kernel import Point, from_series, general

if TYPE_CHECKING:
    import xarray

_SOURCE = "arXiv 2505.17638, equations 12-14; derivations/random_features/dual_kernel.py"
# Of E sigma^2; products of several such numbers are formed.
_SMALLEST_MOMENT = 1e-60


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


@states(
    "exact",
    "definition; relative accuracy 1e-12, or 1e-14 of sqrt(E sigma^2) in v_t and s_t",
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
    AccuracyNotReached : the averages over the activation do not converge: a kink, a jump, or a feature narrower than
        about 1e-4 Gamma that is not among its breakpoints; or a peak whose place x and width w are such that rounding x
        matters, w below about 3e-5 |x|.
    InvalidArgument : E sigma^2 is too large, too small, or does not exist.
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
def _point(activation: Activation, gamma2: float, rho: float, delta: float) -> Point:
    """``delta`` is 1 - rho, known better than by subtraction."""
    if activation.polynomial is not None:
        c = _polynomial_series(activation.polynomial, gamma2)
        return from_series(c, rho, delta)
    closed = _CLOSED.get(activation.name)
    if closed is not None and activation == Activation.named(activation.name):
        return closed(gamma2, rho, delta)
    return general(activation, gamma2, rho, delta)


# --------------------------------------------------------------------------------------------------- closed forms


def _positive_integral(function: Callable[[FloatArray], FloatArray], start: float, width: float) -> float:
    """Integral of a smooth positive function over [start, start + width], a few radians at most."""
    rule = legendre_rule([0.0, 0.25, 0.5, 1.0], 20)
    return float(width * (rule.weights @ function(start + width * rule.nodes)))


def _arcsine(x: float, rest: float, rho: float, delta: float, c1: float, second_moment: float) -> Point:
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
    return Point(
        0.0,
        c1,
        0.0,
        second_moment,
        factor * _positive_integral(integrand, 0.0, angle),
        factor * _positive_integral(integrand, angle, width),
    )


def _erf(gamma2: float, rho: float, delta: float) -> Point:
    x = 2.0 * gamma2 / (1.0 + 2.0 * gamma2)
    return _arcsine(
        x,
        1.0 / (1.0 + 2.0 * gamma2),
        rho,
        delta,
        math.sqrt(2.0 / math.pi * x),
        2.0 / math.pi * math.asin(x),
    )


def _sign(gamma2: float, rho: float, delta: float) -> Point:
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


def _sin(gamma2: float, rho: float, delta: float) -> Point:
    shared = math.exp(-gamma2 * delta) * _sinh_excess(gamma2 * rho)
    half, middle = 0.5 * gamma2 * delta, 0.5 * gamma2 * (1.0 + rho)
    # 4 sinh(half) sinh(middle/2)^2 + 2 (sinh(half) - half), times exp(-half - middle).
    fresh = -math.expm1(-2.0 * half) * 0.5 * math.expm1(-middle) ** 2
    fresh += 2.0 * math.exp(-middle) * _sinh_excess(half)
    return Point(
        0.0,
        math.sqrt(gamma2) * math.exp(-0.5 * gamma2),
        0.0,
        -0.5 * math.expm1(-2.0 * gamma2),
        shared,
        fresh,
    )


def _relu(gamma2: float, rho: float, delta: float) -> Point:
    # asin(rho) and its complement.
    angle = math.atan2(rho, math.sqrt(delta * (1.0 + rho)))
    opening = 2.0 * math.asin(math.sqrt(0.5 * delta))
    factor = gamma2 / (2.0 * math.pi)
    return Point(
        math.sqrt(factor),
        0.5 * math.sqrt(gamma2),
        0.5 * math.sqrt(gamma2 / math.pi),
        0.5 * gamma2,
        factor * _positive_integral(lambda x: x * np.cos(x), 0.0, angle),
        factor * _positive_integral(lambda x: (0.5 * math.pi - x) * np.sin(x), 0.0, opening),
    )


_CLOSED: dict[str, Callable[[float, float, float], Point]] = {
    "erf": _erf,
    "sin": _sin,
    "relu": _relu,
    "sign": _sign,
}


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
