r"""States in which gradient descent may end at overlap 0, with one step of replica symmetry breaking.

At overlap 0 the labels are independent of the student. At temperature 0, with susceptibility chi, Parisi parameter s,
alpha = samples_per_dimension and averages < > over the law of :mod:`statphys_gen.phase_retrieval.theory.one_step`,

    free energy     -f = log(1 + s/chi)/(2 s) + (alpha/s) E log Z
    (A) stationary in the overlap         alpha <F^2> = 1/(chi (chi + s))
    (B) marginal: replicon 1 - alpha <r^2> = 0,     r = chi g/(1 + chi g)
    (C) ground state: complexity = log(1 + s/chi)/2 + alpha (E log Z + s <l>) = 0
    energy = alpha <l>,     mu = alpha <F y>.

(B) is the condition of a soft edge at S = chi, and (A) gives mu = (alpha <r> - 1)/chi = z(chi): the Hessian of a
marginal state has its left edge at 0. Its signal outlier exists where B = alpha <(1 - t^2) r> exceeds 1.

Where chi exceeds 1/|inf g| the response y(z) of measurements with large labels jumps at z = 0, from -h0(t) to h0(t).
The square of that jump makes the true replicon infinite, so that such a state is not marginally stable, and its edge
lies above 0, at (alpha/chi) E[2 h0 p(z = 0 | t)]; (B) is then formal. A few jumping labels do little: at the thresholds
of the normalised loss they are 3e-6 of all labels at offset 5 and 0.0034 at infinite offset, and the edge is misplaced
by less than 1 % of the natural unit 1/chi. States are therefore accepted up to a largest fraction of jumping labels,
0.01 by default for states and thresholds alike, and refused (*no solution*) above it; 0 refuses every jump, 1 none.
Towards small alpha they reach alpha = 1, where the energy vanishes: as many equations as unknowns.

The one-step scheme is not exact here: the marginal state may lie below its own ground state (negative complexity),
whose replicon is then negative; :func:`~statphys_gen.phase_retrieval.consistency_report` says so.

Source: derivations/phase_retrieval/threshold_states.py; a = infinity: arXiv 2006.06997 (threshold 13.8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import AccuracyNotReached, InvalidArgument
from ...numerics.roots import newton
from ...solution import Solution, Status
from ..model import Loss, PhaseRetrieval, check_loss, check_model
from .curvature_law import CurvatureLaw, NodeRule
from .one_step import ORDERS, GlobalBranch, OneStepLaw
from .spectrum import ratios

State = Literal["marginal", "ground"]
STATES = ("marginal", "ground")
_SOURCE = "derivations/phase_retrieval/threshold_states.py"
_VALID = "the law at overlap 0; a state with negative complexity or replicon is not self-consistent"
FIELDS = (
    "susceptibility",
    "parisi_parameter",
    "energy",
    "lagrange_multiplier",
    "outlier_criterion",
    "replicon",
    "complexity",
    "edge",
    "jump_fraction",
)

# States whose response jumps for more labels are refused.
LARGEST_JUMP_FRACTION = 0.01

# Susceptibilities, in units of the inverse of a typical curvature, among which solutions are bracketed.
_GRID = np.geomspace(0.01, 1000.0, 70)
# And below it, alpha growing as 1/susceptibility^2, where more samples are asked for than at its start.
_GRID_DOWNWARDS = np.geomspace(0.01, 1e-8, 43)
# Good enough to bracket a solution.
_SCAN_ORDERS = (8, 60)
# Logarithms of s/chi between which s is sought at given chi.
_LOG_RATIOS = np.arange(-9.0, 9.5, 1.5)


@dataclass(frozen=True)
class _OneStepPoint:
    """The law at one (chi, s)."""

    susceptibility: float
    parisi_parameter: float
    law: OneStepLaw

    @property
    def alpha_from_overlap(self) -> float:
        """alpha by (A)."""
        chi = self.susceptibility
        return 1.0 / (chi * (chi + self.parisi_parameter) * self.law.squared_force)

    def complexity(self, alpha: float) -> float:
        s = self.parisi_parameter
        return 0.5 * math.log1p(s / self.susceptibility) + alpha * (
            self.law.log_partition + s * self.law.loss
        )

    def scaled_complexity(self, alpha: float) -> float:
        """Condition (C) over s^2, which does not vanish trivially as s -> 0; with <V> for <l>, equal by (A)."""
        chi, s = self.susceptibility, self.parisi_parameter
        value = (
            0.5 * math.log1p(s / chi)
            - 0.5 * s / (chi + s)
            + alpha * (self.law.log_partition + s * self.law.potential)
        )
        return value * (chi / s) ** 2

    def second_condition(self, state: str, alpha: float) -> float:
        """(B) or (C) as a number that vanishes."""
        if state == "ground":
            return self.scaled_complexity(alpha)
        return math.log(alpha * self.law.second)

    def derived(self, loss: Loss, alpha: float) -> dict[str, float]:
        chi, law = self.susceptibility, self.law
        mu = alpha * law.force
        return {
            "susceptibility": chi,
            "parisi_parameter": self.parisi_parameter,
            "energy": alpha * law.loss,
            "lagrange_multiplier": mu,
            "outlier_criterion": alpha * law.signal,
            "replicon": 1.0 - alpha * law.second,
            "complexity": self.complexity(alpha),
            "edge": (alpha * law.first - 1.0) / chi - mu,
            "jump_fraction": _jump_fraction(loss, chi),
        }


def _jump_fraction(loss: Loss, chi: float) -> float:
    """Probability of labels whose response jumps at z = 0: 1 + chi g(0, t) < 0."""
    if 1.0 + chi * loss.curvature_bound >= 0.0:
        return 0.0
    from scipy.special import erfc

    from .one_step import singular_labels

    places = (0.0, *singular_labels(loss, chi, 38.0))
    total = 0.0
    for k, start in enumerate(places):
        end = places[k + 1] if k + 1 < len(places) else math.inf
        inside = 0.5 * (start + end) if math.isfinite(end) else start + 1.0
        if 1.0 + chi * float(loss.curvature(np.zeros(1), np.array([inside]))[0]) < 0.0:
            total += float(erfc(start / math.sqrt(2.0)) - erfc(end / math.sqrt(2.0)))
    return total


# ------------------------------------------------------------------------------------------------ curves and brackets


def typical_susceptibility(loss: Loss) -> float:
    """One over the median size of the curvature for independent y and t."""
    from scipy.special import ndtri

    quantiles = ndtri((np.arange(40) + 0.5) / 40)
    y, t = np.meshgrid(quantiles, quantiles)
    return 1.0 / float(np.median(np.abs(loss.curvature(y.ravel(), t.ravel()))) + 1e-300)


def _curve(
    loss: Loss, state: str, grid: FloatArray, orders: tuple[int, int]
) -> Iterator[_OneStepPoint | None]:
    """Solutions of (A) with (B) or (C) at the susceptibilities of a grid, in units of the inverse of a typical
    curvature, alpha eliminated; None where there is none."""
    unit = typical_susceptibility(loss)
    for factor in grid:
        yield _on_curve(loss, state, float(factor) * unit, orders)


def _on_curve(loss: Loss, state: str, chi: float, orders: tuple[int, int]) -> _OneStepPoint | None:
    from scipy.optimize import brentq

    branch = GlobalBranch(loss, chi, orders)

    def point(log_ratio: float) -> _OneStepPoint:
        s = chi * math.exp(log_ratio)
        return _OneStepPoint(chi, s, branch.law(s))

    def condition(log_ratio: float) -> float:
        here = point(log_ratio)
        return here.second_condition(state, here.alpha_from_overlap)

    with np.errstate(all="ignore"):
        before = condition(float(_LOG_RATIOS[0]))
        for low, high in zip(_LOG_RATIOS[:-1].tolist(), _LOG_RATIOS[1:].tolist(), strict=True):
            after = condition(high)
            if before * after <= 0.0:
                return point(float(brentq(condition, low, high, xtol=1e-10)))
            if not math.isfinite(after):
                return None
            before = after
    return None


def _bracketed(
    loss: Loss, state: str, function: Callable[[_OneStepPoint], float], largest_jump: float
) -> tuple[_OneStepPoint, _OneStepPoint] | None:
    """The first two neighbours on the curve, from small susceptibility on, between which ``function``, positive at many
    samples per dimension, changes sign."""
    largest = -1.0 / loss.curvature_bound if largest_jump == 0.0 and loss.curvature_bound < 0.0 else math.inf
    before: _OneStepPoint | None = None
    for here in _curve(loss, state, _GRID_DOWNWARDS, _SCAN_ORDERS):
        if here is not None and function(here) >= 0.0:
            if before is not None:
                return here, before
            break
        before = here
    before = None
    for here in _curve(loss, state, _GRID, _SCAN_ORDERS):
        if here is not None and before is not None and function(here) * function(before) <= 0.0:
            return before, here
        if here is not None and here.susceptibility > largest:
            return None
        before = here
    return None


def _residual(loss: Loss, state: str, orders: tuple[int, int]) -> Callable[..., FloatArray]:
    """F(log chi, log s/chi, log alpha) for two or three unknowns; the third condition is the outlier's, B = 1."""

    def rows(x: FloatArray, *parameters: FloatArray) -> FloatArray:
        result = np.full(x.shape, np.nan)
        for k, row in enumerate(x):
            log_alpha = row[2] if x.shape[1] == 3 else parameters[0][k]
            if not (np.abs(row) < 40.0).all():
                continue
            chi, s, alpha = math.exp(row[0]), math.exp(row[0] + row[1]), math.exp(log_alpha)
            with np.errstate(all="ignore"):
                point = _OneStepPoint(chi, s, GlobalBranch(loss, chi, orders).law(s))
                result[k, 0] = log_alpha - math.log(point.alpha_from_overlap)
                result[k, 1] = point.second_condition(state, alpha)
                if x.shape[1] == 3:
                    result[k, 2] = alpha * point.law.signal - 1.0
        return result

    return rows


