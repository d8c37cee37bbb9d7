"""Numba kernels of the small trainings. Imported inside the functions that run them; serial, without the lock."""

import math

import numpy as np
from numba import njit

from ...arrays import FloatArray


# Division as in numpy: a check for 0 would keep the loops from using vector instructions.
@njit(cache=True, nogil=True, error_model="numpy")
def descent_steps(
    weights: FloatArray,
    before: FloatArray,
    gram: FloatArray,
    target: FloatArray,
    count: int,
    step: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """``count`` steps of descent with momentum against the gradient ``weights @ gram + target``, in place.

    ``before`` are the weights before the last step; Nesterov's gradient is taken at weights + momentum (weights -
    before).
    """
    rows, columns = weights.shape
    ahead, product = np.empty_like(weights), np.empty_like(weights)
    for _ in range(count):
        for i in range(rows):
            for j in range(columns):
                ahead[i, j] = weights[i, j] + momentum * (weights[i, j] - before[i, j])
                before[i, j] = weights[i, j]
        np.dot(ahead if nesterov else before, gram, product)
        for i in range(rows):
            for j in range(columns):
                weights[i, j] = ahead[i, j] - step * (product[i, j] + target[i, j])


@njit(cache=True, nogil=True, error_model="numpy")
def adam_steps(
    weights: FloatArray,
    first: FloatArray,
    second: FloatArray,
    hessian: FloatArray,
    constant: FloatArray,
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
