"""The pages of the documentation name derivations and predictions that exist, and leave no file of derivations out."""

import csv
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from derivations import all_derivations
from statphys_gen.cli import build_parser
from statphys_gen.predictions import predictions
from statphys_gen.systems import SYSTEMS

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [path for path in DOCS.rglob("*.rst") if not {"generated", "_build"} & set(path.parts)]
_CLAIM = re.compile(r":derivation:`(?:[^`<]*<)?([\w.]+)>?`")
_EXACT = re.compile(r"^\.\. exact:: (.*)$", re.MULTILINE)


def _named(pattern: re.Pattern[str]) -> set[str]:
    return {
        word for path in PAGES for text in pattern.findall(path.read_text("utf-8")) for word in text.split()
    }


def test_every_claim_that_a_page_names_exists() -> None:
    # The page for developers shows the two marks as examples, of names that exist.
    found = _named(_CLAIM)
    assert len(found) > 100
    assert found <= {claim.name for claim in all_derivations()}


def test_every_prediction_stands_below_a_formula_and_no_other() -> None:
    found = _named(_EXACT)
    assert len(found) > 150
    assert {name.partition(".")[0] for name in found} >= {system.name for system in SYSTEMS}
    assert found == {f"{prediction.home}.{prediction.name}" for prediction in predictions()}


def test_a_page_that_derives_leaves_no_file_of_its_derivations_out() -> None:
    files = {claim.name.rpartition(".")[0] for claim in all_derivations()}
    named = {name.rpartition(".")[0] for name in _named(_CLAIM)}
    systems = {name.partition(".")[0] for name in named}
    assert systems == {system.name for system in SYSTEMS}
    assert {name for name in files if name.partition(".")[0] in systems} <= named


def _commands() -> list[str]:
    """Those that stand on lines of their own, as one types them; dots and brackets stand for something else."""
    lines = [line for path in PAGES for line in path.read_text("utf-8").replace("\\\n", " ").splitlines()]
    found = [line.strip().removeprefix("$ ") for line in lines if re.match(r" +(\$ )?statphys-gen ", line)]
    return [line for line in found if not re.search(r"[<|\[]|\.\.\.", line)]


def test_every_command_of_a_page_is_one() -> None:
    commands, parser = _commands(), build_parser()
    assert len(commands) > 50
    named = {parser.parse_args(shlex.split(line)[1:]).system for line in commands}
    assert named >= {system.name.replace("_", "-") for system in SYSTEMS if system.name != "diffusion"}


def test_every_picture_was_looked_at_once() -> None:
    with (DOCS / "pictures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    made = {path.stem for path in (DOCS.parent / "figures").glob("*/[a-z]*.py")}
    assert sorted(row[0] for row in rows) == sorted(made)
    assert all(len(row) == 3 and all(row) for row in rows)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(DOCS))
    sys.modules.pop("sizes", None)
    import sizes

    yield sizes
    sys.modules.pop("sizes", None)


def _record(name: str, size: Any, value: list[float], **changes: Any) -> dict[str, Any]:
    record = {
        "id": name,
        "kind": "general",
        "judged": True,
        "sizes": {"dimension": size},
        "theory": [2.0] * len(value),
        "value": value,
        "standard_error": [0.001] * len(value),
        "scale": [4.0] * len(value),
        "degrees_of_freedom": [30.0] * len(value),
        "at_sizes": [],
    }
    return record | changes


def test_deviation_is_that_of_the_worst_value_relative_to_its_scale(sizes: Any) -> None:
    (found,) = sizes.deviations(_record("a", 50, [2.01, 1.9]))
    assert found.size == {"dimension": 50}
    assert found.deviation == pytest.approx(0.025)
    assert found.standard_error == pytest.approx(0.00025)
    # Student's interval of 95 % at 30 degrees of freedom is 2.0423 standard errors.
    assert found.bound == pytest.approx(0.025 + 2.0423 * 0.00025, rel=1e-5)


