"""Which extrema of the real curve can be edges."""

import numpy as np
import pytest

from statphys_gen.random_features import RandomFeatures
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
