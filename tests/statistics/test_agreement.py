"""The judge itself: its rate of false alarms, its power, and every verdict."""

import json

import mpmath
import numpy as np
import pytest
from agreement import count_agrees
from scipy import stats

from statphys_gen.approximation import Approximation
from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.agreement import (
    FAMILY_WISE_RATE,
    Check,
    CheckResult,
    detectable_shift,
    judge,
    run_checks,
    two_sided_p_value,
)
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.multiple import holm
from statphys_gen.statistics.streams import generator


def make_check(name="a check", **changes):
    arguments = {
        "name": name,
        "prediction": "the mean is one",
        "approximation": "exact",
        "theory": lambda: 1.0,
        "simulate": lambda seed: Estimate.from_samples(generator(seed, {"n": 100}).normal(1.0, 0.01, 100)),
        "resolution": 0.02,
    }
    return Check(**(arguments | changes))


def scalar(mean, error=1e-3, freedom=100.0):
    return Estimate(np.array(mean), np.array(error), np.array(freedom))


def verdict(estimate, theory=1.0, **changes):
    check = make_check(**changes)
    return judge([CheckResult(check, np.asarray(theory), estimate)]).agreements[0]


# Student's law, Holm and the power
# -------------------------------------------------------------------------------


@pytest.mark.parametrize(("t", "freedom"), [(0.3, 7), (-3, 7), (12, 7), (4, 30), (40, 200), (3, 1.5)])
def test_p_value_is_the_tail_of_student(t, freedom):
    with mpmath.workdps(30):
        nu = mpmath.mpf(freedom)
        norm = mpmath.gamma((nu + 1) / 2) / (mpmath.sqrt(nu * mpmath.pi) * mpmath.gamma(nu / 2))
        tail = mpmath.quad(
            lambda x: norm * (1 + x * x / nu) ** (-(nu + 1) / 2),
            [abs(t), 2 * abs(t) + 1, 10 * abs(t) + 10, mpmath.inf],
        )
    assert two_sided_p_value(t, freedom) == pytest.approx(float(2 * tail), rel=1e-12)


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.2 times 4, 3, 2, 1, then the running maximum.
    assert holm([0.03, 0.01, 0.2, 0.02]) == pytest.approx([0.06, 0.04, 0.2, 0.06])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("freedom", [3, 7, 30, 1000])
def test_detectable_shift_has_ninety_percent_power(freedom):
    """Against sampling: the shift, planted, is rejected in 90 % of 40,000 experiments (99.9 % band)."""
    level = FAMILY_WISE_RATE / 25
    shift = detectable_shift(freedom, level)
    random = np.random.default_rng(freedom)
    count = 40_000
    t = random.normal(shift, 1.0, count) / np.sqrt(random.chisquare(freedom, count) / freedom)
    caught = int((two_sided_p_value(t, freedom) <= level).sum())
    assert count_agrees(caught, count, 0.9, 0.001)


# Rate of false alarms and power of whole reports
# -------------------------------------------------------------------

SCALAR_SAMPLES = (4, 8, 8, 8, 8, 8, 12, 16, 16, 20, 24, 32, 32, 50, 64, 100)
ARRAY_SAMPLES = (8, 16, 32, 64)


def null_reports(reports, student=True):
    """Reports of 20 sound checks, 4 of them with 5 components; yields whether a report has a false alarm."""
    random = np.random.default_rng(20240229)
    names = [f"check {i}" for i in range(len(SCALAR_SAMPLES) + len(ARRAY_SAMPLES))]
    checks = [make_check(name) for name in names]
    drawn = []
    for samples, components in [*((n, ()) for n in SCALAR_SAMPLES), *((n, (5,)) for n in ARRAY_SAMPLES)]:
        values = random.normal(1.0, 0.01 * np.sqrt(samples), (reports, samples, *components))
        drawn.append((values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(samples), samples - 1.0))
    for report in range(reports):
        results = [
            CheckResult(
                check,
                np.ones(np.shape(mean[report])),
                Estimate(mean[report], error[report], np.array(freedom if student else 1e9)),
            )
            for check, (mean, error, freedom) in zip(checks, drawn, strict=True)
        ]
        yield any(agreement.verdict == "disagrees" for agreement in judge(results).agreements)


def test_false_alarms_of_a_report_have_the_stated_rate():
    reports = 2000
    assert count_agrees(sum(null_reports(reports)), reports, FAMILY_WISE_RATE, 0.01)


def test_gaussian_quantiles_would_raise_false_alarms():
    """The test above can fail: without Student's law the same data alarm far more often than in 1 % of reports."""
    reports = 300
    assert sum(null_reports(reports, student=False)) > stats.binom.ppf(0.9999, reports, FAMILY_WISE_RATE)


