r"""Curie-Weiss data without tilt: two balanced classes, the signs of the magnetisation, that are not Gaussian.

The law is that of :mod:`statphys_gen.data.curie_weiss`, with magnetisation +-m* and susceptibility chi. Seen through
the noise, the sum of the coordinates is a Gaussian channel with the signal

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

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...data.binary_channel import two_class_agreement
from ...data.curie_weiss import class_moments, log_magnetisation_weights, log_partition
from ...data.laws import CurieWeiss
from ...numerics.quadrature import integrate
from ...solution import Solution, Status

_SOURCE = "arXiv 2306.03518; derivations/diffusion/curie_weiss.py"
_EPSILON = float(np.finfo(float).eps)


@states(
    "exact as N -> infinity",
    "at fixed x(t), inverse temperature above 1",
    source=_SOURCE,
    verification="derived",
)
def curie_weiss_signal(model: CurieWeiss, time: ArrayLike) -> FloatArray:
    """The signal x(t) between the two signs of the magnetisation, of the shape of ``time`` (at least 0)."""
    model.require_no_tilt()
    classes = class_moments(model)
    m, chi = classes.magnetisation, classes.susceptibility
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
    model.require_no_tilt()
    classes = class_moments(model)
    m, chi = classes.magnetisation, classes.susceptibility
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
    model : any dimension and inverse temperature, also below 1, without tilt.
    time : diffusion times, any shape, above 0.

    Raises :class:`~statphys_gen.errors.AccuracyNotReached` if the integral does not reach 1e-11.
    """
    model.require_no_tilt()
    times = validation.array("time", time, above=0.0)
    log_law = log_magnetisation_weights(model) - log_partition(model)
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
    half = integrate(product_over_sum, 0.0, end, tolerance=1e-11, width=0.25)
    return 1.0 - 4.0 * float(half.value) / math.sqrt(2.0 * math.pi)
