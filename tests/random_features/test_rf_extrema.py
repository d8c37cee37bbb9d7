"""Which extrema of the real curve can be edges."""

import numpy as np
import pytest

from statphys_gen.errors import InvalidArgument
from statphys_gen.random_features import (
    Activation,
    GradientDescent,
    OutlierWarning,
    RandomFeatures,
    coefficients,
)
from statphys_gen.random_features.theory import edges


def test_extrema_below_zero_and_far_above_every_eigenvalue_are_no_edges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The norms of the factors bound the largest eigenvalue; a thousand times that is far above."""
    curve = edges.RealCurve.of(RandomFeatures("tanh", 6.0, 2.2, 0.2))
    scale = curve.system.scale
    values = np.array([-1.0, 0.5, 999.0 * scale, 1500.0 * scale])
    points = edges.CriticalPoints(np.arange(4.0), np.zeros(4, dtype=np.int64), values)
    monkeypatch.setattr(edges, "critical_points", lambda *args: points)
    monkeypatch.setattr(edges, "_passes_straight", lambda curve, found: np.zeros(4, dtype=bool))
    np.testing.assert_array_equal(edges.extrema(curve).value, values[1:3])


@pytest.mark.parametrize("steps", [[-1, 3], [3, 3], [2.0, 3.0], []])
def test_steps_are_increasing_and_not_negative(steps: list[float]) -> None:
    with pytest.raises(InvalidArgument, match=r"^steps"):
        GradientDescent(steps, 0.1)
    np.testing.assert_array_equal(GradientDescent([0, 3], 0.1).steps, [0, 3])


def test_a_declared_kink_at_a_small_time() -> None:
    """max(x, 0) of a user against the closed form of ReLU, where the share of one draw is narrow."""
    hinge = Activation(lambda x: np.maximum(x, 0.0), "hinge", (0.0,))
    with pytest.warns(OutlierWarning):
        found, exact = (coefficients(a, [1e-3, 0.4], 1.7) for a in (hinge, "relu"))
    for name in ("a_t", "b_t_squared", "v_t_squared", "s_t_squared"):
        np.testing.assert_allclose(getattr(found, name), getattr(exact, name), rtol=1e-9)
