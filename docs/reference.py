"""The reference: a page for every door, with the names that live there by room and file; and where references lead.

What a docstring refers to by the place of its definition leads to the name at the door; a name behind doors becomes
plain code; anything else is a warning, and the build takes warnings for errors.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import statphys_gen
from statphys_gen.doors import names_of
from statphys_gen.systems import SYSTEMS

PACKAGE = Path(statphys_gen.__file__).parent
_SHARED = ("data", "units", "numerics", "statistics", "sweep")
_FIRST = ("model", "couplings", "theory", "simulation", "analysis", "comparison", "plots")


def doors() -> list[str]:
    """Folders with a door, then single modules of the root, which are their own."""
    folders = [*(system.name for system in SYSTEMS), *_SHARED]
    known = {stub.parent.name for stub in PACKAGE.glob("*/__init__.pyi")}
    folders += sorted(known - set(folders))
    modules = [name for name in dir(statphys_gen) if (PACKAGE / f"{name}.py").is_file()]
    return [f"statphys_gen.{name}" for name in (*folders, *modules)]


@cache
def shown(door: str) -> dict[str, tuple[str, str]]:
    """Each name of a door with the module that defines it and its name there; of a single module, what it defines."""
    folder = PACKAGE / door.partition(".")[2]
    if folder.is_dir():
        return names_of(door, str(folder / "__init__.py"))
    found = {name: (door, name) for name, owner in _defined(door).items() if not owner}
    return {name: place for name, place in found.items() if not name.startswith("_")}


def pages() -> dict[str, str]:
    """The text of every page by its name; ``index`` lists them."""
    heading = ["Reference", "=========", ""]
    text = "One page for every place that names are imported from. What lies behind a door may move."
    written = {"index": "\n".join([*heading, text, "", ".. toctree::", "   :maxdepth: 1", ""])}
    for door in doors():
        page = door.partition(".")[2]
        written["index"] += f"\n   {page}"
        written[page] = "\n".join(_page(door))
    written["index"] += "\n"
    return written


def _page(door: str) -> list[str]:
    lines = [door, "=" * len(door), "", f".. automodule:: {door}"]
    if not (PACKAGE / door.partition(".")[2]).is_dir():
        return [*lines, "   :members:", "   :ignore-module-all:", ""]
    own: dict[str, list[str]] = {}
    borrowed = []
    for name, (module, original) in sorted(shown(door).items()):
        if module.startswith(f"{door}."):
            own.setdefault(module, []).append(name)
        else:
            borrowed.append(f":py:obj:`{name} <{_home(module, original)}>`")
    if borrowed:
        lines += ["", "Laws, units and functions of the shared layers that this door shows too: "]
        lines += [", ".join(borrowed) + "."]
    for module in _modules(door):
        if "checks" in module.split(".") or (module not in own and not import_module(module).__doc__):
            continue
        heading = module.removeprefix(f"{door}.").replace(".", ": ").replace("_", " ").capitalize()
        lines += ["", heading, "-" * len(heading), "", f".. automodule:: {module}", ""]
        for name in own.get(module, []):
            value = getattr(import_module(door), name)
            if inspect.isclass(value):
                lines += [f".. autoclass:: {door}.{name}", "   :members:", ""]
            elif callable(value):
                lines += [f".. autofunction:: {door}.{name}", ""]
            else:
                lines += [f".. py:data:: {name}", f"   :module: {door}", "", f"   ``{value!r}``", ""]
    return lines


def _modules(door: str) -> list[str]:
    """All modules behind a door, rooms in their order; kernels are no reading."""
    folder = PACKAGE / door.partition(".")[2]
    found = []
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        if parts[-1] != "__init__" and not parts[-1].startswith("kernels"):
            found.append(parts)
    order = {room: k for k, room in enumerate(_FIRST)}
    found.sort(key=lambda parts: (order.get(parts[0].partition("_")[0], len(order)), parts))
    return [".".join((door, *parts)) for parts in found]


@cache
def _defined(module: str) -> dict[str, str]:
    """Names that a module defines, and those of its classes with the class; no import."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found: dict[str, str] = {}

    def enter(body: list[ast.stmt], owner: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[f"{owner}.{node.name}" if owner else node.name] = owner
                if isinstance(node, ast.ClassDef):
                    enter(node.body, node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[f"{owner}.{node.target.id}" if owner else node.target.id] = owner
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found[f"{owner}.{target.id}" if owner else target.id] = owner

    enter(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


@cache
def _homes() -> dict[tuple[str, str], str]:
    """The name at its home's door for each (module, name) that some door shows."""
    found = {}
    for door in doors():
        for name, place in shown(door).items():
            if place[0] == door or place[0].startswith(f"{door}."):
                found[place] = f"{door}.{name}"
    return found


def _home(module: str, name: str) -> str:
    """Where a name that is shown by some door is documented; its own place for one behind all doors."""
    return _homes().get((module, name), f"{module}.{name}")


@cache
def _places() -> dict[str, list[tuple[str, str]]]:
    """Where each bare name of the package is defined."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for name in _defined(module):
            found.setdefault(name.rpartition(".")[2], []).append((module, name))
    return found


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Any) -> Any:
    """A reference that no documented object answers to."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    qualifier, _, bare = target.rpartition(".")
    near = ".".join((node.get("py:module") or "").split(".")[:2])
    if qualifier:
        places = [place for place in _places().get(bare, []) if f".{'.'.join(place)}".endswith(f".{target}")]
    else:
        every = _places().get(bare, [])
        places = [place for place in every if f"{place[0]}.".startswith(f"{near}.")]
        places = places or (every if len(every) == 1 else [])
    # As a door shows it, such as statphys_gen.rbm.Gaussian, or Gaussian in the text of a file of rbm.
    door = qualifier or near
    if door in doors() and bare in shown(door):
        places = [shown(door)[bare]]
    python = env.get_domain("py")
    for home in {_home(*place) for place in places} - {target}:
        if found := python.resolve_xref(
            env, node["refdoc"], app.builder, node["reftype"], home, node, content
        ):
            return found
    written = isinstance(content, nodes.literal)  # and not an annotation of a signature
    file = PACKAGE.parent.joinpath(*target.split(".")).with_suffix(".py")
    known = places or file.is_file() or target.partition(".")[0] in sys.stdlib_module_names
    if written and not known:
        logging.getLogger(__name__).warning("nothing is called %s", target, location=node)
    return content
