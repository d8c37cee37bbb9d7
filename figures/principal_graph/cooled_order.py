"""Two components of a skewed law on cooling: equal and learned weights, theory and EM."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import (
    GaussianMixture,
    linear_temperature,
    nucleation_temperature,
    simulate_states,
    stationary_state,
)

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures: a split that is continuous and one that is not"
CAPTION = (
    "Centroids of two components from the mean, and the weight of the smaller one, against the temperature, for "
    "a law of two classes with weights {weight:g} and the rest, distance {distance:g} and variance {variance:g}. "
    "Lines: theory of the law itself, with equal and with learned weights; the learned one up to 3 % below its "
    "nucleation. Markers: EM on {instances} samples of {samples} points (standard errors, mostly within the "
    "markers). Dotted: top eigenvalue of the covariance, $T_c$; dash-dotted: nucleation temperature."
)


def compute(
    preset: str,
    *,
    weight: float = 0.85,
    distance: float = 3.0,
    variance: float = 0.9,
    samples: int = 400,
    instances: int = 4,
) -> dict[str, Any]:
    law = GaussianMixture([weight, 1.0 - weight], [[0.0], [distance]], variance)
    mean = float(law.weights @ law.means[:, 0])
    critical, nucleated = linear_temperature(law), nucleation_temperature(law)
    grid = np.geomspace(1.25 * nucleated, 0.35 * critical, 16 if preset == "quick" else 200)
    grid = np.sort(np.concatenate([grid, critical * (1.0 - np.geomspace(2e-3, 0.05, 6))]))[::-1]
    equal = stationary_state(law, grid, 2)
    # Next to its nucleation a state of learned weights is slow to reach.
    below = np.linspace(0.35 * critical, 0.97 * nucleated, 9 if preset == "quick" else 60)
    learned = stationary_state(law, below, 2, "learned")
    # Far from both transitions, where EM is fast.
    measured = critical * np.array([0.4, 0.55, 0.7])
    data: dict[str, Any] = {
        "grid": grid,
        "equal": np.sort(equal["centroids"][:, :, 0] - mean, axis=1).T,
        "below": below,
        "learned": np.sort(learned["centroids"][:, :, 0] - mean, axis=1).T,
        "share": learned["weights"].min(axis=1),
        "measured": measured,
        "critical": np.array(critical),
        "nucleated": np.array(nucleated),
    }
    for kind in ("equal", "learned"):
        found = simulate_states(law, measured, samples, weight_kind=kind, instances=instances)
        data[f"{kind}_mean"] = found["centroid"].mean.T
        data[f"{kind}_error"] = found["centroid"].standard_error.T
        if kind == "learned":
            small = found["weight"]
            data["share_mean"], data["share_error"] = small.mean[:, 1], small.standard_error[:, 1]
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, (kind, at) in enumerate((("equal", "grid"), ("learned", "below"))):
        for k in range(2):
            label = f"{kind} weights" if k == 0 else None
            left.plot(data[at], data[kind][k], color=style.COLOURS[series], label=label)
            style.simulation(
                left, data["measured"], data[f"{kind}_mean"][k], data[f"{kind}_error"][k], series
            )
    right.plot(data["below"], data["share"], color=style.COLOURS[1], label="learned weights")
    style.simulation(right, data["measured"], data["share_mean"], data["share_error"], 1)
    for axes in (left, right):
        axes.axvline(float(data["critical"]), color="grey", linewidth=0.8, linestyle=":", label="$T_c$")
        nucleated = float(data["nucleated"])
        axes.axvline(nucleated, color="grey", linewidth=0.8, linestyle="-.", label="nucleation")
        axes.set(xlabel="temperature $T$")
        axes.legend()
    left.set(ylabel="centroids from the mean")
    right.set(ylabel="weight of the smaller component", ylim=(0.0, None))
    return figure
