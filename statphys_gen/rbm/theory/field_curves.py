r"""Retrieval with any law of the patterns and any number of condensed ones, found along curves in the random field.

With one hidden unit for each pattern hold the variance S = load g_n^2 r of the random field of a visible unit fixed
instead of the load. The overlaps then follow from the visible layer alone but for its quadratic tilt
load g_n^2 (R - r) = S (R - r) / r, which contains no load either, and the load of the state is explicit, S / (g_n^2 r).

This is what makes states with sparse patterns accessible: units outside the patterns feel noise only and fluctuate, so
that Q - q lies next to the pole of the hidden layer, g_n^2 Omega (Q - q) = 1, or beyond it. An iteration in q at fixed
load meets the pole; along the curve the load just tends to 0 there, and stays 0 beyond. Retrieval is the first part of
the curve on which the load rises with S, with the largest overlaps at every S. Where the load that is asked for is
larger than any on the curve there is no such state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...solution import Status
from ...units.continuous import Gaussian, Spherical
from ...units.discrete import Binary
from ..couplings.base import State, Values
from ..couplings.patterns import Patterns
from .saddle_point import Batch
from .single_site import layer_moments
from .state_equations import Equations

# Nodes of a curve, in sqrt(S) over the signal of a saturated state: denser where curves end.
_NODES = np.concatenate([np.geomspace(3e-3, 0.1, 6), np.geomspace(0.13, 2.0, 15)])
# Largest change of the overlaps (relative) at the end of the iteration at fixed S: along a curve, and at a load.
_ROUGH, _STILL, _STEPS = 1e-5, 1e-6, 300
# Overlap relative to a saturated one below which it has vanished.
_VANISHED = 3e-3
# Accuracy in log(load) of the starting points, and the margin in it within which a curve does not decide.
_CLOSE, _MARGIN = 1e-5, 1e-3
# What is known of a state at fixed S.
_GONE, _ALIVE, _UNSETTLED = 0, 1, 2


def applies(equations: Equations) -> bool:
    """Whether retrieval is sought along curves: sparse, diluted or normal patterns, mixtures, or {0, 1} visible units;
    one hidden unit for each pattern and no field along the patterns."""
    model, batch = equations.model, equations.batch
    law = model.couplings.law
    special = law != "binary" or batch.groups != (1.0,) or not isinstance(model.visible, Binary)
    return (
        special
        and equations.start == "retrieval"
        and type(model.couplings) is Patterns
        and not isinstance(model.hidden, Spherical)
        and not isinstance(model.visible, Gaussian)
        and not batch.along
    )


def starting_points(equations: Equations, flat: Sequence[FloatArray]) -> tuple[FloatArray, NDArray[np.int8]]:
    """Unknowns of all points to about 1e-5, and what the curves decide: a state (converged) or none; what they leave
    open is decided by iteration at fixed load."""
    batch = equations.batch
    points = len(flat[0])
    guess = np.full((points, len(equations.names)), np.nan)
    status = np.full(points, Status.NOT_CONVERGED, dtype=np.int8)
    # Overlaps of several groups: first states in which they differ, then mixtures that follow the sum of all entries.
    for joint in (False, True)[: len(batch.groups)]:
        open_ = np.flatnonzero(status != Status.CONVERGED)
        if len(open_):
            guess[open_], status[open_] = _along_curves(equations, [a[open_] for a in flat], joint)
    open_ = np.flatnonzero(status == Status.NOT_CONVERGED)
    if len(open_):
        part = [a[open_] for a in flat]
        guess[open_], status[open_] = equations.starting_points(batch.values(*part), part, len(open_))
    return guess, status


def _along_curves(
    equations: Equations, flat: Sequence[FloatArray], joint: bool
) -> tuple[FloatArray, NDArray[np.int8]]:
    batch = equations.batch
    load = batch.values(*flat).load
    guess = np.full((len(load), len(equations.names)), np.nan)
    others = [a for name, a in zip(batch.names, flat, strict=True) if name != "load"]
    keys = np.stack(others, axis=1) if others else np.zeros((len(load), 1))
    _, first, row = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    row = row.reshape(-1)
    with np.errstate(all="ignore"):
        largest = np.zeros(len(first))
        np.maximum.at(largest, row, load)
        curves = _Curves(batch, batch.values(*(a[first] for a in flat)), largest, joint)
        curves.sharpen(row, load)
        low, high, status = curves.brackets(row, load)
        chosen = np.flatnonzero(status == Status.CONVERGED)
        if len(chosen):
            v = batch.values(*(a[chosen] for a in flat))
            found, close = _at_load(batch, v, low[chosen], high[chosen], joint)
            guess[chosen] = _unknowns(equations, found)
            status[chosen[~close]] = Status.NOT_CONVERGED
    return guess, status


@dataclass
class _Held:
    """States at fixed S: overlaps (points, groups), q, Q, the load of the state (0 at the pole and beyond it), and
    what is known: gone, alive or unsettled."""

    overlap: FloatArray
    q: FloatArray
    Q: FloatArray
    load: FloatArray
    tilt: FloatArray
    known: NDArray[np.int8]

    def rows(self, index: NDArray[np.intp]) -> _Held:
        """A copy of some of the points."""
        return _Held(*(entry[index] for entry in self.__dict__.values()))

    def fill(self, index: NDArray[np.intp], other: _Held) -> None:
        for name, entry in self.__dict__.items():
            entry[index] = getattr(other, name)


def _hold(batch: Batch, v: Values, S: FloatArray, start: _Held, still: float = _STILL) -> _Held:
    """The state at each S by iteration from the overlaps of ``start``, from above for the largest ones, with
    extrapolation of the geometric sequence; ``still`` is the largest relative change at its end."""
    scale = _saturated(batch, v)
    held = start.rows(np.arange(len(S)))
    held.known[:] = _UNSETTLED
    before = np.full_like(held.overlap, np.nan)
    active = np.arange(len(S))
    for step in range(1, _STEPS + 1):
        part, here = v.rows(active), held.overlap[active]
        visible = layer_moments(
            part.visible,
            part.classes_visible,
            held.tilt[active],
            np.sqrt(S[active]),
            part.uniform,
            batch.visible_signal(part, _state(here, here[:, 0], here[:, 0])),
            full=False,
            tolerance=0.1 * still,
        )
        q, Q = visible.glass, visible.glass + visible.spread
        hidden = batch.hidden_moments(part, _state(here, q, Q), tolerance=0.1 * still)
        exists = np.isfinite(hidden.glass) & (hidden.glass > 0) & np.isfinite(hidden.spread)
        held.q[active], held.Q[active] = q, Q
        square = part.noise_coupling**2
        held.load[active] = np.where(exists, S[active] / (square * hidden.glass), 0.0)
        response = np.where(exists, S[active] * hidden.spread / hidden.glass, 0.0)
        moved = visible.overlaps - here
        change = np.abs(moved / scale[active]).max(axis=1)
        gone = (np.abs(visible.overlaps) < _VANISHED * scale[active]).any(axis=1)
        shift = np.zeros_like(change)
        if not batch.fixed_visible:
            shift = np.abs(response - held.tilt[active]) / (1.0 + response)
            held.tilt[active] += 0.7 * (response - held.tilt[active])
        settled = (change < still) & (shift < still)
        held.known[active[settled]] = _ALIVE
        held.known[active[gone]] = _GONE
        new = visible.overlaps
        if step % 4 == 0:
            ratio = np.clip(moved / before[active], 0.0, 0.97)
            new = np.maximum(here + moved / (1.0 - ratio), 0.2 * here)
        before[active] = moved
        held.overlap[active] = new
        active = active[~(settled | gone | ~np.isfinite(change))]
        if not len(active):
            break
    return held


def _saturated(batch: Batch, v: Values, joint: bool = False) -> FloatArray:
    """Overlaps when every unit follows the sum of the condensed entries of a group, or ``joint`` of all groups."""
    laws = v.classes_visible
    if laws.values is None:
        size = np.full((1, len(batch.groups)), np.sqrt(2.0 / np.pi))
    else:
        followed = laws.values.sum(axis=1, keepdims=True) if joint else laws.values
        size = (laws.weights @ (np.sign(followed) * laws.values)) / laws.multiplicity
    largest = 1.0 if batch.fixed_visible else 0.5
    return np.array(np.broadcast_to(largest * size, (len(v.g), len(batch.groups))))


def _state(overlap: FloatArray, q: FloatArray, Q: FloatArray) -> State:
    """Order parameters of the visible layer; those of the hidden one do not enter at fixed S."""
    return State(overlap, np.zeros_like(overlap), q, Q, np.zeros_like(q), np.ones_like(q))


def _fresh(batch: Batch, v: Values, joint: bool) -> _Held:
    """The saturated state."""
    points = len(v.g)
    q, Q, load, tilt = np.zeros((4, points))
    return _Held(_saturated(batch, v, joint), q, Q, load, tilt, np.full(points, _UNSETTLED, dtype=np.int8))


class _Curves:
    """The loads of the states along S for each row of a batch, arrays (rows, nodes) sorted by S, up to the largest
    load asked for."""

    def __init__(self, batch: Batch, v: Values, asked: FloatArray, joint: bool) -> None:
        self.batch, self.v, self.joint = batch, v, joint
        rows = len(v.g)
        start = _fresh(batch, v, joint)
        signal = np.abs(batch.visible_signal(v, _state(start.overlap, start.q, start.Q)))
        spread = 1.0
        if v.classes_visible.values is not None:
            spread = np.sqrt(v.classes_visible.weights @ (v.classes_visible.values**2).sum(axis=1))
        largest = np.maximum(signal.max(axis=1) * np.maximum(spread, 1.0), np.abs(v.uniform))
        self.S = (largest[:, None] * _NODES) ** 2
        self.load = np.full((rows, len(_NODES)), np.nan)
        self.known = np.full((rows, len(_NODES)), _GONE, dtype=np.int8)
        lasting = np.ones(rows, dtype=bool)
        descending = batch.fixed_visible and not v.uniform.any()
        for k in range(len(_NODES)):
            here = np.flatnonzero(lasting)
            if not len(here):
                break
            held = _hold(batch, v.rows(here), self.S[here, k], start.rows(here), _ROUGH)
            self.load[here, k], self.known[here, k] = held.load, held.known
            rises = (k > 0) & (self.known[here, k - 1] == _ALIVE) & (held.load >= self.load[here, k - 1])
            lasting[here] = ~((held.known == _ALIVE) & rises & (held.load > 1.01 * asked[here]))
            if descending:
                # More noise only lowers the overlaps of +-1 units without a field: the next state is below this one.
                lasting[here] &= held.known != _GONE
                start.fill(here, held)

    def _top(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First living node, and the last one of the first rising part."""
        alive = self.known == _ALIVE
        first = np.where(alive.any(axis=1), alive.argmax(axis=1), 0)
        nodes = np.arange(self.S.shape[1])
        rises = np.zeros_like(alive)
        rises[:, 1:] = alive[:, 1:] & alive[:, :-1] & (self.load[:, 1:] >= self.load[:, :-1])
        ends = (nodes > first[:, None]) & ~rises
        top = np.where(ends.any(axis=1), ends.argmax(axis=1) - 1, len(nodes) - 1)
        return first, top

    def sharpen(self, row: NDArray[np.intp], load: FloatArray) -> None:
        """More nodes around the largest load where a load asked for is not clearly below it."""
        for _ in range(4):
            _, top = self._top()
            rows = np.arange(len(self.S))
            height = self.load[rows, top]
            # Between nodes the load is at most this much larger.
            near = (self.known[rows, top] == _ALIVE) & (height > 0)
            asked = np.zeros(len(self.S), dtype=bool)
            np.logical_or.at(asked, row, (load > 0.98 * height[row]) & (load < 2.0 * height[row]))
            chosen = np.flatnonzero(near & asked & (top > 0) & (top < self.S.shape[1] - 1))
            if not len(chosen):
                return
            left, right = np.log(self.S[chosen, top[chosen] - 1]), np.log(self.S[chosen, top[chosen] + 1])
            fractions = np.arange(1, 5) / 5.0
            new = np.exp(left[:, None] + (right - left)[:, None] * fractions)
            S = np.full((len(self.S), 4), np.inf)
            loads = np.full((len(self.S), 4), np.nan)
            known = np.full((len(self.S), 4), _GONE, dtype=np.int8)
            place = np.repeat(chosen, 4)
            part = self.v.rows(place)
            start = _fresh(self.batch, part, self.joint)
            held = _hold(self.batch, part, new.reshape(-1), start, _ROUGH)
            S[chosen], loads[chosen] = new, held.load.reshape(-1, 4)
            known[chosen] = held.known.reshape(-1, 4)
            order = np.argsort(np.concatenate([self.S, S], axis=1), axis=1, kind="stable")
            for name, more in (("S", S), ("load", loads), ("known", known)):
                joined = np.concatenate([getattr(self, name), more], axis=1)
                setattr(self, name, np.take_along_axis(joined, order, axis=1))

    def brackets(
        self, row: NDArray[np.intp], load: FloatArray
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int8]]:
        """S below and above each load on the first rising part, and whether there is a state."""
        first, top = self._top()
        low, high = np.full((2, len(row)), np.nan)
        known = np.full(len(row), Status.NOT_CONVERGED, dtype=np.int8)
        for k, (r, asked) in enumerate(zip(row, load, strict=True)):
            loads, states = self.load[r], self.known[r]
            if not (states == _ALIVE).any():
                known[k] = Status.NOT_CONVERGED if (states == _UNSETTLED).any() else Status.NO_SOLUTION
                continue
            if not asked > 0:
                continue
            a, b = first[r], top[r]
            if asked > loads[b] * (1.0 + _MARGIN):
                beyond = loads[b + 1 :][states[b + 1 :] != _GONE]
                if b < len(loads) - 1 and not (beyond > asked).any():
                    known[k] = Status.NO_SOLUTION
            elif asked <= loads[b] * (1.0 - _MARGIN):
                if asked > loads[a]:
                    after = a + int(np.searchsorted(loads[a : b + 1], asked))
                    low[k], high[k] = self.S[r, after - 1], self.S[r, after]
                elif a == 0:
                    low[k], high[k] = 0.01 * self.S[r, 0] * asked / loads[0], self.S[r, 0]
                else:
                    continue
                known[k] = Status.CONVERGED
        return low, high, known


