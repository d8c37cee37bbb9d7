"""``statphys-gen rbm place``: a trained machine on the diagram of low-rank couplings."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, integer, number
from .options import add_units, chosen_prior, hidden_parameters, unstable_note

if TYPE_CHECKING:
    from ...rbm.analysis.machine import Machine

ORIENTATIONS = ("visible-hidden", "hidden-visible")


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "place",
        help="where a trained machine lies on the diagram of low-rank couplings",
        description="Noise level, spikes and layer ratio of trained couplings, and the phase of low-rank couplings "
        "with these.\nThe file is an .npz (W, visible_bias, hidden_bias; components_ and intercepts of scikit-learn; a "
        "state dictionary of torch), an .h5 of rbms, or a matrix (.npy, .csv).\nUnits are +-1 unless the file says "
        "that they are 0 and 1, or --visible and --hidden do; such a machine is rewritten with +-1 units, exactly.",
    )
    parser.add_argument("weights", metavar="WEIGHTS")
    parser.add_argument(
        "--orientation",
        metavar="AXES",
        choices=ORIENTATIONS,
        help="of the couplings, where nothing else tells: %(choices)s",
    )
    parser.add_argument("--key", metavar="NAME", help="array of the couplings, where several could be")
    text = "of an .h5 file of rbms (default: the last)"
    parser.add_argument("--update", metavar="K", type=integer("--update", 0), help=text)
    text = "load .joblib and .pkl, which may run any code: only files of your own"
    parser.add_argument("--allow-pickle", action="store_true", help=text)
    parser.add_argument(
        "--margin",
        metavar="X",
        type=number("--margin", validation.positive),
        help="a singular value is a spike above the edge of the bulk by this relative amount (default 4 N^(-2/3))",
    )
    add_units(parser, hidden="binary")
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_place, hidden=None, visible=None)


def _place(options: argparse.Namespace) -> int:
    if options.hidden is not None or options.hidden_parameter:
        options.hidden = options.hidden or "binary"
        hidden_parameters(options)
    path = validation.readable_file("WEIGHTS", options.weights)
    import numpy as np

    from ...approximation import approximation_of
    from ...rbm.analysis.placement import phases, place
    from ...rbm.model import visible_prior
    from ...units.named import prior
    from ..output import emit

    machine = _read(options, path)
    given = {name: getattr(options, name) for name in ("hidden", "visible")}
    for name, law in given.items():
        if machine.units and law not in (None, machine.units):
            raise InvalidArgument(f"--{name}", law, f"{machine.units}, as the file says, or left out")
        setattr(options, name, law or machine.units or "binary")
    threshold = float(hidden_parameters(options).get("threshold", 0.0))
    zero_one = {name: getattr(options, name) == "zero-one" for name in given}
    if zero_one["hidden"]:
        machine = replace(machine, hidden_bias=machine.biases[1] - threshold)
    found = place(machine.spins(**zero_one), margin=options.margin)
    laws = {
        "hidden": prior("binary") if zero_one["hidden"] else chosen_prior(options),
        "visible": visible_prior("binary" if zero_one["visible"] else options.visible),
    }
    states: dict[str, Any] = {}
    dominant = None
    if found.fields_are_uniform:
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
    notes = [*machine.notes, *(unstable_note([states[dominant]]) if dominant else [])]
    if any(zero_one.values()):
        notes.append(
            "units 0 and 1 were rewritten as (1 + s)/2: noise, spikes and fields are those of s = +-1"
        )
    if not found.bulk_is_noise:
        notes.append(
            f"the bulk is not noise: distance {found.bulk_distance:.3g} from the Marchenko-Pastur law, limit "
            f"{found.bulk_limit:.3g}; noise too large, weak spikes hidden, the place is not to be trusted"
        )
    if dominant == "glass" and states[dominant]["replicon"] > 0.0:
        notes.append(
            "the state called glass is the one that the biases polarise: its replicon is positive, it is no glass"
        )
    if not found.fields_are_uniform:
        spread = max(found.visible_field_spread, found.hidden_field_spread)
        notes.append(
            f"the phase is not known: the biases vary by {spread:.3g} within a layer, and "
            f"{found.field_along_spikes:.3g} of them lies along a spike, where the theory has uniform ones"
        )
    parameters = {
        "weights": str(path),
        "hidden": options.hidden,
        "hidden_parameter": hidden_parameters(options),
        "visible": options.visible,
        "margin": options.margin,
        "orientation": options.orientation,
        "key": options.key,
        "update": options.update,
    }
    return emit(options, "rbm place", parameters, [record], notes=notes)


def _read(options: argparse.Namespace, path: Path) -> Machine:
    from ...rbm.analysis.weights import read_machine

    chosen = {name: getattr(options, name) for name in ("orientation", "key", "update", "allow_pickle")}
    try:
        return read_machine(path, **chosen)
    except InvalidArgument as error:
        if error.argument not in chosen:
            raise
        flag = "--" + error.argument.replace("_", "-")
        raise InvalidArgument(flag, error.value, error.allowed) from None
