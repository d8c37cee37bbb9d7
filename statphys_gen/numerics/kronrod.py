"""Gauss-Kronrod panels, bisected where they miss their share of the error.

What the panels agree on is looked at once more by a rule that shares no node with them: 10 Gauss nodes in either part
of each panel, cut in the golden section.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..arrays import FloatArray
from .integrands import EPS, Evaluator, Goal, Integral, Values, rounding

# Panels are not made narrower than this, so that neither 1/x^2 nor the map of a half-line overflows.
_NARROWEST = 1e-140
# Kronrod's extension of the 10-node Gauss rule: abscissae from 1 to 0, both weights (QUADPACK, qk21).
_KRONROD = np.array(
    [
        [0.995657163025808080735527280689003, 0.011694638867371874278064396062192, 0.0],
        [
            0.973906528517171720077964012084452,
            0.032558162307964727478818972459390,
            0.066671344308688137593568809893332,
        ],
        [0.930157491355708226001207180059508, 0.054755896574351996031381300244580, 0.0],
        [
            0.865063366688984510732096688423493,
            0.075039674810919952767043140916190,
            0.149451349150580593145863396957698,
        ],
        [0.780817726586416897063717578345042, 0.093125454583697605535065465083366, 0.0],
        [
            0.679409568299024406234327365114874,
            0.109387158802297641899210590325805,
            0.219086362515982043995534934228163,
        ],
        [0.562757134668604683339000099272694, 0.123491976262065851077958109585166, 0.0],
        [
            0.433395394129247190799265943165784,
            0.134709217311473325928054001771707,
            0.269266719309996355091226921569469,
        ],
        [0.294392862701460198131126603103866, 0.142775938577060080797094273138717, 0.0],
        [
            0.148874338981631210884826001129720,
            0.147739104901338491374841515972068,
            0.295524224714752870173815619188769,
        ],
        [0.0, 0.149445554002916905664936468389821, 0.0],
    ]
)
_KRONROD = np.concatenate([_KRONROD * [-1.0, 1.0, 1.0], _KRONROD[-2::-1]])
_POINTS, _KRONROD_WEIGHTS, _GAUSS_WEIGHTS = (np.ascontiguousarray(column) for column in _KRONROD.T)


POINTS = _POINTS.size
# The first panels are at most this many smallest scales of the integrand wide: 21 nodes see one, wherever it is.
PANEL = 4.0
# Bisection that gains less than a factor 4 is slow; one that gains less than a percent is not told from none.
_SLOW, _SLOWEST = 0.25, 0.99
_GAUSS = _GAUSS_WEIGHTS > 0.0
_CUT = 0.5 * (math.sqrt(5.0) - 1.0)
# Nodes and weights on [-1, 1] of the rule that looks once more.
_OTHER_POINTS, _OTHER_WEIGHTS = (
    np.concatenate([_CUT * part + shift, (1.0 - _CUT) * part + other])
    for part, shift, other in (
        (_POINTS[_GAUSS], _CUT - 1.0, _CUT),
        (_GAUSS_WEIGHTS[_GAUSS], 0.0, 0.0),
    )
)


def adaptive(
    evaluator: Evaluator,
    left: FloatArray,
    right: FloatArray,
    kind: FloatArray,
    goal: Goal,
    beyond: FloatArray,
) -> Integral:
    """Bisect the panels that miss their share of the error, until the sum of all meets the goal under both rules."""
    sums = _panel_sums(evaluator, left, right, kind)
    seen_twice = np.zeros(left.size, dtype=bool)
    # By how much the value of the parent changed when it was bisected.
    change = np.full_like(sums[2], np.nan)
    while True:
        value, difference, magnitude, variation = (part.sum(axis=0) for part in sums)
        floor = beyond + rounding(magnitude, variation)
        error = difference + floor
        if goal.met(error, magnitude):
            if seen_twice.all():
                return Integral(value, error, evaluator.nodes)
            new = ~seen_twice
            if not evaluator.has_room(_OTHER_POINTS.size * int(new.sum())):
                raise goal.refusal(error, magnitude, evaluator.nodes)
            other = _other_sums(evaluator, left[new], right[new], kind[new])
            sums[1][new] = np.maximum(sums[1][new], np.abs(other - sums[0][new]))
            seen_twice[new] = True
            continue
        missed = sums[1] > np.maximum(0.5 * goal.allowed(magnitude) / left.size, 2.0 * EPS * sums[2])
        wide = right - left > np.maximum(1e3 * EPS * np.maximum(np.abs(left), np.abs(right)), _NARROWEST)
        missed = wide & missed.reshape(left.size, -1).any(axis=1)
        if not missed.any() or not evaluator.has_room(2 * POINTS * int(missed.sum())):
            raise goal.refusal(error, magnitude, evaluator.nodes)
        middle = 0.5 * (left[missed] + right[missed])
        halves = (
            np.concatenate([left[missed], middle]),
            np.concatenate([middle, right[missed]]),
            np.tile(kind[missed], 2),
        )
        finer = _panel_sums(evaluator, *halves)
        moved = _allow_for_slow_convergence([part[missed] for part in sums], change[missed], finer)
        change = np.concatenate([change[~missed], moved, moved])
        left, right, kind = (
            np.concatenate([old[~missed], new]) for old, new in zip((left, right, kind), halves, strict=True)
        )
        sums = [np.concatenate([old[~missed], new]) for old, new in zip(sums, finer, strict=True)]
        seen_twice = np.concatenate([seen_twice[~missed], np.zeros(2 * int(missed.sum()), dtype=bool)])


def _allow_for_slow_convergence(parents: list[Values], before: FloatArray, finer: list[Values]) -> FloatArray:
    """Raise the error of a half where bisection gains little, as beside a singularity; returns the change by it.

    With changes that fall by a factor r each time, what is still missing is r/(1 - r) times the last of them, while two
    rules on one panel miss it alike.
    """
    count = len(before)
    one, two = (part[:count] for part in finer), (part[count:] for part in finer)
    (value, difference, *_), (other_value, other_difference, *_) = one, two
    change = np.abs(parents[0] - value - other_value)
    with np.errstate(all="ignore"):
        ratio = np.minimum(change / before, _SLOWEST)
        missing = np.where(
            (ratio > _SLOW) & (change > 8 * EPS * parents[2]), change * ratio / (1.0 - ratio), 0.0
        )
    worse = difference >= other_difference
    finer[1] = np.maximum(
        finer[1], np.concatenate([np.where(worse, missing, 0.0), np.where(worse, 0.0, missing)])
    )
    return change


def _panel_sums(evaluator: Evaluator, left: FloatArray, right: FloatArray, kind: FloatArray) -> list[Values]:
    """Kronrod's value, its difference from Gauss's, the integral of the modulus and the variation of each panel
    (leading axis)."""
    parts = []
    for part in _parts(evaluator, left.size, POINTS):
        half, t, values, moved = _evaluated(evaluator, left[part], right[part], kind[part], _POINTS)
        value = half * (values * _KRONROD_WEIGHTS).sum(axis=-1)
        gauss = half * (values * _GAUSS_WEIGHTS).sum(axis=-1)
        modulus = half * (np.abs(values) * _KRONROD_WEIGHTS).sum(axis=-1)
        variation = np.concatenate([moved, np.zeros((*moved.shape[:-1], 1))], axis=-1)
        variation = variation.reshape(*moved.shape[:-1], *t.shape)[..., :-1].sum(axis=-1)
        variation += modulus * evaluator.measure.condition(left[part], right[part])
        parts.append([np.moveaxis(p, -1, 0) for p in (value, np.abs(value - gauss), modulus, variation)])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _other_sums(evaluator: Evaluator, left: FloatArray, right: FloatArray, kind: FloatArray) -> Values:
    """The integral over each panel (leading axis) by the other rule."""
    parts = []
    for part in _parts(evaluator, left.size, _OTHER_POINTS.size):
        half, _, values, _ = _evaluated(evaluator, left[part], right[part], kind[part], _OTHER_POINTS)
        parts.append(np.moveaxis(half * (values * _OTHER_WEIGHTS).sum(axis=-1), -1, 0))
    return np.concatenate(parts)


def _parts(evaluator: Evaluator, panels: int, nodes: int) -> Iterator[slice]:
    start = 0
    while start < panels:
        stop = start + max(1, evaluator.chunk() // nodes)
        yield slice(start, stop)
        start = stop


def _evaluated(
    evaluator: Evaluator, left: FloatArray, right: FloatArray, kind: FloatArray, points: FloatArray
) -> tuple[FloatArray, FloatArray, Values, FloatArray]:
    """Half widths (panels,), nodes (panels, n), values (..., panels, n), and the variation between successive nodes."""
    half = 0.5 * (right - left)
    t = 0.5 * (right + left)[:, None] + half[:, None] * points
    values, moved = evaluator(t.ravel(), np.repeat(kind, points.size))
    return half, t, values.reshape(*values.shape[:-1], *t.shape), moved
