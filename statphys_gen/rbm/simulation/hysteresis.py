"""Hysteresis: networks heated from a pattern and cooled from random states.

Between the first-order line and the spinodal both branches are metastable, and which one is seen depends on the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...arrays import FloatArray
from ...glossary import attributes
from ...progress import keep
from ..model import Model
from .gibbs import Settings
from .measurement import MeasurementSeries, Streams, checked_run, increasing, measure, measured
from .network import Network
from .packed import make_chains

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Hysteresis:
    """Result of :func:`simulate_hysteresis`: one measurement for each temperature on both ways, in increasing order.

    Attributes
    ----------
    heating : from the pattern at the lowest temperature, upwards.
    cooling : from random states at the highest temperature, downwards.
    """

    heating: MeasurementSeries
    cooling: MeasurementSeries

    def to_dataset(self) -> xarray.Dataset:
        """Both ways, along the dimension ``way``."""
        import xarray

        ways = [self.heating.to_dataset(), self.cooling.to_dataset()]
        return xarray.concat(ways, "way").assign_coords(
            way=("way", ["heating", "cooling"], attributes("way"))
        )


def simulate_hysteresis(
    model: Model,
    temperatures: Sequence[float],
    visible_units: int,
    instances: int,
    *,
    chains: int = 8,
    sweeps: int = 100,
    burn_in: int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Hysteresis:
    """Heat networks from a pattern, and cool them from random states; each temperature continues from the last.

    Parameters
    ----------
    model : its temperature is replaced. Both ways go through the same networks.
    temperatures : at least 2, increasing.
    others : as in :func:`.measurement.simulate`; ``sweeps`` and ``burn_in`` at each temperature.
    """
    values = increasing("temperatures", temperatures)
    burn_in = checked_run(model, visible_units, instances, chains, sweeps, burn_in, seed)
    settings = [Settings.of(model.replace(temperature=float(t)), chains) for t in values]
    model = model.replace(temperature=float(values[0]))

    def work(network: Network, rng: Streams) -> list[dict[str, FloatArray]]:
        found = []
        for start, order in (("pattern", settings), ("random", settings[::-1])):
            purpose = f"hysteresis from {start} at {values.tolist()}"
            state = make_chains(network, rng(purpose), order[0], start)
            for here in order:
                state.use(here)
                found += measure(state, sweeps, burn_in=burn_in)
        return found

    steps = len(values)
    both = measured(work, model, visible_units, instances, seed=seed, threads=threads)
    heating, cooling = both[:steps], both[: steps - 1 : -1]
    return Hysteresis(*(MeasurementSeries("temperature", values, tuple(way)) for way in (heating, cooling)))


keep(simulate_hysteresis, "instances")
