"""Posterior weights of noised points, first passages and backward runs against definitions and exact laws."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import kstest, norm

from statphys_gen.data.covariance import Covariance
from statphys_gen.data.laws import CurieWeiss, DiscreteProduct, GaussianMixture
from statphys_gen.diffusion.simulation.collapse import (
    draw_data,
    posterior_weights,
    simulate_collapse,
    simulate_condensation,
    simulate_posterior_variance,
)
from statphys_gen.diffusion.simulation.collapse_trajectories import (
    backward_grid,
    simulate_empirical_clones,
    simulate_empirical_clones_langevin,
    simulate_last_change,
)
from statphys_gen.diffusion.simulation.first_passage import first_passage_times, simulate_first_passage
from statphys_gen.diffusion.simulation.information import (
    simulate_basin_radius,
    simulate_information,
    simulate_information_slope,
    simulate_information_time,
)
from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.numerics.neighbours import nearest
from statphys_gen.numerics.posterior import EmpiricalPosterior

TIMES = np.array([0.02, 0.1, 0.5, 2.0])


def gaussian(dimension: int, variance: float = 1.0) -> Covariance:
    return Covariance.isotropic(variance, dimension)


def direct_log_weights(
    points: np.ndarray, multiplicities: np.ndarray, data: np.ndarray, noise: np.ndarray, time: float
) -> np.ndarray:
    """Normalised log-weights from the definition, by plain numpy."""
    width = 1.0 - np.exp(-2.0 * time)
    x = np.exp(-time) * data + np.sqrt(width) * noise
    squares = ((x[:, None] - np.exp(-time) * points) ** 2).sum(axis=2)
    logs = np.log(multiplicities) - squares / (2.0 * width)
    return logs - logsumexp(logs, axis=1, keepdims=True)


@pytest.mark.parametrize("times", [TIMES, TIMES[2:3]], ids=["several times", "one time"])
@pytest.mark.parametrize(("count", "offset"), [(1, 0.0), (2, 0.0), (40, 3.0), (2500, 0.0)])
def test_the_pass_equals_plain_numpy(count: int, offset: float, times: np.ndarray) -> None:
    rng = np.random.default_rng(count)
    points = rng.standard_normal((count, 6)) + offset
    multiplicities = rng.integers(1, 4, count)
    sources, noise = rng.integers(0, count, 30), rng.standard_normal((30, 6))
    fresh = rng.standard_normal((30, 6)) + offset
    posterior = EmpiricalPosterior(points, multiplicities)
    planted = posterior.sums(times, noise, sources=sources)
    free = posterior.sums(times, noise, data=fresh)
    rows = np.arange(30)
    for i, time in enumerate(times):
        # The rounding of the definition itself is that of |x|^2 / D.
        close = {"rtol": 1e-13, "atol": 3e-14 / np.expm1(2.0 * time) + 1e-14}
        logs = direct_log_weights(points, multiplicities, points[sources], noise, time)
        weights = np.exp(logs)
        np.testing.assert_allclose(planted.source_surprise[i], -logs[rows, sources], **close)
        np.testing.assert_allclose(planted.source_weight[i], weights[rows, sources], **close)
        np.testing.assert_allclose(planted.participation[i], (weights**2).sum(axis=1), **close)
        np.testing.assert_allclose(planted.entropy[i], -(weights * logs).sum(axis=1), **close)
        np.testing.assert_allclose(planted.top_weight[i], weights.max(axis=1), **close)
        np.testing.assert_array_equal(planted.source_first[i], logs.argmax(axis=1) == sources)
        logs = direct_log_weights(points, multiplicities, fresh, noise, time)
        weights = np.exp(logs)
        np.testing.assert_allclose(free.participation_of_others[i], (weights**2).sum(axis=1), **close)
        np.testing.assert_allclose(free.entropy_of_others[i], -(weights * logs).sum(axis=1), **close)
        np.testing.assert_allclose(free.top_weight[i], weights.max(axis=1), **close)
        np.testing.assert_array_equal(free.place[i], logs.argmax(axis=1))
        if count > 1:
            assert (planted.place[i] != sources).all()


def test_small_entropies_keep_their_digits() -> None:
    """A source at the distance 1 from the only other point: its surprise is log(1 + exp(-1/(2 sigma^2) - z/sigma))."""
    posterior = EmpiricalPosterior(np.array([[0.0], [1.0]]))
    for sigma in (0.2, 0.1, 0.05):
        time = 0.5 * np.log1p(sigma**2)
        sums = posterior.sums(np.array([time]), np.array([[0.3]]), sources=np.array([0]))
        ratio = -0.5 / sigma**2 + 0.3 / sigma
        assert sums.source_surprise[0, 0] == pytest.approx(np.log1p(np.exp(ratio)), rel=1e-11)
        assert 1.0 - sums.participation[0, 0] == pytest.approx(2.0 * np.exp(ratio), rel=3e-2, abs=1e-15)


def test_points_centred_at_once_or_block_by_block_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points, noise = 3.0 + rng.standard_normal((5000, 7)), rng.standard_normal((20, 7))
    arguments = np.array([0.3, 0.9]), noise
    at_once = EmpiricalPosterior(points).sums(*arguments, sources=np.arange(20))
    monkeypatch.setattr("statphys_gen.numerics.posterior._CENTRED_AT_ONCE", 0)
    by_blocks = EmpiricalPosterior(points).sums(*arguments, sources=np.arange(20))
    for name in ("largest", "place", "total", "squares", "product"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(by_blocks, name))


@pytest.mark.parametrize("time", [0.05, 0.3, 1.5])
def test_identities_by_quadrature(time: float) -> None:
    """Three points in one dimension: H = E[-log w_s], Y = E[w_s] and H + I = log n, the averages over z exact."""
    points, count = np.array([[-1.0], [0.2], [2.0]]), 3
    # The trapezoidal rule over the whole line converges exponentially.
    nodes = np.linspace(-9.0, 9.0, 721)
    mass = norm.pdf(nodes) * (nodes[1] - nodes[0])
    posterior = EmpiricalPosterior(points)
    averages = np.zeros(4)
    for source in range(count):
        sums = posterior.sums(np.array([time]), nodes[:, None], sources=np.full(len(nodes), source))
        values = np.stack(
            [sums.entropy[0], sums.source_surprise[0], sums.participation[0], sums.source_weight[0]]
        )
        averages += values @ mass / count
    width = -np.expm1(-2.0 * time)

    def log_density(x: float) -> float:
        return float(np.log(norm.pdf(x, np.exp(-time) * points[:, 0], np.sqrt(width)).mean()))

    entropy = quad(lambda x: -np.exp(log_density(x)) * log_density(x), -8.0, 9.0, epsabs=1e-12, limit=200)[0]
    information = entropy - 0.5 * np.log(2.0 * np.pi * np.e * width)
    assert averages[0] == pytest.approx(np.log(count) - information, abs=1e-10)
    assert averages[1] == pytest.approx(averages[0], abs=1e-11)
    assert averages[3] == pytest.approx(averages[2], abs=1e-11)


def test_two_points_have_the_clone_agreement_of_two_classes() -> None:
    """Two binary samples in dimension 1 are equal or different with probability 1/2 each: enumeration."""
    law, time = DiscreteProduct.binary(1), 0.6
    curves = simulate_collapse(law, time, 2, seed=3, walkers=400, instances=400)
    signal = 1.0 / np.expm1(2.0 * time)
    different = quad(lambda z: norm.pdf(z) * 0.5 * (1.0 + np.tanh(signal + np.sqrt(signal) * z)), -9.0, 9.0)[
        0
    ]
    expected = 0.5 * 0.5 + 0.5 * different
    for estimate in (curves.participation, curves.source_weight):
        assert abs(float(estimate.mean) - expected) < 4.0 * float(estimate.standard_error)


def test_both_forms_of_each_average_agree_and_limits_hold() -> None:
    curves = simulate_collapse(gaussian(20), [0.01, 0.3, 0.8, 12.0], 300, seed=5, walkers=300, instances=12)
    for one, other in ((curves.entropy, curves.surprise), (curves.participation, curves.source_weight)):
        error = np.hypot(one.standard_error, other.standard_error) + 1e-9
        assert (np.abs(one.mean - other.mean) < 4.0 * error).all()
    assert curves.entropy.mean[0] < 1e-6
    assert curves.participation.mean[0] == pytest.approx(1.0, abs=1e-6)
    assert curves.top_one.mean[0] == 1.0
    assert curves.entropy.mean[3] == pytest.approx(np.log(300), abs=1e-6)
    assert curves.participation.mean[3] == pytest.approx(1.0 / 300, rel=1e-6)
    assert (np.diff(curves.entropy.mean) > 0.0).all()
    # The averaged form has the smaller error where the posterior is wide.
    assert curves.entropy.standard_error[3] < 0.1 * curves.surprise.standard_error[3]


def test_fresh_points_condense_less_than_training_points() -> None:
    law, times = gaussian(12), [0.05, 0.3, 12.0]
    fresh = simulate_condensation(law, times, 100, seed=1, walkers=200, instances=8)
    planted = simulate_collapse(law, times, 100, seed=1, walkers=200, instances=8)
    assert fresh.participation.mean[0] < planted.participation.mean[0] - 0.1
    assert fresh.participation.mean[2] == pytest.approx(0.01, rel=1e-6)
    assert fresh.entropy.mean[2] == pytest.approx(np.log(100), abs=1e-6)
    assert (fresh.top_weight.mean >= fresh.participation.mean).all()


def test_posterior_variance_of_fresh_points() -> None:
    """Late, the posterior is uniform: the variance of the sample; early, one point has all the weight."""
    law = Covariance.from_eigenvalues([4.0, 1.0, 0.25])
    late = simulate_posterior_variance(law, 10.0, 500, seed=0, walkers=300, instances=20)
    expected = np.array([4.0, 1.0, 0.25]) * 499 / 500
    assert (np.abs(late.mean - expected) < 4.0 * late.standard_error).all()
    early = simulate_posterior_variance(law, 1e-6, 500, seed=0, walkers=300, instances=3)
    assert (early.mean < 1e-2).all()


def test_classes_are_resolved() -> None:
    law = GaussianMixture([0.25, 0.75], np.zeros((2, 10)), [0.1, 5.0])
    curves = simulate_collapse(law, [0.05, 0.5], 400, seed=2, walkers=400, instances=8, by_class=True)
    assert curves.source_weight.shape == (2, 2)
    assert curves.source_weight.mean[0, 1] < 0.05
    assert curves.source_weight.mean[1, 1] > 0.5
    whole = simulate_collapse(law, [0.05, 0.5], 400, seed=2, walkers=400, instances=8)
    mixed = np.array([0.25, 0.75]) @ curves.source_weight.mean
    np.testing.assert_allclose(mixed, whole.source_weight.mean, atol=0.01)


def test_larger_noise_leaves_the_basin() -> None:
    values = [
        float(
            simulate_collapse(
                gaussian(20, 0.6), 0.4, 200, seed=1, instances=4, walkers=200, radius=r
            ).log_ratio.mean
        )
        for r in (0.0, 0.5, 1.0, 2.0)
    ]
    assert (np.diff(values) > 0.0).all()
    assert values[0] < 0.0 < values[-1]


def test_information_of_a_gaussian_channel_with_many_points() -> None:
    """I = (d/2) log(1 + 1/(exp(2t) - 1)) for d unit variances: its value, its slope and where it is log 10."""
    law, time = gaussian(10), 0.9
    exact = -5.0 * np.log(-np.expm1(-2.0 * time))
    run: dict[str, Any] = {"walkers": 1000, "instances": 8}
    information = simulate_information(law, time, 1000, seed=0, **run)
    assert abs(float(information.mean) - exact) < 4.0 * float(information.standard_error) + 0.005
    slope = simulate_information_slope(law, time, 1000, seed=0, **run)
    assert abs(float(slope.mean) + 10.0 / np.expm1(2.0 * time)) < 4.0 * float(slope.standard_error) + 0.02
    root = simulate_information_time(law, 1000, np.log(10.0), seed=0, **run)
    expected = -0.5 * np.log(-np.expm1(-np.log(10.0) / 5.0))
    assert abs(float(root.mean) - expected) < 4.0 * float(root.standard_error) + 0.01
    # At the collapse time the edge of the basin is at the distance of the noise itself.
    radius = simulate_basin_radius(law, float(expected), 1000, np.log(10.0), seed=0, **run)
    assert abs(float(radius.mean) - 1.0) < 4.0 * float(radius.standard_error) + 0.03


def test_two_points_are_left_by_the_law_of_brownian_motion() -> None:
    """The plane halfway, at the distance h, is reached after tau > s with probability 2 Phi(h / sqrt(s)) - 1."""
    points, half = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.5]]), 0.75
    rng = np.random.default_rng(0)
    for step, largest in ((0.3, 0.06), (0.02, 0.015)):
        times = step * np.arange(1, int(30.0 / step))
        passages = first_passage_times(points, np.zeros(10_000, dtype=int), times, rng)

        def law(t: np.ndarray) -> np.ndarray:
            return 2.0 * norm.sf(half / np.sqrt(np.expm1(2.0 * t)))

        assert kstest(passages, law).statistic < largest
        # At a monitored time the probability is exact, however long the step.
        share = float((passages <= 3 * step).mean())
        exact = float(law(np.array(3 * step)))
        assert abs(share - exact) < 4.0 * np.sqrt(exact * (1.0 - exact) / 10_000)


def test_many_planes_at_once_do_not_spoil_the_passage() -> None:
    """The monitored step hardly matters with the bridge, and shifts the times without it."""
    law = gaussian(16, 0.8)
    runs = {
        (step, bridge): simulate_first_passage(
            law, 100, seed=1, walkers=100, instances=12, step=step, bridge=bridge
        )
        for step, bridge in ((0.08, True), (0.02, True), (0.08, False))
    }
    coarse, fine = runs[0.08, True].mean, runs[0.02, True].mean
    error = float(np.hypot(coarse.standard_error, fine.standard_error))
    assert abs(float(coarse.mean - fine.mean)) < 0.015 + 3.0 * error
    assert float(runs[0.08, False].mean.mean - fine.mean) > 0.05


def test_deviation_of_the_passage_over_paths_and_sets() -> None:
    passage = simulate_first_passage(gaussian(8), 60, seed=4, walkers=60, instances=10)
    assert passage.times.shape == (10, 60)
    assert float(passage.deviation.mean) == pytest.approx(passage.times.std(), rel=0.02)
    assert float(passage.deviation.standard_error) < 0.03


def test_exact_clones_agree_as_the_posterior_says() -> None:
    law, times = gaussian(16, 0.8), [0.3, 0.5]
    clones = simulate_empirical_clones(law, times, 150, seed=0, walkers=1000, instances=12)
    curves = simulate_collapse(law, times, 150, seed=0, walkers=500, instances=12)
    error = np.hypot(clones.standard_error, curves.participation.standard_error)
    assert (np.abs(clones.mean - curves.participation.mean) < 4.0 * error).all()
    later = simulate_empirical_clones(law, 0.5, 150, seed=0, end=1e-4, walkers=1000, instances=12)
    assert abs(float(later.mean - clones.mean[1])) < 4.0 * float(np.hypot(later.standard_error, error[1]))


def test_euler_clones_and_last_changes_approach_the_exact_ones() -> None:
    law = gaussian(8)
    euler = simulate_empirical_clones_langevin(law, 0.4, 60, seed=0, steps=100, walkers=300, instances=8)
    exact = simulate_empirical_clones(law, 0.4, 60, seed=0, walkers=2000, instances=8)
    assert abs(float(euler.mean - exact.mean)) < 0.02 + 4.0 * float(euler.standard_error)
    steps = 80
    backward = simulate_last_change(law, 60, seed=0, steps=steps, walkers=200, instances=8)
    grid = np.concatenate([backward_grid(4.0, 1e-3, steps)[::-1], [6.0, 9.0, 14.0]])
    forward = simulate_first_passage(law, 60, seed=0, walkers=200, instances=8, times=grid, bridge=False)
    # Euler steps are off by a few per cent at this number of steps; unmonitored passages would be off by 15 %.
    error = float(np.hypot(backward.mean.standard_error, forward.mean.standard_error))
    assert abs(float(backward.mean.mean - forward.mean.mean)) < 0.03 + 4.0 * error


def test_grid_and_nearest() -> None:
    grid = backward_grid(2.0, 0.01, 50)
    assert grid[0] == 2.0
    assert grid[-1] == 0.01
    assert (np.diff(grid) < 0.0).all()
    ratios = np.diff(np.log(np.expm1(2.0 * grid)))
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)
    rng = np.random.default_rng(0)
    points, x = rng.standard_normal((30, 3)), rng.standard_normal((10, 3))
    distances = ((x[:, None] - np.exp(-0.2) * points) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest(x, np.exp(-0.2) * points), distances.argmin(axis=1))
    logs = -distances / (2.0 * -np.expm1(-0.4))
    expected = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    np.testing.assert_allclose(posterior_weights(points, x, 0.2), expected, rtol=1e-12, atol=1e-15)


def test_laws_are_sampled() -> None:
    rng = np.random.default_rng(0)
    spins, _ = draw_data(DiscreteProduct.binary(50, 0.5), 4000, rng)
    assert set(np.unique(spins)) == {-1.0, 1.0}
    assert abs(spins.mean() - 0.5) < 4.0 * np.sqrt(0.75 / spins.size)
    magnetised, _ = draw_data(CurieWeiss(30, 2.0), 500, rng)
    assert (np.abs(magnetised.mean(axis=1)) > 0.5).mean() > 0.9
    spectrum = np.array([9.0, 1.0, 0.0])
    for law in (
        GaussianMixture([1.0], np.zeros((1, 3)), spectrum[None]),
        Covariance.from_eigenvalues(spectrum),
    ):
        normal, components = draw_data(law, 4000, rng)
        # Four standard errors of a variance.
        np.testing.assert_allclose(normal.var(axis=0), spectrum, rtol=4.0 * np.sqrt(2.0 / len(normal)))
        assert not components.any()
    three, _ = draw_data(DiscreteProduct(20, [-1.0, 0.0, 3.0], [0.5, 0.3, 0.2]), 4000, rng)
    shares = [(three == value).mean() for value in (-1.0, 0.0, 3.0)]
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=4.0 * np.sqrt(0.25 / three.size))


def test_same_bits_for_any_number_of_threads() -> None:
    law = gaussian(5)
    runs: list[Any] = []
    for threads in (1, 3):
        collapse = simulate_collapse(law, [0.1, 1.0], 50, seed=9, walkers=300, instances=4, threads=threads)
        fresh = simulate_condensation(law, 0.1, 50, seed=9, walkers=50, instances=4, threads=threads)
        passage = simulate_first_passage(law, 50, seed=9, walkers=20, instances=4, threads=threads)
        clones = simulate_empirical_clones(law, 0.3, 50, seed=9, walkers=50, instances=4, threads=threads)
        change = simulate_last_change(law, 20, seed=9, steps=10, walkers=20, instances=3, threads=threads)
        single = simulate_collapse(law, 0.5, 50, seed=9, instances=2, walkers=20, threads=threads)
        runs.append(
            [
                collapse.entropy.mean,
                fresh.entropy.mean,
                passage.times,
                clones.mean,
                change.times,
                single.surprise.mean,
            ]
        )
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)
    another = simulate_collapse(law, [0.1, 1.0], 50, seed=10, walkers=300, instances=4).entropy.mean
    assert (another != runs[0][0]).all()


BINARY = DiscreteProduct.binary(4)
BAD: list[tuple[str, Any]] = [
    ("samples", lambda: simulate_collapse(BINARY, 0.5, 1, seed=0)),
    ("samples", lambda: simulate_collapse(BINARY, 0.5, 2.5, seed=0)),
    ("time", lambda: simulate_collapse(BINARY, 0.0, 10, seed=0)),
    ("time", lambda: simulate_collapse(BINARY, [0.5, np.nan], 10, seed=0)),
    ("time", lambda: simulate_collapse(BINARY, [], 10, seed=0)),
    ("walkers", lambda: simulate_collapse(BINARY, 0.5, 10, seed=0, walkers=0)),
    ("instances", lambda: simulate_collapse(BINARY, 0.5, 10, seed=0, instances=1)),
    ("radius", lambda: simulate_collapse(BINARY, 0.5, 10, seed=0, radius=-1.0)),
    ("seed", lambda: simulate_collapse(BINARY, 0.5, 10, seed=-1)),
    ("threads", lambda: simulate_collapse(BINARY, 0.5, 10, seed=0, threads=0)),
    ("law", lambda: simulate_collapse("gaussian", 0.5, 10, seed=0)),
    ("by_class", lambda: simulate_collapse(BINARY, 0.5, 10, seed=0, by_class=True)),
    ("samples", lambda: simulate_condensation(BINARY, 0.5, 0, seed=0)),
    ("time", lambda: simulate_condensation(BINARY, -0.5, 10, seed=0)),
    ("law", lambda: simulate_condensation(None, 0.5, 10, seed=0)),
    ("time", lambda: simulate_posterior_variance(gaussian(2), 0.0, 10, seed=0)),
    ("step", lambda: simulate_first_passage(BINARY, 10, seed=0, step=0.0)),
    ("horizon", lambda: simulate_first_passage(BINARY, 10, seed=0, step=0.5, horizon=0.5)),
    ("walkers", lambda: simulate_first_passage(BINARY, 10, seed=0, walkers=0)),
    ("times", lambda: simulate_first_passage(BINARY, 10, seed=0, times=[0.2, 0.1])),
    ("times", lambda: simulate_first_passage(BINARY, 10, seed=0, times=[[0.2]])),
    ("end", lambda: simulate_empirical_clones(BINARY, 0.5, 10, seed=0, end=-0.1)),
    ("time", lambda: simulate_empirical_clones(BINARY, 0.1, 10, seed=0, end=0.1)),
    ("end", lambda: simulate_empirical_clones_langevin(BINARY, 0.5, 10, seed=0, end=0.0)),
    ("steps", lambda: simulate_empirical_clones_langevin(BINARY, 0.5, 10, seed=0, steps=0)),
    ("end", lambda: simulate_last_change(BINARY, 10, seed=0, end=5.0)),
    ("horizon", lambda: simulate_last_change(BINARY, 10, seed=0, horizon=0.0)),
    ("steps", lambda: simulate_last_change(BINARY, 10, seed=0, steps=-3)),
    ("walkers", lambda: simulate_last_change(BINARY, 10, seed=0, walkers=0)),
    ("log_samples", lambda: simulate_information_time(BINARY, 10, 0.0, seed=0)),
    ("log_samples", lambda: simulate_information_time(BINARY, 10, 2.5, seed=0)),
    ("samples", lambda: simulate_basin_radius(BINARY, 0.5, 1, 1.0, seed=0)),
    ("time", lambda: simulate_basin_radius(BINARY, 0.0, 10, 1.0, seed=0)),
    ("step", lambda: simulate_information_slope(BINARY, 0.5, 10, seed=0, step=0.5)),
    ("instances", lambda: simulate_information_slope(BINARY, 0.5, 10, seed=0, instances=1)),
]


@pytest.mark.parametrize(("argument", "call"), BAD, ids=[f"{i}-{name}" for i, (name, _) in enumerate(BAD)])
def test_bad_input_is_refused_in_one_line(argument: str, call: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert caught.value.argument.startswith(argument)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(InsufficientSamples, match="equal"):
        simulate_first_passage(DiscreteProduct.binary(1), 10, seed=0)
    with pytest.raises(InsufficientSamples, match="horizon"):
        simulate_first_passage(gaussian(3), 10, seed=0, horizon=0.05)
    rare = GaussianMixture([1e-9, 1.0 - 1e-9], np.zeros((2, 2)), 1.0)
    with pytest.raises(InsufficientSamples, match="class 0"):
        simulate_collapse(rare, 0.5, 20, seed=0, by_class=True)
