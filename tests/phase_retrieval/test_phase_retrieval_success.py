"""Success of gradient descent: the simulation, rates of clusters, midpoints, the verdict on a shift."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from agreement import agrees, count_agrees

from figures.phase_retrieval.retrieval_success import COUNTS
from statphys_gen.arrays import FloatArray
from statphys_gen.errors import InsufficientSamples, NotConverged
from statphys_gen.phase_retrieval.model import Loss, PhaseRetrieval
from statphys_gen.phase_retrieval.schedule import geometric_steps
from statphys_gen.phase_retrieval.simulation.descent import simulate_descent
from statphys_gen.phase_retrieval.simulation.success import simulate_success
from statphys_gen.phase_retrieval.theory.success import (
    Amplification,
    SizeShift,
    amplification_shift,
    judge_shift,
    largest_amplification,
    size_shift,
    success_midpoint,
    success_rate,
)
from statphys_gen.statistics.estimate import Estimate

STEPS = geometric_steps(400, 0.01, 1.03, 0.08)
TABLE = Path(__file__).parents[1] / "reference" / "phase_retrieval_success.json"


def model(ratio: float = 4.0, overlap: float = 0.0) -> PhaseRetrieval:
    return PhaseRetrieval(Loss.normalised(1.0), ratio, overlap)


# ------------------------------------------------------------------------------------------------------- simulation


def test_success_is_the_first_time_above_the_threshold() -> None:
    """Against the records of the plain descent on the same streams."""
    found = simulate_success(model(), 24, step_sizes=STEPS, instances=12, seed=3, starts=2, threshold=0.9)
    plain = simulate_descent(model(), 24, step_sizes=STEPS, instances=12, seed=3, starts=2)
    assert plain.overlap is not None
    above = np.abs(plain.overlap) > 0.9
    expected = np.where(above.any(axis=2), plain.training_time[above.argmax(axis=2)], math.inf)
    np.testing.assert_allclose(found.success_time, expected, rtol=1e-12)
    assert 0 < found.succeeded.sum() < 24
    np.testing.assert_array_equal(found.succeeded, above.any(axis=2).sum(axis=1))
    np.testing.assert_allclose(found.initial_overlap, plain.overlap[:, :, 0], rtol=1e-12)
    failed = ~np.isfinite(found.success_time)
    np.testing.assert_allclose(found.overlap[failed], plain.overlap[:, :, -1][failed], rtol=1e-9)
    assert (np.abs(found.overlap[~failed]) > 0.9).all()
    assert found.duration == pytest.approx(STEPS.sum())


def test_outcomes_do_not_depend_on_threads() -> None:
    one = simulate_success(model(), 300, step_sizes=STEPS[:10], instances=4, seed=1, threshold=0.05)
    two = simulate_success(
        model(), 300, step_sizes=STEPS[:10], instances=4, seed=1, threshold=0.05, threads=2
    )
    np.testing.assert_array_equal(one.success_time, two.success_time)
    np.testing.assert_array_equal(one.overlap, two.overlap)


def test_informed_starts_succeed_at_once_or_soon() -> None:
    at_once = simulate_success(model(4.0, 0.99), 32, step_sizes=STEPS, instances=3, seed=0)
    assert (at_once.success_time == 0.0).all()
    spectral = simulate_success(model(8.0), 48, step_sizes=STEPS, instances=10, seed=0, start="spectral")
    assert (np.abs(spectral.initial_overlap) > 0.5).all()
    assert spectral.succeeded.sum() >= 9


def test_diverged_descents_are_no_outcomes() -> None:
    found = simulate_success(model(), 32, step_sizes=np.full(40, 0.5), instances=4, seed=0)
    assert (found.diverged_step >= 1).all()
    assert np.isnan(found.success_time).all()
    with pytest.raises(NotConverged, match="4 of 4 descents diverged: take smaller steps"):
        _ = found.succeeded


# --------------------------------------------------------------------------------------------------------- analysis


def test_rate_of_independent_instances_is_wilson_s() -> None:
    """Both ends p solve (rate - p)^2 = z^2 p (1 - p)/n."""
    for successes in (0, 3, 20, 40):
        found = success_rate((np.arange(40) < successes).astype(int))
        assert found.rate == successes / 40
        assert found.effective_trials == 40
        for end in (found.lower, found.upper):
            gap = (found.rate - end) ** 2 - 1.959963984540054**2 * end * (1.0 - end) / 40
            assert gap == pytest.approx(0.0, abs=1e-15)
        assert found.lower <= found.rate <= found.upper
        assert found.upper - found.lower > 0.08


def test_starts_that_share_vectors_are_one_cluster() -> None:
    """Identical outcomes within an instance are worth one; independent ones are worth all."""
    rng = np.random.default_rng(0)
    same = success_rate(10 * (rng.random(400) < 0.3), 10)
    assert same.effective_trials == 400
    independent = success_rate(rng.binomial(10, 0.3, 400), 10)
    assert 3000 < independent.effective_trials <= 4000
    assert independent.upper - independent.lower < 0.4 * (same.upper - same.lower)


def test_coverage_of_the_interval_of_clusters() -> None:
    """Beta-binomial clusters: the 95 % interval holds the rate in 95 % of 1000 experiments."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(1000):
        counts = rng.binomial(5, rng.beta(0.6, 1.4, 60))
        found = success_rate(counts, 5)
        inside += found.lower <= 0.3 <= found.upper
    assert count_agrees(inside, 1000, 0.95)


