"""Finite width: the lazy phase at any width, the distance from the wide limit, the term of order d/w, another cost."""

from __future__ import annotations

import math

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.streams import generator
from ..model import LinearNetwork, Task
from ..simulation.control_variates import controlled_mean
from ..simulation.gram_flow import gram_flow, simulate_training
from ..simulation.starts import draw_gram
from ..theory.finite_width import width_correction
from ..theory.lazy_width import lazy_noise_error, lazy_relative_loss
from ..theory.wide_limit import generic_wide_flow, wide_flow
from .common import orthogonal_network


def checks() -> list[Check]:
    return [
        _lazy("wide", 4.0, (250, 150, 100)),
        _lazy("narrow", 0.5, (300, 150, 90)),
        _distance(),
        _order(),
        _another_cost(),
    ]


def _lazy(kind: str, width_ratio: float, instances: tuple[int, ...]) -> Check:
    """Centred networks and a target a hundred times smaller than the threshold, extrapolated in 1/d."""
    dimensions, threshold, times = (24, 48, 96), 3.0, (0.35, 0.9)

    def theory() -> FloatArray:
        return np.concatenate([f(width_ratio, times) for f in (lazy_relative_loss, lazy_noise_error)])

    def simulate(seed: int) -> Estimate:
        runs = []
        for d, count in zip(dimensions, instances, strict=True):
            noise = threshold / (200.0 * math.sqrt(d))
            found = simulate_training(
                orthogonal_network(d, threshold, round(width_ratio * d)),
                np.array(times) / threshold,
                Task((), noise),
                instances=count,
                centred=True,
                tolerance=1e-9,
                seed=seed,
            )
            parts = [found.estimate(name) for name in ("train_error", "test_error")]
            mean, error, freedom = (
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("mean", "standard_error", "degrees_of_freedom")
            )
            runs.append(Estimate(mean / noise**2, error / noise**2, freedom))
        return componentwise_limit(dimensions, runs)

    return Check(
        f"lazy phase of {kind} networks",
        f"train and test error of noise alone at w/d = {width_ratio:g}, centred",
        approximation_of(lazy_relative_loss),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": list(dimensions),
            "instances": list(instances),
            "width_ratio": width_ratio,
            "scaled_time": list(times),
            "target": 0.01,
        },
        id=f"linear-lazy-phase-of-{kind}-networks",
        tests=(lazy_noise_error,),
    )


def _distance() -> Check:
    """|A - A_wide|/|T| ~ (d/w)^power, from two widths."""
    dimension, threshold, time, instances, ratios = 20, 6.0, 0.07, 120, (1024, 16384)

    def simulate(seed: int) -> Estimate:
        found = [
            simulate_training(
                orthogonal_network(dimension, threshold, ratio * dimension),
                [time],
                Task((1.1,), 0.0),
                instances=instances,
                reference=True,
                seed=seed,
            )
            for ratio in ratios
        ]
        one, two = (controlled_mean(np.log(run.wide_distance), run.controls) for run in found)
        span = math.log(ratios[1] / ratios[0])
        error = np.hypot(one.standard_error, two.standard_error) / span
        return Estimate((one.mean - two.mean) / span, error, one.degrees_of_freedom)

    return Check(
        "distance from the wide limit",
        "power 1/2 of d/w in the distance from the wide limit",
        approximation_of(wide_flow),
        theory=lambda: np.array([0.5]),
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": dimension,
            "instances": instances,
            "threshold": threshold,
            "training_time": time,
            "width_ratio": list(ratios),
        },
        id="linear-distance-from-the-wide-limit",
    )


def _order() -> Check:
    """Train and test error in excess of an orthogonal network on the same target, times w/d, extrapolated in d/w."""
    dimension, kappa, time, strengths = 160, 0.1, 2.25, (1.1,)
    ratios, instances = (24, 48, 96), (90, 90, 140)

    def theory() -> FloatArray:
        # The start's own term omega q^2 (1 - k/d)^2, in units of d/w.
        start = kappa**2 * dimension * math.exp(-4.0 * kappa * time) * (1.0 - len(strengths) / dimension) ** 2
        return start + np.concatenate(width_correction(strengths, kappa, 0.0, [time]))

    def simulate(seed: int) -> Estimate:
        runs = []
        for ratio, count in zip(ratios, instances, strict=True):
            found = simulate_training(
                orthogonal_network(dimension, kappa * dimension, ratio * dimension),
                [time / dimension],
                Task(strengths),
                instances=count,
                reference=True,
                seed=seed,
            )
            excess = [
                found.samples(name) - found.samples(f"reference_{name}")
                for name in ("train_error", "test_error")
            ]
            runs.append(controlled_mean(ratio * np.concatenate(excess, axis=1), found.controls))
        return componentwise_limit(ratios, runs)

    return Check(
        "errors to first order in d over w",
        "coefficient of d/w in train and test error, with the start's own term",
        approximation_of(width_correction),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "dimension": dimension,
            "instances": list(instances),
            "width_ratio": list(ratios),
            "signal_strengths": list(strengths),
            "lazy_ratio": kappa,
            "training_time": time,
        },
        id="linear-errors-to-first-order-in-d-over-w",
    )


def _another_cost() -> Check:
    """Mean square distance from one fixed target under the cost sum log cosh(A - T), wide against finite width."""
    shape, threshold, times, instances, ratio = (8, 12), 3.0, (0.06, 0.2), 40, 8192
    target = 2.0 * generator(0, {"purpose": "target of a check"}).standard_normal(shape)
    width = ratio * shape[1]

    def theory() -> FloatArray:
        products = generic_wide_flow(lambda a: np.tanh(a - target), np.zeros(shape), threshold, times)
        return np.asarray(((products - target) ** 2).mean(axis=(1, 2)))

    def simulate(seed: int) -> Estimate:
        network = LinearNetwork(shape[1], shape[0], width, threshold / width, threshold / width)
        rows = []
        for k in range(instances):
            start = draw_gram(network, Task((), 2.0), seed, k)
            grams = gram_flow(start, lambda a: np.tanh(a - target), times, tolerance=1e-6)
            rows.append([((gram.product - target) ** 2).mean() for gram in grams])
        return Estimate.from_samples(rows)

    return Check(
        "another cost",
        "mean square distance from the target under the cost log cosh, rectangular, in time",
        approximation_of(generic_wide_flow),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "inputs": shape[1],
            "outputs": shape[0],
            "width": width,
            "instances": instances,
            "threshold": threshold,
            "training_time": list(times),
        },
        id="linear-another-cost",
    )
