"""``statphys-gen rbm place``: a trained machine on the diagram of low-rank couplings."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ..parsing import add_output_options, number
from .options import add_units, chosen_prior, hidden_parameters, unstable_note


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "place",
        help="where a trained machine lies on the diagram of low-rank couplings",
        description="Noise level, spikes and layer ratio of trained couplings, and the phase of low-rank couplings "
        "with these.\nThe file holds W (visible, hidden) and optionally visible_bias and hidden_bias.",
    )
    parser.add_argument("weights", metavar="WEIGHTS.npz")
    parser.add_argument(
        "--margin",
        metavar="X",
        type=number("--margin", validation.positive),
        help="a singular value is a spike above the edge of the bulk by this relative amount (default 4 N^(-2/3))",
    )
    add_units(parser, hidden="binary")
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_place)


def _place(options: argparse.Namespace) -> int:
    hidden_parameters(options)
    path = validation.readable_file("WEIGHTS.npz", options.weights)
    import numpy as np

    from ...approximation import approximation_of
    from ...rbm.analysis import phases, place, read_machine
    from ...rbm.model import visible_prior
    from ..output import emit

    found = place(read_machine(path), margin=options.margin)
    laws = {"hidden": chosen_prior(options), "visible": visible_prior(options.visible)}
    with np.errstate(all="ignore"):
        compared = phases(found, **laws)
    states = {name: next(solution.records()) for name, solution in compared.solutions.items()}
    dominant = str(compared.dominant.reshape(-1)[0]) or None
    record = found.records()[0] | {
        "dominant": dominant,
        "states": states,
        "status": "converged" if dominant else "not converged",
        "approximation": f"noise and spikes: {approximation_of(place)}; states: {approximation_of(phases)}",
    }
    notes = unstable_note([states[dominant]]) if dominant else []
    if not found.bulk_is_noise:
        notes.append(
            f"the bulk is not noise: distance {found.bulk_distance:.3g} from the Marchenko-Pastur law, limit "
            f"{found.bulk_limit:.3g}; noise too large, weak spikes hidden, the place is not to be trusted"
        )
    if found.hidden_field or (found.visible_field and options.visible != "zero-one"):
        notes.append("the biases are reported, but do not enter the phase")
    parameters = {
        "weights": str(path),
        "hidden": options.hidden,
        "hidden_parameter": hidden_parameters(options),
        "visible": options.visible,
        "margin": options.margin,
    }
    return emit(options, "rbm place", parameters, [record], notes=notes)
