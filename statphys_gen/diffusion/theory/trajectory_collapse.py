r"""When a single backward trajectory collapses: the last change of its nearest training point.

The backward process with the exact empirical score is the time reversal of "pick a training point, run forward", so
this time has the law of the first time T at which a forward path from a training point a has another nearest one. Since
x_t exp(t) = a + W(E), W a Brownian motion in E = exp(2t) - 1, T is the first exit of W from the Voronoi cell of a.

Per dimension, at r_i = lambda_i/E: f = log(n)/d - <log(1+r)>/2, v = <r/(1+r)>, g = <r^2/(2(1+r)^2) + r/(1+r)^2>. The
expected number of points nearer than a, given the path up to t, has the logarithm

    R = d f + sqrt(d v) xi - log(2 pi d g)/2 - mu^2/2,    xi, mu standard Gaussian, E xi mu = sqrt(g/v),

and a is the nearest point at t with probability S(t) = E exp(-exp R). Near R = 0 the number is, in tau = t d v/D_t,
that of a cloud of Brownian particles (variance 2 tau) with density exp(tau - l), and a is one more such particle: the
number A >= 1 of particles that were ahead of it at any earlier time, over the number that are, delays nothing but
brings the first passage forward by E log A = 1.55(3), a pure number. Hence

    std T = D / sqrt(d v),    E T = int_0^inf S(t) dt - 1.55 D/(d v),    both at t_C,

    int S dt = t_C + [log(2 pi d g)/2 + 1/2 + exp(-2 t_C) - 0.5772] D/(d v) + ...

The expansion is in 1/(d v), and d v is at most 2 log n. A path that is looked at only at discrete times is found to
leave later: steps of 0.02 in t add about 0.03 at 500 to 2000 samples.

Source: derivations/diffusion/collapse_first_passage.py; tests/reference/diffusion_first_passage.py (E log A).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.laws import DataLaw
from ...errors import InvalidArgument
from ...numerics.quadrature import legendre_rule
from ...presentation import Curves
from .class_information import class_weights
from .class_signal import excess_time
from .collapse_time import leading_collapse_time
from .spectral_average import one_spectrum, spectral_average

_SOURCE = "derivations/diffusion/collapse_first_passage.py"
FIRST_PASSAGE = 1.55  # E log A, standard error 0.03
_LEAST = 5.0  # d v below which an expansion in its inverse says nothing
_SPACING, _REACH = 0.2, 7.0  # of the two Gaussian variables; the integrand varies over at least 1/sqrt(d v)


@dataclass(frozen=True, repr=False)
class TrajectoryCollapse(Curves):
    """Mean and width of the law of T, each of the shape of ``log_samples``.

    Attributes
    ----------
    log_samples : logarithm of the number of training points.
    collapse_time : t_C of the points of one class.
    mean_shift : E T - t_C; its systematic error is 0.03 at 500 to 2000 samples.
    width : standard deviation of T, too low: by 5 % at d v = 82, 8 % at 32, 17 % at 17.
    """

    log_samples: FloatArray
    collapse_time: FloatArray
    mean_shift: FloatArray
    width: FloatArray

    @property
    def mean(self) -> FloatArray:
        """E T."""
        return self.collapse_time + self.mean_shift


def _competitors(law: DataLaw, log_samples: ArrayLike) -> tuple[Covariance, FloatArray]:
    """The spectrum within a class, and log of the number of points of a class (geometric mean over the points)."""
    spectrum = one_spectrum(law)
    weights = class_weights(law)
    logs = validation.array("log_samples", log_samples, above=0.0) + float(weights @ np.log(weights))
    if (logs <= 0.0).any():
        raise InvalidArgument(
            "log_samples", float(logs.min()), "large enough for several samples in every class"
        )
    return spectrum, logs


def _fluctuations(spectrum: Covariance, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
    """d v and d g."""
    v = spectral_average(spectrum, excess, lambda r: r / (1.0 + r))
    g = spectral_average(spectrum, excess, lambda r: 0.5 * r * (2.0 + r) / (1.0 + r) ** 2)
    return spectrum.finite_dimension() * v, spectrum.finite_dimension() * g


def _survival(spectrum: Covariance, log_samples: float, times: FloatArray) -> FloatArray:
    excess = excess_time(times)
    dv, dg = _fluctuations(spectrum, excess)
    mean = log_samples - 0.5 * spectrum.finite_dimension() * spectral_average(spectrum, excess, np.log1p)
    spacing = min(_SPACING, 1.0 / np.sqrt(max(float(dv.max()), 1.0)))
    count = int(np.ceil(_REACH / spacing))
    nodes = _REACH / count * np.arange(-count, count + 1)
    weights = np.exp(-0.5 * nodes**2)
    weights /= weights.sum()
    coarse = _REACH / 35 * np.arange(-35, 36)
    coarse_weights = np.exp(-0.5 * coarse**2)
    coarse_weights /= coarse_weights.sum()
    result = []
    for m, a, b in zip(mean.tolist(), dv.tolist(), dg.tolist(), strict=True):
        shared = np.sqrt(b / a)
        xi = -shared * coarse[:, None] + np.sqrt(1.0 - b / a) * nodes
        log_ahead = m + np.sqrt(a) * xi - 0.5 * np.log(2.0 * np.pi * b) - 0.5 * coarse[:, None] ** 2
        stays = np.exp(-np.exp(np.minimum(log_ahead, 50.0)))
        result.append(float(np.einsum("i,ij,j->", coarse_weights, stays, weights)))
    return np.array(result)


@states(
    "leading order",
    "in 1/(d v), d v <= 2 log n; at d v = 11 (45) the time at which the own point ceases to be the nearest is low "
    "by 0.03 (0.001) on average",
    source=_SOURCE,
    verification="derived and simulated",
)
def own_nearest_probability(law: DataLaw, time: ArrayLike, log_samples: float) -> FloatArray:
    """S(t), the probability that the training point nearest to a noised one is its own.

    For isotropic data :func:`~statphys_gen.diffusion.isotropic_collapse` is exact.

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance whose classes are told apart at t_C.
    time : diffusion times, any shape, above 0.
    log_samples : log n, one number, so large that every class has several samples.
    """
    spectrum, logs = _competitors(law, validation.positive("log_samples", log_samples))
    times = validation.array("time", time, above=0.0)
    return _survival(spectrum, float(logs), times.ravel()).reshape(times.shape)


@states(
    "heuristic",
    "mean to 0.03 at 500 to 2000 samples; the width is too low, by 5 % at d v = 82, 8 % at 32 and 17 % at 17; the "
    "mean is derived to order 1/(d v), the width to leading order, and d v <= 2 log n; looking only every 0.02 in time "
    "makes the mean 0.03 later",
    source=_SOURCE,
    verification="derived and simulated",
)
def trajectory_collapse(law: DataLaw, log_samples: ArrayLike) -> TrajectoryCollapse:
    """Mean and width of the last change of the nearest training point along a backward trajectory.

    Parameters
    ----------
    law : a Covariance, or a GaussianMixture with a common covariance whose classes are told apart at t_C.
    log_samples : log n, any shape, so large that every class has several samples and d v at t_C is at least 5.
    """
    spectrum, logs = _competitors(law, log_samples)
    times = leading_collapse_time(spectrum, logs).require()["time"]
    dv, _ = _fluctuations(spectrum, excess_time(times.ravel()))
    if (dv < _LEAST).any():
        raise InvalidArgument(
            "log_samples",
            float(logs.ravel()[dv.argmin()]),
            f"so large that d v at the collapse time exceeds {_LEAST:g}",
        )
    noise = -np.expm1(-2.0 * times)
    unit = noise / dv.reshape(times.shape)
    width = noise / np.sqrt(dv.reshape(times.shape))
    means = [
        _mean_of_survival(spectrum, float(log_n), t, w, u)
        for log_n, t, w, u in zip(logs.ravel(), times.ravel(), width.ravel(), unit.ravel(), strict=True)
    ]
    shift = np.asarray(np.array(means).reshape(times.shape) - FIRST_PASSAGE * unit - times)
    return TrajectoryCollapse(np.asarray(log_samples, dtype=np.float64), times, shift, width)


def _mean_of_survival(spectrum: Covariance, log_n: float, time: float, width: float, unit: float) -> float:
    """int_0^inf S(t) dt; S is 1 far below t_C and 0 far above."""
    low, high = max(0.0, time - 8.0 * width), time + 9.0 * width + 12.0 * unit
    rule = legendre_rule(np.linspace(low, high, 5), 12)
    return low + float(rule.weights @ _survival(spectrum, log_n, np.asarray(rule.nodes)))


@states(
    "leading order",
    "in 1/(d v), linearised: for large log n only",
    source=_SOURCE,
    verification="derived and simulated",
)
def linear_mean_shift(law: DataLaw, log_samples: ArrayLike) -> FloatArray:
    """[log(2 pi d g)/2 + 1/2 + exp(-2 t_C) - 0.5772 - 1.55] D/(d v), the expansion of the mean shift.

    Parameters as for :func:`trajectory_collapse`.
    """
    spectrum, logs = _competitors(law, log_samples)
    times = leading_collapse_time(spectrum, logs).require()["time"]
    dv, dg = (part.reshape(times.shape) for part in _fluctuations(spectrum, excess_time(times.ravel())))
    bracket = 0.5 * np.log(2.0 * np.pi * dg) + 0.5 + np.exp(-2.0 * times) - np.euler_gamma - FIRST_PASSAGE
    return bracket * -np.expm1(-2.0 * times) / dv


@states("exact", "n = 2 and isotropic data", source=_SOURCE, verification="derived and simulated")
def two_sample_collapse(law: DataLaw) -> tuple[float, float]:
    """Mean and standard deviation of T for a data set of two points drawn from N(0, variance 1).

    The cell of a point is a half-space, which W leaves by E = exp(2t) - 1 with the probability of a Brownian motion
    that hits half the distance of the two points. Averaged over the distance,

        P(T > t) = P(|X| < sqrt(variance d/(2E))),    X of Student's law with d degrees of freedom.

    Parameters
    ----------
    law : an isotropic Covariance with positive variance.
    """
    spectrum = one_spectrum(law)
    if len(spectrum.eigenvalues) != 1 or spectrum.eigenvalues[0] <= 0.0:
        raise InvalidArgument("law", spectrum, "isotropic, with a positive variance")
    dimension, variance = spectrum.finite_dimension(), float(spectrum.eigenvalues[0])

    def survival(time: FloatArray) -> FloatArray:
        argument = np.sqrt(0.5 * variance * dimension / np.expm1(2.0 * time))
        return np.asarray(1.0 - 2.0 * special.stdtr(dimension, -argument))

    middle = 0.5 * np.log1p(variance)
    # In u = sqrt(t): P(T <= t) begins as u^d, and P(T > t) ends as exp(-t).
    latest = np.sqrt(middle + 45.0)
    rule = legendre_rule(np.linspace(0.0, latest, 31), 20)
    times = np.asarray(rule.nodes) ** 2
    stays = 2.0 * np.asarray(rule.nodes) * survival(times)
    mean = float(rule.weights @ stays)
    square = float(rule.weights @ (2.0 * times * stays))
    return mean, float(np.sqrt(square - mean**2))
