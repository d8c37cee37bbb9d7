"""Doors of packages: every public name, listed once in the package's stub and loaded when it is first asked for.

``__init__.pyi`` holds lines ``from .theory.speciation_time import bayes_time as bayes_time``, which editors and type
checkers read as they are. A line may point outside the package: a system's door also shows the laws and units that its
functions take, the same objects under the same names.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path
from typing import Any


def names_of(package: str, file: str) -> dict[str, tuple[str, str]]:
    """Each name of the stub beside ``file``, with the module that defines it and its name there."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            found |= {alias.asname or alias.name: (module, alias.name) for alias in node.names}
    return found


def door(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package, from its stub."""
    home = names_of(package, file)
    names = sorted(home)

    def load(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = home[name]
        found = getattr(import_module(module), original)
        setattr(sys.modules[package], name, found)
        return found

    return load, lambda: list(names), names
