"""When a single backward trajectory collapses: law of the last change of its nearest training point, against theory."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from statphys_gen import style
from statphys_gen.data import Covariance
from statphys_gen.diffusion import excess_entropy, simulate_first_passage, trajectory_collapse

PAPER = ("2402.18491", "5", "stand-in: Gaussian data for the image sets")
TITLE = "Collapse of single trajectories: the last change of the nearest training point"
CAPTION = (
    "Backward trajectories with the exact score of n Gaussian points of variance {variance:g} in dimension "
    "{dimension}, drawn as forward paths, of which the backward process is the reversal: the last change of the "
    "nearest training point is the first one forward. Left: histogram of its time at n = {shown} (simulation), "
    "with mean (line) and one standard deviation on both sides of it (band) as the theory says. Middle: mean and "
    "standard deviation against n; lines: theory, with the collapse time t_C of d to infinity (dashed). The "
    "theory is an expansion in 1/(d v) with d v of at most 2 log n; here its mean is off by {mean_off:.3f} at "
    "most and its deviation by {width_off:.0f} %. Right: excess entropy over alpha = log(n)/d, cut at 0, which it "
    "reaches at t_C; dotted: mean of the theory. {walkers} trajectories in each of {instances} sets of points; "
    "error bars: one standard error over the sets."
)


def compute(
    preset: str,
    *,
    samples: tuple[int, ...] = (50, 100, 200, 400, 800),
    shown: int = 200,
    dimension: int = 24,
    variance: float = 0.7,
) -> dict[str, Any]:
    walkers, instances = (150, 12) if preset == "quick" else (400, 64)
    law = Covariance.isotropic(variance, dimension)
    found = [simulate_first_passage(law, n, walkers=walkers, instances=instances, threads=2) for n in samples]
    mean = np.array([[float(f.mean.mean), float(f.mean.standard_error)] for f in found])
    width = np.array([[float(f.deviation.mean), float(f.deviation.standard_error)] for f in found])
    here = trajectory_collapse(law, np.log(samples))
    grid = np.geomspace(min(samples), max(samples), 40)
    line = trajectory_collapse(law, np.log(grid))
    middle = trajectory_collapse(law, math.log(shown))
    times = simulate_first_passage(law, shown, walkers=walkers, instances=instances, threads=2).times.ravel()
    fine = np.linspace(0.02, 4.5 * float(middle.mean), 200)
    ends = (min(samples), shown, max(samples))
    return {
        "walkers": walkers,
        "instances": instances,
        "mean_off": float(np.abs(mean[:, 0] - here.mean).max()),
        "width_off": float(100.0 * np.abs(here.width / width[:, 0] - 1.0).max()),
        "sizes": np.array(samples, dtype=float),
        "mean": mean.T,
        "width": width.T,
        "grid": grid,
        "mean_line": line.mean,
        "width_line": line.width,
        "collapse": line.collapse_time,
        "times": times,
        "shown_mean": float(middle.mean),
        "shown_width": float(middle.width),
        "fine": fine,
        "ends": np.array(ends, dtype=float),
        "means": trajectory_collapse(law, np.log(ends)).mean,
        "excess": np.array(
            [np.maximum(excess_entropy(law, fine, math.log(n)), 0.0) * dimension / math.log(n) for n in ends]
        ),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.6)
    blue, red = style.COLOURS[:2]
    mean, width = float(data["shown_mean"]), float(data["shown_width"])
    bins = np.linspace(0.0, float(np.quantile(data["times"], 0.998)), 41).tolist()
    left.hist(data["times"], bins, density=True, color=style.COLOURS[5], alpha=0.5, label="simulation")
    left.axvline(mean, color="black", label="mean, theory")
    left.axvspan(
        mean - width, mean + width, color="grey", alpha=0.25, linewidth=0.0, label="deviation, theory"
    )
    left.set(xlabel="time of the last change", ylabel="density", title=f"$n$ = {data['shown']:g}")
    left.legend(fontsize=6)
    for series, (name, line) in enumerate((("mean", "mean_line"), ("width", "width_line"))):
        label = ("mean", "standard deviation")[series]
        value, error = data[name]
        style.simulation(middle, data["sizes"], value, error, series, label)
        middle.plot(data["grid"], data[line], color=(blue, red)[series])
    middle.plot(data["grid"], data["collapse"], "--", color=blue, label="$t_C$, $d\\to\\infty$")
    middle.set(xscale="log", xlabel="training points $n$", ylabel="time", ylim=(0.0, None))
    middle.set_xticks(data["samples"], [f"{n:g}" for n in data["samples"]])
    middle.xaxis.set_minor_locator(NullLocator())
    middle.legend(fontsize=6)
    for series, n in enumerate(data["ends"]):
        right.plot(data["fine"], data["excess"][series], color=style.COLOURS[series], label=f"$n$ = {n:g}")
        right.axvline(data["means"][series], color=style.COLOURS[series], linestyle=":", linewidth=0.9)
    right.legend(
        handles=[*right.get_legend_handles_labels()[0], *style.keys(mean_last_change=":")], fontsize=6
    )
    right.set(xlabel="diffusion time $t$", ylabel=r"excess entropy $f/\alpha$")
    return figure
