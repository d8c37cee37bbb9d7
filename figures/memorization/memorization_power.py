"""Size and power of the tests of a report, over generators whose answer is known."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.memorization import (
    GaussianMixture,
    KnownGenerator,
    distinct_copies_needed,
    simulate_reports,
)

PAPER = ("2605.06077", "", "ours")
TITLE = "Copies: size and power of the tests"
CAPTION = (
    "Percentage of reports that reject at the level {level:g}, of {runs} for each cell: {training} training and "
    "{generated} generated points of a mixture of two Gaussians in D dimensions, and {held_out} held-out points "
    "(N/H). Above the line the generator copies nothing: the law itself, a Gaussian fitted to the training set, and "
    "points of the law shrunk to a tenth (collapsed). Below: a training set smoothed over a tenth of a standard "
    "deviation, and the law with a share of copies of training points; framed where these are fewer than are needed "
    "where no other point is suspicious. In two dimensions points are near one another by chance. The usual test "
    "asks whether generated points are nearer to the training set than held-out ones; it takes a collapsed generator "
    "for one that copies."
)
GENERATORS = (
    ("perfect", KnownGenerator("perfect")),
    ("fitted", KnownGenerator("fitted")),
    ("collapsed", KnownGenerator("collapsed")),
    ("smoothed", KnownGenerator("smoothed", width=0.1)),
    ("0.5 %", KnownGenerator("perfect", copies=0.005)),
    ("1 %", KnownGenerator("perfect", copies=0.01)),
    ("5 %", KnownGenerator("perfect", copies=0.05)),
    ("20 %", KnownGenerator("perfect", copies=0.2)),
)
TESTS = {
    "membership": "test of membership",
    "vote": "votes of all points",
    "distance": "distances (usual)",
}


def compute(
    preset: str,
    *,
    dimensions: tuple[int, ...] = (2, 6, 16, 64),
    training: int = 200,
    held_out: tuple[int, ...] = (200, 67, 20),
    generated: int = 400,
    level: float = 0.05,
) -> dict[str, Any]:
    runs = 6 if preset == "quick" else 300
    rejected = np.zeros((len(TESTS), len(GENERATORS), len(dimensions), len(held_out)))
    for i, d in enumerate(dimensions):
        mean = np.where(np.arange(d) % 2, 0.7, -0.4)
        variances = np.stack([np.geomspace(1.6, 0.4, d), np.geomspace(0.3, 0.9, d)])
        law = GaussianMixture([0.35, 0.65], np.stack([mean, -0.8 * mean]), variances)
        for j, h in enumerate(held_out):
            for g, (_, known) in enumerate(GENERATORS):
                found = simulate_reports(
                    known, law, training=training, held_out=h, generated=generated, runs=runs
                ).rejections(level)
                rejected[:, g, i, j] = [float(found[test].mean) for test in TESTS]
    return {
        "runs": runs,
        "dimensions": np.array(dimensions),
        "ratios": training / np.array(held_out),
        "planted": np.array([round(known.copies * generated) for _, known in GENERATORS]),
        "needed": np.array([distinct_copies_needed(training, h, level) for h in held_out]),
        "rejected": rejected,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(len(TESTS), height=3.0)
    dimensions, ratios = data["dimensions"], data["ratios"]
    columns = len(dimensions) * len(ratios)
    for axes, shown, label in zip(panels, data["rejected"], TESTS.values(), strict=True):
        table = shown.reshape(len(shown), columns)
        axes.imshow(table, vmin=0.0, vmax=1.0, cmap="Blues", aspect="auto")
        for g, column in np.ndindex(table.shape):
            share = float(table[g, column])
            colour = "white" if share > 0.6 else "black"
            axes.text(column, g, f"{100.0 * share:.0f}", ha="center", va="center", fontsize=4.5, color=colour)
        for edge in range(1, len(dimensions)):
            axes.axvline(edge * len(ratios) - 0.5, color="grey", linewidth=0.6)
        axes.axhline(2.5, color="black", linewidth=1.0)
        axes.set_xticks(range(columns), [f"{ratio:.0f}" for ratio in ratios] * len(dimensions), fontsize=5.0)
        axes.set_yticks(range(len(GENERATORS)), [name for name, _ in GENERATORS])
        names = ", ".join(str(int(d)) for d in dimensions)
        axes.set(xlabel=f"$N/H$ for $D$ = {names}", title=label)
    for g, planted in enumerate(data["planted"]):
        for column in range(columns):
            if 0 < planted < data["needed"][column % len(ratios)]:
                x, y = np.array([[-0.45, 0.45, 0.45, -0.45, -0.45], [-0.45, -0.45, 0.45, 0.45, -0.45]])
                panels[0].plot(column + x, g + y, color=style.COLOURS[1], linewidth=0.7)
    panels[0].set_ylabel("generator")
    return figure
