"""``statphys-gen phase-retrieval dmft``: the descent of a random student for N -> infinity."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...errors import InvalidArgument
from ..parsing import add_output_options, add_seed, add_threads, integer
from .options import (
    add_loss,
    add_overlap,
    add_paths,
    add_samples_per_dimension,
    add_step_sizes,
    add_temperature,
    chosen_loss,
    chosen_offset,
    chosen_step_sizes,
    descent_checks,
    echo,
)

_LARGEST_STEPS = 2000
_LARGEST_BYTES = 8e9
_NAMES = ("correlation", "energy", "lagrange_multiplier", "outlier_criterion", "overlap_growth", "overlap")


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "dmft",
        help="dynamical mean-field theory of gradient descent and Langevin dynamics",
        description="Spherical gradient descent of a random student for N -> infinity, step by step: correlation with "
        "the start, energy,\nmultiplier, the outlier criterion of the Hessian (there is a signal outlier while it is "
        "above 1), the growth of an\ninfinitesimal overlap, and the time at which the outlier is lost. Errors are "
        "over independent replicas of the paths.\nStep k has the size min(E G^k, largest).",
    )
    add_samples_per_dimension(parser)
    add_loss(parser)
    add_overlap(parser)
    steps = parser.add_argument_group("steps")
    steps.add_argument(
        "--steps",
        "-k",
        metavar="K",
        type=integer("--steps", 1, _LARGEST_STEPS),
        default=45,
        help="(default 45)",
    )
    add_step_sizes(steps, growth=1.04, factor=10.0)
    steps.add_argument(
        "--gradient-flow",
        action="store_true",
        help="extrapolate to steps of size 0, from these steps, their halves and quarters",
    )
    add_temperature(parser)
    add_paths(parser.add_argument_group("paths"))
    add_seed(parser)
    add_threads(parser)
    parser.add_argument(
        "--every", metavar="J", type=integer("--every", 1), default=1, help="print every Jth step (default 1)"
    )
    add_output_options(parser)
    parser.set_defaults(run=_dmft)


def _checks(options: argparse.Namespace) -> None:
    descent_checks(options)
    refinement = 4 if options.gradient_flow else 1
    memory = 4.0 * options.paths * (refinement * options.steps + 1.0) ** 2
    if memory > _LARGEST_BYTES:
        raise InvalidArgument(
            "--steps",
            options.steps,
            f"fewer: with --paths {options.paths} they need {memory / 1e9:.3g} GB, at most {_LARGEST_BYTES / 1e9:g}",
        )


def _dmft(options: argparse.Namespace) -> int:
    _checks(options)
    offset = chosen_offset(options)
    first, largest = chosen_step_sizes(options, offset, factor=10.0)
    loss = chosen_loss(options, offset)
    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.schedule import geometric_steps
    from ...phase_retrieval.theory.bbp_time import bbp_time
    from ...phase_retrieval.theory.dmft import descent_dynamics, gradient_flow_dynamics
    from ..output import emit

    model = PhaseRetrieval(loss, options.samples_per_dimension, options.overlap)
    sizes = geometric_steps(options.steps, first, options.step_growth, largest)
    solve = gradient_flow_dynamics if options.gradient_flow else descent_dynamics
    dynamics = solve(
        model,
        sizes,
        temperature=options.temperature,
        paths=options.paths,
        replicas=options.replicas,
        seed=options.seed,
        threads=options.threads,
    )
    parameters = echo(options, offset) | {
        "samples_per_dimension": options.samples_per_dimension,
        "overlap": options.overlap,
        "steps": options.steps,
        "step_size": first,
        "step_growth": options.step_growth,
        "step_max": largest,
        "gradient_flow": options.gradient_flow,
        "temperature": options.temperature,
        "paths": options.paths,
        "replicas": options.replicas,
        "seed": options.seed,
    }
    records = [_record(row) for row in dynamics.records()]
    last = len(records) - 1
    shown = [row for row in records if row["step"] % options.every == 0 or row["step"] == last]
    summary: dict[str, Any] = {"bbp_time": None}
    if "outlier_criterion" in dynamics.values:
        lost = bbp_time(dynamics)
        good = bool(lost.solution.good)
        summary = {
            "bbp_time": float(lost.solution["training_time"]) if good else None,
            "bbp_time_error": float(lost.solution.error) if good else None,
            "bbp_time_reason": lost.reason,
        }
    notes = []
    if dynamics.diverged:
        notes.append(
            f"the descent diverges after step {dynamics.reached}: the step sizes are too large for the curvatures"
        )

    def plot(path: Path) -> None:
        from ...phase_retrieval.plots import plot_descent

        plot_descent(dynamics, path)

    return emit(options, "phase-retrieval dmft", parameters, shown, summary=summary, notes=notes, plot=plot)


def _record(row: dict[str, Any]) -> dict[str, Any]:
    """The columns in a fixed order; the criterion is null where the Hessian has no left edge."""
    columns = {name: row[name] for name in _NAMES if name in row}
    ordered = {
        "step": row["step"],
        "training_time": row["training_time"],
        "outlier_criterion": None,
    } | columns
    names = ["step", "training_time", *(name for name in _NAMES if name in ordered)]
    rest = {name: entry for name, entry in row.items() if name not in ordered}
    return {name: ordered[name] for name in names} | rest
