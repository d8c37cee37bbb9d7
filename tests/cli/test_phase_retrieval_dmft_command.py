"""The command phase-retrieval dmft: records, divergence, and bad input answered by one line."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import assert_one_line, run, run_json

DMFT = "phase-retrieval dmft"
# With 512 paths a third of the seeds violates Stein's lemma by more than is allowed.
SMALL = f"{DMFT} --samples-per-dimension 1.3 --paths 4096 --replicas 2"


def test_records(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(f"{SMALL} --steps 25 --seed 3", capsys)
    assert found["command"] == DMFT
    assert found["parameters"]["seed"] == 3
    assert found["parameters"]["offset"] == 1.0
    rows = found["results"]
    assert [row["step"] for row in rows] == list(range(26))
    names = {
        "step",
        "training_time",
        "correlation",
        "energy",
        "lagrange_multiplier",
        "outlier_criterion",
        "overlap_growth",
    }
    assert names | {"status", "residual", "error", "standard_error", "approximation"} == set(rows[0])
    assert rows[0]["correlation"] == rows[0]["overlap_growth"] == 1.0
    times = [sum(min(0.01 * 1.04**j, 0.1) for j in range(k)) for k in range(26)]
    assert all(
        math.isclose(row["training_time"], time, abs_tol=1e-12) for row, time in zip(rows, times, strict=True)
    )
    assert "exact as N -> infinity" in rows[0]["approximation"]
    summary = found["summary"]
    above = [row["training_time"] for row in rows if row["outlier_criterion"] > 1.0]
    assert abs(summary["bbp_time"] - max(above)) < 0.1
    assert summary["bbp_time_error"] > 0.0


def test_no_crossing_is_null_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(f"{SMALL} --steps 4 --step-size 1e-4", capsys)
    assert found["summary"]["bbp_time"] is None
    assert found["summary"]["bbp_time_reason"].startswith("the outlier is not lost until time")


def test_the_intensity_loss_has_no_criterion(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(f"{SMALL} --loss intensity --steps 3 --step-size 0.003", capsys)
    assert all(row["outlier_criterion"] is None for row in found["results"])
    assert found["summary"] == {"bbp_time": None}


def test_warm_start_temperature_and_flow(capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{SMALL} --overlap 0.4 -T 0.2 --steps 4 --gradient-flow --step-growth 1 --every 3"
    found = run_json(words, capsys)
    rows = found["results"]
    assert [row["step"] for row in rows] == [0, 3, 4]
    assert rows[0]["overlap"] == pytest.approx(0.4)
    assert rows[2]["overlap"] > 0.4
    assert "small steps" in rows[0]["approximation"]
    assert found["parameters"]["gradient_flow"] is True


def test_divergence_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(f"{SMALL} --steps 6 --step-size 2", capsys, 3)
    late = found["results"][-1]
    assert late["status"] == "left the domain"
    assert all(
        late[name] is None for name in ("energy", "correlation", "lagrange_multiplier", "outlier_criterion")
    )
    assert "the descent diverges after step" in found["notes"][0]
    assert found["summary"]["bbp_time"] is None


def test_table_and_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "descent.png"
    status, out, err = run(f"{SMALL} --steps 3 --plot {picture}".split(), capsys)
    assert (status, err) == (0, "")
    assert picture.stat().st_size > 1000
    header = out.splitlines()[0].split()
    assert header == [
        "step",
        "training_time",
        "correlation",
        "energy",
        "lagrange_multiplier",
        "outlier_criterion",
        "overlap_growth",
        "status",
    ]
    assert "bbp_time: -" in out


def test_loads_nothing_heavy() -> None:
    script = (
        "import sys; from statphys_gen.cli import main; "
        f"main('{DMFT} --alpha 1.3 --paths 128 --replicas 2 --steps 2 --json'.split()); "
        "print([m for m in ('numba', 'scipy.stats', 'matplotlib', 'pandas', 'xarray') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


BAD = [
    (DMFT, "--samples-per-dimension is missing"),
    (f"{DMFT} --alpha 0", "--samples-per-dimension = 0: must be a number in"),
    (f"{DMFT} --alpha -3", "--samples-per-dimension = -3"),
    (f"{DMFT} --alpha nan", "--samples-per-dimension = nan"),
    (f"{DMFT} --alpha 3 4", "unrecognized arguments: 4"),
    (f"{DMFT} --alpha 3 --offset 0", "--offset = 0.0: must be above 0: without it the forces have no mean"),
    (f"{DMFT} --alpha 3 --offset -1", "--offset = -1: must be a number, at least 0"),
    (f"{DMFT} --alpha 3 --loss hinge", "= 'hinge': must be one of"),
    (f"{DMFT} --alpha 3 --loss intensity --offset 2", "--offset"),
    (f"{DMFT} --alpha 3 --overlap 1", "--overlap = 1: must be a number in (-1, 1)"),
    (f"{DMFT} --alpha 3 --overlap -1.5", "--overlap = -1.5"),
    (f"{DMFT} --alpha 3 --steps 0", "--steps = 0: must be an integer, at least 1"),
    (f"{DMFT} --alpha 3 --steps 2.5", "--steps = 2.5: must be an integer"),
    (f"{DMFT} --alpha 3 --steps 1000", "--steps = 1000: must be fewer: with --paths 4096 they need 16.4 GB"),
    (f"{DMFT} --alpha 3 --steps 400 --gradient-flow", "--steps = 400: must be fewer"),
    (f"{DMFT} --alpha 3 --steps 5000", "--steps = 5000: must be an integer, at least 1, at most 2000"),
    (f"{DMFT} --alpha 3 --paths 10", "--paths = 10: must be an integer, at least 100"),
    (f"{DMFT} --alpha 3 --paths many", "--paths = many: must be an integer"),
    (f"{DMFT} --alpha 3 --replicas 1", "--replicas = 1: must be an integer, at least 2"),
    (f"{DMFT} --alpha 3 --step-size 0", "--step-size = 0: must be a number in"),
    (f"{DMFT} --alpha 3 --step-size inf", "--step-size = inf"),
    (f"{DMFT} --alpha 3 --step-size -1e-3", "--step-size = -1e-3"),
    (f"{DMFT} --alpha 3 --step-growth 0.5", "--step-growth = 0.5: must be a number in [1, 10]"),
    (
        f"{DMFT} --alpha 3 --step-size 0.1 --step-max 0.01",
        "--step-max = 0.01: must be at least --step-size 0.1",
    ),
    (f"{DMFT} --alpha 3 --temperature -1", "--temperature = -1: must be a finite number, at least 0"),
    (f"{DMFT} --alpha 3 --temperature inf", "--temperature = inf"),
    (f"{DMFT} --alpha 3 --seed -1", "--seed = -1"),
    (f"{DMFT} --alpha 3 --threads 0", "--threads = 0"),
    (f"{DMFT} --alpha 3 --every 0", "--every = 0: must be an integer, at least 1"),
    (f"{DMFT} --alpha 3 --plot picture.txt", "--plot = "),
    (f"{DMFT} --alpha 3 --expression y**3", "must be"),
    (f"{DMFT} --alpha 3 --path 100", "unrecognized arguments: --path 100"),
]


@pytest.mark.parametrize(("words", "fragment"), BAD)
def test_bad_input(words: str, fragment: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(*run(words.split(), capsys), fragment)
