"""``statphys-gen linear-dynamics``: what the commands print."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run_json

THEORY = json.loads(
    (Path(__file__).parents[1] / "reference" / "linear_dynamics_theory.json").read_text(encoding="utf-8")
)
S = "linear-dynamics"


def test_mode(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{S} mode -s 3 0.2 --threshold 0.5 --training-time 0.4 0"
    records = run_json(line, capsys)["results"]
    assert [r["phase"] for r in records] == ["active", "active", "lazy", "lazy"]
    assert records[0]["amplitude"] == pytest.approx(1.541932971297416, rel=1e-14)
    assert records[1]["amplitude"] == 0.0
    assert records[2]["rate"] == pytest.approx(2 * np.hypot(0.2, 0.5), rel=1e-14)
    line = f"{S} mode -s 1.3 --thresholds 0.9 0.3 --rates 2 0.4 --training-time 0.7"
    # From the three equations of one direction, see test_threshold_of_unequal_layers.
    assert run_json(line, capsys)["results"][0]["amplitude"] == pytest.approx(0.7509949560871, rel=1e-12)
    assert run_json(f"{S} mode -s 0.9 -c 0.4 --initial 0.2 --training-time 0", capsys)["results"][0][
        "amplitude"
    ] == pytest.approx(0.2, rel=1e-14)


def test_flow(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    first, second, target = (
        rng.standard_normal((9, 4)),
        0.5 * rng.standard_normal((3, 9)),
        rng.standard_normal((3, 4)),
    )
    np.save(tmp_path / "first.npy", first)
    np.savetxt(tmp_path / "second.csv", second, delimiter=",")
    np.save(tmp_path / "target.npy", target)
    layers = f"--first-layer {tmp_path}/first.npy --second-layer {tmp_path}/second.csv"
    document = run_json(f"{S} flow {layers} --target {tmp_path}/target.npy --training-time 0 0.3", capsys)
    start, later = document["results"]
    assert start["loss"] == pytest.approx(((second @ first - target) ** 2).sum() / 2, rel=1e-13)
    assert np.array(start["product"]) == pytest.approx(second @ first, rel=1e-13)
    assert later["loss"] < start["loss"]
    assert later["wide_distance"] > 0.0
    assert later["stable_rank"] == pytest.approx(
        (later["product_norm"] / later["largest_singular_value"]) ** 2, rel=1e-12
    )
    assert document["summary"]["threshold"] > 0.0
    np.save(tmp_path / "narrow.npy", first[:5])
    np.save(tmp_path / "narrow_second.npy", second[:, :5])
    narrow = f"--first-layer {tmp_path}/narrow.npy --second-layer {tmp_path}/narrow_second.npy"
    found = run_json(f"{S} flow {narrow} --target {tmp_path}/target.npy --training-time 0.3", capsys)
    assert found["results"][0]["wide_distance"] is None


def test_errors(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{S} errors -x 1 --kappa 0.3 --omega 0.2 --training-time 1.2739218898661722"
    (limit,) = run_json(line, capsys)["results"]
    assert limit["test_error"] == pytest.approx(0.4080550422963183, rel=1e-13)
    (finite,) = run_json(f"{line} -d 40", capsys)["results"]
    assert finite["test_error"] - 0.4080550422963183 == pytest.approx(0.02, abs=0.01)
    document = run_json(f"{line} -d 40 --finite-width", capsys)
    assert document["parameters"]["width"] == pytest.approx(0.09 * 1600 / 0.2, rel=1e-12)
    # About 0.4 d/w more in the train error, of simulations without the package.
    more = document["results"][0]["train_error"] - finite["train_error"]
    assert more * 18.0 == pytest.approx(0.405, abs=0.02)
    weak = run_json(f"{S} errors -x 0.3 --kappa 0.3 --training-time 1 -d 40", capsys)
    assert "below 2.5" in weak["notes"][0]


def test_best_error_and_its_inverse(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = f"{S} best-error -x 1 --lazy-ratio 0.02 0.3 --initial-noise 0 0.2 --plot {tmp_path}/best.png"
    records = run_json(line, capsys)["results"]
    assert [(r["lazy_ratio"], r["initial_noise"]) for r in records] == [
        (0.02, 0),
        (0.02, 0.2),
        (0.3, 0),
        (0.3, 0.2),
    ]
    assert records[3]["test_error"] == pytest.approx(0.4080550422963183, rel=1e-12)
    assert records[0]["dips"] == [{name: records[0][name] for name in ("training_time", "test_error")}]
    assert (tmp_path / "best.png").stat().st_size > 5000
    near = run_json(f"{S} best-error -x 1 --kappa 0.3 --dimension 60", capsys)["results"][0]
    assert near["test_error"] == pytest.approx(0.3626075517115663, rel=0.05)
    (found,) = run_json(f"{S} lazy-ratio -x 1 --test-error 0.25", capsys)["results"]
    assert found["lazy_ratio"] == pytest.approx(THEORY["ratio_of_a_quarter"]["one"], rel=1e-9)
    (none,) = run_json(f"{S} lazy-ratio -x 1 --test-error 0.9", capsys, status=3)["results"]
    assert none["status"] == "no solution in the domain"
    assert none["reason"] == "no lazy ratio has a best test error of 0.9: it lies in (0, 0.5)"


def test_weak_signal_and_lazy_width(capsys: pytest.CaptureFixture[str]) -> None:
    records = run_json(f"{S} weak-signal --tau 0.6 1.5 --threshold 0.5 --training-time 0.8", capsys)[
        "results"
    ]
    assert [r["overlap"] for r in records] == pytest.approx(
        [0.42906808623318443, 1.2087183175022327], rel=1e-11
    )
    assert records[0]["outlier"] is None
    assert records[1]["outlier"] == pytest.approx(1.5 + 1 / 1.5, rel=1e-14)
    (record,) = run_json(f"{S} lazy-width --width-ratio 4 --scaled-time 0.35", capsys)["results"]
    assert record["relative_loss"] == pytest.approx(0.5258770243510542**2, rel=1e-11)


def test_phase_diagram(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = f"{S} phase-diagram -d 200 --rank 5 --variance-exponent -1.5 -1.2 --width-exponent 1.9 2.25"
    document = run_json(f"{line} --output {tmp_path}/plane", capsys)
    assert [r["regime"] for r in document["results"]] == ["balanced", "mixed", "mixed", "lazy"]
    assert sorted(p.name for p in (tmp_path / "plane").iterdir()) == ["phase_diagram.nc", "phase_diagram.png"]
    (narrow,) = run_json(
        f"{S} phase-diagram -d 200 --rank 5 --variance-exponent -1.5 --width-exponent 0.5", capsys, status=3
    )["results"]
    assert narrow["test_error"] is None


def test_simulate(capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{S} simulate -d 16 --width 900 --variance 0.005 -x 1 --training-time 1.1 --instances 30 --seed 4"
    records = {r["observable"]: r for r in run_json(line, capsys)["results"]}
    for name in ("train_error", "test_error"):
        assert abs(records[name]["z"]) < 5
        assert set(records[name]) >= {"training_time", "value", "standard_error", "theory"}
    line = f"{S} simulate -d 10 --variance-exponent -1.1 --width-exponent 1.6 -x 1 --training-time 0.5 --instances 3"
    assert run_json(line, capsys)["parameters"]["width"] == 40
    line = (
        f"{S} simulate -d 8 --width 20 --variance 0.1 -x 1 --training-time 0.5 --instances 3 --algorithm descent "
        "--learning-rate 1e-3 --initialisation orthogonal"
    )
    assert run_json(line, capsys)["results"][0]["theory"] is not None
