"""Pictures of the command line's results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import FloatArray
from ..data.dataset import DataSet
from ..data.principal import principal_directions
from ..style import COLOURS, COLUMN_WIDTH, picture
from .analysis.fit import PrincipalGraphFit
from .model import WeightKind
from .theory.cascade import Cascade
from .theory.clusters import ClusterState
from .theory.mixture import Law, moments, top_direction, weighted_points
from .theory.splits import SplitTemperatures
from .theory.stationary import stationary_state

if TYPE_CHECKING:
    from ..style import Axes


def plot_states(
    law: Law,
    components: int,
    weight_kind: WeightKind,
    temperature: Sequence[float],
    path: Path | None = None,
    *,
    axes: Axes | None = None,
) -> Axes:
    """Centroids along the top direction against the temperature, and the temperatures that were asked for."""
    points = weighted_points(law)
    mean, covariance = moments(points)
    critical, direction = top_direction(covariance)
    lower = min(0.3 * critical, 0.8 * min(temperature))
    grid = np.geomspace(1.3 * max(critical, *temperature), lower, 60)
    with picture(path, axes=axes) as (_, (axes,)):
        for temperatures, style in ((grid, "-"), (np.array(temperature), "o")):
            found = stationary_state(points, temperatures, components, weight_kind)
            along = np.sort((found["centroids"] - mean) @ direction, axis=1)
            for k in range(components):
                axes.plot(temperatures, along[:, k], style, color=COLOURS[k % len(COLOURS)])
        axes.axvline(critical, color="grey", linestyle=":", label="$T_c$")
        axes.set(xscale="log", xlabel="temperature $T$", ylabel="centroid along the top direction")
        axes.legend()
    return axes


def plot_splits(found: SplitTemperatures, path: Path | None = None, *, axes: Axes | None = None) -> Axes:
    """Largest local eigenvalue over T along the branch, with its crossings of 1."""
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(found.grid, found.ratio, color=COLOURS[0])
        axes.axhline(1.0, color="grey", linewidth=0.8)
        for side, marker in (("below", "v"), ("above", "^")):
            at = [entry.temperature for entry in found.crossings if entry.unstable == side]
            if at:
                axes.plot(at, np.ones(len(at)), marker, color=COLOURS[1], label=f"unstable {side}")
        axes.set(xscale="log", xlabel="temperature $T$", ylabel=r"largest $\lambda_{\max}(C_g)/T$")
        if found.crossings:
            axes.legend()
    return axes


def plot_cascade(found: Cascade, path: Path | None = None, *, axes: Axes | None = None) -> Axes:
    """Weights of the certified components against the temperature, with the events."""
    with picture(path, axes=axes) as (_, (axes,)):
        for state in found.states:
            axes.plot(
                np.full(state.clusters, state.temperature), state.weights, ".", color=COLOURS[0], markersize=2
            )
        for entry in found.events:
            axes.axvline(entry.temperature, color="grey", linewidth=0.6, linestyle=":")
        axes.set(xscale="log", xlabel="temperature $T$", ylabel="weight of a component", ylim=(0.0, 1.05))
    return axes


def plot_clusters(
    points: DataSet | ArrayLike,
    states: Sequence[ClusterState],
    path: Path | None = None,
    *,
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Points with the components of each temperature, their size the standard deviation sqrt(T)."""
    from matplotlib.patches import Circle

    shown, basis, mean, names = _plane(points)
    with picture(path, columns=len(states), axes=axes) as (_, panels):
        for panel, state in zip(panels, states, strict=True):
            panel.plot(shown[:, 0], shown[:, 1], ".", color="grey", markersize=2)
            for k, (x, y) in enumerate((state.centroids - mean) @ basis.T):
                colour = COLOURS[k % len(COLOURS)]
                panel.plot(x, y, "o", color=colour, markersize=2 + 6 * state.weights[k])
                panel.add_patch(Circle((x, y), np.sqrt(state.temperature), fill=False, color=colour))
            panel.set(xlabel=names[0], ylabel=names[1], title=f"$T$ = {state.temperature:g}", aspect="equal")
    return panels


def plot_fit(
    points: DataSet | ArrayLike, fit: PrincipalGraphFit, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Points by their probability of a pattern, and the graph with its widths."""
    shown, basis, mean, names = _plane(points)
    nodes = (fit.nodes - mean) @ basis.T
    with picture(path, height=0.9 * COLUMN_WIDTH, axes=axes) as (figure, (axes,)):
        drawn = axes.scatter(
            shown[:, 0], shown[:, 1], c=fit.pattern_probability, s=2, cmap="viridis", vmin=0.0, vmax=1.0
        )
        figure.colorbar(drawn, ax=axes, label="probability of a pattern")
        _plot_graph(axes, nodes, fit)
        axes.set(xlabel=names[0], ylabel=names[1], aspect="equal")
    return axes


def _plot_graph(axes: Any, nodes: FloatArray, fit: PrincipalGraphFit) -> None:
    """Edges, nodes, and circles of one standard deviation around them, in the plane of the picture."""
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Circle

    circles = [
        Circle((x, y), r) for (x, y), r in zip(nodes.tolist(), np.sqrt(fit.variances).tolist(), strict=True)
    ]
    axes.add_collection(PatchCollection(circles, facecolor=COLOURS[1], alpha=0.15, linewidth=0))
    axes.add_collection(LineCollection(list(nodes[fit.edges]), colors=COLOURS[1], linewidths=1.2))
    axes.plot(nodes[:, 0], nodes[:, 1], "o", color=COLOURS[1], markersize=1.5)


def _plane(given: DataSet | ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str, str]]:
    """Points in the plane of a picture, its basis (2, D) and origin, and what stands on the axes."""
    points = given if isinstance(given, DataSet) else DataSet.from_arrays(given)
    D = points.dimension
    if D <= 2:
        basis = np.eye(2, D)
        return points.points @ basis.T, basis, np.zeros(D), ("first coordinate", "second coordinate")
    mean = points.weights @ points.points
    basis = principal_directions(points, 2).vectors
    return (
        (points.points - mean) @ basis.T,
        basis,
        mean,
        ("first principal direction", "second principal direction"),
    )
