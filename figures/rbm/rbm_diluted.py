"""Compositional states of sparse patterns and their extremely diluted limit (ReLU hidden units)."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.special import ive

from statphys_gen import style
from statphys_gen.rbm import Model, Patterns, solve, visible_prior
from statphys_gen.units import ReLU

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: several sparse patterns at once, and the diluted limit"
CAPTION = (
    "{{0, 1}} visible units with field {field:g}, ReLU hidden units without threshold, patterns whose "
    "entries are +-1 with probability p/2 each and else 0, convention g = beta, load {load:g}. A state "
    "overlaps equally with L = l/p patterns, so that each unit belongs to l of them on average. Solid: "
    "the limit p to 0 at fixed l = {patterns_on_a_unit}, where the sum of the condensed entries on a unit "
    "is a difference of two Poisson numbers (Skellam law). Broken lines: the theory at the finite "
    "densities p = {densities} (dashed and dash-dotted), with temperature, field and overlap in units of "
    "p. Left: overlap m/p with each of the L patterns against temperature, up to where the state was "
    "found. Middle: stability against a further pattern (a state is stable above 0). Right: overlap "
    "against l at T = {temperature:g}; dotted: its limit T = 0, exp(-l) (I_0(l) + I_1(l))/2. Theory (N to "
    "infinity, replica symmetric)."
)

_BROKEN = ("--", "-.")


def _model(
    patterns: Patterns, condensed: float, scale: float, field: float, load: float, temperature: float
) -> Model:
    return Model(
        ReLU(0.0),
        temperature * scale,
        load,
        convention="beta",
        visible=visible_prior("zero-one"),
        couplings=patterns,
        visible_field=field * scale,
        condensed=condensed,
    )


def compute(
    preset: str,
    *,
    patterns_on_a_unit: tuple[float, ...] = (0.25, 0.5, 1.0),
    densities: tuple[float, ...] = (0.25, 0.05),
    field: float = -0.2,
    load: float = 0.005,
    temperature: float = 0.03,
) -> dict[str, Any]:
    quick = preset == "quick"
    axis = np.linspace(0.01, 0.06, 41)
    marks = axis[:: 4 if quick else 2]
    point = (field, load, temperature)
    diluted = [
        solve(_model(Patterns("diluted"), number, 1.0, *point), "retrieval", temperature=axis)
        for number in patterns_on_a_unit
    ]
    sparse = np.full((len(densities), len(patterns_on_a_unit), marks.size), np.nan)
    for i, density in enumerate(densities):
        for k, number in enumerate(patterns_on_a_unit):
            model = _model(Patterns("sparse", density), round(number / density), density, *point)
            sparse[i, k] = solve(model, "retrieval", temperature=marks * density)["overlap"] / density
    numbers = np.linspace(0.1, 1.1, 11 if quick else 41)
    against = [
        float(solve(_model(Patterns("diluted"), n, 1.0, *point), "retrieval")["overlap"]) for n in numbers
    ]
    counts = [np.arange(1, round(1.1 / p) + 1, max(1, round(0.25 / p))) for p in densities]
    finite = np.full((len(densities), max(map(len, counts)), 2), np.nan)
    for i, (density, row) in enumerate(zip(densities, counts, strict=True)):
        for k, count in enumerate(row):
            found = solve(_model(Patterns("sparse", density), int(count), density, *point), "retrieval")
            finite[i, k] = count * density, float(found["overlap"]) / density
    return {
        "axis": axis,
        "overlap": [found["overlap"] for found in diluted],
        "stability": [found["pattern_stability"] for found in diluted],
        "marks": marks,
        "sparse": sparse,
        "numbers": numbers,
        "against": against,
        "finite": finite,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.4)
    for k, number in enumerate(data["patterns_on_a_unit"]):
        colour = style.COLOURS[k]
        left.plot(data["axis"], data["overlap"][k], color=colour, label=f"$l$ = {number:g}")
        middle.plot(data["axis"], data["stability"][k], color=colour)
        for i in range(len(data["densities"])):
            left.plot(data["marks"], data["sparse"][i, k], _BROKEN[i], color=colour)
    right.plot(*style.joined(data["numbers"], data["against"]), color="black", label="diluted")
    axis = np.linspace(0.0, 1.2, 60)
    # Units with a positive sum are on: E Xi_+ / l of the Skellam law.
    right.plot(axis, 0.5 * (ive(0, axis) + ive(1, axis)), ":", color="grey", label="$T$ = 0")
    for i, density in enumerate(data["densities"]):
        x, y = data["finite"][i].T
        right.plot(*style.joined(x, y), _BROKEN[i], color="black", label=f"$p$ = {density:g}")
    left.set(xlabel="temperature $T/p$", ylabel="overlap $m/p$", ylim=(0.2, 0.55))
    middle.set(xlabel="temperature $T/p$", ylabel="stability against a pattern", ylim=(0.0, 1.05))
    right.set(xlabel="patterns on a unit, $l = pL$", ylabel="overlap $m/p$", ylim=(0.2, 0.55))
    left.legend(fontsize=6)
    looks = zip(data["densities"], _BROKEN, strict=False)
    middle.legend(
        handles=style.keys(diluted="-", **{f"$p$ = {p:g} (left)": look for p, look in looks}), fontsize=6
    )
    right.legend(fontsize=6)
    return figure
