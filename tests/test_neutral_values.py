"""No check sits at a neutral value of a parameter that it does not study, beyond those that stood in this list.

A factor that is a power of a variance, a weight or a number of draws cannot be seen where that is 1 (or one half).
"""

import json
from pathlib import Path

from statphys_gen.verification import SYSTEMS, checks_of

RECORDED = Path(__file__).parent / "recorded" / "neutral_designs.json"
NEUTRAL = {
    "variance": lambda value: value == 1.0,
    "weight": lambda value: value == 0.5,
    "noise_draws": lambda value: value == 1,
    "covariance": lambda value: value == "identity",
    "overlap": lambda value: value == 1.0,
    "tilt": lambda value: value == 0.0,
}


def neutral_designs() -> dict[str, list[str]]:
    """Ids of the checks at a neutral value, by parameter."""
    found: dict[str, list[str]] = {name: [] for name in NEUTRAL}
    for system in SYSTEMS:
        for check in checks_of(system):
            if not isinstance(check.sizes, dict):
                continue
            for name, is_neutral in NEUTRAL.items():
                if name in check.sizes and is_neutral(check.sizes[name]):
                    found[name].append(check.id)
    return {name: sorted(ids) for name, ids in found.items()}


def test_no_further_check_sits_at_a_neutral_value() -> None:
    """A new check that studies the neutral value itself is added to the list, with its reason there."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    allowed = {name: {*recorded["stood"][name], *recorded["studied"].get(name, {})} for name in NEUTRAL}
    beyond = {name: sorted(set(ids) - allowed[name]) for name, ids in neutral_designs().items()}
    assert beyond == {name: [] for name in NEUTRAL}


def test_what_is_left_of_the_list_is_no_longer_than_it_was() -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    present = {check.id for system in SYSTEMS for check in checks_of(system)}
    for entries in (*recorded["stood"].values(), *recorded["studied"].values()):
        assert set(entries) <= present, "a check that is gone is taken off the list"


def test_random_features_are_checked_at_other_variances_with_two_draws() -> None:
    checks = [check for check in checks_of("random_features") if check.judged]
    away = [
        check.id
        for check in checks
        if isinstance(check.sizes, dict)
        and check.sizes.get("noise_draws") == 2
        and check.sizes.get("covariance") != "identity"
    ]
    assert {
        "plane-of-losses-at-variance-0-3-two-eigenvalues-two-draws",
        "score-error-from-the-test-loss-at-variance-2-two-eigenvalues-two-draws",
    } <= set(away)
