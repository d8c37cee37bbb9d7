"""Predictions that other checks make of limits, from matrices of one dimension each, at three dimensions."""

from __future__ import annotations

import math

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.propagation import propagated
from ..model import RandomFeatures
from ..simulation.instances import simulate_eigenvalues, simulate_losses
from ..theory.learning_curves import memorization_order_parameter
from ..theory.merging import merging_line, merging_point
from .merging import _closing, _gaps
from .setup import REDUCED, RESOLUTION, given_moments, sizes_of


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [_order_parameter(), _merging()]


def _order_parameter() -> Check:
    model = RandomFeatures("tanh", 5.0, 1.5, 0.3, Covariance.isotropic(1.3))
    dimensions, instances = (16, 32, 64), (240, 120, 60)

    def simulate(seed: int) -> Estimate:
        runs = []
        for d, count in zip(dimensions, instances, strict=True):
            loss = simulate_losses(model, [math.inf], d, instances=count, seed=seed).train_loss
            runs.append(Estimate(1.0 - loss.mean, loss.standard_error, loss.degrees_of_freedom))
        return componentwise_limit(dimensions, runs)

    return Check(
        "order parameter of memorization, by size",
        "drop of the train loss at infinite training time",
        approximation_of(memorization_order_parameter),
        theory=lambda: np.array([memorization_order_parameter(model)]),
        simulate=simulate,
        resolution=RESOLUTION,
        sizes=sizes_of(model, list(dimensions), list(instances)),
        id="random-features-by-size-order-parameter-of-memorization",
    )


def _merging() -> Check:
    model = RandomFeatures("sin", 10.0, 6.0, 0.01, Covariance.isotropic(1.3))
    ratios, dimensions, instances = [3.0, 5.0, 7.0], (16, 24, 36), (320, 160, 80)
    between, near = (4.0, 9.5), 0.01

    def theory() -> FloatArray:
        return np.full(
            len(dimensions), merging_point(model, "samples_per_dimension", *between, gap_near=near)
        )

    def simulate(seed: int) -> Estimate:
        moments, found = given_moments(model), []
        for d, count in zip(dimensions, instances, strict=True):
            gaps = []
            for ratio in ratios:
                there = model.replace(samples_per_dimension=ratio)
                values = simulate_eigenvalues(there, d, instances=count, moments=moments, seed=seed)
                gaps.append(_gaps(values, values.shape[1] - round(ratio * d))[0])
            found.append(propagated(lambda logs: _closing(ratios, logs), gaps))
        return Estimate.stack(found)

    return Check(
        "merging of overfitting and interpolation, by size",
        f"samples per dimension at which two bulks merge, from matrices of one dimension each ({REDUCED})",
        approximation_of(merging_point),
        theory=theory,
        simulate=simulate,
        resolution=0.05,
        kind="capacity",
        sizes=sizes_of(model, list(dimensions), list(instances), ratios=ratios, matrix="equivalent"),
        judged=False,
        reason="edges of matrices of these dimensions lie off those of the limit by the power -2/3 of the dimension",
        # Four times the resolution that is asked of critical points.
        bound=0.2,
        id="random-features-by-size-each-merging",
        tests=(merging_line,),
    )
