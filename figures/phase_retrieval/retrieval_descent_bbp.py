"""When the outlier is lost: the criterion along the descent, the time of its fall, the growth of the overlap."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    bbp_time,
    descent_dynamics,
    geometric_steps,
    initial_transition,
    outlier_criterion,
    sampled_curvature_law,
    simulate_descent,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: the time at which the Hessian loses its signal outlier"
CAPTION = (
    "Reconstruction. Gradient descent of the normalised loss with offset {offset:g} at overlap 0. Left: "
    "outlier criterion, above 1 while the Hessian has a signal outlier; lines: dynamical mean-field "
    "theory (N to infinity), with its standard error as a band; points: from the pairs (y, t) of "
    "{instances:.0f} null-label descents at N = {dimension:.0f}. Middle: the time at which the criterion "
    "falls through 1, with standard errors over replicas of the paths of the theory; at M/N = "
    "{initial:.4f} (grey) the outlier is there at the start only. Right: growth of an infinitesimal "
    "overlap (theory), with a mark where the outlier is lost. Time is the sum of the step sizes, for the "
    "loss summed over samples."
)

SHOWN = (1.3, 2.0, 3.0, 4.0)


def compute(preset: str, *, offset: float = 1.0) -> dict[str, Any]:
    quick = preset == "quick"
    ratios = (
        (1.2, 1.3, 1.6, 2.0, 3.0, 4.0) if quick else (1.2, 1.3, 1.45, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
    )
    paths, replicas = (4096, 6) if quick else (16384, 8)
    dimension, instances = (160, 64) if quick else (500, 400)
    found: dict[str, Any] = {"lost": [], "lost_error": []}
    for ratio in ratios:
        steps = 30 if ratio < 2.0 else 60 if ratio < 3.5 else 72 if ratio < 4.5 else 85
        sizes = geometric_steps(steps, 0.01, 1.04, 0.1)
        model = PhaseRetrieval(Loss.normalised(offset), ratio)
        theory = descent_dynamics(model, sizes, paths=paths, replicas=replicas).require()
        lost = bbp_time(theory).solution
        found["lost"].append(float(lost["training_time"]))
        found["lost_error"].append(float(lost.error))
        if ratio not in SHOWN:
            continue
        record = list(range(0, steps + 1, 6 if steps == 30 else 12))
        criterion = theory.estimate("outlier_criterion")
        mean, error = _criterion(model, sizes, record, dimension, instances)
        key = f"{ratio:g}"
        found |= {
            f"time {key}": theory.training_time,
            f"theory {key}": criterion.mean,
            f"band {key}": criterion.standard_error,
            f"growth {key}": theory.estimate("overlap_growth").mean,
            f"points {key}": theory.training_time[record],
            f"mean {key}": mean,
            f"error {key}": error,
        }
    initial = float(initial_transition(Loss.normalised(offset)).solution["samples_per_dimension"])
    return found | {
        "ratios": np.array(ratios),
        "initial": initial,
        "dimension": dimension,
        "instances": instances,
        "lost": np.array(found["lost"]),
        "lost_error": np.array(found["lost_error"]),
    }


def _criterion(
    model: PhaseRetrieval, sizes: Any, record: list[int], dimension: int, instances: int, groups: int = 8
) -> tuple[Any, Any]:
    """From the pairs of all instances together (few pairs bias it); jackknife errors over groups of instances."""
    descents = simulate_descent(
        model,
        dimension,
        step_sizes=sizes,
        instances=instances,
        label_law="null",
        record=record,
        keep_pre_activations=True,
    ).require()
    assert descents.pre_activations is not None
    assert descents.labels is not None
    fields, labels = descents.pre_activations[:, 0], descents.labels

    def criterion(members: Any) -> Any:
        points = [
            np.stack([fields[members, k].ravel(), labels[members].ravel()], axis=1)
            for k in range(len(record))
        ]
        # The infimum of the curvatures is that of the loss and not that of the points.
        bound = model.loss.curvature_bound
        laws = [replace(sampled_curvature_law(model.loss, p), lower_bound=bound) for p in points]
        return np.array([float(outlier_criterion(model, law=law)) for law in laws])

    every = np.arange(instances)
    left_out = np.array([criterion(every[every % groups != g]) for g in range(groups)])
    spread = math.sqrt((groups - 1) ** 2 / groups) * left_out.std(axis=0, ddof=1)
    return criterion(every), spread


def draw(data: dict[str, Any]) -> Figure:
    figure, (left, middle, right) = style.panels(3, height=2.4)
    for series, ratio in enumerate(SHOWN):
        key, colour = f"{ratio:g}", style.COLOURS[series]
        time, line, band = data[f"time {key}"], data[f"theory {key}"], data[f"band {key}"]
        left.plot(time, line, color=colour, label=f"M/N = {ratio:g}")
        left.fill_between(time, line - band, line + band, color=colour, alpha=0.25, linewidth=0.0)
        style.simulation(left, data[f"points {key}"], data[f"mean {key}"], data[f"error {key}"], series)
        right.plot(time, data[f"growth {key}"], color=colour)
        lost = float(data["lost"][list(data["ratios"]).index(ratio)])
        if math.isfinite(lost):
            right.plot(
                lost, np.interp(lost, time, data[f"growth {key}"]), style.MARKERS[series], color=colour
            )
    left.axhline(1.0, color="grey", linewidth=0.7)
    left.set(xlabel="training time (sum of steps)", ylabel="outlier criterion")
    entries, _ = left.get_legend_handles_labels()
    left.legend(
        handles=[*entries, *style.keys(**{f"simulation, $N$ = {int(data['dimension'])}": "o"})], fontsize=6
    )
    good = np.isfinite(data["lost"])
    line = middle.errorbar(
        data["ratios"][good], data["lost"][good], yerr=data["lost_error"][good], color="black", capsize=1.5
    )
    line[0].set_linewidth(1.0)
    middle.axvline(data["initial"], color="grey", linewidth=0.7, label="transition at the start")
    middle.legend(fontsize=6)
    middle.set(xlabel="$M/N$", ylabel="time of losing the outlier", yscale="log")
    right.legend(handles=style.keys(**{"outlier lost": ".o"}), fontsize=6)
    right.set(xlabel="training time (sum of steps)", ylabel="growth of the overlap", yscale="log")
    right.set_yticks([1, 2, 5, 10], labels=["1", "2", "5", "10"])
    right.minorticks_off()
    return figure
