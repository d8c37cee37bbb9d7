"""Excess risk at which stochastic descent settles, against the learning rate."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.score_matching import (
    NoisedSample,
    ScoreNetwork,
    critical_learning_rate,
    network_risk,
    simulate_stochastic_descent,
    stationary_excess_risk,
    stationary_point,
)

PAPER = ("2502.03435", "", "ours")
TITLE = "Score networks: the noise floor of stochastic descent"
CAPTION = (
    "Excess risk over a minimum of two neurons at which descent with {batch} fresh samples a step settles "
    "(points -1, 0.6 and 0.9, noise scale {noise_scale:g}). Line: theory, leading order in the learning "
    "rate, which diverges at the critical learning rate {critical:.3f} (dotted). Symbols: {starts} runs "
    "from the minimum, mean over the second half; error bars, one standard error. At large rates the "
    "landscape is not quadratic, which the line leaves out."
)


def compute(preset: str, *, batch: int = 4, noise_scale: float = 0.6) -> dict[str, Any]:
    starts, count = (200, 5) if preset == "quick" else (2000, 8)
    sample = NoisedSample((-1.0, 0.6, 0.9), 0.9, noise_scale)
    start = ScoreNetwork((1.0, -1.0), (-5.0, 1.2), (-0.65, 0.75))
    found = stationary_point(sample, start).require()
    minimum = start.replace(outer=tuple(found["outer"].tolist()), bias=tuple(found["bias"].tolist()))
    critical, floor = critical_learning_rate(sample, minimum), network_risk(sample, minimum)
    grid = critical * np.geomspace(0.02, 0.97, 120)
    rates = critical * np.geomspace(0.04, 0.4, count)
    measured = []
    for eta in rates.tolist():
        last = round(120.0 / eta)
        kept = np.linspace(0.5 * last, last, 8).astype(int)
        runs = simulate_stochastic_descent(
            sample, [minimum] * starts, eta, last, batch=batch, kept=kept, nodes=600
        )
        levels = runs.risk.mean(axis=1) - floor
        measured.append([levels.mean(), levels.std(ddof=1) / np.sqrt(starts)])
    return {
        "starts": starts,
        "critical": critical,
        "grid": grid,
        "theory": stationary_excess_risk(sample, minimum, grid, batch=batch),
        "rates": rates,
        "measured": np.array(measured),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    axes.plot(data["grid"], data["theory"], color=style.COLOURS[0], label="leading order")
    mean, error = data["measured"].T
    style.simulation(axes, data["rates"], mean, error, 1, "stochastic descent")
    axes.axvline(float(data["critical"]), color="grey", linewidth=0.8, linestyle=":", label=r"$\eta_c$")
    axes.set(
        xscale="log", yscale="log", xlabel=r"learning rate $\eta$", ylabel="excess risk over the minimum"
    )
    axes.legend(loc="upper left")
    return figure