def _at_load(
    batch: Batch, v: Values, low: FloatArray, high: FloatArray, joint: bool
) -> tuple[_Held, NDArray[np.bool_]]:
    """The states at the loads of the batch between these S, by false position (Illinois) in the logarithms, and
    whether they are that close."""
    left, right = np.log(low), np.log(high)
    best = _hold(batch, v, high, _fresh(batch, v, joint))
    lower = _hold(batch, v, low, best if not batch.fixed_visible else _fresh(batch, v, joint))
    above, below = _mismatch(best, v.load), _mismatch(lower, v.load)
    close = np.abs(above) < _CLOSE
    active = np.flatnonzero(~close)
    side = np.zeros(len(low))
    for _ in range(40):
        if not len(active):
            break
        a, b = left[active], right[active]
        weight = np.clip(below[active] / (below[active] - above[active]), 0.02, 0.98)
        middle = a + (b - a) * weight
        # The states in between are those of the same branch: any of them leads there.
        here = _hold(batch, v.rows(active), np.exp(middle), best.rows(active))
        value = _mismatch(here, v.load[active])
        best.fill(active, here)
        rising = ~(value < 0)
        # The end that stays twice in succession loses half of its value.
        above[active] = np.where(
            rising, value, np.where(side[active] < 0, 0.5 * above[active], above[active])
        )
        below[active] = np.where(
            rising, np.where(side[active] > 0, 0.5 * below[active], below[active]), value
        )
        left[active], right[active] = np.where(rising, a, middle), np.where(rising, middle, b)
        side[active] = np.where(rising, 1.0, -1.0)
        close[active] = (np.abs(value) < _CLOSE) & (here.known == _ALIVE)
        active = active[~close[active]]
    return best, close


def _mismatch(held: _Held, load: FloatArray) -> FloatArray:
    """log of the load over the one asked for; bounded, since the load is 0 beyond the pole."""
    return np.clip(np.log(held.load / load), -2.0, 2.0)


def _unknowns(equations: Equations, found: _Held) -> FloatArray:
    columns = {"q": found.q, "Q": found.Q}
    columns |= {f"overlap_{u}": found.overlap[:, u] for u in range(found.overlap.shape[1])}
    return np.stack([columns[name] for name in equations.names], axis=1)
