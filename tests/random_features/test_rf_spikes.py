"""Outliers from fluctuating norms: in single instances, and their limits."""

import math

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import Activation, RandomFeatures
from statphys_gen.random_features.simulation.instances import simulate_eigenvalues
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.spikes import NormOutliers, norm_outliers


def quadratic(mean: float) -> Activation:
    return Activation.from_polynomial([mean - math.sqrt(0.5), 0.3, math.sqrt(0.5)])


@pytest.mark.parametrize(("mean", "count"), [(0.0, 2), (1.0, 1)])
def test_a_mean_takes_the_place_of_both(mean: float, count: int) -> None:
    """Between the bulk, that has come down to 5 at d = 48, and the outliers from 7.5 on."""
    model = RandomFeatures(quadratic(mean), 8.0, 16.0, 0.3, noise_draws=1)
    found = norm_outliers(model)
    assert (found.row_norms is None) == bool(mean)
    values = simulate_eigenvalues(model, 48, instances=2)
    assert ((values > 6.5).sum(axis=1) == count).all()


def test_strong_outliers_lie_at_their_weight() -> None:
    model = RandomFeatures(quadratic(0.0), 200.0, 1e4, 0.3)
    found = norm_outliers(model)
    assert found.row_norms == pytest.approx(201.0, rel=3e-3)
    assert found.sample_norms == pytest.approx(201.0, rel=3e-3)
    uneven = norm_outliers(model.replace(covariance=Covariance([0.5, 1.5], [0.5, 0.5])))
    noised = math.exp(-0.6) * np.array([0.5, 1.5]) - math.expm1(-0.6)
    assert uneven.row_norms == pytest.approx(200.0 * float((noised**2).mean()), rel=1e-2)


def test_weak_ones_stay_in_the_bulk() -> None:
    assert norm_outliers(RandomFeatures("tanh", 8.0, 16.0, 0.3)) == NormOutliers(None, None)
    weak = RandomFeatures(Activation.from_polynomial([-0.1, 1.0, 0.1]), 8.0, 16.0, 0.3)
    assert norm_outliers(weak) == NormOutliers(None, None)
    assert bulk_edges(weak)[-1, 1] > 8 * 0.02


def test_draws_without_noise_share_the_norm_of_their_sample() -> None:
    """They are the same point: then samples, of uneven data, are not told from rows."""
    uneven = Covariance([0.5, 5.5], [0.9, 0.1])
    found = norm_outliers(RandomFeatures(quadratic(0.0), 20.0, 2.0, 1e-4, uneven, noise_draws=4))
    assert found.row_norms is not None
    assert found.sample_norms == pytest.approx(found.row_norms, rel=1e-3)
