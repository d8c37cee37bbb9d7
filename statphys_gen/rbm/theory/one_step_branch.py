"""The retrieval branch with one step of replica-symmetry breaking, followed to its end (a fold, the capacity)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...arrays import FloatArray
from ...errors import NotConverged
from ...numerics.roots import newton
from ...solution import Solution
from ..model import Model
from .one_step_equations import QUADRATURE, OneStepEquations

# Largest step in the overlap along the branch, and the one that is left at the end.
_PACE, _FINEST = 0.004, 1e-7
# A step in the overlap that has to succeed.
_SHORTEST = 1e-5
# Rounding of the equations beyond which their differences need longer steps.
_QUIET = 1e-9
# Trials along the stable side of the branch.
_LONGEST = 80
# Step in the temperature.
_WARMING = 0.0025
# Start of the way in temperature, below the overlap at the end at T = 0: there symmetry is broken more strongly.
_AWAY = 0.002


class RetrievalBranch:
    """The branch at one temperature with its overlap given and the load unknown, which is regular at its end."""

    def __init__(self, model: Model, temperature: float, edge: float) -> None:
        self.equations = OneStepEquations(model, True, temperature)
        self.place = self.equations.names.index("overlap")
        self.names = (*(name for name in self.equations.names if name != "overlap"), "load")
        lower, upper = self.equations.bounds()
        self.lower = np.append(np.delete(lower, self.place), 0.5 * edge)
        self.upper = np.append(np.delete(upper, self.place), 2.0 * edge)

    def residual(self, y: FloatArray, overlap: FloatArray) -> FloatArray:
        return self.equations.residual(np.insert(y[:, :-1], self.place, overlap, axis=1), y[:, -1])

    def at(self, overlap: float, start: FloatArray) -> Solution:
        """The state with this overlap, a batch of one."""
        noise = self.noise(start)
        return newton(
            self.residual,
            start,
            parameters=[np.array([overlap])],
            # Forward differences are too noisy for equations that are divided by the small q_1 - q_0.
            jacobian=lambda y, overlap: self.slopes(float(overlap[0]), y[0])[:-1].T[None],
            lower=self.lower,
            upper=self.upper,
            tolerance=max(1e-9, 10.0 * noise),
            accuracy=max(1e-6, 1e3 * noise),
            max_iterations=25,
            residual_error=QUADRATURE,
            names=self.names,
        )

    def noise(self, y: FloatArray) -> float:
        """Rounding of the equations, which are divided by the square of the breaking."""
        gap = float(y[self.names.index("breaking")] * y[self.names.index("inverse_parisi")])
        return 2e-16 / gap**2 if gap != 0.0 else np.inf

    def inside(self, y: FloatArray) -> bool:
        """Whether these are possible unknowns."""
        return bool(((y > self.lower) & (y < self.upper)).all())

    def slopes(self, overlap: float, y: FloatArray) -> FloatArray:
        """Derivatives of the residual by the unknowns and by the overlap, shape (unknowns + 1, unknowns)."""
        point = np.append(y, overlap)
        # The unknowns are of order 0.01 to 1, the breaking near the end of the broken states less.
        noise = self.noise(y)
        relative = 1e-4 if noise < _QUIET else min(noise, 1e-6) ** (1.0 / 3.0)
        size = relative * np.minimum(np.abs(point), 0.1)
        rows = point + np.concatenate([np.diag(size), -np.diag(size)])
        values = self.residual(rows[:, :-1], rows[:, -1])
        return np.asarray((values[: len(point)] - values[len(point) :]) / (2.0 * size[:, None]))

    def tangent(self, overlap: float, y: FloatArray) -> FloatArray:
        """Derivatives of the unknowns by the overlap along the branch."""
        slopes = self.slopes(overlap, y)
        return np.asarray(np.linalg.solve(slopes[:-1].T, -slopes[-1]))

    def without_overlap(self, x: FloatArray, load: float) -> FloatArray:
        """The unknowns at a given overlap, from those of a state."""
        return np.append(np.delete(x, self.place), load)

    def unknowns(self, found: Solution) -> FloatArray:
        return np.stack([found[name] for name in self.names], axis=1)


def end_of_branch(
    model: Model, temperature: float, state: FloatArray, load: float
) -> tuple[Solution, FloatArray]:
    """The state of largest load, and its unknowns (1, unknowns) in the order of the equations at this temperature.

    ``state`` holds the unknowns of the end at T = 0, or for T = 0 those of a state near it, and ``load`` its load.
    """
    branch = RetrievalBranch(model, 0.0, load)
    m = float(state[branch.place])
    y = branch.without_overlap(state, load)
    if temperature > 0.0:
        branch, y, m = _warmed(model, branch, temperature, y, m - _AWAY)
    m, found = _largest(branch, m, y)
    return found, np.insert(branch.unknowns(found)[:, :-1], branch.place, m, axis=1)


def along_branch(
    model: Model, temperature: float, end: FloatArray, highest: float, loads: FloatArray
) -> list[tuple[Solution, FloatArray] | None]:
    """States with these loads and their unknowns on the stable side of the end of the branch, on which the overlap
    rises as the load falls; None where the branch was not followed to."""
    branch = RetrievalBranch(model, temperature, highest)
    # The load of the end bounds nothing here.
    branch.lower[-1] = 0.0
    m, y = float(end[branch.place]), branch.without_overlap(end, highest)
    overlaps, points, step, trials = [m], [y], 0.25 * _PACE, 0
    while points[-1][-1] > loads.min() and step > _SHORTEST and trials < _LONGEST:
        trials += 1
        guess = y + step * branch.tangent(m, y)
        further = branch.at(m + step, guess) if branch.inside(guess) and m + step < 1.0 else None
        if further is None or not further.good[0]:
            step *= 0.25
            continue
        m, y = m + step, branch.unknowns(further)[0]
        overlaps.append(m)
        points.append(y)
        step = min(1.5 * step, _PACE, 0.2 * (1.0 - m))
    table = np.array(points)
    falling = table[::-1, -1]
    found: list[tuple[Solution, FloatArray] | None] = []
    # Next to its end the load falls with the square of the overlap.
    depth = -np.sqrt(np.maximum(highest - falling, 0.0))
    for load in loads:
        if not falling[0] <= load <= falling[-1]:
            found.append(None)
            continue
        place = -np.sqrt(highest - load)
        start = [np.interp(place, depth, column) for column in (*table[::-1].T, np.array(overlaps)[::-1])]
        found.append(_at_load(branch, float(load), start[-1], np.array(start[:-1])))
    return found


def _at_load(
    branch: RetrievalBranch, load: float, m: float, y: FloatArray
) -> tuple[Solution, FloatArray] | None:
    """The state with this load on the stable side, by Newton's method in the overlap; None where it is lost."""
    for _ in range(12):
        found = branch.at(m, y)
        if not found.good[0]:
            return None
        y = branch.unknowns(found)[0]
        tangent = branch.tangent(m, y)
        step = (load - y[-1]) / tangent[-1]
        if not tangent[-1] < 0.0 or not branch.inside(y + step * tangent):
            return None
        if abs(step) < 1e-12:
            factor = 1.0 + np.append(np.abs(tangent[:-1]), 1.0).max() / -tangent[-1]
            return replace(found, error=factor * found.error), np.insert(y[:-1], branch.place, m)
        m, y = m + step, y + step * tangent
    return None


