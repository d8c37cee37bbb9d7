"""The pass over all pairs of points and components of a spherical mixture, without storing them.

For point x_i of multiplicity n_i and component k with log weight c_k, mean m_k and variance s_k the term is
c_k - (D/2) log(2 pi s_k) - |x_i - m_k|^2/(2 s_k); the background adds one term to each point. Exponentials that lie
36 below the largest term of their point are left out: 2e-16 of it.
"""

import math

import numpy as np
from numba import njit

from ..arrays import FloatArray

_CUT = 36.0


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nnan", "nsz"})
def _terms(
    x: FloatArray, means: FloatArray, constant: FloatArray, factor: FloatArray, terms: FloatArray
) -> float:
    """Terms of one point and the largest of them; ``means`` is (D, K)."""
    dimension, components = means.shape
    for k in range(components):
        terms[k] = 0.0
    for d in range(dimension):
        coordinate = x[d]
        for k in range(components):
            difference = coordinate - means[d, k]
            terms[k] += difference * difference
    largest = -np.inf
    for k in range(components):
        terms[k] = constant[k] - factor[k] * terms[k]
        largest = max(largest, terms[k])
    return largest


@njit(cache=True, nogil=True, fastmath={"contract"})
def accumulate(
    points: FloatArray,
    multiplicities: FloatArray,
    means: FloatArray,
    constant: FloatArray,
    factor: FloatArray,
    background: FloatArray,
    mass: FloatArray,
    first: FloatArray,
    second: FloatArray,
    log_density: FloatArray,
) -> float:
    """Adds to ``mass`` (K,) sum_i n_i r_ik, to ``first`` (D, K) sum_i n_i r_ik (x_i - m_k), to ``second`` (K,) sum_i
    n_i r_ik |x_i - m_k|^2; writes the log densities of the points. Returns sum_i n_i r_i0, the background's share.

    ``background`` is the log of the background's term of each point, -inf without one;
    ``constant`` is c_k - (D/2) log(2 pi s_k), ``factor`` is 1/(2 s_k), ``means`` is (D, K).
    """
    dimension, components = means.shape
    terms = np.empty(components)
    chosen = np.empty(components, dtype=np.int64)
    outside = 0.0
    for i in range(len(points)):
        largest = max(_terms(points[i], means, constant, factor, terms), background[i])
        if largest == -np.inf:
            log_density[i] = -np.inf
            continue
        count = 0
        level = largest - _CUT
        for k in range(components):
            if terms[k] > level:
                chosen[count] = k
                count += 1
        own = math.exp(background[i] - largest)
        total = own
        for j in range(count):
            k = chosen[j]
            terms[k] = math.exp(terms[k] - largest)
            total += terms[k]
        log_density[i] = largest + math.log(total)
        scale = multiplicities[i] / total
        outside += own * scale
        for j in range(count):
            k = chosen[j]
            share = terms[k] * scale
            mass[k] += share
            squares = 0.0
            for d in range(dimension):
                difference = points[i, d] - means[d, k]
                first[d, k] += share * difference
                squares += difference * difference
            second[k] += share * squares
    return outside


@njit(cache=True, nogil=True, fastmath={"contract"})
def responsibilities(
    points: FloatArray,
    means: FloatArray,
    constant: FloatArray,
    factor: FloatArray,
    background: FloatArray,
    outside: FloatArray,
    best: FloatArray,
    log_density: FloatArray,
) -> None:
    """Probability of the background, the most probable component and the log density of each point."""
    components = means.shape[1]
    terms = np.empty(components)
    for i in range(len(points)):
        largest = _terms(points[i], means, constant, factor, terms)
        place = 0
        for k in range(components):
            if terms[k] == largest:
                place = k
                break
        best[i] = place
        largest = max(largest, background[i])
        total = math.exp(background[i] - largest)
        own = total
        for k in range(components):
            if terms[k] > largest - _CUT:
                total += math.exp(terms[k] - largest)
        outside[i] = own / total
        log_density[i] = largest + math.log(total)
