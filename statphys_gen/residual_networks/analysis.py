"""A task with inner weights from a file."""

from __future__ import annotations

from pathlib import Path

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..files import one_line, read_named
from .model import RegressionTask, ResidualNetwork, require_fit


def load_task(argument: str, path: str | Path) -> tuple[RegressionTask, FloatArray]:
    """Inputs and targets (n, q), and inner weights (m, q), from ``.json`` or ``.npz``.

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that holds no such matrices.
    """
    file = validation.readable_file(argument, path)
    allowed = "a .json or .npz file with inputs (n, q), targets (n, q) and inner (m, q)"
    inputs, targets, inner = read_named(argument, file, ("inputs", "targets", "inner"), allowed)
    try:
        task, network = RegressionTask(inputs, targets), ResidualNetwork(1, "tanh", inner)
        require_fit(network, task)
    except InvalidArgument as error:
        raise InvalidArgument(argument, str(path), f"{allowed}: {one_line(error)[:200]}") from None
    return task, network.inner
