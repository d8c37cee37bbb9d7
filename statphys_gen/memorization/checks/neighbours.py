"""Neighbour ratios of uniform points and of smoothed sets, in periodic boxes."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..simulation import neighbour_ratios_in_a_box, simulate_neighbour_fraction
from ..theory.nulls import intrinsic_dimension, null_fraction
from ..theory.smoothed_set import smoothed_fraction, smoothing_width

_INSTANCES, _WALKERS, _RATIO = 400, 3000, 0.6
# Dimension, points in a unit of volume, width of the noise, limit of the ratio.
_SMOOTHED = ((2, 600.0, 0.012, 0.4), (3, 800.0, 0.045, 0.55))


def checks() -> list[Check]:
    return [*map(_uniform, (1, 2, 3)), *map(_smoothed, range(len(_SMOOTHED))), _dimension()]


def _uniform(dimension: int) -> Check:
    return Check(
        f"neighbour ratios of uniform points, D = {dimension}",
        f"fraction of points with a neighbour ratio below {_RATIO:g}",
        approximation_of(null_fraction),
        theory=lambda: null_fraction([dimension], _RATIO),
        simulate=lambda seed: _one(
            simulate_neighbour_fraction(dimension, _RATIO, instances=_INSTANCES, walkers=_WALKERS, seed=seed)
        ),
        resolution=0.02,
        sizes={"dimension": dimension, "ratio": _RATIO, "instances": _INSTANCES, "walkers": _WALKERS},
        id=f"memorization-uniform-points-{dimension}",
    )


def _smoothed(case: int) -> Check:
    dimension, density, width, ratio = _SMOOTHED[case]

    def simulate(seed: int) -> Estimate:
        found = simulate_neighbour_fraction(
            dimension,
            ratio,
            point_density=density,
            smoothing_width=width,
            instances=_INSTANCES,
            walkers=_WALKERS,
            seed=seed,
        )
        return _one(found)

    return Check(
        f"neighbour ratios of a smoothed set, D = {dimension}",
        "fraction of points of a smoothed set of uniform points that look like copies",
        approximation_of(smoothed_fraction),
        theory=lambda: np.array([float(smoothed_fraction(dimension, ratio, density, width))]),
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": dimension,
            "ratio": ratio,
            "point_density": density,
            "smoothing_width": width,
            "instances": _INSTANCES,
            "walkers": _WALKERS,
        },
        id=f"memorization-smoothed-set-{dimension}",
        tests=(smoothing_width,),
    )


def _one(estimate: Estimate) -> Estimate:
    return Estimate.stack([estimate])


def _dimension() -> Check:
    """-1/(mean log r) of points in boxes, beside that of the quantiles of the law r^D."""
    dimensions, quantiles = (1, 2, 3), (np.arange(100_000) + 0.5) / 100_000

    def theory() -> FloatArray:
        return np.array([float(intrinsic_dimension(quantiles ** (1.0 / d)).mean) for d in dimensions])

    def simulate(seed: int) -> Estimate:
        rows = [
            [
                -1.0 / np.log(neighbour_ratios_in_a_box(d, _WALKERS, seed=seed, replica=replica)).mean()
                for d in dimensions
            ]
            for replica in range(_INSTANCES)
        ]
        return Estimate.from_samples(rows)

    return Check(
        "dimension from neighbour ratios",
        "dimension of largest likelihood of uniform points",
        approximation_of(intrinsic_dimension),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"dimensions": list(dimensions), "instances": _INSTANCES, "walkers": _WALKERS},
        id="memorization-intrinsic-dimension",
    )
