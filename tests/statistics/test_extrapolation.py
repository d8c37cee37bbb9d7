"""Extrapolation in size: coverage of its intervals, its goodness of fit, and what it refuses."""

import mpmath
import numpy as np
import pytest
from agreement import count_agrees
from scipy import optimize, stats

from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.extrapolation import extrapolate

SIZES = np.array([50.0, 100.0, 200.0, 400.0, 800.0])


def law(sizes, limit, amplitude, exponent):
    return limit + amplitude * np.asarray(sizes) ** -exponent


def exact_values(values, error=1e-3, freedom=100.0):
    return Estimate(np.asarray(values), np.broadcast_to(error, np.shape(values)), np.array(freedom))


def draw(random, values, error, samples):
    """Estimates from Gaussian samples, with ``error`` the true standard error of each mean."""
    scatter = np.asarray(error) * np.sqrt(samples) * random.standard_normal((samples, len(values)))
    return Estimate.from_samples(values + scatter)


def covered(estimate, truth, probability):
    quantile = stats.t.ppf((1 + probability) / 2, estimate.degrees_of_freedom)
    return bool(abs(estimate.mean - truth) <= quantile * estimate.standard_error)


# The fit itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [2 / 3, None])
def test_exact_data_give_exact_parameters(exponent):
    fit = extrapolate(SIZES, exact_values(law(SIZES, 1.5, -2.0, 2 / 3)), exponent=exponent)
    assert float(fit.limit.mean) == pytest.approx(1.5, abs=1e-10)
    assert float(fit.amplitude.mean) == pytest.approx(-2.0, abs=1e-8)
    assert fit.exponent == pytest.approx(2 / 3, abs=1e-9)
    assert fit.chi_square < 1e-10
    assert fit.p_value == pytest.approx(1.0)


def test_given_exponent_is_weighted_least_squares():
    """Against mpmath at 40 digits, from the normal equations."""
    values = law(SIZES, 1.0, 3.0, 0.5) + 1e-3 * np.array([1.0, -2.0, 0.5, 1.5, -1.0])
    errors = np.array([1e-3, 2e-3, 1e-3, 5e-4, 2e-3])
    with mpmath.workdps(40):
        design = mpmath.matrix([[1, mpmath.mpf(n) ** mpmath.mpf(-0.5)] for n in SIZES])
        weights = mpmath.diag([1 / mpmath.mpf(e) ** 2 for e in errors])
        covariance = (design.T * weights * design) ** -1
        solution = covariance * design.T * weights * mpmath.matrix(values.tolist())
        residual = mpmath.matrix(values.tolist()) - design * solution
        chi_square = (residual.T * weights * residual)[0]
    fit = extrapolate(SIZES, exact_values(values, errors, 1e12), exponent=0.5)
    assert float(fit.limit.mean) == pytest.approx(float(solution[0]), rel=1e-13)
    assert float(fit.amplitude.mean) == pytest.approx(float(solution[1]), rel=1e-12)
    assert float(fit.limit.standard_error) == pytest.approx(float(mpmath.sqrt(covariance[0, 0])), rel=1e-9)
    assert float(fit.amplitude.standard_error) == pytest.approx(
        float(mpmath.sqrt(covariance[1, 1])), rel=1e-9
    )
    assert fit.chi_square == pytest.approx(float(chi_square), rel=1e-10)
    assert fit.chi_square_degrees_of_freedom == 3
    assert fit.p_value == pytest.approx(stats.chi2.sf(fit.chi_square, 3), rel=1e-6)


def test_fitted_exponent_is_nonlinear_least_squares():
    """Against scipy's curve_fit, where the data determine everything well (linear regime)."""
    errors = 1e-5 * np.array([1.0, 2.0, 1.0, 0.5, 2.0])
    values = law(SIZES, 1.0, 1.0, 2 / 3) + errors * np.array([1.0, -0.5, 0.5, 1.0, -1.0])
    best, covariance = optimize.curve_fit(
        law, SIZES, values, p0=(1.0, 1.0, 0.6), sigma=errors, absolute_sigma=True, xtol=1e-14, ftol=1e-14
    )
    fit = extrapolate(SIZES, exact_values(values, errors, 1e9))
    expected = np.sqrt(np.diag(covariance))
    assert float(fit.limit.mean) == pytest.approx(best[0], abs=1e-3 * expected[0])
    assert fit.exponent == pytest.approx(best[2], abs=1e-3 * expected[2])
    assert fit.exponent_standard_error == pytest.approx(expected[2], rel=1e-3)
    assert float(fit.amplitude.standard_error) == pytest.approx(expected[1], rel=1e-3)
    # The profile of chi^2 is slightly skew, so that its longer side is slightly longer than the linear error.
    assert expected[0] * 0.999 < float(fit.limit.standard_error) < 1.02 * expected[0]
    assert fit.chi_square_degrees_of_freedom == 2


# Coverage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [8, 100])
def test_intervals_cover_with_a_given_exponent(samples):
    """500 data sets, unequal errors; coverage of the 95 % interval within the 99.8 % binomial band."""
    random = np.random.default_rng(21)
    errors = 1e-3 * np.array([3.0, 2.0, 1.0, 1.0, 2.0])
    values = law(SIZES, 1.0, 1.0, 2 / 3)
    fits = [extrapolate(SIZES, draw(random, values, errors, samples), exponent=2 / 3) for _ in range(500)]
    assert count_agrees(sum(covered(fit.limit, 1.0, 0.95) for fit in fits), 500, 0.95, 0.002)
    assert count_agrees(sum(fit.p_value < 0.05 for fit in fits), 500, 0.05, 0.002)


