"""Pictures of the command line's results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import FloatArray
from ..solution import Solution
from ..style import COLOURS, picture
from .model import RandomFeatures
from .theory.best_stopping import EarlyStopping
from .theory.coefficients import Coefficients
from .theory.learning_curves import bayes_test_loss, learning_curves, ridge_curves
from .theory.loss_plane import LossPlane
from .theory.spectrum import Bulk, Spectrum
from .theory.timescales import Timescales

if TYPE_CHECKING:
    from ..style import Axes

_GROUP_COLOURS = {"interpolation": COLOURS[2], "overfitting": COLOURS[1], "generalisation": COLOURS[0]}
_PANELS_IN_A_ROW = 3
_LABELS = {
    "features_per_dimension": "features per dimension $p/d$",
    "samples_per_dimension": "samples per dimension $n/d$",
    "time": "diffusion time $t$",
}


def plot_coefficients(result: Coefficients, path: Path | None = None, *, axes: Axes | None = None) -> Axes:
    """The four coefficients against diffusion time."""
    order = np.argsort(result.time)
    with picture(path, axes=axes) as (_, (axes,)):
        for name, label in (
            ("a_t", "$a_t$"),
            ("b_t_squared", "$b_t^2$"),
            ("v_t_squared", "$v_t^2$"),
            ("s_t_squared", "$s_t^2$"),
        ):
            values = getattr(result, name)[order]
            if (values > 0).any():
                axes.loglog(result.time[order], np.where(values > 0, values, np.nan), "o-", label=label)
        axes.set(xlabel="diffusion time $t$", ylabel="coefficient")
        axes.legend()
    return axes


def _draw_bulk(axes: Any, found: Spectrum, bulk: Bulk, colour: str | None = None, points: int = 400) -> None:
    """One bulk as eigenvalue times density against the logarithm of the eigenvalue: equal areas are equal masses."""
    angle = (np.arange(points) + 0.5) * (np.pi / points)
    inside = bulk.lower + (bulk.upper - bulk.lower) * np.sin(0.5 * angle) ** 2
    x = np.concatenate([[bulk.lower], inside, [bulk.upper]])
    density = np.concatenate([[0.0], found.density(inside), [0.0]])
    shown = x > 0
    name = bulk.groups[0] if len(bulk.groups) == 1 else None
    axes.plot(
        x[shown],
        (x * density)[shown],
        color=colour or (_GROUP_COLOURS[name] if name else "black"),
        label=" + ".join(bulk.groups),
    )


def plot_spectrum(found: Spectrum, path: Path | None = None, *, axes: Axes | None = None) -> Axes:
    """Density of every bulk on logarithmic axes, coloured by its group of modes, and the atom as a line."""
    with picture(path, axes=axes) as (_, (axes,)):
        for bulk in found.bulks:
            _draw_bulk(axes, found, bulk)
        for atom in found.atoms:
            if atom.position > 0:
                axes.axvline(
                    atom.position,
                    color="grey",
                    linestyle="--",
                    linewidth=0.8,
                    label=f"atom, weight {atom.weight:.3g}",
                )
        axes.set(xscale="log", xlabel=r"eigenvalue $\lambda$ of $U$", ylabel=r"$\lambda\,\rho(\lambda)$")
        axes.set_ylim(bottom=0.0)
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        axes.legend(list(unique.values()), list(unique))
    return axes


def plot_learning_curves(
    model: RandomFeatures,
    name: str,
    values: ArrayLike,
    path: Path | None = None,
    *,
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Losses and score error along ``name`` ("training_time" or "penalty"): curves through the values asked for."""
    evaluate: Any = learning_curves if name == "training_time" else ridge_curves
    given = np.asarray(values, dtype=np.float64)
    given = np.sort(given[np.isfinite(given) & (given > 0)])
    low, high = (0.1 * float(given[0]), 10.0 * float(given[-1])) if given.size else (1e-2, 1e6)
    grid = np.geomspace(low, high, 200)
    curves, points = evaluate(model, grid), evaluate(model, given) if given.size else None
    with picture(path, columns=2, axes=axes) as (_, (left, right)):
        for panel, field, label, colour in (
            (left, "train_loss", "train", COLOURS[0]),
            (left, "test_loss", "test", COLOURS[1]),
            (right, "score_error", "score error", COLOURS[2]),
        ):
            panel.plot(grid, getattr(curves, field), color=colour, label=label)
            if points is not None:
                panel.plot(given, getattr(points, field), "o", color=colour)
        left.axhline(bayes_test_loss(model), color="grey", linestyle="--", linewidth=0.8, label="true score")
        unit = r"training time $\tau$" if name == "training_time" else "ridge penalty"
        left.set(xscale="log", xlabel=unit, ylabel="loss per dimension")
        right.set(xscale="log", yscale="log", xlabel=unit, ylabel="score error per dimension")
        left.legend()
    return [left, right]


