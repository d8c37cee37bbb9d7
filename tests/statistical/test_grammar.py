"""The grammar's slow route against closed forms, its inputs, and a few of its judgements of the package."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from grammar import (
    FAMILIES,
    RESOLVED,
    TOLERANCE,
    Case,
    Features,
    cases,
    judged,
    nodes,
    run,
    share_refused,
    summary,
)

from statphys_gen.errors import AccuracyNotReached


@pytest.mark.parametrize("order", [16, 24])
def test_panels_resolve_spikes_kinks_and_waves(order: int) -> None:
    x, w = nodes(Features(((0.0, 1.0), (0.3, 1e-6))).edges(-40.0, 40.0), order)
    spike = np.exp(-0.5 * ((x - 0.3) / 1e-6) ** 2) / 1e-6
    np.testing.assert_allclose(
        w @ (np.exp(-0.5 * x * x) + spike), 2.0 * math.sqrt(2.0 * math.pi), rtol=RESOLVED
    )
    x, w = nodes(Features(((0.0, 1.0),), cuts=(0.7,)).edges(-60.0, 60.0), order)
    np.testing.assert_allclose(w @ np.exp(-np.abs(x - 0.7)), 2.0, rtol=RESOLVED)
    x, w = nodes(Features(((0.0, 1.0),), wavelength=0.7 / 30.0).edges(-12.0, 12.0), order)
    found = w @ (np.exp(-0.5 * x * x) * (1.0 + np.cos(30.0 * x)))
    np.testing.assert_allclose(found, math.sqrt(2.0 * math.pi) * (1.0 + math.exp(-450.0)), rtol=RESOLVED)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_makes_the_inputs_and_a_longer_run_begins_with_a_shorter_one(family: str) -> None:
    short, long = ([case.text for case in cases(family, count, 3)] for count in (4, 7))
    assert long[:4] == short
    assert len(set(long)) == 7
    assert [case.text for case in cases(family, 4, 4)] != short


def test_what_is_off_is_wrong_and_what_must_be_refused_is_not_accepted() -> None:
    right = np.array([1.0, 2.0])

    def case(value: np.ndarray, **options: bool) -> Case:
        return Case(("any",), "any", lambda: value, lambda order: (right, np.ones(2)), **options)

    assert judged(case(right)).verdict == "right"
    assert judged(case(right + np.array([0.0, 2.0 * TOLERANCE]))).verdict == "wrong"
    assert judged(case(right * np.nan)).verdict == "refused"
    assert judged(case(right, must_refuse=True)).verdict == "accepted"
    differing = Case(("any",), "any", lambda: right, lambda order: (right + order, np.ones(2)))
    assert judged(differing).verdict == "unsolved"


@pytest.mark.parametrize(
    ("family", "count"),
    [
        ("densities", 8),
        ("activations", 3),
        ("losses", 4),
    ],
)
def test_no_number_is_wrong_and_few_inputs_are_refused(family: str, count: int) -> None:
    outcomes = run(count, 0, (family,))
    failed = [
        f"{each.verdict} {each.number}: {each.case.text}: {each.reason}" for each in outcomes if each.failed
    ]
    assert not failed, "\n".join(failed)
    # Of so few inputs one may be refused.
    assert share_refused(outcomes) <= max(0.05, 1.0 / count)


@pytest.mark.parametrize(
    ("family", "numbers"),
    [
        # Steps and peaks that are declared; rules that agreed by symmetry where they had not converged.
        ("activations", (77, 141, 147, 199)),
        # Narrow dips of a declared scale; infima at infinity in the label, beside ripples.
        ("losses", (51, 287, 297)),
    ],
)
def test_inputs_that_were_wrong_or_refused_once(family: str, numbers: tuple[int, ...]) -> None:
    drawn = list(cases(family, max(numbers) + 1, 0))
    outcomes = [judged(drawn[number], number) for number in numbers]
    assert [(each.number, each.verdict, each.reason) for each in outcomes if each.verdict != "right"] == []


def test_what_is_kept_counts_refusals_by_kind() -> None:
    def case(error: type[Exception] | None) -> Case:
        def fast() -> np.ndarray:
            if error is not None:
                raise error("an error of 3.1e-05 at x = -2, allowed are 1e-6; advice")
            return np.ones(1)

        return Case(("kink", "jump"), "any", fast, lambda order: (np.ones(1), np.ones(1)))

    kept = summary([judged(case(each)) for each in (None, AccuracyNotReached, None, AccuracyNotReached)], 5)
    assert (kept["inputs"], kept["right"], kept["refused"], kept["wrong"]) == (4, 2, 2, 0)
    assert kept["refused of the solved"] == 0.5
    assert kept["refusals"] == {"AccuracyNotReached: an error of # at x = #, allowed are #": 2}
    assert kept["features of the refused"] == {"jump + kink": 2}
