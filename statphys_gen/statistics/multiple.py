"""Several tests at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray


def holm(p_values: Sequence[float] | FloatArray) -> FloatArray:
    """Holm's adjusted p-values: rejecting those at most alpha keeps the family-wise error rate at alpha."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Adjusted p-values: rejecting those at most q keeps the false discovery rate at q.

    For independent tests, and for those whose p-values are positively dependent on each other, as conformal ones of one
    reference are.

    Parameters
    ----------
    p_values : (k,) in [0, 1].
    """
    p = validation.array("p_values", p_values, ndim=1, at_least=0.0)
    order = np.argsort(p, kind="stable")
    stepped = p[order] * (len(p) / np.arange(1.0, len(p) + 1.0))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    return adjusted


def conformal_p_values(scores: ArrayLike, reference: ArrayLike) -> FloatArray:
    """(1 + number of reference scores that are at most as large)/(1 + number of reference scores), one for each score.

    Of a score that is exchangeable with those of the reference, the probability of a value at most p is at most p.

    Parameters
    ----------
    scores : (k,) small where something is found.
    reference : (h,) scores where nothing is to be found.
    """
    values = validation.array("scores", scores, ndim=1)
    known = np.sort(validation.array("reference", reference, ndim=1))
    return np.asarray((1.0 + np.searchsorted(known, values, side="right")) / (1.0 + len(known)))
