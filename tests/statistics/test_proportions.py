"""Proportions and their errors, where everything can be counted."""

import math

import pytest

from statphys_gen.statistics import bootstrap_fraction, estimate_proportion


def test_instances_are_drawn_before_their_events() -> None:
    """One instance all true, one all false: the mean of two that are drawn is 0, 1/2 or 1, the ends a quarter each."""
    found = bootstrap_fraction([[True] * 5, [False] * 5], seed=3, resamples=4000)
    assert (found.fraction, found.lower, found.upper) == (0.5, 0.0, 1.0)
    # Instances that are alike have the spread of their events alone: 40 events, 95 % within 0.5 +- 0.155.
    even = bootstrap_fraction([[True, False] * 10, [False, True] * 10], seed=3, resamples=4000)
    half = 1.96 * math.sqrt(0.25 / 40)
    assert even.lower == pytest.approx(0.5 - half, abs=0.026)
    assert even.upper == pytest.approx(0.5 + half, abs=0.026)


def test_error_of_a_proportion_counts_half_an_event_more_of_both() -> None:
    found = estimate_proportion([0, 3, 10], 10)
    assert found.mean.tolist() == [0.0, 0.3, 1.0]
    for k, events in enumerate((0, 3, 10)):
        share = (events + 0.5) / 11
        assert float(found.standard_error[k]) == pytest.approx(math.sqrt(share * (1 - share) / 9), rel=1e-12)
    assert found.degrees_of_freedom.tolist() == [9.0] * 3
