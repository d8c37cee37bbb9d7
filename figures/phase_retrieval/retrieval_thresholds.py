"""Where the Hessian of phase retrieval first points to the signal, against the constant of the loss."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    Loss,
    full_rsb_threshold,
    initial_transition_curve,
    one_step_threshold_curve,
    switch_offset,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: thresholds of the informative direction"
CAPTION = (
    "Samples per dimension above which the Hessian has an outlier towards the signal (BBP transition), "
    "against the constant a of the loss from {smallest:g} to {largest:g}. Blue: at a random start; exact "
    "as N to infinity, continuous (full line) up to a = {switch:.6f} and discontinuous (dashed) above. "
    "Red: marginal states at overlap 0 with one step of replica-symmetry breaking; dotted from where the "
    "response jumps for some labels, up to the limit 13.8025 of infinite a. Green: ground states at "
    "overlap 0 with full breaking ({steps} steps; bars: difference from half as many steps, smaller than "
    "the symbols where not seen). Grey: no loss has a transition at a random start below 1/2. All theory; "
    "no simulation. A reconstruction: the figures of the original work were not at hand."
)


def compute(preset: str, *, smallest: float = 1e-3, largest: float = 30.0) -> dict[str, Any]:
    quick = preset == "quick"
    switch = float(switch_offset()["offset"])
    offset = np.geomspace(smallest, largest, 60 if quick else 200)
    # Both pieces of the curve end at the kink.
    offset = np.sort(np.append(offset, switch * np.array([1.0 - 1e-6, 1.0 + 1e-6])))
    initial = initial_transition_curve(offset)
    states = np.geomspace(smallest, largest, 10 if quick else 40)
    one_step = one_step_threshold_curve(states)
    points = np.array([0.1, 1.0]) if quick else np.array([0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0, 5.0])
    steps = 4 if quick else 8
    full = [full_rsb_threshold(Loss.normalised(float(a)), steps=steps) for a in points]
    return {
        "switch": switch,
        "steps": steps,
        "offset": offset,
        "initial": initial.solution["samples_per_dimension"],
        "continuous": initial.kind == "continuous",
        "states": states,
        "one_step": one_step["samples_per_dimension"],
        "jump": one_step["jump_fraction"],
        "points": points,
        "full": np.array([float(found["samples_per_dimension"]) for found in full]),
        "full_error": np.array([float(found.error) for found in full]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1, height=3.4)
    blue, red, green = style.COLOURS[0], style.COLOURS[1], style.COLOURS[2]
    soft = data["continuous"].astype(bool)
    axes.loglog(data["offset"], np.where(soft, data["initial"], np.nan), color=blue, label="random start")
    axes.loglog(data["offset"], np.where(soft, np.nan, data["initial"]), color=blue, linestyle="--")
    smooth = data["jump"] == 0.0
    place, height = style.splined(data["states"], data["one_step"], logarithmic=True)
    axes.loglog(place, height, color=red, linestyle=":")
    within = place <= data["states"][smooth].max(initial=0.0)
    axes.loglog(place[within], height[within], color=red, label="marginal states, one step")
    axes.errorbar(
        data["points"],
        data["full"],
        yerr=data["full_error"],
        fmt="s",
        color=green,
        label="ground states, full breaking",
        zorder=4,
    )
    axes.axhline(0.5, color="grey", linewidth=0.8)
    axes.axhline(13.8025, color=red, linewidth=0.6, linestyle=":")
    axes.set(xlabel="constant $a$ of the loss", ylabel="samples per dimension", ylim=(0.4, 24.0))
    axes.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axes.minorticks_off()
    notes = {"continuous": "-", "discontinuous": "--", "responses jump": ":"}
    style.legend_below(axes, axes.get_legend_handles_labels()[0] + style.keys(**notes), 2)
    return figure
