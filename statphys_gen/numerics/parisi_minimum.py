r"""The minimum of a functional of Parisi's function s(q), with a given number of steps.

:func:`minimise` descends from a start by a quasi-Newton method and ends with Newton's method on the gradient;
:func:`minimise_with` finds in addition the value of a control at which a condition on the minimum holds;
:func:`consistency_report` says whether one step is enough. The functional is that of
:mod:`statphys_gen.numerics.parisi`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..solution import Solution, Status
from .parisi import Evaluation, ParisiModel, Recursion, step_edges
from .roots import newton

# Nodes in a panel of the rule that estimates the error of the nodes.
_COARSE_ORDER = 11
# Increments of s below this part of its last value count as absent.
_ABSENT = 1e-7


@dataclass(frozen=True, eq=False)
class ParisiSolution:
    """The minimum with k steps.

    Attributes
    ----------
    solution : scalar :class:`~statphys_gen.solution.Solution` with the fields ``value`` (A), ``parisi_function`` (k,),
        ``parameters`` (P,) and, from :func:`minimise_with`, ``control``. ``residual`` is the largest derivative of A
        by s and log p.
    recursion : the nodes; ``recursion.edges`` are those of s.
    law : (L, n), the law of the field at q = 1 given each label.
    replicon : (k + 1,), at the edges.
    """

    solution: Solution
    recursion: Recursion
    law: FloatArray
    replicon: FloatArray

    @property
    def parisi_function(self) -> FloatArray:
        return self.solution["parisi_function"]

    @property
    def parameters(self) -> FloatArray:
        return self.solution["parameters"]


# (control, recursion, evaluation, parameters) -> a number that vanishes where it holds.
Condition = Callable[[float, Recursion, Evaluation, FloatArray], float]


def minimise(
    model: ParisiModel,
    edges: ArrayLike,
    *,
    start: ParisiSolution | None = None,
    coarse: ParisiModel | None = None,
    tolerance: float = 1e-9,
) -> ParisiSolution:
    """Minimise the functional over the functions that are constant between ``edges``.

    Parameters
    ----------
    edges : (k + 1,), increasing from 0 to 1; such as :func:`step_edges`.
    start : a solution with other edges.
    coarse : the same model with fewer labels, for the error of their quadrature; by default the same labels.
    tolerance : largest derivative of A, by the increments of s and the logarithms of the parameters.
    """
    return _solve(lambda _: model, edges, start, None if coarse is None else lambda _: coarse, tolerance)


def minimise_with(
    family: Callable[[float], ParisiModel],
    conditions: tuple[Condition, Condition],
    control: float,
    edges: ArrayLike,
    *,
    start: ParisiSolution | None = None,
    coarse: Callable[[float], ParisiModel] | None = None,
    tolerance: float = 1e-9,
) -> ParisiSolution:
    """Find the control above 0 at which a condition on the minimum vanishes.

    Parameters
    ----------
    family : control -> model; all with the same nodes.
    conditions : (control, recursion, evaluation, parameters) -> number, for ``family`` and for ``coarse``.
    control : where to start.
    """
    value = validation.positive("control", control)
    return _solve(family, edges, start, coarse, tolerance, conditions, value)


class _Problem:
    """Gradients in the unknowns: increments of s, logarithms of the parameters and of the control."""

    def __init__(
        self,
        family: Callable[[float], ParisiModel],
        recursion: Recursion,
        condition: Condition | None,
    ) -> None:
        self.family, self.recursion, self.condition = family, recursion, condition
        self.steps = len(recursion.widths)
        self.free = np.ones(self.steps, dtype=bool)

    def unpack(self, x: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        """s, parameters and control from the free unknowns."""
        increments = np.zeros(self.steps)
        count = int(self.free.sum())
        increments[self.free] = x[:count]
        rest = np.exp(x[count:])
        if self.condition is None:
            return np.cumsum(increments), rest, 1.0
        return np.cumsum(increments), rest[:-1], float(rest[-1])

    def pack(self, s: FloatArray, parameters: FloatArray, control: float) -> FloatArray:
        increments = np.diff(s, prepend=0.0)[self.free]
        controls = [] if self.condition is None else [control]
        return np.concatenate([increments, np.log([*parameters, *controls])])

    def gradient(self, x: FloatArray) -> tuple[float, FloatArray]:
        s, parameters, control = self.unpack(x)
        found = self.recursion.evaluate(s, parameters, self.family(control), judged=False)
        by_increments = np.cumsum(found.by_function[::-1])[::-1][self.free]
        parts = [by_increments, found.by_parameters * parameters]
        if self.condition is not None:
            parts.append(np.array([self.condition(control, self.recursion, found, parameters)]))
        return found.value, np.concatenate(parts)

    def residual(self, x: FloatArray) -> FloatArray:
        """For Newton: NaN outside the domain."""
        result = np.full(x.shape, np.nan)
        for k, row in enumerate(x):
            s, _, _ = self.unpack(row)
            if s[0] >= 0.0 and (np.abs(row[int(self.free.sum()) :]) < 40.0).all():
                with np.errstate(all="ignore"):
                    result[k] = self.gradient(row)[1]
        return result


def _solve(
    family: Callable[[float], ParisiModel],
    edges: ArrayLike,
    start: ParisiSolution | None,
    coarse: Callable[[float], ParisiModel] | None,
    tolerance: float,
    conditions: tuple[Condition, Condition] | None = None,
    control: float = 1.0,
) -> ParisiSolution:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        model = family(control)
        recursion = Recursion(model, edges)
        s, parameters = _started(model, recursion.edges, start)
        minimum = _Problem(lambda _: family(control), recursion, None)
        if start is None or len(start.recursion.edges) != len(recursion.edges):
            s, parameters = _descend(minimum, s, parameters)
        fine_condition, coarse_condition = (None, None) if conditions is None else conditions
        problem = _Problem(family, recursion, fine_condition)
        problem.free = np.diff(s, prepend=0.0) > _ABSENT * s[-1]
        x = problem.pack(s, parameters, control)
        rough = _Problem(
            family if coarse is None else coarse, Recursion(model, edges, _COARSE_ORDER), coarse_condition
        )
        rough.free = problem.free
        found = newton(
            lambda rows: problem.residual(rows),
            x,
            jacobian="forward",
            tolerance=tolerance,
            accuracy=1e-5,
            max_iterations=20,
            residual_error=lambda rows: np.abs(problem.residual(rows) - rough.residual(rows)),
        )
        return _packed(problem, rough, found)


def _started(
    model: ParisiModel, edges: FloatArray, start: ParisiSolution | None
) -> tuple[FloatArray, FloatArray]:
    """s and the parameters to start from."""
    middle = 0.5 * (edges[1:] + edges[:-1])
    if start is not None and np.array_equal(start.recursion.edges, edges):
        return start.solution.require()["parisi_function"], start.parameters
    if start is None:
        return 0.1 + middle, model.parameters
    start.solution.require()
    old = start.recursion.edges
    places = np.concatenate([[0.0], 0.5 * (old[1:] + old[:-1])])
    values = np.concatenate([[0.0], start.parisi_function])
    if len(old) == 2:
        return 2.0 * start.parisi_function[0] * middle, start.parameters
    return np.interp(middle, places, values), start.parameters


def _descend(problem: _Problem, s: FloatArray, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Minimise by a quasi-Newton method with bounds; near the minimum is enough."""
    from scipy.optimize import minimize

    x = problem.pack(s, parameters, 1.0)
    floor = 1e-9
    bounds = [(floor, None)] * problem.steps + [(-30.0, 30.0)] * len(parameters)
    found = minimize(
        problem.gradient, x, jac=True, method="SLSQP", bounds=bounds, options={"ftol": 1e-11, "maxiter": 400}
    )
    s, parameters, _ = problem.unpack(found.x)
    return s, parameters


