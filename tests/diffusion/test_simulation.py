"""The exact backward kernel and the clone experiments, without any formula for the agreement."""

import itertools

import numpy as np
import pytest
from scipy import stats

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.data.sampling import NoisedMixture, block_size, draw_index
from statphys_gen.diffusion.simulation.backward_kernel import (
    posterior_agreement,
    simulate_clones,
    simulate_u_turn,
)
from statphys_gen.errors import InvalidArgument
from statphys_gen.noising import noise_variance
from statphys_gen.statistics.proportions import estimate_proportion

FULL_2 = np.array([[0.9, 0.3, -0.2], [0.3, 1.4, 0.1], [-0.2, 0.1, 0.4]])
FULL_1 = np.array([[0.2, -0.1, 0.0], [-0.1, 0.5, 0.2], [0.0, 0.2, 2.0]])
MEANS = np.array([[1.0, -0.5, 2.0], [-1.5, 0.2, 0.3]])
MIXTURES = {
    "isotropic": GaussianMixture([0.3, 0.7], MEANS, [0.25, 1.5]),
    "common": GaussianMixture([0.3, 0.7], MEANS, 0.6),
    "diagonal": GaussianMixture([0.3, 0.7], MEANS, [[0.2, 1.0, 3.0], [0.9, 0.1, 0.5]]),
    "full": GaussianMixture([0.3, 0.7], MEANS, np.stack([FULL_1, FULL_2])),
    "point masses": GaussianMixture([0.3, 0.7], MEANS, 0.0),
}
SEVERAL = [pytest.param(mixture, id=name) for name, mixture in MIXTURES.items()]


def matrix(mixture: GaussianMixture, k: int, time: float) -> np.ndarray:
    """S_k(t) as a dense matrix."""
    covariance = mixture.covariance(k)
    dense = covariance if covariance.ndim == 2 else np.diag(np.broadcast_to(covariance, mixture.dimension))
    return np.exp(-2 * time) * dense + (1 - np.exp(-2 * time)) * np.eye(mixture.dimension)


class Prescribed:
    """Stands in for a generator where the noise must be known."""

    def __init__(self, *normals: np.ndarray) -> None:
        self.normals = list(normals)

    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        noise = self.normals.pop(0)
        assert noise.shape == shape
        return noise.copy()

    def random(self, size: int) -> np.ndarray:
        return np.zeros(size)


@pytest.mark.parametrize("mixture", SEVERAL)
def test_posterior_is_bayes_rule_with_dense_densities(mixture):
    x = np.random.default_rng(1).standard_normal((20, 3)) * 2
    for time in (0.05, 0.7, 3.0):
        joint = np.stack(
            [
                w * stats.multivariate_normal(np.exp(-time) * m, matrix(mixture, k, time)).pdf(x)
                for k, (w, m) in enumerate(zip(mixture.weights, mixture.means, strict=True))
            ],
            axis=1,
        )
        law = NoisedMixture(mixture)
        np.testing.assert_allclose(
            law.posterior(x, time), joint / joint.sum(axis=1, keepdims=True), rtol=1e-10, atol=1e-15
        )
        np.testing.assert_allclose(law.log_density(x, time), np.log(joint.sum(axis=1)), rtol=1e-11)


