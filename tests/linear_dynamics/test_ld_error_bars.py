"""Error bars of flows over short times, and narrow lines beside their edges."""

import numpy as np
import pytest

from statphys_gen import linear_dynamics as linear


@pytest.mark.parametrize(
    ("first", "second", "target", "time"), [(3.0, 1.0, 1.0, 0.02), (1.2, -0.4, 2.0, 0.003)]
)
def test_the_error_of_a_short_flow_holds(first: float, second: float, target: float, time: float) -> None:
    """One neuron, by 4000 steps of Runge and Kutta in long double."""
    w = np.array([first, second], dtype=np.longdouble)

    def slope(w: np.ndarray) -> np.ndarray:
        return -(w[0] * w[1] - target) * w[::-1]

    step = np.longdouble(time) / 4000
    for _ in range(4000):
        a = slope(w)
        b = slope(w + step / 2 * a)
        c = slope(w + step / 2 * b)
        w = w + step / 6 * (a + 2 * b + 2 * c + slope(w + step * c))
    found = linear.flow_of_weights([[first]], [[second]], [[target]], [time])
    assert abs(float(found.product.ravel()[0]) - float(w[0] * w[1])) <= float(np.max(found.error))


@pytest.mark.parametrize("gap", [1e-7, 1e-9, 3e-5])
def test_the_lazy_loss_beside_width_d(gap: float) -> None:
    assert linear.lazy_relative_loss(1.0 - gap, 0.0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("gap", [1e-8, -1e-8, 3e-10])
def test_the_overlap_beside_the_transition(gap: float) -> None:
    """Late in training all of the signal is learned."""
    assert linear.overlap(1.0 - gap, 1.0, 1e6) == pytest.approx(1.0 - gap, abs=1e-13)
