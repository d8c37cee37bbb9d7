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


# Nodes of the rule that looks once more, as a fraction of those which agree, and its shift: a multiple of no spacing.
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


def trapezoid(evaluator: Evaluator, slope: float, goal: Goal, low: int, high: int) -> Integral:
    """Trapezoidal sums over the unit cells [j, j + 1) of z, with twice as many nodes in each until they agree with each
    other, and with sums of another spacing and shift (which see the frequencies that the former take for 0)."""
    # The first rule is coarser by 2 than the one that should do, so that the third one is accepted: the difference
    # of the last two then is the accuracy asked for, and the square of the one before confirms that it is no accident.
    per_cell = math.ceil(0.5 / spacing(slope, goal.tolerance))
    low, high, signed, modulus, beyond = _located(evaluator, per_cell, slope, goal, low, high)
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
            other = math.ceil(_GOLDEN * per_cell)
            if goal.met(error, magnitude) and evaluator.has_room((high - low) * other):
                mismatch = np.abs(_sums(evaluator, low, high, other, _GOLDEN)[0].sum(axis=0) - total)
                spread = np.maximum(spread, mismatch)
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
    evaluator: Evaluator, per_cell: int, slope: float, goal: Goal, low: int, high: int, offset: float = 0.0
) -> tuple[int, int, Values, FloatArray, FloatArray]:
    """The range of cells that carries the mass, their first sums, and a bound on the mass outside."""
    first, last = low, high
    if not goal.relative:
        reach = math.ceil(math.sqrt(-2.0 * math.log(goal.tolerance)) + 1.2)
        first, last = max(low, -reach), min(high, reach)
    goal.require_room((last - first) * per_cell)
    signed, modulus, _ = _sums(evaluator, first, last, per_cell, offset)

    def grown(a: int, b: int) -> tuple[Values, FloatArray]:
        """The sums with those of the cells from a to first and from last to b."""
        sides = [
            _sums(evaluator, *ends, per_cell, offset) for ends in ((a, first), (last, b)) if ends[0] < ends[1]
        ]
        before, after = (sides[:1] if a < first else []), (sides[-1:] if b > last else [])
        parts = [*before, (signed, modulus), *after]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    unseen: FloatArray = np.zeros_like(modulus[0])
    if not goal.relative:
        inside = modulus.sum(axis=0)
        *ends, unseen = _reach(evaluator, first, last, max(1, math.ceil(slope)), goal, low, high, inside)
        (signed, modulus), (first, last) = grown(*ends), ends
    while True:
        threshold = 1e-2 * goal.allowed(modulus.sum(axis=0))
        grow_left = first > low and ((modulus[0] > threshold) | (modulus[0] > modulus[1])).any()
        grow_right = last < high and ((modulus[-1] > threshold) | (modulus[-1] > modulus[-2])).any()
        if not grow_left and not grow_right:
            break
        ends = first - int(grow_left), last + int(grow_right)
        (signed, modulus), (first, last) = grown(*ends), ends
    # One cell that does not matter is kept on each side; its mass bounds what lies beyond it.
    matters = (modulus > 0.1 * threshold).reshape(len(modulus), -1).any(axis=1)
    inner = np.flatnonzero(matters)
    start, stop = (
        (max(inner[0] - 1, 0), min(inner[-1] + 2, len(modulus))) if inner.size else (0, len(modulus))
    )
    beyond = unseen + modulus[: start + 1].sum(axis=0) + modulus[stop - 1 :].sum(axis=0)
    if not goal.relative:
        # Nothing is known of the function where it was not evaluated; what is negligible is a fraction of 1.
        edges = np.array([first, last], dtype=np.float64)
        beyond = np.maximum(beyond, (normal_density(edges) / np.abs(edges)).sum())
    return first + int(start), first + int(stop), signed[start:stop], modulus[start:stop], beyond


def _reach(
    evaluator: Evaluator,
    first: int,
    last: int,
    per_cell: int,
    goal: Goal,
    low: int,
    high: int,
    inside: FloatArray,
) -> tuple[int, int, FloatArray]:
    """The outermost cells in which ``per_cell`` nodes each see mass, from ``first`` and ``last`` on; and the mass that
    they see beyond, with the density where it is largest around a node."""
    cells = np.concatenate([np.arange(low, first), np.arange(last, high)])
    if cells.size == 0:
        return first, last, np.zeros_like(inside)
    goal.require_room(cells.size * per_cell)
    most = max(1, evaluator.chunk() // per_cell)
    part = np.arange(per_cell)
    parts = []
    for some in np.split(cells, np.arange(most, cells.size, most)):
        z = (some[:, None] + (part + _GOLDEN) / per_cell).ravel()
        inner = (some[:, None] + np.where(some[:, None] < 0, part + 1, part) / per_cell).ravel()
        mass = evaluator.probe(z) * normal_density(inner) / per_cell
        parts.append(mass.reshape(*inside.shape, -1, per_cell).sum(axis=-1))
    seen = np.concatenate(parts, axis=-1)
    carries = seen > 1e-2 * goal.allowed(inside + seen.sum(axis=-1))[..., None]
    far = cells[carries.reshape(-1, cells.size).any(axis=0)]
    start, stop = min([first, *far.tolist()]), max([last, *(far + 1).tolist()])
    return start, stop, seen[..., (cells < start) | (cells >= stop)].sum(axis=-1)


def range_of_panels(
    evaluator: Evaluator, slope: float, goal: Goal, low: int, high: int
) -> tuple[int, int, FloatArray]:
    """The range of z for panels, and a bound on the mass outside."""
    per_cell = max(8, math.ceil(slope))
    # Not at the ends of the cells, where breakpoints like to be.
    first, last, *_, beyond = _located(evaluator, per_cell, slope, goal, low, high, _GOLDEN)
    if goal.relative:
        # Mass may sit at a breakpoint between the nodes of this first look: nothing is left out.
        return low, high, np.zeros_like(beyond)
    return first, last, beyond
