"""Trajectories of samples from noise to one of two classes, in uniform and in dilated time."""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.schedules import (
    TimeGrid,
    TwoClasses,
    generated_weight,
    interpolant,
    posterior_quantile,
    simulate_two_classes,
)

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: trajectories in uniform and in dilated time"
CAPTION = (
    "Above, variance preserving: dimension {preserved:g}, separation 1, standard deviation {preserved_deviation:g}, "
    "dilation {preserved_dilation:g}; below, exploding: dimension {exploded:g}, {exploded_deviation:g}, "
    "{exploded_dilation:g}. Weight {weight:g}, {steps} Euler steps. Left and middle: the overlap m.x/|m|^2 of samples "
    "with the class mean (the exact map, which sees the dimension by |m| alone) in uniform and in dilated time; black: "
    "from the separatrix, until rounding decides; dashed: the quantile that the exact flow keeps. Of the samples "
    "{uniform_vp:.3f} and {dilated_vp:.3f} are of the first class above, {uniform_ve:.3f} and {dilated_ve:.3f} below. "
    "Right: deviation of a detail (lines) and of {walkers} samples in a plane at the end (symbols, one standard "
    "error). Dotted: the true one. It ends at {detail_vp:.4f} above, with the trigonometric form at {detail_bent:.4f}. "
    "Exploding and trigonometric at dimension 1e4, without dilation, it would end at {detail_far:.3f} where 1 is true."
)
_FORMS = ("vp", "ve")


def compute(
    preset: str,
    *,
    weight: float = 0.8,
    steps: int = 200,
    preserved: float = 3000.0,
    preserved_deviation: float = 0.1,
    preserved_dilation: float = 5.0,
    exploded: float = 1e6,
    exploded_deviation: float = 0.5,
    exploded_dilation: float = 3.0,
) -> dict[str, Any]:
    walkers = 2000 if preset == "quick" else 40_000
    start = np.linspace(-2.2, 2.2, 12)
    data: dict[str, Any] = {"walkers": walkers, "time": np.arange(steps + 1) / steps}
    settings = {
        "vp": (preserved, preserved_deviation, preserved_dilation),
        "ve": (exploded, exploded_deviation, exploded_dilation),
    }
    for form, (dimension, deviation, kappa) in settings.items():
        # Two dimensions tell as much as many: the map sees |m| alone.
        classes = TwoClasses(2, (dimension / 2.0) ** 0.5, deviation**2, weight)
        for kind, dilation in (("uniform", None), ("dilated", kappa)):
            name = f"{form}-linear" if dilation is None else f"dilated-{form}-linear"
            grid = TimeGrid.uniform(interpolant(name, classes.norm, dilation), steps)
            exact = generated_weight(classes, grid)
            edge = exact.separatrix
            paths = _paths(classes, grid, np.append(start, 0.0 if edge is None else edge))
            place = f"{kind}_{form}"
            data[f"paths_{place}"], data[f"edge_{place}"] = paths[:, :-1].T, paths[:, -1]
            data[f"quantile_{place}"] = _quantile(classes, grid)
            data[f"detail_{place}"] = _details(classes, grid)
            data[place] = exact.weight
            found = simulate_two_classes(classes, grid, walkers)["detail_std"]
            data[f"sampled_{place}"] = np.array([float(found.mean), float(found.standard_error)])
        data[f"true_{form}"] = np.full(2, deviation)
    norm = preserved**0.5
    data["detail_vp"] = float(data["detail_dilated_vp"][-1])
    bent = interpolant("dilated-vp-trigonometric", norm, preserved_dilation)
    classes = TwoClasses(int(preserved), 1.0, preserved_deviation**2, weight)
    data["detail_bent"] = generated_weight(classes, TimeGrid.uniform(bent, steps)).detail_std
    far = TwoClasses(10_000, 1.0, 1.0, weight)
    grid = TimeGrid.uniform(interpolant("ve-trigonometric", far.norm), steps)
    data["detail_far"] = generated_weight(far, grid).detail_std
    return data


def _rates(classes: TwoClasses, grid: TimeGrid, t: float) -> tuple[float, float, float]:
    """The velocity of M is l M + f tanh(h + g M)."""
    path = grid.interpolant
    a, b, product, rate = path.noise(t), path.data(t), path.product(t), path.data_rate(t)
    spread = a * a + classes.variance * b * b
    linear = (product + classes.variance * b * rate) / spread
    return linear, (rate * a * a - product * b) / spread, classes.squared_norm * b / spread


def _paths(classes: TwoClasses, grid: TimeGrid, start: np.ndarray) -> np.ndarray:
    """(K+1, n) overlaps of samples whose starts along m are the given standard normal variables."""
    m = grid.interpolant.noise(0.0) * start / classes.norm
    found = [m]
    for t, after in pairwise(grid.times):
        linear, drive, gain = _rates(classes, grid, t)
        m = m + (after - t) * (linear * m + drive * np.tanh(classes.log_odds + gain * m))
        found.append(m)
    return np.array(found)


def _details(classes: TwoClasses, grid: TimeGrid) -> np.ndarray:
    found = [grid.interpolant.noise(0.0)]
    for t, after in pairwise(grid.times):
        found.append(found[-1] * (1.0 + (after - t) * _rates(classes, grid, t)[0]))
    return np.array(found)


def _quantile(classes: TwoClasses, grid: TimeGrid) -> np.ndarray:
    """The (1-p)-quantile of the overlap at every time."""
    path, found = grid.interpolant, []
    for t in grid.times:
        b = path.data(t)
        spread = path.noise(t) ** 2 + classes.variance * b * b
        deviation = (spread / classes.squared_norm) ** 0.5
        s = b / deviation
        w = float(posterior_quantile(max(s, 1e-9) ** 2, classes.weight)) / max(s, 1e-9)
        found.append(deviation * w)
    return np.array(found)


def draw(data: dict[str, Any]) -> Figure:
    figure, axes = style.panels(3, 2)
    for row, form in enumerate(_FORMS):
        panels = axes[3 * row : 3 * row + 3]
        for k, kind in enumerate(("uniform", "dilated")):
            place = f"{kind}_{form}"
            for path in data[f"paths_{place}"]:
                panels[k].plot(data["time"], path, color=style.COLOURS[k], linewidth=0.6)
            panels[k].plot(data["time"], data[f"edge_{place}"], color="black", linewidth=1.2)
            panels[k].plot(data["time"], data[f"quantile_{place}"], "--", color=style.COLOURS[2])
            panels[k].set(xlabel=f"time $t$, {kind}", ylabel="overlap with $m$", ylim=(-1.6, 1.6))
            if form == "vp":
                # The samples begin at overlaps of the order 1/sqrt(d).
                panels[k].set_yscale("symlog", linthresh=0.05)
                panels[k].set_yticks([-1.0, -0.1, 0.0, 0.1, 1.0])
            label = kind if row == 0 else None
            panels[2].plot(data["time"], data[f"detail_{place}"], color=style.COLOURS[k], label=label)
            mean, error = data[f"sampled_{place}"]
            style.simulation(panels[2], data["time"][-1:], [mean], [error], k)
        panels[2].plot(data["time"][[0, -1]], data[f"true_{form}"], ":", color="black")
        panels[2].set(xlabel="time $t$", ylabel="detail", yscale="log")
    axes[2].legend()
    return figure
