"""Parameters of a figure: the keyword arguments of its ``compute``, their defaults, and values given in their place."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Real
from typing import Any

from statphys_gen.errors import InvalidArgument

Value = float | str | tuple[float, ...] | tuple[str, ...]


def defaults(compute: Callable[..., Any]) -> dict[str, Value]:
    """The parameters with their defaults: a number, a word, or a tuple of numbers or of words."""
    parameters = inspect.signature(compute).parameters.values()
    return {entry.name: entry.default for entry in parameters if entry.kind is entry.KEYWORD_ONLY}


def from_text(settings: Iterable[str]) -> dict[str, str]:
    """``name=value`` or ``name=value,value`` taken apart."""
    found: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name or not text:
            raise InvalidArgument("--set", setting, "NAME=VALUE or NAME=VALUE,VALUE,...")
        if name in found:
            raise InvalidArgument("--set", setting, f"given once for {name}")
        found[name] = text
    return found


def chosen(compute: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Value]:
    """All parameters of a figure, the given ones in place of the defaults.

    A given value is a number, a word, a sequence of them, or the text of one (numbers with commas between).
    """
    known = defaults(compute)
    for name in given:
        if name not in known:
            allowed = "one of " + ", ".join(known) if known else "left out: this figure has no parameters"
            raise InvalidArgument("parameter", name, allowed)
    return {
        name: _like(default, name, given[name]) if name in given else default
        for name, default in known.items()
    }


def _like(default: Value, name: str, value: Any) -> Value:
    if not isinstance(default, tuple):
        return _entry(default, name, value)
    entries: Sequence[Any] = value.split(",") if isinstance(value, str) else _sequence(value)
    if not entries:
        raise InvalidArgument(name, value, "one value or more")
    return tuple(_entry(default[0], name, entry) for entry in entries)


def _sequence(value: Any) -> Sequence[Any]:
    return list(value) if hasattr(value, "__iter__") else [value]


def _entry(default: Any, name: str, value: Any) -> Any:
    if isinstance(default, str):
        if not isinstance(value, str):
            raise InvalidArgument(name, value, "a word")
        return value
    number = math.nan
    if (isinstance(value, str) and "_" not in value) or (
        isinstance(value, Real) and not isinstance(value, bool)
    ):
        with suppress(ValueError):
            number = float(value)
    if math.isnan(number):
        raise InvalidArgument(name, value, "a number")
    if not isinstance(default, int):
        return number
    if not number.is_integer():
        raise InvalidArgument(name, value, "a whole number")
    return int(number)


def in_words(value: Any) -> Any:
    """A parameter as a caption names it: numbers as they are, several with commas and "and"."""
    if not isinstance(value, tuple):
        return value
    entries = [entry if isinstance(entry, str) else f"{entry:g}" for entry in value]
    return entries[0] if len(entries) == 1 else ", ".join(entries[:-1]) + " and " + entries[-1]


def as_setting(value: Value) -> str:
    """A parameter as the command takes it."""
    entries = value if isinstance(value, tuple) else (value,)
    return ",".join(
        entry if isinstance(entry, str) else f"{entry:.17g}" if _long(entry) else f"{entry:g}"
        for entry in entries
    )


def _long(number: float) -> bool:
    return float(f"{number:g}") != number
