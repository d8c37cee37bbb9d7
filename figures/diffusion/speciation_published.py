"""Published clone agreements of image sets in time over, and from, the speciation time of their leading eigenvalue."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.diffusion import two_class_agreement

PAPER = ("2402.18491", "4", "same parameters")
TITLE = "Speciation: published clone agreements of five sets of images"
CAPTION = (
    "Symbols: agreement of clones on five sets of images, which the authors of arXiv 2402.18491 publish with "
    "their code, with spreads as they give them. Step k of the noising has the time t = -log(prod(1 - "
    "beta))/2; t_S = log(L)/2 with the leading eigenvalue L of the data's covariance. Left: against t/t_S. "
    "Right: against t - t_S; line: agreement of two Gaussian classes with the signal exp(-2(t - t_S)), exact "
    "for these, with nothing fitted. Root-mean-square deviations: {deviations}. The images are no two Gaussian "
    "classes, so that the line is a reference and not a prediction for them. Guide lines: t_S, and the "
    "agreement {unit:.4f} of a unit signal."
)
_FILE = Path(__file__).parents[1] / "published" / "clone_agreement_images.csv"
_STEPS, _FIRST, _LAST = 1000, 1e-4, 2e-2


def compute(preset: str) -> dict[str, Any]:
    table = np.genfromtxt(_FILE, delimiter=",", names=True, dtype=None, encoding="utf-8")
    clock = np.concatenate([[0.0], -0.5 * np.cumsum(np.log1p(-np.linspace(_FIRST, _LAST, _STEPS)))])
    names = list(dict.fromkeys(table["data_set"].tolist()))
    rows = [table[table["data_set"] == name] for name in names]
    times = [clock[row["ddpm_step"].astype(int)] for row in rows]
    scales = [0.5 * math.log(float(row["leading_eigenvalue"][0])) for row in rows]
    root_mean_square = [
        float(np.sqrt(np.mean((row["clone_agreement"] - two_class_agreement(np.exp(-2.0 * (t - s)))) ** 2)))
        for row, t, s in zip(rows, times, scales, strict=True)
    ]
    grid = np.linspace(-3.0, 5.0, 300)
    return {
        "names": names,
        "times": times,
        "scales": scales,
        "agreement": [row["clone_agreement"] for row in rows],
        "error": [row["standard_deviation"] for row in rows],
        "grid": grid,
        "theory": two_class_agreement(np.exp(-2.0 * grid)),
        "deviations": ", ".join(f"{name} {x:.3f}" for name, x in zip(names, root_mean_square, strict=True)),
        "unit": float(two_class_agreement(1.0)),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    for series, name in enumerate(data["names"]):
        time, scale = data["times"][series], data["scales"][series]
        for axes, place in ((left, time / scale), (right, time - scale)):
            style.simulation(axes, place, data["agreement"][series], data["error"][series], series, name)
    right.plot(data["grid"], data["theory"], color="black", zorder=1)
    for axes, place in ((left, 1.0), (right, 0.0)):
        axes.axvline(place, color="grey", linewidth=0.6, linestyle=":")
        axes.axhline(data["unit"], color="grey", linewidth=0.6, linestyle=":")
        axes.set(ylabel=r"clone agreement $\phi$")
    left.set(xlabel="$t/t_S$", xlim=(0.0, 3.0))
    right.set(xlabel="$t - t_S$", xlim=(-3.0, 4.0))
    entries, _ = left.get_legend_handles_labels()
    style.legend_below(left, [*entries, *style.keys(two_Gaussian_classes="-", unit_signal=":")], 4)
    return figure
