"""The transition from paramagnet to spin glass in finite networks: susceptibility and Binder ratio."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.rbm import Model, glass_line, simulate, solve
from statphys_gen.units import Binary, Gaussian, Prior

PAPER = ("2506.10552", "", "ours")
TITLE = "Boltzmann machines: spin-glass susceptibility and Binder ratio"
CAPTION = (
    "One binary pattern for each hidden unit, convention g = sqrt(beta); binary hidden units at load "
    "{binary_load:g} (top) and Gaussian ones (Hopfield) at load {gaussian_load:g} (bottom). Left: "
    "spin-glass susceptibility N [q_12^2] of two chains in the same network. Line: theory in the "
    "paramagnet (N to infinity), which diverges at the glass transition (grey line). Right: Binder ratio "
    "(3 - [q_12^4]/[q_12^2]^2)/2, 0 in the paramagnet of a large network. Points: block Gibbs sampling "
    "from random states, {instances} networks, {chains} chains and {sweeps} sweeps for each point; error "
    "bars: one standard error over the networks (jackknife for the ratio). Below the transition q_12^2 "
    "grows like the size and chains relax slowly; near it the corrections are of relative size N^(-1/3)."
)

UNITS: tuple[tuple[str, Prior], ...] = (("binary", Binary()), ("Gaussian", Gaussian()))
RATIOS = (0.85, 0.95, 1.05, 1.15, 1.3, 1.5, 1.8)


def _binder(square: np.ndarray, fourth: np.ndarray) -> tuple[float, float]:
    """The ratio of the averages over networks, and its jackknife error."""
    count = len(square)
    value = 0.5 * (3.0 - fourth.mean() / square.mean() ** 2)
    without = 0.5 * (
        3.0 - (fourth.sum() - fourth) / (count - 1.0) / ((square.sum() - square) / (count - 1.0)) ** 2
    )
    return float(value), math.sqrt((count - 1.0) * float(np.var(without)))


def compute(preset: str, *, binary_load: float = 0.5, gaussian_load: float = 0.1) -> dict[str, Any]:
    quick = preset == "quick"
    sizes = (100, 200) if quick else (200, 400, 800)
    instances, chains, sweeps = (16, 8, 80) if quick else (32, 8, 300)
    ratios = np.array(RATIOS[::2] if quick else RATIOS)
    curve = np.linspace(1.02, 2.0, 50)
    theory, borders = [], []
    table = np.full((len(UNITS), len(sizes), 2, 2, ratios.size), np.nan)
    for i, ((_, hidden), load) in enumerate(zip(UNITS, (binary_load, gaussian_load), strict=True)):
        model = Model(hidden, 1.0, load, convention="sqrt-beta")
        border = float(glass_line(model, between=(0.3, 3.0))["temperature"])
        borders.append(border)
        theory.append(
            1.0 / solve(model, "paramagnet", temperature=border * curve)["inverse_spin_glass_susceptibility"]
        )
        for j, size in enumerate(sizes):
            for k, ratio in enumerate(ratios):
                hot = model.replace(temperature=border * float(ratio))
                run = simulate(hot, size, instances, chains=chains, sweeps=sweeps, seed=0)
                square = run.estimate("overlap_square")
                table[i, j, 0, :, k] = size * float(square.mean), size * float(square.standard_error)
                moments = run.values["overlap_square"], run.values["overlap_fourth_power"]
                table[i, j, 1, :, k] = _binder(*moments)
    return {
        "instances": instances,
        "chains": chains,
        "sweeps": sweeps,
        "sizes": sizes,
        "ratios": ratios,
        "curve": curve,
        "theory": theory,
        "borders": borders,
        "table": table,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2, rows=2, height=4.4)
    loads = (data["binary_load"], data["gaussian_load"])
    for i, ((name, _), load) in enumerate(zip(UNITS, loads, strict=True)):
        left, right = panels[2 * i], panels[2 * i + 1]
        border = data["borders"][i]
        left.plot(border * data["curve"], data["theory"][i], color="black", label="theory")
        for j, size in enumerate(data["sizes"]):
            for axes, (mean, error) in zip((left, right), data["table"][i, j], strict=True):
                style.simulation(axes, border * data["ratios"], mean, error, j, f"$N$ = {size}")
        for axes in (left, right):
            axes.axvline(border, color="grey", linewidth=0.6, label="glass transition")
            axes.set(xlabel="temperature $T$", title=f"{name} hidden units, load {load:g}")
        right.axhline(0.0, color="black", linewidth=0.6)
        left.set(yscale="log", ylabel=r"susceptibility $\chi_\mathrm{SG}$", ylim=(0.9, 30.0))
        left.minorticks_off()
        left.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        right.set(ylabel="Binder ratio")
        left.legend()
        right.legend()
    return figure
