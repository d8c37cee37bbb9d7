"""Numba kernel of the small trainings. Imported inside the function that runs it; serial, without the lock."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def adam_steps(
    weights: Floats,
    first: Floats,
    second: Floats,
    hessian: Floats,
    constant: Floats,
    start: int,
    stop: int,
    learning_rate: float,
    first_decay: float,
    second_decay: float,
    offset: float,
) -> None:
    """Steps start + 1, ..., stop of Adam on a quadratic loss with gradient ``weights @ hessian + constant``, in place.

    ``first`` and ``second`` are the running means of the gradient and of its square.
    """
    rows, columns = weights.shape
    gradient = np.empty_like(weights)
    for step in range(start + 1, stop + 1):
        np.dot(weights, hessian, gradient)
        rate = learning_rate / (1.0 - first_decay**step)
        scale = 1.0 / math.sqrt(1.0 - second_decay**step)
        for i in range(rows):
            for j in range(columns):
                g = gradient[i, j] + constant[i, j]
                first[i, j] = first_decay * first[i, j] + (1.0 - first_decay) * g
                second[i, j] = second_decay * second[i, j] + (1.0 - second_decay) * g * g
                weights[i, j] -= rate * first[i, j] / (math.sqrt(second[i, j]) * scale + offset)
