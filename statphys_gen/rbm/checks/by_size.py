"""A line of transitions and a glass at three sizes."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...units.continuous import Gaussian
from ...units.discrete import Ternary
from ..couplings.pairs import Repeated
from ..simulation.growth import simulate_growth_temperature
from ..simulation.tempering import simulate_tempering
from ..theory.lines import condensation_line
from ..theory.one_step import solve_one_step
from .common import description, sqrt_beta


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [_condensation(), _glass()]


def _condensation() -> Check:
    """Reported: a temperature to a per cent at every size."""
    model = sqrt_beta(Ternary(0.7), 1.0, 0.0, couplings=Repeated(1.6))
    sizes, blocks, chains, temperatures = (250, 500, 1000), 24, (600, 300, 150), [0.7, 0.9]

    def theory() -> FloatArray:
        return np.full(len(sizes), float(condensation_line(model).require()["temperature"].item()))

    def simulate(seed: int) -> Estimate:
        found = [
            simulate_growth_temperature(model, temperatures, size, chains=count, blocks=blocks, seed=seed)
            for size, count in zip(sizes, chains, strict=True)
        ]
        return Estimate.stack([each[0] for each in found])

    return Check(
        "temperature of condensation, by size",
        "temperature at which a small overlap with the pattern of a layer neither grows nor decays, at three sizes",
        approximation_of(condensation_line),
        theory=theory,
        simulate=simulate,
        resolution=0.05,
        kind="capacity",
        sizes=description(model, list(sizes), blocks)
        | {"temperature": temperatures, "chains": list(chains), "blocks": blocks},
        judged=False,
        reason="the overlap fluctuates by one over the root of the units, and its cube enters; the line between the "
        "growth factors of two temperatures is bent",
        # Twice the resolution of a temperature.
        bound=0.1,
        id="rbm-by-size-each-temperature-of-condensation",
    )


def _glass() -> Check:
    model, sizes, instances, sweeps = sqrt_beta(Gaussian(), 0.6, 0.2), (25, 50, 100), (16, 10, 6), 100
    ladder = [float(t) for t in np.geomspace(0.6, 1.7, 10)]

    def theory() -> FloatArray:
        beta, step = model.inverse_temperature, 0.01
        low, high = beta * (1.0 - step), beta * (1.0 + step)
        free = [
            -b * solve_one_step(model, "glass", temperature=1.0 / b).require()["free_energy"].item()
            for b in (low, high)
        ]
        # The free entropy depends on beta through the couplings alone, which go as its root.
        return np.full(len(sizes), 2.0 * beta * (free[1] - free[0]) / (high - low))

    def simulate(seed: int) -> Estimate:
        found = [
            simulate_tempering(model, ladder, size, count, ladders=4, sweeps=sweeps, seed=seed)
            for size, count in zip(sizes, instances, strict=True)
        ]
        return Estimate.stack([each.measurements[0].estimate("interaction") for each in found])

    return Check(
        "glass with one step of breaking, by size",
        "interaction in the glass phase, by parallel tempering, at three sizes",
        approximation_of(solve_one_step),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        model=model,
        sizes=description(model, list(sizes), list(instances)) | {"sweeps": sweeps, "ladder": ladder},
        judged=False,
        reason="symmetry is broken at every step, and the networks are small; no bound follows from the theory, as "
        "neither the steps beyond the first nor the corrections of networks of these sizes are known",
        id="rbm-by-size-each-glass",
    )
