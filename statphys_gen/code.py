"""What functions do, as a hash: their definitions and all that these reach outside installed packages.

A node is a top-level definition (a function, a class with its methods, an assignment) in a source file of this package
or of the user. Its text is the syntax tree without line numbers, comments, docstrings and the annotations of functions;
its edges lead to whatever its global names, the attributes of modules, and the imports in its body are bound to. No
file and no module name enters, so that files and definitions can move; the names of definitions do enter. Libraries
that are installed, and Python's own, enter by the names that are used of them; so do the modules that only name and
print what is computed (glossary, presentation).

What no reading of the source can see is left out: a name that is only computed (``getattr``), a function that
registers itself with a decorator, the version of an installed library.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import pickle
import sys
import types
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from .definitions import SCALAR, Graph, Node, Reader, graph, sha256
from .errors import InvalidArgument
from .source_files import ROOT, Source, Target, is_installed, located


def code_hash(*definitions: Any, digits: int | None = None) -> str:
    """SHA-256 of what functions, classes or objects do: their code and all that it reaches, and the values they carry.

    Parameters
    ----------
    definitions : functions, classes, methods, ``functools.partial`` objects, or instances; values in closures, defaults
        of inner functions, arguments of a partial and fields of instances enter by their contents. A function without a
        source file (an interactive prompt, a notebook) enters by its compiled code, which depends on Python's version.

    digits : significant digits of the floats that are carried; None (default) for all bits. For hashes that are
        compared across machines, on which computed numbers differ in the last bits.

    Returns
    -------
    The same for the same code in other files; of several definitions in their order.

    Raises
    ------
    InvalidArgument : a value that a function carries has no contents that could be hashed (an open file, a lock).
    """
    every = graph()
    values = _Values(every, digits)
    roots = [values.describe(definition) for definition in definitions]
    return sha256(repr((roots, every.total(frozenset(values.edges)))))


def is_ours_or_installed(definition: Any) -> bool:
    """Whether a function or class can be named, being one of this package, of an installed one, or of Python.

    Lambdas and functions inside functions have no name of their own.
    """
    if isinstance(definition, functools.partial | types.MethodType):
        return False
    owner = definition if getattr(definition, "__module__", None) else type(definition)
    name = str(getattr(definition, "__qualname__", None) or getattr(definition, "__name__", "<none>"))
    return "<" not in name and (owner.__module__.partition(".")[0] == ROOT or is_installed(owner.__module__))


class _Values:
    """Describes what functions carry by contents, and collects the definitions that they lead to."""

    def __init__(self, graph: Graph, digits: int | None) -> None:
        self._graph, self._digits = graph, digits
        self._open: list[Any] = []
        self.edges: set[tuple[str, Node]] = set()

    def describe(self, value: Any) -> str:
        if isinstance(value, Enum):
            return f"{self._definition(type(value))}.{value.name}"
        if isinstance(value, float):
            return value.hex() if self._digits is None else f"{value:.{self._digits}g}"
        if isinstance(value, SCALAR):
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
            entries = value.tobytes()
            if self._digits is not None and value.dtype.kind in "fc":
                entries = ",".join(f"{entry:.{self._digits}g}" for entry in value.ravel().tolist()).encode()
            digest = hashlib.sha256(entries).hexdigest()
            return f"array({value.dtype.str},{value.shape},{digest})"
        if not is_installed(kind.__module__) and hasattr(value, "__dict__"):
            return f"{self._definition(kind)}({self.describe(vars(value))})"
        if isinstance(value, Path) or (kind.__module__ == "numpy" and kind.__name__ == "ufunc"):
            return str(value)
        try:
            return f"pickled {hashlib.sha256(pickle.dumps(value)).hexdigest()}"
        except Exception:  # whatever the pickling of a stranger's object raises
            allowed = "such that its contents can be hashed: it is carried by a function whose code is hashed"
            raise InvalidArgument("value", value, allowed) from None

    def _definition(self, value: Any) -> str:
        """A function or class by its name where that leads to its definition, else by its own code."""
        module, name = getattr(value, "__module__", None) or "builtins", value.__qualname__
        executed = module == "builtins" and hasattr(value, "__code__")
        if "<" not in name and module.partition(".")[0] != ROOT and is_installed(module) and not executed:
            return f"installed {module}.{name}"
        source = self._graph.source(module)
        top = name.partition(".")[0]
        if (
            source is not None
            and "<" not in name
            and top in source.bindings
            and _is_found(module, name, value)
        ):
            found = self._graph.bound(source, top)
            self.edges |= {(top, node) for node in found}
            return f"{name} {[self._graph.text(node).digest for node in found]}"
        if isinstance(value, type):
            members = {
                key: member
                for key, member in vars(value).items()
                if callable(member) or key in value.__dict__
            }
            own = {key: m for key, m in members.items() if not key.startswith("__") or inspect.isfunction(m)}
            return f"class {name}({self.describe([value.__bases__, own])})"
        return self._inner(value, source)

    def _inner(self, value: Any, source: Source | None) -> str:
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
        found = located(source, code) if source is not None and code.co_filename == source.file else []
        for place in found:
            assert source is not None
            reader = Reader(self._graph, source, place, code.co_freevars)
            texts.append(reader.write(place))
            self.edges |= reader.edges
        if len(found) != 1:
            texts.append(_compiled(code))
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
