"""Solutions of smooth ordinary differential equations at given times, with an error by two tolerances."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument, NotConverged

RightSide = Callable[[FloatArray], FloatArray]
Finish = Callable[[FloatArray, FloatArray], FloatArray]


def checked_times(argument: str, value: ArrayLike) -> FloatArray:
    """Times (m,) of a flow, at least 0, from a number or a one-dimensional array."""
    times = np.atleast_1d(validation.array(argument, value, at_least=0.0))
    if times.ndim > 1:
        raise InvalidArgument(argument, value, "a number or a one-dimensional array")
    return times


def checked_tolerance(value: float, largest: float = 1e-3) -> float:
    """A tolerance that the integrator can keep; at most 1e-5 where a hundred times it tells the error."""
    return validation.inside("tolerance", value, 1e-13, largest, closed=True)


def integrate_flow(
    right_side: RightSide,
    start: FloatArray,
    times: FloatArray,
    *,
    tolerance: float = 1e-10,
    max_evaluations: int = 200_000,
    settling: tuple[Callable[[FloatArray], float], Finish] | None = None,
) -> FloatArray:
    """x(t) of dx/dt = right_side(x), x(0) = start, by the Dormand-Prince rule of order 8.

    Parameters
    ----------
    right_side : maps (k,) to (k,).
    start : (k,).
    times : (m,), at least 0, in any order.
    tolerance : allowed in each step, relative to |x_i| and to the largest |x_i| at the start. No step is longer than
        tolerance^(1/10) of the last time, so that over a short time too solutions of two tolerances differ by more than
        the error of the better one.
    max_evaluations : of the right side.
    settling : (error, finish) where the late flow is known: error(x) bounds that of finish(x, elapsed times (m,)),
        (m, k), relative to x; from where it falls to the tolerance the solution is what ``finish`` says.

    Returns
    -------
    (m, k).

    Raises
    ------
    NotConverged : the solution runs away, the right side is not smooth, or more evaluations would be needed.
    """
    from scipy.integrate import solve_ivp

    wanted, place = np.unique(times, return_inverse=True)
    last = float(wanted[-1])
    if last == 0.0:
        return np.tile(start, (len(times), 1))
    scale = float(np.abs(start).max())
    spent = 0

    def counted(_: float, x: FloatArray) -> FloatArray:
        nonlocal spent
        spent += 1
        if spent > max_evaluations:
            raise NotConverged(
                f"the flow could not be followed to t = {last:g} in {max_evaluations} evaluations"
            )
        return right_side(x)

    def unsettled(_: float, x: FloatArray) -> float:
        error = 1.0 if settling is None else settling[0](x)
        return math.log(min(max(error, 1e-300), 1e300) / tolerance)

    unsettled.terminal = True  # type: ignore[attr-defined] # read by solve_ivp
    if settling is not None and unsettled(0.0, start) <= 0.0:
        return np.asarray(settling[1](start, times))
    with np.errstate(over="ignore", invalid="ignore"):
        found = solve_ivp(
            counted,
            (0.0, last),
            start,
            method="DOP853",
            t_eval=wanted,
            rtol=tolerance,
            atol=tolerance * max(scale, np.finfo(np.float64).tiny),
            max_step=last * tolerance**0.1,
            events=None if settling is None else unsettled,
        )
    values = np.reshape(found.y, (len(start), -1)).T
    if found.status < 0 or not np.isfinite(values).all():
        raise NotConverged(f"the flow could not be followed to t = {last:g}: {found.message}")
    if settling is not None and found.status == 1:
        late = settling[1](found.y_events[0][0], wanted[len(values) :] - found.t_events[0][0])
        values = np.concatenate([values, late])
    return np.asarray(values[place])


def integrate_with_error(
    right_side: RightSide, start: FloatArray, times: FloatArray, *, tolerance: float = 1e-10
) -> tuple[FloatArray, float]:
    """The same, and the largest difference from the solution at a hundred times the tolerance."""
    fine = integrate_flow(right_side, start, times, tolerance=tolerance)
    coarse = integrate_flow(right_side, start, times, tolerance=100.0 * tolerance)
    return fine, float(np.abs(fine - coarse).max())
