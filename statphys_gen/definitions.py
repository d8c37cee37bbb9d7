"""Top-level definitions of source files and what their names lead to, read from the syntax trees."""

from __future__ import annotations
import __future__

import ast
import builtins
import dis
import hashlib
import importlib.util
import sys
import time
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .errors import InvalidArgument
from .source_files import FUNCTION, ROOT, Source, Target, file_of, imported, is_below_installed, signature

SCALAR = (bool, int, float, complex, str, bytes, types.NoneType)
_STARTED = time.time()
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_WORDS = {
    f"{ROOT}.glossary",
    f"{ROOT}.presentation",
}  # they name and print what is computed and change no number


class Node(NamedTuple):
    """``file`` and ``name`` of a definition; ``name`` is None for a whole module, ``file`` for an installed library."""

    file: str | None
    name: str | None


class Text(NamedTuple):
    """A node without its surroundings: the SHA-256 of what it says, and its edges with the names that it calls them."""

    digest: str
    edges: tuple[tuple[str, Node], ...]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_current: list[Graph] = []


def graph() -> Graph:
    """One for the process, made anew when a file of the user has changed on disk (a notebook that reloads)."""
    if not _current or not _current[0].is_current():
        _current[:] = [Graph()]
    return _current[0]


class Graph:
    """All definitions that were looked at, each read once."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self._texts: dict[Node, Text] = {}
        self._surroundings: dict[Node, str] = {}
        self._settings: dict[Node, tuple[Source, str, ast.stmt, Any]] = {}
        self._totals: dict[frozenset[tuple[str, Node]], str] = {}

    def is_current(self) -> bool:
        """Whether no file and no setting of the user has changed since it was read."""
        files = [source for source in self.sources.values() if not source.is_ours]
        return all(
            Path(source.file).is_file() and signature(source.file) == source.signature for source in files
        ) and all(
            _setting(source, name, statement) == value
            for source, name, statement, value in self._settings.values()
        )

    def source(self, module: str) -> Source | None:
        """The source of a module of this package or of the user; None for everything else."""
        file = file_of(module)
        if file is None or (module.partition(".")[0] != ROOT and is_below_installed(file)):
            return None
        if file not in self.sources:
            self.sources[file] = Source(module, file)
        return self.sources[file]

    def resolve(self, target: Target) -> list[Node]:
        """The nodes that an import leads to, through modules that only hand a name on."""
        if target.module in _WORDS:
            return [Node(None, target.attribute)]
        source = self.source(target.module)
        if source is None:
            return [Node(None, ".".join(part for part in target if part))]
        name = target.attribute
        if name is None:
            return [Node(source.file, None)]
        if name in source.bindings:
            return self.bound(source, name)
        below = self.source(f"{target.module}.{name}") if Path(source.file).stem == "__init__" else None
        if below is not None:
            return [Node(below.file, None)]
        for module in source.stars:
            star = self.source(module)
            if star is not None and (name in star.bindings or star.stars):
                return self.resolve(Target(module, name))
        return self._lazy(source, name) if "__getattr__" in source.bindings else []

    def _lazy(self, source: Source, name: str) -> list[Node]:
        """A name that a module's ``__getattr__`` finds: it is asked, and the object says where it is defined."""
        value = getattr(importlib.import_module(source.module), name, None)
        home = getattr(value, "__module__", None)
        if value is None:
            return []
        if home is None or home == source.module:
            return [Node(source.file, None)]
        return self.resolve(Target(home, value.__qualname__.partition(".")[0]))

    def bound(self, source: Source, name: str) -> list[Node]:
        bindings = source.bindings.get(name, [])
        if bindings and all(isinstance(binding, Target) for binding in bindings):
            return [node for binding in bindings for node in self.resolve(Target(*binding))]  # type: ignore[misc] # all are
        return [Node(source.file, name)] if bindings else []

    def text(self, node: Node) -> Text:
        if node not in self._texts:
            self._texts[node] = self._read(node)
        return self._texts[node]

    def _read(self, node: Node) -> Text:
        if node.file is None:
            return Text(sha256(f"installed {node.name}"), ())
        source = self.sources[node.file]
        if node.name is None:
            names = [name for name in source.bindings if not name.startswith("__")]
            return Text("", tuple((name, found) for name in names for found in self.bound(source, name)))
        pieces, edges = [], set()
        for binding in source.bindings[node.name]:
            if isinstance(binding, Target):
                edges |= {(node.name, found) for found in self.resolve(binding)}
            else:
                reader = Reader(self, source, binding)
                value = _setting(source, node.name, binding)
                if not source.is_ours:
                    self._settings[node] = (source, node.name, binding, value)
                pieces.append(reader.write(binding) + ("" if value is None else repr(value)))
                edges |= reader.edges
                _check_loaded(source, node.name)
        return Text(sha256("\n".join(pieces)), tuple(edges - {(node.name, node)}))

    def surroundings(self, node: Node) -> str:
        """A node's own text, and which texts its names stand for."""
        if node not in self._surroundings:
            text = self.text(node)
            self._surroundings[node] = sha256(repr((text.digest, sorted(self.labelled(text.edges)))))
        return self._surroundings[node]

    def labelled(self, edges: Iterable[tuple[str, Node]]) -> set[tuple[str, str]]:
        return {(label, self.text(node).digest) for label, node in edges}

    def total(self, edges: frozenset[tuple[str, Node]]) -> str:
        """A hash of these nodes and of all that they lead to."""
        if edges not in self._totals:
            digests = {self.surroundings(node) for node in self._reached(node for _, node in edges)}
            self._totals[edges] = sha256(repr((sorted(self.labelled(edges)), sorted(digests))))
        return self._totals[edges]

    def _reached(self, roots: Iterable[Node]) -> set[Node]:
        found: set[Node] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [following for _, following in self.text(node).edges]
        # A whole module has no text of its own: that it was asked for as a whole is no difference.
        return {node for node in found if node.file is None or node.name is not None}


