"""``statphys-gen principal-graph``: edge probabilities of trees, and the fit of a graph."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, add_seed, between, integer, number
from .options import add_points, named, read_points


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "tree-marginals",
        help="exact probabilities of the edges of a random spanning tree",
        description="Sum over all spanning trees of weight exp(-(lambda/2) sum of squared lengths), and the "
        "probability of every edge.",
    )
    parser.add_argument(
        "points", metavar="POINTS", help="nodes, one a row; repeated rows are nodes of their own"
    )
    parser.add_argument(
        "--stiffness",
        "--lambda",
        metavar="L",
        required=True,
        type=number("--stiffness", validation.non_negative),
        help="lambda, units 1/length^2",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_marginals)

    parser = quantities.add_parser(
        "fit",
        help="a smooth skeleton of points, with widths, outliers, cycles and error bars",
        description="Fits nodes bound by a graph to points. Nothing has to be chosen: nodes, stiffness and background "
        "have defaults that\nfollow from the points. --output writes tables, GraphML, JSON, pictures and a summary.",
    )
    add_points(parser)
    _add_graph(parser)
    _add_run(parser)
    add_seed(parser)
    parser.add_argument(
        "--output", metavar="DIR", help="folder for tables, graph files, pictures and summary"
    )
    add_output_options(parser)
    parser.set_defaults(run=_fit)


def _word_or(words: tuple[str, ...], convert: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: text if text in words else convert(text)


def _add_graph(parser: Any) -> None:
    parser.add_argument(
        "--nodes",
        "-K",
        metavar="K",
        default="auto",
        type=_word_or(("auto", "cross-validated"), integer("--nodes", 3, 5000)),
        help="number of nodes, auto (one for 25 points), or cross-validated (default auto)",
    )
    parser.add_argument(
        "--stiffness",
        "--lambda",
        metavar="L",
        default="cross-validated",
        type=_word_or(("cross-validated", "evidence"), number("--stiffness", validation.non_negative)),
        help="lambda, cross-validated, or evidence (default cross-validated)",
    )
    parser.add_argument(
        "--width-stiffness",
        "--lambda-sigma",
        metavar="L",
        default=10.0,
        type=number("--width-stiffness", validation.positive),
        help="stiffness of the log variances (default 10)",
    )
    parser.add_argument(
        "--background",
        metavar="B",
        default="box",
        type=_word_or(("box", "none", "gaussian"), number("--background", validation.positive)),
        help="box, none, gaussian, or the volume of the window (default box)",
    )
    parser.add_argument(
        "--background-fraction",
        "--alpha",
        metavar="A",
        default=0.1,
        type=number("--background-fraction", between(0.0, 1.0)),
        help="share of the background at the start (default 0.1)",
    )
    parser.add_argument(
        "--cycles", choices=("none", "resampled"), default="none", help="whether cycles are closed"
    )
    parser.add_argument(
        "--resamplings",
        metavar="B",
        default=200,
        type=integer("--resamplings", 1, 100_000),
        help="trees of drawn nodes (default 200)",
    )
    parser.add_argument(
        "--fraction",
        metavar="F",
        default=0.75,
        type=number("--fraction", between(0.0, 1.0)),
        help="share of the nodes that is drawn (default 0.75)",
    )
    parser.add_argument(
        "--frequency",
        metavar="F",
        default=0.5,
        type=number("--frequency", between(0.0, 1.0)),
        help="least frequency of an edge that closes a cycle (default 0.5)",
    )
    parser.add_argument(
        "--shortest-cycle",
        metavar="E",
        default=8,
        type=integer("--shortest-cycle", 2, 5000),
        help="least number of edges between its ends (default 8)",
    )


def _add_run(parser: Any) -> None:
    parser.add_argument(
        "--edges", metavar="FILE", help="edges of a graph that stays fixed: node numbers from 0"
    )
    parser.add_argument("--start", metavar="FILE", help="nodes to start from, as they are")
    parser.add_argument(
        "--initial-variance",
        metavar="S",
        type=number("--initial-variance", validation.positive),
        help="variance of all nodes at the start (default: from their spacing)",
    )
    parser.add_argument(
        "--weight-kind", choices=("equal", "learned"), default="learned", help="weights (default learned)"
    )
    parser.add_argument(
        "--no-prune", action="store_true", help="keep nodes that do not stand out of the background"
    )
    parser.add_argument(
        "--no-centre", action="store_true", help="do not subtract the mean for the computation"
    )
    parser.add_argument(
        "--standardise", action="store_true", help="divide coordinates by their standard deviations"
    )
    parser.add_argument(
        "--error-bars", action="store_true", help="standard errors of the nodes, given memberships and graph"
    )
    parser.add_argument(
        "--bootstrap",
        metavar="B",
        default=0,
        type=integer("--bootstrap", 2, 100_000),
        help="standard errors of the nodes by B refits to resampled points instead",
    )
    parser.add_argument(
        "--iterations",
        metavar="I",
        default=500,
        type=integer("--iterations", 1, 1_000_000),
        help="of the last stage, at most (default 500)",
    )
    parser.add_argument(
        "--tolerance",
        metavar="E",
        default=1e-9,
        type=number("--tolerance", validation.positive),
        help="gain per point below which it ends (default 1e-9)",
    )


def _marginals(options: argparse.Namespace) -> int:
    validation.readable_file("POINTS", options.points)
    from ...principal_graph.analysis.files import load_nodes
    from ...principal_graph.theory.tree_posterior import tree_marginals
    from ..output import emit

    nodes = load_nodes("POINTS", options.points)
    found = tree_marginals(nodes, options.stiffness)
    parameters = {"points": options.points, "stiffness": options.stiffness}
    return emit(options, "principal-graph tree-marginals", parameters, found.records())


def _fit(options: argparse.Namespace) -> int:
    for flag in ("edges", "start"):
        if getattr(options, flag) is not None:
            validation.readable_file(f"--{flag}", getattr(options, flag))
    points = read_points(options)
    folder = None if options.output is None else validation.writable_folder("--output", options.output)
    from ...principal_graph.analysis.files import load_edges, load_nodes, write_fit
    from ...principal_graph.analysis.fit import fit_principal_graph
    from ..output import emit

    start = None if options.start is None else load_nodes("--start", options.start)
    if start is not None and start.shape[1] != points.dimension:
        raise InvalidArgument(
            "--start", f"dimension {start.shape[1]}", f"of the dimension of DATA, {points.dimension}"
        )
    count = len(start) if start is not None else options.nodes if isinstance(options.nodes, int) else None
    edges = None if options.edges is None else load_edges("--edges", options.edges, count)
    try:
        found = fit_principal_graph(points, _options(options), edges=edges, start=start)
    except InvalidArgument as error:
        flag = error.argument.partition("[")[0].replace("_", "-")
        if hasattr(options, flag.replace("-", "_")):
            raise InvalidArgument(f"--{flag}", error.value, error.allowed) from None
        if flag == "points":
            raise InvalidArgument("DATA", options.data, error.allowed) from None
        raise
    files = []
    if folder is not None:
        from ...principal_graph.plots import plot_fit

        files = write_fit(found, folder)
        for name in ("graph.png", "graph.pdf"):
            plot_fit(points, found, folder / name)
            files.append(folder / name)

    def plot(path: Any) -> None:
        from ...principal_graph.plots import plot_fit

        plot_fit(points, found, path)

    names = ["nodes", "stiffness", "width_stiffness", "background", "background_fraction", "cycles"]
    names += ["weight_kind", "bootstrap", "iterations", "tolerance", "seed"]
    parameters = named(options) | {name: getattr(options, name) for name in names}
    notes = [*points.notes, *found.notes]
    return emit(
        options, "principal-graph fit", parameters, found.records(), notes=notes, files=files, plot=plot
    )


def _options(options: argparse.Namespace) -> Any:
    from ...principal_graph.model import Background, Cycles, FitOptions

    fraction = options.background_fraction
    if isinstance(options.background, float):
        background = Background("volume", math.log(options.background), fraction)
    else:
        background = Background(options.background, None, fraction)
    cycles = None
    if options.cycles == "resampled":
        cycles = Cycles(options.resamplings, options.fraction, options.frequency, options.shortest_cycle)
    return FitOptions(
        nodes=options.nodes,
        stiffness=options.stiffness,
        width_stiffness=options.width_stiffness,
        background=background,
        cycles=cycles,
        initial_variance=options.initial_variance,
        weight_kind=options.weight_kind,
        prune=not options.no_prune,
        centre=not options.no_centre,
        standardise=options.standardise,
        error_bars=options.error_bars,
        bootstrap=options.bootstrap,
        iterations=options.iterations,
        tolerance=options.tolerance,
        seed=options.seed,
    )
