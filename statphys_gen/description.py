"""What a model says of itself: law, parameters, and which predictions take it, how exact they are and how verified.

Everything is read from where it stands already: docstrings, fields, the statements of the predictions and the checks
that test them.
"""

from __future__ import annotations

import dataclasses
import functools
import html
import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InvalidArgument
from .predictions import Prediction, predictions
from .presentation import html_table

_FIELD = re.compile(r"^([a-z_][\w, ]*) : ", re.MULTILINE)
_LONGEST = 60
_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SPECIAL |= {letter: f"\\{letter}" for letter in "&%$#_{}"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a model: its name, its value as text, and what it means."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, repr=False)
class Description:
    """What :func:`describe` found, as text, as LaTeX and in notebooks.

    Attributes
    ----------
    name : the class of the model.
    law : what the model is, from its docstring: definitions and conventions.
    formula : the law with its numbers as LaTeX writes it, empty where the model has none.
    parameters : with their values and meanings.
    predictions : the public functions that take such a model.
    """

    name: str
    law: str
    formula: str
    parameters: tuple[Parameter, ...]
    predictions: tuple[Prediction, ...]

    def text(self) -> str:
        """For people, in a terminal."""
        lines = [self.name, "=" * len(self.name), self.law, "", "Parameters"]
        for entry in self.parameters:
            said = f"{entry.name} = {entry.value}"
            lines.append(_wrapped(f"{said}: {entry.meaning}" if entry.meaning else said))
        lines += ["", "Predictions that take it"] if self.predictions else []
        for row in self.records():
            lines.append(
                _wrapped("{prediction}: {level}; valid: {valid}; {support} [{source}]".format_map(row))
            )
        return "\n".join(lines)

    def latex(self) -> str:
        """A paragraph and two tables for a paper; needs no package."""
        lines = [rf"\paragraph{{{_escaped(self.name)}}}", _escaped(" ".join(self.law.split()))]
        lines += [rf"\[{self.formula.strip('$')}\]"] if self.formula else []
        lines += _tabular(
            ("parameter", "value", "meaning"), [(p.name, p.value, p.meaning) for p in self.parameters]
        )
        rows = [list(map(str, row.values())) for row in self.records()]
        lines += _tabular(("prediction", "level", "valid", "support", "source"), rows) if rows else []
        return "\n".join(lines) + "\n"

    def records(self) -> Iterator[dict[str, Any]]:
        """The predictions, one row each: how exact, where valid, what stands behind it."""
        for found in self.predictions:
            stated = found.approximation
            count = len(found.checks) + len(found.reported)
            yield {
                "prediction": f"{found.home}.{found.name}",
                "level": stated.level,
                "valid": stated.valid or "always",
                "support": f"{found.mark}, {count} check{'s' * (count != 1)}" if count else found.mark,
                "source": stated.source,
            }

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        law = f"<h4>{html.escape(self.name)}</h4><pre>{html.escape(self.law)}</pre><p>{self.formula}</p>"
        rows = [dataclasses.asdict(parameter) for parameter in self.parameters]
        return law + html_table(rows, "Parameters") + html_table(list(self.records()), "Predictions")


def describe(model: Any) -> Description:
    """Law, parameters and predictions of a model of this package, or of a class of yours that extends one of its own.

    Raises
    ------
    InvalidArgument : anything that is not an object of a dataclass with a docstring.
    """
    kind = type(model)
    if not dataclasses.is_dataclass(model) or isinstance(model, type) or not kind.__doc__:
        raise InvalidArgument("model", model, "a model, law, prior, activation or loss, as rbm.Model(...)")
    summary, meanings = _documented(inspect.cleandoc(kind.__doc__))
    module = inspect.cleandoc(sys.modules[kind.__module__].__doc__ or "")
    law = summary
    if kind.__module__.endswith(".model") and "\n" in module:
        law = f"{summary}\n\n{module.partition(chr(10))[2].strip()}"
    parameters = tuple(
        Parameter(
            field.name.rstrip("_"),
            _shown(getattr(model, field.name)),
            meanings.get(field.name.rstrip("_"), ""),
        )
        for field in dataclasses.fields(model)
        if field.init
    )
    write = getattr(model, "_repr_latex_", None)
    taking = tuple(found for found in _predictions() if _takes(found.function, kind))
    return Description(kind.__name__, law, write() if write else "", parameters, taking)


@functools.cache
def _predictions() -> list[Prediction]:
    return predictions()


def _documented(text: str) -> tuple[str, dict[str, str]]:
    """A docstring's text before its sections, and what it says of each parameter."""
    summary, _, sections = text.partition("\nParameters\n----------\n")
    own = re.split(r"\n(?=[A-Z][a-z]+\n-{3,}\n)", sections)[0]
    places = [*_FIELD.finditer(own)]
    meanings: dict[str, str] = {}
    for match, end in zip(places, [*(m.start() for m in places[1:]), len(own)], strict=True):
        said = " ".join(own[match.end() : end].split("\n\n")[0].split())
        meanings |= dict.fromkeys((name.strip() for name in match.group(1).split(",")), said)
    return summary.strip(), meanings


def _shown(value: Any) -> str:
    """A value in one line: arrays by their shape, functions by their name."""
    if isinstance(value, functools.partial):
        return _shown(value.func)
    if inspect.isroutine(value):
        return str(value.__name__).lstrip("_")
    if hasattr(value, "shape") and getattr(value, "size", 0) > 8:
        return f"array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _takes(function: Any, kind: type) -> bool:
    """Whether an argument of the function may be of this class."""
    own = vars(sys.modules[function.__module__])
    for parameter in inspect.signature(function).parameters.values():
        stated = parameter.annotation
        if isinstance(stated, str):
            try:
                stated = eval(stated, own)
            except NameError:  # imported for type checkers only
                continue
        parts = typing.get_args(stated) if isinstance(stated, types.UnionType) else (stated,)
        if any(isinstance(part, type) and part is not object and issubclass(kind, part) for part in parts):
            return True
    return False


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 110, initial_indent="  ", subsequent_indent="      ")


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _tabular(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    written = [" & ".join(map(_escaped, row)) + r" \\" for row in (columns, *rows)]
    written.insert(1, r"\hline")
    widths = "".join(rf"p{{{0.9 / len(columns):.2f}\linewidth}}" for _ in columns)
    return [rf"\begin{{tabular}}{{{widths}}}", *written, r"\end{tabular}"]
