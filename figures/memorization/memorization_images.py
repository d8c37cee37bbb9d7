"""Two generators that can copy, a kernel smoother and a small network, on two sets of images."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import MissingExtra
from statphys_gen.memorization import report
from statphys_gen.random_features import (
    Architecture,
    NetworkTraining,
    backward_times,
    generate,
    train_network,
)

PAPER = ("2605.06077", "", "ours")
TITLE = "Copies: a kernel smoother and a network on two sets of images"
CAPTION = (
    "Reports on {generated} points that were generated from {training} training images; {held_out} are held out. Left: "
    "scikit-learn's digits of 8 x 8 pixels; right: coloured patches of 6 x 6 pixels of its two photographs; each in 8 "
    "principal components of unit mean variance. The smoother adds Gaussian noise of the width on the axis to training "
    "images drawn at random; lines with error bars: excess of suspicious votes on the training set (one standard "
    "error), full where the test of membership rejects at 5 %, and fraction of near copies among the training images "
    "(Clopper-Pearson, 95 %), with that of held-out images (dotted). Horizontal: excess of the network ({width} units, "
    "three layers, Adam) after {early} and {late} steps of training, with a band of one standard error."
)
_COMPONENTS = 8
_SETS = ("digits", "photographs")


def _images(name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 8) principal components of images in random order."""
    try:
        from sklearn.datasets import load_digits, load_sample_images
    except ImportError:
        raise MissingExtra("the figure memorization_images", "scikit-learn", "examples") from None
    if name == "digits":
        pixels = load_digits().data
    else:
        patches = []
        for photograph in load_sample_images().images:
            corners = zip(rng.integers(0, 420, 2 * count), rng.integers(0, 630, 2 * count), strict=True)
            patches += [photograph[row : row + 6, column : column + 6].ravel() for row, column in corners]
        # Flat ones, such as those of a sky, are all near one another.
        pixels = np.unique([patch for patch in patches if patch.std() > 25.0], axis=0).astype(np.float64)
    chosen = pixels[rng.permutation(len(pixels))[:count]]
    centred = chosen - chosen.mean(axis=0)
    points = centred @ np.linalg.svd(centred, full_matrices=False)[2][:_COMPONENTS].T
    return np.asarray(points / np.sqrt(points.var(axis=0).mean()))


def compute(
    preset: str, *, training: int = 200, held_out: int = 300, width: int = 96, early: int = 500
) -> dict[str, Any]:
    generated, late, looks = (200, 1500, 5) if preset == "quick" else (1000, 30_000, 9)
    widths = np.geomspace(0.02, 2.0, looks)
    times = backward_times(0.01, 3.0, 30)
    smoother, networks = np.zeros((2, looks, 7)), np.zeros((2, 2, 2))
    for i, name in enumerate(_SETS):
        rng = np.random.default_rng(5 + i)
        points = _images(name, training + held_out, rng)
        seen, fresh = points[:training], points[training:]
        for j, h in enumerate(widths):
            made = seen[rng.integers(training, size=generated)]
            found = report(made + h * rng.standard_normal(made.shape), seen, fresh, distances=False)
            smoother[i, j] = (
                found.copied_fraction,
                found.copied_lower,
                found.copied_upper,
                found.null_fraction,
                found.excess_fraction or 0.0,
                found.excess_fraction_standard_error or 0.0,
                found.membership_p_value or 0.0,
            )
        kept: list[tuple[float, float]] = []

        def look(step: int, network: Any, seen: Any = seen, fresh: Any = fresh, kept: Any = kept) -> None:
            draws = np.random.default_rng(step)
            made = generate(network.clean, _COMPONENTS, network.mean_square, generated, draws, times)
            found = report(made, seen, fresh, distances=False)
            kept.append((found.excess_fraction or 0.0, found.excess_fraction_standard_error or 0.0))

        course = NetworkTraining((early, late), batch=64, learning_rate=2e-3)
        train_network(seen, Architecture(width, 3), course, rng, look)
        networks[i] = kept
    copied, lower, upper, null, excess, error, p_value = np.moveaxis(smoother, 2, 0)
    return {
        "generated": generated,
        "late": late,
        "widths": widths,
        "copied": copied,
        "copied_error": np.stack([copied - lower, upper - copied], axis=1),
        "null": null[:, 0],
        "excess": excess,
        "excess_error": error,
        "rejected": p_value < 0.05,
        "network": networks[:, :, 0],
        "network_error": networks[:, :, 1],
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    widths = data["widths"]
    for i, (axes, name) in enumerate(zip(panels, _SETS, strict=True)):
        style.simulation(axes, widths, data["copied"][i], data["copied_error"][i], 0, "near copies, smoother")
        null = float(data["null"][i])
        axes.axhline(null, color=style.COLOURS[0], linewidth=0.8, linestyle=":", label="held-out images")
        excess = data["excess"][i]
        style.simulation(axes, widths, excess, data["excess_error"][i], 1, "excess of votes, smoother")
        sure = np.flatnonzero(data["rejected"][i])
        axes.plot(widths[sure], excess[sure], "s", color=style.COLOURS[1], zorder=4, label="rejected at 5 %")
        for k, stage in enumerate(("early", "late")):
            value, error = float(data["network"][i, k]), float(data["network_error"][i, k])
            colour = style.COLOURS[2 + k]
            axes.axhline(value, color=colour, linestyle="--" if k else "-.", label=f"network, {stage}")
            axes.axhspan(value - error, value + error, color=colour, alpha=0.2, linewidth=0.0)
        axes.set(xscale="log", xlabel="width of the smoother $h$", ylabel="fraction of points", title=name)
    panels[0].legend()
    return figure
