"""Compiled sums of the samplers against the same sums written out."""

import numpy as np

from statphys_gen.data.kernels import isotropic_projections, log_cosh_sums


def test_projections_of_points_that_are_kept() -> None:
    """The same stream draws the points themselves."""
    means = np.array([[0.5, -1.0, 2.0, 0.3], [-0.2, 0.4, 0.1, 1.5]])
    deviations, components = np.array([0.7, 1.3]), np.array([1, 0, 1])
    squares, products = np.empty(3), np.empty((3, 2))
    isotropic_projections(np.random.default_rng(5), components, means, deviations, squares, products)
    z = np.random.default_rng(5).standard_normal((3, 4))
    x = means[components] + deviations[components][:, None] * z
    np.testing.assert_allclose(squares, (x**2).sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(products, x @ means.T, rtol=1e-12)


def test_sums_of_log_cosh() -> None:
    fields, nodes = np.array([[0.3, -2.0, 5.0], [0.0, 1.0, -1.0]]), np.array([-0.4, 0.0, 1.7])
    sums = np.empty((2, 3))
    log_cosh_sums(fields, nodes, sums)
    both = nodes[None, :, None] + fields[:, None, :]
    expected = np.log(2 * np.cosh(both)).sum(axis=2) - np.abs(fields).sum(axis=1)[:, None]
    np.testing.assert_allclose(sums, expected, rtol=1e-13)
