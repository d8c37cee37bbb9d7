"""Spectra with finitely many draws of the noise, whose bulks are made by extrema close to a pole of the real curve."""

import numpy as np
import pytest

from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.edges import bulk_edges
from statphys_gen.random_features.theory.spectrum import spectrum


@pytest.mark.parametrize("ratio", [0.5, 1.001, 1.01, 1.03, 1.3])
def test_the_light_bulk_of_many_draws(ratio: float) -> None:
    """Mass and moments hold it to account: it has 97 % of the modes."""
    model = RandomFeatures("sin", 33.1149, 0.331149 * ratio, 1.69594, noise_draws=100)
    assert len(bulk_edges(model)) == 2
    assert spectrum(model).residual < 1e-8


@pytest.mark.parametrize(
    ("samples", "time"), [(0.546, 0.016), (0.66, 0.01), (0.807, 0.002), (0.873, 1.28e-4), (0.895, 5.3e-4)]
)
def test_directions_that_no_sample_occupies(samples: float, time: float) -> None:
    model = RandomFeatures("linear", 4.601, samples, time, noise_draws=7)
    assert len(bulk_edges(model)) == 2
    assert spectrum(model).residual < 1e-8


def test_a_matrix_has_its_eigenvalues_there() -> None:
    """One draw of the model with linear features, from the definition."""
    dimension, features, samples, draws, time = 200, 4.6, 0.66, 7, 0.01
    rng = np.random.default_rng(3)
    count = round(samples * dimension)
    weights = rng.standard_normal((round(features * dimension), dimension))
    data = np.repeat(rng.standard_normal((count, dimension)), draws, axis=0)
    noise = rng.standard_normal(data.shape)
    noised = np.exp(-time) * data + np.sqrt(-np.expm1(-2.0 * time)) * noise
    # The d eigenvalues that are not 0, of a product in the other order.
    factor = np.linalg.cholesky(noised.T @ noised / len(noised))
    found = np.linalg.eigvalsh(factor.T @ (weights.T @ weights / dimension) @ factor)
    edges = bulk_edges(RandomFeatures("linear", features, samples, time, noise_draws=draws))
    np.testing.assert_allclose([found[0], found[-1]], [edges[0, 0], edges[-1, 1]], rtol=0.1)
    assert ((found > 1.05 * edges[0, 1]) & (found < 0.95 * edges[1, 0])).sum() <= 1
