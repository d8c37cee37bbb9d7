"""Statements about many points against three numbers of them."""

from __future__ import annotations

import math

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..analysis.onset import Looks, copying_onset
from ..analysis.trials import simulate_reports
from ..simulation import KnownGenerator
from ..theory.detection import distinct_copies_needed
from .tests_of_copies import law


def checks() -> list[Check]:
    return [_onset(), _copies()]


def _onset() -> Check:
    """Counts around a curve that is known, as for the interval of the onset."""
    step = np.array([8.0, 30.0, 90.0, 350.0, 1600.0])
    fraction, null, level = np.array([0.03, 0.04, 0.09, 0.27, 0.6]), 0.03, 0.16
    sizes, runs = (500, 2000, 8000), 150

    def theory() -> FloatArray:
        excess = (fraction - null) / (1.0 - null)
        share = (level - excess[2]) / (excess[3] - excess[2])
        return np.full(len(sizes), math.exp(math.log(step[2]) + share * math.log(step[3] / step[2])))

    def onset(drawn: int, rng: np.random.Generator) -> float:
        trials = np.full(len(step), float(drawn))
        copies, others = (rng.binomial(drawn, p, len(step)).astype(np.float64) for p in (fraction, null))
        found = copying_onset(Looks(step, copies, trials, others, trials), level=level).onset
        assert found is not None
        return found

    def simulate(seed: int) -> Estimate:
        found = []
        for drawn in sizes:
            rng = generator(seed, {"purpose": "onset by the number of points", "drawn": drawn})
            found.append(Estimate.from_samples([onset(drawn, rng) for _ in range(runs)]))
        return Estimate.stack(found)

    return Check(
        "onset of copies, by size",
        "mean onset of looks at a known curve, which is straight between them, at three numbers of points of a look",
        approximation_of(copying_onset),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={
            "samples": list(sizes),
            "step": step.tolist(),
            "fraction": fraction.tolist(),
            "null": null,
            "level": level,
            "runs": runs,
        },
        judged=False,
        reason="an onset bends with the noise of its looks: by terms of order one over the points of a look",
        # The smallest counts place a crossing within an eighth: half the square of that, and the noise of the mean.
        bound=0.05,
        id="memorization-by-size-each-onset",
    )


def _copies() -> Check:
    """Copies over how much of the logarithm of the level they reach, N = H: the closed form is a whole number there."""
    sizes, copies, runs = (60, 120, 240), 5, 80
    level, dimension = 0.5**copies, 8

    def theory() -> FloatArray:
        return np.array([float(distinct_copies_needed(size, size, level)) for size in sizes])

    def simulate(seed: int) -> Estimate:
        found = []
        for size in sizes:
            trials = simulate_reports(
                KnownGenerator("perfect", copies=copies / (2 * size)),
                law(dimension),
                training=size,
                held_out=size,
                generated=2 * size,
                runs=runs,
                seed=seed,
            )
            found.append(Estimate.from_samples(copies * math.log(level) / np.log(trials.membership_p_value)))
        return Estimate.stack(found)

    return Check(
        "copies needed, by size",
        "copies over the share of the logarithm of a level that the test of membership reaches with them, at three "
        "numbers of training and as many held-out points",
        approximation_of(distinct_copies_needed),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"samples": list(sizes), "dimension": dimension, "copies": copies, "runs": runs},
        model=law(dimension),
        judged=False,
        reason="leading order in copies over the number of points, c/(2 N) of them; points that are suspicious by "
        "chance add to it",
        bound=0.1,
        id="memorization-by-size-each-copies-needed",
    )
