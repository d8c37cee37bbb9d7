"""The judge itself: its rate of false alarms, its power, and every verdict."""

import json
import math

import mpmath
import numpy as np
import pytest
from agreement import count_agrees
from scipy import stats

from statphys_gen.approximation import Approximation, approximation_of, states
from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.agreement import (
    FAMILY_WISE_RATE,
    Check,
    CheckResult,
    judge,
    run_checks,
)
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.extrapolation import extrapolate
from statphys_gen.statistics.multiple import holm
from statphys_gen.statistics.power import (
    critical_events,
    detectable_probability,
    detectable_shift,
    events_p_value,
    power_of_shift,
    two_sided_p_value,
)
from statphys_gen.statistics.proportions import estimate_proportion
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


@pytest.mark.parametrize(
    ("freedom", "level"), [(1.0, 3e-6), (2.0, 0.01), (2.5, 1e-4), (13.0, 2e-5), (500.0, 1e-3)]
)
def test_detectable_shift_by_another_integral(freedom, level):
    """P(Z > c s - shift) averaged over the law of s with 30 digits: the power at the shift, and just below it."""
    shift = detectable_shift(freedom, level)
    with mpmath.workdps(30):
        nu, critical = mpmath.mpf(freedom), mpmath.mpf(float(stats.t.isf(level / 2, freedom)))

        def integrand(s, given):
            density = (
                2 * (nu / 2) ** (nu / 2) / mpmath.gamma(nu / 2) * s ** (nu - 1) * mpmath.exp(-nu * s * s / 2)
            )
            return density * mpmath.ncdf(given - critical * s)

        def power(given):
            turn = given / critical
            places = sorted({0, turn / 2, turn * 0.99, turn, turn * 1.01, 1, 2 * max(turn, 1), 12})
            return float(mpmath.quad(lambda s: integrand(s, given), places))

        assert power(shift) == pytest.approx(0.9, abs=1e-7)
        assert power(0.9 * shift) < 0.899
        assert power_of_shift(0.9 * shift, freedom, level) == pytest.approx(power(0.9 * shift), abs=1e-7)


def test_the_power_at_two_degrees_of_freedom_is_not_that_of_a_known_error():
    known, level = detectable_shift(1e9, 0.005), 0.005
    assert power_of_shift(known, 1e9, level) == pytest.approx(0.9, abs=1e-6)
    assert power_of_shift(known, 2.0, level) < 0.1
    random = np.random.default_rng(8)
    t = random.normal(known, 1.0, 40_000) / np.sqrt(random.chisquare(2.0, 40_000) / 2.0)
    caught = int((t > stats.t.isf(level / 2, 2.0)).sum())
    assert count_agrees(caught, 40_000, power_of_shift(known, 2.0, level), 0.001)


def test_ten_checks_of_two_samples_and_a_thousand_components_end():
    random = np.random.default_rng(9)
    results = []
    for k in range(10):
        estimate = Estimate.from_samples(random.normal(1.0, 1e-9, (2, 1000)))
        results.append(CheckResult(make_check(f"check {k}"), np.ones(1000), estimate))
    assert {agreement.verdict for agreement in judge(results).agreements} <= {
        "agrees",
        "inconclusive",
        "insensitive",
    }
    for bad in ({"level": 0.0}, {"level": 0.5}, {"degrees_of_freedom": 0.0}, {"power": 1.0}):
        arguments = {"degrees_of_freedom": 3.0, "level": 0.01} | bad
        with pytest.raises(InvalidArgument):
            detectable_shift(**arguments)


@pytest.mark.parametrize(
    ("trials", "claimed", "level"), [(200, 0.05, 1e-3), (900, 0.02, 1e-4), (12, 0.3, 0.01)]
)
def test_the_exact_test_of_events_by_summing_the_binomial_law(trials, claimed, level):
    terms = [math.comb(trials, k) * claimed**k * (1 - claimed) ** (trials - k) for k in range(trials + 1)]
    tails = np.cumsum(terms[::-1])[::-1]
    assert events_p_value(np.arange(1, trials + 1), trials, claimed)[:60] == pytest.approx(
        tails[1:61], rel=1e-9
    )
    assert events_p_value(0, trials, claimed) == 1.0
    critical = critical_events(trials, claimed, level)
    assert tails[critical] <= level < tails[critical - 1]
    found = detectable_probability(trials, claimed, level)
    assert stats.binom.sf(critical - 1, trials, found) == pytest.approx(0.9)
    assert detectable_probability(3, 0.3, 1e-3) == np.inf


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
    assert "passed: 1 of 1 judged checks agree" in str(report)


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


