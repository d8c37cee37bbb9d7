"""What the commands print: valid JSON with the promised keys, a table for people, and the exit status."""

import argparse
import json
import math

import numpy as np
import pytest
from command_line import run_json

from statphys_gen.cli import main, output
from statphys_gen.presentation import format_number, plain

TWO = "--dimension 256 --separation 1 --variance 1"


def test_clone_agreement_of_a_signal(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json("diffusion clone-agreement --signal 1 0 1e-3", capsys)
    first, second, third = document["results"]
    assert first["clone_agreement"] == pytest.approx(0.775200245396663685, abs=1e-15)
    assert second["clone_agreement"] == 0.5
    assert third["signal"] == 1e-3
    assert document["parameters"] == {"signal": [1.0, 0.0, 0.001], "weight": 0.5}


def test_clone_agreement_of_two_classes(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"diffusion clone-agreement {TWO} --time 2.772588722239781 5", capsys)
    first, second = document["results"]
    assert first["signal"] == pytest.approx(1.0, abs=1e-14)
    assert first["clone_agreement"] == pytest.approx(0.775200245396663685, abs=1e-13)
    assert second["time"] == 5.0


def test_aliases_of_the_field(capsys: pytest.CaptureFixture[str]) -> None:
    plainly = run_json(f"diffusion clone-agreement {TWO} --time 2", capsys)
    alias = run_json("diffusion clone-agreement -d 256 --mu-tilde 1 --sigma2 1 -t 2", capsys)
    assert plainly == alias


def test_speciation_times(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"diffusion speciation-time {TWO}", capsys)
    times = {record["criterion"]: record["time"] for record in document["results"]}
    assert times == pytest.approx(
        {
            "spectral": 0.5 * math.log(257),
            "asymptotic": 0.5 * math.log(256),
            "bayes": 0.5 * math.log(256),
            "drift": 0.5 * math.log(512),
        },
        abs=1e-14,
    )
    assert all(record["status"] == "converged" for record in document["results"])


def test_an_undefined_time_is_null_and_exits_3(capsys: pytest.CaptureFixture[str]) -> None:
    line = "diffusion speciation-time --dimension 1 --separation 0.1 --variance 0.5"
    document = run_json(line, capsys, status=3)
    assert [record["time"] for record in document["results"]] == [None] * 4
    assert {record["status"] for record in document["results"]} == {"no solution in the domain"}


def test_table_spells_out_each_approximation_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(f"diffusion speciation-time {TWO}".split()) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["criterion", "time", "signal", "status", "exactness"]
    assert sum(line.startswith("(1): ") for line in out.splitlines()) == 1


def test_plot_is_written(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("png", "pdf", "svg"):
        path = tmp_path / f"curve.{ending}"
        assert main(f"diffusion clone-agreement {TWO} --time 1 2 3 --plot {path}".split()) == 0
        assert path.stat().st_size > 1000
    path = tmp_path / "signal.png"
    assert main(f"diffusion clone-agreement --signal 0.1 1 4 --plot {path}".split()) == 0
    assert path.stat().st_size > 1000


def test_numbers_end_at_their_error() -> None:
    assert format_number(0.123456789, 1e-3) == "0.123"
    assert format_number(1234.5678, 0.02) == "1234.57"
    # A given number keeps its digits beside a large error.
    assert format_number(0.025, 0.017) == "0.025"
    assert format_number(0.13818607585, 0.017) == "0.14"
    assert format_number(0.1, None) == "0.1"
    assert format_number(math.nan, None) == "-"
    assert format_number(math.inf, None) == "inf"
    assert format_number(1e-9, 1e-3) == "1e-09"


def test_json_never_holds_nan_or_infinity() -> None:
    assert plain({"a": [math.nan, math.inf, -math.inf, 1.0]}) == {"a": [None, "inf", "-inf", 1.0]}


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("statphys-gen ")


def test_one_bad_record_among_good_ones_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 3, and every record is printed."""
    options = argparse.Namespace(json=True, save=None, plot=None)
    records = [{"x": 1.0, "status": "converged"}, {"x": None, "status": "not converged"}]
    assert output.emit(options, "a command", {}, records) == 3
    assert len(json.loads(capsys.readouterr().out)["results"]) == 2
    assert output.emit(options, "a command", {}, records[:1] * 2) == 0


def test_too_little_memory_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def too_large(*arguments: object) -> None:
        np.empty(2**50)

    monkeypatch.setattr("statphys_gen.cli._watched", too_large)
    assert main(["diffusion", "speciation-time", "-d", "10", "--separation", "1"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("statphys-gen: not enough memory: Unable to allocate")
    assert error.count("\n") == 1
