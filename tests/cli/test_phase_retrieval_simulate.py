"""The commands simulate and success of phase retrieval: records, and bad input in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import agrees
from command_line import run_json

from statphys_gen.cli import main
from statphys_gen.statistics.estimate import Estimate

SIMULATE = "phase-retrieval simulate"
SUCCESS = "phase-retrieval success"


def agree_with_replicas(rows: list[dict[str, Any]], instances: int) -> bool:
    """Of a theory of three replicas; the default level would leave a wide band with so few degrees of freedom."""
    value, error, theory, its_error = np.transpose(
        [[row[name] for name in ("value", "standard_error", "theory", "theory_error")] for row in rows]
    )
    return agrees(Estimate(value, error, instances - 1.0), Estimate(theory, its_error, 2.0), 1e-3)


def test_simulate_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{SIMULATE} --alpha 6 --dimension 40 --instances 40 --offset 0.3 --seed 2", capsys)
    rows = {row["observable"]: row for row in document["results"]}
    assert list(rows) == [
        "energy",
        "lagrange_multiplier",
        "outlier",
        "outlier_overlap_squared",
        "next_eigenvalue",
    ]
    for row in rows.values():
        assert row["z"] == pytest.approx((row["value"] - row["theory"]) / row["standard_error"])
        assert row["approximation"].startswith("exact as N -> infinity")
    energy = rows["energy"]
    assert agrees(Estimate(energy["value"], energy["standard_error"], 39.0), energy["theory"])
    assert document["parameters"]["seed"] == 2


def test_simulate_says_why_there_is_no_theory(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{SIMULATE} --alpha 1 --dimension 20 --instances 5", capsys)
    rows = {row["observable"]: row for row in document["results"]}
    assert rows["outlier"]["theory"] is None
    assert rows["outlier"]["z"] is None
    assert rows["outlier"]["reason"] == "the Hessian has no signal outlier"
    document = run_json(
        f"{SIMULATE} --alpha 3 --loss intensity --dimension 20 --instances 5 --label-law null",
        capsys,
    )
    rows = {row["observable"]: row for row in document["results"]}
    assert "bounded below" in rows["smallest_eigenvalue"]["reason"]
    assert rows["energy"]["theory"] == pytest.approx(6.0)


def test_simulate_a_descent_beside_the_mean_field_theory(capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{SIMULATE} --alpha 3 --steps 5 --dimension 120 --instances 12 --starts 2 --label-law null"
    document = run_json(f"{words} --paths 1024 --replicas 3", capsys)
    rows = {row["observable"]: row for row in document["results"]}
    assert list(rows) == ["correlation", "energy", "lagrange_multiplier"]
    for row in rows.values():
        assert row["theory_error"] > 0.0
    assert agree_with_replicas([*rows.values()], 12)
    document = run_json(
        f"{SIMULATE} --alpha 3 --steps 2 --overlap 0.3 --dimension 40 --instances 4 --paths 200", capsys
    )
    assert [row["observable"] for row in document["results"]][-1] == "overlap"


def test_simulate_the_hessian_after_a_descent(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        f"{SIMULATE} --alpha 6 --steps 3 --dimension 60 --instances 10 --paths 2048 --replicas 3 --hessian"
    )
    document = run_json(words, capsys)
    rows = {row["observable"]: row for row in document["results"]}
    assert agree_with_replicas([rows["outlier_overlap_squared"]], 10)
    assert rows["outlier"]["theory"] < rows["next_eigenvalue"]["theory"]


def test_divergent_steps_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{SIMULATE} --alpha 3 --steps 20 --step-size 1 --dimension 30 --instances 3"
    assert main(words.split()) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "3 of 3 descents diverged" in captured.err
    document = run_json(
        f"{SUCCESS} --alpha 3 --dimension 20 --instances 4 --step-size 1 --duration 9", capsys, 3
    )
    (row,) = document["results"]
    assert row["rate"] is None
    assert row["status"] == "not converged"
    assert "take smaller steps" in row["reason"]


def test_success_rates_and_midpoints_resume(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = tmp_path / "success.sqlite"
    words = f"{SUCCESS} --alpha 2 3 4 --dimension 10 14 20 --instances 40 --duration 15 --store {store}"
    document = run_json(f"{words} --plot {tmp_path / 'rates.svg'}", capsys)
    assert ">success rate</text>" in (tmp_path / "rates.svg").read_text(encoding="utf-8")
    assert store.is_file()
    rows = document["results"]
    assert [(row["dimension"], row["samples_per_dimension"]) for row in rows[:4]] == [
        (10, 2.0),
        (10, 3.0),
        (10, 4.0),
        (14, 2.0),
    ]
    for row in rows:
        assert 0.0 <= row["lower"] <= row["rate"] <= row["upper"] <= 1.0
        assert row["effective_trials"] == 40
    assert document["summary"]["slope_lower"] < document["summary"]["slope"]
    assert run_json(words, capsys) == document
    assert main(words.split()) == 0
    assert "midpoint_10: " in capsys.readouterr().out


def test_predicted_slope_and_verdict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from statphys_gen.cli.phase_retrieval import success as phase_retrieval_success

    monkeypatch.setattr(phase_retrieval_success, "_PREDICTED_STEPS", 4)
    words = f"{SUCCESS} --alpha 2 3 4 --dimension 10 14 20 --instances 40 --duration 15 --predict"
    document = run_json(words, capsys)
    assert document["summary"]["predicted_slope"] > 0.0
    assert document["summary"]["verdict"] in ("confirmed", "refuted", "not resolved")
    assert any("still grows after 4 steps" in note for note in document["notes"])


def test_success_of_spectral_starts(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        f"{SUCCESS} --alpha 8 --dimension 24 --instances 6 --duration 20 --start spectral --precision single"
    )
    document = run_json(words, capsys)
    assert document["results"][0]["rate"] > 0.5
    assert any("1 ratios: a midpoint needs at least 3" in note for note in document["notes"])
