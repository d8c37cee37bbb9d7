"""A task with inner weights from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
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
    found: dict[str, Any] = {}
    try:
        if file.suffix.lower() == ".json":
            found = json.loads(file.read_text(encoding="utf-8"))
        elif file.suffix.lower() == ".npz":
            with np.load(file, allow_pickle=False) as stored:
                found = {name: stored[name] for name in _FIELDS if name in stored.files}
        missing = [name for name in _FIELDS if name not in found]
        if missing:
            raise KeyError(f"{missing[0]} is missing")
        inputs, targets, inner = (validation.array(name, found[name], ndim=2) for name in _FIELDS)
        if inner.shape[1] != inputs.shape[1]:
            raise InvalidArgument("inner", f"{inner.shape[1]} columns", f"{inputs.shape[1]}, as the inputs")
        return RegressionTask(inputs, targets), inner
    except Exception as error:
        said = " ".join(str(error).strip("'").split())[:200]
        raise InvalidArgument(argument, str(path), f"{allowed}: {said}") from None
