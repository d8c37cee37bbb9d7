"""``statphys-gen residual-networks train`` and ``initial-rate``."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ..parsing import BadUsage, add_output_options, add_seed, integer, number

_SIZES = ("--dimension", "--width", "--samples")


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "train",
        help="networks of several depths, trained alike",
        description="Trains residual networks by descent Z_k <- Z_k - eta L dl/dZ_k and prints how their weights vary "
        "from layer to layer: the\nlargest jump falls as 1/L, the Frobenius norm over all layers as L^(-1/2).",
    )
    parser.add_argument(
        "--depth",
        "-L",
        metavar="L",
        nargs="+",
        required=True,
        type=integer("--depth", 2, 4096),
        help="numbers of layers, at least 2: jumps are those between layers",
    )
    parser.add_argument(
        "--learning-rate",
        metavar="E",
        required=True,
        type=number("--learning-rate", validation.positive),
        help="eta, for every depth",
    )
    parser.add_argument(
        "--steps", metavar="K", required=True, type=integer("--steps", 0, 10_000_000), help="number of steps"
    )
    _add_task(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_train)

    parser = quantities.add_parser(
        "initial-rate",
        help="rate at which the loss falls at the start, and its bound",
        description="-dl/dt at the start; gradient_ratio is that over the loss, and bound, (4/n) lambda_min of the "
        "kernel, lies below it.",
    )
    _add_task(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_rate)


def _add_task(parser: Any) -> None:
    parser.add_argument(
        "--activation",
        choices=("tanh", "erf", "relu", "gelu"),
        default="tanh",
        help="of every layer (default tanh)",
    )
    parser.add_argument("--data", metavar="FILE", help=".json or .npz with inputs, targets and inner")
    drawn = parser.add_argument_group("a drawn task, all numbers N(0, 1), in place of --data")
    drawn.add_argument(
        "--dimension", "-d", metavar="Q", type=integer("--dimension", 1, 10_000), help="of inputs"
    )
    drawn.add_argument("--width", metavar="M", type=integer("--width", 1, 10_000), help="of every layer")
    drawn.add_argument(
        "--samples", "-n", metavar="N", type=integer("--samples", 1, 10_000), help="of the task"
    )
    add_seed(parser)


def _task(options: argparse.Namespace) -> tuple[Any, Any]:
    from ...errors import InvalidArgument
    from ...residual_networks.analysis import load_task
    from ...residual_networks.simulation import draw_task

    sizes = {flag: getattr(options, flag[2:]) for flag in _SIZES}
    given = [flag for flag, value in sizes.items() if value is not None]
    if options.data is not None:
        if given:
            raise InvalidArgument(given[0], sizes[given[0]], "left out with --data")
        return load_task("--data", options.data)
    missing = [flag for flag in _SIZES if flag not in given]
    if missing:
        raise BadUsage(f"{missing[0]} is missing: it is needed without --data")
    return draw_task(options.dimension, options.width, options.samples, seed=options.seed)


def _parameters(options: argparse.Namespace, *more: str) -> dict[str, Any]:
    names = ("activation", "data", "dimension", "width", "samples", "seed", *more)
    return {name: getattr(options, name) for name in names}


def _train(options: argparse.Namespace) -> int:
    from ...residual_networks.model import ResidualNetwork
    from ...residual_networks.simulation import depth_scaling
    from ..output import emit

    task, inner = _task(options)
    network = ResidualNetwork(1, options.activation, inner)
    found = depth_scaling(network, task, options.depth, options.learning_rate, options.steps)
    parameters = _parameters(options, "learning_rate", "steps")
    said = {"approximation": "exact: training from the definition"}
    records = [row | said for row in found.records()]
    return emit(options, "residual-networks train", parameters, records)


def _rate(options: argparse.Namespace) -> int:
    import numpy as np

    from ...approximation import approximation_of
    from ...residual_networks.model import ResidualNetwork
    from ...residual_networks.theory import initial_rate
    from ..output import emit

    task, inner = _task(options)
    rate, bound = initial_rate(ResidualNetwork(1, options.activation, inner), task)
    loss = float(np.sum((task.inputs - task.targets) ** 2) / len(task.inputs))
    record: dict[str, Any] = {
        "rate": rate,
        "gradient_ratio": rate / loss if loss > 0.0 else None,
        "bound": bound,
    }
    record["approximation"] = str(approximation_of(initial_rate))
    return emit(options, "residual-networks initial-rate", _parameters(options), [record])
