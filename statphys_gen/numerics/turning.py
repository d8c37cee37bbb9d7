"""Whether a branch turns back at a fold, and whether two values cross: signs on the two sides of a point.

At a solution of F = 0, J v = 0 with the left null vector w of J, the parameter along the branch is, at a distance s in
the direction v,

    p(s) = p(0) - int_0^s w.J(x + r v) v dr / w.F_p + ...

The system of a fold is solved by every point at which J is singular: by an inflection (p = x^3), by a transcritical
point (p x = x^2), by an isolated point (x^2 + p^2 = 0). It is a fold where w.J v changes its sign with s and w.F_p
keeps its own, which is seen at the shortest distance at which these numbers stand out from their rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..arrays import FloatArray
from .equations import EPSILON, Equations

# The first distance in units of the error of the point, its growth, and the last one in units of Equations.scale.
_FIRST = 4.0
_GROWTH = 8.0
_LAST = 0.03
# Places at which rounding is sampled, in units of 4 ulp, and how many times the largest sample it may be.
_PROBES = np.array([-3.1, -1.7, -0.6, 0.8, 1.9, 2.7])
_SAFETY = 4.0
# Steps of the parameter, in units of max(1, |parameter|); a shorter one where F is not defined at such a distance.
_PARAMETER_STEPS = (EPSILON ** (1 / 3), 1e-9, 1e-13)


def changes_sign(
    function: Callable[[FloatArray, NDArray[np.intp]], FloatArray],
    error: FloatArray,
    scale: FloatArray,
    noise: FloatArray,
) -> NDArray[np.bool_]:
    """Whether g has opposite signs on the two sides of its root, at the first distance at which both stand out.

    ``function`` is g(distance, rows); ``noise`` the error of its values, and the others the error of the root and the
    size of the unknown. All are of shape (points,).
    """
    found = np.zeros(len(error), dtype=bool)
    distance = _FIRST * np.maximum(error, EPSILON * scale)
    rows = np.flatnonzero(np.isfinite(distance) & np.isfinite(noise))
    while len(rows):
        below, above = function(-distance[rows], rows), function(distance[rows], rows)
        seen = (np.abs(below) > noise[rows]) & (np.abs(above) > noise[rows])
        found[rows] = seen & (below * above < 0)
        distance[rows] *= _GROWTH
        rows = rows[~seen & np.isfinite(below) & np.isfinite(above) & (distance[rows] <= _LAST * scale[rows])]
    return found


def turns_back(
    equations: Callable[[FloatArray, NDArray[np.intp]], Equations],
    x: FloatArray,
    parameter: FloatArray,
    direction: FloatArray,
    error: FloatArray,
    room: FloatArray,
) -> NDArray[np.bool_]:
    """Whether the points x (points, unknowns) are folds; ``equations(parameter, rows)`` are those of some of them.

    ``direction`` is the null vector v of J, ``error`` that of x and of the parameter, and ``room`` the distance of the
    parameter from its bounds.
    """
    every = np.arange(len(x))
    if not len(x):
        return np.zeros(0, dtype=bool)
    here = equations(parameter, every)
    matrix = here.derivative(x, here(x), accurate=True)
    usable = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(error)
    left = np.linalg.svd(np.where(usable[:, None, None], matrix, 0.0))[0][:, :, -1]
    scale = here.scale(x).max(axis=1)

    def slope(distance: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        place = x[rows] + distance[:, None] * direction[rows]
        value, bias = equations(parameter[rows], rows).directional(place, direction[rows])
        return (left[rows] * value).sum(axis=1), (np.abs(left[rows]) * bias).sum(axis=1)

    samples = [slope(np.full(len(x), 0.0), every)]
    samples += [slope(4 * EPSILON * probe * scale, every) for probe in _PROBES]
    noise = _SAFETY * np.abs([value for value, _ in samples]).max(axis=0) + samples[0][1]

    for reach in _PARAMETER_STEPS:
        step = np.minimum(reach * np.maximum(1.0, np.abs(parameter)), 0.25 * room)
        responses = _responses(equations, x, parameter, direction, left, error, step)
        if np.isfinite(responses[:, usable]).all():
            break
    with np.errstate(invalid="ignore"):
        same = (np.sign(responses) == np.sign(responses[:1])).all(axis=0)
        rounding = EPSILON * np.abs(left * matrix.max(axis=2)).sum(axis=1) * scale / step
        usable &= same & (np.abs(responses).min(axis=0) > rounding)
    return usable & changes_sign(
        lambda s, rows: slope(s, rows)[0], np.where(usable, error, np.inf), scale, noise
    )


def _responses(
    equations: Callable[[FloatArray, NDArray[np.intp]], Equations],
    x: FloatArray,
    parameter: FloatArray,
    direction: FloatArray,
    left: FloatArray,
    error: FloatArray,
    step: FloatArray,
) -> FloatArray:
    """w.F_p at the points, and at a distance of the error on both sides in x and in the parameter (5, points)."""
    every = np.arange(len(x))
    found = []
    for along, across in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        place = x + along * _FIRST * error[:, None] * direction
        at = parameter + across * _FIRST * error
        change = equations(at + step, every)(place) - equations(at - step, every)(place)
        with np.errstate(all="ignore"):
            found.append((left * change).sum(axis=1) / (2 * step))
    return np.array(found)
