"""The example of the README runs and prints what the README says; its commands run from a clone."""

import re
import shlex
from pathlib import Path

import pytest
from command_line import run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line for line in SHELL if line.startswith("statphys-gen ")]
# What takes long is run smaller; the words that are replaced are the README's.
SMALLER = {
    "--preset full": "--preset quick",
    "verify diffusion": 'verify diffusion --only "two point masses"',
}


def test_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    printed = re.findall(r"```text\n(.*?)```", README, re.DOTALL)[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed
    assert (tmp_path / "clone_agreement.png").stat().st_size > 5000


@pytest.mark.parametrize("line", COMMANDS)
def test_commands(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, smaller in SMALLER.items():
        line = line.replace(words, smaller)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    status, out, error = run(shlex.split(line)[1:], capsys)
    assert (status, error) == (0, "")
    assert out


def test_the_commands_are_there() -> None:
    assert len(COMMANDS) >= 12
    assert all(any(words in line for line in COMMANDS) for words in SMALLER)
    others = [line.split("#")[0].strip() for line in SHELL if line and line not in COMMANDS]
    assert others == ["git clone <this repository> && cd statphys_gen", "make figures", "make test"]
