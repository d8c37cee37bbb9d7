r"""Noise levels at which a feature is decided and learned.

* U-turn: noise a sample to signal q, come back, and ask whether the class is the same. By the reverse process that is
  the agreement of clones; by the flow, which keeps quantiles, p Phi(sqrt(q) - v*/sqrt(q)) + (1-p) Phi(sqrt(q) +
  v*/sqrt(q)).
* Sensitivity: a bias delta h(S) of the learned log-odds changes the weight by int chi(S) delta h(S) dlog S, with
  chi = rho (1 - T^2) Q1. Up to the level S the integral of chi is 2 p (1-p) [1 - Phi(w + s) + Phi(w - s)],
  s = sqrt(q), w = v*/s; over all levels of well separated classes it is 2 p (1-p) = dp/dh.
  An error delta log lambda(S) of a learned variance changes log std by int u(1-u) delta log lambda dlog S.
* Training: n(S) draws leave a bias of variance V1(S)/n(S), V1 = E(1-T^2)^3/(E(1-T^2)^2)^2; best is n ~ chi sqrt(V1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp, ndtr

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.binary_channel import two_class_agreement
from ...errors import InvalidArgument
from ...presentation import Curves, Scalars
from ..model import TwoClasses
from .common_covariance import ClassSpectrum
from .error_density import (
    area_of,
    largest_signal,
    meeting_of,
    signal_sums,
    spectrum_of,
    weight_sensitivity_of,
)
from .start import boundary, edge_of

_SOURCE = "derivations/schedules/windows.py"
_SHARES = (0.05, 0.5, 0.95)
_SHORT = np.polynomial.legendre.leggauss(12)
_SPREAD, _NODES = 170.0, 3401  # of the average of a bounded function, in units of its width
_HALVINGS = 200


@dataclass(frozen=True, eq=False, repr=False)
class UTurn(Curves):
    """Probability that a U-turn keeps the class.

    Attributes
    ----------
    signal : q.
    stochastic, deterministic : by the reverse process, and by the probability flow.
    """

    signal: FloatArray
    stochastic: FloatArray
    deterministic: FloatArray


@states(
    "exact", "for two classes with a common covariance", source=_SOURCE, verification="derived and simulated"
)
def u_turn(signal: ArrayLike, weight: float, data_signal: float = math.inf) -> UTurn:
    """Probabilities that a sample, noised to the signal q and brought back, is of its class again.

    Parameters
    ----------
    signal : q = sum over directions of the squared half difference of the means over S^2 + lambda, at least 0.
    weight : p in (0, 1).
    data_signal : q of the data themselves, at S = 0: where classes overlap, the flow brings a sample back to the class
        that Bayes' rule gives it there. Infinite for classes that do not. The reverse process draws the class.

    Raises
    ------
    InvalidArgument : a signal above that of the data.
    """
    q = validation.array("signal", signal, at_least=0.0)
    p = validation.inside("weight", weight, 0.0, 1.0)
    if data_signal != math.inf:
        largest = validation.positive("data_signal", data_signal)
        if (q > largest * (1.0 + 1e-12)).any():
            raise InvalidArgument("signal", float(q.max()), f"at most that of the data, {largest:g}")
    s = np.sqrt(q)
    w = edge_of(s, p, boundary(p, math.sqrt(data_signal)))
    return UTurn(q, two_class_agreement(q, p), np.asarray(p * ndtr(s - w) + (1.0 - p) * ndtr(s + w)))


@dataclass(frozen=True, repr=False)
class Window(Scalars):
    """Noise levels of one feature.

    Attributes
    ----------
    feature : "weight", "details" or "u-turn".
    lower, median, upper : 5, 50 and 95 % of the sensitivity lie below these noise levels; of a U-turn, the levels at
        which 95, 50 and 5 % of the rise of the agreement to 1 are reached. None where no level does.
    area : of the best density of steps over log S; None for the U-turn.
    """

    feature: str
    lower: float | None
    median: float | None
    upper: float | None
    area: float | None


@states("exact", "for two classes with a common covariance", source=_SOURCE, verification="derived")
def windows(classes: TwoClasses) -> list[Window]:
    """The windows of the weight, of the details (where there are any) and of the U-turn."""
    return windows_of(spectrum_of(classes))


def windows_of(spectrum: ClassSpectrum) -> list[Window]:
    """The same of a spectrum with one or two classes; details weighted by variance."""
    found = []
    separated = spectrum.classes == 2 and spectrum.separates()
    if separated:
        found.append(_weight_window(spectrum))
    if spectrum.eigenvalues[-1] > 0.0:
        found.append(_detail_window(spectrum))
    if separated:
        found.append(_u_turn_window(spectrum))
    return found


def _weight_window(spectrum: ClassSpectrum) -> Window:
    p, meeting = float(spectrum.weights[0]), meeting_of(spectrum)

    def log_above(q: float) -> float:
        """log of Phi(w + s) - Phi(w - s), the share of the sensitivity above the level of the signal."""
        s = math.sqrt(q)
        w = abs(float(edge_of(s, p, meeting)))
        if s < 0.5:
            bells = float(_SHORT[1] @ np.exp(-s * _SHORT[0] * (w + 0.5 * s * _SHORT[0])))
            return math.log(s * bells) - 0.5 * w * w - 0.5 * math.log(2.0 * math.pi)
        upper, lower = float(log_ndtr(s - w)), float(log_ndtr(-s - w))
        return upper + math.log1p(-math.exp(lower - upper))

    largest = largest_signal(spectrum, spectrum.half_difference())
    whole = log_above(largest) if math.isfinite(largest) else 0.0
    levels = [
        _level_at(spectrum, _signal_at(log_above, math.log1p(-share) + whole, largest)) for share in _SHARES
    ]
    low, middle, high = levels
    return Window("weight", low, middle, high, area_of(spectrum, "weight"))


def _detail_window(spectrum: ClassSpectrum) -> Window:
    positive = spectrum.eigenvalues > 0.0
    values = spectrum.eigenvalues[positive]
    shares = values * spectrum.multiplicities[positive] / spectrum.trace

    def below(log_level: float) -> float:
        square = math.exp(2.0 * log_level)
        return float(shares @ (square / (square + values)))

    ends = 0.5 * math.log(values[0]) - 10.0, 0.5 * math.log(values[-1]) + 10.0
    levels = [
        math.exp(brentq(lambda x, share=share: below(x) - share, *ends, xtol=1e-14)) for share in _SHARES
    ]
    low, middle, high = levels
    return Window("details", low, middle, high, area_of(spectrum, "details"))


def _u_turn_window(spectrum: ClassSpectrum) -> Window:
    p = float(spectrum.weights[0])

    def risen(q: float) -> float:
        """Share of the rise of the agreement to 1; what is left is E (1 - tanh^2) over 4 p (1-p)."""
        return 1.0 - math.exp(float(_log_slope_moment(np.array(q), p, 1))) / (4.0 * p * (1.0 - p))

    largest = largest_signal(spectrum, spectrum.half_difference())
    levels = []
    for share in reversed(_SHARES):
        q = _signal_at(risen, share)
        levels.append(_level_at(spectrum, q) if q < largest else None)
    low, middle, high = levels
    return Window("u-turn", low, middle, high, None)


def _signal_at(rising: Callable[[float], float], value: float, largest: float = math.inf) -> float:
    """The signal, up to the largest, at which an increasing function has a value."""
    top = 12.0 if math.isinf(largest) else min(math.log(largest), 12.0)
    return math.exp(brentq(lambda x: rising(math.exp(x)) - value, min(top - 12.0, -40.0), top, xtol=1e-13))


def _level_at(spectrum: ClassSpectrum, signal: float) -> float:
    """S at a signal."""
    squares = spectrum.half_difference()
    middle = 0.5 * math.log(squares.sum() / signal)

    def excess(log_level: float) -> float:
        q = signal_sums(spectrum.eigenvalues, squares, np.array(math.exp(log_level))).q
        return math.log(float(q) / signal)

    lower = middle - 1.0
    while excess(lower) < 0.0:
        lower -= 5.0 * (middle - lower)
        if lower < -300.0:
            return 0.0
    return math.exp(brentq(excess, lower, middle + 1e-9, xtol=1e-14))


@states(
    "exact",
    "to first order in the bias; for a spectrum, averaged over the separatrix",
    source=_SOURCE,
    verification="derived and simulated",
)
def weight_sensitivity(noise_level: ArrayLike, classes: TwoClasses) -> FloatArray:
    """chi(S): change of the generated weight per bias of the learned h and per log S; the shape of S.

    Parameters
    ----------
    noise_level : S, above 0.
    classes : two isotropic classes.
    """
    levels = validation.array("noise_level", noise_level, above=0.0)
    return weight_sensitivity_of(levels, spectrum_of(classes))


@states(
    "exact as N -> infinity",
    "of many draws at each level, each fitting its own bias",
    source=_SOURCE,
    verification="derived and simulated",
)
def bias_variance(signal: ArrayLike, weight: float) -> FloatArray:
    """V1: n draws at signal q leave the learned h with the variance V1/n; the shape of q.

    For classes many standard deviations apart: the details of a draw add sigma^2 (S^2 + sigma^2)/(S^2 |m|^2) over
    E (1 - T^2)^2.

    Parameters
    ----------
    signal : q, above 0.
    weight : p in (0, 1).
    """
    q = validation.array("signal", signal, above=0.0)
    p = validation.inside("weight", weight, 0.0, 1.0)
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(_log_bias_variance(q, p)))


def _log_bias_variance(q: FloatArray, p: float) -> FloatArray:
    """log V1, finite where V1 is beyond the largest number."""
    return np.asarray(_log_slope_moment(q, p, 3) - 2.0 * _log_slope_moment(q, p, 2))


def _log_slope_moment(q: FloatArray, p: float, power: int) -> FloatArray:
    """log E (1 - tanh^2(h + v))^power over v = +-q + sqrt(q) zeta.

    The density of v is exp(-v^2/(2q) - q/2) sqrt(p(1-p)) 2 cosh(h + v) over that of a normal law, so that the average
    is
    that of a bounded function which falls on the scale of 1 and of sqrt(q).
    """
    h = 0.5 * (math.log(p) - math.log1p(-p))
    s = np.sqrt(q)[..., None]
    # In x = (h + v)/min(s, 1), the narrower of the two scales.
    scale = np.minimum(s, 1.0)
    v = _peak(s, h, 2 * power - 1) + scale * np.linspace(-_SPREAD, _SPREAD, _NODES)
    magnitude = np.abs(h + v)
    log_sech = math.log(2.0) - magnitude - np.log1p(np.exp(-2.0 * magnitude))
    exponent = (2 * power - 1) * log_sech - 0.5 * (v / s) ** 2 - 0.5 * s**2
    step = 2.0 * _SPREAD / (_NODES - 1) * scale[..., 0]
    total = logsumexp(exponent, axis=-1) + np.log(step)
    return np.asarray(
        total + math.log(2.0 * math.sqrt(p * (1.0 - p))) - np.log(s[..., 0] * math.sqrt(2.0 * math.pi))
    )


def _peak(s: FloatArray, h: float, slope: int) -> FloatArray:
    """Where slope log sech(h + v) - v^2/(2 s^2) is largest: between 0 and -h."""
    lower, upper = np.full_like(s, min(0.0, -h)), np.full_like(s, max(0.0, -h))
    for _ in range(_HALVINGS):
        middle = 0.5 * (lower + upper)
        beyond = middle / s + slope * s * np.tanh(h + middle) > 0.0
        lower, upper = np.where(beyond, lower, middle), np.where(beyond, middle, upper)
    return np.asarray(0.5 * (lower + upper))


@states("leading order", "in the bias of each level", source=_SOURCE, verification="derived and simulated")
def weight_variance(classes: TwoClasses, noise_level: ArrayLike, draws: ArrayLike) -> float:
    """Variance of the generated weight where each noise level has a bias of its own, learned from so many draws.

    Parameters
    ----------
    classes : two isotropic classes.
    noise_level : (J,) decreasing levels, at least two; each stands for the range of log S around it, by the
        trapezoidal rule.
    draws : (J,) numbers of draws, above 0.

    Raises
    ------
    InvalidArgument : levels that do not decrease.
    """
    levels = validation.array("noise_level", noise_level, ndim=1, above=0.0)
    counts = validation.array("draws", draws, shape=levels.shape, above=0.0)
    if len(levels) < 2 or not (np.diff(levels) < 0.0).all():
        raise InvalidArgument("noise_level", levels[:5].tolist(), "at least two levels, decreasing")
    widths = -np.gradient(np.log(levels))
    widths[[0, -1]] *= 0.5
    chi = weight_sensitivity(levels, classes)
    signal = classes.squared_norm / (levels**2 + classes.variance)
    return float((_root_bias(chi, signal, classes.weight) ** 2 * widths**2 / counts).sum())


def _root_bias(chi: FloatArray, signal: FloatArray, weight: float) -> FloatArray:
    """chi sqrt(V1), where the one may be too small and the other too large for a number."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(np.log(chi) + 0.5 * _log_bias_variance(signal, weight)))


