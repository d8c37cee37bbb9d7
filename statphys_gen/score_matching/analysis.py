"""Training points and score networks from files, and networks to files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .. import validation
from ..data.dataset import load_dataset
from ..errors import InvalidArgument
from ..files import one_line, read_named
from .model import ScoreNetwork

_FIELDS = ("inner", "outer", "bias")


def load_points(argument: str, path: str | Path) -> tuple[float, ...]:
    """Training points on the line, repetitions included, from a file with one number a row.

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that holds no such points.
    """
    found = load_dataset(path, name=argument)
    if found.points.shape[1] != 1:
        raise InvalidArgument(
            argument, str(path), f"points on the line (one column, not {found.points.shape[1]})"
        )
    return tuple(np.repeat(found.points[:, 0], found.multiplicities).tolist())


def load_network(argument: str, path: str | Path) -> ScoreNetwork:
    """A network from ``.json`` or ``.npz`` with ``inner``, ``outer`` and ``bias``.

    Raises
    ------
    InvalidArgument : one line that names the argument, for every file that holds no network.
    """
    file = validation.readable_file(argument, path)
    allowed = "a .json or .npz file with inner, outer and bias, lists of as many numbers"
    entries = read_named(argument, file, _FIELDS, allowed)
    try:
        return ScoreNetwork(*(x.tolist() if isinstance(x, np.ndarray) else x for x in entries))
    except InvalidArgument as error:
        raise InvalidArgument(argument, str(path), f"{allowed} ({one_line(error)[:200]})") from None


def save_network(path: str | Path, network: ScoreNetwork) -> None:
    """Write a network as :func:`load_network` reads it, as JSON."""
    text = json.dumps({name: list(getattr(network, name)) for name in _FIELDS}, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")
