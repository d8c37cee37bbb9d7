"""Numba kernels of the Monte Carlo of restricted Boltzmann machines. Serial, without the lock; imported where they run.

The kernels of block Gibbs sampling turn fields (chains, units), float32, into states in place. The field of a unit is
``scale[chain] * field + offset[chain] + along[chain] * pattern[unit]``. They add the states to ``sums`` (none if it is
empty) and write sum_i field_i x_i (with the unscaled field) and sum_i x_i^2 of every chain.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...arrays import FloatArray, SingleArray

Words = NDArray[np.uint32]

_FAST = {"reassoc", "contract"}
_ONE, _HALF, _NONE = np.float32(1.0), np.float32(0.5), np.float32(0.0)
_TWO, _FOUR = np.float32(2.0), np.float32(4.0)
_UNIT = np.float32(2.0**-24)
_BYTE = np.uint32(8)
# exp in float32: x = n log 2 + r with log 2 in two parts, a polynomial in r, and n put into the exponent.
_LOWEST, _HIGHEST = np.float32(-80.0), np.float32(80.0)
_PER_LOG2, _LOG2_HIGH, _LOG2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(2.12194440e-4)
_C5, _C4, _C3 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_C2, _C1, _C0 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_ROUND, _SHIFT = np.float32(128.5), np.int32(128)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)
# log, sine and cosine of the Cephes library.
_LOG = tuple(
    np.float32(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
)
_FRACTION, _OF_HALF, _HALF_BIAS = np.int32(0x7FFFFF), np.int32(0x3F000000), np.int32(126)
_ROOT_HALF = np.float32(0.70710678)
_SINE = tuple(np.float32(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1))
_COSINE = tuple(np.float32(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2))
_QUARTER = np.float32(0.5 * math.pi)
# Complementary error function: Chebyshev fit of Numerical Recipes, in t = 1/(1 + z / sqrt(8)).
_TAIL_SCALE = np.float32(math.sqrt(0.125))
_TAIL = tuple(
    np.float32(c)
    for c in (
        0.17087277,
        -0.82215223,
        1.48851587,
        -1.13520398,
        0.27886807,
        -0.18628806,
        0.09678418,
        0.37409196,
        1.00002368,
        -1.26551223,
    )
)
# Normal quantiles: algorithm AS 241 of Wichura, single precision.
_MIDDLE_CENTRE, _MIDDLE_REACH, _OUTER_CENTRE = np.float32(0.180625), np.float32(0.425), np.float32(1.6)
_MIDDLE = tuple(
    np.float32(c)
    for c in (59.10937472, 159.29113202, 50.434271938, 3.3871327179, 67.18756360, 78.757757664, 17.895169469)
)
_OUTER = tuple(
    np.float32(c)
    for c in (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777, 0.12021132975, 0.73700164250)
)
_LEAST, _FAR, _WORD = np.float32(2.0**-25), np.float32(-3.0), np.float32(2.0**-32)
_BIT0, _BIT1 = np.int32(1), np.int32(2)


@njit(cache=True, nogil=True)
def random_words(state: Words, out: Words) -> None:
    """Fill ``out`` with xoshiro128++ of Blackman and Vigna, one generator in each column of ``state`` (4, lanes).

    The lanes take turns, so that the loop over them uses vector instructions. The length is a multiple of their number.
    """
    lanes = state.shape[1]
    for first in range(0, len(out), lanes):
        for j in range(lanes):
            s0, s1, s2, s3 = state[0, j], state[1, j], state[2, j], state[3, j]
            total = np.uint32(s0 + s3)
            out[first + j] = np.uint32(np.uint32((total << np.uint32(7)) | (total >> np.uint32(25))) + s0)
            shifted = np.uint32(s1 << np.uint32(9))
            s2 = np.uint32(s2 ^ s0)
            s3 = np.uint32(s3 ^ s1)
            s1 = np.uint32(s1 ^ s2)
            s0 = np.uint32(s0 ^ s3)
            s2 = np.uint32(s2 ^ shifted)
            s3 = np.uint32((s3 << np.uint32(11)) | (s3 >> np.uint32(21)))
            state[0, j], state[1, j], state[2, j], state[3, j] = s0, s1, s2, s3


@njit(cache=True, nogil=True, fastmath=_FAST)
def fast_exp(x: Any) -> Any:
    """exp for float32, relative error 8e-8; written so that loops over it use vector instructions."""
    x = min(max(x, _LOWEST), _HIGHEST)
    k = np.int32(np.int32(x * _PER_LOG2 + _ROUND) - _SHIFT)
    n = np.float32(k)
    r = x - n * _LOG2_HIGH + n * _LOG2_LOW
    p = ((((_C5 * r + _C4) * r + _C3) * r + _C2) * r + _C1) * r + _C0
    power = np.int32((k + _BIAS) << _MANTISSA)
    return (p * r * r + r + _ONE) * np.int32(power).view(np.float32)


@njit(cache=True, nogil=True, fastmath=_FAST)
def fast_log(x: Any) -> Any:
    """log for float32 numbers that are positive and normal, absolute error 1e-7 times max(1, |log x|)."""
    pattern = np.float32(x).view(np.int32)
    exponent = np.float32((pattern >> _MANTISSA) - _HALF_BIAS)
    m = np.int32((pattern & _FRACTION) | _OF_HALF).view(np.float32)
    below = m < _ROOT_HALF
    exponent = exponent - _ONE if below else exponent
    m = m + m - _ONE if below else m - _ONE
    z = m * m
    y = _LOG[0] * m + _LOG[1]
    y = ((y * m + _LOG[2]) * m + _LOG[3]) * m + _LOG[4]
    y = (((y * m + _LOG[5]) * m + _LOG[6]) * m + _LOG[7]) * m + _LOG[8]
    return m + (y * m * z - _HALF * z - exponent * _LOG2_LOW) + exponent * _LOG2_HIGH


@njit(cache=True, nogil=True, fastmath=_FAST)
def normals(bits: Words, out: SingleArray) -> None:
    """Standard normal numbers by Box and Muller, an even number of them, from as many words; at most 5.8."""
    half = len(out) // 2
    for i in range(half):
        uniform = np.float32((bits[i] >> _BYTE) + np.uint32(1)) * _UNIT
        radius = np.float32(math.sqrt(-_TWO * fast_log(uniform)))
        turns = np.float32(bits[half + i] >> _BYTE) * (_FOUR * _UNIT)
        k = np.int32(turns + _HALF)
        x = (turns - np.float32(k)) * _QUARTER
        z = x * x
        sine = ((_SINE[0] * z + _SINE[1]) * z + _SINE[2]) * z * x + x
        cosine = ((_COSINE[0] * z + _COSINE[1]) * z + _COSINE[2]) * z * z - _HALF * z + _ONE
        odd = (k & _BIT0) != 0
        first = sine if odd else cosine
        second = cosine if odd else sine
        first = -first if ((k + _BIT0) & _BIT1) != 0 else first
        second = -second if (k & _BIT1) != 0 else second
        out[i] = radius * first
        out[half + i] = radius * second


@njit(cache=True, nogil=True, fastmath=_FAST)
def _record(
    state: SingleArray, field: SingleArray, c: int, sums: SingleArray, dots: FloatArray, squares: FloatArray
) -> None:
    """What every kernel does with the states of chain c: its sums, and the states in the place of the fields."""
    dot = _NONE
    square = _NONE
    for i in range(len(state)):
        x = state[i]
        dot += field[c, i] * x
        square += x * x
        field[c, i] = x
    dots[c] = dot
    squares[c] = square
    if len(sums):
        for i in range(len(state)):
            sums[c, i] += state[i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def two_states(
    bits: Words,
    field: SingleArray,
    scale: SingleArray,
    offset: SingleArray,
    along: SingleArray,
    pattern: SingleArray,
    low: Any,
    gap: Any,
    bias: SingleArray,
    sums: SingleArray,
    dots: FloatArray,
    squares: FloatArray,
) -> None:
    """States low and low + gap; log P(upper)/P(lower) = gap * field + bias[chain]."""
    chains, units = field.shape
    state = np.empty(units, dtype=np.float32)
    low, gap = np.float32(low), np.float32(gap)
    for c in range(chains):
        a = gap * scale[c]
        b = gap * offset[c] + bias[c]
        p = gap * along[c]
        for i in range(units):
            f = field[c, i]
            weight = fast_exp(-(a * f + b + p * pattern[i]))
            uniform = np.float32(bits[c, i] >> _BYTE) * _UNIT
            x = low + gap if uniform * (_ONE + weight) < _ONE else low
            state[i] = x
        _record(state, field, c, sums, dots, squares)


@njit(cache=True, nogil=True, fastmath=_FAST)
def normal_units(
    noise: SingleArray,
    field: SingleArray,
    scale: SingleArray,
    offset: SingleArray,
    along: SingleArray,
    pattern: SingleArray,
    variance: SingleArray,
    sums: SingleArray,
    dots: FloatArray,
    squares: FloatArray,
) -> None:
    """variance * field + sqrt(variance) * noise."""
    chains, units = field.shape
    state = np.empty(units, dtype=np.float32)
    for c in range(chains):
        v = variance[c]
        width = np.float32(math.sqrt(v))
        a, b, p = v * scale[c], v * offset[c], v * along[c]
        for i in range(units):
            f = field[c, i]
            x = a * f + b + p * pattern[i] + width * noise[c, i]
            state[i] = x
        _record(state, field, c, sums, dots, squares)


@njit(cache=True, nogil=True, fastmath=_FAST)
def mixture_units(
    bits: Words,
    noise: SingleArray,
    field: SingleArray,
    scale: SingleArray,
    weight: float,
    sums: SingleArray,
    dots: FloatArray,
    squares: FloatArray,
) -> None:
    """sqrt(w) normal + sqrt(1 - w) sign in a field f: sign with P(+)/P(-) = exp(2 sqrt(1 - w) f), then the normal."""
    chains, units = field.shape
    state = np.empty(units, dtype=np.float32)
    jump, width = np.float32(math.sqrt(1.0 - weight)), np.float32(math.sqrt(weight))
    smooth = np.float32(weight)
    for c in range(chains):
        for i in range(units):
            f = field[c, i]
            total = scale[c] * f
            odds = fast_exp(-(jump * total + jump * total))
            uniform = np.float32(bits[c, i] >> _BYTE) * _UNIT
            sign = jump if uniform * (_ONE + odds) < _ONE else -jump
            x = sign + smooth * total + width * noise[c, i]
            state[i] = x
        _record(state, field, c, sums, dots, squares)


@njit(cache=True, nogil=True, fastmath=_FAST)
def several_states(
    bits: Words,
    field: SingleArray,
    scale: SingleArray,
    values: SingleArray,
    log_weights: SingleArray,
    sums: SingleArray,
    dots: FloatArray,
    squares: FloatArray,
) -> None:
    """States values[k] with log weight log_weights[chain, k] + values[k] * field."""
    chains, units = field.shape
    state = np.empty(units, dtype=np.float32)
    number = len(values)
    weights = np.empty((number, units), dtype=np.float32)
    largest = np.empty(units, dtype=np.float32)
    total = np.empty(units, dtype=np.float32)
    index = np.empty(units, dtype=np.int32)
    for c in range(chains):
        # One loop over the units for each state, so that every loop uses vector instructions.
        largest[:] = np.float32(-np.inf)
        total[:] = _NONE
        for k in range(number):
            for i in range(units):
                weights[k, i] = log_weights[c, k] + values[k] * (scale[c] * field[c, i])
                largest[i] = max(largest[i], weights[k, i])
        for k in range(number):
            for i in range(units):
                total[i] += fast_exp(weights[k, i] - largest[i])
                weights[k, i] = total[i]
        for i in range(units):
            total[i] *= np.float32(bits[c, i] >> _BYTE) * _UNIT
            index[i] = 0
        for k in range(number - 1):
            for i in range(units):
                index[i] += np.int32(weights[k, i] <= total[i])
        for i in range(units):
            state[i] = values[index[i]]
        _record(state, field, c, sums, dots, squares)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def scaled_tail(z: Any) -> Any:
    """exp(z^2/2) times the normal probability of lying above z >= 0, float32, relative error 5e-7."""
    t = _ONE / (_ONE + _TAIL_SCALE * z)
    p = (_TAIL[0] * t + _TAIL[1]) * t + _TAIL[2]
    p = ((p * t + _TAIL[3]) * t + _TAIL[4]) * t + _TAIL[5]
    p = ((p * t + _TAIL[6]) * t + _TAIL[7]) * t + _TAIL[8]
    return _HALF * t * fast_exp(p * t + _TAIL[9])


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def log_half_mass(u: Any) -> Any:
    """log of the integral of exp(-h^2/2 + u h) over h >= 0, without log sqrt(2 pi), float32."""
    tail = scaled_tail(abs(u))
    square = _HALF * u * u
    mass = _ONE - tail * fast_exp(-square) if u > _NONE else tail
    return (square if u > _NONE else _NONE) + fast_log(mass)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def middle_quantile(p: Any) -> Any:
    """Normal quantile of p within 0.425 of 1/2, by a rational function of Wichura (AS 241), float32."""
    q = p - _HALF
    r = _MIDDLE_CENTRE - q * q
    above = q * (((_MIDDLE[0] * r + _MIDDLE[1]) * r + _MIDDLE[2]) * r + _MIDDLE[3])
    return above / (((_MIDDLE[4] * r + _MIDDLE[5]) * r + _MIDDLE[6]) * r + _ONE)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def outer_quantile(p: Any) -> Any:
    """Absolute value of the normal quantile of p further out, down to 1e-12 and up to 1 - 2^-25, float32."""
    beyond = p if p < _HALF else max(_ONE - p, _LEAST)
    r = np.float32(math.sqrt(-fast_log(beyond))) - _OUTER_CENTRE
    above = ((_OUTER[0] * r + _OUTER[1]) * r + _OUTER[2]) * r + _OUTER[3]
    return above / ((_OUTER[4] * r + _OUTER[5]) * r + _ONE)


@njit(cache=True, nogil=True, fastmath=_FAST)
def truncated_normals(bits: Words, u: SingleArray, row: SingleArray, out: SingleArray) -> None:
    """The law exp(-h^2/2 + u h) on h >= 0, for u >= -3: where P(H > h) is a uniform number.

    h = u - x with x the normal quantile of that number times the probability of lying below u; h - u is at most 6.6
    and at least -5.4. ``row`` is space for as many numbers.
    """
    # Several short loops, so that each uses vector instructions.
    for i in range(len(u)):
        row[i] = max(u[i], _FAR)
    for i in range(len(u)):
        out[i] = scaled_tail(abs(row[i])) * fast_exp(-_HALF * row[i] * row[i])
    for i in range(len(u)):
        below = _ONE - out[i] if row[i] > _NONE else out[i]
        out[i] = (np.float32(bits[i]) + _HALF) * _WORD * below
    for i in range(len(u)):
        row[i] = outer_quantile(out[i])
    for i in range(len(u)):
        q = out[i] - _HALF
        row[i] = -row[i] if q < _NONE else row[i]
    for i in range(len(u)):
        middle = middle_quantile(out[i])
        q = out[i] - _HALF
        x = middle if abs(q) <= _MIDDLE_REACH else row[i]
        out[i] = max(u[i] - x, _NONE)


@njit(cache=True, nogil=True)
def far_half_normal(rng: np.random.Generator, u: float) -> float:
    """exp(-h^2/2 + u h) on h >= 0 for u < 0, by rejection from the exponential law (Robert)."""
    rate = 0.5 * (math.sqrt(u * u + 4.0) - u)
    while True:
        h = rng.standard_exponential() / rate
        distance = h - u - rate
        if rng.random() <= math.exp(-0.5 * distance * distance):
            return h


@njit(cache=True, nogil=True, fastmath=_FAST)
def truncated_units(
    bits: Words,
    rng: np.random.Generator,
    field: SingleArray,
    scale: SingleArray,
    threshold: float,
    power: FloatArray,
    two_sided: bool,
    sums: SingleArray,
    dots: FloatArray,
    squares: FloatArray,
) -> None:
    """exp(-power (h^2/2 + threshold |h|) + field h) on h >= 0, or on the line; two words for each unit."""
    chains, units = field.shape
    state = np.empty(units, dtype=np.float32)
    along = np.empty(units, dtype=np.float32)
    row, sign = np.empty(units, dtype=np.float32), np.empty(units, dtype=np.float32)
    for c in range(chains):
        width = np.float32(1.0 / math.sqrt(power[c]))
        factor = scale[c] * width
        shift = np.float32(math.sqrt(power[c]) * threshold)
        for i in range(units):
            along[i] = factor * field[c, i]
        if two_sided:
            for i in range(units):
                row[i] = log_half_mass(-along[i] - shift)
            for i in range(units):
                row[i] = fast_exp(row[i] - log_half_mass(along[i] - shift))
            for i in range(units):
                uniform = np.float32(bits[c, units + i] >> _BYTE) * _UNIT
                row[i] = width if uniform * (_ONE + row[i]) < _ONE else -width
                along[i] = along[i] if row[i] > _NONE else -along[i]
        else:
            row[:] = width
        for i in range(units):
            sign[i] = row[i]
            along[i] -= shift
        truncated_normals(bits[c, :units], along, row, state)
        for i in range(units):
            if along[i] < _FAR:
                state[i] = np.float32(far_half_normal(rng, along[i]))
        for i in range(units):
            state[i] *= sign[i]
        _record(state, field, c, sums, dots, squares)
