r"""Gradient flow of a two-layer linear network of any width and for any cost, without its weights.

With K = W^T W = [[C1, A^T], [A, C2]], W = [W1, W2^T], and G = grad C(A), gradient flow with rates eta1, eta2 is

    dA/dt = -(eta1 C2 G + eta2 G C1),  dC1/dt = -eta1 (A^T G + G^T A),  dC2/dt = -eta2 (A G^T + G A^T):

exact, and a step costs O((n + p)^3) whatever the width.

K must stay positive semi-definite: a direction whose kernel turns negative by an error of the integrator runs away.
Where K(0) is singular, or small against the gradient, the flow follows a factor of K with at most n + p rows in its
place, which is the network of that width with the same K. The flow acts on W from the right: every row moves by itself,
and is followed in units of its own size at the start, however small.

For a squared distance, G = A - T, the late flow is known: with kernels that hardly move any more,

    G(t) = exp(-eta1 C2 t) G(0) exp(-eta2 C1 t),    dW1 = -eta1 W2^T X,  dW2 = -eta2 X W1^T,  X = int_0^t G,

up to the square of max(eta1, eta2)|G|/mu, mu = eta1 lambda_min(C2) + eta2 lambda_min(C1). Where that is below the
tolerance the flow ends in this way, and late times cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.blocks import map_blocks
from ...numerics.flow import checked_times, checked_tolerance, integrate_flow
from ...progress import keep
from ..model import LinearNetwork, Task
from .samples import Training, measure
from .starts import (
    Gram,
    Initialisation,
    compressed,
    controls,
    draw_factor,
    draw_target,
    gram_of,
    require_orthogonal,
)

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
    quadratic: bool = False,
) -> list[Gram]:
    """K at times t (m,) of the gradient flow, from K(0).

    Parameters
    ----------
    start : K(0).
    gradient : maps A (p, n) to the gradient of the cost.
    rates : learning rates of the two layers, above 0.
    tolerance : of a step, relative to K; at most 1e-3.
    quadratic : the gradient is A less a constant matrix, so that the end of the flow can be told.
    """
    times = checked_times("training_time", training_time)
    speed = checked_rates(rates)
    checked_tolerance(tolerance)
    p, n = start.product.shape
    if start.first.shape != (n, n) or start.second.shape != (p, p):
        shapes = (start.first.shape, start.product.shape, start.second.shape)
        raise InvalidArgument("start", shapes, "of the shapes (n, n), (p, n) and (p, p)")
    whole = np.block([[start.first, start.product.T], [start.product, start.second]])
    values, vectors = np.linalg.eigh(whole)
    if _safe(values, gradient_at(gradient, start.product)):
        return _flow_of_gram(start, gradient, times, speed, tolerance, quadratic)
    kept = values > len(values) * np.finfo(np.float64).eps * max(float(values[-1]), np.finfo(np.float64).tiny)
    factor = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    return _flow_of_factor(factor, n, gradient, times, speed, tolerance, quadratic)


def flow_of_factor(
    factor: FloatArray,
    inputs: int,
    gradient: Callable[[FloatArray], FloatArray],
    training_time: ArrayLike,
    *,
    rates: Sequence[float] = (1.0, 1.0),
    tolerance: float = 1e-9,
    quadratic: bool = False,
) -> list[Gram]:
    """K at times t (m,), from a factor W (r, n + p) of K(0) = W^T W with n ``inputs``, such as the weights themselves.

    Directions of K(0) far below its rounding are followed, as far as the factor has them. The other parameters are
    those of ``gram_flow``.
    """
    times = checked_times("training_time", training_time)
    speed = checked_rates(rates)
    checked_tolerance(tolerance)
    rows = compressed(factor)
    start = gram_of(rows, inputs)
    force = gradient_at(gradient, start.product)
    few, size = rows.shape
    values = np.asarray(np.linalg.svd(rows, compute_uv=False)[::-1] ** 2, dtype=np.float64)
    if few == size and _safe(values, force):
        return _flow_of_gram(start, gradient, times, speed, tolerance, quadratic)
    return _flow_of_factor(rows, inputs, gradient, times, speed, tolerance, quadratic)


def _safe(values: FloatArray, force: FloatArray) -> bool:
    """Whether K(0) with these eigenvalues, ascending, is far from singular and not small against the gradient."""
    return bool(values[0] > _SAFE * max(float(values[-1]), float(np.linalg.norm(force, 2))))


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
    rates: tuple[float, float],
    tolerance: float,
    quadratic: bool,
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
        moved = rates[0] * (gram.second @ force) + rates[1] * (force @ gram.first)
        change = (rates[0] * (one + one.T), moved, rates[1] * (two + two.T))
        return np.concatenate([part.ravel() for part in change]) / (-scale)

    def error(flat: FloatArray) -> float:
        gram = unpacked(flat * scale)
        return _late_error(gram, gradient(gram.product), rates, tolerance)

    def finish(flat: FloatArray, elapsed: FloatArray) -> FloatArray:
        gram = unpacked(flat * scale)
        rows = []
        for moved in _late_integrals(gram, gradient(gram.product), rates, elapsed):
            one, two = gram.product.T @ moved, gram.product @ moved.T
            product = gram.product - rates[0] * (gram.second @ moved) - rates[1] * (moved @ gram.first)
            first, second = gram.first - rates[0] * (one + one.T), gram.second - rates[1] * (two + two.T)
            rows.append(np.concatenate([part.ravel() for part in (first, product, second)]) / scale)
        return np.array(rows).reshape(len(elapsed), -1)

    packed = np.concatenate([start.first.ravel(), start.product.ravel(), start.second.ravel()]) / scale
    settling = (error, finish) if quadratic else None
    found = integrate_flow(right_side, packed, times, tolerance=tolerance, settling=settling)
    return [unpacked(row * scale) for row in found]


def _late_error(gram: Gram, force: FloatArray, rates: tuple[float, float], enough: float) -> float:
    """Of K as it ends under :func:`_late_integrals`, relative to K; infinite where there is no bound."""
    size = float(np.linalg.norm(force))
    largest = rates[0] * float(np.trace(gram.second)) + rates[1] * float(np.trace(gram.first))
    if size == 0.0:
        return 0.0
    if (max(rates) * size) ** 2 > enough * largest**2:
        return np.inf  # eigenvalues need not be looked at
    slowest = rates[0] * _smallest(gram.second) + rates[1] * _smallest(gram.first)
    if slowest <= 0.0:
        return np.inf
    # Second order in what rows still move, and what the slowest rate moves by that.
    return (4.0 * max(rates) * size / slowest) ** 2 * (1.0 + largest / slowest)


def least_error(factor: FloatArray, inputs: int, force: FloatArray, enough: float) -> float:
    """Error of A that two tolerances from ``enough`` on do not show, at rates 1: rounding, and the second order of
    :func:`_late_integrals` where the flow is late from the start, so that both have it."""
    gram = gram_of(factor, inputs)
    apart = math.prod(float(np.linalg.norm(part, 2)) for part in np.split(factor, [inputs], axis=1))
    share = float(np.finfo(np.float64).eps)
    if _late_error(gram, force, (1.0, 1.0), enough) <= enough:
        size, slowest = float(np.linalg.norm(force)), _smallest(gram.first) + _smallest(gram.second)
        share += (size / slowest) ** 2 if size > 0.0 else 0.0
    return 4.0 * share * apart


def _late_integrals(
    gram: Gram, force: FloatArray, rates: tuple[float, float], elapsed: FloatArray
) -> list[FloatArray]:
    """int_0^t G for kernels that stay where they are, at the times since then."""
    c1, v = np.linalg.eigh(gram.first)
    c2, u = np.linalg.eigh(gram.second)
    decay = np.maximum(rates[0] * c2[:, None] + rates[1] * c1, np.finfo(np.float64).tiny)
    turned = u.T @ force @ v
    with np.errstate(over="ignore"):
        return [u @ (turned * (-np.expm1(-decay * time) / decay)) @ v.T for time in elapsed]


def _smallest(kernel: FloatArray) -> float:
    """The smallest eigenvalue, less its rounding."""
    values = np.linalg.eigvalsh(kernel)
    return max(0.0, float(values[0]) - len(values) * np.finfo(np.float64).eps * float(values[-1]))


def _flow_of_factor(
    factor: FloatArray,
    inputs: int,
    gradient: Callable[[FloatArray], FloatArray],
    times: FloatArray,
    rates: tuple[float, float],
    tolerance: float,
    quadratic: bool,
) -> list[Gram]:
    """The same for W (r, n + p) with W^T W = K."""
    size = np.abs(factor).max(axis=1, initial=0.0)
    rows, size = factor[size > 0.0], size[size > 0.0][:, None]
    if not len(rows):  # weights that are all 0 stay there
        return [gram_of(factor, inputs)] * len(times)

    def right_side(flat: FloatArray) -> FloatArray:
        unit = flat.reshape(rows.shape)
        weights = size * unit
        force = gradient(weights[:, inputs:].T @ weights[:, :inputs])
        change = (rates[0] * (unit[:, inputs:] @ force), rates[1] * (unit[:, :inputs] @ force.T))
        return -np.concatenate(change, axis=1).ravel()

    def error(flat: FloatArray) -> float:
        gram = gram_of(size * flat.reshape(rows.shape), inputs)
        return _late_error(gram, gradient(gram.product), rates, tolerance)

    def finish(flat: FloatArray, elapsed: FloatArray) -> FloatArray:
        unit = flat.reshape(rows.shape)
        gram = gram_of(size * unit, inputs)
        late = []
        for moved in _late_integrals(gram, gradient(gram.product), rates, elapsed):
            change = (rates[0] * (unit[:, inputs:] @ moved), rates[1] * (unit[:, :inputs] @ moved.T))
            late.append((unit - np.concatenate(change, axis=1)).ravel())
        return np.array(late).reshape(len(elapsed), -1)

    settling = (error, finish) if quadratic else None
    found = integrate_flow(right_side, (rows / size).ravel(), times, tolerance=tolerance, settling=settling)
    return [gram_of(size * row.reshape(rows.shape), inputs) for row in found]


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

        def flow(factor: FloatArray) -> FloatArray:
            offset = gram_of(factor, network.inputs).product if centred else 0.0
            found = flow_of_factor(
                factor,
                network.inputs,
                lambda a: gradient(a - offset, goal),
                times,
                rates=(network.first_rate, network.second_rate),
                tolerance=tolerance,
                quadratic=gradient is squared_distance_gradient,
            )
            return np.stack([gram.product - offset for gram in found])

        factor = draw_factor(network, task, seed, instance, initialisation)
        start = gram_of(factor, network.inputs)
        products = flow(factor)
        beside = flow(draw_factor(network, task, seed, instance, "orthogonal")) if reference else None
        return measure(times, products, target, controls(network, target, start, initialisation), beside)

    return Training.join(map_blocks(run, count, threads=threads))


keep(simulate_training, "instances")
