"""What functions do, as a hash: their definitions and all that these reach outside installed packages.

A node is a top-level definition (a function, a class with its methods, an assignment) in a source file of this package
or of the user. Its text is the syntax tree without line numbers, comments, docstrings and the annotations of functions;
its edges lead to whatever its global names, the attributes of modules, and the imports in its body are bound to. No
file and no module name enters, so that files and definitions can move; the names of definitions do enter. Libraries
that are installed, and Python's own, enter by the names that are used of them.

What no reading of the source can see is left out: a name that is only computed (``getattr``), a function that
registers itself with a decorator, the version of an installed library.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import dis
import functools
import hashlib
import importlib.util
import inspect
import pickle
import site
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from .errors import InvalidArgument

_ROOT = __name__.partition(".")[0]
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCALAR = (bool, int, float, complex, str, bytes, types.NoneType)


class Target(NamedTuple):
    """What an import statement binds: a module, or an attribute of one."""

    module: str
    attribute: str | None


class Node(NamedTuple):
    """``file`` and ``name`` of a definition; ``name`` is None for a whole module, ``file`` for an installed library."""

    file: str | None
    name: str | None


class Text(NamedTuple):
    """A node without its surroundings: the SHA-256 of what it says, and its edges with the names that it calls them."""

    digest: str
    edges: tuple[tuple[str, Node], ...]


def code_hash(*definitions: Any) -> str:
    """SHA-256 of what functions, classes or objects do: their code and all that it reaches, and the values they carry.

    Parameters
    ----------
    definitions : functions, classes, methods, ``functools.partial`` objects, or instances; values in closures, defaults
        of inner functions, arguments of a partial and fields of instances enter by their contents. A function without a
        source file (an interactive prompt, a notebook) enters by its compiled code, which depends on Python's version.

    Returns
    -------
    The same for the same code in other files; of several definitions in their order.

    Raises
    ------
    InvalidArgument : a value that a function carries has no contents that could be hashed (an open file, a lock).
    """
    graph = _graph()
    values = _Values(graph)
    roots = [values.describe(definition) for definition in definitions]
    digests = sorted({graph.surroundings(node) for node in graph.reached(node for _, node in values.edges)})
    return _sha(repr((roots, sorted(graph.labelled(values.edges)), digests)))


def is_ours_or_installed(definition: Any) -> bool:
    """Whether a function or class can be named, being one of this package, of an installed one, or of Python.

    Lambdas and functions inside functions have no name of their own.
    """
    if isinstance(definition, functools.partial | types.MethodType):
        return False
    owner = definition if getattr(definition, "__module__", None) else type(definition)
    name = str(getattr(definition, "__qualname__", None) or getattr(definition, "__name__", "<none>"))
    return "<" not in name and (
        owner.__module__.partition(".")[0] == _ROOT or _is_installed(owner.__module__)
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _installed_folders() -> tuple[Path, ...]:
    named = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(Path(folder).resolve() for folder in [*named, site.getusersitepackages()])


def _file_of(module: str) -> str | None:
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
def _is_below_installed(file: str) -> bool:
    path = Path(file).resolve()
    return bool({"site-packages", "dist-packages"} & set(path.parts)) or any(
        path.is_relative_to(folder) for folder in _installed_folders()
    )


def _is_installed(module: str) -> bool:
    """Of Python itself or of an installed package; ``__main__`` at a prompt is the user's though it has no file."""
    if module == "__main__":
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or _file_of(module)
    return file is None or _is_below_installed(file)


class _Source:
    """A source file: what each of its top-level names is bound to."""

    def __init__(self, module: str, file: str) -> None:
        self.module, self.file = module, file
        self.signature = _signature(file)
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
        if isinstance(statement, (*_FUNCTION, ast.ClassDef)):
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


def _signature(file: str) -> tuple[int, int]:
    status = Path(file).stat()
    return status.st_mtime_ns, status.st_size


_current: list[_Graph] = []


