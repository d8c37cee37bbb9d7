"""Langevin dynamics of continuous hidden units, with the visible ones summed out.

    dh_a = [-beta_h U'(h_a) + g sum_i (W_0)_ia <s_i>_h] dt + sqrt(2) dB_a

has the law of the network as its stationary law. Euler steps of size e shift every average by an amount of order e,
which a study of several steps removes. Hidden units on a half-line are reflected at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ... import validation
from ...arrays import FloatArray, SingleArray
from ...progress import keep
from ...units.continuous import Gaussian
from ...units.discrete import Binary
from ..model import Model
from .gibbs import Chains, Settings
from .measurement import Measurement, MeasurementSeries, Streams, checked_run, increasing, measure, measured
from .network import Network

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class LangevinAverages:
    """Result of :func:`simulate_langevin`.

    Attributes
    ----------
    steps : a measurement for each step size.
    limit : of straight lines through them (least squares, for every instance on its own), for steps of size zero.
    """

    steps: MeasurementSeries
    limit: Measurement

    def to_dataset(self) -> xarray.Dataset:
        """All step sizes; 0 is the limit."""
        both = (np.append(0.0, self.steps.points), (self.limit, *self.steps))
        return MeasurementSeries(self.steps.axis, *both).to_dataset()


class LangevinChains(Chains):
    """Chains of the hidden units; a sweep is ``steps`` Euler steps, after which the visible units are drawn."""

    def __init__(
        self,
        network: Network,
        rng: np.random.Generator,
        settings: Settings,
        start: str,
        step: float,
        steps: int,
    ) -> None:
        prior = network.model.hidden
        prior.energy_gradient(np.ones(1))  # refuses discrete units
        super().__init__(network, rng, settings, start)
        self.step, self.steps = step, steps
        super().sweep()
        self.positions = self.hidden.astype(np.float64)
        self._reflect = prior.support[0] == 0.0
        self._exact_couplings = network.weights.astype(np.float64)

    def sweep(self, visible_sums: SingleArray | None = None, hidden_sums: SingleArray | None = None) -> None:
        prior, settings = self.network.model.hidden, self.settings
        width = np.sqrt(2.0 * self.step)
        coupling, power = settings.coupling[:, None], settings.power[:, None]
        for _ in range(self.steps):
            force = coupling * (self._visible_means() @ self._exact_couplings)
            force -= power * prior.energy_gradient(self.positions)
            self.positions += self.step * force + width * self.rng.standard_normal(self.positions.shape)
            if self._reflect:
                np.abs(self.positions, out=self.positions)
        self.hidden = self.positions.astype(np.float32)
        self._products.to_visible(self.hidden, self.visible)
        self._draw(self.network.model.visible, self.visible, visible_sums, self.visible_squares, hidden=False)
        self.hidden_squares[:] = np.square(self.positions).sum(axis=1)
        if hidden_sums is not None:
            hidden_sums += self.hidden

    def _visible_means(self) -> FloatArray:
        settings = self.settings
        field = settings.coupling[:, None] * (self.positions @ self._exact_couplings.T)
        field += settings.offset[:, None] + settings.along[:, None] * self._along
        prior = self.network.model.visible
        if isinstance(prior, Binary):
            return np.asarray(np.tanh(field))
        if isinstance(prior, Gaussian):
            return np.asarray(prior.variance_ * field)
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (field - float(prior.energies[1])))))  # type: ignore[attr-defined] # 0/1 units


def simulate_langevin(
    model: Model,
    visible_units: int,
    instances: int,
    *,
    step_sizes: Sequence[float] = (0.04, 0.08, 0.16),
    time_between: float = 0.5,
    chains: int = 16,
    sweeps: int = 200,
    burn_in: int | None = None,
    start: str = "random",
    seed: int = 0,
    threads: int = 1,
) -> LangevinAverages:
    """Averages for each step size, and their limit for steps of size zero.

    Parameters
    ----------
    model : with continuous hidden units.
    visible_units, instances : N and the number of instances of the disorder.
    step_sizes : at least two, increasing and positive; default 0.04, 0.08, 0.16.
    time_between : time of the dynamics between two measurements; default 0.5.
    chains, sweeps, burn_in, start, seed, threads : as in :func:`.measurement.simulate`, a sweep being
        one interval ``time_between``.

    Raises
    ------
    InvalidArgument : discrete hidden units; step sizes that are not increasing.
    """
    values = increasing("step_sizes", step_sizes)
    interval = validation.positive("time_between", time_between)
    burn_in = checked_run(model, visible_units, instances, chains, sweeps, burn_in, seed)
    model.hidden.energy_gradient(np.ones(1))

    def work(network: Network, rng: Streams) -> list[dict[str, FloatArray]]:
        found = []
        for step in map(float, values):
            steps = max(1, round(interval / step))
            own = rng(f"Langevin from {start} with {step!r}")
            state = LangevinChains(network, own, Settings.of(model, chains), start, step, steps)
            found += measure(state, sweeps, burn_in=burn_in)
        return found

    each = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    design = np.stack([np.ones_like(values), values], axis=1)
    to_limit = np.linalg.pinv(design)[0]
    limit = {
        name: np.tensordot(to_limit, np.stack([part.values[name] for part in each]), axes=1)
        for name in each[0].values
    }
    series = MeasurementSeries("step_size", values, tuple(each))
    return LangevinAverages(series, Measurement(limit, each[0].controls))


keep(simulate_langevin, "instances")
