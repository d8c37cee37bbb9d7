"""Pictures of comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .comparison import Comparison
from .style import COLOURS, COLUMN_WIDTH, MARKERS, picture, simulation

if TYPE_CHECKING:
    from .style import Axes


def plot_comparison(
    comparison: Comparison,
    path: Path | None = None,
    *,
    x: ArrayLike | None = None,
    label: str = "row",
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """The prediction as a line through its points, the measurements with their errors, and z below."""
    place = np.arange(1, len(comparison.value) + 1) if x is None else np.asarray(x, dtype=np.float64)
    order = np.argsort(place, kind="stable")
    with picture(path, rows=2, height=COLUMN_WIDTH, height_ratios=(2, 1), sharex=True, axes=axes) as (
        _,
        (top, bottom),
    ):
        top.plot(place[order], comparison.prediction[order], color=COLOURS[0], label="prediction")
        simulation(top, place, comparison.value, comparison.standard_error, 1, label="measured")
        top.legend()
        top.set_ylabel("value")
        top.set_title(f"{comparison.verdict}, p = {comparison.p_value:.2g}")
        bottom.axhspan(-2.0, 2.0, color="#DDDDDD", linewidth=0)
        bottom.plot(place, comparison.z, MARKERS[1], color=COLOURS[1], markerfacecolor="white")
        bottom.set(xlabel=label, ylabel="z")
    return [top, bottom]
