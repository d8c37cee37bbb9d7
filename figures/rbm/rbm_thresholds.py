"""What a threshold of the hidden units does to retrieval: capacity, broken symmetry, melting temperature."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, capacity, spinodal
from statphys_gen.units import Gaussian, Prior, ReLU, SoftThreshold

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: a threshold on the hidden units raises the capacity"
CAPTION = (
    "One binary pattern for each hidden unit, +-1 visible units, hidden energy U = h^2/2 + theta h (ReLU, "
    "h >= 0) or h^2/2 + theta |h| (soft threshold), convention g = beta. Thresholds up to {largest:g}. "
    "Left: replica-symmetric capacity at T = 0; without threshold the soft one is the Hopfield network "
    "(dotted), 0.1379. Middle: temperature below which replica symmetry is broken at the capacity, to "
    "leading order in it, the same for both: it grows with the threshold, and so does the error of the "
    "capacity on the left. Right: temperature at which the retrieval state of ReLU units ends (spinodal), "
    "at the loads {loads}, from T = 0 where the load is the capacity; no point where no fold could be resolved "
    "(near T = 1 the transition becomes almost continuous). Theory only (N to infinity, replica symmetric)."
)


def _model(hidden: Prior) -> Model:
    return Model(hidden, 1.0, 0.1, convention="beta")


def compute(
    preset: str, *, loads: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0), largest: float = 2.0
) -> dict[str, Any]:
    quick = preset == "quick"
    threshold = np.linspace(0.0, largest, 21 if quick else 81)
    states = [[capacity(_model(kind(float(t)))) for t in threshold] for kind in (ReLU, SoftThreshold)]
    coarse = np.linspace(0.0, 0.625 * largest, 12 if quick else 51)
    melting = np.full((len(loads), coarse.size), np.nan)
    for k, theta in enumerate(coarse):
        model = _model(ReLU(float(theta)))
        stored = np.array(loads) < 0.98 * capacity(model).load
        found = spinodal(model, solve_for="temperature", between=(0.04, 1.0), load=np.array(loads)[stored])
        melting[stored, k] = found["temperature"]
    return {
        "threshold": threshold,
        "capacity": [[state.load for state in row] for row in states],
        "broken": [[state.at_temperature for state in row] for row in states],
        "hopfield": capacity(_model(Gaussian())).load,
        "coarse": coarse,
        "melting": melting,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.4)
    for series, name in enumerate(("ReLU", "soft threshold")):
        colour = style.COLOURS[series]
        place, height = style.splined(data["threshold"], np.log(data["capacity"][series]))
        left.plot(place, np.exp(height), color=colour, label=name)
        line = style.splined(data["threshold"], data["broken"][series])
        middle.plot(*line, "-" if series == 0 else ":", color=colour, label=name)
    left.axhline(float(data["hopfield"]), color="black", linestyle=":", label="Hopfield")
    left.set(yscale="log", xlabel=r"threshold $\theta$", ylabel=r"capacity $\alpha_c$ at $T = 0$")
    middle.legend(fontsize=6)
    middle.set(xlabel=r"threshold $\theta$", ylabel="symmetry breaking at capacity, $T$", ylim=(0.0, None))
    for series, load in enumerate(data["loads"]):
        solved = np.isfinite(data["melting"][series])
        threshold, melting = data["coarse"][solved], data["melting"][series][solved]
        if load > data["capacity"][0][0]:
            # The line begins where the capacity is this load.
            first = np.interp(np.log(load), np.log(data["capacity"][0]), data["threshold"])
            threshold, melting = np.append(first, threshold), np.append(0.0, melting)
        right.plot(
            *style.joined(threshold, melting), color=style.COLOURS[series + 2], label=rf"$\alpha$ = {load:g}"
        )
    right.set(xlabel=r"threshold $\theta$", ylabel="end of retrieval $T_M$", ylim=(0.0, 1.1))
    left.legend()
    right.legend(fontsize=6)
    return figure