def _warmed(
    model: Model, branch: RetrievalBranch, temperature: float, y: FloatArray, m: float
) -> tuple[RetrievalBranch, FloatArray, float]:
    """Followed from T = 0 at a fixed overlap, where the branch is regular."""
    y = branch.unknowns(branch.at(m, y).require())[0]
    steps = max(1, int(np.ceil(temperature / _WARMING)))
    before = y
    for k in range(1, steps + 1):
        branch = RetrievalBranch(model, temperature * k / steps, float(y[-1]))
        guess = 2.0 * y - before
        if not branch.inside(guess):
            guess = y
        before, y = y, branch.unknowns(branch.at(m, guess).require())[0]
    return branch, y, m


def _largest(branch: RetrievalBranch, m: float, y: FloatArray) -> tuple[float, Solution]:
    """The root of the slope of the load, by the secant method in the overlap with the tangent as a predictor."""
    found = branch.at(m, y).require()
    y = branch.unknowns(found)[0]
    tangent = branch.tangent(m, y)
    step = _PACE if tangent[-1] > 0 else -_PACE
    while abs(step) > _FINEST:
        guess = y + step * tangent
        further = branch.at(m + step, guess) if branch.inside(guess) else None
        if further is None or not further.good[0]:
            # Too far, or no broken state is left there.
            step *= 0.25
            if abs(step) < _SHORTEST:
                break
            continue
        m, y, slope = m + step, branch.unknowns(further)[0], float(tangent[-1])
        found, tangent = further, branch.tangent(m, y)
        curvature = (float(tangent[-1]) - slope) / step
        if curvature < 0.0:
            step = float(np.clip(-tangent[-1] / curvature, -_PACE, _PACE))
            if abs(step) < _FINEST:
                # Solved once more, from a start that is good: one step of Newton's method leaves what the noise of the
                # Jacobian makes of the step before it, which is more than rounding.
                found = branch.at(m + step, y + step * tangent).require()
                m += step
                return m, replace(found, error=found.error + abs(step) * np.abs(tangent).max())
    raise NotConverged(
        "one_step_capacity: no largest load was found along the branch; next to the temperature where the end of the "
        "replica-symmetric state becomes stable the breaking is too weak to be resolved"
    )
