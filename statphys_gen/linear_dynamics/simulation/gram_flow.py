r"""Gradient flow of a two-layer linear network of any width and for any cost, without its weights.

With K = W^T W = [[C1, A^T], [A, C2]], W = [W1, W2^T], and G = grad C(A), gradient flow with rates eta1, eta2 is

    dA/dt = -(eta1 C2 G + eta2 G C1),  dC1/dt = -eta1 (A^T G + G^T A),  dC2/dt = -eta2 (A G^T + G A^T):

exact, and a step costs O((n + p)^3) whatever the width.

K must stay positive semi-definite: a direction whose kernel turns negative by an error of the integrator runs away.
Where K(0) is singular, or small against the gradient, the flow follows a factor of K with at most n + p rows in its
place, which is the network of that width with the same K.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.blocks import map_blocks
from ...numerics.flow import checked_times, checked_tolerance, integrate_flow
from ..model import LinearNetwork, Task
from .samples import Training, measure
from .starts import Gram, Initialisation, controls, draw_gram, draw_target, require_orthogonal

# Smallest eigenvalue of K(0), over the largest and the gradient, from which K itself is followed.
_SAFE = 0.01

CostGradient = Callable[[FloatArray, FloatArray], FloatArray]


def squared_distance_gradient(product: FloatArray, target: FloatArray) -> FloatArray:
    """A - T, the gradient of |A - T|^2/2."""
    return product - target


def gram_flow(
    start: Gram,
    gradient: Callable[[FloatArray], FloatArray],
    training_time: ArrayLike,
    *,
    rates: Sequence[float] = (1.0, 1.0),
    tolerance: float = 1e-9,
) -> list[Gram]:
    """K at times t (m,) of the gradient flow, from K(0).

    Parameters
    ----------
    start : K(0).
    gradient : maps A (p, n) to the gradient of the cost.
    rates : learning rates of the two layers, above 0.
    tolerance : of a step, relative to K; at most 1e-3.
    """
    times = checked_times("training_time", training_time)
    first_rate, second_rate = checked_rates(rates)
    checked_tolerance(tolerance)
    p, n = start.product.shape
    if start.first.shape != (n, n) or start.second.shape != (p, p):
        shapes = (start.first.shape, start.product.shape, start.second.shape)
        raise InvalidArgument("start", shapes, "of the shapes (n, n), (p, n) and (p, p)")
    whole = np.block([[start.first, start.product.T], [start.product, start.second]])
    values, vectors = np.linalg.eigh(whole)
    force = float(np.linalg.norm(gradient_at(gradient, start.product), 2))
    if values[0] > _SAFE * max(float(values[-1]), force):
        return _flow_of_gram(start, gradient, times, first_rate, second_rate, tolerance)
    kept = values > len(values) * np.finfo(np.float64).eps * max(float(values[-1]), np.finfo(np.float64).tiny)
    if not kept.any():  # weights that are all 0 stay there
        return [start] * len(times)
    factor = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    return _flow_of_factor(factor, n, gradient, times, first_rate, second_rate, tolerance)


def checked_rates(rates: Sequence[float]) -> tuple[float, float]:
    """Learning rates of the two layers."""
    first, second = validation.array("rates", rates, shape=(2,), above=0.0).tolist()
    return first, second


def gradient_at(gradient: Callable[[FloatArray], FloatArray], product: FloatArray) -> FloatArray:
    """The gradient of the cost at A, of the shape of A."""
    force = np.asarray(gradient(product), dtype=np.float64)
    if force.shape != product.shape:
        raise InvalidArgument("gradient", force.shape, f"a function that returns shape {product.shape}")
    return force


def _flow_of_gram(
    start: Gram,
    gradient: Callable[[FloatArray], FloatArray],
    times: FloatArray,
    first_rate: float,
    second_rate: float,
    tolerance: float,
) -> list[Gram]:
    p, n = start.product.shape
    ends = [n * n, n * n + p * n]
    scale = max(float(np.trace(start.first)) / n, float(np.trace(start.second)) / p)

    def unpacked(flat: FloatArray) -> Gram:
        one, product, two = np.split(flat, ends)
        return Gram(one.reshape(n, n), product.reshape(p, n), two.reshape(p, p))

    def right_side(flat: FloatArray) -> FloatArray:
        gram = unpacked(flat * scale)
        force = gradient(gram.product)
        one, two = gram.product.T @ force, gram.product @ force.T
        moved = first_rate * (gram.second @ force) + second_rate * (force @ gram.first)
        change = (first_rate * (one + one.T), moved, second_rate * (two + two.T))
        return np.concatenate([part.ravel() for part in change]) / (-scale)

    packed = np.concatenate([start.first.ravel(), start.product.ravel(), start.second.ravel()]) / scale
    return [unpacked(row * scale) for row in integrate_flow(right_side, packed, times, tolerance=tolerance)]


def _flow_of_factor(
    factor: FloatArray,
    inputs: int,
    gradient: Callable[[FloatArray], FloatArray],
    times: FloatArray,
    first_rate: float,
    second_rate: float,
    tolerance: float,
) -> list[Gram]:
    """The same for W (r, n + p) with W^T W = K."""

    def right_side(flat: FloatArray) -> FloatArray:
        weights = flat.reshape(factor.shape)
        first, second = weights[:, :inputs], weights[:, inputs:]
        force = gradient(second.T @ first)
        change = np.concatenate([first_rate * (second @ force), second_rate * (first @ force.T)], axis=1)
        return -change.ravel()

    rows = integrate_flow(right_side, factor.ravel(), times, tolerance=tolerance)
    found = []
    for row in rows:
        weights = row.reshape(factor.shape)
        first, second = weights[:, :inputs], weights[:, inputs:]
        found.append(Gram(first.T @ first, second.T @ first, second.T @ second))
    return found


def simulate_training(
    network: LinearNetwork,
    training_time: ArrayLike,
    task: Task,
    *,
    instances: int,
    initialisation: Initialisation = "gaussian",
    gradient: CostGradient = squared_distance_gradient,
    centred: bool = False,
    reference: bool = False,
    tolerance: float = 1e-6,
    seed: int = 0,
    threads: int = 1,
) -> Training:
    """Independent networks trained on independent targets, by the Gram flow.

    Parameters
    ----------
    network : sizes, initial variances and rates.
    training_time : t (m,) of the gradient flow, not scaled, at least 0.
    task : signals and noise of the targets.
    instances : number of networks with their targets.
    initialisation : "gaussian", or "orthogonal" (W^T W diagonal), which needs w >= n + p.
    gradient : of the cost, a function of A and T.
    centred : A(t) - A(0) learns, and is tested, in place of A(t).
    reference : also train an orthogonal network on every target, to set the width beside.
    tolerance : of a step of the integrator, relative to K; at most 1e-3.

    Raises
    ------
    InvalidArgument : an argument out of its domain.
    """
    times = checked_times("training_time", training_time)
    checked_tolerance(tolerance)
    count = validation.integer("instances", instances, minimum=1)
    validation.choice("initialisation", initialisation, ("gaussian", "orthogonal"))
    if initialisation == "orthogonal" or reference:
        require_orthogonal(network)
    if reference and initialisation == "orthogonal":
        raise InvalidArgument("reference", True, "False for orthogonal weights, which are the reference")

    def run(instance: int) -> Training:
        target = draw_target(network, task, seed, instance, initialisation)
        goal = target.matrix

        def flow(start: Gram) -> FloatArray:
            offset = start.product if centred else 0.0
            follow = partial(
                gram_flow,
                training_time=times,
                rates=(network.first_rate, network.second_rate),
                tolerance=tolerance,
            )
            return np.stack(
                [gram.product - offset for gram in follow(start, lambda a: gradient(a - offset, goal))]
            )

        start = draw_gram(network, task, seed, instance, initialisation)
        products = flow(start)
        beside = flow(draw_gram(network, task, seed, instance, "orthogonal")) if reference else None
        return measure(times, products, target, controls(network, target, start, initialisation), beside)

    return Training.join(map_blocks(run, count, threads=threads))
