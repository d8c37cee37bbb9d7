"""Numba kernels of the Monte Carlo of restricted Boltzmann machines. Serial, without the lock; imported where they run.

The kernels of block Gibbs sampling turn fields (chains, units), float32, into states in place. The field of a unit is
``scale[chain] * field + offset[chain] + along[chain] * pattern[unit]``. They add the states to ``sums`` (none if it is
empty) and write sum_i field_i x_i (with the unscaled field) and sum_i x_i^2 of every chain.
"""

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Words = NDArray[np.uint32]
LongWords = NDArray[np.uint64]

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
def normals(bits: Words, out: Floats) -> None:
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
def two_states(
    bits: Words,
    field: Floats,
    scale: Floats,
    offset: Floats,
    along: Floats,
    pattern: Floats,
    low: Any,
    gap: Any,
    bias: Floats,
    sums: Floats,
    dots: Doubles,
    squares: Doubles,
) -> None:
    """States low and low + gap; log P(upper)/P(lower) = gap * field + bias[chain]."""
    chains, units = field.shape
    low, gap = np.float32(low), np.float32(gap)
    for c in range(chains):
        a = gap * scale[c]
        b = gap * offset[c] + bias[c]
        p = gap * along[c]
        dot = _NONE
        square = _NONE
        for i in range(units):
            f = field[c, i]
            weight = fast_exp(-(a * f + b + p * pattern[i]))
            uniform = np.float32(bits[c, i] >> _BYTE) * _UNIT
            x = low + gap if uniform * (_ONE + weight) < _ONE else low
            dot += f * x
            square += x * x
            field[c, i] = x
        dots[c] = dot
        squares[c] = square
        if len(sums):
            for i in range(units):
                sums[c, i] += field[c, i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def normal_units(
    noise: Floats,
    field: Floats,
    scale: Floats,
    offset: Floats,
    along: Floats,
    pattern: Floats,
    variance: Floats,
    sums: Floats,
    dots: Doubles,
    squares: Doubles,
) -> None:
    """variance * field + sqrt(variance) * noise."""
    chains, units = field.shape
    for c in range(chains):
        v = variance[c]
        width = np.float32(math.sqrt(v))
        a, b, p = v * scale[c], v * offset[c], v * along[c]
        dot = _NONE
        square = _NONE
        for i in range(units):
            f = field[c, i]
            x = a * f + b + p * pattern[i] + width * noise[c, i]
            dot += f * x
            square += x * x
            field[c, i] = x
        dots[c] = dot
        squares[c] = square
        if len(sums):
            for i in range(units):
                sums[c, i] += field[c, i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def mixture_units(
    bits: Words,
    noise: Floats,
    field: Floats,
    scale: Floats,
    weight: float,
    sums: Floats,
    dots: Doubles,
    squares: Doubles,
) -> None:
    """sqrt(w) normal + sqrt(1 - w) sign in a field f: sign with P(+)/P(-) = exp(2 sqrt(1 - w) f), then the normal."""
    chains, units = field.shape
    jump, width = np.float32(math.sqrt(1.0 - weight)), np.float32(math.sqrt(weight))
    smooth = np.float32(weight)
    for c in range(chains):
        dot = _NONE
        square = _NONE
        for i in range(units):
            f = field[c, i]
            total = scale[c] * f
            odds = fast_exp(-(jump * total + jump * total))
            uniform = np.float32(bits[c, i] >> _BYTE) * _UNIT
            sign = jump if uniform * (_ONE + odds) < _ONE else -jump
            x = sign + smooth * total + width * noise[c, i]
            dot += f * x
            square += x * x
            field[c, i] = x
        dots[c] = dot
        squares[c] = square
        if len(sums):
            for i in range(units):
                sums[c, i] += field[c, i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def several_states(
    bits: Words,
    field: Floats,
    scale: Floats,
    values: Floats,
    log_weights: Floats,
    sums: Floats,
    dots: Doubles,
    squares: Doubles,
) -> None:
    """States values[k] with log weight log_weights[chain, k] + values[k] * field."""
    chains, units = field.shape
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
        dot = _NONE
        square = _NONE
        for i in range(units):
            x = values[index[i]]
            dot += field[c, i] * x
            square += x * x
            field[c, i] = x
        dots[c] = dot
        squares[c] = square
        if len(sums):
            for i in range(units):
                sums[c, i] += field[c, i]


@njit(cache=True, nogil=True)
def half_normal(rng: np.random.Generator, u: float) -> float:
    """exp(-h^2/2 + u h) on h >= 0: rejection from the normal law, or from an exponential one for u < -0.5 (Robert)."""
    if u >= -0.5:
        while True:
            h = u + rng.standard_normal()
            if h >= 0.0:
                return h
    rate = 0.5 * (math.sqrt(u * u + 4.0) - u)
    while True:
        h = rng.standard_exponential() / rate
        distance = h - u - rate
        if rng.random() <= math.exp(-0.5 * distance * distance):
            return h


@njit(cache=True, nogil=True)
def log_half_mass(u: float) -> float:
    """log of the integral of exp(-h^2/2 + u h) over h >= 0, without sqrt(pi/2)."""
    if u > -25.0:
        return 0.5 * u * u + math.log(math.erfc(-u / math.sqrt(2.0)))
    inverse = 1.0 / (u * u)
    series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse))
    return 0.5 * math.log(2.0 / math.pi) - math.log(-u) + math.log(series)


@njit(cache=True, nogil=True)
def truncated_units(
    rng: np.random.Generator,
    field: Floats,
    scale: Floats,
    threshold: float,
    power: Doubles,
    two_sided: bool,
    sums: Floats,
    dots: Doubles,
    squares: Doubles,
) -> None:
    """exp(-power (h^2/2 + threshold |h|) + field h) on h >= 0, or on the line."""
    chains, units = field.shape
    for c in range(chains):
        root = math.sqrt(power[c])
        shift = power[c] * threshold
        dot = 0.0
        square = 0.0
        for i in range(units):
            f = field[c, i]
            total = scale[c] * f
            sign = 1.0
            if two_sided:
                right = log_half_mass((total - shift) / root)
                left = log_half_mass((-total - shift) / root)
                if rng.random() * (1.0 + math.exp(min(left - right, 700.0))) >= 1.0:
                    sign = -1.0
            x = sign * half_normal(rng, (sign * total - shift) / root) / root
            dot += f * x
            square += x * x
            field[c, i] = x
        dots[c] = dot
        squares[c] = square
        if len(sums):
            for i in range(units):
                sums[c, i] += field[c, i]


# --------------------------------------------------------------------------------------------------------- packed bits


@intrinsic
def count_bits(_context: Any, word: Any) -> Any:
    """Number of ones in a 64-bit word, by the processor's instruction."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def pack(signs: Floats) -> LongWords:
    """Rows of +-1 into 64-bit words; the missing bits of the last word are 0."""
    rows, length = signs.shape
    words = np.zeros((rows, (length + 63) // 64), dtype=np.uint64)
    for r in range(rows):
        for i in range(length):
            if signs[r, i] > 0:
                words[r, i >> 6] |= np.uint64(1) << np.uint64(i & 63)
    return words


@njit(cache=True, nogil=True)
def unpack(words: LongWords, length: int) -> Floats:
    """The +-1 of rows of words."""
    signs = np.empty((len(words), length), dtype=np.float32)
    for r in range(len(words)):
        for i in range(length):
            bit = (words[r, i >> 6] >> np.uint64(i & 63)) & np.uint64(1)
            signs[r, i] = np.float32(1.0) if bit else np.float32(-1.0)
    return signs


@njit(cache=True, nogil=True, fastmath=_FAST)
def packed_units(
    bits: Words,
    units: int,
    length: int,
    patterns: LongWords,
    states: LongWords,
    thresholds: Words,
    table: NDArray[np.int64],
    kind: NDArray[np.uint8],
    drawn: LongWords,
    sums: Floats,
    dots: Doubles,
) -> None:
    """+-1 units from +-1 patterns (units, words) and the packed +-1 states (chains, words) of the other layer.

    A unit whose pattern differs from the state in k of ``length`` places is +1 with probability
    thresholds[table[chain], kind[unit], k] / 2^32. ``dots`` is the sum over the units of (length - 2 k) times the sign.
    """
    chains, words = states.shape
    for c in range(chains):
        probability = thresholds[table[c]]
        dot = np.int64(0)
        for block in range(drawn.shape[1]):
            first = 64 * block
            word = np.uint64(0)
            for i in range(min(64, units - first)):
                a = first + i
                count = np.uint64(0)
                for w in range(words):
                    count += count_bits(patterns[a, w] ^ states[c, w])
                up = bits[c, a] < probability[kind[a], count]
                word |= np.uint64(up) << np.uint64(i)
                product = length - 2 * np.int64(count)
                dot += product if up else -product
                if len(sums):
                    sums[c, a] += _ONE if up else -_ONE
            drawn[c, block] = word
        dots[c] = float(dot)


# -------------------------------------------------------------------------------------------------------- single spins


@njit(cache=True, nogil=True, fastmath=_FAST)
def collapsed_sweep(
    rng: np.random.Generator,
    order: NDArray[np.int64],
    weights: Floats,
    strength: Doubles,
    field: Doubles,
    visible: Floats,
    projections: Floats,
) -> None:
    """One heat-bath step of each spin in ``order``, of every chain: log P = strength/2 sum_a x_a^2 + sum_i field_i s_i.

    x_a = sum_i weights_ia s_i are the ``projections`` (chains, hidden), kept up to date.
    """
    chains, hidden = projections.shape
    for c in range(chains):
        for i in order:
            old = visible[c, i]
            dot = _NONE
            own = _NONE
            for a in range(hidden):
                w = weights[i, a]
                dot += w * projections[c, a]
                own += w * w
            local = strength[c] * (dot - old * own) + field[c, i]
            new = _ONE if rng.random() * (1.0 + math.exp(min(-2.0 * local, 700.0))) < 1.0 else -_ONE
            if new != old:
                change = new - old
                for a in range(hidden):
                    projections[c, a] += change * weights[i, a]
                visible[c, i] = new


@njit(cache=True, nogil=True, fastmath=_FAST)
def ground_energy(x: float, kind: int, parameter: float, values: Doubles, energies: Doubles) -> float:
    """max over h of x h - U(h): 0 Gaussian of variance ``parameter``, 1 ReLU and 2 soft threshold, 3 discrete."""
    if kind == 0:
        return 0.5 * parameter * x * x
    if kind == 1:
        above = max(x - parameter, 0.0)
        return 0.5 * above * above
    if kind == 2:
        above = max(abs(x) - parameter, 0.0)
        return 0.5 * above * above
    best = values[0] * x - energies[0]
    for k in range(1, len(values)):
        best = max(best, values[k] * x - energies[k])
    return best


@njit(cache=True, nogil=True, fastmath=_FAST)
def descent_pass(
    order: NDArray[np.int64],
    weights: Floats,
    field: Doubles,
    kind: int,
    parameter: float,
    values: Doubles,
    energies: Doubles,
    visible: Doubles,
    projections: Doubles,
) -> int:
    """Flip every spin of one chain that lowers -sum_a max_h(x_a h - U(h)) - sum_i field_i s_i; number of flips."""
    flips = 0
    hidden = len(projections)
    for i in order:
        change = -2.0 * visible[i]
        gain = change * field[i]
        row = weights[i]
        # One loop for each kind, so that it uses vector instructions.
        if kind == 0:
            for a in range(hidden):
                x, y = projections[a], projections[a] + change * row[a]
                gain += 0.5 * parameter * (y - x) * (y + x)
        elif kind == 1:
            for a in range(hidden):
                x = max(projections[a] - parameter, 0.0)
                y = max(projections[a] + change * row[a] - parameter, 0.0)
                gain += 0.5 * (y - x) * (y + x)
        elif kind == 2:
            for a in range(hidden):
                x = max(abs(projections[a]) - parameter, 0.0)
                y = max(abs(projections[a] + change * row[a]) - parameter, 0.0)
                gain += 0.5 * (y - x) * (y + x)
        else:
            for a in range(hidden):
                x, y = projections[a], projections[a] + change * row[a]
                gain += ground_energy(y, kind, parameter, values, energies)
                gain -= ground_energy(x, kind, parameter, values, energies)
        if gain > 1e-9:
            for a in range(hidden):
                projections[a] += change * weights[i, a]
            visible[i] = -visible[i]
            flips += 1
    return flips
