"""States next to a pole of the Gaussian integrals, which a long step in beta or of the iteration would cross."""

import numpy as np
import pytest

from statphys_gen.rbm.couplings.pairs import Bidirectional
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.units import ReLU, Ternary


def test_the_entropy_is_the_slope_of_the_free_energy_next_to_a_pole() -> None:
    model = Model(ReLU(2.0), 1.0, 0.1, convention="beta")
    temperature, step = np.array([0.98, 0.99, 1.0]), 1e-4
    found = solve(model, "glass", temperature=temperature).require()
    assert (found["pattern_stability"] < 0.025).all()
    shifts = step * np.array([-2.0, -1.0, 1.0, 2.0])[:, None]
    free = solve(model, "glass", temperature=temperature + shifts).require()["free_energy"]
    slope = (8.0 * (free[2] - free[1]) - (free[3] - free[0])) / (12.0 * step)
    assert -slope == pytest.approx(found["entropy"], abs=1e-9)


def test_the_paramagnet_of_two_layers_is_found_where_a_saturated_start_has_no_integral() -> None:
    """Ternary units with self-overlap R < 1: at T < 1 the product D would exceed 1 at R = 1."""
    model = Model(Ternary(0.0), 0.97, 0.02, convention="beta", couplings=Bidirectional())
    found = solve(model, "paramagnet").require()
    beta, size = 1.0 / 0.97, float(found["hidden_self_overlap"])
    # R = 2 w / (1 + 2 w), w = exp(tilt/2), tilt = load beta^2 / (1 - beta^2 R): written out here.
    weight = 2.0 * np.exp(0.5 * 0.02 * beta**2 / (1.0 - beta**2 * size))
    assert size == pytest.approx(weight / (1.0 + weight), abs=1e-12)
    assert size < 0.7


def test_a_glass_whose_rough_iteration_goes_to_and_fro_across_a_pole_is_found() -> None:
    """Two layers with ternary units: q grows smoothly with the load, without gaps."""
    model = Model(Ternary(0.2), 0.1, 0.08, convention="beta", couplings=Bidirectional())
    found = solve(model, "glass", load=np.array([0.07, 0.08, 0.09, 0.1])).require()
    assert (np.diff(found["edwards_anderson_overlap"]) > 0).all()
    assert np.abs(np.diff(found["edwards_anderson_overlap"], 2)).max() < 1e-3
