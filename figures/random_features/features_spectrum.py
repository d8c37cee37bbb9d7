"""Anatomy of the spectrum of random features: atom and three groups of bulks, for two covariances of the data."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.random_features import (
    Covariance,
    FeatureMoments,
    RandomFeatures,
    model_coefficients,
    simulate_eigenvalues,
    spectrum,
)

PAPER = ("2505.17638", "4", "same axes, reduced")
TITLE = "Random features: three groups of modes in the spectrum"
CAPTION = (
    "Spectrum of the feature matrix U for tanh at p/d = {features:g}, n/d = {samples:g} and t = {time:g}, as "
    "eigenvalue times density against the logarithm of the eigenvalue, so that equal areas are equal numbers of "
    "modes. Left: data of covariance 1; right: half of the directions of variance 0.5, half of 1.5. Lines: theory "
    "(n, p, d to infinity). Open symbols: eigenvalues of {instances} instances of the Gaussian equivalent in "
    "dimension {dimension} (a reduced simulation), counted in bins; error bars, one standard error over "
    "instances. Dashed: the atom, which holds the share 1 - (1 + n/d)/(p/d) of the modes. From left to right: "
    "interpolation (the response to the noise in directions that no sample occupies), overfitting, "
    "generalisation. Insets: the density of the last group on linear axes."
)

COVARIANCES = (Covariance.isotropic(), Covariance([0.5, 1.5], [0.5, 0.5]))
POINTS = 200


def compute(
    preset: str, *, features: float = 64.0, samples: float = 8.0, time: float = 0.01
) -> dict[str, Any]:
    dimension, instances = (10, 8) if preset == "quick" else (100, 2)
    data: dict[str, Any] = {"dimension": dimension, "instances": instances}
    for k, covariance in enumerate(COVARIANCES):
        model = RandomFeatures("tanh", features, samples, time, covariance)
        for name, entry in bulks_and_counts(model, dimension, instances).items():
            data[f"{name}_{k}"] = entry
    return data


def bulks_and_counts(model: RandomFeatures, dimension: int, instances: int) -> dict[str, Any]:
    """Theory (bulks, 2, points) and simulated counts in logarithmic bins beyond the atom (3, bins)."""
    found = spectrum(model)
    angle = (np.arange(POINTS) + 0.5) * np.pi / POINTS
    lines = []
    for bulk in found.bulks:
        inside = bulk.lower + (bulk.upper - bulk.lower) * np.sin(0.5 * angle) ** 2
        x = np.concatenate([[bulk.lower], inside, [bulk.upper]])
        lines.append([x, x * np.concatenate([[0.0], found.density(inside), [0.0]])])
    c = model_coefficients(model)
    moments = FeatureMoments(float(c.a_t), float(c.v_t_squared), float(c.s_t_squared))
    eigenvalues = simulate_eigenvalues(model, dimension, instances=instances, moments=moments, threads=2)
    borders = np.geomspace(1.02 * float(c.s_t_squared), 1.3 * found.bulks[-1].upper, 56)
    width = np.diff(np.log(borders))
    counts = np.stack([np.histogram(row, borders)[0] for row in eigenvalues]) / eigenvalues.shape[1] / width
    mean, error = counts.mean(axis=0), counts.std(axis=0, ddof=1) / np.sqrt(instances)
    middle = np.sqrt(borders[1:] * borders[:-1])
    return {
        "line": np.array(lines),
        "counts": np.stack([middle, mean, error]),
        "atom": found.atoms[0].position,
    }


def draw_spectrum(axes: Axes, line: Any, counts: Any, atom: Any) -> None:
    for k, bulk in enumerate(line):
        axes.plot(*bulk, color=style.COLOURS[0], label=None if k else "theory")
    shown = counts[1] > 0
    middle, mean, error = counts[:, shown]
    style.simulation(axes, middle, mean, error, 1, "simulation")
    axes.axvline(float(atom), color="grey", linestyle="--", linewidth=0.8, label="atom")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel(r"eigenvalue $\lambda$")
    axes.set_ylabel(r"$\lambda\,\rho(\lambda)$")


def _draw_inset(axes: Axes, line: Any, counts: Any, atom: Any) -> None:
    """The density of the modes of generalisation on linear axes."""
    inset = axes.inset_axes((0.66, 0.42, 0.34, 0.5))
    bulks = [bulk for bulk in line if bulk[0, 0] > 1e3 * float(atom)]
    for x, product in bulks:
        inset.plot(x, 1e3 * product / x, color=style.COLOURS[0], linewidth=1.0)
    middle, mean, error = counts[:, (counts[1] > 0) & (counts[0] > 0.8 * bulks[0][0, 0])]
    style.simulation(inset, middle, 1e3 * mean / middle, 1e3 * error / middle, 1)
    inset.set(xlim=(0.0, None), ylim=(0.0, None))
    inset.set_title(r"$10^3\rho(\lambda)$", fontsize=6)
    inset.tick_params(labelsize=6)


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(2, 1, height=2.9)
    for k, (axes, title) in enumerate(zip(panels, (r"$\Sigma = 1$", r"$\Sigma$: 0.5 and 1.5"), strict=True)):
        spectrum_of = data[f"line_{k}"], data[f"counts_{k}"], data[f"atom_{k}"]
        draw_spectrum(axes, *spectrum_of)
        _draw_inset(axes, *spectrum_of)
        axes.set_title(title)
    style.legend_below(panels[0], panels[0].get_legend_handles_labels()[0], 3)
    return figure
