"""Speciation of a real data set: scikit-learn's handwritten digits."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import DataSet
from statphys_gen.diffusion import analyse
from statphys_gen.errors import MissingExtra

PAPER = ("2402.18491", "4", "stand-in: handwritten digits of scikit-learn for the image sets")
TITLE = "Speciation of handwritten digits"
CAPTION = (
    "scikit-learn's digits {digits} ({samples} images of 8 x 8 pixels, grey levels scaled to [-1, 1], "
    "a class each); no learned model, the score is that of the noised data themselves. Left: eigenvalues of "
    "the covariance; an eigenvalue L above 1 has the spectral time log(L)/2. Right: probability that a "
    "noised image is denoised into its own class, under the empirical law with the image itself "
    "(in-sample, which tends to 1 for any labels whatever) and without it (leave-one-out), over "
    "{sources} images; error bars: one standard error. Vertical lines: speciation times by three "
    "criteria; dotted: agreement that counts as the choice of a class."
)
CRITERIA = ("spectral", "between-class", "bayes")


def compute(preset: str, *, digits: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure digits_speciation", "scikit-learn", "examples") from None
    every = load_digits()
    kept = np.isin(every.target, digits)
    sources = 400 if preset == "quick" else 1797
    times = np.geomspace(0.03, 1.6, 16 if preset == "quick" else 40)
    dataset = DataSet.from_arrays(every.data[kept] / 8.0 - 1.0, every.target[kept])
    report = analyse(
        dataset,
        time=times,
        seed=0,
        sources=min(sources, int(kept.sum())),
        directions=3,
        collapse=False,
        threads=2,
    )
    agreement = report.agreement
    assert agreement is not None
    found = [report.time(criterion) for criterion in CRITERIA]
    return {
        "samples": report.samples,
        "sources": min(sources, int(kept.sum())),
        "eigenvalues": report.eigenvalues,
        "time": agreement.time,
        "in_sample": agreement.in_sample,
        "in_sample_standard_error": agreement.in_sample_standard_error,
        "leave_one_out": agreement.leave_one_out,
        "leave_one_out_standard_error": agreement.leave_one_out_standard_error,
        "level": report.agreement_level,
        "criteria": np.array([np.nan if entry.time is None else entry.time for entry in found]),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    values = data["eigenvalues"][data["eigenvalues"] > 1e-6]
    left.loglog(np.arange(1, len(values) + 1), values, "o", color=style.COLOURS[0], markersize=3)
    left.axhline(1.0, color="grey", linewidth=0.6, linestyle="--", label="1: no spectral time below")
    left.legend()
    left.set(xlabel="rank", ylabel="eigenvalue of the covariance")
    for series, name in enumerate(("in_sample", "leave_one_out")):
        label = name.replace("_", "-")
        style.simulation(right, data["time"], data[name], data[f"{name}_standard_error"], series, label)
    right.axhline(float(data["level"]), color="grey", linewidth=0.9, linestyle=":", label="level of a choice")
    for series, (criterion, time) in enumerate(zip(CRITERIA, data["criteria"].tolist(), strict=True)):
        right.axvline(
            time,
            color=style.COLOURS[2 + series],
            linewidth=0.9,
            # Criteria may agree: the lines show through one another.
            linestyle=("-", "--", (0, (1.0, 3.0)))[series],
            label=f"speciation, {criterion}",
        )
    right.set(xscale="log", xlabel="diffusion time $t$", ylabel=r"label agreement $\phi$")
    right.legend()
    return figure
