"""Training points and score networks from files, and networks to files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .. import validation
from ..data.dataset import load_dataset
from ..errors import InvalidArgument
from ..files import read_archive, read_json
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
    ending = file.suffix.lower()
    entries: Any = None
    if ending == ".json":
        entries = read_json(argument, file)
    elif ending == ".npz":
        entries = {name: values.tolist() for name, values in read_archive(argument, file).items()}
    if not isinstance(entries, dict) or any(not isinstance(entries.get(name), list) for name in _FIELDS):
        raise InvalidArgument(argument, str(path), allowed)
    try:
        return ScoreNetwork(*(tuple(entries[name]) for name in _FIELDS))
    except InvalidArgument as error:
        raise InvalidArgument(argument, str(path), f"{allowed} ({error})") from None


def save_network(path: str | Path, network: ScoreNetwork) -> None:
    """Write a network as :func:`load_network` reads it, as JSON."""
    text = json.dumps({name: list(getattr(network, name)) for name in _FIELDS}, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")
