"""Speciation times: closed forms, limits, and when the spectral rule misleads."""

import math

import numpy as np
import pytest

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.class_signal import signal
from statphys_gen.diffusion.theory.clones import clone_agreement
from statphys_gen.diffusion.theory.speciation_time import (
    asymptotic_time,
    bayes_time,
    count_modes,
    drift_time,
    order_time,
    pair_bayes_time,
    speciation_times,
    spectral_directions,
    spectral_time,
)
from statphys_gen.diffusion.theory.total_covariance import leading_directions
from statphys_gen.errors import InvalidArgument
from statphys_gen.solution import Status


@pytest.mark.parametrize("weight", [0.5, 0.2])
@pytest.mark.parametrize("variance", [0.0, 0.6, 1.0, 2.5])
def test_closed_forms(variance: float, weight: float) -> None:
    mixture = GaussianMixture.two_classes(90, 0.7, variance, weight)
    squared = 90 * 0.7**2
    times = speciation_times(mixture)
    expected = {
        "spectral": 0.5 * math.log(variance + 4 * weight * (1 - weight) * squared),
        "asymptotic": 0.5 * math.log(squared),
        "bayes": 0.5 * math.log(squared + 1 - variance),
    }
    found = dict(times.items())
    for name, time in expected.items():
        solution = found[name].require()
        assert float(solution["time"]) == pytest.approx(time, rel=3e-15)
        assert abs(float(solution["time"]) - time) <= float(solution.error) + 1e-15
    assert float(found["bayes"]["signal"]) == pytest.approx(1.0, abs=1e-14)
    assert times.warning == ""


def test_balanced_drift_is_the_root_of_the_curvature() -> None:
    for variance in (0.3, 1.0, 1.9):
        mixture = GaussianMixture.two_classes(50, 1.2, variance)
        q = math.exp(-2 * float(drift_time(mixture)["time"]))
        gamma, squared = 1 + q * (variance - 1), 50 * 1.2**2
        assert 1 - 2 / gamma + 2 * squared * q / gamma**2 == pytest.approx(0.0, abs=1e-13)


def test_shifts_between_criteria() -> None:
    times = speciation_times(GaussianMixture.two_classes(10**4, 1.0, 1.0))
    assert times.shift("drift") == pytest.approx(0.5 * math.log(2), abs=1e-14)
    assert times.shift("spectral", "asymptotic") == pytest.approx(0.5 * math.log1p(1e-4), abs=4e-14)
    assert float(times.drift["signal"]) == pytest.approx(0.5, rel=1e-13)
    # Variance s2: x at the spectral time is |m|^2 / (|m|^2 + 2 s2 - 1).
    other = spectral_time(GaussianMixture.two_classes(400, 0.6, 2.0))
    assert float(other["signal"]) == pytest.approx(144 / 147, rel=1e-13)


def test_no_solution_is_said() -> None:
    times = speciation_times(GaussianMixture.two_classes(1, 0.5, 0.5))
    assert {name: int(s.status) for name, s in times.items()} == {
        "spectral": Status.NO_SOLUTION,
        "asymptotic": Status.NO_SOLUTION,
        "bayes": Status.NO_SOLUTION,
        "drift": Status.NO_SOLUTION,
    }
    assert times.shift("spectral") is None
    assert np.isnan(float(times.bayes["time"]))


def test_spectral_rule_misled_by_a_direction_within_the_classes() -> None:
    """|m| = 4, unit noise, and one direction of variance 400 that has nothing to do with the classes."""
    mean, variances = np.zeros(300), np.ones(300)
    mean[0], variances[1] = 4.0, 400.0
    mixture = GaussianMixture([0.5, 0.5], [mean, -mean], variances[None])
    times = speciation_times(mixture)
    assert float(times.spectral["time"]) == pytest.approx(0.5 * math.log(400), rel=1e-14)
    assert float(times.bayes["time"]) == pytest.approx(0.5 * math.log(16), rel=1e-14)
    assert "single mode" in times.warning
    # At the spectral time x = 16/400: nothing has happened; at bayes the agreement is the usual one.
    both = [float(times.spectral["time"]), float(times.bayes["time"])]
    assert signal(mixture, both) == pytest.approx([0.04, 1.0], rel=1e-13)
    x = 0.04
    series = 0.5 + (x - x**2 + 5 * x**3 / 3 - 13 * x**4 / 3 + 227 * x**5 / 15) / 2
    assert clone_agreement(mixture, both).value == pytest.approx([series, 0.7752002454], abs=2e-7)
    directions = spectral_directions(mixture, 3)
    assert directions.eigenvalue == pytest.approx([400.0, 17.0, 1.0], rel=1e-13)
    assert directions.between_class_fraction == pytest.approx([0.0, 16 / 17, 0.0], abs=1e-13)
    assert directions.modes.tolist() == [1, 2, 1]
    assert directions.times.status.tolist() == [0, 0, Status.NO_SOLUTION]


