"""The rule by which tests hold a simulation against an exact value keeps its rate, has power, and can fail."""

import agreement
import numpy as np
import pytest
from agreement import agrees, count_agrees

from statphys_gen.statistics.estimate import Estimate


@pytest.fixture(autouse=True)
def _own_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests try out is no comparison of the suite; what they conclude is (see below)."""
    monkeypatch.setattr(agreement, "spent", agreement.spent)


@pytest.mark.parametrize(("samples", "components"), [(4, ()), (9, (5,)), (100, ())])
def test_false_alarms_at_the_level(samples: int, components: tuple[int, ...]) -> None:
    """4000 experiments under a true law at 2 %: 80 alarms, within four of their standard deviations of 9."""
    random = np.random.default_rng(samples)
    alarms = sum(
        not agrees(Estimate.from_samples(random.normal(1.0, 0.1, (samples, *components))), 1.0, 0.02)
        for _ in range(4000)
    )
    assert 44 <= alarms <= 116


def test_false_alarms_between_two_estimates_of_unequal_size() -> None:
    random = np.random.default_rng(7)
    alarms = sum(
        not agrees(
            Estimate.from_samples(random.normal(1.0, 1.0, 5)),
            Estimate.from_samples(random.normal(1.0, 0.1, 40)),
            0.02,
        )
        for _ in range(4000)
    )
    assert 44 <= alarms <= 116


def test_a_planted_error_is_an_alarm() -> None:
    estimate = Estimate(np.array([1.0, 2.0]), np.array(0.01), np.array(50.0))
    assert agrees(estimate, [1.03, 1.98])
    assert not agrees(estimate, [1.0, 2.06])
    assert not agrees(estimate, [1.0, 2.04], level=1e-3)
    assert agrees(estimate, [1.0, 2.06], bias=0.03)
    assert not agrees(estimate, [1.0, 2.06], bias=[0.03, 0.0])
    assert not agrees(estimate[0], Estimate(np.array(1.07), np.array(0.01), np.array(50.0)))
    assert not agrees(Estimate.from_samples(np.full(10, 1.0)), 1.0 + 1e-12)


def test_counts_are_judged_by_the_binomial_law() -> None:
    # Of 100 throws of a coin at most 64, 65, 66 are heads with probability .99824, .99911, .99956.
    assert count_agrees(65, 100, 0.5, 0.001, "above")
    assert not count_agrees(66, 100, 0.5, 0.001, "above")
    assert count_agrees(3, 100, 0.5, 0.001, "above")
    assert not count_agrees(3, 100, 0.5, 0.001, "below")
    assert count_agrees(35, 100, 0.5, 0.001, "below")
    assert not count_agrees(34, 100, 0.5, 0.001, "below")
    assert count_agrees(34, 100, 0.5, 0.001)
    assert count_agrees(66, 100, 0.5, 0.001)
    assert not count_agrees(33, 100, 0.5, 0.001)


def test_every_comparison_spends_its_level() -> None:
    before = agreement.spent
    agrees(Estimate(np.array(1.0), np.array(0.01), np.array(50.0)), 1.0)
    count_agrees(50, 100, 0.5, 0.001)
    assert agreement.spent == pytest.approx(before + agreement.LEVEL + 0.001)
    assert agreement.LEVEL < 0.01 * agreement.TOTAL_RATE
