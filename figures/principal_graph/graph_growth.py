"""Growth of a small displacement of the nodes of a graph from the mean, against the stiffness."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import (
    GaussianMixture,
    draw_points,
    graph_edges,
    graph_growth,
    simulate_graph_growth,
)

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: a stiff graph stays at the mean"
CAPTION = (
    "Factor by which a small displacement of {nodes} nodes from the mean grows in a step of EM at temperature "
    "{temperature:g}, for three graphs. Lines: theory. Markers: power iteration of EM itself on {instances} "
    "samples of {samples} points, standard errors. Below 1 the graph holds the nodes together."
)
LAW = GaussianMixture([0.4, 0.6], [[1.5, 0.3], [-1.0, -0.2]], [[0.5, 0.8]])
VARIANCE = 1.43 + 0.5 * np.sqrt(1.14**2 + 0.6**2)


def compute(
    preset: str, *, nodes: int = 7, temperature: float = 1.4, samples: int = 500, instances: int = 4
) -> dict[str, Any]:
    grid = np.geomspace(0.3, 300.0, 60)
    measured = np.geomspace(0.5, 200.0, 3 if preset == "quick" else 8)
    data: dict[str, Any] = {"grid": grid, "measured": measured}
    for name in ("chain", "star", "cycle"):
        edges = graph_edges(name, nodes)
        data[name] = np.array([graph_growth(edges, nodes, s, samples, VARIANCE, temperature) for s in grid])
        runs = np.array(
            [
                [
                    simulate_graph_growth(
                        draw_points(LAW, samples, replica=k), edges, nodes, float(s), temperature, steps=40
                    )
                    for s in measured
                ]
                for k in range(instances)
            ]
        )
        data[f"{name}_mean"] = runs.mean(axis=0)
        data[f"{name}_error"] = runs.std(axis=0, ddof=1) / np.sqrt(instances)
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    for k, name in enumerate(("chain", "star", "cycle")):
        axes.plot(data["grid"], data[name], color=style.COLOURS[k], label=name)
        style.simulation(axes, data["measured"], data[f"{name}_mean"], data[f"{name}_error"], k)
    axes.axhline(1.0, color="grey", linewidth=0.8)
    axes.set(xscale="log", xlabel=r"stiffness $\lambda$", ylabel="growth in a step of EM")
    axes.legend()
    return figure
