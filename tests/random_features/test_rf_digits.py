"""Numbers with all their digits, against tests/reference/random_features_digits.py, which shares no code with this."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.best_stopping import early_stopping
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.learning_curves import learning_curves
from statphys_gen.random_features.theory.spectrum import spectrum

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "random_features_digits.json").read_text())


def model_of(case: list) -> RandomFeatures:
    name, features, samples, time, *rest = case
    return RandomFeatures(name, features, samples, time, noise_draws=rest[0] if rest else math.inf)


@pytest.mark.parametrize("entry", REFERENCE["curves"], ids=lambda entry: "-".join(map(str, entry["case"])))
def test_curves(entry: dict) -> None:
    times = [float(x) for x in entry["times"]]
    found = learning_curves(model_of(entry["case"]), times)
    np.testing.assert_allclose(found.train_loss, entry["train_loss"], atol=1e-9)
    np.testing.assert_allclose(found.test_loss, entry["test_loss"], rtol=1e-9)
    np.testing.assert_allclose(found.score_error, entry["score_error"], rtol=1e-8)


@pytest.mark.parametrize("entry", REFERENCE["stopping"], ids=lambda entry: "-".join(map(str, entry["case"])))
def test_best_stopping(entry: dict) -> None:
    found = early_stopping(model_of(entry["case"]))
    # A minimum of a function known to 1e-12 is known to 1e-6.
    assert found.training_time == pytest.approx(entry["training_time"], rel=1e-5)
    assert found.score_error == pytest.approx(entry["score_error"], rel=1e-8)


def printed(value: float, digits: str) -> bool:
    """Whether a number rounds to these digits."""
    decimals = len(digits.split(".")[1]) if "." in digits else 0
    return abs(value - float(digits)) <= 0.5000001 * 10.0**-decimals


PRINTED_STOPPING = {
    (64.0, 0.1): {
        "training_time": ["13.51", "16.00", "18.97", "22.41"],
        "score_error": [".064299", ".043261", ".027384", ".016575"],
    },
    (32.0, 0.01): {
        "training_time": ["82.56", "95.47", "112.83", "134.84", "161.77", "193.84", "231.16"],
        "score_error": [
            ".135089",
            ".110637",
            ".082922",
            ".057735",
            ".037823",
            ".023694",
            ".014532",
            ".009022",
        ],
    },
    (1e5, 0.01): {"score_error": [".011311", ".003336", ".000898"]},
}


@pytest.mark.parametrize("case", PRINTED_STOPPING)
def test_printed_digits_of_best_stopping(case: tuple[float, float]) -> None:
    entries = [x for x in REFERENCE["stopping"] if (x["case"][1], x["case"][3]) == case]
    for name, digits in PRINTED_STOPPING[case].items():
        for entry, text in zip(entries, digits, strict=False):
            assert printed(entry[name], text), (entry["case"], name, text)


PRINTED_CURVES = [
    (["sin", 4.0, 2.0, 0.1], "test_loss", [".853418", "1.03371", "1.4598"]),
    (["sin", 1.9, 2.0, 0.2, 1], "test_loss", ["14.354"]),
    (["sin", 2.1, 2.0, 0.2, 1], "test_loss", ["15.371"]),
    (["sin", 4.0, 2.0, 0.2, 1], "test_loss", ["1.796608"]),
    (["sin", 1.9, 2.0, 0.2], "test_loss", ["0.8353"]),
    (["sin", 2.1, 2.0, 0.2], "test_loss", ["0.8434"]),
    (["sin", 4.0, 2.0, 0.2], "test_loss", ["0.9349"]),
    (["sin", 16.0, 2.0, 0.2], "test_loss", ["1.3140"]),
    (["sin", 1.9, 2.0, 1e-6], "train_loss", ["0.99997"]),
    (["sin", 2.1, 2.0, 1e-6], "train_loss", ["0.98068"]),
    (["sin", 3.0, 2.0, 1e-6], "train_loss", ["0.84112"]),
    (["sin", 4.0, 2.0, 1e-6], "train_loss", ["0.73211"]),
    (["sin", 8.0, 2.0, 1e-6], "train_loss", ["0.49410"]),
    (["tanh", 64.0, 4.0, 0.1], "score_error", ["13.10"]),
    (["tanh", 64.0, 8.0, 0.1], "score_error", ["9.095"]),
    (["tanh", 64.0, 16.0, 0.1], "score_error", ["5.072"]),
    (["tanh", 64.0, 32.0, 0.1], "score_error", ["2.226"]),
]


@pytest.mark.parametrize(("case", "field", "digits"), PRINTED_CURVES, ids=range(len(PRINTED_CURVES)))
def test_printed_digits_of_curves(case: list, field: str, digits: list[str]) -> None:
    entry = next(x for x in REFERENCE["curves"] if x["case"][:5] == case)
    for value, text in zip(entry[field], digits, strict=True):
        assert printed(value, text), (case, text)


def test_printed_digits_of_the_two_atom_spectrum() -> None:
    found = bulk_edges(RandomFeatures("tanh", 64, 8, 0.01, Covariance([0.5, 1.5], [0.5, 0.5])))
    digits = [
        (".0032847", ".0057860"),
        (".0065606", ".0150875"),
        (".0913501", ".3594798"),
        ("6.173999", "17.342061"),
        ("20.899377", "57.453094"),
    ]
    for edges, texts in zip(found, digits, strict=True):
        for value, text in zip(edges, texts, strict=True):
            assert printed(value, text), text


def test_printed_digits_of_spectra_at_a_later_time() -> None:
    found = bulk_edges(RandomFeatures("tanh", 64, 8, 0.1))
    digits = [".0230836", ".0463203", ".0625253", ".2077447", "11.678", "41.522"]
    for value, text in zip(found.ravel(), digits, strict=True):
        assert printed(value, text), text
    merged = spectrum(RandomFeatures("tanh", 64, 32, 0.1))
    for value, text in zip(
        (merged.bulks[0].lower, merged.bulks[0].upper), (".0148705", ".0925524"), strict=True
    ):
        assert printed(value, text), text
    assert merged.atoms[0].weight == 31 / 64
