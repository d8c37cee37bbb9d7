"""Passes over the knots of a score network: tails of Gaussians, and sums over neurons or segments.

The tail of the normal law beyond t >= 0 is P(N > t) = e^(-t^2/2) g(t) with g(t) (1 + 5t/4) a polynomial in
r = (t - 5)/(t + 5), from -1 to 1, so that one exponential serves the density and the tail.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...arrays import FloatArray

# From r^23 down to r^0: through the 24 Chebyshev nodes, from 50-digit values; nowhere off by more than 2e-17. The tests
# compute it again.
_TAIL = np.array(
    [
        -5.146382428193451e-10,
        -3.215442205510038e-10,
        5.824570642455965e-09,
        4.182548375080131e-09,
        -4.051017929293932e-08,
        -3.02902364716649e-08,
        2.556606027101369e-07,
        1.4075214271153581e-07,
        -1.6955892329564023e-06,
        8.072161747722354e-08,
        1.1642549303885496e-05,
        -1.4031179655638312e-05,
        -6.724989660023716e-05,
        0.00024302453905693735,
        -2.382969127717125e-05,
        -0.0021499781128456086,
        0.008747211920490687,
        -0.02121086189102172,
        0.03652467917680597,
        -0.04496514177891562,
        0.0327239097975576,
        0.009770757560953556,
        -0.07857596347650818,
        0.5576649610687956,
    ]
)
_LARGEST = 40.0  # beyond it the exponential is 0


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _sides(u: FloatArray, bell: FloatArray, left: FloatArray, right: FloatArray) -> None:
    """left <- P(N < u) and right <- P(N > u), with e^(-u^2/2) in ``bell``."""
    for k in range(len(u)):
        t = min(abs(u[k]), _LARGEST)
        r = (t - 5.0) / (t + 5.0)
        series = _TAIL[0]
        for n in range(1, len(_TAIL)):
            series = series * r + _TAIL[n]
        tail = bell[k] * series / (1.0 + 1.25 * t)
        left[k] = tail if u[k] < 0.0 else 1.0 - tail
        right[k] = 1.0 - tail if u[k] < 0.0 else tail


@njit(cache=True, nogil=True)
def _add(total: FloatArray, weight: float, part: FloatArray) -> None:
    for k in range(len(part)):
        total[k] += weight * part[k]


@njit(cache=True, nogil=True)
def moments_beside(
    u: FloatArray,
    bell: FloatArray,
    shares: FloatArray,
    centres: FloatArray,
    sigma: float,
    positions: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Moments 1, Y, Y^2 of Y < z, (3, q), and of Y > z, and the density at z, (q,), of a mixture of n Gaussians.

    ``u`` (n, q) is (z - centres)/sigma at q positions z, and ``bell`` is e^(-u^2/2). Either side is a sum of its own,
    so that the smaller one keeps its digits.
    """
    size = len(positions)
    below, above, bells = np.zeros((3, size)), np.zeros((3, size)), np.zeros((2, size))
    left, right = np.empty(size), np.empty(size)
    for i in range(len(centres)):
        share, centre = shares[i], centres[i]
        _sides(u[i], bell[i], left, right)
        for n, weight in enumerate((share, share * centre, share * (centre * centre + sigma * sigma))):
            _add(below[n], weight, left)
            _add(above[n], weight, right)
        _add(bells[0], share, bell[i])
        _add(bells[1], share * centre, bell[i])
    scale = sigma / np.sqrt(2.0 * np.pi)
    for k in range(size):
        first = scale * bells[0, k]
        second = scale * (bells[1, k] + positions[k] * bells[0, k])
        below[1, k] -= first
        above[1, k] += first
        below[2, k] -= second
        above[2, k] += second
    return below, above, bells[0] / (np.sqrt(2.0 * np.pi) * sigma)


@njit(cache=True, nogil=True)
def over_neurons(rising: NDArray[np.bool_], steps: FloatArray) -> FloatArray:
    """Sums of the steps (r, m) of the sorted neurons over those that are active on each of the segments, (r, m + 1)."""
    rows, size = steps.shape
    sums = np.empty((rows, size + 1))
    for row in range(rows):
        total = 0.0
        for k in range(size):
            sums[row, k] = total
            total += steps[row, k] if rising[k] else 0.0
        sums[row, size] = total
        total = 0.0
        for k in range(size - 1, -1, -1):
            total += 0.0 if rising[k] else steps[row, k]
            sums[row, k] += total
    return sums


@njit(cache=True, nogil=True)
def over_segments(rising: NDArray[np.bool_], parts: FloatArray) -> FloatArray:
    """Sums of the parts (r, m + 1) of the segments over those where each of the sorted neurons is active, (r, m)."""
    rows, size = len(parts), len(rising)
    sums = np.empty((rows, size))
    for row in range(rows):
        total = 0.0
        for k in range(size):
            total += parts[row, k]
            sums[row, k] = total
        total = 0.0
        for k in range(size - 1, -1, -1):
            total += parts[row, k + 1]
            if rising[k]:
                sums[row, k] = total
    return sums
