"""Options that the commands of score matching share."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, integer, number


def add_sample(parser: Any, *, several: bool = False) -> None:
    """Points, and the scales of data and noise or a diffusion time."""
    points = parser.add_mutually_exclusive_group(required=True)
    points.add_argument(
        "--points",
        metavar="X",
        nargs="+",
        type=number("--points", validation.finite),
        help="training points x_1, ..., x_n on the line",
    )
    points.add_argument("--points-file", metavar="FILE", help="the same from a file with one number a row")
    parser.add_argument(
        "--data-scale",
        "--mu",
        metavar="M",
        type=number("--data-scale", validation.positive),
        help="mu in y = mu x + sigma xi; with --noise-scale",
    )
    parser.add_argument(
        "--noise-scale",
        "--sigma",
        metavar="S",
        nargs="+" if several else None,
        type=number("--noise-scale", validation.positive),
        help="sigma in y = mu x + sigma xi; with --data-scale",
    )
    parser.add_argument(
        "--time",
        "-t",
        metavar="T",
        type=number("--time", validation.positive),
        help="diffusion time, mu = exp(-t) and sigma^2 = 1 - exp(-2t), in place of both scales",
    )


def samples_of(options: argparse.Namespace) -> list[Any]:
    """The noised sample, one for each noise scale."""
    from ...score_matching.analysis import load_points
    from ...score_matching.model import NoisedSample

    scales = {"--data-scale": options.data_scale, "--noise-scale": options.noise_scale}
    given = [flag for flag, value in scales.items() if value is not None]
    if options.time is not None and given:
        raise InvalidArgument("--time", options.time, f"left out with {given[0]}")
    if options.time is None and len(given) < 2:
        missing = next((flag for flag in scales if flag not in given), "")
        raise BadUsage(f"{missing} is missing: both scales are needed, or --time")
    if options.points_file is not None:
        points = load_points("--points-file", options.points_file)
    else:
        points = tuple(options.points)
    if options.time is not None:
        return [NoisedSample.at_time(points, options.time)]
    noise = options.noise_scale if isinstance(options.noise_scale, list) else [options.noise_scale]
    return [NoisedSample(points, options.data_scale, sigma) for sigma in noise]


def parameters_of(options: argparse.Namespace, sample: Any) -> dict[str, Any]:
    """What is printed of the sample."""
    points = {"points_file": options.points_file} if options.points_file else {"points": options.points}
    time = {} if options.time is None else {"time": options.time}
    return points | time | {"data_scale": sample.data_scale, "noise_scale": sample.noise_scale}


def add_start(parser: Any) -> None:
    """A network from a file, or a drawn one."""
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--network", metavar="FILE", help=".json or .npz with inner, outer and bias")
    start.add_argument(
        "--neurons",
        metavar="M",
        type=integer("--neurons", 1, 2000),
        help="hidden units of a drawn network: inner weights +1 and -1 in turn, outer weights and biases N(0, 1)",
    )


def start_of(options: argparse.Namespace, replica: int = 0) -> Any:
    """The network of the file, or drawn from the seed."""
    if options.network is not None:
        from ...score_matching.analysis import load_network

        return load_network("--network", options.network)
    from ...score_matching.simulation import draw_network

    gaussian = getattr(options, "inner", "signs") == "gaussian"
    return draw_network(
        options.neurons, inner="gaussian" if gaussian else "signs", seed=options.seed, replica=replica
    )


def exact_network(path: str) -> Any:
    """The network of --network, with inner weights of the exact theory."""
    from ...score_matching.analysis import load_network

    network = load_network("--network", path)
    for k, weight in enumerate(network.inner):
        if abs(weight) != 1.0:
            allowed = (
                f"a network with inner weights +1 and -1, not inner[{k}] = {weight:g}; simulate takes any"
            )
            raise InvalidArgument("--network", path, allowed)
    return network
