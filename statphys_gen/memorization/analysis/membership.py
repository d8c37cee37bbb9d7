"""Tests that compare training with held-out points: votes of the generated ones, and exchangeability of the two sets.

A generated point votes for the nearest of all N + H points. If the generator does not depend on which of them were
trained on, every assignment of the labels is equally likely, whatever it generates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import IntArray
from ...numerics.neighbours import Neighbours, two_nearest
from ...statistics.assignment import Assignment, label_assignment
from ...statistics.streams import generator
from .generator_data import Pool

_PERMUTATIONS = 9999
_MOST_ASKED = 5000
_BLOCK = 10_000_000  # labels that are held at once


def pooled(to_training: Neighbours, to_held_out: Neighbours, training: int) -> Neighbours:
    """The two nearest of all points, from the two nearest of each set; held-out places follow after the training's."""
    distances = np.concatenate([to_training.distances, to_held_out.distances], axis=1)
    places = np.concatenate([to_training.places, training + to_held_out.places], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :2]
    return Neighbours(np.take_along_axis(distances, order, 1), np.take_along_axis(places, order, 1))


@dataclass(frozen=True)
class Vote:
    """Votes on training points beside those on held-out ones.

    Attributes
    ----------
    cast, on_training : generated points that vote, and that vote for a training point.
    excess : (votes on training points, less N/H times those on held-out ones), summed over strata, and its standard
        error from the spread of votes over units; strata with units of one set only are left out.
    test : whether labels are exchangeable given the votes.
    """

    cast: int
    on_training: int
    excess: float
    excess_standard_error: float
    test: Assignment


def vote(pool: Pool, places: IntArray, weights: IntArray, *, seed: int = 0) -> Vote:
    """Count votes on units and test them.

    Parameters
    ----------
    places : (k,) pooled point that each vote falls on.
    weights : (k,) how often it is cast.
    """
    votes = np.bincount(pool.units[places], weights=weights, minlength=len(pool.labelled)).astype(np.int64)
    test = label_assignment(votes, pool.labelled, pool.strata, seed=seed)
    excess, variance = 0.0, 0.0
    for stratum in np.unique(pool.strata):
        inside = pool.strata == stratum
        seen, fresh = votes[inside & pool.labelled], votes[inside & ~pool.labelled]
        if not len(seen) or not len(fresh):
            continue
        excess += seen.sum() - len(seen) / len(fresh) * fresh.sum()
        variance += len(seen) * _spread(seen) + len(seen) ** 2 / len(fresh) * _spread(fresh)
    return Vote(int(weights.sum()), test.votes, float(excess), float(np.sqrt(variance)), test)


def _spread(votes: IntArray) -> float:
    return float(votes.var(ddof=1)) if len(votes) > 1 else 0.0


def exchangeability_p_value(pool: Pool, *, seed: int = 0, progress: bool = False) -> float:
    """Whether pooled points have nearest neighbours of their own set more often than chance assigns labels.

    The p-value is (1 + hits)/(1 + 9999) over random assignments of labels to units within strata. Of more than 5000
    pooled points, so many are asked for their neighbour, which are drawn; neighbours of the own unit tell nothing and
    are left out.
    """
    n = len(pool.training)
    total = n + len(pool.held_out)
    rng = generator(seed, {"purpose": "exchangeability", "points": total})
    asked = np.arange(total) if total <= _MOST_ASKED else np.sort(rng.choice(total, _MOST_ASKED, False))
    points = np.concatenate([pool.training[asked[asked < n]], pool.held_out[asked[asked >= n] - n]])
    sets = [two_nearest(points, entry, progress=progress) for entry in (pool.training, pool.held_out)]
    # One of the two nearest is the point itself.
    one, other = pooled(sets[0], sets[1], n).places.T
    first, second = pool.units[asked], pool.units[np.where(one == asked, other, one)]
    first, second = first[first != second], second[first != second]
    if not len(first):
        return 1.0
    observed = int((pool.labelled[first] == pool.labelled[second]).sum())
    involved, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    first, second = codes[: len(first)], codes[len(first) :]
    hits, block = 0, max(1, _BLOCK // len(involved))
    for start in range(0, _PERMUTATIONS, block):
        labels = _assigned(pool, involved, min(block, _PERMUTATIONS - start), rng)
        hits += int(((labels[:, first] == labels[:, second]).sum(axis=1) >= observed).sum())
    return (1 + hits) / (1 + _PERMUTATIONS)


def _assigned(pool: Pool, involved: IntArray, count: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """(count, involved) random labels of some units: how many of them are labelled, and which."""
    labels = np.zeros((count, len(involved)), dtype=np.int8)
    for stratum in np.unique(pool.strata[involved]):
        places = np.flatnonzero(pool.strata[involved] == stratum)
        inside = pool.labelled[pool.strata == stratum]
        chosen = rng.hypergeometric(int(inside.sum()), int((~inside).sum()), len(places), count)
        marks = (np.arange(len(places)) < chosen[:, None]).astype(np.int8)
        labels[:, places] = rng.permuted(marks, axis=1)
    return labels