def test_equal_means_speciate_through_their_covariances() -> None:
    mixture = GaussianMixture([0.5, 0.5], np.zeros((2, 4000)), [0.5, 2.0])
    expected = 0.25 * math.log(4000 * 1.5**2 / 8)
    assert float(asymptotic_time(mixture)["time"]) == pytest.approx(expected, rel=1e-14)
    assert float(order_time(2, 4000 * 1.5**2)) == pytest.approx(expected, rel=1e-14)
    bayes = float(bayes_time(mixture)["time"])
    # x = d (v1 - v2)^2 / (8 (E + v1)(E + v2)) = 1 is a quadratic equation for E = exp(2t) - 1.
    excess = -1.25 + math.sqrt(0.75**2 + 4000 * 1.5**2 / 8)
    assert bayes == pytest.approx(0.5 * math.log1p(excess), rel=1e-14)
    assert speciation_times(mixture).drift is None


def test_order_law() -> None:
    assert order_time(1, [4.0, 400.0]) == pytest.approx([0.0, 0.5 * math.log(100)], abs=1e-15)
    assert float(order_time(3, 24 * math.e**6)) == pytest.approx(1.0, rel=1e-15)
    with pytest.raises(InvalidArgument, match="squared_difference"):
        order_time(2, 0.0)
    with pytest.raises(InvalidArgument, match="order"):
        order_time(0, 1.0)


def test_bayes_time_of_general_covariances() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    factors = rng.standard_normal((2, 6, 6))
    mixture = GaussianMixture(
        [0.4, 0.6], 3 * rng.standard_normal((2, 6)), factors @ factors.transpose(0, 2, 1)
    )
    solution = bayes_time(mixture).require()
    assert float(signal(mixture, solution["time"])) == pytest.approx(1.0, abs=1e-13)
    assert float(solution.residual) < 1e-13


def test_many_classes_take_the_furthest_pair() -> None:
    mixture = GaussianMixture([0.2, 0.3, 0.5], [[0.0, 0.0], [6.0, 0.0], [0.0, 10.0]], 1.0)
    pairs = [float(pair_bayes_time(mixture, k, m)["time"]) for k, m in ((0, 1), (0, 2), (1, 2))]
    assert pairs == pytest.approx([0.5 * math.log(v / 4) for v in (36, 100, 136)], rel=1e-14)
    assert float(bayes_time(mixture)["time"]) == max(pairs)
    with pytest.raises(InvalidArgument, match="second"):
        pair_bayes_time(mixture, 1, 1)


def test_leading_directions_of_every_kind() -> None:
    rng = np.random.Generator(np.random.PCG64(6))
    weights, means = np.array([0.2, 0.3, 0.5]), rng.standard_normal((3, 8))
    factors = rng.standard_normal((3, 8, 8))
    for covariances in (
        0.7,
        [0.5, 1.0, 2.0],
        rng.uniform(0, 2, (3, 8)),
        factors @ factors.transpose(0, 2, 1),
    ):
        mixture = GaussianMixture(weights, means, covariances)
        total = np.cov(means.T, aweights=weights, ddof=0)
        for k in range(3):
            stored = mixture.covariance(k)
            total += weights[k] * (stored if stored.ndim == 2 else np.diag(np.broadcast_to(stored, 8)))
        values, vectors = leading_directions(mixture, 3)
        assert values == pytest.approx(np.linalg.eigvalsh(total)[::-1][:3], rel=1e-12)
        assert total @ vectors == pytest.approx(vectors * values, abs=1e-12)


def test_large_dimension_uses_no_matrix() -> None:
    variances = np.linspace(0.5, 1.5, 16384)
    mean = np.cos(np.arange(16384.0)) / 10
    mixture = GaussianMixture([0.3, 0.7], [mean, -mean], variances[None])
    top = float(leading_directions(mixture, 1)[0][0])
    # The top eigenvalue of a diagonal plus a rank-one matrix solves 1 = sum_i b_i^2 / (L - v_i).
    assert (4 * 0.21 * mean**2 / (top - variances)).sum() == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("weight", [0.5, 0.2])
def test_modes_change_at_the_density_threshold(weight: float) -> None:
    from statphys_gen.diffusion.theory.drift_potential import bistability_threshold

    # Two modes exactly for variance < kappa* separation^2, separation 1.
    edge = bistability_threshold(weight)
    weights, means = [weight, 1 - weight], [1.0, -1.0]
    assert count_modes(weights, means, [0.97 * edge] * 2) == 2
    assert count_modes(weights, means, [1.03 * edge] * 2) == 1
    assert count_modes(weights, means, [0.0, 0.0]) == 2
    assert count_modes([0.2, 0.3, 0.5], [0.0, 10.0, 1e4], [1.0, 1.0, 1.0]) == 3


def test_one_class_has_no_speciation() -> None:
    with pytest.raises(InvalidArgument, match="2 classes"):
        speciation_times(GaussianMixture([1.0], np.zeros((1, 3)), 1.0))
