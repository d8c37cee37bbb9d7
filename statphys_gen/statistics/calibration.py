"""Do stated standard errors tell how much a result scatters? Seen by repeating it with other seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .. import validation
from .agreement import Check
from .estimate import Estimate
from .streams import seed_sequence

Run = Callable[[int], Estimate]
_REPETITIONS = 120


def scatter_over_seeds(runs: Sequence[Run], repetitions: int, seed: int) -> Estimate:
    """Scatter of repeated results over their stated standard error, 1 where that is right; one entry for each run.

    Parameters
    ----------
    runs : each is called with seeds of its own and returns an estimate; of an array, the first entry is taken.
    repetitions : at least 8. The scatter of so many normal results is known to one part in sqrt(2 (repetitions - 1)).
    seed : from which all other seeds are made.
    """
    count = validation.integer("repetitions", repetitions, minimum=8)
    ratios = []
    for number, run in enumerate(runs):
        key = {"purpose": "scatter over seeds", "run": number}
        seeds = seed_sequence(seed, key).generate_state(count)
        found = [run(int(each)) for each in seeds]
        means = np.array([float(np.ravel(each.mean)[0]) for each in found])
        stated = np.array([float(np.ravel(each.standard_error)[0]) for each in found])
        ratios.append(means.std(ddof=1) / np.sqrt((stated**2).mean()))
    scatter = np.array(ratios)
    return Estimate(scatter, scatter / np.sqrt(2.0 * (count - 1.0)), np.full(len(scatter), count - 1.0))


def error_bar_check(name: str, runs: Mapping[str, Run]) -> Check:
    """The check that the standard errors of these results are right to a half."""
    labels = list(runs)
    return Check(
        name,
        "scatter of a result over seeds, relative to its stated standard error",
        "exact: the definition of a standard error",
        theory=lambda: np.ones(len(labels)),
        simulate=lambda seed: scatter_over_seeds(list(runs.values()), _REPETITIONS, seed),
        resolution=0.5,
        kind="standard error",
        sizes={"repetitions": _REPETITIONS, "results": labels},
    )
