"""Places of lines from a few temperatures: exact values in place of measured ones leave what is stated."""

import numpy as np

from statphys_gen.rbm.checks.common import sqrt_beta
from statphys_gen.rbm.checks.lines import _end_of_branch, _vanishing
from statphys_gen.rbm.theory.lines import at_line, glass_line, spinodal
from statphys_gen.rbm.theory.replica_symmetric import solve
from statphys_gen.units.continuous import Gaussian
from statphys_gen.units.discrete import Binary


def test_the_end_of_the_paramagnet_from_exact_susceptibilities() -> None:
    model, temperatures = sqrt_beta(Binary(), 0.9, 0.4), np.array([0.9, 1.05, 1.3])
    inverse = solve(model, "paramagnet", temperature=temperatures)["inverse_spin_glass_susceptibility"]
    exact = float(glass_line(model)["temperature"])
    np.testing.assert_allclose(_vanishing(temperatures.tolist(), 2.0, 1.0 / inverse), exact, rtol=1e-9)


def test_the_line_in_a_field_from_exact_susceptibilities() -> None:
    model, temperatures = sqrt_beta(Binary(), 0.5, 0.4, visible_field=0.4), np.array([0.38, 0.46, 0.6])
    inverse = solve(model, "glass", temperature=temperatures)["inverse_spin_glass_susceptibility"]
    exact = float(at_line(model, "glass")["temperature"])
    np.testing.assert_allclose(_vanishing(temperatures.tolist(), 1.0, 1.0 / inverse), exact, rtol=0.006)


def test_no_place_where_nothing_vanishes() -> None:
    assert np.isnan(_vanishing([1.0, 2.0, 4.0], 1.0, 1.0 / np.array([1.5, 1.0, 0.75])))


def test_the_end_of_retrieval_from_exact_overlaps() -> None:
    model, temperatures = sqrt_beta(Gaussian(0.7), 0.4, 0.02), np.array([0.33, 0.39, 0.45])
    overlaps = solve(model, "retrieval", temperature=temperatures)["overlap"]
    exact = float(spinodal(model, solve_for="temperature")["temperature"])
    np.testing.assert_allclose(_end_of_branch(temperatures.tolist(), overlaps), exact, rtol=0.005)


def test_no_end_of_a_branch_that_does_not_turn() -> None:
    """A gain that falls with the overlap leaves no largest temperature."""
    overlaps = np.array([0.9, 0.8, 0.7])
    assert np.isnan(_end_of_branch((overlaps / np.arctanh(overlaps)).tolist(), overlaps))
