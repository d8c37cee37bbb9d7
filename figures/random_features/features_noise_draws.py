"""Finitely many noise draws for each sample against infinitely many: the interpolation peak and its removal."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import AccuracyNotReached, NotConverged
from statphys_gen.random_features import RandomFeatures, learning_curves, simulate_losses

PAPER = ("2505.17638", "", "ours")
TITLE = "Random features: finitely many noise draws for each sample"
CAPTION = (
    "Random-features score models with the activation sin at n/d = {samples:g} and t = {time:g}, with m = "
    "{draws} noise draws for each sample. Left: test loss (solid) and train loss (dashed) after the "
    "training time {final:g} against features per dimension: a peak stands at p = n m, which infinitely "
    "many draws remove. Right: test loss along training at p/d = {fixed_features:g}. Lines: theory (n, p, "
    "d to infinity). Symbols: {instances} instances of the model in dimension {dimension}, not "
    "extrapolated (the corrections, of order 1/d, are large near the peaks); error bars, one standard "
    "error over instances. Where the theory does not converge its line has a gap."
)


def compute(
    preset: str,
    *,
    draws: tuple[float, ...] = (1.0, 2.0, np.inf),
    final: float = 1e4,
    samples: float = 2.0,
    time: float = 0.2,
    fixed_features: float = 3.0,
) -> dict[str, Any]:
    quick = preset == "quick"
    dimension, instances = (24, 8) if quick else (160, 12)
    # Closer to the peaks at p = n m.
    peaks = samples * np.array([m for m in draws if np.isfinite(m)])[:, None]
    near = peaks * np.exp([-0.15, -0.09, -0.03, 0.03, 0.09, 0.15])
    features = np.union1d(np.geomspace(0.52, 15.0, 24 if quick else 140), near)
    simulated_features = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    grid, times = np.geomspace(0.1, 1e5, 200), np.geomspace(0.3, 3e4, 9)
    data: dict[str, Any] = {
        "dimension": dimension,
        "instances": instances,
        "features": features,
        "simulated_features": simulated_features,
        "grid": grid,
        "times": times,
    }
    plane, curve, points, path = [], [], [], []
    for m in draws:
        plane.append([_losses(_model(p, m, samples, time), final) for p in features])
        curve.append(learning_curves(_model(fixed_features, m, samples, time), grid).test_loss)
        row = []
        for p in simulated_features:
            found = simulate_losses(_model(p, m, samples, time), [final], dimension, instances=instances)
            row.append(
                [[float(e.mean[0]), float(e.standard_error[0])] for e in (found.test_loss, found.train_loss)]
            )
        points.append(row)
        along = simulate_losses(
            _model(fixed_features, m, samples, time), times, dimension, instances=instances
        ).test_loss
        path.append([along.mean, along.standard_error])
    return data | {
        "plane": np.array(plane),
        "curve": np.array(curve),
        "points": np.array(points),
        "path": np.array(path),
    }


def _model(features: float, draws: float, samples: float, time: float) -> RandomFeatures:
    return RandomFeatures("sin", float(features), samples, time, noise_draws=draws)


def _losses(model: RandomFeatures, final: float) -> list[float]:
    """Test and train loss; a gap in the line where the theory does not converge."""
    try:
        curves = learning_curves(model, final)
    except (NotConverged, AccuracyNotReached):
        return [np.nan, np.nan]
    return [float(curves.test_loss), float(curves.train_loss)]


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, m in enumerate(data["draws"]):
        colour = style.COLOURS[series]
        label = r"$m = \infty$" if np.isinf(m) else f"$m$ = {m:g}"
        for k, line in enumerate(("-", "--")):
            losses = np.maximum(data["plane"][series, :, k], 1e-5)
            left.plot(*style.joined(data["features"], losses, logarithmic=True), line, color=colour)
            mean, error = data["points"][series, :, k].T
            style.simulation(left, data["simulated_features"], mean, error, series)
        right.plot(data["grid"], data["curve"][series], color=colour)
        mean, error = data["path"][series]
        style.simulation(right, data["times"], mean, error, series, label)
    notes = {"test": "-", "train": "--", "simulation, finite $d$": "o"}
    left.legend(handles=style.keys(**notes), fontsize=6)
    left.set(xscale="log", yscale="log", xlabel="features per dimension $p/d$", ylabel="loss per dimension")
    right.set(xscale="log", yscale="log", xlabel=r"training time $\tau$", ylabel="test loss per dimension")
    left.set_ylim(1e-3, 30.0)
    right.legend()
    return figure
