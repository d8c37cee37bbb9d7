"""Below, between and above the thresholds: energy in time; the Hessian at the start, at overlap 0 and at the end."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from statphys_gen import style
from statphys_gen.phase_retrieval import (
    CurvatureLaw,
    Descents,
    Loss,
    PhaseRetrieval,
    descent_dynamics,
    draw_instances,
    geometric_steps,
    hessian,
    initial_curvature_law,
    initial_transition,
    lagrange_multiplier,
    left_edge,
    one_step_curvature_law,
    one_step_state,
    one_step_threshold,
    signal_outlier,
    simulate_descent,
    spectral_density,
)

PAPER = ("2403.02418", "abstract, left half", "stand-in: our loss and sizes, the paper's are not known")
TITLE = "Phase retrieval: descents and Hessians below, between and above the thresholds"
CAPTION = (
    "Gradient descent of the normalised loss with offset {offset:g} at M/N = {ratios}; the threshold of the random "
    "start is M/N = {start:.3f}, that of the marginal states at overlap 0 (one step of replica-symmetry breaking) "
    "{states:.3f}. First row: energy of {instances} descents at N = {dimension} (thin), mean of as many that are held "
    "at overlap 0 (symbols; error bars: one standard error), dynamical mean-field theory at overlap 0 (line; N to "
    "infinity), and energy of the marginal states (dashed; there are none at small M/N), to which the held descents go "
    "on falling slowly. Other rows: density of the Hessian at the start, after the held descents (line: the marginal "
    "states, which they have not reached), and after the free ones (line: at the signal, where a descent has found it; "
    "found by {found}, in the order of M/N). Orange: the outlier towards the signal in theory, and the lowest "
    "eigenvalue in the simulation, one standard error. The multipliers of the instances, which fluctuate, are replaced "
    "by that of the theory at the start, and by their mean later. Between the thresholds the marginal states have no "
    "outlier, and for N to infinity a descent has lost the signal when it comes near them; a descent of finite size "
    "may find it before."
)
_STEPS, _THEORY, _LOOKS, _BINS = 500, 64, 40, 40
_AT_THE_SIGNAL = 1.0 - 1e-9  # the largest overlap for which a student has a law


def compute(
    preset: str, *, ratios: tuple[float, ...] = (1.0, 5.0, 8.0), offset: float = 1.0
) -> dict[str, Any]:
    quick = preset == "quick"
    dimension, instances = (300, 6) if quick else (400, 40)
    loss = Loss.normalised(offset)
    columns = [_column(PhaseRetrieval(loss, ratio), dimension, instances, quick) for ratio in ratios]
    return {
        "start": float(initial_transition(loss).solution.require()["samples_per_dimension"]),
        "states": float(one_step_threshold(loss).require()["samples_per_dimension"]),
        "dimension": dimension,
        "instances": instances,
        "found": ", ".join(f"{column.pop('found'):.0f} of {instances}" for column in columns),
        **{name: np.array([column[name] for column in columns]) for name in columns[0] if name != "found"},
    }


def _column(model: PhaseRetrieval, dimension: int, instances: int, quick: bool) -> dict[str, Any]:
    largest = 0.25 / model.samples_per_dimension
    eta = geometric_steps(_STEPS, 0.002, 1.03, min(0.1, largest))
    record = np.unique(np.append(0, np.geomspace(1, _STEPS, _LOOKS).astype(int)))
    record = np.append(record, np.setdiff1d(np.arange(_STEPS), record)[: _LOOKS - len(record)])
    record.sort()
    runs = [
        simulate_descent(
            model,
            dimension,
            step_sizes=eta,
            instances=instances,
            hold_overlap=held,
            record=record.tolist(),
            keep_students=True,
            threads=2,
        ).require()
        for held in (False, True)
    ]
    theory = descent_dynamics(
        model, eta[:_THEORY], paths=2048 if quick else 16384, replicas=4 if quick else 8
    ).require()
    state = one_step_state(model)
    free, held = runs
    at_zero = one_step_curvature_law(model) if bool(state.good) else None
    assert free.overlap is not None
    laws = (
        initial_curvature_law(model.loss),
        at_zero,
        initial_curvature_law(model.loss, overlap=_AT_THE_SIGNAL),
    )
    found = np.abs(free.overlap[:, 0, -1]) > 0.99
    spectra = [
        _spectra(model, runs[k], place, law)
        for k, place, law in ((0, 0, laws[0]), (1, -1, laws[1]), (0, -1, laws[2] if found.any() else None))
    ]
    return {
        "found": found.sum(),
        "time": free.training_time[1:],
        "free": free.energy[:, 0, 1:],
        "held": held.energy[:, 0, 1:].mean(axis=0),
        "held_error": held.energy[:, 0, 1:].std(axis=0, ddof=1) / math.sqrt(instances),
        "line_time": theory.training_time[1:],
        "line": theory.estimate("energy").mean[1:],
        "level": float(state["energy"]),
        **{name: np.array([entry[name] for entry in spectra]) for name in spectra[0]},
    }


def _spectra(
    model: PhaseRetrieval, run: Descents, place: int, law: CurvatureLaw | None
) -> dict[str, NDArray[Any]]:
    """Histogram of the eigenvalues, without the direction of the student, beside the density of a law."""
    assert run.students is not None
    dimension = run.students.shape[-1]
    multiplier = float(run.lagrange_multiplier[:, 0, place].mean())
    if place == 0:
        multiplier = float(lagrange_multiplier(model))
    rows = []
    for k, student in enumerate(run.students[:, 0, place]):
        drawn = draw_instances(model, dimension, first=k)
        matrix, own = hessian(model.loss, drawn.sensing[0], drawn.labels[0], student)
        values, vectors = np.linalg.eigh(matrix)
        rows.append(np.delete(values, np.argmax((vectors.T @ student) ** 2)) + own - multiplier)
    lowest = np.array([row[0] for row in rows])
    high = float(np.quantile(rows, 0.92))
    low = float(lowest.min()) - 0.05 * (high - float(lowest.min()))
    edge, outlier, grid, density = math.nan, math.nan, np.full(200, math.nan), np.full(200, math.nan)
    if law is not None:
        edge = float(left_edge(model, law=law).require()["position"])
        outlier = float(signal_outlier(model, law=law)["position"])
        low = min(
            low, edge - 0.05 * (high - edge), outlier - 0.05 * (high - outlier) if outlier == outlier else low
        )
        grid = edge + (high - edge) * np.linspace(0.0, 1.0, 200) ** 2
        density = spectral_density(model, grid, law=law, smoothing=1e-3 * (high - edge))
    borders = np.linspace(low, high, _BINS + 1)
    counts = np.array([np.histogram(row, borders)[0] for row in rows]) / dimension / np.diff(borders)
    return {
        "borders": borders,
        "counts": counts.mean(axis=0),
        "grid": grid,
        "density": density,
        "outlier": np.array(outlier),
        "lowest": np.array([lowest.mean(), lowest.std(ddof=1) / math.sqrt(len(rows))]),
    }


def draw(data: dict[str, Any]) -> Figure:
    columns = len(data["ratios"])
    figure, panels = style.panels(columns, 4, height=7.4)
    for j, ratio in enumerate(data["ratios"]):
        # At column width the panels stand below one another in the same order.
        top = panels[j]
        for k, row in enumerate(data["free"][j]):
            label = "single descents" if k == 0 else None
            top.plot(data["time"][j], row, color=style.COLOURS[5], linewidth=0.5, alpha=0.8, label=label)
        style.simulation(top, data["time"][j], data["held"][j], data["held_error"][j], 6, "held at overlap 0")
        top.plot(
            data["line_time"][j],
            data["line"][j],
            color=style.COLOURS[0],
            zorder=5,
            label="theory at overlap 0",
        )
        top.axhline(
            data["level"][j], color=style.COLOURS[0], linestyle="--", linewidth=0.9, label="marginal states"
        )
        top.set(xscale="log", xlabel="training time", ylabel="energy per dimension", ylim=(0.0, None))
        top.set_title(f"$M/N$ = {ratio:g}")
        for i, name in enumerate(("start", "held at overlap 0, end", "end")):
            axes = panels[(i + 1) * columns + j]
            _density(axes, data, j, i)
            axes.set(xlabel="eigenvalue of the Hessian", ylabel="density")
            axes.text(
                0.97,
                0.93,
                f"{name}\n$M/N$ = {ratio:g}",
                transform=axes.transAxes,
                ha="right",
                va="top",
                fontsize=7,
            )
    entries = panels[0].get_legend_handles_labels()[0]
    entries += panels[columns].get_legend_handles_labels()[0]
    style.legend_below(panels[0], entries, 4)
    return figure


def _density(axes: Axes, data: dict[str, Any], j: int, i: int) -> None:
    borders, counts = data["borders"][j, i], data["counts"][j, i]
    axes.stairs(
        counts, borders, fill=True, color=style.COLOURS[5], alpha=0.5, label="eigenvalues, simulation"
    )
    axes.plot(data["grid"][j, i], data["density"][j, i], color=style.COLOURS[0], label="density, theory")
    # The bulk of the start is too narrow for the bins where samples are few.
    tall = min(1.15 * float(np.nanmax(np.append(counts, data["density"][j, i]))), 1.6 * float(counts.max()))
    axes.plot(
        [data["outlier"][j, i]] * 2,
        [0.0, 0.6 * tall],
        color=style.COLOURS[1],
        linestyle="--",
        label="outlier, theory",
    )
    lowest, error = data["lowest"][j, i]
    axes.errorbar(
        [lowest],
        [0.03 * tall],
        xerr=[error],
        fmt="v",
        color=style.COLOURS[1],
        zorder=4,
        label="lowest eigenvalue, simulation",
    )
    axes.axvline(0.0, color="grey", linewidth=0.5)
    axes.set(xlim=(borders[0], borders[-1]), ylim=(0.0, tall))
