"""``statphys-gen score-matching``: sharpness, exact descent, and simulated training of score networks."""

from __future__ import annotations

import argparse
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, add_seed, integer, number
from .options import add_sample, add_start, exact_network, parameters_of, samples_of, start_of

_SHOWN = 64  # neurons up to which weights are printed


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "sharpness",
        help="risk, Hessian and critical learning rate of a network",
        description="Exact population risk of a two-layer ReLU network with inner weights +-1, its gradient and the "
        "largest eigenvalue of its\nHessian. The critical learning rate says something at a stationary point only: "
        "look at gradient_norm.",
    )
    add_sample(parser)
    parser.add_argument(
        "--network", metavar="FILE", required=True, help=".json or .npz with inner, outer and bias"
    )
    parser.add_argument(
        "--hessian", action="store_true", help="also print the Hessian, outer weights before biases"
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_sharpness)

    parser = quantities.add_parser(
        "descent",
        help="exact descent on the population risk",
        description="Descent theta <- theta - m eta grad R on the exact population risk. Above the critical learning "
        "rate of its minima descent\nis chaotic: the error is the difference from a start that differs by 1e-13.",
    )
    add_sample(parser)
    add_start(parser)
    _add_descent(parser, several=True)
    parser.add_argument(
        "--output", metavar="DIR", help="folder for network.json and trace.csv (one learning rate)"
    )
    add_seed(parser)
    add_output_options(parser)
    parser.set_defaults(run=_descent)

    parser = quantities.add_parser(
        "simulate",
        help="training from the definition, beside the exact descent",
        description="Trains networks on a grid of the noise, or with --batch on fresh noise, and prints what they "
        "reach beside the mean of the\nexact descents from the same starts. z = (value - theory)/standard error.",
    )
    add_sample(parser)
    add_start(parser)
    parser.add_argument(
        "--inner",
        choices=("signs", "gaussian"),
        default="signs",
        help="inner weights of drawn networks: +1 and -1 in turn, or N(0, 1) without a theory (default signs)",
    )
    _add_descent(parser, several=False)
    parser.add_argument(
        "--batch",
        metavar="B",
        type=integer("--batch", 1, 1_000_000),
        help="fresh samples a step (default: descent on a grid of the noise)",
    )
    parser.add_argument(
        "--starts",
        metavar="R",
        type=integer("--starts", 2, 100_000),
        default=10,
        help="trained networks: drawn ones each from a start of its own (default 10)",
    )
    add_seed(parser)
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_simulate)


def _add_descent(parser: Any, *, several: bool) -> None:
    parser.add_argument(
        "--learning-rate",
        metavar="E",
        nargs="+" if several else None,
        required=True,
        type=number("--learning-rate", validation.positive),
        help="eta of the update theta <- theta - m eta grad R",
    )
    parser.add_argument(
        "--steps", metavar="K", required=True, type=integer("--steps", 0, 10_000_000), help="number of steps"
    )


def _sharpness(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...score_matching.theory.network_risk import risk_hessian, sharpness
    from ..output import emit

    (sample,) = samples_of(options)
    network = exact_network(options.network)
    record = sharpness(sample, network).records()[0]
    if options.hessian:
        record["hessian"] = risk_hessian(sample, network).tolist()
    record["approximation"] = str(approximation_of(sharpness))
    parameters = parameters_of(options, sample) | {"network": options.network}
    return emit(options, "score-matching sharpness", parameters, [record])


def _descent(options: argparse.Namespace) -> int:
    from pathlib import Path

    import numpy as np

    from ...score_matching.analysis import save_network
    from ...score_matching.theory.descent import population_descent
    from ..output import emit

    if options.output is not None and len(options.learning_rate) > 1:
        raise InvalidArgument("--output", options.output, "left out with several learning rates")
    folder = None if options.output is None else validation.writable_folder("--output", options.output)
    (sample,) = samples_of(options)
    start = start_of(options) if options.network is None else exact_network(options.network)
    # A large Hessian takes seconds: of large networks only the ends are looked at.
    looks = 101 if start.neurons <= 200 else 2
    kept = np.unique(np.linspace(0, options.steps, looks).round().astype(int))
    runs = [population_descent(sample, start, eta, options.steps, kept=kept) for eta in options.learning_rate]
    records = []
    for eta, run in zip(options.learning_rate, runs, strict=True):
        (row,) = run.solution.records()
        row = {"learning_rate": eta, "steps": options.steps} | row
        good = bool(run.solution.good)
        row["dead_neurons"] = int(run.dead_neurons[-1]) if good else None
        if start.neurons <= _SHOWN:
            row |= {name: getattr(run, name)[-1].tolist() for name in ("outer", "bias")}
        records.append(row)
    files: list[Path] = []
    if folder is not None and runs[0].solution.good:
        files = [folder / "network.json", folder / "trace.csv"]
        save_network(files[0], runs[0].network(start.inner))
        rows = runs[0].records()
        lines = [",".join(rows[0]), *(",".join(f"{value:.17g}" for value in row.values()) for row in rows)]
        files[1].write_text("\n".join(lines) + "\n", encoding="utf-8")

    def plot(path: Path) -> None:
        from ...score_matching.plots import plot_descent

        plot_descent(list(zip(options.learning_rate, runs, strict=True)), path)

    parameters = parameters_of(options, sample) | {"network": options.network, "neurons": options.neurons}
    parameters |= {"learning_rate": options.learning_rate, "steps": options.steps, "seed": options.seed}
    return emit(options, "score-matching descent", parameters, records, files=files, plot=plot)


def _simulate(options: argparse.Namespace) -> int:
    from ...score_matching.comparison import compare
    from ..output import emit

    (sample,) = samples_of(options)
    if options.network is not None and options.inner != "signs":
        raise InvalidArgument("--inner", options.inner, "left out with --network")
    networks = [start_of(options, replica) for replica in range(options.starts)]
    found = compare(
        sample, networks, options.learning_rate, options.steps, batch=options.batch, seed=options.seed
    )
    names = ("network", "neurons", "inner", "learning_rate", "steps", "batch", "starts", "seed")
    parameters = parameters_of(options, sample) | {name: getattr(options, name) for name in names}
    return emit(options, "score-matching simulate", parameters, found.records())
