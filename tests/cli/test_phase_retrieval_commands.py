"""The commands of phase retrieval: their records, and their agreement with the library."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import agrees
from command_line import run, run_json

from statphys_gen.statistics.estimate import Estimate

SPECTRUM = "phase-retrieval spectrum"
THRESHOLD = "phase-retrieval threshold"
STATE = "phase-retrieval threshold-state"


def records(line: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> list[dict[str, Any]]:
    return run_json(line, capsys, status)["results"]


def test_spectrum(capsys: pytest.CaptureFixture[str]) -> None:
    below, above = records(f"{SPECTRUM} --samples-per-dimension 1 4", capsys)
    keys = {"bulk_edge", "edge_kind", "outlier", "outlier_overlap_squared", "lagrange_multiplier"}
    assert set(above) >= keys | {"status", "residual", "error", "approximation"}
    assert below["outlier"] is None
    assert below["outlier_overlap_squared"] is None
    # alpha E F y = 8 E (y^4 - y^2 t^2)/(1 + t^2), with E 1/(1 + t^2) = sqrt(pi/2) e^(1/2) erfc(1/sqrt 2).
    mean = math.sqrt(math.pi / 2) * math.exp(0.5) * math.erfc(math.sqrt(0.5))
    assert above["lagrange_multiplier"] == pytest.approx(4 * 2 * (3 * mean - (1 - mean)), rel=1e-12)
    assert above["outlier"] < above["bulk_edge"]
    assert above["edge_kind"] == "soft"
    assert 0.0 < above["outlier_overlap_squared"] < 1.0


def test_spectrum_with_a_density_and_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = f"{SPECTRUM} --alpha 3 --overlap 0.3 --density-points 201 --upper 60 --plot {tmp_path / 'a.png'}"
    (record,) = records(line, capsys)
    x, density = (np.array([row[name] for row in record["density"]]) for name in ("position", "density"))
    assert (x[0], x[-1]) == (pytest.approx(record["bulk_edge"]), 60.0)
    mass = float(((density[1:] + density[:-1]) / 2 * np.diff(x)).sum())
    assert 0.8 < mass < 1.0
    assert (tmp_path / "a.png").stat().st_size > 1000
    status, out, _ = run([*f"{SPECTRUM} --alpha 3 --density-points 3".split()], capsys)
    assert status == 0
    assert out.count("\n") == 7  # two headers, a record, the approximation, three points


def test_spectrum_of_points(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Independent Gaussian pairs are the law at initialisation."""
    pairs = np.random.default_rng(3).standard_normal((40_000, 2))
    pairs[:, 1] /= np.sqrt((pairs[:, 1] ** 2).mean())
    np.save(tmp_path / "pairs.npy", pairs)
    (sample,) = records(f"{SPECTRUM} --alpha 4 --points {tmp_path / 'pairs.npy'} --blocks 10", capsys)
    (law,) = records(f"{SPECTRUM} --alpha 4", capsys)
    names = ("bulk_edge", "outlier", "outlier_overlap_squared", "lagrange_multiplier")
    values, error = ([sample[name + end] for name in names] for end in ("", "_standard_error"))
    assert 0.0 < min(error) < max(error) < 0.5
    # The default level would leave a wide band with the 9 degrees of freedom of ten blocks.
    assert agrees(Estimate(values, error, 9.0), [law[name] for name in names], 1e-3)


