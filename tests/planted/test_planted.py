"""The bank of planted errors: its operators, its map to tests, and its runner, on a toy tree."""

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from statphys_gen import registry
from statphys_gen.systems import SYSTEMS
from tests.planted import __main__ as command
from tests.planted import bank, operators, reach, runner

ROOT = Path(__file__).parents[2]

MEAN = """
import math

import numpy as np


def standard_error(values):
    '''Of the mean: s / sqrt(n), 2 - 1.'''
    if len(values) < 2:
        raise ValueError(f"{len(values)} - 1 values")
    return math.sqrt(np.var(values, ddof=1) / len(values))


def unseen(value):
    return 2.0 * value


def endless(value):
    while value > 1.0:
        value = value / 2.0
    return value
"""
DOOR = """
from importlib import import_module

HOMES = {"standard_error": "toy.mean", "endless": "toy.mean", "far": "toy.other"}


def __getattr__(name):
    if name not in HOMES:
        raise AttributeError(name)
    return getattr(import_module(HOMES[name]), name)
"""
TESTS = """
from toy import standard_error


def test_it():
    assert abs(standard_error([1.0, 2.0, 3.0]) - 0.5773502691896257) < 1e-12
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    files = {
        "toy/__init__.py": DOOR,
        "toy/__init__.pyi": "from .mean import standard_error as standard_error\nfrom .other import far as far\n",
        "toy/mean.py": MEAN,
        "toy/other.py": "from .deep.core import core\n\n\ndef far():\n    return core()\n",
        "toy/deep/__init__.py": "",
        "toy/deep/core.py": "def core():\n    return 1.0\n",
        "tests/test_mean.py": TESTS,
        "tests/test_other.py": "import toy\n\n\ndef test_far():\n    assert toy.far() == 1.0\n",
        "tests/deep/test_core.py": "from toy.deep.core import core\nimport toy.other\n\n\n"
        "def test_core():\n    assert core() == 1\n",
        "tests/test_nothing.py": "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    import toy.mean\n\n\ndef test_nothing():\n    assert True\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def error(old: str, new: str, *tests: str, **options: object) -> bank.Error:
    return bank.Error("toy/mean.py", old, new, str(options.pop("kind", "factor")), tests, **options)  # type: ignore[arg-type]


TAUGHT = "    return math.sqrt(np.var(values, ddof=1) / len(values))"
DDOF = error(TAUGHT, TAUGHT.replace("ddof=1", "ddof=0"), "tests/test_mean.py", kind="degrees of freedom")
BLIND = error(
    "    return 2.0 * value", "    return 3.0 * value", "tests/test_nothing.py", "tests/test_mean.py"
)


# Operators
# --------------------------------------------------------------------------------------


def changes(text: str) -> set[tuple[str, str]]:
    return {(site.kind, site.new.strip()) for site in operators.sites(textwrap.dedent(text))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = a + b", {("sign", "x = a - b")}),
        ("x = a - b", {("sign", "x = a + b")}),
        ("x -= a", {("sign", "x += a")}),
        ("x = f(-a)", {("sign", "x = f(+a)")}),
        ("x = 2 * a", {("factor", "x = 4 * a")}),
        ("x = a / 0.5", {("factor", "x = a / 1.0")}),
        ("x = a * b", {("factor", "x = a / b")}),
        ("x = a @ b", set()),
        ("x = a**2", {("exponent", "x = a**3")}),
        ("x = a**-1.5", {("exponent", "x = a**-0.5"), ("sign", "x = a**+1.5")}),
        ("x = np.sqrt(a)", {("exponent", "x = (a)")}),
        ("x = a[0]", {("index", "x = a[-1]")}),
        ("x = a[:, -1]", {("index", "x = a[:, -2]")}),
        ("x = a[1:-1]", {("index", "x = a[2:-1]"), ("index", "x = a[1:-2]")}),
        ("x = a < b", {("inequality", "x = a > b")}),
        ("x = a <= b < c", {("inequality", "x = a >= b < c"), ("inequality", "x = a <= b > c")}),
        ("x = np.minimum(a, b)", {("inequality", "x = np.maximum(a, b)")}),
        ("x = a == b", set()),
        ("x = a.sum(axis=0)", {("axis", "x = a.sum(axis=1)")}),
        ("x = a.sum(axis=-1)", {("axis", "x = a.sum(axis=0)"), ("sign", "x = a.sum(axis=+1)")}),
        ("x = a.std(ddof=1)", {("degrees of freedom", "x = a.std(ddof=0)")}),
        ("x = n - 1", {("degrees of freedom", "x = n - 0"), ("sign", "x = n + 1")}),
        # Nothing is computed here.
        ("x = 'a' + b", set()),
        ("x: list[1] = y", set()),
        ("x = [1] + b", set()),
        ("x = f'{a - b}'", set()),
        ("raise ValueError(a - b)", set()),
        ("assert a < b", set()),
    ],
)
def test_an_operator_changes_one_place(line: str, expected: set[tuple[str, str]]) -> None:
    assert changes(line) == expected


def test_operators_find_their_token_beside_brackets_comments_and_letters_of_several_bytes() -> None:
    text = """
    def f(a, b):
        '''a - b'''
        µ = "é"; x = (a  # - not here
             ) - (b)
        return x + \\
            µ
    """
    assert changes(text) == {("sign", ") + (b)"), ("sign", "return x - \\")}
    assert changes("x = {'é': -a}") == {("sign", "x = {'é': +a}")}


def test_what_does_not_compile_or_says_the_same_is_not_drawn() -> None:
    text = "x = a + b\n"
    (site,) = operators.sites(text)
    assert operators.is_another_program(text, site)
    assert not operators.is_another_program(text, site._replace(new="x = a +  b"))
    assert not operators.is_another_program(text, site._replace(new="x = a +"))


def test_the_draw_is_one_of_the_seed_and_takes_the_kinds_in_turn() -> None:
    texts = {"a.py": "x = a + b\ny = a - b\nz = 2 * a\n", "b.py": "x = a**2\ny = a[0]\nz = 3 * a\n"}
    every = operators.draw(texts, 100, 0)
    assert len(every) == len(set(every)) == 6
    assert [site.kind for _, site in every[:4]] == ["sign", "factor", "exponent", "index"]
    assert operators.draw(texts, 4, 0) == every[:4]
    assert {tuple(operators.draw(texts, 2, seed)) for seed in range(20)} != {tuple(every[:2])}
    shuffled = dict(reversed(texts.items()))
    assert operators.draw(shuffled, 6, 0) == every


def test_every_drawn_error_of_the_package_is_there_and_another_program() -> None:
    """A few files of the package itself: each site changes exactly the line that it says."""
    files = reach.numerical_files(ROOT, "statphys_gen", [system.name for system in SYSTEMS])
    assert len(files) > 100
    assert not [
        file for file in files if "/checks/" in file or "plots" in file or file.endswith("__init__.py")
    ]
    chosen = ["statphys_gen/statistics/power.py", "statphys_gen/statistics/extrapolation.py"]
    texts = {file: (ROOT / file).read_text() for file in chosen}
    drawn = operators.draw(texts, 25, 3)
    assert len({site.kind for _, site in drawn}) >= 5
    for file, site in drawn:
        planted = command.entry(texts[file], file, site, ())
        before, after = texts[file].splitlines(), planted.planted(texts[file]).splitlines()
        assert [k for k, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]] == [
            site.line
        ]


# The bank
# --------------------------------------------------------------------------------------


def test_the_bank_keeps_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "errors.toml"
    path.write_text("# A remark that stays.\n")
    odd = replace(
        BLIND, old='    x = "\\t\'é"', survives='a "reason"', occurrence=3, check="a-check", drawn=True
    )
    bank.append([DDOF], path)
    bank.append([odd], path)
    assert bank.load(path) == [DDOF, odd]
    assert path.read_text().startswith("# A remark that stays.\n")
    assert bank.load(tmp_path / "absent.toml") == []


def test_an_error_is_planted_in_the_line_that_is_meant() -> None:
    text = "x = 1\ny = 2\nx = 1\n"
    planted = bank.Error("f.py", "x = 1", "x = 3", "factor", ())
    assert planted.planted(text) == "x = 3\ny = 2\nx = 1\n"
    assert replace(planted, occurrence=2).planted(text) == "x = 1\ny = 2\nx = 3\n"
    with pytest.raises(LookupError, match=r"f\.py has no line"):
        replace(planted, occurrence=3).planted(text)


def test_the_bank_of_the_package_fits_the_package() -> None:
    errors = bank.load()
    assert len(set(errors)) == len(errors)
    known = {entry["id"] for entry in registry.load(ROOT / "validation")} | {""}
    assert {planted.check for planted in errors} <= known
    for planted in errors:
        text = (ROOT / planted.file).read_text(encoding="utf-8")
        there = planted.place(text) is not None
        assert there != bool(planted.gone), f"say in `gone` what became of the line: {planted}"
        assert planted.tests, planted
        assert all((ROOT / test.split("::")[0]).is_file() for test in planted.tests), planted


def test_every_error_that_the_audit_named_is_in_the_bank_and_killed() -> None:
    outcomes = runner.read(command.OUTCOMES, bank.load())
    killed = {outcome.error.audit for outcome in outcomes if outcome.fate == "killed"}
    assert killed - {""} == set(bank.AUDITED)
    assert all(outcome.fate == "killed" for outcome in outcomes if outcome.error.audit)
    assert {planted.audit for planted in bank.load()} - {""} == set(bank.AUDITED)


# Which tests
# --------------------------------------------------------------------------------------


def test_tests_are_found_through_doors_and_the_nearest_come_first(tree: Path) -> None:
    found = reach.Reach(tree, "toy")
    assert found.tests("toy/mean.py") == ("tests/test_mean.py",)
    assert found.tests("toy/deep/core.py") == ("tests/deep/test_core.py", "tests/test_other.py")
    assert set(found.tests("toy/other.py")) == {"tests/test_other.py", "tests/deep/test_core.py"}


def test_every_numerical_file_is_reached_by_a_test() -> None:
    found = reach.Reach(ROOT, "statphys_gen")
    for file in reach.numerical_files(ROOT, "statphys_gen", [system.name for system in SYSTEMS]):
        assert found.tests(file), file
    assert (
        found.tests("statphys_gen/statistics/extrapolation.py")[0] == "tests/statistics/test_extrapolation.py"
    )


# The runner
# --------------------------------------------------------------------------------------


def test_killed_survived_and_gone_are_told_apart(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TIMEOUT", 20.0)
    gone = error("    return 4.0 * value", "    return 5.0 * value", "tests/test_mean.py", kind="sign")
    broken = error("import math", "import maths", "tests/test_mean.py", kind="name")
    explained = replace(BLIND, new="    return value * 2.0", survives="the same number")
    shown: list[runner.Outcome] = []
    outcomes = runner.run_all(tree, [DDOF, BLIND, gone, broken, explained], package="toy", each=shown.append)
    assert [outcome.fate for outcome in outcomes] == ["killed", "survived", "gone", "killed", "survived"]
    assert outcomes[0].by == "tests/test_mean.py"
    assert shown == outcomes
    assert runner.failed(outcomes) == [outcomes[1], outcomes[2]]
    told = replace(outcomes[2], error=replace(gone, gone="it is computed elsewhere now"))
    assert runner.failed([told]) == []
    rows = {line[:24].strip(): line[24:].split() for line in runner.table(outcomes).splitlines()[1:-1]}
    assert rows["all"] == ["5", "2", "1", "1", "1"]
    assert "killed of those whose line is there: 50.0 %" in runner.table(outcomes)
    assert rows["factor"] == ["2", "0", "1", "1", "0"]
    assert (tree / "toy/mean.py").read_text() == MEAN  # only a copy was changed


def test_an_endless_loop_is_noticed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a loaded machine a clean run may take longer than this; the loop always does.
    monkeypatch.setattr(runner, "TIMEOUT", 3.0)
    (tree / "tests/test_loop.py").write_text(
        "from toy import endless\n\n\ndef test_loop():\n    assert endless(8.0) == 1.0\n"
    )
    halved = "        value = value / 2.0"
    (outcome,) = runner.run_all(
        tree, [error(halved, halved.replace("/", "*"), "tests/test_loop.py")], package="toy", clean=False
    )
    # Doubled again and again the value ends at infinity, and stays there.
    assert outcome.fate == "killed"


def test_tests_that_fail_by_themselves_or_do_not_run_notice_nothing(tree: Path) -> None:
    (tree / "tests/test_mean.py").write_text(TESTS.replace("0.577", "0.578"))
    with pytest.raises(RuntimeError, match=r"tests/test_mean\.py fails without a planted error"):
        runner.run_all(tree, [DDOF], package="toy")
    absent = replace(DDOF, tests=("tests/test_absent.py",))
    with pytest.raises(RuntimeError, match="was not run"):
        runner.run_all(tree, [absent], package="toy", clean=False)


def test_no_error_is_begun_after_the_time(tree: Path) -> None:
    assert runner.run_all(tree, [DDOF, BLIND], package="toy", clean=False, seconds=-1.0) == []


def test_two_copies_do_not_see_each_other(tree: Path) -> None:
    unseen = replace(BLIND, tests=("tests/test_mean.py",))
    outcomes = runner.run_all(tree, [DDOF, unseen] * 2, package="toy", clean=False, workers=2)
    assert [outcome.fate for outcome in outcomes] == ["killed", "survived"] * 2


def test_outcomes_are_kept_and_read_again(tmp_path: Path) -> None:
    path, errors = tmp_path / "outcomes.jsonl", [DDOF, BLIND]
    assert runner.read(path, errors) == []
    runner.write(path, runner.Outcome(BLIND, "survived"))
    runner.write(path, runner.Outcome(DDOF, "killed", "tests/test_mean.py", 1.25))
    runner.write(path, runner.Outcome(BLIND, "killed", "tests/test_new.py", 2.0))
    found = runner.read(path, [replace(DDOF, tests=("tests/test_other.py",)), BLIND])
    assert [(outcome.fate, outcome.by) for outcome in found] == [
        ("killed", "tests/test_mean.py"),
        ("killed", "tests/test_new.py"),
    ]
    # What was noticed in a line that has been rewritten since counts no more.
    (rewritten,) = runner.read(path, [replace(BLIND, gone="it is computed elsewhere now")])
    assert rewritten.fate == "gone"
    # Another line is another error.
    assert runner.read(path, [replace(DDOF, occurrence=2)]) == []
    told = runner.Outcome(replace(BLIND, survives="it is the same number"), "survived")
    text = command.page([found[0], told, runner.Outcome(BLIND, "survived")], 3)
    assert "became `return 3.0 * value`: it is the same number" in text
    assert "NOT EXPLAINED" in text


def test_the_page_of_the_package_says_what_is_kept() -> None:
    errors = bank.load()
    assert command.README.read_text() == command.page(runner.read(command.OUTCOMES, errors), len(errors))


# The command
# --------------------------------------------------------------------------------------


def test_the_command_draws_once_and_runs(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "errors.toml"
    monkeypatch.setattr(command, "ROOT", tree)
    monkeypatch.setattr(command, "PACKAGE", "toy")
    monkeypatch.setattr(reach, "numerical_files", lambda root, package, systems: ["toy/mean.py"])
    load, append, run_all = bank.load, bank.append, runner.run_all
    monkeypatch.setattr(bank, "load", lambda: load(path))
    monkeypatch.setattr(bank, "append", lambda errors: append(errors, path))
    monkeypatch.setattr(runner, "run_all", lambda *args, **options: run_all(*args, **options, package="toy"))
    assert command.main([]) == 0  # an empty bank
    assert command.main(["draw", "--count", "3", "--seed", "1", "--under", "toy"]) == 0
    assert [planted.drawn for planted in load(path)] == [True] * 3
    assert command.main(["draw", "--count", "3", "--under", "toy/"]) == 2
    assert command.main(["draw", "--count", "3", "--under", "elsewhere"]) == 2
    assert len(load(path)) == 3
    path.unlink()
    append([DDOF, BLIND], path)
    capsys.readouterr()
    assert command.main(["run", "--only", "degrees", "--tests-pass"]) == 0
    assert command.main(["run", "--random", "1", "--seed", "3", "--seconds", "-1", "--tests-pass"]) == 0
    assert "1 were not begun within" in capsys.readouterr().out
    kept = tmp_path / "kept.jsonl"
    assert command.main(["run", "--tests-pass", "--keep", str(kept)]) == 3
    printed = capsys.readouterr().out
    assert "survived  toy/mean.py: factor: return 2.0 * value  ->  return 3.0 * value" in printed
    assert command.main(["run", "--tests-pass", "--keep", str(kept)]) == 3
    assert len(kept.read_text().splitlines()) == 2  # nothing was run again
    assert capsys.readouterr().out.startswith("kind ")
    assert command.main(["tests", "toy/mean.py"]) == 0
    assert capsys.readouterr().out == "tests/test_mean.py\n"
