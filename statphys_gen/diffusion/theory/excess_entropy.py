r"""Excess entropy: how many of the n training points a noised point could have come from.

The empirical law of n points, noised, is P^e_t = (1/n) sum_mu N(exp(-t) a_mu, D_t I). For x = a noised training point
mu, with posterior weights w_nu(x), exactly at any n and d,

    d f^e(t) = E[-log w_mu(x)] = H(mu | x_t),    I(mu; x_t) = log n - d f^e(t),    Y(t) = E sum_nu w_nu^2 = E w_mu.

The population (annealed) excess entropy per dimension, at which these n points are independent draws of the law P, is

    f(t) = [log n - I(a; x_t)] / d,     I(a; x_t) = sum_k w_k I_k(t) + I(class; x_t),

negative below the collapse time t_C where f = 0; to leading order f^e = max(f, 0). Within a Gaussian class of
covariance eigenvalues lambda_i, with r_i = lambda_i / (exp(2t) - 1) and <.> the average over i,

    I_k = (d/2) <log(1 + r)>,    f' = v / D_t,    v = <r / (1 + r)>,

and for discrete components d times the information of one component through Gaussian noise, which stays below its
entropy. The information on the class, at most log K, vanishes per dimension as d -> infinity at fixed log(n)/d: the
published line leaves it out (``leading_excess_entropy``), but at n = 20000 it is 7 % of the whole.

The logarithm of the competitors' weight over the own weight is Gaussian to leading order, with mean d f and variance
d v (for any law: mean and variance of the information density). The finite-size window is the average over it.

Shapes: ``log_samples`` = log n and ``time`` broadcast.

Source: Biroli, Bonnaire, de Bortoli, Mezard, arXiv 2402.18491 (leading line); derivations/diffusion/collapse_rem.py,
derivations/diffusion/collapse_class_term.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.curie_weiss import spontaneous_magnetisation
from ...data.laws import CurieWeiss, DataLaw, DiscreteProduct, GaussianMixture, dimension_of
from ...errors import InvalidArgument
from ...numerics.quadrature import gaussian_average
from ...presentation import Curves
from .class_information import average_class_information, class_information, class_weights
from .class_signal import covariance_spectra, excess_time
from .discrete_channel import channel, entropy
from .spectral_average import class_spectrum, spectral_average

_SOURCE = "arXiv 2402.18491; derivations/diffusion/collapse_rem.py"
_CLASS_SOURCE = "derivations/diffusion/collapse_class_term.py"


@dataclass(frozen=True)
class WithinClasses:
    """What x_t says about the point beyond its class; each of shape (times, K), in nats of the whole point.

    Attributes
    ----------
    information : I_k.
    variance : variance of the information density, d v for Gaussian classes.
    slope : -D_t dI_k/dt, d v for Gaussian classes.
    """

    information: FloatArray
    variance: FloatArray
    slope: FloatArray


def within_classes(law: DataLaw, excess: FloatArray) -> WithinClasses:
    """The information within each class at E = exp(2t) - 1, shape (times,)."""
    if isinstance(law, GaussianMixture):
        shared = len(law.covariances) == 1
        columns = [_of_mixture_class(law, k, excess) for k in range(1 if shared else law.classes)]
        columns = columns * law.classes if shared else columns
        return WithinClasses(*(np.stack(part, axis=1) for part in zip(*columns, strict=True)))
    column = (
        _of_spectrum(law, excess) if isinstance(law, Covariance) else _of_product(product_of(law), excess)
    )
    return WithinClasses(*(np.repeat(part[:, None], len(class_weights(law)), axis=1) for part in column))


def product_of(law: DataLaw) -> DiscreteProduct:
    """The product law within a class: Curie-Weiss spins are independent with mean m* to leading order."""
    if isinstance(law, DiscreteProduct):
        return law
    if isinstance(law, CurieWeiss):
        # At low temperature m* rounds to 1, where a component has no entropy left.
        mean = min(float(spontaneous_magnetisation(law.inverse_temperature)), 1.0 - 1e-15)
        return DiscreteProduct.binary(law.dimension, mean)
    raise InvalidArgument(
        "law", type(law).__name__, "a GaussianMixture, Covariance, DiscreteProduct or CurieWeiss"
    )


def _of_mixture_class(
    law: GaussianMixture, k: int, excess: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    if not covariance_spectra(law)[k if len(law.covariances) > 1 else 0][0].any():
        return np.zeros_like(excess), np.zeros_like(excess), np.zeros_like(excess)
    return _of_spectrum(class_spectrum(law, k), excess)


def _of_spectrum(law: Covariance, excess: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    information = 0.5 * law.finite_dimension() * spectral_average(law, excess, np.log1p)
    variance = law.finite_dimension() * spectral_average(law, excess, lambda r: r / (1.0 + r))
    return information, variance, variance


def _of_product(law: DiscreteProduct, excess: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    ratio = 1.0 / excess
    parts = channel(law, ratio)
    d = law.dimension
    return d * parts.information, d * parts.information_variance, d * ratio * parts.posterior_variance


def check_log_samples(log_samples: ArrayLike) -> FloatArray:
    """log n of at least one point; a number of samples too small to compete raises."""
    return validation.array("log_samples", log_samples, above=0.0)


def _broadcast(log_samples: ArrayLike, time: ArrayLike) -> tuple[FloatArray, FloatArray]:
    logs, times = check_log_samples(log_samples), validation.array("time", time, above=0.0)
    try:
        np.broadcast_shapes(logs.shape, times.shape)
    except ValueError:
        raise InvalidArgument("log_samples", logs, "of a shape that broadcasts with time") from None
    return logs, times


def _information(law: DataLaw, times: FloatArray, *, class_term: bool) -> FloatArray:
    excess = excess_time(times.ravel())
    total = np.einsum("tk,k->t", within_classes(law, excess).information, class_weights(law))
    if class_term:
        total = total + average_class_information(law, times.ravel())[0]
    return total.reshape(times.shape)


# ------------------------------------------------------------------------------------------------- population


@states(
    "exact",
    "for Gaussian and product laws and for classes with a common covariance; for different covariances and "
    "Curie-Weiss data the information on the class (at most log K nats) is of leading order",
    source=_CLASS_SOURCE,
    verification="derived and simulated",
)
def mutual_information(law: DataLaw, time: ArrayLike) -> FloatArray:
    """I(a; x_t) in nats: what a noised point says about the point it came from.

    It is also the logarithm of the number of samples whose collapse time is t, which grows as exp(d ...) at fixed t:
    the curse of dimensionality, in the rank of the covariance.

    Parameters
    ----------
    law : the law of the data.
    time : diffusion times, any shape, above 0.
    """
    return _information(law, validation.array("time", time, above=0.0), class_term=True)


@states(
    "leading order",
    "as the excess entropy of n random points, in 1/d at fixed log(n)/d and above the collapse time; includes the "
    "information on the class",
    source=_CLASS_SOURCE,
    verification="derived and simulated",
)
def excess_entropy(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> FloatArray:
    """f(t) = [log n - I(a; x_t)] / d with the class term, per dimension, in nats.

    Parameters
    ----------
    law : the law of the data.
    time : diffusion times, above 0; broadcasts with ``log_samples``.
    log_samples : log n, natural logarithm of the number of training points, above 0.

    Returns
    -------
    f, from log(n)/d at large t, negative below the collapse time. The excess entropy of the empirical law is
    max(f, 0) to leading order.
    """
    logs, times = _broadcast(log_samples, time)
    return (logs - _information(law, times, class_term=True)) / dimension_of(law)


@states(
    "leading order",
    "in d -> infinity at fixed log(n)/d; the published line, without the information on the class",
    source=_SOURCE,
    verification="derived and simulated",
)
def leading_excess_entropy(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> FloatArray:
    """f(t) = [log n - sum_k w_k I_k(t)] / d, without the class term. Parameters as for :func:`excess_entropy`."""
    logs, times = _broadcast(log_samples, time)
    return (logs - _information(law, times, class_term=False)) / dimension_of(law)


@states(
    "leading order",
    "as for the excess entropy, class by class",
    source=_CLASS_SOURCE,
    verification="derived and simulated",
)
def class_excess_entropy(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> FloatArray:
    """f_k(t) = [log n - I_k(t) - J_k(t)] / d of points noised from class k, shape (..., K).

    Its average over the weights is :func:`excess_entropy`. Each class collapses where its own f_k = 0; to leading order
    the empirical excess entropy is sum_k w_k max(f_k, 0). Parameters as for :func:`excess_entropy`.
    """
    logs, times = _broadcast(log_samples, time)
    known = within_classes(law, excess_time(times.ravel())).information + class_information(
        law, times.ravel()
    )
    return (logs[..., None] - known.reshape(*times.shape, -1)) / dimension_of(law)


@states("exact", "within the classes (I-MMSE)", source=_SOURCE, verification="derived and simulated")
def excess_entropy_slope(law: DataLaw, time: ArrayLike) -> FloatArray:
    """df/dt = v / D_t of the leading line, v = <r/(1+r)> for Gaussian classes; of the shape of ``time``.

    In general v is the signal-to-noise ratio times the mean posterior variance of a component given x_t and the class.
    """
    times = validation.array("time", time, above=0.0)
    flat = times.ravel()
    slope = np.einsum("tk,k->t", within_classes(law, excess_time(flat)).slope, class_weights(law))
    return (slope / (dimension_of(law) * -np.expm1(-2.0 * flat))).reshape(times.shape)


# ------------------------------------------------------------------------------------------------ finite sizes


@dataclass(frozen=True, repr=False)
class GaussianWindow(Curves):
    """Entropy and participation of a Gaussian competition, each of the shape of ``time`` and ``log_samples`` together.

    Attributes
    ----------
    time, log_samples : what they are for, of one shape.
    entropy : H(mu | x_t) in nats.
    participation : Y(t) = E sum w^2.
    class_entropy, class_participation : the same by class, in a last axis (K,).
    """

    further = ("class", "last")
    time: FloatArray
    log_samples: FloatArray
    entropy: FloatArray
    participation: FloatArray
    class_entropy: FloatArray
    class_participation: FloatArray


@states(
    "heuristic",
    "where the entropy exceeds 2 nats it is up to 10 % too large; nearer to the collapse time and below by more (an "
    "overestimate), and the participation of a class is off by up to 0.1",
    source=_SOURCE,
    verification="derived and simulated",
)
def gaussian_window(law: DataLaw, time: ArrayLike, log_samples: ArrayLike) -> GaussianWindow:
    """H and Y of n points with a Gaussian competition: averages of log(1 + exp g) and of 1/(1 + exp g), where the
    logarithm g of the competitors' weight over the own one has mean d f_k and the variance of the information density;
    kept within H <= log n and Y >= 1/n.

    Parameters as for :func:`excess_entropy`.
    """
    logs, times = _broadcast(log_samples, time)
    flat = times.ravel()
    within = within_classes(law, excess_time(flat))
    known = (within.information + class_information(law, flat)).reshape(*times.shape, -1)
    width = np.sqrt(within.variance).reshape(*times.shape, -1)
    mean, width = np.broadcast_arrays(logs[..., None] - known, width)
    pairs = [_competition(g, b) for g, b in zip(mean.ravel().tolist(), width.ravel().tolist(), strict=True)]
    table = np.array(pairs).reshape(*mean.shape, 2)
    # There are n - 1 competitors and not n, and equal weights are the most that can be.
    most = logs[..., None]
    table = np.stack([np.minimum(table[..., 0], most), np.maximum(table[..., 1], np.exp(-most))], axis=-1)
    weights = class_weights(law)
    both = np.einsum("...kj,k->...j", table, weights)
    times, logs = np.broadcast_arrays(times, logs)
    return GaussianWindow(times, logs, both[..., 0], both[..., 1], table[..., 0], table[..., 1])


def _competition(mean: float, width: float) -> tuple[float, float]:
    """E log(1 + exp g) and E 1/(1 + exp g), g ~ N(mean, width^2)."""

    def both(z: FloatArray) -> FloatArray:
        g = mean + width * z
        return np.stack([np.logaddexp(0.0, g), expit(-g)])

    value = gaussian_average(both, slope=0.5 * width, tolerance=1e-11).value
    return float(value[0]), float(value[1])


@states(
    "exact",
    "as a lower bound of the excess entropy, for any law with this covariance; with the empirical covariance (1/n) "
    "it bounds that of the data set itself at any n and d",
    source="maximum entropy of the Gaussian; derivations/diffusion/collapse_rem.py",
    verification="derived and simulated",
)
def excess_entropy_bound(covariance: Covariance, time: ArrayLike, log_samples: ArrayLike) -> FloatArray:
    """max(0, log(n)/d - <log(1 + r)>/2), below which no excess entropy of data with this covariance lies.

    Where it vanishes is an upper bound of the collapse time.

    Parameters
    ----------
    covariance : the spectrum of the covariance of all data, classes included.
    time, log_samples : as for :func:`excess_entropy`.
    """
    if not isinstance(covariance, Covariance):
        raise InvalidArgument("covariance", type(covariance).__name__, "a Covariance")
    return np.maximum(leading_excess_entropy(covariance, time, log_samples), 0.0)


def entropy_of_law(law: DataLaw) -> float:
    """Entropy of a point in nats, the largest information: infinite for a density."""
    if isinstance(law, Covariance):
        return np.inf
    weights = class_weights(law)
    label = -float(weights @ np.log(weights))
    if isinstance(law, GaussianMixture):
        return np.inf if law.covariances.any() else label
    product = product_of(law)
    return label + product.dimension * entropy(product)
