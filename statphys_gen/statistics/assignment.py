"""The label-assignment test: do the votes of a pool fall on its labelled units more often than chance assigns labels?

M units, N of which carry a label; unit j has v_j votes. If the votes do not depend on the labels, all assignments of N
labels are equally likely, whatever the votes are, and S, the votes on labelled units, is their sum over N of M units
drawn without replacement: mean N v, variance N (M - N)/(M (M - 1)) sum_j (v_j - v)^2 with the mean v of the votes. In
strata, labels are assigned within each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..arrays import FloatArray, IntArray
from ..errors import InvalidArgument
from ..presentation import Scalars
from .proportions import hypergeometric
from .streams import generator

_MOST_VOTED = 2000
_MOST_WORK = 4e9  # numbers that enter the table
PERMUTATIONS = 100_000


@dataclass(frozen=True, repr=False)
class Assignment(Scalars):
    """Votes on labelled units beside what chance assigns.

    Attributes
    ----------
    votes : S, on labelled units.
    mean, standard_deviation : of S over all assignments.
    p_value : probability of at least S over all assignments; 2.2e-308 stands for all that are smaller.
    exact : whether that was counted; else it is (1 + hits)/(1 + draws) of 100,000 random assignments.
    """

    votes: int
    mean: float
    standard_deviation: float
    p_value: float
    exact: bool


def label_assignment(
    votes: ArrayLike, labelled: ArrayLike, strata: ArrayLike | None = None, *, seed: int = 0
) -> Assignment:
    """Test that votes are independent of labels, against more votes on labelled units.

    Parameters
    ----------
    votes : (M,) integers, at least 0.
    labelled : (M,) booleans.
    strata : (M,) integers; labels are assigned within units of equal number. None for one stratum.
    seed : of the random assignments that replace the table where more than 2000 units have votes, or where the table
        would be too large.
    """
    validation.integer("seed", seed, minimum=0)
    counts = validation.array("votes", votes, ndim=1, at_least=0.0)
    if (counts != np.round(counts)).any():
        raise InvalidArgument("votes", counts, "integers")
    marks = np.asarray(labelled)
    if marks.dtype != np.bool_ or marks.shape != counts.shape:
        raise InvalidArgument("labelled", labelled, f"booleans of shape ({len(counts)},)")
    codes = np.zeros(len(counts), dtype=np.int64) if strata is None else np.asarray(strata)
    if codes.dtype.kind not in "iu" or codes.shape != counts.shape:
        raise InvalidArgument("strata", strata, f"integers of shape ({len(counts)},)")
    whole = counts.astype(np.int64)
    parts = [(whole[codes == code], marks[codes == code]) for code in np.unique(codes)]
    observed = int(whole[marks].sum())
    mean = float(sum(own.sum() * mark.mean() for own, mark in parts))
    variance = sum(_variance(own, mark) for own, mark in parts)
    work = sum(_work(own) for own, _ in parts)
    exact = bool(work <= _MOST_WORK and np.count_nonzero(whole) <= _MOST_VOTED)
    p_value = (
        max(_counted(parts, observed), float(np.finfo(np.float64).tiny))
        if exact
        else _drawn(parts, observed, seed)
    )
    return Assignment(observed, mean, float(np.sqrt(variance)), p_value, exact)


def _variance(votes: IntArray, labelled: NDArray[np.bool_]) -> float:
    total, chosen = len(votes), int(labelled.sum())
    if total < 2:
        return 0.0
    return float(chosen * (total - chosen) / total * votes.var(ddof=1))


def _work(votes: IntArray) -> float:
    """Of the table over units with several votes, and of those with one beside it."""
    several = votes[votes > 1]
    return float(len(several)) * float(several.sum() + 1) * (len(several) + float((votes == 1).sum()))


def _counted(parts: list[tuple[IntArray, NDArray[np.bool_]]], observed: int) -> float:
    """The sum's law, stratum by stratum."""
    law = np.ones(1)
    for votes, labelled in parts:
        law = np.convolve(law, _law(votes, int(labelled.sum())))
    return min(1.0, float(law[observed:].sum()))


def _law(votes: IntArray, chosen: int) -> FloatArray:
    """Probabilities of S = 0, 1, ... in one stratum: a table over (labels, votes) of the units with several votes.

    Given that r labels fall on these, the number on units with one vote is hypergeometric.
    """
    total, several = len(votes), np.sort(votes[votes > 1])
    single = int((votes == 1).sum())
    table = np.zeros((min(len(several), chosen) + 1, int(several.sum()) + 1))
    table[0, 0] = 1.0
    reach = 0
    for j, vote in enumerate(several.tolist()):
        rows = min(j + 1, len(table) - 1)
        share = (chosen - np.arange(rows)) / (total - j)
        labelled = table[:rows, : reach + 1] * share[:, None]
        rest = 1.0 - (chosen - np.arange(len(table))) / (total - j)
        table[:, : reach + 1] *= np.maximum(rest, 0.0)[:, None]
        table[1 : rows + 1, vote : vote + reach + 1] += labelled
        reach += vote
    law = np.zeros(table.shape[1] + single)
    for r, row in enumerate(table):
        if not row.any():
            continue
        counts, probabilities = hypergeometric(total - len(several), single, chosen - r)
        law[counts[0] : counts[0] + len(row) + len(counts) - 1] += np.convolve(row, probabilities)
    return law


def _drawn(parts: list[tuple[IntArray, NDArray[np.bool_]]], observed: int, seed: int) -> float:
    """Random assignments: how many labels fall on the units of each number of votes."""
    sums = np.zeros(PERMUTATIONS, dtype=np.int64)
    key = {"purpose": "label assignment", "votes": observed}
    for k, (votes, labelled) in enumerate(parts):
        values, sizes = np.unique(votes, return_counts=True)
        rng = generator(seed, key, k)
        sums += (
            rng.multivariate_hypergeometric(sizes, int(labelled.sum()), PERMUTATIONS, method="marginals")
            @ values
        )
    return float((1 + np.count_nonzero(sums >= observed)) / (1 + PERMUTATIONS))
