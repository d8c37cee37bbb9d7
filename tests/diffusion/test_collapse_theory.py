"""Collapse: exact identities, reference values by other routes, published simulations."""

import numpy as np
import pytest
import references
from agreement import agrees

from statphys_gen.approximation import approximation_of
from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import CurieWeiss, DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.theory import class_information as class_module
from statphys_gen.diffusion.theory import collapse_time as collapse_module
from statphys_gen.diffusion.theory import condensed_phase as condensed_module
from statphys_gen.diffusion.theory import excess_entropy as entropy_module
from statphys_gen.diffusion.theory import finite_size_collapse, phase_diagram, trajectory_collapse
from statphys_gen.diffusion.theory.class_information import class_information, two_class_information
from statphys_gen.diffusion.theory.collapse_time import (
    basin_radius,
    class_collapse,
    collapse_time,
    collapse_time_bound,
    isotropic_collapse_time,
    leading_collapse_time,
    sparse_collapse_time,
    trap_onset_time,
)
from statphys_gen.diffusion.theory.condensed_phase import (
    condensed_phase,
    finite_size_condensed_phase,
    parisi_parameter_slope,
    posterior_variances,
    score_jacobian_eigenvalues,
)
from statphys_gen.diffusion.theory.discrete_channel import channel
from statphys_gen.diffusion.theory.excess_entropy import (
    class_excess_entropy,
    excess_entropy,
    excess_entropy_bound,
    excess_entropy_slope,
    gaussian_window,
    leading_excess_entropy,
    mutual_information,
)
from statphys_gen.diffusion.theory.phase_diagram import Regime
from statphys_gen.errors import AccuracyNotReached
from statphys_gen.statistics.estimate import Estimate

ROWS = references.table("diffusion_collapse.csv")
POWER_LAW = Covariance.from_eigenvalues(np.arange(1.0, 61.0) ** -1.2 * 8.0)


def rows(quantity: str) -> list[tuple[list[str], float]]:
    found = [(arguments, value) for name, arguments, value in ROWS if name == quantity]
    assert found
    return found


def laws() -> list[object]:
    rng = np.random.default_rng(0)
    return [
        Covariance.isotropic(1.3, 30),
        POWER_LAW,
        Covariance.from_eigenvalues([2.0, 0.0, 0.1], [3, 10, 4]),
        DiscreteProduct.binary(20, 0.5),
        DiscreteProduct(7, [0.0, 1.0, 3.0], [0.2, 0.5, 0.3]),
        GaussianMixture.two_classes(16, 0.8, 1.0, 0.3),
        GaussianMixture([0.5, 0.2, 0.3], rng.standard_normal((3, 5)), rng.uniform(0.2, 2.0, (1, 5))),
        CurieWeiss(50, 1.4),
        CurieWeiss(50, 0.7),
    ]


# ------------------------------------------------------------------------------------------- reference values


@pytest.mark.parametrize(("arguments", "expected"), rows("isotropic_collapse"))
def test_isotropic_collapse_time(arguments: list[str], expected: float) -> None:
    dimension, variance, log_n = int(arguments[0]), float(arguments[1]), float(arguments[2])
    assert float(isotropic_collapse_time(dimension, variance, log_n)) == pytest.approx(expected, rel=4e-15)
    solution = leading_collapse_time(Covariance.isotropic(variance, dimension), log_n).require()
    assert abs(float(solution["time"]) - expected) <= 2 * float(solution.error) + 1e-15
    assert float(solution.error) < 1e-13


@pytest.mark.parametrize(("arguments", "expected"), rows("gaussian_collapse"))
def test_spectrum_collapse_time(arguments: list[str], expected: float) -> None:
    solution = collapse_time(
        Covariance.from_eigenvalues([float(a) for a in arguments[1:]]), float(arguments[0])
    ).require()
    assert float(solution["time"]) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("arguments", "expected"), rows("product_information"))
def test_product_information(arguments: list[str], expected: float) -> None:
    law = DiscreteProduct.binary(3, float(arguments[0]))
    assert float(mutual_information(law, float(arguments[1]))) == pytest.approx(3 * expected, rel=1e-11)


@pytest.mark.parametrize(("arguments", "expected"), rows("class_information"))
def test_class_information(arguments: list[str], expected: float) -> None:
    weight = float(arguments[1])
    both = two_class_information(float(arguments[0]), weight)
    assert float(both @ [weight, 1 - weight]) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize(("arguments", "expected"), rows("trap_onset"))
