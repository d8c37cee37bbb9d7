"""Doors: what they show, that it is there, that they load nothing heavy, and that everybody outside uses them."""

import ast
import inspect
import re
import subprocess
import sys
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from statphys_gen.doors import names_of

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "statphys_gen"
DOORS = sorted(f"statphys_gen.{stub.parent.name}" for stub in PACKAGE.glob("*/__init__.pyi"))
# Single modules of the root are their own doors.
ROOT_MODULES = {f"statphys_gen.{path.stem}" for path in PACKAGE.glob("*.py")} | {"statphys_gen"}
API = Path(__file__).parent / "api.txt"


def shown(door: str) -> dict[str, tuple[str, str]]:
    return names_of(door, str(PACKAGE / door.split(".")[1] / "__init__.py"))


@pytest.mark.parametrize("door", DOORS)
def test_every_name_of_a_door_is_there(door: str) -> None:
    package = import_module(door)
    assert dir(package) == sorted(shown(door)) == package.__all__
    for name, (module, original) in shown(door).items():
        assert getattr(package, name) is getattr(import_module(module), original)
        assert module.startswith(
            (f"{door}.", "statphys_gen.data.", "statphys_gen.units.", "statphys_gen.noising")
        )
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        package.nonsense  # noqa: B018


@pytest.mark.parametrize("door", DOORS)
def test_no_name_of_a_door_is_the_name_of_a_file_behind_it(door: str) -> None:
    """Importing a submodule would put it in the name's place."""
    folder = PACKAGE / door.split(".")[1]
    assert not set(shown(door)) & {path.stem for path in folder.iterdir()}


def test_doors_load_nothing_heavy() -> None:
    code = f"import sys; import {', '.join(DOORS)}; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert not {"numpy", "scipy", "numba", "matplotlib", "xarray", "sympy", "pandas"} & set(printed.split())


def imports(text: str) -> set[tuple[str, str]]:
    """(module, name) of every from-import of this package, and (module, "") of every plain import."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
    return {(module, name) for module, name in found if module.split(".")[0] == "statphys_gen"}


def outside() -> list[Path]:
    scripts = [path for folder in ("figures", "docs/examples") for path in (ROOT / folder).rglob("*.py")]
    return sorted(
        [*scripts, ROOT / "README.md", *(ROOT / "docs").glob("*.rst"), *(ROOT / "docs").glob("*/*.rst")]
    )


def code_of(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    if path.suffix == ".md":
        return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    return "\n".join(
        re.findall(
            r"^ *((?:from statphys_gen[\w.]* import [\w, ]+)|(?:import statphys_gen[\w.]*))", text, re.M
        )
    )


@pytest.mark.parametrize("path", outside(), ids=lambda path: str(path.relative_to(ROOT)))
def test_figures_and_documentation_import_from_doors(path: Path) -> None:
    for module, name in imports(code_of(path)):
        if module in DOORS:
            assert not name or name in shown(module), f"{module} shows no {name}"
        else:
            figures = module.startswith(("statphys_gen.figures", "statphys_gen.cli"))
            assert module in ROOT_MODULES or figures, f"{module} lies behind a door"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_the_package_itself_goes_by_files(path: Path) -> None:
    """Nobody sees through a lazy door who may reach whom."""
    package = [*path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module in DOORS:
                assert not {alias.name for alias in node.names} & set(shown(module)), module


def signature(value: Any) -> str:
    """How a name of a door is called; the methods of a class below it."""
    if inspect.isclass(value):
        methods = [
            f"    .{name}{_arguments(method)}"
            for name, method in sorted(vars(value).items())
            if not name.startswith("_")
            and inspect.isfunction(inspect.unwrap(getattr(method, "__func__", method)))
        ]
        return "\n".join([_arguments(value), *methods])
    return _arguments(value) if callable(value) else f": {type(value).__name__}"


def _arguments(value: Any) -> str:
    if inspect.isclass(value) and issubclass(value, Enum):
        return f"({', '.join(value.__members__)})"  # its signature is another one in every version of Python
    try:
        parameters = inspect.signature(getattr(value, "__func__", value)).parameters.values()
    except (TypeError, ValueError):
        return "(...)"
    shown = [parameter.replace(annotation=parameter.empty) for parameter in parameters]
    text = str(inspect.Signature(shown))
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def api() -> str:
    lines = []
    for door in DOORS:
        package = import_module(door)
        lines += [door, *(f"  {name}{signature(getattr(package, name))}" for name in sorted(shown(door))), ""]
    return "\n".join(lines)


def test_names_and_signatures_of_all_doors_are_those_that_were_decided() -> None:
    """After a decision: ``python -m tests.test_doors`` writes the list anew."""
    assert api() == API.read_text(encoding="utf-8")


if __name__ == "__main__":
    API.write_text(api(), encoding="utf-8")
