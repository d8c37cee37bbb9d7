"""Bad input is refused in one line that names the argument."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features.model import Activation, RandomFeatures
from statphys_gen.random_features.theory import (
    best_stopping,
    coefficients,
    edges,
    filters,
    learning_curves,
    limits,
    loss_plane,
    merging,
    spectrum,
    spikes,
    timescales,
)

GOOD = RandomFeatures("tanh", 2.0, 3.0, 0.1)
FINITE = GOOD.replace(noise_draws=2)
TWO = GOOD.replace(covariance=Covariance([1.0, 2.0], [0.5, 0.5]))

CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: RandomFeatures("tanh", 0.0, 3.0, 0.1), "features_per_dimension"),
    (lambda: RandomFeatures("tanh", -1.0, 3.0, 0.1), "features_per_dimension"),
    (lambda: RandomFeatures("tanh", math.inf, 3.0, 0.1), "features_per_dimension"),
    (lambda: RandomFeatures("tanh", 2.0, 0.0, 0.1), "samples_per_dimension"),
    (lambda: RandomFeatures("tanh", 2.0, math.nan, 0.1), "samples_per_dimension"),
    (lambda: RandomFeatures("tanh", 2.0, "3", 0.1), "samples_per_dimension"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, 0.0), "time"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, 21.0), "time"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, True), "time"),
    (lambda: RandomFeatures("gelu", 2.0, 3.0, 0.1), "activation"),
    (lambda: RandomFeatures(np.tanh, 2.0, 3.0, 0.1), "activation"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, 0.1, covariance=[1.0]), "covariance"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, 0.1, noise_draws=0), "noise_draws"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, 0.1, noise_draws=1.5), "noise_draws"),
    (lambda: RandomFeatures("tanh", 2.0, 3.0, 0.1, noise_draws=-math.inf), "noise_draws"),
    (lambda: GOOD.replace(size=3), "changes"),
    (lambda: Activation(3.0), "function"),
    (lambda: Activation(np.tanh, ""), "name"),
    (lambda: Activation(np.tanh, breakpoints=(math.nan,)), "breakpoints[0]"),
    (lambda: Activation(lambda x: np.where(x > 0, x, np.nan), "half"), "activation"),
    (lambda: Activation(lambda x: x[:2], "short"), "activation"),
    (lambda: Activation(lambda x: 1j * x, "complex"), "activation"),
    (lambda: Activation.from_polynomial([1.0]), "coefficients"),
    (lambda: Activation.from_polynomial([1.0, 0.0]), "coefficients"),
    (lambda: Activation.from_polynomial(np.ones(30)), "coefficients"),
    (lambda: coefficients.coefficients(Activation.from_polynomial([0.0, 1e200]), 0.1), "activation"),
    (lambda: coefficients.coefficients(Activation.from_polynomial([0.0, 1e-200]), 0.1), "activation"),
    (lambda: coefficients.coefficients(Activation.from_polynomial([0.0] * 20 + [1e160]), 0.1), "activation"),
    (lambda: coefficients.coefficients(Activation(lambda x: 1e90 * np.tanh(x), "large"), 0.1), "activation"),
    (lambda: coefficients.coefficients(Activation.from_polynomial([0.0, 1.0]), 0.1, 1e70), "activation"),
    (lambda: coefficients.coefficients("tanh", 0.0), "time"),
    (lambda: coefficients.coefficients("tanh", [0.1, 30.0]), "time"),
    (lambda: coefficients.coefficients("tanh", 0.1, 0.0), "data_variance"),
    (lambda: coefficients.coefficients(3, 0.1), "activation"),
    (lambda: spikes.outliers(GOOD, 0), "dimension"),
    (lambda: learning_curves.learning_curves(GOOD, -1.0), "training_time"),
    (lambda: learning_curves.learning_curves(GOOD, math.nan), "training_time"),
    (lambda: learning_curves.learning_curves(GOOD, []), "training_time"),
    (lambda: learning_curves.ridge_curves(GOOD, -1.0), "penalty"),
    (lambda: learning_curves.losses(GOOD, 3.0), "algorithm"),
    (lambda: learning_curves.score_error_from_test_loss(1.0, 0.0, 1.0), "time"),
    (lambda: learning_curves.score_error_from_test_loss(1.0, 0.1, -1.0), "fisher_information"),
    (
        lambda: learning_curves.learning_curves(
            GOOD.replace(features_per_dimension=6, noise_draws=2), math.inf
        ),
        "features_per_dimension",
    ),
    (lambda: filters.ridge(0.0), "penalty"),
    (lambda: filters.gradient_descent(GOOD, [1.5], 0.1), "steps"),
    (lambda: filters.gradient_descent(GOOD, [-1], 0.1), "steps"),
    (lambda: filters.gradient_descent(GOOD, [10**9], 0.1), "steps"),
    (lambda: filters.gradient_descent(GOOD, [3], 0.0), "learning_rate"),
    (lambda: filters.momentum_descent(GOOD, [3], 0.1, 1.0), "momentum"),
    (lambda: filters.custom_filter(3.0), "function"),
    (lambda: filters.custom_filter(lambda z: np.nan * z), "function"),
    (lambda: filters.custom_filter(lambda z: z, pole=1.0), "pole"),
    (lambda: spectrum.spectrum(GOOD).density([math.nan]), "position[0]"),
    (lambda: spectrum.spectrum(GOOD).density(1.0, "weights"), "kind"),
    (lambda: spectrum.spectrum(GOOD).grid(1), "points"),
    (lambda: merging.merging_point(GOOD, "size", 1.0, 2.0), "solve_for"),
    (lambda: merging.merging_point(GOOD, "time", 2.0, 1.0), "lower"),
    (lambda: merging.merging_point(GOOD, "time", 0.1, 0.100001), "upper"),
    (lambda: merging.merging_line(GOOD, "size", 1.0, 2.0, "time", 0.1, 0.2), "along"),
    (lambda: merging.merging_line(GOOD, "time", 0.05, 0.2, "time", 0.1, 0.2), "solve_for"),
    (lambda: merging.merging_line(GOOD, "time", 0.2, 0.3, "samples_per_dimension", 1.0, 2.0), "along_lower"),
    (lambda: timescales.timescales(GOOD, unit="seconds"), "unit"),
    (lambda: timescales.timescales(GOOD, at="left"), "at"),
    (lambda: best_stopping.training_window(GOOD, 0.0), "tolerance"),
    (lambda: best_stopping.memorization_time(GOOD, -0.1), "gap"),
    (lambda: loss_plane.phase_diagram("tanh", 0.1, [1.0], [0.0], [1.0]), "features_per_dimension[0]"),
    (lambda: loss_plane.phase_diagram("tanh", 0.1, [-1.0], [1.0], [1.0]), "training_time"),
    (lambda: best_stopping.score_error_exponent(GOOD, [1.0, 2.0], [1.0, 2.0, 3.0]), "features_per_dimension"),
    (lambda: limits.overfitting_edges(FINITE), "noise_draws"),
    (lambda: limits.interpolation_edges(TWO), "covariance"),
    (lambda: limits.fast_phase_score_error(TWO, 1.0), "covariance"),
    (lambda: limits.kernel_train_loss(GOOD, -1.0), "training_time"),
    (lambda: limits.kernel_train_loss(GOOD.replace(activation="linear"), 1.0), "activation"),
    (
        lambda: limits.large_sample_stopping_time(GOOD.replace(covariance=Covariance.isotropic(2.0))),
        "covariance",
    ),
    (
        lambda: edges.bulk_edges(GOOD.replace(activation=Activation.from_polynomial([0.0, 0.0, 1.0]))),
        "activation",
    ),
]


@pytest.mark.parametrize(("call", "argument"), CASES, ids=range(len(CASES)))
def test_one_line_that_names_the_argument(call: Callable[[], object], argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)


def test_noise_draws_may_be_given_as_a_whole_float() -> None:
    assert RandomFeatures("tanh", 2, 3, 0.1, noise_draws=2.0).noise_draws == 2.0
