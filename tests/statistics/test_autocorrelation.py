"""Error bars of correlated series against the autoregressive process, whose autocorrelation time is known."""

import numpy as np
import pytest
from agreement import agrees, count_agrees
from scipy import signal, special, stats

from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.autocorrelation import (
    autocorrelation_function,
    effective_sample_size,
    estimate_from_chain,
    integrated_autocorrelation_time,
)
from statphys_gen.statistics.estimate import Estimate


def autoregressive(random, rho, shape):
    """x' = rho x + noise of variance 1, started at its stationary law; tau = (1 + rho) / (1 - rho)."""
    noise = random.standard_normal(shape)
    noise[..., 0] /= np.sqrt(1 - rho**2)
    return signal.lfilter([1.0], [1.0, -rho], noise, axis=-1)


def rejected(estimate, truth, level):
    t = (estimate.mean - truth) / estimate.standard_error
    return bool(2 * stats.t.sf(abs(t), estimate.degrees_of_freedom) < level)


# Autocorrelation time ---------------------------------------------------------------------------------------------


def test_autocorrelation_function_is_the_sum_of_products():
    chains = np.random.default_rng(1).normal(3.0, 1.0, (2, 40)).cumsum(axis=1)
    deviations = chains - chains.mean()
    direct = [(deviations[:, : 40 - lag] * deviations[:, lag:]).sum() / (2 * (40 - lag)) for lag in range(40)]
    assert autocorrelation_function(chains) == pytest.approx(np.array(direct) / direct[0], abs=1e-12)


@pytest.mark.parametrize("chains", [1, 8])
@pytest.mark.parametrize("rho", [0.3, 0.5, 0.9, 0.98])
def test_time_of_the_autoregressive_process(rho, chains):
    """The standard deviation of the estimator is sqrt(2 (2W + 1) / N) tau with W = 5 tau: 3 to 6 %."""
    tau = (1 + rho) / (1 - rho)
    length = int(20_000 * tau) // chains
    series = autoregressive(np.random.default_rng(7), rho, (chains, length))
    error = np.sqrt(2 * (10 * tau + 1) / (chains * length))
    assert error < 0.04
    assert agrees(Estimate(integrated_autocorrelation_time(series), error * tau, 1e9), tau)


def test_time_is_not_underestimated_on_average():
    """Mean over 2000 series of 100 autocorrelation times: 1.065 tau, known to 1.1 %.

    Without the correction for the subtracted mean it is 0.965 tau, an error bar that is too small.
    """
    random = np.random.default_rng(11)
    times = [integrated_autocorrelation_time(autoregressive(random, 0.8, 900)) for _ in range(2000)]
    assert 1.02 < np.mean(times) / 9.0 < 1.11


def test_independent_and_alternating_values_count_fully_but_not_more():
    random = np.random.default_rng(2)
    assert effective_sample_size(random.standard_normal(100_000)) == pytest.approx(100_000, rel=0.05)
    alternating = autoregressive(random, -0.9, 10_000)
    assert integrated_autocorrelation_time(alternating) == 1.0
    assert effective_sample_size(alternating) == 10_000


def test_alternation_does_not_hide_a_slow_mode():
    """72 % of the variance alternates, 28 % has tau = 99: the first lag alone would end the sum at once.

    The window is 2.8 relaxation times of the slow mode, hence a bias of -6 %.
    """
    random = np.random.default_rng(3)
    fast, slow = (autoregressive(random, rho, 400_000) * np.sqrt(1 - rho**2) for rho in (-0.98, 0.98))
    series = np.sqrt(0.72) * fast + np.sqrt(0.28) * slow
    assert autocorrelation_function(series)[1] < -0.4
    assert integrated_autocorrelation_time(series) == pytest.approx(0.72 / 99 + 0.28 * 99, rel=0.2)


# Only the announcement that arviz prints once a day at import.
@pytest.mark.filterwarnings(r"ignore:\s*ArviZ is undergoing:FutureWarning")
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_sample_size_against_arviz(rho):
    arviz = pytest.importorskip("arviz", reason="needs the extra test")

    chains = autoregressive(np.random.default_rng(4), rho, (4, 50_000))
    ours = effective_sample_size(chains)
    assert ours == pytest.approx(float(arviz.ess(chains, method="mean")), rel=0.05)
    assert ours == pytest.approx(200_000 * (1 - rho) / (1 + rho), rel=0.1)


