r"""The order of a transition: expansions of the free energy in a small split.

First transition, K equal replicas displaced by delta_k along the top direction (mean 0, m_n = mean delta^n), with
variance lambda, third moment s3 and fourth moment q4 of the law along it:

    f - f0 = (m2/2)(1 - lambda/T) - m3 s3/(6 T^2) - (m4 - m2^2)/(8 T) + lambda (m4 - m2^2)/(4 T^2)
             - q4 (m4 - 3 m2^2)/(24 T^3) + O(5).

Two replicas have m3 = 0 and split continuously. With more the cubic term makes the transition first-order; the split
of one replica from the others loses its state at a = 9 c^2/(16 q) and has the free energy of none at a = c^2/(2 q),
where a = 1 - lambda/T, c m2^(3/2) is the cubic and q m2^2 the quartic term at T = lambda.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...presentation import Scalars
from .mixture import (
    Law,
    Mixture,
    full_covariance,
    mixture_covariance,
    moments,
    top_direction,
    weighted_points,
)

Order = Literal["continuous", "first-order"]
# Third moments below this, in units of lambda^(3/2), are rounding.
_NO_SKEWNESS = 1e-9
_SAME_VARIANCE = 1e-9  # relative difference of two eigenvalues of the covariance that are one
_STARTS, _POWER_STEPS = 20, 2000


@dataclass(frozen=True, repr=False)
class Landau(Scalars):
    """The first transition with K equal replicas.

    Attributes
    ----------
    linear_temperature : lambda, the top eigenvalue of the covariance.
    skewness, excess_kurtosis : s3/lambda^(3/2) and q4/lambda^2 - 3 along the top direction; the sign of the skewness
        goes with the direction whose largest entry is positive. Where several directions have the same variance, the
        one along which the law is most skewed.
    order : "continuous" or "first-order".
    spinodal_temperature : where, on heating, the split state ends; the linear temperature of a continuous transition;
        None where the expansion has no minimum to this order, or where several directions of the same variance are
        skewed: splits in more than one of them compete.
    coexistence_temperature : where both states have the same free energy, likewise.
    """

    linear_temperature: float
    skewness: float
    excess_kurtosis: float
    order: Order
    spinodal_temperature: float | None
    coexistence_temperature: float | None


@states(
    "leading order",
    "in the third moment along the top direction; the linear temperature and the order are exact",
    source="derivations/principal_graph/landau.py",
    verification="derived",
)
def landau(law: Law, components: int = 2) -> Landau:
    """Order, spinodal and coexistence of the first transition with K equal weights.

    Parameters
    ----------
    law : points, a data set, or a mixture in any dimension.
    components : K, at least 2.

    Raises
    ------
    InvalidArgument : all points are equal.
    """
    count = validation.integer("components", components, 2, 64)
    value, third, fourth, directions = _top(law)
    skewness, kurtosis = third / value**1.5, fourth / value**2 - 3.0
    third_of_split = (count - 2.0) / np.sqrt(count - 1.0)
    fourth_of_split = (count**2 - 3.0 * count + 3.0) / (count - 1.0)
    quartic = (6.0 - kurtosis * (fourth_of_split - 3.0)) / (24.0 * value)
    cubic = abs(third) * third_of_split / (6.0 * value**2)
    skewed = count > 2 and abs(skewness) > _NO_SKEWNESS
    if skewed and quartic > 0.0:
        square = cubic**2 / quartic
        spinodal, coexistence = (value / (1.0 - part * square) for part in (9.0 / 16.0, 0.5))
        if directions > 1 or 9.0 / 16.0 * square >= 1.0:
            return Landau(value, skewness, kurtosis, "first-order", None, None)
        return Landau(value, skewness, kurtosis, "first-order", float(spinodal), float(coexistence))
    if skewed or quartic < 0.0:
        return Landau(value, skewness, kurtosis, "first-order", None, None)
    return Landau(value, skewness, kurtosis, "continuous", value, value)


def top_moments(law: Law) -> tuple[float, float, float]:
    """Variance and the third and fourth central moments along the top direction of the covariance."""
    return _top(law)[:3]


def _top(law: Law) -> tuple[float, float, float, int]:
    """The same, and how many directions have that variance: of several, along the one of the largest third moment."""
    if isinstance(law, GaussianMixture):
        mean, covariance = mixture_covariance(law)
        shift, weights = law.means - mean, law.weights
        full = np.stack([full_covariance(law, k) for k in range(law.classes)])
    else:
        points = weighted_points(law)
        mean, covariance = moments(points)
        shift, weights, full = points.points - mean, points.weights, None
    value, direction = top_direction(covariance)
    validation.positive("variance of the points", value)

    def third(u: FloatArray) -> tuple[float, FloatArray]:
        """T(u, u, u) and T(u, u, .)."""
        m = shift @ u
        square, cubic = weights * m * m, float(weights @ m**3)
        pull = square @ shift
        if full is not None:
            along = full @ u
            v = along @ u
            cubic += 3.0 * float(weights @ (m * v))
            pull = pull + (weights * v) @ shift + 2.0 * (weights * m) @ along
        return cubic, pull

    values, vectors = np.linalg.eigh(covariance)
    basis = vectors[:, values > value * (1.0 - _SAME_VARIANCE)].T
    if len(basis) > 1:
        direction = _most_skewed(third, basis, shift, value)
    m = shift @ direction
    fourth = float(weights @ m**4)
    if full is not None:
        v = full @ direction @ direction
        fourth += float(weights @ (6.0 * m**2 * v + 3.0 * v**2))
    return value, third(direction)[0], fourth, len(basis)


def _most_skewed(
    third: Callable[[FloatArray], tuple[float, FloatArray]],
    basis: FloatArray,
    shift: FloatArray,
    value: float,
) -> FloatArray:
    """The direction within a space (k, D) of the largest third moment, by shifted power steps from several starts."""
    inside = shift @ basis.T @ basis
    far = inside[np.argsort(-(inside * inside).sum(axis=1), kind="stable")[:_STARTS]]
    best, found = -1.0, basis[0]
    for start in [*basis, *-basis, *far]:
        norm = float(np.linalg.norm(start))
        if norm <= 1e-9 * np.sqrt(value):
            continue
        u = start / norm
        for _ in range(_POWER_STEPS):
            cubic, pull = third(u)
            moved = (pull @ basis.T) @ basis + (abs(cubic) + 0.1 * value**1.5) * u
            moved = moved / np.linalg.norm(moved)
            close = np.abs(moved - u).max() < 1e-13
            u = moved
            if close:
                break
        cubic = third(u)[0]
        if cubic > best + 1e-12 * value**1.5:
            best, found = cubic, u
    return found


@states(
    "exact",
    "leading coefficient in the amplitude of a split in two equal replicas, at fixed weights",
    source="derivations/principal_graph/quartic.py",
    verification="derived and simulated",
)
def reduced_quartic(mixture: Mixture, group: int) -> float:
    """b in f = f_unsplit + (p/2)(1 - lambda/T) eps^2 + b eps^4, the other centroids relaxed.

    With u = v.(x - mu_g) along the top direction v of the local covariance, P the posterior of the group, H the Hessian
    of the unsplit state,

        b = <P u^4>/(12 T^3) - <P (1 - P)(u^2/T - 1)^2>/(8 T) - G^T H^-1 G/2,
        G_h = <P (delta_gh - P_h)(1 - u^2/T)(x - mu_h)>/(2 T).

    The split is continuous where b > 0, with eps^2 = p (lambda/T - 1)/(4 b), and a jump where b < 0.

    Parameters
    ----------
    mixture : the unsplit state.
    group : index of the group among :meth:`Mixture.groups`.
    """
    groups = mixture.groups()
    x, w, T = mixture.law.points, mixture.law.weights, mixture.temperature
    _, direction = top_direction(mixture.local_covariance(groups[group]))
    u = (x - mixture.centroids[groups[group][0]]) @ direction
    posteriors = [mixture.posterior[:, members].sum(axis=1) for members in groups]
    own = posteriors[group]
    excess = 1.0 - u * u / T
    pull = np.concatenate(
        [
            (w * own * (float(h == group) - posteriors[h]) * excess) @ (x - mixture.centroids[members[0]])
            for h, members in enumerate(groups)
        ]
    ) / (2.0 * T)
    direct = float((w * own) @ u**4) / (12.0 * T**3) - float((w * own * (1.0 - own)) @ excess**2) / (8.0 * T)
    return direct - 0.5 * float(pull @ _solve(mixture.hessian(groups), pull))


def _solve(hessian: FloatArray, right: FloatArray) -> FloatArray:
    """H^-1 right, without the modes that have no curvature (the split itself where two groups are about to part)."""
    values, vectors = np.linalg.eigh(hessian)
    kept = np.abs(values) > 1e-12 * np.abs(values).max()
    found: FloatArray = vectors[:, kept] @ ((vectors[:, kept].T @ right) / values[kept])
    return found
