"""Classes that differ only in their variance speciate at a time that grows as log(d)/4."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import GaussianMixture, two_class_agreement
from statphys_gen.diffusion import order_time, simulate_clones, two_variance_agreement

PAPER = ("2402.18491", "", "ours")
TITLE = "Speciation of two classes with equal means and different variances"
CAPTION = (
    "Two balanced classes with mean 0 and variances {variances} in every direction. Solid lines: exact "
    "theory (chi-square integral) at each dimension; dashed: leading order with the signal x = exp(-4t) d "
    "Delta^2 / 8, Delta the difference of the variances. Symbols: {walkers} pairs of clones in full "
    "dimension for each point, by the exact backward kernel, error bars one standard error. Left: against "
    "time. Right: against t minus the order-2 speciation time log(d Delta^2 / 8) / 4, where the curves "
    "approach the leading order slowly, with corrections of order exp(-2t)."
)


def compute(
    preset: str,
    *,
    dimensions: tuple[int, ...] = (64, 1024, 16384),
    variances: tuple[float, float] = (0.5, 2.0),
) -> dict[str, Any]:
    walkers = 2000 if preset == "quick" else 20_000
    simulated = dimensions[:2] if preset == "quick" else dimensions
    grid = np.linspace(0.3, 3.8, 141)
    mean, error = [], []
    times = np.arange(0.4, 3.7, 0.3)
    for dimension in simulated:
        mixture = GaussianMixture([0.5, 0.5], np.zeros((2, dimension)), variances)
        estimate = simulate_clones(mixture, times, walkers=walkers, seed=0, threads=2)
        mean.append(estimate.mean)
        error.append(estimate.standard_error)
    return {
        "walkers": walkers,
        "grid": grid,
        "exact": np.array([two_variance_agreement(d, variances, 0.5, grid) for d in dimensions]),
        "time": times,
        "mean": np.array(mean),
        "error": np.array(error),
        "shift": np.linspace(-1.2, 1.6, 141),
        "leading": two_class_agreement(np.exp(-4.0 * np.linspace(-1.2, 1.6, 141))),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    right.plot(data["shift"], data["leading"], "--", color="black", label="leading order")
    for series, dimension in enumerate(data["dimensions"]):
        colour = style.COLOURS[series]
        transition = float(order_time(2, dimension * (data["variances"][1] - data["variances"][0]) ** 2))
        left.plot(data["grid"], data["exact"][series], color=colour, label=f"$d$ = {dimension}")
        inside = (data["grid"] - transition > -1.2) & (data["grid"] - transition < 1.6)
        right.plot(data["grid"][inside] - transition, data["exact"][series][inside], color=colour)
        signal = np.exp(-4.0 * (data["grid"] - transition))
        left.plot(data["grid"], two_class_agreement(signal), "--", color=colour, linewidth=0.8)
        if series < len(data["mean"]):
            style.simulation(left, data["time"], data["mean"][series], data["error"][series], series)
    for axes in (left, right):
        axes.axhline(0.7752, color="grey", linewidth=0.6, linestyle=":")
        axes.set_ylabel(r"clone agreement $\phi$")
    left.set_xlabel("diffusion time $t$")
    right.set_xlabel(r"$t - \frac{1}{4}\log(d\,\Delta^2/8)$")
    entries, _ = left.get_legend_handles_labels()
    lines = {"exact": "-", "leading order": "--", "clones": "o"}
    left.legend(handles=entries + style.keys(**lines), fontsize=6)
    right.legend()
    return figure
