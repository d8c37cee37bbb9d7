"""What is loaded when: heavy libraries where they are used, and nothing that a command does not need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "statphys_gen"


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imported(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Absolute names of everything a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = list(path.relative_to(ROOT).parent.parts)
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join(base + ([node.module] if node.module else []))
            names |= {prefix} | {f"{prefix}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    heavy = {"matplotlib", "xarray", "pandas", "sklearn", "dask", "distributed", "sympy", "scipy.stats"}
    if not path.stem.startswith("kernels"):
        heavy |= {"numba"}
    assert not {
        name
        for name in imported(path, top_level_only=True)
        if any(f"{name}.".startswith(f"{h}.") for h in heavy)
    }


def test_matplotlib_is_imported_only_in_plot_functions_and_for_the_style() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in set(modules()) - {PACKAGE / "style.py"}}
    named = [path for path, text in texts.items() if "matplotlib" in text]
    assert len(named) > 2
    for path in named:
        tree = ast.parse(texts[path])
        allowed = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").startswith("plot")
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in allowed:
                names = (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                )
                assert not any(name.split(".")[0] == "matplotlib" for name in names), path


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import statphys_gen", {"numpy", "numba", "xarray", "matplotlib", "scipy", "pandas"}),
        (
            "import contextlib, io\nfrom statphys_gen.cli import main\n"
            "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main(['--help'])",
            {"numpy", "numba", "scipy", "xarray", "matplotlib", "pandas"},
        ),
        (
            "import contextlib, io\nfrom statphys_gen.cli import main\n"
            "with contextlib.redirect_stderr(io.StringIO()):\n"
            "    assert main(['diffusion', 'clone-agreement', '--signal', '-1']) == 2",
            {"numpy", "numba", "scipy", "xarray", "matplotlib", "pandas"},
        ),
        (
            "import contextlib, io\nfrom statphys_gen.cli import main\n"
            "with contextlib.redirect_stdout(io.StringIO()):\n"
            "    assert main(['diffusion', 'clone-agreement', '--signal', '1', '--json']) == 0",
            {"numba", "scipy.stats", "xarray", "matplotlib", "pandas"},
        ),
        (
            "import contextlib, io\nfrom statphys_gen.cli import main\n"
            "with contextlib.redirect_stdout(io.StringIO()):\n"
            "    assert main('diffusion speciation-time --dimension 64 --separation 1 --variance 1'.split()) == 0",
            {"numba", "scipy.stats", "xarray", "matplotlib", "pandas"},
        ),
        (
            "import contextlib, io\nfrom statphys_gen.cli import main\n"
            "with contextlib.redirect_stderr(io.StringIO()):\n"
            "    for words in ('coefficients --activation tanh --time 0', 'timescales --psi-p 0',\n"
            "        'spectrum --psi-n -1', 'learning-curves --covariance 1:2 --tau 1',\n"
            "        'early-stopping --noise-draws 0',\n"
            "        'spectrum --activation sin --psi-p 4 --psi-n 2 -t 0.1 --eigenvalues absent.npy',\n"
            "        'phase-diagram --activation sin -t 0.1 --tau 1 --psi-p 2 1 --output x'):\n"
            "        assert main(['random-features', *words.split()]) == 2",
            {"numpy", "numba", "scipy", "xarray", "matplotlib", "pandas"},
        ),
        (
            "import contextlib, io\nfrom statphys_gen.cli import main\n"
            "model = '--activation sin --psi-p 4 --psi-n 2 -t 0.1'\n"
            "with contextlib.redirect_stdout(io.StringIO()):\n"
            "    for words in ('coefficients --activation tanh --time 0.1', f'spectrum {model}',\n"
            "        f'timescales {model}', f'learning-curves {model} --tau 1 inf',\n"
            "        f'early-stopping {model} --window 1', f'norm-outliers {model}'):\n"
            "        assert main(['random-features', *words.split()]) == 0",
            {"numba", "scipy.stats", "xarray", "matplotlib", "pandas"},
        ),
    ],
)
def test_light_commands_stay_light(code: str, absent: set[str]) -> None:
    code += f"\nimport sys\nprint(sorted(set({sorted(absent)!r}) & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
