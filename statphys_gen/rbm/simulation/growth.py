"""Growth of a small overlap under block Gibbs sampling, where the whole hidden layer carries the pattern."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ... import validation
from ...statistics.estimate import Estimate
from ..model import Model
from .network import draw_network, stream


def simulate_growth_temperature(
    model: Model,
    temperatures: Sequence[float],
    visible_units: int,
    *,
    overlap: float = 0.05,
    chains: int = 200,
    blocks: int = 24,
    seed: int = 0,
) -> Estimate:
    """The temperature at which one sweep leaves a small overlap as it is, between two temperatures.

    Without noise of other patterns an overlap evolves by itself, so that it neither grows nor decays under a sweep
    where the paramagnet becomes unstable. The factor of growth is interpolated linearly in the inverse temperature.

    Parameters
    ----------
    model : with ``Repeated`` couplings, +-1 visible units and the convention "sqrt-beta".
    temperatures : two, on both sides of the transition.
    overlap : of the visible units with the pattern before the sweep; cubic terms are neglected.
    """
    size = validation.integer("visible_units", visible_units, minimum=10)
    found = []
    for block in range(validation.integer("blocks", blocks, minimum=2)):
        network = draw_network(model, size, seed=seed, instance=block)
        rng = stream(model, size, seed, block, "growth")
        pattern, factors = network.patterns[:, 0].astype(np.float64), []
        for temperature in temperatures:
            coupling = 1.0 / np.sqrt(temperature)
            up = rng.random((chains, size)) < 0.5 * (1.0 + overlap)
            visible = np.where(up, pattern, -pattern)
            hidden = model.hidden.sample(rng, coupling * (visible @ network.weights))
            after = model.visible.sample(rng, coupling * (hidden @ network.weights.T))
            factors.append(float((after @ pattern).mean() / (visible @ pattern).mean()))
        low, high = (1.0 / temperature for temperature in temperatures)
        found.append([1.0 / (low + (1.0 - factors[0]) / (factors[1] - factors[0]) * (high - low))])
    return Estimate.from_samples(found)
