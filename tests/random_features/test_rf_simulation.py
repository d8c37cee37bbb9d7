"""The matrices, trainings and experiments of finite models, against their definitions; no theory of the limit."""

import math

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import AccuracyNotReached
from statphys_gen.random_features.model import Activation, RandomFeatures
from statphys_gen.random_features.simulation.gaussian_equivalent import FeatureMoments
from statphys_gen.random_features.simulation.instances import (
    modes_between,
    population_eigenvalues,
    sample_matrices,
    simulate_best_stopping,
    simulate_eigenvalues,
    simulate_limit,
    simulate_losses,
    simulate_train_parts,
)
from statphys_gen.random_features.simulation.matrices import averaged_products
from statphys_gen.random_features.simulation.training import (
    Adam,
    GradientDescent,
    GradientFlow,
    Matrices,
    Ridge,
    losses_of,
)
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.statistics.extrapolation import componentwise_limit

SIN = RandomFeatures("sin", 2.0, 1.5, 0.2)
DRAWS = RandomFeatures("tanh", 2.0, 1.5, 0.2, noise_draws=2)
MOMENTS = FeatureMoments(0.6, 0.02, 0.05)


def two_features(correlation: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shifts of three samples, deviations and correlations of two features."""
    shift = np.array([[0.3, -1.2, 0.0], [0.7, 0.4, -2.0]])
    return shift, np.array([0.5, 0.8]), np.array([[1.0, correlation], [correlation, 1.0]])


def by_hermite(activation, shift, deviation, correlation):
    """The same averages on a two-dimensional Gauss-Hermite grid."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / np.sqrt(2 * np.pi)
    a, b = np.meshgrid(z, z, indexing="ij")
    weights = np.multiply.outer(w, w)
    products = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            r = correlation[i, j]
            other = r * a + np.sqrt(max(0.0, 1 - r**2)) * b
            one = activation(shift[i][:, None, None] + deviation[i] * a)
            two = activation(shift[j][:, None, None] + deviation[j] * other)
            products[i, j] = ((one * two) * weights).sum(axis=(1, 2)).mean()
    slope = [((activation(shift[i][:, None] + deviation[i] * z) * z) @ w).mean() for i in range(2)]
    return products, np.array(slope)


@pytest.mark.parametrize("name", ["sin", "tanh", "erf", "linear"])
@pytest.mark.parametrize("correlation", [0.35, -0.2])
def test_averages_over_the_noise_are_gaussian_integrals(name, correlation):
    activation = Activation.named(name)
    arguments = two_features(correlation)
    products, slope = averaged_products(activation, *arguments)
    expected, expected_slope = by_hermite(activation, *arguments)
    np.testing.assert_allclose(products, expected, rtol=0, atol=3e-8)
    np.testing.assert_allclose(slope, expected_slope, rtol=0, atol=3e-8)


def test_the_series_agrees_with_the_closed_form_of_the_sine():
    # A sine under another name goes the way of the series.
    rng = np.random.default_rng(0)
    w = rng.standard_normal((30, 20)) / np.sqrt(20)
    norm = np.linalg.norm(w, axis=1)
    arguments = rng.standard_normal((30, 10)), 0.7 * norm, (w @ w.T) / np.multiply.outer(norm, norm)
    closed = averaged_products(Activation.named("sin"), *arguments)
    series = averaged_products(Activation(np.sin, "my sine"), *arguments)
    for one, other in zip(closed, series, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", ["relu", "sign"])
def test_population_averages_of_kinked_activations(name):
    from scipy.integrate import quad

    activation = Activation.named(name)
    deviation, r = np.array([0.5, 0.8]), 0.4
    products, slope = averaged_products(
        activation, np.zeros((2, 1)), deviation, np.array([[1.0, r], [r, 1.0]])
    )

    def density(z):
        return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)

    def conditional(u):
        """E[sigma(s_2 (r u + sqrt(1 - r^2) z))], the kink placed at an end of the range."""
        kink = -r * u / math.sqrt(1 - r**2)

        def integrand(z):
            value = deviation[1] * (r * u + math.sqrt(1 - r**2) * z)
            return float(activation(np.array([value]))[0]) * density(z)

        return quad(integrand, -9, kink)[0] + quad(integrand, kink, 9)[0]

    def outer(u):
        return float(activation(np.array([deviation[0] * u]))[0]) * density(u) * conditional(u)

    expected = sum(quad(outer, *ends, epsabs=1e-9)[0] for ends in ((-8, 0), (0, 8)))
    assert products[0, 1] == pytest.approx(expected, abs=1e-7)

    def first(u):
        return float(activation(np.array([deviation[0] * u]))[0]) * u * density(u)

    assert slope[0] == pytest.approx(quad(first, -9, 0)[0] + quad(first, 0, 9)[0], abs=1e-8)


def test_noise_averages_are_what_many_draws_tend_to():
    """U and V of infinitely many draws, and the population's, within the errors of sampling them."""
    model = RandomFeatures("tanh", 1.0, 0.5, 0.3)
    d, draws = 8, 40_000
    exact = sample_matrices(model, d, np.random.default_rng(3))
    sampled = sample_matrices(model.replace(noise_draws=draws), d, np.random.default_rng(3))
    # Of means over the draws and four samples, of products whose variance is at most 1.
    error = 1.0 / math.sqrt(draws * 4)
    assert agrees(Estimate(sampled.gram, error, 1e9), exact.gram)
    assert agrees(Estimate(sampled.cross, error, 1e9), exact.cross)
    np.testing.assert_array_equal(exact.population_gram, sampled.population_gram)


def test_losses_are_those_of_the_definition():
    """A model with sampled noise: the train loss as a mean over draws, test loss and score error over fresh data."""
    d, p, n, time = 5, 10, 10, 0.4
    model = RandomFeatures("tanh", 2.0, 2.0, time, Covariance([0.5, 2.0], [0.6, 0.4]), 1)
    rng = np.random.default_rng(5)
    matrices = sample_matrices(model, d, rng)
    again = np.random.default_rng(5)
    w = again.standard_normal((p, d)) / np.sqrt(d)
    variances = population_eigenvalues(model.covariance, d)
    x = np.sqrt(variances)[:, None] * again.standard_normal((d, n))
    xi = again.standard_normal((d, n))
    signal, noise = np.exp(-time), 1 - np.exp(-2 * time)
    weights = 0.3 * np.random.default_rng(1).standard_normal((d, p))
    found = losses_of(matrices, weights[None])
    train = np.mean(
        ((np.sqrt(noise) * weights @ np.tanh(w @ (signal * x + np.sqrt(noise) * xi)) + xi) ** 2).sum(axis=0)
    )
    assert found.train_loss[0] == pytest.approx(train / d, rel=1e-12)
    count = 200_000
    fresh = np.sqrt(variances)[:, None] * again.standard_normal((d, count))
    xi = again.standard_normal((d, count))
    y = signal * fresh + np.sqrt(noise) * xi
    score = weights @ np.tanh(w @ y)
    true = -y / (signal**2 * variances + noise)[:, None]
    for value, samples in (
        (found.test_loss[0], ((np.sqrt(noise) * score + xi) ** 2).sum(axis=0) / d),
        (found.score_error[0], ((score - true) ** 2).sum(axis=0) / d),
    ):
        assert agrees(Estimate.from_samples(samples), value)


def matrices_of(model: RandomFeatures = DRAWS, dimension: int = 6) -> Matrices:
    return sample_matrices(model, dimension, np.random.default_rng(0))


def test_steps_follow_the_gradient_of_the_train_loss():
    """One step of descent is -eta times the numerical gradient of the train loss with respect to A."""
    matrices, d, p = matrices_of(), 6, 12
    rng = np.random.default_rng(2)
    a = rng.standard_normal((d, p))

    def loss(values):
        return losses_of(matrices, values[None] / np.sqrt(p)).train_loss[0]

    noise = matrices.noise_variance
    gradient = (2 / (d * np.sqrt(p))) * (
        noise * (a / np.sqrt(p)) @ matrices.gram + np.sqrt(noise) * matrices.cross.T
    )
    for i, j in ((0, 0), (3, 7), (5, 11)):
        step = np.zeros_like(a)
        step[i, j] = 1e-4
        assert (loss(a + step) - loss(a - step)) / 2e-4 == pytest.approx(gradient[i, j], rel=1e-6)
    # From A = 0 the first step is B = -(2 D/psi_p) (eta/d^2) V^T/sqrt(D).
    learning_rate = 0.01
    b = -(2 * noise / 2.0) * learning_rate * matrices.cross.T / np.sqrt(noise)
    one = GradientDescent([1], learning_rate).losses(matrices, 2.0)
    assert one.test_loss[0] == pytest.approx(losses_of(matrices, b[None]).test_loss[0], rel=1e-13)


def test_small_steps_are_gradient_flow_and_a_weak_ridge_is_infinite_time():
    matrices = matrices_of()
    flow = GradientFlow([0.0, 4.0, math.inf]).losses(matrices, 2.0)
    assert flow.train_loss[0] == pytest.approx(matrices.squared_noise)
    assert flow.test_loss[0] == 1.0
    assert flow.score_error[0] == pytest.approx(matrices.fisher_information)
    errors = []
    for steps in (1000, 2000):
        found = GradientDescent([steps], 4.0 / steps).losses(matrices, 2.0)
        errors.append(found.score_error[0] - flow.score_error[1])
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.02)
    weak = Ridge([1e-9]).losses(matrices, 2.0)
    assert weak.train_loss[0] == pytest.approx(flow.train_loss[2], rel=1e-5)


