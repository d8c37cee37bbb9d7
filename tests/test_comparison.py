"""Measured values against a prediction: the verdict, its error rates, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from statphys_gen.comparison import LEVEL, Observable, compare
from statphys_gen.plots import plot_comparison
from statphys_gen.statistics import Estimate


def test_true_predictions_are_rejected_at_the_stated_level_and_wrong_ones_with_the_stated_power() -> None:
    rng = np.random.default_rng(1)
    theory, error, runs = np.linspace(1.0, 2.0, 12), 0.05, 4000
    noise = error * rng.standard_normal((runs, 12))
    rejected = sum(compare(theory + row, error, theory).verdict == "disagrees" for row in noise)
    # The bound on the two tests together is conservative by at most a factor of 2.
    assert 0.3 * LEVEL * runs < rejected < LEVEL * runs + 4.0 * np.sqrt(LEVEL * runs)
    detectable = compare(theory, error, theory).detectable
    found = sum(
        compare((1.0 + detectable) * theory + row, error, theory).verdict == "disagrees"
        for row in noise[:1000]
    )
    assert found > 900 - 40


def test_chi_square_is_that_of_the_errors_and_the_fit() -> None:
    result = compare([1.1, 1.9, 3.3], [0.1, 0.2, 0.1], [1.0, 2.0, 3.0], fitted=1)
    assert result.z == pytest.approx([1.0, -0.5, 3.0])
    assert result.chi_square == pytest.approx(10.25)
    assert result.chi_square_degrees_of_freedom == 2
    smaller = min(stats.chi2.sf(10.25, 2), 1 - (1 - 2 * stats.norm.sf(3)) ** 3)
    assert result.p_value == pytest.approx(1 - (1 - smaller) ** 2)
    assert result.summary()["verdict"] == result.verdict


def test_p_values_of_usual_deviations_are_not_one() -> None:
    """Of one measurement it is that of its deviation; of many it lies between none and both tests being one."""
    for z in (0.1, 0.3, 1.0, 2.5):
        assert compare([z], [1.0], [0.0]).p_value == pytest.approx(2 * stats.norm.sf(z))
    rng = np.random.default_rng(2)
    values = np.array([compare(row, 1.0, np.ones(5)).p_value for row in 1.0 + rng.standard_normal((2000, 5))])
    assert (values < 1.0).all()
    # Never too small, and close to uniform.
    for level in (0.01, 0.05, 0.2, 0.5):
        share, error = (values <= level).mean(), np.sqrt(level * (1 - level) / len(values))
        assert 0.5 * level - 4 * error < share < level + 4 * error


def test_errors_of_few_samples_are_judged_by_the_law_of_student() -> None:
    result = compare([4.0], [1.0], 0.0, degrees_of_freedom=[3.0])
    assert result.z[0] == pytest.approx(stats.norm.isf(stats.t.sf(4.0, 3)))
    assert result.verdict == "agrees"
    assert compare([4.0], [1.0], 0.0).verdict == "disagrees"


def test_few_degrees_of_freedom_see_little_and_then_the_verdict_is_inconclusive() -> None:
    """With 2 degrees of freedom the error that is found in 90 % of cases is five times that at a known error."""
    known = compare([1.0], 0.1, 1.0).detectable
    few = compare([1.0], 0.1, 1.0, degrees_of_freedom=2.0, resolution=1.1 * known)
    assert few.verdict == "inconclusive"
    assert compare([1.0], 0.1, 1.0, resolution=1.1 * known).verdict == "agrees"
    rng = np.random.default_rng(4)
    for count, freedom in ((1, 2.0), (6, 3.0)):
        theory, runs = np.ones(count), 1500
        detectable = compare(theory, 0.1, theory, degrees_of_freedom=freedom).detectable
        noise = 0.1 * rng.standard_normal((runs, count))
        error = 0.1 * np.sqrt(rng.chisquare(freedom, (runs, count)) / freedom)
        found = 0
        for row, measured_error in zip(noise, error, strict=True):
            t = ((1.0 + detectable) * theory + row - theory) / measured_error
            p = 2 * stats.t.sf(np.abs(t), freedom)
            z = stats.norm.isf(np.maximum(p, 1e-290) / 2)
            of_sum, of_largest = stats.chi2.sf((z**2).sum(), count), 1 - (1 - p.min()) ** count
            both = 1 - (1 - min(of_sum, of_largest)) ** 2
            found += (of_sum if count == 1 else both) <= LEVEL
        low, high = stats.binom.interval(0.999, runs, 0.9)
        assert low - 10 <= found <= high + 10
    one_known = compare([1.0, 1.0], 0.1, 1.0, degrees_of_freedom=[np.inf, 2.0]).detectable
    assert compare([1.0, 1.0], 0.1, 1.0).detectable < one_known < known * 1.2


def test_one_far_point_among_many_is_seen() -> None:
    value = np.ones(200)
    value[17] += 5.2 * 0.1
    assert compare(value, 0.1, 1.0).verdict == "disagrees"
    value[17] += 1e3
    assert np.isfinite(compare(value, 0.1, 1.0, degrees_of_freedom=50.0).z).all()


def test_a_comparison_that_could_not_see_the_error_asked_for_is_inconclusive() -> None:
    assert compare([1.0, 1.0], 0.1, 1.0, resolution=0.01).verdict == "inconclusive"
    assert compare([1.0, 1.0], 0.1, 1.0, resolution=0.5).verdict == "agrees"
    assert compare([1.3, 1.0], 0.05, lambda: [1.0, 1.0], resolution=0.01).verdict == "disagrees"


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    result = compare([1.0, 2.1], 0.1, [1.0, 2.0])
    plot_comparison(result, tmp_path / "a.pdf", x=[2.0, 1.0], label="time")
    assert (tmp_path / "a.pdf").stat().st_size > 1000


def test_z_has_the_errors_of_both_sides() -> None:
    """A simulation 1.0 +- 0.3 beside a prediction 0.5 +- 0.4: one standard error of the difference."""
    estimate = Estimate(np.asarray(1.0), np.asarray(0.3), np.asarray(9.0))
    row = Observable("energy", estimate, 0.5, "exact", theory_error=0.4)
    assert row.z == pytest.approx(1.0)
    assert Observable("energy", estimate, 0.5, "exact").z == pytest.approx(5.0 / 3.0)
    fixed = Estimate(np.asarray(1.0), np.asarray(0.0), np.asarray(9.0))
    assert Observable("energy", fixed, 0.5, "exact", theory_error=0.4).z is None
