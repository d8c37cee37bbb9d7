"""Standard errors of nodes by refits to resampled points."""

from __future__ import annotations

import numpy as np

from ...arrays import FloatArray
from ...statistics.streams import generator
from .objective import GraphState, Problem
from .stages import Setting

_STEPS, _LOOSE = 100, 1e-7


def bootstrap_errors(
    setting: Setting, problem: Problem, state: GraphState, stiffness: float, refits: int
) -> FloatArray:
    """(K, D) standard deviation of each coordinate of the nodes over refits to points drawn with replacement.

    Each refit starts from the fitted state, so that a node keeps its number; a graph that is not given may change. It
    shows how much the nodes depend on the sample at this stiffness, not what the stiffness itself shifts.
    """
    shares = problem.multiplicities / problem.samples
    found = []
    for replica in range(refits):
        random = generator(
            setting.options.seed,
            {"purpose": "points resampled for the nodes of a graph", "points": len(shares)},
            replica,
        )
        counts = random.multinomial(round(problem.samples), shares)
        drawn = np.flatnonzero(counts)
        part = problem.part(drawn)
        part = Problem(part.points, counts[drawn].astype(np.float64), part.log_background)
        found.append(setting.climb(part, state, stiffness, _STEPS, _LOOSE, rough=True).state.nodes)
    return np.asarray(np.std(found, axis=0, ddof=1))
