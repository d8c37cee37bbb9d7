"""Guesses of the end of the retrieval branch along a parameter, from which the fold is solved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...solution import Solution
from ..couplings.base import Values
from ..couplings.patterns import tail
from ..model import Model
from .line_points import LineBatch
from .load_curves import CURVE, RetrievalCurves, applies, hidden_noise, maxima, signals, visible_powers
from .replica_symmetric import solve
from .saddle_point import Batch
from .state_equations import Equations

# Rounds of refinement of an end in the temperature, and points of each.
_ROUNDS, _FINER = 3, 9
# The largest loads of two temperatures that a peak between them can exceed by this much; by how much a load must exceed
# all that were seen, and how little the coldest two may differ, for no end at all.
_NEAR, _CLEAR, _SETTLED = 0.1, 1.001, 0.03
# Error of the averages where a curve is read off next to its end.
_TIGHT = 1e-12


def explicit_ends(
    line: LineBatch, equations: Equations, upwards: bool
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Guesses of the unknowns and the parameter at the end of the branch where the load is explicit along it; NaN
    where it must be searched for; False where no search will find one, and whether there is certainly none."""
    x = np.full((line.points, len(equations.names)), np.nan)
    parameter = np.full(line.points, np.nan)
    guessed, none = np.ones(line.points, dtype=bool), np.zeros(line.points, dtype=bool)
    if not upwards or not applies(equations.batch):
        return x, parameter, guessed, none
    if line.unknown == "temperature":
        return _ends_in_temperature(line)
    if line.unknown != "load":
        return x, parameter, guessed, none
    batch = Batch(line.model, tuple(line.given))
    x, parameter, none = spinodal_guess(batch, batch.values(*line.given.values()))
    with np.errstate(invalid="ignore"):
        outside = (parameter <= line.between[0]) | (parameter >= line.between[1])
    parameter[none | outside] = np.nan
    # The end of the first rising part is the only one.
    return x, parameter, ~(none | outside), none | (outside & line.asked)


