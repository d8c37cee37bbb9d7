"""Reports where labels, distances or scales degenerate: what can be said is said, and nothing that cannot."""

from math import comb

import numpy as np
import pytest

from statphys_gen.data import DataSet
from statphys_gen.errors import InvalidArgument
from statphys_gen.memorization import (
    Looks,
    copying_onset,
    denoiser_report,
    gaussian_denoiser,
    report,
    sample_distances,
    smoothed_fraction,
)
from statphys_gen.memorization.theory.detection import smallest_membership_p_value


def sets(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Copies of half of 120 training points, beside 60 held-out ones."""
    rng = np.random.default_rng(seed)
    pool = rng.normal(0.4, 1.3, (180, 4))
    return pool[:60] + 1e-6 * rng.standard_normal((60, 4)), pool[:120], pool[120:]


def test_arrays_lists_and_data_sets_are_one() -> None:
    """Data sets merge repeated rows and know labels; what is said of the rows does not depend on it."""
    made, seen, fresh = sets()
    made[3], seen[5] = made[7], seen[9]
    labels = np.arange(120) % 3

    def data(x: np.ndarray) -> DataSet:
        return DataSet.from_arrays(x, labels[: len(x)])

    plain = report(made, seen, fresh, distances=False)
    for given in ([x.tolist() for x in (made, seen, fresh)], [data(x) for x in (made, seen, fresh)]):
        found = report(*given, distances=False)
        assert found.record() == plain.record()
        assert found.ratio.tolist() == plain.ratio.tolist()
    scales = {"data_scale": 0.9, "noise_scale": 0.5}
    wanted = denoiser_report(made, seen[:60], fresh, other=seen[40:100], population=-made, **scales)
    assert wanted == denoiser_report(
        data(made), data(seen[:60]), data(fresh), other=data(seen[40:100]), population=data(-made), **scales
    )


def test_smallest_p_value_is_that_of_one_assignment_of_all() -> None:
    assert smallest_membership_p_value([3, 5, 4], [2, 7, 0]) == pytest.approx(
        1 / (comb(5, 3) * comb(12, 5)), rel=1e-12
    )


def test_no_evidence_is_not_claimed_where_no_copy_could_have_given_any() -> None:
    """Two groups of training points and one of held-out ones: a third of assignments puts all votes on training."""
    made, seen, fresh = sets()
    groups = [np.arange(120) % 2, np.full(60, 7)]
    found = report(np.repeat(made, 20, axis=0), seen, fresh, groups=groups, distances=False)
    assert found.membership_p_value == pytest.approx(1 / 3)
    assert found.verdict == "cannot-tell"
    assert "0.33" in found.reason


def test_many_small_strata_add_up() -> None:
    """Pairs of one training and one held-out point: 2^-60 in all, although no pair tells anything by itself."""
    made, seen, fresh = sets()
    strata = [np.arange(120) % 60, np.arange(60)]
    found = report(np.repeat(made, 20, axis=0), seen, fresh, strata=strata, distances=False)
    assert found.verdict == "memorizes"
    assert found.membership_p_value == pytest.approx((2 / 3) ** 60, rel=1e-10)


def test_corners_of_a_simplex_have_no_dimension_and_a_verdict() -> None:
    corners = np.eye(150) * 1.7
    found = report(corners[:50], corners[:100], corners[100:], distances=False)
    assert found.intrinsic_dimension is None
    assert found.intrinsic_dimension_standard_error is None
    assert found.verdict == "memorizes"
    assert found.membership_p_value == pytest.approx(comb(100, 50) / comb(150, 50), rel=1e-10)
    assert found.record()["intrinsic_dimension"] is None


@pytest.mark.parametrize("far", [1e8, 1e13, 1e140])
def test_one_bad_training_row_does_not_hide_the_copies(far: float) -> None:
    made, seen, fresh = sets()
    bad = seen.copy()
    bad[119, 1] = far
    good = report(made, seen[:119], fresh, distances=False)
    found = report(made, bad, fresh, distances=False)
    assert good.verdict == found.verdict == "memorizes"
    assert found.copied_fraction == good.copied_fraction == 1.0
    assert found.suspicious_on_training == 60
    np.testing.assert_array_equal(found.nearest_training, np.arange(60))


def test_levels_that_intervals_cannot_have_are_refused_by_name() -> None:
    with pytest.raises(InvalidArgument, match="level = 1e-30"):
        report(*sets(), level=1e-30)


@pytest.mark.parametrize("unit", [1e-120, 3e110])
def test_distances_and_their_errors_follow_the_unit(unit: float) -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(0.2, 0.7, (40, 3)), rng.normal(0.5, 0.9, (35, 3))
    one, other = sample_distances(x, y), sample_distances(unit * x, unit * y)
    assert other.frechet / unit / unit == pytest.approx(one.frechet, rel=1e-9)
    for name in ("frechet", "sliced_wasserstein_squared"):
        assert other.standard_error[name] / unit / unit == pytest.approx(one.standard_error[name], rel=1e-9)
    assert other.mmd_squared == pytest.approx(one.mmd_squared, rel=1e-9)


def test_kernel_of_points_beside_one_far_away() -> None:
    """The bandwidth is a median of all distances, by differences."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(0.2, 0.7, (40, 3)), rng.normal(0.5, 0.9, (35, 3))
    x[3] = 1e12
    pool = np.concatenate([x, y])
    apart = np.sqrt(((pool[:, None] - pool) ** 2).sum(axis=2))
    found = sample_distances(x, y)
    assert found.bandwidth == pytest.approx(np.median(apart[np.triu_indices(75, 1)]), rel=1e-9)
    kernel = np.exp(-0.5 * (apart / found.bandwidth) ** 2)
    own = sum((k.sum() - len(k)) / (len(k) * (len(k) - 1)) for k in (kernel[:40, :40], kernel[40:, 40:]))
    assert found.mmd_squared == pytest.approx(own - 2 * kernel[:40, 40:].mean(), rel=1e-9)


@pytest.mark.parametrize("bandwidth", [1e-300, 1e300])
def test_extreme_bandwidths_see_nothing(bandwidth: float) -> None:
    rng = np.random.default_rng(10)
    found = sample_distances(rng.normal(size=(9, 2)), rng.normal(1.0, 1.0, (8, 2)), bandwidth=bandwidth)
    assert found.mmd_squared == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize(("mu", "sigma"), [(1.3, 1e-7), (1e9, 0.8), (0.9, 1e-12)])
def test_gaussian_score_keeps_its_digits_at_small_noise(mu: float, sigma: float) -> None:
    rng = np.random.default_rng(11)
    training = rng.normal(0.3, 1.1, (25, 3))
    y = mu * training[:9] + sigma * rng.standard_normal((9, 3))
    covariance = mu**2 * np.cov(training.T, bias=True) + sigma**2 * np.eye(3)
    expected = -np.linalg.solve(covariance, (y - mu * training.mean(axis=0)).T).T
    found = gaussian_denoiser(y, training, data_scale=mu, noise_scale=sigma)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_a_score_of_zeros_is_nearer_to_none() -> None:
    rng = np.random.default_rng(12)
    y, training = rng.normal(size=(8, 2)), rng.normal(size=(11, 2))
    found = denoiser_report(y, np.zeros((8, 2)), training, data_scale=0.8, noise_scale=0.4)
    assert (found.to_empirical, found.to_gaussian, found.nearer) == (1.0, 1.0, "none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": np.full((8, 2), 1e200)}, r"outputs = 1e\+200"),
        ({"data_scale": 1e-200}, "data_scale = 1e-200"),
    ],
)
def test_scores_that_have_no_squares_are_refused(change: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"outputs": np.ones((8, 2)), "data_scale": 0.8}
    with pytest.raises(InvalidArgument, match=message):
        denoiser_report(np.ones((8, 2)), training=np.eye(2), noise_scale=0.4, **(given | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("step", "copies", "generated"),
    [([1.0, 2.0], [0.0, 1e18], [1e19, 1e19]), ([1e-320, 2.0], [0.0, 5.0], [9.0, 9.0])],
)
def test_looks_that_cannot_be_redrawn_are_refused(
    step: list[float], copies: list[float], generated: list[float]
) -> None:
    with pytest.raises(InvalidArgument, match=r"at most 1e\+15|at least 1e-300"):
        copying_onset(Looks(np.array(step), np.array(copies), np.array(generated)))


def test_smoothing_in_less_than_a_dimension_ends() -> None:
    """By Gauss and Laguerre over R^2/2, which is Gamma(D/2); below D = 0.01 it is refused."""
    from scipy.integrate import quad
    from scipy.special import gamma

    d, k, h = 0.3, 0.4, 0.7
    rho_volume = np.pi ** (d / 2.0) / gamma(d / 2.0 + 1.0) * h**d

    def transform(s: float) -> float:
        # R^D = u uniformises the singular density of R at 0.
        def law(u: float) -> float:
            return float(np.exp(-s * u - 0.5 * u ** (2.0 / d)) * 2.0 ** (1.0 - d / 2.0) / gamma(d / 2.0) / d)

        return quad(law, 0.0, 40.0**d, epsabs=1e-13, limit=500)[0]

    wanted = transform(rho_volume / k**d) + k**d * (1.0 - transform(rho_volume))
    assert float(smoothed_fraction(d, k, 1.0, h)) == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(InvalidArgument, match="dimension"):
        smoothed_fraction(1e-6, k, 1.0, h)


def test_cosine_of_huge_scores() -> None:
    rng = np.random.default_rng(1)
    y, training = rng.standard_normal((5, 3)), rng.standard_normal((9, 3))
    first, second = rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
    wanted = np.mean(
        [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(first, second, strict=True)]
    )
    for unit in (1.0, 1e90):
        found = denoiser_report(
            y, unit * first, training, data_scale=1.0, noise_scale=0.7, other=unit * second
        )
        assert found.cosine == pytest.approx(wanted, rel=1e-12)