def _packed(problem: _Problem, rough: _Problem, found: Solution) -> ParisiSolution:
    """The solution in s instead of its increments, with the error of the value."""
    status = Status(int(found.status))
    recursion, steps = problem.recursion, problem.steps
    x = np.array([float(entry) for entry in found.value.values()])
    count = len(x) - int(problem.free.sum()) - (problem.condition is not None)
    if not status.good:
        nothing = np.full((len(recursion.model.weight), len(recursion.field)), np.nan)
        values = {
            "value": np.nan,
            "parisi_function": np.full(steps, np.nan),
            "parameters": np.full(count, np.nan),
        }
        if problem.condition is not None:
            values["control"] = np.nan
        solution = _scalar(values, status, float(found.residual), math.nan, int(found.iterations))
        return ParisiSolution(solution, recursion, nothing, np.full(steps + 1, np.nan))
    s, parameters, control = problem.unpack(x)
    model = problem.family(control)
    here = recursion.evaluate(s, parameters, model)
    there = rough.recursion.evaluate(s, parameters, rough.family(control))
    error = float(found.error)
    # The increments' errors add up in s; the parameters and the control were sought in logarithms.
    spread = error * max(float(np.sqrt(steps)), *parameters.tolist(), control, 0.0)
    values = {"value": here.value, "parisi_function": s, "parameters": parameters}
    if problem.condition is not None:
        values["control"] = control
    solution = _scalar(
        values,
        status,
        float(found.residual),
        max(spread, abs(here.value - there.value)),
        int(found.iterations),
    )
    replicon = Recursion(model, recursion.edges).replicons(s, parameters)
    return ParisiSolution(solution, recursion, here.law, replicon)


