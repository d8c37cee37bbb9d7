"""``statphys-gen memorization``: when in training copies set in, and what a denoiser is near to."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import add_output_options, add_seed, between, number
from .reports import refuse_absent


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "onset",
        help="when in training copies set in, and when the losses part",
        description="Reads a table of looks with the columns step, copies, generated and, if they are there, "
        "null_copies, null_generated,\ntrain_loss, test_loss, train_loss_standard_error and "
        "test_loss_standard_error. The onset is the first crossing of a level by the\nexcess fraction (f - f0)/(1 - "
        "f0), with its 95 % bootstrap interval.",
    )
    parser.add_argument("table", metavar="TABLE", help="looks along the training (.csv, .tsv or .txt)")
    parser.add_argument(
        "--level",
        metavar="F",
        type=number("--level", between(0.0, 1.0)),
        default=0.1,
        help="of the excess fraction (default 0.1)",
    )
    parser.add_argument(
        "--z",
        metavar="Z",
        type=number("--z", validation.positive),
        default=2.0,
        help="standard errors by which the losses part (default 2)",
    )
    add_seed(parser)
    add_output_options(parser)
    parser.set_defaults(run=_onset)

    parser = quantities.add_parser(
        "denoiser",
        help="is a denoiser nearer to the empirical score, to a Gaussian one, or to the population's",
        description="Compares a denoiser's outputs on noised points y = mu x + sigma xi with the empirical optimal "
        "score of its training\npoints, which copies them, and with the score of a Gaussian of their mean and "
        "covariance.",
    )
    parser.add_argument("inputs", metavar="INPUTS", help="noised points, one a row")
    parser.add_argument("outputs", metavar="OUTPUTS", help="what the denoiser made of them")
    parser.add_argument("--training", metavar="FILE", required=True, help="its training points")
    for flag, alias, letter, text in (
        ("--data-scale", "--mu", "M", "mu in y = mu x + sigma xi"),
        ("--noise-scale", "--sigma", "S", "sigma in y = mu x + sigma xi"),
    ):
        parser.add_argument(
            flag, alias, metavar=letter, required=True, type=number(flag, validation.positive), help=text
        )
    parser.add_argument(
        "--predicts",
        required=True,
        choices=("score", "clean", "noise"),
        help="what the outputs are: a score, a guess of x, or a guess of xi",
    )
    parser.add_argument("--population", metavar="FILE", help="scores of the population at the inputs")
    parser.add_argument("--other", metavar="FILE", help="outputs of a second model at the same inputs")
    parser.add_argument("--other-training", metavar="FILE", help="the training points of that model")
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_denoiser)


def _onset(options: argparse.Namespace) -> int:
    validation.readable_file("TABLE", options.table)
    from ...approximation import approximation_of
    from ...memorization.analysis.onset import copying_onset, load_looks
    from ..output import emit

    looks = load_looks("TABLE", options.table)
    found = copying_onset(looks, level=options.level, z=options.z, seed=options.seed)
    (record,) = found.records()
    reason = record.pop("reason")
    record["approximation"] = str(approximation_of(copying_onset))

    def plot(path: Path) -> None:
        from ...memorization.plots import plot_onset

        plot_onset(looks, found, options.level, path)

    parameters = {name: getattr(options, name) for name in ("table", "level", "z", "seed")}
    notes = [reason] if reason else []
    return emit(options, "memorization onset", parameters, [record], notes=notes, plot=plot)


def _denoiser(options: argparse.Namespace) -> int:
    flags = {
        "inputs": "INPUTS",
        "outputs": "OUTPUTS",
        "training": "--training",
        "population": "--population",
        "other": "--other",
        "other_training": "--other-training",
    }
    paths = {name: getattr(options, name) for name in flags if getattr(options, name) is not None}
    for name, path in paths.items():
        refuse_absent(flags[name], path)
    if options.other_training is not None and options.other is None:
        raise InvalidArgument("--other-training", options.other_training, "left out without --other")

    from ...approximation import approximation_of
    from ...data.dataset import load_dataset
    from ...memorization.analysis.denoiser import denoiser_report
    from ..output import emit

    data = {name: load_dataset(path, name=flags[name]) for name, path in paths.items()}
    arrays: dict[str, Any] = {
        name: entry if name.endswith("training") else entry.points[entry.places]
        for name, entry in data.items()
    }
    scales = {name: getattr(options, name) for name in ("data_scale", "noise_scale")}
    inputs, outputs, training = (arrays.pop(name) for name in ("inputs", "outputs", "training"))
    try:
        found = denoiser_report(inputs, outputs, training, predicts=options.predicts, **scales, **arrays)
    except InvalidArgument as error:
        flag = flags.get(error.argument, error.argument)
        raise InvalidArgument(flag, error.value, error.allowed) from None
    record = found.records()[0] | {"approximation": str(approximation_of(denoiser_report))}
    parameters = dict(paths) | scales | {"predicts": options.predicts}
    return emit(options, "memorization denoiser", parameters, [record])
