"""``statphys-gen random-features``: best stopping, time scales, and the plane of samples and features."""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import validation
from ..covariance import chosen_covariance
from ..parsing import BadUsage, add_output_options, integer, number
from .options import (
    add_activation,
    add_data,
    add_model,
    add_time,
    chosen_activation,
    chosen_models,
    early_checks,
    echo,
    model_notes,
    ratio,
    statement,
    training_time,
)

if TYPE_CHECKING:
    from ...random_features.model import RandomFeatures
    from ...random_features.theory.best_stopping import EarlyStopping
    from ...random_features.theory.loss_plane import LossPlane


def register(quantities: Any) -> None:
    _register_early_stopping(quantities)
    _register_timescales(quantities)
    _register_phase_diagram(quantities)


# -------------------------------------------------------------------------------------------- early stopping


def _register_early_stopping(quantities: Any) -> None:
    parser = quantities.add_parser(
        "early-stopping",
        help="training time of least score error, and what is lost by training on",
        description="The training time at which gradient flow has its least score error, for each number of samples.\n"
        "With --window, also the training times between which the score error is at most (1 + TOLERANCE) times "
        "that, and with\n--dimension and --learning-rate all of them as numbers of steps.",
    )
    add_model(parser, several=True)
    parser.add_argument(
        "--window",
        metavar="TOLERANCE",
        type=number("--window", validation.positive),
        help="score error allowed above the least one, relative to it",
    )
    parser.add_argument(
        "-d", "--dimension", metavar="D", type=integer("--dimension", 1), help="dimension of the data"
    )
    parser.add_argument(
        "--learning-rate",
        "--eta",
        metavar="E",
        type=number("--learning-rate", validation.positive),
        help="step size of gradient descent",
    )
    add_output_options(parser)
    parser.set_defaults(run=_early_stopping)


def _early_stopping(options: argparse.Namespace) -> int:
    if (options.dimension is None) != (options.learning_rate is None):
        missing = "--dimension" if options.dimension is None else "--learning-rate"
        raise BadUsage(f"{missing} is missing: steps need both --dimension and --learning-rate")
    models, parameters = chosen_models(options)
    from ...random_features.theory.best_stopping import early_stopping, training_window
    from ..output import emit

    found = [early_stopping(model) for model in models]
    steps = options.dimension**2 / options.learning_rate if options.dimension else None
    approximation = statement(early_stopping)
    records = []
    for model, best in zip(models, found, strict=True):
        record: dict[str, Any] = {
            "samples_per_dimension": model.samples_per_dimension,
            "training_time": best.training_time,
            "score_error": best.score_error,
            "train_loss": best.train_loss,
            "test_loss": best.test_loss,
            "final_score_error": best.final_score_error,
        }
        if options.window is not None:
            window = training_window(model, options.window)
            record |= {"window_start": window.start, "window_stop": window.stop}
        if steps is not None:
            names = ["training_time", *(n for n in ("window_start", "window_stop") if n in record)]
            record |= {
                name.replace("training_time", "best") + "_steps": record[name] * steps for name in names
            }
        record |= {
            "status": "converged",
            "error": _stopping_error(model, best),
            "approximation": approximation,
        }
        records.append(record)
    for name in ("window", "dimension", "learning_rate"):
        if getattr(options, name) is not None:
            parameters[name] = getattr(options, name)

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_early_stopping

        plot_early_stopping(models, found, path)

    command = "random-features early-stopping"
    return emit(options, command, parameters, records, notes=model_notes(models[0]), plot=plot)


def _stopping_error(model: RandomFeatures, best: EarlyStopping) -> float:
    """Of the score errors: that of the losses. Of the time: how far that moves the minimum, from its curvature."""
    from ... import noising
    from ...random_features.theory.learning_curves import learning_curves

    noise = float(noising.noise_variance(model.time))
    if not math.isfinite(best.training_time):
        return float(learning_curves(model, best.training_time).error) / noise
    step = 0.05
    near = learning_curves(model, [best.training_time * math.exp(k * step) for k in (-1, 0, 1)])
    error = float(near.error.max())
    curvature = float(near.test_loss[0] - 2.0 * near.test_loss[1] + near.test_loss[2]) / step**2
    final = float(learning_curves(model, math.inf).error) if math.isfinite(best.final_score_error) else 0.0
    time = best.training_time * (1e-13 + error / curvature) if curvature > 0.0 else math.inf
    return max(time, error / noise, final / noise)


# ------------------------------------------------------------------------------------------------ timescales


def _register_timescales(quantities: Any) -> None:
    parser = quantities.add_parser(
        "timescales",
        help="training times of generalisation, overfitting and interpolation",
        description="The training times at which the three groups of modes relax, for each number of samples; null "
        "where a group is\nempty.",
    )
    add_model(parser, several=True)
    parser.add_argument(
        "--unit",
        choices=("rate-exact", "paper"),
        default="rate-exact",
        help="rate-exact: psi_p/(2 D eigenvalue) (default); paper: twice that, psi_p/(D eigenvalue)",
    )
    parser.add_argument(
        "--at",
        choices=("lower", "middle", "upper"),
        default="lower",
        help="which eigenvalue of a group stands for it (default lower: the whole group has relaxed)",
    )
    add_output_options(parser)
    parser.set_defaults(run=_timescales)


