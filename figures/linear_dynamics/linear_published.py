"""The 900 published runs of linear networks beside the closed form."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.linear_dynamics import Task, amplitude, best_error, scaled_variables
from statphys_gen.statistics import generator

PAPER = ("2405.17580", "2", "same parameters")
TITLE = "Published runs of linear networks on the theory's map"
CAPTION = (
    "Best test error over the exponents of variance and width. Left: theory, infinite width, closed form "
    "of whole targets of dimension 200 with the authors' law of the signals (rank {rank}; the runs have "
    "5), mean over {draws} draws, with the start's own term. Middle: 900 runs, one draw of the target, "
    "which the authors of arXiv 2405.17580 printed in their public notebook. Right: runs minus theory; "
    "root-mean-square deviation {deviation:.4f}, largest {largest:.3f}, while the theory of one draw "
    "deviates from the mean over draws by {spread:.4f} (from {smallest_spread:.4f} to "
    "{largest_spread:.4f}). Lines: signals lazy or active (solid), initial noise 1 (dash-dotted)."
)

_DIMENSION = 200
_RUNS = Path(__file__).parents[1] / "published" / "linear_networks_900_runs.csv"


def _draw(number: int, rank: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Singular values of the target, overlaps with the signal, and its mean square; the signal is U V^T."""
    rng = generator(0, {"figure": "linear networks, published"}, number)
    u, v = (rng.standard_normal((_DIMENSION, rank)) / rank**0.25 for _ in range(2))
    signal = u @ v.T
    left, s, right = np.linalg.svd(signal + rng.standard_normal((_DIMENSION, _DIMENSION)))
    return s, np.einsum("ij,ik,jk->j", left, signal, right), float((signal**2).mean())


def compute(preset: str, *, rank: int = 5) -> dict[str, Any]:
    draws = 6 if preset == "quick" else 24
    runs = np.genfromtxt(_RUNS, delimiter=",", names=True)
    gs, gw = np.unique(runs["variance_exponent"]), np.unique(runs["width_exponent"])
    kappa, omega = scaled_variables(_DIMENSION, runs["variance_exponent"], runs["width_exponent"])
    guess = best_error(Task.equal(rank).signal_strengths, kappa, omega).training_time
    times = guess[:, None] * np.geomspace(0.7, 1.5, 13 if preset == "quick" else 41)
    start = omega[:, None] * np.exp(-4.0 * kappa[:, None] * times)
    found = np.empty((draws, len(runs)))
    for k in range(draws):
        s, m, power = _draw(k, rank)
        for part in np.array_split(np.arange(len(runs)), 12):
            a = amplitude(s, _DIMENSION * kappa[part, None, None], times[part, :, None] / _DIMENSION)
            test = power + (a**2 - 2.0 * m * a).sum(axis=-1) / _DIMENSION**2 + start[part]
            found[k, part] = test.min(axis=1)
    theory = found.mean(axis=0)
    deviation = runs["best_test_error"] - theory
    spread = np.sqrt(((found - theory) ** 2).mean(axis=1) * draws / (draws - 1))
    shape = (len(gs), len(gw))
    return {
        "draws": draws,
        "variance_exponent": gs,
        "width_exponent": gw,
        "theory": theory.reshape(shape),
        "runs": runs["best_test_error"].reshape(shape),
        "deviation": float(np.sqrt((deviation**2).mean())),
        "largest": float(np.abs(deviation).max()),
        "spread": float(np.sqrt((spread**2).mean())),
        "smallest_spread": float(spread.min()),
        "largest_spread": float(spread.max()),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, axes = style.panels(3, height=2.5, sharey=True)
    gs, gw = data["variance_exponent"], data["width_exponent"]
    difference = data["runs"] - data["theory"]
    shown = (("theory", data["theory"]), ("published runs", data["runs"]), ("runs minus theory", difference))
    for axis, (title, values) in zip(axes, shown, strict=True):
        signed = title == "runs minus theory"
        limit = float(np.abs(difference).max())
        limits = (-limit, limit) if signed else (0.0, 1.0)
        mesh = axis.pcolormesh(
            gs,
            gw,
            values.T,
            shading="nearest",
            rasterized=True,
            cmap="RdBu_r" if signed else "viridis",
            vmin=limits[0],
            vmax=limits[1],
        )
        colour = "black" if signed else "white"
        axis.plot(gs, 1.0 - gs, color=colour, linewidth=1.0)
        axis.plot(gs, -2.0 * gs, "-.", color=colour, linewidth=1.0)
        label = "difference" if signed else "best test error"
        figure.colorbar(
            mesh, ax=axis, label=label, location="top", aspect=30, ticks=None if signed else (0.0, 0.5, 0.9)
        )
        axis.set(title=title, xlabel=r"variance exponent $\gamma_\sigma$")
        axis.set(xlim=(gs.min(), gs.max()), ylim=(gw.min(), gw.max()))
    axes[0].set_ylabel(r"width exponent $\gamma_w$")
    return figure
