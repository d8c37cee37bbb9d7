"""The list of checks: complete, named apart, and able to reject a wrong theory."""

import math
from dataclasses import replace

import numpy as np
import pytest

from statphys_gen.approximation import approximation_of
from statphys_gen.random_features.checks import checks
from statphys_gen.random_features.checks.setup import _MOMENTS, REDUCED
from statphys_gen.random_features.theory.learning_curves import learning_curves
from statphys_gen.random_features.theory.spectrum import spectrum
from statphys_gen.statistics.agreement import judge

BESIDE = {
    "slowest-relaxation-of-generalisation-overfitting-and-interpolation": learning_curves,
    "edges-of-overfitting-and-of-interpolation-of-a-wide-network-leading-order": spectrum,
    "merging-of-overfitting-and-interpolation-gaussian-equivalent": spectrum,
    "random-features-by-size-each-atoms": spectrum,
    "random-features-by-size-each-merging": spectrum,
}


def test_the_list_is_long_and_named_apart():
    every = checks()
    assert len({check.name for check in every}) == len(every)
    assert sum(check.judged for check in every) >= 20


def test_a_check_agrees_and_rejects_a_theory_that_is_off():
    # The quickest one; all of them are judged at full size by the verification report.
    quick = next(check for check in checks() if check.name == "sin, p = n")
    result = quick.run()
    assert judge([result]).passed
    wrong = replace(quick, theory=lambda: result.theory * 1.02)
    verdict = judge([type(result)(wrong, wrong.theory(), result.estimate)]).agreements[0].verdict
    assert verdict == "disagrees"


@pytest.mark.parametrize("key", _MOMENTS, ids=str)
def test_coefficients_given_to_reduced_simulations_are_those_of_the_definition(key) -> None:
    """a = c_1/Gamma, v^2 = sum c_k^2 rho^k and s^2 = sum c_k^2 (1 - rho^k), by Hermite series on a trapezoid rule."""
    name, time, variance = key
    function = {"sin": np.sin, "tanh": np.tanh}[name]
    signal, noise = math.exp(-2.0 * time) * variance, -math.expm1(-2.0 * time)
    gamma = math.sqrt(signal + noise)
    z = np.arange(-150, 151) / 10.0
    weighted = function(gamma * z) * np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi) / 10.0
    series, before, now = [], np.zeros_like(z), np.ones_like(z)
    for k in range(120):
        series.append(float(weighted @ now))
        before, now = now, (z * now - math.sqrt(k) * before) / math.sqrt(k + 1.0)
    orders, squares = np.arange(2, 120), np.array(series[2:]) ** 2
    shares = orders * math.log(signal / gamma**2)
    expected = (series[1] / gamma, squares @ np.exp(shares), squares @ -np.expm1(shares))
    assert _MOMENTS[key] == pytest.approx(expected, rel=1e-11)


def test_every_reduced_simulation_says_so_and_has_a_microscopic_check_beside_it():
    """Of the same function of the theory, whose statement the checks share."""
    every = checks()
    reduced = [check for check in every if REDUCED in check.prediction]
    assert len(reduced) == 11
    for check in reduced:
        # Time scales are read off the learning curves, edges of a limit and atoms off the spectrum.
        of = approximation_of(BESIDE[check.id]) if check.id in BESIDE else check.approximation
        assert any(other.approximation is of and other.judged for other in every if other not in reduced), (
            check.name
        )
