"""Places on curves that pass a level several times: which crossing is meant."""

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.simulation import milestones

MODEL = RandomFeatures("tanh", 1.0, 1.0, 0.3)
TIMES = np.geomspace(1.0, 100.0, 201)


def curves(monkeypatch, train, test, score):
    """Two instances with the same given curves."""
    drawn = np.stack([np.stack([train, test, score])] * 2)
    monkeypatch.setattr(milestones, "loss_samples", lambda *arguments: drawn)


def test_the_gap_time_is_the_first_crossing_of_three(monkeypatch):
    u = np.log(TIMES) / np.log(100.0)  # from 0 to 1
    gap = np.sin(3.0 * np.pi * u)  # above 0.5 from u = 1/18 to 5/18, and from 13/18 on
    curves(monkeypatch, np.zeros_like(gap), gap, gap)
    found = milestones.simulate_gap_time(MODEL, TIMES, 0.5, 4, instances=2)
    assert found.mean[0] == pytest.approx(np.log(100.0) / 18.0, abs=1e-3)


def test_the_window_ends_at_the_crossings_next_to_the_minimum(monkeypatch):
    """(u - 1/2)^2 + 0.01 is 1.5 times its least at u = 1/2 -+ sqrt(0.005); bumps further away do not count."""
    u = np.log(TIMES) / np.log(100.0)
    score = (u - 0.5) ** 2 + 0.01
    score = np.where(u < 0.1, 0.5, np.where(u > 0.9, 0.0149, score))
    curves(monkeypatch, u, u, score)
    found = milestones.simulate_window(MODEL, TIMES, 0.5, 4, instances=2)
    half = np.sqrt(0.005)
    np.testing.assert_allclose(found.mean, np.log(100.0) * np.array([0.5 - half, 0.5 + half]), atol=2e-3)


def test_a_minimum_at_the_end_is_refused(monkeypatch):
    u = np.log(TIMES)
    curves(monkeypatch, u, u, u)
    with pytest.raises(InvalidArgument, match="around the minimum"):
        milestones.simulate_best_ridge(MODEL, TIMES, 4, instances=2)


def test_a_parabola_has_its_own_minimum():
    place, value = milestones.minimum(TIMES, (np.log(TIMES) - 1.2345) ** 2 + 0.7, "penalty")
    assert (place, value) == (pytest.approx(1.2345, abs=1e-12), pytest.approx(0.7, abs=1e-12))
