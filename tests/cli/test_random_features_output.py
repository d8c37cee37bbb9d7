"""What the random-features commands print: the promised keys, values against independent references, files."""

import math
from pathlib import Path

import numpy as np
import pytest
import references
from command_line import run_json

from statphys_gen.cli import main
from statphys_gen.cli.random_features.options import ACTIVATIONS
from statphys_gen.random_features import model as models
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.best_stopping import early_stopping, training_window
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.learning_curves import learning_curves, ridge_curves

REFERENCE = references.document("random_features.json")
SMALL = "--activation sin --features-per-dimension 4 --samples-per-dimension 2 --time 0.1"
PAPER = "--activation tanh --psi-p 64 --psi-n 8 -t 0.01"

# Shell and Python make the same call. No bits are promised of what has no seed: sums of the same numbers can depend on
# where the libraries have put them in memory.
SAME = 1e-12


def run_table(line: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(f"random-features {line}".split()) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_the_names_of_activations_are_those_of_the_models() -> None:
    assert models.ACTIVATIONS == ACTIVATIONS


@pytest.mark.parametrize("name", ["tanh", "erf", "sin", "relu", "sign"])
def test_coefficients(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    times = {"0.01": "0.01", "1": "1", "6": "6"}
    document = run_json(f"random-features coefficients --activation {name} --time {' '.join(times)}", capsys)
    for record, time in zip(document["results"], times, strict=True):
        # The reference lists c_1, b^2, v^2, s^2, and a = c_1 for data of variance 1.
        found = [record[key] for key in ("a_t", "b_t_squared", "v_t_squared", "s_t_squared")]
        assert found == pytest.approx(
            [float(x) for x in REFERENCE["coefficients"][name][time]], rel=1e-12, abs=1e-17
        )
        assert record["time"] == float(time)
    assert document["parameters"] == {"activation": name, "time": [0.01, 1.0, 6.0], "data_variance": 1.0}


def test_coefficients_of_a_polynomial_and_of_a_variance(capsys: pytest.CaptureFixture[str]) -> None:
    line = "coefficients --polynomial 0 0 0 1 --time 0.3 --data-variance 2"
    (record,) = run_json(f"random-features {line}", capsys)["results"]
    noise, signal = -math.expm1(-0.6), 2 * math.exp(-0.6)
    total = signal + noise
    # x^3 = Gamma^3 (He_3 + 3 He_1).
    assert record["a_t"] == pytest.approx(3 * total, rel=1e-14)
    assert record["b_t_squared"] == pytest.approx(9 * total**2 * noise, rel=1e-13)
    assert record["v_t_squared"] == pytest.approx(6 * signal**3, rel=1e-13)
    assert record["s_t_squared"] == pytest.approx(6 * (total**3 - signal**3), rel=1e-13)


def test_an_activation_that_is_not_odd_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json("random-features coefficients --activation relu --time 0.1", capsys)
    assert "not odd" in document["notes"][0]
    assert "notes" not in run_json("random-features coefficients --activation tanh --time 0.1", capsys)
    line = "spectrum --activation relu --psi-p 4 --psi-n 2 -t 0.1 --dimension 100"
    document = run_json(f"random-features {line}", capsys)
    assert "not odd" in document["notes"][0]
    # p c_0^2 with c_0 = 1/sqrt(2 pi) of unit variance.
    assert document["results"][0]["outliers"]["mean"] == pytest.approx(400 / (2 * math.pi), rel=1e-12)
    assert any(text.startswith("note: outliers in dimension 100") for text in run_table(line, capsys))


def test_spectrum_has_the_reference_edges(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"random-features spectrum {PAPER}", capsys)
    (record,) = document["results"]
    case = next(c for c in REFERENCE["edges"] if c["case"] == ["tanh", "64", "8", "0.01"])
    edges = [bulk[end] for bulk in record["bulks"] for end in ("lower", "upper")]
    assert edges == pytest.approx([float(x) for x in case["edges"]], rel=1e-11)
    assert [bulk["weight"] for bulk in record["bulks"]] == pytest.approx([1 / 64, 7 / 64, 1 / 64], abs=1e-12)
    (atom,) = record["atoms"]
    assert atom["weight"] == 55 / 64
    assert atom["position"] == pytest.approx(float(REFERENCE["coefficients"]["tanh"]["0.01"][3]), rel=1e-12)
    assert record["status"] == "converged"
    assert record["residual"] < 1e-8
    assert document["parameters"] == {
        "activation": "tanh",
        "time": 0.01,
        "covariance": "identity",
        "noise_draws": "inf",
        "features_per_dimension": 64.0,
        "samples_per_dimension": 8.0,
    }


def test_spectrum_of_other_covariances_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = run_json(f"random-features spectrum {SMALL} --covariance 0.5:0.5,1.5:0.5", capsys)["results"][0]
    path = tmp_path / "eigenvalues.npy"
    np.save(path, np.repeat([1.5, 0.5], 10))
    listed = run_json(f"random-features spectrum {SMALL} --eigenvalues {path}", capsys)["results"][0]
    for one, other in zip(listed["bulks"], two["bulks"], strict=True):
        assert list(one.values())[:4] == pytest.approx(list(other.values())[:4], rel=1e-11)
    expected = bulk_edges(
        RandomFeatures("sin", 4, 2, 0.1, models.Covariance([0.5, 1.5], [0.5, 0.5]), noise_draws=1)
    )
    finite = run_json(
        f"random-features spectrum {SMALL} --covariance 0.5:0.5,1.5:0.5 --noise-draws 1", capsys
    )["results"][0]
    for bulk, edges in zip(finite["bulks"], expected, strict=True):
        assert [bulk["lower"], bulk["upper"]] == pytest.approx(edges, rel=SAME)
    assert finite["atoms"] == [{"position": 0.0, "weight": 0.5}]


def test_continuous_covariance(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"learning-curves {SMALL} --tau 3 --covariance"
    for text, covariance in (
        ("marchenko-pastur:0.5", models.Covariance.marchenko_pastur(0.5)),
        ("power-law:1", models.Covariance.power_law(1.0)),
    ):
        document = run_json(f"random-features {line} {text}", capsys)
        expected = learning_curves(RandomFeatures("sin", 4, 2, 0.1, covariance), 3.0)
        assert document["results"][0]["test_loss"] == pytest.approx(float(expected.test_loss), rel=SAME)
        assert document["parameters"]["covariance"] == text


def test_density_of_the_spectrum(capsys: pytest.CaptureFixture[str]) -> None:
    record = run_json(f"random-features spectrum {SMALL} --density-points 200", capsys)["results"][0]
    x, y = (np.array([point[name] for point in record["density"]]) for name in ("position", "density"))
    assert len(x) == 200 * len(record["bulks"])
    for k, bulk in enumerate(record["bulks"]):
        part = slice(200 * k, 200 * (k + 1))
        assert ((x[part] > bulk["lower"]) & (x[part] < bulk["upper"])).all()
        # The positions are midpoints in the angle between the edges.
        angle = (np.arange(200) + 0.5) * np.pi / 200
        step = 0.5 * (bulk["upper"] - bulk["lower"]) * np.sin(angle) * np.pi / 200
        assert float(step @ y[part]) == pytest.approx(bulk["weight"], rel=1e-8)
    lines = run_table(f"spectrum {SMALL} --density-points 5", capsys)
    assert lines[0].split() == ["part", "lower", "upper", "weight", "modes", "status"]
    assert sum(line.split() == ["position", "density"] for line in lines) == 1


def test_learning_curves(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"random-features learning-curves {SMALL} --training-time 0 10 inf", capsys)
    expected = learning_curves(RandomFeatures("sin", 4, 2, 0.1), [0.0, 10.0, math.inf])
    for k, record in enumerate(document["results"]):
        for name in ("train_loss", "test_loss", "score_error"):
            assert record[name] == pytest.approx(getattr(expected, name)[k], rel=SAME)
        assert record["status"] == "converged"
        assert 0 <= record["error"] < 1e-8
    assert document["results"][0]["train_loss"] == pytest.approx(1.0, abs=1e-12)
    assert document["results"][0]["score_error"] == pytest.approx(1.0, abs=1e-11)
    assert [record["training_time"] for record in document["results"]] == [0.0, 10.0, "inf"]
    assert document["parameters"]["training_time"] == [0.0, 10.0, "inf"]


def test_curves_of_ridge(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"random-features learning-curves {SMALL} --ridge 0 0.5", capsys)
    expected = ridge_curves(RandomFeatures("sin", 4, 2, 0.1), [0.0, 0.5])
    assert [record["penalty"] for record in document["results"]] == [0.0, 0.5]
    found = [record["score_error"] for record in document["results"]]
    assert found == pytest.approx(expected.score_error.tolist(), rel=SAME)


def test_the_table_shows_the_score_error_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    header, row, *_ = run_table(f"learning-curves {SMALL} --tau 10", capsys)
    assert header.split() == ["training_time", "train_loss", "test_loss", "score_error", "status"]
    expected = float(learning_curves(RandomFeatures("sin", 4, 2, 0.1), 10.0).score_error)
    assert float(row.split()[3]) == pytest.approx(expected, rel=1e-11)


def test_early_stopping(capsys: pytest.CaptureFixture[str]) -> None:
    line = "early-stopping --activation sin --psi-p 4 --psi-n 2 6 -t 0.1 --window 0.5 -d 100 --eta 0.1"
    document = run_json(f"random-features {line}", capsys)
    assert document["parameters"]["samples_per_dimension"] == [2.0, 6.0]
    for n, record in zip((2, 6), document["results"], strict=True):
        model = RandomFeatures("sin", 4, n, 0.1)
        best, window = early_stopping(model), training_window(model, 0.5)
        # A minimum: its place is known to the stated error, its value to rounding.
        assert record["training_time"] == pytest.approx(best.training_time, rel=0, abs=record["error"])
        assert record["score_error"] == pytest.approx(best.score_error, rel=SAME)
        assert record["final_score_error"] == pytest.approx(best.final_score_error, rel=SAME)
        found = [record["window_start"], record["window_stop"]]
        assert found == pytest.approx([window.start, window.stop], rel=1e-12)
        assert [record["window_start_steps"], record["window_stop_steps"]] == pytest.approx(
            window.steps(100, 0.1), rel=1e-14
        )
        # Beyond the stated error, the score error is larger on both sides.
        reach = 3e-4 * best.training_time + record["error"]
        around = learning_curves(model, [best.training_time - reach, best.training_time + reach]).score_error
        assert (around > record["score_error"]).all()
        assert record["error"] < 1e-7 * best.training_time


def test_an_endless_score_error_is_the_string_inf(capsys: pytest.CaptureFixture[str]) -> None:
    line = "early-stopping --activation sin --psi-p 2 --psi-n 2 -t 0.2 -m 1"
    (record,) = run_json(f"random-features {line}", capsys)["results"]
    assert record["final_score_error"] == "inf"
    assert math.isfinite(record["training_time"])


def test_timescales(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = run_json(f"random-features timescales {PAPER}", capsys)["results"]
    case = next(c for c in REFERENCE["edges"] if c["case"] == ["tanh", "64", "8", "0.01"])
    noise = -math.expm1(-0.02)
    names = ("interpolation_time", "overfitting_time", "generalisation_time")
    for k, name in enumerate(names):
        assert record[name] == pytest.approx(64 / (2 * noise * float(case["edges"][2 * k])), rel=1e-11)
    assert record["unit"] == "rate-exact"
    (paper,) = run_json(f"random-features timescales {PAPER} --unit paper", capsys)["results"]
    assert [paper[name] for name in names] == pytest.approx([2 * record[name] for name in names], rel=1e-14)
    (empty,) = run_json("random-features timescales --activation tanh --psi-p 2 --psi-n 4 -t 0.1", capsys)[
        "results"
    ]
    assert empty["interpolation_time"] is None
    assert empty["generalisation_time"] < empty["overfitting_time"]


def test_phase_diagram_writes_a_dataset_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import xarray

    folder = tmp_path / "new" / "plane"
    line = f"phase-diagram --activation sin -t 0.1 --tau 10 inf --psi-p 2 4 --points 2 --output {folder}"
    document = run_json(f"random-features {line}", capsys)
    assert len(document["results"]) == 2 * 2 * 2
    with xarray.open_dataset(folder / "phase_diagram.nc", engine="h5netcdf") as dataset:
        assert dict(dataset.sizes) == {
            "training_time": 2,
            "features_per_dimension": 2,
            "samples_per_dimension": 2,
        }
        expected = learning_curves(RandomFeatures("sin", 4, 128.0, 0.1), [10.0, math.inf])
        # The plane is solved in other batches, which may round otherwise.
        np.testing.assert_allclose(dataset.test_loss.values[:, 1, 1], expected.test_loss, rtol=1e-13)
        assert dataset.attrs["activation"] == "sin"
    assert (folder / "phase_diagram.png").stat().st_size > 5000
    assert document["summary"]["files"] == [str(folder / f"phase_diagram.{e}") for e in ("nc", "png", "pdf")]


@pytest.mark.parametrize(
    "line",
    [
        "coefficients --activation linear --time 0.1 1",
        f"spectrum {SMALL}",
        f"learning-curves {SMALL} --tau 1 10 inf",
        f"learning-curves {SMALL} --ridge 0",
        f"early-stopping {SMALL}",
        "timescales --activation sin --psi-p 4 --psi-n 2 6 -t 0.1",
    ],
)
def test_plots_are_written(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "picture.png"
    run_table(f"{line} --plot {path}", capsys)
    assert path.stat().st_size > 5000