def _solved(loss: Loss, state: str, start: FloatArray, parameters: list[FloatArray]) -> Solution:
    fine, coarse = (_residual(loss, state, orders) for orders in ORDERS)
    return newton(
        fine,
        start,
        parameters=parameters or None,
        jacobian="central",
        tolerance=1e-10,
        accuracy=1e-6,
        names=("log_susceptibility", "log_ratio", "log_alpha")[: len(start)],
        residual_error=lambda x, *p: np.abs(fine(x, *p) - coarse(x, *p)),
    )


def _packed(
    loss: Loss, found: Solution, log_alpha: float, threshold: bool, largest_jump: float
) -> tuple[dict[str, float], Status, float, float, int]:
    """All fields at the solution, with the largest error over them."""
    names = FIELDS + (("samples_per_dimension",) if threshold else ())
    status = Status(int(found.status))
    if not status.good:
        return dict.fromkeys(names, math.nan), status, float(found.residual), math.nan, int(found.iterations)

    def fields(shift: FloatArray, orders: tuple[int, int] = ORDERS[0]) -> dict[str, float]:
        chi = math.exp(float(found["log_susceptibility"]) + shift[0])
        s = chi * math.exp(float(found["log_ratio"]) + shift[1])
        alpha = math.exp((float(found["log_alpha"]) if threshold else log_alpha) + shift[2])
        values = _OneStepPoint(chi, s, GlobalBranch(loss, chi, orders).law(s)).derived(loss, alpha)
        return values | ({"samples_per_dimension": alpha} if threshold else {})

    values = fields(np.zeros(3))
    if values["jump_fraction"] > largest_jump:
        return dict.fromkeys(names, math.nan), Status.NO_SOLUTION, math.nan, math.nan, int(found.iterations)
    error = float(found.error)
    others = [fields(np.zeros(3), ORDERS[1])]
    others += [fields(error * np.eye(3)[k]) for k in range(3 if threshold else 2)]
    spread = max(sum(abs(other[name] - values[name]) for other in others) for name in names)
    return values, status, float(found.residual), max(spread, error), int(found.iterations)