def test_trap_onset(arguments: list[str], expected: float) -> None:
    law = Covariance.isotropic(float(arguments[1]), int(arguments[0]))
    assert float(trap_onset_time(law, float(arguments[2]))["time"]) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("arguments", "expected"), rows("radius"))
def test_basin_radius(arguments: list[str], expected: float) -> None:
    law = Covariance.isotropic(float(arguments[1]), int(arguments[0]))
    value = float(basin_radius(law, float(arguments[3]), float(arguments[2])))
    assert value == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("arguments", "expected"), rows("parisi"))
def test_parisi_parameter(arguments: list[str], expected: float) -> None:
    levels = np.array([[float(v) for v in level.split(":")] for level in arguments[2:]])
    law = Covariance.from_eigenvalues(levels[:, 0], 40 * levels[:, 1])
    solution = condensed_phase(law, float(arguments[1]), 40 * float(arguments[0])).require()
    assert float(solution["parisi_parameter"]) == pytest.approx(expected, rel=1e-13)
    assert float(solution["test_participation_ratio"]) == pytest.approx(1 - expected, rel=1e-13)


# ------------------------------------------------------------------------------------------- exact identities


@pytest.mark.parametrize("law", laws(), ids=lambda law: type(law).__name__)
def test_no_information_late(law) -> None:
    limit = 5.0 / law.dimension
    assert float(excess_entropy(law, 60.0, 5.0)) == pytest.approx(limit, rel=1e-14)
    assert float(leading_excess_entropy(law, 60.0, 5.0)) == pytest.approx(limit, rel=1e-14)


@pytest.mark.parametrize("law", laws(), ids=lambda law: type(law).__name__)
def test_slope_is_the_derivative(law) -> None:
    times, step = np.array([0.2, 0.7, 1.8]), 1e-5
    change = leading_excess_entropy(law, times + step, 1.0) - leading_excess_entropy(law, times - step, 1.0)
    assert excess_entropy_slope(law, times) == pytest.approx(change / (2 * step), rel=1e-8)


@pytest.mark.parametrize("law", laws(), ids=lambda law: type(law).__name__)
def test_information_grows_backward_and_obeys_the_bound(law) -> None:
    times = np.geomspace(0.01, 5.0, 12)
    known = mutual_information(law, times)
    assert (np.diff(known) < 0).all()
    if isinstance(law, DiscreteProduct):
        variance = law.probabilities @ law.values**2 - (law.probabilities @ law.values) ** 2
        covariance = Covariance.isotropic(float(variance), law.dimension)
        bound = excess_entropy_bound(covariance, times, 6.0)
        assert (np.maximum(excess_entropy(law, times, 6.0), 0.0) >= bound).all()
        assert float(collapse_time(law, 4.0)["time"]) < float(collapse_time_bound(covariance, 4.0)["time"])


def test_bound_holds_for_a_mixture() -> None:
    mixture = GaussianMixture.two_classes(6, 0.7, 0.4, 0.3)
    total = Covariance.from_eigenvalues([0.4 + 4 * 0.3 * 0.7 * 6 * 0.49, 0.4], [1, 5])
    times = np.geomspace(0.05, 3, 9)
    assert (excess_entropy(mixture, times, 3.0) > leading_excess_entropy(total, times, 3.0)).all()


def test_collapse_time_is_the_zero_of_the_excess_entropy() -> None:
    for law in laws():
        log_n = 0.3 * law.dimension
        with_term, without = collapse_time(law, log_n).require(), leading_collapse_time(law, log_n).require()
        assert abs(float(excess_entropy(law, float(with_term["time"]), log_n))) < 1e-11
        assert abs(float(leading_excess_entropy(law, float(without["time"]), log_n))) < 1e-11
        assert float(with_term["time"]) >= float(without["time"])


def test_collapse_time_is_batched_and_monotone() -> None:
    logs = np.array([[1.0, 5.0, 20.0], [40.0, 1e-3, 700.0]])
    solution = leading_collapse_time(POWER_LAW, logs).require()
    assert solution.shape == (2, 3)
    order = np.argsort(logs.ravel())
    assert (np.diff(solution["time"].ravel()[order]) < 0).all()
    single = [float(leading_collapse_time(POWER_LAW, x)["time"]) for x in logs.ravel()]
    assert solution["time"].ravel() == pytest.approx(single, rel=1e-14)


