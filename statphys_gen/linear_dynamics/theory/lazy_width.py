r"""The lazy phase at any width, also below the dimension.

For the centred network A(t) - A(0) and a target that is small against the threshold c, the kernels W1^T W1 and W2 W2^T
do not move, and the residual is R(t) = exp(-C2 t) R(0) exp(-C1 t). Both kernels are c times a Marchenko-Pastur matrix
of ratio g = d/w, mean 1, with an atom 1 - 1/g at 0 for g > 1. For an isotropic R(0)

    |R(t)|^2/|R(0)|^2 = phi(2 c t)^2,    phi(z) = E exp(-z mu).

Without centring A(0) has the size 2 c sqrt(d/w), which is not small, and the formula fails by several percent.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...numerics.quadrature import integrate

_SOURCE = "derivations/linear_dynamics/lazy.py"
_LATE = 1e20  # z sqrt(g) from which sin(phi) is phi to rounding wherever exp(-z mu) is not 0
_VALID = "for d -> infinity at fixed w/d, a centred network, and a target small against the threshold"


def _law(ratio: float) -> tuple[float, float]:
    """(1 - sqrt(g))^2 and sqrt(g) of the law of Marchenko and Pastur: mu = (1 - sqrt(g))^2 + 4 sqrt(g) sin(phi)^2."""
    root = math.sqrt(ratio)
    return (abs(1.0 - ratio) / (1.0 + root)) ** 2, root


def _average(
    ratio: float, z: FloatArray, function: Callable[[FloatArray, FloatArray], FloatArray]
) -> FloatArray:
    """Mean of a positive function of (z, mu - lower edge) over the continuous part of the law, for z of shape (m,)."""
    edge, root = _law(ratio)

    def integrand(phi: FloatArray) -> FloatArray:
        above = 4.0 * root * np.sin(phi) ** 2
        # In units of sqrt(g), so that neither very narrow nor very wide networks leave the range.
        density = np.sin(2.0 * phi) ** 2 * (root / (edge + above))
        return np.asarray(density * function(z[:, None], above))

    with np.errstate(over="ignore", divide="ignore"):
        # The line of the lowest edge has a tail over many times its width.
        line = math.sqrt(edge) * 10.0 ** np.arange(-1.0, 10.0)
        scales = np.concatenate([line, np.outer(z**-0.5, [0.1, 1.0, 10.0]).ravel()])
        points = scales / math.sqrt(4.0 * root)
        points = np.unique(points[(points > 0.0) & (points < np.pi / 2.0)])
        found = integrate(
            integrand, 0.0, np.pi / 2.0, width=0.5, tolerance=1e-12, relative=True, breakpoints=points
        ).value
    return np.asarray(4.0 / np.pi / root * found)


def _decay_above(ratio: float, z: FloatArray) -> FloatArray:
    """Mean of exp(-z (mu - lower edge)) over the continuous part of the law."""
    edge, root = _law(ratio)
    found = np.empty_like(z)
    late = z > _LATE / root
    if not late.all():
        found[~late] = _average(ratio, z[~late], lambda z, above: np.exp(-z * above))
    # Only the lowest part of the law is left, sqrt(x)/(edge + x) dx: an integral over a Gaussian.
    with np.errstate(over="ignore", under="ignore"):
        size = math.sqrt(math.pi) * root**1.5 * np.sqrt(z[late])
        found[late] = _gaussian_part(math.sqrt(edge) * np.sqrt(z[late])) / size
    return found


def _gaussian_part(y: FloatArray) -> FloatArray:
    """1 - sqrt(pi) y exp(y^2) erfc(y) = (2/sqrt(pi)) int_0^inf x^2/(x^2 + y^2) exp(-x^2) dx."""
    from scipy.special import erfcx

    with np.errstate(over="ignore"):
        small, square = np.minimum(y, 8.0), 1.0 / (2.0 * np.maximum(y, 8.0) ** 2)
    series = np.zeros_like(square)
    for k in range(20, 0, -1):  # square (1 - 3 square (1 - 5 square (...)))
        series = square * (1.0 - (2 * k + 1) * series)
    return np.where(y < 8.0, 1.0 - math.sqrt(math.pi) * small * erfcx(small), series)


def _decay(ratio: float, z: FloatArray) -> FloatArray:
    """E exp(-z mu)."""
    edge, _ = _law(ratio)
    # Relative to the slowest direction, so that late times keep their digits.
    with np.errstate(over="ignore"):
        return np.asarray(max(0.0, 1.0 - 1.0 / ratio) + np.exp(-z * edge) * _decay_above(ratio, z))


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def lazy_relative_loss(width_ratio: float, scaled_time: ArrayLike) -> FloatArray:
    """|R(t)|^2/|R(0)|^2 of the residual: how much of the train loss is left.

    Parameters
    ----------
    width_ratio : w/d, in [1e-300, 1e300].
    scaled_time : c t, at least 0, of any shape.
    """
    ratio = 1.0 / validation.inside("width_ratio", width_ratio, 1e-300, 1e300, closed=True)
    time = validation.array("scaled_time", scaled_time, at_least=0.0)
    with np.errstate(over="ignore"):
        z = np.minimum(2.0 * time.ravel(), np.finfo(np.float64).max)
    return np.asarray(_decay(ratio, z).reshape(time.shape) ** 2)


@states("exact as N -> infinity", _VALID, source=_SOURCE, verification="derived and simulated")
def lazy_noise_error(width_ratio: float, scaled_time: ArrayLike) -> FloatArray:
    """|A(t) - A(0)|^2/|T|^2 of a target that is noise alone: 1 - 2 phi(c t)^2 + phi(2 c t)^2, its test error.

    Arguments as for :func:`lazy_relative_loss`.
    """
    ratio = 1.0 / validation.inside("width_ratio", width_ratio, 1e-300, 1e300, closed=True)
    time = validation.array("scaled_time", scaled_time, at_least=0.0)
    flat = time.ravel()
    # E (1 - (1 - f)(1 - f'))^2 over two independent eigenvalues, f = 1 - exp(-c t mu): early, both moments are small.
    edge, root = _law(ratio)

    def learned(z: FloatArray, above: FloatArray) -> FloatArray:
        return np.asarray(-np.expm1(-z * (edge + above)))

    first, second = np.empty_like(flat), np.empty_like(flat)
    late = flat > _LATE / root
    if not late.all():
        first[~late] = _average(ratio, flat[~late], learned)
        second[~late] = _average(ratio, flat[~late], lambda z, above: learned(z, above) ** 2)
    # Then hardly anything of the continuous part is left.
    with np.errstate(over="ignore", under="ignore"):
        z = np.minimum(flat[late], np.finfo(np.float64).max / 2.0)
        once, twice = (np.exp(-k * z * edge) * _decay_above(ratio, k * z) for k in (1.0, 2.0))
    first[late] = min(1.0, 1.0 / ratio) - once
    second[late] = min(1.0, 1.0 / ratio) - 2.0 * once + twice
    found = 2.0 * second + second**2 + 2.0 * first**2 - 4.0 * first * second
    return np.asarray(found.reshape(time.shape))
