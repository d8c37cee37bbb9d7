"""The published simulation of the excess entropy against two lines, and against theory at its own size."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import (
    class_information,
    excess_entropy,
    isotropic_collapse,
    leading_excess_entropy,
)

PAPER = ("2402.18491", "3", "same parameters")
TITLE = "Published excess entropies, without and with the information on the class"
CAPTION = (
    "Symbols: simulation results that the authors of arXiv 2402.18491 publish with their code (two balanced "
    "classes, separation 1, variance 1, n = 20000), with their standard errors. Left, lines: max(f, 0) over "
    "log(n)/d, published leading order (dashed) and with the information on the class (solid); black: theory at "
    "finite n and d, the entropy of the class given x_t and that of the training point within its class of n/2. "
    "Right: deviation of the simulation in standard errors, from the two lines where f is above {smallest:g} of "
    "its limit, since they do not contain the rounding below it, and from the theory at finite size everywhere. "
    "Chi-square per point: {chi_leading:.1f} from the published line (open), {chi_corrected:.2f} with the class "
    "term (filled), and {chi_finite:.2f} at finite size (black), over all {points} points; nothing is fitted. At "
    "finite size {computed}."
)

SAMPLES = 20_000
TIMES = (
    8,
    7.608,
    7.216,
    6.824,
    6.432,
    6.04,
    5.648,
    5.256,
    4.864,
    4.472,
    4.08,
    3.688,
    3.296,
    2.904,
    2.512,
    2.12,
    1.728,
    1.336,
    0.944,
    0.552,
)
PUBLISHED = {
    256: (
        0.9982,
        0.9999,
        0.9959,
        0.9994,
        0.9959,
        0.9988,
        0.9978,
        0.9956,
        0.9987,
        0.995,
        0.9923,
        0.989,
        0.966,
        0.9326,
        0.8687,
        0.7498,
        0.5233,
        0.1597,
        0.0054,
        0.0023,
    ),
    1024: (
        1.003,
        1.0073,
        0.9956,
        1.0066,
        0.9952,
        1.0011,
        0.9977,
        1.0018,
        0.9879,
        0.991,
        0.9696,
        0.9452,
        0.8869,
        0.7852,
        0.5876,
        0.2572,
        0.026,
        0.0051,
        0.0067,
        -0.0026,
    ),
    4096: (
        0.9917,
        1.0049,
        1.003,
        1.0043,
        1.0011,
        0.9917,
        0.9837,
        0.9909,
        0.9544,
        0.9382,
        0.91,
        0.8144,
        0.6415,
        0.3281,
        0.043,
        0.003,
        0.0105,
        0,
        -0.005,
        -0.0149,
    ),
}
STANDARD_ERROR = {256: 0.0023, 1024: 0.0046, 4096: 0.0091}


def compute(preset: str, *, smallest: float = 0.3) -> dict[str, Any]:
    log_n = math.log(SAMPLES)
    grid = np.linspace(0.3, 8.0, 120 if preset == "quick" else 400)
    times = np.array(TIMES)
    lines: dict[str, list[np.ndarray]] = {"leading": [], "corrected": []}
    at_times: dict[int, np.ndarray] = {}
    deviations: dict[str, list[np.ndarray]] = {"leading": [], "corrected": []}
    for dimension, values in PUBLISHED.items():
        law, scale = GaussianMixture.two_classes(dimension, 1.0, 1.0), dimension / log_n
        for name, function in (("leading", leading_excess_entropy), ("corrected", excess_entropy)):
            lines[name].append(np.maximum(function(law, grid, log_n), 0.0) * scale)
            free = function(law, times, log_n) * scale
            theory = np.maximum(free, 0.0)
            at_times[dimension] = free
            z = (np.array(values) - theory) / STANDARD_ERROR[dimension]
            deviations[name].append(np.where(np.array(values) > smallest, z, np.nan))
    finite = np.array(
        [_finite(dimension, times, lines_at, preset) for dimension, lines_at in at_times.items()]
    )
    from_finite = (np.array(list(PUBLISHED.values())) - finite) / np.array(list(STANDARD_ERROR.values()))[
        :, None
    ]
    chi = {name: float(np.nanmean(np.array(z) ** 2)) for name, z in deviations.items()}
    return {
        "grid": grid,
        "leading": np.array(lines["leading"]),
        "corrected": np.array(lines["corrected"]),
        "time": times,
        "deviation_leading": np.array(deviations["leading"]),
        "deviation_corrected": np.array(deviations["corrected"]),
        "chi_leading": chi["leading"],
        "chi_corrected": chi["corrected"],
        "finite": finite,
        "deviation_finite": from_finite,
        "chi_finite": float(np.mean(from_finite**2)),
        "points": finite.size,
        "computed": "f below 0.6 is computed, and above it is the line"
        if preset == "quick"
        else "every point is computed",
    }


def _finite(dimension: int, times: np.ndarray, free: np.ndarray, preset: str) -> np.ndarray:
    """Entropy over log n at finite n and d: H(class | x_t) and, exactly, that within a class of n/2 points."""
    law = GaussianMixture.two_classes(dimension, 1.0, 1.0)
    chosen = (free > -2.5) & (free < 0.6) if preset == "quick" else np.ones(len(times), dtype=bool)
    found = np.maximum(free, 0.0)
    inside = isotropic_collapse(dimension, 1.0, SAMPLES / 2, times[chosen]).entropy
    classes = math.log(2.0) - class_information(law, times[chosen]).mean(axis=-1)
    found[chosen] = (inside + classes) / math.log(SAMPLES)
    return found


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, (dimension, values) in enumerate(PUBLISHED.items()):
        colour, error = style.COLOURS[series], STANDARD_ERROR[dimension]
        left.plot(data["grid"], data["leading"][series], "--", color=colour, linewidth=0.9)
        left.plot(data["grid"], data["corrected"][series], color=colour)
        style.simulation(
            left, data["time"], values, np.full(len(values), error), series, f"$d$ = {dimension}"
        )
        left.plot(data["time"], data["finite"][series], "_", color="black", markersize=9, zorder=4)
        marker = style.MARKERS[series]
        right.plot(
            data["time"], data["deviation_leading"][series], marker, color=colour, markerfacecolor="white"
        )
        right.plot(data["time"], data["deviation_corrected"][series], marker, color=colour)
        right.plot(data["time"], data["deviation_finite"][series], "_", color="black", markersize=7)
    left.set(xlabel="diffusion time $t$", ylabel=r"excess entropy $f/\alpha$")
    entries, _ = left.get_legend_handles_labels()
    lines = {"with the class term": "-", "published line": "--", "finite size": "_"}
    left.legend(handles=entries + style.keys(**lines), loc="lower right")
    marks = {"from the published line": "o", "with the class term": ".o", "at finite size": "_"}
    right.legend(handles=style.keys(**marks))
    right.axhline(0.0, color="grey", linewidth=0.6)
    right.set(xlabel="diffusion time $t$", ylabel="deviation / standard error")
    return figure
