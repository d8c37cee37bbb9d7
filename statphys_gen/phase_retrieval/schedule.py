"""Schedules of step sizes, shared by the descent and its theory."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..errors import InvalidArgument


def geometric_steps(
    count: int, first: float, growth: float = 1.0, largest: float = math.inf
) -> NDArray[np.float64]:
    """Step sizes min(first growth^k, largest), k = 0 ... count - 1.

    Parameters
    ----------
    count : number of steps, at least 1.
    first : size of the first step, above 0.
    growth : factor from one step to the next, at least 1.
    largest : bound of all sizes, at least ``first``.

    Raises
    ------
    InvalidArgument : an argument out of its domain.
    """
    steps = validation.integer("count", count, minimum=1)
    start = validation.positive("first", first)
    factor = validation.finite("growth", growth, "a finite number, at least 1")
    if factor < 1.0:
        raise InvalidArgument("growth", growth, "a finite number, at least 1")
    if isinstance(largest, bool) or not isinstance(largest, float | int) or not largest >= start:
        raise InvalidArgument("largest", largest, f"at least the first step size, {start:g}")
    with np.errstate(over="ignore"):
        return np.minimum(start * factor ** np.arange(steps, dtype=np.float64), float(largest))
