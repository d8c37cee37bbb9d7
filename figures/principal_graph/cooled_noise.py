"""The first split of two classes in noise against dimensions per point."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import simulate_first_split, spiked_split_temperature

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures: in many dimensions the first split says nothing of the classes"
CAPTION = (
    "First split of two classes at $\\pm\\sqrt{{\\theta}}$, $\\theta$ = {signal}, with noise of variance 1, against "
    "dimensions per point, $\\gamma=D/N$. Lines: theory as $D\\to\\infty$, $(1+\\theta)(1+\\gamma/\\theta)$ up to "
    "$\\gamma=\\theta^2$ (dots) and the edge of the noise, $(1+\\sqrt\\gamma)^2$, beyond. Markers: power iteration "
    "of EM in dimension {dimension:g}, {instances} samples, standard errors. Dashed: the edge. Finite samples of "
    "noise lie below the edge by the mean of Tracy and Widom's law."
)


def compute(
    preset: str, *, signal: tuple[float, ...] = (0.5, 1.0, 2.0), dimension: int = 150, instances: int = 4
) -> dict[str, Any]:
    gamma = np.geomspace(0.03, 6.0, 120)
    measured = np.geomspace(0.06, 4.0, 6 if preset == "quick" else 12)
    values = [[spiked_split_temperature(s, g) for g in gamma.tolist()] for s in signal]
    means, errors = [], []
    for s in signal:
        found = [
            simulate_first_split(s, dimension, round(dimension / g), instances=instances)
            for g in measured.tolist()
        ]
        means.append([float(e.mean) for e in found])
        errors.append([float(e.standard_error) for e in found])
    return {
        "gamma": gamma,
        "edge": (1.0 + np.sqrt(gamma)) ** 2,
        "split": np.array(values),
        "lost": np.array(signal) ** 2,
        "at_lost": np.array([spiked_split_temperature(s, s * s) for s in signal]),
        "theta": np.array(signal),
        "measured": np.array([dimension / round(dimension / g) for g in measured.tolist()]),
        "mean": np.array(means),
        "error": np.array(errors),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    axes.plot(data["gamma"], data["edge"], "--", color="grey", label="edge")
    for k, s in enumerate(data["theta"].tolist()):
        axes.plot(data["gamma"], data["split"][k], color=style.COLOURS[k], label=rf"$\theta$ = {s:g}")
        style.simulation(axes, data["measured"], data["mean"][k], data["error"][k], k)
    axes.plot(data["lost"], data["at_lost"], ".", color="black", markersize=5)
    axes.set(
        xscale="log", yscale="log", xlabel=r"dimensions per point $\gamma$", ylabel="first split temperature"
    )
    axes.legend()
    return figure
