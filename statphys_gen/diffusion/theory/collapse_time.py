r"""Collapse: the time below which a noised training point, or a backward trajectory, belongs to one training point.

With alpha = log(n)/d, r_i(t) = lambda_i / (exp(2t) - 1) and <.> the average over the d eigenvalues of a covariance:

===============  ===================================================================================================
collapse time    log n = I(a; x_t), t_C; for one Gaussian class alpha = <log(1 + r)>/2, isotropic in closed form
                 t_C = log(1 + variance / (n^(2/d) - 1)) / 2
class k          log(n w_k) = I_k(t), where the n w_k points of a class that is known by then collapse
trap onset       alpha = <log(1 + r) + r/(1 + r)>/2, t_O > t_C: the points exp(-t) a_mu become attractive
basin radius     rho sqrt(D_t) per coordinate: rho^2 = max_{0<m<=1} [<log(1 + m r)> + <m r/(1 + m r)> - 2 alpha]
                 / (m <m r/(1 + m r)>); 0 at t_O, 1 at t_C, reached with m = 1 between them
===============  ===================================================================================================

Small collapse times need a number of samples that is exponential in the rank of the covariance, log n = I(a; x_t)
(:func:`~statphys_gen.diffusion.mutual_information`): the curse of dimensionality. For log n << d,
t_C = log(Tr C / (2 log n)) / 2.

Solvers return a :class:`~statphys_gen.solution.Solution` of the shape of ``log_samples`` (= log n). Discrete data never
collapse when log n exceeds the entropy of a point: the status is then "no solution".

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (isotropic t_C); derivations/diffusion/collapse_rem.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import Approximation, approximation_of, states
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.laws import DataLaw, GaussianMixture, dimension_of
from ...errors import InvalidArgument
from ...glossary import attributes
from ...numerics.roots import bracketed
from ...presentation import Tabular
from ...solution import Solution, Status
from .class_information import average_class_information, class_weights
from .excess_entropy import check_log_samples, entropy_of_law, excess_entropy_slope, within_classes
from .spectral_average import class_spectrum, one_spectrum, spectral_average

if TYPE_CHECKING:
    import xarray

Knowledge = Callable[[FloatArray], FloatArray]
_SOURCE = "derivations/diffusion/collapse_rem.py"
_LEAST, _MOST = -600.0, 600.0  # of log E = log(exp(2t) - 1)
_TOLERANCE = 1e-11
# Largest standard error of the information on the class, in nats; it goes into the error of the time.
_CLASS_TERM = 0.02


def _solve(
    known: Knowledge, log_samples: FloatArray, largest: float, approximation: Approximation
) -> Solution:
    """The time at which ``known(E)``, decreasing in E from ``largest`` to 0, is log n."""
    flat = log_samples.ravel()
    wanted = np.unique(flat[flat < largest])
    if not wanted.size:
        none = np.zeros(log_samples.shape)
        status = np.full(log_samples.shape, Status.NO_SOLUTION, dtype=np.int8)
        return Solution({"time": none}, status, none, none, none.astype(np.int64), approximation)

    def values(log_excess: FloatArray) -> FloatArray:
        return known(np.exp(np.clip(log_excess, _LEAST, _MOST)))

    low, high = _bracket(values, wanted)
    root = bracketed(
        lambda x, target: values(x) / target - 1.0,
        low,
        high,
        parameters=[wanted],
        tolerance=_TOLERANCE,
        name="log_excess",
    )
    place = np.minimum(np.searchsorted(wanted, log_samples), wanted.size - 1)
    excess = np.exp(root["log_excess"][place])
    time = 0.5 * np.log1p(excess)
    status = np.where(log_samples < largest, root.status[place], Status.NO_SOLUTION).astype(np.int8)
    error = 0.5 * root.error[place] * excess / (1.0 + excess) + 4.0 * np.finfo(float).eps * time
    return Solution(
        {"time": time}, status, root.residual[place], error, root.iterations[place], approximation
    )


def _bracket(values: Knowledge, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of log E around each target; the steps double, so that a handful of evaluations does for any target."""
    ends = []
    for direction in (-1.0, 1.0):
        x, step = np.zeros_like(targets), 1.0
        while True:
            short = (values(x) <= targets) if direction < 0 else (values(x) >= targets)
            if not short.any() or step > _MOST:
                break
            x = np.where(short, np.clip(x + direction * step, _LEAST, _MOST), x)
            step *= 2.0
        ends.append(x)
    return ends[0], ends[1]


