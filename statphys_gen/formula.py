"""Formulas from text: parsed, never evaluated.

A text is read as a tree, and the tree is walked: numbers, the named variables, pi and e, + - * / and powers (** or ^),
and the functions of :data:`FUNCTIONS`. Nothing else has a meaning, so no text can run. Bounded before anything is made
are its length, its nesting, its exponents, the digits of its numbers and the size of its derivatives.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .errors import InvalidArgument

if TYPE_CHECKING:
    import sympy

# By the names that people write, those of sympy.
FUNCTIONS: Mapping[str, str] = {
    **{name: name for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan")},
    **{name: name for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "sign")},
    **{"abs": "Abs", "Abs": "Abs", "min": "Min", "Min": "Min", "max": "Max", "Max": "Max", "ln": "log"},
    **{"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"},
    **{"arctanh": "atanh", "Heaviside": "Heaviside"},
}
_SEVERAL = ("Min", "Max")
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_LONGEST, _PARTS, _DEEPEST = 2000, 400, 40
_LARGEST_DERIVATIVE = 10_000
_LARGEST_EXPONENT, _BITS = 1000, 4096
_LARGEST = 1e100


def formula(argument: str, expression: Any, variables: Sequence[str]) -> sympy.Expr:
    """A text, a number or a sympy expression as a formula; the symbols of an expression count by their names.

    Raises
    ------
    InvalidArgument : anything else, and an expression with other symbols.
    """
    import sympy

    if isinstance(expression, str):
        return parse(argument, expression, variables)
    allowed = f"a formula in {' and '.join(variables)}"
    if isinstance(expression, int | float) and not isinstance(expression, bool) and math.isfinite(expression):
        return sympy.sympify(expression)
    if not isinstance(expression, sympy.Expr):
        raise InvalidArgument(argument, expression, allowed)
    symbols = {entry: sympy.Symbol(str(entry.name), real=True) for entry in expression.free_symbols}
    if not {entry.name for entry in symbols.values()} <= set(variables):
        raise InvalidArgument(argument, expression, f"{allowed} alone")
    return expression.subs(symbols)


class _Refused(ValueError):
    """Why a text is no formula."""


def parse(argument: str, text: str, variables: Sequence[str]) -> sympy.Expr:
    """The formula that a text stands for, with real symbols for its variables.

    Parameters
    ----------
    argument : its name in messages.
    text : such as "(y**2 - t**2)**2 / (2*(1 + t**2))".
    variables : names that may stand in it.

    Raises
    ------
    InvalidArgument : one line for every other text.
    """
    allowed = f"a formula in {' and '.join(variables)}"
    if not isinstance(text, str):
        raise InvalidArgument(argument, text, allowed)
    try:
        return _formula(text, variables)
    except _Refused as error:
        raise InvalidArgument(argument, text, f"{allowed} ({error})") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, TypeError) as error:
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise InvalidArgument(argument, text, f"{allowed} ({' '.join(reason.split())})") from None


def _formula(text: str, variables: Sequence[str]) -> sympy.Expr:
    if len(text) > _LONGEST:
        raise _Refused(f"it has {len(text)} letters, of at most {_LONGEST}")
    if not text.isascii():
        letter = next(letter for letter in text if not letter.isascii())
        raise _Refused(f"{letter!r} stands in it: write - * / and ** or ^ as they are on a keyboard")
    if "_" in text and not any("_" in name for name in variables):
        raise _Refused("'_' stands in it, which no name and no number has")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of literals that will be refused
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    count = sum(1 for _ in ast.walk(tree))
    if count > _PARTS:
        raise _Refused(f"it has {count} parts, of at most {_PARTS}")
    import sympy

    names = {name: sympy.Symbol(name, real=True) for name in variables}
    found: sympy.Expr = _walk(tree, {"pi": sympy.pi, "e": sympy.E, "E": sympy.E} | names, 0)
    if found.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo, -sympy.oo) or found.is_real is False:
        raise _Refused("it is not real and finite")
    if _sizes(found)[2] > _LARGEST_DERIVATIVE:
        raise _Refused("its second derivative is too long")
    return found


def _sizes(formula: sympy.Basic) -> tuple[float, float, float]:
    """Bounds on the number of parts of a formula, of its derivative and of its second one, before any is made."""
    import sympy

    if not formula.args:
        return (1.0, 1.0, 1.0) if formula.free_symbols else (1.0, 0.0, 0.0)
    parts = [_sizes(entry) for entry in formula.args]
    value, first, second = (sum(column) for column in zip(*parts, strict=True))
    value += 1.0
    if not first or isinstance(formula, sympy.Add):
        return value, first, second
    if isinstance(formula, sympy.Mul):
        slopes = sum(b * (value - a) for a, b, _ in parts if b) / max(first, 1.0)
        changing = sum(1 for _, b, _ in parts if b)
        return value, first + changing * slopes, second + changing**2 * (value + first)
    # The chain rule: f'(u) u', and f''(u) u'^2 + f'(u) u''.
    return value, first + value + 3.0, second + 2.0 * first + 2.0 * value + 6.0


def _walk(node: ast.AST, names: Mapping[str, Any], depth: int) -> Any:
    import sympy

    if depth > _DEEPEST:
        raise _Refused(f"it is nested more than {_DEEPEST} times")
    if isinstance(node, ast.Constant):
        return _number(node.value)
    if isinstance(node, ast.Name):
        if node.id in names:
            return names[node.id]
        if node.id in FUNCTIONS:
            raise _Refused(f"{node.id} must be followed by its argument in brackets")
        known = ", ".join(names)
        raise _Refused(f"{node.id!r} is not known; {known} are, and the functions {', '.join(FUNCTIONS)}")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        value = _walk(node.operand, names, depth + 1)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        # A long sum leans to the left and is not nested.
        left, right = _walk(node.left, names, depth), _walk(node.right, names, depth + 1)
        if isinstance(node.op, ast.Pow):
            return _bounded(_power(left, right))
        if isinstance(node.op, ast.Div):
            return _bounded(left / right)
        if isinstance(node.op, ast.Mult):
            return _bounded(left * right)
        return _bounded(left + right if isinstance(node.op, ast.Add) else left - right)
    if isinstance(node, ast.Call):
        return _call(node, names, depth, sympy)
    raise _Refused(f"{_shown(node)} is neither a number nor a variable, an operation or a function")


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _call(node: ast.Call, names: Mapping[str, Any], depth: int, sympy: Any) -> Any:
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        raise _Refused(f"{_shown(node.func)} is no function that is known; these are: {', '.join(FUNCTIONS)}")
    name = FUNCTIONS[node.func.id]
    several = name in _SEVERAL
    if node.keywords or any(isinstance(entry, ast.Starred) for entry in node.args):
        raise _Refused(f"{node.func.id} takes its arguments one by one")
    if len(node.args) != 1 + several:
        raise _Refused(f"{node.func.id} takes {'two arguments' if several else 'one argument'}")
    values = [_walk(entry, names, depth + 1) for entry in node.args]
    value = getattr(sympy, name)(*values)
    if value.func is getattr(sympy, name) and several and len(value.args) > 2:
        # One within another becomes one of all, whose derivative takes minutes.
        raise _Refused(f"{node.func.id} of more than two stands in it")
    return _bounded(value)


def _number(value: Any) -> Any:
    import sympy

    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Refused(f"{value!r:.40} is no real number")
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise _Refused(f"numbers are at most {_LARGEST:g} in size")
    return sympy.Integer(value) if isinstance(value, int) else sympy.Float(repr(value))


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_number:
        size = abs(float(exponent)) if exponent.is_real else math.inf
        if not size <= _LARGEST_EXPONENT:
            raise _Refused(f"exponents are at most {_LARGEST_EXPONENT} in size")
        if base.is_Rational and size * max(int(base.p).bit_length(), int(base.q).bit_length()) > _BITS:
            raise _Refused("a power of a number has too many digits")
        if base.is_Float and base and size * abs(math.log(abs(float(base)) or 1e-300)) > math.log(1e300):
            raise _Refused("a power of a number is too large")
    return base**exponent


def _bounded(value: Any) -> Any:
    """What sympy made of finite parts, refused where it grew beyond what a float holds."""
    if value.is_Rational and max(int(value.p).bit_length(), int(value.q).bit_length()) > _BITS:
        raise _Refused("a number in it has too many digits")
    return value
