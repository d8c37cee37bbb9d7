"""Pictures of the command line's results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import FloatArray
from ..style import COLOURS, picture
from .model import NoisedSample
from .theory.descent import Descent
from .theory.empirical_score import distinct, empirical_score
from .theory.irregularity import Irregularity
from .theory.weights import variation_weights

if TYPE_CHECKING:
    from ..style import Axes


def plot_score(
    sample: NoisedSample, position: FloatArray, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """The empirical score along the line, with the positions that were asked for and the training points."""
    centres = sample.data_scale * distinct(sample)[0]
    shown = np.concatenate([centres, position.ravel()])
    margin = 2.0 * sample.noise_scale
    grid = np.linspace(shown.min() - margin, shown.max() + margin, 1201)
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(grid, empirical_score(sample, grid).score, color=COLOURS[0], label="empirical score")
        axes.plot(position.ravel(), empirical_score(sample, position.ravel()).score, "o", color=COLOURS[0])
        axes.plot(
            centres, np.zeros_like(centres), "|", color="black", markersize=8, label=r"points $\mu x_i$"
        )
        axes.set(xlabel="position $y$", ylabel="score $s^*(y)$")
        axes.legend()
    return axes


def plot_weights(
    sample: NoisedSample, position: FloatArray, path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Both weights of the total variation along the line, with the positions that were asked for."""
    centres = sample.data_scale * distinct(sample)[0]
    grid = np.linspace(
        min(centres[0], position.min()) - sample.noise_scale,
        max(centres[-1], position.max()) + sample.noise_scale,
        801,
    )
    line, points = variation_weights(sample, grid), variation_weights(sample, position)
    with picture(path, axes=axes) as (_, (axes,)):
        for k, (name, label) in enumerate(
            (("variation_weight", r"$\pi$"), ("noised_variation_weight", r"$\tilde\pi$, of the noised law"))
        ):
            axes.plot(grid, getattr(line, name), color=COLOURS[k], label=label)
            axes.plot(points.position.ravel(), getattr(points, name).ravel(), "o", color=COLOURS[k])
        axes.set(xlabel="position $y$", ylabel="weight of the variation", ylim=(0.0, None))
        axes.legend()
    return axes


def plot_irregularity(
    found: Sequence[Irregularity], path: Path | None = None, *, axes: Axes | None = None
) -> Axes:
    """Total variation of the empirical score and its small-noise value against the noise scale."""
    rows = sorted(found, key=lambda row: row.noise_scale)
    sigma = [row.noise_scale for row in rows]
    with picture(path, axes=axes) as (_, (axes,)):
        axes.plot(
            sigma, [row.total_variation for row in rows], "o-", color=COLOURS[0], label="total variation"
        )
        axes.plot(
            sigma,
            [row.small_noise_total_variation for row in rows],
            "--",
            color=COLOURS[1],
            label="small noise",
        )
        axes.set(xscale="log", yscale="log", xlabel=r"noise scale $\sigma$", ylabel=r"$\mathrm{TV}(s^*)$")
        axes.legend()
    return axes


def plot_descent(
    runs: Sequence[tuple[float, Descent]], path: Path | None = None, *, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Excess risk and sharpness ratio along the descents, one line for each learning rate."""
    with picture(path, columns=2, axes=axes) as (_, (left, right)):
        for k, (eta, run) in enumerate(runs):
            colour = COLOURS[k % len(COLOURS)]
            left.plot(run.step, run.excess_risk, color=colour, label=rf"$\eta$ = {eta:g}")
            right.plot(run.step, run.sharpness_ratio, color=colour)
        right.axhline(1.0, color="grey", linewidth=0.8, linestyle=":")
        left.set(xlabel="step", ylabel="excess risk", yscale="log")
        right.set(xlabel="step", ylabel=r"sharpness ratio $m\eta\lambda_{\max}/2$")
        left.legend()
    return [left, right]
