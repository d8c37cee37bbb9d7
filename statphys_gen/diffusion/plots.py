"""Pictures: results of the command line, and the report on a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..data.binary_channel import two_class_agreement
from ..data.laws import DataLaw, GaussianMixture, dimension_of
from ..style import COLOURS, legend_below, picture, simulation
from .analysis.label_agreement import LabelAgreement
from .analysis.report import DataSetCollapse, DataSetReport
from .theory.clones import CloneAgreement, clone_agreement
from .theory.excess_entropy import excess_entropy

if TYPE_CHECKING:
    from ..style import Axes


def plot_clone_agreement(
    mixture: GaussianMixture,
    result: CloneAgreement,
    time: ArrayLike,
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """Clone agreement against time: the curve, and the times that were asked for."""
    times = np.asarray(time, dtype=np.float64)
    grid = np.linspace(0.5 * times.min(), 1.5 * times.max(), 200)
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(grid, clone_agreement(mixture, grid).value)
        axes.plot(times, result.value, "o")
        axes.set(xlabel="diffusion time $t$", ylabel=r"clone agreement $\phi$")
        axes.set_title(result.approximation.level)
    return axes


def plot_signal_agreement(
    signal: ArrayLike, weight: float, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Clone agreement of two classes against the signal: the curve, and the signals that were asked for."""
    signals = np.asarray(signal, dtype=np.float64)
    grid = np.linspace(0.0, 1.5 * max(float(signals.max()), 1.0), 200)
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(grid, two_class_agreement(grid, weight))
        axes.plot(signals, two_class_agreement(signals, weight), "o")
        axes.set(xlabel="signal $x$", ylabel=r"clone agreement $\phi$")
    return axes


