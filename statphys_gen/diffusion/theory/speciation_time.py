r"""Speciation time: when, going backward from noise, a trajectory commits to a class. Four definitions.

For two classes at +-m of variance s2 with weights w and 1 - w:

==========  ==========================================================================================
criterion   time
==========  ==========================================================================================
spectral    log(Lambda)/2, Lambda = s2 + 4w(1-w)|m|^2; in general the top eigenvalue of the centred
            covariance of the data
asymptotic  log(d separation^2)/2 = log|m|^2 / 2; in general from the first order of the moments in which
            the classes differ
bayes       log(|m|^2 + 1 - s2)/2; in general where the signal x(t) is 1
drift       log(k|m|^2 + sqrt(k^2|m|^4 + (s2-1)^2))/2, k = kappa* (1 for w = 1/2); in general where the
            potential of the backward drift along the line through two classes gets two minima
==========  ==========================================================================================

``bayes`` is where the density of balanced classes turns bimodal along m, where the log-likelihood ratio's
mean equals its standard deviation, and where clones agree with probability 0.7752. ``drift`` is where the
potential of the backward drift gets a second minimum. At large |m| the four differ by O(1) shifts in time,
which the signal at each time shows.

Every function returns a :class:`~statphys_gen.solution.Solution` with the fields ``time`` and ``signal`` (x
at that time; of the pair of classes furthest apart where there are more than two). A criterion that is never
met at t > 0 has the status "no solution".

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (spectral); derivations/diffusion/potential.py
(drift) and derivations/diffusion/order_law.py (asymptotic).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument
from ...glossary import attributes
from ...presentation import Tabular
from ...solution import Solution, Status
from .class_signal import Spectra, check_pair, class_line, covariance_spectra, excess_time, pair_signal
from .drift_potential import bistability_threshold
from .total_covariance import leading_directions

if TYPE_CHECKING:
    import xarray

_EARLIEST = 1e-15  # smallest E = exp(2t) - 1 at which a criterion is looked for
_EPSILON = float(np.finfo(float).eps)


def _largest_signal(mixture: GaussianMixture, excess: float) -> float:
    spectra = covariance_spectra(mixture)
    pairs = combinations(range(mixture.classes), 2)
    return max((pair_signal(mixture, k, m, spectra)(excess) for k, m in pairs), default=0.0)


def _from_excess(
    mixture: GaussianMixture,
    excess: float | None,
    approximation: Approximation,
    residual: float = 0.0,
    relative_error: float = 4 * _EPSILON,
    iterations: int = 1,
) -> Solution:
    """The Solution for t = log(1 + E)/2; ``None`` or an E that is not positive means that there is no such time."""
    exists = excess is not None and excess > _EARLIEST
    time = signal = error = 0.0
    if excess is not None and exists:
        time = 0.5 * math.log1p(excess)
        signal = _largest_signal(mixture, excess)
        error = 0.5 * relative_error * excess / (1.0 + excess) + 2 * _EPSILON * time
    return Solution(
        {"time": np.array(time), "signal": np.array(signal)},
        np.array(Status.CONVERGED if exists else Status.NO_SOLUTION, dtype=np.int8),
        np.array(residual),
        np.array(error),
        np.array(iterations),
        approximation,
    )


@states(
    "leading order",
    "up to a shift of O(1) in time as d -> infinity, and only if the leading direction separates the classes",
    source="arXiv 2402.18491",
    verification="derived and simulated",
)
def spectral_time(mixture: GaussianMixture) -> Solution:
    """log(Lambda)/2 with Lambda the top eigenvalue of the centred covariance of the whole mixture; none if
    Lambda <= 1.

    See :func:`spectral_directions` for whether the leading direction separates classes at all.
    """
    eigenvalue = float(leading_directions(mixture, 1)[0][0])
    return _from_excess(
        mixture,
        eigenvalue - 1.0,
        approximation_of(spectral_time),
        # Sums over d coordinates round like sqrt(d).
        relative_error=(8 + math.sqrt(mixture.dimension))
        * _EPSILON
        * max(1.0, eigenvalue)
        / max(abs(eigenvalue - 1.0), _EPSILON),
    )


@states(
    "leading order",
    "up to corrections that vanish with exp(-2t), as the order-k difference of the classes grows",
    source="arXiv 2402.18491, 2602.04404 (k = 1, 2); derivations/diffusion/order_law.py",
    verification="derived and simulated",
)
def order_time(order: int, squared_difference: ArrayLike) -> FloatArray:
    r"""Speciation time of classes that first differ in order k: log(||Delta kappa_k||^2 / (4 k!)) / (2k).

    Parameters
    ----------
    order : k, at least 1. 1: means, 2: covariances, 3: skewness tensors, ...
    squared_difference : ||Delta kappa_k||^2, sum of squares over all d^k entries of the difference of the
        cumulant tensors; above 0. For k = 1 it is |m_1 - m_2|^2 = 4 d separation^2. Any shape.

    Returns
    -------
    The time at which x(t) = exp(-2kt) ||Delta kappa_k||^2 / (4 k!) is 1; negative where the classes never
    separate that way.
    """
    k = validation.integer("order", order, minimum=1)
    squares = validation.array("squared_difference", squared_difference, above=0.0)
    return (np.log(squares) - math.log(4.0) - math.lgamma(k + 1)) / (2 * k)


@states(
    "leading order",
    "up to corrections that vanish with exp(-2t) at that time",
    source="arXiv 2402.18491; derivations/diffusion/order_law.py",
    verification="derived and simulated",
)
def asymptotic_time(mixture: GaussianMixture) -> Solution:
    """log(d separation^2)/2, or for covariances log(||C_1 - C_2||^2 / 8)/4 if that is later; the pair
    furthest apart.

    ``d separation^2`` is a quarter of |m_1 - m_2|^2; classes with equal means speciate through their
    covariances.
    """
    latest = -math.inf
    for k, m in combinations(range(mixture.classes), 2):
        squares = [
            (1, float(((mixture.means[k] - mixture.means[m]) ** 2).sum())),
            (2, _squared_covariance_difference(mixture, k, m)),
        ]
        latest = max([latest, *(float(order_time(order, value)) for order, value in squares if value > 0.0)])
    excess = math.expm1(2.0 * latest) if latest > 0.0 else None
    return _from_excess(mixture, excess, approximation_of(asymptotic_time))


def _squared_covariance_difference(mixture: GaussianMixture, first: int, second: int) -> float:
    squares = float(((mixture.covariance(first) - mixture.covariance(second)) ** 2).sum())
    return squares * mixture.dimension if mixture.covariance_kind == "isotropic" else squares


@states(
    "exact",
    "as the time where x(t) = 1; it separates classes exactly for a common covariance, else to leading order",
    source="derivations/diffusion/clone_agreement.py",
    verification="derived and simulated",
)
def bayes_time(mixture: GaussianMixture) -> Solution:
    """The time at which the signal x(t) is 1. More than two classes: of the pair furthest apart, which
    speciates first.

    One pair of many: :func:`pair_bayes_time`; levels of a tree of classes:
    :func:`statphys_gen.diffusion.hierarchical_speciation_times`.
    """
    spectra = covariance_spectra(mixture)
    best: Solution | None = None
    latest = 0.0
    for k, m in combinations(range(mixture.classes), 2):
        # x falls in time: a pair that is below 1 at the latest time so far crossed 1 before it.
        if best is not None and pair_signal(mixture, k, m, spectra)(latest) <= 1.0:
            continue
        found = _pair_bayes_time(mixture, k, m, spectra)
        if found.good and (best is None or found["time"] > best["time"]):
            best, latest = found, float(excess_time(found["time"]))
    return _from_excess(mixture, None, approximation_of(bayes_time)) if best is None else best


@states(
    "exact",
    "as the time where x(t) = 1; it separates classes exactly for a common covariance, else to leading order",
    source="derivations/diffusion/clone_agreement.py",
    verification="derived and simulated",
)
def pair_bayes_time(mixture: GaussianMixture, first: int = 0, second: int = 1) -> Solution:
    """The time at which the signal between the classes ``first`` and ``second`` is 1."""
    check_pair(mixture, first, second)
    return _pair_bayes_time(mixture, first, second, covariance_spectra(mixture))


def _pair_bayes_time(mixture: GaussianMixture, first: int, second: int, spectra: Spectra) -> Solution:
    signal_at = pair_signal(mixture, first, second, spectra)
    approximation = approximation_of(bayes_time)
    if signal_at(_EARLIEST) <= 1.0:
        return _from_excess(mixture, None, approximation)

    def mismatch(log_excess: float) -> float:
        return math.log(signal_at(math.exp(log_excess)))

    lower, upper = math.log(_EARLIEST), 1.0
    while mismatch(upper) > 0.0:
        lower, upper = upper, 2.0 * upper
    root, report = brentq(mismatch, lower, upper, xtol=1e-15, rtol=1e-15, full_output=True)
    excess = math.exp(root)
    # x falls at least as E^-1/(1 + largest eigenvalue/E) does: its logarithmic slope in E, by a small
    # symmetric step.
    slope = (mismatch(root + 1e-4) - mismatch(root - 1e-4)) / 2e-4
    residual = abs(signal_at(excess) - 1.0)
    relative_error = (residual + 8 * _EPSILON) / abs(slope) + 4 * _EPSILON * max(1.0, abs(root))
    return _from_excess(mixture, excess, approximation, residual, relative_error, report.iterations)


@states(
    "exact",
    "along the line through two classes with a common covariance",
    source="arXiv 2305.19693 (two point masses); derivations/diffusion/potential.py",
    verification="derived and simulated",
)
def drift_time(mixture: GaussianMixture) -> Solution:
    """The time at which the potential of the exact backward drift along the line through two classes gets
    two minima.

    Balanced classes: where its curvature at the midpoint vanishes, 1 - 2/Gamma + 2 |m|^2 exp(-2t)/Gamma^2 =
    0. Unbalanced: where the second minimum appears away from it. Two classes with a common covariance of
    which m_1 - m_2 is an eigenvector; anything else raises :class:`~statphys_gen.errors.InvalidArgument`.
    """
    line = class_line(mixture)
    strength = bistability_threshold(float(mixture.weights[0])) * line.half_separation**2
    growth = strength + math.hypot(strength, line.variance - 1.0)
    return _from_excess(mixture, growth - 1.0, approximation_of(drift_time))


@dataclass(frozen=True, repr=False)
class SpeciationTimes(Tabular):
    """The four speciation times of one mixture.

    Attributes
    ----------
    spectral, asymptotic, bayes, drift : one Solution each. ``drift`` is None where it is not defined (more
        than two classes, covariances that differ, or a tilted common covariance).
    warning : one sentence where the spectral time belongs to a direction that does not separate classes;
        else empty.
    """

    spectral: Solution
    asymptotic: Solution
    bayes: Solution
    drift: Solution | None
    warning: str

    def items(self) -> Iterator[tuple[str, Solution]]:
        """(criterion, Solution) of every criterion that is defined for this mixture."""
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, Solution):
                yield entry.name, value

    def records(self) -> list[dict[str, Any]]:
        """One row for each criterion."""
        return [{"criterion": name} | record for name, entry in self.items() for record in entry.records()]

    def to_dataset(self) -> xarray.Dataset:
        """Along the criteria that are defined; the warning is an attribute."""
        import xarray

        found = {name: entry.to_dataset() for name, entry in self.items()}
        names = xarray.Variable("criterion", list(found), attributes("criterion"))
        joined = xarray.concat(
            [entry[["time", "status", "residual", "error", "iterations"]] for entry in found.values()],
            dim="criterion",
        )
        return joined.assign_coords(criterion=names).assign_attrs(
            approximation="; ".join(f"{name}: {entry.approximation}" for name, entry in self.items()),
            warning=self.warning,
        )

    def shift(self, criterion: str, reference: str = "bayes") -> float | None:
        """Time of one criterion minus that of another; None where either does not exist."""
        found = dict(self.items())
        names = ("spectral", "asymptotic", "bayes", "drift")
        for argument, name in (("criterion", criterion), ("reference", reference)):
            validation.choice(argument, name, names)
            if name not in found or not found[name].good:
                return None
        return float(found[criterion]["time"] - found[reference]["time"])


def speciation_times(mixture: GaussianMixture) -> SpeciationTimes:
    """All four speciation times of a mixture of two or more classes, and a warning if the spectral one misleads."""
    if mixture.classes < 2:
        raise InvalidArgument("mixture", mixture.classes, "a mixture of at least 2 classes")
    try:
        drift = drift_time(mixture)
    except InvalidArgument:
        drift = None
    return SpeciationTimes(
        spectral_time(mixture),
        asymptotic_time(mixture),
        bayes_time(mixture),
        drift,
        spectral_directions(mixture, 1).warning,
    )


@dataclass(frozen=True)
class SpectralDirections:
    """Leading eigendirections of the centred data covariance, in descending order of the eigenvalue; n of
    them.

    Attributes
    ----------
    eigenvalue : (n,).
    between_class_fraction : (n,), the part of the eigenvalue that comes from the means of the classes, in
        [0, 1].
    modes : (n,), number of maxima of the law of the data along the direction; 1 means that nothing is
        decided along it.
    times : Solution of shape (n,), field ``time`` = log(eigenvalue)/2, no solution where the eigenvalue is
        at most 1.
    warning : one sentence if the first direction has a single mode; else empty.
    """

    eigenvalue: FloatArray
    between_class_fraction: FloatArray
    modes: NDArray[np.int64]
    times: Solution
    warning: str


@states(
    "leading order",
    "up to a shift of O(1) in time as d -> infinity, and only for a direction with more than one mode",
    source="arXiv 2402.18491",
    verification="derived and simulated",
)
def spectral_directions(mixture: GaussianMixture, count: int = 10) -> SpectralDirections:
    """A spectral time for each of the leading directions, and whether the data are multimodal along it.

    An isotropic mixture has at most K directions to tell apart: those of the means, and all others as one.
    """
    eigenvalues, vectors = leading_directions(mixture, validation.integer("count", count, minimum=1))
    projected_means = mixture.means @ vectors
    centred = projected_means - mixture.weights @ projected_means
    between = mixture.weights @ centred**2
    variances = np.stack(
        [_projected_variance(mixture.covariance(k), vectors) for k in range(mixture.classes)]
    )
    modes = np.array(
        [
            count_modes(mixture.weights, projected_means[:, j], variances[:, j])
            for j in range(vectors.shape[1])
        ]
    )
    exists = eigenvalues > 1.0
    logarithm = 0.5 * np.log(np.where(exists, eigenvalues, 1.0))
    times = Solution(
        {"time": logarithm},
        np.where(exists, Status.CONVERGED, Status.NO_SOLUTION).astype(np.int8),
        np.zeros(len(eigenvalues)),
        4 * _EPSILON * (1.0 + logarithm),
        np.ones(len(eigenvalues), dtype=np.int64),
        approximation_of(spectral_directions),
    )
    fraction = np.clip(between / eigenvalues, 0.0, 1.0)
    warning = ""
    if exists[0] and modes[0] == 1:
        warning = (
            f"the leading direction of the data (eigenvalue {eigenvalues[0]:.6g}) has a single mode: no class "
            f"is decided along it, and {fraction[0]:.2g} of its variance lies between the classes; use the "
            "criterion bayes"
        )
    return SpectralDirections(eigenvalues, fraction, modes, times, warning)


def _projected_variance(covariance: FloatArray, vectors: FloatArray) -> FloatArray:
    if covariance.ndim == 2:
        return np.einsum("ij,ij->j", vectors, covariance @ vectors)
    return (
        np.atleast_1d(covariance) @ vectors**2
        if covariance.ndim == 1
        else covariance * (vectors**2).sum(axis=0)
    )


def count_modes(weights: ArrayLike, means: ArrayLike, variances: ArrayLike) -> int:
    """Number of maxima of a one-dimensional Gaussian mixture; point masses are narrow peaks. Arguments: (K,)."""
    w = validation.probability_vector("weights", weights)
    m = validation.array("means", means, shape=w.shape)
    s = np.sqrt(validation.array("variances", variances, shape=w.shape, at_least=0.0))
    span = float(np.ptp(m))
    if span == 0.0:
        return 1
    s = np.maximum(s, 1e-6 * span)
    # All maxima lie between the extreme means; on a grid finer than every width they are sign changes of the
    # slope.
    local = m[:, None] + s[:, None] * np.linspace(-8.0, 8.0, 801)
    grid = np.unique(np.concatenate([local.ravel(), np.linspace(m.min(), m.max(), 801)]))
    z = (grid[:, None] - m) / s
    exponent = -0.5 * z**2
    slope = (np.exp(exponent - exponent.max(axis=1, keepdims=True)) * (w / s**2) * -z).sum(axis=1)
    signs = np.sign(slope)
    signs = signs[signs != 0.0]
    return int(((signs[:-1] > 0) & (signs[1:] < 0)).sum())
