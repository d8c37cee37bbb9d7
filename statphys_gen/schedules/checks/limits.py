"""Limits and crossovers against samples in the plane of m and one detail, which sees the dimension by |m| alone."""

from __future__ import annotations

import math

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import TimeGrid, TwoClasses, interpolant
from ..simulation.samplers import simulate_two_classes
from ..theory.crossovers import ve_crossover, vp_crossover
from ..theory.limits import limit

_WALKERS = 60_000
_FAR = 1e6  # |m|


def _plane(norm: float, variance: float = 0.36, weight: float = 0.72) -> TwoClasses:
    """Two classes in two dimensions, as far apart as those of norm |m| in any."""
    return TwoClasses(2, norm / math.sqrt(2.0), variance, weight)


def checks() -> list[Check]:
    return [
        _limit("ve-linear", 7),
        _limit("dilated-vp-linear", 8, 2.2),
        _limit("dilated-vp-linear", 7, 2.2),
        _limit("dilated-ve-linear", 12, 2.2),
        _vp(),
        _ve(),
    ]


def _limit(name: str, steps: int, kappa: float | None = None) -> Check:
    details = name != "ve-linear"

    def theory() -> FloatArray:
        found = limit(name, 0.72, 0.36, steps, kappa)
        return np.array([found.weight, found.detail_std] if details else [found.weight])

    def simulate(seed: int) -> Estimate:
        classes = _plane(_FAR)
        grid = TimeGrid.uniform(interpolant(name, _FAR, kappa), steps)
        found = simulate_two_classes(classes, grid, _WALKERS, seed=seed)
        return Estimate.stack([found["weight"], found["detail_std"]] if details else [found["weight"]])

    return Check(
        f"limit of {name}, {steps} steps",
        "weight and details as the dimension grows",
        approximation_of(limit),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "norm": _FAR,
            "steps": steps,
            "dilation": kappa,
            "variance": 0.36,
            "weight": 0.72,
            "walkers": _WALKERS,
        },
        id=f"schedules-limit-{name}-{steps}",
    )


def _vp() -> Check:
    ratio, sizes = 1.3, (20.0, 40.0, 80.0)

    def simulate(seed: int) -> Estimate:
        rows = []
        for norm in sizes:
            grid = TimeGrid.uniform(interpolant("vp-linear"), round(ratio * norm))
            rows.append(simulate_two_classes(_plane(norm), grid, 200_000, seed=seed)["weight"])
        return Estimate.stack([Estimate.stack([row]) for row in rows])

    return Check(
        "crossover of vp-linear",
        "weight at K = 1.3 sqrt(d), extrapolated in 1/sqrt(d)",
        approximation_of(vp_crossover),
        theory=lambda: np.full((len(sizes), 1), float(vp_crossover(ratio, 0.72))),
        simulate=simulate,
        resolution=0.02,
        scale=0.72,
        sizes={"norms": list(sizes), "ratio": ratio, "variance": 0.36, "weight": 0.72, "walkers": 200_000},
        over_sizes=sizes,
        id="schedules-crossover-vp",
    )


def _ve() -> Check:
    ratio, steps, dimension, walkers = 1.7, 1000, 40, 2500
    norm = 0.6 * steps / ratio
    classes = TwoClasses(dimension, norm / math.sqrt(dimension), 0.36, 0.72)

    def simulate(seed: int) -> Estimate:
        grid = TimeGrid.uniform(interpolant("ve-linear", norm), steps)
        found = simulate_two_classes(classes, grid, walkers, seed=seed)["detail_std"]
        return Estimate(found.mean / 0.6, found.standard_error / 0.6, found.degrees_of_freedom)

    return Check(
        "crossover of ve-linear",
        "details over sigma at sigma K/sqrt(d) = 1.7",
        approximation_of(ve_crossover),
        theory=lambda: ve_crossover(ratio),
        simulate=simulate,
        resolution=0.02,
        sizes={
            "ratio": ratio,
            "steps": steps,
            "walkers": walkers,
        },
        model=classes,
        id="schedules-crossover-ve",
    )
