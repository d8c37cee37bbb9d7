r"""The cascade of clusters on cooling, with learned weights: when components appear, part and merge.

Between neighbours of a grid of temperatures whose certified states differ in their number of components, the change is
bracketed by bisection, and then solved as what it is: sup g = 0 with the components of before (nucleation), or
lambda_max(C) = T at one of them (split).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...presentation import Tabular
from ...solution import Status
from ..model import WeightedPoints
from .clusters import (
    TOLERANCE,
    ClusterState,
    certified,
    climbed,
    effective_points,
    gain_at,
    peak_of_gain,
    shifted,
)
from .mixture import Law, Mixture, moments, top_direction, weighted_points
from .nucleation import nucleation
from .speciation_link import diffusion_time

EventKind = Literal["nucleation", "split", "merge"]
MOST_EVENTS, MOST_CLUSTERS = 200, 40
_PACE = 0.97
_BRACKET = 2e-3  # relative width at which a change of number is solved as an equation
_STEPS = 60
_LOWEST_PART, _FLOOR_PART = 0.1, 0.01


@dataclass(frozen=True)
class Event:
    """One change of the number of components on cooling.

    Attributes
    ----------
    temperature : T*.
    event : "nucleation", "split" or "merge".
    position : (D,) of the new component, of the one that splits, or where two merge.
    clusters : number of components just below T*, small ones included.
    weight : the largest weight that the new component reaches down to the end of the cascade (of a merge: that the
        component reached which ends).
    effective_points : how many points stand behind the place of the event; None of a population.
    certificate : largest gain at T* of the components of before.
    status, residual, error : of T*.
    """

    temperature: float
    event: EventKind
    position: FloatArray
    clusters: int
    weight: float
    effective_points: float | None
    certificate: float
    status: Status
    residual: float
    error: float


@dataclass(frozen=True, repr=False)
class Cascade(Tabular):
    """Events on cooling.

    Attributes
    ----------
    events : from the highest temperature down; those whose component reaches ``minimum_weight``.
    hidden : number of events that were left out for their weight.
    minimum_weight : of ``events``.
    lowest : temperature down to which the points were cooled.
    complete : False where there were 200 events or more than 40 components, and cooling ended before ``lowest``.
    states : certified states at the temperatures of the grid, decreasing.
    """

    events: tuple[Event, ...]
    hidden: int
    minimum_weight: float
    lowest: float
    complete: bool
    states: tuple[ClusterState, ...]

    def records(self) -> list[dict[str, Any]]:
        """One row for each event."""
        said = str(approximation_of(cascade))
        return [
            {
                "temperature": entry.temperature,
                "event": entry.event,
                "position": entry.position.tolist(),
                "clusters": entry.clusters,
                "weight": entry.weight,
                "effective_points": entry.effective_points,
                "certificate": entry.certificate,
                "diffusion_time": diffusion_time(entry.temperature),
                "weight_kind": "learned",
                "status": str(entry.status),
                "residual": entry.residual,
                "error": entry.error,
                "approximation": said,
            }
            for entry in self.events
        ]


@states(
    "exact",
    "of the points given; an event and its reversal within 3 % of temperature are not seen",
    source="derivations/principal_graph/nucleation.py",
    verification="derived",
)
def cascade(
    law: Law,
    lowest: float | None = None,
    *,
    events: int | None = None,
    minimum_weight: float = 0.02,
) -> Cascade:
    """Follow the certified state down from the first nucleation.

    Parameters
    ----------
    law : points, a data set, or a mixture in dimension 1.
    lowest : temperature at which cooling ends; a tenth of the linear temperature by default.
    events : end after so many events instead, at a hundredth of the linear temperature at the latest.
    minimum_weight : components that never reach it are counted, and not shown; 0 shows all. In [0, 1).

    Raises
    ------
    InvalidArgument : an argument out of its domain; ``lowest`` and ``events`` together; all points equal.
    """
    points = weighted_points(law)
    least = validation.inside("minimum_weight", minimum_weight, 0.0, 1.0, closed=True)
    mean, covariance = moments(points)
    linear = top_direction(covariance)[0]
    if events is not None:
        validation.integer("events", events, 1, MOST_EVENTS)
    part = _LOWEST_PART if events is None else _FLOOR_PART
    end = part * linear if lowest is None else validation.positive("lowest", lowest)
    centred = WeightedPoints(points.points - mean, points.weights, points.samples)
    first = nucleation(centred)
    history = _History(centred, least)
    temperature = first.nucleation_temperature * (1.0 + 1e-7)
    state = certified(centred, temperature, None)
    history.begin(state)
    complete = True
    while temperature > end:
        temperature = max(temperature * _PACE, end)
        below = certified(centred, temperature, _mixture(centred, state))
        history.add(_changes(centred, state, below), below)
        state = below
        if events is not None and history.shown() >= events:
            break
        if len(history.found) >= MOST_EVENTS or state.clusters > MOST_CLUSTERS:
            complete = False
            break
    shown, hidden = history.result(mean)
    if events is not None:
        shown = shown[:events]
    return Cascade(tuple(shown), hidden, least, end, complete, tuple(history.states(mean)))


def _mixture(law: WeightedPoints, state: ClusterState) -> Mixture:
    return Mixture(law, state.centroids, state.weights, state.temperature)


class _Change:
    """An event without the weight, which is known at the end."""

    def __init__(
        self,
        temperature: float,
        kind: EventKind,
        position: FloatArray,
        clusters: int,
        certificate: float,
        points: float | None,
        residual: float,
        error: float,
    ) -> None:
        self.temperature, self.kind, self.position = temperature, kind, position
        self.clusters, self.certificate, self.points = clusters, certificate, points
        self.residual, self.error = residual, error
        self.weight = 0.0


def _changes(law: WeightedPoints, above: ClusterState, below: ClusterState) -> list[_Change]:
    """The events between two states, from the highest down."""
    if above.clusters == below.clusters:
        return []
    width = above.temperature / below.temperature - 1.0
    if width > _BRACKET:
        middle = certified(law, float(np.sqrt(above.temperature * below.temperature)), _mixture(law, above))
        return _changes(law, above, middle) + _changes(law, middle, below)
    growing = below.clusters > above.clusters
    before, after = (above, below) if growing else (below, above)
    found = [_solved(law, before, place, above, below, growing) for place in _new_places(before, after)]
    return found


def _new_places(before: ClusterState, after: ClusterState) -> list[FloatArray]:
    """Components of the second state that the first has not."""
    cost = ((after.centroids[:, None, :] - before.centroids) ** 2).sum(axis=2)
    rows, _ = linear_sum_assignment(cost)
    return [after.centroids[k] for k in range(after.clusters) if k not in set(rows.tolist())]


def _solved(
    law: WeightedPoints,
    before: ClusterState,
    place: FloatArray,
    above: ClusterState,
    below: ClusterState,
    growing: bool,
) -> _Change:
    """The temperature at which the fewer components stop to be the best, by false position within the bracket."""
    start = _mixture(law, before)

    def at(temperature: float) -> tuple[float, Mixture, FloatArray, bool]:
        mixture = climbed(Mixture(law, start.centroids, start.weights, temperature))
        peak = peak_of_gain(mixture, place)
        squares = ((mixture.centroids - peak) ** 2).sum(axis=1)
        near = int(squares.argmin())
        if squares[near] < 1e-6 * temperature:
            value = top_direction(mixture.local_covariance([near]))[0]
            return value / temperature - 1.0, mixture, mixture.centroids[near], True
        return gain_at(mixture, peak), mixture, peak, False

    high, low = above.temperature, below.temperature
    temperature, value, mixture, peak, split = _root(at, low, high)
    inside = low <= temperature <= high
    if not inside:
        temperature = float(np.sqrt(above.temperature * below.temperature))
        value, mixture, peak, split = at(temperature)
    kind: EventKind = ("split" if split else "nucleation") if growing else "merge"
    width = 1e-12 * temperature if inside else above.temperature - below.temperature
    return _Change(
        temperature,
        kind,
        peak,
        below.clusters,
        max(gain_at(mixture, peak), 0.0),
        effective_points(mixture, peak),
        abs(value),
        width + 1e-2 * abs(value) * temperature,
    )


def _root(
    at: Callable[[float], tuple[float, Mixture, FloatArray, bool]], low: float, high: float
) -> tuple[float, float, Mixture, FloatArray, bool]:
    """Secant steps from the two ends; what comes out may lie outside them."""
    x0, x1 = low, high
    f0 = at(x0)[0]
    f1, mixture, peak, split = at(x1)
    for _ in range(_STEPS):
        if f1 == f0 or abs(f1) < 1e-15:
            break
        x2 = x1 - f1 * (x1 - x0) / (f1 - f0)
        if not 0.5 * low < x2 < 2.0 * high:
            break
        x0, f0 = x1, f1
        x1 = x2
        f1, mixture, peak, split = at(x1)
        if abs(x1 - x0) < 4e-16 * abs(x1):
            break
    return x1, f1, mixture, peak, split


class _History:
    """Components by number through the states, and the largest weight of each."""

    def __init__(self, law: WeightedPoints, least: float) -> None:
        self.law, self.least = law, least
        self.found: list[_Change] = []
        self._states: list[ClusterState] = []
        self._owner: list[_Change | None] = []

    def begin(self, state: ClusterState) -> None:
        self._states.append(state)
        self._owner = [None] * state.clusters

    def add(self, changes: list[_Change], state: ClusterState) -> None:
        """Match the components of the new state to those of the last, and give new ones to their events."""
        last = self._states[-1]
        cost = ((state.centroids[:, None, :] - last.centroids) ** 2).sum(axis=2)
        rows, columns = linear_sum_assignment(cost)
        owners: list[_Change | None] = [None] * state.clusters
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            owners[row] = self._owner[column]
        born = [change for change in changes if change.kind != "merge"]
        for row in sorted(set(range(state.clusters)) - set(rows.tolist())):
            if born:
                nearest = min(born, key=lambda c: float(((c.position - state.centroids[row]) ** 2).sum()))
                born.remove(nearest)
                owners[row] = nearest
        ended = [self._owner[c] for c in set(range(last.clusters)) - set(columns.tolist())]
        for change in changes:
            if change.kind == "merge" and ended:
                owner = ended.pop()
                change.weight = 0.0 if owner is None else owner.weight
        for owner, weight in zip(owners, state.weights.tolist(), strict=True):
            if owner is not None:
                owner.weight = max(owner.weight, weight)
        self.found += changes
        self._states.append(state)
        self._owner = owners

    def shown(self) -> int:
        return sum(change.weight >= self.least for change in self.found)

    def states(self, mean: FloatArray) -> list[ClusterState]:
        return [shifted(state, mean) for state in self._states]

    def result(self, mean: FloatArray) -> tuple[list[Event], int]:
        shown = []
        for change in sorted(self.found, key=lambda c: -c.temperature):
            if change.weight < self.least:
                continue
            good = change.residual <= 1e3 * TOLERANCE
            shown.append(
                Event(
                    change.temperature,
                    change.kind,
                    change.position + mean,
                    change.clusters,
                    change.weight,
                    change.points,
                    change.certificate,
                    Status.CONVERGED if good else Status.NOT_CONVERGED,
                    change.residual,
                    change.error,
                )
            )
        return shown, len(self.found) - len(shown)