def _graph() -> _Graph:
    """One for the process, made anew when a file of the user has changed on disk (a notebook that reloads)."""
    if not _current or not _current[0].is_current():
        _current[:] = [_Graph()]
    return _current[0]


class _Graph:
    """All definitions that were looked at, each read once."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        self._texts: dict[Node, Text] = {}
        self._surroundings: dict[Node, str] = {}

    def is_current(self) -> bool:
        return all(
            Path(source.file).is_file() and _signature(source.file) == source.signature
            for source in self._sources.values()
            if source.module.partition(".")[0] != _ROOT
        )

    def source(self, module: str) -> _Source | None:
        """The source of a module of this package or of the user; None for everything else."""
        file = _file_of(module)
        if file is None or (module.partition(".")[0] != _ROOT and _is_below_installed(file)):
            return None
        if file not in self._sources:
            self._sources[file] = _Source(module, file)
        return self._sources[file]

    def resolve(self, target: Target) -> list[Node]:
        """The nodes that an import leads to, through modules that only hand a name on."""
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

    def _lazy(self, source: _Source, name: str) -> list[Node]:
        """A name that a module's ``__getattr__`` finds: it is asked, and the object says where it is defined."""
        value = getattr(importlib.import_module(source.module), name, None)
        home = getattr(value, "__module__", None)
        if value is None:
            return []
        if home is None or home == source.module:
            return [Node(source.file, None)]
        return self.resolve(Target(home, value.__qualname__.partition(".")[0]))

    def bound(self, source: _Source, name: str) -> list[Node]:
        bindings = source.bindings.get(name, [])
        if bindings and all(isinstance(binding, Target) for binding in bindings):
            return [node for binding in bindings for node in self.resolve(Target(*binding))]  # type: ignore[misc]
        return [Node(source.file, name)] if bindings else []

    def text(self, node: Node) -> Text:
        if node not in self._texts:
            self._texts[node] = self._read(node)
        return self._texts[node]

    def _read(self, node: Node) -> Text:
        if node.file is None:
            return Text(_sha(f"installed {node.name}"), ())
        source = self._sources[node.file]
        if node.name is None:
            names = [name for name in source.bindings if not name.startswith("__")]
            return Text("", tuple((name, found) for name in names for found in self.bound(source, name)))
        pieces, edges = [], set()
        for binding in source.bindings[node.name]:
            if isinstance(binding, Target):
                edges |= {(node.name, found) for found in self.resolve(binding)}
            else:
                reader = _Reader(self, source, binding)
                pieces.append(reader.write(binding) + _live(source, node.name, binding))
                edges |= reader.edges
        return Text(_sha("\n".join(pieces)), tuple(edges - {(node.name, node)}))

    def surroundings(self, node: Node) -> str:
        """A node's own text, and which texts its names stand for."""
        if node not in self._surroundings:
            text = self.text(node)
            self._surroundings[node] = _sha(repr((text.digest, sorted(self.labelled(text.edges)))))
        return self._surroundings[node]

    def labelled(self, edges: Iterable[tuple[str, Node]]) -> set[tuple[str, str]]:
        return {(label, self.text(node).digest) for label, node in edges}

    def reached(self, roots: Iterable[Node]) -> set[Node]:
        found: set[Node] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [following for _, following in self.text(node).edges]
        # A whole module has no text of its own: that it was asked for as a whole is no difference.
        return {node for node in found if node.file is None or node.name is not None}


def _live(source: _Source, name: str, statement: ast.stmt) -> str:
    """The value of a computed setting of the user (``SIZE = int(sys.argv[1])``), which its text does not tell.

    Where a script lies is not a setting.
    """
    if source.module.partition(".")[0] == _ROOT or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return ""
    inner = list(ast.walk(statement.value)) if statement.value is not None else []
    computed = any(isinstance(node, ast.Call | ast.Subscript | ast.Attribute) for node in inner)
    value = getattr(sys.modules.get(source.module), name, None)
    if not computed or not isinstance(value, _SCALAR) or "__file__" in ast.unparse(statement):
        return ""
    return repr(value)


