r"""Success of gradient descent at finite size: rates, the midpoint of the success curve, its shift with log N.

A descent from a random start has an initial overlap m_0 = z/sqrt(N), z ~ N(0, 1). While the overlap is small it grows
linearly, m = G m_0, and the largest amplification G_max(alpha) of the dynamics at overlap 0, with alpha =
samples_per_dimension, is a property of the limit N -> infinity. The *amplification heuristic* says that a descent
succeeds when |z| G_max/sqrt(N) exceeds a constant of order 1; half of the descents then succeed where
log G_max(alpha) = (1/2) log N + constant, so that the midpoint moves by

    d alpha_50 / d log N = 1 / (2 d log G_max / d alpha).

Everything but :func:`largest_amplification` knows counts and curves only, wherever they come from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InsufficientSamples, InvalidArgument
from ...glossary import dataset
from ...presentation import Tabular
from ...statistics.estimate import Estimate
from ..model import PhaseRetrieval, check_model
from .dmft import descent_dynamics
from .spectrum import axes_of, ratios

if TYPE_CHECKING:
    import xarray

_LEVEL = 0.95
_FISHER_STEPS = 100
# Beyond these rates a logistic curve is not trusted to describe the success curve.
_LOWEST_RATE = 0.05


class SingleResult(Tabular):
    """A result of numbers: one record, and a data set without axes."""

    def record(self) -> dict[str, Any]:
        raise NotImplementedError

    def records(self) -> list[dict[str, Any]]:
        return [self.record()]

    def to_dataset(self) -> xarray.Dataset:
        return dataset({name: ((), np.nan if x is None else x) for name, x in self.record().items()}, {})


@dataclass(frozen=True, repr=False)
class SuccessRate(SingleResult):
    """A success rate with its binomial interval.

    Attributes
    ----------
    rate, standard_error : the standard error is over instances.
    lower, upper : Wilson's interval for ``effective_trials`` independent trials.
    effective_trials : number of instances for one start each; with several starts that share sensing vectors,
        rate (1 - rate)/variance, between the number of instances and that of starts.
    """

    rate: float
    standard_error: float
    lower: float
    upper: float
    effective_trials: float

    def record(self) -> dict[str, Any]:
        return dict(vars(self))


def success_rate(succeeded: ArrayLike, starts: int = 1, *, level: float = _LEVEL) -> SuccessRate:
    """Rate and interval from the number of successful starts of each instance, shape (instances,)."""
    from scipy.special import ndtri

    each = validation.integer("starts", starts, minimum=1)
    counts = validation.array("succeeded", succeeded, ndim=1, at_least=0.0)
    confidence = validation.inside("level", level, 0.0, 1.0)
    if (counts > each).any() or (counts != np.round(counts)).any():
        raise InvalidArgument("succeeded", counts, f"integers, at most starts = {each}")
    instances = len(counts)
    if instances < 2:
        raise InsufficientSamples(f"{instances} instance: an error bar needs at least 2")
    p = float(counts.mean()) / each
    variance = float((counts / each).var(ddof=1)) / instances
    size = float(instances)
    if each > 1:
        size = min(max(p * (1.0 - p) / variance, size), size * each) if variance > 0.0 else size
    quantile = float(ndtri(0.5 + 0.5 * confidence))
    centre = (p + quantile**2 / (2.0 * size)) / (1.0 + quantile**2 / size)
    half = (
        quantile
        * math.sqrt(p * (1.0 - p) / size + quantile**2 / (4.0 * size**2))
        / (1.0 + quantile**2 / size)
    )
    lower, upper = max(0.0, centre - half), min(1.0, centre + half)
    # At the ends of the range rounding must not exclude the rate itself.
    return SuccessRate(p, math.sqrt(variance), min(lower, p), max(upper, p), size)


@dataclass(frozen=True, repr=False)
class SuccessMidpoint(SingleResult):
    """Where half of the descents succeed, by a logistic curve in log alpha, alpha = samples_per_dimension.

    Attributes
    ----------
    samples_per_dimension : the midpoint; its error is enlarged where the curve fits badly.
    exponent : k of 1/(1 + (midpoint/alpha)^k).
    p_value : of the fit, by Pearson's chi-square.
    """

    samples_per_dimension: Estimate
    exponent: float
    p_value: float

    def record(self) -> dict[str, Any]:
        middle = self.samples_per_dimension
        return {
            "samples_per_dimension": float(middle.mean),
            "standard_error": float(middle.standard_error),
            "exponent": self.exponent,
            "p_value": self.p_value,
        }


def success_midpoint(
    samples_per_dimension: ArrayLike, successes: ArrayLike, instances: ArrayLike
) -> SuccessMidpoint:
    """Midpoint of one success curve by maximum likelihood.

    Parameters
    ----------
    samples_per_dimension : distinct ratios (K,), K at least 3.
    successes, instances : (K,) successes among independent instances (effective trials where starts share vectors).

    Raises
    ------
    InsufficientSamples : fewer than 3 ratios have rates between 0.05 and 0.95, or the rates do not rise.
    """
    from scipy.special import chdtrc, expit

    ratio = validation.array("samples_per_dimension", samples_per_dimension, ndim=1, above=0.0)
    good = validation.array("successes", successes, shape=ratio.shape, at_least=0.0)
    total = validation.array("instances", instances, shape=ratio.shape, above=0.0)
    if (good > total).any():
        raise InvalidArgument("successes", good, "at most the instances")
    if len(np.unique(ratio)) < len(ratio):
        raise InvalidArgument("samples_per_dimension", ratio.tolist(), "distinct")
    used = (good >= _LOWEST_RATE * total) & (good <= (1.0 - _LOWEST_RATE) * total)
    if used.sum() < 3:
        raise InsufficientSamples(
            f"{int(used.sum())} ratios have success rates between {_LOWEST_RATE:g} and {1 - _LOWEST_RATE:g}: a "
            "midpoint needs at least 3"
        )
    x, k, n = np.log(ratio[used]), good[used], total[used]
    centre = float(x @ n / n.sum())
    design = np.stack([np.ones_like(x), x - centre], axis=1)
    beta = np.zeros(2)
    for _ in range(_FISHER_STEPS):
        p = expit(design @ beta)
        information = design.T @ (design * (n * p * (1.0 - p))[:, None])
        step = np.linalg.solve(information, design.T @ (k - n * p))
        beta = beta + step
        if np.abs(step).max() < 1e-12:
            break
    else:
        raise InsufficientSamples("the success rates do not determine a logistic curve")
    p = expit(design @ beta)
    if not beta[1] > 0.0:
        raise InsufficientSamples(
            "the success rates do not rise with samples_per_dimension: there is no midpoint"
        )
    chi_square = float(((k - n * p) ** 2 / (n * p * (1.0 - p))).sum())
    freedom = len(x) - 2
    middle = math.exp(centre - float(beta[0] / beta[1]))
    gradient = middle * np.array([-1.0 / beta[1], beta[0] / beta[1] ** 2])
    variance = float(gradient @ np.linalg.solve(information, gradient))
    error = math.sqrt(variance * max(1.0, chi_square / freedom))
    estimate = Estimate(np.asarray(middle), np.asarray(error), np.asarray(n.sum() - 2.0))
    return SuccessMidpoint(estimate, float(beta[1]), float(chdtrc(freedom, chi_square)))


@dataclass(frozen=True, repr=False)
class SizeShift(SingleResult):
    """Midpoint = intercept + slope log N.

    Attributes
    ----------
    slope, standard_error : enlarged where the straight line fits badly.
    lower, upper : 95 % interval of the slope.
    intercept : at log N = 0.
    p_value : of the straight line, by chi-square; None for two sizes, which any line fits.
    """

    slope: float
    standard_error: float
    lower: float
    upper: float
    intercept: float
    p_value: float | None

    def record(self) -> dict[str, Any]:
        return dict(vars(self))


def size_shift(dimension: ArrayLike, midpoints: Estimate) -> SizeShift:
    """Weighted straight line through the midpoints (S,) of at least 2 sizes against log N."""
    from scipy.special import chdtrc, ndtri, stdtrit

    size = validation.array("dimension", dimension, ndim=1, above=1.0)
    if midpoints.shape != size.shape:
        raise InvalidArgument(
            "midpoints", midpoints.mean, f"estimates of shape {size.shape}, one for each size"
        )
    if len(np.unique(size)) < max(2, len(size)):
        raise InsufficientSamples(
            f"{len(np.unique(size))} distinct sizes: a slope needs one midpoint at each of 2"
        )
    if not (midpoints.standard_error > 0.0).all():
        raise InvalidArgument(
            "midpoints", midpoints.standard_error, "estimates with positive standard errors"
        )
    weight = midpoints.standard_error**-2.0
    share = weight / weight.sum()
    x = np.log(size)
    spread = x - x @ share
    slope = float((spread * weight) @ midpoints.mean / ((spread * weight) @ spread))
    intercept = float((midpoints.mean - slope * x) @ share)
    chi_square = float(weight @ (midpoints.mean - intercept - slope * x) ** 2)
    freedom = len(size) - 2
    stretch = max(1.0, chi_square / freedom) if freedom else 1.0
    error = math.sqrt(stretch / float((spread * weight) @ spread))
    quantile = float(stdtrit(freedom, 0.5 + 0.5 * _LEVEL) if stretch > 1.0 else ndtri(0.5 + 0.5 * _LEVEL))
    return SizeShift(
        slope,
        error,
        slope - quantile * error,
        slope + quantile * error,
        intercept,
        float(chdtrc(freedom, chi_square)) if freedom else None,
    )


@dataclass(frozen=True, repr=False)
class Amplification(Tabular):
    """Largest amplification of a small overlap at each samples_per_dimension, within the steps taken.

    Attributes
    ----------
    samples_per_dimension : of the batch's shape.
    value : of that shape, max over the steps of the mean of m(t)/m(0); errors at that step, over replicas of the paths.
    still_growing : of that shape, True where the maximum is at the last step: the value is a lower bound.
    """

    samples_per_dimension: FloatArray
    value: Estimate
    still_growing: NDArray[np.bool_]

    def records(self) -> list[dict[str, Any]]:
        """One plain dictionary for each samples_per_dimension."""
        entries = (self.samples_per_dimension, self.value.mean, self.value.standard_error, self.still_growing)
        names = ("samples_per_dimension", "value", "standard_error", "still_growing")
        return [
            dict(zip(names, row, strict=True))
            for row in zip(*(entry.ravel().tolist() for entry in entries), strict=True)
        ]

    def to_dataset(self) -> xarray.Dataset:
        """Along samples_per_dimension."""
        axes = axes_of(self.samples_per_dimension)
        variables = {
            "amplification": (axes, self.value.mean),
            "standard_error": (axes, self.value.standard_error),
            "still_growing": (axes, self.still_growing),
        }
        places = {"samples_per_dimension": (axes, self.samples_per_dimension)}
        return dataset(variables, places, approximation_of(largest_amplification))

    def truncated(self, at: float) -> bool:
        """Whether the shift at a ratio (:func:`amplification_shift`) rests on a value that is still growing."""
        k = _interval(self.samples_per_dimension, at)
        return bool(self.still_growing[k : k + 2].any())


@states(
    "exact as N -> infinity",
    "an infinitesimal overlap, within the steps taken",
    source="derivations/phase_retrieval/dynamics.py",
    verification="derived and simulated",
)
def largest_amplification(
    model: PhaseRetrieval,
    step_sizes: ArrayLike,
    *,
    samples_per_dimension: ArrayLike | None = None,
    paths: int = 4096,
    replicas: int = 6,
    seed: int = 0,
) -> Amplification:
    """G_max from dynamical mean-field theory.

    Parameters
    ----------
    model : at overlap 0.
    step_sizes, paths, replicas, seed : see :func:`~statphys_gen.phase_retrieval.descent_dynamics`.
    samples_per_dimension : alpha above 0, any shape; by default that of the model, a scalar.

    Raises
    ------
    NotConverged : the steps are too large.
    """
    check_model(model)
    if model.overlap != 0.0:
        raise InvalidArgument("overlap", model.overlap, "0: it is an infinitesimal overlap that grows")
    alphas = ratios(model, samples_per_dimension)
    found, ends = [], []
    for alpha in alphas.ravel():
        there = model.replace(samples_per_dimension=float(alpha))
        dynamics = descent_dynamics(there, step_sizes, paths=paths, replicas=replicas, seed=seed)
        if dynamics.diverged:
            dynamics.require()
        growth = dynamics.estimate("overlap_growth")
        best = int(np.argmax(growth.mean))
        found.append(growth[best])
        ends.append(best == len(growth.mean) - 1)
    together = Estimate.stack(found)
    numbers = (together.mean, together.standard_error, together.degrees_of_freedom)
    value = Estimate(*(entry.reshape(alphas.shape) for entry in numbers))
    return Amplification(alphas, value, np.array(ends).reshape(alphas.shape))


@states(
    "heuristic",
    "success decided by the linear growth of the overlap alone",
    source="statphys_gen.phase_retrieval.theory.success",
    verification="unverified",
)
def amplification_shift(amplification: Amplification, at: float) -> tuple[float, float]:
    """Predicted shift of the midpoint with log N, 1/(2 d log G_max/d alpha) at a ratio, and its standard error.

    Parameters
    ----------
    amplification : along at least 2 increasing samples_per_dimension, from :func:`largest_amplification` or measured.
    at : the ratio, within their range; the logarithm is interpolated linearly between its neighbours.
    """
    ratio = validation.array("samples_per_dimension", amplification.samples_per_dimension, ndim=1, above=0.0)
    growth = validation.array("amplification", amplification.value.mean, shape=ratio.shape, above=0.0)
    if len(ratio) < 2 or (np.diff(ratio) <= 0.0).any():
        raise InvalidArgument("samples_per_dimension", ratio.tolist(), "increasing, at least two")
    place = validation.inside("at", at, float(ratio[0]), float(ratio[-1]), closed=True)
    k = _interval(ratio, place)
    distance = float(ratio[k + 1] - ratio[k])
    slope = float(np.log(growth[k + 1] / growth[k])) / distance
    relative = amplification.value.standard_error / growth
    if not slope > 0.0:
        raise InvalidArgument("amplification", growth, "increasing where the midpoint lies")
    error = math.hypot(float(relative[k]), float(relative[k + 1])) / distance
    return 1.0 / (2.0 * slope), error / (2.0 * slope**2)


def _interval(ratio: FloatArray, place: float) -> int:
    """The index of the lower one of the two ratios between which a place lies."""
    return min(max(int(np.searchsorted(ratio, place)) - 1, 0), len(ratio) - 2)


@dataclass(frozen=True, repr=False)
class ShiftVerdict(SingleResult):
    """A predicted shift against the measured one.

    Attributes
    ----------
    verdict : "refuted" where prediction and measurement exclude one another at 95 %; "confirmed" where they agree and
        the measurement excludes the absence of a shift; else, and for a truncated prediction, "not resolved".
    bound : largest absolute slope within the measured 95 % interval.
    text : one sentence.
    """

    verdict: Literal["confirmed", "refuted", "not resolved"]
    bound: float
    text: str

    def record(self) -> dict[str, Any]:
        return dict(vars(self))


def judge_shift(
    measured: SizeShift, predicted: float, predicted_error: float = 0.0, *, truncated: bool = False
) -> ShiftVerdict:
    """The verdict on a prediction of the slope, given its own standard error.

    ``truncated``: the amplification behind the prediction still grew at its last step, so that the slope is that of the
    amplification within these steps and neither confirms nor refutes the one of the largest amplification.
    """
    slope = validation.finite("predicted", predicted)
    error = validation.non_negative("predicted_error", predicted_error)
    half = 0.5 * (measured.upper - measured.lower)
    allowed = math.hypot(half, 1.96 * error)
    bound = max(abs(measured.lower), abs(measured.upper))
    verdict: Literal["confirmed", "refuted", "not resolved"]
    if truncated:
        verdict = "not resolved"
    elif abs(measured.slope - slope) > allowed:
        verdict = "refuted"
    elif measured.lower > 0.0 or measured.upper < 0.0:
        verdict = "confirmed"
    else:
        verdict = "not resolved"
    text = (
        f"{verdict}: predicted {slope:.3g} +- {error:.2g}, measured slope {measured.slope:.3g} in "
        f"[{measured.lower:.3g}, {measured.upper:.3g}] (95 %)"
    )
    if verdict == "not resolved":
        text += f", which bounds any shift by {bound:.3g}"
    if truncated:
        text += "; the amplification still grew at its last step"
    return ShiftVerdict(verdict, bound, text)
