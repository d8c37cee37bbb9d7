r"""Where steps are needed: densities of the errors over log S.

A first-order step of log-size L = log(S/S') differs from the exact flow by (L^2/2) dD/dlog S. To leading order in L

    log ratio of a detail = -(1/2) sum_k L_k^2 u(1-u),    u = lambda/(S^2 + lambda),
    error of the weight   =  (1/2) sum_k L_k^2 e_w(S_k),
    e_w = rho [-(v*/q - T) Q2 - (1 - T^2)(v*/q + T) Q1^2],    T = tanh(h + v*),

with delta half the difference of the class means, q = sum delta^2/t, Q1 = sum delta^2 (1-u)/t, Q2 = sum delta^2
u(1-u)/t,
t = S^2 + lambda, v* the point of p N(q, q) + (1-p) N(-q, q) above which the share of the data on the side of the first
class lies (the (1-p)-quantile, for classes that do not overlap) and rho the density there. The best density of steps
for an error sum_k L_k^2 e/2 is that of sqrt(e), and the error that is left (area)^2/(2K).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ..model import TwoClasses
from .common_covariance import ClassSpectrum
from .start import Boundary, boundary, edge_of

_SOURCE = "derivations/schedules/error_density.py"
_LOWEST, _HIGHEST = -3.0, 7.0  # of log(S/|m|) in the area of the weight, of classes far apart
_FARTHEST = 40.0
_NODES = 20_001


class Signal(NamedTuple):
    """Sums over directions at each noise level, of its shape."""

    q: FloatArray
    first: FloatArray
    second: FloatArray


def spectrum_of(classes: TwoClasses) -> ClassSpectrum:
    """Two isotropic classes seen from their spectrum."""
    square, p = classes.squared_norm, classes.weight
    products = np.array([[[square, -square], [-square, square]]])
    return ClassSpectrum(
        np.array([p, 1.0 - p]),
        np.array([classes.variance]),
        np.array([float(classes.dimension)]),
        products,
        by_sign=True,
    )


def meeting_of(spectrum: ClassSpectrum, a: int = 0, b: int = 1) -> Boundary:
    """Where two of the classes meet in the data themselves."""
    p = float(spectrum.weights[a] / (spectrum.weights[a] + spectrum.weights[b]))
    return boundary(
        p, math.sqrt(largest_signal(spectrum, spectrum.half_difference(a, b))), by_sign=spectrum.by_sign
    )


def largest_signal(spectrum: ClassSpectrum, squares: FloatArray) -> float:
    """q of squared half differences at S = 0."""
    apart = squares > 0.0
    with np.errstate(divide="ignore", over="ignore"):
        return float((squares[apart] / spectrum.eigenvalues[apart]).sum())


def signal_sums(eigenvalues: FloatArray, squares: FloatArray, levels: FloatArray) -> Signal:
    """q, Q1 and Q2 of squared half differences in each eigenspace."""
    spread = levels[..., None] ** 2 + eigenvalues
    u = eigenvalues / spread
    share = squares / spread
    return Signal(share.sum(-1), (share * (1.0 - u)).sum(-1), (share * u * (1.0 - u)).sum(-1))


@states(
    "leading order",
    "in the size of the steps, by ddim or Euler",
    source=_SOURCE,
    verification="derived",
)
def detail_density(noise_level: ArrayLike, variance: float) -> FloatArray:
    """u(1-u): minus twice the log ratio of a detail per squared log-step; the shape of S.

    Parameters
    ----------
    noise_level : S, above 0.
    variance : lambda of the direction, above 0.
    """
    levels = validation.array("noise_level", noise_level, above=0.0)
    u = validation.positive("variance", variance) / (levels**2 + variance)
    return np.asarray(u * (1.0 - u))


@states(
    "leading order",
    "in the size of the steps, by ddim or Euler",
    source=_SOURCE,
    verification="derived",
)
def weight_density(noise_level: ArrayLike, classes: TwoClasses) -> FloatArray:
    """e_w: twice the error of the weight per squared log-step, of the sign of p - 1/2; the shape of S.

    Parameters
    ----------
    noise_level : S, above 0.
    classes : two isotropic classes.
    """
    levels = validation.array("noise_level", noise_level, above=0.0)
    return pair_density(levels, spectrum_of(classes), 0, 1)


def pair_density(levels: FloatArray, spectrum: ClassSpectrum, a: int, b: int) -> FloatArray:
    """e_w of two of several classes, with p = w_a/(w_a + w_b)."""
    p = float(spectrum.weights[a] / (spectrum.weights[a] + spectrum.weights[b]))
    sums = signal_sums(spectrum.eigenvalues, spectrum.half_difference(a, b), levels)
    s = np.sqrt(sums.q)
    w = edge_of(s, p, meeting_of(spectrum, a, b))
    density = _separatrix_density(w, s, p)
    t = np.tanh(0.5 * (np.log(p) - np.log1p(-p)) + s * w)
    ratio = w / s
    found = density * (-(ratio - t) * sums.second - (1.0 - t * t) * (ratio + t) * sums.first**2)
    return np.asarray(found)


def _separatrix_density(w: FloatArray, s: FloatArray, p: float) -> FloatArray:
    """rho, of v at v* = s w."""
    bells = p * np.exp(-0.5 * (w - s) ** 2) + (1.0 - p) * np.exp(-0.5 * (w + s) ** 2)
    return np.asarray(bells / (s * np.sqrt(2.0 * np.pi)))


def weight_sensitivity_of(levels: FloatArray, spectrum: ClassSpectrum) -> FloatArray:
    """chi = rho (1 - T^2) Q1, the change of the weight of two classes per log-odds bias and log S."""
    p = float(spectrum.weights[0])
    sums = signal_sums(spectrum.eigenvalues, spectrum.half_difference(), levels)
    s = np.sqrt(sums.q)
    w = edge_of(s, p, meeting_of(spectrum))
    t = np.tanh(0.5 * (np.log(p) - np.log1p(-p)) + s * w)
    return np.asarray(_separatrix_density(w, s, p) * (1.0 - t * t) * sums.first)


@states(
    "leading order",
    "in the size of the steps, by ddim or Euler",
    source=_SOURCE,
    verification="derived",
)
def feature_area(classes: TwoClasses, feature: str) -> float:
    """Integral over log S of the best density of steps for one feature: K steps leave an error of area^2/(2K).

    Parameters
    ----------
    classes : two isotropic classes.
    feature : "weight", for S between the lower of |m|/e^3 and sigma/e^7 and e^7 times the larger of |m| and sigma,
        beyond which tails of the order S/sigma and |m|/S are left out; or "details", pi/2 whatever the variance.
    """
    validation.choice("feature", feature, ("weight", "details"))
    return area_of(spectrum_of(classes), feature)


def area_of(spectrum: ClassSpectrum, feature: str) -> float:
    """The same of a spectrum; details of several eigenvalues are weighted by variance."""
    if feature == "details":
        positive = spectrum.eigenvalues > 0.0
        values = spectrum.eigenvalues[positive]
        shares = (values * spectrum.multiplicities[positive]) / spectrum.trace
        if len(values) == 1:
            return 0.5 * np.pi
        grid = np.linspace(0.5 * np.log(values[0]) - 40.0, 0.5 * np.log(values[-1]) + 40.0, _NODES)
        u = values / (np.exp(2.0 * grid)[:, None] + values)
        return float(np.sqrt((u * (1.0 - u)) @ shares).sum() * (grid[1] - grid[0]))
    length = 0.5 * np.log(spectrum.half_difference().sum())
    with np.errstate(divide="ignore"):
        smallest, largest = 0.5 * np.log(spectrum.eigenvalues[[0, -1]]) - length
    lowest = max(min(_LOWEST, smallest - _HIGHEST), -_FARTHEST)
    grid = np.linspace(lowest, max(0.0, largest) + _HIGHEST, _NODES)
    values = np.sqrt(np.abs(total_weight_density(np.exp(grid + length), spectrum)))
    # Simpson's rule.
    rule = np.ones(_NODES)
    rule[1:-1:2], rule[2:-1:2] = 4.0, 2.0
    return float(rule @ values * (grid[1] - grid[0]) / 3.0)


def total_weight_density(levels: FloatArray, spectrum: ClassSpectrum) -> FloatArray:
    """|e_w| summed over pairs of classes, each times its share of the data."""
    total = np.zeros_like(levels)
    for a in range(spectrum.classes):
        for b in range(a):
            if spectrum.half_difference(b, a).sum() > 0.0:
                share = float(spectrum.weights[a] + spectrum.weights[b])
                total += share * np.abs(pair_density(levels, spectrum, b, a))
    return total
