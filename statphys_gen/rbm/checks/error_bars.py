"""Standard errors that simulations of Boltzmann machines and the estimators state, against the scatter of repeats."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...statistics.agreement import Check
from ...statistics.autocorrelation import estimate_from_chain
from ...statistics.calibration import Run, error_bar_check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ...statistics.jackknife import jackknife
from ...statistics.proportions import estimate_proportion
from ...units.continuous import Gaussian
from ...units.discrete import Ternary
from ..couplings.pairs import Repeated
from ..model import Model
from ..simulation.free_entropy import simulate_free_entropy
from ..simulation.growth import simulate_growth_temperature
from ..simulation.hysteresis import simulate_hysteresis
from ..simulation.langevin import simulate_langevin
from ..simulation.measurement import simulate
from ..simulation.single_spin import simulate_collapsed, simulate_descent
from ..simulation.tempering import simulate_tempering
from .common import sqrt_beta


def checks() -> list[Check]:
    """Every check of error bars, by name."""
    return [
        error_bar_check("standard errors over seeds, networks", _networks()),
        error_bar_check("standard errors over seeds, estimators", _estimators()),
    ]


def _networks() -> dict[str, Run]:
    cold, warm = sqrt_beta(Gaussian(), 0.5, 0.05), sqrt_beta(Gaussian(), 1.8, 0.1)
    still = Model(Gaussian(), 1.0, 0.2, convention="beta")
    carried = sqrt_beta(Ternary(0.7), 1.0, 0.0, couplings=Repeated(1.5))
    run: dict[str, Any] = {"chains": 4, "sweeps": 20}
    return {
        "interaction": lambda s: simulate(warm, 40, 12, **run, seed=s).estimate("interaction"),
        "overlap with controls": lambda s: simulate(cold, 40, 16, **run, start="pattern", seed=s).estimate(
            "overlap", controlled=True
        ),
        "overlap by single spins": lambda s: simulate_collapsed(
            cold, 40, 12, **run, start="pattern", seed=s
        ).estimate("overlap"),
        "overlap after a descent, load 0.2": lambda s: simulate_descent(still, 40, 16, seed=s).estimate(
            "overlap"
        ),
        "interaction by tempering": lambda s: (
            simulate_tempering(warm, [1.8, 2.2], 40, 12, ladders=2, sweeps=20, seed=s)
            .measurements[0]
            .estimate("interaction")
        ),
        "interaction by Langevin dynamics": lambda s: simulate_langevin(
            warm, 20, 12, chains=4, sweeps=6, time_between=0.16, seed=s
        ).limit.estimate("interaction"),
        "free entropy": lambda s: simulate_free_entropy(
            warm, 30, 12, nodes=3, chains=4, sweeps=10, seed=s
        ).estimate("free_entropy"),
        "interaction after heating": lambda s: (
            simulate_hysteresis(cold, [0.5, 0.6], 40, 12, chains=4, sweeps=10, seed=s)
            .heating[1]
            .estimate("interaction")
        ),
        "temperature of growth": lambda s: simulate_growth_temperature(
            carried, [0.5, 1.2], 40, overlap=0.2, chains=200, blocks=12, seed=s
        ),
    }


def _estimators() -> dict[str, Run]:
    """On drawn numbers of a known law."""
    sizes = [10, 20, 40]

    def samples(seed: int) -> Estimate:
        return Estimate.from_samples(np.random.default_rng(seed).exponential(size=30))

    def share(seed: int) -> Estimate:
        return estimate_proportion(int((np.random.default_rng(seed).random(80) < 0.3).sum()), 80)

    def chain(seed: int) -> Estimate:
        noise = np.random.default_rng(seed).standard_normal(4000)
        values = np.empty_like(noise)
        values[0] = noise[0]
        for k in range(1, len(noise)):
            values[k] = 0.8 * values[k - 1] + 0.6 * noise[k]
        return estimate_from_chain(values)

    def quotient(seed: int) -> Estimate:
        drawn = 2.0 + np.random.default_rng(seed).standard_normal((60, 2))
        return jackknife(drawn, lambda mean: mean[:1] / mean[1:])

    def fitted(seed: int) -> Estimate:
        rng = np.random.default_rng(seed)
        means = [1.0 + 2.0 / n + 0.2 * rng.standard_normal(40) for n in sizes]
        return extrapolate(
            sizes, Estimate.stack([Estimate.from_samples(m) for m in means]), exponent=1.0
        ).limit

    return {
        "mean of samples": samples,
        "proportion": share,
        "mean of a chain": chain,
        "jackknife of a quotient": quotient,
        "extrapolated limit": fitted,
    }