# ---------------------------------------------------------------------------------------------- collapse time


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d; simulated collapse times are later by order log(d)/d",
    source="arXiv 2402.18491",
    verification="derived and simulated",
)
def isotropic_collapse_time(dimension: int, variance: float, log_samples: ArrayLike) -> FloatArray:
    """t_C = log(1 + variance / (n^(2/d) - 1)) / 2, the closed form for one isotropic Gaussian class.

    Parameters
    ----------
    dimension : d, at least 1; for data on a linear manifold, its dimension.
    variance : of each class in every direction, above 0.
    log_samples : log n, above 0, any shape.
    """
    d = validation.integer("dimension", dimension, minimum=1)
    s2 = validation.positive("variance", variance)
    twice = 2.0 * check_log_samples(log_samples) / d
    # log(exp(a) - 1) = a + log(1 - exp(-a)) does not overflow.
    return 0.5 * np.log1p(s2 * np.exp(-twice) / -np.expm1(-twice))


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d; includes the information on the class; misleading where the classes have "
    "different covariances, see class_collapse",
    source="derivations/diffusion/collapse_class_term.py",
    verification="derived and simulated",
)
def collapse_time(law: DataLaw, log_samples: ArrayLike) -> Solution:
    """t_C with log n = I(a; x_t), the class term included. Field ``time``.

    Parameters
    ----------
    law : the law of the data.
    log_samples : log n, natural logarithm of the number of training points, above 0, any shape.

    The error holds three standard errors of the class term where that is an average by quasi-Monte Carlo (means that
    span more than three dimensions).
    """
    weights = class_weights(law)

    def known(excess: FloatArray) -> FloatArray:
        total = np.einsum("tk,k->t", within_classes(law, excess).information, weights)
        if len(weights) > 1:
            times = np.maximum(0.5 * np.log1p(excess), 1e-300)
            total = total + average_class_information(law, times, tolerance=_CLASS_TERM)[0]
        return total

    found = _solve(
        known, check_log_samples(log_samples), entropy_of_law(law), approximation_of(collapse_time)
    )
    error = found.error.copy()
    good = (
        np.flatnonzero(found.good & (found["time"] > 0.0)) if len(weights) > 2 else np.zeros(0, dtype=np.intp)
    )
    if len(good):
        # The information within the classes falls as fast as this, the one on the class falls as well.
        times = found["time"].ravel()[good]
        _, sampled = average_class_information(law, times, tolerance=_CLASS_TERM)
        error.ravel()[good] += 3.0 * sampled / (dimension_of(law) * excess_entropy_slope(law, times))
    return replace(found, error=error)


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d; the published time, without the information on the class",
    source="arXiv 2402.18491",
    verification="derived and simulated",
)
def leading_collapse_time(law: DataLaw, log_samples: ArrayLike) -> Solution:
    """t_C with log n = sum_k w_k I_k(t), without the class term. Field ``time``; parameters as for
    :func:`collapse_time`."""
    weights = class_weights(law)
    largest = entropy_of_law(law) + float(weights @ np.log(weights))

    def known(excess: FloatArray) -> FloatArray:
        return np.einsum("tk,k->t", within_classes(law, excess).information, weights)

    return _solve(known, check_log_samples(log_samples), largest, approximation_of(leading_collapse_time))


