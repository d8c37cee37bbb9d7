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
from ...errors import InvalidArgument

SOURCE = "arXiv 2405.17580, equation 1; derivations/linear_dynamics/modes.py"
Numbers = FloatArray | float
_WIDE = "for w -> infinity; and at any w >= n + p for orthogonal initial weights, W^T W = c I"


# A singular value or a start may be this much larger than the threshold: the plateau is then hundreds of 1/s long.
LARGEST_RATIO = 1e150


def _scaled(s: Numbers, c: Numbers, t: Numbers) -> tuple[FloatArray, ...]:
    """Half of the rate l = sqrt(s^2 + c^2), s and c over l, exp(-2 l t) and 1 minus that; in range for all numbers."""
    half = np.hypot(np.multiply(0.5, s), np.multiply(0.5, c))
    exponent = -4.0 * (half * t)
    return (
        half,
        np.multiply(0.5, s) / half,
        np.multiply(0.5, c) / half,
        np.exp(exponent),
        -np.expm1(exponent),
    )


def mode(s: Numbers, c: Numbers, t: Numbers) -> tuple[FloatArray, FloatArray]:
    """a(t) from a(0) = 0 and what is left, s - a(t); arguments unchecked, s >= 0 and c > 0."""
    with np.errstate(over="ignore", under="ignore"):
        _, part, share, decay, rise = _scaled(s, c, t)
        upper = 1.0 + part
        lower = share * (share / upper)  # 1 - part
        both = (lower + upper * decay + share * rise) * (upper + lower * decay + share * rise)
        learned = (s * rise) * (2.0 * share * (1.0 + decay + share * rise) / both)
        return np.asarray(learned), np.asarray(s * (4.0 * (decay / both)))


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
    s, c, t, start = validation.broadcast(
        singular_value=validation.array("singular_value", singular_value),
        threshold=validation.array("threshold", threshold, above=0.0),
        training_time=validation.array("training_time", training_time, at_least=0.0),
        initial=validation.array("initial", initial),
    )
    # A quotient that overflows compares as it should.
    with np.errstate(over="ignore"):
        large = np.maximum(np.abs(s), np.abs(start)) / c > LARGEST_RATIO
    if large.any():
        allowed = f"at least {1.0 / LARGEST_RATIO:g} times the singular value and the start"
        raise InvalidArgument("threshold", float(c[large].flat[0]), allowed)
    sign = np.where(s < 0.0, -1.0, 1.0)
    if not start.any():
        return np.asarray(sign * mode(np.abs(s), c, t)[0])
    return np.asarray(sign * _from_start(np.abs(s), c, t, sign * start))


def _from_start(s: FloatArray, c: FloatArray, t: FloatArray, start: FloatArray) -> FloatArray:
    """a(t) from a(0) = start for s >= 0: a = 2 c y/((1 - y)(1 + y)).

    Every factor is a sum of positive terms, but for the numerator of a start of the other sign, which passes through 0:
    there it is one difference of two such sums, of which neither cancels where a is not about to vanish.
    """
    with np.errstate(over="ignore", under="ignore"):
        half, part, share, decay, rise = _scaled(s, c, t)
        upper = 1.0 + part
        lower = share * (share / upper)
        # In quarters of the lengths, so that no sum of the largest numbers is infinite.
        c, begun = 0.25 * c, 0.25 * np.abs(start)
        length = np.hypot(begun, c)
        size = begun / (c + length)  # |y|
        # 1 - |y|, from length - |start| = c^2/(length + |start|).
        close = (c + c * (c / (length + begun))) / (c + length)
        y = np.where(start < 0.0, -size, size)
        below, above = np.where(y > 0.0, close, 1.0 - y), np.where(y < 0.0, close, 1.0 + y)
        falling, rising = lower + upper * decay, upper + lower * decay
        denominator = np.where(
            y < 0.0,
            falling + share * rise + part * rise * above,
            1.0 + decay + share * rise + part * rise * y,
        )
        early = (part * (part / (1.0 + share)) + (1.0 + share) * decay) * y + part * rise
        # The same with 1 - |y| in place of |y|, for late times: at small thresholds |y| is 1 to rounding.
        settled = part * (share * (1.0 + part / (1.0 + share)) / upper + part * close / (1.0 + share))
        late = settled - decay * (part + (1.0 + share) * size)
        numerator = np.where((y < 0.0) & (decay < 0.5), late, early)
        minus = falling * below + share * rise * above
        plus = rising * above + share * rise * below
        return np.asarray(4.0 * share * (numerator / minus) * (denominator / plus) * half)


@states("exact", _WIDE, source=SOURCE, verification="derived")
def relaxation_rate(singular_value: ArrayLike, threshold: ArrayLike) -> FloatArray:
    """2 sqrt(s^2 + c^2), the rate at which s - a falls at late times."""
    s, c = _pair(singular_value, threshold)
    with np.errstate(over="ignore"):
        rate = 2.0 * np.hypot(s, c)
    if not np.isfinite(rate).all():
        raise InvalidArgument(
            "singular_value", float(np.abs(s).max()), "such that the rate is a finite number"
        )
    return np.asarray(rate)


def active(singular_value: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
    """Whether |s| exceeds the threshold: learned like a balanced network, otherwise like a kernel machine."""
    s, c = _pair(singular_value, threshold)
    return np.asarray(np.abs(s) > c)


def _pair(singular_value: ArrayLike, threshold: ArrayLike) -> tuple[FloatArray, FloatArray]:
    s, c = validation.broadcast(
        singular_value=validation.array("singular_value", singular_value),
        threshold=validation.array("threshold", threshold, above=0.0),
    )
    return s, c
