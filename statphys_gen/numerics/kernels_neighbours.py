"""The few smallest entries of every row with their places, and squared distances from differences."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..arrays import FloatArray, IntArray

# Columns that are compared with the largest of the few by vector instructions before any of them is looked at.
_COLUMNS = 64
_FAST = {"reassoc", "contract", "nsz", "nnan"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def extent(points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least and largest entry and mean of every column, in one pass."""
    least, largest, mean = points[0].copy(), points[0].copy(), np.zeros(points.shape[1])
    share = 1.0 / len(points)
    for i in range(points.shape[0]):
        for k in range(points.shape[1]):
            value = points[i, k]
            least[k] = min(least[k], value)
            largest[k] = max(largest[k], value)
            mean[k] += share * value
    return least, largest, mean


@njit(cache=True, nogil=True, fastmath=_FAST)
def centred(
    points: FloatArray, middle: FloatArray, scale: float, block: NDArray[Any], norms: FloatArray
) -> None:
    """Write (points - middle) scale into ``block``, in its precision, and the squared norms in double precision."""
    for i in range(points.shape[0]):
        square = 0.0
        for k in range(points.shape[1]):
            value = (points[i, k] - middle[k]) * scale
            block[i, k] = value
            square += value * value
        norms[i] = square


@njit(cache=True, nogil=True, fastmath=_FAST)
def squared_distances(
    x: FloatArray, points: FloatArray, places: IntArray, start: int, squares: FloatArray
) -> None:
    """Write |x[start + b] - points[places[b, c]]|^2 into ``squares`` (rows, few), infinity where a place is -1."""
    for b in range(places.shape[0]):
        for c in range(places.shape[1]):
            if places[b, c] < 0:
                squares[b, c] = float("inf")
                continue
            square = 0.0
            for k in range(x.shape[1]):
                apart = x[start + b, k] - points[places[b, c], k]
                square += apart * apart
            squares[b, c] = square


@njit(cache=True, nogil=True)
def _below(low: NDArray[Any], products: NDArray[Any], limit: Any) -> int:
    """How many: a sum of truths, unlike a minimum, becomes vector instructions."""
    count = 0
    for i in range(len(low)):
        count += low[i] - products[i] < limit
    return count


@njit(cache=True, nogil=True)
def few_smallest(
    low: NDArray[Any],
    products: NDArray[Any],
    offset: int,
    excluded: IntArray,
    values: NDArray[Any],
    places: IntArray,
) -> None:
    """Update the few smallest low[i] - products[b, i] of every row b by a block of columns.

    All three have one precision. ``values`` (rows, few) start at infinity and increase along a row; ``places``
    (rows, few) count columns from ``offset``. The place ``excluded[b]`` (-1 for none) is left out of row b.
    """
    rows, columns = products.shape
    last = values.shape[1] - 1
    for b in range(rows):
        for start in range(0, columns, _COLUMNS):
            stop = min(start + _COLUMNS, columns)
            if not _below(low[start:stop], products[b, start:stop], values[b, last]):
                continue
            for i in range(start, stop):
                value = low[i] - products[b, i]
                if not value < values[b, last] or offset + i == excluded[b]:
                    continue
                c = last
                while c > 0 and value < values[b, c - 1]:
                    values[b, c], places[b, c] = values[b, c - 1], places[b, c - 1]
                    c -= 1
                values[b, c], places[b, c] = value, offset + i
