"""What the checks of restricted Boltzmann machines share: theory, scale and simulated limit of every observable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..approximation import approximation_of
from ..statistics.agreement import Check
from ..statistics.estimate import Estimate
from ..statistics.extrapolation import extrapolate
from .finite_size import solve_sizes
from .model import Model
from .replica_symmetric import solve
from .simulation import Measurement, simulate

Array = NDArray[np.float64]
Simulation = Callable[[int, int, int], Measurement]

STARTS = {"paramagnet": "random", "glass": "random", "retrieval": "pattern"}
HIDDEN_SELF, GLASS, SELF, HIDDEN_GLASS = (
    "hidden_self_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
)


def theory_value(model: Model, state: str, observable: str, size: int | None = None) -> Array:
    found = solve(model, state) if size is None else solve_sizes(model, state, size)
    found.require()
    if observable == "spin_glass_susceptibility":
        return 1.0 / np.atleast_1d(found["inverse_spin_glass_susceptibility"])
    if observable == "interaction":
        # The free entropy depends on the temperature through the coupling alone: dA/dg = <interaction>/g.
        return -2.0 * model.inverse_temperature * np.atleast_1d(found["energy"])
    return np.atleast_1d(np.asarray(found[observable], dtype=np.float64)).ravel()


def scale(model: Model, state: str, observable: str, size: int | None = None) -> Array:
    """What a resolution is relative to: overlaps of two replicas are compared with the self-overlap of their layer."""
    largest = {GLASS: SELF, HIDDEN_GLASS: HIDDEN_SELF}.get(observable, observable)
    return np.abs(theory_value(model, state, largest, size))


def estimates(found: Measurement, observables: Sequence[str], controlled: bool) -> Estimate:
    parts = [found.estimate(name, controlled=controlled) for name in observables]
    return Estimate(
        np.concatenate([np.atleast_1d(part.mean) for part in parts]),
        np.concatenate([np.atleast_1d(part.standard_error) for part in parts]),
        np.concatenate([np.atleast_1d(part.degrees_of_freedom) for part in parts]),
    )


def limit(sizes: Sequence[int], estimates: Sequence[Estimate]) -> Estimate:
    """N -> infinity of every component, by straight lines in 1/N."""
    components = range(estimates[0].shape[0])
    limits = [
        extrapolate(sizes, Estimate.stack([e[k] for e in estimates]), exponent=1.0).limit for k in components
    ]
    return Estimate.stack(limits)


def description(model: Model, sizes: Any, samples: Any, **others: Any) -> dict[str, Any]:
    text = {
        "visible_units": sizes,
        "samples": samples,
        "hidden": model.hidden.name,
        "ensemble": model.ensemble,
        "convention": model.convention,
        "load": model.load,
        "temperature": model.temperature,
    }
    return text | others


def extrapolated(
    name: str,
    model: Model,
    state: str,
    observables: Sequence[str],
    *,
    sizes: Sequence[int] = (250, 500, 1000),
    samples: Sequence[int] = (160, 80, 40),
    simulation: Simulation | None = None,
    resolution: float = 0.02,
    chains: int = 16,
    sweeps: int = 60,
) -> Check:
    """Order parameters of the limit against simulations of three sizes."""

    def run(size: int, count: int, seed: int) -> Measurement:
        if simulation is not None:
            return simulation(size, count, seed)
        return simulate(model, size, count, chains=chains, sweeps=sweeps, start=STARTS[state], seed=seed)

    def simulated(seed: int) -> Estimate:
        found = [run(size, count, seed) for size, count in zip(sizes, samples, strict=True)]
        return limit(sizes, [estimates(f, observables, state == "retrieval") for f in found])

    return Check(
        name,
        f"{', '.join(observables)} of the {state}",
        approximation_of(solve),
        theory=lambda: np.concatenate([theory_value(model, state, o) for o in observables]),
        simulate=simulated,
        resolution=resolution,
        scale=lambda _: np.concatenate([scale(model, state, o) for o in observables]),
        sizes=description(model, list(sizes), list(samples)),
    )


def corrected(
    name: str,
    model: Model,
    state: str,
    observables: Sequence[str],
    *,
    sizes: Sequence[int] = (500, 1000, 2000),
    samples: Sequence[int] = (128, 64, 32),
    resolution: float = 0.02,
    chains: int = 8,
    sweeps: int = 60,
) -> Check:
    """Deviation from the finite-size corrected theory of the same sizes, which is of order 1/N: its limit is zero."""

    def theory(size: int) -> Array:
        return np.concatenate([theory_value(model, state, o, size) for o in observables])

    def simulated(seed: int) -> Estimate:
        deviations = []
        for size, count in zip(sizes, samples, strict=True):
            found = simulate(model, size, count, chains=chains, sweeps=sweeps, start=STARTS[state], seed=seed)
            here = estimates(found, observables, True)
            deviations.append(
                Estimate(here.mean - theory(size), here.standard_error, here.degrees_of_freedom)
            )
        return limit(sizes, deviations)

    return Check(
        name,
        f"deviation of {', '.join(observables)} of the {state} from the finite-size corrected theory",
        approximation_of(solve_sizes),
        theory=lambda: np.zeros(len(observables)),
        simulate=simulated,
        resolution=resolution,
        scale=lambda _: np.concatenate([scale(model, state, o, max(sizes)) for o in observables]),
        sizes=description(model, list(sizes), list(samples)),
    )


def sqrt_beta(hidden: Any, temperature: float, load: float, **others: Any) -> Model:
    return Model(hidden, temperature, load, convention="sqrt-beta", **others)
