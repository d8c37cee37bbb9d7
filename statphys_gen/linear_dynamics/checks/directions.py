"""Singular directions: weak signals through the transition, the bulk, outliers, and the number that is active."""

from __future__ import annotations

import math

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ..model import Task
from ..simulation.gram_flow import simulate_training
from ..theory.modes import amplitude
from ..theory.weak_signal import active_fraction, bulk_second_moment, outlier, overlap, spiked_overlap
from .common import orthogonal_network

_DIMENSIONS = (48, 96, 192)


def checks() -> list[Check]:
    return [
        _overlap("below", 0.6, (60, 40, 24)),
        _overlap("at", 1.0, (40, 30, 20)),
        _overlap("above", 2.5, (16, 14, 14)),
        _bulk(),
        _outliers(),
        _active(),
    ]


def _overlap(place: str, tau: float, instances: tuple[int, ...]) -> Check:
    """Mean overlap of four signals of the same strength, all in units of sqrt(d), extrapolated in 1/d."""
    threshold, time, rank = 0.6, 0.7, 4

    def simulate(seed: int) -> Estimate:
        runs = []
        for d, count in zip(_DIMENSIONS, instances, strict=True):
            found = simulate_training(
                orthogonal_network(d, threshold * math.sqrt(d)),
                [time / math.sqrt(d)],
                Task((tau / math.sqrt(d),) * rank),
                instances=count,
                initialisation="orthogonal",
                seed=seed,
            ).estimate("overlap")
            root = math.sqrt(d)
            runs.append(Estimate(found.mean / root, found.standard_error / root, found.degrees_of_freedom))
        return componentwise_limit(_DIMENSIONS, runs)

    return Check(
        f"overlap with a weak signal {place} the transition",
        f"u^T A v over sqrt(d) at tau = {tau:g}",
        approximation_of(overlap),
        theory=lambda: np.atleast_1d(overlap(tau, threshold, time)),
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": list(_DIMENSIONS),
            "instances": list(instances),
            "spike": tau,
            "signals": rank,
            "threshold": threshold,
            "training_time": time,
        },
        id=f"linear-overlap-{place}-the-transition",
        tests=(spiked_overlap,),
    )


def _bulk() -> Check:
    threshold, time, instances = 0.6, 0.7, (40, 24, 16)

    def simulate(seed: int) -> Estimate:
        # Without a signal the test error is the mean square of A.
        runs = [
            simulate_training(
                orthogonal_network(d, threshold * math.sqrt(d)),
                [time / math.sqrt(d)],
                Task(()),
                instances=count,
                initialisation="orthogonal",
                seed=seed,
            ).estimate("test_error")
            for d, count in zip(_DIMENSIONS, instances, strict=True)
        ]
        return componentwise_limit(_DIMENSIONS, runs)

    return Check(
        "second moment of the bulk",
        "mean square of A over the noise's directions, in units of d",
        approximation_of(bulk_second_moment),
        theory=lambda: np.atleast_1d(bulk_second_moment(threshold, time)),
        simulate=simulate,
        resolution=0.01,
        sizes={
            "dimension": list(_DIMENSIONS),
            "instances": list(instances),
            "threshold": threshold,
            "training_time": time,
        },
        id="linear-second-moment-of-the-bulk",
    )


def _outliers() -> Check:
    """The two largest singular values of A: those of the target, learned as single modes."""
    dimension, instances, kappa, time, strengths = 128, 40, 0.25, 1.1, (1.1, 0.7)

    def theory() -> FloatArray:
        root = math.sqrt(dimension)
        places = root * outlier(root * np.array(strengths))
        return amplitude(places, kappa * dimension, time / dimension) / dimension

    def simulate(seed: int) -> Estimate:
        found = simulate_training(
            orthogonal_network(dimension, kappa * dimension),
            [time / dimension],
            Task(strengths),
            instances=instances,
            initialisation="orthogonal",
            seed=seed,
        )
        return Estimate.from_samples(found.singular_values[:, 0, :2] / dimension)

    return Check(
        "singular values of the signals",
        "the two largest singular values of A over d: outliers d x + 1/x of the target, learned as modes",
        approximation_of(amplitude),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": dimension,
            "instances": instances,
            "signal_strengths": list(strengths),
            "lazy_ratio": kappa,
            "training_time": time,
        },
        id="linear-singular-values-of-the-signals",
        tests=(outlier,),
    )


def _active() -> Check:
    """Share of the directions of A above the threshold, late in training, extrapolated in 1/d."""
    threshold, late, instances = 0.9, 4.0, (200, 100, 40)

    def simulate(seed: int) -> Estimate:
        runs = []
        for d, count in zip(_DIMENSIONS, instances, strict=True):
            root = math.sqrt(d)
            found = simulate_training(
                orthogonal_network(d, threshold * root),
                [late / root],
                Task(()),
                instances=count,
                initialisation="orthogonal",
                tolerance=1e-5,
                seed=seed,
            )
            shares = (found.singular_values[:, 0] > threshold * root).mean(axis=1)
            runs.append(Estimate.from_samples(shares[:, None]))
        return componentwise_limit(_DIMENSIONS, runs)

    return Check(
        "number of active directions",
        "share of the noise's directions above the threshold",
        approximation_of(active_fraction),
        theory=lambda: np.atleast_1d(active_fraction(threshold)),
        simulate=simulate,
        resolution=0.015,
        sizes={
            "dimension": list(_DIMENSIONS),
            "instances": list(instances),
            "threshold": threshold,
            "training_time": late,
        },
        id="linear-number-of-active-directions",
    )
