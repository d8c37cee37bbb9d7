"""Early diffusion times: a noise that rounding of 1 would swallow, and best training that is short."""

import numpy as np
import pytest

from statphys_gen.data import Covariance
from statphys_gen.random_features import (
    RandomFeatures,
    early_stopping,
    learning_curves,
    memorization_time,
    optimal_ridge,
    ridge_curves,
)
from statphys_gen.random_features.theory.filters import relaxation_rate


@pytest.mark.parametrize("time", [1e-12, 1e-16, 1e-20])
def test_score_error_tends_to_a_limit(time: float) -> None:
    """Everything but the rate of training is that of a later time, up to terms of its order."""
    early, later = (RandomFeatures("tanh", 2.0, 3.0, t) for t in (time, 1e-9))
    curves = [learning_curves(m, np.array([0.01, 1.0, 30.0]) / relaxation_rate(m)) for m in (early, later)]
    np.testing.assert_allclose(curves[0].score_error, curves[1].score_error, rtol=1e-6)
    assert early_stopping(early).score_error == pytest.approx(early_stopping(later).score_error, rel=1e-6)
    assert optimal_ridge(early).score_error == pytest.approx(optimal_ridge(later).score_error, rel=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        RandomFeatures("relu", 10.0, 5.0, 1e-5, noise_draws=1),
        RandomFeatures("tanh", 0.0341740154, 0.01708700751, 5.8e-4, noise_draws=2),
        RandomFeatures("sin", 0.2, 0.1, 6.4e-7, Covariance([0.0, 1.0, 3.0], [0.3, 0.4, 0.3]), noise_draws=1),
    ],
)
def test_short_training_can_be_best(model: RandomFeatures) -> None:
    """With one draw of a small noise the features learn it early."""
    amounts = np.geomspace(1e-12, 1e3, 301)
    stopped = learning_curves(model, amounts / relaxation_rate(model)).score_error
    found = early_stopping(model)
    assert found.score_error <= stopped.min()
    assert found.score_error == pytest.approx(stopped.min(), rel=1e-3)
    assert found.training_time > 0.0
    ridged = ridge_curves(model, 1.0 / amounts).score_error
    penalty = optimal_ridge(model)
    assert penalty.score_error <= ridged.min()
    assert penalty.score_error == pytest.approx(ridged.min(), rel=1e-3)


def test_memorization_by_a_small_gap_is_early() -> None:
    model = RandomFeatures("tanh", 2.0, 3.0, 0.3)
    curves = learning_curves(model, memorization_time(model, 1e-10))
    assert float(curves.test_loss - curves.train_loss) == pytest.approx(1e-10, rel=2e-5, abs=0.0)
