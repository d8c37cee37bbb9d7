r"""Edges of a spectrum and isolated eigenvalues, from the inverse map or the self-consistent equations.

- :func:`critical_points`: extrema of a real curve z(t), the candidates for edges.
- :func:`support`: which intervals between the candidates carry spectrum.
- :func:`outliers`: isolated eigenvalues (BBP), real zeros of a function outside of the support.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import ComplexArray, FloatArray
from ..errors import InvalidArgument
from .stieltjes import SelfConsistent, resolve

# Candidates for edges that are closer than this, relative to their position, are one.
_NARROWEST = 1e-8
# Heights over the middle of an interval, relative to its half length, at which a density is looked for.
_HEIGHTS = (1e-2, 1e-3, 1e-5, 1e-7)
_LOWEST_HEIGHT = 1e-10
# A derivative whose dip goes through zero by less than this part of what it is beside it is not known to do so.
_TOUCHING = 1e-13

Curve = Callable[[ComplexArray, NDArray[np.intp]], ComplexArray]


@dataclass(frozen=True)
class CriticalPoints:
    """Extrema of real curves: parameter t, branch and value, in increasing order of the value."""

    parameter: FloatArray
    branch: NDArray[np.intp]
    value: FloatArray


def critical_points(curve: Curve, grids: list[tuple[int, FloatArray]]) -> CriticalPoints:
    """Extrema of the real curves z(t) on several branches.

    Parameters
    ----------
    curve : ``curve(t, branch)`` with t complex and branch integer of one shape (points,): z(t), holomorphic
        near the real axis (its derivative is taken by a complex step); NaN where the branch does not exist.
    grids : branch and increasing t; an extremum is found if the derivative has different signs at two
        neighbours, or a local minimum of its modulus between three of them goes through zero. An inflection is none.
    """
    from scipy.optimize import elementwise

    def slope(t: FloatArray, branch: NDArray[Any]) -> FloatArray:
        with np.errstate(all="ignore"):
            step = 1e-30 * np.maximum(1.0, np.abs(t))
            return np.asarray(curve(t + 1j * step, np.asarray(branch, dtype=np.intp)).imag / step)

    left, right, branches = _brackets(slope, grids)
    if not len(left):
        return CriticalPoints(np.empty(0), np.empty(0, dtype=np.intp), np.empty(0))
    with np.errstate(all="ignore"):
        found = elementwise.find_root(
            slope, (left, right), args=(branches.astype(float),), tolerances={"xrtol": 4e-16, "xatol": 0.0}
        )
        ends = np.maximum(np.abs(slope(left, branches)), np.abs(slope(right, branches)))
        value = curve(found.x.astype(complex), branches).real
        # At a pole the derivative changes its sign through infinity.
        genuine = (np.abs(slope(found.x, branches)) < 0.1 * ends) & np.isfinite(value)
    order = np.argsort(value[genuine])
    return CriticalPoints(found.x[genuine][order], branches[genuine][order], value[genuine][order])


def _brackets(
    slope: Callable[[FloatArray, NDArray[Any]], FloatArray], grids: list[tuple[int, FloatArray]]
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    from scipy.optimize import elementwise

    sizes = [len(t) for _, t in grids]
    if not sizes:
        return np.empty(0), np.empty(0), np.empty(0, dtype=np.intp)
    t = np.concatenate([t for _, t in grids])
    branch = np.repeat([b for b, _ in grids], sizes).astype(np.intp)
    piece = np.repeat(np.arange(len(grids)), sizes)
    g = slope(t, branch)
    with np.errstate(invalid="ignore"):
        together = piece[1:] == piece[:-1]
        change = together & (g[1:] * g[:-1] < 0)
        rows = np.flatnonzero(change)
        triple = together[1:] & together[:-1] & (g[2:] * g[1:-1] > 0) & (g[1:-1] * g[:-2] > 0)
        size = np.abs(g)
        dip = np.flatnonzero(triple & (size[1:-1] <= size[2:]) & (size[1:-1] < size[:-2])) + 1
    left, right, where = [t[rows]], [t[rows + 1]], [branch[rows]]
    if len(dip):
        sign = np.sign(g[dip])
        with np.errstate(all="ignore"):
            lowest = elementwise.find_minimum(
                lambda x, b, s: s * slope(x, b),
                (t[dip - 1], t[dip], t[dip + 1]),
                args=(branch[dip].astype(float), sign),
            )
        # An inflection touches zero: only what stands out from the rounding is a pair of extrema.
        around = np.maximum(np.abs(g[dip - 1]), np.abs(g[dip + 1]))
        through = (lowest.f_x < -_TOUCHING * around) & np.isfinite(lowest.f_x)
        for a, b in ((t[dip - 1], lowest.x), (lowest.x, t[dip + 1])):
            left.append(a[through])
            right.append(b[through])
            where.append(branch[dip][through])
    return np.concatenate(left), np.concatenate(right), np.concatenate(where)


def support(system: SelfConsistent, candidates: ArrayLike, unknown: int = 0) -> list[tuple[float, float]]:
    """The intervals that carry a density, with ends among the ``candidates`` (which contain all edges, and all atoms).

    The density is looked at once between neighbouring candidates: with the solution at several heights above the
    point, Im m is proportional to the height in a gap, and hardly changes inside of a bulk.
    """
    places = np.unique(validation.array("candidates", candidates, ndim=1))
    keep = np.ones(len(places), dtype=bool)
    keep[1:] = np.diff(places) > _NARROWEST * np.abs(places[1:])
    places = places[keep]
    if len(places) < 2:
        return []
    lower, upper = places[:-1], places[1:]
    same_sign = (lower > 0) | (upper < 0)
    with np.errstate(invalid="ignore"):
        middle = np.where(same_sign, np.sign(upper) * np.sqrt(np.abs(lower * upper)), 0.5 * (lower + upper))
    reach = np.minimum(middle - lower, upper - middle)
    inside = np.zeros(len(middle), dtype=bool)
    # Beside a heavy atom, a light bulk shows only close to the axis: the lower heights, for what is still open.
    for heights in (_HEIGHTS[:2], _HEIGHTS[1:]):
        h = np.array(heights)
        open_ = np.flatnonzero(
            ~inside & ((h[0] == _HEIGHTS[0]) | (h[1] * reach > _LOWEST_HEIGHT * np.abs(middle)))
        )
        if not len(open_):
            break
        at = middle[open_] + 1j * np.maximum(
            h[:, None] * reach[open_], 0.5 * _LOWEST_HEIGHT * np.abs(middle[open_])
        )
        found = resolve(system, at.ravel())[:, unknown].imag.reshape(at.shape)
        inside[open_] = (found[1:] > 1.05 * at.imag[1:] / at.imag[:-1] * found[:-1]).any(axis=0)
    bulks: list[tuple[float, float]] = []
    for a, b, carries in zip(lower, upper, inside, strict=True):
        if carries and bulks and bulks[-1][1] == a:
            bulks[-1] = (bulks[-1][0], float(b))
        elif carries:
            bulks.append((float(a), float(b)))
    return bulks


def outliers(
    function: Callable[[FloatArray], Any], lower: float, upper: float, points: int = 400
) -> FloatArray:
    """Real zeros between two positions outside of the support: isolated eigenvalues that a low-rank part pulls out.

    Parameters
    ----------
    function : maps positions (n,) to real numbers (n,), such as 1 + theta m(x) for the rank-one part theta; it
        must be continuous between ``lower`` and ``upper``, at which it is not evaluated.
    points : number of positions, clustered at the ends, between which a change of sign is looked for.
    """
    from scipy.optimize import elementwise

    if not lower < upper:
        raise InvalidArgument("upper", upper, f"above lower = {lower:g}")
    angle = np.linspace(0.0, np.pi, validation.integer("points", points, minimum=3) + 2)[1:-1]
    x = lower + (upper - lower) * np.sin(0.5 * angle) ** 2
    values = np.asarray(function(x), dtype=np.float64)
    rows = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    if not len(rows):
        return np.empty(0)
    found = elementwise.find_root(function, (x[rows], x[rows + 1]))
    return np.asarray(found.x)
