"""A small network on a Gaussian mixture: when memorization sets in, against the training set and the width."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from statphys_gen import style
from statphys_gen.errors import InsufficientSamples
from statphys_gen.random_features import (
    Architecture,
    GaussianMixture,
    NetworkTraining,
    memorization_onset,
    simulate_memorization,
)
from statphys_gen.statistics import Estimate, power_law_exponent

PAPER = (
    "2505.17638",
    "9",
    "stand-in: a fully connected network trained by Adam for the residual one trained with momentum",
)
TITLE = "A trained network: the onset of memorization against the number of samples"
CAPTION = (
    "Simulation only, a reduced run: number of steps at which the share {level:g} of the generated points "
    "are copies, for fully connected score networks with {layers} hidden layers trained by Adam on the "
    "whole training set, with fresh noise in every step, on two Gaussian classes in dimension "
    "{dimension}. Left: against the number n of training points, at width {width}; right: against the "
    "width, at n = {fixed}. Error bars: one standard error over {instances} independent trainings. The "
    "grey lines are fits through {count} points: onset proportional to n^{exponent:.2f} (standard error "
    "{exponent_error:.2f}) and to width^{width_exponent:.2f} ({width_exponent_error:.2f}). These errors "
    "are those that the error bars cause: the points need not lie on a power law. The paper reports n^1 "
    "and width^-1 for a residual network and descent with momentum."
)


@dataclass(frozen=True)
class _Setting:
    """What the trainings of a preset share; ``last`` is the number of steps over n."""

    layers: int
    learning_rate: float
    instances: int
    walkers: int
    last: int
    level: float
    dimension: int


def compute(preset: str, *, level: float = 0.1, dimension: int = 8) -> dict[str, Any]:
    samples: tuple[int, ...] = (32, 48, 72, 128)
    widths: tuple[int, ...] = (32, 64, 128, 256)
    width, fixed = 96, 32
    setting = _Setting(
        layers=3, learning_rate=2e-3, instances=3, walkers=400, last=80, level=level, dimension=dimension
    )
    if preset == "quick":
        samples, widths, width, fixed = (6, 10, 15, 24), (32, 64, 96, 128), 64, 6
        setting = _Setting(
            layers=2, learning_rate=5e-3, instances=3, walkers=150, last=70, level=level, dimension=dimension
        )
    by_samples = Estimate.stack([_onset(n, width, setting) for n in samples])
    by_width = Estimate.stack([_onset(fixed, w, setting) for w in widths])
    slope, width_slope = power_law_exponent(samples, by_samples), power_law_exponent(widths, by_width)
    return {
        "count": len(samples),
        "layers": setting.layers,
        "instances": setting.instances,
        "width": width,
        "fixed": fixed,
        "samples": np.array(samples),
        "widths": np.array(widths),
        "onset": by_samples.mean,
        "onset_error": by_samples.standard_error,
        "width_onset": by_width.mean,
        "width_onset_error": by_width.standard_error,
        "exponent": float(slope.mean),
        "exponent_error": float(slope.standard_error),
        "width_exponent": float(width_slope.mean),
        "width_exponent_error": float(width_slope.standard_error),
    }


def _onset(samples: int, width: int, setting: _Setting) -> Estimate:
    """The logarithm of the onset; twice as long a training where the level is not crossed."""
    for stretch in (1, 2, 4):
        steps = tuple(
            int(k) for k in np.round(np.geomspace(5, setting.last * stretch, 7 + stretch) * samples)
        )
        curve = simulate_memorization(
            GaussianMixture.two_classes(setting.dimension, 1.0),
            samples,
            Architecture(width, setting.layers),
            NetworkTraining(steps, samples, learning_rate=setting.learning_rate),
            instances=setting.instances,
            walkers=setting.walkers,
            loss_draws=100,
            threads=2,
        )
        try:
            return memorization_onset(curve, level=setting.level)
        except InsufficientSamples:
            if stretch == 4:
                raise
    raise AssertionError


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2)
    for axes, names, label in (
        (panels[0], ("samples", "onset", "exponent"), "training points $n$"),
        (panels[1], ("widths", "width_onset", "width_exponent"), "width"),
    ):
        x, onset, error = data[names[0]], data[names[1]], data[f"{names[1]}_error"]
        fit = np.exp(onset.mean() + data[names[2]] * (np.log(x) - np.log(x).mean()))
        axes.plot(x, fit, color="grey", linewidth=0.8, label=f"fitted exponent {float(data[names[2]]):.2f}")
        # The error of the logarithm as a factor.
        steps = np.exp(onset)
        bars = np.stack([steps - np.exp(onset - error), np.exp(onset + error) - steps])
        style.simulation(axes, x, steps, bars, label="simulation")
        axes.legend()
        axes.set(xscale="log", yscale="log", xlabel=label, ylabel="steps at the onset")
        axes.set_xticks(x, [str(v) for v in x])
        axes.xaxis.set_minor_locator(NullLocator())
    return figure
