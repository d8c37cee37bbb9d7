"""How far a rule for Gaussian averages reaches, and how many nodes it takes: no more than is stated."""

import math

import pytest

from statphys_gen.numerics.quadrature import gaussian_rule


@pytest.mark.parametrize("slope", [1.0, 4.0, 16.0])
def test_nodes_are_about_60_slope_and_25(slope: float) -> None:
    rule = gaussian_rule(slope, 1e-12)
    assert len(rule.nodes) == pytest.approx(60 * slope + 25, rel=0.25)
    # Where the density is the tolerance, and what the steepness of the integrand needs beyond.
    assert rule.nodes[-1] == pytest.approx(math.sqrt(2 * math.log(1e12)) + 1.2, rel=1e-12)