def _batch(
    parts: list[tuple[dict[str, float], Status, float, float, int]],
    shape: tuple[int, ...],
    source: Callable[..., Any],
) -> Solution:
    values = {name: np.array([part[0][name] for part in parts]).reshape(shape) for name in parts[0][0]}
    return Solution(
        values,
        np.array([part[1] for part in parts], dtype=np.int8).reshape(shape),
        np.array([part[2] for part in parts]).reshape(shape),
        np.array([part[3] for part in parts]).reshape(shape),
        np.array([part[4] for part in parts]).reshape(shape),
        approximation_of(source),
    )


def _nothing(names: tuple[str, ...]) -> tuple[dict[str, float], Status, float, float, int]:
    return dict.fromkeys(names, math.nan), Status.NO_SOLUTION, math.nan, math.nan, 0


def check_overlap(model: PhaseRetrieval) -> None:
    """Refuse what is not a model, and starts at an overlap: the states know nothing of the signal."""
    check_model(model)
    if model.overlap != 0.0:
        raise InvalidArgument("overlap", model.overlap, "0: the states are those at overlap 0")


def _checked(loss: Loss, state: str, largest_jump_fraction: float) -> float:
    """Validate; the largest fraction of jumping labels."""
    check_loss(loss)
    validation.choice("state", state, STATES)
    return validation.inside("largest_jump_fraction", largest_jump_fraction, 0.0, 1.0, closed=True)


