"""Retrieval with bounded hidden units: two layers with pairs of patterns (load, temperature)."""

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import (
    Bidirectional,
    Model,
    Repeated,
    capacity,
    condensation_line,
    first_order_line,
    glass_line,
    one_step_capacity,
    spinodal,
)
from statphys_gen.units import Binary, Prior, Ternary

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: bidirectional memory with binary and ternary hidden units"
CAPTION = (
    "Couplings (1/(N T)) sum_k xi_i^k eta_a^k over alpha N pairs of patterns (ensemble bidirectional, g = 1/T), N "
    "visible +-1 units and N times the layer ratio hidden units. Solid: end of the retrieval state (spinodal). "
    "Dashed: retrieval and glass are equally likely (binary, {drawn}). Dotted: paramagnet to glass. Dash-dotted: "
    "end of the state with equal overlaps with three pairs, at the first layer ratio. Left: +-1 hidden units at "
    "the layer ratios {ratios}; on the axis the closed form of the capacity at T = 0 (filled) and the capacity "
    "with one step of replica-symmetry breaking (open, {drawn}): {plain:.5f} and {broken:.5f} for equal layers. "
    "Right: ternary hidden units (states -1, 0, +1; U = Delta h^2; Delta = {costs}), equal layers: a cost of "
    "leaving 0 shrinks the region of retrieval. Theory (N to infinity); all lines are replica symmetric and "
    "approximate where it is cold, as the two points at T = 0 show. Lines are cubic splines through the "
    "solved points and the end at load 0."
)


def _model(hidden: Prior, ratio: float) -> Model:
    return Model(hidden, 1.0, 0.1, convention="beta", couplings=Bidirectional(ratio))


def compute(
    preset: str, *, ratios: tuple[float, ...] = (1.0, 0.5), costs: tuple[float, ...] = (0.0, 0.4)
) -> dict[str, Any]:
    quick = preset == "quick"
    # In units of the temperature at which the lines end.
    shares = np.array([0.05, 0.28, 0.62, 0.85]) if quick else np.linspace(0.05, 0.9, 35)
    models = [_model(Binary(), ratio) for ratio in ratios] + [_model(Ternary(cost), 1.0) for cost in costs]
    temperature, ends, glass, highest = [], [], [], []
    pairs = np.linspace(0.05, 0.5, 10 if quick else 20) ** 2
    where = (1e-3, 0.25)
    for model in models:
        # A paramagnet exists above the critical temperature at load 0.
        free = Model(model.hidden, 1.0, 0.0, convention="beta", couplings=Repeated(model.layer_ratio))
        lowest = float(condensation_line(free)["temperature"])
        glass.append(glass_line(model, between=(1.0002 * lowest, 2.0), load=pairs)["temperature"])
        highest.append(lowest)
        temperature.append(lowest * shares)
        ends.append(spinodal(model, between=where, temperature=temperature[-1])["load"])
    # The slow lines at fewer points, and of the first layer ratio alone when it is quick.
    fewer = np.array([0.1, 0.28, 0.55, 0.8]) if quick else shares[::2]
    crossing = [lowest * fewer for lowest in highest[: len(ratios)]]
    equal = [
        first_order_line(model, between=where, temperature=row)["load"]
        for model, row in zip(models[: 1 if quick else len(ratios)], crossing, strict=False)
    ]
    warm = np.linspace(0.05, 0.5, 5 if quick else 16)
    three = spinodal(replace(models[0], condensed=3), between=(1e-3, 0.06), temperature=warm)["load"]
    plain = [capacity(model).load for model in models[: len(ratios)]]
    broken = [float(one_step_capacity(model)["load"]) for model in models[: len(equal)]]
    return {
        "temperature": temperature,
        "highest": highest,
        "ends": ends,
        "crossing": crossing,
        "equal": equal,
        "warm": warm,
        "three": three,
        "pairs": pairs,
        "glass": glass,
        "capacity": plain,
        "one_step": broken,
        "drawn": "equal layers" if quick else "both layer ratios",
        "plain": plain[0],
        "broken": broken[0],
    }


def _line(load: np.ndarray, temperature: np.ndarray, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """Through the solved points and the end at load 0, the temperature at which an overlap appears there."""
    place, smooth = style.splined(np.append(temperature, highest), np.append(load, 0.0))
    return smooth, place


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    names = [f"layer ratio {ratio:g}" for ratio in data["ratios"]] + [
        rf"$\Delta$ = {cost:g}" for cost in data["costs"]
    ]
    for k, name in enumerate(names):
        axes = panels[0 if k < len(data["ratios"]) else 1]
        colour = style.COLOURS[k]
        line = _line(data["ends"][k], data["temperature"][k], data["highest"][k])
        axes.plot(*line, color=colour, label=name)
        axes.plot(*style.splined(data["pairs"], data["glass"][k]), ":", color=colour)
        if k < len(data["ratios"]):
            axes.plot(data["capacity"][k], 0.0, "o", color=colour, clip_on=False, zorder=4)
        if k < len(data["equal"]):
            line = _line(data["equal"][k], data["crossing"][k], data["highest"][k])
            axes.plot(*line, "--", color=colour)
            axes.plot(data["one_step"][k], 0.0, "s", color=colour, mfc="white", clip_on=False, zorder=5)
    temperature, three = style.splined(data["warm"], data["three"])
    panels[0].plot(three, temperature, "-.", color=style.COLOURS[0])
    panels[0].set_title("binary hidden units")
    panels[1].set_title("ternary hidden units")
    lines = {
        "end of retrieval": "-",
        "of three pairs at once": "-.",
        "first order": "--",
        "paramagnet to glass": ":",
    }
    points = {"capacity, $T=0$": ".o", "with one step of breaking": "s"}
    style.legend_below(panels[0], style.keys(**lines, **points), 3)
    for axes in panels:
        axes.set(xlabel=r"load $\alpha$", ylabel="temperature $T$", xlim=(0.0, 0.25), ylim=(0.0, None))
        axes.legend()
    return figure
