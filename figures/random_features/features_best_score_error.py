"""The best score error of random features against the number of samples: a crossover, not one exponent."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline

from statphys_gen import style
from statphys_gen.random_features import (
    FeatureMoments,
    RandomFeatures,
    early_stopping,
    model_coefficients,
    simulate_losses,
)

PAPER = ("2505.17638", "11-14", "same axes, reduced")
TITLE = "Random features: best score error against samples"
CAPTION = (
    "Left: score error at the best training time for tanh at t = {time:g}, for p/d = {features}. Lines: "
    "theory (n, p, d to infinity). Symbols: score error of {instances} instances of the Gaussian "
    "equivalent (a reduced simulation) at p/d = 32 in dimension {dimension}, stopped at the theory's best "
    "time, not extrapolated; error bars, one standard error over instances. Dashed: exp(-4t) d/n, the law "
    "for many more features than samples. Right: local exponent, the slope of the lines, which are cubic splines "
    "through {points} points in the logarithms: it passes through -0.59 (dotted) without staying there, tends to -1 "
    "for 1 << n/d << p/d, and returns to 0 where the number of features limits."
)

SIMULATED = (1, 4, 16, 64)


def compute(
    preset: str, *, features: tuple[float, ...] = (32.0, 1e3, 1e5), time: float = 0.01
) -> dict[str, Any]:
    quick = preset == "quick"
    dimension, instances, points = (14, 6, 17) if quick else (40, 8, 41)
    samples = np.geomspace(1.0, 1e4, points)
    best = np.array(
        [
            [early_stopping(RandomFeatures("tanh", p, float(n), time)).score_error for n in samples]
            for p in features
        ]
    )
    # The lines and their slopes, by a cubic spline in the logarithms.
    place = np.linspace(0.0, np.log(samples[-1]), 161)
    through = CubicSpline(np.log(samples), np.log(best), axis=1)
    simulated = []
    for n in SIMULATED:
        model = RandomFeatures("tanh", 32, n, time)
        c = model_coefficients(model)
        moments = FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))
        best_time = [early_stopping(model).training_time]
        found = simulate_losses(model, best_time, dimension, instances=instances, moments=moments, threads=2)
        simulated.append(found.score_error)
    return {
        "dimension": dimension,
        "instances": instances,
        "points": points,
        "samples": np.exp(place),
        "best": np.exp(through(place)),
        "slope": through(place, 1),
        "mean": np.array([float(one.mean[0]) for one in simulated]),
        "error": np.array([float(one.standard_error[0]) for one in simulated]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, ratio in enumerate(data["features"]):
        label = f"$p/d$ = {ratio:g}"
        left.plot(data["samples"], data["best"][series], color=style.COLOURS[series], label=label)
        right.plot(data["samples"], data["slope"][series], color=style.COLOURS[series])
    left.plot(
        data["samples"],
        np.exp(-4.0 * data["time"]) / data["samples"],
        "--",
        color="black",
        linewidth=0.8,
        label="$e^{-4t}d/n$",
    )
    style.simulation(left, SIMULATED, data["mean"], data["error"], 0, "simulation, $p/d$ = 32")
    right.axhline(-0.59, color="grey", linestyle=":", linewidth=0.8, label="$-0.59$")
    right.axhline(-1.0, color="grey", linestyle="--", linewidth=0.8, label="$-1$")
    right.legend()
    left.set(
        xscale="log",
        yscale="log",
        xlabel="samples per dimension $n/d$",
        ylabel="best score error",
        ylim=(1e-5, 1.0),
    )
    right.set(xscale="log", xlabel="samples per dimension $n/d$", ylabel=r"$d\log E^*/d\log n$")
    left.legend(fontsize=6)
    return figure