def test_rank_and_not_dimension_counts() -> None:
    full = Covariance.isotropic(0.9, 12)
    embedded = Covariance.from_eigenvalues([0.9, 0.0], [12, 500])
    assert embedded.rank == 12
    for solver in (leading_collapse_time, trap_onset_time):
        assert float(solver(embedded, 6.0)["time"]) == pytest.approx(
            float(solver(full, 6.0)["time"]), rel=1e-13
        )
    assert float(condensed_phase(embedded, 0.1, 6.0)["parisi_parameter"]) == pytest.approx(
        float(condensed_phase(full, 0.1, 6.0)["parisi_parameter"]), rel=1e-12
    )


def test_no_collapse_of_discrete_data_beyond_their_entropy() -> None:
    law = DiscreteProduct.binary(10, 0.5)
    entropy = -10 * (0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    solution = collapse_time(law, [entropy * 1.0001, entropy * 0.9, 9.9])
    assert solution.status.tolist() == [3, 0, 3]
    assert np.isnan(solution["time"][[0, 2]]).all()
    points = GaussianMixture.two_classes(3, 2.0, 0.0)
    assert collapse_time(points, [0.5, 0.7]).status.tolist() == [0, 3]


def test_frozen_spins_know_their_class_only() -> None:
    frozen = CurieWeiss(50, 25.0)
    # Two points: log 2 nats, all on the class, long before t reaches speciation.
    assert float(mutual_information(frozen, 0.1)) == pytest.approx(np.log(2), rel=1e-12)
    assert collapse_time(frozen, [0.5, 0.7]).status.tolist() == [0, 3]


def test_information_equals_that_of_the_channel_limits() -> None:
    law = DiscreteProduct.binary(1, 0.2)
    far = channel(law, np.array([1e9, 1e-9]))
    assert far.information[0] == pytest.approx(-(0.6 * np.log(0.6) + 0.4 * np.log(0.4)), rel=1e-14)
    assert far.posterior_variance[0] == 0.0
    assert far.information[1] == pytest.approx(0.5e-9 * (1 - 0.04), rel=1e-6)
    assert far.posterior_variance[1] == pytest.approx(1 - 0.04, rel=1e-6)


def test_condensation_starts_at_the_collapse_time() -> None:
    for law in (Covariance.isotropic(1.0, 40), POWER_LAW, Covariance.from_eigenvalues([4.0, 0.25], [10, 30])):
        t_c = float(leading_collapse_time(law, 12.0).require()["time"])
        slope = parisi_parameter_slope(law, t_c)
        times = t_c * np.array([1 - 1e-4, 1.0, 1.0001, 2.0])
        solution = condensed_phase(law, times, 12.0).require()
        assert solution["test_participation_ratio"][0] == pytest.approx(1e-4 * t_c * slope, rel=1e-3)
        assert solution["parisi_parameter"][1:] == pytest.approx(1.0, abs=1e-12)
        below = condensed_phase(law, t_c * np.geomspace(1e-5, 0.99, 9), 12.0).require()
        assert (np.diff(below["parisi_parameter"]) > 0).all()
        assert float(basin_radius(law, t_c, 12.0)) == pytest.approx(1.0, rel=1e-7)
        onset = float(trap_onset_time(law, 12.0)["time"])
        assert onset > t_c
        assert float(basin_radius(law, onset * (1 - 1e-9), 12.0)) < 1e-3
        assert float(basin_radius(law, onset * 1.01, 12.0)) == 0.0


def test_basin_grows_into_the_condensed_phase() -> None:
    law = Covariance.isotropic(0.6, 40)
    radius = basin_radius(law, [0.01, 0.1, 0.3, 0.42, 0.44, 0.6], 7.3)
    assert (np.diff(radius) < 0).all()
    assert radius[3] > 1 > radius[4]


def test_posterior_variance_and_jacobian_are_one_statement() -> None:
    law, times = Covariance.from_eigenvalues([4.0, 0.25, 0.0], [10, 28, 2]), np.array([0.05, 0.3, 3.0])
    variances, eigenvalues = (
        posterior_variances(law, times, 12.0),
        score_jacobian_eigenvalues(law, times, 12.0),
    )
    noise = -np.expm1(-2 * times)[:, None]
    assert eigenvalues == pytest.approx(
        -1 / noise + np.exp(-2 * times)[:, None] * variances / noise**2, rel=1e-9
    )
    # Above the collapse time: the population.
    assert eigenvalues[2] == pytest.approx(-1 / (noise[2] + np.exp(-6.0) * law.eigenvalues), rel=1e-13)


def test_finite_size_correction_vanishes_slowly() -> None:
    limit = float(condensed_phase(Covariance.isotropic(1.0, 40), 0.1, 12.0)["test_participation_ratio"])
    gaps = []
    for d in (100, 10_000, 1_000_000):
        law = Covariance.isotropic(1.0, d)
        value = finite_size_condensed_phase(law, 0.1, 0.3 * d).require()["test_participation_ratio"]
        gaps.append((float(value) - limit) * d / np.log(d))
    assert gaps[0] > 0
    # log(d)/d: 1/d alone would make the ratio fall by log(10^4).
    assert 0.4 < gaps[2] / gaps[0] < 1.6


# ------------------------------------------------------------------------------------------- classes


def test_classes_average_to_the_whole() -> None:
    rng = np.random.default_rng(1)
    mixture = GaussianMixture([0.2, 0.5, 0.3], rng.standard_normal((3, 4)), [0.3, 1.0, 2.0])
    times = [0.1, 0.9]
    each = class_excess_entropy(mixture, times, 4.0)
    assert each.shape == (2, 3)
    assert each @ mixture.weights == pytest.approx(excess_entropy(mixture, times, 4.0), rel=1e-13)
    window = gaussian_window(mixture, times, 4.0)
    assert window.class_entropy @ mixture.weights == pytest.approx(window.entropy, rel=1e-13)


def test_class_information_by_kernel_agrees_with_two_classes() -> None:
    two = GaussianMixture.two_classes(4, 0.6, 0.7)
    split = GaussianMixture([0.5, 0.25, 0.25], [two.means[0], two.means[1], two.means[1]], [0.7])
    exact, kernel = class_information(two, 0.4), class_information(split, 0.4)
    # Splitting one class into equal halves does not add information.
    assert kernel[0] == pytest.approx(exact[0], rel=1e-10)
    assert kernel[1:] == pytest.approx([exact[1]] * 2, rel=1e-10)


def test_class_information_by_quasi_monte_carlo() -> None:
    rng = np.random.default_rng(2)
    means = np.zeros((6, 6))
    means[:, :3] = rng.standard_normal((6, 3))
    exact = class_information(GaussianMixture(np.full(6, 1 / 6), means, [1.0]), 0.5)
    nearly = means.copy()
    nearly[:, 3:] = 1e-6 * rng.standard_normal((6, 3))
    sampled = class_information(GaussianMixture(np.full(6, 1 / 6), nearly, [1.0]), 0.5)
    assert sampled == pytest.approx(exact, abs=2e-3)


def test_class_resolved_collapse_and_its_warning() -> None:
    rng = np.random.default_rng(0)
    mixture = GaussianMixture([0.5, 0.5], 2 * rng.standard_normal((2, 40)), [0.25, 4.0])
    result = class_collapse(mixture, np.log(3000))
    closed = [float(isotropic_collapse_time(40, s2, np.log(1500))) for s2 in (0.25, 4.0)]
    assert result.classes["time"] == pytest.approx(closed, rel=1e-13)
    assert "no class collapses" in result.warning
    same = class_collapse(GaussianMixture.two_classes(40, 1.0, 1.0), np.log(3000))
    assert same.warning is None


# ------------------------------------------------------------------------------------------- forms and planes


def test_many_dimensions() -> None:
    law = Covariance.isotropic(2.0, 10**6)
    assert float(sparse_collapse_time(law, 7.0)) == pytest.approx(
        float(leading_collapse_time(law, 7.0)["time"]), abs=1e-5
    )


def test_curse_of_dimensionality() -> None:
    # log n needed for collapse at a given small time, and back.
    for d in (10, 100, 1000):
        law = Covariance.isotropic(1.5, d)
        needed = mutual_information(law, 0.05)
        assert float(needed) == pytest.approx(0.5 * d * np.log1p(1.5 / np.expm1(0.1)), rel=1e-14)
        assert float(leading_collapse_time(law, needed)["time"]) == pytest.approx(0.05, rel=1e-12)


def test_phase_diagram() -> None:
    mixture = GaussianMixture.two_classes(100, 1.0, 1.0)
    alphas, times = np.linspace(0.02, 1.0, 40), np.linspace(0.02, 3.0, 50)
    diagram = phase_diagram.phase_diagram(mixture, times, alphas)
    dataset = diagram.to_dataset()
    assert dataset["regime"].shape == (50, 40)
    for a in (0, 7, 39):
        t_c, t_o = float(dataset["collapse_time"][a]), float(dataset["trap_onset_time"][a])
        column = diagram.regime[:, a]
        assert (column[times < t_c] == Regime.COLLAPSE).all()
        assert (column[(times > t_c) & (times < t_o)] == Regime.TRAPS).all()
        assert (column[times > max(t_o, diagram.speciation_time or 0.0)] == Regime.NOISE).all()
    assert diagram.speciation_time == pytest.approx(np.log(10.0), rel=1e-12)
    assert phase_diagram.phase_diagram(POWER_LAW, times, alphas).speciation_time is None


def test_every_prediction_states_what_it_is_worth() -> None:
    modules = [
        class_module,
        collapse_module,
        condensed_module,
        entropy_module,
        finite_size_collapse,
        phase_diagram,
        trajectory_collapse,
    ]
    stated = 0
    for module in modules:
        for function in vars(module).values():
            if hasattr(function, "approximation") and function.__module__ == module.__name__:
                assert approximation_of(function).source
                stated += 1
    assert stated >= 24


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(AccuracyNotReached, match="nodes would be needed"):
        finite_size_collapse.isotropic_collapse(10, 1.0, 100, 1e-4)
    rng = np.random.default_rng(0)
    mixture = GaussianMixture(np.full(6, 1 / 6), rng.standard_normal((6, 8)), [1.0])
    with pytest.raises(AccuracyNotReached, match="class information"):
        class_information(mixture, 0.5, tolerance=1e-9)


def test_information_of_single_classes_of_many_in_many_dimensions() -> None:
    """Fifty overlapping classes in forty dimensions: log posterior over weight at points drawn from three of them."""
    rng = np.random.default_rng(0)
    classes, dimension, time = 50, 40, 0.3
    means = 0.5 * rng.standard_normal((classes, dimension))
    mixture = GaussianMixture(np.full(classes, 1 / classes), means, [0.8])
    found = class_information(mixture, time)
    centres, spread = np.exp(-time) * mixture.means, 0.8 * np.exp(-2 * time) + 1.0 - np.exp(-2 * time)
    for k in (0, 17, 49):
        x = centres[k] + np.sqrt(spread) * rng.standard_normal((40_000, dimension))
        log = (x @ centres.T - 0.5 * (centres**2).sum(axis=1)) / spread
        sampled = log[:, k] - np.logaddexp.reduce(log, axis=1) + np.log(classes)
        error = np.hypot(sampled.std() / np.sqrt(len(x)), 1e-3)
        assert abs(found[k] - sampled.mean()) < 5.0 * error
        assert error < 0.01


def test_collapse_of_many_classes_at_the_information_that_was_sampled() -> None:
    """Many classes in many dimensions: log n against the information at the time found, by sampling points."""
    rng = np.random.default_rng(8)
    classes, dimension, variance, log_samples = 12, 6, 0.7, 3.0
    means = 0.8 * rng.standard_normal((classes, dimension))
    weights = rng.dirichlet(np.full(classes, 3.0))
    law = GaussianMixture(weights, means, np.full(classes, variance))
    found = collapse_time(law, log_samples).require()
    t = float(found["time"])
    within = 0.5 * dimension * np.log1p(variance / np.expm1(2.0 * t))
    width, draws = variance * np.exp(-2.0 * t) - np.expm1(-2.0 * t), 100_000
    own = rng.choice(classes, draws, p=weights)
    x = np.exp(-t) * means[own] + np.sqrt(width) * rng.standard_normal((draws, dimension))
    distance = (x**2).sum(1)[:, None] - 2.0 * np.exp(-t) * x @ means.T + np.exp(-2.0 * t) * (means**2).sum(1)
    joint = np.log(weights) - 0.5 * distance / width
    about = joint[np.arange(draws), own] - np.logaddexp.reduce(joint, axis=1) - np.log(weights[own])
    # Neither all of the information on the class, at most log 12 = 2.5, nor little of it.
    assert 0.5 < about.mean() < 2.0
    assert agrees(Estimate.from_samples(about), log_samples - within)
    # Three standard errors of the class term, of at most 0.02 nats, over the slope.
    assert 1e-9 < float(found.error) < 3.0 * 0.02 / (dimension * 0.1)
    # So far the time moves with the class term, or somewhat more: the slope is that within the classes.
    moved = 3.0 * float(collapse_module.average_class_information(law, np.array([t]))[1][0])
    shift = float(collapse_time(law, log_samples - moved).require()["time"]) - t
    assert shift < 1.01 * float(found.error) < 4.0 * shift
