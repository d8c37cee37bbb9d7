"""Samplers: a grid of steps run on points of R^d with any denoiser, straight from the definition of each solver."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ...arrays import FloatArray
from ...errors import InvalidArgument
from ..model import Grid, Interpolant, NoiseGrid, TimeGrid

# E[a | y] for points y = a + S z, (n, d), at the noise level S.
Denoiser = Callable[[FloatArray, float], FloatArray]


def generate(
    grid: Grid, denoiser: Denoiser, mean: FloatArray, walkers: int, rng: np.random.Generator
) -> FloatArray:
    """Samples (walkers, d) of a grid.

    Parameters
    ----------
    grid : of steps.
    denoiser : E[a | y] of points y = a + S z at the noise level S.
    mean : (d,) of the data: where a grid with ``start="mean"``, or from infinite noise, begins.
    walkers : number of samples.
    rng : of the start.
    """
    if isinstance(grid, TimeGrid):
        start = grid.interpolant.noise(0.0) * rng.standard_normal((walkers, len(mean)))
        return euler(grid, denoiser, start, mean)
    levels = grid.levels
    noise = rng.standard_normal((walkers, len(mean)))
    if math.isinf(levels[0]):
        return solve(grid.replace(levels=levels[1:], start="mean"), denoiser, mean + levels[1] * noise)
    centre = mean if grid.start == "mean" else np.zeros_like(mean)
    return solve(grid, denoiser, centre + levels[0] * noise)


def solve(grid: NoiseGrid, denoiser: Denoiser, y: FloatArray) -> FloatArray:
    """The end of a grid of finite noise levels from given points."""
    before: FloatArray | None = None
    levels = grid.levels
    for k, (here, there) in enumerate(pairwise(levels)):
        guess = _checked(denoiser(y, here), y)
        if grid.scheme == "dpmpp-2m":
            used = guess
            if before is not None and there > 0.0:
                ratio = math.log(levels[k - 1] / here) / math.log(here / there)
                used = (1.0 + 0.5 / ratio) * guess - 0.5 / ratio * before
            y, before = there / here * y + (1.0 - there / here) * used, guess
            continue
        slope = (y - guess) / here
        after = y + (there - here) * slope
        if grid.scheme == "heun" and there > 0.0:
            later = (after - _checked(denoiser(after, there), y)) / there
            after = y + 0.5 * (there - here) * (slope + later)
        y = after
    return y


def euler(grid: TimeGrid, denoiser: Denoiser, x: FloatArray, mean: FloatArray) -> FloatArray:
    """Euler steps of dx/dt = A' E[z | x] + B' E[a | x] with the velocity of the left end."""
    path = grid.interpolant
    for t, after in pairwise(grid.times):
        x = x + (after - t) * velocity(path, t, denoiser, x, mean)
    return x


def velocity(path: Interpolant, t: float, denoiser: Denoiser, x: FloatArray, mean: FloatArray) -> FloatArray:
    """A' E[z | x] + B' E[a | x], with E[z | x] = (x - B E[a | x])/A."""
    a, b = path.noise(t), path.data(t)
    guess = np.broadcast_to(mean, x.shape) if b == 0.0 else _checked(denoiser(x / b, a / b), x)
    return np.asarray(path.product(t) * (x - b * guess) / a**2 + path.data_rate(t) * guess)


def _checked(guess: FloatArray, y: FloatArray) -> FloatArray:
    found = np.asarray(guess, dtype=np.float64)
    if found.shape != y.shape or not np.isfinite(found).all():
        raise InvalidArgument(
            "denoiser",
            f"an array of shape {found.shape}",
            f"such that it returns finite numbers of shape {y.shape}",
        )
    return found
