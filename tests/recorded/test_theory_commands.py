"""The commands print what was recorded: a fixed part of the calls; ``theory_commands.py compare`` runs them all."""

import argparse
import math
from collections import Counter
from collections.abc import Iterator

import pytest
from calls import OTHER_COMMANDS, RANDOM_COMMANDS
from theory_commands import Difference, check, command_of, differences, load, renamed_keys, workplace

from statphys_gen.cli import build_parser

CALLS = load()
# They draw pictures, or take a second and more.
SLOW = (
    "random-features phase-diagram: two variances",
    "random-features phase-diagram: eigenvalues",
    "random-features spectrum: power law",
    "rbm phase-diagram: gaussian",
    "rbm phase-diagram: low-rank",
    "rbm phase-diagram: relu",
    "rbm capacity: one step, bidirectional",
)
FAST = [call for call in CALLS if not call["random"] and call["name"] not in SLOW]
# Every fourth call of every command, from its first.
PART = [
    call
    for command in dict.fromkeys(command_of(call["arguments"]) for call in FAST)
    for call in [entry for entry in FAST if command_of(entry["arguments"]) == command][::4]
]
# Measures of rounding, and a root that scipy finds to 2e-12 only: they differ between versions of the libraries.
ROUNDING = ("residual", "error", "detectable")
# Both numbers are 0 up to rounding: a training loss where every sample is fitted, the replicon on its line.
ZERO = 1e-14


@pytest.fixture(autouse=True)
def folder() -> Iterator[None]:
    with workplace():
        yield


@pytest.mark.parametrize("call", PART, ids=[call["name"] for call in PART])
def test_nothing_moved(call: dict) -> None:
    assert not [entry for entry in check(call) if _moved(entry)]


def _moved(entry: Difference) -> bool:
    if not entry.moved or entry.field.split(".")[-1] in ROUNDING:
        return False
    both = (entry.recorded, entry.printed)
    return not all(isinstance(x, float) and abs(x) < ZERO for x in both)


def _commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[str]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield " ".join(words)
    for action in below:
        for name, command in action.choices.items():
            yield from _commands(command, (*words, name))


def test_every_theory_command_is_recorded_at_two_points() -> None:
    counts = Counter(command_of(call["arguments"]) for call in CALLS)
    systems = {call["system"] for call in CALLS}
    commands = [
        name
        for name in _commands(build_parser())
        if name not in OTHER_COMMANDS and name.split()[0] in systems
    ]
    assert len(commands) >= 27
    few = {name: counts[name] for name in commands if counts[name] < 2}
    assert not few


def test_records_are_distinct_and_say_which_are_random() -> None:
    names = [call["name"] for call in CALLS]
    assert len(set(names)) == len(names)
    for call in CALLS:
        assert call["random"] == (command_of(call["arguments"]) in RANDOM_COMMANDS)
        assert call["output"]["results"]


RECORD = {
    "exit_code": 0,
    "output": {"results": [{"time": 2.0, "status": "converged", "approximation": "exact"}]},
}


@pytest.mark.parametrize(
    ("change", "relative"),
    [
        ({"time": math.nextafter(2.0, 3.0)}, 2.220446049250313e-16),
        ({"time": 2.5}, 0.2),
        ({"time": 2}, 0.0),
        ({"time": None}, math.inf),
        ({"status": "near-critical"}, math.inf),
        ({"load": 0.1}, math.inf),
    ],
)
def test_a_difference_is_seen(change: dict, relative: float) -> None:
    printed = {"exit_code": 0, "output": {"results": [RECORD["output"]["results"][0] | change]}}
    (found,) = differences(RECORD, printed)
    assert found.relative == pytest.approx(relative, rel=1e-12)
    assert found.moved == (relative > 1e-12)
    assert not list(differences(RECORD, RECORD))


def test_new_words_have_not_moved() -> None:
    printed = {
        "exit_code": 0,
        "output": {"results": [RECORD["output"]["results"][0] | {"approximation": "-"}]},
    }
    assert [(entry.wording, entry.moved) for entry in differences(RECORD, printed)] == [(True, False)]


def test_records_without_a_key_or_of_another_number_moved() -> None:
    for results in ([], [{"time": 2.0, "approximation": "exact"}]):
        (found,) = differences(RECORD, {"exit_code": 0, "output": {"results": results}})
        assert isinstance(found, Difference)
        assert found.moved
    (status,) = differences(RECORD, RECORD | {"exit_code": 3})
    assert status.moved


def test_keys_are_renamed_everywhere_or_at_one_place() -> None:
    output = {"parameters": {"time": 1.0}, "results": [{"time": 2.0}]}
    everywhere = renamed_keys(output, {"time": "training_time"})
    assert everywhere == {"parameters": {"training_time": 1.0}, "results": [{"training_time": 2.0}]}
    there = renamed_keys(output, {"results.time": "training_time"})
    assert there == {"parameters": {"time": 1.0}, "results": [{"training_time": 2.0}]}
