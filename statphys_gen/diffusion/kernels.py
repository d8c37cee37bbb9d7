"""Numba kernels of the diffusion simulations. Imported inside the functions that run them; serial, without the lock.

A ``Generator`` passed into a kernel gives the same bits as numpy does, row after row.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def isotropic_projections(
    rng: np.random.Generator,
    components: Ints,
    means: Floats,
    deviations: Floats,
    squares: Floats,
    products: Floats,
) -> None:
    """Draw x ~ N(means[k], deviations[k]^2 I) for every walker and keep |x|^2 and x . means[l] only.

    ``squares`` (walkers,) and ``products`` (walkers, K) are written.
    """
    classes, dimension = means.shape
    noise = np.empty(dimension)
    for walker in range(len(components)):
        mean, deviation = means[components[walker]], deviations[components[walker]]
        # Drawing and reducing in two loops lets the second one use vector instructions.
        for i in range(dimension):
            noise[i] = rng.standard_normal()
        total = 0.0
        for i in range(dimension):
            noise[i] = mean[i] + deviation * noise[i]
            total += noise[i] * noise[i]
        squares[walker] = total
        for k in range(classes):
            total = 0.0
            for i in range(dimension):
                total += noise[i] * means[k, i]
            products[walker, k] = total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def euler_isotropic(
    rng: np.random.Generator,
    x: Floats,
    times: Floats,
    log_weights: Floats,
    means: Floats,
    variances: Floats,
) -> None:
    """Euler steps, in place, of the backward process of an isotropic mixture along decreasing ``times``.

    x <- x + h (x + 2 score(x, t)) + sqrt(2 h) xi with h = times[j] - times[j + 1] and the score at t = times[j].
    The rows of x are walkers; each makes all its steps before the next one starts, so that it stays in cache.
    """
    classes, dimension = means.shape
    norms = np.empty(classes)
    for k in range(classes):
        norms[k] = np.dot(means[k], means[k])
    products, posterior, noise = np.empty(classes), np.empty(classes), np.empty(dimension)
    for walker in range(len(x)):
        square = np.dot(x[walker], x[walker])
        for k in range(classes):
            products[k] = np.dot(x[walker], means[k])
        for j in range(len(times) - 1):
            h = times[j] - times[j + 1]
            scale = math.exp(-times[j])
            largest = -np.inf
            for k in range(classes):
                width = scale * scale * variances[k] - math.expm1(-2.0 * times[j])
                distance = square - 2.0 * scale * products[k] + scale * scale * norms[k]
                posterior[k] = log_weights[k] - 0.5 * (distance / width + dimension * math.log(width))
                largest = max(largest, posterior[k])
            total = 0.0
            for k in range(classes):
                posterior[k] = math.exp(posterior[k] - largest)
                total += posterior[k]
            factor = 1.0 + h
            for k in range(classes):
                width = scale * scale * variances[k] - math.expm1(-2.0 * times[j])
                pull = 2.0 * h * posterior[k] / (total * width)
                factor -= pull
                posterior[k] = pull * scale
            deviation = math.sqrt(2.0 * h)
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
