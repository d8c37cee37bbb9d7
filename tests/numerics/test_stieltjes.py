"""Spectra from inverse maps, against the laws of Marchenko-Pastur, Wigner and a rank-one deformation."""

import numpy as np
import pytest

from statphys_gen.errors import AccuracyNotReached, NotConverged
from statphys_gen.numerics.bulk_series import boundary_values
from statphys_gen.numerics.spectral_edges import critical_points, outliers, support
from statphys_gen.numerics.stieltjes import SelfConsistent, inverse_map, resolve

RATIO = 0.4


def marchenko_pastur() -> SelfConsistent:
    """z(m) = -1/m + 1/(1 + RATIO m) has the law with edges (1 -+ sqrt(RATIO))^2."""
    return inverse_map(
        lambda m: -1.0 / m + 1.0 / (1.0 + RATIO * m),
        lambda m: 1.0 / m**2 - RATIO / (1.0 + RATIO * m) ** 2,
        scale=3.0,
    )


def wigner() -> SelfConsistent:
    return inverse_map(lambda m: -m - 1.0 / m, lambda m: -1.0 + 1.0 / m**2, scale=2.0)


EDGES = (1.0 - np.sqrt(RATIO)) ** 2, (1.0 + np.sqrt(RATIO)) ** 2


def exact_density(x: np.ndarray) -> np.ndarray:
    return np.sqrt((x - EDGES[0]) * (EDGES[1] - x)) / (2.0 * np.pi * RATIO * x)


def test_density_on_the_real_axis() -> None:
    x = np.linspace(EDGES[0], EDGES[1], 102)[1:-1]
    m = resolve(marchenko_pastur(), x.astype(complex))[:, 0]
    np.testing.assert_allclose(m.imag / np.pi, exact_density(x), rtol=1e-11)


def test_transform_off_the_axis_and_outside_of_the_support() -> None:
    z = np.array([0.5 + 1e-3j, 2.0 + 1.0j, -1.0 + 0.0j, 5.0 + 0.0j])
    expected = (1.0 - RATIO - z) / (2.0 * RATIO * z)
    root = np.sqrt(z - EDGES[0]) * np.sqrt(z - EDGES[1]) / (2.0 * RATIO * z)
    np.testing.assert_allclose(resolve(marchenko_pastur(), z)[:, 0], expected + root, rtol=1e-12)


def test_edges_as_critical_points_and_support() -> None:
    # m on three branches between the poles 0 and -1/RATIO.
    def curve(t: np.ndarray, branch: np.ndarray) -> np.ndarray:
        m = np.select([branch == 0, branch == 1], [np.exp(t), -np.exp(t)], -1.0 / RATIO - np.exp(t))
        return -1.0 / m + 1.0 / (1.0 + RATIO * m)

    grid = np.linspace(-8.0, 8.0, 200)
    inside = grid[np.exp(grid) < 1.0 / RATIO]
    found = critical_points(curve, [(0, grid), (1, inside), (2, grid)])
    np.testing.assert_allclose(np.sort(found.value), EDGES, rtol=1e-13)
    bulks = support(marchenko_pastur(), [0.0, *found.value, 10.0])
    np.testing.assert_allclose(bulks, [EDGES], rtol=1e-13)


def test_a_pair_of_extrema_between_two_points_of_the_grid_is_found() -> None:
    found = critical_points(lambda t, branch: t**3 - 1e-6 * t, [(0, np.linspace(-1.01, 1.0, 30))])
    np.testing.assert_allclose(np.sort(found.parameter), [-np.sqrt(1e-6 / 3), np.sqrt(1e-6 / 3)], rtol=1e-10)


def test_a_pole_is_not_an_edge() -> None:
    assert (
        critical_points(lambda t, branch: 1.0 / (t - 0.123) ** 2, [(0, np.linspace(-1, 1, 40))]).value.size
        == 0
    )


@pytest.mark.parametrize(("system", "edges"), [(marchenko_pastur(), EDGES), (wigner(), (-2.0, 2.0))])
def test_boundary_values_integrate_to_the_moments(system: SelfConsistent, edges: tuple[float, float]) -> None:
    bulk = boundary_values(system, *edges)
    density = bulk.value[:, 0].imag / np.pi
    moments = [float(bulk.integral(density * bulk.position**k)) for k in range(4)]
    expected = [1.0, 0.0, 1.0, 0.0] if edges[0] < 0 else [1.0, 1.0, 1.0 + RATIO, 1.0 + 3 * RATIO + RATIO**2]
    np.testing.assert_allclose(moments, expected, atol=1e-11)
    assert len(bulk.angle) <= 144
    x = np.linspace(*edges, 50)[1:-1]
    exact = exact_density(x) if edges[0] > 0 else np.sqrt(4.0 - x * x) / (2.0 * np.pi)
    for values in (bulk.interpolate(x), bulk.polished(system, x)):
        np.testing.assert_allclose(values[:, 0].imag / np.pi, exact, rtol=1e-8)


def test_a_wrong_edge_is_refused() -> None:
    with pytest.raises((AccuracyNotReached, NotConverged)):
        boundary_values(wigner(), -2.0, 1.5, max_nodes=2000)


@pytest.mark.parametrize("strength", [0.9, 1.5, 3.0])
def test_outlier_of_a_rank_one_deformation(strength: float) -> None:
    """Wigner plus a rank-one matrix of size theta: an outlier at theta + 1/theta for theta above 1."""
    system = wigner()

    def condition(x: np.ndarray) -> np.ndarray:
        return 1.0 + strength * resolve(system, np.asarray(x, dtype=complex).ravel())[:, 0].real.reshape(
            np.shape(x)
        )

    found = outliers(condition, 2.0 + 1e-6, 10.0, 100)
    expected = [strength + 1.0 / strength] if strength > 1.0 else []
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_light_bulk_beside_a_heavy_atom() -> None:
    """A semicircle of weight 1e-6 beside an atom whose tail is larger than its density."""
    weight, radius = 1e-6, 0.1

    def position_residual(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        # x_0: transform of the semicircle; x_1: the mixture.
        semicircle = x[:, 0] * (z - 1.0) + 1.0 + (radius / 2) ** 2 * x[:, 0] ** 2
        return np.stack(
            [semicircle, x[:, 1] * (0.5 - z) - ((1 - weight) + weight * x[:, 0] * (0.5 - z))], axis=1
        )

    def jacobian(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        matrix = np.zeros((len(z), 2, 2), dtype=complex)
        matrix[:, 0, 0] = z - 1.0 + 2 * (radius / 2) ** 2 * x[:, 0]
        matrix[:, 1, 0] = -weight * (0.5 - z)
        matrix[:, 1, 1] = 0.5 - z
        return matrix

    system = SelfConsistent(
        position_residual,
        jacobian,
        lambda x, z: np.stack([x[:, 0], -x[:, 1] + weight * x[:, 0]], axis=1),
        lambda z: np.stack([-1.0 / z, -1.0 / z], axis=1),
        lambda x, z: (x.imag > 0).all(axis=1),
        2.0,
    )
    np.testing.assert_allclose(support(system, [0.0, 0.5, 0.9, 1.1, 2.0], unknown=1), [(0.9, 1.1)])
