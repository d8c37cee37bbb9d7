"""Nearest neighbours in a set of points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument

_BLOCK_NUMBERS = 2**22


def nearest(x: FloatArray, points: FloatArray) -> IntArray:
    """Index of the point that is nearest to each row of x; all products are held at once."""
    return np.asarray((x @ points.T - 0.5 * np.einsum("ij,ij->i", points, points)).argmax(axis=1))


def neighbour_ratios(x: ArrayLike, points: ArrayLike) -> FloatArray:
    """Distance to the nearest of ``points`` over that to the second nearest, (count,); at least 2 points.

    A row at two equal points has the ratio 1: it is no nearer to one of them.
    """
    places = validation.array("points", points, shape=(None, None))
    if len(places) < 2:
        raise InvalidArgument("points", places, "at least 2 points")
    found = validation.array("x", x, shape=(None, places.shape[1]))
    ratios = np.empty(len(found))
    norms = (places**2).sum(axis=1)
    block = max(1, _BLOCK_NUMBERS // len(places))
    for start in range(0, len(found), block):
        part = found[start : start + block]
        chosen = np.argpartition(norms - 2.0 * part @ places.T, 1, axis=1)[:, :2]
        # Again as differences: a copy's distance is small against the norms.
        squares = np.sort(((part[:, None, :] - places[chosen]) ** 2).sum(axis=2), axis=1)
        far = squares[:, 1] > 0.0
        ratios[start : start + block] = np.where(
            far, np.sqrt(squares[:, 0] / np.where(far, squares[:, 1], 1.0)), 1.0
        )
    return ratios
