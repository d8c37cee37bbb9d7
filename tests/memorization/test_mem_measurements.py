"""Distances, onsets, denoisers and known generators, against brute force and closed forms."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import agrees, count_agrees

from statphys_gen.errors import InvalidArgument
from statphys_gen.memorization import (
    GaussianMixture,
    KnownGenerator,
    Looks,
    compare,
    copying_onset,
    denoiser_report,
    empirical_denoiser,
    gaussian_denoiser,
    gaussian_frechet,
    load_looks,
    normalised_step,
    null_fraction,
    sample_distances,
    simulate_neighbour_fraction,
    simulate_reports,
    smoothed_fraction,
)

RNG = np.random.default_rng(11)
FIRST = RNG.standard_normal((17, 3)) * [0.7, 1.3, 0.5] + 0.4
SECOND = RNG.standard_normal((23, 3)) * [1.1, 0.6, 0.9] - 0.2


def test_frechet_distance_is_that_of_the_moments() -> None:
    found = sample_distances(FIRST, SECOND)
    exact = gaussian_frechet(FIRST.mean(axis=0), np.cov(FIRST.T), SECOND.mean(axis=0), np.cov(SECOND.T))
    assert found.frechet == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("count", [3, 8])
def test_frechet_distance_in_more_dimensions_than_samples(count: int) -> None:
    x, y = RNG.standard_normal((4, 9)), RNG.standard_normal((count, 9)) + 0.3
    found = sample_distances(x, y, resamples=2)
    exact = gaussian_frechet(x.mean(axis=0), np.cov(x.T), y.mean(axis=0), np.cov(y.T))
    assert found.frechet == pytest.approx(exact, rel=1e-7)
    assert any("singular" in note for note in found.notes)


def test_the_sliced_distance_on_the_line_couples_quantiles() -> None:
    x, y = np.array([[0.2], [1.7], [-0.6], [0.9]]), np.array([[0.5], [2.2], [-1.0], [0.1], [0.3], [1.1]])
    fine = [np.sort(z[:, 0])[((np.arange(12) + 0.5) / 12 * len(z)).astype(int)] for z in (x, y)]
    found = sample_distances(x, y, directions=5, resamples=2)
    assert found.sliced_wasserstein_squared == pytest.approx(((fine[0] - fine[1]) ** 2).mean(), rel=1e-12)


def test_repeated_samples_count_as_often() -> None:
    twice = np.concatenate([FIRST, FIRST[:5]])
    found = sample_distances(twice, SECOND, resamples=2)
    exact = gaussian_frechet(twice.mean(axis=0), np.cov(twice.T), SECOND.mean(axis=0), np.cov(SECOND.T))
    assert found.frechet == pytest.approx(exact, rel=1e-10)


def kernel_distance(x: np.ndarray, y: np.ndarray, width: float) -> float:
    def mean(a: np.ndarray, b: np.ndarray, same: bool) -> float:
        values = np.exp(-((a[:, None] - b) ** 2).sum(axis=2) / (2 * width**2))
        return float(values[~np.eye(len(a), dtype=bool)].mean() if same else values.mean())

    return mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)


def test_the_kernel_distance_over_pairs_of_different_points() -> None:
    everything = np.concatenate([FIRST, SECOND])
    apart = np.sqrt(((everything[:, None] - everything) ** 2).sum(axis=2))
    median = float(np.median(apart[np.triu_indices(40, 1)]))
    for width in (None, 0.7):
        found = sample_distances(FIRST, SECOND, bandwidth=width)
        assert found.bandwidth == pytest.approx(width or median, rel=1e-12)
        assert found.mmd_squared == pytest.approx(kernel_distance(FIRST, SECOND, found.bandwidth), rel=1e-10)


def test_errors_of_distances_are_of_the_size_of_their_scatter() -> None:
    values, errors = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x, y = rng.standard_normal((90, 3)) * 1.2, rng.standard_normal((70, 3)) * [0.7, 1.5, 0.9] + 0.8
        found = sample_distances(x, y, directions=20, seed=0)
        names = ("frechet", "sliced_wasserstein_squared", "mmd_squared")
        values.append([getattr(found, name) for name in names])
        errors.append([found.standard_error[name] for name in names])
    ratio = np.std(values, axis=0, ddof=1) / np.mean(errors, axis=0)
    assert ((ratio > 0.65) & (ratio < 1.5)).all()


# ---------------------------------------------------------------------------------------------------------- onset

STEP = np.array([10.0, 60.0, 300.0, 2000.0, 9000.0])
COPIES, DRAWN = np.array([3.0, 9.0, 30.0, 160.0, 350.0]), np.full(5, 400.0)
LOSSES: dict[str, Any] = {
    "train_loss": [1.1, 0.8, 0.6, 0.4, 0.2],
    "test_loss": [1.3, 0.83, 0.75, 0.9, 1.4],
    "train_loss_standard_error": [0.03] * 5,
    "test_loss_standard_error": [0.02] * 5,
}


def test_an_onset_is_the_crossing_of_the_excess_over_the_null() -> None:
    looks = Looks(STEP, COPIES, DRAWN, np.full(5, 7.0), np.full(5, 350.0), **LOSSES)
    excess = (COPIES / 400 - 0.02) / 0.98
    np.testing.assert_allclose(looks.excess_fraction, excess)
    share = (0.2 - excess[2]) / (excess[3] - excess[2])
    found = copying_onset(looks, level=0.2, z=3.0)
    assert found.onset == pytest.approx(300 * (2000 / 300) ** share, rel=1e-12)
    # The first look has a large gap too, but not for good.
    assert found.loss_onset == 300.0
    assert copying_onset(looks, level=0.2, z=3.0, seed=1).lower != found.lower


def test_the_interval_is_that_of_the_error_of_both_fractions() -> None:
    looks = Looks(STEP, COPIES, DRAWN)
    found = copying_onset(looks, level=0.2)
    below, above = 30 / 400, 160 / 400
    slope = math.log(2000 / 300) / (above - below)
    share = (0.2 - below) / (above - below)
    spreads = [math.sqrt(f * (1 - f) / 400) for f in (below, above)]
    error = slope * math.hypot((1 - share) * spreads[0], share * spreads[1])
    assert found.onset is not None
    assert found.lower is not None
    assert found.upper is not None
    assert math.log(found.upper / found.lower) == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_what_is_not_reached_is_said() -> None:
    looks = Looks(STEP[:3], COPIES[:3], DRAWN[:3])
    found = copying_onset(looks, level=0.3)
    assert (found.onset, found.lower, found.loss_onset) == (None, None, None)
    assert "does not cross 0.3" in found.reason
    near = copying_onset(Looks(STEP[:4], COPIES[:4], DRAWN[:4]), level=0.4)
    assert near.upper == math.inf


def test_looks_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "looks.csv"
    path.write_text("generated,note,step,copies\n400,7,10,3\n400,8,60,9\n")
    looks = load_looks("TABLE", path)
    assert (looks.step.tolist(), looks.copies.tolist()) == ([10.0, 60.0], [3.0, 9.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step,copies\n1,2\n", r"a column generated \(its columns: step, copies\)"),
        ("step,copies,generated\n1,2,5\n1,2,5\n", "step = .*increasing"),
        ("step,copies,generated\n1,2,5\n2,7,5\n", r"copies\[1\] = 7.*at most generated, 5"),
        ("step,copies,generated\n1,2,5\n2,x,5\n", "line 3 has 'x' in the column copies"),
        ("step,copies,generated,null_copies\n1,2,5,1\n2,3,5,1\n", "null_generated"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "looks.csv"
    path.write_text(text)
    with pytest.raises(InvalidArgument, match=message):
        load_looks("TABLE", path)


def test_the_clock_of_a_reference_training() -> None:
    found = normalised_step(
        [30.0],
        samples=400,
        reference_samples=100,
        batch=64,
        reference_batch=16,
        learning_rate=0.3,
        reference_learning_rate=0.1,
    )
    assert found.tolist() == pytest.approx([30.0 * 0.25 * 4 * 3])


# ------------------------------------------------------------------------------------------------------- denoiser

TRAINING = np.array([[-1.1, 0.3], [0.4, 0.9], [0.4, 0.9], [1.3, -0.6]])
Y = np.array([[0.2, 0.1], [-0.7, 1.2], [0.9, -0.4]])
MU, SIGMA = 0.8, 0.6


def scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Empirical score, its effective samples, and the Gaussian score, from the definitions."""
    logs = -((Y[:, None] - MU * TRAINING) ** 2).sum(axis=2) / (2 * SIGMA**2)
    weights = np.exp(logs) / np.exp(logs).sum(axis=1)[:, None]
    empirical = (MU * weights @ TRAINING - Y) / SIGMA**2
    # The repeated point is one point of twice the weight.
    merged = np.stack([weights[:, 0], weights[:, 1] + weights[:, 2], weights[:, 3]])
    effective = np.exp(-(merged * np.log(merged)).sum(axis=0))
    covariance = MU**2 * np.cov(TRAINING.T, bias=True) + SIGMA**2 * np.eye(2)
    gaussian = -np.linalg.solve(covariance, (Y - MU * TRAINING.mean(axis=0)).T).T
    return empirical, effective, gaussian


