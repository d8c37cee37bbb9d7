"""Drift and density potentials, their critical points and the times at which they change shape."""

import math

import numpy as np
import pytest
import references

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.drift_potential import (
    bistability_threshold,
    critical_points,
    landau_coefficients,
    potential,
)
from statphys_gen.diffusion.theory.speciation_time import bayes_time, drift_time
from statphys_gen.solution import Status

THRESHOLDS = [
    ([float(a) for a in arguments], value)
    for quantity, arguments, value in references.table("diffusion_clone_agreement.csv")
    if quantity == "drift_threshold"
]


@pytest.mark.parametrize(("arguments", "expected"), THRESHOLDS)
def test_drift_time(arguments: list[float], expected: float) -> None:
    squared, variance, weight = arguments
    mixture = GaussianMixture.two_classes(1, math.sqrt(squared), variance, weight)
    assert float(drift_time(mixture)["time"]) == pytest.approx(expected, rel=2e-14)


def test_two_point_masses() -> None:
    mixture = GaussianMixture([0.5, 0.5], [[1.0], [-1.0]], 0.0)
    time = float(drift_time(mixture)["time"])
    assert math.exp(-2 * time) == pytest.approx(math.sqrt(2) - 1, rel=1e-15)
    around = critical_points(mixture, [time * 1.001, time * 0.999])
    assert around.good.sum(axis=1).tolist() == [1, 3]


def numerical_score(mixture: GaussianMixture, u: np.ndarray, time: float) -> np.ndarray:
    """d/du log P_t along the line, by the mixture's definition."""
    decay = math.exp(-time)
    m = 0.5 * float(np.linalg.norm(mixture.means[0] - mixture.means[1]))
    gamma = 1 + decay**2 * (float(mixture.covariances[0]) - 1)
    parts = [
        w * np.exp(-((u - k * decay * m) ** 2) / (2 * gamma))
        for w, k in zip(mixture.weights, (1, -1), strict=True)
    ]
    slopes = [-(u - k * decay * m) / gamma for k in (1, -1)]
    return (parts[0] * slopes[0] + parts[1] * slopes[1]) / (parts[0] + parts[1])


@pytest.mark.parametrize("kind", ["drift", "density"])
@pytest.mark.parametrize("weight", [0.5, 0.2])
def test_potential_is_minus_the_integrated_force(kind: str, weight: float) -> None:
    mixture = GaussianMixture.two_classes(9, 0.7, 0.6, weight)
    time, u, step = 0.4, np.linspace(-3, 3, 13), 1e-4
    slope = (potential(mixture, u + step, time, kind) - potential(mixture, u - step, time, kind)) / (2 * step)
    score = numerical_score(mixture, u, time)
    force = u + 2 * score if kind == "drift" else score
    assert slope == pytest.approx(-force, abs=1e-6)
    assert float(potential(mixture, 0.0, time, kind)) == 0.0


@pytest.mark.parametrize("kind", ["drift", "density"])
@pytest.mark.parametrize("weight", [0.5, 0.2, 0.8])
def test_critical_points(kind: str, weight: float) -> None:
    mixture = GaussianMixture.two_classes(20, 1.0, 0.7, weight)
    threshold = drift_time(mixture) if kind == "drift" else bayes_time(mixture)
    early = 0.9 * float(threshold["time"])
    solution = critical_points(mixture, [0.2, early, 3.0], kind)
    points = solution["projection"]
    assert solution.good.sum(axis=1).tolist() == [3, 3 if kind == "drift" or weight == 0.5 else 1, 1]
    assert (np.diff(points[0]) > 0).all()
    signs = np.sign(solution["curvature"])
    assert signs[0].tolist() == [1, -1, 1]
    assert signs[2, 1] == 1
    for row, time in enumerate((0.2, early, 3.0)):
        u = points[row][solution.good[row]]
        score = numerical_score(mixture, u, time)
        assert (u + 2 * score if kind == "drift" else score) == pytest.approx(np.zeros(len(u)), abs=1e-12)
    assert (solution.error[solution.good] < 1e-12).all()


def test_density_threshold_of_unbalanced_classes() -> None:
    """P_t gets its second mode where Gamma = kappa* a^2."""
    mixture = GaussianMixture.two_classes(20, 1.0, 0.7, 0.2)
    kappa = bistability_threshold(0.2)
    time = 0.5 * math.log(kappa * 20 + 0.3)
    counts = critical_points(mixture, [time + 1e-6, time - 1e-6], "density").good.sum(axis=1)
    assert counts.tolist() == [1, 3]


def test_bistability_threshold() -> None:
    assert bistability_threshold() == 1.0
    values = [bistability_threshold(w) for w in (0.5 - 1e-12, 0.4, 0.1, 1e-3, 1e-300)]
    assert (np.diff(values) < 0).all()
    assert values[-1] > 0
    assert bistability_threshold(0.3) == pytest.approx(bistability_threshold(0.7), rel=1e-14)
    # Nearly balanced: z^3/6 = |log odds|, kappa* = 1 - z^2/4.
    assert 1 - values[0] == pytest.approx((6 * 4e-12) ** (2 / 3) / 4, rel=1e-3)


def test_landau_expansion() -> None:
    mixture = GaussianMixture.two_classes(30, 0.8, 1.3)
    times = np.array([0.5, 1.5, 3.0])
    coefficients = landau_coefficients(mixture, times)
    for time, (c2, c4, c6) in zip(times, coefficients, strict=True):
        # The next term of the series is 17/315 * 2/8 (a u / Gamma)^8 * 8/8.
        decay = math.exp(-time)
        slope = decay * math.sqrt(30) * 0.8 / (1 + 0.3 * decay**2)
        u = 0.05 / slope
        series = c2 * u**2 / 2 + c4 * u**4 / 4 + c6 * u**6 / 6
        assert float(potential(mixture, u, time)) == pytest.approx(series, abs=0.05**8)
    crossing = float(drift_time(mixture)["time"])
    signs = np.sign(landau_coefficients(mixture, [crossing + 1e-9, crossing - 1e-9])[:, 0])
    assert signs.tolist() == [1, -1]


def test_wide_classes_have_one_unstable_point() -> None:
    # Gamma above 2: the backward drift grows everywhere, and there is no minimum.
    mixture = GaussianMixture.two_classes(4, 0.2, 5.0)
    solution = critical_points(mixture, 0.05)
    assert solution.status[0].tolist() == [Status.NO_SOLUTION, Status.CONVERGED, Status.NO_SOLUTION]
    assert solution["curvature"][0, 1] < 0