@states(
    "exact",
    "as an upper bound of the collapse time f = 0 of any law with this covariance",
    source="maximum entropy of the Gaussian; " + _SOURCE,
    verification="derived and simulated",
)
def collapse_time_bound(covariance: Covariance, log_samples: ArrayLike) -> Solution:
    """Collapse time of Gaussian data with the covariance of all data, classes included. Field ``time``."""
    if not isinstance(covariance, Covariance):
        raise InvalidArgument("covariance", type(covariance).__name__, "a Covariance")
    solution = leading_collapse_time(covariance, log_samples)
    return _restated(solution, approximation_of(collapse_time_bound))


def _restated(solution: Solution, approximation: Approximation) -> Solution:
    parts = solution.status, solution.residual, solution.error, solution.iterations
    return Solution(solution.value, *parts, approximation)


@states(
    "leading order", "for log n much smaller than d", source=_SOURCE, verification="derived and simulated"
)
def sparse_collapse_time(law: DataLaw, log_samples: ArrayLike) -> FloatArray:
    """t_C = log(Tr C / (2 log n)) / 2 for log n << d, C the covariance within a class; of the shape of
    ``log_samples``.

    Refused where 2 log n reaches Tr C, where it would not be positive.
    """
    spectrum = one_spectrum(law)
    logs = check_log_samples(log_samples)
    trace = float(spectrum.eigenvalues @ spectrum.multiplicities)
    if (2.0 * logs >= trace).any():
        raise InvalidArgument("log_samples", float(logs.max()), f"below Tr C / 2 = {0.5 * trace:g}")
    return 0.5 * np.log(trace / (2.0 * logs))


# ------------------------------------------------------------------------------------------ class by class


@dataclass(frozen=True, repr=False)
class ClassCollapse(Tabular):
    """Collapse class by class.

    Attributes
    ----------
    classes : Solution of shape (K,), fields ``time`` and ``width`` (of the window, D_t / sqrt(d v)).
    averaged : Solution of shape (), the time where the averaged excess entropy f is 0.
    warning : one sentence where nothing happens at the averaged time, else None.
    """

    classes: Solution
    averaged: Solution
    warning: str | None

    def records(self) -> list[dict[str, Any]]:
        """One row for each class, and one for the averaged excess entropy."""
        rows = [{"class": k} | record for k, record in enumerate(self.classes.records())]
        return [*rows, *({"class": "averaged"} | record for record in self.averaged.records())]

    def to_dataset(self) -> xarray.Dataset:
        """Along the classes, with the time of the averaged excess entropy as ``averaged_time``."""
        found = self.classes.to_dataset(**{"class": np.arange(len(self.classes["time"]))})
        return found.assign(averaged_time=((), self.averaged["time"], attributes("averaged_time")))


@states(
    "leading order",
    "in d -> infinity; the classes must be told apart before they collapse",
    source="derivations/diffusion/collapse_class_term.py",
    verification="derived and simulated",
)
def class_collapse(mixture: GaussianMixture, log_samples: float) -> ClassCollapse:
    """The collapse time of each class, log(n w_k) = I_k(t), and whether the averaged formula misleads.

    Classes with different covariances collapse one after the other, and the excess entropy
    sum_k w_k max(0, log(n w_k) - I_k)/d has a kink at each; at the zero of its average then nothing happens.

    Parameters
    ----------
    mixture : a Gaussian mixture.
    log_samples : log n, one number; n w_k must exceed 1 for every class.
    """
    if not isinstance(mixture, GaussianMixture):
        raise InvalidArgument("mixture", type(mixture).__name__, "a GaussianMixture")
    log_n = validation.positive("log_samples", log_samples)
    own = log_n + np.log(mixture.weights)
    if (own <= 0.0).any():
        raise InvalidArgument("log_samples", log_n, "large enough for more than one sample in every class")
    spectra = [class_spectrum(mixture, k) for k in range(mixture.classes)]
    rows = [leading_collapse_time(s, own[k]).require() for k, s in enumerate(spectra)]
    times = np.array([float(row["time"]) for row in rows])
    widths = np.array([_window(s, t) for s, t in zip(spectra, times, strict=True)])
    classes = Solution(
        {"time": times, "width": widths},
        np.array([row.status for row in rows]),
        np.array([row.residual for row in rows]),
        np.array([row.error for row in rows]),
        np.array([row.iterations for row in rows]),
        approximation_of(class_collapse),
    )
    averaged = collapse_time(mixture, log_n)
    distance = np.abs(times - float(averaged["time"])) / widths
    warning = None
    if bool(averaged.good) and (distance > 1.0).all():
        warning = (
            f"the averaged excess entropy vanishes at t = {float(averaged['time']):.4g}, where no class collapses: the "
            f"classes do so between t = {times.min():.4g} and t = {times.max():.4g}"
        )
    return ClassCollapse(classes, averaged, warning)