def test_the_shifted_theory_must_be_rejected_on_both_sides():
    """Two standard errors off, and a shift of four: one of the wrong theories is six off, the other two."""
    for value in (1.02, 0.98):
        assert verdict(scalar(value, 0.01)).verdict == "insensitive"
    assert verdict(scalar(1.0, 0.01)).verdict == "inconclusive"


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
    assert report.agreements[0].note.startswith(reason)
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


# Reported deviations, kinds, fits
# ----------------------------------------------------------------------------------------


def test_a_reported_deviation_beyond_its_bound_fails():
    off = {"judged": False, "reason": "leading order", "bound": 0.2}
    inside, beyond = (verdict(scalar(value), **off) for value in (0.81, 0.79))
    assert (inside.verdict, beyond.verdict) == ("reported", "beyond bound")
    assert inside.deviation == pytest.approx(0.19)
    assert not inside.failed
    assert beyond.failed
    assert "off by 0.21, bound 0.2" in beyond.note
    # Relative to the scale, and in either direction.
    assert verdict(scalar(1.3), scale=2.0, **off).verdict == "reported"
    assert verdict(scalar(1.3), **off).verdict == "beyond bound"
    # Within the bound, a theory off by a further twice the bound is always beyond it.
    for sign in (-1, 1):
        assert verdict(scalar(0.95), theory=1.0 + sign * 0.41, scale=1.0, **off).verdict == "beyond bound"
    assert verdict(Estimate.from_samples(np.full(10, 1.0)), **off).verdict == "inconclusive"


def test_a_report_passes_by_judged_checks_alone_and_lists_what_has_no_bound():
    off = {"judged": False, "reason": "known"}
    bounded = CheckResult(make_check("bounded", bound=0.5, **off), 1.0, scalar(1.1))
    unbounded = CheckResult(make_check("unbounded", **off), 1.0, scalar(7.0))
    assert not judge([bounded, unbounded]).passed
    assert not any(agreement.passed for agreement in judge([bounded, unbounded]).agreements)
    report = judge([bounded, unbounded, CheckResult(make_check("judged"), 1.0, scalar(1.0))])
    assert report.passed
    assert report.without_bound == ("unbounded",)
    assert "passed: 1 of 1 judged checks agree, 2 reported\nreported without bound: unbounded" in str(report)
    beyond = CheckResult(make_check("beyond", bound=0.05, **off), 1.0, scalar(1.1))
    assert not judge([beyond, CheckResult(make_check("judged"), 1.0, scalar(1.0))]).passed


def test_spreads_and_standard_errors_may_be_judged_more_coarsely():
    assert verdict(scalar(1.0, 0.02), kind="spread", resolution=0.1).verdict == "agrees"
    assert verdict(scalar(1.0, 0.02)).verdict == "insensitive"
    stated = {"kind": "standard error", "resolution": 0.5}
    # The scatter of 40 seeds knows a standard error to 11 %: one that is wrong by a factor of 2 is seen.
    assert verdict(scalar(1.0, 1 / np.sqrt(78), 39.0), **stated).verdict == "agrees"
    assert verdict(scalar(1.0, 1 / np.sqrt(78), 39.0), theory=2.0, **stated).verdict == "disagrees"
    assert verdict(scalar(1.0, 0.3, 39.0), **stated).verdict == "inconclusive"
    assert verdict(scalar(1.0, 0.45, 39.0), **stated).verdict == "insensitive"


def events(count, trials):
    return Estimate.from_samples(np.repeat([1.0, 0.0], [count, trials - count]))


def test_a_level_is_judged_by_counting_and_one_sided():
    claim = {"kind": "level", "resolution": 1.0}
    trials, level = 2000, 0.02
    critical = int(stats.binom.isf(FAMILY_WISE_RATE, trials, level)) + 1
    assert (
        stats.binom.sf(critical - 1, trials, level)
        <= FAMILY_WISE_RATE
        < stats.binom.sf(critical - 2, trials, level)
    )
    found = [verdict(events(k, trials), theory=level, **claim) for k in (0, 40, critical - 1, critical)]
    assert [agreement.verdict for agreement in found] == ["agrees", "agrees", "agrees", "disagrees"]
    assert found[1].p_value == pytest.approx(stats.binom.sf(39, trials, level))
    assert found[1].t == pytest.approx(0.0, abs=1e-12)
    assert found[3].t == pytest.approx((critical - 40) / np.sqrt(40 * 0.98))
    assert verdict(estimate_proportion(critical, trials), theory=level, **claim).p_value == found[3].p_value
    # A bound is the same; of a coverage, the misses are counted.
    assert verdict(events(critical, trials), theory=level, **claim | {"kind": "bound"}).verdict == "disagrees"
    coverage = {"kind": "coverage", "resolution": 1.0}
    covered = [
        verdict(events(trials - k, trials), theory=1.0 - level, **coverage) for k in (critical - 1, critical)
    ]
    assert [agreement.verdict for agreement in covered] == ["agrees", "disagrees"]


