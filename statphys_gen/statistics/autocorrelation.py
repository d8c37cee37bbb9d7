"""Error bars for correlated series: integrated autocorrelation time, effective sample size, and a refusal.

For a stationary series with autocorrelation rho(t) the integrated autocorrelation time is

    tau = 1 + 2 sum_{t >= 1} rho(t),

in units of the recording interval, so that N values are worth N / tau independent ones; independent values
have tau = 1, and an autoregressive series x' = rho x + noise has tau = (1 + rho) / (1 - rho).

The sum is cut at Sokal's window, the first W with W >= 5 tau(W): beyond it there is noise only. Several
chains of one law are pooled; deviations are taken from the mean over *all* chains, so that chains which stay
in different states look as correlated as they are. All functions take an array of shape (length,) or (chains,
length).

Source: Sokal, "Monte Carlo methods in statistical mechanics" (1989); Wolff, hep-lat/0306017, for the
correction of the bias from subtracting the measured mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft, special

from .. import validation
from ..errors import InsufficientSamples, InvalidArgument
from .estimate import Estimate

WINDOW = 5.0
SHORTEST_SERIES = 50.0
BLOCKS = 20
BLOCK_TEST_LEVEL = 1e-3


def autocorrelation_function(chains: ArrayLike) -> NDArray[np.float64]:
    """rho(t) for t = 0 ... length - 1, pooled over the chains; rho(0) = 1. The last few lags are mostly
    noise."""
    covariance = _autocovariance(_checked(chains))
    return covariance / covariance[0]


def integrated_autocorrelation_time(chains: ArrayLike) -> float:
    """tau = 1 + 2 sum rho(t), in units of the recording interval; its relative error is sqrt(2 (2W + 1) / N).

    Never below 1: a series that alternates counts as independent, which overstates its error.

    Raises
    ------
    InsufficientSamples : the series does not vary, or is too short for Sokal's window.
    """
    return _window(_checked(chains)).tau


def effective_sample_size(chains: ArrayLike) -> float:
    """Number of values over tau: how many independent values give the same error of the mean."""
    checked = _checked(chains)
    return checked.size / _window(checked).tau


def estimate_from_chain(chains: ArrayLike) -> Estimate:
    """Mean of one or several stationary chains (of one length) with an honest standard error, or a refusal.

    The squared standard error is C(0) tau / N. Summing 2W + 1 noisy correlations gives it the relative
    variance 2 (2W + 1) / N, hence N / (2W + 1) degrees of freedom, about a tenth of the effective sample
    size.

    Sokal's window cuts a mode that carries a fraction f of the variance after about 10 f of its relaxation
    times: too early if f is small. The means of (at least) 20 blocks see such a mode; if they scatter
    significantly more than the standard error explains, it is refused.

    Drop the approach to stationarity before: a drift is no noise. A single chain that never left one of
    several states cannot be told from a good one; start several chains from different states.

    Raises
    ------
    InsufficientSamples : a chain is shorter than 50 autocorrelation times, or its block means betray a slow
        mode. For many short chains that start at the exact law, take ``Estimate.from_samples`` of the chain
        means.
    """
    checked = _checked(chains)
    found = _window(checked)
    length = checked.shape[1]
    if length < SHORTEST_SERIES * found.tau:
        needed = int(np.ceil(SHORTEST_SERIES * found.tau))
        raise InsufficientSamples(
            f"a series of {length} values has autocorrelation time {found.tau:.4g}: "
            f"at least {SHORTEST_SERIES:g} times that, {needed} values, are needed for an error bar"
        )
    squared_error = found.variance * found.tau / checked.size
    freedom = checked.size / (2 * found.cut + 1)
    blocks = _block_means(checked)
    excess = blocks.var(ddof=1) / len(blocks) / squared_error
    # Both variances come from the same data, so that their ratio scatters less than the F law: rarely a false
    # alarm.
    if special.fdtrc(len(blocks) - 1, freedom, excess) < BLOCK_TEST_LEVEL:
        raise InsufficientSamples(
            f"the means of {len(blocks)} blocks have {excess:.3g} times the variance that an autocorrelation "
            f"time of {found.tau:.4g} explains: a slow mode needs more than {length} values"
        )
    return Estimate(checked.mean(), np.sqrt(squared_error), np.array(freedom))


@dataclass(frozen=True)
class _Window:
    """Variance C(0), autocorrelation time and Sokal's window W of a series."""

    variance: float
    tau: float
    cut: int


def _checked(chains: ArrayLike) -> NDArray[np.float64]:
    checked = validation.array("chains", chains)
    if checked.ndim not in (1, 2):
        raise InvalidArgument("chains", checked, "of shape (length,) or (chains, length)")
    checked = np.atleast_2d(checked)
    if checked.shape[1] < 2:
        raise InsufficientSamples("a series of 1 value has no autocorrelation")
    # A spread within the rounding of the values is no spread.
    if np.ptp(checked) <= 4 * np.finfo(float).eps * np.abs(checked).max():
        raise InsufficientSamples(f"a series of {checked.shape[1]} values does not vary: no error bar")
    return checked


def _autocovariance(chains: NDArray[np.float64]) -> NDArray[np.float64]:
    count, length = chains.shape
    deviations = chains - chains.mean()
    spectrum = fft.rfft(deviations, fft.next_fast_len(2 * length, real=True), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
    sums = fft.irfft(power, fft.next_fast_len(2 * length, real=True))[:length]
    return sums / (count * np.arange(length, 0, -1))


def _window(chains: NDArray[np.float64]) -> _Window:
    covariance = _autocovariance(chains)
    length, size = chains.shape[1], chains.size
    times = 2.0 * np.cumsum(covariance) / covariance[0] - 1.0
    cuts = np.flatnonzero(np.arange(length) >= WINDOW * np.maximum(times, 1.0))
    if len(cuts) == 0:
        raise InsufficientSamples(
            f"a series of {length} values is too short for its autocorrelation time: no window "
            f"of {WINDOW:g} autocorrelation times fits into it"
        )
    cut = int(cuts[0])
    # Subtracting the measured mean lowers every covariance by the variance of that mean, C(0) tau / N.
    lost = covariance[0] * max(times[cut], 1.0) / size
    variance = covariance[0] + lost
    summed = covariance[0] * times[cut] + (2 * cut + 1) * lost
    return _Window(float(variance), float(max(summed / variance, 1.0)), cut)


def _block_means(chains: NDArray[np.float64]) -> NDArray[np.float64]:
    count, length = chains.shape
    per_chain = -(-BLOCKS // count)
    block = length // per_chain
    return chains[:, length - per_chain * block :].reshape(-1, block).mean(axis=1)
