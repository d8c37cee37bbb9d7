r"""The condensed phase: what the empirical score does below the collapse time at points that it was not trained on.

For a fresh x ~ P_t the posterior weights of the n training points are those of a random energy model. Per dimension,
with r_i = lambda_i/(exp(2t) - 1), the moments of one weight y are log E_a y^m = d phi(m),

    phi(m) = -<log(1 + m r) + m (1 + r)/(1 + m r)>/2,

and the condensed (one-step replica-symmetry-broken) free energy is the minimum over m in (0, 1] of
(log(n)/d + phi(m))/m, reached where log(n)/d = m phi' - phi, that is

    log(n)/d = <log(1 + m r) - m (1 - m) r/(1 + m r)^2>/2,

with a unique root below the collapse time and m = 1 above. The weights follow the Poisson-Dirichlet law of parameter m:

    test participation    Y = E sum_mu w_mu^2 = 1 - m: a number of points of order 1 carries all weight
    posterior variance    m lambda_i/(1 + m r_i) in direction i
    score Jacobian        -1/[D_t (1 + m r_i)]: the population's with m lambda_i in place of lambda_i

A point noised from the training set is different: it has all the weight on its own origin.

Finite d: the number of weights near the edge carries the prefactor 1/sqrt(2 pi d s2), s2 = phi''(m)
= <r^2/(1+mr)^2 + 2 r(1+r)/(1+mr)^3>/2, which replaces log(n)/d by log(n)/d - log(m sqrt(2 pi d s2))/d. The approach to
the limit is therefore of order log(d)/d; of the terms of order 1/d only those in the logarithm are kept.

Source: derivations/diffusion/collapse_condensed.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.laws import DataLaw
from ...errors import InvalidArgument
from ...numerics.roots import bracketed
from ...solution import Solution
from .class_signal import excess_time
from .spectral_average import one_spectrum, spectral_average

_SOURCE = "derivations/diffusion/collapse_condensed.py"
_EPSILON = float(np.finfo(float).eps)


def _complexity(r: FloatArray, m: FloatArray) -> FloatArray:
    grown = 1.0 + m * r
    return 0.5 * (np.log1p(m * r) - m * (1.0 - m) * r / grown**2)


def _curvature(r: FloatArray, m: FloatArray) -> FloatArray:
    grown = 1.0 + m * r
    return 0.5 * (r**2 / grown**2 + 2.0 * r * (1.0 + r) / grown**3)


def _solve(
    law: DataLaw, log_samples: ArrayLike, time: ArrayLike, *, finite: bool
) -> tuple[FloatArray, Solution]:
    spectrum = one_spectrum(law)
    logs = validation.array("log_samples", log_samples, above=0.0)
    times = validation.array("time", time, above=0.0)
    try:
        logs, times = np.broadcast_arrays(logs, times)
    except ValueError:
        raise InvalidArgument("log_samples", logs, "of a shape that broadcasts with time") from None
    d = spectrum.finite_dimension()

    def mismatch(m: FloatArray, excess: FloatArray, alpha: FloatArray) -> FloatArray:
        value = spectral_average(spectrum, excess, _complexity, m) - alpha
        if finite:
            spread = spectral_average(spectrum, excess, _curvature, m)
            value = value + 0.5 * np.log(2.0 * np.pi * d * spread * m * m) / d
        return value / alpha

    excess, alpha = excess_time(times.ravel()), logs.ravel() / d
    one = np.ones_like(excess)
    m, error, residual = one.copy(), np.zeros_like(one), np.zeros_like(one)
    status, iterations = np.zeros(one.shape, dtype=np.int8), np.zeros(one.shape, dtype=np.int64)
    condensed = mismatch(one, excess, alpha) > 0.0
    if condensed.any():
        e, a = excess[condensed], alpha[condensed]
        mean = spectral_average(spectrum, e, lambda r: r)
        # The complexity is at most m <r>/2, so that this end lies below the root.
        lowest = np.minimum(0.5, a / mean)
        if finite:
            # ... and here the logarithm is negative too.
            spread = spectral_average(spectrum, e, _curvature, np.zeros_like(e))
            lowest = np.minimum(lowest, 0.5 / np.sqrt(2.0 * np.pi * d * spread))
        root = bracketed(mismatch, lowest, 1.0, parameters=[e, a], tolerance=1e-11, name="m")
        m[condensed], error[condensed] = root["m"], root.error
        residual[condensed], status[condensed] = root.residual, root.status
        iterations[condensed] = root.iterations
    # Where m = 1, the error of deciding so is that of the equation itself.
    error = np.where(condensed, error, 4.0 * _EPSILON)
    statement = approximation_of(finite_size_condensed_phase if finite else condensed_phase)
    shape = times.shape
    value = {"parisi_parameter": m.reshape(shape), "test_participation_ratio": (1.0 - m).reshape(shape)}
    solution = Solution(
        value,
        status.reshape(shape),
        residual.reshape(shape),
        error.reshape(shape),
        iterations.reshape(shape),
        statement,
    )
    return times, solution


@states(
    "1RSB",
    "d -> infinity at fixed log(n)/d; finite d deviates by order log(d)/d",
    source=_SOURCE,
    verification="derived and simulated",
)
def condensed_phase(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> Solution:
    """Parisi parameter m(t) and participation 1 - m of points that are not in the training set.

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance.
    time : diffusion times, above 0; broadcasts with ``log_samples``.
    log_samples : log n, above 0.

    Returns
    -------
    Solution with the fields ``parisi_parameter`` and ``test_participation_ratio``: m = 1 and 0 above the collapse time.
    """
    return _solve(law, log_samples, time, finite=False)[1]


@states(
    "heuristic",
    "the correction of order log(d)/d; relative terms of order 1/d are left out, and near the collapse time it is "
    "partial",
    source=_SOURCE,
    verification="derived and simulated",
)
def finite_size_condensed_phase(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> Solution:
    """As :func:`condensed_phase`, with log(n)/d replaced by log(n)/d - log(m sqrt(2 pi d s2))/d."""
    return _solve(law, log_samples, time, finite=True)[1]


@states(
    "1RSB",
    "d -> infinity at fixed log(n)/d; finite d deviates by order log(d)/d",
    source=_SOURCE,
    verification="derived and simulated",
)
def posterior_variances(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> FloatArray:
    """m lambda_i/(1 + m r_i), the posterior variance of the data given a fresh x_t along each direction.

    Parameters as for :func:`condensed_phase`.

    Returns
    -------
    (..., k), one for each eigenvalue of the spectrum in its order.
    """
    m, r, spectrum, _ = _directions(law, log_samples, time)
    return m * spectrum.eigenvalues / (1.0 + m * r)


@states(
    "1RSB",
    "d -> infinity at fixed log(n)/d; finite d deviates by order log(d)/d",
    source=_SOURCE,
    verification="derived and simulated",
)
def score_jacobian_eigenvalues(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> FloatArray:
    """-1/[D_t (1 + m r_i)], mean Jacobian of the empirical score at a fresh x_t along each direction; (..., k).

    m = 1 is the score of the population; as m -> 0 every direction is lost. Parameters as for :func:`condensed_phase`.
    """
    m, r, _, times = _directions(law, log_samples, time)
    return 1.0 / (np.expm1(-2.0 * times)[..., None] * (1.0 + m * r))


def _directions(
    law: DataLaw, log_samples: ArrayLike, time: ArrayLike
) -> tuple[FloatArray, FloatArray, Covariance, FloatArray]:
    times, solution = _solve(law, log_samples, time, finite=False)
    spectrum = one_spectrum(law)
    solution.require()
    return (
        solution["parisi_parameter"][..., None],
        spectrum.eigenvalues / excess_time(times)[..., None],
        spectrum,
        times,
    )


@states("1RSB", "first order in t_C - t", source=_SOURCE, verification="derived and simulated")
def parisi_parameter_slope(law: DataLaw, collapse_time: float) -> float:
    """d(1 - m)/d(t_C - t) at the collapse time: (v/D) / (<r (2 + r)/(1 + r)^2>/2).

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance.
    collapse_time : t_C, above 0.
    """
    spectrum = one_spectrum(law)
    t = validation.positive("collapse_time", collapse_time)
    excess = np.array([np.expm1(2.0 * t)])
    v = spectral_average(spectrum, excess, lambda r: r / (1.0 + r))[0]
    bend = spectral_average(spectrum, excess, lambda r: 0.5 * r * (2.0 + r) / (1.0 + r) ** 2)[0]
    return float(v / -np.expm1(-2.0 * t) / bend)
