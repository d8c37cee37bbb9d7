r"""What is known of residual networks in the limit of depth, with the step Z_k <- Z_k - eta L dl/dZ_k of every layer.

As L -> infinity the weights become functions of the depth s in [0, 1] and the network the differential equation
h' = V(s) act(W(s) h/sqrt(q))/sqrt(m), whose gradient is given by the adjoint P' = -(d_h f)^T P, P(1) = 2 (h(1) - y)/n.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from scipy.interpolate import make_interp_spline

from .. import validation
from ..approximation import approximation_of, states
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..solution import Solution, Status
from .model import RegressionTask, ResidualNetwork, activation, require_fit

_ROUNDING = 1e-10  # of the weights and of the squares of the data, below which a slope or a loss counts as 0
_EARLY = 1e-24  # times the largest target's rate of change, 1e6, still below rounding
SOURCE = "Marion, Wu, Sander, Biau, arXiv 2309.01213; derivations/residual_networks"


@states("exact", source=SOURCE, verification="derived")
def first_step(network: ResidualNetwork, task: RegressionTask, learning_rate: float) -> FloatArray:
    """V_k (q, m) after one step, the same in every layer and at every depth; W does not move.

    V = -(2 eta/(n sqrt(m))) sum_i (x_i - y_i) act(W x_i/sqrt(q))^T.
    """
    eta = validation.positive("learning_rate", learning_rate)
    features = _features(network, task)
    n, m = features.shape
    return -(2.0 * eta / (n * math.sqrt(m))) * (task.inputs - task.targets).T @ features


def _features(network: ResidualNetwork, task: RegressionTask) -> FloatArray:
    """act(W x_i/sqrt(q)), (n, m)."""
    require_fit(network, task)
    q = task.inputs.shape[1]
    return activation(network.activation, task.inputs @ network.inner.T / math.sqrt(q))[0]


@states("exact", source=SOURCE, verification="derived")
def initial_rate(network: ResidualNetwork, task: RegressionTask) -> tuple[float, float]:
    """-dl/dt at the start, and a lower bound of its ratio to the loss.

    The rate is (4/n^2) sum_ij r_i.r_j K_ij with the residuals r_i = x_i - y_i and K_ij = act(.)_i.act(.)_j/m; it is at
    least (4/n) lambda_min(K) times the loss.
    """
    features = _features(network, task)
    n, m = features.shape
    residual = task.inputs - task.targets
    rate = 4.0 / (n**2 * m) * float(np.sum((residual.T @ features) ** 2))
    # A kernel of more samples than neurons is singular.
    least = 0.0 if n > m else max(float(np.linalg.eigvalsh(features @ features.T / m)[0]), 0.0)
    return rate, 4.0 / n * least


@states(
    "exact",
    "mean over inner weights N(0, 1) of any width",
    source=SOURCE,
    verification="derived and simulated",
)
def mean_initial_rate(task: RegressionTask) -> float:
    """-dl/dt at the start for act = erf, averaged over independent inner weights N(0, 1).

    As :func:`initial_rate` with K_ij = (2/pi) arcsin(2 k_ij/sqrt((1 + 2 k_ii)(1 + 2 k_jj))), k = x x^T/q, to which the
    kernel of one wide network tends.
    """
    n, q = task.inputs.shape
    k = task.inputs @ task.inputs.T / q
    scale = np.sqrt(1.0 + 2.0 * np.diag(k))
    kernel = 2.0 / math.pi * np.arcsin(np.clip(2.0 * k / (scale[:, None] * scale), -1.0, 1.0))
    residual = task.inputs - task.targets
    return 4.0 / n**2 * float(np.sum((residual @ residual.T) * kernel))


@states("exact", source=SOURCE, verification="derived and simulated")
def tied_linear(target: float, inputs: float, depth: ArrayLike, training_time: ArrayLike) -> FloatArray:
    """Weight w(t) of a scalar linear network with one weight, h_L = (1 + w/L)^L x and target C x, from w = 0.

    dw/dt = -2 x^2 ((1 + w/L)^L - C)(1 + w/L)^(L-1), and -2 x^2 (e^w - C) e^w for L = inf. Solved for the logarithm of
    the distance of u = (1 + w/L)^L from C, which is log|1 - C| minus the integral of 2 x^2 u^(2 - 2/L).

    Parameters
    ----------
    target : C above 0.
    inputs : x, not 0.
    depth : L, any shape, integers of at least 1 or infinity.
    training_time : t, any shape that broadcasts with the depths, at least 0.

    Raises
    ------
    InvalidArgument : an argument outside its domain.
    """
    goal = validation.inside("target", target, 1e-6, 1e6, closed=True)
    x = abs(validation.finite("inputs", inputs))
    validation.inside("inputs", x, 1e-50, 1e50, closed=True)
    times = validation.array("training_time", training_time, at_least=0.0)
    layers, times = validation.broadcast(depth=_depths("depth", depth), training_time=times)
    found = np.empty(times.shape)
    for one in np.unique(layers):
        chosen = layers == one
        with np.errstate(over="ignore"):
            scaled = np.minimum(2.0 * x**2 * times[chosen], np.finfo(np.float64).max)
        grid, place = np.unique(scaled, return_inverse=True)
        power = 2.0 - 2.0 / one

        def rate(_: float, gap: FloatArray, power: float = power) -> FloatArray:
            return -((1.0 + (1.0 - goal) * np.expm1(np.minimum(gap, 0.0))) ** power)

        # Beyond the last of these the weight has arrived to all digits.
        end = min(float(grid[-1]), 60.0 * max(1.0, min(1.0, goal) ** -power))
        # The gap of a time as early as this is that time.
        gap = 0.0 - np.minimum(grid, _EARLY)
        late = grid > _EARLY
        if late.any():
            looks, back = np.unique(np.minimum(grid[late], end), return_inverse=True)
            # That of the earliest time is to keep its digits.
            small = 1e-12 * min(1.0, float(looks[0]))
            gap[late] = solve_ivp(rate, (0.0, end), [0.0], "DOP853", looks, rtol=1e-12, atol=small).y[0][back]
        found[chosen] = _rooted(np.log1p((1.0 - goal) * np.expm1(gap)), one)[place]
    return found


def _depths(name: str, value: ArrayLike) -> FloatArray:
    found = np.asarray(value, dtype=np.float64)
    if not ((found >= 1.0) & (found == np.floor(found))).all():
        raise InvalidArgument(name, value, "integers of at least 1, or inf")
    return found


def _rooted(logarithm: FloatArray, depth: ArrayLike) -> FloatArray:
    """L (u^(1/L) - 1) by log u, which it is itself for L = inf."""
    finite = np.where(np.isinf(depth), 1.0, depth)
    return np.where(np.isinf(depth), logarithm, finite * np.expm1(logarithm / finite))


@states("exact", source=SOURCE, verification="derived and simulated")
def alternating_weight(target: ArrayLike, half_depth: ArrayLike) -> FloatArray:
    """Weight that every second layer of a scalar ReLU network of depth 2 L reaches, 2 L (C^(1/L) - 1).

    h_k = h_{k-1} + relu(w_k h_{k-1})/(2 L) with w_k = (-1)^k/(2 L) at first, x > 0 and target C x: the odd layers are
    stuck at -1/(2 L), so that the jumps between layers do not vanish with the depth. For L = inf the weight is 2 log C.
    For C < 1 the even layers stop at 0, where they die.

    Raises
    ------
    InvalidArgument : C not above 0, or L no integer of at least 1 (or inf).
    """
    goal = validation.array("target", target, above=0.0)
    validation.inside("target", float(goal.max()), 0.0, 1e100, closed=True)
    goal, half = validation.broadcast(target=goal, half_depth=_depths("half_depth", half_depth))
    return 2.0 * _rooted(np.log(np.maximum(goal, 1.0)), half)


@states(
    "exact as N -> infinity",
    "in the depth, for smooth activations",
    source=SOURCE,
    verification="derived and simulated",
)
def depth_limit(
    network: ResidualNetwork, task: RegressionTask, learning_rate: float, steps: int, *, nodes: int = 16
) -> Solution:
    """Loss and largest slope of the weights in depth, of the differential equation trained like the network.

    Fields: ``loss``, and ``largest_slope``, the largest of |V'(s)| + |W'(s)| (Frobenius norms): the limit of L times
    the largest difference of weights of successive layers. The equation and its adjoint are solved by Runge and Kutta's
    method on the nodes and on twice as many; ``error`` is the larger difference of the two, and 5 % of a value that is
    not 0 to rounding are too much of it ("not converged": take more nodes).

    Raises
    ------
    InvalidArgument : an argument outside its domain, or an activation that is not smooth.
    """
    eta = validation.positive("learning_rate", learning_rate)
    count = validation.integer("steps", steps, minimum=0)
    if network.activation == "relu":
        raise InvalidArgument("activation", network.activation, "a smooth one: tanh, erf or gelu")
    require_fit(network, task)
    size = validation.integer("nodes", nodes, minimum=4, maximum=512)
    with np.errstate(over="ignore", invalid="ignore"):
        coarse, fine = (_trained_limit(network, task, eta, count, k) for k in (size, 2 * size))
    error = np.abs(np.subtract(coarse, fine)).max()
    # Before the second step the weights are the same in all layers, and the slope is the rounding of 0.
    sizes = float(np.mean(task.inputs**2 + task.targets**2)), float(np.linalg.norm(network.inner))
    seen = [abs(value) for value, one in zip(fine, sizes, strict=True) if not abs(value) <= _ROUNDING * one]
    good = bool(error < 0.05 * min(seen) if seen else error <= _ROUNDING * max(sizes))
    return Solution(
        {"loss": np.array(fine[0]), "largest_slope": np.array(fine[1])},
        np.array(Status.CONVERGED if good else Status.NOT_CONVERGED, dtype=np.int8),
        np.array(error),
        np.array(error + 1e-14 * max(*map(abs, fine), sizes[1])),
        np.array(count),
        approximation_of(depth_limit),
    )


def _trained_limit(
    network: ResidualNetwork, task: RegressionTask, eta: float, steps: int, nodes: int
) -> tuple[float, float]:
    """Loss and largest slope after the steps; weights at 2 nodes + 1 depths, Runge and Kutta over two of them."""
    (n, q), m = task.inputs.shape, len(network.inner)
    outer, inner = np.zeros((2 * nodes + 1, q, m)), np.tile(network.inner, (2 * nodes + 1, 1, 1))
    h, places = np.empty((2 * nodes + 1, n, q)), list(range(2 * nodes + 1))

    def force(k: int, x: FloatArray) -> FloatArray:
        return activation(network.activation, x @ inner[k].T / math.sqrt(q))[0] @ outer[k].T / math.sqrt(m)

    def pull(k: int, p: FloatArray) -> FloatArray:
        slope = activation(network.activation, h[k] @ inner[k].T / math.sqrt(q))[1]
        return -((p @ outer[k]) * slope) @ inner[k] / math.sqrt(q * m)

    for _ in range(steps):
        h = _curve(force, task.inputs, places)
        p = _curve(pull, 2.0 / n * (h[-1] - task.targets), places[::-1])
        value, slope = activation(network.activation, h @ inner.transpose(0, 2, 1) / math.sqrt(q))
        by_outer = p.transpose(0, 2, 1) @ value / math.sqrt(m)
        by_inner = ((p @ outer) * slope).transpose(0, 2, 1) @ h / math.sqrt(q * m)
        outer, inner = outer - eta * by_outer, inner - eta * by_inner
    loss = float(np.sum((_curve(force, task.inputs, places)[-1] - task.targets) ** 2) / n)
    if not math.isfinite(loss):
        return loss, math.nan
    grid, fine = np.linspace(0.0, 1.0, 2 * nodes + 1), np.linspace(0.0, 1.0, 1025)
    slopes = [make_interp_spline(grid, entry - entry[0], k=5).derivative()(fine) for entry in (outer, inner)]
    return loss, float(np.max(sum(np.linalg.norm(entry, axis=(1, 2)) for entry in slopes)))


def _curve(rate: Callable[[int, FloatArray], FloatArray], start: FloatArray, places: list[int]) -> FloatArray:
    """The solution of y' = rate from one end of [0, 1] to the other, at an odd number of depths in this order.

    At every second one by Runge and Kutta's method, between them by Hermite's cubic.
    """
    y = np.empty((len(places), *start.shape))
    y[places[0]] = start
    step = 2.0 * (places[1] - places[0]) / (len(places) - 1)
    a = rate(places[0], start)
    for first, middle, last in zip(places[:-2:2], places[1::2], places[2::2], strict=True):
        b = rate(middle, y[first] + 0.5 * step * a)
        c = rate(middle, y[first] + 0.5 * step * b)
        y[last] = y[first] + step / 6.0 * (a + 2.0 * b + 2.0 * c + rate(last, y[first] + step * c))
        end = rate(last, y[last])
        y[middle] = 0.5 * (y[first] + y[last]) + step / 8.0 * (a - end)
        a = end
    return y
