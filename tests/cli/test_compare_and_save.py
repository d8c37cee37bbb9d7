"""``compare`` with tables of measured values, and the records of a command saved to a file."""

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest
import references
import xarray
from command_line import run

from statphys_gen import __version__

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


TIMES = ["0.5", "1.0", "2.5"]


def measured(times: list[str], shifts: list[float], capsys: pytest.CaptureFixture[str]) -> list[float]:
    """Values of the command itself, shifted."""
    _, out, _ = run([*PREDICTION.split(), "--time", *times, "--json"], capsys)
    records = json.loads(out)["results"]
    return [record["clone_agreement"] + shift for record, shift in zip(records, shifts, strict=True)]


WRITTEN: dict[str, tuple[str, str, bool]] = {
    "commas": (",", "standard_error", False),
    "semicolons": (";", "standard_error", False),
    "tabs": ("\t", "standard_error", False),
    "decimal commas": (";", "standard_error", True),
    "err": (",", "err", False),
    "sigma": (",", "sigma", False),
    "stderr": (",", "stderr", False),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_tables_as_people_write_them(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    delimiter, name, comma = WRITTEN[case]
    values = measured(TIMES, [0.01, -0.02, 0.0], capsys)
    rows = [delimiter.join([t, repr(v), "0.01"]) for t, v in zip(TIMES, values, strict=True)]
    header = delimiter.join(["time", "clone_agreement", name])
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *(row.replace(".", ",") if comma else row for row in rows)]))
    status, out, _ = run(["compare", path, "--prediction", PREDICTION, "--json"], capsys)
    document = json.loads(out)
    assert status == 0
    np.testing.assert_allclose([row["z"] for row in document["results"]], [1.0, -2.0, 0.0], atol=1e-9)
    assert [row["time"] for row in document["results"]] == [0.5, 1.0, 2.5]
    assert document["summary"]["chi_square"] == pytest.approx(5.0)
    assert 0.0 < document["summary"]["p_value"] < 1.0


def test_columns_that_belong_to_nothing_are_left_out_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value = measured(["1.0"], [0.01], capsys)[0]
    rows = [f"7,1.0,{value},0.01,good", f"8,1.0,{value},0.02,poor"]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["run,time,clone_agreement,err,remark", *rows]))
    status, out, _ = run(["compare", path, "--prediction", PREDICTION, "--json"], capsys)
    document = json.loads(out)
    assert status == 0
    assert any("left out" in note and "run, remark" in note for note in document["notes"])
    assert "columns read by another name: err as standard_error" in document["notes"]
    np.testing.assert_allclose([row["z"] for row in document["results"]], [1.0, 0.5], atol=1e-9)


def test_a_row_without_theory_is_not_judged_and_the_others_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Above the capacity of the Hopfield model there is no retrieval: that row has no prediction."""
    prediction = "rbm solve --hidden gaussian --convention beta --temperature 0.2 --start retrieval"
    _, out, _ = run([*prediction.split(), "--load", "0.02", "0.05", "--json"], capsys)
    overlaps = [record["overlap"] for record in json.loads(out)["results"]]
    path = tmp_path / "t.csv"
    rows = [f"0.02,{overlaps[0] + 0.01},0.01", "0.5,0.3,0.01", f"0.05,{overlaps[1] - 0.02},0.01"]
    path.write_text("\n".join(["load,overlap,standard_error", *rows]) + "\n")
    status, out, _ = run(["compare", path, "--prediction", prediction, "--json"], capsys)
    document = json.loads(out)
    assert status == 3
    first, none, last = document["results"]
    assert first["z"] == pytest.approx(1.0)
    assert last["z"] == pytest.approx(-2.0)
    assert none["z"] is None
    assert none["theory"] is None
    assert none["status"] not in (None, "converged")
    assert document["summary"]["chi_square"] == pytest.approx(5.0)
    assert any("2 of 3 rows; no theory for row 2" in note for note in document["notes"])


def test_rows_that_repeat_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,clone_agreement,err\n1,0.9,0.1\n2,0.8,0.1\n1,0.9,0.1\n")
    status, out, error = run(["compare", path, "--prediction", PREDICTION], capsys)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "independent measurements; rows 1 and 3 are the same" in error


def test_numbers_have_no_underscores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,clone_agreement,err\n1,1_0,0.1\n")
    status, _, error = run(["compare", path, "--prediction", PREDICTION], capsys)
    assert (status, error.count("\n")) == (2, 1)
    assert "clone_agreement = 1_0: must be a number" in error
    spectrum = "random-features spectrum --activation tanh --psi-p 8 --psi-n 2 --time 0.5"
    for words in (
        f"{PREDICTION} --time 1_0",
        f"{PREDICTION.replace('256', '25_6')} --time 1",
        "rbm solve --hidden relu --hidden-parameter threshold=1_0 --convention beta --temperature 1 --load 0.1",
        f"{spectrum} --covariance 1_0:1",
        f"{spectrum} --covariance power-law:1_0",
        f"{PREDICTION} --time \u0661",
    ):
        status, out, error = run(words.split(), capsys)
        assert (status, out, error.count("\n")) == (2, "", 1), words


def test_many_rows_cost_what_one_call_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = [repr(float(t)) for t in np.linspace(0.1, 4.0, 2001)]
    values = np.random.default_rng(1).uniform(0.5, 1.0, len(times)).tolist()
    path = tmp_path / "t.csv"
    rows = [f"{t},{x},0.3" for t, x in zip(times, values, strict=True)]
    path.write_text("\n".join(["time,clone_agreement,err", *rows]) + "\n")
    begun = time.process_time()
    status, out, _ = run(["compare", path, "--prediction", PREDICTION, "--json"], capsys)
    taken = time.process_time() - begun
    assert status in (0, 3)
    assert len(json.loads(out)["results"]) == len(times)
    # A run for each row takes 26 seconds.
    assert taken < 5.0


def test_records_are_saved_as_csv_and_netcdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diffusion", "clone-agreement", "--signal", "1", "4", "--json", "--save"]
    _, out, _ = run([*words, tmp_path / "a.csv"], capsys)
    results = json.loads(out)["results"]
    with (tmp_path / "a.csv").open(newline="") as stream:
        assert json.loads(stream.readline().removeprefix("# "))["version"] == __version__
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
        stream.readline()
        row = next(csv.DictReader(stream))
    assert json.loads(row["bulks"])[0]["lower"] > 0
