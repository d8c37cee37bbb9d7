"""Theory against simulation for random-features score models.

The losses are those of the exact nonlinear model, extrapolated in 1/d from three dimensions, unless a check says
that it simulates the Gaussian equivalent. Edges move as d^(-2/3), the law of extreme eigenvalues.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..approximation import approximation_of
from ..statistics.agreement import Check
from ..statistics.estimate import Estimate
from .coefficients import model_coefficients, outliers
from .edges import bulk_edges
from .filters import gradient_descent, gradient_flow, momentum_descent
from .learning_curves import (
    LearningCurves,
    bulk_contributions,
    learning_curves,
    losses,
    memorization_order_parameter,
    ridge_curves,
)
from .model import Covariance, RandomFeatures
from .simulation import (
    limit_in_dimension,
    modes_at,
    modes_between,
    simulate_best_stopping,
    simulate_eigenvalues,
    simulate_limit,
    simulate_train_parts,
)
from .simulation_equivalent import FeatureMoments
from .simulation_training import GradientDescent, GradientFlow, Ridge, Training
from .spectrum import atoms, spectrum
from .timescales import early_stopping

FloatArray = NDArray[np.float64]
_RESOLUTION = 0.02
_EDGE_RESOLUTION = 0.05
_DIMENSIONS = (32, 64, 128)
_INSTANCES = (160, 80, 40)
_FEWER = (64, 32, 16)
# Where single instances fluctuate much.
_SMALLER = (24, 48, 96)
_MANY = (280, 160, 90)
_INFINITE = math.inf


def checks() -> list[Check]:
    """Every check of this system, by name."""
    return [
        *curve_checks(),
        *covariance_checks(),
        *algorithm_checks(),
        *stopping_checks(),
        *count_checks(),
        *edge_checks(),
        *outlier_checks(),
    ]


def equivalent_moments(model: RandomFeatures) -> FeatureMoments:
    """The coefficients that the Gaussian equivalent of a model needs."""
    c = model_coefficients(model)
    return FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))


def _sizes(model: RandomFeatures, dimensions: Any, instances: Any, **others: Any) -> dict[str, Any]:
    draws = "infinite" if math.isinf(model.noise_draws) else int(model.noise_draws)
    return {
        "dimension": dimensions,
        "instances": instances,
        "activation": model.activation.name,
        "features_per_dimension": model.features_per_dimension,
        "samples_per_dimension": model.samples_per_dimension,
        "time": model.time,
        "covariance": model.covariance.name,
        "noise_draws": draws,
        **others,
    }


# ------------------------------------------------------------------------------------------------------------ losses


def _losses(
    name: str,
    prediction: str,
    model: RandomFeatures,
    training: Training,
    theory: Callable[[], LearningCurves],
    function: Callable[..., Any],
    *,
    fields: Sequence[str] = ("train_loss", "test_loss", "score_error"),
    dimensions: Sequence[int] = _DIMENSIONS,
    instances: Sequence[int] = _INSTANCES,
    moments: FeatureMoments | None = None,
    **others: Any,
) -> Check:
    def predicted() -> FloatArray:
        curves = theory()
        return np.concatenate([getattr(curves, field) for field in fields])

    def simulated(seed: int) -> Estimate:
        found = simulate_limit(model, dimensions, instances, seed, training, moments=moments)
        parts = [getattr(found, field) for field in fields]
        return Estimate(
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.standard_error for part in parts]),
            np.concatenate([part.degrees_of_freedom for part in parts]),
        )

    return Check(
        name,
        prediction,
        approximation_of(function),
        theory=predicted,
        simulate=simulated,
        resolution=_RESOLUTION,
        sizes=_sizes(model, list(dimensions), list(instances), quantities=list(fields), **others),
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
            moments=equivalent_moments(equivalent),
            **small,
            fields=both,
        ),
        Check(
            "memorization order parameter",
            "drop of the train loss at infinite training time, p > n + d",
            approximation_of(memorization_order_parameter),
            theory=lambda: np.array([memorization_order_parameter(final)]),
            simulate=lambda seed: _one_minus(
                simulate_limit(final, _DIMENSIONS, _FEWER, seed, GradientFlow([_INFINITE])).train_loss
            ),
            resolution=_RESOLUTION,
            sizes=_sizes(final, list(_DIMENSIONS), list(_FEWER)),
        ),
    ]


def _one_minus(estimate: Estimate) -> Estimate:
    return Estimate(1.0 - estimate.mean, estimate.standard_error, estimate.degrees_of_freedom)


def covariance_checks() -> list[Check]:
    atoms_of_two = Covariance.atoms([0.5, 1.5], [0.5, 0.5])
    rank_deficient = Covariance.atoms([0.0, 2.0], [0.5, 0.5])
    both = ("train_loss", "test_loss")
    return [
        _flow(
            "covariance with two eigenvalues",
            RandomFeatures("sin", 2.0, 1.0, 0.2, atoms_of_two),
            [3.0, 10.0, 100.0],
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
            instances=_FEWER,
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

    def momentum_check(name: str, nesterov: bool) -> Check:
        return _losses(
            name,
            "losses after steps of descent with momentum",
            model,
            GradientDescent(steps, 0.2, memory, nesterov),
            lambda: losses(model, momentum_descent(model, steps, 0.2, memory, nesterov=nesterov)),
            losses,
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
        momentum_check("heavy-ball momentum", False),
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
    dimensions, instances = (32, 64, 128), (80, 40, 20)

    def theory() -> FloatArray:
        found = early_stopping(model)
        return np.array([math.log(found.parameter), found.score_error])

    def simulate(seed: int) -> Estimate:
        times = np.geomspace(0.25, 4.0, 25) * math.exp(theory()[0])
        runs = [
            simulate_best_stopping(model, d, count, seed, times)
            for d, count in zip(dimensions, instances, strict=True)
        ]
        return limit_in_dimension(dimensions, runs)

    return [
        Check(
            "early stopping",
            "logarithm of the best training time, and the least score error",
            approximation_of(early_stopping),
            theory=theory,
            simulate=simulate,
            resolution=_RESOLUTION,
            sizes=_sizes(model, list(dimensions), list(instances)),
        )
    ]


# ------------------------------------------------------------------------------------------------------------ spectra


def _boundaries(model: RandomFeatures) -> FloatArray:
    """The middles of the gaps (in the logarithm) with 0 and the top: every atom and every bulk is alone in its box."""
    intervals = [(a.position, a.position) for a in atoms(model)] + [tuple(edge) for edge in bulk_edges(model)]
    ends = np.array(sorted(intervals))
    below, above = ends[:-1, 1], ends[1:, 0]
    # An atom at 0 has no logarithm.
    middle = np.sqrt(np.maximum(below, 1e-8 * above) * above)
    return np.concatenate([[-1e-9], middle, [10.0 * ends[-1, 1]]])


def _modes(model: RandomFeatures) -> FloatArray:
    """Modes per dimension of every atom and bulk, in increasing order."""
    parts = [(a.position, a.weight * model.features_per_dimension) for a in atoms(model)]
    parts += [(b.lower, b.modes_per_dimension) for b in spectrum(model).bulks]
    return np.array([count for _, count in sorted(parts)])


def _counts(name: str, model: RandomFeatures, dimension: int, instances: int, equivalent: bool) -> Check:
    moments = equivalent_moments(model) if equivalent else None
    # The true matrix smears the atom at s_t^2 and the bulk beside it.
    first = 0 if equivalent or not math.isinf(model.noise_draws) else 2

    def simulate(seed: int) -> Estimate:
        values = simulate_eigenvalues(model, dimension, instances, seed, moments=moments)
        return modes_between(values, _boundaries(model)[first:], dimension)

    return Check(
        name,
        "modes per dimension of every atom and bulk"
        if not first
        else "modes per dimension of the upper bulks",
        approximation_of(spectrum),
        theory=lambda: _modes(model)[first:],
        simulate=simulate,
        resolution=_RESOLUTION,
        sizes=_sizes(model, dimension, instances, matrix="equivalent" if equivalent else "nonlinear"),
    )


def _distribution(name: str, model: RandomFeatures, equivalent: bool, instances: tuple[int, ...]) -> Check:
    """Modes below a few positions inside of the bulks."""
    moments = equivalent_moments(model) if equivalent else None

    def places() -> FloatArray:
        found = spectrum(model)
        bulk = found.bulks[-1]
        return bulk.lower * (bulk.upper / bulk.lower) ** np.array([0.25, 0.5, 0.75])

    def theory() -> FloatArray:
        found = spectrum(model)
        bulk = found.bulks[-1]
        result = []
        x, w = np.polynomial.legendre.leggauss(60)
        for place in places():
            # The square-root edge is removed by position = lower + (place - lower) u^2.
            u = 0.5 * (1.0 + x)
            points = bulk.lower + (place - bulk.lower) * u**2
            weights = w * u * (place - bulk.lower)
            result.append(float(weights @ found.density(points)))
        return np.array(result) * model.features_per_dimension

    def simulate(seed: int) -> Estimate:
        lower = _boundaries(model)[-2]
        runs = []
        for d, count in zip(_DIMENSIONS, instances, strict=True):
            values = simulate_eigenvalues(model, d, count, seed, moments=moments)
            runs.append(Estimate.stack([modes_between(values, [lower, place], d)[0] for place in places()]))
        return limit_in_dimension(_DIMENSIONS, runs)

    return Check(
        name,
        "modes per dimension below three positions inside of the uppermost bulk",
        approximation_of(spectrum),
        theory=theory,
        simulate=simulate,
        resolution=_RESOLUTION,
        # Relative to all modes of the bulk.
        scale=lambda modes: np.full(modes.shape, spectrum(model).bulks[-1].modes_per_dimension),
        sizes=_sizes(model, list(_DIMENSIONS), list(instances)),
    )


def count_checks() -> list[Check]:
    three = RandomFeatures("sin", 16.0, 4.0, 0.01)
    parts = RandomFeatures("tanh", 8.0, 4.0, 0.01)
    time = [300.0, 10_000.0]

    def theory() -> FloatArray:
        return bulk_contributions(parts, gradient_flow(parts, time)).train.T.ravel()

    def simulate(seed: int) -> Estimate:
        runs, dimensions, instances = [], (16, 32, 64), (160, 80, 40)
        for d, count in zip(dimensions, instances, strict=True):
            # Between the d modes beside the atom, the n - d of overfitting, and the d of generalisation.
            ranks = [0, 4 * d, 7 * d, 8 * d]
            runs.append(
                simulate_train_parts(
                    parts, d, count, seed, GradientFlow(time), ranks, moments=equivalent_moments(parts)
                )
            )
        return limit_in_dimension(dimensions, runs)

    return [
        _counts("counts of modes, Gaussian equivalent, three bulks", three, 40, 32, True),
        _counts("counts of modes, nonlinear matrix, upper bulks", three, 40, 32, False),
        _counts(
            "counts of modes, two draws, atom at 0",
            RandomFeatures("tanh", 4.0, 1.5, 0.05, noise_draws=2),
            60,
            16,
            False,
        ),
        _distribution(
            "distribution of eigenvalues, nonlinear matrix",
            RandomFeatures("sin", 1.0, 2.0, 0.2),
            False,
            (80, 40, 20),
        ),
        _distribution(
            "distribution of eigenvalues, one draw",
            RandomFeatures("tanh", 1.0, 2.0, 0.2, noise_draws=1),
            False,
            (80, 40, 20),
        ),
        Check(
            "parts of the train loss",
            "parts of the train loss that the three bulks carry, Gaussian equivalent",
            approximation_of(bulk_contributions),
            theory=theory,
            simulate=simulate,
            resolution=_RESOLUTION,
            # Relative to the whole drop at each time.
            scale=lambda drops: np.tile(-drops.reshape(3, 2).sum(axis=0), 3),
            sizes=_sizes(parts, [16, 32, 64], [160, 80, 40], training_time=time),
        ),
    ]


def _edges(
    name: str,
    model: RandomFeatures,
    ranks: Callable[[int], list[int]],
    which: list[int],
    *,
    equivalent: bool,
    dimensions: tuple[int, ...] = (32, 64, 128),
    instances: tuple[int, ...] = (60, 30, 15),
) -> Check:
    """Extreme eigenvalues: ``ranks`` maps the dimension to the ranks that stand at the edges ``which``."""
    moments = equivalent_moments(model) if equivalent else None

    def simulate(seed: int) -> Estimate:
        runs = [
            modes_at(simulate_eigenvalues(model, d, count, seed, moments=moments), ranks(d))
            for d, count in zip(dimensions, instances, strict=True)
        ]
        return limit_in_dimension(dimensions, runs, exponent=2.0 / 3.0)

    return Check(
        name,
        "edges of the bulks",
        approximation_of(bulk_edges),
        theory=lambda: bulk_edges(model).ravel()[which],
        simulate=simulate,
        resolution=_EDGE_RESOLUTION,
        kind="eigenvalue",
        sizes=_sizes(
            model, list(dimensions), list(instances), matrix="equivalent" if equivalent else "nonlinear"
        ),
    )


def edge_checks() -> list[Check]:
    two_atoms = Covariance.atoms([0.2, 1.8], [0.5, 0.5])
    return [
        _edges(
            "edges of three bulks, Gaussian equivalent",
            RandomFeatures("tanh", 8.0, 4.0, 0.01),
            # 4 d modes: the atom's 3 d and d beside it; 3 d of overfitting; d above. The uppermost bulk is below.
            lambda d: [3 * d, 4 * d - 1, 4 * d, 7 * d - 1],
            [0, 1, 2, 3],
            equivalent=True,
            dimensions=(16, 32, 64),
            instances=(280, 140, 70),
        ),
        _edges(
            "edges of the upper bulk, nonlinear matrix",
            RandomFeatures("sin", 2.0, 4.0, 0.05),
            lambda d: [d, 2 * d - 1],
            [2, 3],
            equivalent=False,
            # Corrections of order 1/d, from the norms of the rows of W, come on top: larger dimensions.
            dimensions=(64, 128, 256),
            instances=(100, 60, 40),
        ),
        _edges(
            "edges, one draw, Gaussian equivalent",
            RandomFeatures("tanh", 2.0, 6.0, 0.1, noise_draws=1),
            lambda d: [0, d - 1, 2 * d - 1],
            [0, 1, 3],
            equivalent=True,
            instances=(240, 120, 60),
        ),
        _edges(
            "upper edges, covariance with two eigenvalues",
            RandomFeatures("tanh", 8.0, 16.0, 0.01, two_atoms),
            lambda d: [7 * d + d // 2 - 1, 8 * d - 1],
            [-3, -1],
            equivalent=True,
            dimensions=(16, 32, 64),
            instances=(340, 170, 85),
        ),
    ]


def outlier_checks() -> list[Check]:
    spike = RandomFeatures("relu", 2.0, 4.0, 0.3, noise_draws=2)
    spikes_of_data = RandomFeatures("relu", 2.0, 2.0, 0.3, noise_draws=2)

    def simulate(seed: int) -> Estimate:
        runs = []
        for d, count in zip(_DIMENSIONS, (40, 20, 10), strict=True):
            found = modes_at(simulate_eigenvalues(spike, d, count, seed), [-1])
            runs.append(Estimate(found.mean / d, found.standard_error / d, found.degrees_of_freedom))
        return limit_in_dimension(_DIMENSIONS, runs)

    return [
        Check(
            "outlier of ReLU",
            "eigenvalue of the common mean of all features, over d",
            approximation_of(outliers),
            theory=lambda: np.array([outliers(spike, 1)["mean"]]),
            simulate=simulate,
            resolution=_EDGE_RESOLUTION,
            kind="eigenvalue",
            sizes=_sizes(spike, list(_DIMENSIONS), [40, 20, 10]),
        ),
        _flow(
            "ReLU with its outliers, two draws",
            spikes_of_data,
            [2.0, 8.0],
            fields=("train_loss", "test_loss"),
        ),
    ]
