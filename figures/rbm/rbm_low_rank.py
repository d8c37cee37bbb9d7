"""Low-rank couplings and noise: ferromagnet, glass and paramagnet for binary and ternary hidden units."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import LowRank, Model, condensation_line, dominant_state, glass_line
from statphys_gen.units import Binary, Prior, Ternary

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: one spike in noise, with binary and ternary hidden units"
CAPTION = (
    "Couplings g (x_ia/sqrt(N) + w u_i v_a/N) with normal x and binary u, v (ensemble low-rank, g = "
    "sqrt(1/T)), N visible +-1 units and {layer_ratio:g} N hidden units. Colour: overlap m of the visible "
    "units with u in the dominant state (white: none). Solid: the paramagnet becomes unstable to an "
    "overlap. Dotted: paramagnet to glass. Dashed: the glass becomes unstable to an overlap. White line: "
    "replica symmetry of the dominant state is broken below it. All hidden units share the spike, so that "
    "bounded units retrieve. Replica-symmetric theory (N to infinity)."
)

UNITS: tuple[tuple[str, Prior], ...] = (("binary", Binary()), (r"ternary, $\Delta = 0$", Ternary(0.0)))


def _model(hidden: Prior, ratio: float) -> Model:
    return Model(hidden, 1.0, ratio, convention="sqrt-beta", couplings=LowRank(spikes=(1.5,)))


def compute(
    preset: str, *, layer_ratio: float = 0.5, strongest: float = 3.0, hottest: float = 1.6
) -> dict[str, Any]:
    quick = preset == "quick"
    spike = np.linspace(0.5, strongest, 61 if quick else 101)
    temperature = np.linspace(0.08, hottest, 61 if quick else 97)
    overlap, replicon, stability, ferromagnet, glass = [], [], [], [], []
    curve: list[np.ndarray] = []
    for _, hidden in UNITS:
        model = _model(hidden, layer_ratio)
        found = dominant_state(model, temperature=temperature[:, None], spike=spike[None, :])
        retrieval = found.dominant == "retrieval"
        overlap.append(np.where(retrieval, found.solutions["retrieval"]["overlap"], np.nan))
        own = np.full(retrieval.shape, np.nan)
        for name, states in found.solutions.items():
            here = found.dominant == name
            own[here] = states["replicon"][here]
        replicon.append(own)
        stability.append(found.solutions["glass"]["pattern_stability"])
        glass.append(float(glass_line(model)["temperature"]))
        # The paramagnet, and with it this line, begins where the three phases meet.
        corner = float(condensation_line(model, solve_for="spike", temperature=1.0001 * glass[-1])["spike"])
        curve.append(np.linspace(corner, strongest, 41))
        ferromagnet.append(condensation_line(model, spike=curve[-1])["temperature"])
    return {
        "spike": spike,
        "temperature": temperature,
        "overlap": overlap,
        "replicon": replicon,
        "stability": stability,
        "curve": curve,
        "ferromagnet": ferromagnet,
        "glass": glass,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    spike, temperature = data["spike"], data["temperature"]
    for k, (axes, (name, _)) in enumerate(zip(panels, UNITS, strict=True)):
        mesh = axes.pcolormesh(
            spike, temperature, data["overlap"][k], cmap="viridis", vmin=0.0, vmax=1.0, shading="nearest"
        )
        glass = float(data["glass"][k])
        axes.plot(data["curve"][k], data["ferromagnet"][k], color="black")
        axes.plot([spike[0], data["curve"][k][0]], [glass, glass], ":", color="black")
        axes.contour(spike, temperature, data["stability"][k], levels=[0.0], colors="black", linestyles="--")
        axes.contour(spike, temperature, data["replicon"][k], levels=[0.0], colors="white", linestyles="-")
        axes.set(
            xlabel="spike $w$",
            ylabel="temperature $T$",
            ylim=(0.0, data["hottest"]),
            xlim=(0.5, data["strongest"]),
        )
        axes.set_title(name)
        axes.text(0.7, 0.25 * glass, "glass")
        axes.text(0.7, 0.5 * (glass + data["hottest"]), "paramagnet")
    figure.colorbar(mesh, ax=panels, label="overlap $m$")
    lines = {"paramagnet unstable": "-", "paramagnet to glass": ":", "glass unstable": "--"}
    white = style.keys(**{"symmetry of replicas broken below (white)": "-"})[0]
    white.set_color("0.6")
    figure.legend(handles=[*style.keys(**lines), white], loc="outside lower center", ncols=4)
    return figure
