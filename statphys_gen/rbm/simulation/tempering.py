"""Parallel tempering: chains at several temperatures exchange their states, with the joint weight of both layers.

The log-weight of a state (s, h) is linear in what depends on the temperature,

    g X - beta_h U + offset S + along M,    X = sum_ia (W_0)_ia s_i h_a,  U = sum_a U(h_a),  S = sum_i s_i,

with M = sum_i xi_i s_i, so that an exchange is accepted with probability min(1, exp(sum of differences times
differences)). In the convention "sqrt-beta" only the coupling depends on the temperature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...glossary import attributes
from ...progress import keep
from ..model import Model
from .gibbs import Chains, Settings
from .measurement import MeasurementSeries, Streams, checked_run, increasing, measure, measured
from .network import Network
from .packed import make_chains

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Tempering:
    """Result of :func:`simulate_tempering`.

    Attributes
    ----------
    measurements : one for each temperature, in increasing order.
    acceptance : share of accepted exchanges between neighbours, (temperatures - 1,).
    round_trips : mean number of returns to the lowest temperature from the highest, for each ladder.
    """

    measurements: MeasurementSeries
    acceptance: FloatArray
    round_trips: float

    def to_dataset(self) -> xarray.Dataset:
        """The measurements, the acceptance between each temperature and the next, and the round trips."""
        data = self.measurements.to_dataset()
        data["acceptance"] = (("exchange",), self.acceptance, attributes("acceptance"))
        data["round_trips"] = ((), self.round_trips, attributes("round_trips"))
        return data


class Ladders:
    """Several ladders of temperatures in one network; row k * ladders + j is temperature k of ladder j."""

    def __init__(
        self,
        network: Network,
        rng: np.random.Generator,
        temperatures: Sequence[float],
        ladders: int,
        start: str,
    ) -> None:
        models = [network.model.replace(temperature=t) for t in temperatures]
        parts = [Settings.of(model, ladders) for model in models]
        names = ("coupling", "power", "offset", "along")
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        self.chains: Chains = make_chains(network, rng, Settings(**joined), start)
        self.rng, self.steps, self.ladders = rng, len(models), ladders
        self.accepted, self.tried = np.zeros(self.steps - 1), np.zeros(self.steps - 1)
        # Which ends each state has visited last: 1 the highest, 0 the lowest or neither.
        self.came_from_top = np.zeros(self.steps * ladders, dtype=bool)
        self.returns = 0
        self.parity = 0

    def log_weight_terms(self, chains: Chains) -> list[tuple[FloatArray, FloatArray]]:
        """What depends on the temperature, and the statistic of every state that it multiplies."""
        network, settings = chains.network, chains.settings
        model = network.model
        terms = [(settings.coupling, chains.interaction.copy())]
        if model.convention == "beta":
            hidden = chains.hidden.astype(np.float64)
            terms.append((settings.power, -model.hidden.energy(hidden).sum(axis=1)))
            if model.visible_field:
                terms.append((settings.offset, chains.visible.sum(axis=1, dtype=np.float64)))
            if model.pattern_field:
                terms.append((settings.along, np.asarray(chains.visible @ network.along, dtype=np.float64)))
        return terms

    def exchange(self, chains: Chains) -> None:
        """Try to exchange every other pair of neighbouring temperatures in every ladder."""
        terms = self.log_weight_terms(chains)
        order = np.arange(self.steps * self.ladders)
        for k in range(self.parity, self.steps - 1, 2):
            low = np.arange(k * self.ladders, (k + 1) * self.ladders)
            high = low + self.ladders
            gain = sum((f[low] - f[high]) * (x[high] - x[low]) for f, x in terms)
            accepted = np.log(self.rng.random(self.ladders)) < gain
            order[low[accepted]], order[high[accepted]] = high[accepted], low[accepted]
            self.accepted[k] += accepted.mean()
            self.tried[k] += 1.0
        chains.reorder(order)
        self.came_from_top = self.came_from_top[order]
        self.came_from_top[-self.ladders :] = True
        self.returns += int(self.came_from_top[: self.ladders].sum())
        self.came_from_top[: self.ladders] = False
        self.parity = 1 - self.parity


def simulate_tempering(
    model: Model,
    temperatures: Sequence[float],
    visible_units: int,
    instances: int,
    *,
    ladders: int = 4,
    sweeps: int = 1000,
    burn_in: int | None = None,
    start: str = "random",
    seed: int = 0,
    threads: int = 1,
) -> Tempering:
    """Averages at every temperature of a ladder.

    Parameters
    ----------
    model : its temperature is replaced by those of the ladder, which share the networks.
    temperatures : at least 2, increasing; so close that about 30 % of the exchanges are accepted.
    visible_units, instances : N and the number of instances of the disorder.
    ladders : independent ladders of each instance, at least 2 (q is an overlap of two of them).
    sweeps, burn_in : each sweep of all temperatures is followed by one round of exchanges.
    start, seed, threads : as in :func:`~statphys_gen.rbm.simulate`.
    """
    values = increasing("temperatures", temperatures)
    validation.integer("ladders", ladders, minimum=2)
    burn_in = checked_run(model, visible_units, instances, ladders, sweeps, burn_in, seed)
    model = model.replace(temperature=float(values[0]))

    def work(network: Network, streams: Streams) -> list[dict[str, FloatArray]]:
        rng = streams(f"tempering from {start} at {values.tolist()}")
        state = Ladders(network, rng, [float(t) for t in values], ladders, start)
        for _ in range(burn_in):
            state.chains.sweep()
            state.exchange(state.chains)
        state.accepted[:], state.tried[:], state.returns = 0.0, 0.0, 0
        found = measure(state.chains, sweeps, groups=len(values), each=state.exchange)
        rate = state.accepted / np.maximum(state.tried, 1.0)
        return [*found, {"acceptance": rate, "round_trips": np.asarray(state.returns / ladders)}]

    *found, exchanges = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    rates = exchanges.values
    series = MeasurementSeries("temperature", values, tuple(found))
    return Tempering(series, rates["acceptance"].mean(axis=0), float(rates["round_trips"].mean()))


keep(simulate_tempering, "instances")
