"""Numba kernels of the gradient. Imported inside the functions that run them; serial, without the lock.

One pass over the sensing vectors: rows are taken in sixes; the loop that computes their pre-activations adds the six
before, which are still in the cache, to the gradient, so that rows stream from the memory all the time. Two
matrix-vector products read them twice.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Codes of the losses that the kernel knows.
NORMALISED, INTENSITY, AMPLITUDE = 0, 1, 2

Floats = NDArray[Any]


@njit(cache=True, nogil=True, inline="always")
def point(kind: int, offset: float, prefactor: float, y: float, t: float) -> tuple[float, float]:
    """Loss and slope at one measurement."""
    if kind == AMPLITUDE:
        there, label = math.sqrt(offset + y * y), math.sqrt(offset + t * t)
        return 0.5 * prefactor * (there - label) ** 2, prefactor * y * (1.0 - label / there)
    gap = y * y - t * t
    scale = prefactor / (offset + t * t) if kind == NORMALISED else prefactor
    return 0.5 * scale * gap * gap, 2.0 * scale * y * gap


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def fused_gradients(
    sensing: Floats,
    labels: Floats,
    students: Floats,
    instance: NDArray[np.int64],
    kind: int,
    offset: float,
    prefactor: float,
    gradients: Floats,
    energies: NDArray[np.float64],
    forces: NDArray[np.float64],
) -> None:
    """Gradient X^T F/sqrt(N) of each student, with sum_i l_i and sum_i F_i y_i; the last three are written.

    ``sensing`` (I, M, N) and ``labels`` (I, M) of all instances; student p (P, N) belongs to ``instance[p]``. Single
    precision stays single in the sums over the dimension and is double in those over the measurements.
    """
    measurements, dimension = sensing.shape[1:]
    whole = measurements - measurements % 6
    root = 1.0 / math.sqrt(dimension)
    narrow = students.dtype.type
    zero = narrow(0.0)
    sums, factors = np.empty(6, students.dtype), np.empty(6, students.dtype)
    for p in range(len(students)):
        x, t, w, gradient = sensing[instance[p]], labels[instance[p]], students[p], gradients[p]
        gradient[:] = zero
        energy, force = 0.0, 0.0
        # The six rows before: those of the first round do not count.
        b0, b1, b2, b3, b4, b5 = x[0], x[0], x[0], x[0], x[0], x[0]
        c0, c1, c2, c3, c4, c5 = zero, zero, zero, zero, zero, zero
        for start in range(0, whole, 6):
            x0, x1, x2 = x[start], x[start + 1], x[start + 2]
            x3, x4, x5 = x[start + 3], x[start + 4], x[start + 5]
            s0, s1, s2, s3, s4, s5 = zero, zero, zero, zero, zero, zero
            for j in range(dimension):
                gradient[j] += c0 * b0[j] + c1 * b1[j] + c2 * b2[j] + c3 * b3[j] + c4 * b4[j] + c5 * b5[j]
                s0 += x0[j] * w[j]
                s1 += x1[j] * w[j]
                s2 += x2[j] * w[j]
                s3 += x3[j] * w[j]
                s4 += x4[j] * w[j]
                s5 += x5[j] * w[j]
            sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] = s0, s1, s2, s3, s4, s5
            for k in range(6):
                y = sums[k] * root
                value, slope = point(kind, offset, prefactor, y, t[start + k])
                energy += value
                force += slope * y
                factors[k] = narrow(slope * root)
            c0, c1, c2, c3, c4, c5 = factors[0], factors[1], factors[2], factors[3], factors[4], factors[5]
            b0, b1, b2, b3, b4, b5 = x0, x1, x2, x3, x4, x5
        for j in range(dimension):
            gradient[j] += c0 * b0[j] + c1 * b1[j] + c2 * b2[j] + c3 * b3[j] + c4 * b4[j] + c5 * b5[j]
        for i in range(whole, measurements):
            row = x[i]
            total = zero
            for j in range(dimension):
                total += row[j] * w[j]
            y = total * root
            value, slope = point(kind, offset, prefactor, y, t[i])
            energy += value
            force += slope * y
            c = narrow(slope * root)
            for j in range(dimension):
                gradient[j] += c * row[j]
        energies[p], forces[p] = energy, force


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def slopes_of_batch(
    y: Floats,
    labels: Floats,
    kind: int,
    offset: float,
    prefactor: float,
    energies: NDArray[np.float64],
    forces: NDArray[np.float64],
) -> None:
    """Replace pre-activations (M, P) by the slopes F, and add sum_i l_i and sum_i F_i y_i to the last two."""
    measurements, students = y.shape
    narrow = y.dtype.type
    for i in range(measurements):
        for p in range(students):
            here = float(y[i, p])
            value, slope = point(kind, offset, prefactor, here, labels[i])
            energies[p] += value
            forces[p] += slope * here
            y[i, p] = narrow(slope)
