r"""Averages of a loss over the plane of a pre-activation y and a label t, jointly Gaussian with correlation m.

Rectangles between the declared breakpoints are halved where a rule of Gauss and a finer one disagree on the averages
that spectra are made of. Before that every rectangle is looked at on a mesh of about 0.03, or of the scale of the loss
if that is shorter, and so are its parts until their own nodes stand that close: what is narrower than the scale in both
directions, away from y = 0, t = 0 and the breakpoints, is not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import FloatArray
from ...errors import AccuracyNotReached
from ...numerics.quadrature import legendre_rule
from ...numerics.special import normal_density
from ..loss_checks import SHORTEST, typical_size
from ..model import Loss
from .curvature_law import graded_edges

_FARTHEST = 10.0
# Orders of the two rules on a rectangle; parts of its sides on which it is looked at once before.
_FINE, _COARSE = 10, 8
_PARTS = 4
# Sides of a rectangle, in scales of the loss, on which its own nodes see it.
_SEEN = 12.0
# Rectangles of less probability are not looked at that closely.
_RARE = 1e-14
# Disagreement of the two rules that is aimed at, relative to the averages.
_TOLERANCE = 1e-9
# Part of the error whose rectangles are halved at once.
_CARRIED = 0.97
# A rule is not refined beyond so many rectangles; the error that is left is measured, and refused above this.
_RECTANGLES = 4000
_LARGEST_ERROR = 1e-6
# Rectangles treated at once.
_CHUNK = 400
# Parts of rectangles at once.
_LOOKED = 20_000
_NEGLIGIBLE = 1e-22


@dataclass(frozen=True)
class PlaneRule:
    """Nodes y, t and their probabilities, each of shape (n,), folded with (y, t) -> (-y, -t)."""

    y: FloatArray
    t: FloatArray
    probability: FloatArray


def plane_rules(loss: Loss, m: float) -> tuple[PlaneRule, PlaneRule]:
    """The finer and the coarser rule for the averages of a loss.

    Raises
    ------
    AccuracyNotReached : the loss has features that its rectangles do not resolve.
    """
    y_edges = graded_edges(min(loss.scale, 0.1), _FARTHEST, loss.breakpoints)
    t_edges = graded_edges(loss.scale, _FARTHEST, loss.label_breakpoints)
    if m != 0.0:
        t_edges = np.unique(np.concatenate([-t_edges, t_edges]))
    low = np.stack(np.meshgrid(y_edges[:-1], t_edges[:-1], indexing="ij"), axis=-1).reshape(-1, 2)
    high = np.stack(np.meshgrid(y_edges[1:], t_edges[1:], indexing="ij"), axis=-1).reshape(-1, 2)
    averages = _Averages(loss, m)
    seen, error = averages.errors(low, high, _PARTS)
    # In units of the averages of the mesh, which sees more than the rectangles do at first.
    total = np.abs(seen).sum(axis=0) + np.finfo(np.float64).tiny
    worst = (error / total).max(axis=1)
    while worst.sum() > _TOLERANCE and len(worst) < _RECTANGLES:
        # The fewest that carry nearly all of the error.
        order = np.argsort(-worst, kind="stable")
        carried = np.cumsum(worst[order])
        count = int(np.searchsorted(carried, _CARRIED * carried[-1])) + 1
        split = np.zeros(len(worst), dtype=bool)
        split[order[:count]] = True
        halves = _parts(low[split], high[split], (2, 2))
        change = averages.errors(*halves, 1)[1]
        low, high = (np.concatenate([a[~split], b]) for a, b in zip((low, high), halves, strict=True))
        worst = np.concatenate([worst[~split], (change / total).max(axis=1)])
    left = float(worst.sum())
    if not left <= _LARGEST_ERROR:
        raise AccuracyNotReached(
            f"{loss.name}: its averages have a relative error of {left:.2g}, allowed are {_LARGEST_ERROR:g}; declare "
            "its scale, and where its derivatives jump, as breakpoints (of y) and label_breakpoints (a loss of more "
            "than about eight oscillations in a unit of y takes more rectangles than are made)"
        )
    return averages.rule(low, high, _FINE), averages.rule(low, high, _COARSE)


def _parts(low: FloatArray, high: FloatArray, counts: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Parts of each rectangle, ``counts`` along y and t; those of one rectangle in a row."""
    step = (high - low)[:, None, :] / np.array(counts)
    place = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 2)
    start = low[:, None, :] + step * place
    return start.reshape(-1, 2), (start + step).reshape(-1, 2)


