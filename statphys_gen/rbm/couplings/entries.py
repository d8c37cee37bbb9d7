"""Law of the independent entries of the patterns: draws, and the joint law of the sums of several on one unit.

- ``binary``: +-1 with equal probability.
- ``sparse``: +-1 with probability density/2 each and else 0, not rescaled, so that the variance is the density.
- ``gaussian``: standard normal.
- ``diluted``: the limit of the sparse law of density p -> 0 at fixed g sqrt(p) and fixed mean number p L of condensed
  patterns on a unit (theory only): the coupling is then g sqrt(p), ``condensed`` is p L, overlaps are divided by p, and
  the sum of the condensed entries on a unit is a difference of two Poisson numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray, SingleArray
from ...errors import InvalidArgument

_MOST_CLASSES = 4096


def draw_entries(law: str, density: float, rng: np.random.Generator, shape: tuple[int, ...]) -> SingleArray:
    """Independent entries, float32; there are none in the limit of diluted patterns."""
    if law == "diluted":
        raise InvalidArgument("law", law, "binary, sparse or gaussian in a finite network")
    if law == "gaussian":
        return rng.standard_normal(shape).astype(np.float32)
    sign = 2.0 * rng.integers(0, 2, shape) - 1.0
    entries = sign if law == "binary" else np.where(rng.random(shape) < density, sign, 0.0)
    return np.asarray(entries, dtype=np.float32)


@dataclass(frozen=True)
class Classes:
    """Joint law of the sums Xi_u of the condensed entries of each group of patterns on a unit.

    Attributes
    ----------
    values : (classes, groups); None for normal entries, whose average is taken in closed form.
    weights : (points or 1, classes).
    multiplicity : (points or 1, groups), the number of patterns in each group (p L for diluted patterns).
    occupation : (points or 1, classes), mean number of entries that are not 0, given the sum (one group only).
    """

    values: FloatArray | None
    weights: FloatArray
    multiplicity: FloatArray
    occupation: FloatArray
    diluted: bool = False

    @property
    def groups(self) -> int:
        return int(self.multiplicity.shape[1])

    def rows(self, index: NDArray[np.intp]) -> Classes:
        def pick(x: FloatArray) -> FloatArray:
            return x[index] if len(x) > 1 else x

        return Classes(
            self.values, pick(self.weights), pick(self.multiplicity), pick(self.occupation), self.diluted
        )


# Of a layer in which no pattern is condensed.
QUIET = Classes(np.zeros((1, 0)), np.ones((1, 1)), np.ones((1, 0)), np.zeros((1, 1)))


def classes(law: str, groups: Sequence[float], density: FloatArray, even: bool) -> Classes:
    """The law of the sums for groups of so many patterns; ``even`` merges classes of opposite sign."""
    density = np.atleast_1d(density)
    multiplicity = np.asarray(groups, dtype=np.float64)[None, :]
    if law == "gaussian":
        ones = np.ones((1, 1))
        return Classes(None, ones, multiplicity, ones)
    values = np.zeros((1, 0))
    weights = np.ones((len(density), 1))
    occupation = np.zeros((len(density), 1))
    for n in groups:
        value, weight, filled = _sums(law, n, density)
        if len(values) * len(value) > _MOST_CLASSES:
            raise InvalidArgument("condensed", groups, f"few enough for {_MOST_CLASSES} classes of units")
        values = np.concatenate(
            [np.repeat(values, len(value), axis=0), np.tile(value[:, None], (len(values), 1))], axis=1
        )
        weights = (weights[:, :, None] * weight[:, None, :]).reshape(len(density), -1)
        occupation = (occupation[:, :, None] + filled[:, None, :]).reshape(len(density), -1)
    if even and values.shape[1]:
        first = np.array([_leading_sign(row) for row in values])
        keep = first >= 0
        weights = weights[:, keep] * np.where(first[keep] > 0, 2.0, 1.0)
        values, occupation = values[keep], occupation[:, keep]
    return Classes(values, weights, multiplicity, occupation, law == "diluted")


def _leading_sign(row: FloatArray) -> float:
    nonzero = row[row != 0]
    return float(np.sign(nonzero[0])) if len(nonzero) else 0.0


def _sums(law: str, n: float, density: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values of the sum of n entries, their probabilities, and the mean number of nonzero entries given the sum."""
    plus, minus, weight = _occupations(law, n, density)
    sums = plus - minus
    values = np.unique(sums)
    place = np.searchsorted(values, sums)
    total = np.zeros((len(density), len(values)))
    filled = np.zeros_like(total)
    for k in range(len(values)):
        total[:, k] = weight[:, place == k].sum(axis=1)
        filled[:, k] = (weight * (plus + minus))[:, place == k].sum(axis=1)
    with np.errstate(invalid="ignore"):
        return values, total, np.where(total > 0, filled / total, 0.0)


def _occupations(law: str, n: float, density: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Numbers of +1 and of -1 among the entries, and their probabilities for each density."""
    from scipy.special import gammaln, xlogy

    if law == "diluted":
        most = math.ceil(n / 2 + 12 * math.sqrt(n / 2) + 20)
        plus, minus = (grid.ravel() for grid in np.meshgrid(*[np.arange(most + 1.0)] * 2))
        log_weight = (plus + minus) * math.log(n / 2) - n - gammaln(plus + 1) - gammaln(minus + 1)
        keep = log_weight > -46.0
        return plus[keep], minus[keep], np.exp(log_weight[keep])[None, :]
    plus, minus = (grid.ravel() for grid in np.meshgrid(*[np.arange(n + 1.0)] * 2))
    keep = plus + minus == n if law == "binary" else plus + minus <= n
    plus, minus = plus[keep], minus[keep]
    number = gammaln(n + 1) - gammaln(plus + 1) - gammaln(minus + 1) - gammaln(n - plus - minus + 1)
    p = density[:, None]
    # xlogy gives 0 for the power 0 of the probability 0 of an empty entry.
    log_weight = number + xlogy(plus + minus, p / 2) + xlogy(n - plus - minus, 1.0 - p)
    return plus, minus, np.exp(log_weight)
