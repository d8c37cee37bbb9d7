r"""What the leading order of a finite network leaves out, estimated.

The overlap m of the condensed pattern fluctuates. With q, Q, r and R of the other patterns as they are at leading
order, a visible unit has the free entropy phi(s) and the overlap m(s) = phi'(s) at the signal s, and the network the
overlap m(s) with the weight

    exp(N [phi(s) - (s - F) m(s)]) Z_h(g sqrt(N) m(s)) sqrt(phi''(s)) ds,

F the field along the pattern and Z_h that of the condensed hidden unit. Leading order is the largest weight. To the
distance of the mean from it the distance from one pattern less is added, whose unit the leading order counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ..couplings.base import State, Values
from .replica_symmetric import solve
from .saddle_point import Batch
from .single_site import layer_moments

# Signals of the average over the fluctuations: over all overlaps, and next to the likeliest one.
_WIDE, _NEAR = 161, 81
_REACH = 8.0
# Logarithm of the weight at which a minimum parts two states: one is not left for about a million sweeps.
_DEEP = 15.0
# Twice the estimates: tests/rbm/test_small_networks.py holds them against sums over all states.
_SAFETY = 2.0
_NOISE = (
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
    "hidden_self_overlap",
)
_ORDER = ("overlap", "edwards_anderson_overlap", "self_overlap")


def remainder(
    batch: Batch,
    start: str,
    points: Mapping[str, FloatArray],
    found: Mapping[str, FloatArray],
    leading: NDArray[np.bool_],
) -> FloatArray:
    """Estimate of the largest error of the order parameters, for every point.

    Parameters
    ----------
    batch, start, points : the parameters by name, among them the size.
    found : the leading order.
    leading : whether the state dominates; if not it is left to itself, up to deep minima of its weight.
    """
    v = batch.values(*points.values())
    size = points["size"]
    scale = np.maximum(1.0, found["self_overlap"])
    result = scale / size + _SAFETY * _one_pattern_less(batch, start, points, v, found)
    # A glass has a width of order N^(-1/3), and states that are not stable are next to others.
    broad = np.minimum(found["replicon"], found["pattern_stability"]) < 0.0
    broad |= batch.has_paramagnet and start == "glass"
    result += np.where(broad, _SAFETY * scale * size ** (-1 / 3), 0.0)
    if len(batch.groups) and batch.groups != (1.0,):
        result += scale * (v.multiplicity.sum(axis=1) / np.sqrt(size))
    elif batch.groups:
        for k in range(len(size)):
            result[k] += _SAFETY * _fluctuation(batch, start, v, found, k, size[k], bool(leading[k]))
    return _of_both_layers(batch, v, found, size, result)


def _of_both_layers(
    batch: Batch, v: Values, found: Mapping[str, FloatArray], size: FloatArray, change: FloatArray
) -> FloatArray:
    """The largest change of an order parameter when m and q move by so much; q cannot leave its bounds."""
    q, total, r, square = (found[name] for name in _NOISE)
    overlap = found["overlap"].reshape(len(q), -1)[:, : len(batch.groups)]
    before = [r, square]
    if batch.groups:
        before.append(found["hidden_overlap"].reshape(len(q), -1)[:, 0])
    # The other hidden units fluctuate too, of relative order R/N.
    largest = change + _SAFETY * square**2 / size
    for side in (-1.0, 1.0):
        moved = np.clip(q + side * change, 0.0, total)
        state = State(overlap + side * change[:, None], np.zeros_like(overlap), moved, total, r, square)
        hidden = batch.hidden_moments(v, state)
        after = [hidden.glass, hidden.glass + hidden.spread]
        if batch.groups:
            after.append(v.couplings.visible_signal(v, state)[:, 0] / v.g)
        for old, new in zip(before, after, strict=True):
            # Beyond a pole of the hidden units nothing is known.
            step = np.where(np.isfinite(new), np.abs(new - old), 1.0 + np.abs(square))
            largest = np.maximum(largest, step + _SAFETY * square**2 / size)
    return np.asarray(largest)


def _one_pattern_less(
    batch: Batch, start: str, points: Mapping[str, FloatArray], v: Values, found: Mapping[str, FloatArray]
) -> FloatArray:
    """Change of the order parameters when the condensed pattern is not counted among the others."""
    others = np.maximum(v.load - 1.0 / points["size"], 0.0)
    fewer = solve(batch.model, start, groups=None, **{**points, "load": others})
    change = np.zeros(len(others))
    for name in _ORDER:
        # Where the state is lost all of it is unsure.
        lost = np.where(np.isfinite(fewer[name]), fewer[name], 0.0)
        change = np.maximum(change, np.abs(lost - found[name]).reshape(len(change), -1).max(axis=1))
    return change


def _fluctuation(
    batch: Batch,
    start: str,
    v: Values,
    found: Mapping[str, FloatArray],
    k: int,
    size: float,
    leading: bool,
) -> float:
    """Distance of the mean overlap from the likeliest one, at one point."""
    point = v.rows(np.array([k]))
    g, along, root = float(point.g[0]), float(point.along[0]), np.sqrt(size)
    m, width = float(found["overlap"][k]), np.sqrt(float(found["self_overlap"][k]) / size)
    prior, power = point.hidden.shaped()

    def response(overlap: FloatArray) -> FloatArray:
        return np.asarray(along + g / root * prior.mean(0.0, g * root * overlap, power))

    largest = abs(m) + 6.0 * width
    ends = np.sort(response(np.array([-largest, largest])))
    here = float(response(np.array([m]))[0])
    signals = np.union1d(
        np.linspace(ends[0] - _REACH / root, ends[1] + _REACH / root, _WIDE),
        here + _REACH / root * np.linspace(-1.0, 1.0, _NEAR),
    )
    signals = signals[np.append(True, np.diff(signals) > 1e-6 / root)]
    phi, overlap = _visible(batch, point, found, k, signals)
    with np.errstate(divide="ignore"):
        log = size * (phi - (signals - along) * overlap)
        log += np.asarray(prior.log_partition(0.0, g * root * overlap, power))
        log += 0.5 * np.log(np.maximum(np.gradient(overlap, signals), 0.0)) + np.log(np.gradient(signals))
    if start == "retrieval" and along == 0.0 and batch.model.hidden.symmetric:
        log[overlap * m < 0.0] = -np.inf
    if not leading:
        log = _one_peak(log, int(np.abs(signals - here).argmin()))
    weight = np.exp(log - log.max())
    return abs(float(overlap @ weight) / float(weight.sum()) - m)


def _visible(
    batch: Batch, point: Values, found: Mapping[str, FloatArray], k: int, signals: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """phi and m of the visible units at these signals, in the noise of the state."""
    many = point.rows(np.zeros(len(signals), dtype=np.intp))
    none = np.zeros((len(signals), 1))
    q, total, r, square = (np.full(len(signals), found[name][k]) for name in _NOISE)
    tilt, variance = many.couplings.visible_noise(many, State(none, none, q, total, r, square))
    moments = layer_moments(
        many.visible,
        many.classes_visible,
        tilt,
        np.sqrt(np.maximum(variance, 0.0)),
        many.uniform,
        signals[:, None],
        full=True,
    )
    return moments.log_partition, moments.overlaps[:, 0]


def _one_peak(log: FloatArray, here: int) -> FloatArray:
    """The weights around the peak next to an index, up to minima so deep that they are not crossed."""
    while 0 < here < len(log) - 1 and log[here] < max(log[here - 1], log[here + 1]):
        here += 1 if log[here + 1] > log[here - 1] else -1
    deep = log < log[here] - _DEEP
    rising = log[1:] > log[:-1]
    kept = log.copy()
    # Below: where the weight rises again to the left of something deep; above: to the right.
    below = np.flatnonzero(deep[1 : here + 1] & ~rising[:here])
    above = here + np.flatnonzero(deep[here:-1] & rising[here:])
    if len(below):
        kept[: below[-1] + 1] = -np.inf
    if len(above):
        kept[above[0] + 1 :] = -np.inf
    return kept
