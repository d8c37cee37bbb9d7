"""One step of replica-symmetry breaking: stationarity of its free energy, limits, and its own stability."""

import numpy as np
import pytest
import references

from statphys_gen.rbm.couplings.pairs import Bidirectional
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory import one_step_layers
from statphys_gen.rbm.theory.lines import spinodal
from statphys_gen.rbm.theory.one_step import _unknowns, one_step_capacity, solve_one_step
from statphys_gen.rbm.theory.one_step_equations import OneStepEquations
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.rbm.theory.zero_temperature import capacity, glass_state
from statphys_gen.solution import Status
from statphys_gen.units import Binary, Gaussian

REFERENCE = references.document("rbm_one_step.json")
DIFFERENCE = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
HOPFIELD = Model(Gaussian(), 1.0, 0.1, convention="beta")
MEMORY = Model(Binary(), 1.0, 0.1, convention="beta", couplings=Bidirectional())
STATES = [
    (HOPFIELD, "glass", 0.0, 0.5),
    (HOPFIELD, "retrieval", 0.0, 0.137),
    (MEMORY, "glass", 0.0, 0.3),
    (MEMORY, "retrieval", 0.0, 0.19),
    (HOPFIELD, "glass", 0.3, 0.1),
    # Between the end of the symmetric branch and that of the broken one, and where the lower branch is nearer.
    (HOPFIELD, "retrieval", 0.0, 0.1381),
    (MEMORY, "retrieval", 0.0, 0.2011),
    (HOPFIELD, "retrieval", 0.001, 0.1376),
]


@pytest.mark.parametrize(
    ("model", "start", "temperature", "load"),
    STATES,
    ids=lambda x: x.couplings.name if isinstance(x, Model) else str(x),
)
def test_the_free_energy_is_stationary(model, start, temperature, load):
    found = solve_one_step(model, start, temperature=temperature, load=load).require()
    stationary(OneStepEquations(model, start == "retrieval", temperature), found.value, load)


def stationary(equations, value, load):
    """By differences along every unknown."""
    x = _unknowns(equations, value)
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


def test_where_the_end_of_the_symmetric_branch_is_stable_it_is_the_capacity():
    symmetric = spinodal(HOPFIELD, temperature=0.03).require()
    found = one_step_capacity(HOPFIELD, temperature=0.03).require()
    assert float(found["load"]) == float(symmetric["load"])
    assert float(found["q_0"]) == float(found["edwards_anderson_overlap"])
    assert float(found["p"]) * 0.03 == pytest.approx(1.0, rel=1e-15)
    near = solve_one_step(HOPFIELD, "retrieval", temperature=0.03, load=0.9 * float(found["load"]))
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


def test_one_step_of_large_load_is_that_of_the_sherrington_kirkpatrick_model():
    """E / sqrt(load) -> the ground state of the SK model with one step, -0.7652 (Parisi 1980), as load -> infinity."""
    loads = np.array([80.0, 320.0])
    found = solve_one_step(HOPFIELD, "glass", load=loads).require()
    # The self-interaction contributes -load/2.
    scaled = (found["free_energy"] + loads / 2) / np.sqrt(loads)
    assert 2 * scaled[1] - scaled[0] == pytest.approx(-0.7652, abs=1e-4)


@pytest.mark.parametrize("row", REFERENCE["states"], ids=lambda row: row["name"])
def test_states_agree_with_the_stationary_point_of_the_double_average(row):
    model = MEMORY.replace(layer_ratio=row["ratio"]) if row["ratio"] else HOPFIELD
    T, retrieval = row["temperature"], row["overlap"] > 0
    guess = None
    if retrieval:
        p = row["x"] / T
        layer = [(1.0 - row["q_1"]) / T, p * (row["q_1"] - row["q_0"])]
        layers = 1 + (row["ratio"] > 0)
        guess = [*layer, 1.0 / p, *layer * (layers - 1), *[row["overlap"]] * layers]
        # Away from the answer, so that the equations have to find it.
        guess = [1.001 * value for value in guess]
    start = "retrieval" if retrieval else "glass"
    found = solve_one_step(model, start, temperature=T, load=row["load"], guess=guess).require()
    assert float(found["q_0"]) == pytest.approx(row["q_0"], abs=1e-10)
    assert float(found["edwards_anderson_overlap"]) == pytest.approx(row["q_1"], abs=1e-10)
    assert float(found["p"]) * T == pytest.approx(row["x"], rel=1e-7)
    assert float(found["free_energy"]) == pytest.approx(row["free_energy"], abs=1e-12)


@pytest.mark.parametrize("row", REFERENCE["ends"], ids=lambda row: row["name"])
def test_capacities_agree_with_the_maximum_of_the_load(row):
    """Steffan and Kuehn, Z. Phys. B 95 (1994) 249, print 0.138186 for Hopfield networks."""
    model = HOPFIELD if row["name"] == "hopfield" else MEMORY
    found = one_step_capacity(model).require()
    assert float(found["load"]) == pytest.approx(row["load"], abs=1e-12)
    assert float(found["overlap"]) == pytest.approx(row["overlap"], abs=1e-6)
    assert row["load"] > capacity(model).load
    if model is HOPFIELD:
        assert row["load"] == pytest.approx(0.138186, abs=6e-7)


