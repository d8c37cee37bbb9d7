"""``statphys-gen diffusion collapse-time | excess-entropy``."""

from __future__ import annotations

import argparse
import math
from typing import Any

from ...errors import InvalidArgument
from ..parsing import add_output_options
from .options import add_gaussian, add_times, chosen_gaussian


def register(quantities: Any) -> None:
    collapse = quantities.add_parser(
        "collapse-time",
        help="time at which a trajectory falls onto a training point",
        description="Collapse time of n training points with a Gaussian law: log n = I(a; x_t); onset of the traps;\n"
        "mean shift and width of the time at which a single trajectory changes its nearest training point for the\n"
        "last time.",
    )
    add_gaussian(collapse)
    add_output_options(collapse, plot=False)
    collapse.set_defaults(run=_collapse_time)

    entropy = quantities.add_parser(
        "excess-entropy",
        help="excess entropy and condensed phase against time",
        description="Excess entropy f(t) = [log n - I(a; x_t)]/d of n training points with a Gaussian law, and the "
        "condensed phase:\nParisi parameter and participation of points that are not in the training set.",
    )
    add_gaussian(entropy)
    add_times(entropy, required=True)
    add_output_options(entropy)
    entropy.set_defaults(run=_excess_entropy)


def _collapse_time(options: argparse.Namespace) -> int:
    law, parameters = chosen_gaussian(options)
    parameters = {"samples": options.samples} | parameters
    from ...approximation import approximation_of
    from ...diffusion.theory.collapse_time import collapse_time, trap_onset_time
    from ...diffusion.theory.trajectory_collapse import trajectory_collapse
    from ...solution import Status
    from ..output import emit

    log_samples = math.log(options.samples)
    solution, traps = collapse_time(law, log_samples), trap_onset_time(law, log_samples)
    (record,) = solution.records()
    (onset,) = traps.records()
    values: dict[str, Any] = {
        "collapse_time": record["time"],
        "trap_onset_time": onset["time"],
        "width": None,
        "mean_shift": None,
    }
    notes = []
    if solution.good and traps.good:
        try:
            trajectory = trajectory_collapse(law, log_samples)
            values["width"] = float(trajectory.width)
            values["mean_shift"] = float(trajectory.mean_shift)
        except InvalidArgument as refusal:
            notes.append(f"width and mean_shift: {refusal}")
    else:
        notes.append(Status(int((traps if solution.good else solution).status)).advice)
    statements = [
        approximation_of(function) for function in (collapse_time, trap_onset_time, trajectory_collapse)
    ]
    names = ("collapse_time", "trap_onset_time", "width and mean_shift")
    record = {
        **values,
        "status": record["status"] if not solution.good else onset["status"],
        "residual": max(record["residual"], onset["residual"]),
        "error": max(record["error"], onset["error"]),
        "approximation": "; ".join(f"{name}: {text}" for name, text in zip(names, statements, strict=True)),
    }
    return emit(options, "diffusion collapse-time", parameters, [record], notes=notes)


def _excess_entropy(options: argparse.Namespace) -> int:
    law, parameters = chosen_gaussian(options)
    parameters = {"samples": options.samples} | parameters
    from ...approximation import approximation_of
    from ...diffusion.theory.condensed_phase import condensed_phase
    from ...diffusion.theory.excess_entropy import excess_entropy
    from ..output import emit

    log_samples = math.log(options.samples)
    entropies = excess_entropy(law, options.time, log_samples)
    condensed = condensed_phase(law, options.time, log_samples)
    statement = (
        f"excess_entropy: {approximation_of(excess_entropy)}; the rest: {approximation_of(condensed_phase)}"
    )
    records = [
        {"time": time, "excess_entropy": float(entropy), **record, "approximation": statement}
        for time, entropy, record in zip(options.time, entropies, condensed.records(), strict=True)
    ]

    def plot(path: Any) -> None:
        from ...diffusion.plots import plot_excess_entropy

        plot_excess_entropy(law, options.time, log_samples, path)

    parameters["time"] = options.time
    return emit(options, "diffusion excess-entropy", parameters, records, plot=plot)
