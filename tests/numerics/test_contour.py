"""Functions of a matrix by contours, against its eigenvalues."""

import numpy as np
import pytest

from statphys_gen.errors import AccuracyNotReached
from statphys_gen.numerics.contour import logarithmic_contour, one_point, require_mass, two_point

EIGENVALUES = np.geomspace(1e-4, 20.0, 9)
WEIGHTS = np.linspace(0.5, 1.5, 9)


def transform(z: np.ndarray) -> np.ndarray:
    return (WEIGHTS / (EIGENVALUES - z[:, None])).sum(axis=1)


def filters(x: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), 1.0 / x, -np.expm1(-1e3 * x) / x, np.exp(-x), 1.0 / (x + 0.1)])


@pytest.mark.parametrize("nodes", [None, 500, 800])
@pytest.mark.parametrize("closeness", [0.3, 0.5])
def test_one_point_functions_of_a_diagonal_matrix(nodes: int | None, closeness: float) -> None:
    contour = logarithmic_contour(1e-4, 20.0, nodes, closeness=closeness)
    found = one_point(contour, filters(contour.node), transform(contour.node))
    expected = filters(EIGENVALUES) @ WEIGHTS
    np.testing.assert_allclose(found.value, expected, rtol=2e-12)
    assert (np.abs(found.value - expected) <= found.error + 1e-13 * np.abs(expected)).all()


def test_two_point_functions_of_two_matrices_that_do_not_commute() -> None:
    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((5, 5))
    matrix = matrix @ matrix.T + 0.3 * np.eye(5)
    middle = generator.standard_normal((5, 5))
    values, vectors = np.linalg.eigh(matrix)
    contour = logarithmic_contour(values[0], values[-1])

    def resolvents(z: np.ndarray) -> np.ndarray:
        return np.linalg.inv(matrix - z[:, None, None] * np.eye(5))

    left, right = resolvents(contour.node), resolvents(contour.node.conj())
    same = np.einsum("iab,bc,jca->ij", left, middle, left)
    opposite = np.einsum("iab,bc,jca->ij", left, middle, right)
    f = filters(contour.node)
    found = two_point((contour, contour), f, f[::-1], same, opposite)
    for k in range(5):
        one, two = ((vectors * filters(values)[j]) @ vectors.T for j in (k, 4 - k))
        assert found.value[k] == pytest.approx(np.trace(one @ middle @ two), rel=1e-11)


def test_a_shifted_contour_encloses_zero() -> None:
    contour = logarithmic_contour(0.0, 3.0, shift=0.2)
    eigenvalues = np.array([0.0, 1e-6, 3.0])
    values = (1.0 / (eigenvalues - contour.node[:, None])).sum(axis=1)
    found = one_point(contour, -np.expm1(-contour.node) / contour.node, values)
    assert found.value == pytest.approx(1.0 - np.expm1(-1e-6) / 1e-6 - np.expm1(-3.0) / 3.0, rel=1e-12)


def test_a_part_of_the_spectrum_alone() -> None:
    contour = logarithmic_contour(EIGENVALUES[3], EIGENVALUES[5], outside=(EIGENVALUES[2], EIGENVALUES[6]))
    found = one_point(contour, contour.node**2, transform(contour.node))
    assert found.value == pytest.approx(WEIGHTS[3:6] @ EIGENVALUES[3:6] ** 2, rel=1e-12)


def test_a_contour_that_cuts_the_spectrum_is_noticed() -> None:
    contour = logarithmic_contour(1e-2, 20.0)
    require_mass(contour, 1.0 / (1.0 - contour.node), 1.0, "one eigenvalue")
    with pytest.raises(AccuracyNotReached, match="cuts through a bulk"):
        require_mass(contour, transform(contour.node), float(WEIGHTS.sum()), "eigenvalues")


def test_too_few_nodes_show_in_the_estimated_error() -> None:
    contour = logarithmic_contour(1e-4, 20.0, 48)
    found = one_point(contour, filters(contour.node), transform(contour.node))
    distance = np.abs(found.value - filters(EIGENVALUES) @ WEIGHTS)
    assert distance.max() > 1e-6
    assert (found.error > distance).all()
