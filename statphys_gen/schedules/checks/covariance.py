"""Classes with a common covariance of a power-law spectrum, in full dimension."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..model import NoiseGrid, Scheme, noise_grid
from ..simulation.samplers import simulate_mixture
from ..theory.common_covariance import generated_weights
from ..theory.design import design_schedule
from ..theory.isotropic_map import detail_std

_DIMENSION = 60
_WALKERS = 30_000
# What the designer gives for eight steps, to six digits.
_DESIGNED = (7.68780, 3.49050, 2.01454, 1.21882, 0.726507, 0.429698, 0.243034, 0.110411, 0.0)


def _mixture(classes: int) -> GaussianMixture:
    k = np.arange(1, _DIMENSION + 1)
    variances = 2.0 * k**-0.8
    means = np.stack([np.sin(1.7 * c + 0.9 * k + 0.3 * c * k) * (0.4 + 0.3 * c) for c in range(classes)])
    # Two directions without means, for the details.
    means[:, [0, _DIMENSION // 2, _DIMENSION - 1]] = 0.0
    weights = [0.72, 0.28] if classes == 2 else [0.5, 0.3, 0.2]
    return GaussianMixture(weights, means, variances[None])


def checks() -> list[Check]:
    return [
        _weights(2, "ddim"),
        _weights(2, "heun"),
        _weights(3, "ddim"),
        _weights(3, "dpmpp-2m"),
        _details(),
        _designed(),
    ]


def _grid(scheme: Scheme, steps: int = 10) -> NoiseGrid:
    return noise_grid("log-uniform", steps, (0.05, 20.0), scheme=scheme, start="mean")


def _weights(classes: int, scheme: Scheme) -> Check:
    def theory() -> Estimate:
        return generated_weights(_mixture(classes), _grid(scheme))

    return Check(
        f"{classes} classes with a spectrum by {scheme}",
        "weights of the classes by Bayes' rule",
        approximation_of(generated_weights),
        theory=theory,
        simulate=lambda seed: simulate_mixture(_mixture(classes), _grid(scheme), _WALKERS, seed=seed)[
            "weights"
        ],
        resolution=0.02,
        scale=1.0,
        sizes={
            "dimension": _DIMENSION,
            "steps": 10,
            "range": [0.05, 20.0],
            "scheme": scheme,
            "walkers": _WALKERS,
        },
        model=_mixture(classes),
        id=f"schedules-spectrum-{classes}-{scheme}",
    )


def _details() -> Check:
    places = [0, _DIMENSION // 2, _DIMENSION - 1]

    def theory() -> FloatArray:
        return detail_std(_mixture(2).covariances[0][places], _grid("ddim"))

    def simulate(seed: int) -> Estimate:
        directions = np.eye(_DIMENSION)[places]
        found = simulate_mixture(_mixture(2), _grid("ddim"), _WALKERS, directions=directions, seed=seed)
        return found["detail_std"]

    return Check(
        "details along a spectrum",
        "standard deviation at the largest, the middle and the smallest eigenvalue",
        approximation_of(detail_std),
        theory=theory,
        simulate=simulate,
        resolution=0.03,
        kind="spread",
        sizes={"dimension": _DIMENSION, "steps": 10, "range": [0.05, 20.0], "walkers": _WALKERS},
        model=_mixture(2),
        id="schedules-details-of-a-spectrum",
    )


def _designed() -> Check:
    steps = 8

    def theory() -> Estimate:
        found = design_schedule(_mixture(2), steps).errors
        spread = found.weight_standard_error or 0.0
        return Estimate(np.array(found.weight), np.array(spread), np.array(15.0))

    def simulate(seed: int) -> Estimate:
        return simulate_mixture(_mixture(2), NoiseGrid(_DESIGNED, "ddim", "mean"), _WALKERS, seed=seed)[
            "weights"
        ][0]

    return Check(
        "weight of a designed grid",
        "weight that the designer predicts of its grid",
        approximation_of(design_schedule),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"dimension": _DIMENSION, "steps": steps, "levels": list(_DESIGNED), "walkers": _WALKERS},
        model=_mixture(2),
        id="schedules-designed-grid",
    )
