"""ReLU hidden units in the energy convention: (load, temperature) diagram with thresholds and visible fields."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, capacity, first_order_line, first_order_load, spinodal
from statphys_gen.units import ReLU

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: ReLU hidden units with threshold and visible field"
CAPTION = (
    "Energy -sum_ia xi_i^a s_i h_a/sqrt(N) + sum_a (h_a^2/2 + theta h_a) - F sum_i s_i with +-1 visible "
    "units, h_a >= 0 and binary patterns at temperature T (convention g = beta). Solid: end of the "
    "retrieval state (spinodal). Dashed: retrieval and the state without it are equally likely. Left: "
    "without field, for the thresholds {thresholds}; symbols on the axis: T = 0 in closed form (filled: "
    "capacity; open: equal energies). Right: end of retrieval at threshold {field_threshold:g}, for the "
    "uniform fields F = {fields} and without one. Lines stop at the last point that was solved. "
    "Replica-symmetric theory (N to infinity), approximate at low temperature and the more so the larger "
    "the threshold."
)


def _model(threshold: float, field: float) -> Model:
    return Model(ReLU(threshold), 1.0, 0.1, convention="beta", visible_field=field)


def compute(
    preset: str,
    *,
    thresholds: tuple[float, ...] = (0.0, 0.5, 0.8),
    fields: tuple[float, ...] = (0.2, 0.4),
    field_threshold: float = 0.5,
) -> dict[str, Any]:
    quick = preset == "quick"
    temperature = np.linspace(0.04, 0.94, 7 if quick else 61)
    coarse = np.linspace(0.04, 0.92, 5 if quick else 31)
    where, nearer = (1e-3, 1.6), (3e-3, 0.7)
    models = [_model(threshold, 0.0) for threshold in thresholds]
    ground = [[capacity(model).load, first_order_load(model).load] for model in models]
    ends = [spinodal(model, between=where, temperature=temperature)["load"] for model in models]
    equal = [first_order_line(model, between=nearer, temperature=coarse)["load"] for model in models]
    tilted = {
        field: spinodal(_model(field_threshold, field), between=where, temperature=temperature)["load"]
        for field in (0.0, *fields)
        if field or field_threshold not in thresholds
    }
    if field_threshold in thresholds:
        tilted[0.0] = ends[thresholds.index(field_threshold)]
    return {
        "temperature": temperature,
        "coarse": coarse,
        "ground": ground,
        "ends": ends,
        "equal": equal,
        "tilted_ends": [tilted[field] for field in (0.0, *fields)],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, threshold in enumerate(data["thresholds"]):
        colour = style.COLOURS[k]
        capacity_load, equal_load = data["ground"][k]
        for name, places, ground, look, label in (
            ("ends", "temperature", capacity_load, "-", rf"$\theta$ = {threshold:g}"),
            ("equal", "coarse", equal_load, "--", None),
        ):
            place, load = style.splined(np.append(0.0, data[places]), np.append(ground, data[name][k]))
            left.plot(load, place, look, color=colour, label=label)
        left.plot(capacity_load, 0.0, "o", color=colour, clip_on=False, zorder=4)
        left.plot(equal_load, 0.0, "o", color=colour, mfc="white", clip_on=False, zorder=4)
    for k, field in enumerate((0.0, *data["fields"])):
        colour = style.COLOURS[3 + k]
        place, load = style.splined(data["temperature"], data["tilted_ends"][k])
        right.plot(load, place, color=colour, label=f"$F$ = {field:g}")
    lines = {"end of retrieval": "-", "first order": "--", "capacity, $T=0$": ".o", "first order, $T=0$": "o"}
    style.legend_below(left, style.keys(**lines), 4)
    for axes in (left, right):
        axes.set(xlabel=r"load $\alpha$", ylabel="temperature $T$", xlim=(0.0, None), ylim=(0.0, 1.0))
        axes.legend()
    return figure