def test_both_scores_by_their_definitions() -> None:
    empirical, effective, gaussian = scores()
    found = empirical_denoiser(Y, TRAINING, data_scale=MU, noise_scale=SIGMA)
    np.testing.assert_allclose(found[0], empirical, rtol=1e-10)
    np.testing.assert_allclose(found[1], effective, rtol=1e-10)
    other = gaussian_denoiser(Y, TRAINING, data_scale=MU, noise_scale=SIGMA)
    np.testing.assert_allclose(other, gaussian, rtol=1e-10)


def test_a_gaussian_score_in_more_dimensions_than_points() -> None:
    points, y = RNG.standard_normal((4, 7)), RNG.standard_normal((3, 7))
    covariance = MU**2 * np.cov(points.T, bias=True) + SIGMA**2 * np.eye(7)
    exact = -np.linalg.solve(covariance, (y - MU * points.mean(axis=0)).T).T
    found = gaussian_denoiser(y, points, data_scale=MU, noise_scale=SIGMA)
    np.testing.assert_allclose(found, exact, rtol=1e-10)


@pytest.mark.parametrize("predicts", ["score", "clean", "noise"])
def test_distances_of_a_denoiser(predicts: str) -> None:
    empirical, effective, gaussian = scores()
    own = 0.7 * empirical + 0.3 * gaussian + 0.05
    second = 0.2 * empirical + 0.8 * gaussian
    turned = {
        "score": lambda s: s,
        "clean": lambda s: (Y + SIGMA**2 * s) / MU,
        "noise": lambda s: -SIGMA * s,
    }[predicts]
    half = TRAINING[[0, 1, 3]] + 0.2
    found = denoiser_report(
        Y,
        turned(own),
        TRAINING,
        data_scale=MU,
        noise_scale=SIGMA,
        predicts=predicts,
        population=gaussian + 0.4,
        other=turned(second),
        other_training=half,
    )
    for name, reference in (("empirical", empirical), ("gaussian", gaussian), ("population", gaussian + 0.4)):
        exact = ((own - reference) ** 2).sum() / (reference**2).sum()
        assert getattr(found, f"to_{name}") == pytest.approx(exact, rel=1e-9)
    assert found.nearer == "empirical"
    assert found.excess == pytest.approx(((own - empirical) ** 2).sum(axis=1).mean(), rel=1e-9)
    assert found.effective_samples == pytest.approx(effective.mean(), rel=1e-9)
    assert found.difference == pytest.approx(
        ((own - second) ** 2).sum() / (0.5 * ((own**2).sum() + (second**2).sum())), rel=1e-9
    )
    cosine = (own * second).sum(axis=1) / np.linalg.norm(own, axis=1) / np.linalg.norm(second, axis=1)
    assert found.cosine == pytest.approx(cosine.mean(), rel=1e-9)
    fit = gaussian_denoiser(Y, half, data_scale=MU, noise_scale=SIGMA)
    assert found.gaussian_difference == pytest.approx(
        ((gaussian - fit) ** 2).sum() / (0.5 * ((gaussian**2).sum() + (fit**2).sum())), rel=1e-9
    )


