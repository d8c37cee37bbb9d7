"""Scrambled Sobol points of the unit cube: smooth functions average over them better than over random points.

The bits of the i-th point are the sum (mod 2) of the direction numbers of the bits of i, with the primitive polynomials
and initial numbers of Joe and Kuo (SIAM J. Sci. Comput. 30, 2635, 2008). They are scrambled by a random lower
triangular binary matrix for each coordinate and a random shift of the bits (Matousek, J. Complexity 14, 527, 1998):
every point by itself is then uniform in the cube, so that averages are unbiased, and independent scramblings give
independent averages, whose spread is the standard error. Powers of 2 are the best numbers of points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import validation

_BITS = 30
# For the second and later coordinates: degree and inner coefficients of the polynomial, then the initial numbers.
_POLYNOMIALS = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
    (6, 1, (1, 3, 3, 9, 7, 49)),
    (6, 13, (1, 1, 1, 15, 21, 21)),
    (6, 16, (1, 3, 1, 13, 27, 49)),
)
LARGEST_DIMENSION = 1 + len(_POLYNOMIALS)


def scrambled_sobol(points: int, dimensions: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Points in the open unit cube, of shape (dimensions, points); at most 16 dimensions."""
    count = validation.integer("points", points, 1, 2**_BITS)
    size = validation.integer("dimensions", dimensions, 1, LARGEST_DIMENSION)
    result = np.empty((size, count))
    index = np.arange(count, dtype=np.int64)
    for k in range(size):
        numbers = _scrambled(_direction_numbers(k), random)
        bits = np.full(count, random.integers(2**_BITS), dtype=np.int64)
        for b in range(max(count - 1, 1).bit_length()):
            bits ^= numbers[b] * ((index >> b) & 1)
        # The digits behind the last bit are random as well; the ends of the interval are left out.
        result[k] = (bits + np.clip(random.random(count), 1e-6, 1.0 - 1e-6)) / 2.0**_BITS
    return result


def _direction_numbers(coordinate: int) -> NDArray[np.int64]:
    """One number for each bit of the index, of ``_BITS`` bits."""
    if coordinate == 0:
        return np.array([1 << (_BITS - 1 - b) for b in range(_BITS)], dtype=np.int64)
    degree, coefficients, initial = _POLYNOMIALS[coordinate - 1]
    odd = list(initial)
    for b in range(degree, _BITS):
        new = odd[b - degree] ^ (odd[b - degree] << degree)
        for j in range(1, degree):
            if (coefficients >> (degree - 1 - j)) & 1:
                new ^= odd[b - j] << j
        odd.append(new)
    return np.array([odd[b] << (_BITS - 1 - b) for b in range(_BITS)], dtype=np.int64)


def _scrambled(numbers: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Each number times a random lower triangular matrix over the bits, the highest bit first."""
    places = np.arange(_BITS - 1, -1, -1)
    digits = (numbers[:, None] >> places) & 1
    matrix = np.tril(random.integers(2, size=(_BITS, _BITS)), -1) + np.eye(_BITS, dtype=np.int64)
    return np.asarray(((digits @ matrix.T) & 1) @ (1 << places), dtype=np.int64)
