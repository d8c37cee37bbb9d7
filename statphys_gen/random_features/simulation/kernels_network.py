"""Numba kernels that update the parameters of a small network. Imported inside the function that runs them."""

import math

import numpy as np
from numba import njit

from ...arrays import SingleArray


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def adam_update(
    parameters: SingleArray,
    first: SingleArray,
    second: SingleArray,
    gradient: SingleArray,
    step: int,
    learning_rate: float,
    first_decay: float,
    second_decay: float,
    offset: float,
) -> None:
    """Step number ``step`` (from 1) of Adam, in place; ``first`` and ``second`` are its running means."""
    kind = parameters.dtype.type
    rate = kind(learning_rate / (1.0 - first_decay**step))
    scale = kind(1.0 / math.sqrt(1.0 - second_decay**step))
    b1, c1, b2, c2 = kind(first_decay), kind(1.0 - first_decay), kind(second_decay), kind(1.0 - second_decay)
    small = kind(offset)
    for i in range(parameters.size):
        g = gradient[i]
        first[i] = b1 * first[i] + c1 * g
        second[i] = b2 * second[i] + c2 * g * g
        parameters[i] -= rate * first[i] / (np.sqrt(second[i]) * scale + small)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def momentum_update(
    parameters: SingleArray,
    velocity: SingleArray,
    gradient: SingleArray,
    learning_rate: float,
    momentum: float,
) -> None:
    """One step of descent with heavy-ball momentum, in place."""
    kind = parameters.dtype.type
    rate, memory = kind(learning_rate), kind(momentum)
    for i in range(parameters.size):
        velocity[i] = memory * velocity[i] - rate * gradient[i]
        parameters[i] += velocity[i]
