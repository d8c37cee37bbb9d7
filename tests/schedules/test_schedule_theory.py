"""Exact errors, limits, windows and autoencoders against values by other routes (tests/reference/schedules.py)."""

import math
from itertools import pairwise

import numpy as np
import pytest
from references import document
from scipy.integrate import cumulative_trapezoid

from statphys_gen.data import CurieWeiss, GaussianMixture
from statphys_gen.errors import InvalidArgument
from statphys_gen.schedules import (
    Autoencoder,
    NoiseGrid,
    TimeGrid,
    TwoClasses,
    autoencoder_details,
    autoencoder_generation,
    autoencoder_speciation,
    autoencoder_weight,
    bias_variance,
    compare,
    curie_weiss_limit,
    curie_weiss_modes,
    detail_density,
    detail_std,
    feature_area,
    generated_weight,
    generated_weights,
    interpolant,
    limit,
    noise_grid,
    posterior_quantile,
    start_error,
    training_density,
    u_turn,
    ve_crossover,
    vp_crossover,
    weight_density,
    weight_sensitivity,
    weight_variance,
    windows,
)

REFERENCE = document("schedules.json")
CLASSES = TwoClasses(300, 0.8, 0.36, 0.72)
LEVELS = (60.0, 25.0, 9.0, 4.0, 1.5, 0.6, 0.2, 0.0)


def _grid(row: dict) -> TimeGrid:
    kappa = None if row["dilation"] is None else float(row["dilation"])
    norm = math.sqrt(row["dimension"]) * float(row["separation"])
    return TimeGrid.uniform(interpolant(row["name"], norm, kappa), row["steps"])


@pytest.mark.parametrize(
    "row", [r for r in REFERENCE["maps"] if r["dimension"] == 300], ids=lambda r: r["name"]
)
def test_maps_of_named_schedules(row: dict) -> None:
    classes = TwoClasses(300, float(row["separation"]), float(row["variance"]), float(row["weight"]))
    found = generated_weight(classes, _grid(row))
    assert found.separatrix == pytest.approx(float(row["separatrix"]), abs=1e-11)
    assert found.weight == pytest.approx(float(row["weight_generated"]), abs=max(1e-13, 5 * found.error))
    assert found.detail_std == pytest.approx(float(row["detail_std"]), rel=1e-11)
    assert found.monotone
    assert found.start_error == 0.0


