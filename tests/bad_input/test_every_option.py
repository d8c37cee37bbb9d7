"""Every option of every command refuses what is outside of its domain: exit status 2, one line, nothing else."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from command_line import assert_one_line, run
from domains import DOMAINS
from every_option import (
    COMMANDS,
    PARSER,
    Case,
    bad_commands,
    bad_counts,
    bad_groups,
    bad_values,
    combinations,
    entry,
    has_entry,
    options,
)

from statphys_gen import cli

DATA = Path(__file__).parents[1] / "recorded" / "data"


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A working directory with the data of the recorded calls; and one parser, which takes 10 ms to build."""
    place = tmp_path_factory.mktemp("work")
    shutil.copytree(DATA, place / "data")
    (place / "file").write_text("not a folder")
    for name in ("folder.csv", "folder.png"):
        (place / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(cli, "build_parser", lambda: PARSER)
        yield


def assert_refused(cases: Iterable[Case], capsys: pytest.CaptureFixture[str]) -> None:
    """Every case is refused; all that are not are listed together."""
    wrong = []
    for words, said in cases:
        try:
            assert_one_line(*run(words, capsys), *said)
        except Exception as error:  # what a command raises here is a traceback for its user
            wrong.append(f"{words}\n  should say {said!r}\n  {type(error).__name__}: {error}")
        except AssertionError as error:
            wrong.append(f"{words}\n  should say {said!r}\n  {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("command", COMMANDS)
def test_values_outside_of_the_domain(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused((case for action in options(command) for case in bad_values(command, action)), capsys)


@pytest.mark.parametrize("command", COMMANDS)
def test_too_few_too_many_and_repeated(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused((case for action in options(command) for case in bad_counts(command, action)), capsys)
    assert_refused(bad_groups(command), capsys)


def test_commands_and_unknown_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(bad_commands(), capsys)


def test_combinations(capsys: pytest.CaptureFixture[str]) -> None:
    cases = list(combinations((Path(__file__).parent / "combinations.txt").read_text()))
    assert len({tuple(words) for words, _ in cases}) == len(cases)
    assert_refused(cases, capsys)


def test_every_option_has_a_domain_and_every_domain_an_option() -> None:
    keys = {
        entry(command, action) for command in COMMANDS for action in options(command) if has_entry(action)
    }
    assert keys == set(DOMAINS)
