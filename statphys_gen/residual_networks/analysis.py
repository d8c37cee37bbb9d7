"""A task with inner weights from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..files import one_line, read_archive, read_json
from .model import RegressionTask

_FIELDS = ("inputs", "targets", "inner")


def load_task(argument: str, path: str | Path) -> tuple[RegressionTask, FloatArray]:
    """Inputs and targets (n, q), and inner weights (m, q), from ``.json`` or ``.npz``.

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that holds no such matrices.
    """
    file = validation.readable_file(argument, path)
    allowed = "a .json or .npz file with inputs (n, q), targets (n, q) and inner (m, q)"
    ending = file.suffix.lower()
    if ending not in (".json", ".npz"):
        raise InvalidArgument(argument, str(path), allowed)
    found: Any = read_json(argument, file) if ending == ".json" else read_archive(argument, file)
    missing = [name for name in _FIELDS if not isinstance(found, dict) or name not in found]
    if missing:
        raise InvalidArgument(argument, str(path), f"{allowed}: {missing[0]} is missing")
    try:
        inputs, targets, inner = (validation.array(name, found[name], ndim=2) for name in _FIELDS)
        if inner.shape[1] != inputs.shape[1]:
            raise InvalidArgument("inner", f"{inner.shape[1]} columns", f"{inputs.shape[1]}, as the inputs")
        return RegressionTask(inputs, targets), inner
    except InvalidArgument as error:
        raise InvalidArgument(argument, str(path), f"{allowed}: {one_line(error)[:200]}") from None
