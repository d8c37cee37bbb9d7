"""ReLU and sign averaged over all noise: the closed Hermite coefficients against adaptive quadrature."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import eval_hermitenorm

from statphys_gen.random_features.model import Activation
from statphys_gen.random_features.simulation.matrices import _hermite_averages, averaged_products

SHIFT, DEVIATION = np.array([[-1.2, 0.0, 0.4], [0.7, -0.1, 2.0]]), np.array([0.6, 0.9])


@pytest.mark.parametrize("name", ["relu", "sign"])
def test_closed_averages(name: str) -> None:
    activation = Activation.named(name)
    table, square = _hermite_averages(activation, SHIFT, DEVIATION, 12)
    for i, j in np.ndindex(SHIFT.shape):
        h, s = SHIFT[i, j], DEVIATION[i]

        def average(power: int, order: int, h: float = h, s: float = s) -> float:
            def integrand(z: float) -> float:
                density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi * math.factorial(order))
                return (
                    float(activation(np.array(h + s * z))) ** power
                    * float(eval_hermitenorm(order, z))
                    * density
                )

            return sum(quad(integrand, *ends, epsabs=1e-13)[0] for ends in ((-12.0, -h / s), (-h / s, 12.0)))

        assert square[i, j] == pytest.approx(average(2, 0), abs=1e-12)
        for order in (0, 1, 2, 3, 7, 11):
            assert table[order, i, j] == pytest.approx(average(1, order), abs=1e-12)


@pytest.mark.parametrize("name", ["relu", "sign"])
def test_without_data_the_products_are_the_kernels(name: str) -> None:
    """The series with shifts that are almost 0, against the arc-cosine and arc-sine kernels."""
    r = np.array([[1.0, 0.3, -0.2], [0.3, 1.0, 0.1], [-0.2, 0.1, 1.0]])
    deviation = np.array([0.5, 1.0, 1.5])
    activation = Activation.named(name)
    closed = averaged_products(activation, np.zeros((3, 1)), deviation, r)
    series = averaged_products(activation, np.full((3, 1), 1e-9), deviation, r)
    for one, two in zip(closed, series, strict=True):
        np.testing.assert_allclose(two, one, atol=2e-8)
