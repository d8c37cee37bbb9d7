"""From binary to Gaussian hidden units: how the region of retrieval grows with the weight of the Gaussian part."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, first_order_line, spinodal
from statphys_gen.units import Mixture

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: retrieval between binary and Gaussian hidden units"
CAPTION = (
    "Hidden units h = sqrt(delta) z + sqrt(1 - delta) e with z normal and e = +-1, one binary pattern for "
    "each, +-1 visible units, convention g = sqrt(beta). Left: largest load with a retrieval state "
    "(spinodal, solid) and load below which retrieval dominates (dashed) against delta, at the "
    "temperatures {temperatures}. Right: the spinodal in the plane of load and temperature, delta = "
    "{weights}. A single unit carries a pattern only by its Gaussian tail, so that at load 0 retrieval "
    "ends at T = delta; at T = 0 the capacity would be 0.1379 for every delta > 0. Lines stop at the last "
    "point that was solved. Replica-symmetric theory (N to infinity)."
)


def _model(weight: float) -> Model:
    return Model(Mixture(weight), 1.0, 0.1, convention="sqrt-beta")


def compute(
    preset: str,
    *,
    temperatures: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4),
    weights: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0),
) -> dict[str, Any]:
    quick = preset == "quick"
    cold_ones = np.array(temperatures)
    delta = np.linspace(0.1, 1.0, 13 if quick else 46)
    where = (1e-5, 0.3)
    ends, equal = np.full((2, len(temperatures), delta.size), np.nan)
    for k, weight in enumerate(delta):
        cold = cold_ones < weight - 1e-9
        model = _model(float(weight))
        ends[cold, k] = spinodal(model, between=where, temperature=cold_ones[cold])["load"]
        equal[cold, k] = first_order_line(model, between=where, temperature=cold_ones[cold])["load"]
    share = np.linspace(0.03, 0.97, 13 if quick else 41)
    planes = [spinodal(_model(w), between=where, temperature=w * share)["load"] for w in weights]
    return {"delta": delta, "ends": ends, "equal": equal, "share": share, "planes": planes}


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, temperature in enumerate(data["temperatures"]):
        # At load 0 retrieval ends where the weight is the temperature.
        delta = np.append(temperature, data["delta"][data["delta"] > temperature])
        for name, look, label in (("ends", "-", f"$T$ = {temperature:g}"), ("equal", "--", None)):
            load = np.append(0.0, data[name][k][data["delta"] > temperature])
            left.plot(*style.joined(delta, load), look, color=style.COLOURS[k], label=label)
    left.set(xlabel=r"Gaussian weight $\delta$", ylabel=r"load $\alpha$", xlim=(0.0, 1.0), ylim=(0.0, 0.15))
    for k, weight in enumerate(data["weights"]):
        right.plot(
            *style.joined(data["planes"][k], weight * data["share"]),
            color=style.COLOURS[k],
            label=rf"$\delta$ = {weight:g}",
        )
        right.plot(0.0, weight, "|", color=style.COLOURS[k], clip_on=False)
    right.set(xlabel=r"load $\alpha$", ylabel="temperature $T$", xlim=(0.0, 0.15), ylim=(0.0, 1.0))
    left.legend()
    right.legend()
    lines = {"end of retrieval": "-", "first order": "--", "end at load 0": "|"}
    style.legend_below(left, style.keys(**lines), 3)
    return figure
