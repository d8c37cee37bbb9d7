"""``statphys-gen schedules simulate``: samples of full dimension beside the theory."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, add_output_options, add_seed, integer, number
from .evaluate import grid_for
from .options import add_grid, add_model, grid_of, grid_parameters, law_of, model_parameters


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="samples of full dimension beside the theory",
        description="Runs the grid in full dimension, for Gaussian classes or, with --inverse-temperature, for "
        "Curie-Weiss data.\nz = (value - theory)/standard error.",
    )
    add_model(parser)
    parser.add_argument(
        "--inverse-temperature",
        "--beta",
        "-J",
        metavar="J",
        type=number("--inverse-temperature", validation.positive),
        help="Curie-Weiss data of --dimension spins, with --tilt, in place of Gaussian classes",
    )
    parser.add_argument(
        "--tilt", metavar="H", type=number("--tilt", validation.finite), help="field H/d on each spin"
    )
    add_grid(parser)
    parser.add_argument(
        "--walkers",
        metavar="K",
        required=True,
        type=integer("--walkers", 10, 10_000_000),
        help="number of samples",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from ...schedules.comparison import compare
    from ..output import emit

    notes: list[str] = []
    if options.inverse_temperature is not None:
        law = _curie_weiss(options)
        grid = grid_of(options, law.dimension**0.5, None)
    else:
        if options.tilt is not None:
            raise InvalidArgument("--tilt", options.tilt, "left out without --inverse-temperature")
        law, notes = law_of(options)
        grid = grid_for(options, law)
        law = getattr(law, "mixture", law) if hasattr(law, "shrinkage") else law
        if law.dimension > 20_000:
            raise InvalidArgument("--dimension", law.dimension, "at most 20000 in a simulation")
    found = compare(law, grid, options.walkers, seed=options.seed)
    names = ("inverse_temperature", "tilt", "walkers", "seed")
    parameters = model_parameters(options) | grid_parameters(options)
    parameters |= {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return emit(options, "schedules simulate", parameters, found.records(), notes=notes)


def _curie_weiss(options: argparse.Namespace) -> Any:
    from ...data.laws import CurieWeiss

    for name in ("separation", "variance", "weight", "mixture", "data", "labels"):
        if getattr(options, name) is not None:
            raise InvalidArgument(f"--{name}", getattr(options, name), "left out with --inverse-temperature")
    for name in ("dimension", "tilt"):
        if getattr(options, name) is None:
            raise BadUsage(f"--{name} is missing")
    if not 2 <= options.dimension <= 20_000:
        raise InvalidArgument("--dimension", options.dimension, "from 2 to 20000 in a simulation")
    return CurieWeiss(options.dimension, options.inverse_temperature, options.tilt)