def test_score_error_of_an_instance_obeys_tweedie():
    for model in (SIN, DRAWS):
        matrices = matrices_of(model)
        found = GradientFlow([1.0, 10.0]).losses(matrices, 2.0)
        identity = (found.test_loss - 1) / matrices.noise_variance + matrices.fisher_information
        np.testing.assert_allclose(found.score_error, identity, rtol=1e-10)


def test_interpolation_makes_the_train_loss_zero():
    model = RandomFeatures("tanh", 3.0, 1.0, 0.3, noise_draws=1)
    found = GradientFlow([math.inf]).losses(matrices_of(model), 3.0)
    assert abs(found.train_loss[0]) < 1e-9


def test_momentum_reaches_the_same_minimum():
    matrices = matrices_of(RandomFeatures("tanh", 0.5, 3.0, 0.3, noise_draws=2))
    final = GradientFlow([math.inf]).losses(matrices, 0.5)
    for nesterov in (False, True):
        found = GradientDescent([5000], 0.3, 0.9, nesterov).losses(matrices, 0.5)
        assert found.train_loss[0] == pytest.approx(final.train_loss[0], rel=1e-8)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_its_recursion(nesterov):
    matrices = matrices_of()
    noise, step, memory = matrices.noise_variance, 0.4, 0.7
    old, new = np.zeros((6, 12)), np.zeros((6, 12))
    expected = []
    for _ in range(30):
        ahead = new + memory * (new - old)
        gradient = (ahead if nesterov else new) @ matrices.gram + matrices.cross.T / np.sqrt(noise)
        old, new = new, ahead - 2 * noise / 2.0 * step * gradient
        expected.append(losses_of(matrices, new[None]).test_loss[0])
    found = GradientDescent([0, 1, 4, 30], step, memory, nesterov).losses(matrices, 2.0)
    np.testing.assert_allclose(found.test_loss, [1.0, *np.array(expected)[[0, 3, 29]]], rtol=1e-12)


