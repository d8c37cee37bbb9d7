"""The plane of load and temperature of the Hopfield network: its phases by name, and the ends of mixed retrieval."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, at_line, first_order_line, glass_line, spinodal
from statphys_gen.units import Gaussian

PAPER = ("2506.10552", "1", "stand-in: phases and lines of the caption, the picture was not seen")
TITLE = "Boltzmann machines: phases of the Hopfield network, and mixtures of patterns"
CAPTION = (
    "Gaussian hidden units, one binary pattern for each, +-1 visible units. Left: P, paramagnet; SG, spin glass; "
    "R, retrieval: below the first line (dashed) it is the most likely state, between the dashed and the full "
    "line (SG + R) it is there beside a glass that is more likely. Dotted: paramagnet to glass, T = 1 + "
    "sqrt(load). Red: replica symmetry breaks in the retrieval state. Right: up to which load there is a state "
    "with equal overlaps with {mixtures} patterns (spinodals, load on a logarithmic scale); whether it is stable "
    "against unequal overlaps is not asked. Replica-symmetric theory (N to infinity), approximate in the glass "
    "and below the red line."
)
_SHADES = ("#ffffff", "#e4e4e4", "#fbe7c6", "#cfe8f5")


def compute(preset: str, *, mixtures: tuple[int, ...] = (1, 3, 5)) -> dict[str, Any]:
    points = 25 if preset == "quick" else 61
    plain = Model(Gaussian(), 1.0, 0.1, convention="sqrt-beta")
    temperature = np.linspace(0.006, 0.97, points)
    where = (1e-5, 0.2)
    cold = np.linspace(0.006, 0.024, 10)
    load = 0.16 * np.linspace(0.0, 1.0, 60)[1:] ** 2
    warm = np.linspace(0.006, 0.8, points)
    mixed = [
        spinodal(Model(Gaussian(), 1.0, 0.1, convention="sqrt-beta", condensed=count), temperature=warm)[
            "load"
        ]
        for count in mixtures
    ]
    return {
        "temperature": temperature,
        "ends": spinodal(plain, between=where, temperature=temperature)["load"],
        "equal": first_order_line(plain, between=where, temperature=temperature)["load"],
        "load": load,
        "glass": glass_line(plain, between=(1.0002, 3.0), load=load)["temperature"],
        "cold": cold,
        "corner": at_line(plain, solve_for="load", between=(0.1, 0.1381), temperature=cold)["load"],
        "warm": warm,
        "mixed": np.array(mixed),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2, height=3.0)
    widest, hottest = 0.16, 1.5
    ends, ends_at = style.joined(np.append(data["ends"], 0.0), np.append(data["temperature"], 1.0))
    equal, equal_at = style.joined(np.append(data["equal"], 0.0), np.append(data["temperature"], 1.0))
    glass, glass_at = np.append(0.0, data["load"]), np.append(1.0, data["glass"])
    left.fill_between(glass, 0.0, glass_at, color=_SHADES[1], linewidth=0.0)
    left.fill_betweenx(ends_at, 0.0, ends, color=_SHADES[2], linewidth=0.0)
    left.fill_betweenx(equal_at, 0.0, equal, color=_SHADES[3], linewidth=0.0)
    left.plot(ends, ends_at, color=style.COLOURS[0], label="end of retrieval")
    left.plot(equal, equal_at, "--", color=style.COLOURS[1], label="first order")
    left.plot(glass, glass_at, ":", color="black", label="paramagnet to glass")
    left.plot(data["corner"], data["cold"], color="red", label="AT line of retrieval")
    for x, y, name in ((0.02, 1.35, "P"), (0.12, 0.8, "SG"), (0.08, 0.2, "SG + R"), (0.015, 0.3, "R")):
        left.text(x, y, name, ha="center", va="center", fontsize=9)
    left.set(xlabel=r"load $\alpha$", ylabel="temperature $T$", xlim=(0.0, widest), ylim=(0.0, hottest))
    for series, count in enumerate(data["mixtures"]):
        name = "one pattern" if count == 1 else f"{count:g} patterns"
        line = style.joined(np.log(data["mixed"][series]), data["warm"])
        right.plot(np.exp(line[0]), line[1], color=style.COLOURS[series], label=name)
    right.set(xscale="log", xlabel=r"load $\alpha$", ylabel="temperature $T$", ylim=(0.0, None))
    right.legend(title="end of the state with")
    style.legend_below(left, left.get_legend_handles_labels()[0], 4)
    return figure
