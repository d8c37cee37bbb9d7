"""Pictures of merging lines and of the outliers of norms, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..solution import Solution
from ..style import COLOURS, picture

_LABELS = {
    "features_per_dimension": "features per dimension $p/d$",
    "samples_per_dimension": "samples per dimension $n/d$",
    "time": "diffusion time $t$",
}


def _scale(values: ArrayLike) -> str:
    """Logarithmic from a decade on: shorter axes have hardly a round number on them."""
    return "log" if np.nanmax(values) > 10.0 * np.nanmin(values) else "linear"


def plot_merging_line(line: Solution, along: str, solve_for: str, path: Path) -> None:
    """The line in the plane of its two parameters; gaps where no line was found."""
    with picture(path) as (_, (axes,)):
        axes.plot(line[along], line[solve_for], "-")
        axes.set(xscale=_scale(line[along]), xlabel=_LABELS[along])
        axes.set(yscale=_scale(line[solve_for]), ylabel=_LABELS[solve_for])
        axes.set_title("where two bulks merge")


def plot_norm_outliers(records: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Upper edge of the bulks, and the outliers above it, against samples per dimension."""
    order = sorted(records, key=lambda record: record["samples_per_dimension"])
    samples = [record["samples_per_dimension"] for record in order]
    with picture(path) as (_, (axes,)):
        axes.plot(samples, [r["upper_edge"] for r in order], "-", color=COLOURS[6], label="upper edge")
        for name, colour, label in (
            ("rows", COLOURS[0], "norms of the weights"),
            ("samples", COLOURS[1], "norms of the samples"),
        ):
            values = np.array([r[name] for r in order], dtype=np.float64)
            if np.isfinite(values).any():
                axes.plot(samples, values, "o-", color=colour, label=label)
        axes.set(xscale=_scale(samples), xlabel=_LABELS["samples_per_dimension"], ylabel="eigenvalue")
        axes.legend()