def _scalar(
    values: dict[str, Any], status: Status, residual: float, error: float, iterations: int
) -> Solution:
    return Solution(
        {name: np.asarray(entry) for name, entry in values.items()},
        np.asarray(status, dtype=np.int8),
        np.asarray(residual),
        np.asarray(error),
        np.asarray(iterations),
    )


def consistency_report(
    model: ParisiModel, steps: Sequence[int] = (1, 2, 4, 8), *, grading: float = 2.0
) -> dict[str, Any]:
    """Whether one step is enough, and how the minimum falls with the number of steps.

    Parameters
    ----------
    steps : increasing numbers of steps; the first is 1.
    grading : of :func:`step_edges`.

    Returns
    -------
    ``steps`` : a record for each number of steps with ``value``, ``replicon`` (the lowest over the edges at which it
    is known), ``status``, ``residual``, ``error``.
    ``complexity`` : of the one-step state with marginal stability at q = 1, -s^2 dA/ds (None where the curvature of the
    boundary function or that state does not exist). Negative: the state lies beyond the ground state.
    ``findings`` : one sentence for each violated condition: replicons at least 0, complexity at least 0, values that
    fall with the number of steps.
    """
    if len(steps) == 0 or steps[0] != 1 or any(b <= a for a, b in pairwise(steps)):
        raise InvalidArgument("steps", steps, "increasing integers of which the first is 1")
    rows: list[dict[str, Any]] = []
    before: ParisiSolution | None = None
    first: ParisiSolution | None = None
    for count in steps:
        here = minimise(model, step_edges(count, grading), start=before)
        record = next(here.solution.records())
        replicon = float(np.nanmin(here.replicon)) if here.solution.good else None
        rows.append(
            {"steps": count, "value": record["value"], "replicon": replicon}
            | {name: record[name] for name in ("status", "residual", "error")}
        )
        if here.solution.good:
            before = here
            first = here if count == 1 else first
    complexity = None if first is None else _marginal_complexity(model, first)
    findings: list[str] = []
    for row in rows:
        if row["replicon"] is not None and row["replicon"] < -10.0 * max(row["error"], 1e-9):
            findings.append(f"the replicon with {row['steps']} steps is negative ({row['replicon']:.6g})")
    if complexity is not None and complexity < 0.0:
        findings.append(f"the complexity of the marginal one-step state is negative ({complexity:.6g})")
    for a, b in pairwise(rows):
        if b["value"] > a["value"] + a["error"] + b["error"]:
            findings.append(f"the value rises from {a['steps']} to {b['steps']} steps")
    return {"steps": rows, "complexity": complexity, "findings": findings}


def _marginal_complexity(model: ParisiModel, ground: ParisiSolution) -> float | None:
    """-s^2 dA/ds of the one-step state that is stationary in the parameters and has replicon 0 at q = 1."""
    if model.boundary_curvature is None:
        return None
    recursion = ground.recursion

    def residual(rows: FloatArray) -> FloatArray:
        result = np.full(rows.shape, np.nan)
        for k, row in enumerate(rows):
            if (np.abs(row) < 40.0).all():
                s, parameters = np.exp(row[:1]), np.exp(row[1:])
                result[k, 0] = recursion.replicons(s, parameters)[-1]
                slope = recursion.evaluate(s, parameters, judged=False).by_parameters
                result[k, 1:] = slope * parameters
        return result

    start = np.log(np.concatenate([ground.parisi_function, ground.parameters]))
    found = newton(residual, start, tolerance=1e-9, accuracy=1e-5, max_iterations=40)
    if not found.good:
        return None
    x = np.exp([float(entry) for entry in found.value.values()])
    return -(float(x[0]) ** 2) * float(recursion.evaluate(x[:1], x[1:]).by_function[0])
