"""Collapse onto the samples of a real data set, and its law along trajectories: scikit-learn's handwritten digits."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from statphys_gen import style
from statphys_gen.data import DataSet
from statphys_gen.diffusion import analyse
from statphys_gen.errors import MissingExtra
from statphys_gen.statistics import generator

PAPER = ("2402.18491", "5", "stand-in: handwritten digits of scikit-learn for the image sets")
TITLE = "Collapse onto handwritten digits"
CAPTION = (
    "scikit-learn's digits {digits} ({samples} images of 8 x 8 pixels, grey levels scaled to [-1, 1]) stand in "
    "for the image data of the literature; no learned model, the score is the empirical one. Top left: entropy of "
    "the posterior over the images over log n, probability that two runs from one x_t end on the same image "
    "(participation), and probability that the nearest image is the noised one, over {sources} noised images. Top "
    "right: collapse time against the number of images, subsets drawn at random: where the participation is 1/2, "
    "and where log n equals the information of x_t on its source; beyond the data set, extrapolated (open). Error "
    "bars: one standard error, in which half of the offset between the two definitions is contained for the "
    "second. Bottom left: time of the last change of the nearest image along {walkers} backward trajectories, "
    "with its mean {mean:.3f} (standard error {mean_error:.3f}) and, from the top left, where two runs from one "
    "x_t end on the same image with probability 1/2 and where the nearest image is the own one with probability "
    "1/2. Bottom right: rank of the nearest image in the order of the first principal direction, along three of "
    "the trajectories. They are drawn as forward paths from an image, of which the backward process is the "
    "reversal, and looked at {steps} times."
)
_STEPS, _END, _LATE = 300, 5e-3, 4.0
CURVES = (("entropy", r"$H/\log n$"), ("participation", "participation $Y$"), ("top_one", "nearest is own"))


def compute(preset: str, *, digits: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure digits_collapse", "scikit-learn", "examples") from None
    sources = 500 if preset == "quick" else 5000
    every = load_digits()
    dataset = DataSet.from_arrays(every.data[np.isin(every.target, digits)] / 8.0 - 1.0)
    report = analyse(dataset, time=[0.1, 0.2, 0.3], seed=0, sources=sources, directions=2, threads=2)
    collapse = report.collapse
    assert collapse is not None
    curves = collapse.curves
    names = ("half_time", "half_time_standard_error", "collapse_time", "collapse_time_standard_error")
    predictions = {name: np.array([getattr(p, name) for p in collapse.predictions]) for name in names}
    scale = {"entropy": 1.0 / math.log(report.samples)}
    walkers = 400 if preset == "quick" else 4000
    looks = np.geomspace(_END, _LATE, _STEPS)
    near, own = _nearest(dataset.points, looks, walkers)
    left = near != own
    # The first exit of the forward path is the last change of the backward one.
    last = looks[np.where(left.any(axis=1), left.argmax(axis=1), _STEPS - 1)]
    centred = dataset.points - dataset.points.mean(axis=0)
    order = np.argsort(np.argsort(centred @ np.linalg.svd(centred, full_matrices=False)[2][0]))
    return {
        "walkers": walkers,
        "steps": _STEPS,
        "mean": float(last.mean()),
        "mean_error": float(last.std(ddof=1) / math.sqrt(walkers)),
        "last": last,
        "looks": looks,
        "rank": order[near[:: walkers // 3][:3]] + 1.0,
        "own_half": _crossing(curves.time, curves.top_one),
        "same_half": _crossing(curves.time, curves.participation),
        "samples": report.samples,
        "sources": sources,
        "time": curves.time,
        **{name: getattr(curves, name) * scale.get(name, 1.0) for name, _ in CURVES},
        **{
            f"{name}_standard_error": getattr(curves, f"{name}_standard_error") * scale.get(name, 1.0)
            for name, _ in CURVES
        },
        "sizes": np.array([p.samples for p in collapse.predictions]),
        "measured": np.array([p.measured for p in collapse.predictions]),
        **predictions,
    }


def _nearest(
    points: NDArray[Any], looks: NDArray[Any], walkers: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(walkers, times) nearest image along forward paths, and (walkers, 1) the image from which each starts."""
    rng = generator(0, {"figure": "digits_collapse"})
    own = rng.permutation(len(points))[np.arange(walkers) % len(points)]
    squares = (points**2).sum(axis=1)
    # exp(t) x_t is a Brownian motion from the image in exp(2 t) - 1.
    y, before = points[own], 0.0
    near = np.empty((walkers, len(looks)), dtype=np.intp)
    for k, excess in enumerate(np.expm1(2.0 * looks).tolist()):
        y = y + math.sqrt(excess - before) * rng.standard_normal(y.shape)
        near[:, k] = (squares - 2.0 * y @ points.T).argmin(axis=1)
        before = excess
    return near, own[:, None]


def _crossing(time: NDArray[Any], curve: NDArray[Any]) -> float:
    """Where a falling curve is 1/2, between its points."""
    k = int(np.argmax(curve < 0.5))
    share = (curve[k - 1] - 0.5) / (curve[k - 1] - curve[k])
    return float(time[k - 1] * (time[k] / time[k - 1]) ** share)


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right, histogram, nearest) = style.panels(2, 2)
    for series, (name, label) in enumerate(CURVES):
        style.simulation(left, data["time"], data[name], data[f"{name}_standard_error"], series, label)
    left.axhline(0.5, color="grey", linewidth=0.6, linestyle=":")
    left.set(xscale="log", xlabel="diffusion time $t$", ylabel="posterior over the images")
    left.legend()
    measured = data["measured"].astype(bool)
    for series, (name, label) in enumerate(
        (("half_time", "participation 1/2"), ("collapse_time", "$\\log n=I$"))
    ):
        for chosen, face in ((measured, style.COLOURS[series]), (~measured, "white")):
            if chosen.any():
                right.errorbar(
                    data["sizes"][chosen],
                    data[name][chosen],
                    yerr=data[f"{name}_standard_error"][chosen],
                    fmt=style.MARKERS[series],
                    color=style.COLOURS[series],
                    markerfacecolor=face,
                    capsize=1.5,
                    label=label if chosen is measured else None,
                )
    right.set(xscale="log", xlabel="number of images $n$", ylabel="collapse time $t_C$")
    entries, _ = right.get_legend_handles_labels()
    right.legend(handles=[*entries, *style.keys(extrapolated="o")])
    bins = np.linspace(0.0, 1.05 * float(data["last"].max()), 31).tolist()
    histogram.hist(data["last"], bins, density=True, color=style.COLOURS[5], alpha=0.5, label="trajectories")
    for time, look, colour, name in (
        (data["mean"], "-", "black", "mean"),
        (data["same_half"], "--", style.COLOURS[1], "participation 1/2"),
        (data["own_half"], ":", style.COLOURS[2], "nearest is own: 1/2"),
    ):
        histogram.axvline(float(time), linestyle=look, color=colour, label=name)
    histogram.legend()
    histogram.set(xlabel="time of the last change of the nearest image", ylabel="density")
    for series, rank in enumerate(data["rank"]):
        nearest.step(data["looks"], rank, color=style.COLOURS[series], linewidth=0.8, where="post")
    nearest.set(
        xscale="log",
        xlabel="diffusion time $t$ (generation runs to the right)",
        ylabel="rank of the nearest image",
    )
    nearest.invert_xaxis()
    return figure
