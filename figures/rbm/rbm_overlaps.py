"""Order parameters against temperature: replica-symmetric theory and networks of three sizes."""

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
    "hidden units at load 0.02 (Hopfield network, left) and ReLU hidden units at load 0.05 (right); one "
    "binary pattern for each hidden unit, convention g = sqrt(beta). Lines: replica-symmetric theory (N "
    "to infinity) up to the end of the state (grey line). Points: block Gibbs sampling from the pattern "
    "at N = {smallest} to {largest} visible units, {instances} networks, {chains} chains and {sweeps} "
    "sweeps for each point; error bars: one standard error over the networks. Close to the grey line "
    "finite networks leave the state."
)

UNITS: tuple[tuple[str, Prior, float], ...] = (
    ("Gaussian", Gaussian(), 0.02),
    (r"ReLU $\theta = 0$", ReLU(0.0), 0.05),
)
FIELDS = ("overlap", "edwards_anderson_overlap")


def compute(preset: str) -> dict[str, Any]:
    quick = preset == "quick"
    sizes = (200, 400) if quick else (500, 1000, 2000)
    instances, chains, sweeps = (8, 4, 100) if quick else (16, 8, 400)
    points = np.array([0.3, 0.5, 0.6]) if quick else np.array([0.2, 0.3, 0.4, 0.5, 0.55, 0.6])
    curve = np.linspace(0.05, 0.75, 57 if quick else 281)
    theory = np.full((len(UNITS), len(FIELDS), curve.size), np.nan)
    mean, error = np.full((2, len(UNITS), len(FIELDS), len(sizes), points.size), np.nan)
    ends = []
    for i, (_, hidden, load) in enumerate(UNITS):
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
    for i, (axes, (name, _, load)) in enumerate(zip(panels, UNITS, strict=True)):
        for f, symbol in enumerate("mq"):
            axes.plot(
                data["curve"],
                data["theory"][i, f],
                "-" if f == 0 else "--",
                color="black",
                label=f"${symbol}$",
            )
            for j, size in enumerate(data["sizes"]):
                label = f"$N$ = {size}" if f == 0 else None
                # Shifted a little, so that the sizes can be told apart.
                shift = 0.006 * (j - 0.5 * (len(data["sizes"]) - 1))
                mean, error = data["mean"][i, f, j], data["error"][i, f, j]
                style.simulation(axes, data["points"] + shift, mean, error, j, label)
        axes.axvline(data["ends"][i], color="grey", linewidth=0.6)
        axes.set(xlabel="temperature $T$", ylabel="overlap", ylim=(0.4, 1.02), title=f"{name}, load {load:g}")
        axes.legend(loc="lower left")
    return figure
