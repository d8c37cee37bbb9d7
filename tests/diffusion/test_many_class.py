"""Clone agreement of many classes, unequal covariances and trees; the signal of pairs."""

import csv
from pathlib import Path

import numpy as np
import pytest

from statphys_gen.data.binary_channel import two_class_agreement
from statphys_gen.data.laws import GaussianMixture
from statphys_gen.diffusion.theory.class_signal import pairwise_signals, signal
from statphys_gen.diffusion.theory.clones import (
    clone_agreement,
    hierarchical_agreement,
    hierarchical_speciation_times,
)
from statphys_gen.diffusion.theory.many_class import (
    chi_square_rule,
    class_kernel,
    common_covariance_agreement,
    gaussian_ratio_agreement,
    isotropic_agreement,
)
from statphys_gen.diffusion.theory.two_class_special import two_variance_agreement
from statphys_gen.errors import InvalidArgument
from statphys_gen.solution import Status

TABLE = Path(__file__).parents[1] / "reference" / "diffusion_clone_agreement.csv"
with TABLE.open() as file:
    REFERENCE = {(row["quantity"], row["arguments"]): float(row["value"]) for row in csv.DictReader(file)}

TRIANGLE = GaussianMixture([0.5, 0.3, 0.2], [[0.9, 0.2], [-0.7, 0.8], [0.1, -1.3]], 1.0)


def test_three_classes_in_the_plane() -> None:
    # Variance 1 stays 1, so that t = 0 is the definition itself.
    result = common_covariance_agreement(TRIANGLE, 0.0)
    expected = REFERENCE["plane", "triangle"]
    assert float(result.value) == pytest.approx(expected, abs=float(result.error))
    assert float(result.error) < 1e-11


def test_unequal_variances_in_the_plane() -> None:
    mixture = GaussianMixture([0.4, 0.6], [[0.8, 0.0], [-0.8, 0.0]], [1.3, 0.6])
    result = isotropic_agreement(mixture, 0.0)
    assert float(result.value) == pytest.approx(REFERENCE["plane", "unequal"], abs=1e-10)
    assert float(result.error) < 1.1e-10


def test_three_classes_in_one_dimension() -> None:
    mixture = GaussianMixture([0.3, 0.3, 0.4], [[0.7], [-1.1], [2.0]], [0.4, 1.5, 0.9])
    result = isotropic_agreement(mixture, 0.0)
    expected = REFERENCE["line", "0.3 0.3 0.4 | 0.7 -1.1 2 | 0.4 1.5 0.9"]
    assert float(result.value) == pytest.approx(expected, abs=1e-10)


def test_kernel_of_two_groups_is_the_two_class_function() -> None:
    # Three classes of which two coincide: the kernel of rank 1 must know nothing of the split.
    mean = np.array([0.4, -0.3, 0.2, 0.0])
    split = GaussianMixture([0.15, 0.15, 0.7], [mean, mean, -mean], [[1.5, 0.5, 1.0, 1.0]])
    whole = GaussianMixture([0.3, 0.7], [mean, -mean], [[1.5, 0.5, 1.0, 1.0]])
    times = np.array([0.05, 0.4, 1.0, 3.0])
    result = common_covariance_agreement(split, times, groups=[0, 0, 1])
    expected = two_class_agreement(signal(whole, times), 0.3)
    assert result.value == pytest.approx(expected, abs=1e-12)


def test_quasi_monte_carlo_error_is_honest() -> None:
    """Five equidistant classes span four dimensions: two independent scramblings agree within their errors."""
    size = 1.6
    mixture = GaussianMixture(np.full(5, 0.2), size * np.eye(5), 1.0)
    by_points = common_covariance_agreement(mixture, [0.3])
    assert (by_points.error < 3e-4).all()
    again = common_covariance_agreement(mixture, [0.3], seed=1)
    difference = np.abs(by_points.value - again.value)
    assert (difference > 0).all()
    assert (difference < 5 * np.hypot(by_points.error, again.error)).all()
    # Groups 3 + 2 of a far simplex: only the two groups count, and their members are confused only among
    # themselves.
    pairs = GaussianMixture(np.full(4, 0.25), [[9, 0, 0], [9, 1, 0], [-9, 0, 0], [-9, 0, 1]], 1.0)
    assert common_covariance_agreement(pairs, 0.1, groups=[0, 0, 1, 1]).value == pytest.approx(1.0, abs=1e-7)
    inside = common_covariance_agreement(pairs, 0.1).value
    assert float(inside) == pytest.approx(float(two_class_agreement(np.exp(-0.2) / 4)), abs=1e-7)