def _setting(source: Source, name: str, statement: ast.stmt) -> Any:
    """The value of a setting of the user where its text does not tell it; None elsewhere.

    It is computed (``SIZE = int(sys.argv[1])``), or was set from outside. Where a file lies is no setting, and what a
    function counts in a global name is none either.
    """
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return None
    counted = any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(source.tree))
    if source.is_ours or counted or "__file__" in ast.unparse(statement):
        return None
    computed = any(
        isinstance(node, ast.Call | ast.Subscript | ast.Attribute) for node in ast.walk(statement.value)
    )
    if computed and source.module not in sys.modules:
        importlib.import_module(source.module)
    value = getattr(sys.modules.get(source.module), name, None)
    try:
        written = ast.literal_eval(statement.value)
    except ValueError:
        return value if computed and isinstance(value, SCALAR) else None
    return value if isinstance(value, SCALAR) and value != written else None


def _check_loaded(source: Source, name: str) -> None:
    """Refuse a file of the user that was edited after it was loaded: it is read here, but the old code would run."""
    if source.is_ours or Path(source.file).stat().st_mtime < _STARTED:
        return
    value = getattr(sys.modules.get(source.module), name, None)
    functions = list(vars(value).values()) if isinstance(value, type) else [value]
    written = list(_codes(compile(source.tree, source.file, "exec", dont_inherit=True)))
    for function in functions:
        loaded = getattr(getattr(function, "py_func", function), "__code__", None)
        if loaded is None or loaded.co_filename != source.file or "<" in loaded.co_qualname:
            continue
        candidates = [code for code in written if code.co_qualname == loaded.co_qualname]
        if _instructions(loaded) not in map(_instructions, candidates):
            file = Path(source.file).name
            allowed = f"as it is in {file}, which was edited after it was loaded: reload it, or restart"
            raise InvalidArgument("function", name, allowed)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _instructions(code: types.CodeType) -> tuple[Any, ...]:
    """What a function does, without its lines and docstring."""
    # The first constant of a function is its docstring if it is a text.
    first = int(bool(code.co_consts) and isinstance(code.co_consts[0], str))
    inner = [
        entry.co_code if isinstance(entry, types.CodeType) else repr(entry)
        for entry in code.co_consts[first:]
    ]
    return code.co_code, code.co_names, inner


