"""``statphys-gen phase-retrieval threshold`` and ``threshold-state``."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InvalidArgument
from ..parsing import Parser, add_output_options, between, integer, number
from .options import (
    add_loss,
    add_overlap,
    add_samples_per_dimension,
    chosen_loss,
    chosen_offset,
    early_checks,
    echo,
    require_lower_bound,
)

if TYPE_CHECKING:
    from ...phase_retrieval.model import Loss

STATES = ("initial", "one-step", "full")


def register(quantities: Any) -> None:
    _register_threshold(quantities)
    _register_state(quantities)


def _add_state_options(parser: Parser) -> None:
    parser.add_argument(
        "--steps",
        metavar="K",
        type=integer("--steps", 2, 32),
        help="with --state full: steps of the Parisi function (default 8)",
    )
    parser.add_argument(
        "--largest-jump-fraction",
        metavar="P",
        type=number("--largest-jump-fraction", between(0.0, 1.0, closed=True)),
        help="with --state one-step: accept states whose response jumps for at most this fraction of the labels "
        "(default 0.01)",
    )


# ------------------------------------------------------------------------------------------------- threshold


def _register_threshold(quantities: Any) -> None:
    parser = quantities.add_parser(
        "threshold",
        help="where the signal outlier appears (BBP transition)",
        description="The number of samples per dimension above which the Hessian has a signal outlier: at "
        "initialisation, or in the\nstates at overlap 0 in which the descent may end, with one step or with full "
        "breaking of replica symmetry.",
    )
    parser.add_argument(
        "--state",
        choices=STATES,
        default="initial",
        help="whose Hessian: a start at --overlap, or states at overlap 0 with one step or full breaking of replica "
        "symmetry (default initial)",
    )
    add_loss(parser, several_offsets=True)
    add_overlap(parser)
    _add_state_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=_threshold)


def _threshold(options: argparse.Namespace) -> int:
    early_checks(options)
    if options.state != "initial" and options.overlap != 0.0:
        raise InvalidArgument("--overlap", options.overlap, "left out with --state one-step or full")
    _check_state_options(options)
    offsets: list[float | None] = options.offset or [chosen_offset(options)]
    losses = [chosen_loss(options, offset) for offset in offsets]
    parameters = echo(options, options.offset or offsets[0]) | {"state": options.state}
    if options.state == "initial":
        parameters["overlap"] = options.overlap
        records = [_initial(loss, options.overlap) for loss in losses]
    else:
        records = [_of_state(options, loss) for loss in losses]
    records = [{"offset": offset} | record for offset, record in zip(offsets, records, strict=True)]
    from ..output import emit

    def plot(path: Path) -> None:
        from ...phase_retrieval.plots import plot_curve

        values = [record["samples_per_dimension"] for record in records]
        if any(offset is None for offset in offsets) or len(offsets) < 2:
            raise InvalidArgument("--plot", str(options.plot), "left out with fewer than 2 offsets")
        plot_curve([float(a) for a in offsets if a is not None], values, path, f"{options.state} state")

    return emit(options, "phase-retrieval threshold", parameters, records, plot=plot)


def _check_state_options(options: argparse.Namespace) -> None:
    if options.state != "one-step" and options.largest_jump_fraction is not None:
        raise InvalidArgument(
            "--largest-jump-fraction", options.largest_jump_fraction, "left out unless --state is one-step"
        )
    if options.state != "full" and options.steps is not None:
        raise InvalidArgument("--steps", options.steps, "left out unless --state is full")


def _state_options(options: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of the predictions, as far as they were given."""
    names = {"one-step": "largest_jump_fraction", "full": "steps"}
    name = names[options.state]
    value = getattr(options, name)
    return {} if value is None else {name: value}


def _initial(loss: Loss, overlap: float) -> dict[str, Any]:
    from ...phase_retrieval.theory.transition import initial_transition

    require_lower_bound(loss)
    (record,) = initial_transition(loss, overlap=overlap).records()
    return record


def _of_state(options: argparse.Namespace, loss: Loss) -> dict[str, Any]:
    from ...phase_retrieval.theory.full_rsb import full_rsb_threshold
    from ...phase_retrieval.theory.threshold_states import one_step_threshold

    predict: Any = full_rsb_threshold if options.state == "full" else one_step_threshold
    found = predict(loss, **_state_options(options))
    record = next(found.records())
    return {
        "samples_per_dimension": record.pop("samples_per_dimension"),
        "kind": "continuous" if found.good else "none",
    } | record


# ------------------------------------------------------------------------------------------- threshold-state


def _register_state(quantities: Any) -> None:
    parser = quantities.add_parser(
        "threshold-state",
        help="the states at overlap 0 in which the descent may end",
        description="Susceptibility, Parisi parameter, energy, multiplier and outlier criterion of the states at "
        "overlap 0, with one\nstep of replica-symmetry breaking (marginal states) or with full breaking.",
    )
    add_samples_per_dimension(parser, several=True)
    parser.add_argument(
        "--state",
        choices=STATES[1:],
        default="one-step",
        help="with one step or full breaking of replica symmetry (default one-step)",
    )
    add_loss(parser)
    _add_state_options(parser)
    parser.add_argument(
        "--consistency",
        action="store_true",
        help="compare the states with one another: sign of the complexity, replicon, edge, energy",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_state)


def _state(options: argparse.Namespace) -> int:
    early_checks(options)
    _check_state_options(options)
    offset = chosen_offset(options)
    loss = chosen_loss(options, offset)
    parameters = echo(options, offset) | {
        "samples_per_dimension": options.samples_per_dimension,
        "state": options.state,
    }
    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.theory.consistency import consistency_report
    from ...phase_retrieval.theory.full_rsb import full_rsb_state
    from ...phase_retrieval.theory.threshold_states import one_step_state
    from ..output import emit

    predict: Any = full_rsb_state if options.state == "full" else one_step_state
    ratios = options.samples_per_dimension
    model = PhaseRetrieval(loss, ratios[0])
    found = predict(model, samples_per_dimension=ratios, **_state_options(options))
    records = [
        {"samples_per_dimension": alpha} | record
        for alpha, record in zip(ratios, found.records(), strict=True)
    ]
    notes: list[str] = []
    for record in records:
        if options.state == "full":
            record["parisi_parameter"] = None
        if options.consistency:
            full = record if options.state == "full" and not math.isnan(record["energy"]) else None
            here = model.replace(samples_per_dimension=record["samples_per_dimension"])
            report = consistency_report(here, full=_numbers(full))
            record["consistent"], record["findings"] = report["consistent"], report["findings"]
            notes += [f"at {record['samples_per_dimension']:g}: {finding}" for finding in report["findings"]]
    return emit(options, "phase-retrieval threshold-state", parameters, records, notes=notes)


def _numbers(record: dict[str, Any] | None) -> dict[str, float] | None:
    """What the report compares with."""
    names = ("energy", "replicon", "outlier_criterion", "lagrange_multiplier")
    return None if record is None else {name: float(record[name]) for name in names}
