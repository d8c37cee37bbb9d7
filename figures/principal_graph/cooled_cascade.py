"""Five clusters on cooling: paths of the components, their local eigenvalues, and the number of clusters."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import GaussianMixture, WeightedPoints, draw_points, stationary_state

PAPER = (
    "2010.07955",
    "page",
    "stand-in: points drawn from clusters with the means and variances of the picture",
)
TITLE = "Cooled mixtures: five clusters part one after another"
CAPTION = (
    "{samples} points (seed {seed}) of five clusters of variances {variances}, and {components:g} components "
    "with equal weights that are cooled from $T$ = {highest:g} to {lowest:g}: theory of these points. Left: "
    "points and the paths of the components. Right: $\\Gamma_k=\\lambda_{{\\max}}(C_k)/T$ of every component "
    "(lines, left axis), which splits where it reaches 1 if it still has replicas (stars), the variances of the "
    "clusters (dashed), and the number of different components (grey steps, right axis)."
)
MEANS = ((-8.0, -0.5), (-4.0, -0.8), (2.5, 2.4), (5.0, 2.5), (4.7, -3.8))


def compute(
    preset: str,
    *,
    samples: int = 400,
    components: int = 16,
    highest: float = 80.0,
    lowest: float = 0.3,
    variances: tuple[float, ...] = (0.6, 0.8, 0.095, 0.155, 1.4),
    seed: int = 0,
) -> dict[str, Any]:
    law = GaussianMixture([1.0 / len(MEANS)] * len(MEANS), MEANS, variances)
    points = draw_points(law, samples if preset == "quick" else 5 * samples, seed=seed)
    grid = np.geomspace(highest, lowest, 60 if preset == "quick" else 240)
    found = stationary_state(WeightedPoints(points, samples=len(points)), grid, components)
    centroids, ratio = found["centroids"], found["local_eigenvalues"] / grid[:, None]
    number = np.empty(len(grid))
    # Largest ratio of a component that still has replicas; where it is about to split it tends to 1.
    ready = np.full(len(grid), np.nan)
    for i, T in enumerate(grid.tolist()):
        apart = ((centroids[i][:, None] - centroids[i]) ** 2).sum(-1) > 1e-6 * T
        number[i] = len(np.unique(apart, axis=0))
        several = (~apart).sum(axis=0) > 1
        ready[i] = ratio[i][several].max() if several.any() else np.nan
    splits = []
    for i in np.flatnonzero(np.diff(number) > 0).tolist():
        slope = np.log(ready[i] / ready[i - 1]) / np.log(grid[i] / grid[i - 1])
        at = grid[i] * np.exp(-np.log(ready[i]) / slope)
        splits.append(float(np.clip(at, grid[i + 1], grid[i])) if np.isfinite(at) else np.nan)
    return {
        "x": points[:, 0],
        "y": points[:, 1],
        "grid": grid,
        "path_x": centroids[:, :, 0].T,
        "path_y": centroids[:, :, 1].T,
        "ratio": ratio.T,
        "number": number,
        "split": np.array(splits),
        "at_one": np.ones(len(splits)),
        "spread": np.array(variances),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    left.plot(data["x"], data["y"], ".", color="#BBBBBB", markersize=2)
    for k in range(len(data["path_x"])):
        colour = style.COLOURS[k % 7]
        left.plot(data["path_x"][k], data["path_y"][k], color=colour, linewidth=0.9)
        right.plot(data["grid"], data["ratio"][k], color=colour, linewidth=0.9)
    left.plot(data["path_x"][:, -1], data["path_y"][:, -1], "o", color="black", markersize=3)
    left.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    right.axhline(1.0, color="grey", linewidth=0.8)
    right.plot(data["split"], data["at_one"], "*", color="black", markersize=7, zorder=4)
    for variance in data["spread"].tolist():
        if data["grid"].min() <= variance <= data["grid"].max():
            right.axvline(variance, color="grey", linewidth=0.7, linestyle="--")
    right.set(
        xscale="log", xlabel="temperature $T$", ylabel=r"$\Gamma_k=\lambda_{\max}(C_k)/T$", ylim=(0.0, 2.0)
    )
    other = right.twinx()
    other.step(data["grid"], data["number"], where="mid", color="grey", linewidth=0.9)
    other.set(ylabel="number of components", ylim=(0.0, None))
    other.spines["right"].set_visible(True)
    return figure
