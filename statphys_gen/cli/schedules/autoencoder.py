"""``statphys-gen schedules``: what a denoising autoencoder with few samples learns, and what it generates."""

from __future__ import annotations

import argparse
import math
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ...files import number as read_number
from ..parsing import add_output_options, add_seed, integer, number
from .options import add_dilation, add_variance


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "autoencoder-details",
        help="the learned autoencoder at noise of the order 1",
        description="f(x) = c x + u tanh(w.x/sqrt(d) + b) with its unit saturated, on x = A z + B a: skip c and the "
        "overlaps of u.",
    )
    _add_details(parser)
    parser.add_argument(
        "--noise-scale",
        metavar="A",
        required=True,
        type=number("--noise-scale", validation.positive),
        help="A",
    )
    parser.add_argument(
        "--data-scale",
        metavar="B",
        required=True,
        type=number("--data-scale", validation.non_negative),
        help="B",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_details)

    parser = quantities.add_parser(
        "autoencoder-generated",
        help="what the flow of this autoencoder generates",
        description="Law of a generated sample, s (M m + Qe sum s g + Qx sum s z) + perp N(0, I), by any schedule.",
    )
    _add_details(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_generated)

    parser = quantities.add_parser(
        "autoencoder-speciation",
        help="the learned autoencoder where classes are decided",
        description="Order parameters of the autoencoder at the dilated time kappa t, with fresh noise at every step "
        "and dimension to infinity.",
    )
    _add_speciation(parser)
    parser.add_argument(
        "--dilated-time",
        metavar="KT",
        required=True,
        type=number("--dilated-time", validation.positive),
        help="kappa t: sqrt(d) times the scale of the data",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_speciation)

    parser = quantities.add_parser(
        "autoencoder-weight",
        help="weight that autoencoders trained along a dilated schedule generate",
        description="K1 steps of the first half of a dilated schedule, with a network trained anew at each.",
    )
    _add_speciation(parser)
    add_dilation(parser, required=True)
    parser.add_argument(
        "--steps",
        metavar="K1",
        required=True,
        type=integer("--steps", 1, 2000),
        help="steps of the first half",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_weight)


def _draws(text: str) -> float:
    try:
        if read_number(text) == math.inf:
            return math.inf
    except ValueError:
        pass
    return integer("--noise-draws", 1, 10**9)(text)


def _add_details(parser: Any) -> None:
    parser.add_argument(
        "--samples",
        "-n",
        metavar="N",
        required=True,
        type=integer("--samples", 1, 10**9),
        help="training points",
    )
    parser.add_argument(
        "--noise-draws",
        "-m",
        metavar="K",
        required=True,
        type=_draws,
        help="noises for each of them; inf for fresh noise at every step",
    )
    _add_ridge(parser, "--ridge", "L in L |u|^2")
    add_variance(parser, required=True)


def _add_ridge(parser: Any, flag: str, text: str) -> None:
    parser.add_argument(flag, metavar="L", required=True, type=number(flag, validation.positive), help=text)


def _add_speciation(parser: Any) -> None:
    for flag, sign in (("--positive-samples", "+m"), ("--negative-samples", "-m")):
        parser.add_argument(
            flag,
            metavar="N",
            required=True,
            type=integer(flag, 1, 10**9),
            help=f"training points of the class at {sign}",
        )
    add_variance(parser, required=True)
    _add_ridge(parser, "--output-ridge", "L in L |u|^2")
    _add_ridge(parser, "--input-ridge", "L in L |w|^2")


def _details_model(options: argparse.Namespace) -> Any:
    from ...schedules.model import Autoencoder

    draws = None if options.noise_draws == math.inf else int(options.noise_draws)
    return Autoencoder((options.samples, 0), options.variance, options.ridge, noise_draws=draws)


def _details(options: argparse.Namespace) -> int:
    from ...schedules.theory.autoencoder_details import autoencoder_details

    found = autoencoder_details(_details_model(options), options.noise_scale, options.data_scale)
    names = ("samples", "noise_draws", "ridge", "variance", "noise_scale", "data_scale")
    return _emit(options, "autoencoder-details", names, found.records()[0], autoencoder_details)


def _generated(options: argparse.Namespace) -> int:
    from ...schedules.theory.autoencoder_details import autoencoder_generation

    found = autoencoder_generation(_details_model(options))
    names = ("samples", "noise_draws", "ridge", "variance")
    return _emit(options, "autoencoder-generated", names, found.records()[0], autoencoder_generation)


def _speciation_model(options: argparse.Namespace) -> Any:
    from ...schedules.model import Autoencoder

    counts = (options.positive_samples, options.negative_samples)
    return Autoencoder(counts, options.variance, options.output_ridge, options.input_ridge)


_SPECIATION = ("positive_samples", "negative_samples", "variance", "output_ridge", "input_ridge")


def _speciation(options: argparse.Namespace) -> int:
    from ...schedules.theory.autoencoder_speciation import autoencoder_speciation

    found = autoencoder_speciation(_speciation_model(options), options.dilated_time)
    names = (*_SPECIATION, "dilated_time")
    record = found.records()[0]
    notes = []
    if record["status"].startswith("no solution"):
        notes.append(
            "the loss has no minimum: it falls towards a unit that is always on, which tells no classes apart"
        )
    return _emit(options, "autoencoder-speciation", names, record, autoencoder_speciation, notes)


def _weight(options: argparse.Namespace) -> int:
    from ...schedules.theory.autoencoder_speciation import autoencoder_weight

    if options.dilation > 1e3:
        raise InvalidArgument("--dilation", options.dilation, "at most 1000")
    found = autoencoder_weight(_speciation_model(options), options.dilation, options.steps, seed=options.seed)
    record = {"weight": float(found.mean), "standard_error": float(found.standard_error)}
    return _emit(
        options, "autoencoder-weight", (*_SPECIATION, "dilation", "steps", "seed"), record, autoencoder_weight
    )


def _emit(
    options: argparse.Namespace,
    command: str,
    names: tuple[str, ...],
    record: dict[str, Any],
    prediction: Any,
    notes: list[str] | None = None,
) -> int:
    from ...approximation import approximation_of
    from ..output import emit

    parameters = {name: getattr(options, name) for name in names}
    record = record | {"approximation": str(approximation_of(prediction))}
    return emit(options, f"schedules {command}", parameters, [record], notes=notes or [])
