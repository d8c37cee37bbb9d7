"""The loss along the least stable direction during the descent, and the eigenvalue of that direction."""

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
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: the loss along the least stable direction during the descent"
CAPTION = (
    "Reconstruction: a panel of this content is known to exist, its data and parameters are not. Gradient "
    "descent of the normalised loss with offset {offset:g} at M/N = {ratio:g}, at overlap 0. Left: energy "
    "along the great circle from the student in the direction of the lowest eigenvector of the Hessian, "
    "signed towards the signal, at several times. Points: {instances:.0f} instances at N = "
    "{dimension:.0f}, overlap held at 0; dashed: parabola of the lowest eigenvalue of the theory (N to "
    "infinity). Right: squared overlap of the least stable direction with the signal; line: theory, "
    "points: simulation. In the theory it vanishes when the outlier is lost, at time {lost:.2f} (grey); a "
    "finite system keeps a share of it beyond."
)

STEPS = 56
SHOWN = (0, 12, 32, 56)
STEPS_MEASURED = (0, 4, 8, 12, 20, 32, 44, 56)


def compute(preset: str, *, ratio: float = 3.0, offset: float = 1.0) -> dict[str, Any]:
    quick = preset == "quick"
    model = PhaseRetrieval(Loss.normalised(offset), ratio)
    sizes = geometric_steps(STEPS, 0.01, 1.04, 0.1)
    theory = descent_dynamics(model, sizes, paths=4096 if quick else 32768, replicas=3 if quick else 8)
    lost = bbp_time(theory).solution
    edge = theory.spectra(STEPS_MEASURED)["bulk_edge"]
    assert edge is not None
    before = [s for s in range(STEPS + 1) if theory.training_time[s] < float(lost["training_time"])]
    found = [theory.spectra([s]) for s in before]
    # Next to the transition some replicas have lost it already; the line goes straight to zero there.
    informative = {s: _mean(row["outlier_overlap_squared"]) for s, row in zip(before, found, strict=True)}
    kept = [s for s in before if math.isfinite(informative[s])]
    outlier = {s: _mean(row["outlier"]) for s, row in zip(before, found, strict=True) if s in kept}
    dimension, instances = (144, 14) if quick else (640, 64)
    angles = np.linspace(-1.2, 1.2, 17)
    energy, overlap = _along(model, sizes, angles, dimension, instances)
    return {
        "time": theory.training_time[list(STEPS_MEASURED)],
        "eigenvalue": np.array(
            [outlier.get(s, float(edge.mean[k])) for k, s in enumerate(STEPS_MEASURED)], dtype=float
        ),
        "fine_time": np.append(
            theory.training_time[kept], [float(lost["training_time"]), theory.training_time[-1]]
        ),
        "informative": np.append([informative[s] for s in kept], [0.0, 0.0]),
        "lost": float(lost["training_time"]),
        "angles": angles,
        "energy": energy.mean(axis=0),
        "energy_error": energy.std(axis=0, ddof=1) / math.sqrt(instances),
        "overlap": overlap.mean(axis=0),
        "overlap_error": overlap.std(axis=0, ddof=1) / math.sqrt(instances),
        "dimension": dimension,
        "instances": instances,
    }


def _mean(estimate: Any) -> float:
    return math.nan if estimate is None else float(estimate.mean[0])


def _along(model: PhaseRetrieval, sizes: Any, angles: Any, dimension: int, instances: int) -> tuple[Any, Any]:
    """Energy change (instances, times, angles), and squared overlap of the lowest eigenvector (instances, steps)."""
    energy = np.empty((instances, len(SHOWN), len(angles)))
    overlap = np.empty((instances, len(STEPS_MEASURED)))
    for k in range(instances):
        drawn = draw_instances(model, dimension, first=k)
        start = draw_students(drawn, first=k, orthogonal=True)
        found = descend(
            model.loss,
            drawn,
            start,
            sizes,
            held_overlap=0.0,
            record=np.array(STEPS_MEASURED),
            keep_students=True,
        )
        students = found.require().students
        assert students is not None
        assert drawn.signals is not None
        for row, (step, student) in enumerate(zip(STEPS_MEASURED, students[0, 0], strict=True)):
            matrix, _ = hessian(model.loss, drawn.sensing[0], drawn.labels[0], student)
            _, vectors = eigh(matrix, subset_by_index=[0, 0])
            overlap[k, row] = float(vectors[:, 0] @ drawn.signals[0]) ** 2 / dimension
            if step not in SHOWN:
                continue
            direction = vectors[:, 0] * math.sqrt(dimension)
            direction *= math.copysign(1.0, float(direction @ drawn.signals[0]))
            circle = np.outer(student, np.cos(angles)) + np.outer(direction, np.sin(angles))
            y = drawn.sensing[0] @ circle / math.sqrt(dimension)
            label = np.repeat(drawn.labels[0][:, None], len(angles), axis=1)
            along = model.loss.value(y, label).sum(axis=0) / dimension
            energy[k, SHOWN.index(step)] = along - along[len(angles) // 2]
    return energy, overlap


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, right) = style.panels(2)
    angles, times = data["angles"], data["time"]
    for series, step in enumerate(SHOWN):
        row = STEPS_MEASURED.index(step)
        style.simulation(
            left,
            angles,
            data["energy"][series],
            data["energy_error"][series],
            series,
            f"time {times[row]:.2f}",
        )
        value = data["eigenvalue"][row]
        near = np.linspace(-0.6, 0.6, 61) if step else np.linspace(-0.45, 0.45, 61)
        left.plot(near, 0.5 * value * near**2, "--", color=style.COLOURS[series])
    left.axhline(0.0, color="grey", linewidth=0.5)
    left.set(
        xlabel="angle on the sphere from the student (radians)",
        ylabel="energy per dimension, less the student's",
    )
    entries, _ = left.get_legend_handles_labels()
    notes = {"theory, $N\\to\\infty$ (parabola)": "--"}
    left.legend(handles=entries + style.keys(**notes), loc="upper center", ncols=2, fontsize=6)
    grown = 1.25 * max(float(data["energy"].max()), 0.0)
    left.set_ylim(top=grown)
    right.plot(data["fine_time"], data["informative"], color=style.COLOURS[0], label="theory, $N\\to\\infty$")
    style.simulation(
        right, times, data["overlap"], data["overlap_error"], 1, f"simulation, $N$ = {int(data['dimension'])}"
    )
    right.axvline(data["lost"], color="grey", linewidth=0.7, label="outlier lost, $N\\to\\infty$")
    right.set(
        xlabel="training time (sum of steps)", ylabel="squared overlap with the signal", ylim=(0.0, None)
    )
    right.legend()
    return figure
