"""Options, models and notes that the commands of ``statphys-gen random-features`` share."""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..covariance import add_covariance, chosen_covariance
from ..parsing import BadUsage, Parser, between, number

if TYPE_CHECKING:
    from ...random_features.model import Activation, RandomFeatures

# Named here so that a wrong one is refused before the models are loaded.
ACTIVATIONS = ("tanh", "erf", "sin", "relu", "sign", "linear")
_LARGEST_TIME = 20.0
_LARGEST_RATIO = 1e8
_SMALLEST_RATIO = 1e-4


def _diffusion_time(name: str, value: Any) -> float:
    allowed = f"a number above 0, at most {_LARGEST_TIME:g}"
    time = validation.finite(name, value, allowed)
    if not 0.0 < time <= _LARGEST_TIME:
        raise InvalidArgument(name, value, allowed)
    return time


def ratio(name: str, value: Any) -> float:
    return validation.inside(name, value, _SMALLEST_RATIO, _LARGEST_RATIO, closed=True)


def training_time(name: str, value: Any) -> float:
    allowed = "a number, at least 0, or inf"
    if isinstance(value, float) and value == math.inf:
        return value
    time = validation.finite(name, value, allowed)
    if time < 0:
        raise InvalidArgument(name, value, allowed)
    return time


def _noise_draws(name: str, value: Any) -> float:
    allowed = "an integer, at least 1, or inf"
    if isinstance(value, float) and value == math.inf:
        return value
    draws = validation.finite(name, value, allowed)
    if draws < 1 or not draws.is_integer():
        raise InvalidArgument(name, value, allowed)
    return draws


def add_activation(parser: Parser) -> None:
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--activation", metavar="NAME", choices=ACTIVATIONS, help=", ".join(ACTIVATIONS))
    group.add_argument(
        "--polynomial",
        metavar="C",
        nargs="+",
        type=number("--polynomial", between(-1e50, 1e50, closed=True)),
        help="coefficients c_0 c_1 ... of a polynomial activation sum_k c_k x^k",
    )


def add_time(parser: Parser, *, several: bool = False, required: bool = True) -> None:
    parser.add_argument(
        "-t",
        "--time",
        metavar="T",
        required=required,
        type=number("--time", _diffusion_time),
        nargs="+" if several else None,
        help="diffusion times" if several else "diffusion time",
    )


def add_data(parser: Parser) -> None:
    add_covariance(parser.add_argument_group("data", "spectrum of the covariance; default the identity"))
    parser.add_argument(
        "-m",
        "--noise-draws",
        metavar="M",
        type=number("--noise-draws", _noise_draws),
        default=math.inf,
        help="noise draws for each sample (default inf)",
    )


def add_model(parser: Parser, *, several: bool = False) -> None:
    add_activation(parser)
    parser.add_argument(
        "--features-per-dimension",
        "--psi-p",
        metavar="P",
        required=True,
        type=number("--features-per-dimension", ratio),
        help="features over dimension, p/d",
    )
    parser.add_argument(
        "--samples-per-dimension",
        "--psi-n",
        metavar="N",
        required=True,
        type=number("--samples-per-dimension", ratio),
        nargs="+" if several else None,
        help="samples over dimension, n/d",
    )
    add_time(parser)
    add_data(parser)


def polynomial(options: argparse.Namespace) -> None:
    c = options.polynomial
    if c is not None and (not 2 <= len(c) <= 21 or not any(c[1:])):
        raise BadUsage(
            f"--polynomial = {' '.join(f'{x:g}' for x in c)}: must be 2 to 21 numbers, "
            "of which one beyond the constant is not 0"
        )


def chosen_activation(options: argparse.Namespace) -> Activation:
    from ...random_features.model import Activation

    if options.polynomial is not None:
        return Activation.from_polynomial(options.polynomial)
    return Activation.named(options.activation)


def early_checks(options: argparse.Namespace) -> None:
    """What can be refused before numpy is loaded."""
    polynomial(options)
    if getattr(options, "eigenvalues", None) is not None:
        validation.readable_file("--eigenvalues", options.eigenvalues)


def chosen_models(options: argparse.Namespace) -> tuple[list[RandomFeatures], dict[str, Any]]:
    """One model for each number of samples, and the parameters to echo."""
    early_checks(options)
    from ...random_features.model import RandomFeatures

    activation, covariance = chosen_activation(options), chosen_covariance(options)
    samples = options.samples_per_dimension
    each = samples if isinstance(samples, list) else [samples]
    models = [
        RandomFeatures(
            activation,
            options.features_per_dimension,
            n,
            options.time,
            covariance,
            options.noise_draws,
        )
        for n in each
    ]
    parameters = echo(options) | {
        "features_per_dimension": options.features_per_dimension,
        "samples_per_dimension": samples,
    }
    return models, parameters


def echo(options: argparse.Namespace) -> dict[str, Any]:
    activation = (
        {"activation": "polynomial", "polynomial": options.polynomial}
        if options.polynomial
        else {"activation": options.activation}
    )
    covariance = {"eigenvalues": options.eigenvalues} if options.eigenvalues else {}
    return (
        activation
        | {"time": options.time, "covariance": options.covariance or ("identity" if not covariance else None)}
        | covariance
        | {"noise_draws": options.noise_draws}
    )


@contextmanager
def outlier_notes(notes: list[str]) -> Iterator[None]:
    """Collects the warning that an activation is not odd as a note."""
    from ...random_features.theory.coefficients import OutlierWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OutlierWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, OutlierWarning):
            notes.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def model_notes(model: RandomFeatures) -> list[str]:
    from ...random_features.theory.coefficients import coefficients

    notes: list[str] = []
    with outlier_notes(notes):
        coefficients(model.activation, model.time, model.covariance.variance)
    return notes


def statement(prediction: Any) -> str:
    from ...approximation import approximation_of

    return str(approximation_of(prediction))
