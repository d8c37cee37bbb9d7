r"""The Stieltjes transform of a Hessian at many eigenvalues: the roots of z(S) = (alpha first - 1)/S = z.

On the bulk of a law with a soft edge S is smooth, and a polynomial through a hundred roots gives all others; elsewhere
each root is found by Newton's method from its neighbours, and by continuation from far above the axis where that fails.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...arrays import ComplexArray, FloatArray
from ...numerics.stieltjes import SelfConsistent, inverse_map, resolve
from .curvature_law import CurvatureLaw

_EPS = float(np.finfo(np.float64).eps)
# Points of a density curve that are reached by continuation; the others start from their interpolation.
_COARSE_POINTS = 60
# From so many positions on a density is interpolated between Chebyshev nodes, as many as it takes; the first and the
# last number of them. An interpolation that is good to the tolerance at the nodes between those of one level is good to
# rounding with these nodes included.
_MANY_POSITIONS = 150
_FIRST_NODES, _LAST_NODES = 9, 513
_LEVEL_TOLERANCE = 1e-6
# Tries at the first of them, with six damped steps between two.
_DAMPED_ROUNDS = 30
# Largest |z(S) - z| of interpolated values, in units of 1 + |z|; tested at so many places.
_LARGEST_DEFECT = 1e-10
_DEFECT_PROBES = 16


def stieltjes_on_bulk(
    law: CurvatureLaw, alpha: float, z: ComplexArray, edge: float, s_edge: float
) -> ComplexArray:
    """S at points of the closed upper half-plane.

    Parameters
    ----------
    z : (n,) eigenvalues of H + mu I, right of the edge if they are real.
    edge, s_edge : left edge of the bulk and S there; -inf and NaN for a law without one.
    """
    from scipy.interpolate import CubicSpline

    if len(z) >= _MANY_POSITIONS and not z.imag.any() and edge < float(z.real.min()) and math.isfinite(edge):
        interpolated = _interpolated(law, alpha, z.real, edge, s_edge)
        if interpolated is not None:
            return interpolated
    system = inverse_map(
        lambda s: (alpha * law.responses(s)[0] - 1.0) / s,
        lambda s: (1.0 - alpha * law.responses(s)[1]) / s**2,
        10.0 * float(np.abs(z).max() + 1.0 + alpha),
    )
    order = np.argsort(z.real)
    points = z[order]
    if len(points) <= _COARSE_POINTS:
        return np.asarray(resolve(system, z)[:, 0])
    coarse = np.unique(np.linspace(0, len(points) - 1, _COARSE_POINTS).astype(int))
    known = _along_the_axis(law, alpha, system, points[coarse])
    # Near a soft edge S is smooth in the square root of the distance.
    place = np.sqrt(points.real - edge) if math.isfinite(edge) and edge < points.real[0] else points.real
    distinct = np.append(True, np.diff(place[coarse]) > 0.0)
    start = CubicSpline(place[coarse[distinct]], known[distinct])(place)
    s, good = _newton(law, alpha, start, points)
    with np.errstate(invalid="ignore"):
        good &= (np.abs(s - start) <= 0.3 * np.abs(start)) & (s.imag > -1e-12)
    bad = np.flatnonzero(~good)
    if len(bad):
        s[bad] = resolve(system, points[bad])[:, 0]
    result = np.empty(len(z), dtype=np.complex128)
    result[order] = s
    return result


def _interpolated(
    law: CurvatureLaw, alpha: float, x: FloatArray, edge: float, s_edge: float
) -> ComplexArray | None:
    """S on the bulk from its soft edge on, a polynomial in the area sinh of the square root of the distance from the
    edge, in units of 1/s_edge. None where that does not settle, and at a hard edge, where S is not smooth.

    A root of z(S) = x with positive imaginary part is the Stieltjes transform: there is no other one.
    """
    from numpy.polynomial import chebyshev
    from scipy.fft import dct

    if s_edge >= law.largest_argument:
        return None
    place = np.arcsinh(np.sqrt((x - edge) * s_edge))
    half = 0.5 * float(place.max())

    def positions(unit: FloatArray) -> ComplexArray:
        return np.asarray(edge + np.sinh(half * (1.0 + unit)) ** 2 / s_edge, dtype=np.complex128)

    def coefficients(values: ComplexArray) -> ComplexArray:
        """Of the polynomial through values at cos(pi k/(n - 1)), without its negligible end."""
        parts = [dct(part, type=1) / (len(values) - 1) for part in (values.real, values.imag)]
        result = parts[0] + 1j * parts[1]
        result[[0, -1]] *= 0.5
        kept = np.flatnonzero(np.abs(result) > _EPS * np.abs(result).max())[-1] + 1
        return np.asarray(result[:kept])

    def interpolated(values: ComplexArray, unit: FloatArray) -> ComplexArray:
        # In two real sums, which cost half as much as a complex one.
        series = coefficients(values)
        parts = [chebyshev.chebval(unit, part) for part in (series.real, series.imag)]
        return np.asarray(parts[0] + 1j * parts[1], dtype=np.complex128)

    unit = np.cos(np.pi * np.arange(_FIRST_NODES) / (_FIRST_NODES - 1))
    first = positions(unit[:-1])
    # s_edge at the edge, -1/x far from it, and the right phase between them.
    guess = s_edge / (1.0 - 1j * np.sqrt((first - edge) * s_edge)) ** 2
    inside, good = _from_anywhere(law, alpha, first, guess)
    values = np.append(inside, s_edge)
    while good:
        count = 2 * len(values) - 1
        between = np.cos(np.pi * np.arange(1, count, 2) / (count - 1))
        start = interpolated(values, between)
        found, converged = _newton(law, alpha, start, positions(between))
        if not (converged.all() and (found.imag > 0.0).all()):
            return None
        together = np.empty(count, dtype=np.complex128)
        together[::2], together[1::2] = values, found
        values = together
        if (np.abs(found - start) <= _LEVEL_TOLERANCE * np.abs(found)).all():
            return _verified(law, alpha, x, interpolated(values, place / half - 1.0))
        good = count < _LAST_NODES
    return None


def _from_anywhere(
    law: CurvatureLaw, alpha: float, z: ComplexArray, s: ComplexArray
) -> tuple[ComplexArray, bool]:
    """S at a few points of the bulk from a rough guess: damped fixed points until Newton's method converges."""
    for _ in range(_DAMPED_ROUNDS):
        found, converged = _newton(law, alpha, s, z)
        if converged.all() and (found.imag > 0.0).all():
            return found, True
        for _ in range(6):
            first, _ = law.responses(s)
            s = 0.5 * (s + s / (alpha * first - s * z))
    return s, False


