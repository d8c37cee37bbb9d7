"""Matrices from files."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument


def load_matrix(argument: str, path: str | Path) -> FloatArray:
    """A matrix from a ``.npy`` or a ``.csv`` file (numbers, commas, no header).

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that does not hold a finite matrix.
    """
    file = validation.readable_file(argument, path)
    ending = file.suffix.lower()
    if ending not in (".npy", ".csv"):
        raise InvalidArgument(argument, str(path), "a file that ends in .npy or .csv")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # of a table without a row
            found = (
                np.load(file, allow_pickle=False)
                if ending == ".npy"
                else np.loadtxt(file, delimiter=",", ndmin=2)
            )
    except (ValueError, OSError, EOFError, UserWarning) as error:
        raise InvalidArgument(
            argument, str(path), f"a matrix of numbers: {' '.join(str(error).split())}"
        ) from None
    return validation.array(argument, found, ndim=2)
