"""Nearest neighbours in a set of points.

Candidates come from matrix products over blocks of rows and of points, both less the mean of the points. Of every row
the few points with the least lower bound of their distance are kept, from a product in single precision and a bound of
its rounding; their distances are taken from differences in double precision, because a copy's distance is small
against the norms. If the second of them is not below the bound of all points that were left out, the row is searched
once more in double precision about the median of such rows, and after that by differences alone. Memory: one block of
rows, one of points, one of products, and a few numbers for each row.

The bound. With entries of at most 1 and a unit roundoff u, a sum of d products x_k p_k of rounded entries is off by at
most g |x| |p| <= g (|x|^2 + |p|^2)/2 in any order of summation, where g = (d + 8) u/(1 - 2 (d + 8) u) has room for the
rounding of norms, of the difference and of the entries. Hence |x - p|^2 >= (1 - g) |x|^2 + 2 v for the rounded
v = (1 - g) |p|^2/2 - x.p, up to what underflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# Rows and points in a block, and numbers in a block of either.
_ROWS, _COLUMNS, _NUMBERS = 2048, 1024, 2**23
# Candidates of a row; and the relative error of the square of the second distance where more of them are tied.
_FEW, _ALLOWED = 8, 1e-8
_LARGEST = 1e150  # of an entry: squares are added
_SMALLEST = 1e-145  # of a distance whose square keeps its digits
# In more dimensions the bound of the error in single precision would leave everything open.
_SINGLE = 100_000


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
    x: ArrayLike, points: ArrayLike, *, own: ArrayLike | None = None, progress: bool = False
) -> Neighbours:
    """The two points that are nearest to each row of x.

    Parameters
    ----------
    x : (count, d).
    points : (n, d), at least 2, and 3 with ``own``.
    own : (count,) index of the point that each row is itself, and which is left out; None where rows are no points.
    progress : whether a bar on standard error counts the blocks.
    """
    from .kernels_neighbours import extent, squared_distances

    reference = np.ascontiguousarray(validation.array("points", points, shape=(None, None)))
    least = 2 if own is None else 3
    if len(reference) < least:
        raise InvalidArgument("points", reference, f"at least {least} points")
    found = np.ascontiguousarray(validation.array("x", x, shape=(None, reference.shape[1])))
    excluded = np.full(len(found), -1) if own is None else _indices(own, len(found), len(reference))
    unsure = np.arange(len(found))
    distances, places = np.empty((len(found), 2)), np.zeros((len(found), 2), dtype=np.int64)
    least, largest, middle = extent(reference)
    ends = least, largest, *extent(found)[:2]
    for name, entry in (("points", ends[:2]), ("x", ends[2:])):
        if np.abs(entry).max() > _LARGEST:
            raise InvalidArgument(
                name, float(np.abs(entry).max()), f"numbers of at most {_LARGEST:g} in size"
            )
    for precision in (np.float32, np.float64) if reference.shape[1] <= _SINGLE else (np.float64,):
        rows = found if len(unsure) == len(found) else found[unsure]
        size = max(float(np.abs(end - middle).max()) for end in ends)
        near, sure = _candidates(rows, reference, excluded[unsure], middle, size, precision, progress)
        distances[unsure], places[unsure] = near.distances, near.places
        unsure = unsure[~sure]
        if not len(unsure):
            break
        middle = np.median(found[unsure], axis=0)
    everywhere, squares = np.arange(len(reference))[None, :], np.empty((1, len(reference)))
    for row in unsure.tolist():
        squared_distances(found, reference, everywhere, row, squares)
        if excluded[row] >= 0:
            squares[0, excluded[row]] = np.inf
        apart = np.sqrt(squares[0])
        few = np.flatnonzero(apart < _SMALLEST)
        if len(few):
            apart[few] = np.ldexp(np.linalg.norm(np.ldexp(found[row] - reference[few], 600), axis=1), -600)
        two = np.argpartition(apart, 1)[:2]
        places[row] = two[np.argsort(apart[two], kind="stable")]
        distances[row] = apart[places[row]]
    return Neighbours(distances, places)


def _indices(own: ArrayLike, rows: int, points: int) -> IntArray:
    places = validation.array("own", own, shape=(rows,))
    bad = np.flatnonzero((places < 0.0) | (places >= points) | (places != np.floor(places)))
    if len(bad):
        raise InvalidArgument(f"own[{bad[0]}]", float(places[bad[0]]), f"an index of {points} points, from 0")
    return places.astype(np.int64)


def _candidates(
    x: FloatArray,
    points: FloatArray,
    excluded: IntArray,
    middle: FloatArray,
    size: float,
    precision: type[np.floating[Any]],
    progress: bool,
) -> tuple[Neighbours, NDArray[np.bool_]]:
    """The two nearest by products about a place, with their distances by differences, and whether no other point can be
    nearer than the second.
    """
    from tqdm import tqdm

    from .kernels_neighbours import centred, few_smallest, squared_distances

    d = points.shape[1]
    scale = float(np.ldexp(1.0, int(np.clip(-np.frexp(size)[1], -1000, 1000))))
    facts = np.finfo(precision)
    share = (d + 8) * 0.5 * (facts.eps + float(np.finfo(np.float64).eps))
    bound = share / (1.0 - 2.0 * share)
    rows, columns = min(_ROWS, max(1, _NUMBERS // d)), min(_COLUMNS, max(1, _NUMBERS // d))
    block = np.empty((min(columns, len(points)), d), dtype=precision)
    part = np.empty((min(rows, len(x)), d), dtype=precision)
    numbers = np.empty(len(part) * len(block), dtype=precision)
    norms, own = np.empty(len(block)), np.empty(len(part))
    distances, places = np.empty((len(x), 2)), np.empty((len(x), 2), dtype=np.int64)
    sure = np.empty(len(x), dtype=np.bool_)
    starts = range(0, len(x), rows), range(0, len(points), columns)
    bar = tqdm(total=len(starts[0]) * len(starts[1]), disable=None if progress else True, desc="neighbours")
    # The bits of a matrix product depend on the number of threads.
    with _libraries().limit(limits=1), bar:
        for row in starts[0]:
            r = min(rows, len(x) - row)
            centred(x[row : row + r], middle, scale, part, own)
            values, few = np.full((r, _FEW), np.inf, dtype=precision), np.full((r, _FEW), -1)
            for column in starts[1]:
                c = min(columns, len(points) - column)
                centred(points[column : column + c], middle, scale, block, norms)
                products = numbers[: r * c].reshape(r, c)
                np.matmul(part[:r], block[:c].T, out=products)
                low = (0.5 * (1.0 - bound) * norms[:c]).astype(precision)
                few_smallest(low, products, column, excluded[row : row + r], values, few)
                bar.update()
            squares = np.empty((r, _FEW))
            squared_distances(x, points, few, row, squares)
            order = np.argsort(squares, axis=1, kind="stable")[:, :2]
            here = slice(row, row + r)
            places[here] = np.take_along_axis(few, order, 1)
            distances[here] = np.sqrt(np.take_along_axis(squares, order, 1))
            others = (
                (1.0 - bound) * own[:r]
                + 2.0 * values[:, -1].astype(np.float64)
                - 4.0 * (d + 1) * float(facts.tiny)
            )
            second = distances[here, 1]
            sure[here] = (second * scale) ** 2 * (1.0 - _ALLOWED) <= others
            # Where both lie at the row itself, nothing is nearer; other squares as small may have lost their digits.
            tiny = np.flatnonzero(distances[here, 0] < _SMALLEST)
            for place in (0, 1):
                same = (x[row + tiny] == points[places[row + tiny, place]]).all(axis=1)
                lost = ~same & (distances[row + tiny, place] < _SMALLEST)
                sure[row + tiny[lost]] = False
                tiny = tiny[same]
            sure[row + tiny] = True
    return Neighbours(distances, places), sure


def neighbour_ratios(x: ArrayLike, points: ArrayLike) -> FloatArray:
    """Distance to the nearest of ``points`` over that to the second nearest, (count,); at least 2 points.

    A row at two equal points has the ratio 1: it is no nearer to one of them.
    """
    return two_nearest(x, points).ratios
