"""Standard output that cannot be written: one line on standard error and a status other than 0, for every command."""

import subprocess
import sys
from pathlib import Path

import pytest

from statphys_gen.cli import build_parser, main

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


def commands() -> list[list[str]]:
    """Every command, by walking the parser."""
    found, waiting = [], [([], build_parser())]
    while waiting:
        words, parser = waiting.pop()
        below = [a for a in parser._actions if hasattr(a, "choices") and isinstance(a.choices, dict)]
        found.append(words)
        waiting += [([*words, name], child) for action in below for name, child in action.choices.items()]
    return found


def one_line(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with FULL.open("w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        status = main(words)
    error = capsys.readouterr().err
    assert status == 1, words
    assert error == "statphys-gen: the output cannot be written: No space left on device\n", words


def test_the_help_of_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = commands()
    assert len(found) > 40
    for words in found:
        one_line([*words, "--help"], monkeypatch, capsys)


@pytest.mark.parametrize(
    "line",
    [
        "--version",
        "figures list",
        "diffusion clone-agreement --signal 1 4",
        "diffusion clone-agreement --signal 1 4 --json",
        "diffusion clone-agreement --dimension 4 --separation 1 --variance 1 --time 0.5",
        "rbm solve --hidden gaussian --convention beta --load 0.02 --temperature 0.5 --start retrieval --json",
    ],
)
def test_commands(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    one_line(line.split(), monkeypatch, capsys)


@pytest.mark.parametrize("line", ["diffusion clone-agreement --signal 1", "rbm --help", "--version"])
def test_in_a_process_of_its_own(line: str) -> None:
    """Python tries to write what is left in the buffer when it ends; nothing may come of that either."""
    command = [sys.executable, "-m", "statphys_gen.cli", *line.split()]
    with FULL.open("w") as full:
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr == "statphys-gen: the output cannot be written: No space left on device\n"