def test_a_score_may_be_a_function() -> None:
    found = denoiser_report(Y, None, TRAINING, data_scale=MU, noise_scale=SIGMA, score=lambda y: -1.3 * y)
    assert found == denoiser_report(Y, -1.3 * Y, TRAINING, data_scale=MU, noise_scale=SIGMA)


# ------------------------------------------------------------------------------------------------ known generators

LAW = GaussianMixture([0.35, 0.65], [[0.7, -0.4, 0.2], [-0.5, 0.3, 0.1]], [[0.6, 1.3, 0.9], [0.4, 0.7, 1.1]])


def test_generators_draw_what_they_say() -> None:
    rng = np.random.default_rng(3)
    seen = rng.standard_normal((4000, 3)) * [0.5, 1.5, 0.8] + [0.3, -0.2, 0.6]
    fitted = KnownGenerator("fitted").draw(LAW, seen, 40_000, rng)
    np.testing.assert_allclose(fitted.mean(axis=0), seen.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(fitted.T), np.cov(seen.T), atol=0.05)
    perfect = KnownGenerator("perfect").draw(LAW, seen, 40_000, rng)
    np.testing.assert_allclose(perfect.mean(axis=0), LAW.weights @ LAW.means, atol=0.03)
    collapsed = KnownGenerator("collapsed", shrinkage=0.2).draw(LAW, seen, 40_000, rng)
    np.testing.assert_allclose(collapsed.std(axis=0), 0.2 * perfect.std(axis=0), rtol=0.03)
    np.testing.assert_allclose(collapsed.mean(axis=0), LAW.weights @ LAW.means, atol=0.03)
    smoothed = KnownGenerator("smoothed", width=0.5).draw(LAW, seen, 40_000, rng)
    spread = math.sqrt(seen.var(axis=0).mean())
    np.testing.assert_allclose(smoothed.var(axis=0), seen.var(axis=0) + (0.5 * spread) ** 2, rtol=0.05)
    planted = KnownGenerator("perfect", copies=0.3, width=0.0).draw(LAW, seen[:50], 100, rng)
    known = {tuple(point) for point in seen[:50]}
    assert len({tuple(point) for point in planted[:30]} & known) == 30
    assert not {tuple(point) for point in planted[30:]} & known


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_uniform_points_in_boxes_follow_the_law(dimension: int) -> None:
    found = simulate_neighbour_fraction(dimension, 0.7, instances=16, walkers=800, seed=2)
    assert agrees(found, null_fraction(dimension, 0.7))


def test_theory_beside_simulation() -> None:
    found = compare(2, 0.4, 600.0, 0.012, instances=16, walkers=800, seed=3)
    assert found["smoothed_fraction"].theory == pytest.approx(float(smoothed_fraction(2, 0.4, 600.0, 0.012)))
    for row in found:
        assert row.z is not None
        assert abs(row.z) < 4.5


def test_trials_do_not_reject_without_memory_and_do_with_copies() -> None:
    sizes = {"training": 60, "held_out": 50, "generated": 80}
    idle = simulate_reports(KnownGenerator("collapsed"), LAW, **sizes, runs=60, ratio=0.7)
    rejected = idle.rejections(0.1)
    assert count_agrees(round(60 * float(rejected["membership"].mean)), 60, 0.1, side="above")
    assert count_agrees(round(60 * float(rejected["vote"].mean)), 60, 0.1, side="above")
    # A generator that collapses is near to everything.
    assert float(rejected["distance"].mean) > 0.5
    copying = simulate_reports(KnownGenerator("perfect", copies=0.25), LAW, **sizes, runs=20)
    assert float(copying.rejections()["membership"].mean) > 0.8
    assert agrees(type(rejected["vote"]).from_samples(copying.excess_fraction), 0.25)