def _timescales(options: argparse.Namespace) -> int:
    if options.plot and len(options.samples_per_dimension) < 2:
        raise BadUsage(f"--plot = {options.plot}: must be left out with fewer than 2 --samples-per-dimension")
    models, parameters = chosen_models(options)
    from ...random_features.theory.timescales import timescales
    from ..output import emit

    found = [timescales(model, unit=options.unit, at=options.at) for model in models]
    approximation = statement(timescales)
    records = [
        {
            "samples_per_dimension": model.samples_per_dimension,
            "generalisation_time": times.generalisation,
            "overfitting_time": times.overfitting,
            "interpolation_time": times.interpolation,
            "merged": times.merged,
            "unit": times.unit,
            "at": times.at,
            "status": "converged",
            "residual": times.residual,
            "error": times.error,
            "approximation": approximation,
        }
        for model, times in zip(models, found, strict=True)
    ]

    def plot(path: Path) -> None:
        from ...random_features.plots import plot_timescales

        plot_timescales(options.samples_per_dimension, found, path)

    parameters |= {"unit": options.unit, "at": options.at}
    command = "random-features timescales"
    return emit(options, command, parameters, records, notes=model_notes(models[0]), plot=plot)


# --------------------------------------------------------------------------------------------- phase diagram


def _register_phase_diagram(quantities: Any) -> None:
    parser = quantities.add_parser(
        "phase-diagram",
        help="losses over the plane of samples and features at given training times",
        description="Train loss, test loss and score error over the (n, p) plane, written as netCDF with a picture.\n"
        "About 20 ms for each point of the plane, with all training times.",
    )
    add_activation(parser)
    for flag, alias, what in (("features", "--psi-p", "P"), ("samples", "--psi-n", "N")):
        parser.add_argument(
            f"--{flag}-per-dimension",
            alias,
            metavar=what,
            nargs="+",
            type=number(f"--{flag}-per-dimension", ratio),
            help="increasing values (default: --points of them from 1 to 128)",
        )
    parser.add_argument(
        "--points",
        metavar="K",
        type=integer("--points", 2, 200),
        default=12,
        help="values along an axis that is not given (default 12)",
    )
    add_time(parser)
    add_data(parser)
    parser.add_argument(
        "--training-time",
        "--tau",
        metavar="T",
        nargs="+",
        required=True,
        type=number("--training-time", training_time),
        help="training times, one plane each; inf is allowed",
    )
    parser.add_argument(
        "--output", metavar="DIR", required=True, help="folder for phase_diagram.nc, .png and .pdf"
    )
    add_output_options(parser, plot=False)
    parser.set_defaults(run=_phase_diagram)


def _axis(options: argparse.Namespace, name: str) -> list[float]:
    given: list[float] | None = getattr(options, name)
    if given is None:
        return [128.0 ** (k / (options.points - 1)) for k in range(options.points)]
    if any(b <= a for a, b in pairwise(given)):
        flag = f"--{name.replace('_', '-')}"
        raise BadUsage(f"{flag} = {' '.join(f'{x:g}' for x in given)}: must be increasing")
    return given


def _phase_diagram(options: argparse.Namespace) -> int:
    features, samples = (_axis(options, name) for name in ("features_per_dimension", "samples_per_dimension"))
    early_checks(options)
    folder = validation.writable_folder("--output", options.output)
    from ...presentation import plain
    from ...random_features.model import RandomFeatures
    from ...random_features.plots import plot_phase_diagram
    from ...random_features.theory.loss_plane import phase_diagram
    from ...sweep.dataset import to_netcdf
    from ..output import emit

    activation, covariance = chosen_activation(options), chosen_covariance(options)
    found = phase_diagram(
        activation,
        options.time,
        options.training_time,
        features,
        samples,
        covariance,
        options.noise_draws,
    )
    parameters = echo(options) | {
        "training_time": options.training_time,
        "features_per_dimension": features,
        "samples_per_dimension": samples,
    }
    approximation = statement(phase_diagram)
    files = [folder / f"phase_diagram.{ending}" for ending in ("nc", "png", "pdf")]
    given = {name: str(plain(entry)) for name, entry in echo(options).items() if entry is not None}
    to_netcdf(found.to_dataset().assign_attrs(given), files[0])
    plot_phase_diagram(found, *files[1:])
    notes = model_notes(RandomFeatures(activation, features[0], samples[0], options.time, covariance))
    records = _plane(found, approximation) if options.json else _extremes(found, approximation)
    return emit(
        options,
        "random-features phase-diagram",
        parameters,
        records,
        notes=notes,
        files=files,
    )


def _plane(found: LossPlane, approximation: str) -> list[dict[str, Any]]:
    return [record | {"approximation": approximation} for record in found.records()]


def _extremes(found: LossPlane, approximation: str) -> list[dict[str, Any]]:
    """One row for each training time: where in the plane the score error is least, and the ranges."""
    plane = _plane(found, approximation)
    rows = []
    for time in dict.fromkeys(entry["training_time"] for entry in plane):
        part = [entry for entry in plane if entry["training_time"] == time]
        best = min(part, key=lambda entry: entry["score_error"])
        rows.append(
            {
                "training_time": time,
                "least score error": best["score_error"],
                "at features": best["features_per_dimension"],
                "at samples": best["samples_per_dimension"],
                "largest score error": max(entry["score_error"] for entry in part),
                "approximation": approximation,
            }
        )
    return rows
