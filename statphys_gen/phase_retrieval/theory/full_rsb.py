r"""The ground state at overlap 0 with full breaking of replica symmetry, and where its signal outlier appears.

At overlap 0 the labels are independent of the student. At temperature 0, with the functions of
:mod:`statphys_gen.phase_retrieval.theory.one_step`, alpha = samples_per_dimension, and s(q) the Parisi function,

    -energy = min over s, chi of  (1/2) int_0^1 dq/lambda(q) + alpha E_t Psi_t(0, 0),   lambda(q) = chi + int_q^1 s,
    d Psi_t/dq = -(Psi_t'' + s Psi_t'^2)/2,     Psi_t(1, z) = -V(z, t),

for which :mod:`statphys_gen.numerics.parisi` is the solver; s is constant in each of k steps, and k = 1 is the one-step
ground state. Where s(q) grows continuously up to q = 1 the state is marginally stable:

    alpha <r^2> = 1,     mu = (alpha <r> - 1)/chi,     r = chi g/(1 + chi g),

so that the left edge of its Hessian lies at 0, and it has a signal outlier where B = alpha <(1 - t^2) r> exceeds 1.
Whether the descent ends there for N -> infinity is not known; it cannot end below.

Source: derivations/phase_retrieval/full_rsb.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.parisi import Coupling, Evaluation, ParisiModel, Recursion, step_edges
from ...numerics.parisi_minimum import ParisiSolution, minimise, minimise_with, steps_report
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ...solution import Solution, Status
from ..model import Loss, PhaseRetrieval, check_loss
from .curvature_law import CurvatureLaw, NodeRule
from .one_step import respond
from .spectrum import criterion, ratios
from .threshold_states import check_overlap, one_step_state, one_step_threshold

_SOURCE = "derivations/phase_retrieval/full_rsb.py"
_VALID = "the ground state at overlap 0; the error contains that of the number of steps"
FIELDS = (
    "susceptibility",
    "energy",
    "lagrange_multiplier",
    "outlier_criterion",
    "replicon",
    "edge",
)
# In place of 0, where the formulas would divide by it; their relative error is of this order.
_SMALLEST_FUNCTION = 1e-8
_FARTHEST_LABEL = 8.5
# Nodes of a panel of labels; the second rule estimates the error of the first.
_LABEL_ORDERS = (10, 8)


def spherical_coupling(edges: FloatArray, parisi_function: FloatArray, parameters: FloatArray) -> Coupling:
    """(1/2) int dq/lambda(q), lambda(q) = chi + int_q^1 s: the entropy of a spherical constraint."""
    s, chi = np.maximum(parisi_function, _SMALLEST_FUNCTION), float(parameters[0])
    width = np.diff(edges)
    stiffness = chi + np.append(np.cumsum((s * width)[::-1])[::-1], 0.0)
    # The integral over a step, log(1 + s width/lambda)/s, and its derivatives by s and lambda at the end of the step.
    end = stiffness[1:]
    integral = np.log1p(s * width / end) / s
    by_end = -width / (end * stiffness[:-1])
    by_function = (width / stiffness[:-1] - integral) / s
    # lambda at the end of a step contains s of all later steps.
    earlier = np.append(0.0, np.cumsum(by_end))
    return Coupling(
        0.5 * float(integral.sum()),
        0.5 * (by_function + width * earlier[:-1]),
        np.array([0.5 * earlier[-1]]),
        1.0 / stiffness**2,
    )


@dataclass(frozen=True, eq=False)
class Landscape:
    """The boundary function of one loss, with quadrature nodes of the label.

    Attributes
    ----------
    label : (L, 1) nodes t > 0; probability : (L,) of |t|.
    unit : of chi and s in what is minimised, where energies are in units of its inverse.
    """

    loss: Loss
    label: FloatArray
    probability: FloatArray
    unit: float = 1.0

    @classmethod
    def of(cls, loss: Loss, order: int, unit: float = 1.0) -> Landscape:
        edges = [0.0, min(loss.scale, 1.0)]
        while edges[-1] < _FARTHEST_LABEL:
            edges.append(min(2.0 * edges[-1], _FARTHEST_LABEL))
        edges += [point for point in loss.label_breakpoints if point < _FARTHEST_LABEL]
        rule = legendre_rule(np.unique(edges), order)
        return cls(loss, rule.nodes[:, None], 2.0 * normal_density(rule.nodes) * rule.weights, unit)

    def parisi_model(self, alpha: float, start: float) -> ParisiModel:
        return ParisiModel(
            self._boundary,
            spherical_coupling,
            alpha * self.probability,
            np.array([start / self.unit]),
            self._curvature,
            scale=self.loss.scale,
        )

    def _boundary(self, parameters: FloatArray, field: FloatArray) -> tuple[FloatArray, FloatArray]:
        """-V and its derivative by chi, F^2/2, in the unit."""
        chi = self.unit * float(parameters[0])
        h = respond(self.loss, chi, field, self.label)
        t = np.broadcast_to(self.label, h.shape)
        force = self.loss.slope(h, t)
        value = -0.5 * chi * force**2 - self.loss.value(h, t)
        return self.unit * value, 0.5 * (self.unit * force[None]) ** 2

    def _curvature(self, parameters: FloatArray, field: FloatArray) -> FloatArray:
        chi = self.unit * float(parameters[0])
        g = self.loss.curvature(respond(self.loss, chi, field, self.label), self.label)
        return np.asarray(-self.unit * g / (1.0 + chi * g))

    def averages(self, alpha: float, chi: float, field: FloatArray, law: FloatArray) -> dict[str, float]:
        """What the law of the field at q = 1 says about the Hessian."""
        h = respond(self.loss, chi, field, self.label)
        t = np.broadcast_to(self.label, h.shape)
        probability = alpha * self.probability[:, None] * law
        g = self.loss.curvature(h, t)
        response = chi * g / (1.0 + chi * g)

        def mean(values: FloatArray) -> float:
            return float(np.einsum("ln,ln->", probability, values))

        mu = mean(self.loss.slope(h, t) * h)
        return {
            "susceptibility": chi,
            "lagrange_multiplier": mu,
            "replicon": 1.0 - mean(response**2),
            "edge": (mean(response) - 1.0) / chi - mu,
        }

    def curvature_law(self, chi: float, field: FloatArray, law: FloatArray) -> CurvatureLaw:
        """The law of the curvatures."""
        h = respond(self.loss, chi, field, self.label)
        t = np.broadcast_to(self.label, h.shape)
        probability = self.probability[:, None] * law
        keep = probability > 1e-25
        rule = NodeRule(self.loss.curvature(h, t)[keep], (t * t)[keep], probability[keep])
        force = float(np.einsum("ln,ln->", probability, self.loss.slope(h, t) * h))
        energy = float(np.einsum("ln,ln->", probability, self.loss.value(h, t)))
        # The smallest curvature that the law contains; that of the loss is met where it is bounded.
        bound = self.loss.curvature_bound
        if math.isinf(bound) or 1.0 + chi * bound < 0.0:
            bound = float(self.loss.curvature(h, t)[keep].min())
        name = f"{self.loss.name}, state with full breaking"
        return CurvatureLaw(name, bound, 0.0, force, energy, (rule, rule))

    def criterion(self, alpha: float, chi: float, field: FloatArray, law: FloatArray) -> float:
        """B at the soft edge of the law, at which errors of the number of steps count least."""
        return float(criterion(self.curvature_law(chi, field, law), np.asarray(alpha)))

    def susceptibility(self, found: ParisiSolution) -> float:
        """chi, out of the unit."""
        return self.unit * float(found.parameters[0])

    def row(self, fields: list[dict[str, float]], found: ParisiSolution) -> _Row:
        """The entry of a batch, from the fields with half as many steps and with all."""
        coarse, fine = fields
        error = max(abs(fine[name] - coarse[name]) for name in fine)
        edges, solution = found.recursion.edges, found.solution
        vectors = {
            "q": 0.5 * (edges[1:] + edges[:-1]),
            "parisi_function": self.unit * found.parisi_function,
        }
        return _Row(
            fine | vectors,
            Status(int(solution.status)),
            float(solution.residual),
            max(error, float(solution.error) * max(self.unit, 1.0 / self.unit)),
            int(solution.iterations),
        )

    def fields(self, alpha: float, found: ParisiSolution) -> dict[str, float]:
        chi, field, law = self.susceptibility(found), found.recursion.field, found.law
        values = self.averages(alpha, chi, field, law)
        return values | {
            "energy": -float(found.solution["value"]) / self.unit,
            "outlier_criterion": self.criterion(alpha, chi, field, law),
        }


def _step_counts(steps: int) -> tuple[int, int]:
    """The number of steps and half of it, for the error."""
    count = validation.integer("steps", steps, minimum=2, maximum=32)
    if count % 2:
        raise InvalidArgument("steps", steps, "an even integer")
    return count // 2, count


def _one_step(model: PhaseRetrieval) -> Solution:
    """The one-step ground state, jumps included: where the search starts, and without which there is none."""
    return one_step_state(model, "ground", largest_jump_fraction=1.0)


@states("full RSB", _VALID, source=_SOURCE, verification="derived")
def full_rsb_state(
    model: PhaseRetrieval, *, samples_per_dimension: ArrayLike | None = None, steps: int = 8
) -> Solution:
    """The ground state at overlap 0 with full breaking of replica symmetry.

    Parameters
    ----------
    model : at overlap 0, with any loss of which the pre-activation at z = 0 is the only place where the global minimum
        jumps.
    samples_per_dimension : alpha above 0, any shape; by default that of the model, a scalar.
    steps : even number of steps of s(q), dense towards q = 1.

    Returns
    -------
    Solution of the shape of ``samples_per_dimension`` with the fields ``susceptibility`` chi, ``energy`` (per
    dimension), ``lagrange_multiplier``, ``outlier_criterion`` B, ``replicon`` 1 - alpha <r^2> and ``edge`` z(chi) - mu
    (both 0 in the limit of many steps), and with one more axis ``q`` (the middle of each step) and ``parisi_function``
    s. ``error`` is the largest difference of the scalar fields from those with half as many steps; it is larger where
    the response jumps. *No solution* where there is no one-step ground state: down there the energy vanishes.
    """
    check_overlap(model)
    alphas = ratios(model, samples_per_dimension)
    counts = _step_counts(steps)
    rows = [_one_state(model.replace(samples_per_dimension=float(alpha)), counts) for alpha in alphas.ravel()]
    return _stacked(rows, alphas.shape, full_rsb_state)


def _one_state(model: PhaseRetrieval, counts: tuple[int, int]) -> _Row:
    guess = _one_step(model)
    if not guess.good:
        return _Row.nothing(FIELDS, counts[1], guess)
    alpha, start = model.samples_per_dimension, float(guess["susceptibility"])
    unit = float(guess["parisi_parameter"])
    landscape, other = (Landscape.of(model.loss, order, unit) for order in _LABEL_ORDERS)
    fine, coarse = landscape.parisi_model(alpha, start), other.parisi_model(alpha, start)
    found: list[ParisiSolution] = []
    try:
        for count in counts:
            found.append(minimise(fine, step_edges(count), start=found[-1] if found else None, coarse=coarse))
            if not found[-1].solution.good:
                return _Row.nothing(FIELDS, counts[1], found[-1].solution)
    except AccuracyNotReached:
        # The search left the range of the exponents: this entry alone is lost.
        return _Row.nothing(FIELDS, counts[1], None)
    return landscape.row([landscape.fields(alpha, entry) for entry in found], found[-1])


@dataclass(frozen=True)
class _Row:
    """One batch entry."""

    values: dict[str, Any]
    status: Status
    residual: float
    error: float
    iterations: int

    @classmethod
    def nothing(cls, names: tuple[str, ...], steps: int, solution: Solution | None) -> _Row:
        """Without values, for the reason of a solution that failed; not converged without one."""
        vectors = {name: np.full(steps, np.nan) for name in ("q", "parisi_function")}
        values = dict.fromkeys(names, math.nan) | vectors
        if solution is None:
            return cls(values, Status.NOT_CONVERGED, math.nan, math.nan, 0)
        return cls(
            values,
            Status(int(solution.status)),
            float(solution.residual),
            math.nan,
            int(solution.iterations),
        )


def _stacked(rows: list[_Row], shape: tuple[int, ...], source: Any) -> Solution:
    def gather(entries: list[Any]) -> FloatArray:
        array = np.array(entries, dtype=np.float64)
        return array.reshape(shape + array.shape[1:])

    return Solution(
        {name: gather([row.values[name] for row in rows]) for name in rows[0].values},
        gather([int(row.status) for row in rows]).astype(np.int8),
        gather([row.residual for row in rows]),
        gather([row.error for row in rows]),
        gather([row.iterations for row in rows]).astype(np.int64),
        approximation_of(source),
    )


@states("full RSB", _VALID, source=_SOURCE, verification="derived")
def full_rsb_threshold(loss: Loss, *, steps: int = 8) -> Solution:
    """Where the signal outlier of the ground state with full breaking appears: B = 1.

    Parameters
    ----------
    loss, steps : as for :func:`full_rsb_state`; samples_per_dimension is what is solved for.

    Returns
    -------
    Scalar Solution with the fields of :func:`full_rsb_state` and ``samples_per_dimension``.
    """
    check_loss(loss)
    counts = _step_counts(steps)
    names = (*FIELDS, "samples_per_dimension")
    guess = one_step_threshold(loss, largest_jump_fraction=1.0)
    if not guess.good:
        return _stacked([_Row.nothing(names, steps, guess)], (), full_rsb_threshold)
    unit = float(guess["parisi_parameter"])
    landscapes = [Landscape.of(loss, order, unit) for order in _LABEL_ORDERS]
    alpha, start = float(guess["samples_per_dimension"]), float(guess["susceptibility"])
    families = [partial(landscape.parisi_model, start=start) for landscape in landscapes]

    def excess(k: int, alpha: float, recursion: Recursion, here: Evaluation, parameters: FloatArray) -> float:
        # The coarse model has other labels; the law has one row for each.
        landscape = landscapes[k]
        return landscape.criterion(alpha, unit * float(parameters[0]), recursion.field, here.law) - 1.0

    found: list[ParisiSolution] = []
    fields = []
    for count in counts:
        edges = step_edges(count)
        before = minimise(
            families[0](alpha), edges, start=found[-1] if found else None, coarse=families[1](alpha)
        )
        if before.solution.good:
            before = minimise_with(
                families[0],
                (partial(excess, 0), partial(excess, 1)),
                alpha,
                edges,
                start=before,
                coarse=families[1],
            )
        if not before.solution.good:
            return _stacked([_Row.nothing(names, steps, before.solution)], (), full_rsb_threshold)
        found.append(before)
        alpha = float(before.solution["control"])
        fields.append(landscapes[0].fields(alpha, before) | {"samples_per_dimension": alpha})
    return _stacked([landscapes[0].row(fields, found[-1])], (), full_rsb_threshold)


def _problem(model: PhaseRetrieval) -> tuple[Landscape, ParisiModel]:
    """What is minimised, from the one-step ground state on."""
    check_overlap(model)
    guess = _one_step(model).require()
    landscape = Landscape.of(model.loss, _LABEL_ORDERS[0], float(guess["parisi_parameter"]))
    return landscape, landscape.parisi_model(model.samples_per_dimension, float(guess["susceptibility"]))


@states("full RSB", _VALID, source=_SOURCE, verification="derived")
def full_rsb_curvature_law(model: PhaseRetrieval, *, steps: int = 8) -> CurvatureLaw:
    """The law of the curvatures in the ground state with full breaking, for spectra and densities.

    Parameters
    ----------
    model, steps : as for :func:`full_rsb_state`.

    Raises
    ------
    NotConverged : there is no such state.
    """
    _, count = _step_counts(steps)
    landscape, problem = _problem(model)
    found = minimise(problem, step_edges(count))
    found.solution.require()
    return landscape.curvature_law(landscape.susceptibility(found), found.recursion.field, found.law)


@states("full RSB", _VALID, source=_SOURCE, verification="derived")
def breaking_report(model: PhaseRetrieval, *, steps: Sequence[int] = (1, 2, 4, 8)) -> dict[str, Any]:
    """Whether one step of breaking is enough, and the energy against the number of steps.

    Parameters
    ----------
    model : as for :func:`full_rsb_state`.
    steps : increasing numbers of steps, the first of which is 1.

    Returns
    -------
    That of :func:`statphys_gen.numerics.parisi_minimum.steps_report`, with ``energy`` in place of ``value``.
    """
    landscape, problem = _problem(model)
    report = steps_report(problem, steps)
    for row in report["steps"]:
        row["energy"] = -row.pop("value") / landscape.unit
        row["error"] /= landscape.unit
    report["findings"] = [finding.replace("value rises", "energy falls") for finding in report["findings"]]
    return report