def adam_by_numpy(matrices: Matrices, steps: int, rate: float) -> np.ndarray:
    p, d = matrices.cross.shape
    noise = matrices.noise_variance
    a, m, v = (np.zeros((d, p)) for _ in range(3))
    for k in range(1, steps + 1):
        g = 2 / (d * p) * noise * a @ matrices.gram
        g += 2 * np.sqrt(noise) / (d * np.sqrt(p)) * matrices.cross.T
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        a = a - rate * (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
    return a / np.sqrt(p)


def test_adam_is_adam():
    matrices = matrices_of()
    found = Adam([1, 7, 60], 0.05).losses(matrices, 2.0)
    for k, steps in enumerate((1, 7, 60)):
        expected = losses_of(matrices, adam_by_numpy(matrices, steps, 0.05)[None])
        assert found.train_loss[k] == pytest.approx(expected.train_loss[0], rel=1e-10)
        assert found.score_error[k] == pytest.approx(expected.score_error[0], rel=1e-10)
    assert found.train_loss[2] < found.train_loss[1] < found.train_loss[0]


def test_results_do_not_depend_on_threads_and_do_depend_on_the_seed():
    training = GradientFlow([1.0, 5.0])
    one = simulate_losses(SIN, training, 8, instances=6, seed=1)
    two = simulate_losses(SIN, training, 8, instances=6, threads=2, seed=1)
    other = simulate_losses(SIN, training, 8, instances=6, seed=2)
    np.testing.assert_array_equal(one.test_loss.mean, two.test_loss.mean)
    assert (one.test_loss.mean != other.test_loss.mean).all()
    assert one.train_loss.shape == (2,)


def test_gaussian_equivalent_counts_its_modes_exactly():
    model = RandomFeatures("tanh", 8.0, 2.0, 0.01)
    values = simulate_eigenvalues(model, 10, instances=3, moments=FeatureMoments(0.6, 0.025, 0.002))
    # p - n - d modes at s^2.
    counts = (np.abs(values - 0.002) < 1e-12).sum(axis=1)
    assert counts.tolist() == [50, 50, 50]
    found = modes_between(values, [0.0, 0.002 + 1e-12, 1e9], 10)
    np.testing.assert_allclose(found.mean, [5.0, 3.0])
    np.testing.assert_allclose(found.standard_error, 0.5 / (10 * math.sqrt(3)))


def test_equivalent_with_draws_has_the_moments_asked_for():
    model = RandomFeatures("tanh", 1.0, 4.0, 0.3, noise_draws=2)
    values = simulate_eigenvalues(model, 40, instances=8, moments=MOMENTS)
    # E phi^2 = a^2 (exp(-2t) + D) + v^2 + s^2, averaged over features.
    expected = 0.36 + 0.07
    # The default level would leave a wide band with 7 degrees of freedom.
    assert agrees(Estimate.from_samples(values.mean(axis=1)), expected, 1e-3)


def test_gaussian_equivalent_has_the_losses_of_the_nonlinear_model():
    """With the coefficients of the sine at Gamma = 1, from kappa(r) = exp(-1) sinh r, written out here."""
    rho = math.exp(-0.4)
    linear = math.exp(-0.5)
    shared = math.exp(-1.0) * (math.sinh(rho) - rho)
    fresh = math.exp(-1.0) * (math.sinh(1.0) - 1.0) - shared
    moments = FeatureMoments(linear, shared, fresh)
    arguments, instances = (SIN, [2.0, 20.0], (16, 32, 64)), (60, 40, 24)
    exact = simulate_limit(*arguments, instances=instances)
    reduced = simulate_limit(*arguments, instances=instances, moments=moments)
    for field in ("train_loss", "test_loss"):
        one, other = getattr(exact, field), getattr(reduced, field)
        assert (np.hypot(one.standard_error, other.standard_error) < 0.01 * one.mean).all()
        assert agrees(one, other)


def test_population_eigenvalues_are_quantiles():
    two = Covariance([0.5, 1.5], [0.25, 0.75])
    assert population_eigenvalues(two, 8).tolist() == [0.5] * 2 + [1.5] * 6
    law = Covariance.marchenko_pastur(0.5)
    values = population_eigenvalues(law, 400)
    assert values.mean() == pytest.approx(1.0, abs=2e-3)
    assert values.min() > (1 - math.sqrt(0.5)) ** 2
    half = Covariance.marchenko_pastur(2.0)
    assert (population_eigenvalues(half, 10) == 0).sum() == 5


def test_train_parts_add_up():
    training = GradientFlow([2.0, 20.0])
    parts = simulate_train_parts(SIN, training, 8, [0, 4, 16], instances=4)
    whole = simulate_losses(SIN, training, 8, instances=4)
    np.testing.assert_allclose(parts.mean.reshape(2, 2).sum(axis=0), whole.train_loss.mean - 1, rtol=1e-10)


def test_best_stopping_finds_the_minimum():
    times = np.geomspace(0.2, 500.0, 60)
    found = simulate_best_stopping(SIN, times, 16, instances=4)
    curves = simulate_losses(SIN, times, 16, instances=4).score_error.mean
    assert math.exp(found.mean[0]) == pytest.approx(times[np.argmin(curves)], rel=0.3)
    assert found.mean[1] <= curves.min() + 1e-12


def test_the_limit_is_the_fit_of_the_dimensions():
    sizes = (10, 20, 40)
    estimates = [Estimate(np.array([1.0 + 3.0 / d, 2.0]), np.full(2, 0.01), np.full(2, 20.0)) for d in sizes]
    np.testing.assert_allclose(componentwise_limit(sizes, estimates).mean, [1.0, 2.0])
    found = simulate_limit(SIN, [1.0], (4, 8, 16), instances=(8, 8, 8))
    assert found.test_loss.shape == (1,)


def test_a_kink_that_is_not_declared_is_noticed():
    kinked = Activation(lambda x: np.abs(x) * np.sign(x) ** 2 * x, "x |x|")
    with pytest.raises(AccuracyNotReached, match="smooth"):
        sample_matrices(RandomFeatures(kinked, 1.0, 1.0, 0.5), 8, np.random.default_rng(0))
