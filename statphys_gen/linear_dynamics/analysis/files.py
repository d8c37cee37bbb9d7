"""Matrices from files."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...files import read_array
from ...tables import open_table


def load_matrix(argument: str, path: str | Path) -> FloatArray:
    """A matrix from a ``.npy`` or a ``.csv`` file (numbers without header; comma, semicolon, tab or blanks).

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that does not hold a finite matrix.
    """
    file = validation.readable_file(argument, path)
    ending = file.suffix.lower()
    if ending not in (".npy", ".csv"):
        raise InvalidArgument(argument, str(path), "a file that ends in .npy or .csv")
    found = read_array(argument, file) if ending == ".npy" else _table(argument, file)
    return validation.array(argument, found, ndim=2)


def _table(argument: str, file: Path) -> FloatArray:
    table = open_table(argument, file, header=False)
    numbers = array("d")
    for line, cells in table.rows():
        for cell in cells:
            try:
                numbers.append(table.number(cell))
            except ValueError:
                allowed = f"a matrix of numbers, without header; line {line} holds {cell!r}"
                raise InvalidArgument(argument, str(file), allowed) from None
    return np.frombuffer(numbers).reshape(-1, table.columns)