def _ends_in_temperature(
    line: LineBatch,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """The highest temperature at which the largest load of the branch is the one given, between ever closer ones."""
    batch = Batch(line.model, ("temperature",))
    load = line.given.get("load", np.full(line.points, line.model.load))

    def largest(temperature: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Unknowns and largest load at every temperature; 0 where there is no branch."""
        distinct, place = np.unique(temperature, return_inverse=True)
        unknowns, height, none = spinodal_guess(batch, batch.values(distinct))
        height[none] = 0.0
        shape = temperature.shape
        return unknowns[place].reshape(*shape, -1), height[place].reshape(shape)

    grid = np.broadcast_to(line.grid(), (line.points, line.count))
    rows = np.arange(line.points)
    for step in range(_ROUNDS + 1):
        _, height = largest(grid)
        if step == 0:
            # What was not found beyond the last temperature might be a branch as well.
            known = np.isfinite(height).all(axis=1)
            top = np.nanmax(height, axis=1, initial=0.0)
            near = (top < load) & (top > (1.0 - _NEAR) * load)
            if near.any():
                # It might exceed the one given between two temperatures.
                peak = np.clip(np.nanargmax(np.where(near[:, None], height, 0.0), axis=1), 1, line.count - 2)
                sides = grid[rows, peak - 1], grid[rows, peak + 1]
                around = np.linspace(*sides, line.count, axis=1)
                grid = np.where(near[:, None], around, grid)
                _, height = largest(grid)
                top = np.maximum(top, np.nanmax(height, axis=1, initial=0.0))
        above = height >= load[:, None]
        last = above.shape[1] - 1 - above[:, ::-1].argmax(axis=1)
        if step == 0:
            inside = above.any(axis=1) & (last < line.count - 1)
            cold = np.abs(height[:, 1] - height[:, 0]) < _SETTLED * height[:, 0]
            none = known & ((line.asked & (load > _CLEAR * top)) | (cold & (load > (1.0 + _NEAR) * top)))
        last = np.minimum(last, grid.shape[1] - 2)
        left, right = grid[rows, last], grid[rows, last + 1]
        if step < _ROUNDS:
            grid = left[:, None] + (right - left)[:, None] * np.linspace(0.0, 1.0, _FINER)
    first, second = height[rows, last], height[rows, last + 1]
    with np.errstate(all="ignore"):
        weight = np.clip((first - load) / (first - second), 0.0, 1.0)
    weight = np.where(np.isfinite(weight), weight, 0.0)
    parameter = left + (right - left) * weight
    unknowns, _ = largest(parameter)
    found = known & inside & np.isfinite(unknowns).all(axis=1)
    parameter[~found] = np.nan
    # Without a crossing there is no end in the interval.
    return unknowns, parameter, inside | ~known, none


def spinodal_guess(batch: Batch, v: Values) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Unknowns (m, q) and load where the load is largest along the curve, for batches over the temperature, and where
    there is certainly none; NaN where neither is known."""
    omega = tail(v, np.ones((len(v.beta), 1)))[:, 0]
    with np.errstate(all="ignore"):
        curves = RetrievalCurves.of(batch.model, v, omega, np.arange(len(v.beta)))
        S = curves.S_end * curves.u_highest**2
        known = np.isfinite(curves.highest) & ~curves.rises_again
        H, highest = np.where(known, curves.gain, np.nan), np.where(known, curves.highest, np.nan)
        H[known] = signals(curves.gain[known], S[known])
        rising = np.flatnonzero(
            ~known & (curves.gain > 1.0) & (np.diff(curves.load, axis=1)[:, :-2] > 0).all(axis=1)
        )
        if len(rising):
            H[rising], S[rising], highest[rising] = _weak_ends(batch.model, v, omega, curves, rising)
            known[rising] = np.isfinite(highest[rising])
        m, q, _, _ = visible_powers(H, S, CURVE)
    x = np.where(known[:, None], np.stack([m, q], axis=1), np.nan)
    return x, highest, ~(curves.gain > 1.0)


def _weak_ends(
    model: Model, v: Values, omega: FloatArray, curves: RetrievalCurves, rows: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signal, S and load where the load is largest so close to S_end that the overlap is small there, as for hidden
    units that are rarely active: the curve is then a smooth function of log H and not of S."""
    gain, square, beta = (entry[rows, None] for entry in (curves.gain, v.g**2, v.beta))

    def along(logarithm: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """H, S and load at nodes of log H, shape (rows, nodes)."""
        H = np.exp(logarithm)
        S = _variances(
            np.broadcast_to(gain, H.shape).ravel(), H.ravel(), np.repeat(curves.S_end[rows], H.shape[1])
        )
        q = visible_powers(H.ravel(), S, _TIGHT)[1]
        r, _ = hidden_noise(model, np.broadcast_to(beta, H.shape).ravel(), q, _TIGHT, slope=False)
        return H, S.reshape(H.shape), S.reshape(H.shape) / (square * r.reshape(H.shape))

    coarse = np.log(curves.H[rows, -4])[:, None] + np.linspace(0.0, -10.0, 21)
    load = along(coarse)[2]
    top = np.where(np.isfinite(load), load, -1.0).argmax(axis=1)
    inside = (top > 0) & (top < coarse.shape[1] - 1)
    nodes = np.cos(np.pi * (np.arange(9) + 0.5) / 9)
    centre = coarse[np.arange(len(rows)), top]
    near = along(centre[:, None] + 0.75 * nodes)[2]
    place, _ = maxima(nodes, near / near.max(axis=1, keepdims=True))
    H, S, load = along((centre + 0.75 * place)[:, None])
    return H[:, 0], S[:, 0], np.where(inside, load[:, 0], np.nan)


def _variances(gain: FloatArray, H: FloatArray, start: FloatArray) -> FloatArray:
    """S at which H = gain E tanh(H + sqrt(S) z), from above: the average is convex in S."""
    S = start.copy()
    for _ in range(60):
        m, _, fall, _ = visible_powers(H, S, _TIGHT)
        step = (m - H / gain) / fall
        S = np.where(np.isfinite(step), np.maximum(S + step, 0.2 * S), S)
        if np.all(~(np.abs(step) > 1e-11 * S)):
            break
    return S


def last_point(
    line: LineBatch,
    equations: Equations,
    scanned: Solution,
    edge: NDArray[np.intp],
    guessed: NDArray[np.bool_],
    upwards: bool,
) -> tuple[FloatArray, FloatArray]:
    """The last point of the branch, by successively finer scans beyond the last good one."""
    grid = line.grid()
    rows = np.arange(line.points)
    beyond = np.clip(edge + (1 if upwards else -1), 0, line.count - 1)
    inside, outside = grid[edge].copy(), grid[beyond].copy()
    x = line.unknowns(equations, scanned)[rows, edge]
    x = np.where(guessed[:, None], x, 0.5)
    for _ in range(2):
        fractions = np.linspace(0.0, 1.0, 12)[:-1]
        fine = inside[:, None] + (outside - inside)[:, None] * fractions
        found = solve(line.model, "retrieval", **line.plane(fine))
        good = found.good
        last = np.where(good.any(axis=1), len(fractions) - 1 - good[:, ::-1].argmax(axis=1), 0)
        better = good[rows, last] & guessed
        x = np.where(better[:, None], line.unknowns(equations, found)[rows, last], x)
        step = (outside - inside) / 11.0
        inside = np.where(better, fine[rows, last], inside)
        outside = inside + step
    return x, inside