def test_a_doubled_level_must_be_seen():
    """Exactly: the power against twice the level decides between agreement and inconclusiveness."""
    claim, level = {"kind": "level", "resolution": 1.0}, 0.05
    seen = {}
    for trials in range(20, 700, 20):
        critical = critical_events(trials, level, FAMILY_WISE_RATE)
        power = stats.binom.sf(critical - 1, trials, 2 * level)
        found = verdict(events(round(level * trials), trials), theory=level, **claim)
        assert (found.verdict == "agrees") == (power >= 0.9)
        if int(2 * level * trials) < critical:
            assert found.verdict == "insensitive"
        seen[found.verdict] = seen.get(found.verdict, 0) + 1
    assert set(seen) == {"insensitive", "inconclusive", "agrees"}


def test_claims_about_events_need_events():
    claim = {"kind": "level", "resolution": 1.0}
    with pytest.raises(InvalidArgument, match="a share of independent trials"):
        verdict(scalar(0.05), theory=0.05, **claim)
    with pytest.raises(InvalidArgument, match=r"between 0 and 0\.5"):
        verdict(events(50, 100), theory=0.5, **claim)
    with pytest.raises(InvalidArgument, match=r"between 0\.5 and 1"):
        verdict(events(50, 100), theory=0.4, **claim | {"kind": "coverage"})
    with pytest.raises(InvalidArgument, match="scale"):
        make_check(scale=1.0, **claim)


def test_a_limit_whose_fit_does_not_hold_is_inconclusive():
    sizes = np.array([50.0, 100.0, 200.0, 400.0, 800.0])
    noise = 1e-3 * np.array([0.4, -0.7, 0.1, 0.6, -0.3])
    law = 1.0 + 0.5 / sizes + noise
    good = extrapolate(sizes, Estimate(law, np.array(1e-3), np.array(100.0)), exponent=1.0).limit
    assert verdict(good, theory=float(good.mean)).verdict == "agrees"
    bent = law + np.array([0.0, 0.02, 0.0, -0.02, 0.0])
    bad = extrapolate(sizes, Estimate(bent, np.array(1e-3), np.array(100.0)), exponent=1.0).limit
    assert float(bad.fit_p_value) < 1e-6
    found = verdict(bad, theory=float(bad.mean))
    assert found.verdict == "inconclusive"
    assert found.note.startswith("the fit does not hold")
    # Nor can a theory disagree with a limit that means nothing, and Holm's procedure takes no account of it.
    assert verdict(bad, theory=2.0).verdict == "inconclusive"
    # One component is enough, and Bonferroni counts the components.
    both = Estimate.stack([good, bad])
    assert verdict(both, theory=both.mean).verdict == "inconclusive"
    fits = np.full(5, 0.9)
    for p, word in ((0.9e-3 / 5, "inconclusive"), (1.1e-3 / 5, "agrees")):
        fits[2] = p
        limit = Estimate(np.ones(5), np.array(1e-4), np.array(50.0), fits.copy())
        assert verdict(limit, theory=np.ones(5)).verdict == word


def test_the_error_of_a_theory_that_is_an_average_is_added():
    """Welch and Satterthwaite's rule by hand: variances 9 and 16 with 10 and 20 degrees of freedom."""
    check = make_check(theory=lambda: scalar(1.0, 4e-3, 20.0), simulate=lambda seed: scalar(1.01, 3e-3, 10.0))
    result = check.run()
    assert float(result.theory) == 1.0
    assert float(result.estimate.mean) == 1.01
    np.testing.assert_allclose(result.estimate.standard_error, 5e-3, rtol=1e-14)
    np.testing.assert_allclose(result.estimate.degrees_of_freedom, 625 / (81 / 10 + 256 / 20), rtol=1e-14)


def test_of_two_fitted_estimates_the_worse_fit_counts():
    one, two = (Estimate(1.0, 0.1, 9.0, p) for p in (0.3, 0.02))
    assert float(one.with_error_of(two).fit_p_value) == float(two.with_error_of(one).fit_p_value) == 0.02


