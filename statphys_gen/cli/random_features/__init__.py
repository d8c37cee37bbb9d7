"""``statphys-gen random-features``: spectra, time scales and learning curves of random-features score models."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ... import validation
from ..parsing import add_output_options, between, integer, number
from . import boundaries as random_features_boundaries
from . import simulate as random_features_simulate
from . import times as random_features_times
from .options import (
    add_activation,
    add_model,
    add_time,
    chosen_activation,
    chosen_models,
    early_checks,
    model_notes,
    outlier_notes,
    statement,
    training_time,
)


def register(systems: Any) -> None:
    system = systems.add_parser(
        "random-features",
        help="spectra, time scales and learning curves of random-features score models",
        description="When a random-features score model generalises, when it memorizes, and when to stop its training.",
    )
    quantities = system.add_subparsers(dest="quantity", metavar="QUANTITY", required=True)
    _register_coefficients(quantities)
    _register_spectrum(quantities)
    _register_learning_curves(quantities)
    random_features_times.register(quantities)
    random_features_boundaries.register(quantities)
    random_features_simulate.register(quantities)


# ---------------------------------------------------------------------------------------------- coefficients


def _register_coefficients(quantities: Any) -> None:
    parser = quantities.add_parser(
        "coefficients",
        help="the four numbers through which the activation enters",
        description="a_t, b_t^2, v_t^2 and s_t^2 of an activation: linear part of a feature, its response to the "
        "noise, and the\nnonlinear parts that the draws of one sample share and do not share.",
    )
    add_activation(parser)
    add_time(parser, several=True)
    parser.add_argument(
        "--data-variance",
        "--sigma-x2",
        metavar="S",
        type=number("--data-variance", between(1e-8, 1e6, closed=True)),
        default=1.0,
        help="trace of the data's covariance over the dimension (default 1)",
    )
    add_output_options(parser)
    parser.set_defaults(run=_coefficients)


def _coefficients(options: argparse.Namespace) -> int:
    early_checks(options)
    from ...random_features.theory.coefficients import coefficients
    from ..output import emit

    notes: list[str] = []
    with outlier_notes(notes):
        result = coefficients(chosen_activation(options), options.time, options.data_variance)
    names = ("a_t", "b_t_squared", "v_t_squared", "s_t_squared")
    approximation = statement(coefficients)
    records = [
        {"time": time}
        | {name: float(getattr(result, name)[k]) for name in names}
        | {"approximation": approximation}
        for k, time in enumerate(options.time)
    ]

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_coefficients

        plot_coefficients(result, path)

    parameters: dict[str, Any] = {
        "activation": options.activation or "polynomial",
        "time": options.time,
        "data_variance": options.data_variance,
    }
    if options.polynomial:
        parameters["polynomial"] = options.polynomial
    return emit(options, "random-features coefficients", parameters, records, notes=notes, plot=plot)


# -------------------------------------------------------------------------------------------------- spectrum


def _register_spectrum(quantities: Any) -> None:
    parser = quantities.add_parser(
        "spectrum",
        help="atoms and bulks of the feature matrix",
        description="Atoms, bulks with exact edges and weights, and which modes they are: generalisation, overfitting, "
        "interpolation.",
    )
    add_model(parser)
    parser.add_argument(
        "--density-points",
        metavar="K",
        type=integer("--density-points", 2, 100_000),
        help="print the density at this many positions in each bulk",
    )
    parser.add_argument(
        "-d",
        "--dimension",
        metavar="D",
        type=integer("--dimension", 1),
        help="report the outliers of an activation that is not odd in this dimension",
    )
    add_output_options(parser)
    parser.set_defaults(run=_spectrum)


def _spectrum(options: argparse.Namespace) -> int:
    (model,), parameters = chosen_models(options)
    from ...presentation import table
    from ...random_features.theory.spectrum import spectrum
    from ..output import emit

    notes = model_notes(model)
    found = spectrum(model)
    record: dict[str, Any] = {
        "atoms": [{"position": atom.position, "weight": atom.weight} for atom in found.atoms],
        "bulks": [
            {
                "lower": bulk.lower,
                "upper": bulk.upper,
                "weight": bulk.weight,
                "modes_per_dimension": bulk.modes_per_dimension,
                "groups": list(bulk.groups),
            }
            for bulk in found.bulks
        ],
        "moments": list(found.moments),
        "status": "converged",
        "residual": found.residual,
        "error": max([found.residual, *(bulk.boundary.error for bulk in found.bulks)]),
        "approximation": statement(spectrum),
    }
    if options.density_points is not None:
        grid = found.grid(options.density_points)
        record["density"] = [
            {"position": float(x), "density": float(y)}
            for x, y in zip(grid, found.density(grid), strict=True)
        ]
    if options.dimension is not None:
        from ...random_features.theory.spikes import outliers

        record["outliers"] = outliers(model, options.dimension).records()[0]
        record["outliers_approximation"] = statement(outliers)
        if not options.json:
            sizes = ", ".join(f"{name} {value:.6g}" for name, value in record["outliers"].items())
            notes.append(
                f"outliers in dimension {options.dimension} ({record['outliers_approximation']}): {sizes}"
            )

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_spectrum

        plot_spectrum(found, path)

    command = "random-features spectrum"
    if options.json:
        return emit(options, command, parameters, [record], notes=notes, plot=plot)
    shared = {name: record[name] for name in ("status", "error", "approximation")}
    rows = [
        {
            "part": "atom",
            "lower": atom.position,
            "upper": atom.position,
            "weight": atom.weight,
            "modes": "-",
        }
        | shared
        for atom in found.atoms
    ]
    rows += [
        {
            "part": "bulk",
            "lower": bulk.lower,
            "upper": bulk.upper,
            "weight": bulk.weight,
            "modes": "+".join(bulk.groups),
        }
        | shared
        for bulk in found.bulks
    ]
    status = emit(options, command, parameters, rows, notes=notes, plot=plot)
    if "density" in record:
        print(table(record["density"]))
    return status


# ------------------------------------------------------------------------------------------- learning curves


def _register_learning_curves(quantities: Any) -> None:
    parser = quantities.add_parser(
        "learning-curves",
        help="train loss, test loss and score error along training",
        description="Train loss, test loss and score error under gradient flow at training times tau = steps * eta / "
        "d^2, or at\nthe minimum of the loss with a ridge penalty.",
    )
    add_model(parser)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument(
        "--training-time",
        "--tau",
        metavar="T",
        nargs="+",
        type=number("--training-time", training_time),
        help="training times; inf is allowed",
    )
    way.add_argument(
        "--ridge",
        metavar="PENALTY",
        nargs="+",
        type=number("--ridge", validation.non_negative),
        help="penalties in units of the eigenvalues, in place of training times; 0 is infinite training time",
    )
    add_output_options(parser)
    parser.set_defaults(run=_learning_curves)


def _learning_curves(options: argparse.Namespace) -> int:
    (model,), parameters = chosen_models(options)
    from ... import noising
    from ...random_features.theory.learning_curves import learning_curves, ridge_curves
    from ..output import emit

    evaluate: Any
    if options.training_time is not None:
        name, values, evaluate = "training_time", options.training_time, learning_curves
    else:
        name, values, evaluate = "penalty", options.ridge, ridge_curves
    curves = evaluate(model, values)
    noise = float(noising.noise_variance(model.time))
    approximation = statement(evaluate)
    records = [
        {
            name: value,
            "train_loss": float(curves.train_loss[k]),
            "test_loss": float(curves.test_loss[k]),
            "score_error": float(curves.score_error[k]),
            "status": "converged",
            "residual": float(curves.residual[k]),
            # That of the score error, which is the largest of the three.
            "error": float(curves.error[k]) / noise,
            "approximation": approximation,
        }
        for k, value in enumerate(values)
    ]

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_learning_curves

        plot_learning_curves(model, name, values, path)

    parameters[name] = values
    command = "random-features learning-curves"
    return emit(options, command, parameters, records, notes=model_notes(model), plot=plot)
