"""``statphys-gen random-features simulate``: finite instances beside the theory."""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, add_output_options, add_seed, add_threads, integer, number
from .options import add_model, chosen_models, model_notes, training_time

if TYPE_CHECKING:
    from ...random_features.simulation.training import Training

_MOST_FEATURES = 8000
# Of 8 bytes each, in one of the few arrays that are held at a time.
_MOST_NUMBERS = 3e8


def _momentum(name: str, value: Any) -> float:
    allowed = "a number in [0, 1)"
    memory = validation.finite(name, value, allowed)
    if not 0.0 <= memory < 1.0:
        raise InvalidArgument(name, value, allowed)
    return memory


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="losses and spectra of finite instances, beside the theory",
        description="Draws finite instances of a model, trains them, and prints losses, modes of the bulks and edges "
        "beside the theory,\nwith z = (value - theory)/standard_error. In one dimension the difference contains "
        "corrections of order 1/d (edges:\nd^(-2/3)); three or more dimensions are extrapolated. theory is null where "
        "it is refused, with the reason.",
    )
    add_model(parser)
    sizes = parser.add_argument_group("sizes")
    sizes.add_argument(
        "-d",
        "--dimension",
        metavar="D",
        nargs="+",
        required=True,
        type=integer("--dimension", 1),
        help="dimension of the data; with three or more the results are extrapolated to infinity",
    )
    sizes.add_argument(
        "--instances",
        metavar="I",
        nargs="+",
        type=integer("--instances", 2),
        default=[20],
        help="independent instances, one number or one for each dimension (default 20)",
    )
    _add_training(parser)
    parser.add_argument(
        "--count-modes", action="store_true", help="also count the modes of the bulks and compare the edges"
    )
    parser.add_argument(
        "--gaussian-equivalent",
        action="store_true",
        help="simulate the Gaussian equivalent, in which a feature is replaced by its linear part and Gaussian noise",
    )
    add_seed(parser)
    add_threads(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _add_training(parser: Any) -> None:
    training = parser.add_argument_group("training")
    way = training.add_mutually_exclusive_group()
    way.add_argument(
        "--training-time",
        "--tau",
        metavar="T",
        nargs="+",
        type=number("--training-time", training_time),
        help="training times of gradient flow; inf is allowed",
    )
    way.add_argument(
        "--ridge",
        metavar="PENALTY",
        nargs="+",
        type=number("--ridge", validation.positive),
        help="penalties in units of the eigenvalues",
    )
    way.add_argument(
        "--steps",
        metavar="K",
        nargs="+",
        type=integer("--steps", 0, 10_000_000),
        help="increasing numbers of steps of descent or Adam",
    )
    training.add_argument(
        "--learning-rate",
        metavar="E",
        type=number("--learning-rate", validation.positive),
        help="of descent, as eta/d^2: the training time of one step",
    )
    training.add_argument(
        "--momentum", metavar="M", type=number("--momentum", _momentum), help="of descent (default 0)"
    )
    training.add_argument("--nesterov", action="store_true", help="take the gradient ahead, after Nesterov")
    training.add_argument(
        "--adam",
        metavar="RATE",
        type=number("--adam", validation.positive),
        help="learning rate of Adam, in place of descent (no theory)",
    )


def _check(options: argparse.Namespace) -> None:
    """What can be refused before anything is loaded."""
    chosen = [options.training_time, options.ridge, options.steps]
    if not options.count_modes and all(entry is None for entry in chosen):
        raise BadUsage("--training-time, --ridge, --steps or --count-modes is missing")
    if options.steps is None:
        for name in ("learning_rate", "momentum", "adam"):
            if getattr(options, name) is not None:
                flag = "--" + name.replace("_", "-")
                raise BadUsage(f"{flag} = {getattr(options, name):g}: must be left out without --steps")
    else:
        if any(b <= a for a, b in pairwise(options.steps)):
            raise BadUsage(f"--steps = {' '.join(map(str, options.steps))}: must be increasing")
        if (options.learning_rate is None) == (options.adam is None):
            raise BadUsage("--steps needs --learning-rate (descent) or --adam, and not both")
        if options.adam is not None and options.momentum is not None:
            raise BadUsage(f"--momentum = {options.momentum:g}: must be left out with --adam")
    if options.nesterov and options.momentum is None:
        raise BadUsage("--nesterov needs --momentum")
    dimensions, instances = options.dimension, options.instances
    shown = " ".join(map(str, dimensions))
    if len(dimensions) == 2 or len(set(dimensions)) < len(dimensions):
        raise BadUsage(f"--dimension = {shown}: must be one, or at least 3 that differ")
    if len(instances) not in (1, len(dimensions)):
        raise BadUsage(
            f"--instances = {' '.join(map(str, instances))}: must be one number, or one for each --dimension"
        )
    if len(dimensions) > 1 and min(instances) < 8:
        raise BadUsage(
            f"--instances = {min(instances)}: must be at least 8 where dimensions are extrapolated"
        )
    features = options.features_per_dimension * max(dimensions)
    if features > _MOST_FEATURES:
        raise BadUsage(f"--dimension = {max(dimensions)}: must have at most {_MOST_FEATURES} features (p)")
    draws = 12 if math.isinf(options.noise_draws) else options.noise_draws
    if features * options.samples_per_dimension * max(dimensions) * draws > _MOST_NUMBERS:
        raise BadUsage(
            f"--dimension = {max(dimensions)}: must be smaller; p x n x (noise draws) numbers do not fit in memory"
        )


def _simulate(options: argparse.Namespace) -> int:
    _check(options)
    (model,), parameters = chosen_models(options)
    notes = model_notes(model)
    from ...random_features.comparison import compare
    from ..output import emit

    dimensions, instances = options.dimension, options.instances
    found = compare(
        model,
        dimensions,
        training_time=_training(options),
        spectrum=options.count_modes,
        gaussian_equivalent=options.gaussian_equivalent,
        instances=instances[0] if len(instances) == 1 else instances,
        seed=options.seed,
        threads=options.threads,
    )
    for name in ("training_time", "ridge", "steps", "learning_rate", "momentum", "adam"):
        if getattr(options, name) is not None:
            parameters["penalty" if name == "ridge" else name] = getattr(options, name)
    parameters |= {
        "nesterov": options.nesterov,
        "dimension": dimensions,
        "instances": instances * len(dimensions) if len(instances) == 1 else instances,
        "matrix": "Gaussian equivalent" if options.gaussian_equivalent else "nonlinear",
        "seed": options.seed,
    }
    if len(dimensions) == 1:
        notes.append(
            f"not extrapolated: in dimension {dimensions[0]} the theory holds up to terms of order 1/d, edges up to "
            "d^(-2/3)"
        )
    records = found.records()
    if not options.json:
        notes += [f"seed: {options.seed}"]
        notes += dict.fromkeys(f"no theory for {row.name}: {row.reason}" for row in found if row.reason)
        records = [{name: x for name, x in record.items() if name != "reason"} for record in records]
    return emit(options, "random-features simulate", parameters, records, notes=notes)


def _training(options: argparse.Namespace) -> Training | None:
    from ...random_features.simulation.training import Adam, GradientDescent, GradientFlow, Ridge

    if options.training_time is not None:
        return GradientFlow(options.training_time)
    if options.ridge is not None:
        return Ridge(options.ridge)
    if options.steps is None:
        return None
    if options.adam is not None:
        return Adam(options.steps, options.adam)
    return GradientDescent(options.steps, options.learning_rate, options.momentum or 0.0, options.nesterov)
