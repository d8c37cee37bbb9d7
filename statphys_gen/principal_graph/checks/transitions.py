"""Transitions that jump, and components that appear: K components of skewed and of heavy-tailed laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check, Kind
from ..simulation.transitions import simulate_spinodal, simulate_survival, simulate_symmetric_states
from ..theory.nucleation import nucleation
from ..theory.order import landau
from ..theory.stationary import stationary_state

SKEWED = GaussianMixture([0.85, 0.15], [[0.0], [3.0]], 0.9)  # nucleates at 2.71598, at 3.141 from the mean
HEAVY = GaussianMixture([0.9, 0.1], [[0.0], [0.0]], [0.3, 7.3])  # of variance 1


def checks() -> list[Check]:
    return [_spinodal(), _six(), _survival("stays", 2.49, "coverage"), _survival("is lost", 2.94, "level")]


def _spinodal() -> Check:
    samples, instances = 2000, 12
    name = "end of three components on heating"
    sizes: dict[str, Any] = {"samples": samples, "instances": instances, "components": 3}

    def theory() -> Any:
        found = landau(SKEWED, 3)
        return np.array(found.spinodal_temperature) / found.linear_temperature

    return Check(
        name,
        "temperature over the first transition at which the split state of three equal components ends",
        approximation_of(landau),
        theory=theory,
        simulate=lambda seed: simulate_spinodal(SKEWED, 3, samples, instances=instances, seed=seed),
        resolution=0.02,
        sizes=sizes,
        model=SKEWED,
        judged=False,
        reason="leading order in the skewness; the next term is not known, so there is no bound",
        id="principal-graph-end-of-three-components-on-heating",
    )


def _six() -> Check:
    samples, instances = 20_000, 32
    ratio = (0.8, 0.9)

    def theory() -> Any:
        found = stationary_state(HEAVY, ratio, 6).require()
        return found["centroids"][:, :, 0].max(axis=1)

    name = "six components of a heavy-tailed law"
    return Check(
        name,
        "outermost of six centroids below a first transition that is a jump: two part, and four stay at the mean",
        approximation_of(stationary_state),
        theory=theory,
        simulate=lambda seed: simulate_symmetric_states(
            HEAVY, np.array(ratio), 6, samples, instances=instances, seed=seed
        ),
        resolution=0.02,
        sizes={"samples": samples, "instances": instances, "ratio": list(ratio), "components": 6},
        model=HEAVY,
        id="principal-graph-six-components-of-a-heavy-tailed-law",
    )


def _survival(what: str, temperature: float, kind: Kind) -> Check:
    samples, instances, place = 2000, 400, 3.6
    name = f"a small component {what}"
    side = "below" if kind == "coverage" else "above"
    return Check(
        name,
        f"share of samples in which a small component keeps its weight 8 % {side} the nucleation temperature",
        approximation_of(nucleation),
        theory=lambda: np.array(0.9 if temperature < nucleation(SKEWED).nucleation_temperature else 0.1),
        simulate=lambda seed: simulate_survival(
            SKEWED, temperature, samples, place, instances=instances, seed=seed
        ),
        resolution=1.0,
        kind=kind,
        sizes={"samples": samples, "instances": instances, "temperature": temperature, "place": place},
        model=SKEWED,
        id="principal-graph-" + name.replace(" ", "-"),
    )
