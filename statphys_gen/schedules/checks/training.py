"""Where a network learns the weight: a planted bias, learned biases, and budgets of draws."""

from __future__ import annotations

import math

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import NoiseGrid, TwoClasses
from ..simulation.training import simulate_bias, simulate_sensitivity, simulate_training
from ..theory.windows import bias_variance, weight_sensitivity, weight_variance

# Of a far separation, so that details add nothing to the variance of a learned bias.
_FAR = TwoClasses(3, 25.0, 0.36, 0.72)
_NEAR = TwoClasses(3, 4.6, 0.36, 0.72)


def checks() -> list[Check]:
    return [_sensitivity(), _bias(), _budget()]


def _sensitivity() -> Check:
    norm, centre, width, size, walkers = _NEAR.norm, 1.4, 0.5, 0.2, 1_200_000
    levels = (*np.geomspace(30.0 * norm, 0.05 * norm, 40).tolist(), 0.0)

    def bias(level: float) -> float:
        return math.exp(-0.5 * (math.log(level / (centre * norm)) / width) ** 2)

    def theory() -> float:
        log_level = np.linspace(-7.0, 7.0, 2001) * width + math.log(centre * norm)
        chi = weight_sensitivity(np.exp(log_level), _NEAR)
        values = chi * [bias(level) for level in np.exp(log_level).tolist()]
        return float(np.trapezoid(values, log_level))

    return Check(
        "sensitivity of the weight to a bias of the network",
        "change of the weight per bias of the log-odds in one window of noise levels",
        approximation_of(weight_sensitivity),
        theory=theory,
        simulate=lambda seed: simulate_sensitivity(
            _NEAR, NoiseGrid(levels, "heun", "mean"), bias, size, walkers, seed=seed
        ),
        resolution=0.02,
        sizes={"centre": centre, "width": width, "bias": size, "walkers": walkers, "steps": len(levels) - 1},
        model=_NEAR,
        id="schedules-weight-sensitivity",
    )


def _bias() -> Check:
    shares, draws, trainings = (0.8, 1.5, 4.0), 2000, 10_000

    def theory() -> FloatArray:
        squares = (np.array(shares) * _FAR.norm) ** 2
        return np.asarray(np.sqrt(bias_variance(_FAR.squared_norm / (squares + _FAR.variance), _FAR.weight)))

    def simulate(seed: int) -> Estimate:
        found = [simulate_bias(_FAR, share * _FAR.norm, draws, trainings, seed=seed) for share in shares]
        return Estimate.stack(found)

    return Check(
        "bias of a network after few draws",
        "standard deviation of the learned log-odds times the root of the draws, at three noise levels",
        approximation_of(bias_variance),
        theory=theory,
        simulate=simulate,
        resolution=0.05,
        kind="spread",
        sizes={"levels": list(shares), "draws": draws, "trainings": trainings},
        model=_FAR,
        id="schedules-bias-variance",
    )


def _budget() -> Check:
    norm, count, trainings = _FAR.norm, 28, 3500
    levels = np.geomspace(20.0 * norm, 0.6 * norm, count).tolist()
    # Right below the last of them, which so stands for half a step, as in the trapezoidal rule.
    below = (*np.geomspace(0.5999 * norm, 0.02 * norm, 18).tolist(), 0.0)
    # About 11,200 draws in all: even, most of them near the decision of the class, most of them far from it.
    bump = [200 + round(600.0 * math.exp(-0.5 * (math.log(s / norm) - 0.4) ** 2 / 0.5)) for s in levels]
    allocations = [[400] * count, bump, [640 - 16 * k for k in range(count)]]

    def theory() -> FloatArray:
        return np.array([math.sqrt(weight_variance(_FAR, levels, draws)) for draws in allocations])

    def simulate(seed: int) -> Estimate:
        return Estimate.stack(
            [simulate_training(_FAR, levels, draws, below, trainings, seed=seed) for draws in allocations]
        )

    return Check(
        "weight after training with a budget of draws",
        "standard deviation of the weight over trainings, for three allocations of draws to noise levels",
        approximation_of(weight_variance),
        theory=theory,
        simulate=simulate,
        resolution=0.1,
        kind="spread",
        sizes={"levels": levels, "below": list(below), "draws": allocations, "trainings": trainings},
        model=_FAR,
        id="schedules-training-budget-above-a-level",
    )
