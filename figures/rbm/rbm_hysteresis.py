"""Hysteresis of a Hopfield network: heated from a pattern, cooled from random states."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, first_order_line, glass_line, simulate_hysteresis, solve, spinodal
from statphys_gen.units import Gaussian

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: hysteresis of retrieval"
CAPTION = (
    "Gaussian hidden units (Hopfield network) at load {load:g}, convention g = sqrt(beta). Left: overlap "
    "with a pattern. Right: energy per visible unit. Lines: retrieval (solid), glass (dashed, where "
    "replica symmetry is broken and the line approximate) and paramagnet (dotted), replica-symmetric "
    "theory (N to infinity). Grey vertical lines, from the left: retrieval and glass equally likely, end "
    "of retrieval, paramagnet to glass. Points: block Gibbs sampling of {instances} networks of N = "
    "{size} visible units, {chains} chains, heated in steps from the pattern (up) and cooled from random "
    "states (down), {sweeps} sweeps at each temperature; error bars: one standard error over the "
    "networks. Below its end the heated networks keep the pattern; the cooled ones stay in the glass or, "
    "when small, fall into other patterns."
)


def compute(preset: str, *, load: float = 0.05) -> dict[str, Any]:
    quick = preset == "quick"
    size, instances, chains, sweeps = (400, 8, 4, 60) if quick else (1000, 16, 4, 200)
    model = Model(Gaussian(), 0.5, load, convention="sqrt-beta")
    curve = np.linspace(0.15, 1.5, 109 if quick else 541)
    retrieval, glass, paramagnet = (
        solve(model, name, temperature=curve) for name in ("retrieval", "glass", "paramagnet")
    )
    lines = [
        first_order_line(model, solve_for="temperature", between=(0.2, 0.9)),
        spinodal(model, solve_for="temperature", between=(0.2, 0.9)),
        glass_line(model, between=(1.001, 2.0)),
    ]
    temperatures = np.linspace(0.2, 1.4, 9 if quick else 25).tolist()
    run = simulate_hysteresis(model, temperatures, size, instances, chains=chains, sweeps=sweeps, seed=0)
    table = np.full((2, 2, 2, len(temperatures)), np.nan)
    for way, measured in enumerate((run.heating, run.cooling)):
        for k, (temperature, point) in enumerate(zip(temperatures, measured, strict=True)):
            overlap, interaction = point.estimate("overlap"), point.estimate("interaction")
            # A Gaussian layer holds, summed out, half of the interaction energy T <W s h>.
            scale = -0.5 * temperature
            table[way, 0, :, k] = float(overlap.mean), float(overlap.standard_error)
            table[way, 1, :, k] = scale * float(interaction.mean), -scale * float(interaction.standard_error)
    return {
        "size": size,
        "instances": instances,
        "chains": chains,
        "sweeps": sweeps,
        "curve": curve,
        "overlap": retrieval["overlap"],
        "energies": [found["energy"] for found in (retrieval, glass, paramagnet)],
        "replicon": paramagnet["replicon"],
        "lines": [float(line["temperature"]) for line in lines],
        "temperatures": temperatures,
        "table": table,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["curve"], data["overlap"], color="black", label="retrieval")
    stable = data["replicon"] > 0
    for energy, dash, name in zip(
        data["energies"], ("-", "--", ":"), ("retrieval", "glass", "paramagnet"), strict=True
    ):
        shown = np.where(stable, energy, np.nan) if name == "paramagnet" else energy
        right.plot(data["curve"], shown, dash, color="black", label=name)
    for way, name in enumerate(("heated from the pattern", "cooled from random")):
        for axes, (mean, error) in zip((left, right), data["table"][way], strict=True):
            style.simulation(axes, data["temperatures"], mean, error, way, name)
    for axes in (left, right):
        for line in data["lines"]:
            axes.axvline(line, color="grey", linewidth=0.6)
        axes.set(xlabel="temperature $T$", xlim=(0.15, 1.5))
    left.set(ylabel="overlap $m$", ylim=(-0.1, 1.03))
    right.set(ylabel="energy per visible unit")
    right.plot([], [], color="grey", linewidth=0.6, label="equal, end of retrieval, glass")
    style.legend_below(right, right.get_legend_handles_labels()[0], 3)
    return figure
