r"""Targets and initial weights, drawn by their definition.

The weights enter the flow only through K = W^T W with W = [W1, W2^T] (w x (n + p)): a Wishart matrix, drawn without the
weights. For w >= n + p its Cholesky factor has independent entries (Bartlett): N(0, 1) below the diagonal and the root
of a chi-square variable of w - i + 1 degrees of freedom on row i; below that width K is singular and W is drawn itself.
Orthogonal weights have W^T W = diag(w sigma1^2 I, w sigma2^2 I) exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...statistics.streams import generator
from ..model import LinearNetwork, Task

Initialisation = Literal["gaussian", "orthogonal"]


@dataclass(frozen=True, eq=False)
class Target:
    """T = A* + noise E: ``signal`` A* (p, n), ``noise`` E (p, n), directions ``left`` (p, k) and ``right`` (n, k)."""

    signal: FloatArray
    noise: FloatArray
    left: FloatArray
    right: FloatArray
    task: Task

    @property
    def matrix(self) -> FloatArray:
        return self.signal + self.task.noise * self.noise


@dataclass(frozen=True, eq=False)
class Gram:
    """K = [[C1, A^T], [A, C2]]: ``first`` C1 (n, n), ``product`` A (p, n), ``second`` C2 (p, p)."""

    first: FloatArray
    product: FloatArray
    second: FloatArray


def stream_key(
    purpose: str, network: LinearNetwork, task: Task, initialisation: Initialisation
) -> Mapping[str, Any]:
    """What the streams of an instance are made of; an instance is the same for any times, tolerance and algorithm."""
    return {"purpose": purpose, "network": network, "task": task, "initialisation": initialisation}


def draw_target(
    network: LinearNetwork, task: Task, seed: int, instance: int, initialisation: Initialisation = "gaussian"
) -> Target:
    """The target of one instance."""
    rng = generator(seed, stream_key("target", network, task, initialisation), instance)
    n, p = network.inputs, network.outputs
    if task.rank > min(n, p):
        raise InvalidArgument(
            "signal_strengths", task.signal_strengths, f"at most {min(n, p)}, the smaller side of the target"
        )
    left, _ = np.linalg.qr(rng.standard_normal((p, task.rank)))
    right, _ = np.linalg.qr(rng.standard_normal((n, task.rank)))
    signal = math.sqrt(n * p) * (left * np.array(task.signal_strengths)) @ right.T
    return Target(signal, rng.standard_normal((p, n)), left, right, task)


def gram_of(factor: FloatArray, inputs: int) -> Gram:
    """K = W^T W of a factor W (r, n + p)."""
    first, second = factor[:, :inputs], factor[:, inputs:]
    return Gram(first.T @ first, second.T @ first, second.T @ second)


def compressed(factor: FloatArray) -> FloatArray:
    """A factor with at most n + p rows and the same W^T W; rows and columns may differ by any number of orders."""
    from scipy.linalg import qr

    # Householder's reflections keep small rows exact when large rows come first and columns are exchanged.
    order = np.argsort(-np.abs(factor).max(axis=1), kind="stable")
    triangle, exchanged = qr(factor[order], mode="r", pivoting=True)
    rows = np.empty((min(factor.shape), factor.shape[1]))
    rows[:, exchanged] = triangle[: len(rows)]
    return rows


def draw_factor(
    network: LinearNetwork, task: Task, seed: int, instance: int, initialisation: Initialisation = "gaussian"
) -> FloatArray:
    """W (r, n + p) of one instance, with K(0) = W^T W."""
    n, p, w = network.inputs, network.outputs, network.width
    scale = np.concatenate(
        [np.full(n, math.sqrt(network.first_variance)), np.full(p, math.sqrt(network.second_variance))]
    )
    if initialisation == "orthogonal":
        require_orthogonal(network)
        return math.sqrt(w) * np.diag(scale)
    rng = generator(seed, stream_key("initial weights", network, task, initialisation), instance)
    if w >= n + p:
        factor = np.tril(rng.standard_normal((n + p, n + p)), -1)
        np.fill_diagonal(factor, np.sqrt(rng.chisquare(w - np.arange(n + p))))
    else:
        factor = rng.standard_normal((n + p, w))
    return np.asarray((factor * scale[:, None]).T)


def draw_gram(
    network: LinearNetwork, task: Task, seed: int, instance: int, initialisation: Initialisation = "gaussian"
) -> Gram:
    """K(0) of one instance."""
    return gram_of(draw_factor(network, task, seed, instance, initialisation), network.inputs)


def draw_weights(
    network: LinearNetwork, task: Task, seed: int, instance: int, initialisation: Initialisation = "gaussian"
) -> tuple[FloatArray, FloatArray]:
    """W1 (w, n) and W2 (p, w) of one instance."""
    n, p, w = network.inputs, network.outputs, network.width
    rng = generator(seed, stream_key("full weights", network, task, initialisation), instance)
    weights = rng.standard_normal((w, n + p))
    if initialisation == "orthogonal":
        require_orthogonal(network)
        weights = math.sqrt(w) * np.linalg.qr(weights)[0]
    return (
        math.sqrt(network.first_variance) * weights[:, :n],
        math.sqrt(network.second_variance) * weights[:, n:].T,
    )


def require_orthogonal(network: LinearNetwork) -> None:
    least = network.inputs + network.outputs
    if network.width < least:
        raise InvalidArgument("width", network.width, f"at least n + p = {least} for orthogonal weights")


def controls(
    network: LinearNetwork, target: Target, start: Gram, initialisation: Initialisation
) -> FloatArray:
    """Numbers of one instance whose mean is exactly 0, of its target and its weights: see ``control_variates``."""
    n, p = network.inputs, network.outputs
    found = []
    noise, u, v = target.noise, target.left, target.right
    strengths = np.array(target.task.signal_strengths)
    if target.task.noise > 0.0:
        found.append((noise**2).mean() - 1.0)
        if len(strengths):
            found.append(strengths @ np.einsum("ik,ij,jk->k", u, noise, v))
            found.append(((u.T @ noise) ** 2).mean() + ((noise @ v) ** 2).mean() - 2.0)
    if initialisation == "gaussian":
        c1, c2 = network.width * network.first_variance, network.width * network.second_variance
        variance = c1 * network.second_variance
        found.append((start.product**2).mean() / variance - 1.0)
        found.append(np.trace(start.first) / (n * c1) + np.trace(start.second) / (p * c2) - 2.0)
        found.append((start.product * target.matrix).mean())
        if len(strengths):
            along = (
                np.einsum("ik,ij,jk->k", v, start.first, v) / c1
                + np.einsum("ik,ij,jk->k", u, start.second, u) / c2
            )
            found.append(along.sum() - 2.0 * len(strengths))
            found.append(strengths @ np.einsum("ik,ij,jk->k", u, start.product, v))
    return np.array(found)
