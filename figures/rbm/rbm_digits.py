"""A machine trained on scikit-learn's digits, placed on the diagram of low-rank couplings in noise."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import MissingExtra
from statphys_gen.rbm import LowRank, Machine, Model, condensation_line, glass_line, place, solve
from statphys_gen.units import Binary

PAPER = ("2506.10552", "", "ours")
TITLE = "A Boltzmann machine trained on handwritten digits, on the low-rank diagram"
CAPTION = (
    "scikit-learn's BernoulliRBM with {hidden} hidden units, trained on its digits ({samples} images of 8 "
    "x 8 pixels, 64 visible units) by its persistent contrastive divergence, step {rate:g}, {batch} "
    "images at a time; no theory enters the training. Its couplings are divided by 4, as for +-1 units; "
    "the biases are left out. Left: singular values after several epochs; dashed: edge of the bulk of a "
    "random matrix with the estimated noise. Right: the same machines on the diagram of low-rank "
    "couplings in noise: each symbol is a spike of strength w that stands out of the bulk, at the noise "
    "sigma of its machine; open symbols: more than a quarter of all singular values lie above the edge, "
    "so that noise with a few spikes does not describe the machine. Lines: borders of the phases of +-1 "
    "units with independent binary spikes and normal noise (ensemble low-rank, equal layers, convention g "
    "= sqrt(beta) at T = 1, replica-symmetric theory): above the solid and dashed lines the machine "
    "condenses along a spike. A trained machine follows this law only roughly: its spikes are correlated "
    "with each other and with the biases."
)


def _train(epochs: list[int], hidden: int, rate: float, batch: int) -> tuple[list[np.ndarray], int]:
    """Couplings (visible, hidden) after so many epochs."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.neural_network import BernoulliRBM
    except ImportError:
        raise MissingExtra("the figure rbm_digits", "scikit-learn", "examples") from None
    images = load_digits().data / 16.0
    rng = np.random.default_rng(0)
    machine = BernoulliRBM(n_components=hidden, learning_rate=rate, batch_size=batch, random_state=0)
    found = []
    for epoch in range(1, max(epochs) + 1):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch):
            machine.partial_fit(images[order[start : start + batch]])
        if epoch in epochs:
            found.append(np.array(machine.components_.T))
    return found, len(images)


def compute(preset: str, *, hidden: int = 64, rate: float = 0.02, batch: int = 10) -> dict[str, Any]:
    epochs = [1, 2, 4, 8] if preset == "quick" else [1, 2, 4, 8, 16, 32, 64]
    couplings, samples = _train(epochs, hidden, rate, batch)
    # s = (1 + t)/2 in both layers: the couplings of the +-1 units t are a quarter of those of the {0, 1} units s.
    placed = [place(Machine(0.25 * matrix)) for matrix in couplings]
    spikes = np.full((len(placed), hidden), np.nan)
    for k, one in enumerate(placed):
        spikes[k, : len(one.spikes)] = one.spikes
    above = [float(np.mean(one.singular_values > one.bulk_edge)) for one in placed]
    model = Model(Binary(), 1.0, 1.0, convention="sqrt-beta", couplings=LowRank(spikes=(1.0,)))
    glass = float(glass_line(model, solve_for="noise", between=(0.2, 3.0))["noise"])
    low = np.geomspace(1e-3, 0.999 * glass, 40)
    border = condensation_line(model, solve_for="spike", between=(0.1, 10.0), noise=low)["spike"]
    high = np.geomspace(1.05 * glass, 4.0, 20)
    # In the glass the gain of an overlap is w^2 times a factor that the spike does not enter.
    stability = solve(model, "glass", noise=high)["pattern_stability"]
    return {
        "samples": samples,
        "epochs": epochs,
        "values": [one.singular_values for one in placed],
        "edges": [one.bulk_edge for one in placed],
        "noise": [one.noise for one in placed],
        "spikes": spikes,
        "above": above,
        "glass": glass,
        "low": low,
        "border": border,
        "high": high,
        "condensing": 1.0 / np.sqrt(1.0 - stability),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, epoch in enumerate(data["epochs"]):
        colour, marker = style.COLOURS[k], style.MARKERS[k]
        values, spikes = data["values"][k], data["spikes"][k]
        left.plot(np.arange(1, len(values) + 1), values, ".-", color=colour, linewidth=0.6, label=f"{epoch}")
        left.axhline(data["edges"][k], color=colour, linewidth=0.6, linestyle="--")
        face = "white" if data["above"][k] > 0.25 else colour
        place_of = np.full(len(spikes), data["noise"][k])
        right.plot(place_of, spikes, marker, color=colour, mfc=face, label=f"{epoch}")
    left.set(xscale="log", yscale="log", xlabel="rank", ylabel="singular value of $W/4$", ylim=(1e-3, None))
    left.legend(title="epoch", title_fontsize=7)
    glass = float(data["glass"])
    right.plot(data["low"], data["border"], color="black")
    right.plot(data["high"], data["condensing"], "--", color="black")
    right.plot([glass, glass], [0.02, data["border"][-1]], ":", color="black")
    right.set(xscale="log", yscale="log", xlabel=r"noise $\sigma$", ylabel="spike $w$")
    right.set(xlim=(1e-3, 4.0), ylim=(0.02, 6.0))
    handles = style.keys(**{"paramagnet condenses": "-", "glass condenses": "--", "paramagnet to glass": ":"})
    style.legend_below(right, handles, 3)
    right.text(0.1, 0.2, "paramagnet")
    right.text(1.2, 0.2, "glass")
    right.text(0.004, 2.5, "condensed along a spike")
    return figure