def plot_excess_entropy(
    law: DataLaw, time: ArrayLike, log_samples: float, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Excess entropy over log(n)/d against time: the leading line, and the times that were asked for."""
    times = np.asarray(time, dtype=np.float64)
    grid = np.linspace(0.5 * times.min(), 1.5 * times.max(), 200)
    scale = dimension_of(law) / log_samples
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(grid, np.maximum(excess_entropy(law, grid, log_samples), 0.0) * scale)
        axes.plot(times, np.maximum(excess_entropy(law, times, log_samples), 0.0) * scale, "o")
        axes.set(xlabel="diffusion time $t$", ylabel=r"excess entropy $f/\alpha$")
    return axes


def plot_report(report: DataSetReport, directory: str | Path) -> list[Path]:
    """Draw the report into a directory, each picture as PNG and PDF; returns the files.

    ``spectrum``: eigenvalues with their spectral times. ``projection``: the leading projection as it is, and noised to
    its spectral time. ``agreement``: phi(t), with labels only. ``collapse``: entropy, participation and top-1 against
    time; ``collapse-sizes``: collapse times against the number of samples, where there are enough.
    """
    folder = validation.writable_folder("directory", directory)
    files: list[Path] = []

    def paths(name: str) -> tuple[Path, Path]:
        files.extend(folder / f"{name}.{ending}" for ending in ("png", "pdf"))
        return files[-2], files[-1]

    plot_report_spectrum(report, *paths("spectrum"))
    plot_report_projection(report, *paths("projection"))
    if report.agreement is not None:
        plot_report_agreement(report, report.agreement, *paths("agreement"))
    if report.collapse is not None:
        plot_report_collapse(report.collapse, *paths("collapse"))
        if report.collapse.predictions:
            plot_report_collapse_sizes(report.collapse, *paths("collapse-sizes"))
    return files


def plot_report_spectrum(report: DataSetReport, *paths: Path, axes: Axes | None = None) -> Axes:
    """Eigenvalues of the covariance, and the leading ones with errors and spectral times."""
    with picture(*paths, axes=axes) as (_, (axes,)):
        values = report.eigenvalues[report.eigenvalues > 1e-12 * report.eigenvalues[0]]
        axes.loglog(
            np.arange(1, len(values) + 1),
            values,
            ".",
            color=COLOURS[0],
            label="eigenvalues of the covariance",
        )
        axes.errorbar(
            [d.rank for d in report.directions],
            [d.eigenvalue for d in report.directions],
            [d.eigenvalue_standard_error for d in report.directions],
            fmt="o",
            color=COLOURS[0],
        )
        axes.axhline(1.0, color="0.5", linestyle=":", label="1: below, no spectral time")
        for direction in report.directions:
            if direction.spectral_time is not None:
                axes.annotate(
                    f"t = {direction.spectral_time:.3f}",
                    (direction.rank, direction.eigenvalue),
                    xytext=(6, 4),
                    textcoords="offset points",
                    fontsize=6,
                    rotation=30,
                )
        axes.set(xlabel="rank", ylabel="eigenvalue", title="Spectrum, with log(eigenvalue) / 2")
        axes.set_ylim(top=5.0 * values[0])
        axes.legend(loc="upper right")
    return axes


def plot_report_projection(
    report: DataSetReport, *paths: Path, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """The leading projection of the data as it is, and noised to its spectral time and to half of it."""
    with picture(*paths, columns=2, axes=axes) as (_, (left, right)):
        values = report.leading_projection
        copies = report.leading_multiplicities
        direction = report.directions[0]
        bins = np.linspace(values.min(), values.max(), 61)
        labels = report.leading_labels
        groups = [np.ones(len(values), dtype=bool)]
        if labels is not None and len(report.class_names) <= 10:
            groups = [labels == k for k in range(len(report.class_names))]
        left.hist(
            [values[g] for g in groups],
            bins.tolist(),
            weights=[copies[g] for g in groups],
            stacked=True,
            label=list(report.class_names) if len(groups) > 1 else None,
        )
        verdict = "more than one mode" if direction.bimodal else "one mode is not excluded"
        p_value = "p < 0.001" if direction.dip_p_value <= 0.001 else f"p = {direction.dip_p_value:.2g}"
        left.set(
            xlabel="leading projection", ylabel="samples", title=f"data: {verdict}\n(dip test, {p_value})"
        )
        if len(groups) > 1:
            left.legend(ncols=2)
        time = direction.spectral_time
        if time is None:
            right.set_axis_off()
            right.text(
                0.5,
                0.5,
                "no spectral time:\nlargest eigenvalue at most 1",
                ha="center",
                transform=right.transAxes,
            )
            return [left, right]
        for factor, style in ((1.0, "-"), (0.5, "--")):
            noise = np.sqrt(-np.expm1(-2.0 * factor * time))
            centres = np.exp(-factor * time) * values
            u = np.linspace(centres.min() - 3 * noise, centres.max() + 3 * noise, 201)
            heights, edges = np.histogram(centres, 400, weights=copies / copies.sum())
            middle = (edges[1:] + edges[:-1]) / 2
            kernel = np.exp(-0.5 * ((u[:, None] - middle) / noise) ** 2) / (noise * np.sqrt(2.0 * np.pi))
            right.plot(u, kernel @ heights, f"k{style}", label=f"t = {factor * time:.3f}")
        right.set(
            xlabel="noised projection",
            ylabel="density",
            title="noised to its spectral time,\nand to half of it",
        )
        right.set_ylim(0.0, 1.25 * right.get_ylim()[1])
        right.legend(loc="upper right")
    return [left, right]


def plot_report_agreement(
    report: DataSetReport, agreement: LabelAgreement, *paths: Path, axes: Axes | None = None
) -> Axes:
    """Agreement of the class after noising, in the sample and with the sample left out, and the speciation times."""
    with picture(*paths, height=3.2, axes=axes) as (_, (axes,)):
        text = "in-sample (biased upwards at small t)"
        simulation(axes, agreement.time, agreement.in_sample, agreement.in_sample_standard_error, 1, text)
        text = "leave-one-out"
        simulation(
            axes, agreement.time, agreement.leave_one_out, agreement.leave_one_out_standard_error, 0, text
        )
        if report.agreement_level is not None:
            axes.axhline(
                report.agreement_level,
                color="0.5",
                linestyle=":",
                label=f"level {report.agreement_level:.4f}",
            )
        for index, entry in enumerate(report.times):
            if entry.time is not None:
                axes.axvline(
                    entry.time, color=f"C{index + 2}", linestyle="--", linewidth=1, label=entry.criterion
                )
        axes.set(
            xscale="log",
            xlabel="diffusion time t",
            ylabel="label agreement",
            title="Agreement of the class after noising",
        )
        legend_below(axes, axes.get_legend_handles_labels()[0], 2)
    return axes


def plot_report_collapse(
    collapse: DataSetCollapse, *paths: Path, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Entropy, and participation with top-1, against time."""
    with picture(*paths, columns=2, height=2.8, sharex=True, axes=axes) as (_, (left, right)):
        curves = collapse.curves
        simulation(left, curves.time, curves.entropy, curves.entropy_standard_error)
        left.axhline(
            collapse.log_points, color="0.5", linestyle=":", label=f"log n = {collapse.log_points:.3f}"
        )
        left.set(xscale="log", xlabel="diffusion time t", ylabel="entropy of the posterior (nats)")
        for series, (name, label) in enumerate((("participation", "participation"), ("top_one", "top-1")), 1):
            mean, error = getattr(curves, name), getattr(curves, f"{name}_standard_error")
            simulation(right, curves.time, mean, error, series, label)
        right.axhline(0.5, color="0.5", linestyle=":")
        for index, entry in enumerate(collapse.times):
            if entry.time is not None:
                for panel in (left, right):
                    panel.axvline(
                        entry.time, color=f"C{index + 3}", linestyle="--", linewidth=1, label=entry.criterion
                    )
        right.set(xlabel="diffusion time t", ylabel="posterior weight")
        pairs = [zip(*panel.get_legend_handles_labels(), strict=True) for panel in (left, right)]
        unique = {label: handle for pair in pairs for handle, label in pair}
        legend_below(left, list(unique.values()), 4)
    return [left, right]


def plot_report_collapse_sizes(collapse: DataSetCollapse, *paths: Path, axes: Axes | None = None) -> Axes:
    """Collapse times against the number of samples: measured on subsets, predicted and extrapolated."""
    with picture(*paths, axes=axes) as (_, (axes,)):
        rows = collapse.predictions
        samples = np.array([row.samples for row in rows])
        inside = np.array([row.measured for row in rows], dtype=bool)
        for name, color, label in (
            ("half", "C1", "participation 1/2"),
            ("collapse", "C0", "information = log n"),
        ):
            times = np.array([getattr(row, f"{name}_time") for row in rows])
            errors = np.array([getattr(row, f"{name}_time_standard_error") for row in rows])
            for chosen, fill in ((inside, "full"), (~inside, "none")):
                axes.errorbar(
                    samples[chosen],
                    times[chosen],
                    errors[chosen],
                    fmt="o",
                    color=color,
                    fillstyle=fill,
                    label=label if fill == "full" else None,
                )
        axes.set(
            xscale="log",
            xlabel="samples n",
            ylabel="diffusion time t",
            title="Collapse time (open: extrapolated)",
        )
        axes.legend()
    return axes