def test_orthogonal_classes_by_an_independent_average() -> None:
    """K = 10 equidistant classes at x = 6, against plain random sampling of the posterior."""
    size, count = 10, 40_000
    mixture = GaussianMixture(np.full(size, 0.1), np.sqrt(6.0) * np.eye(size), 1.0)
    result = common_covariance_agreement(mixture, 0.0)
    rng = np.random.Generator(np.random.PCG64(5))
    points = rng.standard_normal((count, size)) + np.sqrt(6.0) * np.eye(size)[0]
    weights = np.exp(np.sqrt(6.0) * points)
    posterior = weights[:, 0] / weights.sum(axis=1)
    error = posterior.std() / np.sqrt(count)
    assert abs(float(result.value) - posterior.mean()) < 3.5 * error
    assert float(result.error) < 3e-4


def test_limits_for_any_mixture() -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    weights = [0.5, 0.2, 0.3]
    full = np.stack([np.eye(4) * (k + 1) + 0.3 for k in range(3)])
    means = rng.standard_normal((3, 4)) * 30
    for covariances in (0.7, [0.5, 1.0, 2.0], rng.uniform(0.5, 2, (3, 4)), full):
        result = clone_agreement(GaussianMixture(weights, means, covariances), [1e-3, 1.0, 400.0])
        assert result.value[0] == pytest.approx(1.0, abs=1e-6)
        assert result.value[2] == pytest.approx(0.38, abs=1e-11)
        assert np.isfinite(result.signal).all()
    single = clone_agreement(GaussianMixture([1.0], means[:1], 1.0), [0.5])
    assert single.value == pytest.approx([1.0], abs=1e-12)
    assert single.signal == pytest.approx([0.0])


def test_dispatcher_names_what_it_used() -> None:
    means = [[1.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]]
    exact = clone_agreement(GaussianMixture([0.5, 0.5], means, [0.5, 2.0]), [0.5])
    assert exact.approximation.level == "exact"
    diagonal = np.array([[0.5, 1.0, 1.0, 2.0], [2.0, 1.0, 1.5, 1.0]])
    leading = clone_agreement(GaussianMixture([0.5, 0.5], means, diagonal), [0.5])
    assert leading.approximation.level == "leading order"
    assert clone_agreement(TRIANGLE, [0.5]).approximation.level == "exact"


def test_leading_order_tends_to_the_exact_value() -> None:
    """Two variances at fixed x = 1: the error of the leading order falls as the dimension grows."""
    errors = []
    for dimension in (100, 400, 1600, 6400):
        mixture = GaussianMixture([0.5, 0.5], np.zeros((2, dimension)), [0.5, 2.0])
        time = 0.25 * np.log(dimension * 1.5**2 / 8)
        exact = float(two_variance_agreement(dimension, (0.5, 2.0), 0.5, time))
        errors.append(abs(float(gaussian_ratio_agreement(mixture, time).value) - exact))
    ratios = np.array(errors[1:]) / np.array(errors[:-1])
    # x is a ratio of exp(-4t) ~ 1/d; the corrections are of relative order exp(-4t), a factor 4 each.
    assert (np.abs(ratios - 0.25) < 0.05).all()
    assert errors[-1] < 1e-4


def test_general_double_integral_equals_the_chi_square_one() -> None:
    times = [0.2, 0.8, 1.5]
    mixture = GaussianMixture([0.3, 0.7], np.zeros((2, 12)), [0.4, 1.8])
    expected = two_variance_agreement(12, (0.4, 1.8), 0.3, times)
    assert isotropic_agreement(mixture, times).value == pytest.approx(expected, abs=1e-10)
    # Means a tenth of a standard deviation apart and equal variances: the function of two classes.
    near = GaussianMixture([0.3, 0.7], 0.1 * np.outer([1, -1], np.ones(12)), [1.0, 1.0 + 1e-9])
    result = isotropic_agreement(near, times).value
    assert result == pytest.approx(two_class_agreement(signal(near, times), 0.3), abs=1e-9)


def test_chi_square_rule() -> None:
    for degrees in (1, 2, 9, 500, 100_000):
        nodes, weights = chi_square_rule(degrees, 400)
        moments = [weights @ nodes**k for k in (0, 1, 2)]
        assert moments == pytest.approx([1.0, degrees, degrees * (degrees + 2)], rel=1e-12)


def random_mixture(kind: str) -> GaussianMixture:
    rng = np.random.Generator(np.random.PCG64(8))
    means = rng.standard_normal((3, 5))
    if kind == "isotropic":
        return GaussianMixture([0.2, 0.3, 0.5], means, [0.5, 1.3, 2.0])
    if kind == "diagonal":
        return GaussianMixture([0.2, 0.3, 0.5], means, rng.uniform(0.2, 2.0, (3, 5)))
    factors = rng.standard_normal((3, 5, 5))
    return GaussianMixture([0.2, 0.3, 0.5], means, factors @ factors.transpose(0, 2, 1))


