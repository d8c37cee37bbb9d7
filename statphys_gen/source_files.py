"""Source files, each read once: what their top-level names are bound to, and where an inner function stands.

Files of this package and of the user are read; installed libraries and Python's own are only named.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import site
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = __name__.partition(".")[0]
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


class Target(NamedTuple):
    """What an import statement binds: a module, or an attribute of one."""

    module: str
    attribute: str | None


@functools.cache
def _installed_folders() -> tuple[Path, ...]:
    named = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(Path(folder).resolve() for folder in [*named, site.getusersitepackages()])


def file_of(module: str) -> str | None:
    """The source file of a module, if it has one."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if loaded is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError, AttributeError):
            spec = None
        file = spec.origin if spec is not None and spec.has_location else None
    return file if file is not None and file.endswith(".py") and Path(file).is_file() else None


@functools.cache
def is_below_installed(file: str) -> bool:
    path = Path(file).resolve()
    return bool({"site-packages", "dist-packages"} & set(path.parts)) or any(
        path.is_relative_to(folder) for folder in _installed_folders()
    )


def is_installed(module: str) -> bool:
    """Of Python itself or of an installed package; ``__main__`` at a prompt is the user's though it has no file."""
    if module == "__main__":
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or file_of(module)
    return file is None or is_below_installed(file)


class Source:
    """A source file: what each of its top-level names is bound to."""

    def __init__(self, module: str, file: str) -> None:
        self.module, self.file = module, file
        self.signature = signature(file)
        self.is_ours = module.partition(".")[0] == ROOT
        is_package = Path(file).stem == "__init__"
        main = sys.modules.get(module) if module == "__main__" else None
        package = module if is_package else module.rpartition(".")[0]
        self.package: str = getattr(main, "__package__", None) or package
        self.tree = ast.parse(Path(file).read_bytes())
        self.bindings: dict[str, list[ast.stmt | Target]] = {}
        self.stars: list[str] = []
        self._collect(self.tree.body)
        stub = Path(file).with_suffix(".pyi")
        if is_package and stub.is_file():
            own, self.bindings = self.bindings, {}
            self._collect(ast.parse(stub.read_bytes()).body)
            self.bindings |= own

    def _collect(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                for name, target in imported(statement, self.package):
                    if name == "*":
                        self.stars.append(target.module)
                    else:
                        self.bindings.setdefault(name, []).append(target)
            elif isinstance(statement, ast.If):
                test = ast.unparse(statement.test)
                if "__name__" not in test and "TYPE_CHECKING" not in test:
                    self._collect(statement.body)
                self._collect(statement.orelse)
            elif isinstance(statement, ast.Try | ast.With):
                self._collect(statement.body)
                for handler in getattr(statement, "handlers", []):
                    self._collect(handler.body)
                self._collect([*getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])])
            else:
                for name in self._bound(statement):
                    self.bindings.setdefault(name, []).append(statement)

    def _bound(self, statement: ast.stmt) -> set[str]:
        """Names that a statement binds, or fills (``table[key] = value``, ``table.update(...)``)."""
        if isinstance(statement, (*FUNCTION, ast.ClassDef)):
            return {statement.name}
        bound, filled = set(), set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                bound.add(node.id)
            elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
                filled |= _root(node)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                filled |= _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else set()
        own = {
            name
            for name in filled
            if name in self.bindings
            and not any(isinstance(binding, Target) for binding in self.bindings[name])
        }
        return bound | own


def imported(statement: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Target]]:
    """The names that an import statement binds, with what they stand for."""
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            module = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or module, Target(module, None)
        else:
            above = package.split(".")[: len(package.split(".")) - statement.level + 1]
            parts = (above if statement.level else []) + ([statement.module] if statement.module else [])
            yield alias.asname or alias.name, Target(".".join(parts), alias.name)


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def signature(file: str) -> tuple[int, int]:
    status = Path(file).stat()
    return status.st_mtime_ns, status.st_size


def located(source: Source, code: types.CodeType) -> list[ast.AST]:
    """The definition of an inner function in its file: by its first line and name, then by where its code stands.

    Several where that does not tell: compiled code may carry no columns, or those of a whole statement.
    """
    kinds = (ast.Lambda,) if code.co_name == "<lambda>" else FUNCTION
    found: list[Any] = []
    for node in ast.walk(source.tree):
        if isinstance(node, kinds):
            first = min([node.lineno, *(entry.lineno for entry in getattr(node, "decorator_list", []))])
            if first == code.co_firstlineno and getattr(node, "name", "<lambda>") == code.co_name:
                found.append(node)
    if len(found) > 1:
        places = [(p[0], p[2]) for p in code.co_positions() if p[2] is not None and p[3] != p[2]]
        around = [
            node
            for node in found
            if all(
                (node.lineno, node.col_offset) <= place < (node.end_lineno, node.end_col_offset)
                for place in places
            )
        ]
        found = (around[-1:] if places else []) or found  # ast.walk meets the outer ones first
    return found
