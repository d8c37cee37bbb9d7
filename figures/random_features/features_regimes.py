"""When random features generalise: two times along training, and three regions of the plane of samples and features."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from statphys_gen import style
from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features import (
    RandomFeatures,
    early_stopping,
    learning_curves,
    phase_diagram,
    timescales,
)

from .features_heat_maps import refined

PAPER = ("2505.17638", "1", "stand-in: random features, the sketch computed by our definitions")
TITLE = "Random features: generalisation by stopping, and by too few parameters"
CAPTION = (
    "A computed version of the sketch with which the paper opens, for random features with tanh at t = {time:g}; "
    "theory only (n, p, d to infinity). Left: score error along training at p/d = {features:g}. Dotted: the time "
    "of generalisation tau_gen = {stop:.3g}, which does not depend on n; bars: the times of overfitting (the "
    "highest eigenvalue of its modes), which grow with n. Right: the plane of features and samples, on a grid of "
    "{points} by {points} with cubic splines between its points. The time of memorization tau_mem is when test and "
    "train loss first differ by {gap_level:g}. Solid: tau_mem = tau_gen, with tau_gen of the left panel; below, the "
    "model memorizes before it has learnt. Dashed: tau_mem is infinite; above, in architectural regularisation, it "
    "never memorizes, for lack of parameters. Between them, in dynamical regularisation, it generalises if training "
    "stops in time. The choice of {gap_level:g} is ours: the lines move with it."
)

REGIONS = ("architectural regularisation", "dynamical regularisation", "memorization")
SHADES = ("#cfe8f5", "#fbe7c6", "#f4c7b4")


def compute(
    preset: str,
    *,
    samples: tuple[float, ...] = (4, 16, 64),
    features: float = 64.0,
    time: float = 0.1,
    gap_level: float = 0.1,
) -> dict[str, Any]:
    points = 24 if preset == "quick" else 96
    grid = np.geomspace(0.1, 1e6, 300)
    models = [RandomFeatures("tanh", features, n, time) for n in samples]
    axis = np.geomspace(1.05, 128.0, points)
    generalisation = timescales(models[-1]).generalisation
    if generalisation is None:
        raise InvalidArgument(
            "features, samples", (features, samples[-1]), "large enough for modes of generalisation"
        )
    samples_axis = np.geomspace(0.1, 128.0, points)
    found = phase_diagram("tanh", time, [generalisation, np.inf], axis, samples_axis)
    return {
        "points": points,
        "grid": grid,
        "score_error": np.array([learning_curves(model, grid).score_error for model in models]),
        "best": np.array([early_stopping(model).training_time for model in models]),
        "stop": generalisation,
        "overfitting": np.array([timescales(m, at="upper").overfitting or np.nan for m in models]),
        "axis": axis,
        "samples_axis": samples_axis,
        "gap": found.generalisation_gap,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, n in enumerate(data["samples"]):
        colour, curve = style.COLOURS[series], data["score_error"][series]
        left.plot(data["grid"], curve, color=colour, label=f"$n/d$ = {n:g}")
        place = data["overfitting"][series]
        height = np.exp(np.interp(np.log(place), np.log(data["grid"]), np.log(curve)))
        left.plot([place, place], [height / 1.6, height * 1.6], color=colour, linewidth=2.0)
    left.axvline(float(data["stop"]), color="grey", linestyle=":", linewidth=0.9, label="generalisation")
    left.plot([], [], "|", color="black", markersize=8, markeredgewidth=2.0, label="overfitting")
    left.set(xscale="log", yscale="log", xlabel=r"training time $\tau$", ylabel="score error per dimension")
    left.legend(loc="lower right", fontsize=6)
    # Rows of the plane are features; here they lie along the abscissa.
    planes = [refined(data["axis"], data["samples_axis"], gap.T) for gap in data["gap"]]
    axis, upward = planes[0][:2]
    stopped, final = (height - np.log10(data["gap_level"]) for _, _, height in planes)
    # 0 where even infinite training generalises, 1 where stopping does, 2 where neither does.
    right.contourf(axis, upward, final, levels=[-np.inf, 0.0, np.inf], colors=SHADES[:2])
    right.contourf(axis, upward, stopped, levels=[0.0, np.inf], colors=SHADES[2:])
    for field, colour, look, name in (
        (final, style.COLOURS[0], "--", r"$n^*(p)$: $\tau_\mathrm{mem}=\infty$"),
        (stopped, style.COLOURS[1], "-", r"$\tau_\mathrm{mem}=\tau_\mathrm{gen}$"),
    ):
        right.contour(axis, upward, field, levels=[0.0], colors=colour, linestyles=look)
        right.plot([], [], look, color=colour, label=name)
    right.plot(axis, axis, ":", color="grey", linewidth=0.9, label="$n = p$")
    right.legend(loc="upper left", fontsize=6)
    right.set(
        xscale="log",
        yscale="log",
        xlabel="features per dimension $p/d$",
        ylabel="samples per dimension $n/d$",
    )
    patches = [Patch(color=shade, label=name) for shade, name in zip(SHADES, REGIONS, strict=True)]
    style.legend_below(right, patches, 3)
    return figure