# ------------------------------------------------------------------------------------------------------- predictions


@states("1RSB", _VALID, source=_SOURCE, verification="derived")
def one_step_state(
    model: PhaseRetrieval,
    state: State = "marginal",
    *,
    samples_per_dimension: ArrayLike | None = None,
    largest_jump_fraction: float = LARGEST_JUMP_FRACTION,
) -> Solution:
    """The one-step marginal state or ground state at overlap 0.

    Parameters
    ----------
    model : at overlap 0, with any loss of which the pre-activation at z = 0 is the only place where the global minimum
        jumps.
    state : "marginal" (A, B) or "ground" (A, C).
    samples_per_dimension : alpha above 0, any shape; by default that of the model, a scalar.
    largest_jump_fraction : the response may jump at z = 0 for this fraction of the labels, in [0, 1].

    Returns
    -------
    Solution of the shape of ``samples_per_dimension`` with the fields ``susceptibility``, ``parisi_parameter``,
    ``energy`` (per dimension), ``lagrange_multiplier``, ``outlier_criterion`` B, ``replicon``, ``complexity``, ``edge``
    (of the Hessian, z(chi) - mu; 0 without a jump) and ``jump_fraction`` (probability of labels whose response jumps).
    *No solution* where there is none: for the normalised loss with offset 1, below 3.99 without jumps at all, below
    3.3 with the default.
    """
    check_overlap(model)
    jump = _checked(model.loss, state, largest_jump_fraction)
    alphas = ratios(model, samples_per_dimension)
    parts = [_one_state(model.loss, float(alpha), state, jump) for alpha in alphas.ravel()]
    return _batch(parts, alphas.shape, one_step_state)


def _one_state(
    loss: Loss, alpha: float, state: str, jump: float
) -> tuple[dict[str, float], Status, float, float, int]:
    ends = _bracketed(loss, state, lambda p: math.log(p.alpha_from_overlap / alpha), jump)
    if ends is None:
        return _nothing(FIELDS)
    start = _between(*ends, lambda p: math.log(p.alpha_from_overlap / alpha))
    found = _solved(loss, state, start[:2], [np.asarray(math.log(alpha))])
    return _packed(loss, found, math.log(alpha), False, jump)


def _between(a: _OneStepPoint, b: _OneStepPoint, function: Callable[[_OneStepPoint], float]) -> FloatArray:
    """(log chi, log s/chi, log alpha) where the linear interpolation of ``function`` vanishes."""
    fa, fb = function(a), function(b)
    part = fa / (fa - fb) if fa != fb else 0.5

    def coordinates(p: _OneStepPoint) -> FloatArray:
        chi = p.susceptibility
        return np.log([chi, p.parisi_parameter / chi, p.alpha_from_overlap])

    return np.asarray((1.0 - part) * coordinates(a) + part * coordinates(b))


