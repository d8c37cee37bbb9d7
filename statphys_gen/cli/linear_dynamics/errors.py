"""``statphys-gen linear-dynamics``: errors in time, best stopping, and the lazy ratio that reaches an error."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, number
from .options import (
    SCALED,
    add_dimension,
    add_initial_noise,
    add_lazy_ratio,
    add_noise,
    add_strengths,
    add_times,
    weak_note,
)


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "errors",
        help="train and test error in time",
        description="Train and test error per entry of the target, between lazy and active training. In the limit of "
        "large dimension and\nwidth, or with --dimension to leading orders in 1/d. Times are scaled, T = d t.",
    )
    add_strengths(parser)
    add_lazy_ratio(parser, several=False)
    add_initial_noise(parser, several=False)
    add_noise(parser)
    add_times(parser, SCALED)
    add_dimension(parser)
    parser.add_argument(
        "--finite-width",
        action="store_true",
        help="with --dimension: add the term of order d/w, with w from the initial noise",
    )
    add_output_options(parser)
    parser.set_defaults(run=_errors)

    parser = quantities.add_parser(
        "best-error",
        help="lowest test error in time, and when",
        description="Best stopping for every pair of a lazy ratio and an initial noise, with all dips of the test "
        "error. Times are scaled,\nT = d t; error is that of the time.",
    )
    add_strengths(parser)
    add_lazy_ratio(parser, several=True)
    add_initial_noise(parser, several=True)
    add_noise(parser)
    add_dimension(parser)
    add_output_options(parser)
    parser.set_defaults(run=_best_error)

    parser = quantities.add_parser(
        "lazy-ratio",
        help="lazy ratio whose best test error is the wanted one",
        description="The inverse of best-error: kappa = c/d for wanted best test errors, and the scaled time T = d t "
        "at which to stop.",
    )
    add_strengths(parser)
    parser.add_argument(
        "--test-error",
        metavar="E",
        nargs="+",
        required=True,
        type=number("--test-error", validation.positive),
        help="wanted best test errors",
    )
    add_initial_noise(parser, several=False)
    add_noise(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_lazy_ratio)


def _errors(options: argparse.Namespace) -> int:
    if options.finite_width and options.dimension is None:
        raise InvalidArgument("--finite-width", True, "left out without --dimension")
    from ...linear_dynamics.theory.crossover import error_curves
    from ...linear_dynamics.theory.finite_dimension import finite_dimension_errors
    from ...linear_dynamics.theory.finite_width import finite_width_errors
    from ..output import emit

    given = (options.lazy_ratio, options.initial_noise, options.training_time)
    names = ["signal_strength", "lazy_ratio", "initial_noise", "noise", "training_time", "dimension"]
    parameters = {name: getattr(options, name) for name in names} | {"finite_width": options.finite_width}
    if options.finite_width:
        if options.initial_noise == 0.0:
            raise InvalidArgument("--initial-noise", 0.0, "above 0 with --finite-width: it gives the width")
        root = options.lazy_ratio * options.dimension
        width = root * (root / options.initial_noise)
        if not options.dimension <= width < math.inf:
            raise InvalidArgument(
                "--finite-width",
                width,
                f"a width kappa^2 d^2/omega of at least the dimension {options.dimension}",
            )
        parameters["width"] = width
        curves = finite_width_errors(
            options.signal_strength,
            options.dimension,
            width,
            options.lazy_ratio,
            options.training_time,
            noise=options.noise,
        )
    elif options.dimension is not None:
        curves = finite_dimension_errors(
            options.signal_strength, options.dimension, *given, noise=options.noise
        )
    else:
        curves = error_curves(options.signal_strength, *given, noise=options.noise)
    records = curves.records()

    def plot(path: Path) -> None:
        from ...linear_dynamics.plots import plot_errors

        if options.finite_width:
            raise InvalidArgument("--plot", str(path), "left out with --finite-width")
        plot_errors(curves, options.signal_strength, *given[:2], options.noise, options.dimension, path)

    notes = weak_note(options.signal_strength, options.dimension, options.noise)
    return emit(options, "linear-dynamics errors", parameters, records, notes=notes, plot=plot)


def _best_error(options: argparse.Namespace) -> int:
    import numpy as np

    from ...linear_dynamics.theory.best import best_error
    from ..output import emit

    grid = np.meshgrid(options.lazy_ratio, options.initial_noise, indexing="ij")
    found = best_error(options.signal_strength, *grid, noise=options.noise, dimension=options.dimension)
    names = ("signal_strength", "lazy_ratio", "initial_noise", "noise", "dimension")
    parameters = {name: getattr(options, name) for name in names}

    def plot(path: Path) -> None:
        from ...linear_dynamics.plots import plot_best_error

        plot_best_error(found, path)

    notes = weak_note(options.signal_strength, options.dimension, options.noise)
    return emit(
        options, "linear-dynamics best-error", parameters, list(found.records()), notes=notes, plot=plot
    )


def _lazy_ratio(options: argparse.Namespace) -> int:
    from ...linear_dynamics.theory.best import lazy_ratio_for, reachable_errors
    from ..output import emit

    found = lazy_ratio_for(
        options.test_error, options.signal_strength, options.initial_noise, noise=options.noise
    )
    low, high = reachable_errors(options.signal_strength, options.initial_noise, noise=options.noise)
    records = []
    notes = []
    for wanted, record in zip(options.test_error, found.records(), strict=True):
        records.append({"test_error": wanted} | record)
        if not low < wanted < high:
            reason = f"no lazy ratio has a best test error of {wanted:g}: it lies in ({low:.6g}, {high:.6g})"
            records[-1]["reason"] = reason
            notes.append(reason)
        elif not math.isfinite(record["lazy_ratio"]):
            where = f"so close to an end of ({low:.6g}, {high:.6g}) that the lazy ratio lies outside of [1e-8, 1e5] "
            records[-1]["reason"] = (
                f"{wanted:g} is {where}times the largest signal, where it is not looked for"
            )
            notes.append(records[-1]["reason"])
    names = ("signal_strength", "test_error", "initial_noise", "noise")
    parameters = {name: getattr(options, name) for name in names}
    return emit(options, "linear-dynamics lazy-ratio", parameters, records, notes=notes)