def test_deviations_of_order_one_over_the_size_are_judged_by_their_limit():
    sizes = np.array([100.0, 200.0, 400.0])

    def rows(seed, limit=0.0):
        noise = generator(seed, {"sizes": 3}).normal(0.0, 1e-4, (3, 2, 50))
        mean = np.sqrt(sizes)[:, None] + np.array([3.0, -5.0]) / sizes[:, None] + limit
        return Estimate.stack(
            [Estimate.from_samples((m[:, None] + n).T) for m, n in zip(mean, noise, strict=True)]
        )

    options = {
        "theory": lambda: np.sqrt(np.stack([sizes, sizes], 1)),
        "over_sizes": sizes.tolist(),
        "scale": 1.0,
    }
    assert judge([make_check(simulate=rows, **options).run()]).passed
    wrong = make_check(simulate=lambda seed: rows(seed, np.array([0.0, 0.01])), **options).run()
    assert judge([wrong]).agreements[0].verdict == "disagrees"
    assert wrong.estimate.shape == (2,)
    kept = np.array(wrong.at_sizes)
    assert kept[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(kept[:3, 1], 1.0)
    np.testing.assert_array_equal(kept[3:, 2], sizes)
    np.testing.assert_allclose(kept[3:, 3], 0.01 - 5.0 / sizes, atol=1e-4)
    assert judge([wrong]).records()[0]["at_sizes"] == kept.tolist()


def test_values_at_sizes_are_kept_of_limits_that_are_judged_as_they_are():
    values = [
        Estimate(np.array([1.0 + 1.0 / n, 2.0]), np.full(2, 1e-3), np.full(2, 50.0)) for n in (10, 20, 40)
    ]

    def simulate(seed):
        first, second = (
            extrapolate([10, 20, 40], Estimate.stack([value[k] for value in values]), exponent=2.0).limit
            for k in range(2)
        )
        return Estimate.stack([scalar(2.0 * float(first.mean)), second])

    check = make_check(theory=lambda: np.array([2.0, 2.0]), simulate=simulate)
    assert [row[:4] for row in check.run().at_sizes] == [
        (1, 2.0, 10.0, 2.0),
        (1, 2.0, 20.0, 2.0),
        (1, 2.0, 40.0, 2.0),
    ]
    assert make_check().run().at_sizes == ()


def test_checks_name_the_predictions_that_they_test():
    @states("exact", source="a textbook", verification="derived and simulated")
    def first():
        """One."""

    @states("exact", source="a textbook")
    def second():
        """Two."""

    assert make_check().tested == ()
    assert make_check(approximation=approximation_of(first)).tested == (first,)
    both = make_check(approximation=approximation_of(first), tests=(second, first))
    assert both.tested == (first, second)
    (record,) = judge([both.run()]).records()
    assert record["tests"] == ["first", "second"]
    with pytest.raises(TypeError, match="states no approximation"):
        make_check(tests=(scalar,))


def test_a_pilot_draws_other_numbers_than_the_run():
    seen = []
    check = make_check(simulate=lambda seed: seen.append(seed) or scalar(1.0))
    check.run(pilot=True)
    assert seen == [check.pilot_seed] != [check.seed]
    assert make_check("another check").pilot_seed != check.pilot_seed


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
        ({"resolution": 0.11, "kind": "spread"}, "resolution"),
        ({"resolution": 0.51, "kind": "standard error"}, "resolution"),
        ({"resolution": 1.01, "kind": "level"}, "resolution"),
        ({"bound": 0.1}, "bound"),
        ({"bound": 0.0, "judged": False, "reason": "known"}, "bound"),
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
    with pytest.raises(InvalidArgument, match="distinct ids"):
        judge([result, result])
    with pytest.raises(InvalidArgument, match="shape"):
        CheckResult(make_check(), np.ones(3), scalar(1.0))
    with pytest.raises(InvalidArgument, match="scale"):
        CheckResult(make_check(scale=np.ones(2)), 1.0, scalar(1.0))
    with pytest.raises(InvalidArgument, match="error"):
        CheckResult(make_check(), 1.0, None)


@pytest.mark.parametrize(
    ("freedom", "level"), [(1.0, 3e-6), (1.0, 1e-9), (2.0, 1e-12), (1.5, 1e-8), (1e6, 3e-6)]
)
def test_detectable_shift_ends_at_any_freedom(freedom, level):
    """At one degree of freedom the critical value is 2/(pi level), and power 0.9 is |z + shift| > critical |z'|."""
    shift = detectable_shift(freedom, level)
    assert np.isfinite(shift)
    assert shift > 1.2815 * 0.999
    if freedom == 1.0:
        critical = 2.0 / (np.pi * level)
        # P(shift > critical |z'|) for a shift far above 1: |z'| < shift/critical with probability 0.9.
        assert shift == pytest.approx(1.6448536269514722 * critical, rel=1e-3)
