"""``statphys-gen residual-networks``: the two cases that are solved in closed form."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ..parsing import add_output_options, between, integer, number


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "tied-linear",
        help="scalar linear network with one weight",
        description="Weight w(t) of h_L = (1 + w/L)^L x with target C x, from w = 0, and its limit of infinite depth.",
    )
    parser.add_argument(
        "--target",
        "-C",
        metavar="C",
        required=True,
        type=number("--target", between(1e-6, 1e6, closed=True)),
        help="C of the target C x",
    )
    parser.add_argument(
        "--input",
        metavar="X",
        required=True,
        type=number("--input", between(1e-50, 1e50, closed=True)),
        help="x, above 0",
    )
    parser.add_argument(
        "--depth",
        "-L",
        metavar="L",
        nargs="+",
        required=True,
        type=integer("--depth", 1, 2**53),
        help="numbers of layers",
    )
    parser.add_argument(
        "--training-time",
        metavar="T",
        nargs="+",
        required=True,
        type=number("--training-time", validation.non_negative),
        help="times of the gradient flow",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_tied)

    parser = quantities.add_parser(
        "alternating",
        help="scalar ReLU network whose jumps do not vanish with the depth",
        description="Weights that the layers of a scalar ReLU network of depth 2 L reach from (-1)^k/(2 L), for the "
        "target C x: every second\nlayer is stuck at its start.",
    )
    parser.add_argument(
        "--target",
        "-C",
        metavar="C",
        nargs="+",
        required=True,
        type=number("--target", validation.positive),
        help="C of the target C x",
    )
    parser.add_argument(
        "--half-depth",
        metavar="L",
        nargs="+",
        required=True,
        type=integer("--half-depth", 1, 2**53),
        help="half the number of layers",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_alternating)


def _tied(options: argparse.Namespace) -> int:
    import numpy as np

    from ...approximation import approximation_of
    from ...residual_networks.theory import tied_linear
    from ..output import emit

    times = np.array(options.training_time)
    depths = np.array([*options.depth, np.inf])
    found = tied_linear(options.target, options.input, depths[:, None], times)
    records = [
        {
            "depth": depth,
            "training_time": time,
            "layer_weight": float(found[i, j]),
            "limit_layer_weight": float(found[-1, j]),
            "approximation": str(approximation_of(tied_linear)),
        }
        for i, depth in enumerate(options.depth)
        for j, time in enumerate(options.training_time)
    ]
    names = ("target", "input", "depth", "training_time")
    return emit(options, "residual-networks tied-linear", {n: getattr(options, n) for n in names}, records)


def _alternating(options: argparse.Namespace) -> int:
    import numpy as np

    from ...approximation import approximation_of
    from ...residual_networks.theory import alternating_weight
    from ..output import emit

    records = [
        {
            "target": target,
            "half_depth": half,
            "layer_weight": weight,
            "limit_layer_weight": float(alternating_weight(target, np.inf)),
            "jump": weight + 0.5 / half,
            "approximation": str(approximation_of(alternating_weight)),
        }
        for target in options.target
        for half in options.half_depth
        for weight in [float(alternating_weight(target, half))]
    ]
    parameters = {"target": options.target, "half_depth": options.half_depth}
    return emit(options, "residual-networks alternating", parameters, records)
