"""Data sets of the user's on the command line: the options that say where samples and labels are, and their reading."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .. import validation
from ..errors import InvalidArgument
from .parsing import Parser

if TYPE_CHECKING:
    from ..data.dataset import DataSet


def add_data(parser: Parser) -> None:
    """``DATA``, ``--labels``, ``--label-column`` and ``--key``."""
    parser.add_argument("data", metavar="DATA", help="samples, one a row, or a folder of PNG files")
    text = "one label a sample (.npy, .npz, .csv, .tsv or .txt)"
    parser.add_argument("--labels", metavar="FILE", help=text)
    text = "column of labels in a table, or array of labels in an .npz file; a number, from 1, where no line names them"
    parser.add_argument("--label-column", metavar="NAME", help=text)
    text = "array of samples in an .npz file that has several"
    parser.add_argument("--key", metavar="NAME", help=text)


def refuse_absent(options: argparse.Namespace) -> None:
    """Files that are not there are refused before anything heavy is loaded."""
    if not Path(options.data).is_dir():
        validation.readable_file("DATA", options.data)
    if options.labels is not None:
        validation.readable_file("--labels", options.labels)


def read_data(options: argparse.Namespace, name: str = "DATA") -> DataSet:
    """The data set that the options name, under this name in messages."""
    from ..data.dataset import load_dataset

    try:
        return load_dataset(
            options.data, options.labels, key=options.key, label_column=options.label_column, name=name
        )
    except InvalidArgument as error:
        flags = {"key": "--key", "label_column": "--label-column"}
        if error.argument not in flags:
            raise
        raise InvalidArgument(flags[error.argument], error.value, error.allowed) from None