class _Averages:
    """What the rectangles are judged by: normalisation, energy, force, and responses at a few arguments S."""

    def __init__(self, loss: Loss, m: float) -> None:
        self.loss, self.m, self.sigma = loss, m, math.sqrt(1.0 - m * m)
        bound = loss.curvature_bound
        typical = 1.0 / typical_size(loss.curvature)
        largest = -1.0 / bound if -math.inf < bound < 0.0 else math.inf
        reals = [0.9 * largest, (1.0 - 1e-5) * largest] if math.isfinite(largest) else []
        if bound >= 0.0:
            reals = [typical, 100.0 * typical]
        self.arguments: list[float | complex] = [*reals, 1j * min(typical, largest)]
        self.scale = max(loss.scale_elsewhere, SHORTEST)

    def rule(self, low: FloatArray, high: FloatArray, order: int) -> PlaneRule:
        unit = legendre_rule([0.0, 1.0], order)
        size = high - low
        shape = (len(low), order, order)
        y = np.broadcast_to((low[:, 0, None] + size[:, 0, None] * unit.nodes)[:, :, None], shape).reshape(-1)
        t = np.broadcast_to((low[:, 1, None] + size[:, 1, None] * unit.nodes)[:, None, :], shape).reshape(-1)
        weight = size.prod(axis=1)[:, None, None] * unit.weights[:, None] * unit.weights
        density = normal_density(t) * normal_density((y - self.m * t) / self.sigma) / self.sigma
        probability = (2.0 if self.m != 0.0 else 4.0) * density * weight.reshape(-1)
        return PlaneRule(y, t, probability)

    def on(self, low: FloatArray, high: FloatArray, order: int) -> FloatArray:
        """(rectangles, averages)."""
        parts = [
            self._chunk(low[k : k + _CHUNK], high[k : k + _CHUNK], order) for k in range(0, len(low), _CHUNK)
        ]
        return np.concatenate(parts)

    def errors(self, low: FloatArray, high: FloatArray, least: int) -> tuple[FloatArray, FloatArray]:
        """The averages on a mesh that misses nothing and what the rectangles miss of them, (rectangles, averages).

        ``least`` : parts of a side on which it is looked at, or more where the scale of the loss asks for them.
        """
        fine = self.on(low, high, _FINE)
        seen = fine.copy()
        close = np.where(fine[:, :1] > _RARE, np.ceil((high - low) / (_SEEN * self.scale)), 1.0)
        counts = np.maximum(least, close).astype(int)
        for pair in np.unique(counts[counts.prod(axis=1) > 1], axis=0):
            rows = np.flatnonzero((counts == pair).all(axis=1))
            # So that what is held at once does not grow with the number of parts.
            for some in np.array_split(rows, math.ceil(len(rows) * pair.prod() / _LOOKED)):
                found = self.on(*_parts(low[some], high[some], (int(pair[0]), int(pair[1]))), _FINE)
                seen[some] = found.reshape(len(some), int(pair.prod()), -1).sum(axis=1)
        return seen, np.maximum(np.abs(fine - self.on(low, high, _COARSE)), np.abs(fine - seen))

    def _chunk(self, low: FloatArray, high: FloatArray, order: int) -> FloatArray:
        rule = self.rule(low, high, order)
        y, t = rule.y, rule.t
        result = np.zeros((len(low) * order**2, 3 + 4 * len(self.arguments)))
        keep = np.flatnonzero(rule.probability > _NEGLIGIBLE)
        y, t, p = y[keep], t[keep], rule.probability[keep]
        with np.errstate(all="ignore"):
            signal = (t - self.m * y) ** 2 / self.sigma**2
            columns: list[Any] = [np.ones_like(y), self.loss.value(y, t), self.loss.slope(y, t) * y]
            g = self.loss.curvature(y, t)
            for argument in self.arguments:
                response: Any = argument * g / (1.0 + argument * g)
                if isinstance(argument, complex):
                    columns += [response.real, response.imag]
                    columns += [signal * response.real, signal * response.imag]
                else:
                    columns += [response, response**2, signal * response, signal * response**2]
        table = np.stack(columns, axis=1) * p[:, None]
        result[keep] = np.where(np.isfinite(table), table, 0.0)
        return np.asarray(result.reshape(len(low), order**2, -1).sum(axis=1))
