"""Activations with their derivatives."""

from __future__ import annotations

import numpy as np
from scipy.special import erf, ndtr

from ..arrays import FloatArray


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
