"""Numba kernels of the diffusion simulations. Imported inside the functions that run them; serial, without the lock.

A ``Generator`` passed into a kernel gives the same bits as numpy does, row after row.
"""

import math

import numpy as np
from numba import njit

from ...arrays import FloatArray


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def euler_isotropic(
    rng: np.random.Generator,
    x: FloatArray,
    times: FloatArray,
    log_weights: FloatArray,
    means: FloatArray,
    variances: FloatArray,
) -> None:
    """Euler steps, in place, of the backward process of an isotropic mixture along decreasing ``times``.

    x <- x + h (x + 2 score(x, t)) + sqrt(2 h) xi with h = times[j] - times[j + 1] and the score at t = times[j].
    The rows of x are walkers; each makes all its steps before the next one starts, so that it stays in cache.
    """
    classes, dimension = means.shape
    steps = len(times) - 1
    # log p(k|x) = constants + slopes (x . m_k) - |x|^2 precisions / 2 up to a common constant, for every step.
    constants, slopes, precisions = (
        np.empty((steps, classes)),
        np.empty((steps, classes)),
        np.empty((steps, classes)),
    )
    for j in range(steps):
        decay = math.exp(-2.0 * times[j])
        for k in range(classes):
            width = decay * variances[k] - math.expm1(-2.0 * times[j])
            norm = decay * np.dot(means[k], means[k])
            constants[j, k] = log_weights[k] - 0.5 * (norm / width + dimension * math.log(width))
            slopes[j, k] = math.exp(-times[j]) / width
            precisions[j, k] = 1.0 / width
    products, posterior, noise = np.empty(classes), np.empty(classes), np.empty(dimension)
    for walker in range(len(x)):
        square = np.dot(x[walker], x[walker])
        for k in range(classes):
            products[k] = np.dot(x[walker], means[k])
        for j in range(steps):
            h = times[j] - times[j + 1]
            deviation = math.sqrt(2.0 * h)
            largest = -np.inf
            for k in range(classes):
                posterior[k] = constants[j, k] + slopes[j, k] * products[k] - 0.5 * precisions[j, k] * square
                largest = max(largest, posterior[k])
            total = 0.0
            for k in range(classes):
                posterior[k] = math.exp(posterior[k] - largest)
                total += posterior[k]
            factor = 1.0 + h
            for k in range(classes):
                factor -= 2.0 * h * precisions[j, k] * posterior[k] / total
                posterior[k] *= 2.0 * h * slopes[j, k] / total
            for i in range(dimension):
                noise[i] = rng.standard_normal()
            for i in range(dimension):
                x[walker, i] = factor * x[walker, i] + deviation * noise[i]
            for k in range(classes):
                for i in range(dimension):
                    x[walker, i] += posterior[k] * means[k, i]
            square = 0.0
            for i in range(dimension):
                square += x[walker, i] * x[walker, i]
            for k in range(classes):
                total = 0.0
                for i in range(dimension):
                    total += x[walker, i] * means[k, i]
                products[k] = total
