"""``statphys-gen score-matching``: the empirical score, its irregularity, and distances between scores."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ... import validation
from ..parsing import add_output_options, number
from .options import add_sample, parameters_of, samples_of


def register(quantities: Any) -> None:
    parser = quantities.add_parser(
        "score",
        help="empirical optimal score with two derivatives",
        description="Score s* = p'/p of the noised training points at given positions, with its first two derivatives "
        "and the posterior of\nthe training point.",
    )
    add_sample(parser)
    _add_positions(parser)
    add_output_options(parser)
    parser.set_defaults(run=_score)

    parser = quantities.add_parser(
        "variation-weight",
        help="weights of the total variation",
        description="The weights pi and pi~ with which the total variation of a score counts at a position.",
    )
    add_sample(parser)
    _add_positions(parser)
    add_output_options(parser)
    parser.set_defaults(run=_weight)

    parser = quantities.add_parser(
        "irregularity",
        help="weighted total variation of the empirical score, its risk, and proved bounds",
        description="Total variation TV(s*) of the empirical score with its small-noise value, the risk of s*, the "
        "learning rate 1/(2 TV) that\nfollows, and the bounds of arXiv 2502.03435 with whether they apply "
        "(inequalities, not predictions).",
    )
    add_sample(parser, several=True)
    add_output_options(parser)
    parser.set_defaults(run=_irregularity)

    parser = quantities.add_parser(
        "distances",
        help="empirical, Gaussian and population score: mean squared differences",
        description="Mean squared differences of the empirical score, the score of a Gaussian with the points' mean "
        "and variance, and\nthat of a Gaussian population, under the noised empirical law.",
    )
    add_sample(parser)
    parser.add_argument(
        "--population-mean",
        metavar="A",
        type=number("--population-mean", validation.finite),
        default=0.0,
        help="mean of the law that the points come from (default 0)",
    )
    parser.add_argument(
        "--population-variance",
        metavar="V",
        type=number("--population-variance", validation.non_negative),
        default=1.0,
        help="its variance (default 1)",
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_distances)


def _add_positions(parser: Any) -> None:
    parser.add_argument(
        "--position",
        "-y",
        metavar="Y",
        nargs="+",
        required=True,
        type=number("--position", validation.finite),
        help="positions on the line of the noised points",
    )


def _score(options: argparse.Namespace) -> int:
    from ...score_matching.plots import plot_score
    from ...score_matching.theory.empirical_score import empirical_score

    return _along(options, "score", empirical_score, plot_score)


def _weight(options: argparse.Namespace) -> int:
    from ...score_matching.plots import plot_weights
    from ...score_matching.theory.weights import variation_weights

    return _along(options, "variation-weight", variation_weights, plot_weights)


def _along(
    options: argparse.Namespace, quantity: str, predict: Callable[..., Any], draw: Callable[..., object]
) -> int:
    """Print a prediction along positions."""
    import numpy as np

    from ...approximation import approximation_of
    from ..output import emit

    (sample,) = samples_of(options)
    said = {"approximation": str(approximation_of(predict))}
    records = [row | said for row in predict(sample, options.position).records()]
    return emit(
        options,
        f"score-matching {quantity}",
        parameters_of(options, sample),
        records,
        plot=lambda path: draw(sample, np.array(options.position), path),
    )


def _irregularity(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...errors import AccuracyNotReached
    from ...score_matching.theory.irregularity import Irregularity, bounds, irregularity
    from ...solution import Status
    from ..output import emit

    samples = samples_of(options)
    found, records = [], []
    for sample in samples:
        # What cannot be computed at one noise scale does not lose the others.
        try:
            found.append(irregularity(sample))
            record = found[-1].records()[0] | {"status": str(Status.CONVERGED)}
        except AccuracyNotReached as error:
            record = dict.fromkeys(Irregularity.__dataclass_fields__) | {"noise_scale": sample.noise_scale}
            record |= {"status": str(Status.NOT_CONVERGED), "reason": str(error)}
        proved = bounds(sample).records()[0]
        record |= {name: value for name, value in proved.items() if not name.startswith("low_risk")}
        records.append(record | {"approximation": str(approximation_of(irregularity))})

    def plot(path: Any) -> None:
        from ...score_matching.plots import plot_irregularity

        plot_irregularity(found, path)

    parameters = parameters_of(options, samples[0]) | {
        "noise_scale": [sample.noise_scale for sample in samples]
    }
    notes = [
        "bounds are inequalities under their conditions, not predictions; theorem numbers are those of version 1"
    ]
    return emit(options, "score-matching irregularity", parameters, records, notes=notes, plot=plot)


def _distances(options: argparse.Namespace) -> int:
    from ...approximation import approximation_of
    from ...score_matching.theory.distances import score_distances
    from ..output import emit

    (sample,) = samples_of(options)
    found = score_distances(
        sample, population_mean=options.population_mean, population_variance=options.population_variance
    )
    names = ("population_mean", "population_variance")
    parameters = parameters_of(options, sample) | {name: getattr(options, name) for name in names}
    records = [row | {"approximation": str(approximation_of(score_distances))} for row in found.records()]
    return emit(options, "score-matching distances", parameters, records)
