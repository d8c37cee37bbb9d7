"""How a command prints: a table for people, or one JSON object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..presentation import format_number, plain, table
from ..progress import current
from ..style import made_by
from .export import save_records

_GOOD = ("converged", "near-critical", None)


def emit(
    options: argparse.Namespace,
    command: str,
    parameters: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    *,
    summary: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    files: Sequence[Path] = (),
    plot: Callable[[Path], object] | None = None,
) -> int:
    """Print the records of one command, draw them if asked, and return the exit status."""
    document: dict[str, Any] = {"command": command, "version": __version__, "parameters": dict(parameters)}
    document["results"] = [dict(record) for record in results]
    if summary is not None or files:
        document["summary"] = dict(summary or {}) | (
            {"files": [str(file) for file in files]} if files else {}
        )
    run = current()
    if run is not None and run.cut:
        notes = [*notes, run.cut]
    if notes:
        document["notes"] = list(notes)
    document = plain(document)
    if getattr(options, "plot", None) and plot is not None:
        about = {name: document[name] for name in ("command", "parameters")}
        with made_by(json.dumps(about)):
            plot(options.plot)
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


def _mark(texts: Sequence[str], text: object) -> str:
    """The number under which an approximation is spelt out below the table."""
    return f"({texts.index(str(text)) + 1})" if text else ""