def _verified(law: CurvatureLaw, alpha: float, x: FloatArray, s: ComplexArray) -> ComplexArray | None:
    """The values if the equation holds at some of them."""
    probes = np.unique(np.linspace(0, len(s) - 1, _DEFECT_PROBES).astype(int))
    first, _ = law.responses(s[probes])
    defect = np.abs((alpha * first - 1.0) / s[probes] - x[probes])
    return s if (defect <= _LARGEST_DEFECT * (1.0 + np.abs(x[probes]))).all() else None


def _along_the_axis(law: CurvatureLaw, alpha: float, system: SelfConsistent, z: ComplexArray) -> ComplexArray:
    """S at increasing points, each from the one before along its tangent; the ends by continuation from far above."""
    ends = resolve(system, z[[0, -1]])[:, 0]
    s = np.empty(len(z), dtype=np.complex128)
    s[0] = ends[0]
    for k in range(1, len(z)):
        here = s[k - 1]
        second = complex(law.responses(np.array([here]))[1][0])
        start = here + here**2 / (1.0 - alpha * second) * (z[k] - z[k - 1])
        found, good = _newton(law, alpha, np.array([start]), z[k : k + 1])
        near = abs(found[0] - here) <= 0.5 * abs(here) and found[0].imag > -1e-12
        s[k] = found[0] if good[0] and near else resolve(system, z[k : k + 1])[0, 0]
    if abs(s[-1] - ends[1]) <= 1e-8 * abs(ends[1]):
        return s
    return np.asarray(resolve(system, z)[:, 0])


def _newton(
    law: CurvatureLaw, alpha: float, s: ComplexArray, z: ComplexArray
) -> tuple[ComplexArray, NDArray[np.bool_]]:
    """Newton's iteration for z(S) = z, one evaluation of the moments a step; where it ended and where it converged."""
    s = s.copy()
    active = np.arange(len(s))
    good = np.zeros(len(s), dtype=bool)
    with np.errstate(all="ignore"):
        for _ in range(12):
            here = s[active]
            first, second = law.responses(here)
            defect = alpha * first - 1.0 - here * z[active]
            step = here * defect / (alpha * (first - second) - here * z[active])
            s[active] = here - step
            small = np.abs(step) <= 1e-8 * np.abs(here)
            good[active[small]] = True
            active = active[~small]
            if not len(active):
                break
    return s, good
