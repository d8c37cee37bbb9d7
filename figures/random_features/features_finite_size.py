"""How the score error of random features of finite dimension approaches its theory, late in training."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from statphys_gen import style
from statphys_gen.random_features import (
    FeatureMoments,
    RandomFeatures,
    learning_curves,
    model_coefficients,
    simulate_losses,
)

PAPER = ("2505.17638", "5A", "same axes, reduced")
TITLE = "Random features: the score error of finite dimensions late in training"
CAPTION = (
    "Full-batch gradient flow of random features with tanh at p/d = {features:g}, n/d = {samples:g} and t = "
    "{time:g}. Left: score error along training; line: theory (n, p, d to infinity); symbols: the exact nonlinear "
    "model, {instances} instances in each dimension, one standard error. Right: theory over simulation at "
    "training time {last:g}, against 1/d: nonlinear model (circles) and its Gaussian equivalent (squares); grey: "
    "1 + c/d with c = {slope:.1f} and {equivalent_slope:.1f}, the means of the points, a guide to the eye and no "
    "test of it. Late in training the many features are correlated, in small dimensions, in what is nonlinear in "
    "them, which the theory and the equivalent leave out."
)


def compute(
    preset: str, *, features: float = 64.0, samples: float = 4.0, time: float = 0.1, last: float = 3e5
) -> dict[str, Any]:
    dimensions, instances = ((6, 8, 11), 6) if preset == "quick" else ((14, 20, 28, 40, 60, 100), 6)
    model = RandomFeatures("tanh", features, samples, time)
    c = model_coefficients(model)
    moments = FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))
    grid, times = np.geomspace(0.3, last, 300), np.geomspace(0.3, last, 14)
    final = float(learning_curves(model, last).score_error)
    data: dict[str, Any] = {"instances": instances, "dimensions": np.array(dimensions, dtype=float)}
    for name, replaced in (("nonlinear", None), ("equivalent", moments)):
        found = [
            simulate_losses(model, times, d, instances=instances, moments=replaced, threads=2).score_error
            for d in dimensions
        ]
        data[f"{name}_mean"] = np.array([entry.mean for entry in found])
        data[f"{name}_error"] = np.array([entry.standard_error for entry in found])
        ratio = final / np.array([float(entry.mean[-1]) for entry in found])
        share = np.array([float(entry.standard_error[-1] / entry.mean[-1]) for entry in found])
        data |= {f"{name}_ratio": ratio, f"{name}_ratio_error": ratio * share}
    return data | {
        "slope": float(((data["nonlinear_ratio"] - 1.0) * data["dimensions"]).mean()),
        "equivalent_slope": float(((data["equivalent_ratio"] - 1.0) * data["dimensions"]).mean()),
        "grid": grid,
        "theory": learning_curves(model, grid).score_error,
        "times": times,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.loglog(data["grid"], data["theory"], color="black", label="theory, $d\\to\\infty$")
    for series, dimension in enumerate(data["dimensions"]):
        mean, error = data["nonlinear_mean"][series], data["nonlinear_error"][series]
        style.simulation(left, data["times"], mean, error, series, f"$d$ = {dimension:g}")
    left.set(xlabel=r"training time $\tau$", ylabel="score error per dimension")
    left.legend()
    inverse = 1.0 / data["dimensions"]
    line = np.linspace(0.0, 1.05 * inverse.max(), 2)
    for series, (name, slope, label) in enumerate(
        (("nonlinear", "slope", "nonlinear model"), ("equivalent", "equivalent_slope", "Gaussian equivalent"))
    ):
        right.plot(line, 1.0 + float(data[slope]) * line, color="grey", linewidth=0.8)
        style.simulation(right, inverse, data[f"{name}_ratio"], data[f"{name}_ratio_error"], series, label)
    right.set(xlabel="$1/d$", ylabel="theory / simulation, late", xlim=(0.0, None))
    entries = right.get_legend_handles_labels()[0]
    right.legend(handles=[*entries, Line2D([], [], color="grey", linewidth=0.8, label="$1+c/d$")])
    return figure
