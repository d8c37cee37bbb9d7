"""The training time at which the Hessian loses its signal outlier (BBP transition along the descent)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...glossary import dataset
from ...presentation import Tabular
from ...solution import Solution, Status
from .dmft import SOURCE, VALID, DescentDynamics, standard_error_of

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, repr=False)
class BbpTime(Tabular):
    """When the signal outlier is lost.

    Attributes
    ----------
    solution : field ``training_time`` (scalar); *no solution* where it is never there or not lost within the window.
    reason : one sentence.
    values : the training time of every replica, empty where there is none.
    """

    solution: Solution
    reason: str
    values: FloatArray

    def records(self) -> list[dict[str, Any]]:
        """The one record, with the reason."""
        return [record | {"reason": self.reason} for record in self.solution.records()]

    def to_dataset(self) -> xarray.Dataset:
        """The time of every replica beside their mean."""
        found = self.solution.to_dataset()
        by_replica = dataset({"replica_training_time": (("replica",), self.values)}, {})
        return found.merge(by_replica).assign_attrs(found.attrs | {"reason": self.reason})


@states("exact as N -> infinity", VALID, source=SOURCE, verification="derived and simulated")
def bbp_time(dynamics: DescentDynamics) -> BbpTime:
    """The last time at which the outlier criterion falls through 1, of each replica by a cubic spline in time.

    Parameters
    ----------
    dynamics : from overlap 0, of a loss with curvatures bounded below; steps after a divergence do not count.
    """
    if not isinstance(dynamics, DescentDynamics):
        raise InvalidArgument("dynamics", dynamics, "a DescentDynamics")
    if "outlier_criterion" not in dynamics.values:
        raise InvalidArgument(
            "dynamics", dynamics.model.loss.name, "from overlap 0, of a loss with curvatures bounded below"
        )
    kept = slice(0, dynamics.reached + 1)
    rows, time = dynamics.values["outlier_criterion"][:, kept], dynamics.training_time[kept]
    last = np.array([_last_fall(time, row) for row in rows])
    lost = np.isfinite(last)
    if lost.all():
        error = float(standard_error_of(last[:, None])[0]) + _spline_error(time, rows)
        reason = "the outlier is lost"
        return BbpTime(_time(float(last.mean()), error, Status.CONVERGED), reason, last)
    if lost.any():
        status, reason = Status.NOT_CONVERGED, "lost in some replicas only: more steps or paths are needed"
    elif (rows.mean(axis=0) <= 1.0).all():
        status, reason = Status.NO_SOLUTION, "there is no outlier at any time"
    else:
        until = f"until the descent diverges after step {dynamics.reached}" if dynamics.diverged else ""
        status = Status.NO_SOLUTION
        reason = f"the outlier is not lost {until or f'until time {float(time[-1]):.4g}'}"
    return BbpTime(_time(math.nan, math.nan, status), reason, np.empty(0))


def _time(value: float, error: float, status: Status) -> Solution:
    return Solution(
        {"training_time": np.asarray(value)},
        np.asarray(status, dtype=np.int8),
        np.asarray(0.0),
        np.asarray(error),
        np.asarray(1),
        approximation_of(bbp_time),
    )


def _last_fall(time: FloatArray, criterion: FloatArray) -> float:
    """NaN where it does not end below 1, or was never above."""
    from scipy.interpolate import CubicSpline

    if len(time) < 4 or criterion[-1] >= 1.0 or not (criterion > 1.0).any():
        return math.nan
    roots = CubicSpline(time, criterion - 1.0).roots(extrapolate=False)
    return float(roots.max())


def _spline_error(time: FloatArray, rows: FloatArray) -> float:
    """How far the mean crossing moves when every other step is left out, if that still leaves one."""
    if len(time) < 9:
        return 0.0
    mean = rows.mean(axis=0)
    coarse = np.unique(np.append(np.arange(0, len(time), 2), len(time) - 1))
    moved = abs(_last_fall(time, mean) - _last_fall(time[coarse], mean[coarse]))
    return moved if math.isfinite(moved) else 0.0
