"""The smallest legal data set, two training points, by a quadrature that shares nothing with the theory.

Given the distance D of the two points, the log-odds of the own point at time t are normal with mean x and variance 2 x,
x = exp(-2t) D^2 / (2 (1 - exp(-2t))); D^2 is 2 s^2 times a chi-square number with d degrees of freedom.
"""

import numpy as np
import pytest
from agreement import agrees
from scipy import integrate, stats
from scipy.special import expit, ndtr

from statphys_gen.data.covariance import Covariance
from statphys_gen.diffusion.simulation.collapse import simulate_collapse
from statphys_gen.diffusion.theory.finite_size_collapse import isotropic_collapse

DIMENSION, VARIANCE = 4, 0.6


def of_two(time: float) -> tuple[float, float, float]:
    """Entropy, participation, and probability that the own point is the nearer one."""
    ratio = VARIANCE / np.expm1(2.0 * time)

    def averages(chi: float) -> np.ndarray:
        x = chi * ratio
        nodes = np.linspace(-9.0, 9.0, 721)
        weights = np.exp(-0.5 * nodes**2)
        p = np.clip(expit(x + np.sqrt(2.0 * x) * nodes), 1e-300, 1.0 - 1e-16)
        entropy = -p * np.log(p) - (1.0 - p) * np.log1p(-p)
        both = [weights @ entropy / weights.sum(), weights @ (p**2 + (1.0 - p) ** 2) / weights.sum()]
        return np.array([*both, ndtr(np.sqrt(0.5 * x))]) * stats.chi2.pdf(chi, DIMENSION)

    found = integrate.quad_vec(averages, 1e-12, 80.0, epsabs=1e-11)[0]
    return float(found[0]), float(found[1]), float(found[2])


@pytest.mark.parametrize("time", [0.1, 0.5, 1.3])
def test_the_law_of_two_points_is_that_of_quadrature(time):
    found = isotropic_collapse(DIMENSION, VARIANCE, 2, time)
    expected = of_two(time)
    for name, value in zip(("entropy", "participation", "own_nearest"), expected, strict=True):
        assert float(getattr(found, name)) == pytest.approx(value, rel=1e-7)


def test_two_points_are_simulated_as_they_are():
    run = simulate_collapse(
        Covariance.isotropic(VARIANCE, DIMENSION), 0.5, 2, walkers=20, instances=2000, seed=5
    )
    entropy, participation, nearest = of_two(0.5)
    assert agrees(run.entropy, entropy)
    assert agrees(run.participation, participation)
    assert agrees(run.top_one, nearest)
