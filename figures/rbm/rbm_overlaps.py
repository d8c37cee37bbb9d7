"""Order parameters against temperature: replica-symmetric theory and networks of three sizes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, simulate, solve, spinodal
from statphys_gen.units import Gaussian, Prior, ReLU

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: overlaps of the retrieval state against temperature"
CAPTION = (
    "Overlap m with the pattern and Edwards-Anderson overlap q of the retrieval state, for Gaussian "
    "hidden units at load {gaussian_load:g} (Hopfield network, left) and ReLU hidden units of threshold "
    "{threshold:g} at load {relu_load:g} (right); one binary pattern for each hidden unit, convention g = "
    "sqrt(beta). Lines: replica-symmetric theory (N to infinity) up to the end of the state (grey line). "
    "Points: block Gibbs sampling from the pattern at N = {smallest} to {largest} visible units, "
    "{instances} networks, {chains} chains and {sweeps} sweeps for each point; error bars: one standard "
    "error over the networks. Close to the grey line finite networks leave the state."
)

FIELDS = ("overlap", "edwards_anderson_overlap")


def _units(data: Mapping[str, Any]) -> list[tuple[str, Prior, float]]:
    """Name, prior and load of each panel."""
    relu = (rf"ReLU $\theta = {data['threshold']:g}$", ReLU(data["threshold"]), data["relu_load"])
    return [("Gaussian", Gaussian(), data["gaussian_load"]), relu]


def compute(
    preset: str, *, gaussian_load: float = 0.02, relu_load: float = 0.05, threshold: float = 0.0
) -> dict[str, Any]:
    quick = preset == "quick"
    sizes = (200, 400) if quick else (500, 1000, 2000)
    instances, chains, sweeps = (8, 4, 100) if quick else (16, 8, 400)
    points = np.array([0.3, 0.5, 0.6]) if quick else np.array([0.2, 0.3, 0.4, 0.5, 0.55, 0.6])
    curve = np.linspace(0.05, 0.75, 141 if quick else 281)
    given = {"threshold": threshold, "gaussian_load": gaussian_load, "relu_load": relu_load}
    units = _units(given)
    theory = np.full((len(units), len(FIELDS), curve.size), np.nan)
    mean, error = np.full((2, len(units), len(FIELDS), len(sizes), points.size), np.nan)
    ends = []
    for i, (_, hidden, load) in enumerate(units):
        model = Model(hidden, 1.0, load, convention="sqrt-beta")
        found = solve(model, "retrieval", temperature=curve)
        theory[i] = [found[name] for name in FIELDS]
        ends.append(float(spinodal(model, solve_for="temperature", between=(0.3, 1.0))["temperature"]))
        for j, size in enumerate(sizes):
            for k, temperature in enumerate(points):
                run = simulate(
                    model.replace(temperature=float(temperature)),
                    size,
                    instances,
                    chains=chains,
                    sweeps=sweeps,
                    start="pattern",
                    seed=0,
                )
                estimates = [run.estimate(name) for name in FIELDS]
                mean[i, :, j, k] = [float(estimate.mean) for estimate in estimates]
                error[i, :, j, k] = [float(estimate.standard_error) for estimate in estimates]
    return {
        "smallest": sizes[0],
        "largest": sizes[-1],
        "instances": instances,
        "chains": chains,
        "sweeps": sweeps,
        "sizes": sizes,
        "points": points,
        "curve": curve,
        "theory": theory,
        "mean": mean,
        "error": error,
        "ends": ends,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    for i, (axes, (name, _, load)) in enumerate(zip(panels, _units(data), strict=True)):
        for f, symbol in enumerate("mq"):
            axes.plot(
                data["curve"],
                data["theory"][i, f],
                "-" if f == 0 else "--",
                color="black",
                label=f"overlap ${symbol}$" if f == 0 else f"Edwards-Anderson ${symbol}$",
            )
            for j, size in enumerate(data["sizes"]):
                label = f"$N$ = {size}" if f == 0 else None
                # Shifted a little, so that the sizes can be told apart.
                shift = 0.006 * (j - 0.5 * (len(data["sizes"]) - 1))
                mean, error = data["mean"][i, f, j], data["error"][i, f, j]
                style.simulation(axes, data["points"] + shift, mean, error, j, label)
        axes.axvline(data["ends"][i], color="grey", linewidth=0.6, label="end of the state")
        axes.set(xlabel="temperature $T$", ylabel="overlap", ylim=(0.4, 1.02), title=f"{name}, load {load:g}")
        axes.legend(loc="lower left", fontsize=6)
    return figure
