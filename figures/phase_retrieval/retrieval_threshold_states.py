"""States of phase retrieval at overlap 0: their spectra, their Parisi function, and when they point to the signal."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.errors import NotConverged
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    draw_instances,
    full_rsb_curvature_law,
    full_rsb_state,
    geometric_steps,
    hessian,
    one_step_curvature_law,
    one_step_state,
    simulate_descent,
    spectral_density,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: states in which the descent may end"
CAPTION = (
    "States at overlap 0 for offset {offset:g}. Left: density of the Hessian's eigenvalues at {ratio:g} "
    "samples per dimension, in the marginal state with one step of replica-symmetry breaking (red) and in "
    "the ground state with full breaking (green, {steps} steps); both have their left edge at 0. Open "
    "symbols: {instances} descents with labels independent of the sensing vectors, N = {dimension}, "
    "stopped at time {time:.0f}: they have not come to rest, and their edge still lies below 0; error "
    "bars, one standard error. Middle: the Parisi function s(q) with full breaking (green, one point for "
    "each step) and the one-step ground state (grey), which is unstable: breaking is continuous from q = "
    "0. Right: the outlier criterion against samples per dimension; the Hessian of the state has an "
    "outlier towards the signal where it exceeds 1. Lines: theory. A reconstruction: the figures of the "
    "original work were not at hand."
)


def compute(preset: str, *, ratio: float = 7.0, offset: float = 1.0) -> dict[str, Any]:
    quick = preset == "quick"
    model = PhaseRetrieval(Loss.normalised(offset), ratio)
    dimension, instances, steps = (160, 10, 4) if quick else (600, 20, 8)
    grid = 4.0 * np.linspace(0.0, 1.0, 300) ** 2
    ground = one_step_state(model, "ground").require()
    alphas = np.linspace(0.6 * ratio, 1.14 * ratio, 4 if quick else 20)
    ends = (
        np.array([0.64 * ratio, 0.82 * ratio, ratio])
        if quick
        else np.append(ratio * np.linspace(0.61, 1.14, 16), ratio)
    )
    ends = np.unique(ends)
    full = full_rsb_state(model, samples_per_dimension=ends, steps=steps).require()
    here = int(np.flatnonzero(ends == ratio)[0])
    return _descents(model, dimension, instances, quick) | {
        "steps": steps,
        "grid": grid,
        "one_step": spectral_density(model, grid, law=one_step_curvature_law(model)),
        "full": spectral_density(model, grid, law=full_rsb_curvature_law(model, steps=steps)),
        "q": full["q"][here],
        "function": full["parisi_function"][here],
        "parameter": float(ground["parisi_parameter"]),
        "alphas": alphas,
        "criterion": one_step_state(model, samples_per_dimension=alphas).require()["outlier_criterion"],
        "ends": ends,
        "full_criterion": full["outlier_criterion"],
    }


def _descents(model: PhaseRetrieval, dimension: int, instances: int, quick: bool) -> dict[str, Any]:
    """Spectra after a long descent with independent labels."""
    eta = geometric_steps(800 if quick else 4000, 0.002, 1.02, 0.02)
    found = simulate_descent(
        model,
        dimension,
        step_sizes=eta,
        instances=instances,
        label_law="null",
        record=[len(eta)],
        keep_students=True,
        threads=2,
    )
    if (found.diverged_step >= 0).any():
        raise NotConverged("a descent diverged: the steps are too large")
    assert found.students is not None
    borders = np.linspace(-0.4, 4.0, 23)
    counts = []
    for k in range(instances):
        drawn = draw_instances(model, dimension, first=k, label_law="null")
        student = found.students[k, 0, -1]
        matrix, _ = hessian(model.loss, drawn.sensing[0], drawn.labels[0], student)
        values, vectors = np.linalg.eigh(matrix)
        kept = values[(vectors.T @ student) ** 2 < 0.5 * dimension]
        counts.append(np.histogram(kept, borders)[0] / dimension / np.diff(borders))
    return {
        "dimension": dimension,
        "instances": instances,
        "time": float(eta.sum()),
        "centre": (borders[1:] + borders[:-1]) / 2,
        "density": np.mean(counts, axis=0),
        "error": np.std(counts, axis=0, ddof=1) / np.sqrt(instances),
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3)
    red, green = style.COLOURS[1], style.COLOURS[2]
    left.plot(data["grid"], data["one_step"], color=red, label="marginal, one step")
    left.plot(data["grid"], data["full"], color=green, linestyle="--", label="full breaking")
    style.simulation(
        left,
        data["centre"],
        data["density"],
        data["error"],
        0,
        f"descents, $N$ = {int(data['dimension'])}, still moving",
    )
    left.axvline(0.0, color="grey", linewidth=0.8)
    left.set(xlabel="eigenvalue of the Hessian", ylabel="density", ylim=(0.0, None))
    middle.plot(data["q"], data["function"], "o-", color=green, label="full breaking")
    middle.axhline(data["parameter"], color="grey", linewidth=0.8, linestyle="--", label="one step, unstable")
    middle.legend(fontsize=6)
    middle.set(xlabel="overlap $q$", ylabel="Parisi function $s(q)$", xlim=(0.0, 1.0), ylim=(0.0, None))
    right.plot(*style.joined(data["alphas"], data["criterion"]), color=red, label="marginal, one step")
    right.plot(
        *style.joined(data["ends"], data["full_criterion"]),
        color=green,
        linestyle="--",
        label="full breaking",
    )
    right.axhline(1.0, color="grey", linewidth=0.8)
    right.set(xlabel="samples per dimension", ylabel="outlier criterion $B$")
    style.legend_below(left, left.get_legend_handles_labels()[0], 3)
    right.legend(fontsize=6)
    return figure
