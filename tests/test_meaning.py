"""Equal values have one text, different ones different texts, wherever their classes and functions are written."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from scipy.special import erf
from scipy.stats import norm

from statphys_gen.meaning import canonical_json, fingerprint


@dataclass(frozen=True)
class Law:
    scale: float
    shown: str = field(default="", compare=False)
    cache: int = field(default=0, init=False)


class Named:
    def __init__(self, value: float) -> None:
        self.value, self.calls = value, 0

    def meaning(self) -> dict[str, float]:
        return {"value": self.value}

    def twice(self) -> float:
        return 2.0 * self.value


ARRAY = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2.5, np.float64(2.5)),
        (2, np.int32(2)),
        (True, np.True_),
        ("a", np.str_("a")),
        (2, 2.0),
        (0.0, -0.0),
        ((1, 2), [1, 2]),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
        (ARRAY, np.asfortranarray(ARRAY)),
        (ARRAY, np.repeat(ARRAY, 2, axis=1)[:, ::2]),
        (ARRAY, ARRAY.astype(">f8")),
        (np.array([0.0, 1.0]), np.array([-0.0, 1.0])),
        (Law(1.0), Law(np.float64(1), "another name")),
        (partial(math.pow, 2.0), partial(math.pow, 2)),
    ],
)
def test_equal_values_have_one_text(one: Any, other: Any) -> None:
    assert canonical_json(one) == canonical_json(other)
    assert fingerprint(one) == fingerprint(other)


DIFFERENT: list[Any] = [
    None,
    False,
    0,
    1,
    "1",
    math.inf,
    -math.inf,
    0.1,
    np.nextafter(0.1, 1.0),
    1j,
    [],
    [0],
    [[0]],
    {},
    {"mapping": {}},
    {"array": 0},
    {"float": "0x1p-1"},
    0.5,
    ARRAY,
    ARRAY.T,
    ARRAY.astype(np.float32),
    ARRAY.astype(int),
    ARRAY.ravel(),
    np.zeros((0, 3)),
    np.zeros((3, 0)),
    np.array(["a", "b"]),
    Law(1.0),
    Law(2.0),
    {"scale": 1.0},
    Named(1.0),
    Named(2.0),
    Law,
    Named,
    np.tanh,
    np.sin,
    erf,
    math.sin,
    partial(math.pow, 2.0),
    partial(math.pow, 3.0),
    lambda x: x + 1,
    lambda x: x + 2,
    Named(1.0).twice,
    Named(2.0).twice,
]


@pytest.mark.parametrize("code", [False, True])
def test_different_values_have_different_texts(code: bool) -> None:
    texts = [canonical_json(value, code=code) for value in DIFFERENT]
    # numpy's sine and the standard library's have one name.
    expected = len(texts) if code else len(texts) - 1
    assert len(set(texts)) == expected


def test_what_is_no_meaning_does_not_enter() -> None:
    law = Law(1.0)
    object.__setattr__(law, "cache", 3)
    assert canonical_json(law) == canonical_json(Law(1.0))
    named = Named(1.0)
    named.calls = 7
    assert canonical_json(named) == canonical_json(Named(1.0))


def test_keys_of_stored_results_tell_apart_what_functions_tell_apart() -> None:
    pairs = [(2, 2.0), (0.0, -0.0), (np.array([0.0]), np.array([-0.0]))]
    for one, other in pairs:
        assert canonical_json(one, code=True) != canonical_json(other, code=True)
        assert canonical_json(one) == canonical_json(other)


@pytest.mark.parametrize(
    "value", [math.nan, np.float32("nan"), [math.nan], np.array([1.0, math.nan]), complex(0, math.nan)]
)
def test_nan_is_refused(value: Any) -> None:
    for code in (False, True):
        with pytest.raises(ValueError, match="NaN has no canonical form"):
            canonical_json(value, code=code)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({1, 2}, "a set"),
        (object(), "a object"),
        ({1: 2}, "keys are texts"),
        (np.array([object()]), "an array of object"),
        (np.array(["2020-01-01"], dtype="M8[D]"), r"an array of datetime64\[D\]"),
        (np.frompyfunc(lambda x: x, 1, 1), "a ufunc"),
        (Path("a"), "a .*Path"),
        (b"bytes", "a bytes"),
        (norm.logpdf, "a norm_gen"),
    ],
)
def test_what_has_no_form_is_refused_by_its_type(value: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=kind):
        canonical_json([value])


def test_formulas_made_into_functions_are_told_apart() -> None:
    x = sympy.symbols("x")
    texts = [canonical_json(sympy.lambdify(x, formula, "numpy")) for formula in (x**2, x**3, x**2)]
    assert texts[0] == texts[2] != texts[1]


def test_a_large_array_is_read_in_pieces_to_the_end() -> None:
    large = np.random.default_rng(0).standard_normal((3, 2**16 + 5))
    changed = large.copy()
    changed[-1, -1] += 1e-9
    assert fingerprint(large) == fingerprint(np.asfortranarray(large)) != fingerprint(changed)


SCRIPT = """
from dataclasses import dataclass
from statphys_gen.meaning import canonical_json
from statphys_gen.diffusion import GaussianMixture
from statphys_gen.random_features import RandomFeatures
from statphys_gen.phase_retrieval import Loss, PhaseRetrieval
from statphys_gen.rbm import FromLogDensity

def density(h):
    return -abs(h) ** 3

@dataclass(frozen=True)
class Own:
    scale: float

models = [
    GaussianMixture.two_classes(3, 0.5), RandomFeatures("tanh", 1.0, 2.0, 0.1),
    PhaseRetrieval(Loss.named("normalised"), 3.0), Loss.from_expression("(y**2 - t**2)**2"),
    FromLogDensity(density), Own(2.0),
]
print(canonical_json(models, code=False))
print(canonical_json(models, code=True))
"""


def test_the_text_does_not_depend_on_the_process_or_the_place_of_the_script(tmp_path: Path) -> None:
    printed = []
    for name in ("one/run.py", "other/elsewhere.py"):
        script = tmp_path / name
        script.parent.mkdir()
        script.write_text(SCRIPT)
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    assert str(tmp_path) not in printed[0]
    assert "statphys_gen" not in printed[0]
    assert "__main__" not in printed[0]
