"""Lines of the phase diagram from networks of one size each, at three sizes.

Each line is made as in its extrapolated check, with what networks of one size give in place of the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...solution import Solution
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.propagation import propagated
from ...units.continuous import Gaussian
from ...units.discrete import Binary
from ..comparison import STARTS
from ..model import Model
from ..simulation.measurement import simulate
from ..theory.lines import at_line, glass_line, spinodal
from .common import description, estimates, sqrt_beta
from .lines import _end_of_branch, _vanishing

_INSTANCES = (80, 40, 20)


def checks() -> list[Check]:
    """Every check of this file, by name."""
    paramagnet = sqrt_beta(Binary(), 0.9, 0.4)
    in_field = sqrt_beta(Binary(), 0.5, 0.4, visible_field=0.4)
    retrieval = sqrt_beta(Gaussian(0.7), 0.4, 0.02)
    warm, cool, cold = [0.9, 1.05, 1.3], [0.38, 0.46, 0.6], [0.33, 0.39, 0.45]
    chi = "spin_glass_susceptibility"
    susceptible = "susceptibilities of these networks are below their limit, the more the closer the line is"
    return [
        _line(
            "end of the paramagnet",
            glass_line,
            lambda: glass_line(paramagnet),
            lambda found: _vanishing(warm, 2.0, found),
            _observed(paramagnet, "paramagnet", chi, chains=32, sweeps=50, burn_in=100),
            paramagnet,
            warm,
            (200, 400, 800),
            susceptible,
        ),
        _line(
            "line of de Almeida and Thouless in a field",
            at_line,
            lambda: at_line(in_field, "glass"),
            lambda found: _vanishing(cool, 1.0, found),
            _observed(in_field, "glass", chi, chains=32, sweeps=120, burn_in=120),
            in_field,
            cool,
            (100, 200, 400),
            susceptible,
        ),
        _line(
            "end of retrieval",
            spinodal,
            lambda: spinodal(retrieval, solve_for="temperature"),
            lambda found: _end_of_branch(cold, found),
            _observed(retrieval, "retrieval", "overlap", chains=4, sweeps=100, burn_in=100),
            retrieval,
            cold,
            (750, 1500, 3000),
            "the branch is continued from temperatures where networks of these sizes stay on it",
        ),
    ]


Observed = Callable[[float, int, int, int], Estimate]


def _observed(model: Model, state: str, observable: str, **options: Any) -> Observed:
    """One observable of networks at a temperature, of a size and a number, with a seed."""

    def run(temperature: float, size: int, count: int, seed: int) -> Estimate:
        there = model.replace(temperature=temperature)
        found = simulate(there, size, count, start=STARTS[state], seed=seed, **options)
        return estimates(found, (observable,), state == "retrieval")[0]

    return run


def _line(
    name: str,
    source: Callable[..., Solution],
    theory: Callable[[], Solution],
    place: Callable[[FloatArray], float],
    observed: Observed,
    model: Model,
    temperatures: Sequence[float],
    sizes: Sequence[int],
    reason: str,
) -> Check:
    """Reported; ``place`` makes the temperature of the line from what is observed at all temperatures."""

    def simulated(seed: int) -> Estimate:
        return Estimate.stack(
            [
                propagated(place, [observed(t, size, count, seed) for t in temperatures])
                for size, count in zip(sizes, _INSTANCES, strict=True)
            ]
        )

    return Check(
        f"{name}, by size",
        "temperature of the line, from networks of one size each",
        approximation_of(source),
        theory=lambda: np.full(len(sizes), float(theory().require()["temperature"].item())),
        simulate=simulated,
        resolution=0.05,
        kind="capacity",
        model=model,
        sizes=description(model, list(sizes), list(_INSTANCES)) | {"temperature": list(temperatures)},
        judged=False,
        reason=reason,
        # Four times the resolution that is asked of critical points: no law of the approach is known.
        bound=0.2,
        id=f"rbm-by-size-each-{name.lower().replace(' ', '-')}",
    )
