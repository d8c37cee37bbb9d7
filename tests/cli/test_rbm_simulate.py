"""``statphys-gen rbm simulate``: records beside the theory, and the same bits again."""

import pytest
from command_line import run_json

from statphys_gen.cli import main

COMMAND = "rbm simulate"
HOPFIELD = "--hidden gaussian --convention sqrt-beta --load 0.05"
SMALL = "--visible-units 60 --instances 3 --chains 4 --sweeps 4"


def test_records_stand_beside_the_theory(capsys: pytest.CaptureFixture[str]) -> None:
    # At temperature 0.2 no unit of half of these samples is ever flipped: no error, and no z.
    line = f"{COMMAND} {HOPFIELD} --temperature 0.4 --start retrieval {SMALL}"
    document = run_json(line, capsys)
    records = {record["observable"]: record for record in document["results"]}
    for record in document["results"]:
        assert set(record) >= {"observable", "value", "standard_error", "theory", "z", "approximation"}
        assert record["approximation"]
    overlap = records["overlap"]
    assert overlap["value"] == pytest.approx(overlap["theory"], abs=0.05)
    assert overlap["z"] == pytest.approx(
        (overlap["value"] - overlap["theory"]) / overlap["standard_error"], rel=1e-9
    )
    # +-1 units do not fluctuate in their square: no error, hence no z.
    assert records["self_overlap"]["value"] == 1.0
    assert records["self_overlap"]["z"] is None
    assert document["parameters"]["seed"] == 0
    assert document["parameters"]["visible_units"] == 60


def test_the_same_seed_gives_the_same_numbers_on_any_number_of_threads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = f"{COMMAND} {HOPFIELD} --temperature 1.5 --start glass {SMALL}"
    first = run_json(f"{line} --seed 3", capsys)["results"]
    assert run_json(f"{line} --seed 3 --threads 2", capsys)["results"] == first
    assert run_json(f"{line} --seed 4", capsys)["results"] != first


def test_a_theory_that_is_refused_is_null_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{COMMAND} --hidden relu --convention sqrt-beta --load 0.05 --temperature 1.5 --start paramagnet {SMALL}"
    document = run_json(line, capsys)
    for record in document["results"]:
        assert record["theory"] is None
        assert record["z"] is None
        assert "glass or retrieval" in record["reason"]
    assert any("glass or retrieval" in note for note in document["notes"])


def test_a_grid_of_points_and_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{COMMAND} {HOPFIELD} --temperature 1.5 2 --start paramagnet {SMALL}"
    document = run_json(line, capsys)
    assert [r["temperature"] for r in document["results"] if r["observable"] == "overlap"] == [1.5, 2.0]
    assert main(line.split()) == 0
    text = capsys.readouterr().out
    assert "standard_error" in text
    assert "approximation:" in text


def test_every_ensemble_runs(capsys: pytest.CaptureFixture[str]) -> None:
    start = "--temperature 0.5 --start retrieval"
    for options in (
        f"--hidden binary --convention sqrt-beta --load 0.05 {start}",
        f"--hidden binary --convention sqrt-beta --load 0 --ensemble repeated --condensed 3 {start}",
        f"--hidden ternary --convention beta --load 0.5 --ensemble low-rank --spike 2 --noise 0.3 {start}",
        f"--hidden spherical --convention sqrt-beta --load 0.05 {start}",
        f"--hidden relu --convention beta --load 0.05 --patterns sparse --density 0.5 --visible zero-one {start}",
    ):
        document = run_json(f"{COMMAND} {options} {SMALL}", capsys)
        assert len(document["results"]) == 8
