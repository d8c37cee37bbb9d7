"""The gradient of the loss: a fused kernel for single students, matrix products for all that share sensing vectors.

The kernel passes once over the sensing vectors and knows the named losses; any other loss takes the products, whose
slopes are the loss's own function.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ..model import Loss

# Students on one set of sensing vectors from which two matrix products on blocks of rows beat the kernel.
_BATCH = 4
# Multiply-adds up to which OpenBLAS multiplies matrices without copying them first, and numbers of a block of sensing
# vectors that stays in the cache for the second product.
_UNCOPIED, _CACHED = 10**6, 2**16
# Where such a block has less than so many rows, longer ones are faster; they are bounded by the memory they take.
_SHORTEST, _LONG = 16, 2**22
# Places at which the kernel's formula is compared with the loss.
_PROBES = np.array([-2.3, -0.7, 0.1, 0.9, 1.7, 3.1])


class Gradients:
    """X^T F/sqrt(N), sum_i l_i and sum_i F_i y_i of students on the instances of one block.

    Parameters
    ----------
    sensing, labels : (I, M, N) and (I, M).
    starts : students of one instance at the beginning; decides between kernel and matrix products, and on the blocks
        of the latter, for good.
    """

    def __init__(self, loss: Loss, sensing: NDArray[Any], labels: FloatArray, starts: int) -> None:
        self.loss, self.sensing, self.labels = loss, sensing, labels
        self.code = kernel_code(loss)
        self.fused = self.code is not None and starts < _BATCH
        dimension = sensing.shape[2]
        short = min(_UNCOPIED // starts, _CACHED) // dimension
        self.rows = short if short >= _SHORTEST else max(_SHORTEST, _LONG // dimension)

    def __call__(
        self, students: NDArray[Any], instance: NDArray[np.int64]
    ) -> tuple[NDArray[Any], FloatArray, FloatArray]:
        """Gradients (P, N), sums of the loss (P,) and of F y (P,); ``instance`` (P,) is sorted."""
        gradients = np.empty_like(students)
        energies, forces = np.empty(len(students)), np.empty(len(students))
        if self.fused:
            from .kernels import fused_gradients

            assert self.code is not None
            fused_gradients(
                self.sensing, self.labels, students, instance, *self.code, gradients, energies, forces
            )
            return gradients, energies, forces
        for k in np.unique(instance):
            rows = np.flatnonzero(instance == k)
            group = slice(int(rows[0]), int(rows[-1]) + 1)
            gradients[group], energies[group], forces[group] = self._products(int(k), students[group])
        return gradients, energies, forces

    def _products(self, k: int, students: NDArray[Any]) -> tuple[NDArray[Any], FloatArray, FloatArray]:
        x, t = self.sensing[k], self.labels[k]
        scaled = np.ascontiguousarray(students.T) * students.dtype.type(1.0 / math.sqrt(x.shape[1]))
        gradient, addition = np.zeros_like(students), np.empty_like(students)
        energy, force = np.zeros(len(students)), np.zeros(len(students))
        for start in range(0, len(x), self.rows):
            part, label = x[start : start + self.rows], t[start : start + self.rows]
            y = part @ scaled
            if self.code is not None:
                from .kernels import slopes_of_batch

                slopes_of_batch(y, label, *self.code, energy, force)
                slope = y
            else:
                wide, labels = y.astype(np.float64), np.broadcast_to(label[:, None], y.shape)
                exact = self.loss.slope(wide, labels)
                energy += self.loss.value(wide, labels).sum(axis=0)
                force += np.einsum("mp,mp->p", exact, wide)
                slope = exact.astype(x.dtype)
            gradient += np.matmul(slope.T, part, out=addition)
        gradient *= gradient.dtype.type(1.0 / math.sqrt(x.shape[1]))
        return gradient, energy, force


def kernel_code(loss: Loss) -> tuple[int, float, float] | None:
    """Kind, offset and prefactor with which the kernel evaluates exactly this loss; None if it cannot."""
    if loss.offset is None:
        return None
    from .kernels import AMPLITUDE, INTENSITY, NORMALISED, point

    kinds = {"normalised": NORMALISED, "intensity": INTENSITY, "amplitude": AMPLITUDE}
    if loss.name not in kinds:
        return None
    offset = loss.offset if math.isfinite(loss.offset) else 0.0
    code = (kinds[loss.name], offset, loss.prefactor)
    # A user may have given the name to another loss.
    y, t = (grid.ravel() for grid in np.meshgrid(_PROBES, _PROBES))
    there = np.array([point.py_func(*code, *place) for place in zip(y.tolist(), t.tolist(), strict=True)])
    stated = np.stack([loss.value(y, t), loss.slope(y, t)], axis=1)
    same = np.abs(there - stated) <= 1e-12 * (1.0 + np.abs(stated))
    return code if same.all() else None
