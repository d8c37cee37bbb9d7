"""``statphys-gen linear-dynamics flow``: a user's own weights and target."""

from __future__ import annotations

import argparse
from typing import Any

from ..parsing import add_output_options
from .options import add_rates, add_times


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "flow",
        help="gradient flow of your own weights, and its distance from the wide limit",
        description="Exact gradient flow of given weights on |A - T|^2/2 by the Gram matrix of the weights; the cost "
        "does not grow with\nthe width. wide_distance is |A - A_wide|/|T| from infinite width with the network's own "
        "threshold and start, null for w < n + p. A time that the flow does not reach has the status not converged.",
    )
    for flag, text in (
        ("--first-layer", "W1, shape (w, n)"),
        ("--second-layer", "W2, shape (p, w)"),
        ("--target", "T, shape (p, n)"),
    ):
        parser.add_argument(flag, metavar="FILE", required=True, help=f"{text}; .npy or .csv")
    add_times(parser, "t of the gradient flow, not scaled, in inverse units of the target")
    add_rates(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_flow)


def _flow(options: argparse.Namespace) -> int:
    from ...linear_dynamics.analysis.files import load_matrix
    from ...linear_dynamics.analysis.weights import flow_of_weights
    from ..output import emit

    first, second, target = (
        load_matrix(f"--{name.replace('_', '-')}", getattr(options, name))
        for name in ("first_layer", "second_layer", "target")
    )
    found = flow_of_weights(first, second, target, options.training_time, rates=options.rates)
    names = ("first_layer", "second_layer", "target", "training_time", "rates")
    parameters = {name: getattr(options, name) for name in names}
    summary = {"threshold": found.threshold, "active_directions": found.active_directions}
    return emit(options, "linear-dynamics flow", parameters, found.records(), summary=summary)