def test_intervals_cover_with_a_fitted_exponent():
    random = np.random.default_rng(22)
    values = law(SIZES, 1.0, 1.0, 2 / 3)
    fits = [extrapolate(SIZES, draw(random, values, 1e-4, 30)) for _ in range(500)]
    assert count_agrees(sum(covered(fit.limit, 1.0, 0.95) for fit in fits), 500, 0.95, 0.002)
    exponents = [(fit.exponent - 2 / 3) / fit.exponent_standard_error for fit in fits]
    assert count_agrees(sum(abs(z) < stats.norm.ppf(0.975) for z in exponents), 500, 0.95, 0.002)
    assert count_agrees(sum(fit.p_value < 0.05 for fit in fits), 500, 0.05, 0.002)


def test_a_poorly_determined_exponent_is_refused_or_covered():
    """Errors so large that a part of the fits is refused: the others cover at least as often as they state."""
    random = np.random.default_rng(23)
    values = law(SIZES, 1.0, 1.0, 2 / 3)
    at_95 = at_99 = refused = 0
    for _ in range(500):
        try:
            limit = extrapolate(SIZES, draw(random, values, 3e-3, 30)).limit
        except InsufficientSamples:
            refused += 1
            continue
        at_95 += covered(limit, 1.0, 0.95)
        at_99 += covered(limit, 1.0, 0.99)
    accepted = 500 - refused
    assert 25 < refused < 250
    assert count_agrees(at_95, accepted, 0.95, 0.001, "below")
    assert count_agrees(at_99, accepted, 0.99, 0.001, "below")


def test_p_values_allow_for_measured_errors():
    """20 sizes with 15 degrees of freedom each: the plain chi-square law would reject the right law too often."""
    random = np.random.default_rng(25)
    sizes = np.geomspace(50, 1000, 20)
    values = law(sizes, 1.0, 1.0, 2 / 3)
    fits = [extrapolate(sizes, draw(random, values, 1e-3, 16), exponent=2 / 3) for _ in range(500)]
    assert count_agrees(sum(fit.p_value < 0.05 for fit in fits), 500, 0.05, 0.002)
    plain = sum(stats.chi2.sf(fit.chi_square, 18) < 0.05 for fit in fits)
    assert plain > stats.binom.ppf(0.999, 500, 0.05)


def test_a_wrong_law_has_a_small_p_value():
    random = np.random.default_rng(24)
    values = law(SIZES, 1.0, 1.0, 2 / 3)
    fit = extrapolate(SIZES, draw(random, values, 1e-3, 30), exponent=2.0)
    assert fit.p_value < 1e-6
    assert not covered(fit.limit, 1.0, 0.999)


# Refusals ---------------------------------------------------------------------------------------------------------


def test_an_undetermined_exponent_is_refused():
    flat = exact_values(1.0 + 1e-3 * np.array([0.3, -0.2, 0.1, -0.4, 0.2]))
    with pytest.raises(InsufficientSamples, match=r"undetermined in \[0.1, 4\]") as caught:
        extrapolate(SIZES, flat)
    assert "\n" not in str(caught.value)
    assert float(extrapolate(SIZES, flat, exponent=1.0).limit.mean) == pytest.approx(1.0, abs=2e-3)
    # An exponent outside the range leaves the minimum at its end.
    steep = exact_values(law(SIZES, 1.0, 1.0, 2 / 3), 1e-6)
    with pytest.raises(InsufficientSamples, match="undetermined"):
        extrapolate(SIZES, steep, exponent_range=(1.0, 4.0))


def test_too_few_sizes_or_degrees_of_freedom_are_refused():
    values = law(SIZES, 1.0, 1.0, 1.0)
    with pytest.raises(InsufficientSamples, match="2 sizes: at least 3 are needed with a given exponent"):
        extrapolate(SIZES[:2], exact_values(values[:2]), exponent=1.0)
    with pytest.raises(InsufficientSamples, match="3 sizes: at least 4 are needed with a fitted exponent"):
        extrapolate(SIZES[:3], exact_values(values[:3]))
    with pytest.raises(InsufficientSamples, match="6 degrees of freedom"):
        extrapolate(SIZES, exact_values(values, freedom=6.0), exponent=1.0)


@pytest.mark.parametrize(
    ("sizes", "errors", "options", "argument"),
    [
        ([50, 100, 100, 200, 400], 1e-3, {}, "sizes"),
        ([50, 100, 200], 1e-3, {}, "values"),
        ([0, 50, 100, 200, 400], 1e-3, {}, "sizes[0]"),
        (SIZES, 0.0, {}, "values"),
        (SIZES, 1e-3, {"exponent": -1.0}, "exponent"),
        (SIZES, 1e-3, {"exponent_range": (2.0, 1.0)}, "exponent_range"),
        (SIZES, 1e-3, {"exponent_range": (0.0, 1.0)}, "exponent_range[0]"),
    ],
)
def test_bad_arguments_are_refused(sizes, errors, options, argument):
    with pytest.raises(InvalidArgument) as caught:
        extrapolate(sizes, exact_values(law(SIZES, 1.0, 1.0, 1.0), errors), **options)
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)
