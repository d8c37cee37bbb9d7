"""Losses of the exact nonlinear model, extrapolated in 1/d from three dimensions, against their theory.

A check whose prediction says *reduced simulation* draws the Gaussian equivalent instead; every prediction that has one
is checked on the nonlinear model too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.propagation import propagated
from ..model import RandomFeatures
from ..simulation.gaussian_equivalent import FeatureMoments
from ..simulation.instances import simulate_best_stopping, simulate_limit
from ..simulation.training import GradientDescent, GradientFlow, Ridge, Training
from ..theory.best_stopping import early_stopping, score_error_exponent
from ..theory.filters import gradient_descent, momentum_descent
from ..theory.learning_curves import (
    LearningCurves,
    learning_curves,
    losses,
    memorization_order_parameter,
    ridge_curves,
)
from .setup import DIMENSIONS, REDUCED, RESOLUTION, given_moments, sizes_of

_INSTANCES = (160, 80, 40)
_FEWER = (64, 32, 16)
# Where single instances fluctuate much.
_SMALLER = (24, 48, 96)
_MANY = (280, 160, 90)
# Where terms of order 1/d^2 are felt.
_LARGER = (64, 128, 256)
_INFINITE = math.inf


def _losses(
    name: str,
    prediction: str,
    model: RandomFeatures,
    training: Training,
    theory: Callable[[], LearningCurves],
    function: Callable[..., Any],
    *,
    fields: Sequence[str] = ("train_loss", "test_loss", "score_error"),
    dimensions: Sequence[int] = DIMENSIONS,
    instances: Sequence[int] = _INSTANCES,
    moments: FeatureMoments | None = None,
    **others: Any,
) -> Check:
    def predicted() -> FloatArray:
        curves = theory()
        return np.concatenate([getattr(curves, field) for field in fields])

    def simulated(seed: int) -> Estimate:
        found = simulate_limit(model, training, dimensions, instances=instances, moments=moments, seed=seed)
        parts = [getattr(found, field) for field in fields]
        return Estimate(
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.standard_error for part in parts]),
            np.concatenate([part.degrees_of_freedom for part in parts]),
        )

    return Check(
        name,
        prediction if moments is None else f"{prediction} ({REDUCED})",
        approximation_of(function),
        theory=predicted,
        simulate=simulated,
        resolution=RESOLUTION,
        sizes=sizes_of(model, list(dimensions), list(instances), quantities=list(fields), **others),
    )


def _flow(name: str, model: RandomFeatures, training_time: Sequence[float], **options: Any) -> Check:
    times = list(training_time)
    return _losses(
        name,
        "losses along gradient flow",
        model,
        GradientFlow(times),
        lambda: learning_curves(model, times),
        learning_curves,
        training_time=[str(time) if math.isinf(time) else time for time in times],
        **options,
    )


def curve_checks() -> list[Check]:
    both = ("train_loss", "test_loss")
    test = ("test_loss",)
    small: dict[str, Any] = {"instances": _FEWER}
    many: dict[str, Any] = {"dimensions": _SMALLER, "instances": _MANY}
    final = RandomFeatures("sin", 4.0, 2.0, 0.2)
    equivalent = RandomFeatures("tanh", 2.0, 1.0, 0.2)
    return [
        _flow("sin, p > n", RandomFeatures("sin", 2.0, 1.0, 0.2), [3.0, 10.0, 100.0]),
        _flow(
            "tanh, p < n", RandomFeatures("tanh", 1.0, 2.0, 0.2), [2.0, 10.0, _INFINITE], fields=both, **small
        ),
        _flow(
            "sin, p = n", RandomFeatures("sin", 1.5, 1.5, 0.2), [3.0, 30.0, _INFINITE], fields=both, **small
        ),
        _flow(
            "tanh, p > n + d", RandomFeatures("tanh", 3.0, 1.0, 0.2), [3.0, 10.0, 100.0], fields=both, **small
        ),
        _flow(
            "erf, late diffusion time",
            RandomFeatures("erf", 1.0, 1.5, 0.7),
            [2.0, 20.0, _INFINITE],
            fields=both,
            **small,
        ),
        _flow("linear activation", RandomFeatures("linear", 1.0, 1.0, 0.3), [0.5, 2.0, 10.0], fields=both),
        _flow(
            "one draw, p < n",
            RandomFeatures("tanh", 1.0, 2.0, 0.3, noise_draws=1),
            [1.0, 5.0, _INFINITE],
            fields=both,
        ),
        _flow(
            "one draw, p = n",
            RandomFeatures("tanh", 2.0, 2.0, 0.3, noise_draws=1),
            [1.0, 3.0, 10.0],
            fields=both,
        ),
        _flow(
            "one draw, p > n",
            RandomFeatures("tanh", 3.0, 1.0, 0.3, noise_draws=1),
            [2.0, 20.0, _INFINITE],
            fields=test,
            dimensions=_SMALLER,
            instances=(420, 240, 140),
        ),
        _flow(
            "two draws, p < 2n",
            RandomFeatures("tanh", 2.0, 1.5, 0.2, noise_draws=2),
            [2.0, 10.0],
            fields=both,
        ),
        _flow(
            "two draws, p > 2n",
            RandomFeatures("tanh", 4.0, 1.0, 0.2, noise_draws=2),
            [3.0, 20.0, _INFINITE],
            fields=test,
            **many,
        ),
        _flow(
            "four draws", RandomFeatures("sin", 2.0, 1.0, 0.2, noise_draws=4), [2.0, 10.0, 50.0], fields=both
        ),
        _flow(
            "sign, one draw", RandomFeatures("sign", 1.5, 2.0, 0.3, noise_draws=1), [1.0, 4.0], fields=both
        ),
        _flow(
            "Gaussian equivalent, tanh",
            equivalent,
            [3.0, 30.0, _INFINITE],
            moments=given_moments(equivalent),
            **small,
            fields=both,
        ),
        Check(
            "order parameter of memorization, larger dimensions",
            "drop of the train loss at infinite training time, p > n + d",
            approximation_of(memorization_order_parameter),
            theory=lambda: np.array([memorization_order_parameter(final)]),
            simulate=lambda seed: _one_minus(
                simulate_limit(final, [_INFINITE], _LARGER, instances=(100, 50, 24), seed=seed).train_loss
            ),
            resolution=RESOLUTION,
            sizes=sizes_of(final, list(_LARGER), [100, 50, 24]),
        ),
    ]


def _one_minus(estimate: Estimate) -> Estimate:
    return Estimate(1.0 - estimate.mean, estimate.standard_error, estimate.degrees_of_freedom)


def covariance_checks() -> list[Check]:
    atoms_of_two = Covariance([0.5, 1.5], [0.5, 0.5])
    rank_deficient = Covariance([0.0, 2.0], [0.5, 0.5])
    both = ("train_loss", "test_loss")
    return [
        _flow(
            "covariance with two eigenvalues",
            RandomFeatures("sin", 2.0, 1.0, 0.2, atoms_of_two),
            [3.0, 10.0, 100.0],
            instances=(190, 95, 48),
        ),
        _flow(
            "covariance with two eigenvalues, two draws",
            RandomFeatures("tanh", 2.0, 1.5, 0.2, atoms_of_two, 2),
            [2.0, 10.0],
            fields=both,
        ),
        _flow(
            "data on half of the directions",
            RandomFeatures("sin", 1.5, 1.0, 0.3, rank_deficient),
            [3.0, 30.0],
            fields=both,
            instances=(132, 66, 33),
        ),
        _flow(
            "covariance of Marchenko and Pastur",
            RandomFeatures("sin", 2.0, 1.0, 0.2, Covariance.marchenko_pastur(0.5)),
            [3.0, 10.0, 100.0],
        ),
        _flow(
            "covariance of a power law",
            RandomFeatures("sin", 1.5, 1.5, 0.2, Covariance.power_law(0.5, 0.1)),
            [3.0, 10.0, 100.0],
            fields=both,
            instances=_FEWER,
        ),
        _flow(
            "covariance of a power law, two draws",
            RandomFeatures("tanh", 1.5, 1.5, 0.2, Covariance.power_law(0.5, 0.1), 2),
            [2.0, 10.0],
            fields=both,
        ),
    ]


def algorithm_checks() -> list[Check]:
    model = RandomFeatures("sin", 2.0, 1.0, 0.2)
    sampled = RandomFeatures("tanh", 1.0, 1.5, 0.3, noise_draws=2)
    steps, step_size, memory = [2, 10, 60], 0.8, 0.8
    penalties = [0.03, 0.1, 0.5]
    few_features = RandomFeatures("tanh", 2.0, 2.0, 0.3, noise_draws=1)

    def ridge_check(name: str, of: RandomFeatures, **options: Any) -> Check:
        return _losses(
            name,
            "losses at the minimum with a ridge",
            of,
            Ridge(penalties),
            lambda: ridge_curves(of, penalties),
            ridge_curves,
            penalty=penalties,
            **options,
        )

    def momentum_check(name: str, nesterov: bool, instances: Sequence[int] = _INSTANCES) -> Check:
        return _losses(
            name,
            "losses after steps of descent with momentum",
            model,
            GradientDescent(steps, 0.2, memory, nesterov),
            lambda: losses(model, momentum_descent(model, steps, 0.2, memory, nesterov=nesterov)),
            losses,
            instances=instances,
            steps=steps,
            step_size=0.2,
            momentum=memory,
        )

    return [
        _losses(
            "gradient descent with large steps",
            "losses after steps of gradient descent",
            model,
            GradientDescent(steps, step_size),
            lambda: losses(model, gradient_descent(model, steps, step_size)),
            losses,
            steps=steps,
            step_size=step_size,
        ),
        _losses(
            "gradient descent with large steps, two draws",
            "losses after steps of gradient descent",
            sampled,
            GradientDescent([2, 10, 40], 0.3),
            lambda: losses(sampled, gradient_descent(sampled, [2, 10, 40], 0.3)),
            losses,
            steps=[2, 10, 40],
            step_size=0.3,
            fields=("train_loss", "test_loss"),
        ),
        momentum_check("heavy-ball momentum", False, (216, 108, 54)),
        momentum_check("Nesterov's momentum", True),
        ridge_check("ridge, all noise", model),
        ridge_check(
            "ridge, one draw, p = n",
            few_features,
            fields=("train_loss", "test_loss"),
            dimensions=_SMALLER,
            instances=_MANY,
        ),
    ]


def stopping_checks() -> list[Check]:
    model = RandomFeatures("sin", 4.0, 2.0, 0.2)
    dimensions, instances = (32, 64, 128), (96, 48, 24)
    # Around the minimum; a parabola through three of them is taken, instance by instance.
    times = np.geomspace(0.25, 4.0, 25) * 8.048740617305329

    def theory() -> FloatArray:
        found = early_stopping(model)
        return np.array([math.log(found.training_time), found.score_error])

    def simulate(seed: int) -> Estimate:
        runs = [
            simulate_best_stopping(model, times, d, instances=count, seed=seed)
            for d, count in zip(dimensions, instances, strict=True)
        ]
        return componentwise_limit(dimensions, runs)

    return [
        Check(
            "early stopping",
            "logarithm of the best training time, and the least score error",
            approximation_of(early_stopping),
            theory=theory,
            simulate=simulate,
            resolution=RESOLUTION,
            sizes=sizes_of(model, list(dimensions), list(instances)),
        )
    ]


def exponent_checks() -> list[Check]:
    """The exponent is a local one: its integral over log n is what the least score error gains from n to 4 n."""
    model = RandomFeatures("tanh", 6.0, 1.0, 0.3, Covariance.isotropic(2.0))
    dimensions, instances = (32, 64, 128), (192, 96, 48)
    places = {1.0: np.geomspace(0.3, 3.0, 21) * 3.84, 4.0: np.geomspace(0.3, 3.0, 21) * 5.9}
    few, many = places

    def theory() -> FloatArray:
        first = score_error_exponent(model, few)[0]
        nodes, weights = np.polynomial.legendre.leggauss(6)
        length = math.log(many / few)
        slopes = score_error_exponent(model, few * np.exp(0.5 * length * (1.0 + nodes)))[1]
        return np.array([float(first), 0.5 * length * float(weights @ slopes)])

    def simulate(seed: int) -> Estimate:
        limits = []
        for samples, times in places.items():
            here = model.replace(samples_per_dimension=samples)
            runs = [
                simulate_best_stopping(here, times, d, instances=count, seed=seed)
                for d, count in zip(dimensions, instances, strict=True)
            ]
            limits.append(componentwise_limit(dimensions, runs)[1])
        gain = propagated(lambda errors: math.log(errors[1] / errors[0]), limits)
        return Estimate.stack([limits[0], gain])

    return [
        Check(
            "least score error with four times the samples",
            "least score error, and its logarithm with four times the samples relative to that, from the exponent",
            approximation_of(score_error_exponent),
            theory=theory,
            simulate=simulate,
            resolution=RESOLUTION,
            scale=lambda values: np.array([values[0], 1.0]),
            sizes=sizes_of(
                model, list(dimensions), list(instances), samples=list(places), quantity="least score error"
            ),
        )
    ]


def not_odd_checks() -> list[Check]:
    """Activations with a kink or a jump, with sampled noise and with all of it; ReLU with its outliers."""
    both = ("train_loss", "test_loss")
    return [
        _flow(
            "ReLU with its outliers, two draws",
            RandomFeatures("relu", 2.0, 2.0, 0.3, noise_draws=2),
            [2.0, 8.0],
            fields=both,
        ),
        _flow(
            "ReLU with its outliers, all noise",
            RandomFeatures("relu", 1.5, 2.0, 0.3),
            [2.0, 8.0, 100.0],
            fields=both,
        ),
        _flow("sign, all noise", RandomFeatures("sign", 1.5, 1.0, 0.3), [1.0, 4.0, 50.0], fields=both),
    ]
