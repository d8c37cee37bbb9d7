"""Bad input to the random-features commands: exit status 2 and exactly one line that says what is allowed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import assert_one_line, run

COEFFICIENTS = "random-features coefficients"
SPECTRUM = "random-features spectrum"
CURVES = "random-features learning-curves"
STOPPING = "random-features early-stopping"
TIMES = "random-features timescales"
PLANE = "random-features phase-diagram"
RATIOS = "--features-per-dimension 4 --samples-per-dimension 2"
MODEL = f"--activation sin {RATIOS} --time 0.1"

# (command line, what the line must contain)
WORDS: list[tuple[str, str]] = [
    ("random-features", "QUANTITY"),
    ("random-features nonsense", "= 'nonsense': must be one of"),
    ("random-features spec", "= 'spec': must be one of"),
    # activations
    (f"{COEFFICIENTS} --activation gelu --time 1", "= 'gelu': must be one of"),
    (f"{COEFFICIENTS} --activation Tanh --time 1", "= 'Tanh': must be one of"),
    (f"{COEFFICIENTS} --activation --time 1", "--activation: must be followed by a value"),
    (f"{COEFFICIENTS} --time 1", "--activation or --polynomial is missing"),
    (
        f"{COEFFICIENTS} --activation sin --polynomial 0 1 --time 1",
        "--polynomial: must be left out with --activation",
    ),
    (f"{COEFFICIENTS} --polynomial 1 --time 1", "--polynomial = 1: must be 2 to 21 numbers"),
    (f"{COEFFICIENTS} --polynomial 1 0 0 --time 1", "--polynomial = 1 0 0: must be 2 to 21 numbers"),
    (f"{COEFFICIENTS} --polynomial {'1 ' * 22} --time 1", "must be 2 to 21 numbers"),
    (f"{COEFFICIENTS} --polynomial 0 nan --time 1", "--polynomial = nan: must be a number in"),
    (f"{COEFFICIENTS} --polynomial 0 x --time 1", "--polynomial = x: must be a number in"),
    (f"{SPECTRUM} --polynomial 0 0 1 {RATIOS} --time 0.1", "must be one with a linear part"),
    # missing and unknown options
    (f"{COEFFICIENTS} --activation sin", "--time is missing"),
    (f"{SPECTRUM} --activation sin --psi-p 4 --time 0.1", "--samples-per-dimension is missing"),
    (f"{SPECTRUM} --activation sin --psi-n 4 --time 0.1", "--features-per-dimension is missing"),
    (f"{SPECTRUM} --activation sin {RATIOS}", "--time is missing"),
    (f"{CURVES} {MODEL}", "--training-time or --ridge is missing"),
    (f"{CURVES} {MODEL} --tau 1 --ridge 1", ": must be left out with --"),
    (f"{CURVES} {MODEL} --training-time", "must be followed by at least one value"),
    (f"{SPECTRUM} {MODEL} --tau 3", "unrecognized arguments: --tau 3"),
    (f"{SPECTRUM} {MODEL} --feat 3", "unrecognized arguments: --feat 3"),
    (f"{SPECTRUM} --activation sin --psi-p 4 --psi-n 2 3 --time 0.1", "unrecognized arguments: 3"),
    (f"{STOPPING} {MODEL} --dimension 10", "--learning-rate is missing"),
    (f"{STOPPING} {MODEL} --learning-rate 0.1", "--dimension is missing"),
    (f"{TIMES} {MODEL} --unit seconds", "= 'seconds': must be one of"),
    (f"{TIMES} {MODEL} --at edge", "= 'edge': must be one of"),
    (f"{TIMES} {MODEL} --plot a.png", "must be left out with fewer than 2 --samples-per-dimension"),
    (f"{PLANE} --activation sin --time 0.1 --tau 1", "--output is missing"),
    (f"{PLANE} --activation sin --time 0.1 --output x", "--training-time is missing"),
    (f"{PLANE} --activation sin --time 0.1 --tau 1 --output x --psi-p 2 1", "= 2 1: must be increasing"),
    (f"{PLANE} --activation sin --time 0.1 --tau 1 --output x --psi-n 2 2", "= 2 2: must be increasing"),
    (f"{PLANE} --activation sin --time 0.1 --tau 1 --output file/x", "must be a folder that can be written"),
    (f"{PLANE} --activation sin --time 0.1 --tau 1 --output file", "must be a folder that can be written"),
    # mixed ways to say it, files
    (
        f"{SPECTRUM} {MODEL} --covariance 1 --eigenvalues x.npy",
        "--eigenvalues: must be left out with --covariance",
    ),
    (f"{SPECTRUM} {MODEL} --eigenvalues absent.npy", "--eigenvalues = 'absent.npy': must be a readable file"),
    (f"{SPECTRUM} {MODEL} --eigenvalues .", "--eigenvalues = '.': must be a readable file"),
    (f"{SPECTRUM} {MODEL} --plot a.gif", "must be a file name that ends in"),
    (f"{SPECTRUM} {MODEL} --plot absent/a.png", "must be in a folder that exists"),
    # the test loss diverges there
    (f"{CURVES} {MODEL} --noise-draws 2 --tau inf", "must be different from noise_draws"),
]

# option -> (a command line without it, values outside its domain)
RATIO = ["0", "-1", "-1e-3", "1e-9", "1e300", "nan", "inf", "-inf", "many", "1,2", "1:2"]
DOMAINS: list[tuple[str, str, list[str]]] = [
    ("--time", f"{COEFFICIENTS} --activation sin", ["0", "-1", "20.5", "1e9", "nan", "inf", "soon", "1;2"]),
    ("--time", f"{SPECTRUM} --activation sin {RATIOS}", ["0", "-0.1", "21", "nan", "inf", "late"]),
    (
        "--data-variance",
        f"{COEFFICIENTS} --activation sin --time 1",
        ["0", "-1", "nan", "inf", "1e300", "wide"],
    ),
    ("--features-per-dimension", f"{SPECTRUM} --activation sin --psi-n 2 --time 0.1", RATIO),
    ("--samples-per-dimension", f"{SPECTRUM} --activation sin --psi-p 2 --time 0.1", RATIO),
    ("--samples-per-dimension", f"{STOPPING} --activation sin --psi-p 2 --time 0.1", ["0", "-1", "nan"]),
    ("--features-per-dimension", f"{PLANE} --activation sin --tau 1 --time 0.1 --output x", ["0", "inf"]),
    ("--noise-draws", f"{CURVES} {MODEL} --tau 1", ["0", "1.5", "-1", "nan", "-inf", "all", "0.5"]),
    ("--training-time", f"{CURVES} {MODEL}", ["-1", "nan", "-inf", "long", "1,2"]),
    ("--ridge", f"{CURVES} {MODEL}", ["-1", "nan", "inf", "small"]),
    ("--density-points", f"{SPECTRUM} {MODEL}", ["0", "1", "-5", "2.5", "nan", "1e9", "fine"]),
    ("--dimension", f"{SPECTRUM} {MODEL}", ["0", "-1", "2.5", "nan", "high"]),
    ("--window", f"{STOPPING} {MODEL}", ["0", "-0.5", "nan", "inf", "narrow"]),
    ("--learning-rate", f"{STOPPING} {MODEL} --dimension 10", ["0", "-0.1", "nan", "inf"]),
    ("--points", f"{PLANE} --activation sin --tau 1 --time 0.1 --output x", ["1", "0", "2.5", "1000"]),
    (
        "--covariance",
        f"{SPECTRUM} {MODEL}",
        [
            "x",
            ":",
            ",",
            "1:0.5",
            "1:0.5,2:0.6",
            "1:0.5,2:",
            "1:0.5:2",
            "1:0.5,,2:0.5",
            "1:1.5,2:-0.5",
            "1:0.5,-2:0.5",
            "0",
            "0:1",
            "nan",
            "inf",
            "1:nan",
            "1:0,2:1",
            "marchenko-pastur",
            "marchenko-pastur:0",
            "marchenko-pastur:-1",
            "marchenko-pastur:nan",
            "power-law:",
            "power-law:0",
            "power-law:inf",
            "power-law:steep",
            "gamma:1",
        ],
    ),
]
WORDS += [
    (f"{command} {option} {value}", f"{option} = {value}: must be")
    for option, command, values in DOMAINS
    for value in values
]


@pytest.mark.parametrize(("line", "fragment"), WORDS, ids=[line for line, _ in WORDS])
def test_words(
    line: str,
    fragment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("not a folder")
    assert_one_line(*run(line.split(), capsys), fragment)
    assert not (tmp_path / "x").exists()


FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("empty.npy", lambda p: p.write_bytes(b""), "must be a .npy file of numbers"),
    ("text.npy", lambda p: p.write_text("hello"), "must be a .npy file of numbers"),
    (
        "objects.npy",
        lambda p: np.save(p, np.array([{}, 1]), allow_pickle=True),
        "must be a .npy file of numbers",
    ),
    ("none.npy", lambda p: np.save(p, np.zeros(0)), "not empty"),
    ("matrix.npy", lambda p: np.save(p, np.eye(3)), "in a one-dimensional array"),
    ("number.npy", lambda p: np.save(p, 1.0), "in a one-dimensional array"),
    ("negative.npy", lambda p: np.save(p, [1.0, -1e-3, 2.0]), "eigenvalues[1] = -0.001: must be"),
    ("nan.npy", lambda p: np.save(p, [1.0, 2.0, np.nan]), "eigenvalues[2] = nan: must be"),
    ("infinite.npy", lambda p: np.save(p, [np.inf, 2.0]), "eigenvalues[0] = inf: must be"),
    ("zero.npy", lambda p: np.save(p, np.zeros(4)), "not all 0"),
    ("words.npy", lambda p: np.save(p, ["a", "b"]), "must be finite numbers"),
    ("complex.npy", lambda p: np.save(p, np.ones(3) * 1j), "must be finite numbers"),
    ("archive.npz", lambda p: np.savez(p, a=np.ones(3)), "must be"),
    ("folder.npy", lambda p: p.mkdir(), "must be a readable file"),
]


@pytest.mark.parametrize(("name", "write", "fragment"), FILES, ids=[name for name, _, _ in FILES])
def test_files_of_eigenvalues(
    name: str,
    write: Callable[[Path], object],
    fragment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name))
    for command in (f"{SPECTRUM} {MODEL}", f"{CURVES} {MODEL} --tau 1"):
        assert_one_line(*run([*command.split(), "--eigenvalues", name], capsys), fragment)


def test_the_table_is_as_long_as_promised() -> None:
    assert len(WORDS) + len(FILES) >= 80
