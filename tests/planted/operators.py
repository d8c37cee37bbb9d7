"""Operators on the syntax tree that make the mistakes of a person: each changes one place of one line.

- sign: plus for minus, a lost minus;
- factor: a constant factor doubled, times for divided by;
- exponent: a constant power raised by one, a lost square root;
- index: the neighbouring entry, a slice that starts or ends one later;
- inequality: its direction, the smaller for the larger;
- axis: another axis;
- degrees of freedom: n for n - 1, another ``ddof``.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

KINDS = ("sign", "factor", "exponent", "index", "inequality", "axis", "degrees of freedom")
_SIGNS = {ast.Add: ("+", "-"), ast.Sub: ("-", "+")}
_SCALES = {ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
_ORDERS = {ast.Lt: ("<", ">"), ast.LtE: ("<=", ">="), ast.Gt: (">", "<"), ast.GtE: (">=", "<=")}
_EXTREMES = {"minimum": "maximum", "maximum": "minimum", "min": "max", "max": "min"}
_NO_NUMBERS = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp, ast.Dict, ast.Set)


class Site(NamedTuple):
    """A line and what an operator makes of it; ``line`` counts from 1."""

    kind: str
    line: int
    old: str
    new: str


class _Edit(NamedTuple):
    """Replacement of one piece of one line; columns count bytes, as those of the syntax tree do."""

    kind: str
    line: int
    start: int
    end: int
    text: str


def sites(text: str) -> list[Site]:
    """Every place of a source text that an operator can change, in order."""
    lines = text.splitlines()
    found: dict[tuple[int, str], Site] = {}
    for edit in _Finder(lines).edits(ast.parse(text)):
        old = lines[edit.line - 1]
        raw = old.encode()
        new = (raw[: edit.start] + edit.text.encode() + raw[edit.end :]).decode()
        found.setdefault((edit.line, new), Site(edit.kind, edit.line, old, new))
    return sorted(found.values(), key=lambda site: (site.line, site.kind, site.new))


def is_another_program(text: str, site: Site) -> bool:
    """Whether the changed text compiles, and says something else."""
    lines = text.splitlines()
    changed = "\n".join([*lines[: site.line - 1], site.new, *lines[site.line :]])
    try:
        return ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text))
    except SyntaxError:
        return False


def draw(texts: Mapping[str, str], count: int, seed: int) -> list[tuple[str, Site]]:
    """So many sites, by file: the kinds in turn, then a file that has one, then one of its sites.

    No site is drawn twice. Fewer are returned only where there are no more.
    """
    rng = random.Random(seed)
    left: dict[str, dict[str, list[Site]]] = {kind: {} for kind in KINDS}
    for file in sorted(texts):
        for site in sites(texts[file]):
            left[site.kind].setdefault(file, []).append(site)
    drawn: list[tuple[str, Site]] = []
    while len(drawn) < count and any(left.values()):
        for kind in KINDS:
            if left[kind] and len(drawn) < count:
                file = rng.choice(sorted(left[kind]))
                of_file = left[kind][file]
                site = of_file.pop(rng.randrange(len(of_file)))
                if is_another_program(texts[file], site):
                    drawn.append((file, site))
                if not of_file:
                    del left[kind][file]
    return drawn


class _Finder:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = [line.encode() for line in lines]

    def edits(self, node: ast.AST, *, in_index: bool = False) -> Iterator[_Edit]:
        """Of a node and what is below it; messages, annotations and decorators do not compute anything."""
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom):
            return
        method: Callable[..., Iterator[_Edit]] | None = getattr(self, f"_{type(node).__name__}", None)
        if method is not None and not (in_index and isinstance(node, ast.UnaryOp)):
            yield from method(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_comment"):
                continue
            inside = isinstance(node, ast.Subscript) and name == "slice"
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    below = in_index and isinstance(node, ast.Tuple | ast.Slice)
                    yield from self.edits(child, in_index=inside or below)

    def _between(self, left: ast.expr, right: ast.expr, token: str) -> tuple[int, int] | None:
        """Line and column of an operator between two operands."""
        assert left.end_lineno is not None
        assert left.end_col_offset is not None
        for line in range(left.end_lineno, right.lineno + 1):
            start = left.end_col_offset if line == left.end_lineno else 0
            raw = self._lines[line - 1]
            stop = right.col_offset if line == right.lineno else len(raw)
            piece = raw[start:stop].partition(b"#")[0]
            place = piece.find(token.encode())
            if place >= 0:
                return line, start + place
        return None

    def _swap(self, kind: str, left: ast.expr, right: ast.expr, tokens: tuple[str, str]) -> Iterator[_Edit]:
        place = self._between(left, right, tokens[0])
        if place is not None:
            yield _Edit(kind, place[0], place[1], place[1] + len(tokens[0]), tokens[1])

    def _replace(self, kind: str, node: ast.expr, text: str) -> Iterator[_Edit]:
        if node.end_lineno == node.lineno and node.end_col_offset is not None:
            yield _Edit(kind, node.lineno, node.col_offset, node.end_col_offset, text)

    def _BinOp(self, node: ast.BinOp) -> Iterator[_Edit]:  # noqa: N802
        operator, pair = type(node.op), (node.left, node.right)
        if any(isinstance(side, _NO_NUMBERS) or _is_text(side) for side in pair):
            return
        if operator in _SIGNS:
            yield from self._swap("sign", *pair, _SIGNS[operator])
        if operator is ast.Sub and _number(node.right) == 1:
            yield from self._replace("degrees of freedom", node.right, "0")
        if operator in _SCALES:
            constants = [side for side in pair if _number(side) not in (None, 0)]
            for side in constants:
                yield from self._replace("factor", side, repr(2 * (_number(side) or 0)))
            if not constants:
                yield from self._swap("factor", *pair, _SCALES[operator])
        if operator is ast.Pow and (power := _number(node.right)) is not None:
            yield from self._replace("exponent", node.right, repr(power + 1))

    def _AugAssign(self, node: ast.AugAssign) -> Iterator[_Edit]:  # noqa: N802
        if type(node.op) in _SIGNS and not isinstance(node.value, _NO_NUMBERS) and not _is_text(node.value):
            old, new = _SIGNS[type(node.op)]
            yield from self._swap("sign", node.target, node.value, (old + "=", new + "="))

    def _UnaryOp(self, node: ast.UnaryOp) -> Iterator[_Edit]:  # noqa: N802
        if isinstance(node.op, ast.USub):
            yield _Edit("sign", node.lineno, node.col_offset, node.col_offset + 1, "+")

    def _Compare(self, node: ast.Compare) -> Iterator[_Edit]:  # noqa: N802
        operands = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, operands[:-1], operands[1:], strict=True):
            if type(operator) in _ORDERS:
                yield from self._swap("inequality", left, right, _ORDERS[type(operator)])

    def _Call(self, node: ast.Call) -> Iterator[_Edit]:  # noqa: N802
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name == "sqrt" and len(node.args) == 1:
            yield from self._replace("exponent", function, "")
        if name in _EXTREMES and len(node.args) == 2 and function.end_col_offset is not None:
            end = function.end_col_offset
            if function.end_lineno is not None:
                yield _Edit("inequality", function.end_lineno, end - len(name), end, _EXTREMES[name])
        for keyword in node.keywords:
            value = _number(keyword.value)
            if keyword.arg == "axis" and isinstance(value, int):
                yield from self._replace("axis", keyword.value, str(1 if value == 0 else max(value - 1, 0)))
            if keyword.arg == "ddof" and value is not None:
                yield from self._replace("degrees of freedom", keyword.value, "0" if value else "1")

    def _Subscript(self, node: ast.Subscript) -> Iterator[_Edit]:  # noqa: N802
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in parts:
            if isinstance(part, ast.Slice):
                for end in (part.lower, part.upper):
                    place = None if end is None else _number(end)
                    if end is not None and isinstance(place, int):
                        yield from self._replace("index", end, str(place + 1 if place >= 0 else place - 1))
            elif isinstance(index := _number(part), int):
                yield from self._replace("index", part, str(index - 1))


def _number(node: ast.expr) -> int | float | None:
    """The value of a number as it is written, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    plain = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return node.value if plain else None  # type: ignore[attr-defined,no-any-return]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
