"""Dynamics of single spins: heat bath with Gaussian hidden units integrated out, and descent at zero temperature.

Integrating h with rho = exp(-beta_h h^2/(2 v)) leaves

    P(s) ~ exp(g^2 v/(2 beta_h) sum_a x_a^2 + sum_i field_i s_i),        x_a = sum_i (W_0)_ia s_i,

in which the overlap with a pattern does not wait for the hidden unit that carries it: block Gibbs sampling relaxes both
together, slowly near a transition. At zero temperature the hidden units are where their energy is lowest, which leaves
E(s) = -sum_a max_h (x_a h - U(h)) - sum_i field_i s_i.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import validation
from ...arrays import FloatArray, SingleArray
from ...errors import InvalidArgument
from ...progress import keep
from ...units.continuous import Gaussian, ReLU, SoftThreshold
from ...units.discrete import Binary, Discrete
from ..model import Model
from .gibbs import Chains, Settings, starting_states
from .measurement import Measurement, Streams, checked_run, measure, measured
from .network import Network

_MOST_PASSES = 1000


class CollapsedChains(Chains):
    """Chains of the spins alone: a sweep visits every spin once, in a random order shared by the chains.

    The hidden units are drawn afterwards, given the spins, for the observables of their layer only.
    """

    def __init__(
        self, network: Network, rng: np.random.Generator, settings: Settings, start: str = "random"
    ) -> None:
        if not isinstance(network.model.hidden, Gaussian):
            raise InvalidArgument("hidden", network.model.hidden.name, "gaussian for the collapsed dynamics")
        if not isinstance(network.model.visible, Binary):
            raise InvalidArgument("visible", network.model.visible.name, "binary for the collapsed dynamics")
        super().__init__(network, rng, settings, start)
        self.visible_squares[:] = network.visible_units

    def sweep(self, visible_sums: SingleArray | None = None, hidden_sums: SingleArray | None = None) -> None:
        from . import kernels_spins

        network, settings = self.network, self.settings
        variance = network.model.hidden.variance_ / settings.power  # type: ignore[attr-defined] # Gaussian units
        field = settings.offset[:, None] + settings.along[:, None] * self._along
        projections = np.asarray(self.visible @ network.weights)
        kernels_spins.collapsed_sweep(
            self.rng,
            self.rng.permutation(network.visible_units),
            network.weights,
            settings.coupling**2 * variance,
            np.ascontiguousarray(field),
            self.visible,
            projections,
        )
        noise = self.rng.standard_normal(projections.shape)
        drawn = (settings.coupling * variance)[:, None] * projections + np.sqrt(variance)[:, None] * noise
        self.hidden = drawn.astype(np.float32)
        self.interaction[:] = np.einsum("ca,ca->c", projections, drawn)
        self.hidden_squares[:] = np.square(drawn).sum(axis=1)
        if visible_sums is not None:
            visible_sums += self.visible
        if hidden_sums is not None:
            hidden_sums += self.hidden


def simulate_collapsed(
    model: Model,
    visible_units: int,
    instances: int,
    *,
    chains: int = 8,
    sweeps: int = 200,
    burn_in: int | None = None,
    start: str = "random",
    seed: int = 0,
    threads: int = 1,
) -> Measurement:
    """The same as :func:`~statphys_gen.rbm.simulate`, by collapsed dynamics of single spins.

    For Gaussian hidden and +-1 visible units; the parameters are the same.
    """
    burn_in = checked_run(model, visible_units, instances, chains, sweeps, burn_in, seed)

    def work(network: Network, rng: Streams) -> list[dict[str, FloatArray]]:
        state = CollapsedChains(
            network, rng(f"collapsed chains from {start}"), Settings.of(model, chains), start
        )
        return measure(state, sweeps, burn_in=burn_in)

    (found,) = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    return found


# ----------------------------------------------------------------------------------------------------- zero temperature


def ground_energy_arguments(model: Model) -> dict[str, Any]:
    """Kind and parameters of max_h (x h - U(h)) for the kernels."""
    prior = model.hidden
    nothing = np.zeros(1)
    if isinstance(prior, Gaussian):
        return {"kind": 0, "parameter": prior.variance_, "values": nothing, "energies": nothing}
    if isinstance(prior, ReLU | SoftThreshold):
        if isinstance(prior, SoftThreshold) and prior.threshold < 0.0:
            raise InvalidArgument("threshold", prior.threshold, "at least 0 at zero temperature")
        kind = 1 if isinstance(prior, ReLU) else 2
        return {"kind": kind, "parameter": prior.threshold, "values": nothing, "energies": nothing}
    if isinstance(prior, Discrete):
        energies = np.asarray(prior.energies, dtype=np.float64)
        return {"kind": 3, "parameter": 0.0, "values": prior.states, "energies": energies}
    raise InvalidArgument(
        "hidden", prior.name, "gaussian, relu, soft-threshold or discrete at zero temperature"
    )


def descend(network: Network, visible: ArrayLike, rng: np.random.Generator) -> FloatArray:
    """Flip spins that lower the energy until none is left, from states (chains, visible) of +-1.

    Convention "beta" (W_0 and U as they stand, fields not multiplied); the temperature of the model plays no part.
    """
    from . import kernels_spins

    model = network.model
    if not isinstance(model.visible, Binary):
        raise InvalidArgument("visible", model.visible.name, "binary at zero temperature")
    if model.convention != "beta":
        raise InvalidArgument("convention", model.convention, "beta at zero temperature")
    arguments = ground_energy_arguments(model)
    field = model.visible_field + model.pattern_field * network.along.astype(np.float64)
    states = np.array(visible, dtype=np.float64)
    for row in states:
        projections = row @ network.weights.astype(np.float64)
        for _ in range(_MOST_PASSES):
            order = rng.permutation(network.visible_units)
            flips = kernels_spins.descent_pass(
                order, network.weights, field, **arguments, visible=row, projections=projections
            )
            if flips == 0:
                break
    return states


def simulate_descent(
    model: Model,
    visible_units: int,
    instances: int,
    *,
    chains: int = 1,
    start: str = "pattern",
    seed: int = 0,
    threads: int = 1,
) -> Measurement:
    """Overlap and energy of the states in which descent of single spins ends.

    Parameters
    ----------
    model : convention "beta", +-1 visible units and hidden units with an energy; its temperature plays no part.
    visible_units, instances : N and the number of instances of the disorder.
    chains : descents of each instance, in different random orders; default 1.
    start : "pattern" (default) or "random".
    seed, threads : as in :func:`~statphys_gen.rbm.simulate`.

    Returns
    -------
    Measurement with ``overlap`` and ``energy`` per visible unit.
    """
    from . import kernels_spins

    validation.integer("chains", chains, minimum=1)
    checked_run(model, visible_units, instances, 2, 1, None, seed)
    arguments = ground_energy_arguments(model)

    def work(network: Network, streams: Streams) -> list[dict[str, FloatArray]]:
        rng = streams(f"descent from {start}")
        states = descend(network, starting_states(network, rng, chains, start), rng)
        field = model.visible_field + model.pattern_field * network.along.astype(np.float64)
        energies = [
            -sum(kernels_spins.ground_energy(float(x), **arguments) for x in row @ network.weights)
            - row @ field
            for row in states
        ]
        overlap = states @ network.along / visible_units
        return [{"overlap": np.mean(overlap), "energy": np.mean(energies) / visible_units}]

    (found,) = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    return found


keep(simulate_collapsed, "instances")
keep(simulate_descent, "instances")
