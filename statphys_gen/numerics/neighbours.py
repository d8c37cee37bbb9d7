"""Nearest neighbours in a set of points.

Candidates come from matrix products over blocks of rows and of points, both less the mean of the points; distances are
then taken from differences, because a copy's distance is small against the norms. Where norms are so large that their
rounding could have chosen the wrong candidates (one point far away carries the mean off), a row is searched once more
about the median of such rows, and after that by differences alone. Memory: one block of products, one centred block of
points, and two numbers with their places for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# Rows and points in a block: a product of 4 MB.
_ROWS, _COLUMNS = 256, 2048
# Relative error that a product's rounding may bring into the square of the second distance, and how much it rounds.
_ALLOWED, _ROUNDING = 1e-6, 16.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Neighbours:
    """The two nearest points of every row.

    Attributes
    ----------
    distances : (count, 2) increasing along a row.
    places : (count, 2) indices of the points; of points at equal distance any may be named.
    """

    distances: FloatArray
    places: IntArray

    @property
    def ratios(self) -> FloatArray:
        """(count,) distance to the nearest over that to the second nearest, 1 where both are 0."""
        near, far = self.distances.T
        return np.where(far > 0.0, near / np.where(far > 0.0, far, 1.0), 1.0)


@cache
def _libraries() -> ThreadpoolController:
    """Of matrix products; looking for them takes longer than a small search."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def nearest(x: FloatArray, points: FloatArray) -> IntArray:
    """Index of the point that is nearest to each row of x; all products are held at once."""
    return np.asarray((x @ points.T - 0.5 * np.einsum("ij,ij->i", points, points)).argmax(axis=1))


def two_nearest(
    x: ArrayLike, points: ArrayLike, *, own: IntArray | None = None, progress: bool = False
) -> Neighbours:
    """The two points that are nearest to each row of x.

    Parameters
    ----------
    x : (count, d).
    points : (n, d), at least 2, and 3 with ``own``.
    own : (count,) index of the point that each row is itself, and which is left out; None where rows are no points.
    progress : whether a bar on standard error counts the blocks.
    """
    reference = validation.array("points", points, shape=(None, None))
    least = 2 if own is None else 3
    if len(reference) < least:
        raise InvalidArgument("points", reference, f"at least {least} points")
    found = validation.array("x", x, shape=(None, reference.shape[1]))
    excluded = np.full(len(found), -1) if own is None else np.asarray(own, dtype=np.int64)
    if excluded.shape != (len(found),):
        raise InvalidArgument("own", excluded, f"one index for each of {len(found)} rows")
    unsure = np.arange(len(found))
    distances, places = np.empty((len(found), 2)), np.zeros((len(found), 2), dtype=np.int64)
    for centre in (np.mean, np.median):
        middle = centre(reference if centre is np.mean else found[unsure], axis=0)
        near = _candidates(found[unsure], reference, excluded[unsure], middle, progress)
        distances[unsure], places[unsure] = near.distances, near.places
        far = np.sqrt(((found[unsure] - middle) ** 2).sum(axis=1)) + near.distances[:, 1]
        # Where both candidates lie at the row itself, nothing is nearer.
        wrong = (near.distances[:, 1] > 0.0) & (
            far * np.sqrt(_ROUNDING) > near.distances[:, 1] * np.sqrt(_ALLOWED)
        )
        unsure = unsure[wrong]
        if not len(unsure):
            break
    for row in unsure.tolist():
        apart = np.sqrt(((reference - found[row]) ** 2).sum(axis=1))
        if excluded[row] >= 0:
            apart[excluded[row]] = np.inf
        two = np.argpartition(apart, 1)[:2]
        places[row] = two[np.argsort(apart[two], kind="stable")]
        distances[row] = apart[places[row]]
    return Neighbours(distances, places)


def _candidates(
    x: FloatArray, points: FloatArray, excluded: IntArray, middle: FloatArray, progress: bool
) -> Neighbours:
    """The two nearest by products about a place, with their distances by differences."""
    from tqdm import tqdm

    from .kernels_neighbours import two_smallest

    values = np.full((len(x), 2), np.inf)
    places = np.zeros((len(x), 2), dtype=np.int64)
    rows, columns = range(0, len(x), _ROWS), range(0, len(points), _COLUMNS)
    bar = tqdm(total=len(rows) * len(columns), disable=None if progress else True, desc="neighbours")
    # The bits of a matrix product depend on the number of threads.
    with _libraries().limit(limits=1), bar:
        for column in columns:
            block = points[column : column + _COLUMNS] - middle
            norms = np.einsum("ij,ij->i", block, block)
            for row in rows:
                part = slice(row, row + _ROWS)
                products = (x[part] - middle) @ block.T
                two_smallest(norms, products, column, excluded[part], values[part], places[part])
                bar.update()
    distances = np.empty((len(x), 2))
    for row in rows:
        part = slice(row, row + _ROWS)
        difference = x[part, None, :] - points[places[part]]
        distances[part] = np.sqrt(np.einsum("ijk,ijk->ij", difference, difference))
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbours(np.take_along_axis(distances, order, 1), np.take_along_axis(places, order, 1))


def neighbour_ratios(x: ArrayLike, points: ArrayLike) -> FloatArray:
    """Distance to the nearest of ``points`` over that to the second nearest, (count,); at least 2 points.

    A row at two equal points has the ratio 1: it is no nearer to one of them.
    """
    return two_nearest(x, points).ratios