# Error bars -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chains", [1, 4])
def test_error_bars_of_chains_are_calibrated(chains):
    """At 5 %: rejections of the true mean within the 99.9 % band; 300 autocorrelation times in each chain."""
    random = np.random.default_rng(12)
    count = 600
    estimates = [estimate_from_chain(autoregressive(random, 0.8, (chains, 2700))) for _ in range(count)]
    rejections = sum(rejected(estimate, 0.0, 0.05) for estimate in estimates)
    assert count_agrees(rejections, count, 0.05, 0.001)
    squared = np.array([float(estimate.standard_error) ** 2 for estimate in estimates])
    # With nu degrees of freedom the logarithm of the squared error has variance psi'(nu / 2), here known to 6 %
    # from 600 series. (Its own relative variance is known much worse: the noise of the window has a long tail.)
    stated = np.array([float(estimate.degrees_of_freedom) for estimate in estimates])
    assert np.log(squared).var(ddof=1) == pytest.approx(special.polygamma(1, stated / 2).mean(), rel=0.25)
    lags = np.arange(1, 2700)
    exact = (1 + 2 * ((1 - lags / 2700) * 0.8**lags).sum()) / (1 - 0.8**2) / (2700 * chains)
    assert squared.mean() == pytest.approx(exact, rel=0.07)


def test_error_bars_that_ignore_correlations_raise_false_alarms_and_are_prevented():
    """20 autocorrelation times of an autoregressive process, judged at 1 % against its true mean."""
    random = np.random.default_rng(13)
    tau, count = 19, 300
    short = [autoregressive(random, 0.9, 20 * tau) for _ in range(count)]
    naive = sum(rejected(Estimate.from_samples(series), 0.0, 0.01) for series in short)
    assert naive > count / 3

    def alarm(series):
        try:
            return rejected(estimate_from_chain(series), 0.0, 0.01)
        except InsufficientSamples:
            return None

    outcomes = [alarm(series) for series in short]
    assert outcomes.count(None) > 0.8 * count
    assert count_agrees(outcomes.count(True), count, 0.01, 0.001, "above")
    # Ten times longer, almost nothing is refused and the alarms keep their rate.
    outcomes = [alarm(autoregressive(random, 0.9, 200 * tau)) for _ in range(count)]
    assert outcomes.count(None) < 0.05 * count
    assert count_agrees(outcomes.count(True), count, 0.01, 0.001, "above")


def test_refusal_states_the_numbers():
    series = autoregressive(np.random.default_rng(14), 0.9, 300)
    with pytest.raises(InsufficientSamples) as caught:
        estimate_from_chain(series)
    tau = integrated_autocorrelation_time(series)
    message = str(caught.value)
    assert "a series of 300 values" in message
    assert f"autocorrelation time {tau:.4g}" in message
    assert f"{int(np.ceil(50 * tau))} values" in message
    assert "\n" not in message


def test_many_short_chains_do_not_make_one_long_one():
    chains = autoregressive(np.random.default_rng(15), 0.9, (200, 190))
    with pytest.raises(InsufficientSamples, match="at least 50 times that"):
        estimate_from_chain(chains)


def test_chains_in_different_states_are_refused():
    """Each chain alone looks independent; together they show that none has seen the whole law."""
    chains = np.random.default_rng(16).standard_normal((4, 5000)) + np.array([[-2.0], [2.0], [-2.0], [2.0]])
    estimate_from_chain(chains[0])
    with pytest.raises(InsufficientSamples):
        estimate_from_chain(chains)


def test_a_slow_mode_of_little_variance_is_refused():
    """5 % of the variance with tau = 399: the window closes at once, the block means see the mode."""
    random = np.random.default_rng(17)
    slow = np.sqrt(0.05 * (1 - 0.995**2)) * autoregressive(random, 0.995, 10_000)
    series = np.sqrt(0.95) * random.standard_normal(10_000) + slow
    assert integrated_autocorrelation_time(series) < 5
    with pytest.raises(InsufficientSamples, match="slow mode"):
        estimate_from_chain(series)


@pytest.mark.parametrize("series", [np.full(1000, 0.1), np.array([1.0]), np.arange(100.0)])
def test_series_without_an_error_bar_are_refused(series):
    with pytest.raises(InsufficientSamples):
        estimate_from_chain(series)


def test_bad_shapes_and_values_are_refused():
    with pytest.raises(InvalidArgument, match="chains"):
        estimate_from_chain(np.zeros((2, 3, 4)))
    with pytest.raises(InvalidArgument, match="chains"):
        integrated_autocorrelation_time([1.0, np.nan, 2.0])
