"""Training of residual networks by gradient descent, straight from the definition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument, NotConverged
from ..presentation import Curves
from ..progress import keep, observe_part
from ..statistics.streams import generator
from .model import RegressionTask, ResidualNetwork, activation, require_fit


@dataclass(frozen=True, eq=False, repr=False)
class DepthScaling(Curves):
    """Networks of several depths, trained alike.

    Attributes
    ----------
    depth : L (k,).
    initial_loss, loss : before and after.
    largest_jump : the largest |V_{k+1} - V_k| + |W_{k+1} - W_k| (Frobenius norms) of successive layers.
    depth_times_jump : L times that, which tends to a constant.
    all_layers_jump : the Frobenius norm over all layers, which falls as L^(-1/2) only.
    gradient_ratio : L sum_k |dl/dZ_k|^2/l at the end, above 0 where the Polyak-Lojasiewicz inequality holds.
    distance : of the loss from its limit, extrapolated from the two largest depths as 1/L; NaN for one depth.
    """

    depth: IntArray
    initial_loss: FloatArray
    loss: FloatArray
    largest_jump: FloatArray
    depth_times_jump: FloatArray
    all_layers_jump: FloatArray
    gradient_ratio: FloatArray
    distance: FloatArray


def draw_task(
    dimension: int, width: int, samples: int, *, seed: int = 0, replica: int = 0
) -> tuple[RegressionTask, FloatArray]:
    """Inputs, targets (n, q) and inner weights (m, q), independent N(0, 1)."""
    q, m, n = (
        validation.integer(name, value, minimum=1, maximum=10_000)
        for name, value in (("dimension", dimension), ("width", width), ("samples", samples))
    )
    rng = generator(seed, {"purpose": "task of a residual network", "q": q, "m": m, "n": n}, replica)
    inputs, targets = rng.standard_normal((2, n, q))
    return RegressionTask(inputs, targets), rng.standard_normal((m, q))


def train(
    network: ResidualNetwork, task: RegressionTask, learning_rate: float, steps: int
) -> tuple[FloatArray, FloatArray]:
    """Outer and inner weights V (L, q, m), W (L, m, q) after descent Z_k <- Z_k - eta L dl/dZ_k.

    Raises
    ------
    NotConverged : the descent diverged.
    """
    eta = validation.positive("learning_rate", learning_rate)
    count = validation.integer("steps", steps, minimum=0, maximum=10_000_000)
    require_fit(network, task)
    layers, (m, q), n = network.depth, network.inner.shape, len(task.inputs)
    if layers * max(n, m) * max(m, q) > 50_000_000:
        raise InvalidArgument("depth", layers, "such that depth, width, dimension and samples fit in memory")
    outer, inner = np.zeros((layers, q, m)), np.tile(network.inner, (layers, 1, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(count):
            by_outer, by_inner, _ = gradients(network, task, outer, inner)
            outer -= eta * layers * by_outer
            inner -= eta * layers * by_inner
        loss = gradients(network, task, outer, inner)[2]
    if not (np.isfinite(outer).all() and np.isfinite(inner).all() and loss < 1e200):
        raise NotConverged(
            f"the descent diverged within {count} steps: take a smaller learning rate than {eta:g}"
        )
    return outer, inner


def gradients(
    network: ResidualNetwork, task: RegressionTask, outer: FloatArray, inner: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """dl/dV_k, dl/dW_k of every layer by back-propagation, and the loss."""
    layers, q, m = outer.shape
    n = len(task.inputs)
    h, kept = task.inputs, []
    for v, w in zip(outer, inner, strict=True):
        value, slope = activation(network.activation, h @ w.T / math.sqrt(q))
        kept.append((h, value, slope))
        h = h + value @ v.T / (layers * math.sqrt(m))
    difference = h - task.targets
    p = 2.0 / n * difference
    by_outer, by_inner = np.empty_like(outer), np.empty_like(inner)
    for k in range(layers - 1, -1, -1):
        before, value, slope = kept[k]
        by_outer[k] = p.T @ value / (layers * math.sqrt(m))
        back = (p @ outer[k]) * slope / (layers * math.sqrt(q * m))
        by_inner[k] = back.T @ before
        p = p + back @ inner[k]
    return by_outer, by_inner, float(np.sum(difference**2) / n)


def depth_scaling(
    network: ResidualNetwork, task: RegressionTask, depths: Sequence[int], learning_rate: float, steps: int
) -> DepthScaling:
    """The network trained at each of the depths, at least 2: jumps are those between successive layers.

    Raises
    ------
    InvalidArgument : a depth below 2.
    NotConverged : a descent diverged.
    """
    for depth in depths:
        validation.integer("depths", depth, minimum=2)
    rows = []
    for depth in depths:
        deep = network.replace(depth=depth)
        outer, inner = train(deep, task, learning_rate, steps)
        by_outer, by_inner, loss = gradients(deep, task, outer, inner)
        jumps = [np.diff(entry, axis=0) for entry in (outer, inner)]
        largest = np.max(sum(np.linalg.norm(entry, axis=(1, 2)) for entry in jumps))
        together = math.sqrt(sum(float(np.sum(entry**2)) for entry in jumps))
        slope = depth * float(np.sum(by_outer**2) + np.sum(by_inner**2))
        rows.append([loss, largest, together, slope / loss if loss > 0.0 else math.nan])
    sizes, start = (
        np.array(depths, dtype=np.int64),
        np.sum((task.inputs - task.targets) ** 2) / len(task.inputs),
    )
    losses, jump, together, ratio = np.reshape(rows, (-1, 4)).T
    limit = [math.nan, *extrapolated(sizes, losses)][-1]
    distance = np.abs(losses - limit)
    return DepthScaling(
        sizes, np.full_like(losses, start), losses, jump, sizes * jump, together, ratio, distance
    )


def extrapolated(depths: IntArray, values: FloatArray) -> FloatArray:
    """Limits of what is linear in 1/L, from each two successive ones of the k different depths, (k - 1,)."""
    sizes, places = np.unique(depths, return_index=True)
    return np.diff(sizes * values[places]) / np.diff(sizes)


observe_part(train)
keep(depth_scaling, "depths", part=train)
