"""Variance of the information density, which no mean shows, by drawing from the definition.

The density at (a, x) is log p(x|a) - log P(x).
"""

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import DiscreteProduct
from statphys_gen.diffusion.theory.excess_entropy import within_classes


@pytest.mark.parametrize("time", [0.3, 0.9])
def test_two_values_by_quadrature(time):
    """A coordinate that is 1 with probability 3/4 and -1 else."""
    values, shares = np.array([1.0, -1.0]), np.array([0.75, 0.25])
    noise, nodes = -np.expm1(-2.0 * time), np.linspace(-9.0, 9.0, 4001)
    weights = np.exp(-0.5 * nodes**2) / np.exp(-0.5 * nodes**2).sum()
    mean = square = 0.0
    for value, share in zip(values, shares, strict=True):
        x = np.exp(-time) * value + np.sqrt(noise) * nodes
        logs = -0.5 * (x[:, None] - np.exp(-time) * values) ** 2 / noise
        density = -0.5 * nodes**2 - np.log(np.exp(logs) @ shares)
        mean += share * float(weights @ density)
        square += share * float(weights @ density**2)
    found = within_classes(DiscreteProduct.binary(5, 0.5), np.array([np.expm1(2.0 * time)]))
    assert found.information[0, 0] == pytest.approx(5 * mean, rel=1e-8)
    assert found.variance[0, 0] == pytest.approx(5 * (square - mean**2), rel=1e-8)


def test_gaussian_data_by_the_moments_of_normal_numbers():
    """Per direction the density is log(1 + r)/2 + (x^2/Gamma - z^2)/2: its variance is 1 - corr^2 = r/(1 + r)."""
    eigenvalues, counts, time = np.array([2.0, 0.3]), np.array([3, 4]), 0.7
    excess = np.expm1(2.0 * time)
    expected = 0.0
    for value, count in zip(eigenvalues, counts, strict=True):
        # x = sqrt(Gamma) y with corr(y, z)^2 = D / Gamma; Var(y^2/2 - z^2/2) = 1 - corr^2.
        gamma, noise = np.exp(-2.0 * time) * value - np.expm1(-2.0 * time), -np.expm1(-2.0 * time)
        expected += count * (1.0 - noise / gamma)
    found = within_classes(Covariance.from_eigenvalues(eigenvalues, counts), np.array([excess]))
    assert found.variance[0, 0] == pytest.approx(expected, rel=1e-12)
