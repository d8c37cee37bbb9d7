"""How a command prints: a table for people, or one JSON object."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from .export import save_records

_GOOD = ("converged", "near-critical", None)
# These are printed below the table, or govern the digits of the other columns.
_NOT_COLUMNS = ("approximation", "error", "residual", "iterations")


def emit(
    options: argparse.Namespace,
    command: str,
    parameters: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    *,
    summary: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    files: Sequence[Path] = (),
    plot: Callable[[Path], None] | None = None,
) -> int:
    """Print the records of one command, draw them if asked, and return the exit status."""
    if getattr(options, "plot", None) and plot is not None:
        plot(options.plot)
    document: dict[str, Any] = {"command": command, "version": __version__, "parameters": dict(parameters)}
    document["results"] = [dict(record) for record in results]
    if summary is not None or files:
        document["summary"] = dict(summary or {}) | (
            {"files": [str(file) for file in files]} if files else {}
        )
    if notes:
        document["notes"] = list(notes)
    document = plain(document)
    if options.save:
        save_records(options.save, document)
    if options.json:
        print(json.dumps(document, allow_nan=False))
    else:
        texts = list(dict.fromkeys(str(r["approximation"]) for r in results if r.get("approximation")))
        if len(texts) > 1:
            results = [dict(r) | {"exactness": _mark(texts, r.get("approximation"))} for r in results]
        print(table(results))
        for text in texts:
            print(f"approximation: {text}" if len(texts) == 1 else f"{_mark(texts, text)}: {text}")
        for name, value in (summary or {}).items():
            print(f"{name}: {format_number(value, None)}")
        for note in notes:
            print(f"note: {note}")
        for file in files:
            print(f"written: {file}")
    return 0 if all(record.get("status") in _GOOD for record in results) else 3


def plain(value: Any) -> Any:
    """Only JSON types: arrays become lists, undefined numbers null, infinities the strings "inf" and "-inf"."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)


def format_number(value: Any, error: float | None) -> str:
    """A number to its last meaningful digit: the digit of the error, or 12 digits where no error is known."""
    value = plain(value)
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    if error is None or not math.isfinite(error) or error <= 0:
        return f"{value:.12g}"
    if value == 0.0 or abs(value) <= error:
        return f"{value:.1g}"
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 1
    return f"{value:.{min(max(digits, 1), 15)}g}"


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """The records as aligned columns; a constant column stays, so that every row can be read alone."""
    names = [
        name
        for name in dict.fromkeys(name for record in records for name in record)
        if name not in _NOT_COLUMNS and not any(isinstance(r.get(name), list | dict) for r in records)
    ]
    shown = [[_cell(name, record) for name in names] for record in records]
    widths = [max(len(row[k]) for row in [names, *shown]) for k in range(len(names))]
    lines = [
        "  ".join(word.rjust(width) for word, width in zip(row, widths, strict=True))
        for row in [names, *shown]
    ]
    return "\n".join(line.rstrip() for line in lines)


def _cell(name: str, record: Mapping[str, Any]) -> str:
    value = plain(record.get(name))
    if isinstance(value, float) and (name.endswith(("standard error", "standard_error")) or name == "z"):
        return f"{value:.2g}"
    # One digit more than that of a standard error, as is usual for measured numbers.
    errors = record.get("standard_error")
    if isinstance(errors, Mapping):
        return format_number(value, plain(errors.get(name)))
    measured = plain(errors) if name == "value" else None
    if isinstance(measured, float) and measured > 0.0:
        return format_number(value, measured / 10)
    return format_number(value, record.get("error"))


def _mark(texts: Sequence[str], text: object) -> str:
    """The number under which an approximation is spelt out below the table."""
    return f"({texts.index(str(text)) + 1})" if text else ""
