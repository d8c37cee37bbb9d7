"""Train and test error in time, at finite dimension and in the limit, and best stopping."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ..model import LinearNetwork, Task
from ..simulation.descent import simulate_descent
from ..simulation.gram_flow import simulate_training
from ..simulation.samples import Training
from ..theory.best import best_error
from ..theory.crossover import error_curves
from ..theory.finite_dimension import finite_dimension_errors
from ..theory.units import effective_threshold
from .common import gaussian_network, orthogonal_network


def checks() -> list[Check]:
    one, two = (1.1,), (0.8, 0.6)
    return [
        _finite("orthogonal-errors-one-signal", (1.1,), 0.3, 1.2, {80: 150, 160: 48}, 0.015),
        _finite("orthogonal-errors-small-lazy-ratio", (1.1,), 0.1, 2.25, {80: 150, 160: 48}, 0.02),
        _finite("orthogonal-errors-two-signals", two, 0.2, 1.8, {80: 150, 160: 48}, 0.015),
        _finite("orthogonal-errors-active-noise", one, 0.06, 2.0, {80: 520, 160: 180}, 0.02),
        _limit("gaussian-errors-in-the-limit", one, 0.3, 0.2, 1.27),
        _limit("gaussian-errors-in-the-limit-noisier", one, 0.35, 0.25, 1.1),
        _limit("gaussian-errors-near-the-triple-point", one, 0.9, 0.8, 0.5),
        _limit("gaussian-errors-two-signals", two, 0.2, 0.1, 1.8),
        _limit("gaussian-errors-unequal-variances", one, 0.3, 0.2, 1.27, ratio=3.0),
        _limit("gaussian-errors-unequal-rates", one, 0.3, 0.2, 1.27, rates=(2.0, 0.5)),
        _best(),
        _descent(),
    ]


def _both(found: Training, *, controlled: bool) -> Estimate:
    names = ("train_error", "test_error")
    return Estimate.stack([found.estimate(name, controlled=controlled)[0] for name in names])


def _finite(
    name: str,
    strengths: tuple[float, ...],
    kappa: float,
    time: float,
    instances: dict[int, int],
    resolution: float,
) -> Check:
    """Train and test error of orthogonal networks at each dimension."""

    def theory() -> FloatArray:
        curves = [finite_dimension_errors(strengths, d, kappa, 0.0, [time]) for d in instances]
        return np.concatenate([[c.train_error[0], c.test_error[0]] for c in curves])

    def simulate(seed: int) -> Estimate:
        parts = []
        for d, count in instances.items():
            found = simulate_training(
                orthogonal_network(d, kappa * d),
                [time / d],
                Task(strengths),
                instances=count,
                initialisation="orthogonal",
                seed=seed,
            )
            parts += [_both(found, controlled=False)[k] for k in range(2)]
        return Estimate.stack(parts)

    return Check(
        name.replace("-", " "),
        f"train and test error at scaled time {time:g}, leading orders in 1/d, orthogonal weights",
        approximation_of(finite_dimension_errors),
        theory=theory,
        simulate=simulate,
        resolution=resolution,
        sizes={
            "dimension": list(instances),
            "instances": list(instances.values()),
            "signal_strengths": list(strengths),
            "lazy_ratio": kappa,
            "training_time": time,
        },
        id=f"linear-{name}",
    )


def _limit(
    name: str,
    strengths: tuple[float, ...],
    kappa: float,
    omega: float,
    time: float,
    *,
    ratio: float = 1.0,
    rates: tuple[float, float] = (1.0, 1.0),
) -> Check:
    """Train and test error of Gaussian networks at fixed kappa and omega, extrapolated in 1/d."""
    dimensions, instances = (48, 96, 192), (30, 20, 18)
    # Unequal rates change the threshold and the unit of time: the kappa named is that of the network.
    root = (rates[1] / rates[0]) ** 0.5
    plain, speed = kappa / ((root + 1.0 / root) / 2.0), (rates[0] * rates[1]) ** 0.5

    def network(d: int) -> LinearNetwork:
        return gaussian_network(d, plain, omega, ratio).replace(first_rate=rates[0], second_rate=rates[1])

    def theory() -> FloatArray:
        size = dimensions[0]
        curves = error_curves(strengths, effective_threshold(network(size)) / size, omega, [time])
        return np.array([curves.train_error[0], curves.test_error[0]])

    def simulate(seed: int) -> Estimate:
        runs = [
            simulate_training(network(d), [time / (d * speed)], Task(strengths), instances=count, seed=seed)
            for d, count in zip(dimensions, instances, strict=True)
        ]
        return componentwise_limit(dimensions, [_both(run, controlled=True) for run in runs])

    return Check(
        name.replace("-", " "),
        f"train and test error at scaled time {time:g} for d, w -> infinity",
        approximation_of(error_curves),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": list(dimensions),
            "instances": list(instances),
            "signal_strengths": list(strengths),
            "lazy_ratio": kappa,
            "initial_noise": omega,
            "training_time": time,
            "ratio_of_variances": ratio,
            "rates": list(rates),
        },
        id=f"linear-{name}",
        tests=(effective_threshold,),
    )


def _best() -> Check:
    dimension, instances, kappa, strengths = 128, 70, 0.25, (1.1,)
    times = np.geomspace(0.8, 2.0, 9)

    def theory() -> FloatArray:
        found = best_error(strengths, kappa, dimension=dimension).solution.require()
        return np.array([float(found["test_error"]), float(found["training_time"])])

    def simulate(seed: int) -> Estimate:
        found = simulate_training(
            orthogonal_network(dimension, kappa * dimension),
            times / dimension,
            Task(strengths),
            instances=instances,
            initialisation="orthogonal",
            seed=seed,
        ).best()
        scale = np.array([1.0, dimension])
        return Estimate(scale * found.mean, scale * found.standard_error, found.degrees_of_freedom)

    return Check(
        "best stopping",
        "best test error and its scaled time, leading orders in 1/d",
        approximation_of(best_error),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": dimension,
            "instances": instances,
            "signal_strengths": list(strengths),
            "lazy_ratio": kappa,
            "times": times,
        },
        id="linear-best-stopping",
    )


def _descent() -> Check:
    dimension, instances, kappa, time, strengths, steps = 48, 150, 0.3, 1.2, (1.1,), 1200

    def theory() -> FloatArray:
        curves = finite_dimension_errors(strengths, dimension, kappa, 0.0, [time])
        return np.array([curves.train_error[0], curves.test_error[0]])

    def simulate(seed: int) -> Estimate:
        found = simulate_descent(
            orthogonal_network(dimension, kappa * dimension),
            [time / dimension],
            Task(strengths),
            learning_rate=time / dimension / steps,
            instances=instances,
            initialisation="orthogonal",
            seed=seed,
        )
        return _both(found, controlled=False)

    return Check(
        "descent at small steps",
        "train and test error of gradient descent with full weights against the flow",
        approximation_of(finite_dimension_errors),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": dimension,
            "instances": instances,
            "signal_strengths": list(strengths),
            "lazy_ratio": kappa,
            "training_time": time,
            "steps": steps,
        },
        id="linear-descent-at-small-steps",
    )
