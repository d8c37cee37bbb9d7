"""Drift, instability and bimodality measured on samples, against closed forms derived here from the definition."""

import numpy as np
import pytest

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.data.sampling import NoisedMixture
from statphys_gen.diffusion.simulation import times as simulation_times
from statphys_gen.diffusion.simulation.times import (
    simulate_bimodality_time,
    simulate_drift,
    simulate_drift_time,
)
from statphys_gen.errors import InsufficientSamples, InvalidArgument


@pytest.mark.parametrize("covariances", [0.0, [0.4, 1.7], [[0.2, 1.0, 3.0], [0.9, 0.1, 0.5]]])
def test_denoising_gives_the_drift_of_the_score(covariances):
    mixture = GaussianMixture([0.3, 0.7], [[1.0, -0.5, 2.0], [-1.5, 0.2, 0.3]], covariances)
    points, direction = np.random.default_rng(0).standard_normal((4, 3)), np.array([1.0, 2.0, -2.0])
    drift = (points + 2 * NoisedMixture(mixture).score(points, 0.6)) @ direction / 3
    measured = simulate_drift(mixture, 0.6, points, direction, walkers=30_000, seed=0)
    np.testing.assert_array_less(np.abs(measured.mean - drift), 4 * measured.standard_error)
    again = simulate_drift(mixture, 0.6, points, direction, walkers=30_000, seed=0, threads=2)
    np.testing.assert_array_equal(again.mean, measured.mean)


def test_drift_of_two_point_masses_turns_unstable_where_their_posterior_says():
    # Both points are equally likely at the midpoint: 1 - 2/D + 2 exp(-2t)/D^2 = 0, hence exp(-2t) = sqrt(2) - 1.
    measured = simulate_drift_time(GaussianMixture.two_classes(1, 1.0, 0.0), walkers=1_000, seed=0)
    expected = -0.5 * np.log(np.sqrt(2) - 1)
    assert measured.degrees_of_freedom == 31
    assert measured.standard_error < 2e-3
    assert abs(measured.mean - expected) < 4 * measured.standard_error


@pytest.mark.parametrize("variance", [0.3, 1.0, 1.8])
def test_two_gaussians_merge_where_their_means_are_one_deviation_from_the_middle(variance):
    # N(-a, G) and N(a, G) with equal weights have one mode exactly for a^2 <= G.
    mixture = GaussianMixture.two_classes(9, 0.8, variance)
    measured = simulate_bimodality_time(mixture, walkers=12_000)
    expected = 0.5 * np.log(9 * 0.8**2 + 1 - variance)
    assert measured.standard_error < 2e-3
    assert abs(measured.mean - expected) < 4 * measured.standard_error


def test_times_do_not_depend_on_where_the_classes_are_or_on_threads(monkeypatch):
    # The same random numbers for both laws.
    monkeypatch.setattr(simulation_times, "fingerprint", lambda law: "any law")
    centred = GaussianMixture.two_classes(4, 1.0)
    moved = GaussianMixture([0.5, 0.5], centred.means + np.array([3.0, 0.0, -2.0, 1.0]), 1.0)
    for simulate in (simulate_drift_time, simulate_bimodality_time):
        one, other = (
            simulate(centred, walkers=500, blocks=8),
            simulate(moved, walkers=500, blocks=8, threads=3),
        )
        assert abs(one.mean - other.mean) < 1e-6
        assert simulate(centred, walkers=500, blocks=8, threads=2).mean == one.mean


def test_no_bimodality_is_no_number():
    with pytest.raises(InsufficientSamples, match="overlap"):
        simulate_bimodality_time(GaussianMixture.two_classes(1, 0.1, 3.0), walkers=500, seed=0)


BALANCED = GaussianMixture.two_classes(2, 1.0)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: simulate_drift(BALANCED, 1.0, [[0.0]], [1.0, 0.0], walkers=10, seed=0), "points"),
        (lambda: simulate_drift(BALANCED, 0.0, [[0.0, 0.0]], [1.0, 0.0], walkers=10, seed=0), "time"),
        (lambda: simulate_drift(BALANCED, 1.0, [[0.0, 0.0]], [0.0, 0.0], walkers=10, seed=0), "direction"),
        (lambda: simulate_drift(BALANCED, 1.0, [[0.0, 0.0]], [1.0, 0.0], walkers=1, seed=0), "walkers"),
        (lambda: simulate_drift_time(BALANCED, walkers=10, seed=0), "walkers"),
        (lambda: simulate_bimodality_time(BALANCED, walkers=500, seed=0, blocks=1), "blocks"),
        (
            lambda: simulate_drift_time(GaussianMixture.two_classes(2, 1.0, 1.0, 0.3), walkers=500, seed=0),
            "mixture",
        ),
        (
            lambda: simulate_bimodality_time(
                GaussianMixture([0.5, 0.5], [[1.0], [-1.0]], [1.0, 2.0]), walkers=500, seed=0
            ),
            "mixture",
        ),
    ],
)
def test_bad_input_is_named_in_one_line(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(argument)
