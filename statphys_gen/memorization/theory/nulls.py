"""Neighbour ratios where nothing is copied: their law, and the dimension that they tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...approximation import states
from ...arrays import FloatArray
from ...errors import InsufficientSamples
from ...statistics.estimate import Estimate

SOURCE = "derivations/memorization"


@states(
    "exact",
    "points that are uniform over the distance to the second nearest; of clustered ones far too small",
    source=SOURCE,
    verification="derived and simulated",
)
def null_fraction(dimension: ArrayLike, ratio: ArrayLike) -> FloatArray:
    """Probability k^D that a point is nearer to its nearest neighbour than k times the distance to the second nearest.

    For points of any density around one that has nothing to do with them.

    Parameters
    ----------
    dimension : D above 0, of the law of the points; need not be an integer.
    ratio : k in (0, 1); broadcasts with the dimension.
    """
    d = validation.array("dimension", dimension, above=0.0)
    k = validation.array("ratio", ratio, above=0.0)
    if (k >= 1.0).any():
        validation.inside("ratio", float(k.max()), 0.0, 1.0)
    d, k = validation.broadcast(dimension=d, ratio=k)
    return np.asarray(k**d)


@states(
    "exact",
    "points that are uniform over the distance to the second nearest; leading order in 1/count",
    source=SOURCE,
    verification="derived and simulated",
)
def intrinsic_dimension(ratios: ArrayLike) -> Estimate:
    """The dimension of largest likelihood, -1/(mean log r), with its standard error D/sqrt(count).

    Parameters
    ----------
    ratios : (count,) of distances to the nearest over those to the second nearest point, in (0, 1].

    Raises
    ------
    InsufficientSamples : fewer than two ratios, or none below 1.
    """
    r = validation.array("ratios", ratios, ndim=1, above=0.0)
    if (r > 1.0).any():
        validation.inside("ratios", float(r.max()), 0.0, 1.0, closed=True)
    if len(r) < 2 or (r == 1.0).all():
        raise InsufficientSamples(f"{len(r)} neighbour ratios, of which {int((r < 1).sum())} are below 1")
    dimension = -1.0 / np.log(r).mean()
    return Estimate(np.asarray(dimension), np.asarray(dimension / np.sqrt(len(r))), np.asarray(len(r) - 1.0))
