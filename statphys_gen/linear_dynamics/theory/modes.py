r"""One singular direction of the target, in closed form.

For the squared distance C(A) = |A - T|^2/2 and infinite width, a direction of T with singular value s obeys

    da/dt = 2 sqrt(a^2 + c^2) (s - a),

c the threshold. With a = c sinh u and y = tanh(u/2) this is y' = s - 2 c y - s y^2, solved by tanh(l t) with
l = sqrt(s^2 + c^2) (``derivations/linear_dynamics/modes.py``). All differences below are of quantities that are not
close to one another, so that the relative error is a few units in the last place in every regime.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import validation
from ...approximation import states
from ...arrays import FloatArray

SOURCE = "arXiv 2405.17580, equation 1; derivations/linear_dynamics/modes.py"
Numbers = FloatArray | float
_WIDE = "for w -> infinity; and at any w >= n + p for orthogonal initial weights, W^T W = c I"


def mode(s: Numbers, c: Numbers, t: Numbers) -> tuple[FloatArray, FloatArray]:
    """a(t) from a(0) = 0 and what is left, s - a(t); arguments unchecked, s >= 0 and c > 0."""
    rate = np.hypot(s, c)
    decay = np.exp(-2.0 * rate * t)
    rise = -np.expm1(-2.0 * rate * t)
    upper = rate + s
    lower = c * (c / upper)  # rate - s
    both = (lower + upper * decay + c * rise) * (upper + lower * decay + c * rise)
    learned = 2.0 * c * s * rise * (rate * (1.0 + decay) + c * rise) / both
    return np.asarray(learned), np.asarray(4.0 * s * rate * decay * (rate / both))


@states("exact", _WIDE, source=SOURCE, verification="derived and simulated")
def amplitude(
    singular_value: ArrayLike, threshold: ArrayLike, training_time: ArrayLike, initial: ArrayLike = 0.0
) -> FloatArray:
    """a(t): how much of a singular direction of the target the network has learned.

    Parameters
    ----------
    singular_value : s of the target, any sign (a is odd in s and a(0) together).
    threshold : c, above 0; at c = 0 a network that starts at 0 stays there for ever.
    training_time : t of the gradient flow, at least 0.
    initial : a(0) in the same direction.

    Returns
    -------
    Array of the broadcast shape, in the units of ``singular_value``.
    """
    s, start = (
        validation.array("singular_value", singular_value),
        validation.array("initial", initial),
    )
    c = validation.array("threshold", threshold, above=0.0)
    t = validation.array("training_time", training_time, at_least=0.0)
    sign = np.where(s < 0.0, -1.0, 1.0)
    if not start.any():
        return np.asarray(sign * mode(np.abs(s), c, t)[0])
    return np.asarray(sign * _from_start(np.abs(s), c, t, sign * start))


def _from_start(s: FloatArray, c: FloatArray, t: FloatArray, start: FloatArray) -> FloatArray:
    """a(t) from a(0) = start for s >= 0: a = 2 c y/((1 - y)(1 + y)) with every factor a sum of positive terms."""
    rate = np.hypot(s, c)
    decay = np.exp(-2.0 * rate * t)
    rise = -np.expm1(-2.0 * rate * t)
    upper = rate + s
    lower = c * (c / upper)
    length = np.hypot(start, c)
    y = start / (c + length)
    # 1 - |y|, from length - |start| = c^2/(length + |start|).
    close = (c + c * (c / (length + np.abs(start)))) / (c + length)
    below, above = np.where(y > 0.0, close, 1.0 - y), np.where(y < 0.0, close, 1.0 + y)
    falling, rising = lower + upper * decay, upper + lower * decay
    denominator = np.where(
        y < 0.0, falling + c * rise + s * rise * above, rate * (1.0 + decay) + c * rise + s * rise * y
    )
    numerator = (s * (s / (rate + c)) + (rate + c) * decay) * y + s * rise
    minus = falling * below + c * rise * above
    plus = rising * above + c * rise * below
    return np.asarray(2.0 * c * numerator * (denominator / (minus * plus)))


@states("exact", _WIDE, source=SOURCE, verification="derived and simulated")
def relaxation_rate(singular_value: ArrayLike, threshold: ArrayLike) -> FloatArray:
    """2 sqrt(s^2 + c^2), the rate at which s - a falls at late times."""
    s = validation.array("singular_value", singular_value)
    return 2.0 * np.hypot(s, validation.array("threshold", threshold, above=0.0))


def active(singular_value: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
    """Whether |s| exceeds the threshold: learned like a balanced network, otherwise like a kernel machine."""
    s = validation.array("singular_value", singular_value)
    return np.asarray(np.abs(s) > validation.array("threshold", threshold, above=0.0))
