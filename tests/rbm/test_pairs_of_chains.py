"""Overlaps of different chains at the smallest number of them: no chain is paired with itself."""

import numpy as np

from statphys_gen.rbm.simulation.measurement import _between


def test_two_chains_have_one_pair() -> None:
    means = np.array([[0.5, -1.0, 0.25], [0.2, 0.4, -0.8]], dtype=np.float32)
    expected = (0.5 * 0.2 - 1.0 * 0.4 - 0.25 * 0.8) / 3
    np.testing.assert_allclose(_between(means), expected, rtol=1e-6)
