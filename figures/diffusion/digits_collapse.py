"""Collapse onto the samples of a real data set: scikit-learn's handwritten digits."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import DataSet
from statphys_gen.diffusion import analyse
from statphys_gen.errors import MissingExtra

PAPER = ("2402.18491", "5", "stand-in: handwritten digits of scikit-learn for the image sets")
TITLE = "Collapse onto handwritten digits"
CAPTION = (
    "scikit-learn's digits {digits} ({samples} images of 8 x 8 pixels, grey levels scaled to [-1, 1]) "
    "stand in for the image data of the literature; no learned model, the score is the empirical one. "
    "Left: entropy of the posterior over the images over log n, probability that two runs from one x_t "
    "end on the same image (participation), and probability that the nearest image is the noised one, "
    "over {sources} noised images. Right: collapse time against the number of images, subsets drawn at "
    "random: where the participation is 1/2, and where log n equals the information of x_t on its source; "
    "beyond the data set, extrapolated (open). Error bars: one standard error, in which half of the "
    "offset between the two definitions is contained for the second."
)
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
    return {
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


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
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
    return figure
