"""Crossings of a level, exponents over sizes, and fractions with bootstrap intervals."""

import math

import numpy as np
import pytest

from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.onset import log_crossing, power_law_exponent
from statphys_gen.statistics.proportions import bootstrap_fraction


def test_a_crossing_is_linear_in_the_logarithm():
    assert log_crossing([1, 10, 1000], [0.0, 0.1, 0.5], 0.2) == pytest.approx(
        math.log(10 * 100**0.25), rel=1e-14
    )


@pytest.mark.parametrize(
    ("looks", "values"), [([1, 10], [0.0, 0.1]), ([1, 10], [0.3, 0.4]), ([0, 10], [0.0, 0.4])]
)
def test_a_level_that_is_not_crossed_between_looks_is_refused(looks, values):
    with pytest.raises(InsufficientSamples, match=r"fraction of copies does not cross 0\.2"):
        log_crossing(looks, values, 0.2, name="fraction of copies")


def test_an_exponent_and_its_error():
    sizes = np.array([10.0, 20.0, 80.0])
    onsets = Estimate(1.7 * np.log(sizes) + 0.3, np.array([0.1, 0.2, 0.1]), np.array([4.0, 4.0, 4.0]))
    found = power_law_exponent(sizes, onsets)
    assert float(found.mean) == pytest.approx(1.7, rel=1e-13)
    x = np.log(sizes) - np.log(sizes).mean()
    assert float(found.standard_error) == pytest.approx(
        math.sqrt((x / (x @ x)) ** 2 @ np.array([0.01, 0.04, 0.01])), rel=1e-12
    )


@pytest.mark.parametrize("events", [[0.2, 0.4], [], np.zeros((2, 2, 2), bool)])
def test_a_fraction_needs_booleans(events):
    with pytest.raises(InvalidArgument, match="events"):
        bootstrap_fraction(events)


def test_the_first_of_several_crossings() -> None:
    """Up between 1 and 2, down, and up again for good: linear in the logarithm in the first interval."""
    found = log_crossing([1.0, 2.0, 4.0, 8.0, 16.0], [0.0, 0.8, 0.1, 0.9, 1.0], 0.5)
    assert found == pytest.approx(0.625 * math.log(2.0), rel=1e-12)


def test_degrees_of_freedom_of_an_exponent_are_those_of_welch_and_satterthwaite() -> None:
    """Two sizes a factor of 2 apart: the difference of the logarithms over log 2."""
    onsets = Estimate(np.array([0.3, 1.1]), np.array([0.1, 0.2]), np.array([4.0, 9.0]))
    found = power_law_exponent([10.0, 20.0], onsets)
    assert float(found.mean) == pytest.approx(0.8 / math.log(2.0))
    assert float(found.standard_error) == pytest.approx(math.sqrt(0.05) / math.log(2.0))
    assert float(found.degrees_of_freedom) == pytest.approx(0.05**2 / (0.01**2 / 4 + 0.04**2 / 9))
