"""Bounded hidden units with one pattern each: no retrieval in large networks, only a response to a field."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, simulate, solve, solve_sizes
from statphys_gen.units import Binary, Gaussian, Mixture, Prior, Ternary

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: binary hidden units with one pattern each do not retrieve"
CAPTION = (
    "Overlap with a pattern along which a field F acts (ensemble patterns, convention g = sqrt(beta)). "
    "Left: load {load:g}, temperature {temperature:g}, replica-symmetric theory (N to infinity). Gaussian "
    "and mixed units hold the pattern without a field; bounded ones only respond to it, as one of them "
    "cannot carry the pattern of an infinite network. Right: at load 0.5 and F = {pull:g} the overlap of "
    "bounded units against 1/sqrt(N) (binary at T = 1.2, ternary at T = 0.6). Lines: theory with the "
    "condensed unit treated exactly, which contains the correction of order 1/sqrt(N); dotted: its limit. "
    "Points: block Gibbs sampling, {instances} networks, {chains} chains and {sweeps} sweeps for each "
    "point; error bars: one standard error over the networks."
)

UNITS: tuple[tuple[str, Prior], ...] = (
    ("Gaussian", Gaussian()),
    (r"mixture $\delta = 1/2$", Mixture(0.5)),
    (r"ternary $\Delta = 1$", Ternary(1.0)),
    ("binary", Binary()),
)
FINITE: tuple[tuple[str, Prior, float], ...] = (
    ("binary", Binary(), 1.2),
    (r"ternary $\Delta = 1$", Ternary(1.0), 0.6),
)


def compute(
    preset: str, *, load: float = 0.03, temperature: float = 0.2, pull: float = 0.4
) -> dict[str, Any]:
    quick = preset == "quick"
    instances, chains, sweeps = (24, 4, 100) if quick else (32, 8, 200)
    sizes = np.array([50, 100, 200, 400]) if quick else np.array([50, 100, 200, 500, 1000, 2000])
    field = np.linspace(0.0, 1.5, 31 if quick else 151)
    response = np.full((len(UNITS), field.size), np.nan)
    for k, (_, hidden) in enumerate(UNITS):
        model = Model(hidden, temperature, load, convention="sqrt-beta")
        pulled = solve(model, "retrieval", pattern_field=field[1:])["overlap"]
        # Without a field bounded units have no retrieval state: their overlap is 0.
        free = solve(model, "retrieval")["overlap"] if hidden.tail_coefficient() > 0.0 else 0.0
        response[k] = np.append(free, pulled)
    curve = np.geomspace(40.0, 4e6, 61)
    corrected, limits = [], []
    mean, error = np.full((2, len(FINITE), sizes.size), np.nan)
    for k, (_, hidden, warm) in enumerate(FINITE):
        model = Model(hidden, warm, 0.5, convention="sqrt-beta", pattern_field=pull)
        corrected.append(solve_sizes(model, "retrieval", curve)["overlap"])
        limits.append(float(solve(model, "retrieval")["overlap"]))
        for j, size in enumerate(sizes):
            run = simulate(
                model, int(size), instances, chains=chains, sweeps=sweeps, start="pattern", seed=0
            ).estimate("overlap")
            mean[k, j], error[k, j] = float(run.mean), float(run.standard_error)
    return {
        "instances": instances,
        "chains": chains,
        "sweeps": sweeps,
        "field": field,
        "response": response,
        "curve": curve,
        "corrected": corrected,
        "limits": limits,
        "sizes": sizes,
        "mean": mean,
        "error": error,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, (name, _) in enumerate(UNITS):
        left.plot(data["field"], data["response"][k], color=style.COLOURS[k], label=name)
    left.set(xlabel="field along the pattern $F$", ylabel="overlap $m$", ylim=(0.0, 1.03), xlim=(0.0, 1.5))
    for k, (name, _, _) in enumerate(FINITE):
        series = 3 - k
        colour = style.COLOURS[series]
        right.plot(data["curve"] ** -0.5, data["corrected"][k], color=colour)
        right.axhline(data["limits"][k], color=colour, linestyle=":", linewidth=0.8)
        style.simulation(right, data["sizes"] ** -0.5, data["mean"][k], data["error"][k], series, name)
    right.set(xlabel=r"$1/\sqrt{N}$", ylabel="overlap $m$", xlim=(0.0, 1.05 / math.sqrt(data["sizes"].min())))
    left.legend(loc="center right", bbox_to_anchor=(1.0, 0.35))
    entries, _ = right.get_legend_handles_labels()
    notes = {"finite-size theory": "-", "its limit": ":"}
    right.legend(handles=entries + style.keys(**notes), loc="upper left", fontsize=6)
    return figure
