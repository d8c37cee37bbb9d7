r"""The smoothed training set x_i + h z: how many of its points look like copies, and how wide h is if so many do.

Training points of density rho in D dimensions, a Poisson process; z ~ N(0, 1) in each of them, R = |z|. With
s = rho V_D h^D and the volume V_D of the unit ball, the own point is nearest and no other within R h/k with probability
exp(-s R^D/k^D); otherwise another is nearest, and near enough with probability k^D (1 - exp(-s R^D)). Hence

    f = L(s/k^D) + k^D (1 - L(s)),   L(s) = E exp(-s R^D),

which falls from 1 to k^D as h grows, and depends on h rho^{1/D} alone, the width in spacings.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached
from ...numerics.roots import bracketed
from ...solution import Solution
from .nulls import SOURCE

# Below, the logarithm of R spreads over 1/D, and the rule would need as many nodes.
_SMALLEST_DIMENSION, _LARGEST_DIMENSION = 1e-2, 1e3
# Of log s: 1 - L is rounding below, L below above.
_LOWEST, _HIGHEST = -80.0, 690.0


def _accuracy(dimension: float) -> float:
    """Of L, relative: logarithms of the integrand are of the order of D log D and are rounded."""
    return 1e-12 + 1e-14 * dimension


def _lowest(dimension: float) -> float:
    """Where s R^D is rounding for every R that occurs."""
    return _LOWEST - dimension * math.log(math.sqrt(dimension) + 10.0)


def _log_volume(dimension: float) -> float:
    """log V_D."""
    return 0.5 * dimension * math.log(math.pi) - float(gammaln(0.5 * dimension + 1.0))


def _transform(log_s: FloatArray, dimension: float) -> FloatArray:
    """L(s) by the trapezoidal rule in log R, which converges exponentially in a strip of width pi/max(D, 2).

    Raises
    ------
    AccuracyNotReached : two rules with other nodes differ.
    """
    step = 0.2 / max(dimension, 2.0)
    constant = math.log(2.0) * (1.0 - 0.5 * dimension) - float(gammaln(0.5 * dimension))
    bulk, far = 0.5 * math.log(dimension) - 9.0 / math.sqrt(dimension), math.log(math.sqrt(dimension) + 10.0)
    found = np.empty_like(log_s)
    for k, value in enumerate(log_s.tolist()):
        fall = -value / dimension  # where s R^D = 1
        x = np.arange(min(bulk, fall) - 45.0 / dimension, min(far, fall + 7.0 / dimension) + step, 0.5 * step)
        # Beyond exp(700) nothing is left.
        exponent = np.minimum(value + dimension * x, 700.0)
        terms = np.exp(constant + dimension * x - 0.5 * np.exp(2.0 * x) - np.exp(exponent))
        first, second = step * terms[::2].sum(), step * terms[1::2].sum()
        found[k] = 0.5 * (first + second)
        if not abs(first - second) <= _accuracy(dimension) * found[k] + 1e-300:
            raise AccuracyNotReached(
                f"E exp(-s R^D) at D = {dimension:g}, log s = {value:g}: two rules differ by {abs(first - second):.1g}"
            )
    return np.minimum(found, 1.0)


def _fraction(log_s: FloatArray, dimension: float, ratio: float) -> FloatArray:
    q = ratio**dimension
    near = _transform(log_s - dimension * math.log(ratio), dimension)
    return near + q * (1.0 - _transform(log_s, dimension))


def _checked(dimension: float, ratio: float) -> tuple[float, float]:
    d = validation.inside("dimension", dimension, _SMALLEST_DIMENSION, _LARGEST_DIMENSION)
    return d, validation.inside("ratio", ratio, 0.0, 1.0)


@states("exact", "Poisson points, uniform around each", source=SOURCE, verification="derived and simulated")
def smoothed_fraction(
    dimension: float, ratio: float, point_density: float, smoothing_width: ArrayLike
) -> FloatArray:
    """Fraction of points of a smoothed training set that lie nearer to one point than ``ratio`` times to the second.

    Parameters
    ----------
    dimension : D in (0.01, 1000); need not be an integer.
    ratio : k in (0, 1).
    point_density : rho, points in a unit of volume, above 0.
    smoothing_width : h, at least 0; any shape.

    Raises
    ------
    AccuracyNotReached : the quadrature differs by more than 1e-12 + 1e-14 D from one with other nodes.
    """
    d, k = _checked(dimension, ratio)
    rho = validation.positive("point_density", point_density)
    width = validation.array("smoothing_width", smoothing_width, at_least=0.0)
    found = np.ones(width.shape)
    wide = width > 0.0
    log_s = math.log(rho) + _log_volume(d) + d * np.log(width[wide])
    found[wide] = _fraction(np.clip(log_s, -1e9, _HIGHEST), d, k)
    return found


@states("exact", "Poisson points, uniform around each", source=SOURCE, verification="derived and simulated")
def smoothing_width(fraction: ArrayLike, dimension: float, ratio: float = 1.0 / 3.0) -> Solution:
    """The width of smoothing, in spacings, at which a given fraction of points looks like copies.

    Parameters
    ----------
    fraction : f, in (0, 1); any shape.
    dimension, ratio : D and k, as for :func:`smoothed_fraction`.

    Field ``width_in_spacings``, h rho^{1/D}. *No solution* where the fraction is at most k^D, its least value.
    """
    d, k = _checked(dimension, ratio)
    wanted = validation.array("fraction", fraction, above=0.0)
    if (wanted >= 1.0).any():
        validation.inside("fraction", float(wanted.max()), 0.0, 1.0)
    shift = _log_volume(d)

    def difference(x: FloatArray, target: FloatArray) -> FloatArray:
        return _fraction(d * x + shift, d, k) - target

    found = bracketed(
        difference,
        (_lowest(d) + d * math.log(k) - shift) / d,
        (_HIGHEST - shift) / d,
        parameters=[wanted],
        tolerance=1e-12 + 2.0 * _accuracy(d),
        name="log_width",
        residual_error=2.0 * _accuracy(d),
    )
    width = np.exp(found["log_width"])
    return Solution(
        {"width_in_spacings": width},
        found.status,
        found.residual,
        np.where(found.good, width * found.error, np.nan),
        found.iterations,
        smoothing_width.approximation,  # type: ignore[attr-defined] # put there by states
    )
