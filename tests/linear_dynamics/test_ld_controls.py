"""Means with controls of known mean, of several quantities at once."""

import numpy as np

from statphys_gen.linear_dynamics.simulation.control_variates import controlled_mean


def test_each_quantity_has_its_own_regression() -> None:
    """By the formula of simple regression: the mean at control 0, and its error from the residuals."""
    random = np.random.default_rng(3)
    c = random.standard_normal(12)
    samples = 1.5 * c[:, None, None] * np.array([[1.0, -2.0, 0.5]]) + random.standard_normal((12, 1, 3))
    found = controlled_mean(samples, c[:, None])
    assert found.shape == (1, 3)
    for k in range(3):
        y = samples[:, 0, k]
        spread = ((c - c.mean()) ** 2).sum()
        slope = ((c - c.mean()) * (y - y.mean())).sum() / spread
        at_zero = y.mean() - slope * c.mean()
        rest = y - at_zero - slope * c
        error = np.sqrt((rest**2).sum() / 10 * (1 / 12 + c.mean() ** 2 / spread))
        np.testing.assert_allclose(found.mean[0, k], at_zero, rtol=1e-12)
        np.testing.assert_allclose(found.standard_error[0, k], error, rtol=1e-12)
    assert (found.degrees_of_freedom == 10.0).all()
