"""Times, best stopping, windows and the (n, p) plane."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from derivations.random_features.definitions import parts
from statphys_gen.approximation import approximation_of
from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory import (
    best_stopping,
    coefficients,
    edges,
    learning_curves,
    limits,
    loss_plane,
    merging,
    spectrum,
    spikes,
    timescales,
)

FOUR = RandomFeatures("tanh", 64, 8, 0.1)


def test_three_times_and_their_units() -> None:
    exact = timescales.timescales(FOUR)
    paper = timescales.timescales(FOUR, unit="paper")
    bulks = edges.bulk_edges(FOUR)
    noise = -math.expm1(-0.2)
    assert exact.interpolation == pytest.approx(64 / (2 * noise * bulks[0, 0]), rel=1e-12)
    assert exact.overfitting == pytest.approx(64 / (2 * noise * bulks[1, 0]), rel=1e-12)
    assert exact.generalisation == pytest.approx(64 / (2 * noise * bulks[2, 0]), rel=1e-12)
    for name in ("generalisation", "overfitting", "interpolation"):
        assert getattr(paper, name) == pytest.approx(2 * getattr(exact, name))
    middle = timescales.timescales(FOUR, at="middle")
    np.testing.assert_allclose(
        [middle.interpolation, middle.overfitting, middle.generalisation], [5.4e3, 1.5e3, 8.0], rtol=0.05
    )


def test_times_of_merged_and_absent_groups() -> None:
    merged = timescales.timescales(FOUR.replace(samples_per_dimension=32))
    assert merged.merged
    assert merged.overfitting < merged.interpolation
    assert timescales.timescales(RandomFeatures("tanh", 2, 4, 0.1)).interpolation is None


def test_the_onset_of_overfitting_grows_with_the_samples() -> None:
    found = [timescales.timescales(RandomFeatures("tanh", 1e5, n, 0.01)) for n in (16.0, 64.0, 256.0)]
    for one, two in pairwise(found):
        assert two.overfitting / one.overfitting == pytest.approx(4.0, rel=0.15)
        assert two.generalisation / one.generalisation < 1.0


@pytest.mark.parametrize(
    ("features", "time", "table"),
    [
        (64, 0.1, {4: (13.51, 0.064299), 8: (16.00, 0.043261), 16: (18.97, 0.027384), 32: (22.41, 0.016575)}),
        (32, 0.01, {1: (82.56, 0.135089), 4: (112.83, 0.082922), 64: (231.16, 0.014532)}),
    ],
)
def test_best_stopping(features: float, time: float, table: dict[int, tuple[float, float]]) -> None:
    for samples, (tau, error) in table.items():
        model = RandomFeatures("tanh", features, samples, time)
        found = best_stopping.early_stopping(model)
        assert found.training_time == pytest.approx(tau, abs=6e-3)
        assert found.score_error == pytest.approx(error, abs=6e-7)
        # The derivative vanishes: a stationary minimum, checked with the curve itself.
        around = learning_curves.learning_curves(
            model, found.training_time * np.array([1 - 1e-3, 1.0, 1 + 1e-3])
        )
        assert around.score_error[1] < min(around.score_error[0], around.score_error[2])
        assert (
            abs(around.score_error[0] - around.score_error[2])
            < 1e-4 * abs(around.score_error[0] - error) + 1e-8
        )


def test_best_ridge_and_which_is_better() -> None:
    ridge = best_stopping.optimal_ridge(FOUR)
    around = learning_curves.ridge_curves(FOUR, ridge.penalty * np.array([0.9, 1.0, 1.1])).score_error
    assert around[1] == pytest.approx(ridge.score_error, rel=1e-12)
    assert around[1] < min(around[0], around[2])
    assert ridge.final_score_error == pytest.approx(9.095, abs=1e-3)
    assert best_stopping.better_regularisation(FOUR) == "early stopping"
    assert best_stopping.better_regularisation(RandomFeatures("linear", 3, 2, 0.2)) == "ridge"


def test_the_final_error_is_infinite_at_the_threshold() -> None:
    found = best_stopping.early_stopping(RandomFeatures("sin", 2, 2, 0.2, noise_draws=1))
    assert found.final_score_error == math.inf
    assert found.score_error < 1.0


def test_exponent_is_the_slope_and_tends_to_one() -> None:
    best, slope = best_stopping.score_error_exponent(RandomFeatures("tanh", 32, 2, 0.01), [8.0])
    assert best[0] == pytest.approx(0.057735, abs=1e-6)
    # Between n/d = 4 and 16, from 0.082922 to 0.037823.
    assert slope[0] == pytest.approx(math.log(0.037823 / 0.082922) / math.log(4.0), abs=0.02)
    _, far = best_stopping.score_error_exponent(RandomFeatures("tanh", 1e6, 2, 0.01), 2048.0)
    assert -1.0 < float(far) < -0.95


def test_window_and_memorization_time() -> None:
    window = best_stopping.training_window(FOUR, 0.5)
    curve = learning_curves.learning_curves(FOUR, [window.start, window.best, window.stop]).score_error
    np.testing.assert_allclose(curve, window.score_error * np.array([1.5, 1.0, 1.5]), rtol=1e-9)
    assert window.steps(100, 0.5) == (window.start * 2e4, window.stop * 2e4)
    tau = best_stopping.memorization_time(FOUR, 0.1)
    one = learning_curves.learning_curves(FOUR, tau)
    assert float(one.test_loss - one.train_loss) == pytest.approx(0.1, rel=1e-9)
    assert best_stopping.memorization_time(RandomFeatures("tanh", 0.5, 100, 0.2), 1.0) == math.inf
    assert best_stopping.training_window(RandomFeatures("tanh", 0.5, 100, 0.2), 0.5).stop == math.inf


def test_phase_diagram_is_the_curve_at_every_point() -> None:
    plane = loss_plane.phase_diagram("tanh", 0.1, [10.0, 1e3], [1.0, 4.0], [2.0, 3.0, 8.0])
    assert plane.test_loss.shape == (2, 2, 3)
    one = learning_curves.learning_curves(RandomFeatures("tanh", 4.0, 3.0, 0.1), [10.0, 1e3])
    np.testing.assert_allclose(plane.test_loss[:, 1, 1], one.test_loss, rtol=1e-11)
    assert (np.diff(plane.generalisation_gap[1], axis=1) < 0).all()
    finite = loss_plane.phase_diagram("tanh", 0.1, [10.0], [1.0, 4.0], [2.0, 3.0], noise_draws=2)
    two = RandomFeatures("tanh", 4.0, 2.0, 0.1, noise_draws=2)
    assert finite.test_loss[0, 1, 0] == pytest.approx(
        learning_curves.learning_curves(two, [10.0]).test_loss[0], rel=1e-11
    )


def lowest_error_of_a_linear_denoiser(samples: float, time: float) -> float:
    """Gradient flow of -B x_t on the covariance of samples of unit variance, at its best time.

    B = (1 - exp(-c tau x))/x on an eigenvalue x of the noised samples (Marchenko and Pastur), against B = 1.
    """
    ratio, noise = 1.0 / samples, -math.expm1(-2.0 * time)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    angle = 0.5 * np.pi * (nodes + 1.0)
    low, high = (1.0 - math.sqrt(ratio)) ** 2, (1.0 + math.sqrt(ratio)) ** 2
    eigenvalue = low + (high - low) * np.sin(0.5 * angle) ** 2
    half = 0.5 * (high - low) * np.sin(angle)
    law = half**2 / (2.0 * np.pi * ratio * eigenvalue) * weights * 0.5 * np.pi
    x = (1.0 - noise) * eigenvalue + noise

    def error(spent: float) -> float:
        return float(law @ (-np.expm1(-spent * x) / x - 1.0) ** 2)

    return float(minimize_scalar(error, bounds=(0.1, 30.0), method="bounded", options={"xatol": 1e-7}).fun)


def test_limits_in_numbers() -> None:
    for samples in (64, 256, 1024):
        model = RandomFeatures("tanh", 1e5, samples, 0.01)
        best = best_stopping.early_stopping(model)
        fast = limits.fast_phase_score_error(model, best.training_time * np.linspace(0.9, 1.1, 401)).min()
        assert fast == pytest.approx(lowest_error_of_a_linear_denoiser(samples, 0.01), rel=2e-5)
        assert best.score_error == pytest.approx(fast, rel=1e-2)
        assert limits.large_sample_stopping_time(model) == pytest.approx(best.training_time, rel=0.03)
    leading = limits.overfitting_edges(RandomFeatures("tanh", 64, 8, 0.01))
    own = parts(np.tanh, 0.01, 1.0)
    spread = np.array([1.0 - math.sqrt(8.0), 1.0 + math.sqrt(8.0)]) ** 2
    np.testing.assert_allclose(leading, own.fresh + own.shared * spread, rtol=1e-10)


def test_general_variance_and_covariance() -> None:
    for covariance in (
        Covariance.isotropic(4.0),
        Covariance.isotropic(0.25),
        Covariance([0.1, 2.0], [0.6, 0.4]),
    ):
        model = RandomFeatures("tanh", 16, 4, 0.1, covariance)
        found = best_stopping.early_stopping(model)
        assert 0 < found.score_error < found.final_score_error
        assert found.score_error < learning_curves.fisher_information(model)


def test_every_public_prediction_states_its_approximation() -> None:
    predictions = [
        coefficients.coefficients,
        spikes.outliers,
        edges.bulk_edges,
        spectrum.atoms,
        spectrum.spectrum,
        merging.merging_point,
        merging.merging_line,
        spikes.norm_outliers,
        learning_curves.losses,
        learning_curves.learning_curves,
        learning_curves.ridge_curves,
        learning_curves.bulk_contributions,
        learning_curves.memorization_order_parameter,
        learning_curves.score_error_from_test_loss,
        learning_curves.fisher_information,
        learning_curves.bayes_test_loss,
        timescales.timescales,
        best_stopping.early_stopping,
        best_stopping.optimal_ridge,
        best_stopping.better_regularisation,
        best_stopping.score_error_exponent,
        best_stopping.training_window,
        best_stopping.memorization_time,
        loss_plane.phase_diagram,
        limits.overfitting_edges,
        limits.interpolation_edges,
        limits.fast_phase_score_error,
        limits.large_sample_stopping_time,
        limits.kernel_train_loss,
    ]
    for prediction in predictions:
        assert approximation_of(prediction).source
