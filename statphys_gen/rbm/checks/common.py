"""What the checks of restricted Boltzmann machines share: theory, scale and simulated limit of every observable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arrays import FloatArray
from ...statistics.estimate import Estimate
from ..model import Model
from ..simulation.measurement import Measurement
from ..theory.finite_size import solve_sizes
from ..theory.replica_symmetric import solve

HIDDEN_SELF, GLASS, SELF, HIDDEN_GLASS = (
    "hidden_self_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
)


def theory_value(model: Model, state: str, observable: str, size: int | None = None) -> FloatArray:
    found = solve(model, state) if size is None else solve_sizes(model, state, size)
    found.require()
    if observable == "spin_glass_susceptibility":
        return 1.0 / np.atleast_1d(found["inverse_spin_glass_susceptibility"])
    if observable == "interaction":
        # The free entropy depends on the temperature through the coupling alone: dA/dg = <interaction>/g.
        return -2.0 * model.inverse_temperature * np.atleast_1d(found["energy"])
    return np.atleast_1d(np.asarray(found[observable], dtype=np.float64)).ravel()


def scale(model: Model, state: str, observable: str, size: int | None = None) -> FloatArray:
    """What a resolution is relative to: overlaps of two replicas are compared with the self-overlap of their layer."""
    largest = {GLASS: SELF, HIDDEN_GLASS: HIDDEN_SELF}.get(observable, observable)
    return np.abs(theory_value(model, state, largest, size))


def estimates(found: Measurement, observables: Sequence[str], controlled: bool) -> Estimate:
    """All observables side by side; overlaps with several patterns, equal by symmetry, by their mean."""
    single = {name: values.reshape(len(values), -1).mean(axis=1) for name, values in found.values.items()}
    found = Measurement(single, found.controls)
    parts = [found.estimate(name, controlled=controlled) for name in observables]
    return Estimate(
        np.concatenate([np.atleast_1d(part.mean) for part in parts]),
        np.concatenate([np.atleast_1d(part.standard_error) for part in parts]),
        np.concatenate([np.atleast_1d(part.degrees_of_freedom) for part in parts]),
    )


def description(model: Model, sizes: Any, instances: Any, **others: Any) -> dict[str, Any]:
    text = {
        "visible_units": sizes,
        "instances": instances,
        "hidden": model.hidden.name,
        "ensemble": model.couplings.name,
        "convention": model.convention,
        "load": model.load,
        "temperature": model.temperature,
    }
    return text | others


def sqrt_beta(hidden: Any, temperature: float, load: float, **others: Any) -> Model:
    return Model(hidden, temperature, load, convention="sqrt-beta", **others)
