"""The three regimes of the backward process with the score of a few training points, in the plane."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from statphys_gen import style
from statphys_gen.data import GaussianMixture
from statphys_gen.diffusion import NoisedMixture, bayes_time, clone_agreement, collapse_time
from statphys_gen.statistics import generator

PAPER = ("2402.18491", "1", "stand-in: our two classes and training points, without the strips of images")
TITLE = "Three regimes of a backward process: noise, generalisation, memorisation"
CAPTION = (
    "Two Gaussian classes in the plane with means at +-{separation:g} (cos 0.45, sin 0.45), and variances "
    "{variances} along the axes; {samples} training points. Backward trajectories with the exact score of the "
    "training points, by the exact backward kernel (simulation). Top: first coordinate of {trajectories} of them, "
    "two of them thick; colour: class of the point on which they end. Bands: I, noise; II, the class is chosen; "
    "III, collapse onto training points; between them the speciation time t_S of the two classes (bayes) and the "
    "collapse time t_C, where log n equals the information of x_t on its source (leading order in d; here d = 2, "
    "and the passage is gradual). Bottom: probability that two trajectories from one x_t end on the same class, "
    "and on the same training point; symbols: {walkers} noised training points, one standard error; line: two "
    "such classes without training points. Left: density of the noised law at time {late:g} and of the data, "
    "contours at 10, 30, 50, 70 and 90 % of the highest, and the two thick trajectories there and to the end; "
    "crosses: training points."
)
_LATE, _END = 4.0, 1e-3
_ANGLE = 0.45
_BANDS = ("#dddddd", "#cfe8f5", "#fbe7c6")


def _law(separation: float, variances: tuple[float, ...]) -> GaussianMixture:
    mean = separation * np.array([math.cos(_ANGLE), math.sin(_ANGLE)])
    return GaussianMixture([0.5, 0.5], [mean, -mean], [list(variances)])


def compute(
    preset: str,
    *,
    separation: float = 2.0,
    variances: tuple[float, float] = (0.15, 0.6),
    samples: int = 8,
) -> dict[str, Any]:
    trajectories, walkers = (30, 2000) if preset == "quick" else (60, 40_000)
    law = _law(separation, variances)
    rng = generator(0, {"figure": "regimes"})
    components = np.arange(samples) * 2 // samples
    points = NoisedMixture(law).sample(components, 0.0, rng)
    empirical = NoisedMixture(GaussianMixture(np.full(samples, 1 / samples), points, 0.0))
    times = np.geomspace(_LATE, _END, 400)
    x = rng.standard_normal((trajectories, 2))
    path = [x]
    for start, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        x, _ = empirical.backward(x, start, end, rng)
        path.append(x)
    ends = np.linalg.norm(x[:, None] - points, axis=2).argmin(axis=1)
    looks, fine = np.geomspace(_LATE, _END, 22), np.geomspace(_LATE, _END, 120)
    same = np.array([_same(empirical, components, float(t), walkers, rng) for t in looks])
    grid = np.linspace(-1.9 * separation, 1.9 * separation, 121)
    plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    return {
        "trajectories": trajectories,
        "walkers": walkers,
        "late": _LATE,
        "points": points,
        "time": times,
        "path": np.stack(path, axis=1),
        "class": components[ends],
        "looks": looks,
        "same": same[:, 0].T,
        "same_error": same[:, 1].T,
        "fine": fine,
        "smooth": clone_agreement(law, fine).value,
        "grid": grid,
        "density": np.exp([NoisedMixture(law).log_density(plane, t) for t in (_LATE, 0.0)]).reshape(
            2, 121, 121
        ),
        "speciation": float(bayes_time(law).require()["time"]),
        "collapse": float(collapse_time(law, math.log(samples)).require()["time"]),
    }


def _same(
    empirical: NoisedMixture, components: NDArray[Any], time: float, walkers: int, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Probabilities of the same class and the same point, with standard errors, over noised training points."""
    x = empirical.sample(np.arange(walkers) % len(components), time, rng)
    weights = empirical.posterior(x, time)
    first = weights[:, components == 0].sum(axis=1)
    rows = np.stack([first**2 + (1.0 - first) ** 2, (weights**2).sum(axis=1)])
    return rows.mean(axis=1), rows.std(axis=1, ddof=1) / math.sqrt(walkers)


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2, 2, height=4.6, width_ratios=(1.0, 1.7))
    noise, top, plane, bottom = panels
    blue, red = style.COLOURS[0], style.COLOURS[1]
    colours = [(blue, red)[int(c)] for c in data["class"]]
    # One thick trajectory to each class.
    thick = [int(np.flatnonzero(data["class"] == c)[0]) for c in (0, 1)]
    for k, colour in enumerate(colours):
        bold = k in thick
        top.plot(
            data["time"],
            data["path"][k, :, 0],
            color=colour,
            linewidth=1.6 if bold else 0.4,
            alpha=1.0 if bold else 0.6,
            zorder=3 if bold else 2,
        )
    for series, name in enumerate(("same class", "same training point")):
        style.simulation(
            bottom, data["looks"], data["same"][series], data["same_error"][series], series, name
        )
    bottom.plot(data["fine"], data["smooth"], color=blue, label="same class, no training points")
    bottom.legend(loc="lower right", fontsize=6)
    _planes(noise, plane, data, thick, colours)
    late, end = float(data["time"][0]), float(data["time"][-1])
    for axes in (top, bottom):
        borders = (late, float(data["speciation"]), float(data["collapse"]), end)
        for high, low, shade in zip(borders[:-1], borders[1:], _BANDS, strict=True):
            axes.axvspan(low, high, color=shade, linewidth=0.0, zorder=0)
        for time in borders[1:-1]:
            axes.axvline(time, color="black", linewidth=0.8, linestyle="--")
        axes.set(xscale="log", xlim=(late, end), xlabel="diffusion time $t$ (generation runs to the right)")
    for time, name in ((borders[1], "$t_S$"), (borders[2], "$t_C$")):
        top.text(time, 1.01, name, transform=top.get_xaxis_transform(), ha="center", va="bottom")
    for k, name in enumerate(("I", "II", "III")):
        middle = math.sqrt(borders[k] * borders[k + 1])
        top.text(middle, 0.02, name, transform=top.get_xaxis_transform(), ha="center", va="bottom")
    top.set(ylabel="first coordinate")
    bottom.set(ylabel="probability", ylim=(0.0, 1.05))
    names = ("I: noise", "II: class chosen", "III: collapse")
    bands = [Patch(color=shade, label=name) for shade, name in zip(_BANDS, names, strict=True)]
    ends = [Patch(color=c, label=f"ends on the {n} class") for c, n in ((blue, "first"), (red, "second"))]
    style.legend_below(top, [*bands, *ends], 5)
    return figure


def _planes(noise: Axes, plane: Axes, data: dict[str, Any], thick: list[int], colours: list[str]) -> None:
    for axes, density, title in ((noise, data["density"][0], "noise"), (plane, data["density"][1], "data")):
        levels = density.max() * np.array([0.1, 0.3, 0.5, 0.7, 0.9])
        axes.contour(data["grid"], data["grid"], density, levels=levels, colors="grey", linewidths=0.6)
        axes.set(xlabel="first coordinate", ylabel="second coordinate", title=title, aspect="equal")
    for k in thick:
        path = data["path"][k]
        noise.plot(*path[0], "o", color=colours[k])
        plane.plot(*path.T, color=colours[k], linewidth=0.8)
    plane.plot(*data["points"].T, "x", color="black", label="training points")
    plane.legend(fontsize=6, loc="upper left")
