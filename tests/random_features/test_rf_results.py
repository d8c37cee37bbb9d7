"""What results and laws show of themselves, and their labelled data sets."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from statphys_gen import random_features as rf

MODEL = rf.RandomFeatures("tanh", 8.0, 4.0, 0.01, rf.Covariance([0.5, 1.7], [0.4, 0.6]))
SIZES: dict[str, Any] = {"instances": 2, "seed": 1}

RESULTS: dict[str, tuple[Callable[[], Any], dict[str, int], str]] = {
    # A result, the lengths of its axes, and a variable that it has.
    "coefficients": (lambda: rf.coefficients("tanh", [0.1, 0.3, 0.5]), {"time": 3}, "v_t_squared"),
    "spectrum": (lambda: rf.spectrum(MODEL), {"atom": 1, "bulk": 3, "point": 400}, "density"),
    "learning curves": (
        lambda: rf.learning_curves(MODEL, [1.0, 5.0, math.inf]),
        {"training_time": 3},
        "test_loss",
    ),
    "ridge curves": (lambda: rf.ridge_curves(MODEL, [0.0, 0.2]), {"penalty": 2}, "score_error"),
    "descent": (
        lambda: rf.losses(MODEL, rf.gradient_descent(MODEL, [1, 4, 9, 20], 0.1)),
        {"steps": 4},
        "train_loss",
    ),
    "parts": (
        lambda: rf.bulk_contributions(MODEL, rf.gradient_flow(MODEL, [2.0, 50.0])),
        {"training_time": 2, "bulk": 3, "other_bulk": 3},
        "train",
    ),
    "timescales": (lambda: rf.timescales(MODEL), {"group": 3}, "training_time"),
    "early stopping": (lambda: rf.early_stopping(MODEL), {}, "final_score_error"),
    "optimal ridge": (lambda: rf.optimal_ridge(MODEL), {}, "penalty"),
    "window": (lambda: rf.training_window(MODEL), {}, "stop"),
    "plane": (
        lambda: rf.phase_diagram("sin", 0.2, [3.0, 9.0], [1.0, 2.0, 4.0], [3.0, 5.0]),
        {"training_time": 2, "features_per_dimension": 3, "samples_per_dimension": 2},
        "train_loss",
    ),
    "norm outliers": (
        lambda: rf.norm_outliers(MODEL.replace(activation=rf.Activation.from_polynomial([-0.7, 0.3, 0.7]))),
        {},
        "row_norms",
    ),
    "outliers": (lambda: rf.outliers(MODEL.replace(activation="relu"), 30), {}, "mean_outlier"),
    "losses": (
        lambda: rf.simulate_losses(MODEL, rf.Ridge([0.1, 0.3]), 10, **SIZES),
        {"penalty": 2},
        "test_loss_standard_error",
    ),
    "memorization": (
        lambda: rf.simulate_memorization(
            rf.GaussianMixture.two_classes(3, 1.0),
            4,
            rf.Architecture(8, 1),
            rf.NetworkTraining((1, 5)),
            walkers=7,
            backward_steps=4,
            loss_draws=10,
            **SIZES,
        ),
        {"instance": 2, "steps": 2, "walker": 7},
        "neighbour_ratio",
    ),
    "comparison": (
        lambda: rf.compare(MODEL, 10, training_time=[1.0, 3.0], **SIZES),
        {"row": 6},
        "standard_error",
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_show_themselves_and_have_labels(name: str) -> None:
    make, sizes, variable = RESULTS[name]
    found = make()
    dataset = found.to_dataset()
    assert dict(dataset.sizes) == sizes
    assert variable in dataset
    for entry in dataset.variables.values():
        assert entry.attrs["long_name"]
        assert "units" in entry.attrs
    records = list(found.records())
    assert len(repr(found).splitlines()) == min(len(records), 31) + 2
    assert found._repr_html_().count("<tr>") == min(len(records), 30) + 1


def test_numbers_of_a_data_set_are_those_of_the_result() -> None:
    curves = rf.learning_curves(MODEL, [[1.0, 5.0], [7.0, math.inf]])
    dataset = curves.to_dataset()
    assert dict(dataset.sizes) == {"training_time_0": 2, "training_time_1": 2}
    np.testing.assert_array_equal(dataset.test_loss, curves.test_loss)
    assert [record["training_time"] for record in curves.records()] == [1.0, 5.0, 7.0, math.inf]
    times = rf.timescales(MODEL.replace(features_per_dimension=2.0))
    assert np.isnan(times.to_dataset().training_time.sel(group="interpolation"))
    scalar = rf.learning_curves(MODEL, 3.0).to_dataset()
    assert (scalar.test_loss.ndim, float(scalar.training_time)) == (0, 3.0)


@pytest.mark.parametrize(
    "model",
    [
        rf.RandomFeatures("tanh", 8, 4, 0.1),
        MODEL,
        rf.RandomFeatures(rf.Activation.from_polynomial([0.0, 1.0, 0.5]), 2.0, 1.5, 0.2, noise_draws=3),
    ],
)
def test_a_model_can_be_pasted_back(model: rf.RandomFeatures) -> None:
    names = {name: getattr(rf, name) for name in ("Activation", "Covariance", "RandomFeatures")}
    again = eval(repr(model), names)
    assert repr(again) == repr(model)
    for name in ("features_per_dimension", "samples_per_dimension", "time", "noise_draws"):
        assert getattr(again, name) == getattr(model, name)
    np.testing.assert_array_equal(again.covariance.eigenvalues, model.covariance.eigenvalues)
    np.testing.assert_allclose(again.activation(np.array([0.3])), model.activation(np.array([0.3])))


def test_laws_in_a_notebook() -> None:
    assert rf.Activation.named("relu")._repr_latex_() == r"$\sigma(x)=\max(x,0)$"
    assert rf.Activation.from_polynomial([0.0, 1.0, -0.5])._repr_latex_() == r"$\sigma(x)=1x^{1}-0.5x^{2}$"
    assert r"\frac pd=8" in MODEL._repr_latex_()
    assert r"m=\infty" in MODEL._repr_latex_()
    own = rf.Activation(np.arctan, "arctan")
    assert own._repr_latex_() == r"$\sigma(x)=\text{arctan}(x)$"
    assert repr(own) == "Activation(arctan, 'arctan', ())"


def test_times_of_a_law_with_a_density() -> None:
    """Its quadrature is not asked for a single node."""
    found = rf.timescales(rf.RandomFeatures("sin", 1.5, 1.2, 0.25, rf.Covariance.marchenko_pastur(0.5)))
    assert 0.0 < found.error < 1e-8
