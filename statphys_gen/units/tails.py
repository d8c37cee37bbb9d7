"""Where a log-density lies, and how fast it falls far out: Omega in log rho(h) -> -h^2 / (2 Omega), or a refusal.

The curvature kappa(h) = -(L(4h) - 3 L(2h) + 2 L(h)) / (3 h^2) is free of constant and linear terms; for a Gaussian
tail it is 1/Omega up to corrections that fall with h. It is read off over many decades of h. A tail is Gaussian where
the last decades agree to nine digits, thinner where kappa rises at least as h^(1/2) or as a clean power, thicker where
it falls so. Whatever else (corrections such as |h|^1.9, values that underflow) cannot be told from finitely many
values, and is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import FloatArray
from ..errors import InvalidArgument

_DECADES = 10.0 ** np.arange(0, 10)
# Agreement of the last curvatures of a Gaussian tail, and of the last exponents of a power.
_SAME = 1e-9
_CLEAN = 1e-6
# A log-density that ends above this may have been the logarithm of a number that underflowed.
_UNDERFLOW = -1e4


def tail_coefficient(value: Callable[[FloatArray], FloatArray], side: int, scale: float) -> float:
    """Omega towards side * infinity of a log-density of this scale.

    Raises
    ------
    InvalidArgument : the tail is thicker than Gaussian, or cannot be told.
    """
    h: FloatArray = np.asarray(scale * _DECADES, dtype=np.float64)
    first, second, third = value(side * h), value(2.0 * side * h), value(4.0 * side * h)
    finite = np.isfinite(first) & np.isfinite(second) & np.isfinite(third)
    count = int(np.argmin(finite)) if not finite.all() else len(h)
    direction = "+" if side > 0 else "-"
    every = np.concatenate([first, second, third])
    if count < len(h) and every[np.isfinite(every)].min(initial=0.0) >= _UNDERFLOW:
        raise InvalidArgument(
            "log_density",
            f"not finite from {direction}{_last_finite(value, side, scale):.3g} on",
            "finite on its support (a logarithm that does not underflow, such as norm.logpdf), or come with "
            "tail_coefficient=0 or a finite support where the density is zero",
        )
    with np.errstate(all="ignore"):
        kappa = -(third - 3.0 * second + 2.0 * first)[:count] / (3.0 * h[:count] ** 2) * scale**2
        exponent = np.diff(np.log10(np.abs(kappa)))
    if count < 3:
        # So steep that it overflows within two decades.
        return 0.0
    last = kappa[-3:]
    rounding = 1e-15 * np.abs(third[count - 1]) / _DECADES[count - 1] ** 2
    unclear = InvalidArgument(
        "log_density",
        f"tail at {direction}infinity",
        "such that its tail can be told from its values: state tail_coefficient= (Omega in -h^2 / (2 Omega), 0 for "
        "thinner tails)",
    )
    if (
        count == len(h)
        and np.ptp(last) <= _SAME * np.abs(last).max() + rounding
        and last[-1] > 1e3 * rounding
    ):
        return float(scale**2 / last[-1])
    clean = np.ptp(exponent[-3:]) < _CLEAN if len(exponent) >= 3 else False
    rising = bool((exponent[-2:] >= 0.5).all())
    if (last > 0).all() and (rising or (clean and exponent[-1] > 0.01)):
        return 0.0
    falling = bool((exponent[-2:] <= -0.5).all())
    if last[-1] <= 10.0 * rounding or falling or (clean and exponent[-1] < -0.01):
        raise InvalidArgument(
            "log_density", f"tail at {direction}infinity", "at least as thin as Gaussian, -h^2 / (2 Omega)"
        )
    raise unclear


def _last_finite(value: Callable[[FloatArray], FloatArray], side: int, scale: float) -> float:
    """Where the values stop being finite, to three digits."""
    h = scale * np.geomspace(1.0, 4.0 * _DECADES[-1], 4000)
    finite = np.isfinite(value(side * h))
    return float(h[int(np.argmin(finite))])


def sampled(
    value: Callable[[FloatArray], FloatArray], support: tuple[float, float], cuts: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """Points over all scales of a support with the log-density there, and the places of its maxima.

    Every maximum that these points show is climbed; a log-density shows a narrow peak far from where its density does.
    """
    lower, upper = support
    far = np.geomspace(1e-12, 1e12, 2401)
    if np.isfinite(lower) and np.isfinite(upper):
        inner = np.geomspace(1e-12, 0.5, 400) * (upper - lower)
        h = np.concatenate([lower + inner, upper - inner, np.linspace(lower, upper, 2001)[1:-1]])
    elif np.isfinite(lower):
        h = lower + far
    elif np.isfinite(upper):
        h = upper - far
    else:
        h = np.concatenate([-far, [0.0], far])
    # Next to the breakpoints, at which the density may be singular.
    beside = 1e-9 * np.maximum(np.abs(cuts), 1.0)
    h = np.unique(np.concatenate([h, cuts - beside, cuts + beside]))
    h = h[(h > lower) & (h < upper)]
    known = value(h)
    if not np.isfinite(known).any() or np.isposinf(known).any():
        raise InvalidArgument("log_density", "values", "finite somewhere and nowhere infinite")
    for _ in range(40):
        inner_values = known[1:-1]
        top = 1 + np.flatnonzero(
            (inner_values >= known[:-2]) & (inner_values >= known[2:]) & np.isfinite(inner_values)
        )
        # Those that can carry weight, the highest first; a plateau is one.
        top = top[np.argsort(-known[top], kind="stable")][:64]
        wide = (h[top + 1] - h[top - 1]) > 1e-9 * np.maximum(np.abs(h[top]), 1e-300)
        curved = np.minimum(known[top] - known[top - 1], known[top] - known[top + 1]) > 1e-3
        top = top[wide & curved]
        if not len(top):
            break
        fractions = np.linspace(0.0, 1.0, 18)[1:-1]
        left, right = h[top - 1], h[top + 1]
        middle = h[top][:, None]
        new = np.concatenate(
            [
                left[:, None] + (middle - left[:, None]) * fractions,
                middle + (right[:, None] - middle) * fractions,
            ]
        )
        more = np.setdiff1d(new.ravel(), h)
        h = np.concatenate([h, more])
        known = np.concatenate([known, value(more)])
        order = np.argsort(h)
        h, known = h[order], known[order]
    best = known.max()
    inner_values = known[1:-1]
    tops = 1 + np.flatnonzero(
        (inner_values > known[:-2]) & (inner_values > known[2:]) & (inner_values > best - 1e3)
    )
    peaks = [float(x) for x in h[tops[np.argsort(-known[tops])][:64]]]
    return (h, known), np.sort(np.array(peaks))
