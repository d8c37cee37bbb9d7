"""Conversions of diffusion time, against their definitions at 50 digits."""

import mpmath
import numpy as np
import pytest

from statphys_gen import noising

TIMES = np.geomspace(1e-12, 20.0, 50)


@pytest.mark.parametrize(
    ("function", "definition"),
    [
        (noising.signal_scale, lambda t: mpmath.exp(-t)),
        (noising.noise_variance, lambda t: 1 - mpmath.exp(-2 * t)),
        (noising.signal_to_noise, lambda t: mpmath.exp(-2 * t) / (1 - mpmath.exp(-2 * t))),
        (noising.edm_sigma, lambda t: mpmath.sqrt(1 - mpmath.exp(-2 * t)) / mpmath.exp(-t)),
        (noising.vp_sigma, lambda t: mpmath.sqrt(1 - mpmath.exp(-2 * t))),
    ],
)
def test_value_to_a_few_ulp(function, definition) -> None:
    with mpmath.workdps(50):
        exact = np.array([float(definition(mpmath.mpf(float(t)))) for t in TIMES])
    np.testing.assert_allclose(function(TIMES), exact, rtol=1e-15 * 8)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (noising.signal_to_noise, noising.time_from_signal_to_noise),
        (noising.edm_sigma, noising.time_from_edm_sigma),
    ],
)
def test_round_trip(there, back) -> None:
    np.testing.assert_allclose(back(there(TIMES)), TIMES, rtol=1e-14)


def test_round_trip_of_the_variance_preserving_level_loses_only_what_saturates() -> None:
    times = np.geomspace(1e-12, 3.0, 40)
    # sigma close to 1 fixes t only to ulp / (2 (1 - sigma)).
    np.testing.assert_allclose(noising.time_from_vp_sigma(noising.vp_sigma(times)), times, rtol=1e-13)


def test_ddpm_schedule_is_the_product_of_its_betas() -> None:
    with mpmath.workdps(50):
        first, last = mpmath.mpf(1) / 10000, mpmath.mpf(2) / 100
        product = mpmath.fprod(1 - (first + (last - first) * k / 999) for k in range(1000))
        exact = float(-mpmath.log(product) / 2)
    assert noising.ddpm_times()[-1] == pytest.approx(exact, rel=1e-13)
    assert noising.ddpm_step(noising.ddpm_times()[[0, 499, 999]]) == pytest.approx([1.0, 500.0, 1000.0])
