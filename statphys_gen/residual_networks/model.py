"""Residual networks with scaling 1/depth and the regression that they are trained on: definitions only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, ndtr

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument

ACTIVATIONS = ("tanh", "erf", "relu", "gelu")
_LARGEST_DEPTH = 4096


def _matrix(name: str, value: ArrayLike) -> FloatArray:
    found = validation.array(name, value, ndim=2).copy()
    if np.abs(found).max() > 1e50:
        raise InvalidArgument(name, float(np.abs(found).max()), "at most 1e50 in absolute value")
    found.setflags(write=False)
    return found


@dataclass(frozen=True, eq=False)
class ResidualNetwork:
    r"""h_0 = x, h_k = h_{k-1} + V_k act(W_k h_{k-1}/sqrt(q))/(L sqrt(m)) for k = 1, ..., L; first V_k = 0, W_k = W.

    Parameters
    ----------
    depth : L, 1 to 4096.
    activation : "tanh", "erf", "relu" or "gelu"; the limit of infinite depth is that of the smooth ones.
    inner : W (m, q), the same at the start in every layer.
    """

    depth: int
    activation: str
    inner: FloatArray

    def __post_init__(self) -> None:
        validation.integer("depth", self.depth, minimum=1, maximum=_LARGEST_DEPTH)
        validation.choice("activation", self.activation, ACTIVATIONS)
        object.__setattr__(self, "inner", _matrix("inner", self.inner))

    def replace(self, **changes: Any) -> ResidualNetwork:
        """The same network with other parameters."""
        return dataclasses.replace(self, **changes)

    def _repr_latex_(self) -> str:
        m, q = self.inner.shape
        return (
            rf"$h_k = h_{{k-1}} + \frac{{1}}{{L\sqrt m}} V_k\, \mathrm{{{self.activation}}}(W_k h_{{k-1}}/\sqrt q),\; "
            rf"L = {self.depth},\; m = {m},\; q = {q}$"
        )


@dataclass(frozen=True, eq=False)
class RegressionTask:
    r"""Loss (1/n) sum_i |h_L(x_i) - y_i|^2.

    Parameters
    ----------
    inputs, targets : x and y, (n, q) each.
    """

    inputs: FloatArray
    targets: FloatArray

    def __post_init__(self) -> None:
        for name in ("inputs", "targets"):
            object.__setattr__(self, name, _matrix(name, getattr(self, name)))
        if self.inputs.shape != self.targets.shape:
            raise InvalidArgument(
                "targets", f"shape {self.targets.shape}", f"that of the inputs, {self.inputs.shape}"
            )

    def _repr_latex_(self) -> str:
        n, q = self.inputs.shape
        return rf"$\ell = \frac1n \sum_i |h_L(x_i) - y_i|^2,\; n = {n},\; q = {q}$"


def require_fit(network: ResidualNetwork, task: RegressionTask) -> None:
    """Refuse inner weights for inputs of another dimension."""
    q = task.inputs.shape[1]
    if network.inner.shape[1] != q:
        raise InvalidArgument(
            "inner", f"{network.inner.shape[1]} columns", f"one for each entry of an input ({q})"
        )


def activation(name: str, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """act(x) and act'(x) of "tanh", "erf", "relu" or "gelu" (x Phi(x))."""
    if name == "tanh":
        value = np.tanh(x)
        return value, 1.0 - value**2
    with np.errstate(under="ignore"):
        if name == "erf":
            return erf(x), 2.0 / np.sqrt(np.pi) * np.exp(-(x**2))
        if name == "relu":
            return np.maximum(x, 0.0), (x > 0.0).astype(np.float64)
        return x * ndtr(x), ndtr(x) + x * np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi)
