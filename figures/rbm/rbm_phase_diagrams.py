"""Phase diagrams (load, temperature) for Gaussian, mixed and rectified hidden units."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, at_line, first_order_line, glass_line, spinodal
from statphys_gen.units import Binary, Gaussian, Mixture, Prior, ReLU, Ternary

PAPER = ("2506.10552", "1", "stand-in: lines of the caption, the picture was not seen")
TITLE = "Boltzmann machines: phase diagrams by hidden prior"
CAPTION = (
    "One binary pattern for each hidden unit, +-1 visible units, convention g = sqrt(beta) (couplings xi/sqrt(N "
    "T), priors independent of temperature); delta and Delta are {deltas}, the thresholds theta {thresholds}. "
    "Solid: end of the retrieval state (spinodal). Dashed: retrieval and the state without it are equally likely; "
    "left of it retrieval dominates. Circle: end of retrieval at load 0, T = Omega. P: paramagnet; SG: glass; R: "
    "retrieval; no R: only the state without it, which ReLU units have in the place of both. Dotted: paramagnet "
    "to glass (symmetric priors). Dash-dotted: replica symmetry breaks in the state without retrieval (ReLU, "
    "which has no paramagnet), drawn from an eighth of the largest load on. The red line in the corner of the "
    "first panel: replica symmetry breaks in the retrieval state. Below these lines the theory is approximate. "
    "Binary, ternary and all other bounded units have a glass but no retrieval in this ensemble. Lines stop where "
    "the solver found no point. Replica-symmetric theory (N to infinity)."
)


def _units(data: Mapping[str, Any]) -> list[tuple[str, Prior, float, float]]:
    """Name, prior, largest load and highest temperature of each panel."""
    (mixed, cost), (low, high) = data["deltas"], data["thresholds"]
    return [
        ("Gaussian (Hopfield)", Gaussian(), 0.15, 1.5),
        (rf"mixture $\delta = {mixed:g}$", Mixture(mixed), 0.12, 1.0),
        ("binary", Binary(), 0.5, 1.0),
        (rf"ternary $\Delta = {cost:g}$", Ternary(cost), 0.5, 1.0),
        (rf"ReLU $\theta = {low:g}$", ReLU(low), 0.3, 1.2),
        (rf"ReLU $\theta = {high:g}$", ReLU(high), 0.5, 1.2),
    ]


def compute(
    preset: str, *, deltas: tuple[float, float] = (0.5, 1.0), thresholds: tuple[float, float] = (0.0, 1.0)
) -> dict[str, Any]:
    points = 15 if preset == "quick" else 61
    units = _units({"deltas": deltas, "thresholds": thresholds})
    size = len(units)
    temperature, ends, equal = (np.full((size, points), np.nan) for _ in range(3))
    load, glass = (np.full((size, points), np.nan) for _ in range(2))
    broken_load, broken = (np.full((size, points // 2), np.nan) for _ in range(2))
    for k, (_, hidden, widest, _) in enumerate(units):
        model = Model(hidden, 1.0, 0.1, convention="sqrt-beta")
        load[k] = widest * np.linspace(0.1, 1.0, points) ** 2
        if hidden.symmetric:
            # The paramagnet exists above Omega only.
            where = (max(1.0002 * hidden.tail_coefficient(), 0.02), 3.0)
            glass[k] = glass_line(model, between=where, load=load[k])["temperature"]
        else:
            # At smaller loads the search is long.
            broken_load[k] = widest * np.linspace(0.35, 1.0, points // 2) ** 2
            where = (0.05, 3.0)
            found = at_line(model, "glass", solve_for="temperature", between=where, load=broken_load[k])
            broken[k] = found["temperature"]
        omega = hidden.tail_coefficient(1)
        if omega > 0.0:
            temperature[k] = omega * np.linspace(0.03, 0.9, points)
            where = (1e-3 * widest, 1.3 * widest)
            ends[k] = spinodal(model, between=where, temperature=temperature[k])["load"]
            equal[k] = first_order_line(model, between=where, temperature=temperature[k])["load"]
    cold = np.linspace(0.006, 0.024, points)
    hopfield = Model(Gaussian(), 1.0, 0.1, convention="sqrt-beta")
    corner = at_line(hopfield, solve_for="load", between=(0.1, 0.1381), temperature=cold)["load"]
    return {
        "temperature": temperature,
        "ends": ends,
        "equal": equal,
        "load": load,
        "glass": glass,
        "broken_load": broken_load,
        "broken": broken,
        "cold": cold,
        "corner": corner,
    }


def _names(unit: Prior) -> list[tuple[float, float, str]]:
    """Places of the names of the phases, as shares of the panel."""
    carries = unit.tail_coefficient(1) > 0.0
    names = (
        [(0.2, 0.94, "P"), (0.75, 0.55 if carries else 0.2, "SG")]
        if unit.symmetric
        else [(0.75, 0.7, "no R")]
    )
    return [*names, (0.06, 0.15, "R")] if carries else names


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, rows=2, height=4.4)
    for k, (axes, (name, unit, widest, hottest)) in enumerate(zip(panels, _units(data), strict=True)):
        for field, look, colour, label in (
            ("ends", "-", style.COLOURS[0], "end of retrieval"),
            ("equal", "--", style.COLOURS[1], "first order"),
        ):
            temperature, load = style.splined(data["temperature"][k], data[field][k])
            axes.plot(load, temperature, look, color=colour, label=label)
        axes.plot(
            *style.splined(data["load"][k], data["glass"][k]),
            ":",
            color=style.COLOURS[6],
            label="paramagnet to glass",
        )
        axes.plot(
            *style.splined(data["broken_load"][k], data["broken"][k]),
            "-.",
            color=style.COLOURS[2],
            label="AT line without retrieval",
        )
        axes.set(xlabel=r"load $\alpha$", ylabel="temperature $T$", xlim=(0.0, widest), ylim=(0.0, hottest))
        axes.set_title(name)
        for x, y, phase in _names(unit):
            axes.text(x * widest, y * hottest, phase, ha="center", va="center")
        omega = unit.tail_coefficient(1)
        if omega > 0.0:
            axes.plot(0.0, omega, "o", color=style.COLOURS[0], clip_on=False, zorder=4)
    cold, corner = style.splined(data["cold"], data["corner"])
    panels[0].plot(corner, cold, color="red", label="AT line of retrieval")
    panels[0].plot([], [], "o", color=style.COLOURS[0], label="end of retrieval at load 0")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure
