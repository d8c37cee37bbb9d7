"""Observables of the descent of a random student: dynamical mean-field theory against null-label descents."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    Loss,
    PhaseRetrieval,
    descent_dynamics,
    geometric_steps,
    simulate_descent,
)

PAPER = ("2403.02418", "", "ours")
TITLE = "Phase retrieval: energy, correlation and multiplier during the descent"
CAPTION = (
    "Gradient descent from a random start, and Langevin dynamics where a temperature is named, of the "
    "normalised loss with offset {offset:g}, M/N = {ratios} at temperatures {temperatures}: energy per "
    "dimension, correlation with the start, Lagrange multiplier. Lines: dynamical mean-field theory (N to "
    "infinity). Points: descents on labels that know nothing of the sensing vectors, {instances:.0f} "
    "instances at N = {dimension:.0f}. Own choice of parameters."
)

NAMES = ("energy", "correlation", "lagrange_multiplier")
STEPS = 45


def compute(
    preset: str,
    *,
    ratios: tuple[float, ...] = (1.5, 3.0, 6.0, 3.0),
    temperatures: tuple[float, ...] = (0.0, 0.0, 0.0, 0.5),
    offset: float = 1.0,
) -> dict[str, Any]:
    quick = preset == "quick"
    sizes = geometric_steps(STEPS, 0.01, 1.04, 0.1)
    dimension, instances = (200, 40) if quick else (1000, 100)
    record = list(range(0, STEPS + 1, 5))
    theory = np.empty((len(ratios), len(NAMES), STEPS + 1))
    mean, error = (np.empty((len(ratios), len(NAMES), len(record))) for _ in range(2))
    for i, (ratio, temperature) in enumerate(zip(ratios, temperatures, strict=True)):
        model = PhaseRetrieval(Loss.normalised(offset), ratio)
        paths = 8192 if quick else 32768
        found = descent_dynamics(model, sizes, temperature=temperature, paths=paths, replicas=4).require()
        measured = simulate_descent(
            model,
            dimension,
            step_sizes=sizes,
            instances=instances,
            temperature=temperature,
            label_law="null",
            record=record,
        )
        for k, name in enumerate(NAMES):
            theory[i, k] = found.estimate(name).mean
            estimate = measured.estimate(name)
            estimate = estimate[0] if name == "correlation" else estimate
            mean[i, k], error[i, k] = estimate.mean, estimate.standard_error
    return {
        "time": np.concatenate([[0.0], np.cumsum(sizes)]),
        "record": np.array(record),
        "theory": theory,
        "mean": mean,
        "error": error,
        "dimension": dimension,
        "instances": instances,
    }


def draw(data: dict[str, Any]) -> Figure:
    figure, panels = style.panels(3, height=2.2)
    labels = ("energy per dimension", "correlation with the start", r"multiplier $\mu$")
    for k, (axes, label) in enumerate(zip(panels, labels, strict=True)):
        for i, (ratio, temperature) in enumerate(zip(data["ratios"], data["temperatures"], strict=True)):
            name = f"M/N = {ratio:g}" + (f", T = {temperature:g}" if temperature else "")
            axes.plot(data["time"], data["theory"][i, k], color=style.COLOURS[i], label=name)
            at = data["time"][data["record"]]
            style.simulation(axes, at, data["mean"][i, k], data["error"][i, k], i)
        axes.set(xlabel="training time (sum of steps)", ylabel=label)
    panels[0].set(yscale="log", yticks=(0.2, 0.5, 1.0, 2.0, 5.0), yticklabels=("0.2", "0.5", "1", "2", "5"))
    panels[0].minorticks_off()
    panels[2].set_ylim(-0.1, 4.0)
    handles, _ = panels[0].get_legend_handles_labels()
    entries = [*handles, *style.keys(theory="-", simulation="o")]
    figure.legend(handles=entries, loc="outside upper center", ncols=6)
    return figure
