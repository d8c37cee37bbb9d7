"""``statphys-gen rbm simulate``: finite networks by Monte Carlo, beside the theory."""

from __future__ import annotations

import argparse
from typing import Any

from ...progress import finished
from ..parsing import BadUsage, add_output_options, add_seed, add_threads, integer
from .options import STARTS, add_model, add_point, chosen_model, early_checks, echo, ensemble_notes


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="order parameters of finite networks by Monte Carlo, beside the theory",
        description="Block Gibbs sampling of finite networks, with errors over instances of the disorder, beside the "
        "theory: in the\nensemble patterns the finite-size corrected one of the same size, otherwise the limit. "
        "retrieval starts at a\npattern, paramagnet and glass at random.",
    )
    add_point(parser, required=True)
    parser.add_argument("--start", metavar="STATE", required=True, choices=STARTS, help=", ".join(STARTS))
    add_model(parser)
    group = parser.add_argument_group("simulation")
    for flag, default, low, high, text in (
        ("--visible-units", 500, 2, 100_000, "visible units of the networks"),
        ("--instances", 8, 2, 100_000, "independent draws of the disorder"),
        ("--chains", 16, 4, 4096, "independent chains of each instance"),
        ("--sweeps", 200, 1, 10_000_000, "measured sweeps, after half as many before them"),
    ):
        group.add_argument(
            flag,
            metavar="K",
            type=integer(flag, low, high),
            default=default,
            help=f"{text} (default {default})",
        )
    add_seed(parser)
    add_threads(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    early_checks(options)
    if options.patterns == "diluted":
        raise BadUsage("--patterns = diluted: must be binary, sparse or gaussian in a finite network")
    from ...rbm.comparison import compare
    from ..output import emit

    def simulated(point: tuple[float, float]) -> list[dict[str, Any]]:
        temperature, load = point
        found = compare(
            chosen_model(options, temperature=temperature, load=load),
            options.visible_units,
            state=options.start,
            instances=options.instances,
            chains=options.chains,
            sweeps=options.sweeps,
            seed=options.seed,
            threads=options.threads,
        )
        return found.records()

    points = [(temperature, load) for temperature in options.temperature for load in options.load]
    records = [record for part in finished(simulated, points, "points") for record in part]
    names = ("load", "temperature", "start", "visible_units", "instances", "chains", "sweeps", "seed")
    parameters = echo(options) | {name: getattr(options, name) for name in names}
    notes = ensemble_notes(options)
    notes += list(dict.fromkeys(f"no theory: {r['reason']}" for r in records if r.get("reason")))
    if not options.json:
        for record in records:
            record.pop("reason", None)
    return emit(options, "rbm simulate", parameters, records, notes=notes)