class Reader:
    """Writes one definition as text without places, and collects what it leads to."""

    def __init__(self, graph: Graph, source: Source, statement: ast.AST, free: Iterable[str] = ()) -> None:
        self._graph, self._source = graph, source
        self._globals = _global_names(statement, list(free))
        self._imports: dict[str, Target] = {}
        self.edges: set[tuple[str, Node]] = set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name, target in imported(node, source.package):
                    self._imports[name] = target
                    found = graph.resolve(target)
                    self.edges |= {(name, entry) for entry in found if entry.file is None or entry.name}

    def write(self, node: Any, within: str = "") -> str:
        """``within`` says whose annotations are met: of a class they are fields, of a plain function only remarks."""
        if isinstance(node, list):
            texts = (self.write(entry, within) for entry in node if not _is_remark(entry))
            return "[" + ",".join(text for text in texts if text) + "]"
        if not isinstance(node, ast.AST):
            return repr(node)
        if isinstance(node, ast.Name):
            self.edges |= {(node.id, found) for found in self._meaning(node.id)}
        elif isinstance(node, ast.Attribute):
            through_module = self._attribute(node)
            if through_module:
                return through_module
        elif isinstance(node, ast.Import | ast.ImportFrom):
            return self._import(node)
        dropped: set[str] = set()
        if isinstance(node, FUNCTION):
            within = "decorated" if node.decorator_list else "function"
            dropped = set() if node.decorator_list else {"returns"}
        elif isinstance(node, ast.ClassDef):
            within = "class"
        elif isinstance(node, ast.arg | ast.AnnAssign) and within == "function":
            dropped = {"annotation"}
        fields = [
            f"{name}={self.write(value, within)}"
            for name, value in ast.iter_fields(node)
            if value is not None and value != [] and name not in dropped | {"ctx", "type_comment", "kind"}
        ]
        return f"{type(node).__name__}({','.join(fields)})"

    def _meaning(self, name: str) -> list[Node]:
        if name in self._imports:
            return self._graph.resolve(self._imports[name])
        if name not in self._globals:
            return []
        if name in self._source.bindings:
            return self._graph.bound(self._source, name)
        if hasattr(builtins, name):
            return []
        return [found for star in self._source.stars for found in self._graph.resolve(Target(star, name))]

    def _attribute(self, node: ast.Attribute) -> str:
        """``module.name`` of our modules is written as ``name``; empty for every other attribute."""
        names: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        found = self._meaning(inner.id) if isinstance(inner, ast.Name) else []
        if not isinstance(inner, ast.Name) or len(found) != 1 or found[0].file is None or found[0].name:
            return ""
        label = inner.id
        while names and len(found) == 1 and found[0].file is not None and found[0].name is None:
            label = names.pop()
            found = self._graph.resolve(Target(self._graph.sources[found[0].file].module, label))
        self.edges |= {(label, entry) for entry in found}
        text = f"Name(id={label!r})"
        while names:
            text = f"Attribute(value={text},attr={names.pop()!r})"
        return text

    def _import(self, node: ast.Import | ast.ImportFrom) -> str:
        """In a body; nothing is written of what comes from our modules, whose names are edges."""
        pairs = imported(node, self._source.package)
        return ",".join(
            str((name, *target)) for name, target in pairs if self._graph.source(target.module) is None
        )


def _is_remark(entry: Any) -> bool:
    """A docstring, or another expression that is only a constant."""
    return isinstance(entry, ast.Expr) and isinstance(entry.value, ast.Constant)


def _global_names(statement: ast.AST, free: list[str]) -> set[str]:
    """Names that a definition takes from its module; what an inner function takes from around it is ``free``."""
    body = ast.Expr(statement) if isinstance(statement, ast.expr) else statement
    outer = ast.parse(f"def _({', '.join(name for name in free if name != '__class__')}): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    if free:
        outer.body = [body]  # type: ignore[list-item] # a node or a statement
        body = outer
    module = ast.fix_missing_locations(ast.Module([body], []))  # type: ignore[list-item] # a statement by now
    # Annotations as text: they name nothing that runs.
    flags = __future__.annotations.compiler_flag
    waiting = [compile(module, "<definition>", "exec", flags, dont_inherit=True)]
    names: set[str] = set()
    while waiting:
        code = waiting.pop()
        names |= {line.argval for line in dis.get_instructions(code) if line.opname in _GLOBAL}
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return names
