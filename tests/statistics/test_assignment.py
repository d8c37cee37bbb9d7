"""The label-assignment test against all assignments, and fractions, intervals and p-values against other routes."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from statphys_gen.errors import InvalidArgument
from statphys_gen.statistics import (
    benjamini_hochberg,
    clopper_pearson,
    conformal_p_values,
    fisher_p_value,
    label_assignment,
    newcombe,
)

POOLS = [
    ([0, 2, 1, 0, 5, 1, 1, 3], [1, 1, 0, 0, 1, 0, 1, 0]),
    ([1, 1, 1, 0, 0, 0, 1], [1, 0, 1, 0, 1, 1, 1]),
    ([4, 2, 2, 7, 0], [0, 0, 1, 1, 0]),
    ([3, 0, 0, 2], [1, 1, 1, 1]),
]


def enumerated(votes: list[int], labelled: list[int]) -> list[int]:
    chosen = itertools.combinations(range(len(votes)), sum(labelled))
    return [sum(votes[j] for j in places) for places in chosen]


@pytest.mark.parametrize(("votes", "labelled"), POOLS)
def test_the_table_counts_all_assignments(votes: list[int], labelled: list[int]) -> None:
    found, sums = label_assignment(votes, np.array(labelled, bool)), enumerated(votes, labelled)
    observed = sum(v for v, mark in zip(votes, labelled, strict=True) if mark)
    assert found.exact
    assert found.votes == observed
    assert found.p_value == pytest.approx(sum(s >= observed for s in sums) / len(sums), rel=1e-12)
    assert found.mean == pytest.approx(np.mean(sums), rel=1e-12)
    assert found.standard_deviation == pytest.approx(np.std(sums), abs=1e-12)


def test_labels_are_assigned_within_strata() -> None:
    (first, marks), (second, others) = POOLS[0], POOLS[1]
    found = label_assignment(
        first + second, np.array(marks + others, bool), [7] * len(first) + [2] * len(second)
    )
    sums = [a + b for a in enumerated(first, marks) for b in enumerated(second, others)]
    assert found.p_value == pytest.approx(sum(s >= found.votes for s in sums) / len(sums), rel=1e-12)
    assert found.standard_deviation == pytest.approx(np.std(sums), rel=1e-12)
    # Without the strata it is another question.
    assert label_assignment(first + second, np.array(marks + others, bool)).p_value != pytest.approx(
        found.p_value
    )


def test_a_tiny_p_value_keeps_its_digits() -> None:
    """30 points with 3 votes, all labelled: (N)_30/(M)_30."""
    votes, labelled = np.zeros(90, int), np.zeros(90, bool)
    votes[:30], labelled[:40] = 3, True
    exact = Fraction(math.comb(60, 10), math.comb(90, 40))
    assert label_assignment(votes, labelled).p_value == pytest.approx(float(exact), rel=1e-12)


def test_one_point_with_many_votes_is_one_point() -> None:
    votes, labelled = np.zeros(20, int), np.zeros(20, bool)
    votes[0], labelled[:15] = 500, True
    assert label_assignment(votes, labelled).p_value == pytest.approx(0.75, rel=1e-12)


def test_many_voted_points_are_drawn_instead() -> None:
    votes, labelled = np.zeros(4000, int), np.zeros(4000, bool)
    votes[:2500:2], votes[1:2500:2], labelled[:1000], labelled[3000:3800] = 1, 2, True, True
    found = label_assignment(votes, labelled, seed=3)
    assert not found.exact
    normal = stats.norm.sf((found.votes - 0.5 - found.mean) / found.standard_deviation)
    assert found.p_value == pytest.approx(normal, abs=0.01)
    assert found == label_assignment(votes, labelled, seed=3)


@pytest.mark.parametrize(
    ("votes", "labelled", "strata", "name"),
    [
        ([1.5, 0.0], [True, False], None, "votes"),
        ([-1, 0], [True, False], None, "votes"),
        ([1, 0], [1, 0], None, "labelled"),
        ([1, 0], [True], None, "labelled"),
        ([1, 0], [True, False], [0.5, 1.0], "strata"),
    ],
)
def test_what_is_no_assignment_is_refused(
    votes: list, labelled: list, strata: list | None, name: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"^{name}"):
        label_assignment(votes, np.array(labelled), strata)


@pytest.mark.parametrize(("events", "trials"), [(0, 17), (3, 20), (20, 20), (412, 5000)])
def test_clopper_and_pearson_invert_the_binomial_tails(events: int, trials: int) -> None:
    found = clopper_pearson(events, trials, level=0.9)
    assert found.fraction == events / trials
    if events:
        assert stats.binom.sf(events - 1, trials, found.lower) == pytest.approx(0.05, rel=1e-9)
    else:
        assert found.lower == 0.0
    if events < trials:
        assert stats.binom.cdf(events, trials, found.upper) == pytest.approx(0.05, rel=1e-9)
    else:
        assert found.upper == 1.0


def test_newcombe_as_printed_in_his_paper() -> None:
    """Statistics in Medicine 17, 873 (1998), table II, method 10: 56/70 - 48/80 and 10/10 - 0/20."""
    found = newcombe(56, 70, 48, 80)
    assert (found.fraction, found.lower, found.upper) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert newcombe(10, 10, 0, 20).lower == pytest.approx(0.6791, abs=5e-5)


@pytest.mark.parametrize("counts", [(8, 10, 2, 9), (0, 4, 3, 7), (40, 5000, 12, 3000)])
def test_fisher_against_the_hypergeometric_law(counts: tuple[int, int, int, int]) -> None:
    a, n, b, m = counts
    exact = sum(
        Fraction(math.comb(n, k) * math.comb(m, a + b - k), math.comb(n + m, a + b))
        for k in range(a, n + 1)
        if k <= a + b
    )
    assert fisher_p_value(*counts) == pytest.approx(float(exact), rel=1e-11)


def test_conformal_p_values_count_the_reference() -> None:
    found = conformal_p_values([0.1, 0.35, 0.2, 0.9], [0.2, 0.3, 0.5])
    assert found.tolist() == [0.25, 0.75, 0.5, 1.0]


def test_benjamini_and_hochberg_by_their_definition() -> None:
    p = np.array([0.01, 0.8, 0.03, 0.02, 0.5])
    adjusted = benjamini_hochberg(p)
    for rate in (0.02, 0.045, 0.06, 0.3, 0.7, 0.9):
        below = [k for k in range(1, 6) if np.sort(p)[k - 1] <= rate * k / 5]
        assert (adjusted <= rate).sum() == max(below, default=0)
    assert adjusted.tolist() == pytest.approx([0.05, 0.8, 0.05, 0.05, 0.625])
