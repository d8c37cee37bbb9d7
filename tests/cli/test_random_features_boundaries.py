"""``statphys-gen random-features merging-line`` and ``norm-outliers``: records, files, pictures, bad input."""

import csv
from pathlib import Path

import pytest
from command_line import assert_one_line, run, run_json

from statphys_gen.random_features.model import Activation, RandomFeatures
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.spikes import norm_outliers

LINE = "random-features merging-line"
OUTLIERS = "random-features norm-outliers"
PLANE = "--solve-for samples-per-dimension --between 30.1 30.4 --along features-per-dimension"
SHORT = f"{LINE} --activation tanh --psi-p 64 --time 0.1 {PLANE} --from 60 --to 65 --step 0.2"
QUADRATIC = "--polynomial -0.5 0.3 0.5 --psi-p 8 --time 0.3"


def test_a_merging_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, picture = tmp_path / "line.csv", tmp_path / "line.png"
    document = run_json(f"{SHORT} --save {table} --plot {picture}", capsys)
    records = document["results"]
    names = ["features_per_dimension", "samples_per_dimension", "position"]
    assert list(records[0])[:3] == names
    assert {record["status"] for record in records} == {"converged"}
    assert (records[0][names[0]], records[-1][names[0]]) == (pytest.approx(60.0), pytest.approx(65.0))
    assert document["parameters"]["solve_for"] == "samples_per_dimension"
    assert document["parameters"]["features_per_dimension"] == 64.0
    assert "samples_per_dimension" not in document["parameters"]
    # On one side of the line two bulks are separated by a gap at the position.
    record = records[len(records) // 2]
    model = RandomFeatures("tanh", record[names[0]], record[names[1]] * (1 - 1e-3), 0.1)
    edges = bulk_edges(model)
    assert edges[0, 1] < record["position"] * 1.001
    assert edges[1, 0] > record["position"] * 0.999
    assert len(edges) == 1 + len(
        bulk_edges(model.replace(samples_per_dimension=record[names[1]] * (1 + 1e-3)))
    )
    with table.open() as file:
        saved = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert [float(row["position"]) for row in saved] == [record["position"] for record in records]
    assert picture.stat().st_size > 1000


def test_outliers_of_norms(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "outliers.png"
    document = run_json(f"{OUTLIERS} {QUADRATIC} --psi-n 2 16 --plot {picture}", capsys)
    activation = Activation.from_polynomial([-0.5, 0.3, 0.5])
    for record, samples in zip(document["results"], (2.0, 16.0), strict=True):
        model = RandomFeatures(activation, 8.0, samples, 0.3)
        assert record["samples_per_dimension"] == samples
        assert record["upper_edge"] == bulk_edges(model)[-1, 1]
        assert record["upper_edge"] < min(record["row_norms"], record["sample_norms"])
    found = norm_outliers(model)
    assert record["row_norms"] == pytest.approx(found.row_norms, rel=1e-12)
    assert record["sample_norms"] == pytest.approx(found.sample_norms, rel=1e-12)
    assert "not odd" in document["notes"][0]
    assert picture.stat().st_size > 1000
    (none,) = run_json(f"{OUTLIERS} --activation tanh --psi-p 8 --psi-n 16 --time 0.3", capsys)["results"]
    assert (none["row_norms"], none["sample_norms"]) == (None, None)


BAD: list[tuple[str, str]] = [
    (LINE, "--solve-for, --between, --along, --from, --to are missing"),
    (
        f"{LINE} --activation tanh {PLANE} --from 1 --to 2",
        "--features-per-dimension is missing: it is needed",
    ),
    (f"{LINE} --activation tanh --psi-p 64 {PLANE} --from 60 --to 65", "--time is missing: it is needed"),
    (f"{SHORT} --psi-n 30", "--samples-per-dimension = 30.0: must be left out with --solve-for"),
    (SHORT.replace("30.1 30.4", "30.4 30.1"), "--between = 30.4 30.1: must be an increasing pair of numbers"),
    (SHORT.replace("30.1 30.4", "30.1"), "--between: must be followed by 2 values"),
    (SHORT.replace("30.1 30.4", "-1 30.4"), "--between = -1: must be"),
    (SHORT.replace("30.1 30.4", "10 12"), "such that the number of bulks changes by 1"),
    (SHORT.replace("--from 60", "--from 70"), "--from = 70: must be below --to = 65"),
    (SHORT.replace("--from 60", "--from 64.5"), "such that features_per_dimension = 64 is in the interval"),
    (SHORT.replace("--from 60", "--from nan"), "--from = nan: must be"),
    (
        SHORT.replace("--along features-per-dimension", "--along samples-per-dimension"),
        "--along = samples-per-dimension: must be another parameter than --solve-for",
    ),
    (SHORT.replace("--along features-per-dimension", "--along p"), "= 'p': must be one of"),
    (f"{SHORT} --step 0", "--step = 0: must be"),
    (f"{SHORT} --gap-near -1", "--gap-near = -1: must be"),
    (f"{SHORT} --max-points 1", "--max-points = 1: must be"),
    (f"{OUTLIERS} {QUADRATIC}", "--samples-per-dimension is missing"),
    (f"{OUTLIERS} {QUADRATIC} --psi-n 0", "--samples-per-dimension = 0: must be"),
    (f"{OUTLIERS} {QUADRATIC} --psi-n 2 --plot a.png", "--plot = a.png: must be left out with fewer than 2"),
]


@pytest.mark.parametrize(("line", "fragment"), BAD, ids=[line for line, _ in BAD])
def test_bad_input(
    line: str,
    fragment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_line(*run(line.split(), capsys), fragment)
