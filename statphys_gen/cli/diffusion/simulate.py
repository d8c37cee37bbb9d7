"""``statphys-gen diffusion simulate``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..parsing import BadUsage, add_output_options, add_seed, add_threads, integer
from .options import add_mixture, add_samples, add_times, chosen_gaussian, chosen_mixture

if TYPE_CHECKING:
    from ...comparison import Observables
    from ...data.laws import DataLaw

_NEEDED = {
    "all": ("time",),
    "clones": ("time",),
    "collapse": ("samples", "time"),
    "first-passage": ("samples",),
}


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="simulate clones, collapse or first passages, beside the theory",
        description="Simulate and compare. clones: clones and U-turns of a mixture; collapse: posterior of noised "
        "training points;\nfirst-passage: last change of the nearest training point; all: whatever applies to the law.",
    )
    parser.add_argument("experiment", choices=tuple(_NEEDED))
    add_mixture(parser, gaussian=True)
    add_samples(parser, required=False)
    add_times(parser)
    parser.add_argument(
        "--walkers",
        metavar="K",
        type=integer("--walkers", 2),
        help="repetitions within an instance (default: clones 10000, first-passage 200, else 1000)",
    )
    parser.add_argument(
        "--instances",
        metavar="I",
        type=integer("--instances", 2),
        default=16,
        help="independent sets of training points (default 16)",
    )
    add_seed(parser)
    add_threads(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _law(options: argparse.Namespace) -> tuple[DataLaw, dict[str, Any]]:
    """Two classes or a mixture from a file where they are given, else one Gaussian class."""
    if options.mixture is not None or options.separation is not None or options.experiment == "clones":
        for name in ("covariance", "eigenvalues"):
            if getattr(options, name) is not None:
                raise BadUsage(f"--{name} = {getattr(options, name)}: must be left out with classes")
        return chosen_mixture(options)
    if options.weight is not None:
        raise BadUsage(f"--weight = {options.weight}: must be left out without --separation")
    return chosen_gaussian(options)


def _simulate(options: argparse.Namespace) -> int:
    for name in _NEEDED[options.experiment]:
        if getattr(options, name) is None:
            raise BadUsage(f"--{name} is missing: it is needed to simulate {options.experiment}")
    law, parameters = _law(options)
    from ..output import emit

    for name in ("samples", "time", "walkers", "seed"):
        if getattr(options, name) is not None:
            parameters[name] = getattr(options, name)
    if options.experiment != "clones":
        parameters["instances"] = options.instances
    records = _compared(options, law).records()
    return emit(options, f"diffusion simulate {options.experiment}", parameters, records)


def _compared(options: argparse.Namespace, law: DataLaw) -> Observables:
    from ...diffusion.comparison import compare, compare_clones, compare_collapse, compare_first_passage

    run = {"seed": options.seed, "threads": options.threads}
    run |= {} if options.walkers is None else {"walkers": options.walkers}
    if options.experiment == "clones":
        return compare_clones(law, options.time, **run)
    run["instances"] = options.instances
    if options.experiment == "collapse":
        return compare_collapse(law, options.time, options.samples, **run)
    if options.experiment == "first-passage":
        return compare_first_passage(law, options.samples, **run)
    return compare(law, options.time, options.samples, **run)
