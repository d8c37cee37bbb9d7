r"""Replica-symmetry breaking at zero temperature: the Parisi equation for a given boundary function.

A model is a functional of a non-decreasing function s(q) >= 0 on [0, 1] (``parisi_function``) and of positive
parameters p, of which the minimum is sought:

    A[s, p] = C[s, p] + sum_l weight_l Psi_l(0, x0)
    d Psi_l/dq = -(Psi_l'' + s(q) Psi_l'^2)/2,     Psi_l(1, x) = boundary_l(x; p).

The boundary functions of the labels l and the coupling C say what is studied; minus the minimum is a ground-state
energy. Examples: Psi(1, x) = |x| with C = -int q s dq/2 is the Sherrington-Kirkpatrick model; a spherical model has
C = int dq/lambda(q)/2 with lambda(q) = p + int_q^1 s.

With k steps s is constant between the edges 0 = q_0 < ... < q_k = 1 and the equation is solved exactly, by

    Psi(q_{i-1}, x) = log E exp(s_i Psi(q_i, x + sqrt(q_i - q_{i-1}) z)) / s_i,     z a standard Gaussian,

on Gauss-Legendre nodes x. The derivative of Psi(0, x0) by Psi(q, x) is the law P(q, x) of the field at q, a Markov
chain that the same kernels make; that by s_i is (E Psi(q_i) - E Psi(q_{i-1}))/s_i. The minimum over functions with k
steps lies above that over all functions and falls with k; k = 1 is one-step replica-symmetry breaking with overlap 0.

Stationarity in s(q) is sum_l weight_l E Psi_l'^2 = c(q) wherever s grows, -c(q)/2 being the derivative of C, and its
derivative says whether the minimum is stable: replicon(q) = 1 - sum_l weight_l E Psi_l''^2 / c'(q), which vanishes
where s grows continuously.

Source: derivations/numerics_parisi.py; Parisi 1980; Guerra 2003; Auffinger and Chen, arXiv 1606.05335 (T = 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..errors import AccuracyNotReached, InvalidArgument
from ..solution import Solution, Status
from .quadrature import legendre_rule
from .roots import newton

Array = NDArray[np.float64]

# (nodes in a panel); the second rule estimates the error of the first.
_ORDERS = (12, 11)
# Width of a panel in units of the narrowest Gaussian kernel.
_PANEL = 4.0
# Entries of the kernels below this are left out: they would only make subnormal numbers.
_SMALLEST = 1e-60
# Exponents s (max Psi - min Psi) above this would overflow.
_LARGEST_EXPONENT = 600.0
# Values of s below this count as 0, where the recursion is the plain average.
_SMALLEST_FUNCTION = 1e-8
# Increments of s below this part of its last value count as absent.
_ABSENT = 1e-7


class Coupling(NamedTuple):
    """C[s, p] with its derivatives.

    Attributes
    ----------
    value : C.
    by_function : dC/ds_i, (k,).
    by_parameters : dC/dp, (P,).
    slope : c'(q) at the edges, (k + 1,), where -c(q)/2 is the functional derivative of C by s(q).
    """

    value: float
    by_function: Array
    by_parameters: Array
    slope: Array


@dataclass(frozen=True, eq=False)
class ParisiModel:
    """What is studied.

    Parameters
    ----------
    boundary : (parameters (P,), field (n,)) -> Psi_l(1, x), (L, n), and its derivatives by the parameters, (P, L, n).
    coupling : (edges (k + 1,), parisi_function (k,), parameters (P,)) -> :class:`Coupling`.
    weight : (L,), above 0; of each label's Psi.
    parameters : (P,), above 0, where the search starts; empty for a model without any.
    boundary_curvature : (parameters, field) -> Psi_l''(1, x), (L, n); None if it does not exist everywhere.
    even : Psi_l(1, x) is even in x.
    external_field : x0; 0 if ``even``.
    farthest : the nodes end here, at so many standard deviations of the field at q = 1.
    scale : shortest length in x over which Psi(1, x) varies around 0, where the first panel ends; a kink at 0 is
        allowed. No kinks elsewhere.
    """

    boundary: Callable[[Array, Array], tuple[Array, Array]]
    coupling: Callable[[Array, Array, Array], Coupling]
    weight: Array
    parameters: Array
    boundary_curvature: Callable[[Array, Array], Array] | None = None
    even: bool = True
    external_field: float = 0.0
    farthest: float = 8.5
    scale: float = math.inf

    def __post_init__(self) -> None:
        for name in ("boundary", "coupling"):
            if not callable(getattr(self, name)):
                raise InvalidArgument(name, getattr(self, name), "a function")
        if self.boundary_curvature is not None and not callable(self.boundary_curvature):
            raise InvalidArgument("boundary_curvature", self.boundary_curvature, "a function, or None")
        object.__setattr__(self, "weight", validation.array("weight", self.weight, ndim=1, above=0.0))
        start = validation.array("parameters", self.parameters, ndim=1, above=0.0, empty=True)
        object.__setattr__(self, "parameters", start)
        validation.finite("external_field", self.external_field)
        validation.positive("farthest", self.farthest)
        if self.scale != math.inf:
            validation.positive("scale", self.scale)
        if self.even and self.external_field != 0.0:
            raise InvalidArgument("external_field", self.external_field, "0 for an even boundary function")


def step_edges(steps: int, grading: float = 2.0) -> Array:
    """Edges 1 - (1 - i/steps)^grading: even for grading 1, dense towards q = 1, where s varies fastest, above it."""
    count = validation.integer("steps", steps, minimum=1)
    power = validation.inside("grading", grading, 1.0, 4.0, closed=True)
    return np.asarray(1.0 - (1.0 - np.arange(count + 1) / count) ** power)


class Evaluation(NamedTuple):
    """The functional at one point: A, dA/ds_i (k,), dA/dp (P,); the law of the field at q = 1, rows of sum 1."""

    value: float
    by_function: Array
    by_parameters: Array
    law: Array


class Recursion:
    """Nodes and kernels for the steps between given edges.

    Attributes
    ----------
    edges : (k + 1,); field : (n,), of one sign for an even model.
    """

    def __init__(self, model: ParisiModel, edges: ArrayLike, order: int = _ORDERS[0]) -> None:
        self.model = model
        self.edges = _checked_edges(edges)
        self.widths = np.diff(self.edges)
        rule = legendre_rule(self._panels(), order)
        self.field, self._measure = rule.nodes, rule.weights
        origin = np.array([model.external_field])
        made: dict[float, Array] = {}
        self._kernels: list[Array] = []
        for k, width in enumerate(self.widths.tolist()):
            if k == 0:
                self._kernels.append(self._kernel(origin, width)[0])
                continue
            key = round(width, 14)
            if key not in made:
                made[key] = self._kernel(self.field, width)[0]
            self._kernels.append(made[key])

    def _panels(self) -> Array:
        model = self.model
        widest = _PANEL * math.sqrt(float(self.widths.min()))
        edges, width = [0.0], min(widest, model.scale, 1.0)
        while edges[-1] < model.farthest + abs(model.external_field):
            edges.append(edges[-1] + width)
            width = min(2.0 * width, widest, 1.0)
        half = np.array(edges)
        return half if model.even else np.concatenate([-half[:0:-1], half])

    def _kernel(self, start: Array, width: float) -> tuple[Array, Array, Array]:
        """The Gaussian kernel from ``start`` to the nodes, and its first two derivatives by the start."""
        results = [np.zeros((len(start), len(self.field))) for _ in range(3)]
        for sign in (1.0, -1.0) if self.model.even else (1.0,):
            distance = sign * self.field - start[:, None]
            density = (
                np.exp(-(distance**2) / (2.0 * width)) / math.sqrt(2.0 * math.pi * width) * self._measure
            )
            density = np.where(density < _SMALLEST, 0.0, density)
            results[0] += density
            results[1] += density * distance / width
            results[2] += density * (distance**2 / width - 1.0) / width
        return results[0], results[1], results[2]

    def _backward(self, s: Array, boundary: Array) -> tuple[list[Array], list[Array], list[Array]]:
        """Psi at each edge, and at each step exp(s (Psi - max)) and its average."""
        psi, exponentials, averages = [boundary], [], []
        for k in range(len(s) - 1, -1, -1):
            if s[k] < _SMALLEST_FUNCTION:
                psi.append(psi[-1] @ self._kernels[k].T)
                exponentials.append(np.ones_like(psi[-2]))
                averages.append(np.ones_like(psi[-1]))
                continue
            top = psi[-1].max(axis=1, keepdims=True)
            if s[k] * float((top - psi[-1].min(axis=1, keepdims=True)).max()) > _LARGEST_EXPONENT:
                raise AccuracyNotReached(
                    f"Parisi equation: the exponents at s = {s[k]:.4g} exceed {_LARGEST_EXPONENT:g}"
                )
            exponential = np.exp(s[k] * (psi[-1] - top))
            average = exponential @ self._kernels[k].T
            psi.append(top + np.log(average) / s[k])
            exponentials.append(exponential)
            averages.append(average)
        return psi[::-1], exponentials[::-1], averages[::-1]

    def evaluate(self, s: Array, parameters: Array, model: ParisiModel | None = None) -> Evaluation:
        """A and its gradient at the function s, of shape (k,), at least 0. ``model`` may have other labels."""
        model = self.model if model is None else model
        boundary, by_parameters = model.boundary(parameters, self.field)
        psi, exponentials, averages = self._backward(s, boundary)
        law = np.ones((len(boundary), 1))
        mean = psi[0][:, 0]
        slopes = np.empty((len(s), len(boundary)))
        for k in range(len(s)):
            before = law
            law = exponentials[k] * ((law / averages[k]) @ self._kernels[k])
            following = np.einsum("ln,ln->l", law, psi[k + 1])
            if s[k] < _SMALLEST_FUNCTION:
                slopes[k] = 0.5 * (
                    np.einsum("ln,ln->l", law, psi[k + 1] ** 2) - np.einsum("ln,ln->l", before, psi[k] ** 2)
                )
            else:
                slopes[k] = (following - mean) / s[k]
            mean = following
        coupling = model.coupling(self.edges, s, parameters)
        return Evaluation(
            coupling.value + float(model.weight @ psi[0][:, 0]),
            coupling.by_function + slopes @ model.weight,
            coupling.by_parameters + np.einsum("l,ln,pln->p", model.weight, law, by_parameters),
            law,
        )

    def replicons(self, s: Array, parameters: Array) -> Array:
        """The replicon at each edge, (k + 1,); NaN at q = 1 without a curvature of the boundary function."""
        model = self.model
        boundary, _ = model.boundary(parameters, self.field)
        psi, exponentials, averages = self._backward(s, boundary)
        law = np.ones((len(boundary), 1))
        squared = np.full(len(s) + 1, np.nan)
        for k, width in enumerate(self.widths.tolist()):
            start = np.array([model.external_field]) if k == 0 else self.field
            _, first, second = self._kernel(start, width)
            if s[k] < _SMALLEST_FUNCTION:
                curvature = psi[k + 1] @ second.T
            else:
                slope = exponentials[k] @ first.T / averages[k]
                curvature = (exponentials[k] @ second.T / averages[k] - slope**2) / s[k]
            squared[k] = float(model.weight @ np.einsum("ln,ln->l", law, curvature**2))
            law = exponentials[k] * ((law / averages[k]) @ self._kernels[k])
        if model.boundary_curvature is not None:
            curvature = model.boundary_curvature(parameters, self.field)
            squared[-1] = float(model.weight @ np.einsum("ln,ln->l", law, curvature**2))
        return np.asarray(1.0 - squared / model.coupling(self.edges, s, parameters).slope)


def _checked_edges(edges: ArrayLike) -> Array:
    q = validation.array("edges", edges, ndim=1)
    if len(q) < 2 or q[0] != 0.0 or q[-1] != 1.0 or not (np.diff(q) > 0.0).all():
        raise InvalidArgument("edges", edges, "increasing from 0 to 1")
    return q


@dataclass(frozen=True, eq=False)
class ParisiSolution:
    """The minimum with k steps.

    Attributes
    ----------
    solution : scalar :class:`Solution` with the fields ``value`` (A), ``parisi_function`` (k,), ``parameters`` (P,)
        and, from :func:`minimise_with`, ``control``. ``residual`` is the largest derivative of A by s and log p.
    recursion : the nodes; ``recursion.edges`` are those of s.
    law : (L, n), the law of the field at q = 1 given each label.
    replicon : (k + 1,), at the edges.
    """

    solution: Solution
    recursion: Recursion
    law: Array
    replicon: Array

    @property
    def parisi_function(self) -> Array:
        return self.solution["parisi_function"]

    @property
    def parameters(self) -> Array:
        return self.solution["parameters"]


# (control, recursion, evaluation, parameters) -> a number that vanishes where it holds.
Condition = Callable[[float, Recursion, Evaluation, Array], float]


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

    def unpack(self, x: Array) -> tuple[Array, Array, float]:
        """s, parameters and control from the free unknowns."""
        increments = np.zeros(self.steps)
        count = int(self.free.sum())
        increments[self.free] = x[:count]
        rest = np.exp(x[count:])
        if self.condition is None:
            return np.cumsum(increments), rest, 1.0
        return np.cumsum(increments), rest[:-1], float(rest[-1])

    def pack(self, s: Array, parameters: Array, control: float) -> Array:
        increments = np.diff(s, prepend=0.0)[self.free]
        controls = [] if self.condition is None else [control]
        return np.concatenate([increments, np.log([*parameters, *controls])])

    def gradient(self, x: Array) -> tuple[float, Array]:
        s, parameters, control = self.unpack(x)
        found = self.recursion.evaluate(s, parameters, self.family(control))
        by_increments = np.cumsum(found.by_function[::-1])[::-1][self.free]
        parts = [by_increments, found.by_parameters * parameters]
        if self.condition is not None:
            parts.append(np.array([self.condition(control, self.recursion, found, parameters)]))
        return found.value, np.concatenate(parts)

    def residual(self, x: Array) -> Array:
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
            family if coarse is None else coarse, Recursion(model, edges, _ORDERS[1]), coarse_condition
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


def _started(model: ParisiModel, edges: Array, start: ParisiSolution | None) -> tuple[Array, Array]:
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


def _descend(problem: _Problem, s: Array, parameters: Array) -> tuple[Array, Array]:
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


# ---------------------------------------------------------------------------------------------------- consistency


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

    def residual(rows: Array) -> Array:
        result = np.full(rows.shape, np.nan)
        for k, row in enumerate(rows):
            if (np.abs(row) < 40.0).all():
                s, parameters = np.exp(row[:1]), np.exp(row[1:])
                result[k, 0] = recursion.replicons(s, parameters)[-1]
                result[k, 1:] = recursion.evaluate(s, parameters).by_parameters * parameters
        return result

    start = np.log(np.concatenate([ground.parisi_function, ground.parameters]))
    found = newton(residual, start, tolerance=1e-9, accuracy=1e-5, max_iterations=40)
    if not found.good:
        return None
    x = np.exp([float(entry) for entry in found.value.values()])
    return -(float(x[0]) ** 2) * float(recursion.evaluate(x[:1], x[1:]).by_function[0])
