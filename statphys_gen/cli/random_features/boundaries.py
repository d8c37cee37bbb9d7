"""``statphys-gen random-features``: where bulks merge, and the eigenvalues that fluctuating norms pull out of them."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ... import validation
from ..covariance import chosen_covariance
from ..parsing import BadUsage, add_output_options, between, integer, number
from .options import (
    add_activation,
    add_data,
    add_model,
    add_time,
    chosen_activation,
    chosen_models,
    early_checks,
    echo,
    model_notes,
    ratio,
    statement,
)

# The parameters of the plane, by the flags that give them.
_PARAMETERS = ("features-per-dimension", "samples-per-dimension", "time")


def register(quantities: Any) -> None:
    _register_merging_line(quantities)
    _register_norm_outliers(quantities)


# --------------------------------------------------------------------------------------------------- merging line


def _register_merging_line(quantities: Any) -> None:
    parser = quantities.add_parser(
        "merging-line",
        help="line in the plane of two parameters on which two bulks merge",
        description="The line in the plane of two of features, samples and time on which the gap between two bulks "
        "closes,\nfollowed in both directions through its turning points. About 0.3 s for each point.\n\n"
        "Example: --activation tanh --features-per-dimension 64 --time 0.1 --solve-for samples-per-dimension\n"
        "--between 30.1 30.4 --along features-per-dimension --from 15 --to 65",
    )
    add_activation(parser)
    add_data(parser)
    parser.add_argument(
        "--features-per-dimension",
        "--psi-p",
        metavar="P",
        type=number("--features-per-dimension", ratio),
        help="features over dimension, p/d, at the start of the line",
    )
    parser.add_argument(
        "--samples-per-dimension",
        "--psi-n",
        metavar="N",
        type=number("--samples-per-dimension", ratio),
        help="samples over dimension, n/d, at the start of the line",
    )
    add_time(parser, required=False)
    parser.add_argument(
        "--solve-for",
        metavar="NAME",
        choices=_PARAMETERS,
        required=True,
        help=f"the parameter that is found, not given itself: {', '.join(_PARAMETERS)}",
    )
    parser.add_argument(
        "--between",
        metavar=("LOWER", "UPPER"),
        nargs=2,
        required=True,
        type=number("--between", validation.positive),
        help="two values of it at which the numbers of bulks differ by one",
    )
    parser.add_argument(
        "--along",
        metavar="NAME",
        choices=_PARAMETERS,
        required=True,
        help="the parameter in which the line is followed, another one of the three",
    )
    for flag, side in (("--from", "smallest"), ("--to", "largest")):
        parser.add_argument(
            flag,
            metavar="VALUE",
            required=True,
            type=number(flag, validation.positive),
            help=f"{side} value of it, where the line ends",
        )
    parser.add_argument(
        "--gap-near",
        metavar="X",
        type=number("--gap-near", validation.positive),
        help="eigenvalue near the gap that is meant (default: the narrowest gap)",
    )
    parser.add_argument(
        "--step",
        metavar="S",
        type=number("--step", between(1e-4, 2.0, closed=True)),
        default=0.1,
        help="largest distance between points, in the logarithms (default 0.1)",
    )
    parser.add_argument(
        "--max-points",
        metavar="K",
        type=integer("--max-points", 2, 10_000),
        default=200,
        help="points in each direction (default 200)",
    )
    add_output_options(parser)
    parser.set_defaults(run=_merging_line)


def _checked_plane(options: argparse.Namespace) -> None:
    """What is given and what is solved for."""
    if options.along == options.solve_for:
        raise BadUsage(f"--along = {options.along}: must be another parameter than --solve-for")
    for flag in _PARAMETERS:
        given = getattr(options, flag.replace("-", "_"))
        if flag == options.solve_for and given is not None:
            raise BadUsage(f"--{flag} = {given}: must be left out with --solve-for {flag}")
        if flag != options.solve_for and given is None:
            raise BadUsage(f"--{flag} is missing: it is needed with --solve-for {options.solve_for}")
    for name, (low, high) in (("between", options.between), ("from", (getattr(options, "from"), options.to))):
        if not low < high:
            words = f"{low:g} {high:g}" if name == "between" else f"{low:g}"
            allowed = "an increasing pair of numbers" if name == "between" else f"below --to = {high:g}"
            raise BadUsage(f"--{name} = {words}: must be {allowed}")


def _merging_line(options: argparse.Namespace) -> int:
    _checked_plane(options)
    early_checks(options)
    from ...random_features.model import RandomFeatures
    from ...random_features.theory.merging import merging_line
    from ..output import emit

    solve_for, along = options.solve_for.replace("-", "_"), options.along.replace("-", "_")
    first, last = getattr(options, "from"), options.to
    given = {flag.replace("-", "_"): getattr(options, flag.replace("-", "_")) for flag in _PARAMETERS}
    model = RandomFeatures(
        activation=chosen_activation(options),
        covariance=chosen_covariance(options),
        noise_draws=options.noise_draws,
        **(given | {solve_for: math.sqrt(math.prod(options.between))}),
    )
    line = merging_line(
        model,
        along,
        first,
        last,
        solve_for,
        *options.between,
        gap_near=options.gap_near,
        step=options.step,
        max_points=options.max_points,
    )

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_merging_line

        plot_merging_line(line, along, solve_for, path)

    parameters = echo(options) | {name: value for name, value in given.items() if value is not None}
    parameters |= {
        "solve_for": solve_for,
        "between": options.between,
        "along": along,
        "from": first,
        "to": last,
        "gap_near": options.gap_near,
        "step": options.step,
        "max_points": options.max_points,
    }
    records = list(line.records())
    return emit(
        options, "random-features merging-line", parameters, records, notes=model_notes(model), plot=plot
    )


# -------------------------------------------------------------------------------------------------- norm outliers


def _register_norm_outliers(quantities: Any) -> None:
    parser = quantities.add_parser(
        "norm-outliers",
        help="eigenvalues that the norms of samples and of weights pull out of the bulks",
        description="The isolated eigenvalues that the fluctuating norms of the rows of W and of the samples pull out "
        "of the bulks,\nif the activation has no mean but a part of order two; null where there is none, "
        "beside the upper edge of the last bulk.",
    )
    add_model(parser, several=True)
    add_output_options(parser)
    parser.set_defaults(run=_norm_outliers)


def _norm_outliers(options: argparse.Namespace) -> int:
    if options.plot and len(options.samples_per_dimension) < 2:
        raise BadUsage(f"--plot = {options.plot}: must be left out with fewer than 2 --samples-per-dimension")
    models, parameters = chosen_models(options)
    from ...random_features.theory.edges import bulk_edges
    from ...random_features.theory.spikes import norm_outliers
    from ..output import emit

    approximation = statement(norm_outliers)
    records = [
        {
            "samples_per_dimension": model.samples_per_dimension,
            **norm_outliers(model).records()[0],
            "upper_edge": float(bulk_edges(model)[-1, 1]),
            "approximation": approximation,
        }
        for model in models
    ]

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_norm_outliers

        plot_norm_outliers(records, path)

    command = "random-features norm-outliers"
    return emit(options, command, parameters, records, notes=model_notes(models[0]), plot=plot)
