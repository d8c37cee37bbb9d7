"""The commands of phase retrieval: their records, their agreement with the library, and bad input."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import assert_one_line, run

SPECTRUM = "phase-retrieval spectrum"
THRESHOLD = "phase-retrieval threshold"
STATE = "phase-retrieval threshold-state"


def records(line: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> list[dict[str, Any]]:
    code, out, err = run([*line.split(), "--json"], capsys)
    assert (code, err) == (status, "")
    document = json.loads(out)
    assert set(document) >= {"command", "version", "parameters", "results"}
    assert document["command"] == " ".join(line.split()[:2])
    return document["results"]


# ------------------------------------------------------------------------------------------------------- records


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
    for name in ("bulk_edge", "outlier", "outlier_overlap_squared", "lagrange_multiplier"):
        error = sample[f"{name}_standard_error"]
        assert 0.0 < error < 0.5
        assert abs(sample[name] - law[name]) < 5 * error, name


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


def test_state_of_one_step(capsys: pytest.CaptureFixture[str]) -> None:
    """Below 3.3 the response would jump for more than one label in a hundred: no solution, exit status 3."""
    low, high = records(f"{STATE} --samples-per-dimension 3 7 --offset 1", capsys, status=3)
    keys = ("susceptibility", "parisi_parameter", "energy", "lagrange_multiplier", "outlier_criterion")
    assert [low[key] for key in keys] == [None] * 5
    assert low["status"] == "no solution in the domain"
    assert high["status"] == "converged"
    assert high["energy"] == pytest.approx(1.2707884, abs=1e-6)
    (strict,) = records(f"{STATE} --alpha 3.9 --largest-jump-fraction 0", capsys, status=3)
    assert strict["energy"] is None


def test_state_of_full_breaking_and_its_consistency(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = records(f"{STATE} --alpha 6.55 --state full --steps 2 --consistency", capsys)
    assert row["parisi_parameter"] is None
    assert len(row["q"]) == len(row["parisi_function"]) == 2
    assert row["energy"] == pytest.approx(1.1511432, abs=row["error"])
    assert row["consistent"] is False
    assert any("complexity" in finding for finding in row["findings"])
    status, out, _ = run(f"{STATE} --alpha 6.55 --consistency".split(), capsys)
    assert status == 0
    assert "note: at 6.55: the complexity of the marginal state is negative" in out


# ----------------------------------------------------------------------------------------------------- bad input

# (command line, what the line must contain)
WORDS: list[tuple[str, str]] = [
    ("phase-retrieval", "QUANTITY"),
    ("phase-retrieval nonsense", "= 'nonsense': must be one of"),
    ("phase-retrieval spec", "= 'spec': must be one of"),
    ("phase-retrieval thresholds", "= 'thresholds': must be one of"),
    # missing and unknown
    (SPECTRUM, "--samples-per-dimension is missing"),
    (STATE, "--samples-per-dimension is missing"),
    (f"{SPECTRUM} --alpha", "--samples-per-dimension: must be followed by at least one value"),
    (f"{SPECTRUM} --alpha 1 --nonsense", "unrecognized arguments: --nonsense"),
    (f"{SPECTRUM} --alpha 1 --off 1", "unrecognized arguments: --off 1"),
    (f"{SPECTRUM} --alpha 1 --offset 1 2", "unrecognized arguments: 2"),
    (f"{THRESHOLD} --alpha 1", "unrecognized arguments: --alpha 1"),
    (f"{THRESHOLD} --offset", "--offset: must be followed by at least one value"),
    (f"{STATE} --alpha 5 --plot a.png", "unrecognized arguments: --plot a.png"),
    (f"{STATE} --alpha 5 --overlap 0.1", "unrecognized arguments: --overlap 0.1"),
    # choices
    (f"{THRESHOLD} --state final", "= 'final': must be one of"),
    (f"{STATE} --alpha 5 --state initial", "= 'initial': must be one of"),
    (f"{SPECTRUM} --alpha 1 --loss quadratic", "= 'quadratic': must be one of"),
    (f"{SPECTRUM} --alpha 1 --loss Normalised", "= 'Normalised': must be one of"),
    # mixed ways to say it
    (
        f"{SPECTRUM} --alpha 1 --loss intensity --expression y**2",
        "--expression: must be left out with --loss",
    ),
    (f"{THRESHOLD} --loss intensity --offset 2", "--offset = [2.0]: must be left out with --loss intensity"),
    (f"{THRESHOLD} --expression y**4 --offset 2", "--offset = [2.0]: must be left out with --expression"),
    (f"{THRESHOLD} --expression y**4 --prefactor 2", "--prefactor = 2.0: must be left out with --expression"),
    (f"{THRESHOLD} --state one-step --overlap 0.1", "--overlap = 0.1: must be left out with --state"),
    (f"{THRESHOLD} --state full --largest-jump-fraction 0.1", "left out unless --state is one-step"),
    (f"{THRESHOLD} --steps 4", "--steps = 4: must be left out unless --state is full"),
    (f"{STATE} --alpha 5 --steps 4", "--steps = 4: must be left out unless --state is full"),
    (f"{STATE} --alpha 5 --state full --steps 5", "steps = 5: must be an even integer"),
    (f"{SPECTRUM} --alpha 1 --blocks 10", "--blocks = 10: must be left out without --points"),
    (f"{THRESHOLD} --loss amplitude --offset 0", "must be above 0 and finite with --loss amplitude"),
    (f"{THRESHOLD} --loss amplitude --offset 1 inf", "must be above 0 and finite with --loss amplitude"),
    (f"{THRESHOLD} --offset 1 --plot a.png", "--plot = 'a.png': must be left out with fewer than 2 offsets"),
    # losses whose spectrum has no edge, or whose multiplier is infinite
    (f"{SPECTRUM} --alpha 4 --loss intensity", "must be one of curvature bounded below"),
    (f"{SPECTRUM} --alpha 4 --offset inf", "must be one of curvature bounded below"),
    (f"{THRESHOLD} --loss intensity", "must be one of curvature bounded below"),
    (f"{THRESHOLD} --offset 1 inf", "must be one of curvature bounded below"),
    (f"{THRESHOLD} --loss amplitude", "must be one of curvature bounded below"),
    (f"{THRESHOLD} --expression 1-y**4", "must be one of curvature bounded below"),
    (f"{SPECTRUM} --alpha 4 --offset 0", "--offset = 0.0: must be above 0: the Lagrange multiplier"),
    # expressions
    (f"{THRESHOLD} --expression y**", "must be a formula in y and t"),
    (f"{THRESHOLD} --expression z**2", "must be a formula in y and t alone"),
    (f"{THRESHOLD} --expression y**3", "must be even in y"),
    (f"{THRESHOLD} --expression y**2*t", "must be even in t"),
    (f"{THRESHOLD} --expression log(y**2-9)", "must be finite"),
    # pictures and files
    (f"{SPECTRUM} --alpha 4 --plot a.gif", "--plot = a.gif: must be a file name that ends in"),
    (f"{SPECTRUM} --alpha 4 --plot absent/a.png", "--plot = absent/a.png: must be in a folder that exists"),
    (f"{SPECTRUM} --alpha 4 --points absent.npy", "--points = 'absent.npy': must be a readable file"),
    (f"{SPECTRUM} --alpha 4 --points .", "--points = '.': must be a readable file"),
    (f"{SPECTRUM} --alpha 4 --density-points 10 --upper -100", "upper = -100.0: must be above the left edge"),
]

# option -> (a command line without it, values outside its domain)
DOMAINS: dict[str, tuple[str, list[str]]] = {
    "--samples-per-dimension": (SPECTRUM, ["0", "-1", "1e-4", "1e9", "nan", "inf", "many"]),
    "--alpha": (STATE, ["0", "-5", "nan", "1,2"]),
    "--offset": (THRESHOLD, ["-1", "-1e-9", "1e7", "nan", "-inf", "one"]),
    "--overlap": (f"{SPECTRUM} --alpha 4", ["1", "-1", "1.5", "nan", "half"]),
    "--prefactor": (THRESHOLD, ["0", "-1", "inf", "nan", "two"]),
    "--largest-label": (THRESHOLD, ["0", "-2", "inf", "nan"]),
    "--density-points": (f"{SPECTRUM} --alpha 4", ["1", "0", "-3", "2.5", "1e9", "few"]),
    "--upper": (f"{SPECTRUM} --alpha 4", ["inf", "nan", "right"]),
    "--blocks": (f"{SPECTRUM} --alpha 4 --points x.npy", ["4", "2.5", "1e6"]),
    "--steps": (f"{STATE} --alpha 5 --state full", ["1", "64", "2.5", "many"]),
    "--largest-jump-fraction": (STATE + " --alpha 5", ["-0.1", "1.1", "nan", "all"]),
}
LINES = WORDS + [
    (
        f"{line} {option} {value}",
        f"--{option.lstrip('-')}".replace("--alpha", "--samples-per-dimension") + " =",
    )
    for option, (line, values) in DOMAINS.items()
    for value in values
]


@pytest.mark.parametrize(("line", "fragment"), LINES, ids=[line for line, _ in LINES])
def test_bad_words(
    line: str,
    fragment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_line(*run(line.split(), capsys), fragment)


def _pairs(count: int = 400) -> np.ndarray:
    pairs = np.random.default_rng(0).standard_normal((count, 2))
    pairs[:, 1] /= np.sqrt((pairs[:, 1] ** 2).mean())
    return pairs


def _with(value: float) -> np.ndarray:
    pairs = _pairs()
    pairs[7, 0] = value
    return pairs


FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("empty.npy", lambda p: p.write_bytes(b""), "must be a .npy file with an array of shape (n, 2)"),
    ("text.npy", lambda p: p.write_text("0.1 0.2"), "must be a .npy file with an array of shape (n, 2)"),
    (
        "objects.npy",
        lambda p: np.save(p, np.array([{}, 1]), allow_pickle=True),
        "must be a .npy file with an array of shape (n, 2)",
    ),
    (
        "three.npy",
        lambda p: np.save(p, np.ones((200, 3))),
        "must be a .npy file with an array of shape (n, 2)",
    ),
    ("line.npy", lambda p: np.save(p, np.ones(400)), "must be a .npy file with an array of shape (n, 2)"),
    (
        "cube.npy",
        lambda p: np.save(p, np.ones((9, 9, 2))),
        "must be a .npy file with an array of shape (n, 2)",
    ),
    ("none.npy", lambda p: np.save(p, np.ones((0, 2))), "points"),
    ("few.npy", lambda p: np.save(p, _pairs(60)), "at least 100 pairs"),
    ("nan.npy", lambda p: np.save(p, _with(math.nan)), "points[7, 0] = nan"),
    ("inf.npy", lambda p: np.save(p, _with(math.inf)), "points[7, 0] = inf"),
    ("words.npy", lambda p: np.save(p, np.full((200, 2), "a")), "points"),
    ("complex.npy", lambda p: np.save(p, _pairs() * 1j), "points"),
    ("scale.npy", lambda p: np.save(p, 3 * _pairs()), "of mean square 1"),
    ("archive.npz", lambda p: np.savez(p, a=_pairs()), "must be a .npy file"),
    ("folder.npy", lambda p: p.mkdir(), "must be a readable file"),
]


@pytest.mark.parametrize(("name", "write", "fragment"), FILES, ids=[name for name, _, _ in FILES])
def test_bad_points(
    name: str,
    write: Callable[[Path], object],
    fragment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name))
    assert_one_line(*run([*f"{SPECTRUM} --alpha 4 --points".split(), name], capsys), fragment)


def test_the_table_is_as_long_as_promised() -> None:
    assert len(LINES) + len(FILES) >= 80
