"""``compare`` with tables of measured values, and the records of a command saved to a file."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import references
import xarray
from command_line import run

PREDICTION = "diffusion clone-agreement --dimension 256 --separation 1 --variance 1"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The clones of the authors of arXiv 2402.18491 at d = 256, where their error is not zero."""
    saved = references.document("diffusion_published_clones.json")
    rows = [(t, p, np.sqrt(p * (1 - p) / saved["pairs"])) for t, p in saved["agreement"]["256"] if p < 0.99]
    path = tmp_path / "clones.csv"
    path.write_text("time,clone_agreement,standard_error\n" + "".join(f"{t},{p},{e}\n" for t, p, e in rows))
    return path


def test_published_clones_agree_with_the_theory_and_not_with_that_of_another_dimension(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(["compare", table, "--prediction", PREDICTION, "--json"], capsys)
    document = json.loads(out)
    assert status == 0
    assert document["summary"]["verdict"] == "agrees"
    assert document["summary"]["chi_square_degrees_of_freedom"] == len(document["results"]) == 11
    first = document["results"][0]
    assert first["time"] == 2.0
    assert first["z"] == pytest.approx((first["value"] - first["theory"]) / first["standard_error"])
    assert first["approximation"].startswith("exact")
    status, out, _ = run(["compare", table, "--prediction", PREDICTION.replace("256", "280")], capsys)
    assert status == 3
    assert "verdict: disagrees" in out


def test_a_column_that_is_no_option_chooses_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "times.csv"
    path.write_text(
        "dimension,criterion,time,standard_error,degrees_of_freedom\n256,spectral,2.7726,0.01,9\n"
    )
    words = [
        "compare",
        path,
        "--prediction",
        "diffusion speciation-time --separation 1 --variance 1",
        "--json",
    ]
    status, out, _ = run([*words], capsys)
    assert status == 0
    assert json.loads(out)["results"][0]["theory"] == pytest.approx(np.log(257) / 2, abs=0.01)


def test_records_are_saved_as_csv_and_netcdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diffusion", "clone-agreement", "--signal", "1", "4", "--json", "--save"]
    _, out, _ = run([*words, tmp_path / "a.csv"], capsys)
    results = json.loads(out)["results"]
    with (tmp_path / "a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["clone_agreement"]) for row in rows] == [r["clone_agreement"] for r in results]
    assert rows[0]["time"] == ""
    run([*words, tmp_path / "a.nc"], capsys)
    with xarray.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as dataset:
        assert dataset["clone_agreement"].values.tolist() == [r["clone_agreement"] for r in results]
        assert np.isnan(dataset["time"].values).all()
        assert json.loads(dataset.attrs["parameters"])["signal"] == [1.0, 4.0]
        assert dataset.attrs["command"] == "diffusion clone-agreement"


def test_lists_inside_a_record_are_saved_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = (
        "random-features spectrum --activation tanh --features-per-dimension 8 --samples-per-dimension 2"
    )
    run([*command.split(), "--time", "0.5", "--json", "--save", tmp_path / "a.csv"], capsys)
    with (tmp_path / "a.csv").open(newline="") as stream:
        row = next(csv.DictReader(stream))
    assert json.loads(row["bulks"])[0]["lower"] > 0
