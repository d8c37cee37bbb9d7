"""All singular values of a linear network in training, with the threshold between lazy and active."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import (
    LinearNetwork,
    Task,
    amplitude,
    effective_threshold,
    simulate_training,
)
from statphys_gen.statistics import generator

PAPER = ("2405.17580", "1", "same parameters")
TITLE = "Singular values of a linear network, and its threshold"
CAPTION = (
    "Singular values of the product of the layers in training, over the dimension; signals of strengths "
    "{strengths} in unit noise, weights of variance d^{variance_exponent:g} and width "
    "d^{width_exponent:g}. Dashed: the threshold c = w sigma^2 over d. The signals pass it early and are "
    "learned in steep steps, the strongest first; directions of the noise follow slowly, and those above "
    "it are active too. Left: closed form for one target at d = 500, the size of Fig. 1 in arXiv "
    "2405.17580 (of the noise the fifty largest directions are drawn). Right: one network of d = "
    "{dimension}, w = {width}, by the exact flow of its Gram matrix (circles), and the mode of each "
    "singular value of its target (lines); the lines start at 0, the network at its own random product."
)


def _target(size: int, strengths: tuple[float, ...]) -> np.ndarray:
    """Singular values of one target."""
    rng = generator(0, {"figure": "singular values of linear networks", "dimension": size})
    u, v = (np.linalg.qr(rng.standard_normal((size, len(strengths))))[0] for _ in range(2))
    signal = size * (u * np.array(strengths)) @ v.T
    return np.linalg.svd(signal + rng.standard_normal((size, size)), compute_uv=False)


def compute(
    preset: str,
    *,
    strengths: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7),
    variance_exponent: float = -1.85,
    width_exponent: float = 2.25,
) -> dict[str, Any]:
    dimension = 80 if preset == "quick" else 200
    time = np.linspace(0.0, 14.0, 200)
    paper = LinearNetwork.from_exponents(500, variance_exponent, width_exponent)
    network = LinearNetwork.from_exponents(dimension, variance_exponent, width_exponent)
    count = len(strengths)
    points = np.linspace(0.5, 14.0, 15)
    found = simulate_training(network, np.append(points, 60.0) / dimension, Task(strengths), instances=1)
    # Late in training the product is the target.
    own = found.singular_values[0, -1, : count + 6]
    lines = [
        amplitude(s[:, None], effective_threshold(n), time / n.inputs) / n.inputs
        for s, n in ((_target(500, strengths)[: 50 + count], paper), (own, network))
    ]
    return {
        "dimension": dimension,
        "width": network.width,
        "time": time,
        "paper": lines[0],
        "ours": lines[1],
        "points": points,
        "measured": found.singular_values[0, :-1, : count + 6] / dimension,
        "thresholds": np.array([effective_threshold(n) / n.inputs for n in (paper, network)]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, axes = style.panels(2, sharey=True)
    blue, red, green = style.COLOURS[:3]
    count = len(data["strengths"])
    for panel, name, threshold in zip(axes, ("paper", "ours"), data["thresholds"], strict=True):
        for k, line in enumerate(data[name]):
            label = {0: "signals", count: "noise"}.get(k)
            panel.plot(
                data["time"],
                line,
                color=blue if k < count else red,
                linewidth=1.0 if k < count else 0.5,
                label=label,
            )
        panel.axhline(threshold, color=green, linestyle="--", linewidth=1.0, label="threshold $c/d$")
        panel.set(xlabel="scaled time $T = d\\,t$", xlim=(0.0, 14.0), ylim=(0.0, 1.0))
    for k in range(count + 6):
        colour = blue if k < count else red
        label = "network, Gram flow" if k == 0 else None
        axes[1].plot(
            data["points"], data["measured"][:, k], "o", color=colour, markerfacecolor="white", label=label
        )
    axes[0].set(ylabel="singular value of $A$ over $d$", title="$d = 500$, closed form")
    axes[1].set(title=f"$d = {int(data['dimension'])}$, one network")
    axes[0].legend(loc="upper left", ncols=3)
    axes[1].legend(loc="upper left", ncols=2)
    return figure
