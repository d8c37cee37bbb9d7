r"""Where two bulks of the spectrum merge: points, and lines in a plane of two parameters, for any covariance.

A gap between two bulks is a stretch of the real curve z(mu) between a maximum and a minimum. It closes where
the two meet in a horizontal inflection,

    dz/dlog|mu - e| = d^2 z/d(log|mu - e|)^2 = 0     (e: 0 or the eigenvalue of Sigma nearest to mu),

which is solved by Newton's iteration for mu and one parameter of the model, and followed in the plane of two of
them by pseudo-arclength; derivatives in mu are those of the Taylor series from values on a circle. Close to the
line, the width of the gap grows like the distance to the power 3/2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.branches import follow
from ...numerics.roots import newton
from ...solution import Solution, Status
from ..model import RandomFeatures
from .edges import FINE_NODES, SOURCE, RealCurve, absolute_edges, extrema, offset_edges
from .resolvent import dyson_from_floor

Parameter = Literal["features_per_dimension", "samples_per_dimension", "time"]
_PARAMETERS = ("features_per_dimension", "samples_per_dimension", "time")

# Radius of the circle in log|mu - e|, and points on it.
_RADIUS = 0.05
_CIRCLE = 32
# Of the two derivatives over z, which rounding and the circle leave.
_RESIDUAL = 1e-10
# How far from a line, in the logarithms, the bulks on its two sides are counted.
_ASIDE = 3e-3


@dataclass(frozen=True)
class _Chart:
    """mu = base + direction exp(t), on a sheet of q."""

    base: float
    direction: float
    sheet: int

    def curve(self, model: RandomFeatures, t: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], float]:
        """z, and the place from which it is measured."""
        system = dyson_from_floor(model, FINE_NODES)
        offset = np.asarray(self.direction * np.exp(t), dtype=np.complex128)
        with np.errstate(all="ignore"):
            z, _, _ = system.real_curve(
                np.full(len(t), self.base), offset, np.full(len(t), self.sheet, dtype=np.intp)
            )
        return z, system.origin

    def derivatives(self, model: RandomFeatures, t: float) -> FloatArray:
        """dz/dt and d^2z/dt^2 over z, (2,)."""
        circle = _RADIUS * np.exp(2j * np.pi * np.arange(_CIRCLE) / _CIRCLE)
        series = np.fft.fft(self.curve(model, t + circle)[0]).real / _CIRCLE
        return np.asarray(series[1:3] / _RADIUS ** np.array([1, 2]) * np.array([1.0, 2.0]) / series[0])


def _checked(model: RandomFeatures, name: str, lower: float, upper: float) -> tuple[float, float]:
    validation.choice("solve_for", name, _PARAMETERS)
    low, high = validation.positive("lower", lower), validation.positive("upper", upper)
    if not low < high:
        raise InvalidArgument("lower", lower, f"below upper = {high:g}")
    counts = [len(offset_edges(model.replace(**{name: value}))) for value in (low, high)]
    if abs(counts[0] - counts[1]) != 1:
        raise InvalidArgument(
            "upper", upper, f"such that the number of bulks changes by 1 (it is {counts[0]} and {counts[1]})"
        )
    return low, high


def _between(
    model: RandomFeatures, name: str, low: float, high: float, gap_near: float | None
) -> tuple[_Chart, FloatArray]:
    """The chart of the gap and the solution (t, logarithm of the parameter).

    Counting bulks closes in, until the two edges of the gap are the only extrema near by.
    """

    def at(value: float) -> RandomFeatures:
        return model.replace(**{name: value})

    def count(value: float) -> int:
        return len(offset_edges(at(value)))

    counts = {value: count(value) for value in (low, high)}
    while high / low - 1.0 > 1e-3:
        middle = math.sqrt(low * high)
        counts[middle] = count(middle)
        low, high = (middle, high) if counts[middle] == counts[low] else (low, middle)
    open_side = low if counts[low] > counts[high] else high
    mu, sheet = _gap(at(open_side), gap_near)
    bases = np.concatenate([[0.0], model.covariance.eigenvalues])
    base = float(bases[np.argmin(np.abs(mu.mean() - bases))])
    chart = _Chart(base, math.copysign(1.0, mu[0] - base), sheet)

    def residual(x: FloatArray) -> FloatArray:
        return np.stack([chart.derivatives(at(math.exp(y)), t) for t, y in x.tolist()])

    start = [float(np.log(np.abs(mu - base)).mean()), 0.5 * math.log(low * high)]
    found = newton(residual, start, jacobian="central", tolerance=_RESIDUAL, names=("t", "logarithm"))
    if not bool(found.good) or not 0.99 * low < math.exp(found["logarithm"]) < 1.01 * high:
        raise AccuracyNotReached("merging point: Newton's iteration lost the gap on the real curve")
    return chart, np.array([found["t"], found["logarithm"]])


def _gap(model: RandomFeatures, gap_near: float | None) -> tuple[FloatArray, int]:
    """mu at the two edges of a gap, and their sheet."""
    edges = np.array(absolute_edges(model))
    gaps = np.stack([edges[:-1, 1], edges[1:, 0]], axis=1)
    if gap_near is None:
        k = int(np.argmin(gaps[:, 1] / gaps[:, 0]))
    else:
        k = int(np.argmin(np.abs(np.log(gaps.mean(axis=1) / validation.positive("gap_near", gap_near)))))
    curve, offsets = RealCurve.of(model), offset_edges(model)
    found = extrema(curve)
    ends = [int(np.argmin(np.abs(found.value - edge))) for edge in (offsets[k][1], offsets[k + 1][0])]
    piece, sheet = found.branch[ends] // 2, found.branch[ends] % 2
    if sheet[0] != sheet[1]:
        raise AccuracyNotReached(
            "merging point: the edges of the gap lie on different sheets of the real curve"
        )
    return curve.base[piece] + curve.direction[piece] * np.exp(found.parameter[ends]), int(sheet[0])


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent",
    source=SOURCE,
    verification="derived and simulated",
)
def merging_point(
    model: RandomFeatures, solve_for: Parameter, lower: float, upper: float, *, gap_near: float | None = None
) -> float:
    """The value of one parameter at which a gap between two bulks closes.

    There, an inflection of the real curve z(mu) is horizontal, which is what is solved, to a relative accuracy of 1e-8.

    Parameters
    ----------
    solve_for : features_per_dimension, samples_per_dimension or time; the other parameters are those of ``model``.
    lower, upper : values at which the numbers of bulks differ by one.
    gap_near : position in the spectrum of the gap that is meant; default the narrowest.
    """
    low, high = _checked(model, solve_for, lower, upper)
    return math.exp(_between(model, solve_for, low, high, gap_near)[1][1])


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent",
    source=SOURCE,
    verification="derived and simulated",
)
def merging_line(
    model: RandomFeatures,
    along: Parameter,
    along_lower: float,
    along_upper: float,
    solve_for: Parameter,
    lower: float,
    upper: float,
    *,
    gap_near: float | None = None,
    step: float = 0.1,
    max_points: int = 200,
) -> Solution:
    """The line in the plane of two parameters on which a gap between two bulks closes, through its turning points.

    It starts from :func:`merging_point` at ``model`` and is followed in both directions, in the logarithms of the
    two parameters, until ``along`` leaves its interval. At every point the bulks on the two sides of the line are
    counted: where their number does not differ by one, the status is *no solution*.

    Parameters
    ----------
    along : one parameter, with the interval that the line is followed in, which contains that of ``model``;
        features_per_dimension, samples_per_dimension or time.
    solve_for : the other parameter, another one of the three.
    lower, upper : values of it at which the numbers of bulks differ by one, at ``model``.
    gap_near : position in the spectrum of the gap that is meant, there; default the narrowest.
    step : largest distance between points, in the logarithms.
    max_points : in each direction.

    Returns
    -------
    Solution of shape (points,), in the order of the line, with the two parameters as fields and ``position``, the
    eigenvalue at which the bulks meet. About 0.3 s for each point.
    """
    validation.choice("along", along, _PARAMETERS)
    if along == solve_for:
        raise InvalidArgument("solve_for", solve_for, f"another parameter than along = {along}")
    given = float(getattr(model, along))
    first, last = (
        validation.positive("along_lower", along_lower),
        validation.positive("along_upper", along_upper),
    )
    if not first <= given <= last:
        raise InvalidArgument("along_lower", along_lower, f"such that {along} = {given:g} is in the interval")
    low, high = _checked(model, solve_for, lower, upper)
    chart, start = _between(model, solve_for, low, high, gap_near)

    def at(x: float, y: float) -> RandomFeatures:
        return model.replace(**{along: math.exp(x), solve_for: math.exp(y)})

    def residual(x: FloatArray, parameter: FloatArray) -> FloatArray:
        rows = zip(x.tolist(), parameter.tolist(), strict=True)
        return np.stack([chart.derivatives(at(p, y), t) for (t, y), p in rows])

    branches = [
        follow(
            residual,
            start,
            math.log(given),
            direction=direction,
            step=min(step, 0.05),
            max_step=validation.positive("step", step),
            max_points=max_points,
            parameter_lower=math.log(first),
            parameter_upper=math.log(last),
            tolerance=_RESIDUAL,
            names=("t", "logarithm"),
        )
        for direction in (-1, 1)
    ]
    # Backwards to the start, and onwards without repeating it.
    pieces = list(zip(branches, [slice(None, None, -1), slice(1, None)], strict=True))
    t, x, y = (
        np.concatenate([b.solution[name][order] for b, order in pieces])
        for name in ("t", "parameter", "logarithm")
    )
    status, largest_residual, error, iterations = (
        np.concatenate([getattr(b.solution, name)[order] for b, order in pieces])
        for name in ("status", "residual", "error", "iterations")
    )
    tangent = np.concatenate([b.tangent[order][:, 1:] for b, order in pieces])
    position = np.full(len(t), np.nan)
    for k in np.flatnonzero(status <= Status.NEAR_CRITICAL):
        z, origin = chart.curve(at(x[k], y[k]), np.array([t[k]], dtype=np.complex128))
        position[k] = origin + float(z[0].real)
        if not _divides(at, x[k], y[k], tangent[k]):
            status[k] = Status.NO_SOLUTION
    return Solution(
        {along: np.exp(x), solve_for: np.exp(y), "position": position},
        status,
        largest_residual,
        error * np.maximum(np.exp(x), np.exp(y)),
        iterations,
        approximation_of(merging_line),
    )


def _divides(at: Callable[[float, float], RandomFeatures], x: float, y: float, tangent: FloatArray) -> bool:
    """Whether the number of bulks differs by one across the line, whose tangent is (dy, dx)."""
    normal = np.array([tangent[0], -tangent[1]]) / np.hypot(*tangent) * _ASIDE
    counts = [len(offset_edges(at(x + sign * normal[0], y + sign * normal[1]))) for sign in (-1.0, 1.0)]
    return abs(counts[0] - counts[1]) == 1
