"""Objective and gradient of a fit along its iterations."""

from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import FitOptions, draw_ridge, fit_principal_graph

PAPER = ("2106.09035", "", "ours")
TITLE = "Principal graphs: the objective never decreases"
CAPTION = (
    "Last stage of fits to {samples} points about four curves with a fifth of outliers, {nodes} nodes, stiffness "
    "{stiffness:g}, seed {seed}. Left: what the objective still gains, per point. Right: largest entry of its "
    "gradient, in standard errors; dotted: where a fit counts as converged. No iteration lowers the objective by "
    "more than rounding; the gradient jumps where the tree changes. Neither a rate nor the largest of all maxima is "
    "claimed."
)
NAMES: tuple[Literal["spiral", "tree", "loop", "width"], ...] = ("spiral", "tree", "loop", "width")


def compute(
    preset: str, *, samples: int = 1000, nodes: int = 40, stiffness: float = 800.0, seed: int = 0
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name in NAMES:
        ridge = draw_ridge(name, samples if preset == "quick" else 3 * samples, seed=seed)
        fit = fit_principal_graph(
            ridge.points, FitOptions(nodes=nodes, stiffness=stiffness, iterations=400, seed=seed)
        )
        count = len(fit.objective)
        left = (fit.objective[-1] - fit.objective) / samples
        data[f"{name}_iteration"] = np.arange(count, dtype=np.float64)
        # The last gains are rounding.
        data[f"{name}_left"] = np.where(left > 1e-13, left, np.nan)
        data[f"{name}_residual"] = fit.residuals
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for k, name in enumerate(NAMES):
        for axes, what in ((left, "left"), (right, "residual")):
            axes.plot(
                data[f"{name}_iteration"],
                data[f"{name}_{what}"],
                color=style.COLOURS[k],
                label=name,
                linewidth=1.0,
            )
    right.axhline(1e-6, color="grey", linewidth=0.8, linestyle=":")
    left.set(yscale="log", xlabel="iteration", ylabel="objective still to gain, per point")
    right.set(yscale="log", xlabel="iteration", ylabel="largest gradient")
    left.legend()
    right.legend()
    return figure
