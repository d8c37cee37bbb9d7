"""The commands on collapse: keys and values, and bad input."""

import math
from pathlib import Path

import numpy as np
import pytest
from command_line import run_json

from statphys_gen.cli import main

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


DOMAINS: dict[str, tuple[list[str], list[str]]] = {
    "--samples": (
        [f"{TIME} -d 4", f"{ENTROPY} -d 4 --time 1", f"{SIMULATE} collapse -d 4 --time 1"],
        ["0", "1", "-5", "2.5", "nan", "inf", "many"],
    ),
    "--dimension": ([f"{TIME} -n 9", f"{ENTROPY} -n 9 --time 1"], ["0", "-1", "1.5", "nan", "wide"]),
    "--variance": ([f"{TIME} -n 9 -d 4", f"{ENTROPY} -n 9 -d 4 --time 1"], ["0", "-1", "nan", "inf", "x"]),
    "--time": ([f"{ENTROPY} -n 9 -d 4", f"{SIMULATE} collapse -n 9 -d 4"], ["0", "-1", "nan", "inf", "now"]),
    "--instances": ([f"{SIMULATE} collapse -n 9 -d 4 --time 1"], ["0", "1", "-3", "1.5"]),
    "--walkers": ([f"{SIMULATE} clones -d 4 --separation 1 --time 1"], ["0", "1", "0.5", "some"]),
    "--separation": ([f"{SIMULATE} clones -d 4 --time 1"], ["0", "-1", "nan", "far"]),
    "--seed": ([f"{SIMULATE} collapse -n 9 -d 4 --time 1"], ["-1", "0.5", "any"]),
}
BAD = [
    (f"{command} {option} {value}", f"{option} = {value}: must be")
    for option, (commands, values) in DOMAINS.items()
    for command in commands
    for value in values
] + [
    (TIME, "--samples"),
    (f"{TIME} -n 9", "--dimension is missing"),
    (f"{TIME} -d 9", "--samples"),
    (f"{TIME} -n 9 -d 9 --time 1", "unrecognized arguments: --time 1"),
    (f"{ENTROPY} -n 9 -d 4", "--time"),
    (f"{ENTROPY} -n 9 -d 4 --time", "must be followed by at least one value"),
    (SIMULATE, "experiment"),
    (f"{SIMULATE} everything", "= 'everything': must be one of"),
    (f"{SIMULATE} clones -d 4 --time 1", "--separation is missing: it is needed without --mixture"),
    (f"{SIMULATE} clones -d 4 --separation 1", "--time is missing: it is needed to simulate clones"),
    (f"{SIMULATE} collapse -d 4 --time 1", "--samples is missing: it is needed to simulate collapse"),
    (f"{SIMULATE} first-passage -n 9", "--dimension is missing"),
    (f"{TIME} -n 9 --eigenvalues absent.npy", "--eigenvalues = 'absent.npy': must be a readable file"),
    (
        f"{TIME} -n 9 --eigenvalues good.npy --variance 1",
        "--variance = 1.0: must be left out with --eigenvalues",
    ),
    (f"{TIME} -n 9 --eigenvalues good.npy -d 3", "--dimension = 3: must be 2, the length of --eigenvalues"),
    (f"{TIME} -n 9 --eigenvalues negative.npy", "eigenvalues[1] = -1.0: must be"),
    (f"{TIME} -n 9 --eigenvalues nan.npy", "eigenvalues[0] = nan: must be"),
    (f"{TIME} -n 9 --eigenvalues zero.npy", "must be at least 0 and not all 0"),
    (f"{TIME} -n 9 --eigenvalues plane.npy", "eigenvalues = array of shape (2, 2): must be"),
    (f"{TIME} -n 9 --eigenvalues empty.npy", "eigenvalues = array of shape (0,): must be"),
    (f"{TIME} -n 9 --eigenvalues text.npy", "eigenvalues = 'text.npy': must be a .npy file of numbers"),
    (
        f"{TIME} -n 9 -d 7 --covariance 0.4:0.5,2:0.5",
        "dimension = 7: must be such that every weight times it is",
    ),
    (f"{TIME} -n 9 --covariance 0.4:0.5,2:0.5", "--dimension is missing: it is needed without --eigenvalues"),
    (f"{TIME} -n 9 -d 4 --covariance 0.4:0.5,2:0.6", "--covariance = 0.4:0.5,2:0.6: must be"),
    (f"{TIME} -n 9 -d 4 --covariance 2 --variance 3", "--variance = 3.0: must be left out with --covariance"),
    (f"{SIMULATE} all -d 4 --time 1", "samples = None: must be given for a law without classes"),
    (f"{SIMULATE} collapse -n 9 -d 4 --weight 0.3 --time 1", "--weight = 0.3: must be left out without"),
    (f"{SIMULATE} clones --covariance 2 --time 1", "--covariance = 2: must be left out with classes"),
    (f"{TIME} -n 9 --eigenvalues words.npy", "eigenvalues = array of shape (2,): must be finite numbers"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spectra")
    for name, values in {
        "good": [1.0, 2.0],
        "negative": [1.0, -1.0],
        "nan": [np.nan, 1.0],
        "zero": [0.0, 0.0],
        "plane": [[1.0, 2.0], [3.0, 4.0]],
        "empty": [],
        "words": ["a", "b"],
    }.items():
        np.save(folder / f"{name}.npy", np.array(values))
    (folder / "text.npy").write_text("hello")
    return folder


@pytest.mark.parametrize(("line", "fragment"), BAD, ids=[line for line, _ in BAD])
def test_bad_input(
    line: str,
    fragment: str,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert fragment in captured.err


def test_the_table_is_as_long_as_promised() -> None:
    assert len(BAD) >= 60
