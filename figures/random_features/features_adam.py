"""Random features trained by Adam instead of gradient flow: the same two phases, at other times."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import Adam, GradientFlow, RandomFeatures, learning_curves, simulate_losses

PAPER = ("2505.17638", "15", "stand-in: random features for the network")
TITLE = "Random features: training by Adam"
CAPTION = (
    "Random features with tanh at p/d = {features:g} and t = {time:g}; a reduced run ({instances} "
    "instances in dimension {dimension}; the paper has 100). Left: score error along full-batch Adam with "
    "learning rate {rate}, against steps; simulation only, for Adam is not linear in its parameters and "
    "has no theory here. Middle: gradient flow of the same instances against training time; lines: theory "
    "(n, p, d to infinity), points: simulation, not extrapolated. Right: test loss minus train loss under "
    "Adam, against steps. Error bars: one standard error over instances. Under both, the minimum of the "
    "score error is reached at a time that hardly depends on n, and a given difference of the losses is "
    "reached later with more samples."
)

FIELDS = ("score_error", "test_loss", "train_loss")


def compute(
    preset: str, *, samples: tuple[float, ...] = (2, 8, 32), time: float = 0.1, rate: float = 0.01
) -> dict[str, Any]:
    quick = preset == "quick"
    features, dimension, instances = (8.0, 16, 5) if quick else (16.0, 24, 5)
    last = 6_000 if quick else 10_000
    steps = np.unique(np.round(np.geomspace(3, last, 13 if quick else 17)).astype(int))
    grid, times = np.geomspace(0.3, 3e4, 200), np.geomspace(0.5, 2e4, 10)
    data: dict[str, Any] = {
        "features": features,
        "dimension": dimension,
        "instances": instances,
        "steps": steps,
        "grid": grid,
        "times": times,
    }
    rows: dict[str, list[Any]] = {"theory": [], "adam": [], "adam_error": [], "flow": [], "flow_error": []}
    for n in samples:
        model = RandomFeatures("tanh", features, n, time)
        rows["theory"].append(learning_curves(model, grid).score_error)
        flow = simulate_losses(
            model, GradientFlow(times), dimension, instances=instances, threads=2
        ).score_error
        found = simulate_losses(model, Adam(steps, rate), dimension, instances=instances, threads=2)
        rows["flow"].append(flow.mean)
        rows["flow_error"].append(flow.standard_error)
        rows["adam"].append([getattr(found, name).mean for name in FIELDS])
        rows["adam_error"].append([getattr(found, name).standard_error for name in FIELDS])
    return data | {name: np.array(entry) for name, entry in rows.items()}


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.3)
    for series, n in enumerate(data["samples"]):
        colour = style.COLOURS[series]
        score, test, train = data["adam"][series]
        errors = data["adam_error"][series]
        style.simulation(left, data["steps"], score, errors[0], series, f"$n/d$ = {n:g}")
        left.plot(data["steps"], score, color=colour, linewidth=0.5)
        middle.plot(data["grid"], data["theory"][series], color=colour)
        style.simulation(middle, data["times"], data["flow"][series], data["flow_error"][series], series)
        # Test and train loss of one instance share their weights: the sum of the errors is an upper bound.
        style.simulation(right, data["steps"], test - train, errors[1] + errors[2], series)
        right.plot(data["steps"], test - train, color=colour, linewidth=0.5)
    left.set(xscale="log", yscale="log", xlabel="steps of Adam", ylabel="score error per dimension")
    middle.set(
        xscale="log",
        yscale="log",
        xlabel=r"training time $\tau$ of gradient flow",
        ylabel="score error per dimension",
    )
    right.set(xscale="log", xlabel="steps of Adam", ylabel="test loss $-$ train loss")
    left.legend()
    middle.legend(handles=style.keys(theory="-", simulation="o"), fontsize=6)
    return figure
