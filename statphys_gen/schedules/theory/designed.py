"""What a designer returns, and its form in a file: decimals to read, hexadecimal numbers to the last bit."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import __version__, validation
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...files import read_json
from ...glossary import dataset
from ...presentation import Tabular
from ..model import NoiseGrid

if TYPE_CHECKING:
    import xarray


class Errors(NamedTuple):
    """Errors of one grid.

    ``weight_error`` is that of the first of two classes, and of more the largest, from the share of the data on the
    side of the class; ``start_error`` is the part of it that the start has; both None without classes. ``weights`` are
    those of more than two classes. ``standard_error`` is that of averages over starts, which the start error of more
    than two classes has as well.
    """

    weight: float | None
    weight_error: float | None
    start_error: float | None
    weight_standard_error: float | None
    detail_error: float | None
    objective: float
    weights: tuple[float, ...]
    standard_error: float


class Alternative(NamedTuple):
    """A grid that was not chosen."""

    name: str
    weight_error: float | None
    detail_error: float | None
    objective: float


@dataclass(frozen=True, eq=False, repr=False)
class DesignedSchedule(Tabular):
    """A grid of noise levels with its errors, and the grids that it was compared with.

    Attributes
    ----------
    grid : the chosen levels and their solver, to be started from N(data mean, S_0^2 I).
    chosen : "designed", or the name of a usual grid that has a lower objective.
    errors : of the chosen grid, exact for the law that it was designed for.
    alternatives : the others.
    notes : plain sentences.
    """

    grid: NoiseGrid
    chosen: str
    errors: Errors
    alternatives: tuple[Alternative, ...]
    notes: tuple[str, ...] = ()

    @property
    def noise_levels(self) -> FloatArray:
        """(K+1,) decreasing, the last 0; the first is infinite for a sampler that starts from pure noise."""
        return np.array(self.grid.levels)

    @property
    def steps(self) -> int:
        """K."""
        return self.grid.steps

    def records(self) -> list[dict[str, Any]]:
        e = self.errors
        chosen = {"name": self.chosen, "weight_error": e.weight_error, "detail_error": e.detail_error}
        return [chosen | {"objective": e.objective}, *(entry._asdict() for entry in self.alternatives)]

    def to_dataset(self) -> xarray.Dataset:
        """The noise levels."""
        return dataset({"noise_level": (("step",), self.noise_levels)}, {})


def save_grid(path: str | Path, grid: NoiseGrid, start_mean: FloatArray | None = None) -> None:
    """Write a grid as JSON, with every level in hexadecimal beside its decimals, and the mean of the start."""
    levels = ["inf" if math.isinf(level) else level for level in grid.levels]
    content: dict[str, Any] = {"version": __version__, "scheme": grid.scheme, "start": grid.start}
    content |= {"noise_levels": levels, "noise_levels_hex": [float(level).hex() for level in grid.levels]}
    if start_mean is not None:
        content |= {"start_mean": start_mean.tolist(), "start_mean_hex": [float(x).hex() for x in start_mean]}
    Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_grid(
    argument: str, path: str | Path, *, scheme: str | None = None, start: str | None = None
) -> NoiseGrid:
    """Read a grid that :func:`save_grid` wrote, or {"noise_levels": [...], "scheme": ...}.

    Parameters
    ----------
    argument : its name in messages.
    path : of the file.
    scheme, start : in place of those of the file; "zero" where neither gives a start.

    Raises
    ------
    InvalidArgument : one line, for every file that holds no grid.
    """
    content: Any = read_json(argument, validation.readable_file(argument, path))
    allowed = 'an object with "noise_levels", decreasing to 0, and possibly "scheme" and "start"'
    if not isinstance(content, dict) or not isinstance(content.get("noise_levels"), list):
        raise InvalidArgument(argument, str(path), allowed)
    try:
        levels: Any = content.get("noise_levels_hex", content["noise_levels"])
        numbers = [_number(x) for x in levels]
        chosen: Any = scheme or content.get("scheme", "ddim")
        begin: Any = start or content.get("start", "zero")
        return NoiseGrid(tuple(numbers), "ddim" if chosen == "euler" else chosen, begin)
    except (InvalidArgument, ValueError, TypeError) as error:
        raise InvalidArgument(argument, str(path), f"{allowed} ({' '.join(str(error).split())})") from None


def _number(entry: Any) -> Any:
    """A level: a number, "inf", or hexadecimal digits as :func:`save_grid` writes them."""
    if not isinstance(entry, str):
        return entry
    if entry != "inf" and not entry.startswith("0x"):
        raise ValueError(f"{entry!r} is no noise level")
    try:
        return float.fromhex(entry)
    except OverflowError:
        raise ValueError(f"{entry[:40]!r} is too large") from None
