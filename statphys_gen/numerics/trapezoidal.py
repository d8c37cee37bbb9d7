"""The trapezoidal rule for Gaussian averages: its spacing, its range, and doubling until the accuracy is reached."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import FloatArray
from .integrands import TINY, Evaluator, Goal, Integral, Values, rounding
from .special import normal_density


def spacing(slope: float, tolerance: float) -> float:
    """Spacing at which the trapezoidal rule of the Gaussian average has this error.

    Poles at distance d from the axis leave an error of order exp(d^2/2 - 2 pi d/h), and the Gaussian itself one of
    exp(-2 pi^2/h^2), which is the former at the best d = 2 pi/h. The factor 1000 covers the residues of double poles.
    """
    digits = math.log(1000.0 / tolerance)
    strip = math.sqrt(2.0 * digits)
    if slope * strip > math.pi / 2.0:
        strip = math.pi / (2.0 * slope)
    return 2.0 * math.pi * strip / (digits + 0.5 * strip * strip)


def trapezoid(evaluator: Evaluator, slope: float, goal: Goal, low: int, high: int) -> Integral:
    """Trapezoidal sums over the unit cells [j, j + 1) of z, with twice as many nodes in each until they agree."""
    # The first rule is coarser by 2 than the one that should do, so that the third one is accepted: the difference
    # of the last two then is the accuracy asked for, and the square of the one before confirms that it is no accident.
    per_cell = math.ceil(0.5 / spacing(slope, goal.tolerance))
    low, high, signed, modulus, beyond = _located(evaluator, per_cell, goal, low, high)
    total, magnitude = signed.sum(axis=0), modulus.sum(axis=0)
    error = np.full(magnitude.shape, np.inf)
    ends = np.arange(low, high + 1, dtype=np.float64)
    condition = evaluator.measure.condition(ends[:-1], ends[1:])
    floor = error
    previous = None
    while evaluator.has_room((high - low) * per_cell):
        middle, middle_modulus, variation = _sums(evaluator, low, high, per_cell, 0.5)
        per_cell *= 2
        finer = 0.5 * (total + middle.sum(axis=0))
        magnitude = 0.5 * (magnitude + middle_modulus.sum(axis=0))
        difference = np.abs(finer - total)
        total = finer
        if previous is not None:
            spread = np.maximum(difference, previous * (previous / np.maximum(magnitude, TINY)))
            coarser, floor = (
                floor,
                beyond + rounding(magnitude, variation + np.tensordot(condition, middle_modulus, axes=1)),
            )
            error = spread + floor
            if goal.met(error, magnitude):
                return Integral(total, error, evaluator.nodes)
            # What rounding does is overestimated until the steps of the function are resolved.
            if goal.met(spread, magnitude) and (floor > 0.5 * coarser).any():
                break
        previous = difference
    raise goal.refusal(error, magnitude, evaluator.nodes)


def _sums(
    evaluator: Evaluator, low: int, high: int, per_cell: int, offset: float
) -> tuple[Values, FloatArray, FloatArray]:
    """Mean of the integrand and of its modulus over the nodes j + (i + offset)/per_cell, i < per_cell, of each cell
    low <= j < high (leading axis); and the variation over all of them."""
    signed, modulus, variations = [], [], []
    cell, node = low, 0
    while cell < high:
        nodes = min(per_cell - node, evaluator.chunk())
        cells = min(high - cell, max(1, evaluator.chunk() // per_cell)) if nodes == per_cell else 1
        z = np.arange(cell, cell + cells)[:, None] + (np.arange(node, node + nodes) + offset) / per_cell
        values, moved = evaluator(z.ravel(), np.zeros(1))
        variations.append(moved.sum(axis=-1))
        values = np.moveaxis(values.reshape(*values.shape[:-1], cells, nodes), -2, 0)
        parts = values.sum(axis=-1) / per_cell, np.abs(values).sum(axis=-1) / per_cell
        if node == 0:
            signed.append(parts[0])
            modulus.append(parts[1])
        else:
            signed[-1] = signed[-1] + parts[0]
            modulus[-1] = modulus[-1] + parts[1]
        node = (node + nodes) % per_cell
        cell += cells if node == 0 else 0
    return np.concatenate(signed), np.concatenate(modulus), np.sum(variations, axis=0)


def _located(
    evaluator: Evaluator, per_cell: int, goal: Goal, low: int, high: int
) -> tuple[int, int, Values, FloatArray, FloatArray]:
    """The range of cells that carries the mass, their first sums, and a bound on the mass outside."""
    reach = max(-low, high)
    if not goal.relative:
        reach = math.ceil(math.sqrt(-2.0 * math.log(goal.tolerance)) + 1.2)
    first, last = max(low, -reach), min(high, reach)
    if not evaluator.has_room((last - first) * per_cell):
        raise goal.refusal(np.array(np.inf), np.array(np.nan), 0)
    signed, modulus, _ = _sums(evaluator, first, last, per_cell, 0.0)
    while True:
        threshold = 1e-2 * goal.allowed(modulus.sum(axis=0))
        grow_left = first > low and ((modulus[0] > threshold) | (modulus[0] > modulus[1])).any()
        grow_right = last < high and ((modulus[-1] > threshold) | (modulus[-1] > modulus[-2])).any()
        if not grow_left and not grow_right:
            break
        sides = ([(first - 1, first)] if grow_left else []) + ([(last, last + 1)] if grow_right else [])
        for a, b in sides:
            more, more_modulus, _ = _sums(evaluator, a, b, per_cell, 0.0)
            pair = (
                ((more, signed), (more_modulus, modulus))
                if a < first
                else ((signed, more), (modulus, more_modulus))
            )
            signed, modulus = (np.concatenate(p) for p in pair)
        first, last = first - int(grow_left), last + int(grow_right)
    # One cell that does not matter is kept on each side; its mass bounds what lies beyond it.
    matters = (modulus > 0.1 * threshold).reshape(len(modulus), -1).any(axis=1)
    inner = np.flatnonzero(matters)
    start, stop = (
        (max(inner[0] - 1, 0), min(inner[-1] + 2, len(modulus))) if inner.size else (0, len(modulus))
    )
    beyond = modulus[: start + 1].sum(axis=0) + modulus[stop - 1 :].sum(axis=0)
    if not goal.relative:
        # Nothing is known of the function where it was not evaluated; what is negligible is a fraction of 1.
        ends = np.array([first, last], dtype=np.float64)
        beyond = np.maximum(beyond, (normal_density(ends) / np.abs(ends)).sum())
    return first + int(start), first + int(stop), signed[start:stop], modulus[start:stop], beyond


def range_of_panels(evaluator: Evaluator, goal: Goal, low: int, high: int) -> tuple[int, int, FloatArray]:
    """The range of z for panels, and a bound on the mass outside."""
    first, last, *_, beyond = _located(evaluator, 8, goal, low, high)
    if goal.relative:
        # Mass may sit at a breakpoint between the nodes of this first look: nothing is left out.
        return low, high, np.zeros_like(beyond)
    return first, last, beyond
