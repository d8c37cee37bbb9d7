"""The free entropy without couplings, by enumeration of single units, for chains of several temperatures."""

import math

import numpy as np
import pytest

from statphys_gen.rbm import Model, draw_network
from statphys_gen.rbm.simulation.free_entropy import uncoupled_free_entropy
from statphys_gen.rbm.simulation.gibbs import Settings
from statphys_gen.units import Ternary


def test_it_is_that_of_the_first_chain() -> None:
    cost, field, temperatures = 0.7, 0.3, (0.8, 1.9)
    models = [Model(Ternary(cost), t, 0.5, convention="beta", visible_field=field) for t in temperatures]
    network = draw_network(models[0], 12, seed=1)
    parts = [Settings.of(model, 1) for model in models]
    names = ("coupling", "power", "offset", "along")
    joined = Settings(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    exact = []
    for t in temperatures:
        visible = math.log(2 * math.cosh(field / t))
        # Of the states 0 and +-1 of a hidden unit, the latter at the cost over the temperature.
        hidden = math.log(1 + 2 * math.exp(-cost / t))
        exact.append(visible + 0.5 * hidden)
    assert uncoupled_free_entropy(network, joined) == pytest.approx(exact[0], rel=1e-9)
    assert abs(exact[0] - exact[1]) > 0.05
