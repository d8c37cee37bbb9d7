r"""Train and test error at finite dimension d, leading orders in 1/d, for k signals with outliers x sqrt(d) > 1.

The target has k singular values d x_i + 1/x_i and a bulk of n = d - k modes with the quarter-circle law of radius
2 sqrt(n): a signal takes one row and one column of the noise (``derivations/linear_dynamics/crossover.py``). With
al_i = a(d x_i + 1/x_i, kappa d, T/d)/d and b(s) = a(sqrt(n) s, kappa d, T/d)

    test = (n/d^2) <b^2> + sum_i [x_i^2 - 2 x_i ((1 - 1/(d x_i^2)) al_i + bulk_i) + al_i^2] + omega q^2 (1 - k/d)^2,
    train = (n/d^2) <(b - sqrt(n) s)^2> + sum_i (x_i + 1/(d x_i) - al_i)^2 + omega q^2 (1 - k/d)^2,

<> over the quarter circle, bulk_i the continuous part of the overlap at tau = x_i sqrt(d). The bulk may be of any size
against the threshold. The term with omega is heuristic: it leaves out the rows and columns of the signals, which relax
faster.
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
from ...numerics.flow import checked_times
from ..model import in_range
from .crossover import SOURCE, ErrorCurves, Signals, checked_numbers
from .modes import mode
from .weak_signal import mode_edges, quarter_circle_mean, spiked_bulk

# Below this x sqrt(d) the next order in 1/d is several percent.
COMFORTABLE = 2.5
_CHUNK = 64  # times at once: neighbours, which share their panels of quadrature
_FLOOR = 1e-200  # added to integrands, of which parts may be below the range of floats


def checked_dimension(signals: Signals, dimension: int) -> int:
    size = validation.integer("dimension", dimension, minimum=2)
    rank = int(signals.count.sum())
    if size <= 2 * rank:
        raise InvalidArgument("dimension", dimension, f"above twice the number of signals, {2 * rank}")
    if signals.noise == 0.0:
        raise InvalidArgument("noise", 0.0, "above 0 at finite dimension: without it the limit is exact")
    weakest = float(signals.strength.min()) * math.sqrt(size) / signals.noise
    if weakest <= 1.0:
        raise InvalidArgument(
            "dimension",
            dimension,
            f"such that x sqrt(d) is above 1, it is {weakest:.3g}: the signal has no outlier, see weak-signal",
        )
    return size


def at_dimension(
    signals: Signals, size: int, kappa: float, omega: float, time: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Train error, test error and the derivative of the test error, at times (m,), in the units of noise 1."""
    if len(time) > _CHUNK:
        parts = np.array_split(time, math.ceil(len(time) / _CHUNK))
        curves = [at_dimension(signals, size, kappa, omega, part) for part in parts]
        train, test, slope = (np.concatenate(column) for column in zip(*curves, strict=True))
        return train, test, slope
    rank = int(signals.count.sum())
    left = size - rank
    raw, threshold = time[:, None] / size, float(kappa * size)

    def bulk(s: FloatArray) -> FloatArray:
        value = math.sqrt(left) * s
        a, gap = mode(value, threshold, raw)
        return np.stack([a**2, gap**2, 4.0 * a * np.hypot(a, threshold) * gap / size]) + _FLOOR

    edges = mode_edges(kappa * size / math.sqrt(left), time / size * math.sqrt(left))
    moments = np.maximum(quarter_circle_mean(bulk, edges) - _FLOOR, 0.0)
    test, train, slope = moments * (left / size**2)
    for x, count in zip(signals.strength, signals.count, strict=True):
        place = size * x + 1.0 / x
        a, gap = mode(place, threshold, raw[:, 0])
        rise = 2.0 * np.hypot(a, threshold) * gap / size

        def of_signal(s: FloatArray) -> FloatArray:
            value = math.sqrt(size) * s
            amplitude, left_over = mode(value, threshold, raw)
            return np.stack([amplitude, 2.0 * np.hypot(amplitude, threshold) * left_over / size]) + _FLOOR

        spread, spread_rise = spiked_bulk(
            of_signal, float(x * math.sqrt(size)), mode_edges(kappa * math.sqrt(size), time / math.sqrt(size))
        )
        # x - a/d = behind, with a = d x + 1/x - gap: sums without the large x^2 of a strong signal.
        pushed = 1.0 / (size * x)
        behind = gap / size - pushed
        test += count * (behind**2 + 2.0 * (a / size) * pushed - 2.0 * x * spread / size)
        train += count * (gap / size) ** 2
        slope += count * (2.0 * rise / size * (pushed - behind) - 2.0 * x * spread_rise / size)
    with np.errstate(over="ignore"):
        start = omega * np.exp(-4.0 * kappa * time) * (1.0 - rank / size) ** 2
    return train + start, test + start, slope - 4.0 * kappa * start


def in_units_of_noise(signals: Signals) -> Signals:
    """The same signals where the noise is 1: lengths over the noise, times multiplied by it."""
    for strength in (signals.strength.min(), signals.strength.max()):
        in_range("signal_strengths over noise", float(strength / signals.noise))
    return Signals(signals.strength / signals.noise, signals.count, 1.0)


@states(
    "leading order",
    "in 1/d at w -> infinity, for x sqrt(d) above about 2.5; the term with the initial noise is heuristic",
    source=SOURCE,
    verification="derived and simulated",
)
def finite_dimension_errors(
    signal_strengths: Sequence[float] | FloatArray,
    dimension: int,
    lazy_ratio: float,
    initial_noise: float,
    training_time: ArrayLike,
    *,
    noise: float = 1.0,
) -> ErrorCurves:
    """Train and test error at scaled times T = d t of a square network of finite dimension and infinite width.

    Parameters as for ``error_curves``; ``noise`` above 0.

    Raises
    ------
    InvalidArgument : a signal without an outlier, x sqrt(d) at most the noise.
    """
    signals = Signals.of(signal_strengths, noise)
    size = checked_dimension(signals, dimension)
    kappa, omega = checked_numbers(lazy_ratio, initial_noise)
    time = checked_times("training_time", training_time)
    train, test, _ = at_dimension(
        in_units_of_noise(signals), size, kappa / noise, omega / noise**2, time * noise
    )
    return ErrorCurves(time, noise**2 * train, noise**2 * test, approximation_of(finite_dimension_errors))
