"""Size and power of the tests of a report, over generators whose answer is known."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.memorization import GaussianMixture, KnownGenerator, simulate_reports

PAPER = ("2605.06077", "", "ours")
TITLE = "Copies: size and power of the tests"
CAPTION = (
    "Reports at the level 5 % (dotted) on generators whose answer is known, {runs} runs each (error bars, one "
    "standard error): {training} training, {held_out} held-out and {generated} generated points of a mixture of "
    "two Gaussians in {dimension} dimensions. Left of the line the generator copies nothing: the law itself, a "
    "Gaussian fitted to the training set, and points of the law shrunk to a tenth (collapsed). Right: the law with "
    "a fraction of copies of training points, and a smoothed training set. The usual test of distances to the "
    "training set, beside held-out points, takes a collapsed generator for one that copies."
)
GENERATORS = (
    ("perfect", KnownGenerator("perfect")),
    ("fitted", KnownGenerator("fitted")),
    ("collapsed", KnownGenerator("collapsed")),
    ("0.5 %", KnownGenerator("perfect", copies=0.005)),
    ("1 %", KnownGenerator("perfect", copies=0.01)),
    ("5 %", KnownGenerator("perfect", copies=0.05)),
    ("20 %", KnownGenerator("perfect", copies=0.2)),
    ("smoothed", KnownGenerator("smoothed", width=0.1)),
)
TESTS = {"membership": "membership", "vote": "vote of all points", "distance": "distances (usual)"}


def compute(
    preset: str, *, dimension: int = 6, training: int = 150, held_out: int = 120, generated: int = 400
) -> dict[str, Any]:
    runs = 30 if preset == "quick" else 300
    mean = np.where(np.arange(dimension) % 2, 0.7, -0.4)
    variances = np.stack([np.geomspace(1.6, 0.4, dimension), np.geomspace(0.3, 0.9, dimension)])
    law = GaussianMixture([0.35, 0.65], np.stack([mean, -0.8 * mean]), variances)
    rows = []
    for _, known in GENERATORS:
        found = simulate_reports(
            known, law, training=training, held_out=held_out, generated=generated, runs=runs
        ).rejections()
        rows.append([[float(found[t].mean), float(found[t].standard_error)] for t in TESTS])
    return {"runs": runs, "rejected": np.array(rows)}


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels(1)
    x = np.arange(len(GENERATORS))
    for k, label in enumerate(TESTS.values()):
        mean, error = data["rejected"][:, k].T
        style.simulation(axes, x + 0.15 * (k - 1), mean, error, k, label)
    axes.axhline(0.05, color="grey", linewidth=0.8, linestyle=":")
    axes.axvline(2.5, color="grey", linewidth=0.8)
    axes.set_xticks(x, [name for name, _ in GENERATORS], rotation=45, ha="right")
    axes.set(xlabel="generator", ylabel="fraction of reports that reject", ylim=(-0.04, 1.06))
    axes.legend(loc="center left")
    return figure