def test_thresholds_at_initialisation(capsys: pytest.CaptureFixture[str]) -> None:
    rows = records(f"{THRESHOLD} --offset 0 0.1 1 2", capsys)
    assert [row["offset"] for row in rows] == [0.0, 0.1, 1.0, 2.0]
    assert [row["kind"] for row in rows] == ["continuous"] * 3 + ["discontinuous"]
    # 3 at S = 1/8 exactly; the others in tests/reference/phase_retrieval_initialisation.json.
    assert rows[0]["samples_per_dimension"] == pytest.approx(3.0, abs=1e-9)
    assert rows[0]["stieltjes"] == pytest.approx(0.125, abs=1e-9)
    reference = json.loads(
        (Path(__file__).parents[1] / "reference" / "phase_retrieval_initialisation.json").read_text()
    )
    for row, offset in zip(rows[1:], ("0.1", "1", "2"), strict=True):
        expected = float(reference["hard"]["2"] if offset == "2" else reference["transitions"][offset][0])
        assert row["samples_per_dimension"] == pytest.approx(expected, abs=1e-9)


def test_default_offset_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = records(THRESHOLD, capsys)
    assert row["offset"] == 1.0


def test_threshold_of_an_expression(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(
        [*THRESHOLD.split(), "--expression", "(y**2 - t**2)**2/(2*(1 + t**2))", "--json"], capsys
    )
    (row,) = json.loads(out)["results"]
    assert status == 0
    assert row["offset"] is None
    assert row["samples_per_dimension"] == pytest.approx(1.1348541263816, abs=1e-6)


def test_thresholds_of_one_step(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = f"{THRESHOLD} --state one-step --offset 1 inf --plot {tmp_path / 'b.pdf'}"
    one, infinite = records(line, capsys)
    reference = json.loads(
        (Path(__file__).parents[1] / "reference" / "phase_retrieval_threshold_states.json").read_text()
    )["thresholds"]
    assert one["samples_per_dimension"] == pytest.approx(reference["1"][0], rel=3e-9)
    assert infinite["samples_per_dimension"] == pytest.approx(reference["inf"][0], rel=3e-9)
    assert infinite["offset"] == "inf"
    assert one["kind"] == "continuous"
    assert (tmp_path / "b.pdf").stat().st_size > 1000


def reference(name: str) -> dict[str, Any]:
    path = Path(__file__).parents[1] / "reference" / f"phase_retrieval_{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_state_of_one_step(capsys: pytest.CaptureFixture[str]) -> None:
    """Below 3.3 the response would jump for more than one label in a hundred: no solution, exit status 3."""
    low, high = records(f"{STATE} --samples-per-dimension 3 7 --offset 1", capsys, status=3)
    keys = ("susceptibility", "parisi_parameter", "energy", "lagrange_multiplier", "outlier_criterion")
    assert [low[key] for key in keys] == [None] * 5
    assert low["status"] == "no solution in the domain"
    assert high["status"] == "converged"
    # Averages over the field z instead of h: tests/reference/phase_retrieval_features.py.
    (other,) = (e for e in reference("features")["marginal_states"] if e["samples_per_dimension"] == 7.0)
    for key in ("susceptibility", "parisi_parameter", "energy", "lagrange_multiplier"):
        assert high[key] == pytest.approx(other[key], rel=1e-9)
    (strict,) = records(f"{STATE} --alpha 3.9 --largest-jump-fraction 0", capsys, status=3)
    assert strict["energy"] is None


def test_state_of_full_breaking_and_its_consistency(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = records(f"{STATE} --alpha 6.55 --state full --steps 8 --consistency", capsys)
    assert row["parisi_parameter"] is None
    assert len(row["q"]) == len(row["parisi_function"]) == 8
    # Marginal stability iterated at every q, extrapolated in the number of even steps; graded ones are as good as the
    # first of that sequence, which has eight.
    other = reference("full_rsb")["states"]["6.55"]["energy"]
    missed = abs(other["sequence"][0] - other["value"])
    assert row["energy"] == pytest.approx(other["value"], abs=missed)
    assert row["energy"] == pytest.approx(other["value"], abs=row["error"])
    assert row["consistent"] is False
    assert any("complexity" in finding for finding in row["findings"])
    status, out, _ = run(f"{STATE} --alpha 6.55 --consistency".split(), capsys)
    assert status == 0
    assert "note: at 6.55: the complexity of the marginal state is negative" in out
