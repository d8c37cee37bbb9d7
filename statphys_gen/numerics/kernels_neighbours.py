"""The two smallest entries of every row with their places, over blocks of columns that come one after the other."""

from numba import njit

from ..arrays import FloatArray, IntArray

# Columns whose smallest entry is found with vector instructions before any of them is looked at.
_COLUMNS = 128


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan"})
def _smallest(norms: FloatArray, products: FloatArray, start: int, stop: int) -> float:
    least = norms[start] - 2.0 * products[start]
    for i in range(start, stop):
        value = norms[i] - 2.0 * products[i]
        least = value if value < least else least
    return least


@njit(cache=True, nogil=True)
def two_smallest(
    norms: FloatArray,
    products: FloatArray,
    offset: int,
    excluded: IntArray,
    values: FloatArray,
    places: IntArray,
) -> None:
    """Update the two smallest norms[i] - 2 products[b, i] of every row b by a block of columns.

    ``values`` (rows, 2) start at infinity and increase along a row; ``places`` (rows, 2) count columns from ``offset``.
    The place ``excluded[b]`` (-1 for none) is left out of row b.
    """
    rows, columns = products.shape
    for b in range(rows):
        for start in range(0, columns, _COLUMNS):
            stop = min(start + _COLUMNS, columns)
            if not _smallest(norms, products[b], start, stop) < values[b, 1]:
                continue
            for i in range(start, stop):
                value = norms[i] - 2.0 * products[b, i]
                if offset + i == excluded[b]:
                    continue
                if value < values[b, 0]:
                    values[b, 1], places[b, 1] = values[b, 0], places[b, 0]
                    values[b, 0], places[b, 0] = value, offset + i
                elif value < values[b, 1]:
                    values[b, 1], places[b, 1] = value, offset + i
