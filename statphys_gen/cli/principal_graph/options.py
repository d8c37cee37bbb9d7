"""Options that the commands of principal graphs share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ... import validation
from ...errors import InvalidArgument
from ..parsing import BadUsage, integer, number

if TYPE_CHECKING:
    from ...data.dataset import DataSet
    from ...data.laws import GaussianMixture


def add_points(parser: Any) -> None:
    """``DATA``, ``--key`` and ``--label-column``."""
    parser.add_argument(
        "data", metavar="DATA", help="points, one a row (.npy, .npz, .csv, .tsv, .txt or .parquet)"
    )
    _add_columns(parser)


def add_law(parser: Any) -> None:
    """``DATA`` or ``--mixture``."""
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="points, one a row (.npy, .npz, .csv, .tsv, .txt or .parquet)",
    )
    parser.add_argument(
        "--mixture", metavar="FILE", help="a law instead: .json with weights, means and covariances"
    )
    _add_columns(parser)


def _add_columns(parser: Any) -> None:
    parser.add_argument("--key", metavar="NAME", help="array of points in an .npz file that has several")
    text = "column of labels to leave out, by name, or by number from 1 where no line names them"
    parser.add_argument("--label-column", metavar="NAME", help=text)


def add_components(parser: Any, default: int = 2, minimum: int = 1) -> None:
    parser.add_argument(
        "--components",
        "-K",
        metavar="K",
        type=integer("--components", minimum, 64),
        default=default,
        help=f"number of components (default {default})",
    )


def add_weight_kind(parser: Any) -> None:
    parser.add_argument(
        "--weight-kind",
        choices=("equal", "learned"),
        default="equal",
        help="weights 1/K each, or learned (default equal)",
    )


def add_temperatures(parser: Any) -> None:
    parser.add_argument(
        "--temperature",
        "-T",
        metavar="T",
        nargs="+",
        required=True,
        type=number("--temperature", validation.positive),
        help="variance of a component",
    )


def read_points(options: argparse.Namespace) -> DataSet:
    """The data set of ``DATA``; its labels are left out."""
    if not validation.is_folder(options.data):
        validation.readable_file("DATA", options.data)
    from ...data.dataset import load_dataset

    try:
        found = load_dataset(options.data, key=options.key, label_column=options.label_column, name="DATA")
    except InvalidArgument as error:
        flags = {"key": "--key", "label_column": "--label-column"}
        if error.argument not in flags:
            raise
        raise InvalidArgument(flags[error.argument], error.value, error.allowed) from None
    return found.without_labels()


def read_law(options: argparse.Namespace) -> DataSet | GaussianMixture:
    """What ``DATA`` or ``--mixture`` names."""
    if options.mixture is None and options.data is None:
        raise BadUsage("DATA or --mixture is missing")
    if options.mixture is not None:
        for flag, value in (
            ("DATA", options.data),
            ("--key", options.key),
            ("--label-column", options.label_column),
        ):
            if value is not None:
                raise InvalidArgument(flag, value, "left out with --mixture")
        validation.readable_file("--mixture", options.mixture)
        from ...data.laws import GaussianMixture

        return GaussianMixture.from_json(options.mixture)
    return read_points(options)


def on_the_line(law: Any) -> Any:
    """The law, refused if it is a mixture in more dimensions."""
    if hasattr(law, "classes") and law.dimension != 1:
        raise InvalidArgument(
            "--mixture",
            f"dimension {law.dimension}",
            "of dimension 1 here: sample it, and give the points as DATA",
        )
    return law


def named(options: argparse.Namespace) -> dict[str, Any]:
    """Where the law came from."""
    return {"mixture": options.mixture} if getattr(options, "mixture", None) else {"data": options.data}
