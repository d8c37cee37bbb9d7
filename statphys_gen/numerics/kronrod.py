"""Gauss-Kronrod panels, bisected where they miss their share of the error."""

from __future__ import annotations

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


def adaptive(
    evaluator: Evaluator,
    left: FloatArray,
    right: FloatArray,
    kind: FloatArray,
    goal: Goal,
    beyond: FloatArray,
) -> Integral:
    """Bisect the panels that miss their share of the error, until the sum of all meets the goal."""
    sums = _panel_sums(evaluator, left, right, kind)
    while True:
        value, difference, magnitude, variation = (part.sum(axis=0) for part in sums)
        floor = beyond + rounding(magnitude, variation)
        error = difference + floor
        if goal.met(error, magnitude):
            return Integral(value, error, evaluator.nodes)
        missed = sums[1] > np.maximum(0.5 * goal.allowed(magnitude) / left.size, 2.0 * EPS * sums[2])
        wide = right - left > np.maximum(1e3 * EPS * np.maximum(np.abs(left), np.abs(right)), _NARROWEST)
        missed = wide & missed.reshape(left.size, -1).any(axis=1)
        if not missed.any() or not evaluator.has_room(2 * _POINTS.size * int(missed.sum())):
            raise goal.refusal(error, magnitude, evaluator.nodes)
        middle = 0.5 * (left[missed] + right[missed])
        halves = (
            np.concatenate([left[missed], middle]),
            np.concatenate([middle, right[missed]]),
            np.tile(kind[missed], 2),
        )
        finer = _panel_sums(evaluator, *halves)
        left, right, kind = (
            np.concatenate([old[~missed], new]) for old, new in zip((left, right, kind), halves, strict=True)
        )
        sums = [np.concatenate([old[~missed], new]) for old, new in zip(sums, finer, strict=True)]


def _panel_sums(evaluator: Evaluator, left: FloatArray, right: FloatArray, kind: FloatArray) -> list[Values]:
    """Kronrod's value, its difference from Gauss's, the integral of the modulus and the variation of each panel
    (leading axis)."""
    parts = []
    start = 0
    while start < left.size:
        stop = start + max(1, evaluator.chunk() // _POINTS.size)
        half = 0.5 * (right[start:stop] - left[start:stop])
        t = 0.5 * (right[start:stop] + left[start:stop])[:, None] + half[:, None] * _POINTS
        values, moved = evaluator(t.ravel(), np.repeat(kind[start:stop], _POINTS.size))
        values = values.reshape(*values.shape[:-1], *t.shape)
        value = half * (values * _KRONROD_WEIGHTS).sum(axis=-1)
        gauss = half * (values * _GAUSS_WEIGHTS).sum(axis=-1)
        modulus = half * (np.abs(values) * _KRONROD_WEIGHTS).sum(axis=-1)
        variation = np.concatenate([moved, np.zeros((*moved.shape[:-1], 1))], axis=-1)
        variation = variation.reshape(*moved.shape[:-1], *t.shape)[..., :-1].sum(axis=-1)
        variation += modulus * evaluator.measure.condition(left[start:stop], right[start:stop])
        parts.append([np.moveaxis(p, -1, 0) for p in (value, np.abs(value - gauss), modulus, variation)])
        start = stop
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
