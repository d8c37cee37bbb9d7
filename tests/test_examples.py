"""The short examples: one question each, at most 15 lines, from doors, every system; and the notebooks made of them."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from statphys_gen.systems import SYSTEMS

DOCS = Path(__file__).parents[1] / "docs"
SCRIPTS = sorted((DOCS / "examples" / "short").glob("*.py"))


def imported(script: Path) -> set[str]:
    tree = ast.parse(script.read_text(encoding="utf-8"))
    return {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_is_short_and_answers_a_question(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 15
    question = ast.get_docstring(ast.parse(text))
    assert question is not None
    assert "?" in question
    assert imported(script) <= {f"statphys_gen.{system.name}" for system in SYSTEMS}


def test_every_system_has_one() -> None:
    assert len(SCRIPTS) >= 12
    assert {f"statphys_gen.{system.name}" for system in SYSTEMS} <= set().union(*map(imported, SCRIPTS))


def test_a_notebook_holds_question_program_and_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("run_examples", DOCS / "run_examples.py")
    assert spec is not None
    assert spec.loader is not None
    runner = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "run_examples", runner)
    spec.loader.exec_module(runner)
    asked: list[list[str]] = []
    monkeypatch.setattr(runner, "_output", lambda command, *_: asked.append(command) or "printed\n")
    folder = tmp_path / "generated" / "examples"
    folder.mkdir(parents=True)
    runner._short_examples(DOCS, folder)
    assert [Path(command[-1]) for command in asked] == SCRIPTS
    page = (folder.parent / "short_examples.txt").read_text()
    for script in SCRIPTS:
        notebook = json.loads((folder / f"{script.stem}.ipynb").read_text())
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        question, code = notebook["cells"]
        assert question["source"].removeprefix("# ") in page
        assert code["source"].splitlines()[-1] == script.read_text().splitlines()[-1]
        assert code["outputs"][0]["text"] == "printed\n"
