"""The angle of a spherical layer to its field in few dimensions, where the law is elementary."""

import numpy as np
import pytest
from agreement import agrees
from scipy.special import ive

from statphys_gen.statistics import Estimate
from statphys_gen.units.continuous import _sample_cosine


@pytest.mark.parametrize("dimension", [2, 3, 4])
def test_mean_cosine_is_a_ratio_of_bessel_functions(dimension: int) -> None:
    """I_{d/2}(k) / I_{d/2 - 1}(k), in three dimensions coth k - 1/k."""
    k = 1.5
    rng = np.random.default_rng(dimension)
    cosine = _sample_cosine(rng, np.full(20_000, k), dimension)
    exact = float(ive(dimension / 2, k) / ive(dimension / 2 - 1, k))
    if dimension == 3:
        assert exact == pytest.approx(1 / np.tanh(k) - 1 / k, rel=1e-12)
    assert agrees(Estimate.from_samples(cosine), exact)
