"""Exact averages of a small network: every state of one layer, with the other layer summed or integrated.

The oracle of the samplers. One layer must be discrete, with at most 65536 states altogether (16 binary units); the
units of the other layer are independent given these, and their densities are integrated as the definition states them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import FloatArray
from ...errors import InvalidArgument
from .gibbs import Settings
from .network import Network, field_moments, log_density

_MOST_STATES = 65536


@dataclass(frozen=True)
class Enumeration:
    """The exact law of a network.

    Attributes
    ----------
    layer : the layer that was enumerated, "visible" or "hidden".
    states : its states, (states, units).
    probability : of each state.
    log_partition : log Z, with the normalisation of the model.
    visible_mean, hidden_mean : of every unit.
    visible_square, hidden_square : mean of the square of every unit.
    interaction : mean of sum_ia (W_0)_ia s_i h_a.
    """

    layer: str
    states: FloatArray
    probability: FloatArray
    log_partition: float
    visible_mean: FloatArray
    visible_square: FloatArray
    hidden_mean: FloatArray
    hidden_square: FloatArray
    interaction: float

    def sample(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Independent states of the enumerated layer, (count, units)."""
        cumulative = self.probability.cumsum()
        index = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
        return self.states[np.minimum(index, len(self.states) - 1)]

    def index(self, states: NDArray[np.floating]) -> NDArray[np.int64]:
        """Number of each state of the enumerated layer, (count, units) -> (count,)."""
        values = np.unique(self.states)
        digits = np.abs(np.asarray(states)[:, :, None] - values).argmin(axis=2)
        weights = len(values) ** np.arange(self.states.shape[1] - 1, -1, -1)
        return np.asarray(digits @ weights, dtype=np.int64)


def enumerate_network(network: Network, settings: Settings | None = None) -> Enumeration:
    """All states of the visible layer, or of the hidden one where only that is discrete.

    Parameters
    ----------
    network : a small one.
    settings : of one chain; those of the model by default.
    """
    model = network.model
    chosen = Settings.of(model, 1) if settings is None else settings
    coupling, power = float(chosen.coupling[0]), float(chosen.power[0])
    weights = coupling * network.weights.astype(np.float64)
    visible_field = float(chosen.offset[0]) + float(chosen.along[0]) * network.along.astype(np.float64)
    hidden_field = np.zeros(network.hidden_units)
    if model.visible.states is not None:
        first, second = (model.visible, 1.0, visible_field), (model.hidden, power, hidden_field)
        layer = "visible"
    elif model.hidden.states is not None:
        first, second = (model.hidden, power, hidden_field), (model.visible, 1.0, visible_field)
        weights, layer = weights.T, "hidden"
    else:
        raise InvalidArgument("network", model.hidden.name, "one with a layer of discrete units")
    prior, own_power, own_field = first
    values = np.sort(np.asarray(prior.states))
    units = len(weights)
    if len(values) ** units > _MOST_STATES:
        raise InvalidArgument("network", f"{units} {layer} units", f"one with at most {_MOST_STATES} states")
    states = np.array(list(itertools.product(values, repeat=units)))
    other, other_power, other_field = second
    log, mean, square = field_moments(other, states @ weights + other_field, other_power)
    exponent = log_density(prior, states, own_power).sum(axis=1) + states @ own_field + log.sum(axis=1)
    largest = exponent.max()
    mass = np.exp(exponent - largest)
    probability = mass / mass.sum()
    averages = {
        layer: (probability @ states, probability @ states**2),
        "hidden" if layer == "visible" else "visible": (probability @ mean, probability @ square),
    }
    interaction = float(probability @ ((states @ weights) * mean).sum(axis=1)) / coupling
    return Enumeration(
        layer,
        states,
        probability,
        float(largest + np.log(mass.sum())),
        *averages["visible"],
        *averages["hidden"],
        interaction,
    )
