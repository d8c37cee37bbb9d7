"""Networks whose log-odds are biased or learned: the weight that they generate in full dimension.

The network of a noise level is the posterior mean of two classes with a bias of half of its log-odds. Trained, that
bias is
the minimum of the squared error |a - f(y)|^2 over draws y = a + S z of that level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtr

from ...arrays import FloatArray
from ...errors import NotConverged
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import NoiseGrid, TwoClasses
from .samplers import TwoClassDenoiser
from .solvers import solve

_BLOCK = 50_000
_DRAWN = 2**21
_ITERATIONS, _LONGEST = 100, 0.7
_HALVINGS, _REACH = 45, 9.0


def simulate_sensitivity(
    classes: TwoClasses,
    grid: NoiseGrid,
    bias: Callable[[float], float],
    size: float,
    walkers: int,
    *,
    seed: int = 0,
) -> Estimate:
    """Change of the generated weight per unit of a bias that depends on the noise level.

    (w(+size) - w(-size))/(2 size) over the same starts, w(e) from networks with the bias e bias(S).

    Parameters
    ----------
    classes : the law of the data.
    grid : of finite levels, started at the data mean.
    bias : of a noise level, the shape of the bias.
    size : e, above 0.
    walkers : number of starts.
    seed : of them.
    """
    law, key = TwoClassDenoiser(classes), {"purpose": "sensitivity of the weight", "classes": classes}
    moved = []
    for block, start in enumerate(range(0, walkers, _BLOCK)):
        count = min(_BLOCK, walkers - start)
        rng = generator(seed, key | {"grid": grid, "size": size}, block)
        y = law.mean + grid.levels[0] * rng.standard_normal((count, classes.dimension))
        ends = []
        for sign in (1.0, -1.0):

            def network(x: FloatArray, level: float, sign: float = sign) -> FloatArray:
                return law(x, level, sign * size * bias(level))

            ends.append((solve(grid, network, y) @ law.direction > 0.0).astype(np.float64))
        moved.append(ends[0] - ends[1])
    return Estimate.from_samples(np.concatenate(moved) / (2.0 * size))


def simulate_bias(
    classes: TwoClasses, noise_level: float, draws: int, trainings: int, *, seed: int = 0
) -> Estimate:
    """sqrt(draws) times the standard deviation of the learned bias, over independent trainings.

    Parameters
    ----------
    classes : the law of the data.
    noise_level : S.
    draws : for each training.
    trainings : number of them.
    seed : of the draws.
    """
    key = {"purpose": "learned bias", "classes": classes, "level": noise_level, "draws": draws}
    found = _learned(classes, noise_level, draws, trainings, key, seed)
    return _deviation(math.sqrt(draws) * found)


def simulate_training(
    classes: TwoClasses,
    levels: Sequence[float],
    draws: Sequence[int],
    rest: Sequence[float],
    trainings: int,
    *,
    seed: int = 0,
) -> Estimate:
    """Standard deviation of the generated weight over independent trainings.

    The weight of a training is the normal probability above the start along m from which its flow, by Heun's rule,
    ends on
    the separatrix; it is found by halving.

    Parameters
    ----------
    classes : the law of the data.
    levels : decreasing, each with a bias of its own, from the start on.
    draws : for each of them.
    rest : decreasing levels below them, without a bias, the last 0.
    trainings : number of them.
    seed : of the draws.
    """
    law, grid = TwoClassDenoiser(classes), NoiseGrid((*levels, *rest), "heun", "mean")
    key = {"purpose": "training budget", "classes": classes, "levels": list(levels), "draws": list(draws)}
    biases = {
        level: _learned(classes, level, count, trainings, key | {"level": level}, seed)
        for level, count in zip(levels, draws, strict=True)
    }
    rng = generator(seed, key | {"part": "starts"})
    across = rng.standard_normal((trainings, classes.dimension))
    across -= (across @ law.direction)[:, None] * law.direction
    none = np.zeros(trainings)

    def network(y: FloatArray, level: float) -> FloatArray:
        return law(y, level, biases.get(level, none))

    lower, upper = np.full(trainings, -_REACH), np.full(trainings, _REACH)
    for _ in range(_HALVINGS):
        middle = 0.5 * (lower + upper)
        start = law.mean + grid.levels[0] * (across + middle[:, None] * law.direction)
        above = solve(grid, network, start) @ law.direction > 0.0
        lower, upper = np.where(above, lower, middle), np.where(above, middle, upper)
    return _deviation(ndtr(-0.5 * (lower + upper)))


def _learned(
    classes: TwoClasses, level: float, draws: int, trainings: int, key: dict[str, object], seed: int
) -> FloatArray:
    """(trainings,) minima of the squared error over the bias."""
    size = max(1, _DRAWN // (draws * classes.dimension))
    return np.concatenate(
        [
            _minima(classes, level, draws, min(size, trainings - start), generator(seed, key, block))
            for block, start in enumerate(range(0, trainings, size))
        ]
    )


def _minima(
    classes: TwoClasses, level: float, draws: int, trainings: int, rng: np.random.Generator
) -> FloatArray:
    law, norm, spread = TwoClassDenoiser(classes), classes.norm, classes.variance + level**2
    signs = np.where(rng.random((trainings, draws)) < classes.weight, 1.0, -1.0)
    shape = (trainings, draws, classes.dimension)
    a = classes.deviation * rng.standard_normal(shape) + norm * signs[..., None] * law.direction
    y = a + level * rng.standard_normal(shape)
    # f(y) = (sigma^2 y + S^2 m tanh(h + bias + m.y/spread))/spread: only along m does it depend on the bias.
    target = ((a * spread - classes.variance * y) @ law.direction) / (level**2 * norm)
    field = classes.log_odds + (y @ law.direction) * norm / spread
    bias = np.zeros(trainings)
    for _ in range(_ITERATIONS):
        bent = np.tanh(field + bias[:, None])
        slope, miss = 1.0 - bent * bent, target - bent
        # Newton's step, and where few draws leave the curvature small, a shorter one than that of Gauss.
        squares = (slope * slope).sum(axis=1)
        curvature = np.maximum(squares + 2.0 * (miss * bent * slope).sum(axis=1), 0.3 * squares)
        step = np.clip((slope * miss).sum(axis=1) / curvature, -_LONGEST, _LONGEST)
        bias += step
        if np.abs(step).max() < 1e-10:
            return bias
    raise NotConverged(f"the bias of a network at noise level {level:g}")


def _deviation(values: FloatArray) -> Estimate:
    """Standard deviation of independent values, from their squared distances to the mean."""
    count = len(values)
    squares = Estimate.from_samples((values - values.mean()) ** 2 * (count / (count - 1.0)))
    root = np.sqrt(squares.mean)
    return Estimate(root, 0.5 * squares.standard_error / root, squares.degrees_of_freedom)
