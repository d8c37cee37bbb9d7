"""Every option of every command refuses what is outside of its domain: exit status 2, one line, nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from command_line import assert_one_line, run
from cpu_time import bounded
from domains import DOMAINS
from every_option import (
    COMMANDS,
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

COMBINATIONS = Path(__file__).parent / "combinations.txt"
DATA = Path(__file__).parents[1] / "recorded" / "data"


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A working directory with the data of the recorded calls."""
    place = tmp_path_factory.mktemp("work")
    shutil.copytree(DATA, place / "data")
    (place / "file").write_text("not a folder")
    for name in ("folder.csv", "folder.png"):
        (place / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield


def assert_refused(cases: Iterable[Case], capsys: pytest.CaptureFixture[str]) -> None:
    """Every case is refused; all that are not are listed together."""
    wrong = []
    for words, said in cases:
        try:
            with bounded("bad options", " ".join(words)):
                found = run(words, capsys)
            assert_one_line(*found, *said)
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
    cases = list(combinations(COMBINATIONS.read_text()))
    assert len({tuple(words) for words, _ in cases}) == len(cases)
    assert_refused(cases, capsys)
    assert not Path("x").exists()


def test_every_option_has_a_domain_and_every_domain_an_option() -> None:
    keys = {
        entry(command, action) for command in COMMANDS for action in options(command) if has_entry(action)
    }
    assert keys == set(DOMAINS)


def test_there_are_thousands() -> None:
    cases = [
        case for command in COMMANDS for action in options(command) for case in bad_values(command, action)
    ]
    assert len(cases) >= 4000


PROCESS = """
import contextlib, os, sys
from pathlib import Path
from calls import RANDOM_COMMANDS
from every_option import COMMANDS, PARSER, bad_counts, bad_groups, bad_values, combinations, options
from statphys_gen import cli

cli.build_parser = lambda: PARSER
cases = [case for command in COMMANDS for case in bad_groups(command)]
for command in COMMANDS:
    for action in options(command):
        if action.type is not None or action.choices is not None:
            cases += [*bad_values(command, action), *bad_counts(command, action)]
theory = [
    (words, said)
    for words, said in combinations(Path(sys.argv[1]).read_text())
    if not " ".join(words).startswith(RANDOM_COMMANDS)
]
with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
    wrong = [words for words, _ in cases if cli.main(words) != 2]
    early = {"numpy", "scipy"} & set(sys.modules)
    wrong += [words for words, _ in theory if cli.main(words) != 2]
late = {"numba", "scipy.stats", "matplotlib", "pandas", "xarray"} & set(sys.modules)
print(len(cases) > 4000, len(theory) > 100, wrong, early, late)
"""


def test_what_the_parser_refuses_loads_no_numpy_and_what_a_theory_refuses_nothing_heavy() -> None:
    words = [sys.executable, "-c", PROCESS, str(COMBINATIONS)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert found.stdout == "True True [] set() set()\n"


@pytest.mark.parametrize(
    "line", ["diffusion clone-agreement --signal -1", "rbm place absent.npz", "nonsense"]
)
def test_in_a_process_of_its_own(line: str) -> None:
    words = [sys.executable, "-m", "statphys_gen.cli", *line.split()]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert_one_line(result.returncode, result.stdout, result.stderr, "must be")
