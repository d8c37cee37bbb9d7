"""Laws of neighbours, detection limits and distances of Gaussians, against mpmath, closed forms and brute force."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.errors import InsufficientSamples
from statphys_gen.memorization import (
    distinct_copies_needed,
    gaussian_frechet,
    gaussian_sliced_wasserstein,
    intrinsic_dimension,
    null_fraction,
    smallest_nameable,
    smoothed_fraction,
    smoothing_width,
)


def by_mpmath(dimension: float, ratio: float, density: float, width: float) -> mp.mpf:
    """The average over R ~ chi_D with 30 digits."""
    with mp.workdps(30):
        d, q = mp.mpf(dimension), mp.mpf(ratio) ** mp.mpf(dimension)
        s = density * mp.pi ** (d / 2) / mp.gamma(d / 2 + 1) * mp.mpf(width) ** d
        norm = 2 ** (1 - d / 2) / mp.gamma(d / 2)

        def average(t: mp.mpf) -> mp.mpf:
            cuts = [0, *(mp.sqrt(d) * f for f in (0.3, 0.6, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.3, 2, 4)), 60]
            return mp.quad(lambda r: norm * r ** (d - 1) * mp.exp(-r * r / 2 - t * r**d), cuts)

        return average(s / q) + q * (1 - average(s))


@pytest.mark.parametrize(
    ("dimension", "ratio", "density", "width"),
    [
        (1, 0.4, 30, 0.02),
        (2, 1 / 3, 600, 0.01),
        (3, 0.5, 800, 0.03),
        (5, 0.6, 1000, 0.1),
        (64, 0.9, 1e5, 0.7),
    ],
)
def test_smoothed_set_by_mpmath(dimension: float, ratio: float, density: float, width: float) -> None:
    exact = float(by_mpmath(dimension, ratio, density, width))
    assert float(smoothed_fraction(dimension, ratio, density, width)) == pytest.approx(exact, rel=3e-12)


def test_smoothed_set_in_the_plane_in_closed_form() -> None:
    h, rho, k = np.array([1e-8, 1e-3, 0.01, 0.1, 3.0]), 600.0, 0.4
    a = 2.0 * math.pi * rho * h**2
    exact = 1.0 / (1.0 + a / k**2) + k**2 * (1.0 - 1.0 / (1.0 + a))
    np.testing.assert_allclose(smoothed_fraction(2, k, rho, h), exact, rtol=1e-12)


def test_without_smoothing_all_are_copies_and_with_much_of_it_as_many_as_by_chance() -> None:
    found = smoothed_fraction(3.7, 0.55, 20.0, [0.0, 1e-9, 1e6])
    assert found.tolist() == pytest.approx([1.0, 1.0, float(null_fraction(3.7, 0.55))], rel=1e-12)


@pytest.mark.parametrize("dimension", [0.7, 2, 3.3, 20, 200])
def test_the_width_is_that_of_the_fraction(dimension: float) -> None:
    fractions = np.array([0.999, 0.85, 0.6])
    found = smoothing_width(fractions, dimension, 0.3)
    assert found.good[fractions > 0.3**dimension].all()
    for fraction, width in zip(fractions, found["width_in_spacings"], strict=True):
        density = 7.0
        h = width * density ** (-1.0 / dimension)
        if fraction > 0.3**dimension:
            assert float(smoothed_fraction(dimension, 0.3, density, h)) == pytest.approx(fraction, abs=1e-9)


def test_no_width_brings_fewer_copies_than_chance() -> None:
    found = smoothing_width([0.1, 0.3], 2, 0.4)
    assert next(iter(found.records()))["status"] == "no solution in the domain"
    assert found.good.tolist() == [False, True]


def test_chance_counts_the_ratio_to_the_power_of_the_dimension() -> None:
    found = null_fraction([1.0, 2.5, 9.0], 0.4)
    np.testing.assert_allclose(found, [0.4, 0.4**2.5, 0.4**9], rtol=1e-15)


def test_dimension_of_largest_likelihood() -> None:
    ratios = np.exp([-0.2, -0.5, -0.8, 0.0])
    found = intrinsic_dimension(ratios)
    assert float(found.mean) == pytest.approx(4 / 1.5)
    assert float(found.standard_error) == pytest.approx(4 / 1.5 / 2)
    assert float(found.degrees_of_freedom) == 3.0
    with pytest.raises(InsufficientSamples, match="2 neighbour ratios, of which 0 are below 1"):
        intrinsic_dimension([1.0, 1.0])


@pytest.mark.parametrize(
    ("n", "h", "level"), [(50_000, 10_000, 0.05), (30, 40, 0.05), (200, 20, 0.01), (5, 50, 0.2)]
)
def test_the_needed_copies_are_the_fewest_that_chance_rarely_puts_on_the_training_set(
    n: int, h: int, level: float
) -> None:
    needed = distinct_copies_needed(n, h, level)
    assert (n / (n + h)) ** needed <= level < (n / (n + h)) ** (needed - 1) or needed == 1
    assert distinct_copies_needed(50_000, 10_000) == 17


def test_the_fewest_that_can_be_named_by_the_step_up_rule() -> None:
    for g, h, q in ((200, 120, 0.1), (37, 20, 0.25), (100, 99, 0.1)):
        found = smallest_nameable(g, h, q)
        assert 1 / (h + 1) <= q * found / g * (1 + 1e-12)
        assert found == 1 or 1 / (h + 1) > q * (found - 1) / g * (1 + 1e-12)
    assert smallest_nameable(200, 120, 0.1) == 17


FIRST, SECOND = np.array([[1.3, 0.4], [0.4, 0.6]]), np.array([[0.5, -0.2], [-0.2, 1.1]])


def test_frechet_distance_of_gaussians() -> None:
    # tr (A^{1/2} B A^{1/2})^{1/2} from trace and determinant of A B, in two dimensions.
    cross = math.sqrt(np.trace(FIRST @ SECOND) + 2 * math.sqrt(np.linalg.det(FIRST @ SECOND)))
    exact = 0.3**2 + 0.7**2 + np.trace(FIRST) + np.trace(SECOND) - 2 * cross
    assert gaussian_frechet([0.1, 0.9], FIRST, [0.4, 0.2], SECOND) == pytest.approx(exact, rel=1e-12)
    assert gaussian_frechet([0.4, 0.2], FIRST, [0.4, 0.2], FIRST) == pytest.approx(0.0, abs=1e-14)


def test_sliced_distance_of_gaussians_along_axes() -> None:
    found = gaussian_sliced_wasserstein([0.1, 0.9], FIRST, [0.4, 0.2], SECOND, [[3.0, 0.0], [0.0, 0.2]])
    widths = [(math.sqrt(1.3) - math.sqrt(0.5)) ** 2, (math.sqrt(0.6) - math.sqrt(1.1)) ** 2]
    assert found == pytest.approx((0.3**2 + widths[0] + 0.7**2 + widths[1]) / 2, rel=1e-12)


def test_all_assignments_of_few_labels_bound_the_needed_copies() -> None:
    """Drawn without replacement, c points all carry a label with a probability of at most (N/(N+H))^c."""
    n, h, level = 4, 5, 0.2
    needed = distinct_copies_needed(n, h, level)
    assignments = list(itertools.combinations(range(n + h), n))
    chance = np.mean([set(range(needed)) <= set(chosen) for chosen in assignments])
    assert chance <= level
