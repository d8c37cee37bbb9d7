"""Numba kernels of packed +-1 units: 64 states to a word, fields by counts of bits. Imported where they run."""

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...arrays import FloatArray, SingleArray

Words = NDArray[np.uint32]
LongWords = NDArray[np.uint64]

_FAST = {"reassoc", "contract"}
_ONE = np.float32(1.0)


@intrinsic
def count_bits(_context: Any, word: Any) -> Any:
    """Number of ones in a 64-bit word, by the processor's instruction."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def pack(signs: SingleArray) -> LongWords:
    """Rows of +-1 into 64-bit words; the missing bits of the last word are 0."""
    rows, length = signs.shape
    words = np.zeros((rows, (length + 63) // 64), dtype=np.uint64)
    for r in range(rows):
        for i in range(length):
            if signs[r, i] > 0:
                words[r, i >> 6] |= np.uint64(1) << np.uint64(i & 63)
    return words


@njit(cache=True, nogil=True)
def unpack(words: LongWords, length: int) -> SingleArray:
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
    sums: SingleArray,
    dots: FloatArray,
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
