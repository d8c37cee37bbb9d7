"""The gradient as one writes it with numpy: two matrix-vector products, the slopes of the loss in between."""

import numpy as np


def two_products(x: np.ndarray, w: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two products alone."""
    return x @ w, x.T @ slopes


def gradient(x: np.ndarray, labels: np.ndarray, w: np.ndarray) -> np.ndarray:
    """X^T F/sqrt(N) of the loss (y^2 - t^2)^2 / (2 (1 + t^2)), y = X w/sqrt(N)."""
    root = np.sqrt(x.dtype.type(x.shape[1]))
    t = labels.astype(x.dtype)
    y = x @ w / root
    return x.T @ (2.0 * y * (y * y - t * t) / (1.0 + t * t)) / root
