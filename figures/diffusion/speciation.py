"""Clone agreement of two Gaussian classes against time at four dimensions (figure 2 of arXiv 2402.18491)."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture, two_class_agreement
from statphys_gen.diffusion import reduced_clones_langevin, simulate_clones

PAPER = ("2402.18491", "2", "same parameters")
TITLE = "Speciation: clone agreement of two Gaussian classes"
CAPTION = (
    "Probability that two backward trajectories that share x_t end in the same class, for two balanced "
    "classes with separation s = {separation:g} and variance 1. Lines: exact theory. Open symbols: "
    "{walkers} pairs of clones for each point, by {steps} Euler steps from t = 10 of the one-dimensional "
    "reduction of the backward process (a reduced simulation). Crosses: {full_walkers} pairs in the full "
    "dimension {full_dimension} by the exact backward kernel. Left: against t over t_S = log(s^2 d)/2, "
    "where the transition sharpens only as 1/log d; guide lines at t = t_S and at the agreement 0.7752 of "
    "a unit signal. Right: against t - t_S, where all dimensions fall on one curve. Error bars: one "
    "standard error; the points of one dimension share trajectories."
)

RATIOS = (0.5, 1.5)


def compute(
    preset: str, *, dimensions: tuple[int, ...] = (256, 1024, 4096, 16384), separation: float = 1.0
) -> dict[str, Any]:
    quick = preset == "quick"
    walkers, steps = (4000, 500) if quick else (10_000, 1000)
    full_dimension, full_walkers = (256, 4000) if quick else (16384, 10_000)
    branches = np.arange(1.0, 7.75, 0.5)
    times, mean, error = [], [], []
    for dimension in dimensions:
        estimate = reduced_clones_langevin(
            separation * math.sqrt(dimension), 1.0, branches, walkers=walkers, seed=0, steps=steps, threads=2
        )
        times.append(branches)
        mean.append(estimate.mean)
        error.append(estimate.standard_error)
    mixture = GaussianMixture.two_classes(full_dimension, separation, 1.0)
    spread = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5])
    full_times = 0.5 * math.log(full_dimension * separation**2) + spread
    full = simulate_clones(mixture, full_times, walkers=full_walkers, seed=0, threads=2)
    ratio = np.linspace(*RATIOS, 201)
    half_log = 0.5 * np.log(np.array(dimensions) * separation**2)[:, None]
    return {
        "walkers": walkers,
        "steps": steps,
        "full_dimension": full_dimension,
        "full_walkers": full_walkers,
        "ratio": ratio,
        "theory": two_class_agreement(np.exp(2 * half_log * (1 - ratio))),
        "time": np.array(times),
        "mean": np.array(mean),
        "error": np.array(error),
        "shift": np.linspace(-2.5, 3.5, 201),
        "collapsed": two_class_agreement(np.exp(-2 * np.linspace(-2.5, 3.5, 201))),
        "full_shift": spread,
        "full_mean": full.mean,
        "full_error": full.standard_error,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    right.plot(data["shift"], data["collapsed"], color="black")
    for series, dimension in enumerate(data["dimensions"]):
        colour = style.COLOURS[series]
        transition = 0.5 * math.log(dimension * data["separation"] ** 2)
        left.plot(data["ratio"], data["theory"][series], color=colour)
        times, mean, error = (data[name][series] for name in ("time", "mean", "error"))
        shown = (times >= RATIOS[0] * transition) & (times <= RATIOS[1] * transition)
        label = f"$d$ = {dimension}"
        style.simulation(left, times[shown] / transition, mean[shown], error[shown], series, label)
        style.simulation(right, times[shown] - transition, mean[shown], error[shown], series)
    right.errorbar(
        data["full_shift"],
        data["full_mean"],
        yerr=data["full_error"],
        fmt="x",
        color=style.COLOURS[6],
        label=f"full dimension {int(data['full_dimension'])}",
        zorder=4,
    )
    left.axvline(1.0, color="grey", linewidth=0.6, linestyle="--")
    for axes in (left, right):
        axes.axhline(0.7752, color="grey", linewidth=0.6, linestyle="--")
        axes.set_ylabel(r"clone agreement $\phi$")
    left.set_xlabel(r"$t / t_S$,  $t_S = \frac{1}{2}\log s^2 d$")
    right.set_xlabel(r"$t - t_S$")
    right.axvline(0.0, color="grey", linewidth=0.6, linestyle="--")
    entries, _ = left.get_legend_handles_labels()
    left.legend(handles=[*entries, *style.keys(**{"exact theory": "-", "unit signal": "--"})], fontsize=6)
    right.legend(handles=[*right.get_legend_handles_labels()[0], *style.keys(**{"theory, every $d$": "-"})])
    return figure
