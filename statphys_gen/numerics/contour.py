r"""Functions of a random matrix by contour integration of its deterministic resolvent functions.

For a positive spectrum in [lower, upper] that may span many decades, the contour is z = exp(zeta), with zeta
on an ellipse around [log lower, log upper] that stays within |Im zeta| < pi/2. It lies in the right
half-plane, so that filters such as exp(-c z) are bounded on it uniformly in c, and the trapezoidal rule on it
converges geometrically. Only the nodes of the upper half are kept: G(conj z) = conj G(z).

With G(z) = (U - z)^{-1}, ccw contours and f holomorphic inside,

    one-point   <f, w>     = -(1/2 pi i)   oint f(z) w(z) dz                  for w(z)     = tr A G(z)
    two-point   <f x g, T> = (1/2 pi i)^2  oint oint f(z) g(z') T(z, z')      for T(z, z') = tr A G(z) B G(z')

are tr A f(U) and tr A f(U) B g(U). Nothing here knows of a matrix. The mass of a spectral measure, <1, w>,
must be asserted by :func:`require_mass`: a contour that cuts through the spectrum gives wrong numbers without
any other sign.

Source of the contour: the Joukowski map in the logarithm, as in Hale, Higham, Trefethen, SIAM J. Numer. Anal.
46 (2008) 2505.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import ComplexArray, FloatArray
from ..errors import AccuracyNotReached, InvalidArgument

_EPS = float(np.finfo(np.float64).eps)
# Phases of the error of the two rules differ.
_SAFETY = 30.0
# The nodes of the coarser rule, whose weights are three times as large.
_THIRD = slice(1, None, 3)


@dataclass(frozen=True)
class Contour:
    """Nodes of the upper half of a contour around [lower, upper], and weights with -dz/(2 pi i) in them.

    Attributes
    ----------
    lower, upper : the interval that it encloses.
    node, weight : (N/2,) complex; N is a multiple of 6, and every third node is the same rule with N/3 nodes.
    rate : an integrand that is holomorphic off the interval has the error rate^-N, relative to its size.
    """

    lower: float
    upper: float
    node: ComplexArray
    weight: ComplexArray
    rate: float


def logarithmic_contour(
    lower: float,
    upper: float,
    nodes: int | None = None,
    *,
    shift: float = 0.0,
    outside: tuple[float, float] = (-math.inf, math.inf),
    closeness: float = 0.5,
    tolerance: float = 1e-14,
) -> Contour:
    """The contour around [lower, upper], with lower + shift above 0.

    Parameters
    ----------
    nodes : N; by default such that the error of the rule is ``tolerance``. Rounded up to a multiple of 6.
    shift : the contour is z = exp(zeta) - shift; with a positive shift it may enclose 0, and stays in Re z > -shift.
    outside : the nearest parts of the spectrum below and above that are not to be enclosed.
    closeness : where between the interval (0) and the widest ellipse (1) the contour runs, as the exponent of
        its radius. Filters that grow off the real axis want a smaller one, which costs nodes.
    """
    moved = validation.non_negative("shift", shift)
    low = validation.finite("lower", lower) + moved
    high = validation.finite("upper", upper) + moved
    if not 0.0 < low < high:
        raise InvalidArgument("lower", lower, f"above {-moved:g} and below upper = {upper:g}")
    below, above = max(outside[0] + moved, 0.0), outside[1] + moved
    if not (below < low and high < above):
        raise InvalidArgument("outside", outside, f"below {lower:g} and above {upper:g}")
    share = validation.inside("closeness", closeness, 0.0, 1.0)
    half_length = 0.5 * math.log(high / low)
    # Semi-height (R - 1/R)/2 half_length = pi/2, and half-width up to the neighbours.
    largest = math.asinh(0.5 * math.pi / half_length)
    for gap in (low / below if below > 0.0 else math.inf, above / high):
        if math.isfinite(gap):
            largest = min(largest, math.acosh(1.0 + math.log(gap) / half_length))
    radius = share * largest
    rate = math.exp(min(radius, largest - radius))
    if nodes is None:
        nodes = (
            math.ceil(-math.log(validation.inside("tolerance", tolerance, 1e-16, 0.1)) / math.log(rate)) + 6
        )
    count = 6 * math.ceil(validation.integer("nodes", nodes, minimum=6, maximum=20_000) / 6)
    angle = (np.arange(count // 2) + 0.5) * (2.0 * math.pi / count)
    centre = 0.5 * (math.log(low) + math.log(high))
    # (w + 1/w)/2 at w = exp(radius + i angle), and its derivative in the angle.
    zeta = half_length * np.cosh(radius + 1j * angle)
    slope = 1j * half_length * np.sinh(radius + 1j * angle)
    node = np.exp(centre + zeta)
    weight = -(slope * node) * (2.0 * math.pi / count) / (2j * math.pi)
    return Contour(float(lower), float(upper), node - moved, weight, rate)


@dataclass(frozen=True)
class ContourIntegral:
    """Real values with an estimate of their absolute error (truncation of the rule and rounding)."""

    value: FloatArray
    error: FloatArray


def one_point(contour: Contour, function: ArrayLike, transform: ArrayLike) -> ContourIntegral:
    """<f, w>: ``function`` f at the nodes, shape (..., N/2), and ``transform`` w at the nodes, shape (N/2,)."""
    terms = np.asarray(function) * (np.asarray(transform) * contour.weight)
    value = 2.0 * terms.sum(axis=-1).real
    coarse = 6.0 * terms[..., _THIRD].sum(axis=-1).real
    magnitude = 2.0 * np.abs(terms).sum(axis=-1)
    return ContourIntegral(value, _error((contour,), value - coarse, magnitude))


def two_point(
    contours: tuple[Contour, Contour], left: ArrayLike, right: ArrayLike, same: ArrayLike, opposite: ArrayLike
) -> ContourIntegral:
    """<f x g, T> on two contours, which may be the same one.

    f and g at the nodes of the first and the second, shapes (..., N/2) and (..., N'/2); T(z_i, z_j) and T(z_i,
    conj z_j), shapes (N/2, N'/2).
    """
    f = np.asarray(left) * contours[0].weight
    g = np.asarray(right) * contours[1].weight
    tables = np.asarray(same), np.asarray(opposite)

    def total(part: slice, factor: float) -> FloatArray:
        a, b = f[..., part], g[..., part]
        inner = np.matmul(b, tables[0][part, part].T) + np.matmul(b.conj(), tables[1][part, part].T)
        return np.asarray(factor * 2.0 * (a * inner).sum(axis=-1).real)

    value = total(slice(None), 1.0)
    size = np.abs(tables[0]) + np.abs(tables[1])
    magnitude = 2.0 * (np.abs(f) * np.matmul(np.abs(g), size.T)).sum(axis=-1)
    return ContourIntegral(value, _error(contours, value - total(_THIRD, 9.0), magnitude))


def _error(contours: tuple[Contour, ...], difference: FloatArray, magnitude: FloatArray) -> FloatArray:
    """From the difference to the rule with N/3 nodes, whose error is of order rate^(-N/3) instead of rate^-N."""
    gain = max(contour.rate ** (-4.0 / 3.0 * len(contour.node)) for contour in contours)
    return np.asarray(np.abs(difference) * min(1.0, _SAFETY * gain) + 8 * _EPS * magnitude)


def require_mass(
    contour: Contour, transform: ArrayLike, expected: float, name: str, tolerance: float = 1e-9
) -> float:
    """Raise unless the contour encloses the mass ``expected`` of the measure with this transform, <1, w>.

    Returns the deviation, relative to the expected mass if that is above 1.
    """
    mass = one_point(contour, np.ones_like(contour.node), transform)
    deviation = abs(float(mass.value) - expected)
    if not deviation <= tolerance * max(1.0, abs(expected)) + float(mass.error):
        raise AccuracyNotReached(
            f"contour around [{contour.lower:.6g}, {contour.upper:.6g}]: it encloses the mass "
            f"{float(mass.value):.12g} of {name}, not {expected:.12g}; it cuts through a bulk or has too few nodes"
        )
    return deviation / max(1.0, abs(expected))
