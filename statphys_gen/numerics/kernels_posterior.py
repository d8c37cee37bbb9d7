"""The fused pass over posterior log-weights: largest, its place, sums of weights, of squares and of w log w.

A file of its own because these kernels call one another and share their exponential. The exponential is written out so
that the loop over it uses vector instructions: 2^k is made from the bits of k, the rest is a polynomial. Arguments
below -80 are taken as -80: 2e-35 of the largest weight, below rounding for any number of points.
"""

import numpy as np
from numba import njit

from ..arrays import FloatArray, IntArray

_LOWEST = -80.0
_LOG2_E = 1.4426950408889634
# log 2 in two parts, the first with zeros at its end, so that k times it is exact.
_LOG_2_HIGH = 0.6931471803691238
_LOG_2_LOW = 1.9082149292705877e-10
# Adding 1.5 * 2^52 rounds to an integer and leaves it in the last bits of the number.
_ROUNDING = 6755399441055744.0
_ONE = 0x3FF0000000000000
# Columns of a row that are worked on at a time: the buffers stay in the first-level cache.
_COLUMNS = 1024


@njit(cache=True, nogil=True, fastmath={"contract"})
def _exponentials(x: FloatArray, power: FloatArray, power_bits: IntArray, count: int) -> None:
    """x[i] <- exp(x[i]) for -80 <= x[i] <= 0; relative error below 4e-16. ``power_bits`` are the bits of ``power``."""
    for i in range(count):
        rounded = x[i] * _LOG2_E + _ROUNDING
        power[i] = rounded
        k = rounded - _ROUNDING
        x[i] = (x[i] - k * _LOG_2_HIGH) - k * _LOG_2_LOW
    for i in range(count):
        power_bits[i] = (power_bits[i] << 52) + _ONE
    for i in range(count):
        r = x[i]
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        p = p * r + 1.0
        x[i] = p * power[i]


@njit(cache=True, nogil=True, fastmath={"contract"})
def _log_weights(
    x: FloatArray, bias: FloatArray, first: FloatArray, second: FloatArray, u: float, v: float
) -> None:
    for i in range(len(bias)):
        x[i] = bias[i] + u * first[i] + v * second[i]


@njit(cache=True, nogil=True, fastmath={"nsz", "nnan"})
def _shift(x: FloatArray, shifted: FloatArray, reference: float, count: int) -> None:
    for i in range(count):
        lowered = max(x[i] - reference, _LOWEST)
        x[i] = lowered
        shifted[i] = lowered


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan"})
def _largest(x: FloatArray, count: int) -> float:
    top = x[0]
    for i in range(count):
        top = x[i] if x[i] > top else top
    return top


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _moments(weights: FloatArray, shifted: FloatArray, count: int) -> tuple[float, float, float]:
    total, squares, product = 0.0, 0.0, 0.0
    for i in range(count):
        total += weights[i]
        squares += weights[i] * weights[i]
        product += weights[i] * shifted[i]
    return total, squares, product


@njit(cache=True, nogil=True, fastmath={"contract"})
def accumulate(
    first: FloatArray,
    second: FloatArray,
    slope_first: FloatArray,
    slope_second: FloatArray,
    bias: FloatArray,
    excluded: IntArray,
    offset: int,
    largest: FloatArray,
    place: IntArray,
    total: FloatArray,
    squares: FloatArray,
    product: FloatArray,
) -> None:
    """Add one block of points to the sums over the weights exp(l) of every noised point, at every time.

    l[b, mu] = bias[t, mu] + slope_first[t] first[b, mu] + slope_second[t] second[b, mu] for the points
    mu = offset, offset + 1, ...; the point ``excluded[b]`` (-1 for none) is left out of row b. Over all points so far,
    each of shape (times, rows): ``largest`` = max l (start at -inf), ``place`` where it is, ``total`` = sum exp(l -
    largest), ``squares`` = sum exp(2 (l - largest)), ``product`` = sum exp(l - largest) (l - largest) (start at 0).
    """
    times, points = bias.shape
    weights, shifted, power = np.empty(_COLUMNS), np.empty(_COLUMNS), np.empty(_COLUMNS)
    power_bits = power.view(np.int64)
    for b in range(len(first)):
        for start in range(0, points, _COLUMNS):
            count = min(_COLUMNS, points - start)
            own = excluded[b] - offset - start if excluded[b] >= 0 else -1
            for t in range(times):
                _log_weights(
                    weights,
                    bias[t, start : start + count],
                    first[b, start : start + count],
                    second[b, start : start + count],
                    slope_first[t],
                    slope_second[t],
                )
                if 0 <= own < count:
                    weights[own] = -np.inf
                top = _largest(weights, count)
                if top == -np.inf:
                    continue
                if top > largest[t, b]:
                    for i in range(count):
                        if weights[i] == top:
                            place[t, b] = offset + start + i
                            break
                    if total[t, b] > 0.0:
                        change = max(largest[t, b] - top, -700.0)
                        scale = np.exp(change)
                        product[t, b] = scale * (product[t, b] + change * total[t, b])
                        total[t, b] *= scale
                        squares[t, b] *= scale * scale
                    largest[t, b] = top
                reference = largest[t, b]
                if top - reference < _LOWEST:
                    continue
                _shift(weights, shifted, reference, count)
                _exponentials(weights, power, power_bits, count)
                sums = _moments(weights, shifted, count)
                total[t, b] += sums[0]
                squares[t, b] += sums[1]
                product[t, b] += sums[2]
