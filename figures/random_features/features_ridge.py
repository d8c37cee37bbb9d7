"""Random features at infinite training time and at the ridge minimum, with one draw and with infinitely many."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import AccuracyNotReached, InvalidArgument, NotConverged
from statphys_gen.random_features import (
    GradientFlow,
    RandomFeatures,
    Ridge,
    Training,
    memorization_order_parameter,
    ridge_curves,
    simulate_losses,
)

PAPER = ("2505.17638", "", "ours")
TITLE = "Random features: infinite training time and ridge, one draw and infinitely many"
CAPTION = (
    "The setting of George, Veiga and Macris (arXiv 2502.00336), in the normalisation of this package: "
    "the penalty is in units of the eigenvalues of U. Activation sin, n/d = {samples:g}. Left: one noise "
    "draw for each sample, t = {time:g}; test loss (solid) and train loss (dashed) against features per "
    "dimension at the penalties {penalties}. Without a penalty (infinite training time) the train loss "
    "vanishes for p > n and the test loss diverges at p = n; a penalty removes both. Middle: the same "
    "with infinitely many draws, where the smallest eigenvalues of U stand for a penalty. Right: 1 minus "
    "the train loss at infinite training time with infinitely many draws, which becomes, as t decreases, "
    "the order parameter of a transition at p = n (dashed). Lines: theory (n, p, d to infinity). Symbols: "
    "{instances} instances of the model in dimension {dimension}, not extrapolated (corrections of order "
    "1/{dimension}, large near the peak); error bars, one standard error over instances."
)


def compute(
    preset: str,
    *,
    penalties: tuple[float, ...] = (0.0, 0.01, 0.1, 1.0),
    times: tuple[float, ...] = (0.3, 0.1, 0.03, 0.003),
    samples: float = 2.0,
    time: float = 0.2,
) -> dict[str, Any]:
    quick = preset == "quick"
    dimension, instances = (24, 12) if quick else (48, 16)
    # No point at p = n, where the test loss diverges.
    near = samples * np.exp([-0.06, -0.02, 0.02, 0.06])
    features = np.union1d(np.geomspace(0.32, 16.0, 30 if quick else 90), near)
    simulated_features = np.array([0.5, 1.0, 1.5, 3.0, 6.0, 12.0])
    planes, points = [], []
    for draws in (1.0, np.inf):
        planes.append([_theory(_model(p, samples, draws, time), penalties) for p in features])
        points.append(
            [
                _simulated(_model(p, samples, draws, time), penalties, dimension, instances)
                for p in simulated_features
            ]
        )
    order = [[_order_parameter(_model(p, samples, np.inf, t)) for p in features] for t in times]
    return {
        "dimension": dimension,
        "instances": instances,
        "features": features,
        "simulated_features": simulated_features,
        "plane": np.array(planes),
        "points": np.array(points),
        "order": np.array(order),
    }


def _model(features: float, samples: float, draws: float, time: float) -> RandomFeatures:
    return RandomFeatures("sin", float(features), samples, time, noise_draws=draws)


def _theory(model: RandomFeatures, penalties: tuple[float, ...]) -> list[list[float]]:
    """Test and train loss at each penalty; a gap in the line where the theory is refused."""
    try:
        curves = ridge_curves(model, penalties)
    except (AccuracyNotReached, InvalidArgument, NotConverged):
        return [[np.nan, np.nan]] * len(penalties)
    return np.stack([curves.test_loss, curves.train_loss], axis=1).tolist()


def _simulated(
    model: RandomFeatures, penalties: tuple[float, ...], dimension: int, instances: int
) -> list[list[list[float]]]:
    """Mean and error of test and train loss at each penalty, of the same instances."""
    trainings: dict[bool, Training] = {
        True: GradientFlow([np.inf]),
        False: Ridge([p for p in penalties if p > 0.0]),
    }
    wanted = {p == 0.0 for p in penalties}
    runs = {
        free: simulate_losses(model, trainings[free], dimension, instances=instances, threads=2)
        for free in wanted
    }
    places = [0 if p == 0.0 else [q for q in penalties if q > 0.0].index(p) for p in penalties]
    return [
        [
            [float(e.mean[k]), float(e.standard_error[k])]
            for e in (runs[p == 0.0].test_loss, runs[p == 0.0].train_loss)
        ]
        for p, k in zip(penalties, places, strict=True)
    ]


def _order_parameter(model: RandomFeatures) -> float:
    try:
        return memorization_order_parameter(model)
    except (AccuracyNotReached, NotConverged):
        return float("nan")


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, height=2.4)
    features = data["features"]
    for axes, plane, points, name in zip(
        panels, data["plane"], data["points"], ("1", r"\infty"), strict=False
    ):
        for series, penalty in enumerate(data["penalties"]):
            for k, line in enumerate(("-", "--")):
                # What is smaller lies below the panels.
                losses = np.maximum(plane[:, series, k], 1e-3)
                through = style.joined(features, losses, logarithmic=True)
                axes.plot(*through, line, color=style.COLOURS[series])
                mean, error = points[:, series, k].T
                label = f"penalty {penalty:g}" if k == 0 else None
                # Zero, up to rounding, has no place on a logarithmic axis.
                seen = mean > 1e-6
                style.simulation(
                    axes, data["simulated_features"][seen], mean[seen], error[seen], series, label
                )
        axes.set(xscale="log", xlabel="features per dimension $p/d$", ylabel="loss per dimension")
        axes.set_title(f"$m = {name}$")
    panels[0].set(yscale="log", ylim=(2e-2, 30.0))
    panels[1].set_ylim(0.25, 1.6)
    for series, time in enumerate(data["times"]):
        place, order = style.joined(np.log(features), data["order"][series])
        panels[2].plot(np.exp(place), order, color=style.COLOURS[series], label=f"$t$ = {time:g}")
    panels[2].axvline(data["samples"], color="grey", linestyle="--", linewidth=0.7)
    panels[2].set(
        xscale="log", xlabel="features per dimension $p/d$", ylabel=r"$1 - L_\mathrm{train}(\infty)$"
    )
    panels[1].legend(loc="upper left", fontsize=6)
    panels[0].legend(handles=style.keys(**{"test": "-", "train": "--", "simulation": "o"}), fontsize=6)
    panels[2].legend(loc="upper left", fontsize=6)
    return figure
