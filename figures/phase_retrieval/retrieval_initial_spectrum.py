"""Spectrum of the Hessian of phase retrieval at a random start, with the outlier that points to the signal."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    draw_instances,
    draw_students,
    hessian,
    hessian_spectrum,
    spectral_density,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: spectrum of the Hessian at a random start"
CAPTION = (
    "Density of eigenvalues of the Hessian at a random start, near the left edge of the bulk. From left "
    "to right: offset {offsets}, {ratios} samples per dimension, up to {spans} above the edge. At a soft "
    "edge (offset 1) the density grows as a square root; at a hard one (offset 4) it vanishes "
    "exponentially in the immediate neighbourhood of the edge. Lines: theory (N to infinity); grey: left "
    "edge; dashed: the signal outlier. Open symbols: eigenvalues of {instances} instances of size N = "
    "{dimension} in bins, without the eigenvector that points to the signal; its mean eigenvalue is the "
    "filled symbol at the bottom. The fluctuations of the multiplier are taken out. Error bars: one "
    "standard error over instances. A reconstruction: the figures of the original work were not at hand."
)


def compute(
    preset: str,
    *,
    offsets: tuple[float, float] = (1.0, 4.0),
    ratios: tuple[float, float] = (4.0, 4.5),
    spans: tuple[float, float] = (6.0, 3.5),
) -> dict[str, Any]:
    dimension, instances = (250, 24) if preset == "quick" else (600, 60)
    data: dict[str, Any] = {"dimension": dimension, "instances": instances}
    for k, (offset, alpha, span) in enumerate(zip(offsets, ratios, spans, strict=True)):
        loss = Loss.normalised(offset)
        model = PhaseRetrieval(loss, alpha)
        (record,) = hessian_spectrum(model).records()
        edge, outlier = record["bulk_edge"], record["outlier"]
        grid = edge + span * np.linspace(0.0, 1.0, 400) ** 2
        borders = np.linspace(edge - 0.1 * span, edge + span, 23)
        counts, places = [], []
        for number in range(instances):
            drawn = draw_instances(model, dimension, first=number)
            student = draw_students(drawn, first=number, orthogonal=True)[0, 0]
            matrix, multiplier = hessian(loss, drawn.sensing[0], drawn.labels[0], student)
            values, vectors = np.linalg.eigh(matrix)
            # The student's own direction was projected out.
            values = np.where((vectors.T @ student) ** 2 > 0.5 * dimension, np.nan, values)
            assert drawn.signals is not None
            best = int(np.argmax((vectors.T @ drawn.signals[0]) ** 2))
            shifted = values + multiplier - record["lagrange_multiplier"]
            places.append(shifted[best])
            rest = np.delete(shifted, best)
            counts.append(np.histogram(rest[~np.isnan(rest)], borders)[0] / dimension / np.diff(borders))
        data |= {
            f"edge_{k}": edge,
            f"outlier_{k}": outlier,
            f"grid_{k}": grid,
            f"theory_{k}": spectral_density(model, grid),
            f"centre_{k}": (borders[1:] + borders[:-1]) / 2,
            f"density_{k}": np.mean(counts, axis=0),
            f"error_{k}": np.std(counts, axis=0, ddof=1) / np.sqrt(instances),
            f"place_{k}": float(np.mean(places)),
            f"place_error_{k}": float(np.std(places, ddof=1) / np.sqrt(instances)),
        }
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    for k, axes in enumerate(panels):
        axes.plot(data[f"grid_{k}"], data[f"theory_{k}"], color=style.COLOURS[0])
        style.simulation(axes, data[f"centre_{k}"], data[f"density_{k}"], data[f"error_{k}"], 0)
        axes.axvline(data[f"edge_{k}"], color="grey", linewidth=0.8)
        axes.axvline(data[f"outlier_{k}"], color=style.COLOURS[1], linestyle="--")
        axes.errorbar(
            data[f"place_{k}"],
            0.04 * float(np.max(data[f"theory_{k}"])),
            xerr=data[f"place_error_{k}"],
            fmt="D",
            color=style.COLOURS[1],
            zorder=4,
        )
        offset, alpha, span = (data[name][k] for name in ("offsets", "ratios", "spans"))
        axes.set(
            xlabel="eigenvalue of the Hessian",
            ylabel="density",
            ylim=(0.0, 1.15 * float(np.max(data[f"theory_{k}"]))),
            xlim=(data[f"edge_{k}"] - 0.16 * span, data[f"edge_{k}"] + span),
            title=f"offset {offset:g}, {alpha:g} samples per dimension",
        )
    notes = {"theory": "-", "signal outlier": "--", "simulation": "o", "its outlier": ".D"}
    style.legend_below(panels[0], style.keys(**notes), 4)
    return figure
