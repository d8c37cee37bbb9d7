"""What the tests of the command line share: running a command, and the shape of a refusal."""

import pytest

from statphys_gen.cli import main


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def assert_one_line(status: int, out: str, err: str, fragment: str) -> None:
    """Bad input: status 2, nothing on standard output, one line that holds the fragment on standard error."""
    assert status == 2, err
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert err.startswith("statphys-gen: ")
    assert fragment in err
    assert "Traceback" not in err