class _Reader:
    """Writes one definition as text without places, and collects what it leads to."""

    def __init__(self, graph: _Graph, source: _Source, statement: ast.AST, free: Iterable[str] = ()) -> None:
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
            return "[" + ",".join(self.write(entry, within) for entry in node if not _is_remark(entry)) + "]"
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
        if isinstance(node, _FUNCTION):
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
            found = self._graph.resolve(Target(self._graph._sources[found[0].file].module, label))
        self.edges |= {(label, entry) for entry in found}
        text = f"Name(id={label!r})"
        while names:
            text = f"Attribute(value={text},attr={names.pop()!r})"
        return text

    def _import(self, node: ast.Import | ast.ImportFrom) -> str:
        """In a body, an import from our modules is written without the module."""
        pairs = list(imported(node, self._source.package))
        if all(self._graph.source(target.module) is not None for _, target in pairs):
            return f"import {[(name, target.attribute) for name, target in pairs if target.attribute]}"
        return f"import {[(name, *target) for name, target in pairs]}"


def _is_remark(entry: Any) -> bool:
    """A docstring, or another expression that is only a constant."""
    return isinstance(entry, ast.Expr) and isinstance(entry.value, ast.Constant)


def _global_names(statement: ast.AST, free: list[str]) -> set[str]:
    """Names that a definition takes from its module; what an inner function takes from around it is ``free``."""
    body = ast.Expr(statement) if isinstance(statement, ast.expr) else statement
    outer = ast.parse(f"def _({', '.join(name for name in free if name != '__class__')}): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    if free:
        outer.body = [body]  # type: ignore[list-item]
        body = outer
    module = ast.fix_missing_locations(ast.Module([body], []))  # type: ignore[list-item]
    # Annotations as text: they name nothing that runs.
    flags = __import__("__future__").annotations.compiler_flag
    waiting = [compile(module, "<definition>", "exec", flags, dont_inherit=True)]
    names: set[str] = set()
    while waiting:
        code = waiting.pop()
        names |= {line.argval for line in dis.get_instructions(code) if line.opname in _GLOBAL}
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return names


class _Values:
    """Describes what functions carry by contents, and collects the definitions that they lead to."""

    def __init__(self, graph: _Graph) -> None:
        self._graph = graph
        self._open: list[Any] = []
        self.edges: set[tuple[str, Node]] = set()

    def describe(self, value: Any) -> str:
        if isinstance(value, Enum):
            return f"{self._definition(type(value))}.{value.name}"
        if isinstance(value, float):
            return float(value).hex()
        if isinstance(value, _SCALAR):
            return repr(value)
        if any(value is entry for entry in self._open):
            return f"again {next(k for k, entry in enumerate(self._open) if value is entry)}"
        self._open.append(value)
        try:
            return self._compound(value)
        finally:
            self._open.pop()

    def _compound(self, value: Any) -> str:
        if isinstance(value, types.ModuleType):
            self.edges |= {("module", node) for node in self._graph.resolve(Target(value.__name__, None))}
            return "module"
        if isinstance(value, functools.partial):
            return f"partial({self.describe((value.func, value.args, value.keywords))})"
        if isinstance(value, types.MethodType):
            return f"method({self.describe(value.__self__)},{value.__func__.__qualname__})"
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return self._definition(value)
        if isinstance(value, list | tuple):
            return f"{type(value).__name__}({','.join(map(self.describe, value))})"
        if isinstance(value, set | frozenset):
            return f"set({sorted(map(self.describe, value))})"
        if isinstance(value, Mapping):
            return f"mapping({[(self.describe(key), self.describe(entry)) for key, entry in value.items()]})"
        if dataclasses.is_dataclass(value):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return f"{self._definition(type(value))}({self.describe(fields)})"
        return self._object(value)

    def _object(self, value: Any) -> str:
        kind = type(value)
        if type(value).__module__ == "numpy" and hasattr(value, "tobytes") and not value.dtype.hasobject:
            digest = hashlib.sha256(value.tobytes()).hexdigest()
            return f"array({value.dtype.str},{value.shape},{digest})"
        if not _is_installed(kind.__module__) and hasattr(value, "__dict__"):
            return f"{self._definition(kind)}({self.describe(vars(value))})"
        if isinstance(value, Path) or (kind.__module__ == "numpy" and kind.__name__ == "ufunc"):
            return str(value)
        try:
            return f"pickled {hashlib.sha256(pickle.dumps(value)).hexdigest()}"
        except Exception:
            allowed = "such that its contents can be hashed: it is carried by a function whose code is hashed"
            raise InvalidArgument("value", value, allowed) from None

    def _definition(self, value: Any) -> str:
        """A function or class by its name where that leads to its definition, else by its own code."""
        module, name = getattr(value, "__module__", None) or "builtins", value.__qualname__
        if "<" not in name and module.partition(".")[0] != _ROOT and _is_installed(module):
            return f"installed {module}.{name}"
        source = self._graph.source(module)
        top = name.partition(".")[0]
        if (
            source is not None
            and "<" not in name
            and top in source.bindings
            and _is_found(module, name, value)
        ):
            self.edges |= {(top, node) for node in self._graph.bound(source, top)}
            return name
        if isinstance(value, type):
            members = {
                key: member
                for key, member in vars(value).items()
                if callable(member) or key in value.__dict__
            }
            own = {key: m for key, m in members.items() if not key.startswith("__") or inspect.isfunction(m)}
            return f"class {name}({self.describe([value.__bases__, own])})"
        return self._inner(value, source)

    def _inner(self, value: Any, source: _Source | None) -> str:
        function = value
        while not hasattr(function, "__code__"):
            inner = getattr(function, "py_func", None) or getattr(function, "__wrapped__", None)
            if inner is None:
                return f"builtin {value.__qualname__}"
            function = inner
        code = function.__code__
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        carried = [{name: _contents(cell) for name, cell in cells.items()}, function.__defaults__]
        texts = []
        found = _located(source, code) if source is not None and code.co_filename == source.file else []
        for place in found:
            assert source is not None
            reader = _Reader(self._graph, source, place, code.co_freevars)
            texts.append(reader.write(place))
            self.edges |= reader.edges
        if not found:
            texts = [_compiled(code)]
            carried.append(self._used(code, function.__globals__))
        return f"function({texts},{self.describe([carried, function.__kwdefaults__])})"

    def _used(self, code: types.CodeType, available: Mapping[str, Any]) -> dict[str, Any]:
        """The global values that compiled code names; of our modules only what it takes from them."""
        names = _names(code)
        used: dict[str, Any] = {}
        for name in sorted(names & set(available)):
            value = available[name]
            source = self._graph.source(value.__name__) if isinstance(value, types.ModuleType) else None
            if source is None:
                used[name] = value
                continue
            for attribute in sorted(names & set(dir(value))):
                found = self._graph.resolve(Target(value.__name__, attribute))
                self.edges |= {(attribute, node) for node in found}
        return used


def _is_found(module: str, name: str, value: Any) -> bool:
    """Whether the module holds this very object under its name."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value or getattr(found, "__func__", None) is value


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _located(source: _Source, code: types.CodeType) -> list[ast.AST]:
    """The definition of an inner function in its file: by its first line and name, then by where its code stands."""
    kinds = (ast.Lambda,) if code.co_name == "<lambda>" else _FUNCTION
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
        found = around[-1:] or found  # ast.walk meets the outer ones first
    return found


def _names(code: types.CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _compiled(code: types.CodeType) -> str:
    """Code without a source file; the first constant of a ``def``, if it is a text, is its docstring."""
    constants = list(code.co_consts)
    if constants and isinstance(constants[0], str) and code.co_name != "<lambda>":
        constants[0] = None
    written = [_compiled(c) if isinstance(c, types.CodeType) else repr(c) for c in constants]
    return repr((code.co_code.hex(), code.co_names, code.co_varnames, written))
