"""Models whose spectrum is not resolved: what is refused, with what to do, and what does not need it."""

import math

import numpy as np
import pytest

import statphys_gen.random_features as rf
from statphys_gen.data import Covariance
from statphys_gen.errors import AccuracyNotReached
from statphys_gen.random_features.theory import best_stopping

STEEP = rf.RandomFeatures("tanh", 64.0, 4.0, 0.1, Covariance.power_law(2.0, 1e-4))
WIDE = rf.RandomFeatures("tanh", 4.0, 4.0, 0.1, Covariance.power_law(2.0, 1e-6))
SQUARE = rf.RandomFeatures("tanh", 1.0, 4.0, 8.0)


def listed(exponent: float, cutoff: float, cells: int) -> Covariance:
    """u^-exponent at the rank u, constant below the cutoff, by its means over cells of equal ratio; variance 1."""
    ends = np.geomspace(cutoff, 1.0, cells + 1)
    power = 1.0 - exponent
    means = np.diff(ends**power) / power / np.diff(ends)
    values, weights = np.append(means, cutoff**-exponent), np.append(np.diff(ends), cutoff)
    return Covariance(values / (weights @ values), weights)


@pytest.mark.parametrize("model", [STEEP, WIDE, SQUARE])
def test_spectra_are_refused_with_what_to_do(model: rf.RandomFeatures) -> None:
    advice = "slightly different p" if model is SQUARE else "decades .* larger cutoff, or the eigenvalues"
    for quantity in (rf.spectrum, rf.timescales):
        with pytest.raises(AccuracyNotReached, match=advice):
            quantity(model)


def test_what_a_refusal_advises_is_answered() -> None:
    assert rf.spectrum(STEEP.replace(covariance=listed(2.0, 1e-4, 12))).residual < 1e-8
    assert rf.spectrum(WIDE.replace(covariance=Covariance.power_law(2.0, 0.1))).residual < 1e-8
    assert rf.spectrum(SQUARE.replace(features_per_dimension=1.1)).residual < 1e-8


@pytest.mark.parametrize("model", [STEEP, WIDE])
def test_best_training_of_a_steep_covariance_is_that_of_its_eigenvalues(model: rf.RandomFeatures) -> None:
    best = rf.early_stopping(model)
    near = rf.learning_curves(model, best.training_time * np.array([0.5, 0.9, 1.0, 1.1, 2.0])).score_error
    assert (np.diff(near[:3]) < 0.0).all()
    assert (np.diff(near[2:]) > 0.0).all()
    other = rf.early_stopping(model.replace(covariance=listed(2.0, 1e-4 if model is STEEP else 1e-6, 300)))
    assert best.training_time == pytest.approx(other.training_time, rel=2e-3)
    assert best.score_error == pytest.approx(other.score_error, rel=2e-3)
    window = rf.training_window(model, 0.1)
    ends = rf.learning_curves(model, [window.start, window.stop]).score_error
    assert ends[0] == pytest.approx(1.1 * best.score_error, rel=1e-9)
    if model is STEEP:
        assert ends[1] == pytest.approx(1.1 * best.score_error, rel=1e-9)
        assert window.stop > best.training_time > window.start
        assert rf.optimal_ridge(model).score_error > best.score_error


def test_training_as_many_features_as_dimensions_on_late_noise_never_does_harm() -> None:
    best = rf.early_stopping(SQUARE)
    assert best.training_time == math.inf
    curve = rf.learning_curves(SQUARE, np.geomspace(1e-2, 1e3, 30)).score_error
    assert (np.diff(curve) < 1e-12).all()
    assert best.score_error == pytest.approx(curve[-1], rel=1e-4)
    assert rf.training_window(SQUARE).stop == math.inf


@pytest.mark.parametrize(
    "model",
    [
        rf.RandomFeatures("tanh", 4.0, 4.0, 0.1),
        rf.RandomFeatures("relu", 2.0, 3.0, 0.5, Covariance([0.4, 2.3], [0.7, 0.3])),
        rf.RandomFeatures("tanh", 4.0, 64.0, 4.0),
    ],
)
def test_best_training_is_the_same_without_the_edges(
    monkeypatch: pytest.MonkeyPatch, model: rf.RandomFeatures
) -> None:
    def every() -> list[float]:
        best, window, penalty = rf.early_stopping(model), rf.training_window(model), rf.optimal_ridge(model)
        times = [best.training_time, window.start, window.stop, rf.memorization_time(model)]
        return [*times, best.score_error, penalty.penalty, penalty.score_error]

    with_edges = every()

    def refused(_: rf.RandomFeatures) -> None:
        raise AccuracyNotReached("spectrum: refused")

    monkeypatch.setattr(best_stopping, "absolute_edges", refused)
    assert every() == pytest.approx(with_edges, rel=1e-8)


def test_edges_below_what_the_moments_ask_for_are_refused() -> None:
    """A spectrum of which the upper bulk is missing."""
    with pytest.raises(AccuracyNotReached, match=r"highest edge .* below the ratio"):
        rf.bulk_edges(WIDE)
