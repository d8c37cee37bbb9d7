r"""When a second component appears, with learned weights: the supremum of the gradient of the likelihood.

At the lone centroid (the mean, put at 0) the gain of an infinitesimal component at mu is

    g(mu) = < exp(x.mu/T - |mu|^2/2T) > - 1,

so that with nu = mu/T and the cumulant function K(nu) = log < exp(x.nu) > one has g > 0 somewhere iff T is below

    T_nuc = sup_nu 2 K(nu)/|nu|^2,

the variance of the narrowest Gaussian that dominates the law's exponential moments. The limit nu -> 0 along the top
direction gives lambda_max: T_nuc >= lambda_max, and the inequality is strict where the law is skewed along it. A single
point at distance r among N gives about r^2/(2 log N).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...approximation import states
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...errors import AccuracyNotReached, InvalidArgument
from ...presentation import Scalars
from ..model import WeightedPoints
from .mixture import Law, full_covariance, mixture_covariance, moments, top_direction, weighted_points

_STARTS = 400
_SHIFTS, _POLISHES = 60, 200
# Of log exp moments, the largest gain over the linear threshold that is not told from rounding.
_SAME = 1e-9

# nu (D,) -> K(nu), its gradient (D,) and its Hessian (D, D)
_Cumulants = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]


@dataclass(frozen=True, repr=False)
class Nucleation(Scalars):
    """Where the first component appears on cooling with learned weights.

    Attributes
    ----------
    nucleation_temperature : T_nuc; the linear threshold where no other place gains earlier.
    nucleation_position : (D,) from the mean; zeros at the linear threshold.
    nucleation_effective_points : (sum a)^2/sum a^2 over the points with a_i = exp(x_i.nu): how many points stand behind
        the new component; None of a population, and all points at the linear threshold.
    """

    nucleation_temperature: float
    nucleation_position: FloatArray
    nucleation_effective_points: float | None

    def records(self) -> list[dict[str, object]]:
        (row,) = super().records()
        return [row | {"nucleation_position": self.nucleation_position.tolist()}]


@states(
    "exact",
    "of the law given; the supremum is searched from every class or from up to 400 points spread over the data",
    source="derivations/principal_graph/nucleation.py",
    verification="derived",
)
def nucleation(law: Law) -> Nucleation:
    """T_nuc, where the new component appears, and how many points stand behind it.

    Parameters
    ----------
    law : points, a data set, or a mixture in any dimension (closed form).

    Raises
    ------
    InvalidArgument : all points are equal.
    AccuracyNotReached : the supremum is not a stationary point to the accuracy of the numbers.
    """
    if isinstance(law, GaussianMixture):
        mean, covariance = mixture_covariance(law)
        _refuse_equal(covariance)
        shift = law.means - mean
        full = [full_covariance(law, k) for k in range(law.classes)]
        starts = _class_starts(shift, full, covariance)

        def cumulants(nu: FloatArray) -> tuple[float, FloatArray, FloatArray]:
            slopes = np.stack([m + c @ nu for m, c in zip(shift, full, strict=True)])
            exponents = np.log(law.weights) + np.array(
                [m @ nu + 0.5 * nu @ c @ nu for m, c in zip(shift, full, strict=True)]
            )
            largest = exponents.max()
            shares = np.exp(exponents - largest)
            total = shares.sum()
            shares /= total
            gradient = shares @ slopes
            apart = slopes - gradient
            hessian = np.einsum("k,kij->ij", shares, np.stack(full)) + (apart * shares[:, None]).T @ apart
            return float(largest + np.log(total)), gradient, hessian

        return _result(*_supremum(cumulants, covariance, starts), None, covariance)
    points = weighted_points(law)
    mean, covariance = moments(points)
    _refuse_equal(covariance)
    x, w = points.points - mean, points.weights
    top, nu = _supremum(_point_cumulants(x, w), covariance, _point_starts(x, w, covariance))
    effective = None
    if points.samples is not None:
        exponents = x @ nu
        a = np.exp(exponents - exponents.max())
        effective = float((w @ a) ** 2 / (w @ (a * a)) * points.samples)
    return _result(top, nu, effective, covariance)


def _refuse_equal(covariance: FloatArray) -> None:
    if not np.trace(covariance) > 0.0:
        raise InvalidArgument("law", 0.0, "of points that are not all equal: there is no transition")


def nucleation_temperature(law: Law) -> float:
    """T_nuc of :func:`nucleation`."""
    return nucleation(law).nucleation_temperature


def _result(top: float, nu: FloatArray, effective: float | None, covariance: FloatArray) -> Nucleation:
    linear = top_direction(covariance)[0]
    if top <= linear * (1.0 + _SAME):
        return Nucleation(linear, np.zeros(len(nu)), effective)
    return Nucleation(top, top * nu, effective)


def lone_supremum(law: WeightedPoints, temperature: float) -> FloatArray:
    """Where g is largest away from the lone centroid at 0, for points whose mean is 0."""
    x, w = law.points, law.weights
    _, covariance = moments(law)
    cumulants = _point_cumulants(x, w)
    best, place = float("-inf"), np.zeros(law.dimension)
    for start in _point_starts(x, w, covariance):
        mu = start * temperature
        for _ in range(_SHIFTS):
            mu = cumulants(mu / temperature)[1]
        gain = cumulants(mu / temperature)[0] - mu @ mu / (2.0 * temperature)
        if mu @ mu > 1e-8 * temperature and gain > best:
            best, place = float(gain), mu
    return place


def _point_cumulants(x: FloatArray, w: FloatArray) -> _Cumulants:
    def cumulants(nu: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        exponents = x @ nu
        largest = exponents.max()
        a = w * np.exp(exponents - largest)
        total = a.sum()
        a /= total
        gradient = a @ x
        apart = x - gradient
        return float(largest + np.log(total)), gradient, (apart * a[:, None]).T @ apart

    return cumulants


def _directions(covariance: FloatArray) -> list[FloatArray]:
    values, vectors = np.linalg.eigh(covariance)
    top = vectors[:, ::-1][:, :8].T
    return [
        sign * scale * v / np.sqrt(values[-1])
        for v in top
        for sign in (1.0, -1.0)
        for scale in (0.1, 1.0, 3.0)
    ]


def _class_starts(shift: FloatArray, full: list[FloatArray], covariance: FloatArray) -> list[FloatArray]:
    value = top_direction(covariance)[0]
    found = [scale * m / value for m in shift for scale in (0.5, 1.0, 2.0)]
    for m, c in zip(shift, full, strict=True):
        for v in np.linalg.eigh(c)[1].T:
            found += [
                m / value + sign * scale * v / np.sqrt(value) for sign in (1, -1) for scale in (0.3, 3.0)
            ]
    return found + _directions(covariance)


def _point_starts(x: FloatArray, w: FloatArray, covariance: FloatArray) -> list[FloatArray]:
    """Along the principal directions and towards points far from the mean and from one another."""
    value = top_direction(covariance)[0]
    squares = (x * x).sum(axis=1)
    log_count = -np.log(w.min())
    chosen = [int(squares.argmax())]
    distance = ((x - x[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(min(_STARTS, len(x)) // 8):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((x - x[chosen[-1]]) ** 2).sum(axis=1))
    chosen = list(dict.fromkeys(chosen + np.argsort(-squares)[:8].tolist()))
    starts = _directions(covariance)
    for i in chosen:
        if squares[i] > 0.0:
            # One point alone nucleates at r^2/(2 log N), with nu = 2 log N x/r^2.
            starts += [x[i] / value, 2.0 * log_count * x[i] / squares[i]]
    return starts


def _supremum(
    cumulants: _Cumulants, covariance: FloatArray, starts: list[FloatArray]
) -> tuple[float, FloatArray]:
    """Largest 2 K/|nu|^2 and its place; the linear threshold and 0 where nothing exceeds it."""
    linear = top_direction(covariance)[0]
    best, place = linear, np.zeros(len(covariance))
    for start in starts:
        nu = start
        for _ in range(_SHIFTS):
            square = nu @ nu
            if square * linear < 1e-8:
                break
            # nu <- grad K/T at T = 2 K/|nu|^2 is the mean shift: 2 K/|nu|^2 grows.
            value, gradient, _ = cumulants(nu)
            if value <= 0.0:
                break
            moved = gradient * square / (2.0 * value)
            close = np.abs(moved - nu).max() < 1e-10 * np.abs(nu).max()
            nu = moved
            if close:
                break
        square = nu @ nu
        if square * linear < 1e-8:
            continue
        found = 2.0 * cumulants(nu)[0] / square
        if found > best * (1.0 + _SAME):
            best, place = float(found), nu
    if not place.any():
        return linear, place
    return _polished(cumulants, place)


def _ascended(
    cumulants: _Cumulants, nu: FloatArray, step: FloatArray
) -> tuple[FloatArray, tuple[float, FloatArray, FloatArray]]:
    """The mean shift, and as many times further as the quotient grows by doubling."""
    moved = nu + step
    found = cumulants(moved)
    while np.abs(step).max() < np.abs(nu).max():
        step = 2.0 * step
        trial = cumulants(nu + step)
        if not trial[0] / ((nu + step) @ (nu + step)) > found[0] / (moved @ moved):
            break
        moved, found = nu + step, trial
    return moved, found


def _polished(cumulants: _Cumulants, nu: FloatArray) -> tuple[float, FloatArray]:
    """Newton's steps on grad K - (2 K/|nu|^2) nu = 0, each only where the quotient does not fall."""
    value, gradient, hessian = cumulants(nu)
    for _ in range(_POLISHES):
        square = nu @ nu
        T = 2.0 * value / square
        pull = gradient - T * nu
        if np.abs(pull).max() <= 1e-13 * np.abs(gradient).max():
            return float(T), nu
        # Where nu is small, the quotient has the rounding of a small cumulant.
        rounding = 1e-14 / min(1.0, value)
        jacobian = hessian - T * np.eye(len(nu)) - np.outer(nu, 2.0 * pull / square)
        moved, trial = nu, None
        if np.linalg.eigvalsh((jacobian + jacobian.T) / 2.0)[-1] < 0.0:
            moved = nu - np.linalg.solve(jacobian, pull)
            trial = cumulants(moved)
            if not 2.0 * trial[0] / (moved @ moved) >= T * (1.0 - rounding):
                trial = None
        if trial is None:
            moved, trial = _ascended(cumulants, nu, gradient / T - nu)
        if np.abs(moved - nu).max() < 1e-15 * np.abs(nu).max():
            return float(T), nu
        nu, (value, gradient, hessian) = moved, trial
    if np.abs(pull).max() <= 1e-9 * np.abs(gradient).max():
        return float(T), nu
    raise AccuracyNotReached("the nucleation temperature is not stationary to the accuracy of the numbers")
