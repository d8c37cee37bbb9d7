"""Scrambled Sobol points."""

import numpy as np
import pytest
from agreement import agrees
from scipy.stats import qmc

from statphys_gen.errors import InvalidArgument
from statphys_gen.numerics.sobol import _BITS, _direction_numbers, scrambled_sobol
from statphys_gen.statistics.estimate import Estimate


def test_direction_numbers_are_those_of_joe_and_kuo() -> None:
    count = 512
    index = np.arange(count)
    points = np.zeros((16, count), dtype=np.int64)
    for k in range(16):
        for b, number in enumerate(_direction_numbers(k)[:9]):
            points[k] ^= number * ((index >> b) & 1)
    # The other implementation visits the points in the order of Gray's code.
    expected = qmc.Sobol(16, scramble=False, bits=_BITS).random(count).T * 2.0**_BITS
    assert (points[:, index ^ (index >> 1)] == expected).all()


def test_scrambled_points_are_a_net() -> None:
    points = scrambled_sobol(1024, 16, np.random.default_rng(1))
    assert points.shape == (16, 1024)
    assert (points > 0.0).all()
    assert (points < 1.0).all()
    # One point in each interval of length 1/1024 in every coordinate, and in each of 32 x 32 cells of the first two.
    cells = np.sort((points * 1024).astype(int), axis=1)
    assert (cells == np.arange(1024)).all()
    pairs = (points[0] * 32).astype(int) * 32 + (points[1] * 32).astype(int)
    assert len(set(pairs.tolist())) == 1024


def test_averages_beat_random_points_and_are_unbiased() -> None:
    rng = np.random.default_rng(2)
    means = np.array([np.exp(scrambled_sobol(256, 4, rng).sum(axis=0)).mean() for _ in range(200)])
    exact = (np.e - 1.0) ** 4
    error = means.std(ddof=1)
    assert agrees(Estimate.from_samples(means), exact)
    # Random points: sqrt(Var/256).
    random_error = np.sqrt(((np.e**2 - 1.0) / 2.0) ** 4 - exact**2) / 16.0
    assert error < random_error / 10.0


def test_any_number_of_points_and_its_own_stream() -> None:
    points = scrambled_sobol(100, 3, np.random.default_rng(3))
    assert (points == scrambled_sobol(100, 3, np.random.default_rng(3))).all()
    assert (points != scrambled_sobol(100, 3, np.random.default_rng(4))).all()
    assert scrambled_sobol(1, 1, np.random.default_rng(3)).shape == (1, 1)


@pytest.mark.parametrize(("points", "dimensions"), [(0, 1), (2.5, 1), (2**31, 1), (8, 0), (8, 17), (8, "2")])
def test_bad_input(points: object, dimensions: object) -> None:
    with pytest.raises(InvalidArgument, match="must be an integer"):
        scrambled_sobol(points, dimensions, np.random.default_rng(0))