def test_midpoint_of_a_known_curve() -> None:
    """Estimates over 200 synthetic curves are unbiased and their stated errors are right."""
    rng, ratio, total = np.random.default_rng(2), np.linspace(2.0, 4.0, 6), np.full(6, 200)
    rate = 1.0 / (1.0 + (2.9 / ratio) ** 7.5)
    found = [success_midpoint(ratio, rng.binomial(total, rate), total) for _ in range(200)]
    values = np.array([float(m.samples_per_dimension.mean) for m in found])
    errors = np.array([float(m.samples_per_dimension.standard_error) for m in found])
    assert agrees(Estimate.from_samples(values), 2.9)
    # Enlarged by the square root of chi-square per degree of freedom where that exceeds 1.
    assert 0.9 < errors.mean() / values.std(ddof=1) < 1.4
    assert np.mean([m.exponent for m in found]) == pytest.approx(7.5, rel=0.03)
    exact = success_midpoint(ratio, 1e6 * rate, np.full(6, 1e6))
    assert float(exact.samples_per_dimension.mean) == pytest.approx(2.9, abs=1e-9)
    assert exact.p_value == pytest.approx(1.0)


def test_error_of_a_midpoint_outside_the_data_is_propagated_from_every_count() -> None:
    """Derivatives of the midpoint by the counts, by differences, with the binomial variances of a good fit."""
    ratio, total = np.array([2.6, 2.9, 3.2, 3.6]), np.full(4, 1e5)
    rate = 1.0 / (1.0 + (2.3 / ratio) ** 5.0)
    counts = total * rate

    def middle(counts: FloatArray) -> float:
        return float(success_midpoint(ratio, counts, total).samples_per_dimension.mean)

    slopes = np.array([middle(counts + 10.0 * e) - middle(counts - 10.0 * e) for e in np.eye(4)]) / 20.0
    expected = math.sqrt(float(slopes**2 @ (total * rate * (1.0 - rate))))
    found = success_midpoint(ratio, counts, total).samples_per_dimension.standard_error
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_interval_of_a_slope_whose_line_fails_is_student_s() -> None:
    """Three sizes off a line: 12.706205 standard errors (t with one degree of freedom); on a line 1.959964."""
    sizes, error = np.array([64, 256, 1024]), np.full(3, 0.01)
    for value, multiple in (([1.0, 1.5, 1.6], 12.706204736), ([1.0, 1.2, 1.4], 1.9599639845)):
        found = size_shift(sizes, Estimate(np.array(value), error, np.full(3, 500.0)))
        assert found.upper - found.lower == pytest.approx(2.0 * multiple * found.standard_error, rel=1e-8)


def test_a_curve_that_is_not_logistic_has_larger_errors() -> None:
    ratio = np.array([2.0, 2.5, 3.0, 3.5])
    smooth = success_midpoint(ratio, [100, 200, 300, 350], np.full(4, 400))
    kinked = success_midpoint(ratio, [100, 290, 210, 350], np.full(4, 400))
    assert kinked.p_value < 1e-6
    assert kinked.samples_per_dimension.standard_error > 3 * smooth.samples_per_dimension.standard_error


def test_slope_of_the_midpoint() -> None:
    sizes, rng = np.array([64, 128, 256, 512, 1024]), np.random.default_rng(3)
    error = np.array([0.02, 0.02, 0.03, 0.03, 0.05])
    covered = 0
    for _ in range(400):
        midpoints = Estimate(
            1.0 + 0.2 * np.log(sizes) + error * rng.standard_normal(5), error, np.full(5, 500.0)
        )
        found = size_shift(sizes, midpoints)
        covered += found.lower <= 0.2 <= found.upper
    # Nominally 95 %; the enlargement for bad fits makes it conservative.
    assert count_agrees(covered, 400, 0.95, side="below")
    exact = size_shift(sizes, Estimate(1.0 + 0.2 * np.log(sizes), error, np.full(5, 500.0)))
    assert (exact.slope, exact.intercept) == pytest.approx((0.2, 1.0))
    two = size_shift([10, 100], Estimate(np.array([1.0, 2.0]), np.array([0.3, 0.4]), np.full(2, 9.0)))
    assert two.slope == pytest.approx(1.0 / math.log(10.0))
    assert two.standard_error == pytest.approx(0.5 / math.log(10.0))
    assert two.p_value is None
    bent = size_shift(sizes, Estimate(1.0 + 0.2 * np.abs(np.log(sizes / 256)), error, np.full(5, 500.0)))
    assert bent.p_value is not None
    assert bent.p_value < 1e-3
    assert bent.upper - bent.lower > 4 * (exact.upper - exact.lower)


