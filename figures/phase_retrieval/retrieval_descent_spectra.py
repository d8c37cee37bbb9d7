"""Density of the Hessian at the start, when the outlier is lost, and late: theory against finite Hessians."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.linalg import eigh

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    bbp_time,
    descend,
    descent_dynamics,
    draw_instances,
    draw_students,
    geometric_steps,
    hessian,
    spectral_density,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: the density of the Hessian during the descent"
CAPTION = (
    "Reconstruction. Density of the Hessian's eigenvalues of the normalised loss with offset {offset:g} "
    "at M/N = {ratio:g}, at the start, when the signal outlier is lost (time {middle:.2f}), and at time "
    "{late:.2f}. Line: bulk for the law of pre-activations in the dynamical mean-field theory; dashed: "
    "its signal outlier. Bars, points: {instances:.0f} descents at N = {dimension:.0f} with overlap held "
    "at 0, standard errors over instances; their multipliers, which fluctuate, are replaced by that of "
    "the theory. The smallest eigenvalues hold the outlier."
)

STEPS = 60


def compute(preset: str, *, ratio: float = 3.0, offset: float = 1.0) -> dict[str, Any]:
    quick = preset == "quick"
    model = PhaseRetrieval(Loss.normalised(offset), ratio)
    sizes = geometric_steps(STEPS, 0.01, 1.04, 0.1)
    theory = descent_dynamics(model, sizes, paths=2048 if quick else 16384, replicas=4 if quick else 8)
    lost = float(bbp_time(theory).solution.require()["training_time"])
    steps = [0, int(np.argmin(np.abs(theory.training_time - lost))), STEPS]
    dimension, instances = (160, 24) if quick else (1000, 40)
    multipliers = theory.solution["lagrange_multiplier"][steps]
    eigenvalues = _eigenvalues(model, sizes, steps, dimension, instances) - multipliers[:, None]
    data: dict[str, Any] = {
        "time": theory.training_time[steps],
        "dimension": dimension,
        "instances": instances,
    }
    for k, step in enumerate(steps):
        spectra = theory.spectra([step])
        edge, outlier = spectra["bulk_edge"], spectra["outlier"]
        assert edge is not None
        lowest = float(edge.mean[0]) if outlier is None else float(outlier.mean[0])
        width = (26.0, 8.0, 6.0)[k]
        grid = np.linspace(float(edge.mean[0]) - 0.06 * width, float(edge.mean[0]) + width, 100)
        density = spectral_density(model, grid, law=theory.curvature_law(step), smoothing=2e-3 * width)
        bins = np.linspace(lowest - 0.1 * width, float(edge.mean[0]) + width, 33)
        counts = np.array([np.histogram(row, bins)[0] for row in eigenvalues[:, k]]) / (
            dimension * np.diff(bins)
        )
        data |= {
            f"grid {k}": grid,
            f"density {k}": density,
            f"outlier {k}": math.nan if outlier is None else float(outlier.mean[0]),
            f"bins {k}": bins,
            f"mean {k}": counts.mean(axis=0),
            f"error {k}": counts.std(axis=0, ddof=1) / math.sqrt(instances),
        }
    return data | {"middle": float(data["time"][1]), "late": float(data["time"][2])}


def _eigenvalues(model: PhaseRetrieval, sizes: Any, steps: list[int], dimension: int, instances: int) -> Any:
    """(instances, times, N - 1) with the multiplier added, the direction of the student left out."""
    rows = np.empty((instances, len(steps), dimension - 1))
    for k in range(instances):
        drawn = draw_instances(model, dimension, first=k)
        start = draw_students(drawn, first=k, orthogonal=True)
        found = descend(
            model.loss, drawn, start, sizes, held_overlap=0.0, record=np.array(steps), keep_students=True
        ).require()
        assert found.students is not None
        for row, student in enumerate(found.students[0, 0]):
            matrix, multiplier = hessian(model.loss, drawn.sensing[0], drawn.labels[0], student)
            values = eigh(matrix, eigvals_only=True)
            rows[k, row] = np.delete(values, np.argmin(np.abs(values))) + multiplier
    return rows


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, height=2.3)
    for k, axes in enumerate(panels):
        bins, mean = data[f"bins {k}"], data[f"mean {k}"]
        axes.bar(bins[:-1], mean, np.diff(bins), align="edge", color=style.COLOURS[5], alpha=0.4)
        style.simulation(axes, 0.5 * (bins[1:] + bins[:-1]), mean, data[f"error {k}"], 1)
        axes.plot(data[f"grid {k}"], data[f"density {k}"], color=style.COLOURS[0])
        if math.isfinite(data[f"outlier {k}"]):
            axes.axvline(data[f"outlier {k}"], color=style.COLOURS[1], linestyle="--")
        axes.axvline(0.0, color="grey", linewidth=0.5)
        axes.set(xlabel="eigenvalue of the Hessian", xlim=(bins[0], bins[-1]), ylim=(0.0, None))
        axes.set_title(f"time {float(data['time'][k]):.2f}")
    notes = {"theory": "-", "signal outlier": "--", "simulation": "s"}
    panels[1].legend(handles=style.keys(**notes), fontsize=6)
    panels[0].set_ylabel("density")
    return figure
