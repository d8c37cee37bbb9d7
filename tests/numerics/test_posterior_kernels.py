"""The compiled exponential of the posterior sums against 40 digits, over the whole range that it is used in."""

import mpmath as mp
import numpy as np

from statphys_gen.numerics.kernels_posterior import _exponentials


def test_exponentials_to_four_units_in_the_sixteenth_digit() -> None:
    x = np.concatenate([np.linspace(-80.0, 0.0, 801), -np.geomspace(1e-12, 80.0, 400)])
    found, power = x.copy(), np.empty_like(x)
    _exponentials(found, power, power.view(np.int64), len(x))
    with mp.workdps(40):
        exact = [mp.exp(mp.mpf(float(value))) for value in x]
        relative = [abs(mp.mpf(float(a)) / b - 1) for a, b in zip(found, exact, strict=True)]
    assert float(max(relative)) < 4e-16
