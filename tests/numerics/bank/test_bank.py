"""No answer of the bank is wrong under a good status, and what is not hard is answered.

Run with ``-s`` to see the refusals by kind.
"""

from __future__ import annotations

from collections import Counter

import bank_branches
import bank_quadratures
import bank_roots
import bank_spectra
import pytest
from bank_problem import judged

PROBLEMS = [
    problem
    for module in (bank_quadratures, bank_roots, bank_branches, bank_spectra)
    for problem in module.PROBLEMS
]
REFUSED: Counter[str] = Counter()


def test_the_bank_is_large_and_its_names_differ() -> None:
    assert len(PROBLEMS) >= 150
    assert len({problem.name for problem in PROBLEMS}) == len(PROBLEMS)
    answered = [problem for problem in PROBLEMS if problem.right]
    assert sum(problem.hard for problem in answered) <= 0.1 * len(answered)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_problem(problem) -> None:
    outcome = judged(problem)
    assert outcome in ("right", "refused")
    if outcome == "refused":
        REFUSED[problem.kind] += 1
        assert problem.hard, "refused, though no harder than what is answered"


def test_refusals_by_kind() -> None:
    kinds = Counter(problem.kind for problem in PROBLEMS)
    print("\nrefused: " + ", ".join(f"{REFUSED[kind]} of {count} ({kind})" for kind, count in kinds.items()))
    assert REFUSED.total() <= 0.1 * len(PROBLEMS)
