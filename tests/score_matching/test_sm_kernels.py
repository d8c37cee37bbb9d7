"""Tails of Gaussians and sums over knots against 50 digits and against sums written out."""

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.score_matching.theory import kernels


def test_the_table_of_the_tail_is_the_interpolation_of_its_function() -> None:
    def function(r: mp.mpf) -> mp.mpf:
        if r == 1:
            return 5 / (4 * mp.sqrt(2 * mp.pi))
        t = 5 * (1 + r) / (1 - r)
        return (1 + 5 * t / 4) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2)) / 2

    with mp.workdps(50):
        series = mp.chebyfit(function, [-1, 1], 24)
        points = map(mp.mpf, np.linspace(-1.0, 1.0, 301).tolist())
        rest = max(abs(mp.polyval(series, r) - function(r)) for r in points)
    assert [float(c) for c in series] == kernels._TAIL.tolist()
    assert rest < 2e-17


@pytest.mark.parametrize("sigma", [0.35, 4.0])
def test_moments_on_either_side_keep_their_digits(sigma: float) -> None:
    """Between the points, on them, and in the tails, where e^(-u^2/2) knows its exponent to a rounding of u^2."""
    shares, centres = np.array([0.2, 0.5, 0.3]), np.array([-1.3, 0.0, 0.8])
    positions = np.concatenate([sigma * np.linspace(-30.0, 30.0, 61), [-0.0, 0.8, -1.3, 0.45, -0.7]])
    u = (positions - centres[:, None]) / sigma
    below, above, density = kernels.moments_beside(u, np.exp(-0.5 * u * u), shares, centres, sigma, positions)
    with mp.workdps(50):
        for k, z in enumerate(map(mp.mpf, positions.tolist())):
            wanted, sizes, height = mp.zeros(3, 2), mp.zeros(3, 2), mp.mpf(0)
            for share, c in zip(map(mp.mpf, shares), map(mp.mpf, centres), strict=True):
                bell = share * sigma * mp.npdf((z - c) / sigma)
                height += bell / mp.mpf(sigma) ** 2
                for side, sign in enumerate((1, -1)):
                    mass = share * mp.erfc(sign * (c - z) / (sigma * mp.sqrt(2))) / 2
                    terms = ((mass, 0), (c * mass, -sign * bell))
                    terms += (((c * c + mp.mpf(sigma) ** 2) * mass, -sign * (c + z) * bell),)
                    for n, (one, other) in enumerate(terms):
                        wanted[n, side] += one + other
                        sizes[n, side] += abs(one) + abs(other)
            nearest = float(np.abs(u[:, k]).min())
            accuracy = 2e-16 * (8.0 + nearest**2)
            assert abs(mp.mpf(float(density[k])) - height) < accuracy * height
            for side, found in enumerate((below, above)):
                for n in range(3):
                    off = abs(mp.mpf(float(found[n, k])) - wanted[n, side])
                    assert off < accuracy * sizes[n, side], (float(z), n, side)


def test_far_beyond_the_points_nothing_is_left() -> None:
    positions = np.array([-1e200, 1e200])
    u = positions[None]
    with np.errstate(over="ignore"):
        bell = np.exp(-0.5 * u * u)
    below, above, density = kernels.moments_beside(u, bell, np.ones(1), np.zeros(1), 1.0, positions)
    assert below.T.tolist() == [[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]
    assert above.T.tolist() == [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert not density.any()


def test_sums_over_active_neurons_and_active_segments() -> None:
    """With m knots a rising neuron is active on the segments behind its own knot, a falling one on those before."""
    rng = np.random.default_rng(4)
    rising = rng.random(9) < 0.5
    active = np.array([[rising[j] == (k > j) for k in range(10)] for j in range(9)], dtype=float)
    steps, parts = rng.standard_normal((2, 9)), rng.standard_normal((2, 10))
    assert kernels.over_neurons(rising, steps) == pytest.approx(steps @ active, rel=1e-13, abs=1e-15)
    assert kernels.over_segments(rising, parts) == pytest.approx(parts @ active.T, rel=1e-13, abs=1e-15)
