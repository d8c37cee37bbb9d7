r"""Two isotropic classes: exact weight and details of any grid, at any dimension.

With M = m.x/|m|^2, Delta = A^2 + sigma^2 B^2 and h = log(p/(1-p))/2 the denoiser is

    E[a | x] = (B sigma^2/Delta) x + (A^2/Delta) m tanh(h + B |m|^2 M/Delta),

so that M follows a map of the line whatever the dimension, from a Gaussian start, and every direction orthogonal to m
is multiplied by a number in each step. The weight is the probability that M ends above 0. Where the map increases it
is Phi(-xi*), with xi* the start of the separatrix in units of its standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import log_ndtr

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...presentation import Scalars
from ...solution import Status
from ..model import Grid, TimeGrid, TwoClasses
from .program import Program, increasing_by_construction, program_of
from .start import share_of_data, start_error_of

_SOURCE = "derivations/schedules/isotropic.py"
_SCAN = 2000
_REACH = 9.0
_EPSILON = 2.220446049250313e-16


@dataclass(frozen=True, repr=False)
class GeneratedWeight(Scalars):
    """What a grid makes of two isotropic classes.

    Attributes
    ----------
    weight : share of the samples with m.x > 0.
    weight_error : weight less the share of the data with m.x > 0, of start and steps together; the latter is p, but for
        classes that overlap.
    start_error : the part of it that an exact flow from the same start would have.
    detail_std : standard deviation of a direction orthogonal to m; None where the variance is 0.
    detail_ratio : the same over sigma.
    separatrix : start, in standard deviations, from which M ends at 0; None where there is none, or several.
    monotone : whether M at the end increases with M at the start.
    log_weight, log_complement : logarithms of weight and 1 - weight, finite where these are 1 or 0 to rounding.
    status, residual, error : residual is the width of the bracket of the separatrix, error that of the weight.
    """

    weight: float
    weight_error: float
    start_error: float
    detail_std: float | None
    detail_ratio: float | None
    separatrix: float | None
    monotone: bool
    log_weight: float
    log_complement: float
    status: str
    residual: float
    error: float


@states(
    "exact",
    "for two isotropic classes, at any dimension and grid",
    source=_SOURCE,
    verification="derived and simulated",
)
def generated_weight(classes: TwoClasses, grid: Grid) -> GeneratedWeight:
    """Weight and details that a grid of steps generates, with their errors.

    Parameters
    ----------
    classes : the law of the data; the origin is the midpoint of the class means.
    grid : a :class:`TimeGrid` (Euler steps of an interpolant, from its own noise) or a :class:`NoiseGrid`.
    """
    program = program_of(grid)
    line = _Line(classes, program)
    increasing = increasing_by_construction(program, grid, classes.variance)
    # A step that goes to the data mean whatever the start: one step of a linear interpolant.
    constant = any(abs(keep) < 4.0 * _EPSILON and gain == 0.0 for keep, _, gain in line.steps)
    roots: list[float] = []
    monotone = True
    if not constant:
        roots, monotone = ([line.root()], True) if increasing else line.scan()
    log_weight, log_complement = _logarithms(roots, (constant or not monotone) and line.end(-_REACH) > 0.0)
    if constant and line.end(0.0) == 0.0:
        log_weight = log_complement = -math.log(2.0)
    weight = math.exp(log_weight)
    residual = max((2.0 * _EPSILON * max(1.0, abs(root)) for root in roots), default=0.0)
    error = sum(_density(root) * line.start_uncertainty(root) for root in roots) + 4.0 * _EPSILON * weight
    found = None if classes.variance == 0.0 else float(detail_std(classes.variance, grid))
    mean = (2.0 * classes.weight - 1.0) * classes.norm if program.start == "mean" else 0.0
    at_start = classes.squared_norm / (program.deviation**2 + classes.variance)
    begin, share = 0.0, share_of_data(classes)
    if not _starts_exactly(grid):
        begin = start_error_of(
            classes.weight, at_start, mean / classes.norm, classes.norm / program.deviation, share
        )
    return GeneratedWeight(
        weight,
        _difference(log_weight, log_complement, share),
        begin,
        found,
        None if found is None else found / classes.deviation,
        roots[0] if len(roots) == 1 else None,
        monotone,
        log_weight,
        log_complement,
        str(Status.CONVERGED),
        residual,
        error,
    )


@states(
    "exact",
    "for directions orthogonal to the class means",
    source=_SOURCE,
    verification="derived and simulated",
)
def detail_std(variance: ArrayLike, grid: Grid) -> FloatArray:
    """Standard deviation that a grid generates in a direction of the given variance; any shape.

    Parameters
    ----------
    variance : lambda, above 0: eigenvalues of the covariance within a class.
    grid : of steps.
    """
    eigenvalues = validation.array("variance", variance, above=0.0)
    program = program_of(grid)

    def denoise(e: int, x: FloatArray) -> FloatArray:
        a, b = program.noise[e], program.data[e]
        return np.asarray(b * eigenvalues / (a * a + eigenvalues * b * b) * x)

    with np.errstate(under="ignore"):
        found = np.abs(program.run(np.ones_like(eigenvalues), denoise))
    return np.asarray(program.deviation * found)


def _starts_exactly(grid: Grid) -> bool:
    """From pure noise: in the time of an interpolant, or at infinite noise."""
    return isinstance(grid, TimeGrid) or math.isinf(grid.levels[0])


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _difference(log_weight: float, log_complement: float, weight: float) -> float:
    """Generated weight less that of the data, from the smaller of both shares."""
    if log_weight < log_complement:
        return math.exp(log_weight) - weight
    return (1.0 - weight) - math.exp(log_complement)


def _logarithms(roots: list[float], below: bool) -> tuple[float, float]:
    """log of the probability of M > 0 and of M < 0, with the sign of M below the first root."""
    edges = [-math.inf, *roots, math.inf]
    parts: dict[bool, list[float]] = {True: [], False: []}
    positive = below
    for left, right in pairwise(edges):
        parts[positive].append(_log_between(left, right))
        positive = not positive
    return _log_sum(parts[True]), _log_sum(parts[False])


def _log_between(left: float, right: float) -> float:
    if left > 0.0:
        left, right = -right, -left
    upper, lower = float(log_ndtr(right)), float(log_ndtr(left))
    return upper if math.isinf(left) else upper + math.log1p(-math.exp(lower - upper))


def _log_sum(parts: list[float]) -> float:
    return float(np.logaddexp.reduce(parts)) if parts else -math.inf


class _Line:
    """M at the end as a function of the standard normal start xi."""

    def __init__(self, classes: TwoClasses, program: Program) -> None:
        self.program = program
        self.unit = program.deviation / classes.norm
        self.mean = 2.0 * classes.weight - 1.0 if program.start == "mean" else 0.0
        self.h = classes.log_odds
        self.linear, self.bounded, self.slope = [], [], []
        for a, b in zip(program.noise, program.data, strict=True):
            delta = a * a + classes.variance * b * b
            self.linear.append(b * classes.variance / delta)
            self.bounded.append(a * a / delta)
            self.slope.append(b * classes.squared_norm / delta)
        # Of solvers with one evaluation a step: m' = keep m + drive tanh(h + slope m).
        self.steps: list[tuple[float, float, float]] = []
        for e, (states_of, denoisers) in enumerate(program.updates):
            if len(states_of) == 1 and len(denoisers) == 1:
                (_, keep), (_, drive) = states_of[0], denoisers[0]
                self.steps.append((keep + drive * self.linear[e], drive * self.bounded[e], self.slope[e]))

    def end(self, xi: float) -> float:
        """M at the end from one start."""
        h, linear, bounded, slope, tanh = self.h, self.linear, self.bounded, self.slope, math.tanh
        if len(self.steps) == len(linear):
            place = self.mean + self.unit * xi
            for keep, drive, gain in self.steps:
                place = keep * place + drive * tanh(h + gain * place)
            return place

        def denoise(e: int, m: float) -> float:
            return linear[e] * m + bounded[e] * tanh(h + slope[e] * m)

        return float(self.program.run(self.mean + self.unit * xi, denoise))

    def ends(self, xi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """M at the end from several starts, and its derivative."""

        def denoise(e: int, state: FloatArray) -> FloatArray:
            bent = np.tanh(self.h + self.slope[e] * state[0])
            rate = self.linear[e] + self.bounded[e] * (1.0 - bent**2) * self.slope[e]
            return np.stack([self.linear[e] * state[0] + self.bounded[e] * bent, rate * state[1]])

        start = np.stack([self.mean + self.unit * xi, np.full_like(xi, self.unit)])
        value, rate = self.program.run(start, denoise)
        return value, rate

    def root(self) -> float:
        """Where an increasing map ends at 0."""
        lower, upper = bracket(self.end, -1.0, 1.0)
        return float(brentq(self.end, lower, upper, xtol=1e-300, rtol=4.0 * _EPSILON, maxiter=400))

    def scan(self) -> tuple[list[float], bool]:
        """All roots with |xi| <= 9, or the one beyond of a map that increases; and whether it increases there."""
        xi = np.linspace(-_REACH, _REACH, _SCAN)
        value, rate = self.ends(xi)
        monotone = bool((rate >= 0.0).all())
        places = np.flatnonzero((value[:-1] > 0.0) != (value[1:] > 0.0))
        if not len(places) and monotone:
            return [self.root()], True
        return [float(brentq(self.end, xi[k], xi[k + 1], xtol=1e-15)) for k in places], monotone

    def start_uncertainty(self, xi: float) -> float:
        """Rounding of all steps, carried back to the start."""
        total = 4.0 * _EPSILON * max(1.0, abs(xi))

        def denoise(e: int, state: tuple[float, float] | FloatArray) -> FloatArray:
            nonlocal total
            m, rate = float(state[0]), float(state[1])
            bent = math.tanh(self.h + self.slope[e] * m)
            size = abs(m) + self.bounded[e] * (
                abs(bent) + (1.0 - bent**2) * (abs(self.h) + self.slope[e] * abs(m))
            )
            if rate:
                total += 4.0 * _EPSILON * min(size / abs(rate), 1e12)
            gain = self.linear[e] + self.bounded[e] * (1.0 - bent**2) * self.slope[e]
            return np.array([self.linear[e] * m + self.bounded[e] * bent, gain * rate])

        with np.errstate(over="ignore", invalid="ignore"):
            self.program.run(np.array([self.mean + self.unit * xi, self.unit]), denoise)
        return total


def bracket(function: Callable[[float], float], lower: float, upper: float) -> tuple[float, float]:
    """An interval at whose ends an increasing function has different signs, grown from a first one."""
    width = upper - lower
    while function(upper) < 0.0:
        lower, upper, width = upper, upper + width, 2.0 * width
    while function(lower) > 0.0:
        upper, lower, width = lower, lower - width, 2.0 * width
    return lower, upper
