"""``statphys-gen schedules``: limits of large dimension, crossovers, Curie-Weiss data and U-turns."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ...files import number as read_number
from ..parsing import BadUsage, add_output_options, integer, number
from .options import INTERPOLANT_NAMES, add_dilation, add_variance, add_weight


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "limit",
        help="weight and details of a named schedule as the dimension grows",
        description="Two isotropic classes of separation 1 and a fixed number of uniform Euler steps, dimension to "
        "infinity; inf is taken\nafter the dimension.",
    )
    parser.add_argument(
        "--schedule",
        metavar="NAME",
        required=True,
        choices=INTERPOLANT_NAMES,
        help=", ".join(INTERPOLANT_NAMES),
    )
    add_weight(parser, required=True)
    add_variance(parser, required=True)
    add_dilation(parser, required=False)
    _add_steps(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_limit)

    parser = quantities.add_parser(
        "crossover",
        help="how many steps, of the order sqrt(d), repair an undilated schedule",
        description="vp-linear: weight with K = R sqrt(d) steps. ve-linear: details over sigma with "
        "K = R sqrt(d)/sigma.\nSeparation 1.",
    )
    parser.add_argument(
        "--schedule", required=True, choices=("vp-linear", "ve-linear"), help="vp-linear or ve-linear"
    )
    parser.add_argument(
        "--steps-ratio",
        metavar="R",
        nargs="+",
        required=True,
        type=number("--steps-ratio", validation.positive),
        help="K/sqrt(d) of vp-linear, sigma K/sqrt(d) of ve-linear",
    )
    add_weight(parser, required=False)
    add_output_options(parser)
    parser.set_defaults(run=_crossover)

    parser = quantities.add_parser(
        "curie-weiss",
        help="the two modes of Curie-Weiss data at finite size",
        description="P(a) ~ exp(J M^2/(2d) + H M/d), M the sum of d spins: weight, magnetisation and fluctuation of "
        "the positive mode,\nexactly, and their limits. J above 1.",
    )
    parser.add_argument(
        "--dimension",
        "-d",
        metavar="D",
        required=True,
        type=integer("--dimension", 2, 10_000_000),
        help="number of spins",
    )
    _add_curie_weiss(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_curie_weiss)

    parser = quantities.add_parser(
        "curie-weiss-limit",
        help="what a dilated schedule makes of large Curie-Weiss data",
        description="Weight of the positive mode, mean sign of its coordinates, and both mean sign and mean of the "
        "coordinates of samples of\nwhich the first half of the steps left no doubt. Size to infinity at a fixed "
        "number of steps.",
    )
    _add_curie_weiss(parser)
    add_dilation(parser, required=True)
    _add_steps(parser)
    parser.add_argument(
        "--schedule",
        choices=("dilated-vp-linear", "dilated-vp-trigonometric"),
        default="dilated-vp-linear",
        help="dilated-vp-linear (default) or dilated-vp-trigonometric",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_curie_weiss_limit)

    parser = quantities.add_parser(
        "u-turn",
        help="probability that noising and coming back keeps the class",
        description="By the reverse process (stochastic) and, for classes that do not overlap, by the probability flow "
        "(deterministic),\nat signal q = |m|^2/(S^2 + sigma^2).",
    )
    parser.add_argument(
        "--signal",
        metavar="Q",
        nargs="+",
        required=True,
        type=number("--signal", validation.non_negative),
        help="signals q",
    )
    add_weight(parser, required=True)
    add_output_options(parser)
    parser.set_defaults(run=_u_turn)


def _add_curie_weiss(parser: Any) -> None:
    parser.add_argument(
        "--inverse-temperature",
        "--beta",
        "-J",
        metavar="J",
        required=True,
        type=number("--inverse-temperature", _above_one),
        help="J above 1",
    )
    parser.add_argument(
        "--tilt",
        metavar="H",
        required=True,
        type=number("--tilt", validation.finite),
        help="field H/d on each spin",
    )


def _above_one(name: str, value: Any) -> float:
    checked = validation.positive(name, value)
    if not 1.0 < checked <= 1e6:
        raise InvalidArgument(name, value, "above 1, where there are two modes, and at most 1e6")
    return checked


def _steps(text: str) -> float:
    """A number of steps, or infinity."""
    try:
        if read_number(text) == math.inf:
            return math.inf
    except ValueError:
        pass
    return integer("--steps", 1, 100_000)(text)


def _add_steps(parser: Any) -> None:
    parser.add_argument("--steps", metavar="K", required=True, type=_steps, help="number of steps, or inf")


def _limit(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...schedules.theory.limits import limit
    from ..output import emit

    _check_dilation(options)
    if "dilated-ve" in options.schedule and options.steps != math.inf and options.steps % 2:
        raise InvalidArgument(
            "--steps", options.steps, f"even with {options.schedule}: odd ones step past the data"
        )
    found = limit(options.schedule, options.weight, options.variance, options.steps, options.dilation)
    names = ("schedule", "weight", "variance", "dilation", "steps")
    parameters = {name: getattr(options, name) for name in names}
    record = found.records()[0] | {"approximation": str(approximation_of(limit))}
    return emit(options, "schedules limit", parameters, [record])


def _check_dilation(options: argparse.Namespace) -> None:
    dilated = options.schedule.startswith("dilated")
    if dilated and options.dilation is None:
        raise BadUsage("--dilation is missing")
    if not dilated and options.dilation is not None:
        raise InvalidArgument(
            "--dilation", options.dilation, f"left out with the schedule {options.schedule}"
        )


def _crossover(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...schedules.theory.crossovers import ve_crossover, vp_crossover
    from ..output import emit

    preserving = options.schedule == "vp-linear"
    if preserving and options.weight is None:
        raise BadUsage("--weight is missing")
    if preserving:
        for ratio in options.steps_ratio:
            validation.inside("--steps-ratio", ratio, 1e-3, 1e4, closed=True)
        values, name = vp_crossover(options.steps_ratio, options.weight), "weight"
        said = approximation_of(vp_crossover)
    else:
        values, name, said = ve_crossover(options.steps_ratio), "detail_ratio", approximation_of(ve_crossover)
    records = [
        {"steps_ratio": ratio, name: value, "approximation": str(said)}
        for ratio, value in zip(options.steps_ratio, values.tolist(), strict=True)
    ]

    def plot(path: Path) -> None:
        from ...schedules.plots import plot_crossover

        plot_crossover(options.schedule, options.steps_ratio, values, path)

    parameters = {name: getattr(options, name) for name in ("schedule", "steps_ratio", "weight")}
    return emit(options, "schedules crossover", parameters, records, plot=plot)


def _curie_weiss(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...data.laws import CurieWeiss
    from ...schedules.theory.curie_weiss_limit import curie_weiss_modes
    from ..output import emit

    model = CurieWeiss(options.dimension, options.inverse_temperature, options.tilt)
    record = curie_weiss_modes(model).records()[0] | {
        "approximation": str(approximation_of(curie_weiss_modes))
    }
    names = ("dimension", "inverse_temperature", "tilt")
    return emit(options, "schedules curie-weiss", {name: getattr(options, name) for name in names}, [record])


def _curie_weiss_limit(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...schedules.theory.curie_weiss_limit import curie_weiss_limit
    from ..output import emit

    if options.steps != math.inf:
        validation.integer("--steps", options.steps, 2, 400)
    try:
        found = curie_weiss_limit(
            options.inverse_temperature, options.tilt, options.dilation, options.steps, options.schedule
        )
    except InvalidArgument as error:
        raise InvalidArgument(f"--{error.argument.replace('_', '-')}", error.value, error.allowed) from None
    names = ("inverse_temperature", "tilt", "dilation", "steps", "schedule")
    parameters = {name: getattr(options, name) for name in names}
    record = found.records()[0] | {"approximation": str(approximation_of(curie_weiss_limit))}
    return emit(options, "schedules curie-weiss-limit", parameters, [record])


def _u_turn(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...schedules.theory.windows import u_turn
    from ..output import emit

    found = u_turn(options.signal, options.weight)
    records = [record | {"approximation": str(approximation_of(u_turn))} for record in found.records()]

    def plot(path: Path) -> None:
        from ...schedules.plots import plot_u_turn

        plot_u_turn(found, options.weight, path)

    parameters = {"signal": options.signal, "weight": options.weight}
    return emit(options, "schedules u-turn", parameters, records, plot=plot)
