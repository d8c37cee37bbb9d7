"""In a checks file, no name of the simulation makes the theory's value, and no name of the theory the simulation's.

Both sides get models and numbers only. Read from the syntax trees: from the arguments ``theory`` and ``simulate`` of
every ``Check(...)`` each name is followed through functions, methods and assignments of the checks files of the system.
A call of such a function counts with its body and with its arguments; a parameter of a function that a check is made in
stands for what all its calls give. What comes out are the names that are imported from elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from test_rooms import ROOT, modules, room

from statphys_gen.systems import SYSTEMS

NAMES = {system.name for system in SYSTEMS}
SIDES = {"theory": 3, "simulate": 4}
FOREIGN = {"theory": ("simulation", "data simulation"), "simulate": ("theory", "data theory")}
Function = ast.FunctionDef | ast.Lambda
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(eq=False)
class Scope:
    """Names bound in a module, a function or a comprehension, each with the ways in which it is."""

    node: ast.AST
    module: str
    parent: Scope | None
    bound: dict[str, list[tuple[str, ast.AST | str, tuple[int, ...]]]] = field(default_factory=dict)

    def bind(self, target: ast.AST, kind: str, value: ast.AST | str, place: tuple[int, ...] = ()) -> None:
        if isinstance(target, ast.Name):
            self.bound.setdefault(target.id, []).append((kind, value, place))
        elif isinstance(target, ast.Tuple | ast.List):
            for k, part in enumerate(target.elts):
                self.bind(part, kind, value, (*place, k))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, "whole", value)


def parameters(function: Function) -> list[ast.arg]:
    a = function.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]


def children(node: ast.AST) -> Iterator[ast.AST]:
    """All parts of a node but annotations, which make no value."""
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            yield from (
                part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST)
            )


class Checks:
    """The checks files of one system."""

    def __init__(self, texts: dict[str, str], packages: tuple[str, ...] = ()) -> None:
        self.scope_of: dict[ast.AST, Scope] = {}
        self.modules: dict[str, Scope] = {}
        self.methods: dict[str, list[ast.FunctionDef]] = {}
        for name, text in texts.items():
            tree = ast.parse(text)
            package = name if name in packages else name.rpartition(".")[0]
            self.modules[name] = scope = Scope(tree, name, None)
            self._read(tree, scope, package)
        self.calls = [node for node in self.scope_of if isinstance(node, ast.Call)]

    def _read(self, node: ast.AST, scope: Scope, package: str) -> None:
        """Notes the scope of every node, and what every scope binds."""
        self.scope_of[node] = scope
        inner = scope
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                scope.bind(ast.Name(alias.asname or alias.name), "import", f"{start}:{alias.name}")
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            if isinstance(node, ast.FunctionDef):
                owner = scope.node
                if isinstance(owner, ast.ClassDef):
                    self.methods.setdefault(node.name, []).append(node)
                else:
                    scope.bind(ast.Name(node.name), "function", node)
            outer = scope.parent if isinstance(scope.node, ast.ClassDef) else scope
            inner = Scope(node, scope.module, outer)
            for parameter in parameters(node):
                inner.bind(ast.Name(parameter.arg), "parameter", node)
        elif isinstance(node, ast.ClassDef):
            scope.bind(ast.Name(node.name), "class", node)
            inner = Scope(node, scope.module, scope)
        elif isinstance(node, COMPREHENSIONS):
            inner = Scope(node, scope.module, scope)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                scope.bind(target, "value", node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            scope.bind(node.target, "value", node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            scope.bind(node.target, "element", node.iter)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            scope.bind(node.optional_vars, "whole", node.context_expr)
        for child in children(node):
            # Defaults and decorators are read as part of the function: a coarser view, never a finer one.
            self._read(child, inner, package)

    def checks(self) -> Iterator[ast.Call]:
        for call in self.calls:
            if isinstance(call.func, ast.Name) and call.func.id == "Check":
                yield call

    def reached(self, check: ast.Call, side: str) -> set[str]:
        """Modules with names, "module:name", that make one side of a check."""
        given = {keyword.arg: keyword.value for keyword in check.keywords}
        place = SIDES[side]
        start = given.get(side) or (check.args[place] if len(check.args) > place else None)
        assert start is not None, f"line {check.lineno}: a check without {side}"
        return Walk(self).expression(start)


class Walk:
    """One walk from one argument of one check."""

    def __init__(self, files: Checks) -> None:
        self.files = files
        self.found: set[str] = set()
        self.seen: set[tuple[ast.AST, frozenset[ast.AST]]] = set()

    def expression(self, node: ast.AST) -> set[str]:
        self._follow(node, frozenset())
        return self.found

    def _follow(self, node: ast.AST, called: frozenset[ast.AST]) -> None:
        """``called``: functions in whose bodies the walk is because of a call, whose arguments it sees there."""
        if (node, called) in self.seen:
            return
        self.seen.add((node, called))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self._name(node.id, self.files.scope_of[node], called)
        elif isinstance(node, ast.Attribute):
            for method in self.files.methods.get(node.attr, []):
                self._enter(method, called)
        if isinstance(node, ast.Lambda):
            self._enter(node, called)
        else:
            for child in children(node):
                self._follow(child, called)

    def _enter(self, function: ast.AST, called: frozenset[ast.AST]) -> None:
        inside = called | {function}
        for child in children(function):
            self._follow(child, inside)

    def _name(self, name: str, scope: Scope | None, called: frozenset[ast.AST]) -> None:
        while scope is not None and (name not in scope.bound or isinstance(scope.node, ast.ClassDef)):
            scope = scope.parent
        if scope is None:
            return  # a builtin
        for kind, value, place in scope.bound[name]:
            if kind == "import":
                self._import(str(value), called)
            elif kind == "function":
                assert isinstance(value, ast.AST)
                self._enter(value, called)
            elif kind == "parameter":
                assert isinstance(value, Function)
                if value not in called:
                    for argument in self._arguments(value, name):
                        self._follow(argument, called)
            elif kind in ("value", "whole", "element"):
                assert isinstance(value, ast.AST)
                for part in self._parts(value, ((-1, *place) if kind == "element" else place)):
                    self._follow(part, called)

    def _import(self, name: str, called: frozenset[ast.AST]) -> None:
        module, _, original = name.partition(":")
        if module in self.files.modules:
            self._name(original, self.files.modules[module], called)
        else:
            self.found.add(name)

    def _parts(self, node: ast.AST, place: tuple[int, ...]) -> list[ast.AST]:
        """The parts of an expression at a place in nested tuples (-1: every element), or all of it."""
        if not place:
            return [node]
        if isinstance(node, ast.Name):
            scope: Scope | None = self.files.scope_of[node]
            while scope is not None and node.id not in scope.bound:
                scope = scope.parent
            ways = scope.bound[node.id] if scope is not None else []
            if len(ways) == 1 and ways[0][0] == "value" and not ways[0][2]:
                assert isinstance(ways[0][1], ast.AST)
                return self._parts(ways[0][1], place)
        if isinstance(node, ast.Tuple | ast.List) and not any(isinstance(e, ast.Starred) for e in node.elts):
            chosen = node.elts if place[0] == -1 else node.elts[place[0] : place[0] + 1]
            return [part for element in chosen for part in self._parts(element, place[1:])]
        zipped = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip"
        if zipped and len(place) > 1 and place[1] < len(node.args):
            return self._parts(node.args[place[1]], (-1, *place[2:]))
        return [node]

    def _arguments(self, function: Function, name: str) -> list[ast.AST]:
        """What the calls of a function give one of its parameters, and its default."""
        found: list[ast.AST] = []
        a = function.args
        plain = [*a.posonlyargs, *a.args]
        defaults = dict(zip([p.arg for p in plain][::-1], a.defaults[::-1], strict=False))
        defaults |= {p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None}
        found += [defaults[name]] if name in defaults else []
        names = [p.arg for p in plain]
        for call in self.files.calls:
            given = self._calls(call, function)
            if given is None:
                continue
            for k, argument in enumerate(given):
                named = k < len(names) and names[k] == name
                if named or isinstance(argument, ast.Starred) or name == (a.vararg and a.vararg.arg):
                    found.append(argument)
            rest = a.kwarg is not None and name == a.kwarg.arg
            taken = {p.arg for p in parameters(function)}
            for keyword in call.keywords:
                if keyword.arg is None:
                    found += [keyword.value] if rest else self._entry(keyword.value, name)
                elif keyword.arg == name or (rest and keyword.arg not in taken):
                    found.append(keyword.value)
        return found

    def _calls(self, call: ast.Call, function: Function) -> list[ast.expr] | None:
        """The positional arguments if this is a call of the function, or ``partial`` of it."""
        if not isinstance(function, ast.FunctionDef):
            return None
        first: ast.expr = call.func
        given = call.args
        if isinstance(first, ast.Name) and first.id == "partial" and call.args:
            first, given = call.args[0], call.args[1:]
        if isinstance(first, ast.Name) and self._defines(first, function):
            return given
        return None

    def _defines(self, name: ast.Name, function: ast.FunctionDef) -> bool:
        scope: Scope | None = self.files.scope_of[name]
        word = name.id
        while scope is not None:
            for kind, value, _ in scope.bound.get(word, []):
                if value is function:
                    return True
                module, _, original = str(value).partition(":")
                if kind == "import" and module in self.files.modules:
                    return any(
                        v is function for _, v, _ in self.files.modules[module].bound.get(original, [])
                    )
            scope = scope.parent
        return False

    def _entry(self, node: ast.expr, key: str) -> list[ast.AST]:
        """What ``**node`` gives for a key: an entry of a literal, or what the calls give a rest."""
        if isinstance(node, ast.Dict):
            found: list[ast.AST] = []
            for k, value in zip(node.keys, node.values, strict=True):
                if k is None:
                    found += self._entry(value, key)
                elif not isinstance(k, ast.Constant) or k.value == key:
                    found.append(value)
            return found
        if isinstance(node, ast.Name):
            scope: Scope | None = self.files.scope_of[node]
            while scope is not None and node.id not in scope.bound:
                scope = scope.parent
            found = []
            for kind, value, place in scope.bound[node.id] if scope is not None else []:
                if kind == "value" and not place:
                    assert isinstance(value, ast.expr)
                    found += self._entry(value, key)
                elif kind == "parameter":
                    assert isinstance(value, Function)
                    if value.args.kwarg is None or value.args.kwarg.arg != node.id:
                        return [node]
                    for call in self.files.calls:
                        if self._calls(call, value) is not None:
                            for keyword in call.keywords:
                                if keyword.arg is None:
                                    found += self._entry(keyword.value, key)
                                elif keyword.arg == key:
                                    found.append(keyword.value)
                else:
                    return [node]
            return found
        return [node]


# The theory is a Monte Carlo there, whose stated error is held against its own scatter over seeds.
OWN_ERRORS = "statphys_gen.phase_retrieval.checks.standard_errors"


def read(system: str) -> Checks:
    start = f"statphys_gen.{system}.checks"
    files = {
        name: path
        for name, path in modules(ROOT).items()
        if (name == start or name.startswith(start + ".")) and name != OWN_ERRORS
    }
    packages = tuple(name for name, path in files.items() if path.name == "__init__.py")
    return Checks({name: path.read_text(encoding="utf-8") for name, path in files.items()}, packages)


def violations(files: Checks) -> set[str]:
    """The names, with the side in which they should not be."""
    found = set()
    for check in files.checks():
        for side, foreign in FOREIGN.items():
            for name in files.reached(check, side):
                module, _, original = name.partition(":")
                if {room(module, NAMES)[1], room(f"{module}.{original}", NAMES)[1]} & set(foreign):
                    found.add(f"{module.removeprefix('statphys_gen.')}.{original} in {side}")
    return found


@pytest.mark.parametrize("system", sorted(NAMES))
def test_theory_and_simulation_of_a_check_have_models_and_numbers_in_common(system: str) -> None:
    files = read(system)
    assert any(files.checks())
    assert violations(files) == set()


HEAD = """
from ...statistics.agreement import Check
from ..model import Model
from ..simulation.runs import draw, measure
from ..theory.laws import predict, weigh
from .common import middle, both
SIZES = (1, 2)
def _check(name, model, theory, **options):
    def predicted():
        return theory() + weigh(model)
    def simulated(seed, scale=1.0):
        return measure(model, seed, options, **options)
    return Check(name, "what", "exact", theory=predicted, simulate=simulated, resolution=0.02)
