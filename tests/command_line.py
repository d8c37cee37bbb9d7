"""What the tests of the command line share: running a command, and the shape of a refusal."""

import json
from collections.abc import Sequence

import pytest

from statphys_gen.cli import main


def run(words: Sequence[object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def run_json(line: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> dict:
    """The one JSON object that a command prints: one line of valid JSON, and nothing on standard error."""
    found, out, err = run([*line.split(), "--json"], capsys)
    assert found == status, err
    assert err == ""
    assert out.count("\n") == 1

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    document = json.loads(out, parse_constant=refuse)
    command = document["command"].split()
    assert command == line.split()[: len(command)]
    assert len(command) > 1
    assert isinstance(document["results"], list)
    assert all(record["approximation"] for record in document["results"])
    return document


def assert_one_line(status: int, out: str, err: str, *fragments: str) -> None:
    """Bad input: status 2, nothing on standard output, one line that holds the fragments on standard error."""
    assert status == 2, f"status {status}: {err or out[:200]}"
    assert out == "", out
    assert err.startswith("statphys-gen: "), err
    assert err.endswith("\n"), err
    assert err.count("\n") == 1, err
    for fragment in fragments:
        assert fragment in err, f"no {fragment!r} in: {err}"
    assert "Traceback" not in err, err
