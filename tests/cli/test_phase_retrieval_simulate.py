"""The commands simulate and success of phase retrieval: records, and bad input in one line."""

from pathlib import Path

import pytest
from command_line import run_json

from statphys_gen.cli import main

SIMULATE = "phase-retrieval simulate"
SUCCESS = "phase-retrieval success"


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
    assert abs(rows["energy"]["z"]) < 4.5
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
        assert abs(row["z"]) < 5.0
        assert row["theory_error"] > 0.0
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
    assert abs(rows["outlier_overlap_squared"]["z"]) < 5.0
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


BAD = [
    ("simulate", "--samples-per-dimension"),
    ("simulate --alpha 0", "--samples-per-dimension"),
    ("simulate --alpha -3", "--samples-per-dimension"),
    ("simulate --alpha nan", "--samples-per-dimension"),
    ("simulate --alpha 3 --dimension 4", "--dimension"),
    ("simulate --alpha 3 --dimension 5000", "--dimension"),
    ("simulate --alpha 1e6 --dimension 1000", "--dimension"),
    ("simulate --alpha 0.01 --dimension 10", "--dimension"),
    ("simulate --alpha 3 --instances 1", "--instances"),
    ("simulate --alpha 3 --overlap 1", "--overlap"),
    ("simulate --alpha 3 --overlap 0.2 --label-law null", "--overlap"),
    ("simulate --alpha 3 --label-law random", "--label-law"),
    ("simulate --alpha 3 --offset 0", "--offset"),
    ("simulate --alpha 3 --offset 2 --loss intensity", "--offset"),
    ("simulate --alpha 3 --steps -1", "--steps"),
    ("simulate --alpha 3 --starts 2", "--starts"),
    ("simulate --alpha 3 --temperature 0.1", "--temperature"),
    ("simulate --alpha 3 --steps 3 --temperature -1", "--temperature"),
    ("simulate --alpha 3 --step-size 0.1", "--step-size"),
    ("simulate --alpha 3 --steps 3 --step-size 0", "--step-size"),
    ("simulate --alpha 3 --steps 3 --step-growth 0.9", "--step-growth"),
    ("simulate --alpha 3 --steps 3 --step-size 0.1 --step-max 0.01", "--step-max"),
    ("simulate --alpha 3 --steps 3 --paths 10", "--paths"),
    ("simulate --alpha 3 --steps 3 --replicas 1", "--replicas"),
    ("simulate --alpha 3 --hessian", "--hessian"),
    ("simulate --alpha 3 --steps 3 --hessian --overlap 0.1", "--hessian"),
    ("simulate --alpha 3 --steps 3 --hessian --label-law null", "--hessian"),
    ("simulate --alpha 3 --steps 3 --hessian --dimension 5000", "--dimension"),
    ("simulate --alpha 3 --threads 0", "--threads"),
    ("simulate --alpha 3 --seed -1", "--seed"),
    ("success", "--samples-per-dimension"),
    ("success --alpha 3 3", "--samples-per-dimension"),
    ("success --alpha 3 --dimension 1", "--dimension"),
    ("success --alpha 3 --dimension 64 64", "--dimension"),
    ("success --alpha 3 --instances 1", "--instances"),
    ("success --alpha 3 --starts 0", "--starts"),
    ("success --alpha 3 --start spectral --starts 2", "--starts"),
    ("success --alpha 3 --start warm", "--start"),
    ("success --alpha 3 --threshold 1", "--threshold"),
    ("success --alpha 3 --duration 0", "--duration"),
    ("success --alpha 3 --duration 1e9", "--duration"),
    ("success --alpha 3 --precision half", "--precision"),
    ("success --alpha 3 --predict", "--predict"),
    ("success --alpha 3 --temperature inf", "--temperature"),
    ("success --alpha 3 --thresh 0.9", "--thresh"),
]


@pytest.mark.parametrize(("words", "flag"), BAD, ids=[words for words, _ in BAD])
def test_bad_input(capsys: pytest.CaptureFixture[str], words: str, flag: str) -> None:
    assert main(["phase-retrieval", *words.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert flag in captured.err
