"""The reports of all systems as one page, ``index.html``."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_COLUMNS = (
    *("verdict", "name", "prediction", "approximation", "sizes", "theory", "value", "standard_error"),
    *("degrees_of_freedom", "resolution", "detectable", "p_value", "bound", "note"),
)
_WITHDRAWN = ("id", "last_verdict", "date", "reason")


def write_page(folder: Path, documents: Iterable[Mapping[str, Any]]) -> None:
    """One row for each check, then the withdrawn designs with their last verdicts."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>statphys_gen: verification</title>",
        "<style>body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top}</style>",
        "<h1>Theory against simulation</h1>",
    ]
    for document in documents:
        outcome = "passed" if document["passed"] else "FAILED"
        parts.append(
            f"<h2>{document['system']}: {outcome}</h2><p>{document['agree']} of {document['judged']} judged checks "
            f"agree; {document['reported']} are reported"
            f"{_without_bound(document['reported_without_bound'])}. Version {document['version']}, sources "
            f"{document['sources'][:12]}; false alarms on the whole page: {document['family_wise_rate']:.0%}.</p>"
        )
        parts += _table(_COLUMNS, document["checks"])
        if document["withdrawn"]:
            parts += ["<h3>Withdrawn</h3>", *_table(_WITHDRAWN, document["withdrawn"])]
    (folder / "index.html").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _without_bound(ids: list[str]) -> str:
    return f", of which without bound: {html.escape(', '.join(ids))}" if ids else ""


def _table(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = ["<table><tr>" + "".join(f"<th>{name}</th>" for name in columns) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in columns) + "</tr>")
    return [*lines, "</table>"]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list):
        return ", ".join(_cell(entry) for entry in value)
    if isinstance(value, dict):
        return html.escape(", ".join(f"{name} {entry}" for name, entry in value.items()))
    return "" if value is None else html.escape(str(value))
