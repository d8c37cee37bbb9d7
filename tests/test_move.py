"""Nothing that a user sees depends on where a file lies: the package and a script are moved, and nothing changes."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from statphys_gen.phase_retrieval import model
from statphys_gen.phase_retrieval.checks import dynamics as checks_dynamics
from statphys_gen.phase_retrieval.simulation import hessians as simulation_spectra
from statphys_gen.statistics import estimate

PACKAGE = Path(__file__).parents[1] / "statphys_gen"
# A model, a simulation of it, what both sides of the checks share, and the checks.
MOVED = [module.__name__ for module in (model, simulation_spectra, estimate, checks_dynamics)]

SCRIPT = f"""
import json, os, sys
from pathlib import Path

from statphys_gen import sweep, verification
from statphys_gen.code import code_hash
from {model.__name__} import Loss, PhaseRetrieval
from {simulation_spectra.__name__} import simulate_hessian


def lowest(problem, dimension, seed):
    with Path(os.environ["COMPUTED"]).open("a") as file:
        file.write("one point\\n")
    found = simulate_hessian(problem, dimension=dimension, instances=2, seed=seed, count=2)
    return {{"lowest": found.next_eigenvalue}}


if __name__ == "__main__":
    problem = PhaseRetrieval(Loss.normalised(1.0), 2.0)
    grid = {{"problem": problem, "dimension": [4, 6]}}
    stored = sweep.run(lowest, grid, store=sys.argv[1], seed=3)
    again = sweep.run(lowest, grid, seed=3)
    checks = verification.checks_of("phase_retrieval")
    print(json.dumps({{
        "stored": stored["lowest"].values.tolist(),
        "again": again["lowest"].values.tolist(),
        "code": [code_hash(entry) for entry in (lowest, simulate_hessian, PhaseRetrieval, problem)],
        "checks": [[check.id, check.seed, verification.sources(check)] for check in checks[::6]],
    }}))
"""


def relative(module: str, package: str) -> str:
    """A module as a file of this package writes it after ``from``."""
    target, own = module.split("."), package.split(".")
    pairs = enumerate(zip(target, own, strict=False))
    common = next((k for k, (one, other) in pairs if one != other), min(len(target), len(own)))
    return "." * (len(own) - common + 1) + ".".join(target[common:])


def move(root: Path, modules: list[str]) -> dict[str, str]:
    """Move modules of a copy of the package one room down, and correct every import of them and in them."""
    places = {old: f"{old.rpartition('.')[0]}.moved.{old.rpartition('.')[2]}" for old in modules}
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.pyi")]):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        is_package = path.stem == "__init__"
        before = name if is_package else name.rpartition(".")[0]
        after = places.get(name, name) if is_package else places.get(name, name).rpartition(".")[0]
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        imports = [
            n for n in ast.walk(ast.parse("".join(lines))) if isinstance(n, ast.ImportFrom) and n.level
        ]
        for node in sorted(imports, key=lambda node: -node.lineno):
            above = before.split(".")[: len(before.split(".")) - node.level + 1]
            base = ".".join([*above, *([node.module] if node.module else [])])
            texts = []
            for alias in node.names:
                own = places.get(f"{base}.{alias.name}", "").rpartition(".")[0]
                renamed = f" as {alias.asname}" if alias.asname else ""
                texts.append(
                    f"from {relative(own or places.get(base, base), after)} import {alias.name}{renamed}"
                )
            indent = lines[node.lineno - 1][: node.col_offset]
            lines[node.lineno - 1 : node.end_lineno] = [f"{indent}{text}\n" for text in texts]
        path.write_text("".join(lines), encoding="utf-8")
    for old, new in places.items():
        source, target = (root / f"{module.replace('.', '/')}.py" for module in (old, new))
        target.parent.mkdir(exist_ok=True)
        (target.parent / "__init__.py").touch()
        source.rename(target)
    return places


def run(script: Path, package: Path, store: Path, log: Path) -> dict:
    environment = {
        **os.environ,
        "PYTHONPATH": str(package),
        "COMPUTED": str(log),
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(script), str(store)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def trees(tmp_path):
    for name in ("here", "elsewhere"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGE, tmp_path / name / "packages" / "statphys_gen", ignore=ignored)
    return tmp_path / "here", tmp_path / "elsewhere"


def test_a_moved_package_and_a_renamed_script_find_the_same_numbers_points_and_hashes(trees, tmp_path):
    here, elsewhere = trees
    (here / "run.py").write_text(SCRIPT)
    text = SCRIPT
    for old, new in move(elsewhere / "packages", MOVED).items():
        text = text.replace(f"from {old} import", f"from {new} import")
    assert text != SCRIPT
    (elsewhere / "renamed.py").write_text(text)
    store = tmp_path / "sweep.sqlite"
    before = run(here / "run.py", here / "packages", store, tmp_path / "before.log")
    after = run(elsewhere / "renamed.py", elsewhere / "packages", store, tmp_path / "after.log")
    assert before == after
    assert before["stored"] == before["again"]
    assert len((tmp_path / "before.log").read_text().splitlines()) == 4
    assert len((tmp_path / "after.log").read_text().splitlines()) == 2  # all of the stored ones were found

    # The comparison can fail: an edit of the moved model is seen.
    edited = elsewhere / "packages" / "statphys_gen" / "phase_retrieval" / "moved" / "model.py"
    lines = edited.read_text()
    assert "class PhaseRetrieval:\n" in lines
    edited.write_text(lines.replace("class PhaseRetrieval:\n", "class PhaseRetrieval:\n    changed = True\n"))
    (elsewhere / "renamed.py").write_text(
        text[: text.index("if __name__")] + "print(json.dumps(code_hash(lowest)))"
    )
    assert run(elsewhere / "renamed.py", elsewhere / "packages", store, tmp_path / "log") != before["code"][0]
