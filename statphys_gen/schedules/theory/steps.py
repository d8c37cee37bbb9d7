r"""Errors of a ddim grid as a smooth function of its levels, with their derivatives: what the designer polishes.

Details: log ratio_i = log S_0 + sum_k log(e_k + (1-e_k) u_ki) - (1/2) log lambda_i, e_k = S_{k+1}/S_k. Weight:
Phi(-xi*)
with xi* the separatrix of the map of the line, whose derivative is that of the end of the map over its slope.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from ...arrays import FloatArray
from ..model import TwoClasses
from .isotropic_map import bracket


class Tolerances(NamedTuple):
    """Errors that count as 1 in the objective J."""

    weight: float
    detail: float


def detail_objective(
    log_levels: FloatArray, eigenvalues: FloatArray, shares: FloatArray
) -> tuple[float, FloatArray]:
    """sum_i w_i (log ratio_i)^2 and its derivatives by log S_0, ..., log S_{K-1}."""
    levels = np.exp(log_levels)
    u = eigenvalues / (levels[:, None] ** 2 + eigenvalues)
    e = np.append(levels[1:] / levels[:-1], 0.0)[:, None]
    factor = e + (1.0 - e) * u
    ratios = log_levels[0] + np.log(factor).sum(axis=0) - 0.5 * np.log(eigenvalues)
    # e_k depends on log S_k by -e_k and on log S_{k+1} by e_k, u_k on log S_k by -2 u (1 - u).
    by_ratio = e * (1.0 - u) / factor
    by_level = -by_ratio - 2.0 * (1.0 - e) * u * (1.0 - u) / factor
    by_level[1:] += by_ratio[:-1]
    by_level[0] += 1.0
    weighted = shares * ratios
    return float(weighted @ ratios), np.asarray(2.0 * by_level @ weighted)


class WeightMap:
    """The weight of two classes as a function of the levels, started at the data mean or at their midpoint."""

    def __init__(self, classes: TwoClasses, mean: float) -> None:
        self.norm, self.square, self.variance = classes.norm, classes.squared_norm, classes.variance
        self.h, self.mean = classes.log_odds, mean
        self.last = 0.0

    def __call__(self, log_levels: FloatArray) -> tuple[float, FloatArray]:
        """Weight, and its derivatives by log S_0, ..., log S_{K-1}."""
        levels = [*np.exp(log_levels).tolist(), 0.0]
        ratios = [after / before for before, after in pairwise(levels)]
        spreads = [level * level + self.variance for level in levels[:-1]]
        steps = list(zip(ratios, spreads, levels, strict=False))
        tanh, h, square, variance = math.tanh, self.h, self.square, self.variance

        def end(xi: float) -> float:
            m = self.mean + levels[0] * xi / self.norm
            for e, spread, level in steps:
                m = (
                    e * m
                    + (1.0 - e) * (variance * m + level * level * tanh(h + square * m / spread)) / spread
                )
            return m

        width = 1e-3
        ends = bracket(end, self.last - width, self.last + width)
        xi = self.last = float(brentq(end, *ends, xtol=1e-300, rtol=1e-15, maxiter=300))
        path, guesses, bends = [self.mean + levels[0] * xi / self.norm], [], []
        for e, spread, level in steps:
            m, t = path[-1], tanh(h + square * path[-1] / spread)
            guesses.append((variance * m + level * level * t) / spread)
            bends.append(1.0 - t * t)
            path.append(e * m + (1.0 - e) * guesses[-1])
        gradient, after = np.zeros(len(steps)), 1.0
        for k in reversed(range(len(steps))):
            e, spread, level = steps[k]
            m, guess, bend = path[k], guesses[k], bends[k]
            by_ratio = after * (m - guess)
            gradient[k] -= by_ratio * e
            if k + 1 < len(steps):
                gradient[k + 1] += by_ratio * e
            s2 = level * level
            t = (guess * spread - variance * m) / s2
            slope = t / spread - guess / spread - s2 / spread * bend * square * m / spread**2
            gradient[k] += after * (1.0 - e) * 2.0 * s2 * slope
            after *= e + (1.0 - e) * (variance + s2 * bend * square / spread) / spread
        gradient[0] += after * levels[0] * xi / self.norm
        rate = after * levels[0] / self.norm
        bell = math.exp(-0.5 * xi * xi) / math.sqrt(2.0 * math.pi)
        weight = float(ndtr(-xi))
        if rate <= 0.0 or not math.isfinite(rate):
            return weight, np.zeros(len(steps))
        return weight, gradient * (bell / rate)