@pytest.mark.parametrize("kind", ["isotropic", "diagonal", "full"])
def test_signal_is_a_quarter_of_both_divergences(kind: str) -> None:
    mixture, time = random_mixture(kind), 0.6
    decay = np.exp(-time)
    noised = []
    for k in range(3):
        stored = mixture.covariance(k)
        matrix = stored if stored.ndim == 2 else np.diag(np.broadcast_to(stored, 5))
        noised.append(np.eye(5) + decay**2 * (matrix - np.eye(5)))

    def divergence(k: int, m: int) -> float:
        inverse, gap = np.linalg.inv(noised[m]), decay * (mixture.means[m] - mixture.means[k])
        logs = np.linalg.slogdet(noised[m])[1] - np.linalg.slogdet(noised[k])[1]
        return 0.5 * (np.trace(inverse @ noised[k]) - 5 + gap @ inverse @ gap + logs)

    signals = pairwise_signals(mixture, [time])[0]
    for k, m in ((0, 1), (0, 2), (1, 2)):
        expected = (divergence(k, m) + divergence(m, k)) / 4
        assert signals[k, m] == pytest.approx(expected, rel=1e-12)
        assert float(signal(mixture, time, m, k)) == pytest.approx(expected, rel=1e-12)


def test_kernel_distances_are_signals() -> None:
    mixture = random_mixture("diagonal")
    for law, tolerance in ((GaussianMixture(mixture.weights, mixture.means, 0.7), 1e-12), (mixture, 2e-3)):
        times = np.array([1.5, 3.0])
        kernel = class_kernel(law, times)
        diagonal = np.einsum("tkk->tk", kernel)
        distances = diagonal[:, :, None] + diagonal[:, None, :] - 2 * kernel
        assert distances == pytest.approx(4 * pairwise_signals(law, times), rel=tolerance, abs=1e-15)


def test_large_dimension_forms_no_matrix() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    mixture = GaussianMixture([0.5, 0.5], rng.standard_normal((2, 16384)), rng.uniform(0.5, 1.5, (2, 16384)))
    result = clone_agreement(mixture, np.linspace(1.0, 6.0, 20))
    assert (np.diff(result.value) <= 0).all()


def test_point_masses_need_noise() -> None:
    mixture = GaussianMixture([0.5, 0.5], [[1.0], [-1.0]], 0.0)
    with pytest.raises(InvalidArgument, match="time"):
        clone_agreement(mixture, [0.0, 1.0])


TREE = GaussianMixture([0.25, 0.25, 0.5], [[20.0, 2.5], [20.0, -2.5], [-20.0, 0.0]], 1.0)
LEVELS = [[0, 0, 1], [0, 1, 2]]


def test_levels_of_a_tree() -> None:
    times = np.array([0.4, 1.5])
    result = hierarchical_agreement(TREE, times, LEVELS)
    for row, groups in enumerate(LEVELS):
        assert result.value[row] == pytest.approx(
            clone_agreement(TREE, times, groups=groups).value, abs=1e-14
        )
    # Far branches: the fine level is that of two classes within a branch.
    within = float(two_class_agreement(2.5**2 * np.exp(-0.8)))
    assert result.value[1, 0] == pytest.approx(0.5 + 0.5 * within, abs=1e-12)


def test_levels_speciate_one_after_the_other() -> None:
    solution = hierarchical_speciation_times(TREE, LEVELS).require()
    coarse, fine = solution["time"]
    # log|m|^2 / 2 of the branches, one of which is a little wider because it is split; and of the leaves.
    assert coarse == pytest.approx(0.5 * np.log(20.0**2), abs=1e-4)
    assert fine == pytest.approx(0.5 * np.log(2.5**2), abs=1e-6)


def test_overlapping_levels_have_no_time() -> None:
    overlapping = GaussianMixture([0.5, 0.5], [[0.4], [-0.4]], 1.0)
    solution = hierarchical_speciation_times(overlapping, [[0, 1]])
    assert solution.status.tolist() == [Status.NO_SOLUTION]


def test_bad_levels() -> None:
    with pytest.raises(InvalidArgument, match="levels"):
        hierarchical_agreement(TREE, 1.0, [[0, 0, 1], [0, 1, 1]])
    with pytest.raises(InvalidArgument, match="groups"):
        clone_agreement(TREE, 1.0, groups=[0, 1])