@pytest.mark.parametrize("mixture", SEVERAL)
def test_score_is_the_gradient_of_the_log_density(mixture):
    law, x, step = NoisedMixture(mixture), np.random.default_rng(2).standard_normal((5, 3)), 1e-5
    slopes = [
        (law.log_density(x + step * e, 0.4) - law.log_density(x - step * e, 0.4)) / (2 * step)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(law.score(x, 0.4), np.stack(slopes, axis=1), atol=2e-8)


@pytest.mark.parametrize("mixture", SEVERAL)
@pytest.mark.parametrize("end", [0.0, 0.35])
def test_backward_step_is_the_conditional_law_of_a_joint_gaussian(mixture, end):
    # Given the component, (x_s, x_t) is jointly Gaussian with covariance exp(-(t - s)) S_s.
    start, k, point = 0.8, 0, np.array([0.3, -1.2, 0.8])
    decay, before, after = np.exp(-(start - end)), matrix(mixture, k, start), matrix(mixture, k, end)
    gain = decay * after @ np.linalg.inv(before)
    mean = np.exp(-end) * mixture.means[k] + gain @ (point - np.exp(-start) * mixture.means[k])
    covariance = after - decay * gain @ after
    # One walker without noise and one for every unit of noise; a zero for the component draws component 0.
    noise = np.vstack([np.zeros(3), np.eye(3)])
    x, components = NoisedMixture(mixture).backward(np.tile(point, (4, 1)), start, end, Prescribed(noise))
    assert (components == 0).all()
    np.testing.assert_allclose(x[0], mean, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose((x[1:] - x[0]).T @ (x[1:] - x[0]), covariance, rtol=1e-12, atol=1e-13)


def test_backward_step_to_point_masses_is_the_bridge_between_two_points():
    time, end, point, origin = 1.1, 0.4, np.array([[0.7, -0.2, 1.9]]), MEANS[0]
    variance = noise_variance
    x, _ = NoisedMixture(MIXTURES["point masses"]).backward(point, time, end, Prescribed(np.zeros((1, 3))))
    elapsed = time - end
    bridge = np.exp(-elapsed) * variance(end) * point + np.exp(-end) * variance(elapsed) * origin
    np.testing.assert_allclose(x, bridge / variance(time), rtol=1e-13)
    noisy, _ = NoisedMixture(MIXTURES["point masses"]).backward(point, time, end, Prescribed(np.ones((1, 3))))
    np.testing.assert_allclose(
        (noisy - x) ** 2, variance(end) * variance(elapsed) / variance(time), rtol=1e-12
    )


@pytest.mark.parametrize("mixture", SEVERAL)
@pytest.mark.parametrize("path", [(1.2, 0.3), (1.2, 0.7, 0.5, 0.3)])
def test_no_drift(mixture, path):
    """Walkers that start at P_t and make exact steps to s are at P_s."""
    walkers = 20_000
    law, rng = NoisedMixture(mixture), np.random.default_rng(3)
    x = law.sample(law.draw_components(walkers, rng), path[0], rng)
    for start, end in itertools.pairwise(path):
        x, components = law.backward(x, start, end, rng)
    share = (components == 0).mean()
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / walkers)
    time = path[-1]
    means = np.exp(-time) * mixture.means
    direction = np.array([0.5, -0.3, 0.8])
    deviations = [np.sqrt(direction @ matrix(mixture, k, time) @ direction) for k in range(2)]

    def cumulative(u):
        parts = [stats.norm.cdf(u, m @ direction, s) for m, s in zip(means, deviations, strict=True)]
        return mixture.weights @ parts

    assert stats.kstest(x @ direction, cumulative).pvalue > 1e-3
    overall = mixture.weights @ means
    second = sum(
        w * (matrix(mixture, k, time) + np.outer(means[k], means[k])) for k, w in enumerate([0.3, 0.7])
    )
    np.testing.assert_array_less(np.abs(x.mean(axis=0) - overall), 4.5 * x.std(axis=0) / np.sqrt(walkers))
    products = x[:, :, None] * x[:, None, :]
    np.testing.assert_array_less(
        np.abs(products.mean(axis=0) - second), 4.5 * products.std(axis=0) / np.sqrt(walkers)
    )


@pytest.mark.parametrize("mixture", SEVERAL)
def test_drawing_with_and_without_keeping_x_gives_the_same_posterior(mixture):
    law = NoisedMixture(mixture)
    components = law.draw_components(500, np.random.default_rng(4))
    kept = law.posterior(law.sample(components, 0.4, np.random.default_rng(5)), 0.4)
    np.testing.assert_allclose(
        law.sample_posterior(components, 0.4, np.random.default_rng(5)), kept, rtol=1e-11, atol=1e-14
    )


@pytest.mark.parametrize("experiment", [simulate_clones, simulate_u_turn, posterior_agreement])
def test_bits_depend_neither_on_threads_nor_on_other_times(experiment):
    mixture = GaussianMixture.two_classes(300, 0.2)
    walkers = 2 * block_size(300, 10**9) + 7
    reference = experiment(mixture, [0.5, 1.5], walkers=walkers, seed=11)
    for threads in (2, 4):
        again = experiment(mixture, [0.5, 1.5], walkers=walkers, seed=11, threads=threads)
        np.testing.assert_array_equal(again.mean, reference.mean)
        np.testing.assert_array_equal(again.standard_error, reference.standard_error)
    alone = experiment(mixture, 1.5, walkers=walkers, seed=11)
    assert alone.shape == ()
    assert alone.mean == reference.mean[1]
    assert (experiment(mixture, [0.5, 1.5], walkers=walkers, seed=12).mean != reference.mean).any()


@pytest.mark.parametrize("experiment", [simulate_clones, simulate_u_turn])
def test_limits_of_time(experiment):
    apart = GaussianMixture([0.2, 0.8], [[4.0] * 8, [-4.0] * 8], 0.5)
    walkers = 20_000
    for label in ("component", "sign"):
        assert experiment(apart, 1e-3, walkers=walkers, label=label).mean == 1.0
        late = experiment(apart, 20.0, walkers=walkers, label=label)
        assert abs(late.mean - 0.68) < 4 * late.standard_error


def test_overlapping_classes_at_time_zero():
    # Two runs from the same x_0 agree by the sign, but redraw the component from p(k|x_0).
    mixture = GaussianMixture.two_classes(1, 0.5)
    assert simulate_clones(mixture, 0.0, walkers=2_000, seed=0, label="sign").mean == 1.0
    component = simulate_clones(mixture, 0.0, walkers=40_000, seed=0)
    x = np.linspace(-9, 9, 4001)
    densities = np.stack([0.5 * stats.norm.pdf(x, m) for m in (-0.5, 0.5)])
    agreement = np.trapezoid((densities**2).sum(axis=0) / densities.sum(axis=0), x)
    assert abs(component.mean - agreement) < 4 * component.standard_error


def test_groups_of_components():
    means = np.random.default_rng(6).standard_normal((4, 5)) * 2
    mixture = GaussianMixture([0.1, 0.2, 0.3, 0.4], means, 1.0)
    plain = simulate_clones(mixture, 0.5, walkers=3_000, seed=0)
    np.testing.assert_array_equal(
        simulate_clones(mixture, 0.5, walkers=3_000, seed=0, groups=[7, 3, 5, 1]).mean, plain.mean
    )
    assert simulate_clones(mixture, 0.5, walkers=3_000, seed=0, groups=[1, 1, 1, 1]).mean == 1.0
    assert simulate_clones(mixture, 0.5, walkers=3_000, seed=0, groups=[0, 0, 1, 1]).mean > plain.mean
    late = simulate_u_turn(mixture, 20.0, walkers=20_000, seed=0, groups=[0, 0, 1, 1])
    assert abs(late.mean - (0.3**2 + 0.7**2)) < 4 * late.standard_error


def test_clones_u_turn_and_posterior_have_one_probability():
    mixture = MIXTURES["full"]
    clones, u_turn = (
        simulate_clones(mixture, 0.6, walkers=60_000, seed=0),
        simulate_u_turn(mixture, 0.6, walkers=60_000, seed=0),
    )
    averaged = posterior_agreement(mixture, 0.6, walkers=60_000, seed=0)
    assert averaged.standard_error < 0.6 * clones.standard_error
    for one in (clones, u_turn):
        assert abs(one.mean - averaged.mean) < 4 * np.hypot(one.standard_error, averaged.standard_error)


def test_draw_index_has_the_given_probabilities():
    law = np.array([0.05, 0.0, 0.6, 0.35])
    drawn = np.bincount(draw_index(np.tile(3 * law, (40_000, 1)), np.random.default_rng(7)), minlength=4)
    assert drawn[1] == 0
    assert stats.chisquare(drawn[law > 0], 40_000 * law[law > 0]).pvalue > 1e-3


def test_error_of_a_proportion():
    estimate = estimate_proportion([0, 50, 100], 100)
    np.testing.assert_array_equal(estimate.mean, [0.0, 0.5, 1.0])
    assert estimate.standard_error[1] == pytest.approx(np.sqrt(0.25 / 99), rel=1e-12)
    assert (estimate.standard_error > 0).all()
    assert (estimate.degrees_of_freedom == 99).all()


TWO = GaussianMixture.two_classes(3, 1.0)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: simulate_clones(TWO, -1.0, walkers=10, seed=0), "time"),
        (lambda: simulate_clones(TWO, [1.0, np.nan], walkers=10, seed=0), "time"),
        (lambda: simulate_clones(TWO, 1.0, walkers=1, seed=0), "walkers"),
        (lambda: simulate_clones(TWO, 1.0, walkers=10, seed=-1), "seed"),
        (lambda: simulate_clones(TWO, 1.0, walkers=10, seed=0, label="bayes"), "label"),
        (lambda: simulate_clones(TWO, 1.0, walkers=10, seed=0, label="sign", groups=[0, 0]), "groups"),
        (lambda: simulate_clones(TWO, 1.0, walkers=10, seed=0, groups=[0, 0, 1]), "groups"),
        (lambda: simulate_clones(TWO, 1.0, walkers=10, seed=0, groups=[0.0, 1.0]), "groups"),
        (lambda: simulate_clones(TWO, 1.0, walkers=10, seed=0, threads=0), "threads"),
        (
            lambda: simulate_clones(
                GaussianMixture([1.0], [[1.0]], 1.0), 1.0, walkers=10, seed=0, label="sign"
            ),
            "label",
        ),
        (
            lambda: simulate_u_turn(
                GaussianMixture([0.5, 0.5], np.zeros((2, 2)), [1.0, 2.0]),
                1.0,
                walkers=10,
                seed=0,
                label="sign",
            ),
            "label",
        ),
        (lambda: simulate_clones(MIXTURES["point masses"], 0.0, walkers=10, seed=0), "time"),
        (lambda: simulate_u_turn(MIXTURES["point masses"], [0.0, 1.0], walkers=10, seed=0), "time"),
        (lambda: posterior_agreement("mixture.json", 1.0, walkers=10, seed=0), "mixture"),
    ],
)
def test_bad_input_is_named_in_one_line(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(argument)
