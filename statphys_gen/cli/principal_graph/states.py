"""``statphys-gen principal-graph``: the first transition, states, split temperatures, and EM beside them."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, add_output_options, add_seed, integer, number
from .options import (
    add_components,
    add_law,
    add_temperatures,
    add_weight_kind,
    named,
    on_the_line,
    read_law,
)

_GRAPHS = ("chain", "star", "cycle", "complete")


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "transition",
        help="the first transition of a law, or of a graph of centroids",
        description="Where a lone centroid becomes unstable, where the first component appears with learned weights, "
        "the order of the\ntransition with K equal weights, and whether it stands out of noise. With --graph, where "
        "the nodes of a graph leave\nthe mean.",
    )
    add_law(parser)
    add_components(parser, minimum=2)
    parser.add_argument("--graph", metavar="G", help="chain, star, cycle, complete, or a file of edges")
    parser.add_argument(
        "--nodes", metavar="K", type=integer("--nodes", 2, 3000), help="nodes of a named graph"
    )
    parser.add_argument(
        "--stiffness",
        "--lambda",
        metavar="L",
        nargs="+",
        type=number("--stiffness", validation.non_negative),
        help="lambda of the graph, units 1/length^2",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=integer("--samples", 1),
        help="number of points, with --graph (default: of DATA)",
    )
    parser.add_argument(
        "--variance",
        metavar="V",
        type=number("--variance", validation.positive),
        help="largest eigenvalue of the covariance, in place of DATA with --graph",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_transition)

    parser = quantities.add_parser(
        "state",
        help="centroids, weights and stability at temperatures",
        description="Stationary state of K components at a temperature, from a fixed start, and whether it is stable "
        "against splits.",
    )
    add_law(parser)
    add_temperatures(parser)
    add_components(parser)
    add_weight_kind(parser)
    add_output_options(parser)
    parser.set_defaults(run=_state)

    parser = quantities.add_parser(
        "split-temperature",
        help="all temperatures at which a branch of states changes its stability",
        description="Every temperature at which the largest local eigenvalue of the branch crosses the temperature, "
        "with the side on which\nthe state is unstable.",
    )
    add_law(parser)
    add_components(parser)
    add_weight_kind(parser)
    for flag, words in (("--lower", "lower end (default 0.02 T_c)"), ("--upper", "upper end (default T_c)")):
        parser.add_argument(flag, metavar="T", type=number(flag, validation.positive), help=words)
    add_output_options(parser)
    parser.set_defaults(run=_split)

    parser = quantities.add_parser(
        "simulate",
        help="EM on drawn points beside the state of the law",
        description="EM on independent samples of the law, beside its state. z = (value - theory)/standard error; "
        "differences of order 1/N\nare not in the theory.",
    )
    add_law(parser)
    parser.add_argument(
        "--samples", metavar="N", required=True, type=integer("--samples", 10, 1_000_000), help="points drawn"
    )
    add_temperatures(parser)
    add_components(parser)
    add_weight_kind(parser)
    parser.add_argument(
        "--instances",
        metavar="R",
        type=integer("--instances", 2, 10_000),
        default=10,
        help="independent samples (default 10)",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _transition(options: argparse.Namespace) -> int:
    if options.graph is not None:
        return _graph_transition(options)
    for flag in ("nodes", "stiffness", "samples", "variance"):
        if getattr(options, flag) is not None:
            raise InvalidArgument(f"--{flag}", getattr(options, flag), "left out without --graph")
    law = read_law(options)
    from ...approximation import approximation_of
    from ...principal_graph.theory.mixture import weighted_points
    from ...principal_graph.theory.nucleation import nucleation
    from ...principal_graph.theory.order import landau
    from ...principal_graph.theory.significance import significance
    from ...principal_graph.theory.speciation_link import diffusion_time
    from ..output import emit

    first, landau_of_law = nucleation(law), landau(law, options.components)
    noise = None if hasattr(law, "classes") else significance(weighted_points(law))
    record = {
        "linear_temperature": landau_of_law.linear_temperature,
        "nucleation_temperature": first.nucleation_temperature,
        "nucleation_position": first.nucleation_position.tolist(),
        "nucleation_effective_points": first.nucleation_effective_points,
        "order": landau_of_law.order,
        "spinodal_temperature": landau_of_law.spinodal_temperature,
        "coexistence_temperature": landau_of_law.coexistence_temperature,
        "skewness": landau_of_law.skewness,
        "excess_kurtosis": landau_of_law.excess_kurtosis,
        "diffusion_time": diffusion_time(landau_of_law.linear_temperature),
        "bulk_edge": None if noise is None else noise.bulk_edge,
        "significant": None if noise is None else noise.significant,
        "status": "converged",
        "residual": 0.0,
        "error": 1e-12 * first.nucleation_temperature,
        "approximation": str(approximation_of(landau)),
    }
    notes = []
    if first.nucleation_effective_points is not None and first.nucleation_effective_points < 3.0:
        notes.append("the nucleation is that of a few points far out, not of a cluster")
    return emit(
        options,
        "principal-graph transition",
        named(options) | {"components": options.components},
        [record],
        notes=notes,
    )


def _graph_transition(options: argparse.Namespace) -> int:
    from ..output import emit

    if options.stiffness is None:
        raise BadUsage("--stiffness is missing: a graph has one")
    if options.variance is not None:
        for flag, value in (("DATA", options.data), ("--mixture", options.mixture)):
            if value is not None:
                raise InvalidArgument(flag, value, "left out with --variance")
    if options.graph not in _GRAPHS:
        validation.readable_file("--graph", options.graph)
    elif options.nodes is None:
        raise BadUsage("--nodes is missing: the graph is given by its name")
    from ...approximation import approximation_of
    from ...principal_graph.theory.graph_transition import graph_edges, graph_temperature
    from ...principal_graph.theory.mixture import linear_temperature

    samples, variance = options.samples, options.variance
    if variance is None:
        law = read_law(options)
        variance = linear_temperature(law)
        samples = getattr(law, "samples", None) if samples is None else samples
    if samples is None:
        raise BadUsage("--samples is missing: the pull of the graph is set against that of N points")
    if options.graph in _GRAPHS:
        nodes, edges = options.nodes, graph_edges(options.graph, options.nodes)
    else:
        from ...principal_graph.analysis.files import load_edges

        edges = load_edges("--graph", options.graph, options.nodes)
        nodes = int(edges.max()) + 1
    found = graph_temperature(edges, nodes, options.stiffness, samples, variance)
    records = [
        {
            "stiffness": stiffness,
            "linear_temperature": temperature,
            "status": "converged",
            "residual": 0.0,
            "error": 1e-14 * temperature,
            "approximation": str(approximation_of(graph_temperature)),
        }
        for stiffness, temperature in zip(options.stiffness, found.tolist(), strict=True)
    ]
    parameters = {"graph": options.graph, "nodes": nodes, "samples": samples, "variance": variance}
    return emit(options, "principal-graph transition", parameters, records)


def _state(options: argparse.Namespace) -> int:
    law = on_the_line(read_law(options))
    from ...principal_graph.theory.mixture import linear_temperature
    from ...principal_graph.theory.stationary import stationary_state
    from ..output import emit

    solution = stationary_state(law, options.temperature, options.components, options.weight_kind)
    critical = linear_temperature(law)
    records = [
        row
        | {
            "stable": None if math.isnan(row["stable"]) else bool(row["stable"]),
            "weight_kind": options.weight_kind,
        }
        for row in solution.records()
    ]
    notes = []
    if options.weight_kind == "equal" and max(options.temperature) >= critical:
        notes.append(
            f"at and above the first transition, T_c = {critical:.6g}, all components lie at the mean"
        )

    def plot(path: Path) -> None:
        from ...principal_graph.plots import plot_states

        plot_states(law, options.components, options.weight_kind, options.temperature, path)

    parameters = named(options) | {
        name: getattr(options, name) for name in ("temperature", "components", "weight_kind")
    }
    return emit(options, "principal-graph state", parameters, records, notes=notes, plot=plot)


def _split(options: argparse.Namespace) -> int:
    law = on_the_line(read_law(options))
    if options.lower is not None and options.upper is not None and options.lower >= options.upper:
        raise InvalidArgument("--lower", options.lower, f"below --upper, {options.upper:g}")
    from ...principal_graph.theory.splits import split_temperatures
    from ..output import emit

    found = split_temperatures(
        law, options.components, options.lower, options.upper, weight_kind=options.weight_kind
    )
    notes = []
    if found.unstable_throughout:
        notes.append(f"unstable on the whole range, {found.lower:.6g} to {found.upper:.6g}")
    elif found.stable_throughout:
        notes.append(f"stable on the whole range, {found.lower:.6g} to {found.upper:.6g}")

    def plot(path: Path) -> None:
        from ...principal_graph.plots import plot_splits

        plot_splits(found, path)

    parameters = named(options) | {
        "components": options.components,
        "weight_kind": options.weight_kind,
        "lower": found.lower,
        "upper": found.upper,
    }
    return emit(
        options, "principal-graph split-temperature", parameters, found.records(), notes=notes, plot=plot
    )


def _simulate(options: argparse.Namespace) -> int:
    law = on_the_line(read_law(options))
    if options.weight_kind == "learned" and options.components > 2:
        raise InvalidArgument("--components", options.components, "1 or 2 with learned weights")
    from ...principal_graph.comparison import compare
    from ..output import emit

    found = compare(
        law,
        options.temperature,
        options.samples,
        components=options.components,
        weight_kind=options.weight_kind,
        instances=options.instances,
        seed=options.seed,
    )
    names = ("samples", "temperature", "components", "weight_kind", "instances", "seed")
    parameters = named(options) | {name: getattr(options, name) for name in names}
    records = [row | {"weight_kind": options.weight_kind} for row in found.records()]
    return emit(options, "principal-graph simulate", parameters, records)