@pytest.mark.parametrize(
    "row", [r for r in REFERENCE["maps"] if r["dimension"] > 300], ids=lambda r: f"{r['name']}{r['steps']}"
)
def test_limits_are_maps_of_very_large_dimension(row: dict) -> None:
    kappa = None if row["dilation"] is None else float(row["dilation"])
    found = limit(row["name"], float(row["weight"]), float(row["variance"]), row["steps"], kappa)
    assert found.weight == pytest.approx(float(row["weight_generated"]), abs=2e-10)
    if found.detail_std is None:
        assert found.detail_std_over_sqrt_dimension == pytest.approx(
            float(row["detail_std"]) / 1e12, rel=1e-9
        )
    else:
        assert found.detail_std == pytest.approx(float(row["detail_std"]), rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("row", REFERENCE["solvers"], ids=lambda r: f"{r['scheme']}-{r['start']}")
def test_solvers_on_noise_levels(row: dict) -> None:
    found = generated_weight(TwoClasses(256, 1.0, 0.36, 0.72), NoiseGrid(LEVELS, row["scheme"], row["start"]))
    assert found.weight == pytest.approx(float(row["weight"]), abs=1e-12)
    assert found.weight_error == pytest.approx(float(row["weight"]) - 0.72, abs=1e-12)
    assert found.detail_std == pytest.approx(float(row["detail_std"]), rel=1e-12)


@pytest.mark.parametrize("steps", [7, 8])
def test_euler_on_a_linear_interpolant_is_ddim_from_infinite_noise(steps: int) -> None:
    grid = TimeGrid.uniform(interpolant("ve-linear", CLASSES.norm), steps)
    euler, ddim = generated_weight(CLASSES, grid), generated_weight(CLASSES, grid.levels())
    assert euler.weight == pytest.approx(ddim.weight, abs=1e-13)
    assert euler.detail_std == pytest.approx(ddim.detail_std, rel=1e-12)
    bent = TimeGrid.uniform(interpolant("ve-trigonometric", CLASSES.norm), steps)
    assert generated_weight(CLASSES, bent).weight != pytest.approx(
        generated_weight(CLASSES, bent.levels()).weight, abs=1e-4
    )


@pytest.mark.parametrize("scheme", ["ddim", "heun", "dpmpp-2m"])
@pytest.mark.parametrize("start", ["zero", "mean"])
def test_the_common_covariance_of_one_eigenvalue_is_the_map_of_the_line(scheme: str, start: str) -> None:
    """With Bayes' rule at the end in place of the sign: at this separation the same to 1e-9."""
    grid = NoiseGrid((40.0, 20.0, 11.0, 6.0, 3.0, 1.0, 0.3, 0.0), scheme, start)
    mixture = GaussianMixture.two_classes(300, 0.8, 0.36, 0.72)
    found = generated_weights(mixture, grid)
    assert float(found.mean[0]) == pytest.approx(generated_weight(CLASSES, grid).weight, abs=1e-9)


def test_interpolants_in_the_common_covariance() -> None:
    grid = TimeGrid.uniform(interpolant("dilated-vp-trigonometric", CLASSES.norm, 2.2), 13)
    mixture = GaussianMixture.two_classes(300, 0.8, 0.36, 0.72)
    assert float(generated_weights(mixture, grid).mean[0]) == pytest.approx(
        generated_weight(CLASSES, grid).weight, abs=1e-7
    )


def test_a_spectrum_that_does_not_see_the_means_changes_nothing() -> None:
    means = np.zeros((2, 6))
    means[:, 0] = [3.0, -2.0]
    grid = noise_grid("karras", 9, (0.05, 40.0), start="mean")
    narrow = GaussianMixture([0.7, 0.3], means, np.array([[0.5] * 6]))
    wide = GaussianMixture([0.7, 0.3], means, np.array([[0.5, 9.0, 0.01, 0.2, 4.0, 1.3]]))
    a, b = generated_weights(narrow, grid), generated_weights(wide, grid)
    assert float(a.mean[0]) == pytest.approx(float(b.mean[0]), abs=1e-12)


def test_a_third_class_of_no_weight_changes_nothing() -> None:
    means = np.array([[2.0, 0.5], [-2.0, 0.0], [-2.0, 0.0]])
    grid = noise_grid("log-uniform", 8, (0.1, 30.0), start="mean")
    covariance = np.array([[0.6, 0.2]])
    three = generated_weights(GaussianMixture([0.6, 0.4 - 1e-8, 1e-8], means, covariance), grid)
    two = generated_weights(GaussianMixture([0.6, 0.4], means[:2], covariance), grid)
    assert abs(float(three.mean[0] - two.mean[0])) < 4.0 * float(three.standard_error[0]) + 1e-4
    assert float(three.mean.sum()) == pytest.approx(1.0)


def test_crossovers() -> None:
    for lam, value in REFERENCE["crossover"].items():
        assert float(vp_crossover(float(lam), 0.72)) == pytest.approx(float(value), abs=1e-11)
    for a, value in REFERENCE["exploding"].items():
        # The product at 4000 steps differs from its limit by its first correction.
        assert float(ve_crossover(float(a))) == pytest.approx(float(value), rel=2e-3)
    near = ve_crossover([0.4999999, 0.5, 0.5000001, 0.0999999, 0.1000001])
    assert np.ptp(near[:3]) < 1e-6
    assert np.ptp(near[3:]) < 1e-6
    assert float(ve_crossover(1e-5)) == pytest.approx(1e-5, rel=1e-4)
    assert float(ve_crossover(300.0)) == pytest.approx(1.0 - math.pi / 2400.0, rel=1e-6)


def test_limits_of_the_limits() -> None:
    p = 0.72
    for schedule, kappa in (
        ("dilated-vp-linear", 2.2),
        ("dilated-vp-trigonometric", 2.2),
        ("dilated-ve-linear", 2.2),
    ):
        far, end = limit(schedule, p, 0.36, 40_000, kappa), limit(schedule, p, 0.36, math.inf, kappa)
        assert far.weight == pytest.approx(end.weight, abs=1e-4)
        assert far.detail_std == pytest.approx(end.detail_std, abs=1e-3)
    assert limit("vp-linear", 0.3, 0.36, 5).weight == 0.0
    assert limit("vp-trigonometric", 0.5, 0.36, 5).weight == 0.5
    assert limit("ve-linear", p, 0.36, math.inf).weight == p


def test_curie_weiss_modes() -> None:
    for row in REFERENCE["curie_weiss"]:
        found = curie_weiss_modes(CurieWeiss(row["dimension"], 1.6, 0.9)).records()[0]
        for name, value in found.items():
            assert value == pytest.approx(float(row[name]), rel=1e-10), name


def test_curie_weiss_coordinates() -> None:
    for row in REFERENCE["saturated"]:
        schedule = "dilated-vp-linear" if row["linear"] else "dilated-vp-trigonometric"
        found = curie_weiss_limit(1.6, 0.9, 3.0, 2 * row["half"], schedule)
        for name in ("saturated_magnetisation", "saturated_mean"):
            assert getattr(found, name) == pytest.approx(float(row[name]), abs=1e-8), (row, name)
        assert found.magnetisation is not None
        assert found.saturated_magnetisation is not None
        assert found.magnetisation < found.saturated_magnetisation


def test_curie_weiss_weight_is_that_of_two_classes_in_the_limit_of_low_temperature() -> None:
    """m* -> 1: log-odds 2 H, separation 1."""
    gaussian = limit("dilated-vp-linear", 1.0 / (1.0 + math.exp(-1.4)), 0.36, 12, 2.2)
    assert curie_weiss_limit(40.0, 0.7, 2.2, 12).weight == pytest.approx(gaussian.weight, abs=1e-12)


@pytest.mark.parametrize("schedule", ["dilated-vp-linear", "dilated-vp-trigonometric"])
def test_odd_steps_that_meet_no_modes(schedule: str) -> None:
    """Where J E sech^2(g z) < 1 at the first noise level of the second half, no coordinate has a posterior mean."""
    gain = (1.0 / 3.0) / (2.0 / 3.0) ** 2 if schedule.endswith("linear") else (1.0 / 3.0) / (1.0 - 1.0 / 9.0)
    z = np.random.default_rng(1).standard_normal(2_000_000)
    least = 1.0 / float(np.mean(np.cosh(gain * z) ** -2.0))
    with pytest.raises(InvalidArgument, match="steps"):
        curie_weiss_limit(least - 5e-3, 0.3, 2.0, 3, schedule)
    assert curie_weiss_limit(least + 5e-3, 0.3, 2.0, 3, schedule).saturated_magnetisation > 1e-3
    assert curie_weiss_limit(least - 5e-3, 0.3, 2.0, 4, schedule).saturated_magnetisation > 1e-3
    law = CurieWeiss(40, least - 5e-3, 0.3)
    path = interpolant(schedule, math.sqrt(40), 2.0)
    assert all(entry.theory is None for entry in compare(law, TimeGrid.uniform(path, 3), 40))


def test_areas_sensitivities_and_their_sum_rules() -> None:
    for p, value in REFERENCE["area"].items():
        assert feature_area(TwoClasses(50, 0.8, 0.0, float(p)), "weight") == pytest.approx(
            float(value), rel=2e-4
        )
    for row in REFERENCE["sensitivity"]:
        assert float(row["total"]) == pytest.approx(2 * 0.72 * 0.28, rel=1e-4)
    window = windows(TwoClasses(256, 1.0, 0.36, 0.72))[0]
    x = np.linspace(-4.0, 40.0, 20_001)
    chi = weight_sensitivity(np.exp(x), TwoClasses(256, 1.0, 0.36, 0.72))
    below = cumulative_trapezoid(chi, x, initial=0.0)
    assert below[-1] == pytest.approx(2 * 0.72 * 0.28, rel=1e-8)
    for share, level in ((0.05, window.lower), (0.5, window.median), (0.95, window.upper)):
        assert level is not None
        assert float(np.interp(math.log(level), x, below)) == pytest.approx(share * 2 * 0.72 * 0.28, rel=1e-3)
    for row in REFERENCE["sensitivity"]:
        share = float(np.interp(math.log(row["level"]), x, below)) / below[-1]
        assert share == pytest.approx(float(row["share"]), abs=2e-4)


def test_weak_separation_normalises_by_what_there_is() -> None:
    weak = TwoClasses(4, 0.8, 1.3, 0.6)
    window = windows(weak)[0]
    x = np.linspace(-9.0, 30.0, 10_001)
    below = cumulative_trapezoid(weight_sensitivity(np.exp(x), weak), initial=0.0)
    assert window.median is not None
    assert float(np.interp(math.log(window.median), x, below)) == pytest.approx(0.5 * below[-1], rel=1e-3)
    turn = windows(weak)[-1]
    assert turn.feature == "u-turn"
    assert turn.lower is None  # q is too small at S = 0


def test_u_turns_and_bias_variance() -> None:
    for q, value in REFERENCE["flow_agreement"].items():
        assert float(u_turn(float(q), 0.72).deterministic) == pytest.approx(float(value), abs=1e-12)
        assert float(bias_variance(float(q), 0.72)) == pytest.approx(
            float(REFERENCE["bias_variance"][q]), rel=1e-9
        )
    ends = u_turn([0.0, 1e5], 0.72)
    assert ends.deterministic.tolist() == pytest.approx([0.72**2 + 0.28**2, 1.0])
    assert float(posterior_quantile(0.0, 0.72)) == 0.0


def test_start_error_and_its_leading_orders() -> None:
    classes = TwoClasses(400, 0.8, 0.36, 0.72)
    z, p = -0.5828415072712162, 0.72
    bell = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    for factor in (200.0, 400.0):
        zero = start_error(classes, factor * classes.norm)
        assert zero == pytest.approx(-(2 * p - 1) / factor * bell, rel=2.0 / factor)
        mean = start_error(classes, factor * classes.norm, "mean")
        assert mean == pytest.approx(-2 * p * (1 - p) * z * bell / factor**2, rel=2.0 / factor)


def test_many_steps_leave_the_start_error() -> None:
    grid = noise_grid("log-uniform", 3000, (0.02, 2.0 * CLASSES.norm), start="mean")
    found = generated_weight(CLASSES, grid)
    assert found.weight_error == pytest.approx(found.start_error, abs=3e-4)
    assert found.start_error > 0.01


def test_error_densities_are_the_first_order_of_the_exact_errors() -> None:
    """Errors of a fine grid against (1/2) sum L^2 e; halving the steps halves what the first order leaves."""
    for p in (0.72, 0.28):
        classes = TwoClasses(300, 0.8, 0.36, p)
        left = []
        for steps in (400, 800):
            grid = noise_grid("log-uniform", steps, (1e-3, 3e3 * classes.norm), start="mean")
            levels = np.array(grid.levels[:-1])
            middle = np.sqrt(levels[1:] * levels[:-1])
            square = np.log(levels[0] / levels[1]) ** 2
            found = generated_weight(classes, grid)
            assert found.detail_ratio is not None
            first = 0.5 * square * float(weight_density(middle, classes).sum())
            assert np.sign(first) == np.sign(p - 0.5)
            left.append(abs(found.weight_error - found.start_error - first) / abs(first))
            details = -0.5 * square * float(detail_density(middle, 0.36).sum())
            assert math.log(found.detail_ratio) == pytest.approx(details, rel=20.0 / steps)
        assert left[1] < 0.6 * left[0] < 0.05


def test_the_tangent_law_is_the_best_for_one_direction() -> None:
    steps = 160
    best = float(detail_std(0.36, noise_grid("tangent", steps, (0.0, 1e7), variance=0.36))) / 0.6
    assert steps * math.log(best) == pytest.approx(-(math.pi**2) / 8, rel=2e-3)
    other = float(detail_std(0.36, noise_grid("karras", steps, (0.01, 100.0)))) / 0.6
    assert other < best


def test_the_variance_of_a_trained_weight_is_least_at_the_optimum() -> None:
    levels = np.geomspace(40.0 * CLASSES.norm, 0.1 * CLASSES.norm, 28)
    found = training_density(CLASSES, levels)
    draws = 11_200
    even = weight_variance(CLASSES, levels, np.full(28, draws / 28))
    mixed = weight_variance(CLASSES, levels, np.maximum(draws * found.density, 1e-9))
    best = weight_variance(CLASSES, levels, np.maximum(draws * found.optimal, 1e-9))
    assert best < mixed < even
    # Cauchy-Schwarz, but for the widths of the two ends.
    assert best == pytest.approx(
        (
            weight_sensitivity(levels, CLASSES)
            * np.sqrt(bias_variance(CLASSES.squared_norm / (levels**2 + 0.36), 0.72))
        ).sum()
        ** 2
        * np.log(levels[0] / levels[1]) ** 2
        / draws,
        rel=0.02,
    )


def test_autoencoder_details_are_the_ridge_regression() -> None:
    for row in REFERENCE["details"]:
        model = Autoencoder((3, 1), 0.64, 0.3, noise_draws=row["noise_draws"])
        found = autoencoder_details(model, 0.7, 0.6).records()[0]
        for name, value in found.items():
            assert value == pytest.approx(float(row[name]), rel=1e-12), name


def test_what_the_autoencoder_generates_is_its_flow() -> None:
    """Small steps in the noise level with the learned network at each: coefficients of m, s g, s z and the start."""
    model = Autoencoder((3, 2), 0.64, 0.3, noise_draws=3)
    n, k = 5, 3
    state = np.array([0.0, 0.0, 0.0, 0.0])  # m, each s g, each s z, and the factor of the start
    levels = np.concatenate([np.geomspace(1e4, 1e-4, 8_000), [0.0]])
    state[3] = levels[0]
    for here, there in pairwise(levels):
        net = autoencoder_details(model, float(here), 1.0)
        push = np.array([net.output_overlap, net.output_data_overlap, net.output_noise_overlap, 0.0])
        guess = net.skip * state + push
        state = there / here * state + (1.0 - there / here) * guess
    found = autoencoder_generation(model)
    assert state[0] == pytest.approx(found.mean_overlap, rel=5e-3)
    assert state[1] == pytest.approx(found.data_overlap, rel=5e-3)
    assert state[2] == pytest.approx(found.noise_overlap, rel=1e-2)
    assert state[3] == pytest.approx(found.detail_std, rel=5e-3)
    error = (1.0 - found.mean_overlap) ** 2 + n * found.data_overlap**2 + n * k * found.noise_overlap**2
    assert found.mean_error == pytest.approx(error, rel=1e-12)


def test_autoencoder_speciation() -> None:
    found = autoencoder_speciation(Autoencoder((3, 1), 0.64, 0.2, 0.05), 1.0)
    for name, value in REFERENCE["speciation"].items():
        assert getattr(found, name) == pytest.approx(float(value), abs=1e-9), name
    assert found.status == "converged"
    many = autoencoder_speciation(Autoencoder((800_000, 200_000), 0.25, 0.1, 0.05), 1.5)
    assert many.input_overlap == pytest.approx(1.5, abs=1e-4)
    assert many.bias == pytest.approx(0.5 * math.log(4.0), abs=1e-4)
    lost = autoencoder_speciation(Autoencoder((3, 1), 0.64, 50.0, 5.0), 1.0)
    assert lost.status == "no solution in the domain"
    assert math.isnan(lost.bias)


def test_many_samples_make_the_weight_of_the_bayes_denoiser() -> None:
    found = autoencoder_weight(Autoencoder((7_200_000, 2_800_000), 0.36, 0.1, 0.01), 2.2, 6)
    exact = limit("dilated-vp-linear", 0.72, 0.36, 12, 2.2)
    assert float(found.mean) == pytest.approx(exact.weight, abs=2e-4)


@pytest.mark.parametrize("name", ["vp-linear", "ve-linear", "vp-trigonometric"])
def test_one_step_goes_to_the_data_mean(name: str) -> None:
    grid = TimeGrid.uniform(interpolant(name, CLASSES.norm), 1)
    found = generated_weight(CLASSES, grid)
    if name == "vp-trigonometric":  # its last step keeps all of the start
        assert 0.72 < found.weight < 1.0
        return
    assert found.weight == 1.0
    assert found.separatrix is None
    assert generated_weight(TwoClasses(300, 0.8, 0.36, 0.28), grid).weight == 0.0
    assert generated_weight(TwoClasses(300, 0.8, 0.36, 0.5), grid).weight == 0.5
    mixture = GaussianMixture.two_classes(300, 0.8, 0.36, 0.72)
    assert float(generated_weights(mixture, grid).mean[0]) == pytest.approx(1.0)


def test_a_separatrix_far_outside_is_found() -> None:
    """Where every start in sight ends in one class: xi* ~ -(2p-1) sqrt(d)/K, to the logarithm of the other's share."""
    for variance in (0.0, 0.36):
        classes = TwoClasses(10**8, 1.0, variance, 0.72)
        found = generated_weight(classes, TimeGrid.uniform(interpolant("vp-linear"), 20))
        assert found.weight == 1.0
        assert found.separatrix == pytest.approx(-0.44 * 1e4 / 20, rel=0.1)
        assert found.log_complement == pytest.approx(-0.5 * found.separatrix**2, rel=0.01)
