"""Draws of units with a user's density: inverse distribution functions tabulated over the field, with rejection.

For fields f_j on a grid the distribution function of rho(h) exp(f_j h) is tabulated on cells in which the density is
taken as constant. A unit in the field f draws from the table of the next f_j and accepts h with probability
exp((f - f_j) h - max over h), so that the law of the cell is exact in f; within a cell h is drawn anew by the density
itself, again by rejection. What is left of the cells is the highest density in each of them, which is taken from its
ends and its middle.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...arrays import FloatArray
from ...units.custom import FromLogDensity

# Largest field that has a table, distance of the tables, and cells of each.
_STRONGEST, _SPACING, _CELLS = 40.0, 0.125, 512
# Relative room above the highest of three values of the density in a cell.
_ROOM = 1e-3


class Tables:
    """Tables of one prior at one power beta.

    Parameters
    ----------
    prior : from a log-density.
    power : beta; the density is exp(-beta U).
    """

    def __init__(self, prior: FromLogDensity, power: float) -> None:
        self.prior, self.power = prior, power
        self.fields = np.arange(-_STRONGEST, _STRONGEST + 0.5 * _SPACING, _SPACING)
        column = self.fields[:, None]
        self.low, self.high = prior.tilted_range(np.zeros_like(column), column, np.full_like(column, power))
        edges = self.low + (self.high - self.low) * np.linspace(0.0, 1.0, 2 * _CELLS + 1)
        log = -power * prior.energy(edges) + column * edges
        # Relative to exp(field h), which the draw within a cell puts back.
        self.highest = np.maximum(np.maximum(log[:, :-1:2], log[:, 1::2]), log[:, 2::2]) + _ROOM
        cumulative = np.exp(self.highest - self.highest.max(axis=1, keepdims=True)).cumsum(axis=1)
        # Row j holds numbers between j and j + 1: one sorted list for all of them.
        self.sorted = (np.arange(len(column))[:, None] + cumulative / cumulative[:, -1:]).ravel()

    def draw(self, rng: np.random.Generator, field: FloatArray) -> FloatArray:
        """One draw for each field of a flat array; fields beyond the tables are left to the prior."""
        result = np.empty(field.shape)
        far = np.abs(field) > _STRONGEST
        if far.any():
            result[far] = self.prior.sample(rng, field[far], self.power)
        pending = np.flatnonzero(~far)
        while len(pending):
            f = field[pending]
            row = np.rint((f + _STRONGEST) / _SPACING).astype(np.intp)
            place = np.searchsorted(self.sorted, row + rng.random(len(f)), side="right")
            cell = np.clip(place - row * _CELLS, 0, _CELLS - 1)
            low, high = self.low[row, 0], self.high[row, 0]
            h = low + (cell + rng.random(len(f))) * ((high - low) / _CELLS)
            distance = f - self.fields[row]
            most = np.maximum(distance * low, distance * high)
            log = f * h - self.power * self.prior.energy(h) - self.highest[row, cell] - most
            accepted = rng.random(len(f)) < np.exp(np.minimum(log, 0.0))
            result[pending[accepted]] = h[accepted]
            pending = pending[~accepted]
        return result


@lru_cache(maxsize=16)
def tables_of(prior: FromLogDensity, power: float) -> Tables:
    """The tables of a prior, made once: they take longer than many draws."""
    return Tables(prior, power)
