"""``statphys-gen phase-retrieval threshold`` and ``threshold-state``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import InvalidArgument
from .parsing import add_output_options, between, number
from .phase_retrieval_options import (
    add_loss,
    add_overlap,
    add_samples_per_dimension,
    chosen_loss,
    chosen_offset,
    early_checks,
    echo,
    require_lower_bound,
)

STATES = ("initial", "one-step", "full")


def register(quantities: Any) -> None:
    _register_threshold(quantities)
    _register_state(quantities)


def _add_jump(parser: Any) -> None:
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
    parser.add_argument("--state", choices=STATES, default="initial", help="(default initial)")
    add_loss(parser, several_offsets=True)
    add_overlap(parser)
    _add_jump(parser)
    add_output_options(parser)
    parser.set_defaults(run=_threshold)


def _threshold(options: argparse.Namespace) -> int:
    early_checks(options)
    if options.state != "initial" and options.overlap != 0.0:
        raise InvalidArgument("--overlap", options.overlap, "left out with --state one-step or full")
    _check_jump(options)
    offsets: list[float | None] = options.offset or [chosen_offset(options)]
    losses = [chosen_loss(options, offset) for offset in offsets]
    parameters = echo(options, options.offset or offsets[0]) | {"state": options.state}
    if options.state == "initial":
        parameters["overlap"] = options.overlap
        records = [_initial(loss, options.overlap) for loss in losses]
    else:
        records = [_of_state(options, loss) for loss in losses]
    records = [{"offset": offset} | record for offset, record in zip(offsets, records, strict=True)]
    from .output import emit

    def plot(path: Path) -> None:
        from ..phase_retrieval.plots import plot_curve

        values = [record["samples_per_dimension"] for record in records]
        if any(offset is None for offset in offsets) or len(offsets) < 2:
            raise InvalidArgument("--plot", options.plot, "left out with fewer than 2 offsets")
        plot_curve([float(a) for a in offsets if a is not None], values, path, f"{options.state} state")

    return emit(options, "phase-retrieval threshold", parameters, records, plot=plot)


def _check_jump(options: argparse.Namespace) -> None:
    if options.state != "one-step" and options.largest_jump_fraction is not None:
        raise InvalidArgument(
            "--largest-jump-fraction", options.largest_jump_fraction, "left out unless --state is one-step"
        )


def _initial(loss: Any, overlap: float) -> dict[str, Any]:
    from ..phase_retrieval.transition import transition
    from ..phase_retrieval.weights import initial_weights

    require_lower_bound(loss)
    found = transition(initial_weights(loss, overlap))
    record = next(found.solution.records())
    return {"samples_per_dimension": record.pop("samples_per_dimension"), "kind": str(found.kind)} | record


def _of_state(options: argparse.Namespace, loss: Any) -> dict[str, Any]:
    if options.state == "full":
        raise InvalidArgument("--state", "full", "initial or one-step in this version")
    from ..phase_retrieval.threshold_states import one_step_threshold

    found = one_step_threshold(loss)
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
    parser.add_argument("--state", choices=STATES[1:], default="one-step", help="(default one-step)")
    add_loss(parser)
    _add_jump(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_state)


def _state(options: argparse.Namespace) -> int:
    early_checks(options)
    _check_jump(options)
    offset = chosen_offset(options)
    loss = chosen_loss(options, offset)
    parameters = echo(options, offset) | {
        "samples_per_dimension": options.samples_per_dimension,
        "state": options.state,
    }
    if options.state == "full":
        raise InvalidArgument("--state", "full", "one-step in this version")
    from ..phase_retrieval.threshold_states import one_step_state
    from .output import emit

    records = [
        {"samples_per_dimension": alpha} | record
        for alpha, record in zip(
            options.samples_per_dimension,
            one_step_state(loss, options.samples_per_dimension).records(),
            strict=True,
        )
    ]
    return emit(options, "phase-retrieval threshold-state", parameters, records)
