"""Evaluation of piecewise Chebyshev polynomials in two variables on a tree of cells.

Consecutive arguments that share the first variable and the cell (the nodes of one average) share its sum, which leaves
one polynomial in one variable for each of the three functions.
"""

import numpy as np
from numba import njit

from ..arrays import FloatArray, IntArray


@njit(cache=True, nogil=True)
def evaluate(
    x: FloatArray,
    y: FloatArray,
    roots: IntArray,
    first: IntArray,
    axis: IntArray,
    children: IntArray,
    bounds: FloatArray,
    place: IntArray,
    coefficients: FloatArray,
    out: FloatArray,
) -> None:
    """out[:, i] <- the functions at (x[i], y[i]); NaN where the tree has no polynomial.

    ``roots[i - first[0], j - first[1]]`` is the cell of [i, i+1] x [j, j+1]; a cell is halved along ``axis`` into its
    ``children``, or (axis -1) has the polynomials ``coefficients[place]`` of shape (functions, order, order).
    """
    functions, order = coefficients.shape[1], coefficients.shape[2]
    summed = np.zeros((functions, order))
    last_x, last_cell = np.nan, -1
    for i in range(len(x)):
        cell = roots[int(np.floor(x[i])) - first[0], int(np.floor(y[i])) - first[1]]
        while axis[cell] >= 0:
            value = x[i] if axis[cell] == 0 else y[i]
            low, high = bounds[cell, 2 * axis[cell]], bounds[cell, 2 * axis[cell] + 1]
            cell = children[cell, 1] if value >= 0.5 * (low + high) else children[cell, 0]
        k = place[cell]
        if k < 0:
            for f in range(functions):
                out[f, i] = np.nan
            continue
        if cell != last_cell or x[i] != last_x:
            last_cell, last_x = cell, x[i]
            u = (2.0 * x[i] - bounds[cell, 0] - bounds[cell, 1]) / (bounds[cell, 1] - bounds[cell, 0])
            for f in range(functions):
                for n in range(order):
                    one, two = 0.0, 0.0
                    for m in range(order - 1, 0, -1):
                        one, two = coefficients[k, f, m, n] + 2.0 * u * one - two, one
                    summed[f, n] = coefficients[k, f, 0, n] + u * one - two
        v = (2.0 * y[i] - bounds[cell, 2] - bounds[cell, 3]) / (bounds[cell, 3] - bounds[cell, 2])
        for f in range(functions):
            one, two = 0.0, 0.0
            for n in range(order - 1, 0, -1):
                one, two = summed[f, n] + 2.0 * v * one - two, one
            out[f, i] = summed[f, 0] + v * one - two
