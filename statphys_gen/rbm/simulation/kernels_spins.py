"""Numba kernels that change one spin at a time, the hidden units summed out or at rest; imported where they run."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...arrays import FloatArray, SingleArray

_FAST = {"reassoc", "contract"}
_ONE, _NONE = np.float32(1.0), np.float32(0.0)


@njit(cache=True, nogil=True, fastmath=_FAST)
def collapsed_sweep(
    rng: np.random.Generator,
    order: NDArray[np.int64],
    weights: SingleArray,
    strength: FloatArray,
    field: FloatArray,
    visible: SingleArray,
    projections: SingleArray,
) -> None:
    """One heat-bath step of each spin in ``order``, of every chain: log P = strength/2 sum_a x_a^2 + sum_i field_i s_i.

    x_a = sum_i weights_ia s_i are the ``projections`` (chains, hidden), kept up to date.
    """
    chains, hidden = projections.shape
    for c in range(chains):
        for i in order:
            old = visible[c, i]
            dot = _NONE
            own = _NONE
            for a in range(hidden):
                w = weights[i, a]
                dot += w * projections[c, a]
                own += w * w
            local = strength[c] * (dot - old * own) + field[c, i]
            new = _ONE if rng.random() * (1.0 + math.exp(min(-2.0 * local, 700.0))) < 1.0 else -_ONE
            if new != old:
                change = new - old
                for a in range(hidden):
                    projections[c, a] += change * weights[i, a]
                visible[c, i] = new


@njit(cache=True, nogil=True, fastmath=_FAST)
def ground_energy(x: float, kind: int, parameter: float, values: FloatArray, energies: FloatArray) -> float:
    """max over h of x h - U(h): 0 Gaussian of variance ``parameter``, 1 ReLU and 2 soft threshold, 3 discrete."""
    if kind == 0:
        return 0.5 * parameter * x * x
    if kind == 1:
        above = max(x - parameter, 0.0)
        return 0.5 * above * above
    if kind == 2:
        above = max(abs(x) - parameter, 0.0)
        return 0.5 * above * above
    best = values[0] * x - energies[0]
    for k in range(1, len(values)):
        best = max(best, values[k] * x - energies[k])
    return best


@njit(cache=True, nogil=True, fastmath=_FAST)
def descent_pass(
    order: NDArray[np.int64],
    weights: SingleArray,
    field: FloatArray,
    kind: int,
    parameter: float,
    values: FloatArray,
    energies: FloatArray,
    visible: FloatArray,
    projections: FloatArray,
) -> int:
    """Flip every spin of one chain that lowers -sum_a max_h(x_a h - U(h)) - sum_i field_i s_i; number of flips."""
    flips = 0
    hidden = len(projections)
    for i in order:
        change = -2.0 * visible[i]
        gain = change * field[i]
        row = weights[i]
        # One loop for each kind, so that it uses vector instructions.
        if kind == 0:
            for a in range(hidden):
                x, y = projections[a], projections[a] + change * row[a]
                gain += 0.5 * parameter * (y - x) * (y + x)
        elif kind == 1:
            for a in range(hidden):
                x = max(projections[a] - parameter, 0.0)
                y = max(projections[a] + change * row[a] - parameter, 0.0)
                gain += 0.5 * (y - x) * (y + x)
        elif kind == 2:
            for a in range(hidden):
                x = max(abs(projections[a]) - parameter, 0.0)
                y = max(abs(projections[a] + change * row[a]) - parameter, 0.0)
                gain += 0.5 * (y - x) * (y + x)
        else:
            for a in range(hidden):
                x, y = projections[a], projections[a] + change * row[a]
                gain += ground_energy(y, kind, parameter, values, energies)
                gain -= ground_energy(x, kind, parameter, values, energies)
        if gain > 1e-9:
            for a in range(hidden):
                projections[a] += change * weights[i, a]
            visible[i] = -visible[i]
            flips += 1
    return flips
