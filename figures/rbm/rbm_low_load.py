"""Low load with an extensive hidden layer of binary units: overlap, mixtures of patterns and their stability."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, Repeated, simulate, solve
from statphys_gen.units import Binary

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines at low load: retrieval and mixtures with two binary layers"
CAPTION = (
    "Two layers of +-1 units with couplings (g/N) sum_k xi_i^k eta_a^k over finitely many pairs of "
    "patterns (ensemble repeated, g = 1/T): every pattern is carried by extensively many hidden units, so "
    "that bounded units retrieve. Left: overlap with one pattern for the ratios alpha = {ratios} of "
    "hidden to visible units; it starts continuously at beta = 1/sqrt(alpha) (ticks on the axis); points: "
    "block Gibbs sampling from the pattern, {instances} networks of {size} visible units, 4 chains and "
    "{sweeps} sweeps, error bars: one standard error over the networks. Middle: overlap of symmetric "
    "mixtures of L = {mixtures} patterns against temperature (equal layers), solid where they are stable. "
    "Right: the smaller one of the two stability eigenvalues, against further patterns and against "
    "unequal overlaps within the mixture; a mixture is stable above 0. Mixtures of an odd number become "
    "stable when it is cold, those of an even number never. Lines: theory (N to infinity)."
)


def _model(ratio: float, patterns: int) -> Model:
    return Model(
        Binary(),
        1.0,
        0.0,
        convention="beta",
        couplings=Repeated(ratio),
        condensed=patterns,
    )


def compute(
    preset: str,
    *,
    ratios: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0),
    mixtures: tuple[int, ...] = (1, 2, 3, 4, 5),
) -> dict[str, Any]:
    quick = preset == "quick"
    number = 60 if quick else 300
    # Denser towards the onset, where the overlap grows as a square root.
    beta = [ratio**-0.5 + (3.0 - ratio**-0.5) * np.linspace(0.02, 1.0, number) ** 2 for ratio in ratios]
    single = [
        solve(_model(ratio, 1), "retrieval", temperature=1.0 / row)["overlap"]
        for ratio, row in zip(ratios, beta, strict=True)
    ]
    temperature = 1.0 - 0.9 * np.linspace(0.02, 1.0, number) ** 2
    overlap, stability = [], []
    for patterns in mixtures:
        found = solve(_model(1.0, patterns), "retrieval", temperature=temperature)
        overlap.append(found["overlap"])
        least = found["pattern_stability"]
        if patterns > 1:
            least = np.minimum(least, found["mixture_stability"])
        stability.append(least)
    size, instances, sweeps = (200, 8, 100) if quick else (500, 16, 200)
    points = np.array([1.2, 1.6, 2.4, 2.9])
    mean, error = np.full((2, len(ratios), points.size), np.nan)
    for k, ratio in enumerate(ratios):
        for j, value in enumerate(points):
            if value**2 * ratio > 1.45:
                cold = _model(ratio, 1).replace(temperature=float(1.0 / value))
                run = simulate(cold, size, instances, chains=4, sweeps=sweeps, start="pattern", seed=0)
                estimate = run.estimate("overlap")
                mean[k, j], error[k, j] = float(estimate.mean), float(estimate.standard_error)
    return {
        "size": size,
        "instances": instances,
        "sweeps": sweeps,
        "points": points,
        "mean": mean,
        "error": error,
        "beta": beta,
        "single": single,
        "temperature": temperature,
        "overlap": overlap,
        "stability": stability,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.4)
    for series, ratio in enumerate(data["ratios"]):
        colour = style.COLOURS[series]
        left.plot(data["beta"][series], data["single"][series], color=colour, label=rf"$\alpha$ = {ratio:g}")
        style.simulation(left, data["points"], data["mean"][series], data["error"][series], series)
        left.plot([ratio**-0.5] * 2, [0.0, 0.04], color=colour, linewidth=2.5)
    temperature = data["temperature"]
    for series, patterns in enumerate(data["mixtures"]):
        colour = style.COLOURS[series]
        overlap, stability = data["overlap"][series], data["stability"][series]
        middle.plot(temperature, overlap, "--", color=colour, linewidth=0.8)
        middle.plot(
            temperature, np.where(stability > 0, overlap, np.nan), color=colour, label=f"$L$ = {patterns}"
        )
        right.plot(temperature, stability, color=colour)
    right.axhline(0.0, color="grey", linewidth=0.6)
    left.set(xlim=(0.6, 3.05), xlabel=r"inverse temperature $\beta$", ylabel="overlap $m$", ylim=(0.0, 1.02))
    middle.set(xlabel="temperature $T$", ylabel="overlap $m$ with each of $L$", ylim=(0.0, 1.02))
    notes = {"stable mixture (middle)": "-", "unstable": "--"}
    style.legend_below(middle, style.keys(**notes), 2)
    right.set(xlabel="temperature $T$", ylabel="smallest stability", ylim=(-1.5, 1.05))
    left.legend(loc="lower right", handlelength=0.8, borderaxespad=0.2, fontsize=6)
    middle.legend(loc="center left", bbox_to_anchor=(0.0, 0.74), handlelength=1.0)
    return figure
