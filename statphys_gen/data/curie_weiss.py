r"""The Curie-Weiss law: partition sum, density and score under noise, magnetisation.

    P(a) = exp(beta M^2 / (2d) + tilt M / d) / Z,   M = sum_i a_i,   a in {-1, +1}^d;
    P_t(x) = sum_a P(a) N(x; exp(-t) a, D_t I),   D_t = 1 - exp(-2t)

Hubbard-Stratonovich: with b_i = x_i exp(-t) / D_t + tilt / d,

    P_t(x) = exp(-(|x|^2 + d exp(-2t)) / (2 D_t)) (2 pi D_t)^(-d/2) / Z  E_h prod_i 2 cosh(h + b_i),   h ~
    N(0, beta/d).

The average over h is the trapezoidal sum with spacing 0.7 of the width sqrt(beta/d). The integrand is a
positive sum of Gaussians of exactly this width, centred in |h| <= beta, so that the relative error is 2
exp(-2 pi^2 / 0.49) = 7e-18 at every d.

Classes at large d and beta > 1: the signs of the magnetisation +-m*, m* = tanh(beta m*), fluctuating with variance
chi/d, chi = (1 - m*^2) / (1 - beta (1 - m*^2)). The tilt, a field tilt/d on each spin, moves neither of them to this
order; it gives the positive class the weight 1 / (1 + exp(-2 tilt m*)).

Source: Biroli, Mezard, arXiv 2306.03518 (without tilt); derivations/diffusion/curie_weiss.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from .. import validation
from ..approximation import states
from ..arrays import FloatArray
from ..errors import InvalidArgument
from ..numerics.special import log_two_cosh
from ..presentation import Scalars
from .laws import CurieWeiss

_SPACING = 0.7
_REACH = 9.0
_SOURCE = "arXiv 2306.03518; derivations/diffusion/curie_weiss.py"


# --------------------------------------------------------------------------------------- density and score


def _fields(model: CurieWeiss, x: ArrayLike, time: float) -> tuple[FloatArray, FloatArray, float, float]:
    """x as (n, d), b = x exp(-t)/D_t + tilt/d, exp(-t), D_t."""
    t = validation.positive("time", time)
    points = validation.array("x", x)
    if points.ndim == 0 or points.shape[-1] != model.dimension:
        raise InvalidArgument("x", points, f"points of {model.dimension} coordinates along the last axis")
    decay, noise = math.exp(-t), -math.expm1(-2.0 * t)
    rows = points.reshape(-1, model.dimension)
    return rows, rows * (decay / noise) + model.tilt / model.dimension, decay, noise


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
    return float(np.logaddexp.reduce(log_magnetisation_weights(model)))


def log_magnetisation_weights(model: CurieWeiss) -> FloatArray:
    """log of Z P(M) for M = sum_i a_i = -d, -d+2, ..., d; shape (d + 1,)."""
    from scipy.special import gammaln

    d = model.dimension
    up = np.arange(d + 1.0)
    magnetisation = 2.0 * up - d
    entropy = math.lgamma(d + 1.0) - gammaln(up + 1.0) - gammaln(d - up + 1.0)
    return entropy + model.inverse_temperature * magnetisation**2 / (2.0 * d) + model.tilt * magnetisation / d


@states("exact", "at any dimension", source=_SOURCE, verification="derived and simulated")
def curie_weiss_log_density(model: CurieWeiss, x: ArrayLike, time: float) -> FloatArray:
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


@states("exact", "at any dimension", source=_SOURCE, verification="derived and simulated")
def curie_weiss_score(model: CurieWeiss, x: ArrayLike, time: float) -> FloatArray:
    """grad log P_t(x) = [exp(-t) <tanh(h + b_i)> - x_i] / D_t, averaged over the law of h given x; shape of
    ``x``.

    Parameters as for :func:`curie_weiss_log_density`.
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


@states("exact", "at any dimension", source=_SOURCE, verification="derived and simulated")
def magnetisation_posterior(model: CurieWeiss, x: ArrayLike, time: float) -> FloatArray:
    """P(M | x_t = x) of the magnetisation M = sum_i a_i = -d, -d+2, ..., d; shape (..., d + 1).

    Given x and the tilt alone the spins are independent with log-odds 2 b_i; the law of their sum follows by adding
    one spin after the other (O(d^2) for each point, in logarithms), and the interaction multiplies it by
    exp(beta M^2 / (2d)). Parameters as for :func:`curie_weiss_log_density`.
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


@states("exact as N -> infinity", source=_SOURCE, verification="derived and simulated")
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


@dataclass(frozen=True, repr=False)
class ClassMoments(Scalars):
    """The two classes at large d, above inverse temperature 1.

    Attributes
    ----------
    weight : 1 / (1 + exp(-2 tilt m*)), of the class of positive magnetisation.
    magnetisation : m*, of the positive class.
    susceptibility : chi, d times the variance of the magnetisation within a class.
    """

    weight: float
    magnetisation: float
    susceptibility: float


@states(
    "exact as N -> infinity",
    "at inverse temperature above 1",
    source=_SOURCE,
    verification="derived and simulated",
)
def class_moments(model: CurieWeiss) -> ClassMoments:
    """Weight, magnetisation and susceptibility of the two classes; refused at inverse temperature 1 and below."""
    from scipy.special import expit

    if model.inverse_temperature <= 1.0:
        raise InvalidArgument(
            "inverse_temperature", model.inverse_temperature, "above 1, where there are two classes"
        )
    m = _magnetisation(model.inverse_temperature)
    spread = 1.0 - m * m
    return ClassMoments(
        float(expit(2.0 * model.tilt * m)), m, spread / (1.0 - model.inverse_temperature * spread)
    )
