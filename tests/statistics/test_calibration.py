"""Error bars of functions of means, and error bars against the scatter of repeated runs."""

import numpy as np
import pytest

from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.calibration import scatter_over_seeds
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.jackknife import jackknife

DRAWN = np.random.default_rng(0).exponential(size=(40, 2))


def test_the_jackknife_of_a_mean_is_the_mean():
    found, plain = jackknife(DRAWN, lambda mean: mean), Estimate.from_samples(DRAWN)
    for name in ("mean", "standard_error", "degrees_of_freedom"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), rtol=1e-12)


def test_the_bias_of_a_squared_mean_is_taken_off():
    """E of the squared mean of n numbers is too large by their variance over n, and the estimate of that is exact."""
    found = jackknife(DRAWN, lambda mean: mean**2)
    expected = DRAWN.mean(axis=0) ** 2 - DRAWN.var(axis=0, ddof=1) / len(DRAWN)
    np.testing.assert_allclose(found.mean, expected, rtol=1e-12)
    # To first order the error is that of the mean, times the derivative.
    first = 2.0 * DRAWN.mean(axis=0) * DRAWN.std(axis=0, ddof=1) / np.sqrt(len(DRAWN))
    np.testing.assert_allclose(found.standard_error, first, rtol=0.1)


def test_one_sample_has_no_error_bar():
    with pytest.raises(InsufficientSamples):
        jackknife(DRAWN[:1], lambda mean: mean)


def run(count: int, stated: float):
    def simulate(seed: int) -> Estimate:
        found = Estimate.from_samples(np.random.default_rng(seed).standard_normal(count))
        return Estimate(found.mean, stated * found.standard_error, found.degrees_of_freedom)

    return simulate


def test_a_right_error_bar_has_ratio_one_and_a_wrong_one_shows():
    """Divided by n instead of sqrt(n), an error of 25 numbers is too small by 5; twice too large it is 1/2."""
    found = scatter_over_seeds([run(25, 1.0), run(25, 0.2), run(25, 2.0)], 120, 3)
    np.testing.assert_allclose(found.standard_error, found.mean / np.sqrt(238.0), rtol=1e-12)
    t = (found.mean - [1.0, 5.0, 0.5]) / found.standard_error
    assert (np.abs(t) < 4.0).all()
    assert (np.abs(found.mean[1:] - 1.0) / found.standard_error[1:] > 6.0).all()
    np.testing.assert_array_equal(
        scatter_over_seeds([run(25, 1.0), run(25, 0.2), run(25, 2.0)], 120, 3).mean, found.mean
    )


def test_too_few_repetitions_are_refused():
    with pytest.raises(InvalidArgument, match="repetitions"):
        scatter_over_seeds([run(25, 1.0)], 7, 0)
