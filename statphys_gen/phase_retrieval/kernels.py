"""Numba kernels of the gradient. Imported inside the functions that run them; serial, without the lock.

One pass over the sensing vectors: rows are taken in fours, their pre-activations computed, and while they are still in
the cache they are added to the gradient. Two matrix-vector products read them twice.
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
    root = 1.0 / math.sqrt(dimension)
    narrow = students.dtype.type
    for p in range(len(students)):
        x, t, w, gradient = sensing[instance[p]], labels[instance[p]], students[p], gradients[p]
        for j in range(dimension):
            gradient[j] = narrow(0.0)
        energy, force = 0.0, 0.0
        start = 0
        while start + 4 <= measurements:
            x0, x1, x2, x3 = x[start], x[start + 1], x[start + 2], x[start + 3]
            s0, s1, s2, s3 = narrow(0.0), narrow(0.0), narrow(0.0), narrow(0.0)
            for j in range(dimension):
                s0 += x0[j] * w[j]
                s1 += x1[j] * w[j]
                s2 += x2[j] * w[j]
                s3 += x3[j] * w[j]
            y0, y1, y2, y3 = s0 * root, s1 * root, s2 * root, s3 * root
            v0, f0 = point(kind, offset, prefactor, y0, t[start])
            v1, f1 = point(kind, offset, prefactor, y1, t[start + 1])
            v2, f2 = point(kind, offset, prefactor, y2, t[start + 2])
            v3, f3 = point(kind, offset, prefactor, y3, t[start + 3])
            energy += v0 + v1 + v2 + v3
            force += f0 * y0 + f1 * y1 + f2 * y2 + f3 * y3
            c0, c1, c2, c3 = narrow(f0 * root), narrow(f1 * root), narrow(f2 * root), narrow(f3 * root)
            for j in range(dimension):
                gradient[j] += c0 * x0[j] + c1 * x1[j] + c2 * x2[j] + c3 * x3[j]
            start += 4
        for i in range(start, measurements):
            row = x[i]
            total = narrow(0.0)
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
    """Replace pre-activations (P, M) by the slopes F, and add sum_i l_i and sum_i F_i y_i to the last two."""
    students, measurements = y.shape
    narrow = y.dtype.type
    for p in range(students):
        energy, force = 0.0, 0.0
        for i in range(measurements):
            here = float(y[p, i])
            value, slope = point(kind, offset, prefactor, here, labels[i])
            energy += value
            force += slope * here
            y[p, i] = narrow(slope)
        energies[p] += energy
        forces[p] += force
