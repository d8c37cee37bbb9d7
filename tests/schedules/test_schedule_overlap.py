"""Classes that overlap: the share of the data on the side of a class is not its weight; errors are taken from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid, solve_ivp
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from statphys_gen.data import DataSet
from statphys_gen.errors import InvalidArgument
from statphys_gen.schedules import (
    GaussianMixture,
    NoiseGrid,
    TimeGrid,
    TwoClasses,
    bias_variance,
    design_schedule,
    feature_area,
    fit_modes,
    generated_weight,
    generated_weights,
    interpolant,
    noise_grid,
    start_error,
    training_density,
    u_turn,
    weight_density,
    weight_sensitivity,
    weight_variance,
    windows,
)
from statphys_gen.schedules.simulation.u_turns import simulate_u_turn
from statphys_gen.schedules.theory.common_covariance import ClassSpectrum, shares_of_data
from statphys_gen.schedules.theory.start import boundary, edge_of

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
    fine = noise_grid("log-uniform", 100, (0.02, 200.0), start="mean")
    coarse = noise_grid("log-uniform", 50, (0.02, 200.0), start="mean")
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


@pytest.mark.parametrize(("dimension", "variance", "weight"), [(1, 1.0, 0.03), (1, 4.0, 0.3), (4, 1.0, 0.97)])
def test_density_of_the_error_by_exact_maps(dimension: int, variance: float, weight: float) -> None:
    """Halving fine steps, what is left of the start and of higher orders falls out."""
    classes = TwoClasses(dimension, 1.0, variance, weight)
    found = []
    for steps in (400, 800):
        levels = np.geomspace(300.0, 1e-3, steps)
        exact = generated_weight(classes, NoiseGrid((*levels, 0.0), "ddim", "mean"))
        size = math.log(levels[0] / levels[1])
        predicted = 0.5 * size**2 * float(weight_density(levels, classes).sum())
        found.append((exact.weight_error - exact.start_error) / predicted)
    assert 2.0 * found[1] - found[0] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(("variance", "weight"), [(1.0, 0.03), (4.0, 0.3)])
def test_sensitivity_by_a_biased_integrator(variance: float, weight: float) -> None:
    classes, h = TwoClasses(1, 1.0, variance, weight), 0.5 * math.log(weight / (1.0 - weight))

    def generated(bias: float) -> float:
        def velocity(log_s: float, m: np.ndarray) -> np.ndarray:
            noise = math.exp(2.0 * log_s)
            spread = noise + variance
            return m - (variance * m + noise * np.tanh(h + bias + m / spread)) / spread

        def end(xi: float) -> float:
            span = math.log(3e3), math.log(1e-5)
            begin = [2.0 * weight - 1.0 + 3e3 * xi]
            return float(solve_ivp(velocity, span, begin, rtol=1e-9, atol=1e-11).y[0, -1])

        return float(norm.sf(brentq(end, -4.0, 4.0, xtol=1e-11)))

    levels = np.geomspace(3e3, 1e-5, 20_001)
    total = -float(np.trapezoid(weight_sensitivity(levels, classes), np.log(levels)))
    assert total == pytest.approx((generated(1e-3) - generated(-1e-3)) / 2e-3, rel=1e-4)


def test_area_and_window_of_the_weight_by_sums() -> None:
    classes = TwoClasses(4, 1.0, 1.0, 0.97)
    x = np.linspace(-20.0, 25.0, 60_001)
    whole = float(np.trapezoid(np.sqrt(np.abs(weight_density(np.exp(x), classes))), x))
    assert feature_area(classes, "weight") == pytest.approx(whole, rel=2e-3)
    x = np.linspace(-20.0, 25.0, 6_001)
    below = cumulative_trapezoid(weight_sensitivity(np.exp(x), classes), initial=0.0)
    window = windows(classes)[0]
    for level, share in zip((window.lower, window.median, window.upper), (0.05, 0.5, 0.95), strict=True):
        assert level is not None
        assert float(np.interp(math.log(level), x, below)) == pytest.approx(share * below[-1], rel=1e-3)


def test_u_turn_by_the_flow() -> None:
    mixture = GaussianMixture(np.array([0.03, 0.97]), np.array([[1.0], [-1.0]]), np.array([1.0]))
    found = simulate_u_turn(mixture, 1.0, 20_000, steps=60, seed=2)[1]
    exact = float(u_turn(0.5, 0.03, 1.0).deterministic)
    assert abs(float(found.mean) - exact) < 4.0 * float(found.standard_error)
    assert abs(float(u_turn(0.5, 0.03).deterministic) - exact) > 8.0 * float(found.standard_error)
    with pytest.raises(InvalidArgument, match="signal"):
        u_turn([0.5, 2.0], 0.03, 1.0)


@pytest.mark.parametrize("weight", [1e-12, 0.03, 0.5, 0.7, 1.0 - 1e-9])
@pytest.mark.parametrize("by_sign", [True, False])
@pytest.mark.parametrize("largest", [1e-6, 0.1, 1.0, 6.0, 30.0, 100.0])
def test_the_separatrix_ends_where_the_classes_meet(weight: float, by_sign: bool, largest: float) -> None:
    """At S = 0 the quantile is the boundary itself: v = 0, or v = -h."""
    h = 0.5 * (math.log(weight) - math.log1p(-weight))
    wanted = 0.0 if by_sign else -h / largest
    found = float(edge_of(largest, weight, boundary(weight, largest, by_sign=by_sign)))
    if largest < 35.0:
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    # Quantiles of one share: fewer lie above a higher edge, which exists at every signal.
    lower = edge_of(largest * np.array([1e-3, 0.1, 0.9]), weight, boundary(weight, largest, by_sign=by_sign))
    assert np.isfinite(lower).all()


def test_where_no_weight_is_learned() -> None:
    narrow = TwoClasses(10_000, 1.0, 1e-4, 0.3)
    with pytest.raises(InvalidArgument, match="noise_level"):
        training_density(narrow, [1e-3, 1e-2])
    # sech^6 over the square of sech^4, of a flat density: exp(q/2) sqrt(2 pi q) (3 pi/8)/(2 sqrt(p (1-p)) (pi/2)^2).
    q = 1300.0
    flat = math.exp(0.5 * q) * math.sqrt(2.0 * math.pi * q) * (3.0 * math.pi / 8.0) / (0.5 * math.pi) ** 2
    assert float(bias_variance(q, 0.5)) == pytest.approx(flat, rel=2e-2)
    assert float(bias_variance(1e5, 0.5)) == math.inf
    levels = np.geomspace(1e4, 1e-2, 400)
    kept = levels > 5.0
    variance = weight_variance(narrow, levels, np.full(400, 10.0))
    assert variance == pytest.approx(
        weight_variance(narrow, levels[kept], np.full(kept.sum(), 10.0)), rel=1e-6
    )
    for bad in ([1.0], [1.0, 2.0], [2.0, 2.0]):
        with pytest.raises(InvalidArgument, match="noise_level"):
            weight_variance(narrow, bad, [1.0] * len(bad))


def _on_the_line(means: list[float], weights: list[float], variance: float, grid: NoiseGrid) -> float:
    """Share that Bayes' rule gives to the first class, by the solver on an even grid of starts."""
    xi = np.linspace(-8.0, 8.0, 200_001)
    centre = float(np.dot(weights, means)) if grid.start == "mean" else 0.0
    y = centre + grid.levels[0] * xi

    def logits(y: np.ndarray, spread: float) -> np.ndarray:
        return np.array(
            [math.log(w) - 0.5 * (y - m) ** 2 / spread for m, w in zip(means, weights, strict=True)]
        )

    for here, there in zip(grid.levels[:-1], grid.levels[1:], strict=True):
        spread = variance + here**2
        logs = logits(y, spread)
        shares = np.exp(logs - logs.max(axis=0))
        drive = (shares * np.array(means)[:, None]).sum(axis=0) / shares.sum(axis=0)
        guess = drive + variance / spread * (y - drive)
        y = there / here * y + (1.0 - there / here) * guess
    bell = np.exp(-0.5 * xi**2)
    return float(bell[logits(y, variance).argmax(axis=0) == 0].sum() / bell.sum())