def test_size_from_which_it_is_small_is_the_first_of_an_unbroken_row(sizes: Any) -> None:
    records = [
        _record("a", 10, [2.001]),
        _record("b", 20, [2.08]),
        _record("c", 40, [2.002]),
        _record("d", 80, [2.001]),
    ]
    found = [item for record in records for item in sizes.deviations(record)]
    assert sizes.small_from(found, []) == "below 1 % from dimension 40 on, at 2 sizes"
    assert sizes.small_from(found[:2], []) == "a size from which on it is below 1 % is not in the records"
    assert "not simulated beyond" in sizes.small_from(found[:1], [])


def test_where_checks_by_size_exist_they_say_from_which_size(sizes: Any) -> None:
    near = _record("a", 300, [2.001])
    far = [_record(f"x-by-size-{n}", n, [2.0 + 4.0 / n], judged=False) for n in (10, 20, 40)]
    found = [item for record in (near, *far) for item in sizes.deviations(record)]
    told = sizes.small_from(found, [])
    assert told == "not below 1 % at the sizes that were simulated: 2.6 % are open at dimension 40"
    further = sizes.deviations(_record("x-by-size-800", 800, [2.005], judged=False))
    assert sizes.small_from([*found, *further], []) == "below 1 % at dimension 800, and not simulated beyond"


def test_a_limit_is_no_size(sizes: Any) -> None:
    found = sizes.deviations(_record("a", [32, 64, 128], [2.001, 1.999, 2.0]))
    assert len(found) == 1
    assert found[0].is_limit
    assert "the limit is below 1 %" in sizes.small_from(found, [])
    assert sizes.deviations(_record("b", 32, [2.0], kind="standard error")) == []


def test_the_values_from_which_a_limit_was_extrapolated_stand_at_their_sizes(sizes: Any) -> None:
    """Deviations are of a scale of 4, and fall as 0.8/N with an error of 0.001 each."""
    rows = [[1, 1.0, n, 2.0 + 0.8 / n, 0.001, 30.0] for n in (64.0, 32.0, 128.0)]
    record = _record("a", [32, 64, 128], [5.0, 2.0], at_sizes=rows)
    *at, limit = sizes.deviations(record)
    assert limit.is_limit
    assert [(d.size["dimension"], round(d.deviation, 9)) for d in at] == [
        (n, round(0.2 / n, 9)) for n in (64.0, 32.0, 128.0)
    ]
    (law,) = sizes.laws(record)
    assert (law.name, law.smallest, law.largest, law.exponent) == ("dimension", 32.0, 128.0, 1.0)
    # The error of the amplitude is 0.00025/sqrt(sum 1/N^2), and 2.0423 of them are added.
    error = 0.00025 / np.sqrt((np.array([32.0, 64.0, 128.0]) ** -2).sum())
    assert law.amplitude == pytest.approx(0.2 + 2.0423 * error, rel=1e-4)
    assert law.small_from == 32.0
    steep = sizes.laws(_record("a", [32, 64, 128], [5.0, 2.0], at_sizes=rows, scale=[1.0, 1.0]))
    assert steep[0].small_from == pytest.approx(100.0 * 4.0 * law.amplitude)
    told = sizes.small_from([limit, *at], [law, *steep])
    assert told == "below 1 % from dimension 86 on, as its limits are approached (simulated from 32 to 128)"


def test_values_of_several_sizes_one_behind_the_other(sizes: Any) -> None:
    record = _record("linear-orthogonal-errors-x", [80, 160], [2.2, 2.0, 2.004, 2.0])
    assert [(d.size["dimension"], round(d.deviation, 6)) for d in sizes.deviations(record)] == [
        (80, 0.05),
        (160, 0.001),
    ]


def test_a_record_without_a_size_stands_for_its_setting(sizes: Any) -> None:
    record = _record("score-matching-x", 3, [2.001, 1.999]) | {"sizes": {"nodes": 300, "points": [0.3, 0.7]}}
    (found,) = sizes.deviations(record)
    assert found.words() == "setting of the check"
    assert sizes.small_from([found], []) == "at the setting of its checks below 1 %"
    (far,) = sizes.deviations(record | {"value": [2.1, 1.999]})
    assert sizes.small_from([found, far], []).endswith("not shown by all of them to be below 1 %")
    (nodes,) = sizes.deviations(record | {"id": "principal-graph-x"})
    assert sizes.small_from([found, far, nodes], []).startswith("below 1 % at nodes 300")
