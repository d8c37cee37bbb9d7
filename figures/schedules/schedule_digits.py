"""Predicted and measured errors of five grids on a real data set: scikit-learn's handwritten digits."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.data import DataSet
from statphys_gen.errors import MissingExtra
from statphys_gen.schedules import (
    ClassSpectrum,
    NoiseGrid,
    design_schedule,
    fit_modes,
    generated_weights,
    noise_grid,
    validate,
)

PAPER = ("2501.00988", "", "ours")
TITLE = "Schedules: what a fitted mixture predicts of handwritten digits"
CAPTION = (
    "Error of the generated weight of the digit {digit} beside {kept} images of the digit {other}, {points} images of "
    "scikit-learn in all (grey levels in [-1, 1]; true weight {weight:.3f}), with {steps} steps. Across: exact for two "
    "classes with a common covariance fitted to the images. Up: {walkers} samples run with the denoiser of the images "
    "themselves, one standard error. Dotted: equal. In sum the measured errors are {ratio:.2f} times the predicted "
    "ones: the images are no such mixture."
)
GRIDS = ("chosen", "karras", "log-uniform", "flow-uniform", "ddpm-linear")
_TABLE = 0.0101, 150.0  # levels of DDPM


def compute(
    preset: str, *, steps: tuple[float, ...] = (6, 10), digit: int = 0, other: int = 1, kept: int = 44
) -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtra("the figure schedule_digits", "scikit-learn", "examples") from None
    every = load_digits()
    first, second = every.data[every.target == digit], every.data[every.target == other][:kept]
    labels = np.repeat([0, 1], [len(first), len(second)])
    dataset = DataSet.from_arrays(np.concatenate([first, second]) / 8.0 - 1.0, labels)
    modes = fit_modes(dataset)
    walkers = 3000 if preset == "quick" else 100_000
    shape = (len(steps), len(GRIDS))
    predicted, measured, error = np.empty(shape), np.empty(shape), np.empty(shape)
    for i, count in enumerate(steps):
        for j, grid in enumerate(_grids(modes.spectrum, int(count))):
            weight = modes.spectrum.weights[0]
            predicted[i, j] = generated_weights(modes.spectrum, grid).mean[0] - weight
            found = validate(grid, dataset, modes=modes, walkers=walkers, seed=1)
            assert found.measured_weight is not None
            measured[i, j] = found.measured_weight - weight
            error[i, j] = found.measured_weight_standard_error
    return {
        "points": dataset.samples,
        "weight": float(modes.spectrum.weights[0]),
        "walkers": walkers,
        "ratio": float(measured.sum() / predicted.sum()),
        "predicted": predicted,
        "measured": measured,
        "error": error,
    }


def _grids(spectrum: ClassSpectrum, steps: int) -> list[NoiseGrid]:
    """The choice of the designer, and the usual ones over its range."""
    designed = design_schedule(spectrum, steps).grid
    low, high = designed.levels[-2], designed.levels[0]
    ranges = [(low, high)] * 3 + [(max(low, _TABLE[0]), min(high, _TABLE[1]))]
    usual = [
        noise_grid(name, steps, ends, start="mean") for name, ends in zip(GRIDS[1:], ranges, strict=True)
    ]
    return [designed, *usual]


def draw(data: dict[str, Any]) -> Figure:
    figure, (axes,) = style.panels()
    for j, name in enumerate(GRIDS):
        style.simulation(axes, data["predicted"][:, j], data["measured"][:, j], data["error"][:, j], j, name)
    top = 1.15 * max(data["predicted"].max(), (data["measured"] + data["error"]).max())
    axes.plot([0.0, top], [0.0, top], ":", color="black", zorder=1)
    axes.set(
        xlim=(0.0, top), ylim=(0.0, top), xlabel="predicted error of the weight", ylabel="measured error"
    )
    axes.legend()
    return figure
