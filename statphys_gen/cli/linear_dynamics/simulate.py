"""``statphys-gen linear-dynamics simulate``: finite networks beside the theory."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, add_output_options, add_seed, add_threads, integer, number
from .options import SCALED, add_dimension, add_noise, add_rates, add_strengths, add_times, positive


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "simulate",
        help="finite networks, beside the theory",
        description="Trains finite square networks on drawn targets and prints train and test error beside the "
        "leading orders in 1/d at\ninfinite width, with the term of order d/w for Gaussian weights of equal variances "
        "and rates; terms of order 1/d^2 are\nnot in the theory. z = (value - theory)/standard error. Times are "
        "scaled, T = d t.",
    )
    add_dimension(parser, required=True)
    sizes = parser.add_argument_group("network: --width and --variance, or both exponents")
    sizes.add_argument("--width", "-w", metavar="W", type=integer("--width", 1, 2**62), help="hidden units")
    sizes.add_argument("--variance", metavar="V", type=positive("--variance"), help="variance of the weights")
    sizes.add_argument(
        "--second-variance",
        metavar="V2",
        type=positive("--second-variance"),
        help="variance of the second layer's weights (default: --variance)",
    )
    for flag in ("--variance-exponent", "--width-exponent"):
        sizes.add_argument(flag, metavar="G", type=number(flag, validation.finite))
    add_rates(parser)
    add_strengths(parser)
    add_noise(parser)
    add_times(parser, SCALED)
    parser.add_argument(
        "--initialisation",
        choices=("gaussian", "orthogonal"),
        default="gaussian",
        help="orthogonal weights (w >= 2 d) follow the wide limit exactly (default gaussian)",
    )
    parser.add_argument(
        "--algorithm",
        choices=("flow", "descent"),
        default="flow",
        help="gradient flow of the Gram matrix, or gradient descent with full weights (default flow)",
    )
    parser.add_argument(
        "--learning-rate",
        metavar="E",
        type=positive("--learning-rate"),
        help="of the descent, in units of the unscaled time t",
    )
    parser.add_argument(
        "--instances",
        metavar="R",
        type=integer("--instances", 2, 1_000_000),
        default=20,
        help="networks, each with a target of its own (default 20)",
    )
    add_seed(parser)
    add_threads(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    plain, exponents = ("--width", "--variance"), ("--width-exponent", "--variance-exponent")
    value = {flag: getattr(options, flag[2:].replace("-", "_")) for flag in (*plain, *exponents)}
    present = [flag for flag in exponents if value[flag] is not None]
    if present and any(x is not None for x in (options.width, options.variance, options.second_variance)):
        raise InvalidArgument(present[0], value[present[0]], "left out with --width or --variance")
    for flag in exponents if present else plain:
        if value[flag] is None:
            beside = f"with {present[0]}" if present else "without exponents"
            raise BadUsage(f"{flag} is missing: it is needed {beside}")
    if options.learning_rate is None and options.algorithm == "descent":
        raise BadUsage("--learning-rate is missing: it is needed with --algorithm descent")
    if options.learning_rate is not None and options.algorithm == "flow":
        raise InvalidArgument(
            "--learning-rate", options.learning_rate, "left out without --algorithm descent"
        )
    from ...linear_dynamics.comparison import compare
    from ...linear_dynamics.model import LinearNetwork, Task
    from ..output import emit

    size, rates = options.dimension, options.rates
    if not present:
        second = options.second_variance or options.variance
        network = LinearNetwork(size, size, options.width, options.variance, second, *rates)
    else:
        network = LinearNetwork.from_exponents(
            size, options.variance_exponent, options.width_exponent
        ).replace(first_rate=rates[0], second_rate=rates[1])
    found = compare(
        network,
        Task(tuple(options.signal_strength), options.noise),
        options.training_time,
        instances=options.instances,
        initialisation=options.initialisation,
        algorithm=options.algorithm,
        learning_rate=options.learning_rate,
        seed=options.seed,
        threads=options.threads,
    )
    names = ["dimension", "signal_strength", "noise", "training_time", "initialisation", "algorithm"]
    names += ["learning_rate", "rates", "instances", "seed"]
    parameters = {name: getattr(options, name) for name in names}
    parameters |= {"width": network.width, "variance": network.first_variance}
    parameters["second_variance"] = network.second_variance
    return emit(options, "linear-dynamics simulate", parameters, found.records())