@pytest.mark.parametrize(("model", "load"), [(HOPFIELD, 0.1), (MEMORY, 0.2)], ids=["hopfield", "memory"])
def test_parisi_parameters_zero_and_one_are_symmetric(model, load):
    """At x = 1 only q_0 counts, at x -> 0 only q_1, and the free energy is that of the symmetric theory."""
    T = 0.6
    symmetric = solve(model, "glass", temperature=T, load=load).require()
    equations = OneStepEquations(model, False, T)
    layers = [float(symmetric["edwards_anderson_overlap"])]
    layers += [float(symmetric["hidden_edwards_anderson_overlap"])] * equations.two_layers
    rows = []
    for x in (1.0, 1e-4, 1e-5):
        p = x / T
        inner, outer = (1.3, 1.0) if x == 1.0 else (1.0, 0.6)
        columns = [((1.0 - inner * q) / T, p * (inner - outer) * q) for q in layers]
        rows.append([*columns[0], 1.0 / p, *(columns[1] if len(columns) > 1 else ())])
    values = -equations.free_entropy_over_beta(np.array(rows), np.full(3, load))
    expected = float(symmetric["free_energy"])
    assert values[0] == pytest.approx(expected, abs=1e-11)
    assert (10.0 * values[2] - values[1]) / 9.0 == pytest.approx(expected, abs=1e-8)
    assert abs(values[1] - expected) > 1e-7


def test_the_glass_tends_to_that_of_zero_temperature():
    cold = solve_one_step(HOPFIELD, "glass").require()
    equations = OneStepEquations(HOPFIELD, False, 0.0)
    state, f = cold, []
    for T in (0.02, 0.04, 0.08, 0.16):
        guess = _unknowns(equations, state.value)
        state = solve_one_step(HOPFIELD, "glass", temperature=T, guess=guess).require()
        f.append(float(state["free_energy"]))
    ground = float(cold["free_energy"])
    # To second order in T: what is left falls with the third power.
    near, far = ((8 * f[k] - 6 * f[k + 1] + f[k + 2]) / 3 - ground for k in range(2))
    assert abs(near) < abs(far) / 4
    assert abs(near) < 2e-5


def test_retrieval_is_followed_along_its_stable_branch():
    """At T = 0.015 and load 0.1376 the lower branch has m = 0.958859 and f = -0.57019658, and is not what is meant."""
    found = solve_one_step(HOPFIELD, "retrieval", temperature=0.015, load=[0.1376, 0.1381, 0.1383])
    assert found.status.tolist() == [Status.CONVERGED] * 2 + [Status.NO_SOLUTION]
    assert found["overlap"][0] == pytest.approx(0.973542, abs=5e-7)
    assert found["free_energy"][0] == pytest.approx(-0.57021328, abs=5e-9)
    single = {name: entry[0] for name, entry in found.value.items()}
    stationary(OneStepEquations(HOPFIELD, True, 0.015), single, 0.1376)
    assert found["overlap"][1] < found["overlap"][0]
    cold = solve_one_step(HOPFIELD, "retrieval", load=[0.12, 0.138, 0.13815, 0.1382])
    assert cold.status.tolist() == [Status.CONVERGED] * 3 + [Status.NO_SOLUTION]
    # Along the branch df/dload is the derivative at fixed order parameters; at T = 0 by a difference of solutions.
    equations = OneStepEquations(HOPFIELD, True, 0.0)
    x = np.array([_unknowns(equations, {name: entry[1] for name, entry in cold.value.items()})])
    loads = 0.138 + np.array([2e-6, -2e-6])
    fixed = [-float(equations.free_entropy_over_beta(x, loads[k : k + 1])[0]) for k in range(2)]
    solved = solve_one_step(HOPFIELD, "retrieval", load=loads).require()["free_energy"]
    assert solved[0] - solved[1] == pytest.approx(fixed[0] - fixed[1], rel=1e-5)


def test_the_end_where_symmetry_is_hardly_broken_and_far_below_the_breaking():
    """The broken end lies above the symmetric one by the square of the replicon there, as everything near a fold."""
    ratios = []
    for T in (0.024, 0.0245):
        broken, symmetric = one_step_capacity(HOPFIELD, temperature=T), spinodal(HOPFIELD, temperature=T)
        assert broken.good
        gap = float(broken["load"]) - float(symmetric["load"])
        ratios.append(gap / float(symmetric["replicon"]) ** 2)
    assert ratios[1] == pytest.approx(ratios[0], rel=0.05)
    cold = [float(one_step_capacity(HOPFIELD, temperature=T).require()["load"]) for T in (0.0, 0.001, 0.002)]
    # To first order in T, with a little curvature.
    assert 0 < cold[1] - cold[0] == pytest.approx(0.5 * (cold[2] - cold[0]), rel=0.1)


@pytest.mark.parametrize("temperature", [0.01, 0.003])
def test_averages_far_below_the_width_are_those_of_the_common_grid(temperature, monkeypatch):
    point = (np.array([0.97]), np.array([0.1]), np.array([0.1225]), np.array([7.0]), temperature, 1.0)
    averages = []
    for broad in (1e9, 1.0):
        monkeypatch.setattr(one_step_layers, "_BROAD", broad)
        found = one_step_layers.layer_averages(*point)
        averages.append([float(value[0]) for value in vars(found).values()])
    np.testing.assert_allclose(averages[0], averages[1], rtol=3e-12)
