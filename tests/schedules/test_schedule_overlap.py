"""Classes that overlap: the share of the data on the side of a class is not its weight; errors are taken from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from statphys_gen.schedules import (
    GaussianMixture,
    TwoClasses,
    design_schedule,
    generated_weight,
    generated_weights,
    noise_grid,
    start_error,
)
from statphys_gen.schedules.theory.common_covariance import ClassSpectrum, shares_of_data

CLASSES = TwoClasses(3, 0.8, 1.3, 0.72)
COVARIANCE = np.array([[0.9, 0.3, 0.0], [0.3, 1.4, -0.2], [0.0, -0.2, 0.5]])
MEANS = np.array([[1.0, 0.3, 0.0], [-0.5, 0.8, 0.4], [0.0, -1.1, -0.3]])


def _drawn(weights: np.ndarray, means: np.ndarray, draws: int = 400_000) -> np.ndarray:
    """Shares of drawn data that Bayes' rule, by the densities, gives to each class."""
    rng = np.random.default_rng(11)
    own = rng.choice(len(weights), draws, p=weights)
    points = means[own] + rng.multivariate_normal(np.zeros(3), COVARIANCE, draws)
    logs = [
        math.log(w) + multivariate_normal(mean, COVARIANCE).logpdf(points)
        for w, mean in zip(weights, means, strict=True)
    ]
    return np.bincount(np.argmax(logs, axis=0), minlength=len(weights)) / draws


def _flown(level: float, mean: float) -> float:
    """Share with m.x > 0 of the flow from N(mean m, level^2), by an integrator in log S of M = m.x/|m|^2."""
    h, square = 0.5 * math.log(0.72 / 0.28), CLASSES.squared_norm

    def velocity(log_s: float, m: np.ndarray) -> np.ndarray:
        noise = math.exp(2.0 * log_s)
        spread = noise + CLASSES.variance
        return m - (CLASSES.variance * m + noise * np.tanh(h + square * m / spread)) / spread

    def end(xi: float) -> float:
        begin = [mean + level * xi / math.sqrt(square)]
        ends = (math.log(level), math.log(1e-6))
        return float(solve_ivp(velocity, ends, begin, rtol=1e-10, atol=1e-12).y[0, -1])

    return float(norm.sf(brentq(end, -4.0, 4.0, xtol=1e-9)))


def test_steps_without_end_leave_no_error() -> None:
    left = []
    for steps in (1000, 2000):
        grid = noise_grid("log-uniform", steps, (1e-4, 3e3), start="mean")
        found = generated_weight(CLASSES, grid)
        left.append(found.weight_error)
        assert found.weight < 0.68
    assert abs(left[1]) < 1e-3
    assert left[1] / left[0] == pytest.approx(0.5, abs=0.01)
    rng = np.random.default_rng(5)
    along = np.where(rng.random(1_000_000) < 0.72, 1.0, -1.0) * CLASSES.norm
    share = float((along + CLASSES.deviation * rng.standard_normal(1_000_000) > 0.0).mean())
    assert found.weight - found.weight_error == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize(("start", "mean"), [("zero", 0.0), ("mean", 0.44)])
def test_start_error_by_an_integrator(start: str, mean: float) -> None:
    level = 2.5
    root = CLASSES.norm / CLASSES.deviation
    share = 0.72 * norm.cdf(root) + 0.28 * norm.cdf(-root)
    expected = _flown(level, mean) - share
    assert abs(expected) > 1e-3
    assert start_error(CLASSES, level, start) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("weights", [[0.8, 0.2], [0.5, 0.32, 0.18]])
def test_shares_of_the_data_by_drawn_points(weights: list[float]) -> None:
    means = MEANS[: len(weights)]
    spectrum = ClassSpectrum.of(GaussianMixture(weights, means, COVARIANCE[None]))
    found = shares_of_data(spectrum)
    drawn = _drawn(np.array(weights), means)
    assert np.abs(drawn - weights).max() > 0.01
    assert found.mean == pytest.approx(drawn, abs=3e-3)
    fine = noise_grid("log-uniform", 150, (0.02, 200.0), start="mean")
    coarse = noise_grid("log-uniform", 75, (0.02, 200.0), start="mean")
    errors = [np.abs(generated_weights(spectrum, grid).mean - found.mean).max() for grid in (coarse, fine)]
    assert errors[1] < 0.01
    assert errors[1] < 0.65 * errors[0]


def test_classes_that_do_not_overlap_keep_their_weights() -> None:
    apart = GaussianMixture([0.5, 0.32, 0.18], 30.0 * MEANS, COVARIANCE[None])
    assert shares_of_data(ClassSpectrum.of(apart)).mean == pytest.approx([0.5, 0.32, 0.18], abs=1e-15)


def test_a_grid_for_classes_that_overlap_keeps_the_tolerances() -> None:
    found = design_schedule(TwoClasses(1, 1.0, 1.0, 0.8))
    assert found.grid.steps < 40
    assert not found.notes
    assert abs(found.errors.weight_error or 0.0) <= 0.01
    assert found.errors.weight == pytest.approx(0.8 * norm.cdf(1.0) + 0.2 * norm.cdf(-1.0), abs=0.01)