def test_planted_errors_of_five_standard_errors_are_caught():
    """40 predictions, each off by five true standard errors, from 200 samples each.

    Holm at 1 % over 40 checks misses 0.57 of them on average and more than 5 with probability 0.002 (computed
    beforehand from noncentral t variates and a separate implementation of Holm).
    """
    random = np.random.default_rng(5)
    results = []
    for i in range(40):
        sign = 1 - 2 * (i % 2)
        samples = random.normal(1.0, 0.01 * np.sqrt(200), 200)
        results.append(CheckResult(make_check(f"{i}"), 1.0 + sign * 0.05, Estimate.from_samples(samples)))
    caught = [agreement.verdict == "disagrees" for agreement in judge(results).agreements]
    assert sum(caught) >= 35


def test_planted_errors_of_five_measured_standard_errors_are_all_caught_among_sound_checks():
    """Relative to the measured mean and error t is exactly 5: Holm at 1 % over 60 checks rejects beyond 3.8."""
    random = np.random.default_rng(6)
    results = []
    for i in range(60):
        estimate = Estimate.from_samples(random.normal(1.0, 0.01, 200))
        planted = 5 * (1 - 2 * (i % 2)) * estimate.standard_error if i < 40 else 0.0
        results.append(CheckResult(make_check(f"{i}"), estimate.mean + planted, estimate))
    report = judge(results)
    assert [a.verdict for a in report.agreements] == ["disagrees"] * 40 + ["agrees"] * 20
    assert not report.passed


# Verdicts
# -------------------------------------------------------------------------------------------------------


def test_agreement_passes_and_is_plain_json():
    approximation = Approximation("exact", "", "a textbook", "derived")
    check = make_check(approximation=approximation, sizes={"samples": np.int64(100)})
    report = judge(run_checks([check]))
    assert report.passed
    assert report.family_wise_rate == 0.01
    (record,) = json.loads(json.dumps(report.records(), allow_nan=False))
    assert record["verdict"] == "agrees"
    assert record["approximation"] == "exact [a textbook]"
    assert record["sizes"] == {"samples": 100}
    assert record["theory"] == 1.0
    assert record["degrees_of_freedom"] == 99.0
    assert record["t"] == pytest.approx((record["value"] - 1.0) / record["standard_error"])
    assert record["p_value"] == pytest.approx(2 * stats.t.sf(abs(record["t"]), 99))
    assert record["adjusted_p_value"] == record["p_value"]
    assert record["detectable"] <= record["resolution"] == 0.02
    assert "passed: 1 agrees" in str(report)


def test_rejection_at_the_exact_level():
    critical = float(stats.t.isf(0.005, 100))
    assert verdict(scalar(1.0 + 1e-3 * critical * 0.999)).verdict == "agrees"
    assert verdict(scalar(1.0 + 1e-3 * critical * 1.001)).verdict == "disagrees"
    assert verdict(scalar(1.0 - 1e-3 * critical * 1.001)).verdict == "disagrees"


def test_a_check_that_cannot_see_its_resolution_is_inconclusive_and_fails():
    just_enough = 0.02 / detectable_shift(100.0, FAMILY_WISE_RATE)
    assert verdict(scalar(1.0, just_enough * 0.999)).verdict == "agrees"
    coarse = verdict(scalar(1.0, just_enough * 1.001))
    assert coarse.verdict == "inconclusive"
    assert not coarse.passed
    assert coarse.detectable == pytest.approx(0.02 * 1.001)


def test_a_check_that_accepts_a_theory_off_by_twice_the_resolution_is_insensitive_and_fails():
    critical = float(stats.t.isf(0.005, 100))
    noisy = verdict(scalar(1.0, 0.04 / critical * 1.001))
    assert noisy.verdict == "insensitive"
    assert not noisy.passed
    assert verdict(scalar(1.0, 0.04 / critical * 0.999)).verdict == "inconclusive"


def test_the_level_is_shared_by_the_checks_of_a_report():
    """A check that is fine alone can be too coarse for a report of 50."""
    error = 0.99 * 0.02 / detectable_shift(100.0, FAMILY_WISE_RATE)
    results = [CheckResult(make_check(f"{i}"), np.array(1.0), scalar(1.0, error)) for i in range(50)]
    assert judge(results[:1]).passed
    assert {agreement.verdict for agreement in judge(results).agreements} == {"inconclusive"}


def test_disagreement_outranks_inconclusiveness():
    assert verdict(scalar(3.0, 0.1)).verdict == "disagrees"


def test_samples_that_do_not_vary_are_no_agreement():
    constant = Estimate.from_samples(np.full(10, 0.1))
    for theory in (0.1, 0.2):
        agreement = verdict(constant, theory=theory)
        assert agreement.verdict == "inconclusive"
        assert agreement.record()["p_value"] is None


