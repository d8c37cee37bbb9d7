r"""The signal x(t) between noised classes: how far apart two classes of a mixture still are at time t.

Noised class k is  P_t^k = N(exp(-t) m_k, S_k),  S_k = I + exp(-2t) (C_k - I).  The signal between classes 1
and 2 is a quarter of the symmetrised Kullback-Leibler divergence,

    x(t) = [KL(P_t^1 || P_t^2) + KL(P_t^2 || P_t^1)] / 4
         = 1/8 d^T (E + C_1)^-1 d + 1/8 d^T (E + C_2)^-1 d + 1/8 Tr[(C_1 - C_2)(E + C_2)^-1 (C_1 - C_2)(E +
         C_1)^-1]

with d = m_1 - m_2 and E = exp(2t) - 1; no term is a difference of large numbers. For a common covariance it
is the squared half separation over the variance, x = exp(-2t) d^T S^-1 d / 4, and then it alone decides
every question about the two classes. The log-likelihood ratio of two classes that differ in many weak
coordinates is Gaussian with mean 2x and variance 4x, so that x = 1 is where its mean equals its standard
deviation.

Shapes: times (T,), signals (T,), all pairs (T, K, K). Isotropic and diagonal covariances cost O(d) per time;
full ones an eigendecomposition per class once, and O(d^2) per time (O(d) when the covariance is common).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import InvalidArgument

Spectra = list[tuple[FloatArray, FloatArray | None]]


def excess_time(time: ArrayLike) -> FloatArray:
    """E = exp(2t) - 1, one over the signal-to-noise ratio; infinite where it overflows (t > 354)."""
    with np.errstate(over="ignore"):
        return np.expm1(2.0 * validation.array("time", time, at_least=0.0))


def covariance_spectra(mixture: GaussianMixture) -> Spectra:
    """Eigenvalues and eigenvectors (columns) of each stored covariance.

    One entry if the stored covariance is common. Isotropic: one eigenvalue, for all directions, and None;
    diagonal: d eigenvalues and None (the axes).
    """
    spectra: Spectra = []
    for k in range(len(mixture.covariances)):
        covariance = mixture.covariance(k)
        if covariance.ndim == 2:
            values, vectors = np.linalg.eigh(covariance)
            spectra.append((np.maximum(values, 0.0), vectors))
        else:
            spectra.append((np.atleast_1d(covariance), None))
    return spectra


def check_times(mixture: GaussianMixture, time: ArrayLike) -> FloatArray:
    """Times, at least 0; above 0 where a class has a singular covariance and therefore no density at t = 0."""
    times = validation.array("time", time, at_least=0.0)
    if (times == 0.0).any() and min(values.min() for values, _ in covariance_spectra(mixture)) <= 0.0:
        raise InvalidArgument("time", 0.0, "above 0, because a covariance of the mixture is singular")
    return times


def pair_signal(
    mixture: GaussianMixture, first: int, second: int, spectra: Spectra | None = None
) -> Callable[[float], float]:
    """x as a function of E = exp(2t) - 1 for one pair of classes; decompositions are made here, or passed in."""
    difference = mixture.means[first] - mixture.means[second]
    spectra = covariance_spectra(mixture) if spectra is None else spectra
    chosen = [spectra[k if len(spectra) > 1 else 0] for k in (first, second)]
    projections: list[FloatArray] = []
    for values, vectors in chosen:
        squares = (difference if vectors is None else vectors.T @ difference) ** 2
        projections.append(np.array([squares.sum()]) if len(values) == 1 else squares)
    (values_1, vectors_1), (values_2, vectors_2) = chosen
    separate = len(spectra) > 1 and not np.array_equal(mixture.covariance(first), mixture.covariance(second))
    multiplicity = mixture.dimension if mixture.covariance_kind == "isotropic" else 1
    squared_overlap: FloatArray | None = None
    if separate and vectors_1 is not None and vectors_2 is not None:
        squared_overlap = (
            vectors_2.T @ (mixture.covariance(first) - mixture.covariance(second)) @ vectors_1
        ) ** 2

    def signal_at(excess: float) -> float:
        inverse_1, inverse_2 = 1.0 / (excess + values_1), 1.0 / (excess + values_2)
        total = float(projections[0] @ inverse_1 + projections[1] @ inverse_2)
        if squared_overlap is not None:
            total += float(inverse_2 @ squared_overlap @ inverse_1)
        elif separate:
            total += multiplicity * float(((values_1 - values_2) ** 2 * inverse_1) @ inverse_2)
        return total / 8.0

    return signal_at


@states(
    "exact",
    "for the signal itself; what it says about clones is exact for a common covariance only",
    source="derivations/diffusion/clone_agreement.py",
    verification="derived and simulated",
)
def signal(mixture: GaussianMixture, time: ArrayLike, first: int = 0, second: int = 1) -> FloatArray:
    """Signal x(t) between two classes of a mixture: a quarter of their symmetrised Kullback-Leibler
    divergence.

    Parameters
    ----------
    mixture : the law of the data, at least two classes.
    time : diffusion times, at least 0; above 0 if a covariance is singular.
    first, second : the two classes, counted from 0.

    Returns
    -------
    x of the shape of ``time``; 0 for classes that are equal, and 1 at the speciation time ``bayes``.
    """
    times = check_times(mixture, time)
    check_pair(mixture, first, second)
    signal_at = pair_signal(mixture, first, second)
    return np.array([signal_at(e) for e in excess_time(times).ravel().tolist()]).reshape(times.shape)


def pairwise_signals(mixture: GaussianMixture, time: ArrayLike) -> FloatArray:
    """x(t) of all pairs of classes, shape (T, K, K), symmetric with a zero diagonal; ``time`` one-dimensional."""
    times = np.atleast_1d(check_times(mixture, time))
    excesses = excess_time(times).tolist()
    spectra = covariance_spectra(mixture)
    result = np.zeros((len(excesses), mixture.classes, mixture.classes))
    for k, m in combinations(range(mixture.classes), 2):
        signal_at = pair_signal(mixture, k, m, spectra)
        result[:, k, m] = result[:, m, k] = [signal_at(e) for e in excesses]
    return result


def check_pair(mixture: GaussianMixture, first: int, second: int) -> None:
    if mixture.classes < 2:
        raise InvalidArgument("mixture", mixture.classes, "a mixture of at least 2 classes")
    validation.integer("first", first, minimum=0, maximum=mixture.classes - 1)
    validation.integer("second", second, minimum=0, maximum=mixture.classes - 1)
    if first == second:
        raise InvalidArgument("second", second, f"another class than first = {first}")


@dataclass(frozen=True)
class ClassLine:
    """Two classes on a line: all that matters when their difference is an eigenvector of a common covariance.

    Attributes
    ----------
    half_separation : |m_1 - m_2| / 2, above 0.
    variance : variance of each class along the line at t = 0.
    half_log_odds : log(w_1 / w_2) / 2.

    The origin of the line is the midpoint of the two means (moved by exp(-t) with the noise), class 1 at
    positive values.
    """

    half_separation: float
    variance: float
    half_log_odds: float

    def noised(self, time: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """exp(-t) times the half separation, and the variance Gamma_t = 1 + exp(-2t) (variance - 1)."""
        decay = np.exp(-validation.array("time", time, at_least=0.0))
        return decay * self.half_separation, 1.0 + decay**2 * (self.variance - 1.0)


def class_line(mixture: GaussianMixture) -> ClassLine:
    """The line through two classes: common covariance, of which m_1 - m_2 is an eigenvector (isotropic: always)."""
    if mixture.classes != 2 or not mixture.common_covariance:
        raise InvalidArgument("mixture", mixture.classes, "two classes with a common covariance")
    difference = mixture.means[0] - mixture.means[1]
    squared = float(difference @ difference)
    if squared == 0.0:
        raise InvalidArgument("mixture", "equal means", "two classes with different means")
    covariance = mixture.covariance(0)
    image = covariance @ difference if covariance.ndim == 2 else covariance * difference
    variance = float(difference @ image) / squared
    scale = float(np.abs(covariance).max()) * np.sqrt(squared)
    if np.linalg.norm(image - variance * difference) > 1e-10 * scale:
        raise InvalidArgument(
            "mixture", "tilted", "such that m_1 - m_2 is an eigenvector of the common covariance"
        )
    weights = mixture.weights
    return ClassLine(0.5 * np.sqrt(squared), variance, 0.5 * float(np.log(weights[0] / weights[1])))
