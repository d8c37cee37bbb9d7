"""What a hidden unit does to the visible ones once it is summed out, for every prior."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.units import Binary, Gaussian, Mixture, Prior, QState, ReLU, SoftThreshold, Ternary, ZeroOne

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: effective interactions of the visible units by hidden prior"
CAPTION = (
    "Summing out a hidden unit with prior rho leaves the visible units with the energy -log of the "
    "integral of rho(h) exp(f h), where f = sum_i W_i s_i is the field that they exert on it. Left: that "
    "logarithm, relative to f = 0, up to |f| = {largest_field:g}. Right: its second derivative, the "
    "variance of the unit, which is the pair coupling (in units of W_i W_j) that the visible units feel "
    "at the field f. It is constant only for the Gaussian unit (Hopfield: pairs and nothing else); "
    "wherever it varies there are couplings of higher order. Towards large f it tends to the tail "
    "coefficient Omega: 1 for ReLU (f > 0) and soft thresholds, 1/2 for this mixture, 0 for bounded "
    "units. Exact."
)

UNITS: tuple[tuple[str, Prior], ...] = (
    ("Gaussian", Gaussian()),
    (r"mixture $\delta = 1/2$", Mixture(0.5)),
    ("binary", Binary()),
    (r"ternary $\Delta = 1$", Ternary(1.0)),
    (r"uniform, 8 states", QState(8)),
    ("zero-one", ZeroOne()),
    (r"ReLU $\theta = 1$", ReLU(1.0)),
    (r"soft threshold $\theta = 1$", SoftThreshold(1.0)),
)


def compute(preset: str, *, largest_field: float = 5.0) -> dict[str, Any]:
    field = np.linspace(-largest_field, largest_field, 401 if preset == "quick" else 801)
    return {
        "field": field,
        "gain": [unit.log_partition(0.0, field) - unit.log_partition(0.0, 0.0) for _, unit in UNITS],
        "variance": [unit.variance(0.0, field) for _, unit in UNITS],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2, height=2.5)
    for series, (name, _) in enumerate(UNITS):
        # Light colours carry a dash so that all eight can be told apart.
        dash = "-" if series < 4 else "--"
        left.plot(data["field"], data["gain"][series], dash, color=style.COLOURS[series % 4], label=name)
        right.plot(data["field"], data["variance"][series], dash, color=style.COLOURS[series % 4])
    left.set(ylim=(-1.5, 6.0), ylabel=r"$\log\int\rho\,e^{fh} - \log\int\rho$", xlabel="field $f$")
    right.set(ylim=(0.0, 1.05), ylabel=r"pair coupling $\mathrm{var}(h\,|\,f)$", xlabel="field $f$")
    figure.legend(*left.get_legend_handles_labels(), loc="outside right center")
    return figure
