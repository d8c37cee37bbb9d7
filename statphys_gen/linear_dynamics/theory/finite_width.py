r"""Finite width: train and test error to first order in d/w, at fixed lazy ratio and initial noise.

With Gaussian weights, kernels and start fluctuate: C1 = c (1 + delta1), C2 = c (1 + delta2), entries of A(0) have the
variance omega, and g = d/w = omega/(kappa^2 d). To second order in delta and A(0)
(``derivations/linear_dynamics/finite_width.py``), with q = exp(-2 kappa T) and tau = kappa T, noise 1,

    bulk of the train error:  q^2 [4 tau^2 + 2 (1 - q)^2 + omega (4 tau^2 - 1 + q^2)],
    bulk of the test error:   the same - 2 q tau^2 - 2 q tau + q^2 (1 - q),

and each signal adds 2 (a - x) delta a + 2 kappa^2 (P^2 + Q^2), where P and Q say how row and column of the signal in
A follow their start and that of the kernels. All are multiplied by g and added to the curves of infinite width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import approximation_of, states
from ...arrays import FloatArray
from ...errors import InvalidArgument
from ...numerics.flow import checked_times, integrate_flow
from .crossover import ErrorCurves, Signals, checked_numbers
from .finite_dimension import finite_dimension_errors

_LATE = 400.0  # exp(-_LATE) squared vanishes
_SOURCE = "derivations/linear_dynamics/finite_width.py"


def _signal(x: float, kappa: float, time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """a - x and (delta a, P^2 + Q^2) of one signal at scaled times; lengths over d.

    State: a, gamma (kernels along the signal), row b = P b0 + Q r0 of A and row r = R b0 + S r0 of the kernels, and the
    second-order means of a and gamma.
    """

    def right_side(state: FloatArray) -> FloatArray:
        a, gamma, p, q, r, s, shift, kernel = state
        gap = a - x
        decay, turn = kappa + gamma, 2.0 * a - x
        return np.array(
            [
                -2.0 * gamma * gap,
                -2.0 * a * gap,
                -r * gap - decay * p,
                -s * gap - decay * q,
                -turn * p,
                -turn * q,
                -2.0 * gamma * shift - 2.0 * kernel * gap - 2.0 * kappa**2 * (p * r + q * s),
                -2.0 * turn * shift - 2.0 * kappa**2 * (p * p + q * q),
            ]
        )

    # Signal and rows relax at the rate of their mode after the plateau; nothing but zeros is left afterwards.
    late = (_LATE + math.log1p(2.0 * x / kappa)) / math.hypot(x, kappa)
    time = np.minimum(time, late)
    state = integrate_flow(right_side, np.array([0.0, kappa, 1, 0, 0, 1, 0, 0]), time, tolerance=1e-12)
    return state[:, 0] - x, np.stack([state[:, 6], state[:, 2] ** 2 + state[:, 3] ** 2])


@states(
    "leading order",
    "in d/w at fixed lazy ratio and initial noise, Gaussian weights of equal variances, w >> d; added to the curves of "
    "infinite width and finite dimension",
    source=_SOURCE,
    verification="derived and simulated",
)
def width_correction(
    signal_strengths: Sequence[float] | FloatArray,
    lazy_ratio: float,
    initial_noise: float,
    training_time: ArrayLike,
    *,
    noise: float = 1.0,
) -> tuple[FloatArray, FloatArray]:
    """Coefficients of d/w in the train and in the test error, at scaled times T = d t.

    Parameters as for ``error_curves``, ``noise`` above 0.

    Returns
    -------
    Train and test (m,), to be multiplied by d/w.
    """
    unit = validation.positive("noise", noise)
    signals = Signals.of(signal_strengths, noise)
    kappa, omega = checked_numbers(lazy_ratio, initial_noise)
    time = checked_times("training_time", training_time)
    with np.errstate(over="ignore"):
        time = time * unit
        # Beyond, every term is 0 to rounding.
        tau = np.minimum(kappa / unit * time, _LATE)
    kappa, omega = kappa / unit, omega / unit**2
    q, learned = np.exp(-2.0 * tau), -np.expm1(-2.0 * tau)
    bulk = q**2 * (4.0 * tau**2 + 2.0 * learned**2 + omega * (4.0 * tau**2 + np.expm1(-4.0 * tau)))
    test_bulk = bulk - 2.0 * q * tau * (tau + 1.0) + q**2 * learned
    signal = np.zeros_like(time)
    for x, count in zip(signals.strength / unit, signals.count, strict=True):
        gap, (shift, rows) = _signal(float(x), kappa, time)
        signal += count * (2.0 * gap * shift + 2.0 * kappa**2 * rows)
    # The rows and columns of the signals are no part of the start's own term omega q^2 (1 - k/d)^2.
    return unit**2 * (bulk + signal), unit**2 * (test_bulk + signal)


@states(
    "leading order",
    "in 1/d and d/w, Gaussian weights of equal variances, w >> d, for x sqrt(d) above about 2.5",
    source=_SOURCE,
    verification="derived",
)
def finite_width_errors(
    signal_strengths: Sequence[float] | FloatArray,
    dimension: int,
    width: float,
    lazy_ratio: float,
    training_time: ArrayLike,
    *,
    noise: float = 1.0,
) -> ErrorCurves:
    """Train and test error to leading orders in 1/d and in d/w, for Gaussian weights of equal variances.

    Parameters
    ----------
    width : w, at least d: below it the wide limit is not defined. The initial noise is kappa^2 d^2/w.

    The others are those of ``finite_dimension_errors``.

    Raises
    ------
    InvalidArgument : a width below d, or one so close to it that the first order makes an error negative.
    """
    wide = validation.positive("width", width)
    if wide < validation.integer("dimension", dimension, minimum=2):
        raise InvalidArgument(
            "width", width, f"at least the dimension {dimension}: the term is the first in d/w"
        )
    per_width = dimension / wide
    omega = validation.positive("lazy_ratio", lazy_ratio) ** 2 * dimension * per_width
    curves = finite_dimension_errors(
        signal_strengths, dimension, lazy_ratio, omega, training_time, noise=noise
    )
    extra = width_correction(signal_strengths, lazy_ratio, omega, training_time, noise=noise)
    train, test = (
        curve + per_width * term
        for curve, term in zip((curves.train_error, curves.test_error), extra, strict=True)
    )
    if min(train.min(), test.min()) <= 0.0:
        raise InvalidArgument("width", width, "larger: the term of order d/w makes an error negative")
    return ErrorCurves(curves.training_time, train, test, approximation_of(finite_width_errors))
