"""Lines over the whole range on which a model has them, and capacities at extreme layer ratios."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from statphys_gen.rbm import (
    Bidirectional,
    Model,
    at_line,
    capacity,
    dominant_state,
    first_order_line,
    glass_line,
    spinodal,
)
from statphys_gen.rbm.theory.zero_temperature import _pairs_capacity
from statphys_gen.solution import Status
from statphys_gen.units import Binary, Gaussian, Mixture, ReLU, Ternary

HOPFIELD = Model(Gaussian(), 1.0, 0.1, convention="sqrt-beta")


def test_glass_lines_at_all_loads():
    load = np.array([1e-8, 1e-5, 0.003, 0.006, 1.0, 100.0, 1000.0])
    found = glass_line(HOPFIELD, load=load).require()
    np.testing.assert_allclose(found["temperature"], 1.0 + np.sqrt(load), rtol=1e-11)
    for variance in (1e-5, 1e4):
        model = Model(Gaussian(variance), 1.0, 0.1, convention="sqrt-beta")
        found = glass_line(model, load=load).require()
        np.testing.assert_allclose(found["temperature"], variance * (1.0 + np.sqrt(load)), rtol=1e-11)
    found = glass_line(Model(Binary(), 1.0, 0.1, convention="sqrt-beta"), load=load[1:]).require()
    np.testing.assert_allclose(found["temperature"], np.sqrt(load[1:]), rtol=1e-11)
    found = glass_line(Model(Binary(), 1.0, 0.1, convention="beta"), load=load[1:]).require()
    np.testing.assert_allclose(found["temperature"], load[1:] ** 0.25, rtol=1e-11)
    delta, root = 0.3, np.sqrt(load[1:])
    found = glass_line(Model(Mixture(delta), 1.0, 0.1, convention="sqrt-beta"), load=load[1:]).require()
    right = delta + 0.5 * root + 0.5 * np.sqrt(root**2 + 4.0 * delta * (1.0 - delta) * root)
    np.testing.assert_allclose(found["temperature"], right, rtol=1e-11)


def test_instability_lines_below_two_hundredths():
    found = at_line(HOPFIELD, load=np.array([0.12, 0.137])).require()
    # The equations of the retrieval state and load beta^2 E sech^4 = (1 - beta (1 - q))^2 by damped iteration.
    np.testing.assert_allclose(found["temperature"], [0.00498793, 0.01795173], atol=5e-9)


def cold_instability(load):
    """Temperature of the line in a Hopfield network where it is small: with the density rho of the local field at 0,
    E sech^2 = 2 T rho, E sech^4 = 4 T rho / 3 and r = (1 - 2 rho)^-2, so that T = 4 load rho r / 3."""

    def state(y):
        """m, r and rho at m = sqrt(2 load r) y."""
        m = math.erf(y)
        root = m / (math.sqrt(2.0) * y)
        rho = math.exp(-y * y) / (math.sqrt(2.0 * math.pi) * root)
        return root, rho

    def mismatch(y):
        root, rho = state(y)
        return root * (1.0 - 2.0 * rho) - math.sqrt(load)

    root, rho = state(brentq(mismatch, 1.6, 30.0))
    return 4.0 / 3.0 * rho * root * root


def test_instability_lines_in_the_cold():
    load = [0.04, 0.05, 0.06]
    right = [cold_instability(value) for value in load]
    found = at_line(HOPFIELD, load=load)
    assert found.status.tolist() == [Status.NOT_CONVERGED] + [Status.CONVERGED] * 2
    np.testing.assert_allclose(found["temperature"][1:], right[1:], rtol=1e-6)
    found = at_line(HOPFIELD, load=load[:2], between=(1e-8, 1e-3)).require()
    np.testing.assert_allclose(found["temperature"], right[:2], rtol=1e-6)


def test_glass_lines_at_loads_beyond_the_first_interval():
    temperature = np.array([1.00001, 100.0, 1e4, 0.5])
    found = glass_line(HOPFIELD, solve_for="load", temperature=temperature)
    np.testing.assert_allclose(found["load"][:3], (temperature[:3] - 1.0) ** 2, rtol=1e-9)
    assert found.status[3] == Status.NOT_CONVERGED


def test_what_is_known_to_be_no_line():
    # The paramagnet loses its stability at temperature 2.
    assert glass_line(HOPFIELD, load=[1.0], between=(1.5, 5.0)).good.all()
    assert glass_line(HOPFIELD, load=[1.0], between=(3.0, 5.0)).status == Status.NO_SOLUTION
    # m = E tanh(m/T + ...) has no root at T > 1; below, the branch ends at a load that is too small to be looked for.
    found = spinodal(HOPFIELD, temperature=[0.5, 0.999999, 1.2])
    assert found.status.tolist() == [Status.CONVERGED, Status.NOT_CONVERGED, Status.NO_SOLUTION]
    found = first_order_line(HOPFIELD, solve_for="load", temperature=[0.5, 1.2])
    assert found.status.tolist() == [Status.CONVERGED, Status.NO_SOLUTION]
    # No load that large is stored at any temperature.
    assert spinodal(HOPFIELD, solve_for="temperature", load=[0.2]).status == Status.NO_SOLUTION
    bounded = Model(Ternary(0.5), 0.4, 0.05, convention="beta")
    for line in (at_line, spinodal):
        assert line(bounded, solve_for="temperature", load=[0.01, 0.1]).status.tolist() == [3, 3]


def test_a_weight_that_is_solved_for_is_not_the_weight_of_the_model():
    """Units that are bounded in the model retrieve at other weights of the batch."""
    model = Model(Mixture(0.0), 0.2, 0.01, convention="sqrt-beta")
    weight = np.array([0.6, 0.9])
    found = dominant_state(model, gaussian_weight=weight)
    assert (found.dominant == "retrieval").all()
    other = dominant_state(Model(Mixture(0.9), 0.2, 0.01, convention="sqrt-beta"), temperature=[0.2])
    right = other.solutions["retrieval"]["overlap"][0]
    assert found.solutions["retrieval"]["overlap"][1] == pytest.approx(right, abs=1e-10)


def test_an_end_in_temperature_next_to_the_largest_load():
    """The largest load lies between two temperatures of the scan."""
    top = spinodal(HOPFIELD, temperature=np.linspace(0.006, 0.02, 15)).require()
    load = float(top["load"].max()) - 1e-8
    found = spinodal(HOPFIELD, solve_for="temperature", load=[load]).require()
    back = spinodal(HOPFIELD, temperature=found["temperature"]).require()
    assert float(back["load"][0]) == pytest.approx(load, abs=1e-11)


@pytest.mark.parametrize("threshold", [0.3, 2.0])
def test_lines_that_were_not_found_are_not_denied(threshold):
    model = Model(ReLU(threshold), 1.0, 0.1, convention="sqrt-beta")
    found = at_line(model, load=[1e-4, 1e-3])
    # In the limit of cold the field of every visible unit has a density at 0: there is a line, far below 1e-6.
    assert (found.status == Status.NOT_CONVERGED).all()


@pytest.mark.parametrize(("hidden", "temperature"), [(Gaussian(), [0.3, 0.9]), (ReLU(0.3), [0.9])])
def test_first_order_lines_in_both_directions(hidden, temperature):
    model = Model(hidden, 1.0, 0.1, convention="sqrt-beta")
    found = first_order_line(model, temperature=temperature).require()
    back = first_order_line(model, solve_for="temperature", load=found["load"]).require()
    np.testing.assert_allclose(back["temperature"], temperature, rtol=1e-7)


def test_spinodal_of_a_cold_mixture_of_three():
    """At this temperature q is 1 to rounding along the scan."""
    model = Model(Gaussian(), 0.02, 0.1, convention="sqrt-beta", condensed=3)
    found = spinodal(model, temperature=0.02)
    assert found.status.item() in (0, 1, 2, 3)
    if found.good.all():
        assert 0.0 < float(found["load"]) < 0.138


@pytest.mark.parametrize("ratio", [1e-5, 1e-3, 0.03])
def test_capacity_with_few_hidden_units(ratio):
    """Exchanging the layers turns a machine of ratio x and load y into one of ratio 1/x and load y/x."""
    few = capacity(Model(Binary(), 1.0, 0.1, convention="beta", couplings=Bidirectional(ratio)))
    many = capacity(Model(Binary(), 1.0, 0.1, convention="beta", couplings=Bidirectional(1.0 / ratio)))
    assert few.load == pytest.approx(ratio * many.load, rel=1e-10)
    if ratio == 1e-3:
        assert few.load == pytest.approx(4.9635e-4, rel=1e-4)


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.9])
def test_both_ways_to_a_capacity(ratio):
    direct, overlap = _pairs_capacity(ratio)
    exchanged, other = _pairs_capacity(1.0 / ratio)
    assert direct.load == pytest.approx(ratio * exchanged.load, rel=1e-10)
    # Where the load is largest it does not fix the overlap: the root of the load's rounding.
    assert (direct.overlap, overlap) == pytest.approx((other, exchanged.overlap), rel=1e-6)
    assert direct.energy == pytest.approx(ratio**2 * exchanged.energy, rel=1e-6)
    assert direct.at_temperature == pytest.approx(ratio * exchanged.at_temperature, rel=1e-5)
