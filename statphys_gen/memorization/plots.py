"""Pictures of the command line's results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import FloatArray
from ..style import COLOURS, picture, simulation
from .analysis.onset import Looks, Onset
from .analysis.report import RATIO, MemorizationReport
from .theory.nulls import null_fraction
from .theory.smoothed_set import smoothed_fraction

if TYPE_CHECKING:
    from ..style import Axes


def plot_report(
    report: MemorizationReport, path: Path | None = None, *, ratio: float = RATIO, axes: Axes | None = None
) -> Axes:
    """Sorted neighbour ratios of the generated points, to the training set and to all points, with the limit k."""
    with picture(path, axes=axes) as (_, (axes,)):
        for k, (ratios, label) in enumerate(
            ((report.ratio, "training points"), (report.pooled_ratio, "training and held-out points"))
        ):
            if ratios is not None:
                share = np.arange(1, len(ratios) + 1) / len(ratios)
                axes.step(np.sort(ratios), share, where="post", color=COLOURS[k], label=label)
        axes.axvline(ratio, color="grey", linewidth=0.8, linestyle=":", label="limit $k$")
        axes.set(
            xlabel="neighbour ratio $d_1/d_2$", ylabel="fraction of generated points below", xlim=(0.0, 1.0)
        )
        axes.legend(title=f"among; verdict: {report.verdict}")
    return axes


def plot_null(
    dimensions: FloatArray,
    ratio: float,
    path: Path | None = None,
    *,
    point_density: float | None = None,
    width: float | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Fraction of points that look like copies against the dimension, of uniform points and of a smoothed set."""
    grid = np.linspace(max(0.2, 0.5 * dimensions.min()), 1.2 * dimensions.max(), 60)
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(grid, null_fraction(grid, ratio), color=COLOURS[0], label="$k^D$")
        axes.plot(dimensions, null_fraction(dimensions, ratio), "o", color=COLOURS[0])
        if point_density is not None and width is not None:
            for values, style in ((grid, "-"), (dimensions, "s")):
                found = [float(smoothed_fraction(d, ratio, point_density, width)) for d in values.tolist()]
                label = rf"smoothed set, $h$ = {width:g}" if style == "-" else None
                axes.plot(values, found, style, color=COLOURS[1], label=label)
        axes.set(yscale="log", xlabel="dimension $D$", ylabel=f"fraction with $d_1/d_2$ < {ratio:.3g}")
        axes.legend()
    return axes


def plot_onset(
    looks: Looks, onset: Onset, level: float, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Excess fraction with binomial errors along training, the level, and the onset with its interval."""
    fraction = looks.copies / looks.generated
    error = np.sqrt((fraction * (1.0 - fraction) + 1.0 / looks.generated) / looks.generated)
    places = np.maximum(looks.step, 0.5 * looks.step[looks.step > 0.0].min())
    with picture(path, axes=axes) as (_, (axes,)):
        simulation(axes, places, looks.excess_fraction, error, 0, "excess fraction of copies")
        axes.axhline(level, color="grey", linewidth=0.8, linestyle=":", label="level")
        if onset.onset is not None and onset.lower is not None and onset.upper is not None:
            axes.axvline(onset.onset, color=COLOURS[1], label="onset")
            axes.axvspan(
                onset.lower, min(onset.upper, places.max()), color=COLOURS[1], alpha=0.2, linewidth=0.0
            )
        if onset.loss_onset is not None:
            axes.axvline(onset.loss_onset, color=COLOURS[2], linestyle="--", label="losses part")
        axes.set(xscale="log", xlabel="step", ylabel="excess fraction of copies")
        axes.legend()
    return axes
