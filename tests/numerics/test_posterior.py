"""Means of the posterior over a set of points, against a direct softmax."""

import numpy as np
import pytest

from statphys_gen.numerics import posterior
from statphys_gen.numerics.posterior import EmpiricalPosterior


@pytest.mark.parametrize("variance", [1e-3, 0.4, 50.0])
@pytest.mark.parametrize("blocks", [False, True])
def test_means_are_those_of_a_direct_softmax(monkeypatch, variance, blocks):
    if blocks:
        monkeypatch.setattr(posterior, "ROWS", 3)
        monkeypatch.setattr(posterior, "COLUMNS", 7)
    rng = np.random.default_rng(0)
    points, counts = 5.0 + rng.standard_normal((40, 6)), rng.integers(1, 5, 40)
    noised = points[rng.integers(0, 40, 11)] + np.sqrt(variance) * rng.standard_normal((11, 6))
    logs = np.log(counts) - ((noised[:, None, :] - points) ** 2).sum(axis=2) / (2.0 * variance)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    expected = weights @ points / weights.sum(axis=1, keepdims=True)
    found = EmpiricalPosterior(points, counts).means(noised, variance)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_means_of_no_points_are_none():
    assert EmpiricalPosterior(np.eye(3)).means(np.zeros((0, 3)), 1.0).shape == (0, 3)
