r"""Curie-Weiss data: two classes, the signs of the magnetisation, that are not Gaussian.

    P(a) = exp(beta (sum_i a_i)^2 / (2d)) / Z,   a in {-1, +1}^d;   P_t(x) = sum_a P(a) N(x; exp(-t) a, D_t I)

Hubbard-Stratonovich: with b_i = x_i exp(-t) / D_t,

    P_t(x) = exp(-(|x|^2 + d exp(-2t)) / (2 D_t)) (2 pi D_t)^(-d/2) / Z  E_h prod_i 2 cosh(h + b_i),   h ~
    N(0, beta/d).

The average over h is the trapezoidal sum with spacing 0.7 of the width sqrt(beta/d). The integrand is a
positive sum of Gaussians of exactly this width, centred in |h| <= beta, so that the relative error is 2
exp(-2 pi^2 / 0.49) = 7e-18 at every d.

Classes at large d: magnetisation +-m*, m* = tanh(beta m*), fluctuating with variance chi/d,
chi = (1 - m*^2) / (1 - beta (1 - m*^2)). Seen through the noise, the sum of the coordinates is a Gaussian
channel with the signal

    x(t) = d m*^2 exp(-2t) / (1 + exp(-2t)(chi - 1)),   x = 1 at t = log(d m*^2 + 1 - chi) / 2,

to leading order t = log(d m*^2) / 2. As d -> infinity at fixed x the sum is sufficient for the class, and
phi is the function of two Gaussian classes. At finite d the observer of the sum alone knows less than the
observer of x: its agreement, which is a one-dimensional integral over the exact law of the magnetisation, is
a lower bound of phi.

Convention: the class of a configuration with magnetisation 0 (even d) is drawn by a fair coin.
Source: Biroli, Mezard, arXiv 2306.03518 (Curie-Weiss data); derivations/diffusion/curie_weiss.py.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.binary_channel import two_class_agreement
from ...data.laws import CurieWeiss
from ...errors import InvalidArgument
from ...numerics.quadrature import integrate
from ...numerics.special import log_two_cosh
from ...solution import Solution, Status

_SPACING = 0.7
_REACH = 9.0
_SOURCE = "arXiv 2306.03518; derivations/diffusion/curie_weiss.py"
_EPSILON = float(np.finfo(float).eps)


# --------------------------------------------------------------------------------------- density and score


def _fields(model: CurieWeiss, x: ArrayLike, time: float) -> tuple[FloatArray, FloatArray, float, float]:
    """x as (n, d), b = x exp(-t)/D_t, exp(-t), D_t."""
    t = validation.positive("time", time)
    points = validation.array("x", x)
    if points.ndim == 0 or points.shape[-1] != model.dimension:
        raise InvalidArgument("x", points, f"points of {model.dimension} coordinates along the last axis")
    decay, noise = math.exp(-t), -math.expm1(-2.0 * t)
    rows = points.reshape(-1, model.dimension)
    return rows, rows * (decay / noise), decay, noise


def _auxiliary_field(model: CurieWeiss) -> tuple[FloatArray, FloatArray]:
    """Nodes h_j and the logarithms of their weights under N(0, beta/d)."""
    beta, d = model.inverse_temperature, model.dimension
    if beta == 0.0:
        return np.zeros(1), np.zeros(1)
    width = math.sqrt(beta / d)
    last = math.ceil((beta + _REACH * width) / (_SPACING * width))
    standard = _SPACING * np.arange(-last, last + 1.0)
    return width * standard, -0.5 * standard**2 + math.log(_SPACING / math.sqrt(2.0 * math.pi))


def _log_terms(nodes: FloatArray, log_weights: FloatArray, b: FloatArray) -> FloatArray:
    """log of weight_j prod_i 2 cosh(h_j + b_i) for one point, shape (nodes,)."""
    return log_weights + log_two_cosh(nodes[:, None] + b).sum(axis=1)


def log_partition(model: CurieWeiss) -> float:
    """log Z, the sum over the d + 1 magnetisations."""
    return float(np.logaddexp.reduce(_log_counts(model)))


def _log_counts(model: CurieWeiss) -> FloatArray:
    from scipy.special import gammaln

    d = model.dimension
    up = np.arange(d + 1.0)
    entropy = math.lgamma(d + 1.0) - gammaln(up + 1.0) - gammaln(d - up + 1.0)
    return entropy + model.inverse_temperature * (2.0 * up - d) ** 2 / (2.0 * d)


@states("exact", "at any dimension", source=_SOURCE, verification="derived")
def log_density(model: CurieWeiss, x: ArrayLike, time: float) -> FloatArray:
    """log P_t(x) of noised Curie-Weiss data.

    Parameters
    ----------
    x : points (..., d).
    time : diffusion time, above 0.

    Returns
    -------
    (...,) logarithms of the density.
    """
    rows, fields, decay, noise = _fields(model, x, time)
    nodes, log_weights = _auxiliary_field(model)
    d = model.dimension
    averages = np.array([np.logaddexp.reduce(_log_terms(nodes, log_weights, b)) for b in fields])
    gaussian = -((rows**2).sum(axis=1) + d * decay**2) / (2.0 * noise) - 0.5 * d * math.log(
        2.0 * math.pi * noise
    )
    return (averages + gaussian - log_partition(model)).reshape(np.shape(x)[:-1])


@states("exact", "at any dimension", source=_SOURCE, verification="derived")
def score(model: CurieWeiss, x: ArrayLike, time: float) -> FloatArray:
    """grad log P_t(x) = [exp(-t) <tanh(h + b_i)> - x_i] / D_t, averaged over the law of h given x; shape of
    ``x``.

    Parameters as for :func:`log_density`.
    """
    rows, fields, decay, noise = _fields(model, x, time)
    nodes, log_weights = _auxiliary_field(model)
    result = np.empty_like(rows)
    for index, (point, b) in enumerate(zip(rows, fields, strict=True)):
        terms = _log_terms(nodes, log_weights, b)
        posterior = np.exp(terms - terms.max())
        posterior /= posterior.sum()
        result[index] = (decay * (posterior @ np.tanh(nodes[:, None] + b)) - point) / noise
    return result.reshape(np.shape(x))


@states("exact", "at any dimension", source=_SOURCE, verification="derived")
def magnetisation_posterior(model: CurieWeiss, x: ArrayLike, time: float) -> FloatArray:
    """P(M | x_t = x) of the magnetisation M = sum_i a_i = -d, -d+2, ..., d; shape (..., d + 1).

    Given x alone the spins are independent with log-odds 2 b_i; the law of their sum follows by adding one
    spin after the other (O(d^2) for each point, in logarithms), and the interaction multiplies it by
    exp(beta M^2 / (2d)). Parameters as for :func:`log_density`.
    """
    rows, fields, _, _ = _fields(model, x, time)
    d = model.dimension
    log_up, log_down = -np.logaddexp(0.0, -2.0 * fields), -np.logaddexp(0.0, 2.0 * fields)
    law = np.full((len(rows), d + 1), -np.inf)
    law[:, 0] = 0.0
    for i in range(d):
        taken = law[:, : i + 1].copy()
        law[:, : i + 1] = taken + log_down[:, i : i + 1]
        law[:, 1 : i + 2] = np.logaddexp(law[:, 1 : i + 2], taken + log_up[:, i : i + 1])
    law += model.inverse_temperature * (2.0 * np.arange(d + 1.0) - d) ** 2 / (2.0 * d)
    law -= np.logaddexp.reduce(law, axis=1, keepdims=True)
    return np.exp(law).reshape(*np.shape(x)[:-1], d + 1)


# ----------------------------------------------------------------------------------------- magnetisation


@states("exact as N -> infinity", source=_SOURCE, verification="derived")
def spontaneous_magnetisation(inverse_temperature: ArrayLike) -> FloatArray:
    """m*, the largest solution of m = tanh(beta m): 0 up to beta = 1, then growing to 1. Any shape.

    Solved in y = beta m as y coth(y) - 1 = beta - 1, which keeps its relative accuracy as beta -> 1.
    """
    beta = validation.array("inverse_temperature", inverse_temperature, at_least=0.0)
    values = [_magnetisation(b) for b in beta.ravel().tolist()]
    return np.array(values).reshape(beta.shape)


def _y_coth_y_minus_one(y: float) -> float:
    if y > 1.0:
        return y / math.tanh(y) - 1.0
    total = term = y**3 / 3.0  # y cosh(y) - sinh(y) = sum_k 2k y^(2k+1) / (2k+1)!
    k = 1
    while term > 1e-18 * total:
        term *= y * y * (k + 1) / (k * (2 * k + 2) * (2 * k + 3))
        total += term
        k += 1
    return total / math.sinh(y)


def _magnetisation(beta: float) -> float:
    if beta <= 1.0:
        return 0.0
    lower, upper = math.sqrt(3.0 * (beta - 1.0)) * (1.0 - 1e-9), beta * (1.0 + 1e-9)
    y = brentq(lambda y: _y_coth_y_minus_one(y) - (beta - 1.0), lower, upper, xtol=1e-300, rtol=1e-15)
    return math.tanh(y)


def _require_order(model: CurieWeiss) -> None:
    if model.inverse_temperature <= 1.0:
        raise InvalidArgument(
            "inverse_temperature", model.inverse_temperature, "above 1, where there are two classes"
        )


def _class_moments(model: CurieWeiss) -> tuple[float, float]:
    """m* and chi."""
    m = _magnetisation(model.inverse_temperature)
    spread = 1.0 - m * m
    return m, spread / (1.0 - model.inverse_temperature * spread)


@states(
    "exact as N -> infinity",
    "at fixed x(t), inverse temperature above 1",
    source=_SOURCE,
    verification="derived",
)
def curie_weiss_signal(model: CurieWeiss, time: ArrayLike) -> FloatArray:
    """The signal x(t) between the two signs of the magnetisation, of the shape of ``time`` (at least 0)."""
    _require_order(model)
    m, chi = _class_moments(model)
    decay = np.exp(-2.0 * validation.array("time", time, at_least=0.0))
    return model.dimension * m * m * decay / (1.0 + decay * (chi - 1.0))


@states(
    "exact as N -> infinity",
    "as the time where x(t) = 1, inverse temperature above 1",
    source=_SOURCE,
    verification="derived",
)
def curie_weiss_speciation_time(model: CurieWeiss) -> Solution:
    """Fields ``time`` = log(d m*^2 + 1 - chi)/2, where x(t) = 1, and ``asymptotic_time`` = log(d m*^2)/2.

    No solution where d m*^2 is too small for either, as near beta = 1.
    """
    _require_order(model)
    m, chi = _class_moments(model)
    growth, leading = model.dimension * m * m + 1.0 - chi, model.dimension * m * m
    exists = growth > 1.0 and leading > 1.0
    time, asymptotic = (0.5 * math.log(v) if exists else 0.0 for v in (growth, leading))
    # Relative errors of m* and chi are a few ulp times chi, which diverges at beta = 1.
    return Solution(
        {"time": np.array(time), "asymptotic_time": np.array(asymptotic)},
        np.array(Status.CONVERGED if exists else Status.NO_SOLUTION, dtype=np.int8),
        np.array(0.0),
        np.array(8.0 * _EPSILON * (1.0 + time + chi)),
        np.array(1),
        approximation_of(curie_weiss_speciation_time),
    )


# ------------------------------------------------------------------------------------------- agreement


@states(
    "exact as N -> infinity",
    "at fixed x(t), inverse temperature above 1",
    source=_SOURCE,
    verification="derived and simulated",
)
def curie_weiss_agreement(model: CurieWeiss, time: ArrayLike) -> FloatArray:
    """Clone agreement of the sign of the magnetisation in the limit of large d: two Gaussian classes at x(t)."""
    return two_class_agreement(curie_weiss_signal(model, time))


@states(
    "exact",
    "for an observer of the sum of the coordinates only: a lower bound of phi(t) at any d, phi(t) as d -> infinity",
    source=_SOURCE,
    verification="derived and simulated",
)
def curie_weiss_agreement_from_sum(model: CurieWeiss, time: ArrayLike) -> FloatArray:
    """Probability that two classes drawn from the posterior given sum_i x_i agree, at finite d.

    Parameters
    ----------
    model : any dimension and inverse temperature, also below 1.
    time : diffusion times, any shape, above 0.

    Raises :class:`~statphys_gen.errors.AccuracyNotReached` if the integral does not reach 1e-11.
    """
    times = validation.array("time", time, above=0.0)
    log_law = _log_counts(model) - log_partition(model)
    magnetisation = 2.0 * np.arange(model.dimension + 1.0) - model.dimension
    log_law = log_law + np.where(magnetisation == 0.0, -math.log(2.0), 0.0)
    kept = (magnetisation >= 0.0) & (log_law > -45.0)
    values = [_from_sum(model, magnetisation[kept], log_law[kept], t) for t in times.ravel().tolist()]
    return np.array(values).reshape(times.shape)


def _from_sum(model: CurieWeiss, magnetisation: FloatArray, log_law: FloatArray, time: float) -> float:
    d = model.dimension
    # The sum of the coordinates over sqrt(d D_t) is scale * M plus a standard Gaussian variable.
    scale = math.exp(-time) / math.sqrt(-math.expm1(-2.0 * time) * d)

    def product_over_sum(v: FloatArray) -> FloatArray:
        up = np.logaddexp.reduce(log_law - 0.5 * (v[:, None] - scale * magnetisation) ** 2, axis=1)
        down = np.logaddexp.reduce(log_law - 0.5 * (v[:, None] + scale * magnetisation) ** 2, axis=1)
        return np.exp(up + down - np.logaddexp(up, down))

    end = scale * float(magnetisation[-1]) + 10.0
    half = integrate(product_over_sum, 0.0, end, tolerance=1e-11, width=1.0)
    return 1.0 - 4.0 * float(half.value) / math.sqrt(2.0 * math.pi)