def _window(spectrum: Covariance, time: float) -> float:
    """D_t / sqrt(d v)."""
    v = spectral_average(spectrum, np.array([np.expm1(2.0 * time)]), lambda r: r / (1.0 + r))
    return float(-np.expm1(-2.0 * time) / np.sqrt(spectrum.finite_dimension() * v[0]))


# ------------------------------------------------------------------------------------------- traps and basins


def _trap_knowledge(r: FloatArray) -> FloatArray:
    return 0.5 * (np.log1p(r) + r / (1.0 + r))


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d",
    source=_SOURCE,
    verification="derived and simulated",
)
def trap_onset_time(law: DataLaw, log_samples: ArrayLike) -> Solution:
    """t_O with log(n)/d = <log(1 + r) + r/(1 + r)>/2: below it the points exp(-t) a_mu attract. Field ``time``.

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance.
    log_samples : log n, above 0, any shape.
    """
    spectrum = one_spectrum(law)
    return _solve(
        lambda excess: spectrum.finite_dimension() * spectral_average(spectrum, excess, _trap_knowledge),
        check_log_samples(log_samples),
        np.inf,
        approximation_of(trap_onset_time),
    )


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d; below the collapse time by the condensed (1RSB) free energy",
    source=_SOURCE,
    verification="derived and simulated",
)
def basin_radius(law: DataLaw, time: ArrayLike, log_samples: float) -> FloatArray:
    """rho(t): a point exp(-t) a_mu + rho sqrt(D_t) z, z standard Gaussian, still belongs to the training point mu.

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance.
    time : diffusion times, any shape, above 0.
    log_samples : log n, one number above 0.

    Returns
    -------
    rho, of the shape of ``time``: 1 at the collapse time, 0 at and above the trap onset.
    """
    spectrum = one_spectrum(law)
    alpha = validation.positive("log_samples", log_samples) / spectrum.finite_dimension()
    times = validation.array("time", time, above=0.0)
    collapse = float(leading_collapse_time(spectrum, log_samples).require()["time"])
    values = [_squared_radius(spectrum, alpha, t, t < collapse) for t in times.ravel().tolist()]
    return np.sqrt(np.maximum(np.array(values), 0.0)).reshape(times.shape)


def _squared_radius(spectrum: Covariance, alpha: float, time: float, condensed: bool) -> float:
    from scipy.optimize import minimize_scalar

    excess = np.array([np.expm1(2.0 * time)])

    def squared(log_m: float) -> float:
        m = np.exp(log_m)
        grown = spectral_average(spectrum, excess, lambda r: np.log1p(m * r))[0]
        share = spectral_average(spectrum, excess, lambda r: m * r / (1.0 + m * r))[0]
        return float((grown + share - 2.0 * alpha) / (m * share))

    if not condensed:
        return squared(0.0)
    # The extremum is stationary in m: half the digits of m are enough for all those of the radius.
    mean = float(spectral_average(spectrum, excess, lambda r: r)[0])
    lowest = np.log(min(0.5, alpha / mean))
    found = minimize_scalar(
        lambda x: -squared(x), bounds=(lowest, 0.0), method="bounded", options={"xatol": 1e-9}
    )
    return max(-float(found.fun), squared(0.0))
