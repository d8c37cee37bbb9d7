"""Sums over the panels of a density, and piecewise Chebyshev polynomials in two variables on a tree of cells.

Consecutive arguments of the polynomials that share the first variable and the cell (the nodes of one average) share its
sum, which leaves one polynomial in one variable for each of the three functions.
"""

import math

import numpy as np
from numba import njit

from ..arrays import FloatArray, IntArray

# Terms in one partial sum; and a logarithm of a term below which nothing is left of it.
_SHORT, _NOTHING = 64, -300.0


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


@njit(cache=True, nogil=True, error_model="numpy")
def summed(
    nodes: FloatArray,
    weights: FloatArray,
    log: FloatArray,
    a: FloatArray,
    b: FloatArray,
    even: bool,
    out: FloatArray,
) -> None:
    """log Z, mean (for even densities mean / b) and variance of the tilts (a, b) of a density, into (3, tilts).

    Nodes, weights and the log-density at the nodes, (1 or tilts, nodes); of an even density those of the positive half.
    """
    count = nodes.shape[1]
    mass, mirrored = np.empty(count), np.empty(count)
    for i in range(len(a)):
        row = i if len(nodes) > 1 else 0
        x, w, level, tilt, shift = nodes[row], weights[row], log[row], a[i], b[i]
        top, largest = 0, -np.inf
        for j in range(count):
            exponent = level[j] + x[j] * (0.5 * tilt * x[j] + shift)
            if exponent > largest or exponent != exponent:
                top, largest = j, exponent
        # From the top: large exponents cancel before they are rounded.
        origin, highest = x[top], level[top]
        total, first = 0.0, 0.0
        for start in range(0, count, _SHORT):
            part, moment = 0.0, 0.0
            for j in range(start, min(start + _SHORT, count)):
                distance = x[j] - origin
                exponent = (level[j] - highest) + distance * (shift + 0.5 * tilt * (x[j] + origin))
                if exponent < _NOTHING:
                    mass[j] = mirrored[j] = 0.0
                    continue
                mass[j] = w[j] * math.exp(exponent)
                if even:
                    less = math.expm1(-2.0 * shift * x[j])
                    mirrored[j] = 1.0 + less
                    part += mass[j] * (2.0 + less)
                    moment += mass[j] * x[j] * (-less / shift if shift > 0.0 else 2.0 * x[j])
                else:
                    part += mass[j]
                    moment += mass[j] * distance
            total += part
            first += moment
        first /= total
        mean = first * shift if even else origin + first
        spread = 0.0
        for start in range(0, count, _SHORT):
            part = 0.0
            for j in range(start, min(start + _SHORT, count)):
                if even:
                    part += mass[j] * ((x[j] - mean) ** 2 + mirrored[j] * (x[j] + mean) ** 2)
                else:
                    part += mass[j] * (x[j] - mean) ** 2
            spread += part
        out[0, i], out[1, i], out[2, i] = math.log(total) + largest, first if even else mean, spread / total