@pytest.mark.parametrize("start", ["mean", "zero"])
def test_classes_far_from_the_origin(start: str) -> None:
    grid = noise_grid("karras", 9, (0.05, 300.0), start=start)  # type: ignore[arg-type]
    for means, weights in (([41.0, 38.5], [0.3, 0.7]), ([41.0, 38.5, 45.0], [0.2, 0.5, 0.3])):
        wanted = _on_the_line(means, weights, 0.4, grid)
        line = np.array(means)[:, None]
        # A direction in which the classes agree, of another variance, changes nothing.
        plane, variances = np.hstack([line, np.full_like(line, 7.0)]), np.array([[0.4, 1.3]])
        for law in (
            GaussianMixture(np.array(weights), line, np.array([0.4])),
            GaussianMixture(np.array(weights), plane, variances),
        ):
            found = generated_weights(law, grid)
            assert abs(float(found.mean[0]) - wanted) < 2e-4 + 4.0 * float(found.standard_error[0])


@pytest.mark.parametrize("weights", [[0.3, 0.7], [0.2, 0.5, 0.3]])
def test_weights_do_not_depend_on_the_origin(weights: list[float]) -> None:
    means = np.array([[1.0, 0.0], [-1.0, 0.5], [0.0, -2.0]])[: len(weights)]
    grid = noise_grid("karras", 8, (0.02, 20.0), start="mean")
    times = TimeGrid.uniform(interpolant("vp-linear"), 12)
    for steps in (grid, times):
        near, far = (
            generated_weights(GaussianMixture(np.array(weights), means + shift, np.array([0.3])), steps)
            for shift in (0.0, 1e8)
        )
        error = 4.0 * np.hypot(near.standard_error, far.standard_error) + 2e-6
        assert (np.abs(near.mean - far.mean) < error).all()


def test_modes_do_not_depend_on_the_origin() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], [20, 30])
    points = rng.standard_normal((50, 70)) * 0.5 + 2.0 * labels[:, None]
    near, far = (fit_modes(DataSet.from_arrays(points + shift, labels=labels)).spectrum for shift in (0, 1e8))
    assert far.eigenvalues == pytest.approx(near.eigenvalues, rel=1e-5)
    assert far.half_difference().sum() == pytest.approx(near.half_difference().sum(), rel=1e-6)
    gap = points[labels == 0].mean(axis=0) - points[labels == 1].mean(axis=0)
    assert near.half_difference().sum() == pytest.approx(0.25 * gap @ gap, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-120, 1e120])
def test_modes_in_a_unit_without_squares_are_refused(unit: float) -> None:
    points = np.random.default_rng(3).standard_normal((40, 3))
    with pytest.raises(InvalidArgument, match="take another unit"):
        fit_modes(DataSet.from_arrays(unit * points))
