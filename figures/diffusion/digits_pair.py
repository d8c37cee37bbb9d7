"""Speciation of two handwritten digits in time over, and from, the speciation time of their leading eigenvalue."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import DataSet, GaussianMixture
from statphys_gen.diffusion import analyse, clone_agreement, two_class_agreement
from statphys_gen.errors import MissingExtra

PAPER = ("2402.18491", "4", "stand-in: handwritten digits of scikit-learn for the image sets")
TITLE = "Speciation of two handwritten digits"
CAPTION = (
    "scikit-learn's digits {digits} ({samples} images of 8 x 8 pixels, grey levels scaled to [-1, 1]); no learned "
    "model, the score is that of the noised data themselves. Symbols: probability that a noised image is denoised "
    "into its own class, with the image itself in the data (in-sample) and without it (leave-one-out), over "
    "{sources} images; error bars: one standard error. Left: against t/t_S, where t_S = log(L)/2 = "
    "{speciation:.3f} with the leading eigenvalue L = {leading:.2f} of the covariance; guide lines: t_S, and the "
    "agreement {unit:.4f} of a unit signal. Right: against t - t_S. Full line: two Gaussian classes with the "
    "means and covariances of the images (and {ridge:g} on the diagonal), to leading order. Dashed: two isotropic "
    "classes whose signal is exp(-2(t - t_S)). Nothing is fitted to the symbols."
)
_RIDGE = 1e-3


def compute(preset: str, *, digits: tuple[int, int] = (1, 8)) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure digits_pair", "scikit-learn", "examples") from None
    every = load_digits()
    kept = np.isin(every.target, digits)
    points, labels = every.data[kept] / 8.0 - 1.0, every.target[kept]
    times = np.geomspace(0.03, 3.0, 20 if preset == "quick" else 40)
    report = analyse(
        DataSet.from_arrays(points, labels),
        time=times,
        seed=0,
        sources=len(points),
        directions=2,
        collapse=False,
        threads=2,
    )
    agreement = report.agreement
    assert agreement is not None
    leading = float(report.eigenvalues[0])
    classes = [points[labels == digit] for digit in np.unique(labels)]
    law = GaussianMixture(
        [len(group) / len(points) for group in classes],
        [group.mean(axis=0) for group in classes],
        [np.cov(group.T, bias=True) + _RIDGE * np.eye(points.shape[1]) for group in classes],
    )
    grid = np.geomspace(times[0], times[-1], 200)
    return {
        "samples": len(points),
        "sources": len(points),
        "leading": leading,
        "speciation": 0.5 * math.log(leading),
        "ridge": _RIDGE,
        "unit": float(two_class_agreement(1.0)),
        "time": agreement.time,
        "in_sample": agreement.in_sample,
        "in_sample_standard_error": agreement.in_sample_standard_error,
        "leave_one_out": agreement.leave_one_out,
        "leave_one_out_standard_error": agreement.leave_one_out_standard_error,
        "grid": grid,
        "gaussian": clone_agreement(law, grid).value,
        "universal": two_class_agreement(np.exp(-2.0 * grid) * leading),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    scale = float(data["speciation"])
    grid = data["grid"]
    for axes, place, line, guide in (
        (left, data["time"] / scale, grid / scale, 1.0),
        (right, data["time"] - scale, grid - scale, 0.0),
    ):
        for series, name in enumerate(("in_sample", "leave_one_out")):
            label = name.replace("_", "-")
            style.simulation(axes, place, data[name], data[f"{name}_standard_error"], series, label)
        axes.plot(line, data["gaussian"], color="black", label="Gaussian classes, own covariances")
        axes.plot(line, data["universal"], "--", color="black", label="isotropic classes, $t_S$")
        axes.axvline(guide, color="grey", linewidth=0.6, linestyle=":")
        axes.axhline(float(data["unit"]), color="grey", linewidth=0.6, linestyle=":")
        axes.set(ylabel=r"agreement $\phi$")
    left.set(xlabel="$t/t_S$", xlim=(0.0, 3.0))
    right.set(xlabel="$t - t_S$", xlim=(-0.7, 2.0))
    entries, _ = left.get_legend_handles_labels()
    style.legend_below(left, [*entries, *style.keys(unit_signal=":")], 3)
    return figure
