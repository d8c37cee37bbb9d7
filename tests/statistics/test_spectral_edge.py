"""The edge from two extreme eigenvalues, against ensembles whose edge is known exactly."""

import numpy as np
import pytest
from agreement import agrees
from scipy.linalg import eigh_tridiagonal

from statphys_gen.errors import InvalidArgument
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.spectral_edge import edge_of_extremes


def extremes(size: int, count: int, upper: bool, seed: int) -> np.ndarray:
    """(count, 2): the eigenvalues of the real Gaussian ensemble at one end of [-2, 2], by its tridiagonal form."""
    rng, rows = np.random.default_rng(seed), []
    chosen = (size - 2, size - 1) if upper else (0, 1)
    for _ in range(count):
        diagonal = rng.standard_normal(size) * np.sqrt(2.0 / size)
        beside = np.sqrt(rng.chisquare(np.arange(size - 1, 0, -1)) / size)
        found = eigh_tridiagonal(diagonal, beside, select="i", select_range=chosen, eigvals_only=True)
        rows.append(found[::-1] if upper else found)
    return np.array(rows)


@pytest.mark.parametrize("upper", [False, True])
def test_the_edge_of_the_gaussian_ensemble(upper: bool) -> None:
    """Remainder of order 1/N: with N - 1/2 in place of N, as its edge moves, nothing of that order is left."""
    size = 400
    rows = extremes(size, 1500, upper, 11 + upper)
    edge = (2.0 if upper else -2.0) * np.sqrt(1.0 - 0.5 / size)
    assert agrees(Estimate.from_samples(edge_of_extremes(rows[:, 0], rows[:, 1])), edge)
    # The extreme eigenvalue itself is off by mu_1 N^(-2/3).
    assert abs(rows[:, 0].mean() - edge) > 0.6 * 1.2 * size ** (-2.0 / 3.0)


def test_shapes_are_compared() -> None:
    with pytest.raises(InvalidArgument, match="next_to_it"):
        edge_of_extremes([1.0, 2.0], [1.0])
