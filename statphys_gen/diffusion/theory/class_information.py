r"""What a noised point tells about its class: the mutual information I(class; x_t) of a mixture, in nats.

    J_k(t) = E_{x ~ class k} log[p(k|x) / w_k],    I(class; x_t) = sum_k w_k J_k,    0 <= J_k <= log(1/w_k)

Two classes with a common covariance: with x the signal, u a standard Gaussian variable,

    J_1 = -E log[w + w' exp(-2x - 2 sqrt(x) u)],    dI/dx = 1 - phi(x),

phi the clone agreement. K classes with a common covariance are unit Gaussians at the rows Y_k of a factor of the
class kernel (:mod:`statphys_gen.diffusion.theory.many_class`), and J_k is an average in as many dimensions as the means
span: a product trapezoidal rule up to three, randomised quasi-Monte Carlo beyond. Covariances that differ: the kernel
of the symmetrised divergences, leading order. Curie-Weiss data: two balanced classes at the signal of the
magnetisation.

Source: derivations/diffusion/collapse_class_term.py.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import CurieWeiss, DataLaw, GaussianMixture
from ...errors import AccuracyNotReached, InvalidArgument
from ...meaning import fingerprint
from ...numerics.quadrature import gaussian_average
from .class_signal import signal
from .curie_weiss import curie_weiss_signal
from .many_class import class_kernel, kernel_positions, product_rule, view_from

_LARGEST_SIGNAL = 400.0  # beyond, the class is known to exp(-200)
_MOST_TERMS = 10_000_000
_SCRAMBLINGS = 16
# Standard errors up to so many times the tolerance are brought below it, by at most 16 times the points.
_WITHIN_REACH = 3.3
# Products of nodes, classes and classes in all scramblings, and the span of exponents in which a sum of exponentials
# keeps its largest term.
_MOST_PRODUCTS, _NO_UNDERFLOW = 2.0**28, 600.0


def class_weights(law: DataLaw) -> FloatArray:
    """w_k, shape (K,); a law without classes has one. Curie-Weiss data have two above inverse temperature 1."""
    if isinstance(law, GaussianMixture):
        return law.weights
    if isinstance(law, CurieWeiss) and law.inverse_temperature > 1.0:
        law.require_no_tilt()
        return np.full(2, 0.5)
    return np.ones(1)


@states(
    "exact",
    "for a common covariance; leading order for different covariances and for Curie-Weiss data",
    source="derivations/diffusion/collapse_class_term.py",
    verification="derived and simulated",
)
def class_information(law: DataLaw, time: ArrayLike, *, tolerance: float = 1e-3, seed: int = 0) -> FloatArray:
    """J_k(t), the information in nats that x_t from class k carries about the class; shape (..., K).

    Its average over the weights of the classes is I(class; x_t). Zero for laws without classes.

    Parameters
    ----------
    law : the law of the data.
    time : diffusion times, any shape, above 0.
    tolerance : largest standard error allowed, in nats, where quasi-Monte Carlo is needed (means that span more than
        three dimensions); elsewhere the error is below 1e-8.
    seed : of the scramblings.

    Raises
    ------
    AccuracyNotReached : the standard error stays above ``tolerance``.
    """
    times = validation.array("time", time, above=0.0)
    allowed = validation.positive("tolerance", tolerance)
    validation.integer("seed", seed, 0)
    rows = np.array(
        [_accurate(drawn, allowed).mean(axis=0) for drawn in _scrambled(law, times.ravel(), seed, allowed)]
    )
    return rows.reshape(*times.shape, len(class_weights(law)))


def average_class_information(
    law: DataLaw, time: FloatArray, *, tolerance: float = 1e-3, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """I(class; x_t) = sum_k w_k J_k at times (T,), and its standard error, which is much smaller than that of a single
    class and is held against the tolerance in place of it."""
    averages = [
        _accurate(drawn @ class_weights(law)[:, None], tolerance) for drawn in _scrambled(law, time, seed)
    ]
    value = np.array([entry.mean() for entry in averages])
    return value, np.array([_standard_error(entry) for entry in averages])


def _scrambled(law: DataLaw, times: FloatArray, seed: int, tolerance: float = math.inf) -> list[FloatArray]:
    """J_k at every time, shape (scramblings, K); a single row where no quasi-Monte Carlo is needed, and more points
    where the standard error of a class is above the tolerance."""
    weights = class_weights(law)
    if len(weights) == 1:
        return [np.zeros((1, 1))] * len(times)
    if isinstance(law, CurieWeiss):
        return list(two_class_information(curie_weiss_signal(law, times))[:, None])
    if not isinstance(law, GaussianMixture):
        raise InvalidArgument("law", law, "a law with classes")
    if law.classes == 2:
        return list(two_class_information(signal(law, times), float(weights[0]))[:, None])
    return [_from_kernel(kernel, law, seed, tolerance) for kernel in class_kernel(law, times)]


def _standard_error(drawn: FloatArray) -> float:
    if len(drawn) == 1:
        return 0.0
    return float(drawn.std(axis=0, ddof=1).max()) / math.sqrt(len(drawn))


def _accurate(drawn: FloatArray, tolerance: float) -> FloatArray:
    """Scramblings, if the standard error of their mean is small enough."""
    error = _standard_error(drawn)
    if error > tolerance:
        raise AccuracyNotReached(
            f"class information: standard error {error:.2g} nats, allowed are {tolerance:.2g}; class_information "
            "takes a larger tolerance, and an average over classes has a smaller error"
        )
    return drawn


@states(
    "exact",
    "for two classes with a common covariance",
    source="derivations/diffusion/collapse_class_term.py",
    verification="derived and simulated",
)
def two_class_information(signal: ArrayLike, weight: float = 0.5) -> FloatArray:
    """J_1 and J_2 of two classes as a function of the signal x, shape (..., 2).

    Parameters
    ----------
    signal : x, at least 0, any shape.
    weight : weight of the first class, in (0, 1).
    """
    x = validation.array("signal", signal, at_least=0.0)
    w = validation.inside("weight", weight, 0.0, 1.0)
    log_own = np.log([[w], [1.0 - w]])
    log_other = log_own[::-1]
    rows = []
    for value in np.minimum(x.ravel(), _LARGEST_SIGNAL).tolist():
        root = math.sqrt(value)

        def information(u: FloatArray, value: float = value, root: float = root) -> FloatArray:
            return -np.logaddexp(log_own, log_other - 2.0 * value - 2.0 * root * u)

        rows.append(gaussian_average(information, slope=root, tolerance=1e-13).value)
    return np.array(rows).reshape(*x.shape, 2)


def _from_kernel(kernel: FloatArray, law: GaussianMixture, seed: int, tolerance: float) -> FloatArray:
    positions, _ = kernel_positions(kernel)
    weights = law.weights
    views = [view_from(c, positions, weights) for c in range(len(weights))]
    if sum(view.terms for view in views) > _MOST_TERMS:
        drawn = _quasi_monte_carlo(positions, law, seed)
        missing = _standard_error(drawn) / tolerance
        if 1.0 < missing < _WITHIN_REACH:
            # The error falls at least with the root of the number of points.
            drawn = _quasi_monte_carlo(positions, law, seed, more=math.ceil(2.0 * math.log2(missing) + 0.5))
        return drawn
    result = []
    for c, view in enumerate(views):
        nodes, node_weights = product_rule(view.rules(), view.tolerance)
        log_joint = view.log_joint(nodes)
        posterior = log_joint[np.flatnonzero(view.near == c)[0]] - np.logaddexp.reduce(log_joint, axis=0)
        result.append(float(np.einsum("n,n->", posterior, node_weights)) - math.log(weights[c]))
    return np.array(result)[None]


def _nodes(law: str, rank: int, exponent: int, seed: int) -> list[FloatArray]:
    """Normal nodes of every scrambling, the same ones at all times: the result is a smooth function of time."""
    from scipy.stats import qmc

    from ...statistics.streams import generator

    key = {"purpose": "class information", "law": law, "rank": rank}
    uniform = [
        qmc.Sobol(rank, scramble=True, rng=generator(seed, key, replica)).random_base2(exponent)
        for replica in range(_SCRAMBLINGS)
    ]
    return [ndtri(np.clip(entry, 1e-12, 1 - 1e-12)) for entry in uniform]


def _quasi_monte_carlo(positions: FloatArray, law: GaussianMixture, seed: int, more: int = 0) -> FloatArray:
    classes, rank = positions.shape
    # log of w_k / w_c and of the densities of k and c at Y_c + z, without z.(Y_k - Y_c); classes (c, k).
    distance = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)
    offset = np.log(law.weights) - 0.5 * distance
    exponent = min(12, max(5, int(math.log2(_MOST_PRODUCTS / (_SCRAMBLINGS * classes**2))))) + more
    estimates = np.empty((_SCRAMBLINGS, classes))
    for replica, nodes in enumerate(_nodes(fingerprint(law), rank, exponent, seed)):
        along = nodes @ positions.T
        largest = along.max(axis=1, keepdims=True)
        if float((largest - along).max()) < _NO_UNDERFLOW:
            sums = np.log(np.exp(along - largest) @ np.exp(offset).T) + largest
        else:
            sums = np.stack([np.logaddexp.reduce(along + row, axis=1) for row in offset], axis=1)
        estimates[replica] = (along - sums).mean(axis=0)
    return estimates


def require_one_spectrum(law: DataLaw) -> None:
    """Refuse a mixture whose classes have different covariances where one spectrum is needed."""
    if isinstance(law, GaussianMixture) and not law.common_covariance:
        raise InvalidArgument(
            "law",
            "a mixture with unequal covariances",
            "a law with one covariance; ask for each class by class_spectrum",
        )