@dataclass(frozen=True, eq=False, repr=False)
class TrainingDensity(Curves):
    """How to draw noise levels in training.

    Attributes
    ----------
    noise_level : S.
    density : half of the draws uniform in log S, half where the weight is learned.
    optimal : for the weight alone, of the form chi sqrt(V1).
    """

    noise_level: FloatArray
    density: FloatArray
    optimal: FloatArray


@states("leading order", "in the bias of each level", source=_SOURCE, verification="derived")
def training_density(classes: TwoClasses, noise_level: ArrayLike) -> TrainingDensity:
    """Probabilities of given noise levels for training; each density sums to 1.

    Parameters
    ----------
    classes : two isotropic classes.
    noise_level : (J,) levels above 0, equidistant in log S.

    Raises
    ------
    InvalidArgument : levels at none of which the weight is learned.
    """
    levels = validation.array("noise_level", noise_level, ndim=1, above=0.0)
    if not len(levels):
        raise InvalidArgument("noise_level", [], "at least one level")
    return training_density_of(spectrum_of(classes), levels)


def training_density_of(spectrum: ClassSpectrum, levels: FloatArray) -> TrainingDensity:
    """The same of a spectrum; uniform where it has other than two separate classes."""
    if spectrum.classes != 2 or not spectrum.separates():
        even = np.full(len(levels), 1.0 / len(levels))
        return TrainingDensity(levels, even, even)
    p, squares = float(spectrum.weights[0]), spectrum.half_difference()
    signal = signal_sums(spectrum.eigenvalues, squares, levels).q
    chi = weight_sensitivity_of(levels, spectrum)
    best = _root_bias(chi, signal, p)
    if not best.sum() > 0.0:
        raise InvalidArgument(
            "noise_level", [float(levels.min()), float(levels.max())], "such that the weight is learned there"
        )
    best /= best.sum()
    return TrainingDensity(levels, 0.5 * best + 0.5 / len(levels), best)