def along(samples_per_dimension: object, value: Estimate) -> Amplification:
    ratio = np.asarray(samples_per_dimension, dtype=float)
    return Amplification(ratio, value, np.zeros(ratio.shape, dtype=bool))


def test_predicted_shift_of_an_exponential_amplification() -> None:
    ratio = np.linspace(2.0, 5.0, 7)
    growth = np.exp(1.25 * ratio)
    shift, error = amplification_shift(along(ratio, Estimate(growth, 0.02 * growth, np.full(7, 5.0))), 3.1)
    assert shift == pytest.approx(0.4)
    # d log G over 0.5 has the error 0.02 sqrt(2).
    assert error == pytest.approx(0.4 * 0.02 * math.sqrt(2.0) / 0.5 / 1.25)
    # Success where |m_0| G exceeds a constant: the midpoint of that very rule.
    sizes = np.array([100.0, 1000.0, 10000.0])
    midpoint = (math.log(0.8) + 0.5 * np.log(sizes)) / 1.25
    assert np.diff(midpoint) / np.diff(np.log(sizes)) == pytest.approx(0.4)


def test_amplification_of_the_first_steps() -> None:
    """A single step from m_0: by its definition, averaged over finite instances at a small exact overlap."""
    steps = [0.02]
    predicted = largest_amplification(
        model(), steps, samples_per_dimension=[2.0, 5.0], paths=1024, replicas=4
    )
    assert predicted.still_growing.all()
    for k, ratio in enumerate((2.0, 5.0)):
        found = simulate_descent(model(ratio, 0.2), 300, step_sizes=steps, instances=30, seed=0).estimate(
            "overlap"
        )
        growth = Estimate(found.mean[1] / 0.2, found.standard_error[1] / 0.2, found.degrees_of_freedom[1])
        # The overlap 0.2 is not infinitesimal: terms of relative order m^2 remain.
        assert agrees(growth, predicted.value[k], bias=0.02)
        assert predicted.value.mean[k] > 1.05


@pytest.mark.parametrize(
    ("slope", "half", "predicted", "error", "verdict"),
    [
        (0.5, 0.1, 0.52, 0.0, "confirmed"),
        (0.05, 0.1, 0.5, 0.05, "refuted"),
        (0.05, 0.1, 0.5, 0.4, "not resolved"),
        (0.3, 0.5, 0.5, 0.0, "not resolved"),
        (-0.5, 0.1, 0.5, 0.0, "refuted"),
    ],
)
def test_verdicts(slope: float, half: float, predicted: float, error: float, verdict: str) -> None:
    measured = SizeShift(slope, half / 1.96, slope - half, slope + half, 2.0, 0.5)
    found = judge_shift(measured, predicted, error)
    assert found.verdict == verdict
    assert found.bound == pytest.approx(max(abs(slope - half), abs(slope + half)))
    assert found.text.startswith(verdict)


@pytest.mark.parametrize(("at", "truncated"), [(1.5, False), (2.5, True), (3.5, True)])
def test_a_growing_amplification_resolves_nothing(at: float, truncated: bool) -> None:
    growing = np.array([False, False, True, False])
    values = Estimate(np.arange(1.0, 5.0), np.full(4, 0.1), np.full(4, 9.0))
    amplification = Amplification(np.arange(1.0, 5.0), values, growing)
    assert amplification.truncated(at) is truncated
    measured = SizeShift(0.2, 0.01, 0.18, 0.22, 2.0, 0.5)
    found = judge_shift(measured, 0.7, 0.05, truncated=truncated)
    assert found.verdict == ("not resolved" if truncated else "refuted")
    assert ("still grew at its last step" in found.text) is truncated


def three(values: list[float]) -> Estimate:
    return Estimate(np.array(values), np.full(len(values), 0.1), np.full(len(values), 100.0))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: success_midpoint([1, 2, 3], [8, 5, 1], [9, 9, 9]), "do not rise"),
        (lambda: size_shift([10], three([1.0])), "1 distinct sizes"),
        (lambda: size_shift([10, 20, 20], three([1.0, 2.0, 2.0])), "2 distinct sizes"),
    ],
)
def test_too_few_counts(call: Callable[[], object], text: str) -> None:
    with pytest.raises(InsufficientSamples, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_kept_table_is_the_one_that_is_drawn() -> None:
    kept = json.loads(TABLE.read_text(encoding="utf-8"))
    assert kept["recipe"]["threshold"] == 0.98
    shown = {
        (size, ratio): (successes, instances)
        for size, rows in COUNTS.items()
        for ratio, successes, instances in rows
    }
    assert shown == {
        (row["dimension"], row["samples_per_dimension"]): (row["successes"], row["instances"])
        for row in kept["rows"]
    }
