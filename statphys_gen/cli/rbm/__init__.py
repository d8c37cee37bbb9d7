"""``statphys-gen rbm``: restricted Boltzmann machines and Hopfield networks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..parsing import BadUsage, add_output_options, between, number
from . import line as rbm_line
from . import phase_diagram as rbm_phase_diagram
from . import place as rbm_place
from . import simulate as rbm_simulate
from .options import (
    STARTS,
    add_model,
    add_point,
    chosen_model,
    early_checks,
    echo,
    ensemble_notes,
    ensemble_of,
    unstable_note,
)

_SHOWN = (
    "temperature",
    "load",
    "overlap",
    "hidden_overlap",
    "edwards_anderson_overlap",
    "hidden_edwards_anderson_overlap",
    "free_entropy",
    "replicon",
    "dominant",
    "status",
)
_BOUNDED = (
    "bounded hidden units, one pattern per hidden unit, N -> infinity: one of them cannot carry a pattern; "
    "see --size, --pattern-field and --ensemble"
)


def register(systems: Any) -> None:
    system = systems.add_parser(
        "rbm",
        help="phase diagrams of restricted Boltzmann machines and Hopfield networks",
        description="Replica-symmetric states, lines and capacities of restricted Boltzmann machines with any prior "
        "of the hidden units.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    _register_solve(quantities)
    rbm_line.register(quantities)
    _register_capacity(quantities)
    rbm_phase_diagram.register(quantities)
    rbm_place.register(quantities)
    rbm_simulate.register(quantities)


# ------------------------------------------------------------------------------------------------------- solve


def _register_solve(quantities: Any) -> None:
    parser = quantities.add_parser(
        "solve",
        help="order parameters, free entropy and stability of a state",
        description="Order parameters, free entropy and stability of a replica-symmetric state, and which state "
        "dominates.\nSeveral loads and temperatures make a grid.",
    )
    add_point(parser, required=True)
    parser.add_argument(
        "--start",
        metavar="STATE",
        required=True,
        choices=STARTS,
        help="paramagnet (no overlap at all), glass (without an overlap with a pattern), retrieval (with one)",
    )
    add_model(parser)
    add_output_options(parser)
    parser.set_defaults(run=_solve)


def _solve(options: argparse.Namespace) -> int:
    model = chosen_model(options, temperature=options.temperature[0], load=options.load[0])
    import numpy as np

    from ...presentation import plain
    from ...rbm.theory.finite_size import solve_sizes
    from ...rbm.theory.replica_symmetric import dominant_state, solve
    from ...solution import Status
    from ..output import emit

    grid: dict[str, Any] = {"temperature": np.repeat(options.temperature, len(options.load))}
    if len(set(options.load)) > 1:
        grid["load"] = np.tile(options.load, len(options.temperature))
    elif len(options.load) > 1:
        raise BadUsage("--load: must be different values")
    # Where numbers overflow the state is lost, and its status says so.
    with np.errstate(all="ignore"):
        compared = dominant_state(model, **grid)
        if options.size is None:
            found = compared.solutions.get(options.start) or solve(model, options.start, **grid)
        else:
            found = solve_sizes(model, options.start, options.size, **grid)
    points = [(t, a) for t in options.temperature for a in options.load]
    records = []
    for k, ((temperature, load), fields) in enumerate(zip(points, found.records(), strict=True)):
        # A state that does not exist cannot dominate; one that was not found might.
        unknown = [
            name
            for name, other in compared.solutions.items()
            if other.status[k] in (Status.NOT_CONVERGED, Status.LEFT_DOMAIN)
        ]
        dominant = None if unknown else str(compared.dominant[k]) or None
        records.append({"temperature": temperature, "load": load} | fields | {"dominant": dominant})
    notes = ensemble_notes(options) + unstable_note(records)
    if options.start == "retrieval" and "retrieval" not in compared.solutions:
        notes.append(_BOUNDED)
    bad = {str(Status(int(code))): Status(int(code)).advice for code in found.status if code > 1}
    notes += [f"{name}: {advice}" for name, advice in bad.items()]
    if any(record["dominant"] is None for record in records):
        notes.append("dominant is undefined where another state was not found")
    parameters = echo(options) | {
        "load": options.load,
        "temperature": options.temperature,
        "start": options.start,
    }
    if not options.json:
        kept = (*_SHOWN, "residual", "error", "approximation")
        records = [{name: record.get(name) for name in kept} for record in records]

    def draw(path: Path) -> None:
        from ...rbm.plots import plot_states

        plot_states(options.start, plain(records), path)

    return emit(options, "rbm solve", parameters, records, notes=notes, plot=draw)


# ---------------------------------------------------------------------------------------------------- capacity


def _register_capacity(quantities: Any) -> None:
    parser = quantities.add_parser(
        "capacity",
        help="largest load with retrieval at zero temperature",
        description="The largest load with a retrieval state at T = 0, and the state there; convention beta unless "
        "given.\nWith --one-step also with one step of replica-symmetry breaking.",
    )
    add_model(parser, convention="beta")
    parser.add_argument(
        "--one-step",
        action="store_true",
        help="add a record with one step of replica-symmetry breaking (gaussian; binary in both layers)",
    )
    parser.add_argument(
        "--temperature",
        "-T",
        metavar="T",
        nargs="+",
        type=number("--temperature", between(0.0, 1e4, closed=True)),
        default=[0.0],
        help="of the records with --one-step, seconds each above 0 (default 0)",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_capacity)


def _capacity(options: argparse.Namespace) -> int:
    early_checks(options)
    if options.temperature != [0.0] and not options.one_step:
        shown = " ".join(f"{value:g}" for value in options.temperature)
        raise BadUsage(f"--temperature = {shown}: must be left out without --one-step; see rbm line spinodal")
    load = 0.0 if ensemble_of(options) == "repeated" else 0.1
    model = chosen_model(options, temperature=1.0, load=load)
    from ...approximation import approximation_of
    from ...rbm.theory.zero_temperature import capacity, first_order_load
    from ..output import emit

    state = capacity(model)
    first_order = None
    if not model.couplings.carried_by_layer and state.load > 0.0:
        first_order = first_order_load(model).load
    records: list[dict[str, Any]] = [
        {
            "temperature": 0.0,
            "load": state.load,
            "overlap": state.overlap,
            "energy": state.energy,
            "first_order_load": first_order,
            "at_temperature": state.at_temperature,
            "approximation": str(approximation_of(capacity)),
        }
    ]
    notes = ensemble_notes(options)
    if state.reason:
        notes.append(f"capacity 0: {state.reason}")
    if state.at_temperature > 0.0:
        notes.append(
            f"RS unstable at the capacity below the temperature {state.at_temperature:.4g} (leading order): replica "
            "symmetry is broken, the load is approximate"
        )
    if options.one_step:
        from ...rbm.theory.one_step import one_step_capacity

        for temperature in options.temperature:
            (broken,) = one_step_capacity(model, temperature=temperature).records()
            first = {"temperature": temperature, "load": broken.pop("load"), "overlap": broken.pop("overlap")}
            records.append(first | broken)
    parameters = echo(options) | {"temperature": options.temperature}
    return emit(options, "rbm capacity", parameters, records, notes=notes)
