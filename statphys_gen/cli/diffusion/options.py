"""Options of ``statphys-gen diffusion`` that say what is studied, and the laws that they describe."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ... import validation
from ..covariance import add_covariance, chosen_covariance
from ..parsing import BadUsage, Parser, between, integer, number

if TYPE_CHECKING:
    from ...data.covariance import Covariance
    from ...data.laws import GaussianMixture


def add_mixture(parser: Parser, *, gaussian: bool = False) -> None:
    """Two classes or a mixture; with ``gaussian`` one Gaussian class may be given in their place."""
    what = "two classes at +m and -m, or a mixture from a file"
    what += ", or, without --separation, one Gaussian class" if gaussian else ""
    group = parser.add_argument_group("data", what)
    group.add_argument(
        "-d",
        "--dimension",
        metavar="D",
        type=integer("--dimension", 1, 10_000_000),
        help="dimension of the data",
    )
    group.add_argument(
        "--separation",
        "--mu-tilde",
        metavar="M",
        type=number("--separation", between(0.0, 1e50)),
        help="norm of m over the square root of the dimension",
    )
    group.add_argument(
        "--variance",
        "--sigma2",
        metavar="V",
        type=number("--variance", validation.non_negative),
        help="variance of each class in every direction (default 1)",
    )
    group.add_argument(
        "--weight",
        metavar="W",
        type=number("--weight", between(0.0, 1.0)),
        help="weight of the class at +m (default 0.5)",
    )
    group.add_argument(
        "--mixture", metavar="FILE", help='JSON file {"weights": ..., "means": ..., "covariances": ...}'
    )
    if gaussian:
        add_covariance(group)


def add_times(parser: Parser, *, required: bool = False) -> None:
    parser.add_argument(
        "-t",
        "--time",
        metavar="T",
        nargs="+",
        required=required,
        type=number("--time", validation.positive),
        help="diffusion times",
    )


def refuse(options: argparse.Namespace, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        value = getattr(options, name)
        if value is not None:
            raise BadUsage(f"--{name.replace('_', '-')} = {value}: must be left out {reason}")


def require(options: argparse.Namespace, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        if getattr(options, name) is None:
            raise BadUsage(f"--{name.replace('_', '-')} is missing: it is needed {reason}")


def chosen_mixture(options: argparse.Namespace) -> tuple[GaussianMixture, dict[str, Any]]:
    """The mixture that the options describe, and the parameters to echo."""
    if options.mixture is not None:
        refuse(options, ("dimension", "separation", "variance", "weight"), "with --mixture")
        path = validation.readable_file("--mixture", options.mixture)
        from ...data.laws import GaussianMixture

        return GaussianMixture.from_json(path), {"mixture": str(path)}
    require(options, ("dimension", "separation"), "without --mixture")
    from ...data.laws import GaussianMixture

    parameters = {
        "dimension": options.dimension,
        "separation": options.separation,
        "variance": 1.0 if options.variance is None else options.variance,
        "weight": 0.5 if options.weight is None else options.weight,
    }
    return GaussianMixture.two_classes(**parameters), parameters


def add_samples(parser: Any, *, required: bool = True) -> None:
    parser.add_argument(
        "-n",
        "--samples",
        metavar="N",
        required=required,
        type=integer("--samples", 2),
        help="number of training points",
    )


def add_gaussian(parser: Parser) -> None:
    """One Gaussian class: isotropic, or with any covariance."""
    group = parser.add_argument_group(
        "data", "a Gaussian law, isotropic or with the eigenvalues of its covariance"
    )
    add_samples(group)
    group.add_argument(
        "-d",
        "--dimension",
        metavar="D",
        type=integer("--dimension", 1, 10_000_000),
        help="dimension of the data",
    )
    group.add_argument(
        "--variance",
        "--sigma2",
        metavar="V",
        type=number("--variance", validation.positive),
        help="variance in every direction (default 1)",
    )
    add_covariance(group)


def chosen_gaussian(options: argparse.Namespace) -> tuple[Covariance, dict[str, Any]]:
    """The Gaussian class that the options describe, and the parameters to echo."""
    given = next((name for name in ("covariance", "eigenvalues") if getattr(options, name) is not None), None)
    if given is not None:
        refuse(options, ("variance",), f"with --{given}")
    if given != "eigenvalues":
        require(options, ("dimension",), "without --eigenvalues")
    if given is None:
        from ...data.covariance import Covariance

        variance = 1.0 if options.variance is None else validation.positive("--variance", options.variance)
        return Covariance.isotropic(variance, options.dimension), {
            "dimension": options.dimension,
            "variance": variance,
        }
    if given == "eigenvalues":
        validation.readable_file("--eigenvalues", options.eigenvalues)
    law = chosen_covariance(options)
    if law.dimension is None:
        law = law.in_dimension(options.dimension)
    elif options.dimension not in (None, law.dimension):
        raise BadUsage(
            f"--dimension = {options.dimension}: must be {law.dimension}, the length of --eigenvalues"
        )
    return law, {"dimension": law.dimension, given: getattr(options, given)}
