"""Files of a user that hold something else than they should: one line that names what is wrong with which file."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import assert_one_line, run
from cpu_time import bounded

FOLDER = object()
NAN, INF = math.nan, math.inf
SPECTRUM = "random-features spectrum --activation sin --psi-p 4 --psi-n 2 --time 0.1"
CURVES = f"{SPECTRUM.replace('spectrum', 'learning-curves')} --tau 1"
COLLAPSE = "diffusion collapse-time --samples 9"
CLONES = "diffusion clone-agreement --dimension 256 --separation 1 --variance 1"
MEASURED = "time,clone_agreement,standard_error\n"
# The keys of a mixture of two points, in two places.
GOOD = {"weights": "[0.5, 0.5]", "means": "[[1.0, 0.0], [-1.0, 0.0]]", "covariances": "1.0"}
PAIRS = np.random.default_rng(0).standard_normal((400, 2))
PAIRS[:, 1] /= np.sqrt((PAIRS[:, 1] ** 2).mean())
COUPLINGS = np.random.default_rng(0).standard_normal((40, 10)) / 20
TWO_COLUMNS = "must be a .npy file with an array of shape (n, 2)"


def mixture(**changes: str) -> str:
    return "{" + ", ".join(f'"{name}": {text}' for name, text in (GOOD | changes).items()) + "}"


def with_first(value: float) -> np.ndarray:
    """The pairs with another number in the first column of row 7."""
    pairs = PAIRS.copy()
    pairs[7, 0] = value
    return pairs


# Command lines without the file, and for each file its name, its content and what the complaint must contain.
TABLE: list[tuple[tuple[str, ...], list[tuple[str, Any, str]]]] = [
    (
        ("diffusion speciation-time --mixture", "diffusion clone-agreement --time 1 --mixture"),
        [
            ("m.json", "", "must be a JSON file"),
            ("m.json", "{", "must be a JSON file"),
            ("m.json", "[1, 2]", "must be an object with the keys"),
            ("m.json", "3", "must be an object with the keys"),
            ("m.json", '{"means": [[1.0]], "covariances": 1.0}', "must be an object with the keys"),
            ("m.json", mixture(extra="1"), "must be an object with the keys"),
            ("m.json", mixture(weights="[]"), "weights = []: must be"),
            ("m.json", mixture(weights="[1.0]"), "means = "),
            ("m.json", mixture(weights="[0.5, 0.4]"), "they sum to 0.9"),
            ("m.json", mixture(weights="[1.5, -0.5]"), "weights[1] = -0.5: must be"),
            ("m.json", mixture(weights="[1.0, 0.0]"), "weights[1] = 0.0: must be"),
            ("m.json", mixture(weights='["a", "b"]'), "weights = ['a', 'b']: must be"),
            ("m.json", mixture(weights='"half"'), "weights = 'half"),
            ("m.json", mixture(weights="[[0.5, 0.5]]"), "weights = [[0.5, 0.5]]: must be"),
            ("m.json", mixture(weights='{"a": 1}'), "weights = "),
            ("m.json", mixture(means="[1.0, -1.0]"), "means = [1.0, -1.0]: must be"),
            ("m.json", mixture(means="[[1.0], [1.0, 2.0]]"), "means = [[1.0], [1.0, 2.0]]: must be"),
            ("m.json", mixture(means="[[1.0, 0.0]]"), "means = [[1.0, 0.0]]: must be"),
            ("m.json", mixture(means="[[], []]"), "means = [[], []]: must be"),
            ("m.json", mixture(means="[[1.0, null], [0.0, 0.0]]"), "means = "),
            ("m.json", mixture(means='"absent.npy"'), "means = "),
            ("m.json", mixture(means="[[1.0, 0.0], [NaN, 0.0]]"), "means[1, 0] = nan: must be"),
            ("m.json", mixture(covariances="-1.0"), "covariances"),
            ("m.json", mixture(covariances="Infinity"), "covariances = inf: must be"),
            ("m.json", mixture(covariances="[1.0, -2.0]"), "covariances[1] = -2.0: must be"),
            ("m.json", mixture(covariances="[1.0, 2.0, 3.0]"), "covariances = "),
            ("m.json", mixture(covariances="[[1.0, 2.0, 3.0]]"), "covariances = "),
            ("m.json", mixture(covariances="[[[1.0, 2.0], [0.0, 1.0]]]"), "must be a symmetric matrix"),
            ("m.json", mixture(covariances="[[[1.0, 2.0], [2.0, 1.0]]]"), "must be positive semi-definite"),
            ("m.json", mixture(covariances='"wide"'), "covariances = "),
            ("m.json", mixture(covariances="[]"), "covariances = []: must be"),
        ],
    ),
    (
        ("diffusion analyse",),
        [
            ("empty.npy", "", "empty.npy"),
            ("text.npy", "hello", "text.npy"),
            ("none.npy", np.zeros((0, 3)), "must be"),
            ("one.npy", np.ones((1, 3)), "must be"),
            ("constant.npy", np.ones((10, 3)), "must"),
            ("nan.npy", [[1.0, NAN], [2.0, 3.0], [0.0, 1.0]], "nan"),
            ("infinite.npy", [[1.0, INF], [2.0, 3.0], [0.0, 1.0]], "inf"),
            ("flat.npy", np.arange(10.0), "must be"),
            ("words.npy", [["a", "b"], ["c", "d"]], "must be"),
            ("complex.npy", np.ones((4, 2)) * 1j, "must be"),
            ("empty.csv", "", "empty.csv"),
            ("ragged.csv", "1,2\n3\n4,5\n", "ragged.csv"),
            ("words.csv", "a,b\nc,d\n", "words.csv"),
            ("folder.npy", FOLDER, "must be a readable file"),
            ("empty.npz", {}, "empty.npz"),
        ],
    ),
    (
        (f"{SPECTRUM} --eigenvalues", f"{CURVES} --eigenvalues"),
        [
            ("empty.npy", "", "must be a .npy file of numbers"),
            ("text.npy", "hello", "must be a .npy file of numbers"),
            ("objects.npy", np.array([{}, 1]), "must be a .npy file of numbers"),
            ("none.npy", [], "not empty"),
            ("matrix.npy", np.eye(3), "in a one-dimensional array"),
            ("number.npy", 1.0, "in a one-dimensional array"),
            ("negative.npy", [1.0, -1e-3, 2.0], "eigenvalues[1] = -0.001: must be"),
            ("nan.npy", [1.0, 2.0, NAN], "eigenvalues[2] = nan: must be"),
            ("infinite.npy", [INF, 2.0], "eigenvalues[0] = inf: must be"),
            ("zero.npy", np.zeros(4), "not all 0"),
            ("words.npy", ["a", "b"], "must be finite numbers"),
            ("complex.npy", np.ones(3) * 1j, "must be finite numbers"),
            ("archive.npz", {"a": np.ones(3)}, "must be"),
            ("folder.npy", FOLDER, "must be a readable file"),
        ],
    ),
    (
        (f"{COLLAPSE} --eigenvalues",),
        [
            ("negative.npy", [1.0, -1.0], "eigenvalues[1] = -1.0: must be"),
            ("nan.npy", [NAN, 1.0], "eigenvalues[0] = nan: must be"),
            ("zero.npy", [0.0, 0.0], "must be at least 0 and not all 0"),
            ("plane.npy", [[1.0, 2.0], [3.0, 4.0]], "eigenvalues = array of shape (2, 2): must be"),
            ("empty.npy", [], "eigenvalues = array of shape (0,): must be"),
            ("text.npy", "hello", "eigenvalues = 'text.npy': must be a .npy file of numbers"),
            ("words.npy", ["a", "b"], "eigenvalues = array of shape (2,): must be finite numbers"),
        ],
    ),
    (
        ("phase-retrieval spectrum --alpha 4 --points",),
        [
            ("empty.npy", "", "must be a .npy file of numbers"),
            ("text.npy", "0.1 0.2", "must be a .npy file of numbers"),
            ("objects.npy", np.array([{}, 1]), "must be a .npy file of numbers"),
            ("three.npy", np.ones((200, 3)), TWO_COLUMNS),
            ("line.npy", np.ones(400), TWO_COLUMNS),
            ("cube.npy", np.ones((9, 9, 2)), TWO_COLUMNS),
            ("none.npy", np.ones((0, 2)), "points"),
            ("few.npy", PAIRS[:60], "at least 100 pairs"),
            ("nan.npy", with_first(NAN), "points[7, 0] = nan"),
            ("inf.npy", with_first(INF), "points[7, 0] = inf"),
            ("words.npy", np.full((200, 2), "a"), "points"),
            ("complex.npy", PAIRS * 1j, "points"),
            ("scale.npy", 3 * PAIRS, "of mean square 1"),
            ("archive.npz", {"a": PAIRS}, "must be a .npy file"),
            ("folder.npy", FOLDER, "must be a readable file"),
        ],
    ),
    (
        ("rbm place",),
        [
            (
                "bias.npz",
                {"W": COUPLINGS, "hidden_bias": np.ones(7)},
                "hidden_bias = array of shape (7,): must be",
            ),
            ("named.npz", {"weights": COUPLINGS}, "--orientation = None: must be given"),
            (
                "row.npz",
                {"W": np.ones(5)},
                "W = array of shape (5,): must be finite numbers in an array with 2 axes",
            ),
            ("thin.npz", {"W": np.ones((5, 1))}, "a matrix of at least two rows and columns"),
            ("nan.npz", {"W": np.full((3, 3), NAN)}, "W[0, 0] = nan: must be finite numbers"),
            ("huge.npz", {"W": np.full((3, 3), 1e200)}, "W = 1e+200: must be couplings of at most"),
            (
                "words.npz",
                {"W": [["a", "b"], ["c", "d"]]},
                "W = array of shape (2, 2): must be finite numbers",
            ),
            ("array.npy", COUPLINGS, "--orientation = None: must be given"),
            ("text.npz", "hello", "must be an .npz archive of numbers"),
            ("text.h5", "hello", "must be an .h5 file of rbms"),
            ("machine.pkl", "hello", "in the shell --allow-pickle"),
            ("machine.pt", "hello", "of torch: np.savez(path"),
        ],
    ),
    (
        ("linear-dynamics flow --training-time 1 --second-layer b.npy --target c.npy --first-layer",),
        [
            ("empty.npy", "", "must be a .npy file of numbers"),
            ("text.npy", "hello", "must be a .npy file of numbers"),
            ("objects.npy", np.array([{}, 1]), "must be a .npy file of numbers"),
            ("none.npy", np.zeros((0, 3)), "not empty"),
            ("line.npy", np.ones(4), "in an array with 2 axes"),
            ("cube.npy", np.ones((2, 2, 2)), "in an array with 2 axes"),
            ("nan.npy", [[1.0, NAN]], "[0, 1] = nan: must be finite numbers"),
            ("infinite.npy", [[INF, 1.0]], "[0, 0] = inf: must be finite numbers"),
            ("words.npy", [["a", "b"]], "must be finite numbers"),
            ("complex.npy", np.ones((2, 2)) * 1j, "must be finite numbers"),
            ("words.csv", "a,b\n1,2\n", "a matrix of numbers"),
            ("ragged.csv", "1,2\n3\n", "row 2, line 2, has 1"),
            ("empty.csv", "", "must be not empty"),
            ("nan.csv", "1,nan\n", "[0, 1] = nan: must be finite numbers"),
            ("archive.npz", {"a": np.ones((2, 2))}, "a file that ends in .npy or .csv"),
            ("matrix.txt", "1 2", "a file that ends in .npy or .csv"),
            ("folder.npy", FOLDER, "must be a readable file"),
        ],
    ),
    (
        (f"compare --prediction '{CLONES}'",),
        [
            ("t.csv", "", "table = "),
            ("t.csv", "time,time\n1,2\n", "a header of distinct names"),
            ("t.csv", MEASURED, "at least one row"),
            ("t.csv", f"{MEASURED}1,2\n", "3 entries in every row; row 1, line 2, has 2"),
            ("t.csv", "time,clone_agreement\n1,0.9\n", "a table with a column standard_error"),
            ("t.csv", f"{MEASURED}1,0.9,0\n", "standard_error[0] = 0.0"),
            ("t.csv", f"{MEASURED}1,abc,0.1\n", "row 1: clone_agreement = abc"),
            ("t.csv", f"{MEASURED}-1,0.9,0.1\n", "--time = -1: must be"),
            ("t.csv", "time,agreement,standard_error\n1,0.9,0.1\n", "one column named like a key"),
            ("t.csv", f"{MEASURED[:-1]},degrees_of_freedom\n1,0.9,0.1,many\n", "degrees_of_freedom = many"),
            ("t.csv", f"{MEASURED}1,nan,0.1\n", "value[0] = nan"),
        ],
    ),
]
CASES = [(line, *file) for lines, files in TABLE for line in lines for file in files]


def write(path: Path, content: Any) -> None:
    if content is FOLDER:
        path.mkdir()
    elif isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    else:
        np.save(path, content, allow_pickle=True)


@pytest.mark.parametrize(("line", "name", "content", "said"), CASES, ids=range(len(CASES)))
def test_contents(
    line: str,
    name: str,
    content: Any,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name), content)
    command, quote, prediction = line.partition("'")
    words = [*command.split(), prediction[:-1], name] if quote else [*line.split(), name]
    with bounded("files that hold something else", " ".join(words)):
        found = run(words, capsys)
    assert_one_line(*found, said)
