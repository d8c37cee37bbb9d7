"""The pass over all pairs of points and components of a spherical mixture, without storing them.

For point x_i of multiplicity n_i and component k with log weight c_k, mean m_k and variance s_k the term is
c_k - (D/2) log(2 pi s_k) - |x_i - m_k|^2/(2 s_k); the background adds one term to each point. Exponentials that lie
36 below the largest term of their point are left out: 2e-16 of it. Components are taken in groups that are near each
other in space, so that most groups are left out at once.
"""

import math

import numpy as np
from numba import njit

from ..arrays import FloatArray, IntArray

_CUT = 36.0
_GROUP = 8
# exp(-depth) is an entry of a table times a polynomial in what is left: the rest of the series is below 3e-17.
_PARTS = 32
_TABLE = np.exp(-np.arange(int(_CUT) * _PARTS + 2) / _PARTS)


@njit(cache=True, nogil=True)
def _grouped(means: FloatArray) -> IntArray:
    """Components in an order in which each run of ``_GROUP`` lies together: halves along the widest coordinate."""
    dimension, components = means.shape
    order = np.arange(components)
    first, last = np.empty(components + 1, dtype=np.int64), np.empty(components + 1, dtype=np.int64)
    first[0], last[0] = 0, components
    waiting = 1
    while waiting > 0:
        waiting -= 1
        a, b = first[waiting], last[waiting]
        if b - a <= _GROUP:
            continue
        widest, axis = -1.0, 0
        for d in range(dimension):
            low, high = np.inf, -np.inf
            for j in range(a, b):
                low = min(low, means[d, order[j]])
                high = max(high, means[d, order[j]])
            if high - low > widest:
                widest, axis = high - low, d
        part = order[a:b].copy()
        order[a:b] = part[np.argsort(means[axis][part])]
        middle = a + ((b - a) // 2 + _GROUP - 1) // _GROUP * _GROUP
        first[waiting], last[waiting] = a, middle
        first[waiting + 1], last[waiting + 1] = middle, b
        waiting += 2
    return order


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nnan", "nsz"})
def _terms(
    x: FloatArray, means: FloatArray, constant: FloatArray, factor: FloatArray, terms: FloatArray
) -> None:
    """Terms of one point; ``means`` is (D, K)."""
    dimension, components = means.shape
    coordinate = x[0]
    for k in range(components):
        difference = coordinate - means[0, k]
        terms[k] = difference * difference
    for d in range(1, dimension):
        coordinate = x[d]
        for k in range(components):
            difference = coordinate - means[d, k]
            terms[k] += difference * difference
    for k in range(components):
        terms[k] = constant[k] - factor[k] * terms[k]


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _largest(terms: FloatArray, a: int) -> float:
    """Largest of the eight terms from ``a`` on, in three rounds that do not wait for one another."""
    p = terms[a] if terms[a] > terms[a + 1] else terms[a + 1]
    q = terms[a + 2] if terms[a + 2] > terms[a + 3] else terms[a + 3]
    r = terms[a + 4] if terms[a + 4] > terms[a + 5] else terms[a + 5]
    s = terms[a + 6] if terms[a + 6] > terms[a + 7] else terms[a + 7]
    p = p if p > q else q
    r = r if r > s else s
    return p if p > r else r


@njit(cache=True, nogil=True, fastmath={"contract"})
def _decays(depth: FloatArray, count: int, share: FloatArray) -> float:
    """exp(-depth), for depths from 0 to 36, and their sum."""
    for j in range(count):
        place = int(depth[j] * _PARTS)
        r = place / _PARTS - depth[j]
        series = 1 / 24 + r * (1 / 120 + r * (1 / 720 + r / 5040))
        share[j] = _TABLE[place] * (1.0 + r * (1.0 + r * (0.5 + r * (1 / 6 + r * series))))
    total = 0.0
    for j in range(count):
        total += share[j]
    return total


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
    order = _grouped(means)
    groups = (components + _GROUP - 1) // _GROUP
    size = groups * _GROUP
    mean, height, steepness = np.zeros((dimension, size)), np.full(size, -np.inf), np.zeros(size)
    for j in range(components):
        height[j], steepness[j] = constant[order[j]], factor[order[j]]
        for d in range(dimension):
            mean[d, j] = means[d, order[j]]
    sums = np.zeros((size, dimension + 2))
    tops, terms = np.empty(groups), np.empty(size)
    chosen = np.empty(size + 1, dtype=np.int64)
    depth, share = np.empty(size + 1), np.empty(size + 1)
    outside = 0.0
    for i in range(len(points)):
        x = points[i]
        _terms(x, mean, height, steepness, terms)
        largest = background[i]
        for g in range(groups):
            tops[g] = _largest(terms, g * _GROUP)
            largest = tops[g] if tops[g] > largest else largest
        if largest == -np.inf:
            log_density[i] = -np.inf
            continue
        count = 0
        level = largest - _CUT
        for g in range(groups):
            if tops[g] > level:
                for k in range(g * _GROUP, (g + 1) * _GROUP):
                    chosen[count] = k
                    depth[count] = largest - terms[k]
                    count += 1 if terms[k] > level else 0
        own = math.exp(background[i] - largest)
        total = own + _decays(depth, count, share)
        log_density[i] = largest + math.log(total)
        scale = multiplicities[i] / total
        outside += own * scale
        for j in range(count):
            k = chosen[j]
            part = share[j] * scale
            squares = 0.0
            for d in range(dimension):
                difference = x[d] - mean[d, k]
                sums[k, d] += part * difference
                squares += difference * difference
            sums[k, dimension] += part * squares
            sums[k, dimension + 1] += part
    for j in range(components):
        k = order[j]
        second[k] += sums[j, dimension]
        mass[k] += sums[j, dimension + 1]
        for d in range(dimension):
            first[d, k] += sums[j, d]
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
        _terms(points[i], means, constant, factor, terms)
        place = 0
        for k in range(components):
            if terms[k] > terms[place]:
                place = k
        best[i] = place
        largest = max(terms[place], background[i])
        total = math.exp(background[i] - largest)
        own = total
        for k in range(components):
            if terms[k] > largest - _CUT:
                total += math.exp(terms[k] - largest)
        outside[i] = own / total
        log_density[i] = largest + math.log(total)
