"""``statphys-gen principal-graph``: certified clusters, their cascade, and times of a diffusion model."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, add_output_options, between, integer, number
from .options import add_points, add_temperatures, named, read_points


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "clusters",
        help="the best mixture at a temperature, with a certificate",
        description="Learned weights and any number of components: the mixture of greatest likelihood, with the "
        "largest gain that a further\ncomponent would have (the certificate).",
    )
    add_points(parser)
    add_temperatures(parser)
    add_output_options(parser)
    parser.set_defaults(run=_clusters)

    parser = quantities.add_parser(
        "cascade",
        help="when clusters appear, split and merge on cooling",
        description="Events of the certified state on cooling, from the first nucleation down. A single far point "
        "nucleates too: look at\neffective_points.",
    )
    add_points(parser)
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument(
        "--lowest",
        metavar="T",
        type=number("--lowest", validation.positive),
        help="temperature at which cooling ends (default 0.1 T_c)",
    )
    ends.add_argument(
        "--events", metavar="E", type=integer("--events", 1, 200), help="end after so many events instead"
    )
    parser.add_argument(
        "--minimum-weight",
        metavar="W",
        type=number("--minimum-weight", between(0.0, 1.0, closed=True)),
        default=0.02,
        help="components that never reach this weight are only counted (default 0.02)",
    )
    add_output_options(parser)
    parser.set_defaults(run=_cascade)

    parser = quantities.add_parser(
        "speciation-time",
        help="first split of a cooled mixture as a diffusion time, beside two other criteria",
        description="Times of the forward process at which classes part: by the first split of a cooled mixture, by "
        "the curvature of the\nnoised density, and by the top eigenvalue.",
    )
    for flag, short, convert, words in (
        ("--dimension", "-d", integer("--dimension", 1, 10**9), "dimension d of two classes at +-m"),
        ("--separation", None, number("--separation", between(0.0, 1e50)), "|m|/sqrt(d)"),
        ("--variance", None, number("--variance", validation.non_negative), "variance of each class"),
    ):
        names = [flag] if short is None else [flag, short]
        parser.add_argument(*names, metavar=flag[2].upper(), type=convert, help=words)
    parser.add_argument(
        "--mixture", metavar="FILE", help="a law instead: .json with weights, means and covariances"
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_speciation)


def _advice(points: Any) -> list[str]:
    if points.dimension > 2.0 * math.log(points.samples):
        return [
            f"dimension {points.dimension} is above 2 log N = {2.0 * math.log(points.samples):.3g}, where single "
            "points nucleate first: take a few principal directions"
        ]
    return []


def _clusters(options: argparse.Namespace) -> int:
    points = read_points(options)
    from ...principal_graph.theory.clusters import cluster_states
    from ..output import emit

    found = cluster_states(points, options.temperature)

    def plot(path: Path) -> None:
        from ...principal_graph.plots import plot_clusters

        plot_clusters(points, found, path)

    return emit(
        options,
        "principal-graph clusters",
        named(options) | {"temperature": options.temperature},
        [row for state in found for row in state.records()],
        notes=_advice(points),
        plot=plot,
    )


def _cascade(options: argparse.Namespace) -> int:
    points = read_points(options)
    from ...principal_graph.theory.cascade import cascade
    from ..output import emit

    found = cascade(points, options.lowest, events=options.events, minimum_weight=options.minimum_weight)
    notes = _advice(points)
    if found.hidden:
        notes.append(
            f"{found.hidden} events of components that never reach the weight {options.minimum_weight:g} are not shown"
        )
    if not found.complete:
        notes.append("cooling ended early: there are too many components, most of them small")

    def plot(path: Path) -> None:
        from ...principal_graph.plots import plot_cascade

        plot_cascade(found, path)

    parameters = named(options) | {
        "lowest": found.lowest,
        "events": options.events,
        "minimum_weight": options.minimum_weight,
    }
    return emit(options, "principal-graph cascade", parameters, found.records(), notes=notes, plot=plot)


def _speciation(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in ("dimension", "separation", "variance")}
    if options.mixture is not None:
        for name, value in given.items():
            if value is not None:
                raise InvalidArgument(f"--{name}", value, "left out with --mixture")
        validation.readable_file("--mixture", options.mixture)
    else:
        missing = [f"--{name}" for name, value in given.items() if value is None]
        if missing:
            raise BadUsage(
                f"{missing[0]} is missing: dimension, separation and variance are needed, or --mixture"
            )
    from ...data.laws import GaussianMixture
    from ...principal_graph.theory.speciation_link import speciation_times
    from ..output import emit

    if options.mixture is not None:
        law, parameters = GaussianMixture.from_json(options.mixture), {"mixture": options.mixture}
    else:
        # Only the distance of the two classes counts: one direction stands for all that are alike.
        length = options.separation * math.sqrt(options.dimension)
        size = min(options.dimension, 2)
        means = [[sign * length] + [0.0] * (size - 1) for sign in (1.0, -1.0)]
        law, parameters = GaussianMixture([0.5, 0.5], means, options.variance), given
    return emit(options, "principal-graph speciation-time", parameters, speciation_times(law).records())
