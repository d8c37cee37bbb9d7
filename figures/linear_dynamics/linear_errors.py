"""Train and test error of linear networks in time, at the paper's size and beside Gram flows."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import (
    LinearNetwork,
    Task,
    finite_dimension_errors,
    initial_noise,
    lazy_ratio,
    simulate_training,
    width_correction,
)

PAPER = ("2405.17580", "1", "same parameters")
TITLE = "Linear networks between lazy and active: errors in time"
CAPTION = (
    "Train (blue) and test (red) error per entry against scaled time, {rank} signals of strength "
    "1/sqrt({rank}) in unit noise, weights of variance d^{variance_exponent:g} and width "
    "d^{width_exponent:g}. Lines: theory, leading orders in 1/d and d/w. Left: d = {large_dimension} (w = "
    "{large_width}), theory alone (the size of Fig. 1 in arXiv 2405.17580 is 500); dotted: when the test "
    "error is lowest. Right: d = {dimension} (w = {width}); symbols with errors: {instances} networks "
    "with Gaussian weights, trained by the exact flow of their Gram matrix."
)


def _curves(network: LinearNetwork, rank: int, times: np.ndarray) -> np.ndarray:
    size, strengths = network.inputs, Task.equal(rank).signal_strengths
    given = (lazy_ratio(network), initial_noise(network), times)
    curves = finite_dimension_errors(strengths, size, *given)
    extra = width_correction(strengths, *given)
    return np.stack([curves.train_error, curves.test_error]) + size / network.width * np.array(extra)


def compute(
    preset: str,
    *,
    variance_exponent: float = -1.85,
    width_exponent: float = 2.25,
    rank: int = 5,
    large_dimension: int = 500,
) -> dict[str, Any]:
    dimension, instances = (100, 6) if preset == "quick" else (200, 20)
    network, large = (
        LinearNetwork.from_exponents(size, variance_exponent, width_exponent)
        for size in (dimension, large_dimension)
    )
    time = np.linspace(0.02, 16.0, 240)
    points = np.linspace(1.0, 15.0, 12)
    found = simulate_training(network, points / dimension, Task.equal(rank), instances=instances)
    estimates = [found.estimate(name, controlled=False) for name in ("train_error", "test_error")]
    return {
        "dimension": dimension,
        "instances": instances,
        "width": network.width,
        "large_width": large.width,
        "time": time,
        "large": _curves(large, rank, time),
        "ours": _curves(network, rank, time),
        "points": points,
        "mean": np.array([entry.mean for entry in estimates]),
        "error": np.array([entry.standard_error for entry in estimates]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2, sharey=True)
    for k, name in enumerate(("train", "test")):
        left.plot(data["time"], data["large"][k], color=style.COLOURS[k], label=name)
        right.plot(data["time"], data["ours"][k], color=style.COLOURS[k])
        style.simulation(right, data["points"], data["mean"][k], data["error"][k], k, f"{name}, Gram flow")
    best = int(np.argmin(data["large"][1]))
    left.axvline(data["time"][best], color="grey", linewidth=0.8, linestyle=":")
    left.set(ylabel="error per entry", title=f"$d = {data['large_dimension']}$, theory", ylim=(0.0, 2.1))
    right.set(title=f"$d = {int(data['dimension'])}$")
    for axes in (left, right):
        axes.set(xlabel="scaled time $T = d\\,t$", xlim=(0.0, 16.0))
        axes.legend()
    return figure
