"""The soft edge of a bulk from its two extreme eigenvalues, of real symmetric matrices.

At a square-root edge the extreme eigenvalues of large matrices follow the soft-edge law of real symmetric ensembles:
k-th from the edge E of a bulk that lies above it,

    E lambda_k = E + c mu_k N^(-2/3) + O(1/N),    mu_1 = 1.2065336,  mu_2 = 3.2624279,

with one constant c of the ensemble. A combination of the two does not hold c, so that the edge is left with corrections
of order 1/N. The same holds below an upper edge, with the signs reversed. mu_k are minus the means of the two largest
eigenvalues of the soft-edge law for beta = 1 (Tracy and Widom 1996; Bornemann, arXiv 0904.1581, table 9).
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from .. import validation
from ..arrays import FloatArray

_MEANS = (1.2065335745820, 3.2624279028)


def edge_of_extremes(extreme: ArrayLike, next_to_it: ArrayLike) -> FloatArray:
    """The edge of a bulk, free of the term of order N^(-2/3) on average.

    Parameters
    ----------
    extreme, next_to_it : the eigenvalue closest to the edge and the one beside it inside the bulk; of one shape, such
        as (instances,).
    """
    first = validation.array("extreme", extreme)
    second = validation.array("next_to_it", next_to_it, shape=first.shape)
    return first - _MEANS[0] / (_MEANS[1] - _MEANS[0]) * (second - first)
