"""Neighbour ratios by one product for a block of rows with all points, and a partition of each row."""

import numpy as np

_BLOCK_NUMBERS = 2**22


def neighbour_ratios(x: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance to the nearest over that to the second nearest point."""
    ratios = np.empty(len(x))
    norms = (points**2).sum(axis=1)
    block = max(1, _BLOCK_NUMBERS // len(points))
    for start in range(0, len(x), block):
        part = x[start : start + block]
        chosen = np.argpartition(norms - 2.0 * part @ points.T, 1, axis=1)[:, :2]
        squares = np.sort(((part[:, None, :] - points[chosen]) ** 2).sum(axis=2), axis=1)
        ratios[start : start + block] = np.sqrt(squares[:, 0] / squares[:, 1])
    return ratios
