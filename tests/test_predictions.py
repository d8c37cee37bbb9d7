"""What the words claim is what the marks say: predictions, the checks that test them, the sentence of the README."""

import json
from collections import Counter
from pathlib import Path

import pytest

from statphys_gen import predictions
from statphys_gen.approximation import approximation_of
from statphys_gen.verification import SYSTEMS, checks_of

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def every() -> list[predictions.Prediction]:
    return predictions.predictions()


def test_the_sentence_of_the_readme_is_made_from_the_marks() -> None:
    """After a change of marks or checks: ``python -m statphys_gen.predictions README.md``."""
    assert predictions.summary() in README.read_text(encoding="utf-8")


def test_every_check_of_a_stated_prediction_is_linked_to_it(every: list[predictions.Prediction]) -> None:
    linked = {name for found in every for name in (*found.checks, *found.reported)}
    public = {found.function for found in every}
    assert len(public) == len(every)
    for system in SYSTEMS:
        for check in checks_of(system):
            for function in check.tested:
                assert approximation_of(function).prediction is function
                assert function in public, f"{check.id} tests {function.__name__}, which no door shows"
            assert not check.tested or check.id in linked


def test_a_mark_follows_from_the_statement_and_the_checks(every: list[predictions.Prediction]) -> None:
    for found in every:
        tested = bool(found.checks or found.reported)
        if found.approximation.verification == "derived and simulated":
            assert found.mark == ("simulated" if tested else "marked as simulated, in no check")
        else:
            assert found.mark == found.approximation.verification


def test_a_new_check_and_a_lost_one_change_the_count(
    monkeypatch: pytest.MonkeyPatch, every: list[predictions.Prediction]
) -> None:
    before = Counter(found.mark for found in every)
    assert sum(before.values()) >= 134
    system = SYSTEMS[0]
    monkeypatch.setattr(predictions, "checks_of", lambda name: [] if name == system else checks_of(name))
    after = Counter(found.mark for found in predictions.predictions())
    own = {check.id for check in checks_of(system)}
    lost = sum(found.mark == "simulated" and {*found.checks, *found.reported} <= own for found in every)
    assert lost > 10
    assert after["simulated"] == before["simulated"] - lost
    open_claims = "marked as simulated, in no check"
    assert after[open_claims] == before[open_claims] + lost
    assert f"{after[open_claims]} more say that they are simulated" in predictions.summary()


def test_the_sentence_is_written_where_its_marks_stand(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- predictions -->\nold\n<!-- end -->\nafter\n")
    predictions.write_into(path)
    assert path.read_text() == (
        f"before\n<!-- predictions -->\n{predictions.summary()}\n<!-- end -->\nafter\n"
    )
    path.write_text("no place\n")
    with pytest.raises(ValueError, match="no place for the sentence"):
        predictions.write_into(path)


# From what is claimed least to what is claimed most; a claim without a check ranks with "derived".
RANK = {"unverified": 0, "derived": 1, "marked as simulated, in no check": 1, "simulated": 2}


def frozen() -> list[dict[str, str]]:
    text = (Path(__file__).parent / "recorded" / "predictions.json").read_text(encoding="utf-8")
    return list(json.loads(text)["predictions"])


def test_no_prediction_of_the_frozen_list_is_gone_and_none_lost_its_support(
    every: list[predictions.Prediction],
) -> None:
    """A prediction that is renamed, merged or removed counts as lost; its entry in the list is not edited."""
    now = {(found.home, found.name): found for found in every}
    listed = frozen()
    assert len(listed) == len({(entry["home"], entry["name"]) for entry in listed}) == 134
    assert [entry for entry in listed if (entry["home"], entry["name"]) not in now] == []
    lost = [entry for entry in listed if RANK[now[entry["home"], entry["name"]].mark] < RANK[entry["mark"]]]
    assert lost == []