@states("1RSB", _VALID, source=_SOURCE, verification="derived")
def one_step_threshold(
    loss: Loss, state: State = "marginal", *, largest_jump_fraction: float = LARGEST_JUMP_FRACTION
) -> Solution:
    """Where the signal outlier of the one-step state appears: B = 1.

    Parameters
    ----------
    loss, state : as for :func:`one_step_state`; samples_per_dimension is what is solved for.
    largest_jump_fraction : the response may jump at z = 0 for this fraction of the labels; ``edge`` is above 0 then
        (normalised loss: for offsets above about 3.5, with 0.0034 and 0.11 for the intensity loss).

    Returns
    -------
    Scalar Solution with the fields of :func:`one_step_state` and ``samples_per_dimension``. For the ground state B is
    that of the argument S = chi, a formal continuation where its replicon is negative.
    """
    jump = _checked(loss, state, largest_jump_fraction)
    names = (*FIELDS, "samples_per_dimension")

    def criterion(point: _OneStepPoint) -> float:
        return point.alpha_from_overlap * point.law.signal - 1.0

    ends = _bracketed(loss, state, criterion, jump)
    if ends is None:
        return _batch([_nothing(names)], (), one_step_threshold)
    found = _solved(loss, state, _between(*ends, criterion), [])
    return _batch([_packed(loss, found, math.nan, True, jump)], (), one_step_threshold)


@states("1RSB", _VALID, source=_SOURCE, verification="derived")
def one_step_threshold_curve(
    offset: ArrayLike,
    state: State = "marginal",
    *,
    largest_jump_fraction: float = LARGEST_JUMP_FRACTION,
    family: Callable[[float], Loss] = Loss.normalised,
) -> Solution:
    """:func:`one_step_threshold` for each constant ``offset`` of a family of losses; of the shape of ``offset``.

    ``offset`` may be inf for the normalised loss (the intensity loss, 13.8025).
    """
    raw = np.asarray(offset, dtype=np.float64)
    if raw.size == 0 or np.isnan(raw).any() or (raw < 0.0).any():
        raise InvalidArgument("offset", offset, "numbers, at least 0; inf for the intensity loss")
    solutions = [
        one_step_threshold(family(float(a)), state, largest_jump_fraction=largest_jump_fraction)
        for a in raw.ravel()
    ]
    parts = [
        (
            {name: float(entry) for name, entry in s.value.items()},
            Status(int(s.status)),
            float(s.residual),
            float(s.error),
            int(s.iterations),
        )
        for s in solutions
    ]
    return _batch(parts, raw.shape, one_step_threshold_curve)


@states("1RSB", _VALID, source=_SOURCE, verification="derived")
def one_step_curvature_law(
    model: PhaseRetrieval,
    state: State = "marginal",
    *,
    largest_jump_fraction: float = LARGEST_JUMP_FRACTION,
) -> CurvatureLaw:
    """The law of the curvatures in a one-step state, for spectra and densities.

    Parameters
    ----------
    model, state, largest_jump_fraction : as for :func:`one_step_state`.

    Raises
    ------
    NotConverged : there is no such state.
    """
    found = one_step_state(model, state, largest_jump_fraction=largest_jump_fraction).require()
    chi, s, loss = float(found["susceptibility"]), float(found["parisi_parameter"]), model.loss
    rules, law, bound = [], None, 0.0
    for orders in ORDERS:
        branch = GlobalBranch(loss, chi, orders)
        joint, _ = branch.probabilities(s)
        signal = np.broadcast_to(branch.label**2, joint.shape)
        keep = joint > 1e-25
        rules.append(NodeRule(branch.curvature[keep], signal[keep], joint[keep]))
        if law is None:
            law, bound = branch.law(s), float(branch.curvature[keep].min())
    assert law is not None
    if law.difference(GlobalBranch(loss, chi, ORDERS[1]).law(s)) > 1e-6:
        raise AccuracyNotReached(f"{loss.name}: the averages at susceptibility {chi:.6g} are not resolved")
    # The smallest curvature is that of h = 0 at the largest labels, unless the branch leaves it out.
    if 1.0 + chi * loss.curvature_bound >= 0.0:
        bound = loss.curvature_bound
    name = f"{loss.name}, one-step state"
    return CurvatureLaw(name, bound, 0.0, law.force, law.loss, (rules[0], rules[1]))
