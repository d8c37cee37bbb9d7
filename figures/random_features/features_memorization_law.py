"""How the time of memorization grows with the number of samples, by three criteria, and the local exponents."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray
from scipy.optimize import brentq

from statphys_gen import style
from statphys_gen.random_features import (
    FeatureMoments,
    RandomFeatures,
    learning_curves,
    memorization_time,
    model_coefficients,
    simulate_losses,
    training_window,
)

PAPER = ("2505.17638", "", "ours")
TITLE = "Random features: whether the time of memorization is proportional to n depends on its definition"
CAPTION = (
    "Three definitions of the time at which random features (tanh, t = {time:g}) memorize, against the number of "
    "samples, at p/d = {features}: test loss less train loss exceeds {gap:g}; the train loss has gone half of its "
    "way from the time of best stopping (dotted) to the end of training; the score error exceeds its smallest "
    "value by {tolerance:g} of it. Lines: theory (n, p, d to infinity), for n < p. Symbols: the same definitions "
    "applied to the mean losses of {draws} instances of the Gaussian equivalent (a reduced simulation) at p/d = "
    "{first:g} and d = {dimension}, not extrapolated, so that they are off by relative order 1/d; error bars: one "
    "standard error over {groups} such means. Right: local exponents d log tau / d log n, solid at the first p/d "
    "and dashed at the second; the paper reports 1 (grey). At p/d = 64 and t = 0.1, where the paper works, the "
    "three have no exponent in common; at p/d = 1000 the first two are near 1 over a decade of n each. The third "
    "leaves the panel where the score error passes its level on a plateau."
)
CRITERIA = ("gap of the losses", "half of the train loss", "score error above its best")
_DRAWS = 2  # instances whose mean losses are read
_END = 1e12


def compute(
    preset: str,
    *,
    features: tuple[float, ...] = (64.0, 1000.0),
    time: float = 0.1,
    gap: float = 0.1,
    tolerance: float = 0.5,
) -> dict[str, Any]:
    quick = preset == "quick"
    count = 32 if quick else 64
    samples = np.array([np.geomspace(4.0, 0.9 * p, count) for p in features])
    times, best = np.empty((len(features), 3, count)), np.empty((len(features), count))
    for i, p in enumerate(features):
        for k, n in enumerate(samples[i].tolist()):
            model = RandomFeatures("tanh", p, n, time)
            window = training_window(model, tolerance)
            best[i, k] = window.best
            times[i, :, k] = memorization_time(model, gap), _half(model, window.best), window.stop
    logs = np.log(samples)
    exponents = np.stack([np.gradient(np.log(row), x, axis=-1) for row, x in zip(times, logs, strict=True)])
    dimension, groups = (8, 5) if quick else (24, 8)
    points = np.geomspace(4.0, 0.5 * features[0], 4)
    found = [
        _simulated(RandomFeatures("tanh", features[0], n, time), dimension, groups, gap, tolerance)
        for n in points
    ]
    return {
        "first": features[0],
        "draws": _DRAWS,
        "dimension": dimension,
        "groups": groups,
        "axis": samples,
        "times": times,
        "best": best,
        "exponents": exponents,
        "points": points,
        "logs": np.array([rows.mean(axis=0) for rows in found]).T,
        "logs_error": np.array([rows.std(axis=0, ddof=1) / math.sqrt(groups) for rows in found]).T,
    }


def _half(model: RandomFeatures, best: float) -> float:
    """When half of the train loss that is left at the best time is gone."""

    def loss(logarithm: float) -> float:
        return float(learning_curves(model, math.exp(logarithm)).train_loss)

    level = 0.5 * (loss(math.log(best)) + float(learning_curves(model, math.inf).train_loss))
    return math.exp(brentq(lambda x: loss(x) - level, math.log(best), math.log(_END), xtol=1e-10))


def _simulated(
    model: RandomFeatures, dimension: int, groups: int, gap: float, tolerance: float
) -> NDArray[np.float64]:
    """(groups, 3) logarithms of the times, each read from the mean losses of a few instances."""
    c = model_coefficients(model)
    moments = FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))
    grid = np.geomspace(1.0, 1e5, 120)
    rows = []
    for seed in range(groups):
        losses = simulate_losses(
            model, np.append(grid, _END), dimension, instances=_DRAWS, moments=moments, seed=seed
        )
        test, train, error = (e.mean for e in (losses.test_loss, losses.train_loss, losses.score_error))
        k = int(error[:-1].argmin())
        rows.append(
            [
                _first(grid, test[:-1] - train[:-1] - gap, 0),
                _first(grid, 0.5 * (train[k] + train[-1]) - train[:-1], k),
                _first(grid, error[:-1] - (1.0 + tolerance) * error[k], k),
            ]
        )
    return np.array(rows)


def _first(grid: NDArray[np.float64], excess: NDArray[np.float64], start: int) -> float:
    """log time at which the excess becomes positive after the place ``start``."""
    k = start + int(np.argmax(excess[start:] > 0.0))
    x = np.log(grid)
    return float(x[k - 1] + (x[k] - x[k - 1]) * excess[k - 1] / (excess[k - 1] - excess[k]))


def draw(data: dict[str, Any]) -> Figure:
    count = len(data["features"])
    figure, panels = style.panels(count + 1, height=2.7)
    for i, (axes, p) in enumerate(zip(panels, data["features"], strict=False)):
        for series, name in enumerate(CRITERIA):
            colour = style.COLOURS[series]
            line = style.joined(data["axis"][i], data["times"][i, series], logarithmic=True)
            axes.plot(*line, color=colour, label=name)
            if i == 0:
                time, error = np.exp(data["logs"][series]), data["logs_error"][series]
                bars = np.stack([time * -np.expm1(-error), time * np.expm1(error)])
                style.simulation(axes, data["points"], time, bars, series)
        axes.plot(data["axis"][i], data["best"][i], ":", color="black", label="best stopping")
        axes.set(
            xscale="log", yscale="log", xlabel="samples per dimension $n/d$", ylabel=r"training time $\tau$"
        )
        axes.set_title(f"$p/d$ = {p:g}")
        axes.set_xlim(3.0, 2.0 * p)
        axes.xaxis.set_minor_formatter(NullFormatter())
    for i, look in zip(range(count), ("-", "--", ":", "-."), strict=False):
        for series in range(len(CRITERIA)):
            panels[-1].plot(data["axis"][i], data["exponents"][i, series], look, color=style.COLOURS[series])
    panels[-1].axhline(1.0, color="grey", linewidth=0.7)
    panels[-1].set(
        xscale="log",
        xlabel="samples per dimension $n/d$",
        ylabel=r"$d\log\tau\,/\,d\log n$",
        ylim=(-0.5, 3.0),
    )
    panels[-1].set_title("local exponents")
    panels[-1].legend(
        handles=style.keys(
            **{f"p/d = {p:g}": x for p, x in zip(data["features"], ("-", "--", ":", "-."), strict=False)}
        )
    )
    entries = panels[0].get_legend_handles_labels()[0]
    style.legend_below(panels[0], [*entries, *style.keys(simulation="o")], 5)
    return figure
