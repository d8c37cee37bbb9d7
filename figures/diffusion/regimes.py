"""The three regimes of the backward process with the score of a few training points, in one dimension."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import NoisedMixture, bayes_time
from statphys_gen.statistics import generator

PAPER = ("2402.18491", "1", "stand-in: one dimension for two, without the bands")
TITLE = "Three regimes of a backward process: noise, generalisation, memorisation"
CAPTION = (
    "{trajectories} backward trajectories with the exact score of {samples} training points (ticks at t = "
    "0), drawn from two Gaussian classes at +-{separation:g} with variance {variance:g}, by the exact "
    "backward kernel; a simulation. Colour: class of the point on which the trajectory ends. They choose "
    "a class near the speciation time of the two classes (dashed), and later one of the training points; "
    "in one dimension that is gradual."
)


def compute(
    preset: str, *, separation: float = 4.0, variance: float = 1.0, samples: int = 10
) -> dict[str, Any]:
    trajectories = 40 if preset == "quick" else 120
    classes = GaussianMixture.two_classes(1, separation, variance)
    rng = generator(0, {"figure": "regimes"})
    law = NoisedMixture(classes)
    components = np.arange(samples) * 2 // samples
    points = law.sample(components, 0.0, rng)
    empirical = NoisedMixture(GaussianMixture(np.full(len(points), 1 / len(points)), points, 0.0))
    times = np.geomspace(4.0, 1e-3, 400)
    x = rng.standard_normal((trajectories, 1))
    path = [x[:, 0]]
    for start, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        x, _ = empirical.backward(x, start, end, rng)
        path.append(x[:, 0])
    return {
        "trajectories": trajectories,
        "points": points[:, 0],
        "time": times,
        "path": np.array(path),
        "speciation": float(bayes_time(classes).require()["time"]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.2)
    path, points = data["path"], data["points"]
    nearest = np.abs(path[-1][:, None] - points).argmin(axis=1)
    for k in range(path.shape[1]):
        colour = style.COLOURS[0] if nearest[k] < (len(points) + 1) // 2 else style.COLOURS[1]
        axes.plot(data["time"], path[:, k], color=colour, linewidth=0.4, alpha=0.7)
    places = np.zeros_like(points)
    axes.plot(places, points, ">", color="black", markersize=4, clip_on=False, label="training points")
    axes.axvline(
        float(data["speciation"]), color="grey", linewidth=0.9, linestyle="--", label="speciation (bayes)"
    )
    axes.set(xlabel="diffusion time $t$ (generation runs to the left)", ylabel="$x_t$", xlim=(0.0, 4.0))
    for series, name in enumerate(("first", "second")):
        axes.plot([], [], color=style.COLOURS[series], label=f"ends on the {name} class")
    style.legend_below(axes, axes.get_legend_handles_labels()[0], 2)
    return figure
