r"""Equilibrium of small networks with one pattern of +-1 entries for each hidden unit, by a sum over all states.

Visible units whose entries agree in all M patterns are alike. They make C classes: 2^M, or 2^(M-1) for +-1 units
without a uniform field, whose signs can be changed so that the first pattern is all +1. A state counts by the numbers
of units of each class that are up; the overlaps follow from them, and the hidden units, independent given the overlaps,
are integrated out by their prior. The sizes of the classes are a multinomial draw; summed over all draws there are

    binom(N + 2 C - 1, 2 C - 1)

terms: N + 1 for one pattern. Averages are of the equilibrium of a draw, then over the draws with their probabilities.

Derivation: derivations/rbm/finite_size.py.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ..couplings.base import Values

# The largest sum that is taken, and the largest network: each is less than about a second.
_MOST_TERMS, _MOST_UNITS = 1_000_000, 20_000
# Central difference of eighth order of the logarithm of a hidden unit's integral, and its step in log beta.
_DIFFERENCE, _STEP = (4 / 5, -1 / 5, 4 / 105, -1 / 280), 5e-3


@dataclass(frozen=True)
class Network:
    """One network, or all draws of it.

    Attributes
    ----------
    units, patterns : N and M.
    up, down : the two states of a visible unit.
    weight_up, weight_down : logarithms of their weights.
    alike : whether the sign of a visible unit can be changed together with its entries.
    """

    units: int
    patterns: int
    up: float
    down: float
    weight_up: float
    weight_down: float
    alike: bool

    @property
    def classes(self) -> FloatArray:
        """Entries of the units of each class, (C, M)."""
        rows = list(itertools.product((1.0, -1.0), repeat=self.patterns))
        return np.array([row for row in rows if row[0] > 0 or not self.alike])

    @property
    def reachable(self) -> bool:
        """Whether the sum over all states and draws has few enough terms."""
        if self.units > _MOST_UNITS or self.patterns > 6:
            return False
        parts = 2 ** (self.patterns + (not self.alike))
        return math.comb(self.units + parts - 1, parts - 1) <= _MOST_TERMS


def equilibrium(network: Network, v: Values, own: bool, half: bool) -> dict[str, float]:
    """Averages over the states and the draws of a network.

    Parameters
    ----------
    network : that is ``reachable``.
    v : the parameters, one point.
    own : whether the temperature enters by the coupling alone (convention "sqrt-beta").
    half : only states with a positive overlap with the first pattern, and half of those with none.

    Returns
    -------
    By name: the order parameters of a state (those of the hidden layer over the units of further patterns, 0 where
    there are none), free_entropy, free_energy, energy, entropy and inverse_spin_glass_susceptibility; ``rounding`` of
    the averages, and ``barrier``, the weight of overlaps next to 0 relative to that of the likeliest overlap.
    """
    classes = network.classes
    tables = _hidden_tables(network, v, own)
    sums = np.zeros(10)
    rounding = 0.0
    count = network.units
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, count + 1.0)))])
    draws = _draws(count, classes)
    shares = factorials[count] - factorials[draws].sum(axis=1) - count * math.log(len(classes))
    for sizes, share in zip(*_alike(draws, np.exp(shares), classes), strict=True):
        found, largest = _of_one_draw(network, sizes, classes, tables, factorials, v, own, half)
        sums += share * found
        rounding = max(rounding, largest)
    names = (
        "overlap",
        "hidden_overlap",
        "edwards_anderson_overlap",
        "self_overlap",
        "hidden_edwards_anderson_overlap",
        "hidden_self_overlap",
        "free_entropy",
        "energy",
        "susceptibility",
        "barrier",
    )
    result = dict(zip(names, sums.tolist(), strict=True))
    result["inverse_spin_glass_susceptibility"] = 1.0 / max(result.pop("susceptibility"), 1e-300)
    beta = float(v.beta[0])
    result["free_energy"] = -result["free_entropy"] / beta
    result["entropy"] = result["free_entropy"] + beta * result["energy"]
    return result | {"rounding": 1e-15 * (10.0 + rounding)}


def _hidden_tables(network: Network, v: Values, own: bool) -> tuple[FloatArray, ...]:
    """Of a hidden unit at the sums -N, ..., N of xi s: log of its integral, derivative of it by beta, <h>, <h^2>."""
    unit = np.arange(-network.units, network.units + 1.0) / math.sqrt(network.units)
    prior, power = v.hidden.shaped()

    def log(factor: float) -> FloatArray:
        g, beta = (v.g * math.sqrt(factor), power) if own else (v.g * factor, power * factor)
        return np.asarray(prior.log_partition(0.0, g * unit, beta))

    slope = np.zeros_like(unit)
    for k, weight in enumerate(_DIFFERENCE, start=1):
        slope += weight * (log(1.0 + k * _STEP) - log(1.0 - k * _STEP)) / (_STEP * v.beta)
    mean, variance = prior.mean_and_variance(0.0, v.g * unit, power)
    return log(1.0), slope, np.asarray(mean), np.asarray(variance + mean * mean)


def _draws(units: int, classes: FloatArray) -> NDArray[np.int64]:
    """Numbers of units of each class of all draws, (draws, C)."""
    parts = len(classes)
    bars = itertools.combinations(range(units + parts - 1), parts - 1)
    rows = np.array([(-1, *cut, units + parts - 1) for cut in bars], dtype=np.int64)
    return np.diff(rows, axis=1) - 1


def _alike(
    draws: NDArray[np.int64], shares: FloatArray, classes: FloatArray
) -> tuple[NDArray[np.int64], FloatArray]:
    """One of the draws that differ by the order of the patterns after the first, with the share of all of them."""
    others = classes.shape[1] - 1
    if others < 2:
        return draws, shares
    place = {tuple(row): k for k, row in enumerate(classes.tolist())}
    # Three patterns have few units, whose numbers are single characters of a word.
    letters = draws.astype(np.uint8)

    def words(order: tuple[int, ...]) -> NDArray[np.bytes_]:
        columns = [place[tuple(row)] for row in classes[:, (0, *order)].tolist()]
        return np.ascontiguousarray(letters[:, columns]).view(f"S{len(classes)}")[:, 0]

    least = words(tuple(range(1, others + 1)))
    for order in itertools.permutations(range(1, others + 1)):
        other = words(order)
        least = np.where(other < least, other, least)
    _, first, member = np.unique(least, return_index=True, return_inverse=True)
    return draws[first], np.bincount(member, weights=shares).astype(np.float64)


def _of_one_draw(
    network: Network,
    sizes: NDArray[np.int64],
    classes: FloatArray,
    tables: tuple[FloatArray, ...],
    factorials: FloatArray,
    v: Values,
    own: bool,
    half: bool,
) -> tuple[FloatArray, float]:
    """The averages of one draw in the order of the sums, and the largest logarithm of a weight."""
    n, up, down = network.units, network.up, network.down
    filled = sizes > 0
    sizes, classes = sizes[filled], classes[filled]
    ups = np.indices(tuple(sizes + 1)).reshape(len(sizes), -1)
    # Sums of the visible units of each class, (C, states).
    totals = up * ups + down * (sizes[:, None] - ups)
    sums = np.rint(classes.T @ totals).astype(np.int64)
    field = v.along[0] * classes[:, 0] + v.uniform[0]
    number = factorials[sizes].sum() - (factorials[ups] + factorials[sizes[:, None] - ups]).sum(axis=0)
    log_hidden, slopes, means, squares = (table[sums + n] for table in tables)
    log = number + field @ totals + log_hidden.sum(axis=0)
    log += network.weight_down * n + (network.weight_up - network.weight_down) * ups.sum(axis=0)
    kept = np.ones_like(log)
    if half:
        kept = np.where(sums[0] > 0, 1.0, 0.5 * (sums[0] == 0))
    largest = float(log.max())
    weight = kept * np.exp(log - largest)
    norm = float(weight.sum())
    weight /= norm
    energy = -float(slopes.sum(axis=0) @ weight)
    if not own:
        energy -= float((field @ totals) @ weight) / float(v.beta[0])
    mean = totals @ weight / sizes
    # Of one unit, which has two states.
    square = (up + down) * mean - up * down
    covariance = (totals * weight) @ totals.T / np.outer(sizes, sizes) - np.outer(mean, mean)
    own_share = (square - mean * mean) / sizes
    same = np.where(sizes > 1, (np.diag(covariance) - own_share) / np.maximum(1.0 - 1.0 / sizes, 0.5), 0.0)
    pairs = np.outer(sizes, sizes) * covariance**2
    np.fill_diagonal(pairs, sizes * (sizes - 1.0) * same**2 + sizes * (square - mean * mean) ** 2)
    further, first = means[1:] @ weight, float(means[0] @ weight)
    others = max(network.patterns - 1, 1)
    along = np.bincount(np.abs(sums[0]), weights=weight, minlength=n + 1)
    along[0] *= 2.0 if half else 1.0
    found = [
        float(sums[0] @ weight) / n,
        first / math.sqrt(n),
        float(sizes @ mean**2) / n,
        float(sizes @ square) / n,
        float(further @ further) / others,
        float((squares[1:] @ weight).sum()) / others,
        (largest + math.log(norm)) / n,
        energy / n,
        float(pairs.sum()) / n,
        float(along[:2].max() / along.max()),
    ]
    return np.array(found), float(np.abs(log_hidden).max() + np.abs(field @ totals).max())
