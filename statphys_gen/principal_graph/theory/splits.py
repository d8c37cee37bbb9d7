r"""Split temperatures of every generation: where the largest local covariance of a state crosses the temperature.

Two replicas at mu_g that are moved apart by d grow by (C_g/T) d in an EM step, C_g = <P_g r r^T>/<P_g>; all other modes
decouple. A state is stable against splits iff lambda_max(C_g) < T for all groups. Along a branch that is cooled the
largest ratio may cross 1 several times, in both directions: with a skewed law the children of the first split are
unstable at once, and stable again further down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...presentation import Tabular
from ...solution import Status
from ..model import WEIGHT_KINDS, WeightKind
from .mixture import Law, weighted_points
from .order import Order, reduced_quartic
from .stationary import MOST_COMPONENTS, Ended, Follower

GRID = 200
_BISECTIONS = 200
_LOWEST_PART = 0.02
_ZERO = 1e-9  # of the ratio minus 1 at a crossing; a jump of the branch leaves more


@dataclass(frozen=True)
class Crossing:
    """One temperature at which a branch changes its stability against splits.

    Attributes
    ----------
    temperature : T*, at which the largest local eigenvalue equals T.
    group : index of the component that splits, by position along the top direction.
    unstable : side on which that component is unstable: "below" or "above" T*.
    centroids : (K, D) of the state at T*.
    quartic : reduced quartic coefficient b; None with learned weights.
    order : "continuous" (b > 0) or "first-order"; None with learned weights.
    status, residual, error : of T*; "not converged" where the branch jumps between two temperatures.
    """

    temperature: float
    group: int
    unstable: Literal["below", "above"]
    centroids: FloatArray
    quartic: float | None
    order: Order | None
    status: Status
    residual: float
    error: float


@dataclass(frozen=True, repr=False)
class SplitTemperatures(Tabular):
    """All crossings of a branch between two temperatures, from the highest down.

    Attributes
    ----------
    crossings : of the branch.
    lower, upper : the range that was followed.
    unstable_throughout : whether some component is unstable at every temperature of the range.
    stable_throughout : whether none is at any.
    ratio : (n,) largest lambda_max(C_g)/T at the temperatures ``grid`` (n,), decreasing.
    """

    crossings: tuple[Crossing, ...]
    lower: float
    upper: float
    grid: FloatArray
    ratio: FloatArray
    weight_kind: WeightKind

    @property
    def unstable_throughout(self) -> bool:
        return bool((self.ratio > 1.0).all())

    @property
    def stable_throughout(self) -> bool:
        return bool((self.ratio < 1.0).all())

    def records(self) -> list[dict[str, Any]]:
        """One row for each crossing."""
        said = str(approximation_of(split_temperatures))
        return [
            {
                "temperature": entry.temperature,
                "group": entry.group,
                "unstable": entry.unstable,
                "centroids": entry.centroids.tolist(),
                "quartic": entry.quartic,
                "order": entry.order,
                "weight_kind": self.weight_kind,
                "status": str(entry.status),
                "residual": entry.residual,
                "error": entry.error,
                "approximation": said,
            }
            for entry in self.crossings
        ]


@states(
    "exact",
    "of the law given, along the branch from the start of stationary_state; two crossings between neighbours of the "
    "grid are not seen",
    source="derivations/principal_graph/stability.py",
    verification="derived and simulated",
)
def split_temperatures(
    law: Law,
    components: int = 2,
    lower: float | None = None,
    upper: float | None = None,
    *,
    weight_kind: WeightKind = "equal",
) -> SplitTemperatures:
    """Every crossing of the largest local eigenvalue with T along the branch of K components, with its direction.

    Parameters
    ----------
    law : points, a data set, or a mixture in dimension 1.
    components : K, at least 1.
    lower, upper : range of temperatures; 0.02 T_c to T_c (to 1.5 T_c for one component) by default. 200 temperatures
        between them are looked at, and a few more next to T_c.
    weight_kind : "equal" or "learned".

    Raises
    ------
    InvalidArgument : an argument out of its domain.
    """
    points = weighted_points(law)
    validation.integer("components", components, 1, MOST_COMPONENTS)
    validation.choice("weight_kind", weight_kind, WEIGHT_KINDS)
    follower = Follower(points, components, weight_kind)
    critical = follower.critical
    default = 1.5 * critical if components == 1 else critical
    top = default if upper is None else validation.positive("upper", upper)
    bottom = _LOWEST_PART * critical if lower is None else validation.positive("lower", lower)
    if not bottom < top:
        raise InvalidArgument("lower", bottom, f"below the upper temperature {top:g}")
    grid = np.geomspace(top, bottom, GRID)
    if components > 1:
        # Next to the first transition, whose states are looked at below it only.
        near = critical * (1.0 - np.array([1e-4, 1e-3, 3e-3, 6e-3]))
        grid = np.concatenate([grid, near[(near < top) & (near > bottom)]])
        grid = -np.unique(-grid[np.abs(grid / critical - 1.0) > 1e-9])
    states_found = [_along(follower, None, float(grid[0]))]
    for temperature in grid[1:].tolist():
        states_found.append(_along(follower, states_found[-1], temperature))
    ratio = np.array([_excess(entry) for entry in states_found]) + 1.0
    crossings = []
    for k in range(len(grid) - 1):
        if (ratio[k] > 1.0) != (ratio[k + 1] > 1.0):
            found = _crossing(follower, states_found[k], states_found[k + 1], weight_kind)
            if found is not None:
                crossings.append(found)
    return SplitTemperatures(tuple(crossings), float(bottom), float(top), grid, ratio, weight_kind)


def _along(follower: Follower, last: Ended | None, temperature: float) -> Ended:
    """The branch at the next lower temperature: from the last state, anew where its components lie together."""
    if last is None or follower.components > 2 or len(last.groups) < follower.components:
        return follower.centred_at(temperature)
    found = follower.from_state(last.mixture, temperature)
    return found if len(found.groups) == len(last.groups) else follower.centred_at(temperature)


def _excess(ended: Ended) -> float:
    return float(ended.local_eigenvalues.max() / ended.mixture.temperature - 1.0)


def _crossing(follower: Follower, above: Ended, below: Ended, weight_kind: WeightKind) -> Crossing | None:
    """The root between two states of the branch, by the method of false position with bisection."""
    unstable: Literal["below", "above"] = "below" if _excess(below) > 0.0 else "above"
    high, low = above, below
    middle = below
    critical = follower.critical
    # The components meet at the first transition, where the branch has a corner.
    first = below.mixture.temperature < critical < above.mixture.temperature
    if first and len(above.groups) < len(below.groups):
        middle = high = low = follower.centred_at(critical)
    for step in range(_BISECTIONS):
        upper, lower = np.log(high.mixture.temperature), np.log(low.mixture.temperature)
        if upper - lower < 4e-16 * max(1.0, abs(upper)) + 1e-15:
            break
        f_high, f_low = _excess(high), _excess(low)
        part = f_high / (f_high - f_low) if step % 3 < 2 else 0.5
        at = float(np.exp(upper + min(max(part, 1e-3), 1.0 - 1e-3) * (lower - upper)))
        if not low.mixture.temperature < at < high.mixture.temperature:
            break
        middle = follower.from_state(low.mixture, at)
        if len(middle.groups) != len(low.groups):
            middle = follower.centred_at(at)
        value = _excess(middle)
        if abs(value) < 1e-15:
            break
        if (value > 0.0) == (f_high > 0.0):
            high = middle
        else:
            low = middle
    residual = abs(_excess(middle))
    shifted = follower.shifted(middle)
    mixture = middle.mixture
    group = int(middle.local_eigenvalues.argmax())
    at_group = next(j for j, members in enumerate(middle.groups) if group in members)
    quartic = reduced_quartic(mixture, at_group) if weight_kind == "equal" else None
    order: Order | None = None if quartic is None else ("continuous" if quartic > 0.0 else "first-order")
    slope = abs(_excess(above) - _excess(below)) / np.log(
        above.mixture.temperature / below.mixture.temperature
    )
    error = (
        mixture.temperature
        * (residual + 1e-15 + middle.error / np.sqrt(mixture.temperature))
        / max(slope, 1e-12)
    )
    return Crossing(
        mixture.temperature,
        group,
        unstable,
        shifted.mixture.centroids,
        quartic,
        order,
        Status.CONVERGED if residual < _ZERO else Status.NOT_CONVERGED,
        residual,
        float(error),
    )
