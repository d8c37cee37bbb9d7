"""The lazy phase of linear networks of any width."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import (
    LinearNetwork,
    Task,
    lazy_noise_error,
    lazy_relative_loss,
    simulate_training,
)

PAPER = ("2405.17580", "", "ours")
TITLE = "Lazy linear networks of any width"
CAPTION = (
    "Share of the train loss that is left (left) and test error of noise alone over its variance (right) "
    "against width over dimension, at the times {times} over the threshold c = {threshold:g} (colours), "
    "for centred networks and a target a hundred times smaller than the threshold. Lines: theory for d to "
    "infinity; dashed, on the left: what is never learned, (1 - w/d)^2 below width d (vertical). Symbols "
    "with errors (w/d = {ratios}): Gram flows at d = {dimension}, {instances} instances."
)


def compute(
    preset: str,
    *,
    ratios: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 16.0),
    times: tuple[float, ...] = (0.3, 1.0, 3.0),
    threshold: float = 3.0,
) -> dict[str, Any]:
    dimension, instances = (64, 14) if preset == "quick" else (128, 40)
    ratio = np.geomspace(0.2, 20.0, 60)
    noise = 0.005 * threshold / dimension**0.5
    means, errors = [], []
    for width_ratio in ratios:
        width = round(width_ratio * dimension)
        network = LinearNetwork(dimension, dimension, width, threshold / width, threshold / width)
        found = simulate_training(
            network,
            np.array(times) / threshold,
            Task((), noise),
            instances=instances,
            centred=True,
            tolerance=1e-8,
        )
        parts = [found.estimate(name) for name in ("train_error", "test_error")]
        means.append([part.mean / noise**2 for part in parts])
        errors.append([part.standard_error / noise**2 for part in parts])
    return {
        "dimension": dimension,
        "instances": instances,
        "ratio": ratio,
        "loss": np.array([lazy_relative_loss(x, times) for x in ratio]),
        "noise_error": np.array([lazy_noise_error(x, times) for x in ratio]),
        "mean": np.array(means),
        "error": np.array(errors),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, axes = style.panels(2)
    for panel, name, index in zip(axes, ("loss", "noise_error"), (0, 1), strict=True):
        for k, time in enumerate(data["times"]):
            panel.plot(data["ratio"], data[name][:, k], color=style.COLOURS[k])
            style.simulation(
                panel,
                data["ratios"],
                data["mean"][:, index, k],
                data["error"][:, index, k],
                k,
                f"$c\\,t$ = {time:g}",
            )
        panel.axvline(1.0, color="grey", linewidth=0.8, linestyle=":")
        panel.set(xscale="log", xlabel="width over dimension $w/d$", ylim=(0.0, 1.0))
    left, right = axes
    left.plot(data["ratio"], np.maximum(0.0, 1.0 - data["ratio"]) ** 2, "--", color="black", linewidth=0.8)
    left.set_ylabel(r"loss left $|R|^2/|R_0|^2$")
    right.set_ylabel("test error over variance of the noise")
    entries, _ = left.get_legend_handles_labels()
    notes = {"theory": "-", "never learned": "--"}
    left.legend(handles=entries + style.keys(**notes), fontsize=6)
    return figure
