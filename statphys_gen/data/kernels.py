"""Numba kernels of the samplers. Imported inside the functions that run them; serial, without the lock.

A ``Generator`` passed into a kernel gives the same bits as numpy does, row after row.
"""

import math

import numpy as np
from numba import njit

from ..arrays import FloatArray, IntArray


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def isotropic_projections(
    rng: np.random.Generator,
    components: IntArray,
    means: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    products: FloatArray,
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
def log_cosh_sums(fields: FloatArray, nodes: FloatArray, sums: FloatArray) -> None:
    """sums[walker, j] = sum_i log(2 cosh(nodes[j] + fields[walker, i])) without the sum of |fields[walker, i]|.

    2 cosh(h + b) exp(-|b|) = exp(h) p + exp(-h) q with p, q in (0, 1]: a product of factors within exp(+-(|h| + 1)),
    whose logarithm is taken only every few factors, before it can leave the range of the numbers.
    """
    factors = max(1, int(600.0 / (np.abs(nodes).max() + 1.0)))
    up, down = np.exp(nodes), np.exp(-nodes)
    product = np.empty(len(nodes))
    for walker in range(len(fields)):
        for j in range(len(nodes)):
            sums[walker, j] = 0.0
        for start in range(0, fields.shape[1], factors):
            for j in range(len(nodes)):
                product[j] = 1.0
            for i in range(start, min(start + factors, fields.shape[1])):
                decay = math.exp(-2.0 * abs(fields[walker, i]))
                p, q = (1.0, decay) if fields[walker, i] >= 0.0 else (decay, 1.0)
                for j in range(len(nodes)):
                    product[j] *= p * up[j] + q * down[j]
            for j in range(len(nodes)):
                sums[walker, j] += math.log(product[j])
