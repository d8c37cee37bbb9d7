"""``statphys-gen phase-retrieval simulate``: finite instances, beside the theory where there is one."""

from __future__ import annotations

import argparse
from typing import Any

from ...errors import InvalidArgument
from ..parsing import add_output_options, add_seed, add_threads, integer
from .options import (
    add_loss,
    add_overlap,
    add_paths,
    add_samples_per_dimension,
    add_step_sizes,
    add_temperature,
    chosen_loss,
    chosen_offset,
    chosen_step_sizes,
    echo,
    instance_checks,
)

# Above this a dense Hessian takes minutes and gigabytes.
_LARGEST_HESSIAN = 4000
_OF_DESCENTS = ("starts", "temperature", "paths", "replicas", "hessian")


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="Hessians and descents of finite instances, beside the theory",
        description="Draws finite instances and prints energy, multiplier, smallest eigenvalues and the signal outlier "
        "at the start, beside\nthe theory; with --steps correlation, energy and multiplier after a descent instead, "
        "beside dynamical mean-field theory.\nz = (value - theory)/(error of the difference). The theory is that of "
        "N -> infinity.",
    )
    add_samples_per_dimension(parser)
    add_loss(parser)
    add_overlap(parser)
    sizes = parser.add_argument_group("sizes")
    sizes.add_argument(
        "--dimension",
        "-d",
        metavar="N",
        type=integer("--dimension", 8, 100_000),
        default=200,
        help="(default 200)",
    )
    sizes.add_argument(
        "--instances", metavar="I", type=integer("--instances", 2, 1_000_000), default=50, help="(default 50)"
    )
    sizes.add_argument(
        "--label-law",
        choices=("signal", "null"),
        default="signal",
        help="null labels are independent of the sensing vectors (default signal)",
    )
    descent = parser.add_argument_group("descent")
    descent.add_argument(
        "--steps",
        "-k",
        metavar="K",
        type=integer("--steps", 0, 2000),
        default=0,
        help="steps of spherical gradient descent (default 0: the start)",
    )
    descent.add_argument(
        "--starts",
        metavar="S",
        type=integer("--starts", 1, 10_000),
        default=1,
        help="students on each instance, which share its sensing vectors (default 1)",
    )
    descent.add_argument(
        "--hessian",
        action="store_true",
        help="also compare the outlier of the Hessian after the steps, with the overlap held at 0",
    )
    add_step_sizes(descent, growth=1.04, factor=8.0)
    add_temperature(descent)
    add_paths(descent)
    add_seed(parser)
    add_threads(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    instance_checks(options, [options.samples_per_dimension], [options.dimension])
    if options.label_law == "null" and options.overlap != 0.0:
        raise InvalidArgument("--overlap", options.overlap, "left out with null labels")
    if options.steps == 0:
        for name, usual in (("starts", 1), ("temperature", 0.0), ("step_size", None), ("step_max", None)):
            if getattr(options, name) != usual:
                flag = "--" + name.replace("_", "-")
                raise InvalidArgument(flag, getattr(options, name), "left out without --steps")
    if options.hessian and (options.steps == 0 or options.overlap != 0.0 or options.label_law == "null"):
        raise InvalidArgument(
            "--hessian", True, "left out without --steps, at an overlap, and with null labels"
        )
    if (options.steps == 0 or options.hessian) and options.dimension > _LARGEST_HESSIAN:
        raise InvalidArgument("--dimension", options.dimension, f"at most {_LARGEST_HESSIAN} for a Hessian")
    offset = chosen_offset(options)
    first, largest = chosen_step_sizes(options, offset, factor=8.0)
    loss = chosen_loss(options, offset)
    from ...phase_retrieval.comparison import compare
    from ...phase_retrieval.model import PhaseRetrieval
    from ...phase_retrieval.schedule import geometric_steps
    from ..output import emit

    names = ["samples_per_dimension", "overlap", "dimension", "instances", "label_law", "steps", "seed"]
    parameters = echo(options, offset)
    descent: dict[str, Any] = {}
    if options.steps:
        descent = {name: getattr(options, name) for name in _OF_DESCENTS}
        names += ["step_growth", *_OF_DESCENTS]
        parameters |= {"step_size": first, "step_max": largest}
        descent["step_sizes"] = geometric_steps(options.steps, first, options.step_growth, largest)
    found = compare(
        PhaseRetrieval(loss, options.samples_per_dimension, options.overlap),
        options.dimension,
        instances=options.instances,
        label_law=options.label_law,
        seed=options.seed,
        threads=options.threads,
        **descent,
    )
    parameters |= {name: getattr(options, name) for name in names}
    notes = [
        f"not extrapolated: at N = {options.dimension} the theory holds up to terms of order 1/N, the next or smallest "
        "eigenvalue up to N^(-2/3)"
    ]
    records = found.records()
    if options.json:
        records = [
            record | ({"theory_error": row.theory_error} if row.theory_error else {})
            for row, record in zip(found, records, strict=True)
        ]
    else:
        # Sentences are notes below a table.
        notes += [f"no theory for {row.name}: {row.reason}" for row in found if row.reason]
        records = [{name: x for name, x in record.items() if name != "reason"} for record in records]
    return emit(options, "phase-retrieval simulate", parameters, records, notes=notes)
