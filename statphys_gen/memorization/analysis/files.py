"""A report as files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...presentation import plain
from .report import MemorizationReport


def write_report(report: MemorizationReport, record: Mapping[str, Any], folder: Path) -> list[Path]:
    """``report.json``, ``named_copies.csv`` and ``neighbours.csv`` (a line for each generated row); their paths."""
    files = [folder / name for name in ("report.json", "named_copies.csv", "neighbours.csv")]
    document = plain(dict(record) | {"notes": list(report.notes)})
    files[0].write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    _table(
        files[1],
        ("generated", "training", "ratio", "p_value"),
        [(copy.generated, copy.training, copy.ratio, copy.p_value) for copy in report.named_copies],
    )
    pooled = np.full(len(report.ratio), np.nan) if report.pooled_ratio is None else report.pooled_ratio
    rows = zip(range(report.generated), report.nearest_training, report.ratio, pooled, strict=True)
    _table(files[2], ("generated", "nearest_training", "ratio", "pooled_ratio"), list(rows))
    return files


def _table(path: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(
            [f"{entry:.17g}" if isinstance(entry, float) else entry for entry in row] for row in rows
        )
