"""Ground states and capacities at T = 0 against their definitions in multiple precision, limits and conventions."""

import math

import numpy as np
import pytest
import references

from statphys_gen.rbm.couplings.pairs import Bidirectional
from statphys_gen.rbm.model import Model
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.rbm.theory.zero_temperature import capacity, first_order_load, glass_state, retrieval_state
from statphys_gen.units import Binary, Gaussian, Mixture, QState, ReLU, SoftThreshold, Ternary, ZeroOne

REFERENCE = references.document("rbm_zero_temperature.json")


def model(hidden, convention="sqrt-beta", **options):
    return Model(hidden, 0.5, options.pop("load", 0.05), convention=convention, **options)


def test_hopfield_at_zero_temperature():
    largest = capacity(model(Gaussian()))
    assert largest.load == pytest.approx(0.137905566494931737843636, abs=2e-16)
    assert largest.overlap == pytest.approx(0.967417115685291592, abs=1e-15)
    equal = first_order_load(model(Gaussian()))
    assert equal.load == pytest.approx(0.05185433091891706, rel=1e-12)
    assert equal.overlap == pytest.approx(0.9999887, abs=1e-7)
    for row in REFERENCE["energies"]:
        found = retrieval_state(model(Gaussian()), row["load"])
        assert found.energy == pytest.approx(float(row["energy"]), rel=1e-15)
    for load in (0.05, 0.5):
        expected = -1 / math.pi - math.sqrt(2 * load / math.pi) - load / 2
        assert glass_state(model(Gaussian()), load).energy == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("row", REFERENCE["thresholds"], ids=lambda row: str(row["threshold"]))
def test_capacity_of_thresholded_units(row):
    load, theta = float(row["load"]), row["threshold"]
    found = capacity(model(ReLU(theta), "beta"))
    assert found.load == pytest.approx(load, rel=1e-14)
    assert found.overlap == pytest.approx(float(row["overlap"]), abs=1e-14)
    # With two tails each pattern makes twice the noise.
    assert capacity(model(SoftThreshold(theta), "beta")).load == pytest.approx(load / 2, rel=1e-14)


def test_thresholds_raise_the_temperature_of_their_instability():
    """To the digits in which H/F, active units over their mean square, is quoted."""
    hopfield = capacity(model(Gaussian()))
    for theta, growth in ((0.0, 1.0), (0.5, 1.47), (1.0, 2.11), (1.5, 2.92), (2.0, 3.94)):
        found = capacity(model(ReLU(theta), "beta"))
        assert found.at_temperature / hopfield.at_temperature == pytest.approx(growth, abs=0.006)


def test_zero_temperature_is_the_limit_of_low_temperature():
    for hidden, load in ((Gaussian(), 0.1), (ReLU(0.5), 0.4), (SoftThreshold(0.4), 0.2)):
        ground = retrieval_state(model(hidden, "beta"), load)
        temperature = np.array([0.004, 0.002, 0.001])
        warm = solve(model(hidden, "beta"), "retrieval", temperature=temperature, load=load).require()
        for name, limit in (("overlap", ground.overlap), ("hidden_edwards_anderson_overlap", ground.noise)):
            # Without the term linear in T the distance falls at least as T^(3/2).
            value = warm[name]
            distance = np.abs(2 * value[1:] - value[:-1] - limit)
            assert distance[1] < 0.5 * distance[0] + 1e-7
            assert distance[1] < 2e-4 * limit


def test_convention_decides_what_is_left_at_zero_temperature():
    assert capacity(model(Mixture(0.3))).load == pytest.approx(0.137905566494931738, rel=1e-15)
    assert capacity(model(ReLU(1.0))).load == pytest.approx(2 * 0.137905566494931738, rel=1e-15)
    for bounded in (Binary(), Ternary(1.0), ZeroOne(0.5), QState(5)):
        assert capacity(model(bounded)).load == 0.0
        assert "bounded" in capacity(model(bounded)).reason


@pytest.mark.parametrize("row", REFERENCE["memories"], ids=lambda row: str(row["layer_ratio"]))
def test_capacity_of_bidirectional_memories(row):
    ratio = row["layer_ratio"]
    found = capacity(model(Binary(), "beta", couplings=Bidirectional(ratio)))
    assert found.load == pytest.approx(float(row["load"]), rel=2e-15)
    # At the maximum of the load the overlap is as good as the root of the difference of loads.
    assert found.overlap == pytest.approx(float(row["overlap"]), abs=2e-11)


def test_exchanging_the_layers_of_a_memory_changes_which_of_them_counts_the_patterns():
    small, large = (capacity(model(Binary(), "beta", couplings=Bidirectional(r))).load for r in (0.5, 2.0))
    assert large == pytest.approx(2 * small, rel=1e-12)
