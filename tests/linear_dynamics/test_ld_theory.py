"""Closed forms for linear networks against other routes, exact limits and symmetries."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from statphys_gen.errors import NotConverged
from statphys_gen.linear_dynamics.model import LinearNetwork, Task
from statphys_gen.linear_dynamics.theory.best import best_error, lazy_ratio_for, reachable_errors
from statphys_gen.linear_dynamics.theory.crossover import error_curves, small_lazy_ratio
from statphys_gen.linear_dynamics.theory.finite_dimension import finite_dimension_errors
from statphys_gen.linear_dynamics.theory.finite_width import width_correction
from statphys_gen.linear_dynamics.theory.lazy_width import lazy_noise_error, lazy_relative_loss
from statphys_gen.linear_dynamics.theory.modes import active, amplitude, mode, relaxation_rate
from statphys_gen.linear_dynamics.theory.phase_diagram import phase_diagram, regime
from statphys_gen.linear_dynamics.theory.units import (
    combined_threshold,
    effective_threshold,
    exponents,
    initial_noise,
    lazy_ratio,
    scaled_variables,
)
from statphys_gen.linear_dynamics.theory.weak_signal import (
    active_fraction,
    bulk_second_moment,
    outlier,
    overlap,
    spiked_overlap,
)
from statphys_gen.linear_dynamics.theory.wide_limit import generic_wide_flow, wide_errors, wide_flow
from statphys_gen.numerics.flow import integrate_flow

REFERENCE = Path(__file__).parents[1] / "reference"
THEORY = json.loads((REFERENCE / "linear_dynamics_theory.json").read_text(encoding="utf-8"))
WIDTH = json.loads((REFERENCE / "linear_dynamics_width.json").read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------------------------ one mode


@pytest.mark.parametrize(("s", "c", "t", "wanted"), THEORY["mode"])
def test_a_mode_is_the_series_of_its_equation(s: float, c: float, t: float, wanted: float) -> None:
    assert amplitude(s, c, t) == pytest.approx(wanted, rel=2e-15)
    assert amplitude(-s, c, t) == pytest.approx(-wanted, rel=2e-15)


@pytest.mark.parametrize(("s", "c", "t", "start", "wanted"), THEORY["start"])
def test_a_mode_from_any_start(s: float, c: float, t: float, start: float, wanted: float) -> None:
    assert amplitude(s, c, t, start) == pytest.approx(wanted, rel=4e-15)
    assert amplitude(-s, c, t, -start) == pytest.approx(-wanted, rel=4e-15)


def test_no_regime_loses_digits() -> None:
    """Against the closed form in 50 digits, over 14 decades of every argument."""
    import mpmath as mp

    mp.mp.dps = 50
    rng = np.random.default_rng(5)
    s, c, t = (10.0 ** rng.uniform(-7.0, 7.0, 150) for _ in range(3))
    learned, left = mode(s, c, t)
    for k in range(len(s)):
        x, y, u = mp.mpf(s[k]), mp.mpf(c[k]), mp.mpf(t[k])
        length = mp.sqrt(x * x + y * y)
        e = mp.exp(-2 * length * u)
        f, up = length - x, length + x
        both = (f + up * e + y * (1 - e)) * (up + f * e + y * (1 - e))
        assert abs(learned[k] / (2 * y * x * (1 - e) * (length * (1 + e) + y * (1 - e)) / both) - 1) < 3e-15
        wanted = 4 * x * length**2 * e / both
        if wanted > 1e-280:  # relative to the exponent, which itself carries the rounding of its argument
            assert abs(left[k] / wanted - 1) < 1e-15 * (4 + 2 * float(length * u))


def test_limits_of_a_mode() -> None:
    assert amplitude(0.7, 0.4, 1e6) == pytest.approx(0.7, rel=1e-15)
    assert amplitude(0.7, 1e9, 4e-10) == pytest.approx(0.7 * -np.expm1(-0.8), rel=1e-12)
    time = np.log(2 * 0.7 / 1e-12) / 1.4 + 0.3
    assert amplitude(0.7, 1e-12, time) == pytest.approx(0.7 / (1 + np.exp(-0.42)), rel=1e-9)
    assert amplitude(0.0, 0.3, 2.0) == 0.0
    assert amplitude(0.9, 0.4, 0.0, 0.2) == pytest.approx(0.2, rel=1e-14)
    # The late rate, from two late times.
    gap = mode(np.array(0.7), np.array(0.4), np.array([9.0, 10.0]))[1]
    assert np.log(gap[0] / gap[1]) == pytest.approx(relaxation_rate(0.7, 0.4), rel=1e-6)
    assert active([0.3, 0.5], 0.4).tolist() == [False, True]


# --------------------------------------------------------------------------------------------------------------- units


def test_threshold_of_unequal_layers() -> None:
    # W1^T W1 = c1 I and W2 W2^T = c2 I with unequal rates, for one direction: three equations for A, C1 and C2.
    c1, c2, e1, e2, s, time = 0.9, 0.3, 2.0, 0.4, 1.3, 0.7

    def flow(_: float, y: np.ndarray) -> list[float]:
        a, first, second = y
        gap = a - s
        return [-(e1 * second + e2 * first) * gap, -2 * e1 * a * gap, -2 * e2 * a * gap]

    exact = solve_ivp(flow, (0, time), [0, c1, c2], method="DOP853", rtol=1e-12, atol=1e-14).y[0, -1]
    threshold = combined_threshold(c1, c2, e1, e2)
    assert amplitude(s, threshold, np.sqrt(e1 * e2) * time) == pytest.approx(exact, rel=1e-11)
    network = LinearNetwork(4, 9, 50, c1 / 50, c2 / 50, e1, e2)
    assert effective_threshold(network) == pytest.approx(threshold, rel=1e-15)
    assert lazy_ratio(network) == pytest.approx(threshold / 6.0, rel=1e-15)
    assert initial_noise(network) == pytest.approx(c1 * c2 / 50, rel=1e-15)


def test_exponents_and_scaled_variables() -> None:
    kappa, omega = scaled_variables(200, -1.85, 2.25)
    assert float(kappa) == pytest.approx(200.0**-0.6, rel=1e-14)
    assert float(omega) == pytest.approx(200.0**-1.45, rel=1e-14)
    assert [float(x) for x in exponents(200, kappa, omega)] == pytest.approx([-1.85, 2.25], rel=1e-13)
    network = LinearNetwork.from_exponents(200, -1.85, 2.25)
    assert lazy_ratio(network) == pytest.approx(float(kappa), rel=1e-5)
    assert regime([-1.85, -1.0, -2.5], [2.25, 2.3, 2.25]).tolist() == ["balanced", "lazy", "balanced"]
    assert regime(-1.6, 2.25) == "mixed"


# ---------------------------------------------------------------------------------------------------------- wide limit


def test_wide_flow_follows_the_equation_from_any_start() -> None:
    rng = np.random.default_rng(1)
    target, start = 2.0 * rng.standard_normal((4, 6)), 0.4 * rng.standard_normal((4, 6))
    times = [0.3, 2.0, 1.0, 0.0]
    closed = wide_flow(start, target, 0.7, times)
    stepped = generic_wide_flow(lambda a: a - target, start, 0.7, times, tolerance=1e-12)
    assert np.abs(closed - stepped).max() < 1e-11
    assert closed[3] == pytest.approx(start, abs=1e-14)


def test_wide_errors_are_those_of_the_flow() -> None:
    rng = np.random.default_rng(2)
    target, signal = rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
    found = wide_errors(target, signal, 0.4, [0.2, 1.5])
    products = wide_flow(np.zeros((5, 3)), target, 0.4, [0.2, 1.5])
    assert found.train_error == pytest.approx(((products - target) ** 2).mean(axis=(1, 2)), rel=1e-11)
    assert found.test_error == pytest.approx(((products - signal) ** 2).mean(axis=(1, 2)), rel=1e-11)


def test_generic_flow_of_one_direction_with_another_cost() -> None:
    found = generic_wide_flow(lambda a: np.tanh(a - 1.3), np.zeros((1, 1)), 0.6, [0.9], tolerance=1e-11)
    exact = solve_ivp(
        lambda _, a: -2 * np.sqrt(a * a + 0.36) * np.tanh(a - 1.3), (0, 0.9), [0.0], rtol=1e-12, atol=1e-14
    ).y[0, -1]
    assert found[0, 0, 0] == pytest.approx(exact, rel=1e-9)


def test_a_flow_that_is_not_smooth_or_runs_away_ends() -> None:
    with pytest.raises(NotConverged, match="in 3000 evaluations"):
        integrate_flow(lambda x: -np.sign(x - 0.5), np.array([0.2]), np.array([3.0]), max_evaluations=3000)
    with pytest.raises(NotConverged, match="could not be followed"):
        integrate_flow(lambda x: x**2, np.array([1.0]), np.array([2.0]))


# --------------------------------------------------------------------------------------------------------- weak signal


@pytest.mark.parametrize(("tau", "c", "t", "wanted"), THEORY["overlap"])
def test_overlap_is_the_contour_integral(tau: float, c: float, t: float, wanted: float) -> None:
    assert overlap(tau, c, t) == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize("tau", [0.6, 0.999, 1.0, 1.001, 1.5, 3.0])
def test_moments_of_the_overlap(tau: float) -> None:
    for power, wanted in ((1, tau), (3, tau**3 + 2 * tau), (5, tau**5 + 4 * tau**3 + 5 * tau)):
        assert spiked_overlap(lambda s, k=power: s**k, tau, width=1.0) == pytest.approx(wanted, rel=1e-12)


def test_bulk_and_outlier() -> None:
    # Late, the bulk is learned: its second moment is that of the quarter circle, 1; early, it is lazy.
    assert bulk_second_moment(0.8, 60.0) == pytest.approx(1.0, rel=1e-9)
    assert bulk_second_moment(300.0, 1e-3) == pytest.approx(np.expm1(-0.6) ** 2, rel=2e-5)
    assert outlier([0.5, 2.0]).tolist()[1] == 2.5
    assert np.isnan(outlier(1.0))
    assert active_fraction([1e-12, 2.0, 5.0]) == pytest.approx([1.0, 0.0, 0.0], abs=1e-11)
    grid = 0.7 + 1.3 * (np.arange(200_000) + 0.5) / 200_000
    assert active_fraction(0.7) == pytest.approx(1.3 * (np.sqrt(4 - grid**2) / np.pi).mean(), rel=1e-8)
    assert overlap([0.6, 1.5], 0.5, [0.1, 0.8, 1.0]).shape == (2, 3)


# -------------------------------------------------------------------------------------------------------- any width


@pytest.mark.parametrize(("ratio", "z", "wanted"), THEORY["decay"])
def test_decay_is_the_series_of_its_moments(ratio: float, z: float, wanted: float) -> None:
    assert lazy_relative_loss(1.0 / ratio, z / 2.0) == pytest.approx(wanted**2, rel=1e-11)


def test_noise_error_of_any_width() -> None:
    once, twice = np.sqrt(lazy_relative_loss(0.4, [0.35, 0.7]))
    assert lazy_noise_error(0.4, 0.7) == pytest.approx(1 - 2 * once**2 + twice**2, rel=1e-12)
    # Below the dimension the part of the residual in the kernels' null spaces stays, a share 1 - w/d on either side.
    assert lazy_relative_loss(0.4, 400.0) == pytest.approx(0.6**2, rel=1e-9)
    assert lazy_relative_loss(1e6, 0.3) == pytest.approx(np.exp(-1.2), rel=2e-6)


# ----------------------------------------------------------------------------------------------------------- best error


@pytest.mark.parametrize(("strengths", "kappa", "omega", "wanted", "time"), THEORY["best"])
def test_best_errors(strengths: list[float], kappa: float, omega: float, wanted: float, time: float) -> None:
    found = best_error(strengths, kappa, omega).solution.require()
    assert found["test_error"] == pytest.approx(wanted, rel=1e-12)
    assert found["training_time"] == pytest.approx(time, rel=1e-7)
    curve = error_curves(strengths, kappa, omega, [time])
    assert curve.test_error[0] == pytest.approx(wanted, rel=1e-12)


def test_limits_of_the_best_error() -> None:
    strengths = [0.8, 0.6]
    lazy = best_error(strengths, 1e4, [0.0, 0.7]).test_error
    assert lazy == pytest.approx([0.5, 1.7 / 2.7], rel=1e-6)
    assert best_error(strengths, 1e-5, 0.3).test_error == pytest.approx(0.3 / 1.3, rel=1e-7)
    assert reachable_errors(strengths, 0.7) == pytest.approx((0.7 / 1.7, 1.7 / 2.7), rel=1e-14)
    test, time = small_lazy_ratio(1.0, 1e-4)
    exact = best_error([1.0], 1e-4)
    assert test / exact.test_error - 1 == pytest.approx(0.0, abs=0.0025)
    assert time == pytest.approx(float(exact.training_time), rel=0.01)


def test_every_dip_is_returned_and_the_lowest_taken() -> None:
    strengths = [1.0, *[0.05] * 4]
    found = best_error(strengths, [0.00074, 0.3], 0.0)
    dips = found.dips
    assert len(dips[0]) == 2
    assert len(dips[1]) == 1
    assert found.test_error[0] == min(value for _, value in dips[0]) == dips[0][1][1]
    for time, value in dips[0]:
        near = error_curves(strengths, 0.00074, 0.0, time * np.array([0.99, 1.0, 1.01])).test_error
        assert near[1] == pytest.approx(value, rel=1e-12)
        assert near[1] < min(near[0], near[2])


def test_scaling_with_the_noise() -> None:
    """All lengths over the noise, all times multiplied by it."""
    plain = best_error([0.7, 0.4], 0.2, 0.3, noise=1.0)
    scaled = best_error([1.4, 0.8], 0.4, 1.2, noise=2.0)
    assert scaled.test_error == pytest.approx(4.0 * plain.test_error, rel=1e-12)
    assert scaled.training_time == pytest.approx(plain.training_time / 2.0, rel=1e-7)
    one = finite_dimension_errors([0.7], 50, 0.2, 0.3, [1.1])
    two = finite_dimension_errors([1.4], 50, 0.4, 1.2, [0.55], noise=2.0)
    assert two.test_error == pytest.approx(4.0 * one.test_error, rel=1e-12)


@pytest.mark.parametrize(("strengths", "name"), [([1.0], "one"), ([5**-0.5] * 5, "five")])
def test_lazy_ratio_of_a_wanted_error(strengths: list[float], name: str) -> None:
    found = lazy_ratio_for([0.25, 0.9], strengths)
    assert found["lazy_ratio"][0] == pytest.approx(THEORY["ratio_of_a_quarter"][name], rel=1e-9)
    assert [str(status) for status in found.status.tolist()] == ["0", "3"]
    assert best_error(strengths, found["lazy_ratio"][0]).test_error == pytest.approx(0.25, rel=1e-9)


# ----------------------------------------------------------------------------------------- finite dimension and width


@pytest.mark.parametrize("entry", WIDTH, ids=lambda entry: f"{entry['lazy_ratio']}")
def test_leading_orders_of_dimension_and_width(entry: dict) -> None:
    """Against networks simulated without the package: what is left falls as 1/d^2, and 1/d of the coefficient."""
    kappa, omega, x, time = (
        entry[name] for name in ("lazy_ratio", "initial_noise", "strength", "training_time")
    )
    wanted = np.array(width_correction([x], kappa, omega, [time]))[:, 0]
    sizes = np.array([size["dimension"] for size in entry["sizes"]], dtype=float)
    for size in entry["sizes"]:
        d = size["dimension"]
        curves = finite_dimension_errors([x], d, kappa, 0.0, [time])
        theory = np.array([curves.train_error[0], curves.test_error[0]])
        error = np.array(size["orthogonal_standard_error"])
        assert np.all(np.abs(np.array(size["orthogonal"]) - theory) < 4 * error + 2.0 / d**2)
    values, errors = (
        np.array([size[name] for size in entry["sizes"]]) for name in ("excess", "excess_standard_error")
    )
    for k in range(2):
        design = np.stack([np.ones(3), 1.0 / sizes], axis=1) / errors[:, k : k + 1]
        covariance = np.linalg.inv(design.T @ design)
        limit = (covariance @ design.T @ (values[:, k] / errors[:, k]))[0]
        assert abs(limit - wanted[k]) < 4 * covariance[0, 0] ** 0.5
    assert covariance[0, 0] ** 0.5 < 0.1


def test_large_dimension_is_the_limit() -> None:
    finite = finite_dimension_errors([0.8, 0.6], 10**6, 0.2, 0.1, [1.0, 2.0])
    limit = error_curves([0.8, 0.6], 0.2, 0.1, [1.0, 2.0])
    assert finite.test_error == pytest.approx(limit.test_error, rel=2e-4)
    assert finite.train_error == pytest.approx(limit.train_error, rel=2e-4)
    best = best_error([0.8], 0.3, 0.1, dimension=60)
    near = finite_dimension_errors(
        [0.8], 60, 0.3, 0.1, float(best.training_time) * np.array([0.98, 1.0, 1.02])
    )
    assert near.test_error[1] == pytest.approx(float(best.test_error), rel=1e-12)
    assert near.test_error[1] < min(near.test_error[0], near.test_error[2])


# -------------------------------------------------------------------------------------------- plane, objects


def test_phase_diagram_and_what_objects_show() -> None:
    plane = phase_diagram([5**-0.5] * 5, 200, [-1.85, -1.2], [0.5, 2.25])
    kappa, omega = scaled_variables(200, -1.85, 2.25)
    wanted = float(best_error([5**-0.5] * 5, kappa, omega).test_error)
    assert float(plane["test_error"][0, 1]) == pytest.approx(wanted, rel=1e-12)
    assert np.isnan(plane["test_error"][0, 0])
    assert plane["status"][0, 0] == 3
    assert plane["lazy_ratio"].attrs["long_name"] == "threshold over dimension"
    curves = error_curves([0.9], 0.2, 0.1, [0.5, 1.0])
    assert curves.to_dataset()["test_error"].dims == ("training_time",)
    assert "<table>" in curves._repr_html_()
    assert "test_error" in repr(curves)
    best = best_error([0.9], [0.2, 0.4], 0.1)
    assert best.to_dataset(lazy_ratio=[0.2, 0.4])["test_error"].shape == (2,)
    assert "<table>" in best._repr_html_()
    network, task = LinearNetwork(3, 4, 20, 0.2, 0.3), Task((0.5, 0.2))
    for thing in (network, task):
        assert eval(repr(thing)) == thing
        assert thing._repr_latex_().startswith("$")
    assert network.replace(width=30).width == 30
    assert Task.equal(4).signal_strengths == (0.5,) * 4
