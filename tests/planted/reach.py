"""Which test files reach a source file, by the imports that stand in the files; names of doors lead to their homes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST = 4  # test files that are named for one source file


class Reach:
    """The imports of a package and of the tests beside it.

    Parameters
    ----------
    root : the folder that holds both.
    package : name of the package's folder.
    """

    def __init__(self, root: Path, package: str) -> None:
        self._root, self._package = root, package
        self._modules: dict[str, Path] = {}
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            self._modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        self._doors = {
            name: self._stub(name, path.with_suffix(".pyi"))
            for name, path in self._modules.items()
            if path.name == "__init__.py" and path.with_suffix(".pyi").is_file()
        }
        self._direct = {name: self._named(path, name) for name, path in self._modules.items()}
        tests = sorted((root / "tests").rglob("test_*.py"))
        self._distances = {path: self._from(path) for path in tests}

    def tests(self, source: str, most: int = MOST) -> tuple[str, ...]:
        """Test files that reach a source file: by the steps to it, its system's first, then the smallest reach."""
        module = next(name for name, path in self._modules.items() if path == self._root / source)
        system = module.split(".")[1]
        reaching = [
            (
                distances[module],
                system not in path.parts,
                len(distances),
                path.relative_to(self._root).as_posix(),
            )
            for path, distances in self._distances.items()
            if module in distances
        ]
        return tuple(path for *_, path in sorted(reaching)[:most])

    def _stub(self, package: str, path: Path) -> dict[str, str]:
        found = {}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = self._base(node, package)
        return found

    @staticmethod
    def _base(node: ast.ImportFrom, package: str) -> str:
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])

    def _named(self, path: Path, module: str) -> set[str]:
        """Modules that a file names in its imports; an attribute of a door that it imports counts as imported."""
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found: set[str] = set()
        doors: dict[str, str] = {}
        for node in _executed(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.add(alias.name)
                    doors[alias.asname or alias.name] = alias.name
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node, package)
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    found.add(
                        self._doors.get(base, {}).get(alias.name, full if full in self._modules else base)
                    )
                    doors[alias.asname or alias.name] = full
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                home = self._doors.get(doors.get(ast.unparse(node.value), ""), {})
                found |= {home[node.attr]} if node.attr in home else set()
        return {name for name in found if name in self._modules} - {module}

    def _from(self, path: Path) -> dict[str, int]:
        """How many steps lead from a file to each module that it reaches."""
        distances: dict[str, int] = {}
        at, step = self._named(path, "tests"), 1
        while at:
            distances |= dict.fromkeys(at, step)
            at = {other for name in at for other in self._direct[name]} - set(distances)
            step += 1
        return distances


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def numerical_files(root: Path, package: str, systems: Iterable[str]) -> list[str]:
    """What computes: methods, statistics, laws, sweeps, and of each system all but door, checks and pictures."""
    folders = ["numerics", "statistics", "units", "data", "sweep", *systems]
    found = [root / package / "noising.py"]
    for folder in folders:
        for path in sorted((root / package / folder).rglob("*.py")):
            inside = path.relative_to(root / package / folder).parts
            pictures = any(part.startswith("plots") for part in inside)
            if path.name != "__init__.py" and inside[0] != "checks" and not pictures:
                found.append(path)
    return [path.relative_to(root).as_posix() for path in found if path.is_file()]
