"""Simulations of biased and of learned networks, by numbers that need no theory of windows."""

import math

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.schedules import Autoencoder, NoiseGrid, TwoClasses, autoencoder_weight
from statphys_gen.schedules.simulation.autoencoder import simulate_weight
from statphys_gen.schedules.simulation.samplers import TwoClassDenoiser
from statphys_gen.schedules.simulation.training import (
    simulate_bias,
    simulate_sensitivity,
    simulate_training,
)

CLASSES = TwoClasses(3, 4.6, 0.36, 0.72)


def test_a_bias_is_another_weight() -> None:
    """With the same bias at every level the network is that of another p: dp/dh = 2 p (1-p) = .4032."""
    levels = (*np.geomspace(30.0 * CLASSES.norm, 0.05 * CLASSES.norm, 30).tolist(), 0.0)
    found = simulate_sensitivity(CLASSES, NoiseGrid(levels, "heun", "mean"), lambda s: 1.0, 0.2, 40_000)
    both = [1.0 / (1.0 + math.exp(-math.log(0.72 / 0.28) - 2.0 * h)) for h in (0.2, -0.2)]
    assert agrees(found, (both[0] - both[1]) / 0.4)
    assert float(found.standard_error) < 0.02
    biased = TwoClassDenoiser(CLASSES)(np.ones((2, 3)), 6.0, np.array([0.3, -0.1]))
    for row, bias in enumerate((0.3, -0.1)):
        odds = 0.72 / 0.28 * math.exp(2.0 * bias)
        other = TwoClassDenoiser(TwoClasses(3, 4.6, 0.36, odds / (1.0 + odds)))(np.ones((1, 3)), 6.0)
        np.testing.assert_allclose(biased[row], other[0], rtol=1e-12)


def test_learned_bias_far_from_the_classes() -> None:
    """At large S a draw tells +-1 of mean tanh(h + bias): variance 4p(1-p), slope 1/cosh^2 h, V1 = 1/(4p(1-p))."""
    far = TwoClasses(2, 1000.0, 0.36, 0.72)
    found = simulate_bias(far, 300.0 * far.norm, 1000, 1500)
    assert agrees(found, 1.0 / math.sqrt(4.0 * 0.72 * 0.28))
    assert float(found.standard_error) < 0.05


def test_more_draws_leave_less_of_the_spread() -> None:
    levels = np.geomspace(400.0, 60.0, 6).tolist()
    below = (*np.geomspace(59.9, 2.0, 12).tolist(), 0.0)
    far = TwoClasses(3, 25.0, 0.36, 0.72)
    few, many = (simulate_training(far, levels, [n] * 6, below, 300).mean for n in (400, 1600))
    assert 0.4 < many / few < 0.6


def test_trained_networks_at_small_dimension() -> None:
    model = Autoencoder((4, 2), 0.64, 0.2, 0.05)
    exact = float(autoencoder_weight(model, 2.2, 5).mean)
    found = simulate_weight(model, 2.2, 5, 4000, 2000, instances=6)
    assert float(found.mean) == pytest.approx(exact, abs=0.03)
