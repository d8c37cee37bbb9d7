"""Null-label descents by plain numpy, one instance at a time: what one would run to find the limit N -> infinity."""

import math
from typing import Any

import numpy as np


def null_descents(
    ratio: float, step_sizes: Any, dimension: int, instances: int, seed: int
) -> tuple[Any, Any, Any, Any]:
    """Energy and correlation with the start of each instance after the last step; its final y and its labels.

    Loss (y^2 - t^2)^2 / (2 (1 + t^2)).
    """
    rng = np.random.default_rng(seed)
    measurements = round(ratio * dimension)
    energy, correlation = np.empty(instances), np.empty(instances)
    fields, known = np.empty((instances, measurements)), np.empty((instances, measurements))
    for k in range(instances):
        sensing = rng.standard_normal((measurements, dimension)) / math.sqrt(dimension)
        squared = rng.standard_normal(measurements) ** 2
        w = rng.standard_normal(dimension)
        w *= math.sqrt(dimension) / np.linalg.norm(w)
        start = w
        for eta in step_sizes:
            y = sensing @ w
            w = w - eta * (sensing.T @ (2.0 * y * (y * y - squared) / (1.0 + squared)))
            w *= math.sqrt(dimension) / np.linalg.norm(w)
        fields[k], known[k] = sensing @ w, np.sqrt(squared)
        energy[k] = ((fields[k] ** 2 - squared) ** 2 / (2.0 * (1.0 + squared))).sum() / dimension
        correlation[k] = w @ start / dimension
    return energy, correlation, fields, known
