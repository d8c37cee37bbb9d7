"""Gradient descent with full weights: both layers move along the same residual, by the definition.

W1 <- W1 - eta eta1 W2^T G, W2 <- W2 - eta eta2 G W1^T with G = grad C(W2 W1) before the step; eta is the learning rate,
eta1 and eta2 the network's rates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray, IntArray
from ...errors import InvalidArgument, NotConverged
from ...numerics.blocks import map_blocks
from ...numerics.flow import checked_times
from ...progress import keep
from ..model import LinearNetwork, Task
from .gram_flow import CostGradient, gradient_at, squared_distance_gradient
from .samples import Training, measure
from .starts import Gram, Initialisation, controls, draw_target, draw_weights, require_orthogonal

LARGEST_MEMORY = 2.0e9  # bytes of the weights
LARGEST_STEPS, LARGEST_WORK = 1e7, 1e15  # steps of a descent and their floating-point operations


def simulate_descent(
    network: LinearNetwork,
    training_time: ArrayLike,
    task: Task,
    *,
    learning_rate: float,
    instances: int,
    initialisation: Initialisation = "gaussian",
    gradient: CostGradient = squared_distance_gradient,
    seed: int = 0,
    threads: int = 1,
) -> Training:
    """Independent networks trained on independent targets, by gradient descent with full weights.

    Parameters
    ----------
    training_time : t (m,), learning rate times number of steps; rounded to whole steps.
    learning_rate : eta, above 0, and at most twice the shortest time above 0.

    The others are those of ``simulate_training``.

    Raises
    ------
    InvalidArgument : the weights would take more than 2 GB, or the descent too many steps: use the Gram flow.
    NotConverged : the descent diverged: take a smaller learning rate.
    """
    eta = validation.positive("learning_rate", learning_rate)
    asked = checked_times("training_time", training_time)
    count = validation.integer("instances", instances, minimum=1)
    validation.choice("initialisation", initialisation, ("gaussian", "orthogonal"))
    if initialisation == "orthogonal":
        require_orthogonal(network)
    require_memory(network)
    steps = checked_steps(network, asked, eta)
    times = np.asarray(steps * eta, dtype=np.float64)

    def run(instance: int) -> Training:
        target = draw_target(network, task, seed, instance, initialisation)
        first, second = draw_weights(network, task, seed, instance, initialisation)
        start = Gram(first.T @ first, second @ first, second @ second.T)
        products = descend(
            first,
            second,
            lambda a: gradient(a, target.matrix),
            steps,
            eta,
            (network.first_rate, network.second_rate),
        )
        return measure(times, products, target, controls(network, target, start, initialisation))

    return Training.join(map_blocks(run, count, threads=threads))


def checked_steps(network: LinearNetwork, training_time: FloatArray, learning_rate: float) -> IntArray:
    """Numbers of steps up to these times; refused where a time above 0 rounds to none, or where they never end."""
    with np.errstate(over="ignore"):
        steps = np.rint(training_time / learning_rate)
    last = float(training_time.max())
    if ((steps == 0.0) & (training_time > 0.0)).any():
        least = float(training_time[training_time > 0.0].min())
        raise InvalidArgument(
            "learning_rate", learning_rate, f"below {2.0 * least:g}, twice the shortest time t = {least:g}"
        )
    work = 6.0 * network.inputs * network.outputs * network.width
    most = min(LARGEST_STEPS, LARGEST_WORK / work)
    if steps.max() > most:
        raise InvalidArgument(
            "learning_rate",
            learning_rate,
            f"at least {last / most:.2g} up to t = {last:g}: at most {most:.2g} steps; the Gram flow needs none",
        )
    return np.asarray(steps, dtype=np.int64)


def require_memory(network: LinearNetwork) -> None:
    memory = 8.0 * (network.inputs + network.outputs) * network.width
    if memory > LARGEST_MEMORY:
        raise InvalidArgument(
            "width",
            network.width,
            f"such that full weights take at most 2 GB (here {memory / 1e9:.3g}): use the Gram flow, any width",
        )


def descend(
    first: FloatArray,
    second: FloatArray,
    gradient: Callable[[FloatArray], FloatArray],
    steps: IntArray,
    learning_rate: float,
    rates: tuple[float, float] = (1.0, 1.0),
) -> FloatArray:
    """A after each of these numbers of steps (m, p, n); the weights given are not changed."""
    first, second = first.copy(), second.copy()
    wanted = set(steps.tolist())
    found: dict[int, FloatArray] = {}
    gradient_at(gradient, second @ first)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(int(steps.max()) + 1):
            product = second @ first
            if step in wanted:
                found[step] = product
            force = learning_rate * gradient(product)
            moved = second.T @ force
            second -= rates[1] * (force @ first.T)
            first -= rates[0] * moved
    products = np.stack([found[int(step)] for step in steps])
    if not np.isfinite(products).all():
        raise NotConverged(f"the descent diverged at learning rate {learning_rate:g}: take a smaller one")
    return products


keep(simulate_descent, "instances")
