"""Three spiral arms with a core and a background, and what three ways of fitting a tree make of them."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.numerics import minimum_spanning_tree
from statphys_gen.principal_graph import Background, FitOptions, fit_principal_graph

PAPER = (
    "2106.09035",
    "page",
    "stand-in: points about three arms drawn here, and other tools than those of the picture",
)
TITLE = "Principal graphs: three arms in a background, three ways"
CAPTION = (
    "{samples} points about three spiral arms with a core, {outliers:g} of them uniform (seed {seed}). Left: "
    "minimum spanning tree of the means of {nodes:g} spherical Gaussians (scikit-learn). Middle: the graph "
    "without a class for outliers (background none), whose nodes grow wide instead. Right: with it, {nodes:g} "
    "nodes at most; the smoothing is cross-validated in both."
)
NAMES = ("mixture", "without", "graph")


def compute(
    preset: str, *, samples: int = 2666, nodes: int = 100, outliers: float = 0.2, seed: int = 0
) -> dict[str, Any]:
    from sklearn.mixture import GaussianMixture

    random = np.random.default_rng(seed)
    u = np.sqrt(random.random(samples))
    angle = 1.25 * np.pi * u + 2.0 * np.pi / 3.0 * random.integers(3, size=samples)
    points = np.stack([u * np.cos(angle), u * np.sin(angle)], 1) + 0.035 * random.standard_normal(
        (samples, 2)
    )
    core = random.random(samples) < 0.12
    points[core] = 0.08 * random.standard_normal((int(core.sum()), 2))
    outside = random.random(samples) < outliers
    points[outside] = random.uniform(-1.2, 1.2, (int(outside.sum()), 2))
    options = FitOptions(nodes=nodes, iterations=80 if preset == "quick" else 500, tolerance=1e-6, seed=seed)
    plain = GaussianMixture(nodes, covariance_type="spherical", max_iter=60, tol=1e-3, random_state=seed)
    means = plain.fit(points).means_
    found = [(means, minimum_spanning_tree(means).edges)]
    for background in (Background("none"), Background()):
        fit = fit_principal_graph(points, options.replace(background=background))
        found.append((fit.nodes, fit.edges))
    data: dict[str, Any] = {"x": points[:, 0], "y": points[:, 1]}
    for name, (where, edges) in zip(NAMES, found, strict=True):
        ends = where[edges]
        path = np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1).reshape(-1, 2)
        data[f"{name}_x"], data[f"{name}_y"] = path[:, 0], path[:, 1]
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, height=2.6)
    words = ("Gaussians and tree", "no background", "with background")
    for axes, name, title in zip(panels, NAMES, words, strict=True):
        axes.plot(data["x"], data["y"], ".", color="#BBBBBB", markersize=1)
        axes.plot(data[f"{name}_x"], data[f"{name}_y"], color=style.COLOURS[1], linewidth=1.0)
        axes.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal", title=title)
    return figure
