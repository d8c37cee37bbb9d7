"""Hysteresis: networks heated from a pattern and cooled from random states.

Between the first-order line and the spinodal both branches are metastable, and which one is seen depends on the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...arrays import FloatArray
from ...numerics.blocks import map_blocks
from ..model import Model
from .gibbs import Settings
from .measurement import Measurement, checked_run, collected, control_values, increasing, measure
from .network import draw_network, stream
from .packed import make_chains


@dataclass(frozen=True)
class Hysteresis:
    """Result of :func:`simulate_hysteresis`: one measurement for each temperature on both ways.

    Attributes
    ----------
    temperatures : in increasing order.
    heating : from the pattern at the lowest temperature, upwards.
    cooling : from random states at the highest temperature, downwards; in the order of ``temperatures``.
    """

    temperatures: FloatArray
    heating: list[Measurement]
    cooling: list[Measurement]


def simulate_hysteresis(
    model: Model,
    temperatures: Sequence[float],
    visible_units: int,
    samples: int,
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
    burn_in = checked_run(model, visible_units, samples, chains, sweeps, burn_in, seed)
    settings = [Settings.of(model.with_(temperature=float(t)), chains) for t in values]
    model = model.with_(temperature=float(values[0]))

    def one(sample: int) -> tuple[list[list[dict[str, FloatArray]]], FloatArray]:
        network = draw_network(model, visible_units, seed, sample)
        ways = []
        for start, order in (("pattern", settings), ("random", settings[::-1])):
            rng = stream(model, visible_units, seed, sample, f"hysteresis from {start} at {values.tolist()}")
            state = make_chains(network, rng, order[0], start)
            found = []
            for here in order:
                state.use(here)
                for _ in range(burn_in):
                    state.sweep()
                found.append(measure(state, sweeps)[0])
            ways.append(found if start == "pattern" else found[::-1])
        return ways, control_values(network)

    blocks = map_blocks(one, samples, threads=threads)
    heating, cooling = (
        [collected([(ways[way][k], controls) for ways, controls in blocks]) for k in range(len(values))]
        for way in range(2)
    )
    return Hysteresis(values, heating, cooling)