def plot_early_stopping(
    models: Sequence[RandomFeatures],
    found: Sequence[EarlyStopping],
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """Score error against training time for each number of samples, with its minimum marked."""
    with picture(path, axes=axes) as (_, (axes,)):
        finite = [best.training_time for best in found if math.isfinite(best.training_time)] or [1.0]
        grid = np.geomspace(1e-2 * min(finite), 1e4 * max(finite), 300)
        for model, best in zip(models, found, strict=True):
            (line,) = axes.loglog(
                grid,
                learning_curves(model, grid).score_error,
                label=f"$n/d$ = {model.samples_per_dimension:g}",
            )
            if math.isfinite(best.training_time):
                axes.plot(best.training_time, best.score_error, "o", color=line.get_color())
        axes.set(xlabel=r"training time $\tau$", ylabel="score error per dimension")
        axes.legend()
    return axes


def plot_timescales(
    samples: Sequence[float],
    found: Sequence[Timescales],
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """The times of generalisation, overfitting and interpolation against samples per dimension."""
    order = np.argsort(samples)
    with picture(path, axes=axes) as (_, (axes,)):
        for group, colour in _GROUP_COLOURS.items():
            times = np.array([getattr(found[k], group) or math.nan for k in order], dtype=np.float64)
            axes.plot(np.asarray(samples)[order], times, "o-", color=colour, label=group)
            merged = np.array([found[k].merged for k in order])
            axes.plot(np.asarray(samples)[order][merged], times[merged], "o", color=colour, mfc="white")
        axes.set_title("open symbols: two groups share a bulk")
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="samples per dimension $n/d$",
            ylabel=f"training time ({found[0].unit})",
        )
        axes.set_xticks(sorted(set(samples)), [f"{n:g}" for n in sorted(set(samples))], minor=False)
        axes.set_xticks([], minor=True)
        axes.legend()
    return axes


def plot_phase_diagram(found: LossPlane, *paths: Path, axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Score error over the (n, p) plane, a panel for each training time; on the line L_test - L_train = 0.1."""
    from matplotlib.colors import LogNorm

    count = len(found.training_time)
    columns = min(count, _PANELS_IN_A_ROW)
    with picture(*paths, columns=columns, rows=math.ceil(count / columns), axes=axes) as (figure, grid):
        norm = LogNorm(float(found.score_error.min()), float(found.score_error.max()))
        for panel, time, error, gap in zip(
            grid[:count], found.training_time, found.score_error, found.generalisation_gap, strict=True
        ):
            plane = (found.samples_per_dimension, found.features_per_dimension)
            borders = [_borders(axis) for axis in plane]
            mesh = panel.pcolormesh(*borders, error, norm=norm, cmap="viridis")
            if min(gap.shape) > 1 and gap.min() < 0.1 < gap.max():
                panel.contour(*plane, gap, levels=[0.1], colors="white", linewidths=1.0)
            panel.set(xscale="log", yscale="log", title=rf"$\tau$ = {time:g}")
        for k, panel in enumerate(grid):
            if k >= count:
                panel.set_axis_off()
            if k % columns == 0:
                panel.set_ylabel("features per dimension $p/d$")
            if k + columns >= count:
                panel.set_xlabel("samples per dimension $n/d$")
        figure.colorbar(mesh, ax=grid, label="score error")
    return grid


def _borders(centres: FloatArray) -> FloatArray:
    """Borders of cells around increasing positive centres, halfway between them on a logarithmic axis."""
    logs = np.log(centres)
    if len(logs) == 1:
        return np.asarray(np.exp(logs[0] + np.array([-0.3, 0.3])))
    middle = 0.5 * (logs[1:] + logs[:-1])
    return np.asarray(
        np.exp(np.concatenate([[2 * logs[0] - middle[0]], middle, [2 * logs[-1] - middle[-1]]]))
    )


def _scale(values: ArrayLike) -> str:
    """Logarithmic from a decade on: shorter axes have hardly a round number on them."""
    return "log" if np.nanmax(values) > 10.0 * np.nanmin(values) else "linear"


def plot_merging_line(
    line: Solution, along: str, solve_for: str, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """The line in the plane of its two parameters; gaps where no line was found."""
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(line[along], line[solve_for], "-")
        axes.set(xscale=_scale(line[along]), xlabel=_LABELS[along])
        axes.set(yscale=_scale(line[solve_for]), ylabel=_LABELS[solve_for])
        axes.set_title("where two bulks merge")
    return axes


def plot_norm_outliers(
    records: Sequence[Mapping[str, Any]], path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Upper edge of the bulks, and the outliers above it, against samples per dimension."""
    order = sorted(records, key=lambda record: record["samples_per_dimension"])
    samples = [record["samples_per_dimension"] for record in order]
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(samples, [r["upper_edge"] for r in order], "-", color=COLOURS[6], label="upper edge")
        for name, colour, label in (
            ("row_norms", COLOURS[0], "norms of the weights"),
            ("sample_norms", COLOURS[1], "norms of the samples"),
        ):
            values = np.array([r[name] for r in order], dtype=np.float64)
            if np.isfinite(values).any():
                axes.plot(samples, values, "o-", color=colour, label=label)
        axes.set(xscale=_scale(samples), xlabel=_LABELS["samples_per_dimension"], ylabel="eigenvalue")
        axes.legend()
    return axes
