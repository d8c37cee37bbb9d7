"""The commands on collapse: keys and values."""

import math
from pathlib import Path

import numpy as np
import pytest
from command_line import run_json

TIME = "diffusion collapse-time"
ENTROPY = "diffusion excess-entropy"
SIMULATE = "diffusion simulate"
SPECIATION = {"clone_agreement", "u_turn"}
COLLAPSE = {"entropy", "participation", "excess_entropy"}
PASSAGE = {"passage_time", "passage_width"}


def test_collapse_time_of_isotropic_data(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = run_json(f"{TIME} --samples 20000 --dimension 256 --variance 1", capsys)["results"]
    # n^(2/d) - 1 = variance / (exp(2t) - 1), solved by hand.
    exact = 0.5 * math.log1p(1.0 / math.expm1(2.0 * math.log(20000) / 256))
    assert record["collapse_time"] == pytest.approx(exact, abs=1e-13)
    assert record["trap_onset_time"] > record["collapse_time"]
    assert record["width"] > 0.0
    assert record["mean_shift"] > 0.0
    assert record["status"] == "converged"


def test_a_spectrum_of_equal_eigenvalues_is_isotropic(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    np.save(tmp_path / "s.npy", np.full(256, 1.5))
    (plain,) = run_json(f"{TIME} -n 20000 -d 256 --sigma2 1.5", capsys)["results"]
    (file,) = run_json(f"{TIME} -n 2e4 --eigenvalues {tmp_path / 's.npy'}", capsys)["results"]
    for name in ("collapse_time", "trap_onset_time", "width", "mean_shift"):
        assert file[name] == pytest.approx(plain[name], rel=1e-12)


def test_excess_entropy_and_condensed_phase(capsys: pytest.CaptureFixture[str]) -> None:
    below, above = run_json(f"{ENTROPY} -n 20000 -d 256 --time 0.5 4", capsys)["results"]
    ratio = 1.0 / math.expm1(8.0)
    exact = (math.log(20000) - 128 * math.log1p(ratio)) / 256
    assert above["excess_entropy"] == pytest.approx(exact, abs=1e-14)
    assert (above["parisi_parameter"], above["test_participation_ratio"]) == (1.0, 0.0)
    assert below["excess_entropy"] < 0.0
    assert 0.0 < below["parisi_parameter"] < 1.0
    assert below["test_participation_ratio"] == pytest.approx(1.0 - below["parisi_parameter"], abs=1e-12)


@pytest.mark.parametrize(
    ("line", "observables"),
    [
        ("clones -d 16 --separation 1.3 --weight 0.3 --time 0.5 1.5 --walkers 500", SPECIATION),
        ("collapse -n 60 -d 8 --variance 0.7 --time 0.4 1 --instances 4", COLLAPSE | {"own_nearest"}),
        ("collapse -n 60 -d 10 --covariance 0.4:0.7,2:0.3 --time 0.4 --instances 4", COLLAPSE),
        ("first-passage -n 100 -d 16 --variance 0.7 --instances 3", PASSAGE),
        (
            "all -n 400 -d 16 --separation 1.3 --time 0.4 --walkers 60 --instances 3",
            SPECIATION | COLLAPSE | PASSAGE,
        ),
    ],
)
def test_simulations_stand_beside_the_theory(
    line: str, observables: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    document = run_json(f"{SIMULATE} {line}", capsys)
    assert {record["observable"] for record in document["results"]} == observables
    for record in document["results"]:
        z = (record["value"] - record["theory"]) / record["standard_error"]
        assert record["z"] == pytest.approx(z, rel=1e-6)
    assert document["parameters"]["seed"] == 0
    assert run_json(f"{SIMULATE} {line} --seed 1", capsys)["results"] != document["results"]


def test_what_the_theory_refuses_is_null_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    document = run_json(f"{TIME} -n 20 -d 3", capsys)
    (record,) = document["results"]
    assert record["collapse_time"] > 0.0
    assert record["width"] is None
    assert "width and mean_shift" in document["notes"][0]
    for record in run_json(f"{SIMULATE} first-passage -n 20 -d 3 --instances 3", capsys)["results"]:
        assert record["value"] > 0.0
        assert record["theory"] is None
        assert "so large that d v at the collapse time exceeds" in record["reason"]
