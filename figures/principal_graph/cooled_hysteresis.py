"""Two, three and four components of a skewed law, cooled and heated again."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.principal_graph import GaussianMixture, anneal, draw_points, landau, linear_temperature

PAPER = ("2010.07955", "", "ours")
TITLE = "Cooled mixtures: more than two components of a skewed law jump"
CAPTION = (
    "Spread of {components} components with equal weights, over the standard deviation of the points, against the "
    "temperature over $T_c$: EM on one sample (seed {seed}) of {samples} points of a law with weights {weight:g} and "
    "the rest, distance {distance:g} and variance {variance:g}, cooled from a tiny displacement (filled) and heated "
    "from the split state (open). Dotted in the same colour: where the split state ends by the expansion to fourth "
    "order, to leading order in the skewness (theory); two components split at $T_c$ without a jump."
)


def compute(
    preset: str,
    *,
    components: tuple[float, ...] = (2.0, 3.0, 4.0),
    samples: int = 800,
    weight: float = 0.85,
    distance: float = 3.0,
    variance: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    law = GaussianMixture([weight, 1.0 - weight], [[0.0], [distance]], variance)
    points = draw_points(law, samples, seed=seed)
    # The sample has its own first transition: temperatures in its units.
    spread = float(points.var())
    ratio = np.linspace(0.955, 1.075, 13 if preset == "quick" else 49)
    data: dict[str, Any] = {"ratio": ratio, "count": np.array([round(k) for k in components])}
    ends = []
    for count in data["count"].tolist():
        found = landau(law, count)
        ends.append((found.spinodal_temperature or np.nan) / linear_temperature(law))
        shares = np.full(count, 1.0 / count)
        along = np.linspace(-1.0, 1.0, count)[:, None] + 0.1 * (np.arange(count) == count - 1)[:, None]
        for way, order in (("cooled", ratio[::-1]), ("heated", ratio)):
            if way == "cooled":
                mu = points.mean(0) + 1e-3 * along
            else:
                mu = points.mean(0) + np.sqrt(spread) * along
            values = []
            for r in order:
                mu = anneal(points, mu, shares, float(r * spread), learned=False).centroids
                values.append(float(mu.std() / np.sqrt(spread)))
                mu = mu + 1e-3 * along if way == "cooled" else mu
            data[f"{way}_{count}"] = np.array(values if way == "heated" else values[::-1])
    data["end"] = np.array(ends)
    return data


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    for k, count in enumerate(data["count"].tolist()):
        colour = style.COLOURS[k]
        axes.plot(
            data["ratio"], data[f"heated_{count}"], "o-", color=colour, markerfacecolor="white", linewidth=0.8
        )
        axes.plot(
            data["ratio"], data[f"cooled_{count}"], "o-", color=colour, linewidth=0.8, label=f"$K$ = {count}"
        )
        axes.axvline(float(data["end"][k]), color=colour, linestyle=":", linewidth=0.9)
    axes.plot([], [], "o-", color="grey", linewidth=0.8, label="cooled")
    axes.plot([], [], "o-", color="grey", markerfacecolor="white", linewidth=0.8, label="heated")
    axes.plot([], [], color="grey", linestyle=":", linewidth=0.9, label="end, theory")
    axes.set(xlabel="temperature over $T_c$", ylabel="spread of the centroids")
    axes.legend()
    return figure