def test_arrays_are_judged_by_their_worst_component():
    mean = np.array([1.0, 2.0, 3.0])
    estimate = Estimate(mean, np.array(1e-3), np.array(100.0))
    sound = verdict(estimate, theory=mean)
    assert sound.verdict == "agrees"
    wrong = verdict(estimate, theory=mean + np.array([0.0, 0.01, 0.0]))
    assert wrong.verdict == "disagrees"
    assert wrong.p_value == pytest.approx(3 * 2 * stats.t.sf(10.0, 100))
    assert "worst of 3 components" in str(wrong)
    # One noisy component makes the whole check inconclusive.
    noisy = Estimate(mean, np.array([1e-3, 1e-3, 0.015]), np.array(100.0))
    assert verdict(noisy, theory=mean).verdict == "inconclusive"
    assert wrong.record()["theory"] == [1.0, 2.01, 3.0]


def test_scale_says_what_the_resolution_is_relative_to():
    """A probability of 0.51 against chance 0.5: 2 % of the probability is no test of the excess."""
    estimate = scalar(0.51, 1e-3)
    assert verdict(estimate, theory=0.51).verdict == "agrees"
    excess = verdict(estimate, theory=0.51, scale=lambda p: p - 0.5)
    assert excess.verdict == "insensitive"
    assert excess.detectable == pytest.approx(0.1 * detectable_shift(100.0, 0.01))
    assert verdict(scalar(0.0, 1e-3), theory=0.0, scale=1.0).verdict == "agrees"
    with pytest.raises(InvalidArgument, match="scale = 0"):
        verdict(scalar(0.0), theory=0.0)


def test_reported_deviations_are_not_judged():
    reason = "replica symmetry is unstable here"
    results = [
        CheckResult(make_check("reported", judged=False, reason=reason), 2.0, scalar(1.0)),
        CheckResult(make_check("judged"), 1.0, scalar(1.0)),
    ]
    report = judge(results)
    assert report.passed
    assert [agreement.verdict for agreement in report.agreements] == ["reported", "agrees"]
    assert report.agreements[0].note == reason
    assert report.agreements[0].adjusted_p_value is None
    # It takes no share of the level from the other.
    assert report.agreements[1].adjusted_p_value == report.agreements[1].p_value


def test_a_check_that_raises_fails_and_keeps_its_message():
    def refuse(seed):
        raise InsufficientSamples("too short")

    report = judge(run_checks([make_check("a"), make_check("b", simulate=refuse)]))
    assert [agreement.verdict for agreement in report.agreements] == ["agrees", "failed"]
    assert not report.passed
    assert report.records()[1]["note"] == "InsufficientSamples: too short"
    assert json.dumps(report.records(), allow_nan=False)

    def broken(seed):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_check(simulate=broken).run()


def test_a_theory_that_is_not_a_number_fails():
    assert judge([make_check(theory=lambda: np.nan).run()]).agreements[0].verdict == "failed"


def test_the_seed_derives_from_the_id_alone():
    seen = []
    check = make_check(simulate=lambda seed: seen.append(seed) or scalar(1.0))
    check.run()
    check.run()
    assert seen == [check.seed, check.seed]
    assert make_check(resolution=0.01).seed == check.seed
    assert make_check("another check").seed != check.seed
    assert make_check("a better name", id="a-check").seed == check.seed
    assert [make_check(name).id for name in ("sin, p > n", "sin, p < n", "d = 0.5")] == [
        "sin-p-above-n",
        "sin-p-below-n",
        "d-0-5",
    ]


# Refusals
# ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"name": " "}, "name"),
        ({"id": "Not a slug"}, "id"),
        ({"prediction": "two\nlines"}, "prediction"),
        ({"resolution": 0.021}, "resolution"),
        ({"resolution": 0.051, "kind": "eigenvalue"}, "resolution"),
        ({"resolution": 0.0}, "resolution"),
        ({"kind": "wishful"}, "kind"),
        ({"judged": False}, "reason"),
        ({"reason": "none needed"}, "reason"),
    ],
)
def test_bad_checks_are_refused(changes, argument):
    with pytest.raises(InvalidArgument) as caught:
        make_check(**changes)
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)


def test_coarser_resolution_for_eigenvalues_and_capacities():
    assert make_check(kind="eigenvalue", resolution=0.05).resolution == 0.05
    assert make_check(kind="capacity", resolution=0.05).resolution == 0.05


def test_bad_results_are_refused():
    with pytest.raises(InvalidArgument, match="at least one check"):
        judge([])
    result = CheckResult(make_check(), 1.0, scalar(1.0))
    with pytest.raises(InvalidArgument, match="distinct names"):
        judge([result, result])
    with pytest.raises(InvalidArgument, match="shape"):
        CheckResult(make_check(), np.ones(3), scalar(1.0))
    with pytest.raises(InvalidArgument, match="scale"):
        CheckResult(make_check(scale=np.ones(2)), 1.0, scalar(1.0))
    with pytest.raises(InvalidArgument, match="error"):
        CheckResult(make_check(), 1.0, None)
