r"""Where two bulks of the spectrum merge: points, and lines in a plane of two parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..approximation import states
from ..errors import AccuracyNotReached, InvalidArgument
from .edges import RealCurve, extrema, offset_edges
from .model import RandomFeatures

FloatArray = NDArray[np.float64]
Parameter = Literal["features_per_dimension", "samples_per_dimension", "time"]


@states(
    "exact as N -> infinity",
    "for the Gaussian equivalent",
    source="derivations/random_features_self_consistent.py",
    verification="derived",
)
def merging_point(
    model: RandomFeatures, solve_for: Parameter, lower: float, upper: float, *, gap_near: float | None = None
) -> float:
    """The value of one parameter at which a gap between two bulks closes.

    There, an inflection of the real curve z(mu) is horizontal, dz/dmu = d^2z/dmu^2 = 0; that is what is solved.

    Parameters
    ----------
    solve_for : features_per_dimension, samples_per_dimension or time; the other parameters are those of ``model``.
    lower, upper : values at which the numbers of bulks differ by one.
    gap_near : position in the spectrum of the gap that is meant; default the narrowest.
    """
    validation.choice("solve_for", solve_for, ("features_per_dimension", "samples_per_dimension", "time"))
    low, high = validation.positive("lower", lower), validation.positive("upper", upper)
    if not low < high:
        raise InvalidArgument("lower", lower, f"below upper = {high:g}")

    def at(value: float) -> RandomFeatures:
        return model.replace(**{solve_for: value})

    counts = {value: len(offset_edges(at(value))) for value in (low, high)}
    if abs(counts[low] - counts[high]) != 1:
        raise InvalidArgument(
            "upper",
            upper,
            f"such that the number of bulks changes by 1 (it is {counts[low]} and {counts[high]})",
        )
    # Close in by counting, until the two edges of the gap are the only extrema near by.
    for _ in range(60):
        if high / low - 1.0 < 1e-3:
            break
        middle = math.sqrt(low * high)
        counts[middle] = len(offset_edges(at(middle)))
        low, high = (middle, high) if counts[middle] == counts[low] else (low, middle)
    open_side = low if counts[low] > counts[high] else high
    return _closing(at, open_side, low, high, gap_near)


def _closing(
    at: Callable[[float], RandomFeatures], open_side: float, low: float, high: float, gap_near: float | None
) -> float:
    from scipy.optimize import brentq, minimize_scalar

    edges = np.array(offset_edges(at(open_side)))
    gaps = np.stack([edges[:-1, 1], edges[1:, 0]], axis=1)
    if gap_near is None:
        lower_edge, upper_edge = gaps[np.argmin(gaps[:, 1] / gaps[:, 0])]
    else:
        lower_edge, upper_edge = gaps[np.argmin(np.abs(np.log(gaps.mean(axis=1) / gap_near)))]
    found = extrema(RealCurve.of(at(open_side)))
    ends = [int(np.argmin(np.abs(found.value - edge))) for edge in (lower_edge, upper_edge)]
    branch = found.branch[ends]
    if branch[0] != branch[1]:
        raise AccuracyNotReached(
            "merging point: the edges of the gap lie on different branches of the real curve"
        )
    start, stop = np.sort(found.parameter[ends])
    margin = stop - start

    def extreme_slope(value: float) -> float:
        """The largest slope towards the gap; positive while it is open."""
        curve = RealCurve.of(at(value))

        def slope(t: float) -> float:
            z = curve.position(np.array([t + 1e-30j]), branch[:1])
            return -sign * float(z[0].imag / 1e-30)

        best = minimize_scalar(
            slope,
            bounds=(start - margin, stop + margin),
            method="bounded",
            options={"xatol": 1e-9 * margin},
        )
        return -float(best.fun)

    # In the gap z increases from the lower to the upper edge.
    sign = 1.0 if found.parameter[ends[1]] > found.parameter[ends[0]] else -1.0
    closed_side = low + high - open_side
    for _ in range(8):
        # The last gaps before they close are too narrow to be counted.
        if extreme_slope(closed_side) < 0.0:
            break
        closed_side += closed_side - open_side
    if not extreme_slope(open_side) > 0.0 > extreme_slope(closed_side):
        raise AccuracyNotReached("merging point: the gap was lost on the real curve")
    return float(brentq(extreme_slope, open_side, closed_side, xtol=1e-14, rtol=1e-13))
