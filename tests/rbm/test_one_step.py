"""One step of replica-symmetry breaking: stationarity of its free energy, limits, and its own stability."""

import numpy as np
import pytest

from statphys_gen.rbm.lines import spinodal
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.one_step import _unknowns, one_step_capacity, solve_one_step
from statphys_gen.rbm.one_step_equations import OneStepEquations
from statphys_gen.rbm.priors import Binary, Gaussian
from statphys_gen.rbm.replica_symmetric import solve
from statphys_gen.rbm.zero_temperature import capacity, glass_state
from statphys_gen.solution import Status

DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
HOPFIELD = Model(Gaussian(), 1.0, 0.1, convention="beta")
MEMORY = Model(Binary(), 1.0, 0.1, convention="beta", ensemble="bidirectional")
STATES = [
    (HOPFIELD, "glass", 0.0, 0.5),
    (HOPFIELD, "retrieval", 0.0, 0.137),
    (MEMORY, "glass", 0.0, 0.3),
    (MEMORY, "retrieval", 0.0, 0.19),
    (HOPFIELD, "glass", 0.3, 0.1),
]


@pytest.mark.parametrize(
    ("model", "start", "temperature", "load"), STATES, ids=lambda x: getattr(x, "ensemble", str(x))
)
def test_the_free_energy_is_stationary(model, start, temperature, load):
    found = solve_one_step(model, start, temperature=temperature, load=load).require()
    equations = OneStepEquations(model, start == "retrieval", temperature)
    x = _unknowns(equations, found.value)
    for k, name in enumerate(equations.names):
        unit = np.zeros_like(x)
        unit[k] = 0.01 * x[k]
        points = np.stack([x + s * j * unit for j in range(1, 5) for s in (1, -1)])
        values = equations.free_entropy_over_beta(points, np.full(8, load))
        slope = sum(w * (values[2 * j] - values[2 * j + 1]) for j, w in enumerate(DIFFERENCE)) / unit[k]
        # The free energy hardly depends on the Parisi parameter of a weakly broken state.
        assert abs(slope) < 1e-8, name


def test_the_broken_glass_is_more_stable_than_the_symmetric_one_and_still_unstable():
    broken = solve_one_step(HOPFIELD, "glass", temperature=0.3, load=0.1).require()
    symmetric = solve(HOPFIELD, "glass", temperature=0.3, load=0.1).require()
    worst = min(float(broken["inner_replicon"]), float(broken["outer_replicon"]))
    assert float(symmetric["replicon"]) < worst < 0.0
    assert float(broken["free_energy"]) > float(symmetric["free_energy"])


def test_replicons_are_the_symmetric_one_where_nothing_is_broken():
    """Equations at q_0 = q_1: both replicons are that of the symmetric state."""
    for model, load in ((HOPFIELD, 0.1), (MEMORY, 0.2)):
        symmetric = solve(model, "glass", temperature=0.6, load=load).require()
        equations = OneStepEquations(model, False, 0.6)
        own = (1.0 - float(symmetric["edwards_anderson_overlap"])) / 0.6
        other = (1.0 - float(symmetric["hidden_edwards_anderson_overlap"])) / 0.6
        # A breaking so small that nothing differs, at any Parisi parameter.
        columns = [own, 1e-9, 1.5] + [other, 1e-9] * equations.two_layers
        inner, outer = equations.replicons(np.array([columns]), np.array([load]))
        assert float(inner[0]) == pytest.approx(float(symmetric["replicon"]), abs=1e-6)
        assert float(outer[0]) == pytest.approx(float(symmetric["replicon"]), abs=1e-6)


def test_the_free_energy_is_the_symmetric_one_where_nothing_is_broken():
    for model, load in ((HOPFIELD, 0.1), (MEMORY, 0.2)):
        symmetric = solve(model, "glass", temperature=0.6, load=load).require()
        equations = OneStepEquations(model, False, 0.6)
        own = (1.0 - float(symmetric["edwards_anderson_overlap"])) / 0.6
        other = (1.0 - float(symmetric["hidden_edwards_anderson_overlap"])) / 0.6
        columns = [own, 1e-9, 1.5] + [other, 1e-9] * equations.two_layers
        broken = -float(equations.free_entropy_over_beta(np.array([columns]), np.array([load]))[0])
        assert broken == pytest.approx(float(symmetric["free_energy"]), abs=1e-8)


def test_where_the_end_of_the_symmetric_branch_is_stable_it_is_the_capacity():
    for model, temperature in ((HOPFIELD, 0.03), (MEMORY, 0.1)):
        symmetric = spinodal(model, temperature=temperature).require()
        found = one_step_capacity(model, temperature=temperature).require()
        assert float(found["load"]) == float(symmetric["load"])
        assert float(found["q_0"]) == float(found["edwards_anderson_overlap"])
        assert float(found["p"]) * temperature == pytest.approx(1.0, rel=1e-15)
        near = solve_one_step(model, "retrieval", temperature=temperature, load=0.9 * float(found["load"]))
        assert near.status == Status.NO_SOLUTION


def test_capacity_with_a_broken_end_at_finite_temperature():
    """Breaking raises the capacity, and less than at T = 0."""
    cold = one_step_capacity(HOPFIELD).require()
    warm = one_step_capacity(HOPFIELD, temperature=0.02).require()
    symmetric = [capacity(HOPFIELD).load, float(spinodal(HOPFIELD, temperature=0.02).require()["load"])]
    assert 0 < float(warm["load"]) - symmetric[1] < float(cold["load"]) - symmetric[0]
    assert float(warm["q_0"]) < float(warm["edwards_anderson_overlap"])


def test_one_step_glass_lies_above_the_symmetric_one():
    symmetric = glass_state(HOPFIELD, 0.5).energy
    broken = solve_one_step(HOPFIELD, "glass", load=0.5).require()
    assert symmetric < float(broken["free_energy"]) < symmetric + 0.03


def test_one_step_glass_at_finite_temperature():
    guess = [0.65, 0.1, 4.6]
    warm = solve_one_step(HOPFIELD, "glass", load=0.1, temperature=0.3, guess=guess).require()
    assert 0 < float(warm["q_0"]) < float(warm["edwards_anderson_overlap"]) < 1
    plain = solve(HOPFIELD, "glass", load=0.1, temperature=0.3).require()
    assert 0 < float(warm["free_energy"]) - float(plain["free_energy"]) < 0.02


def test_one_step_of_large_load_is_that_of_the_sherrington_kirkpatrick_model():
    """E / sqrt(load) -> the ground state of the SK model with one step, -0.7652 (Parisi 1980), as load -> infinity."""
    loads = np.array([80.0, 320.0])
    found = solve_one_step(HOPFIELD, "glass", load=loads).require()
    # The self-interaction contributes -load/2.
    scaled = (found["free_energy"] + loads / 2) / np.sqrt(loads)
    assert 2 * scaled[1] - scaled[0] == pytest.approx(-0.7652, abs=1e-4)
