"""Bad input on the command line: exit status 2, one line on standard error that says what is allowed, nothing else."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import assert_one_line, run

AGREEMENT = "diffusion clone-agreement"
TIMES = "diffusion speciation-time"
ANALYSE = "diffusion analyse"
TWO = "--dimension 64 --separation 1"

# (command line, what the line must contain)
WORDS: list[tuple[str, str]] = [
    # the command itself
    ("", "SYSTEM"),
    ("nonsense", "= 'nonsense': must be one of"),
    ("diffusion", "QUANTITY"),
    ("diffusion nonsense", "= 'nonsense': must be one of"),
    ("diffusion clone", "= 'clone': must be one of"),
    ("figures", "ACTION"),
    ("figures draw", "= 'draw': must be one of"),
    ("figures make nonsense", "NAME = 'nonsense': must be one of"),
    ("figures make --preset huge", "= 'huge': must be one of"),
    ("figures make speciation --output /dev/null/x", "--output = '/dev/null/x': must be a folder"),
    ("verify diffusion --output /dev/null/x", "--output = '/dev/null/x': must be a folder"),
    ("verify nonsense", "system = 'nonsense': must be one of"),
    ("verify random_features", "system = 'random_features': must be one of diffusion, random-features"),
    ("verify --workers 0", "--workers = 0: must be an integer, at least 1"),
    ("verify --workers two", "--workers = two: must be an integer"),
    # unknown, abbreviated and missing options
    (f"{AGREEMENT} --signal 1 --nonsense 3", "unrecognized arguments: --nonsense 3"),
    (f"{AGREEMENT} --sig 1", "unrecognized arguments: --sig 1"),
    (f"{AGREEMENT} --signal 1 --js", "unrecognized arguments: --js"),
    (f"{AGREEMENT} --signal", "--signal: must be followed by at least one value"),
    (AGREEMENT, "--time is missing"),
    (f"{AGREEMENT} --time 1", "--dimension is missing"),
    (f"{AGREEMENT} --time 1 --dimension 4", "--separation is missing"),
    (f"{AGREEMENT} --time 1 --separation 1", "--dimension is missing"),
    (f"{AGREEMENT} {TWO}", "--time is missing"),
    (f"{AGREEMENT} {TWO} --time", "must be followed by at least one value"),
    (f"{AGREEMENT} {TWO} --time 1 extra", "--time = extra: must be a finite number above 0"),
    (f"{AGREEMENT} extra --signal 1", "unrecognized arguments: extra"),
    (TIMES, "--dimension is missing"),
    (f"{TIMES} --dimension 4", "--separation is missing"),
    (f"{TIMES} {TWO} --time 1", "unrecognized arguments: --time 1"),
    (ANALYSE, "DATA"),
    # mixed ways to say it
    (f"{AGREEMENT} --signal 1 --time 1", "--time = [1.0]: must be left out with --signal"),
    (f"{AGREEMENT} --signal 1 --dimension 5", "--dimension = 5: must be left out with --signal"),
    (f"{AGREEMENT} --signal 1 --variance 1", "--variance = 1.0: must be left out with --signal"),
    (f"{AGREEMENT} --signal 1 --mixture x.json", "--mixture = x.json: must be left out with --signal"),
    (
        f"{AGREEMENT} --mixture x.json --dimension 5 --time 1",
        "--dimension = 5: must be left out with --mixture",
    ),
    (f"{TIMES} --mixture x.json --weight 0.5", "--weight = 0.5: must be left out with --mixture"),
    # files
    (f"{AGREEMENT} --mixture absent.json --time 1", "--mixture = 'absent.json': must be a readable file"),
    (f"{TIMES} --mixture absent.json", "--mixture = 'absent.json': must be a readable file"),
    (f"{TIMES} --mixture .", "--mixture = '.': must be a readable file"),
    (f"{ANALYSE} absent.npy", "'absent.npy': must be a readable file"),
    (
        f"{AGREEMENT} --signal 1 --plot picture.gif",
        "--plot = picture.gif: must be a file name that ends in",
    ),
    (
        f"{AGREEMENT} --signal 1 --plot absent/a.png",
        "--plot = absent/a.png: must be in a folder that exists",
    ),
]

# option -> (a command line without it, values outside its domain)
DOMAINS: dict[str, tuple[str, list[str]]] = {
    "--signal": (AGREEMENT, ["-1", "-1e-300", "nan", "inf", "-inf", "one", "1,2", "''"]),
    "--time": (f"{AGREEMENT} {TWO}", ["0", "-1", "-1e-3", "nan", "inf", "soon", "1;2"]),
    "--dimension": (f"{AGREEMENT} --separation 1 --time 1", ["0", "-4", "2.5", "nan", "inf", "many", "1e-3"]),
    "--separation": (f"{AGREEMENT} --dimension 4 --time 1", ["0", "-1", "nan", "inf", "wide"]),
    "--variance": (f"{AGREEMENT} {TWO} --time 1", ["-1", "-1e-9", "nan", "inf", "small"]),
    "--weight": (f"{AGREEMENT} {TWO} --time 1", ["0", "1", "-0.1", "1.1", "nan", "inf", "half"]),
    "--seed": (f"{ANALYSE} absent.npy", ["-1", "1.5", "nan", "random"]),
}
WORDS += [
    (f"{command} {option} {value}", f"{option} = {value if value != chr(39) * 2 else ''}: must be")
    for option, (command, values) in DOMAINS.items()
    for value in values
]
WORDS += [
    (f"{TIMES} --separation 1 --dimension {value}", f"--dimension = {value}: must be an integer, at least 1")
    for value in ["0", "-4", "2.5"]
]
WORDS += [
    (f"{AGREEMENT} {TWO} --time 1 {value} 2", f"--time = {value}: must be a finite number above 0")
    for value in ["0", "-1", "nan"]
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
    assert_one_line(*run([word.replace("''", "") for word in line.split()], capsys), fragment)


def mixture(**changes: object) -> str:
    content: dict[str, object] = {
        "weights": [0.5, 0.5],
        "means": [[1.0, 0.0], [-1.0, 0.0]],
        "covariances": 1.0,
    }
    content.update(changes)
    return json.dumps({name: entry for name, entry in content.items() if entry is not None})


MIXTURES: list[tuple[str, str]] = [
    ("", "must be a JSON file"),
    ("{", "must be a JSON file"),
    ("[1, 2]", "must be an object with the keys"),
    ("3", "must be an object with the keys"),
    (mixture(weights=None), "must be an object with the keys"),
    (mixture(extra=1), "must be an object with the keys"),
    (mixture(weights=[]), "weights = []: must be"),
    (mixture(weights=[1.0]), "means = "),
    (mixture(weights=[0.5, 0.4]), "they sum to 0.9"),
    (mixture(weights=[1.5, -0.5]), "weights[1] = -0.5: must be"),
    (mixture(weights=[1.0, 0.0]), "weights[1] = 0.0: must be"),
    (mixture(weights=["a", "b"]), "weights = ['a', 'b']: must be"),
    (mixture(weights="half"), "weights = 'half"),
    (mixture(weights=[[0.5, 0.5]]), "weights = [[0.5, 0.5]]: must be"),
    (mixture(weights={"a": 1}), "weights = "),
    (mixture(means=[1.0, -1.0]), "means = [1.0, -1.0]: must be"),
    (mixture(means=[[1.0], [1.0, 2.0]]), "means = [[1.0], [1.0, 2.0]]: must be"),
    (mixture(means=[[1.0, 0.0]]), "means = [[1.0, 0.0]]: must be"),
    (mixture(means=[[], []]), "means = [[], []]: must be"),
    (mixture(means=[[1.0, None], [0.0, 0.0]]), "means = "),
    (mixture(means="absent.npy"), "means = "),
    (mixture(covariances=-1.0), "covariances"),
    (mixture(covariances=[1.0, -2.0]), "covariances[1] = -2.0: must be"),
    (mixture(covariances=[1.0, 2.0, 3.0]), "covariances = "),
    (mixture(covariances=[[1.0, 2.0, 3.0]]), "covariances = "),
    (mixture(covariances=[[[1.0, 2.0], [0.0, 1.0]]]), "must be a symmetric matrix"),
    (mixture(covariances=[[[1.0, 2.0], [2.0, 1.0]]]), "must be positive semi-definite"),
    (mixture(covariances="wide"), "covariances = "),
    (mixture(covariances=[]), "covariances = []: must be"),
    (mixture().replace("-1.0", "NaN"), "means[1, 0] = nan: must be"),
    (mixture().replace('"covariances": 1.0', '"covariances": Infinity'), "covariances = inf: must be"),
]


@pytest.mark.parametrize(("content", "fragment"), MIXTURES)
def test_mixture_files(
    content: str, fragment: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mixture.json"
    path.write_text(content)
    assert_one_line(*run(["diffusion", "speciation-time", "--mixture", str(path)], capsys), fragment)
    words = ["diffusion", "clone-agreement", "--mixture", str(path), "--time", "1"]
    assert_one_line(*run(words, capsys), fragment)


def _write(name: str, write: Callable[[Path], object]) -> tuple[str, Callable[[Path], object]]:
    return name, write


DATA: list[tuple[str, Callable[[Path], object], str]] = [
    ("empty.npy", lambda p: p.write_bytes(b""), "empty.npy"),
    ("text.npy", lambda p: p.write_text("hello"), "text.npy"),
    ("none.npy", lambda p: np.save(p, np.zeros((0, 3))), "must be"),
    ("one.npy", lambda p: np.save(p, np.ones((1, 3))), "must be"),
    ("constant.npy", lambda p: np.save(p, np.ones((10, 3))), "must"),
    ("nan.npy", lambda p: np.save(p, np.array([[1.0, np.nan], [2.0, 3.0], [0.0, 1.0]])), "nan"),
    ("infinite.npy", lambda p: np.save(p, np.array([[1.0, np.inf], [2.0, 3.0], [0.0, 1.0]])), "inf"),
    ("flat.npy", lambda p: np.save(p, np.arange(10.0)), "must be"),
    ("words.npy", lambda p: np.save(p, np.array([["a", "b"], ["c", "d"]])), "must be"),
    ("complex.npy", lambda p: np.save(p, np.ones((4, 2)) * 1j), "must be"),
    ("empty.csv", lambda p: p.write_text(""), "empty.csv"),
    ("ragged.csv", lambda p: p.write_text("1,2\n3\n4,5\n"), "ragged.csv"),
    ("words.csv", lambda p: p.write_text("a,b\nc,d\n"), "words.csv"),
    ("data.parquet", lambda p: p.write_bytes(b"PAR1"), "data.parquet"),
    ("folder.npy", lambda p: p.mkdir(), "must be a readable file"),
    ("empty.npz", lambda p: np.savez(p), "empty.npz"),
]


@pytest.mark.parametrize(("name", "write", "fragment"), DATA, ids=[name for name, _, _ in DATA])
def test_data_files(
    name: str,
    write: Callable[[Path], object],
    fragment: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name))
    assert_one_line(*run(["diffusion", "analyse", name], capsys), fragment)


def test_the_table_is_as_long_as_promised() -> None:
    assert len(WORDS) + 2 * len(MIXTURES) + len(DATA) >= 130


@pytest.mark.parametrize("line", [f"{AGREEMENT} --signal -1", f"{TIMES} --mixture absent.json", "nonsense"])
def test_in_a_process_of_its_own(line: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "statphys_gen.cli", *line.split()]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
