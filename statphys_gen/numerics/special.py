"""Functions of the Gaussian and of the hyperbolic cosine that stay accurate in their tails.

All take real arrays (or numbers), work element by element in float64 and return float64; infinities are
legitimate arguments wherever the limit exists, NaN goes through. What scipy already does well is not repeated
here: use ``scipy.special.log_ndtr`` for the logarithm of the normal distribution function,
``scipy.special.logsumexp`` (with ``b`` for weights), ``scipy.special.erfcx`` and ``scipy.special.expit``.

The accuracies in the docstrings are relative errors against 50-digit values that
``tests/reference/numerics_special.py`` computes from the definitions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, erfcx, log_ndtr, ndtr

from .. import validation
from ..arrays import FloatArray

_SQRT_HALF = float(np.sqrt(0.5))
# Below u = 0 the mean u + phi(u)/Phi(u) of the truncated normal is a difference of close numbers: it is
# interpolated down to u = -3 and computed from a continued fraction beyond.
_FAR_TAIL = 3.0
# Chebyshev coefficients of mean (first) and variance (second) on -3 < u < 0, from 50-digit values, the series
# cut at 2e-18. The tests compute them again.
_MIDDLE_TABLE = np.array(
    [
        [0.4885659702067296, 0.18286918473102468],
        [-0.24899371358354006, -0.14113465756627977],
        [0.05091581945379481, 0.03374675135066263],
        [-0.008339245473925066, -0.005359139022826938],
        [0.0010190991404158392, 0.00038976945496236486],
        [-6.37498441328789e-05, 7.605639272420479e-05],
        [-8.60016185539193e-06, -3.5229505923494475e-05],
        [3.6883344859620867e-06, 7.255097881069351e-06],
        [-6.826488601357862e-07, -8.050507211816659e-07],
        [7.00052787516691e-08, -2.6489960379035622e-08],
        [1.3270361528967942e-09, 3.5012623838363174e-08],
        [-2.3022800496332906e-09, -8.796145007078366e-09],
        [5.467383560381345e-10, 1.2458497770749105e-09],
        [-7.349470224810128e-11, -4.833131046821397e-11],
        [3.084149016738623e-12, -2.8058395225511803e-11],
        [1.323200468116911e-12, 9.239471177573664e-12],
        [-4.269090578142621e-13, -1.5943858631735872e-12],
        [7.103633982341318e-14, 1.3207794420273816e-13],
        [-5.857073288034151e-15, 1.5771172823778122e-14],
        [-5.522917614037417e-16, -8.491814710081472e-15],
        [3.106620326017642e-16, 1.779781534883333e-15],
        [-6.359254920711983e-17, -2.0749384070109374e-16],
        [7.304281953229797e-18, -8.09842916022456e-19],
    ]
)


def log_two_cosh(x: ArrayLike) -> FloatArray:
    """log(2 cosh x), even in x. Relative error below 4e-16."""
    distance = np.abs(np.asarray(x, dtype=np.float64))
    return distance + np.log1p(np.exp(-2.0 * distance))


def binary_entropy(x: ArrayLike) -> FloatArray:
    """Entropy in nats of a +-1 variable of weight e^(x s): p = 1/(1 + e^(-2x)), -p log p - (1-p) log(1-p).

    Equal to log(2 cosh x) - x tanh x, summed here from positive terms only, so that the tail
    (1 + 2|x|) e^(-2|x|) is kept to rounding. Relative error below 5e-16 down to results of 1e-300.
    """
    distance = np.minimum(np.abs(np.asarray(x, dtype=np.float64)), 1e3)
    unlikely = np.exp(-2.0 * distance)
    return np.log1p(unlikely) + 2.0 * distance * unlikely / (1.0 + unlikely)


def log_erfc(x: ArrayLike) -> FloatArray:
    """log erfc(x), from log 2 at -infinity to -x^2 at +infinity. Relative error below 1e-15, also near 0."""
    x = np.asarray(x, dtype=np.float64)
    near = np.minimum(x, 0.5)
    far = np.maximum(x, 0.5)
    with np.errstate(over="ignore", divide="ignore"):
        return np.where(x < 0.5, np.log1p(-erf(near)), np.log(erfcx(far)) - far * far)


def normal_density(u: ArrayLike) -> FloatArray:
    """phi(u) = exp(-u^2/2) / sqrt(2 pi). Relative error below 6e-16 down to results of 1e-300.

    The square is split into an exact part and a remainder; the plain formula is off by 4e-14 at u = 37.
    """
    u = np.minimum(np.abs(np.asarray(u, dtype=np.float64)), 40.0)
    head = np.floor(u * 1024.0) / 1024.0
    return np.exp(-0.5 * head * head) * np.exp(-0.5 * (u - head) * (u + head)) / np.sqrt(2.0 * np.pi)


def normal_hazard(u: ArrayLike) -> FloatArray:
    """Inverse Mills ratio phi(u)/Phi(u): -u - 1/u + ... at -infinity, phi(u) at +infinity.

    Relative error below 2e-15 down to results of 1e-300.
    """
    u = np.asarray(u, dtype=np.float64)
    below = np.minimum(u, 0.0)
    above = np.maximum(u, 0.0)
    with np.errstate(divide="ignore"):  # infinite at -infinity
        return np.where(
            u < 0.0, np.sqrt(2.0 / np.pi) / erfcx(-_SQRT_HALF * below), normal_density(above) / ndtr(above)
        )


class TruncatedNormal(NamedTuple):
    """Log-normaliser and moments of the weight exp(-a h^2/2 + b h) on h >= 0."""

    log_normaliser: FloatArray
    mean: FloatArray
    variance: FloatArray
    second_moment: FloatArray


def truncated_normal(curvature: ArrayLike, field: ArrayLike) -> TruncatedNormal:
    """The weight exp(-a h^2/2 + b h) on h >= 0: logarithm of its integral, mean, variance and second moment.

    Parameters
    ----------
    curvature : a > 0.
    field : b, any finite sign and size; broadcast against ``curvature``.

    Relative error of mean, variance and second moment below 2e-15 for b/sqrt(a) from -1e8 to 1e8: in the lower
    tail, where the mean is about -1/b, as well as in the upper one, where it is about b/a. The absolute error of
    the log-normaliser is below 1e-15 times the largest of 1, its own size and b^2/(2a).

    Raises
    ------
    InvalidArgument : a is not above 0, or an argument is not finite.
    """
    a = validation.array("curvature", curvature, above=0.0)
    b = validation.array("field", field)
    root = np.sqrt(a)
    u = b / root
    below = np.minimum(u, 0.0)
    above = np.maximum(u, 0.0)
    log_normaliser = np.where(
        u < 0.0,
        np.log(np.sqrt(np.pi / 2.0) * erfcx(-_SQRT_HALF * below) / root),
        0.5 * np.log(2.0 * np.pi / a) + (0.5 * above * above + log_ndtr(above)),
    )
    mean, variance = _unit_moments(u)
    second = variance + mean * mean
    return TruncatedNormal(log_normaliser, mean / root, variance / a, second / a)


def _unit_moments(u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of exp(-h^2/2 + u h) on h >= 0, by formulas that do not cancel where used."""
    shape = np.shape(u)
    u = np.atleast_1d(u)
    hazard = normal_hazard(np.maximum(u, 0.0))
    mean = np.maximum(u, 0.0) + hazard
    variance = 1.0 - hazard * mean
    middle = (u < 0.0) & (u > -_FAR_TAIL)
    if middle.any():
        position = -2.0 / _FAR_TAIL * u[middle] - 1.0
        mean[middle], variance[middle] = np.polynomial.chebyshev.chebval(position, _MIDDLE_TABLE)
    lower = u <= -_FAR_TAIL
    if lower.any():
        mean[lower], variance[lower] = _lower_tail(-u[lower])
    return mean.reshape(shape), variance.reshape(shape)


def _lower_tail(distance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """With t = -u >= 3 and K_n = 1/(t + (n+1) K_(n+1)): mean K_1 and second moment 2 K_1 K_2."""
    terms = 44
    ratio = 2.0 / (distance + np.sqrt(distance * distance + 4.0 * terms))
    for term in range(terms, 2, -1):
        ratio = 1.0 / (distance + term * ratio)
    mean = 1.0 / (distance + 2.0 * ratio)
    return mean, mean * (2.0 * ratio - mean)
