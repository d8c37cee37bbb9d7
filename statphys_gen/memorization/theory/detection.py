"""What a report could have found: how many copies a test needs before it can see any."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike
from scipy.special import gammaln

from ... import validation
from ...approximation import states
from .nulls import SOURCE


@states(
    "leading order",
    "in copies over the number of points, from above, where no held-out point is suspicious",
    source=SOURCE,
    verification="derived and simulated",
)
def distinct_copies_needed(training: int, held_out: int, level: float = 0.05) -> int:
    """How many training points must have a copy before the test of membership can reject.

    All of c suspicious points lie on the training set by chance with a probability of at most (N/(N+H))^c: the smallest
    c for which that is at most ``level``. The probability itself is C(N, c)/C(N+H, c), so that where c is not small
    against H a few fewer do: at N = 200, H = 20 this says 32, and 30 are seen.

    Parameters
    ----------
    training, held_out : N and H, points (groups of them, where these move together).
    level : of the test, in (0, 1).
    """
    n = validation.integer("training", training, minimum=1)
    h = validation.integer("held_out", held_out, minimum=1)
    alpha = validation.inside("level", level, 0.0, 1.0)
    return max(1, math.ceil(math.log(alpha) / math.log(n / (n + h)) - 1e-12))


@states("exact", source=SOURCE, verification="derived")
def smallest_membership_p_value(training: ArrayLike, held_out: ArrayLike) -> float:
    """The smallest p-value that the test of membership can have, with a copy of every training point.

    One of all assignments, prod_s 1/C(N_s + H_s, N_s), has all votes on training points.

    Parameters
    ----------
    training, held_out : (strata,) N_s and H_s, points or groups of each stratum, at least 0.
    """
    n = validation.array("training", training, ndim=1, at_least=0.0)
    h = validation.array("held_out", held_out, shape=n.shape, at_least=0.0)
    return math.exp(float((gammaln(n + 1.0) + gammaln(h + 1.0) - gammaln(n + h + 1.0)).sum()))


@states("exact", source=SOURCE, verification="derived and simulated")
def smallest_nameable(generated: int, held_out: int, false_discovery_rate: float = 0.1) -> int:
    """How many generated points must be copies before any can be named at a false discovery rate.

    The smallest conformal p-value is 1/(H + 1), and c of them are accepted among G when 1/(H + 1) <= q c/G.

    Parameters
    ----------
    generated, held_out : G and H.
    false_discovery_rate : q in (0, 1).
    """
    g = validation.integer("generated", generated, minimum=1)
    h = validation.integer("held_out", held_out, minimum=1)
    q = validation.inside("false_discovery_rate", false_discovery_rate, 0.0, 1.0)
    return max(1, math.ceil(g / (q * (h + 1)) * (1.0 - 1e-12)))