class Problem:
    def theory(self):
        return predict(self)
    def simulate(self, seed):
        return draw(self, seed)
"""
COMMON = """
from ..theory.laws import quantile
from ..simulation.runs import draw
def middle(model):
    return quantile(model)
def both(function, model):
    return function(model)
"""
WRONG_IN_THEORY = ("rbm.simulation.runs.draw in theory",)
QUANTILE = ("rbm.theory.laws.quantile in simulate",)
PLANTED = [
    # Nothing in common but models and numbers.
    ("_check('a', Model(1), lambda: predict(Model(1), SIZES), size=3)", ()),
    ("Check('a', 'b', 'c', lambda: both(predict, 1), lambda seed: both(draw, seed), 0.1)", ()),
    (
        "p = Problem()\nCheck('a', 'b', 'c', theory=lambda: p.theory(), simulate=p.simulate, resolution=0.1)",
        (),
    ),
    (
        "for f, g in ((predict, draw), (weigh, measure)):\n"
        "    Check('a', 'b', 'c', theory=lambda: f(1), simulate=lambda seed: g(seed), resolution=0.1)",
        (),
    ),
    # By a call, a local function, a keyword on its way, a default, a method, an assignment, a partial function, a loop.
    ("Check('a', 'b', 'c', theory=lambda: draw(1), simulate=measure, resolution=0.1)", WRONG_IN_THEORY),
    ("_check('a', Model(1), lambda: predict(Model(1)), moments=middle(Model(1)))", QUANTILE),
    ("def outer(**rest):\n    _check('a', Model(1), predict, **rest)\nouter(moments=middle(1))", QUANTILE),
    ("_check('a', Model(1), predict, **{'size': 1, 'moments': middle(1)})", QUANTILE),
    ("_check('a', draw(0), predict)", ("rbm.simulation.runs.draw in theory",)),
    ("def f(seed, at=middle(1)):\n    return draw(at)\nCheck('a', 'b', 'c', predict, f, 0.1)", QUANTILE),
    ("p = Problem()\nCheck('a', 'b', 'c', theory=lambda: p.simulate(0), simulate=draw)", WRONG_IN_THEORY),
    ("place = middle(1)\nCheck('a', 'b', 'c', predict, lambda seed: draw(place), 0.1)", QUANTILE),
    ("Check('a', 'b', 'c', predict, partial(measure, middle(1)), 0.1)", QUANTILE),
    (
        "for f, g in ((predict, draw), (weigh, middle)):\n"
        "    Check('a', 'b', 'c', theory=lambda: f(1), simulate=lambda seed: g(seed), resolution=0.1)",
        QUANTILE,
    ),
    ("[Check('a', 'b', 'c', t, s, 0.1) for t, s in zip([predict], [middle])]", QUANTILE),
]


@pytest.mark.parametrize(("text", "expected"), PLANTED, ids=range(len(PLANTED)))
def test_planted_names_are_found(text: str, expected: tuple[str, ...]) -> None:
    start = "statphys_gen.rbm.checks"
    files = Checks({f"{start}.planted": HEAD + text, f"{start}.common": COMMON})
    assert violations(files) == set(expected)
