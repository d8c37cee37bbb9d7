"""Early diffusion times: a noise that rounding of 1 would swallow."""

import numpy as np
import pytest

from statphys_gen.random_features import RandomFeatures, learning_curves
from statphys_gen.random_features.theory.filters import relaxation_rate


@pytest.mark.parametrize("time", [1e-12, 1e-16, 1e-20, 1e-100])
def test_score_error_tends_to_a_limit(time: float) -> None:
    """Everything but the rate of training is that of a later time, up to terms of its order."""
    early, later = (RandomFeatures("tanh", 2.0, 3.0, t) for t in (time, 1e-9))
    curves = [learning_curves(m, np.array([0.01, 1.0, 30.0]) / relaxation_rate(m)) for m in (early, later)]
    np.testing.assert_allclose(curves[0].score_error, curves[1].score_error, rtol=1e-6)
