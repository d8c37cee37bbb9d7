"""``statphys-gen rbm place``: a trained machine on the diagram of the low-rank ensemble."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ... import validation
from ..parsing import add_output_options, number
from .options import add_units, chosen_prior, hidden_parameters, unstable_note

if TYPE_CHECKING:
    pass


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "place",
        help="where a trained machine lies on the diagram of the low-rank ensemble",
        description="Noise level, spikes and layer ratio of trained couplings, and the phase of the low-rank ensemble "
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
    from ...rbm.analysis import phases, place, read_weights
    from ...rbm.model import visible_prior
    from ..output import emit

    found = place(read_weights(path), margin=options.margin)
    laws = {"hidden": chosen_prior(options), "visible": visible_prior(options.visible)}
    with np.errstate(all="ignore"):
        compared = phases(found, **laws)
    states = {name: next(solution.records()) for name, solution in compared.solutions.items()}
    dominant = str(compared.dominant.reshape(-1)[0]) or None
    spikes = [
        {"strength": w, "visible_overlap_squared": u, "hidden_overlap_squared": v}
        for w, u, v in zip(found.spikes, found.visible_overlaps, found.hidden_overlaps, strict=True)
    ]
    record = {
        "layer_ratio": found.layer_ratio,
        "noise": found.noise,
        "bulk_edge": found.bulk_edge,
        "number_of_spikes": len(spikes),
        "largest_spike": found.spikes[0] if spikes else None,
        "spikes": spikes,
        "visible_field": found.visible_field,
        "hidden_field": found.hidden_field,
        "bulk_distance": found.bulk_distance,
        "bulk_limit": found.bulk_limit,
        "bulk_is_noise": found.bulk_is_noise,
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
