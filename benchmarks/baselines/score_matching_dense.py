"""What one would otherwise write: risk and gradient of a score network on 2000 nodes of the noised law."""

import numpy as np


class Dense:
    """Nodes of the law of y = mu x_i + sigma xi, equidistant in xi for every point, 2000 in all."""

    def __init__(self, points: np.ndarray, data_scale: float, noise_scale: float, nodes: int = 2000) -> None:
        each = nodes // len(points)
        noise = np.linspace(-6.0, 6.0, each)
        bell = np.exp(-0.5 * noise**2)
        self.y = (data_scale * points[:, None] + noise_scale * noise).ravel()
        self.target = np.tile(-noise / noise_scale, len(points))
        self.weights = np.tile(bell / bell.sum() / len(points), len(points))

    def risk(self, inner: np.ndarray, outer: np.ndarray, bias: np.ndarray) -> float:
        network = np.maximum(self.y[:, None] * inner + bias, 0.0) @ outer / len(inner)
        return float(self.weights @ (network - self.target) ** 2)

    def gradient(
        self, inner: np.ndarray, outer: np.ndarray, bias: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        m = len(inner)
        field = self.y[:, None] * inner + bias
        relu = np.maximum(field, 0.0)
        force = 2.0 / m * self.weights * (relu @ outer / m - self.target)
        return force @ relu, (force @ (field > 0.0)) * outer
