"""Learning curves: resolution, limits, identities, filters, and finite matrices."""

import math

import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import AccuracyNotReached
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory import contour_tables
from statphys_gen.random_features.theory import learning_curves as lc
from statphys_gen.random_features.theory.filters import (
    custom_filter,
    gradient_descent,
    gradient_flow,
    momentum_descent,
    ridge,
)
from statphys_gen.random_features.theory.limits import fast_phase_score_error, kernel_train_loss
from statphys_gen.random_features.theory.resolvent import dyson
from statphys_gen.random_features.theory.spectrum import spectrum

TWO_ATOMS = Covariance([0.5, 1.5], [0.5, 0.5])
MODELS = [
    RandomFeatures("tanh", 64, 8, 0.1),
    RandomFeatures("sin", 4, 2, 0.1, TWO_ATOMS),
    RandomFeatures("tanh", 0.7, 3, 0.2),
    RandomFeatures("sin", 2.2, 2, 0.2, noise_draws=1),
    RandomFeatures("erf", 3, 2, 0.2, TWO_ATOMS, noise_draws=2),
    RandomFeatures("linear", 3, 2, 0.2),
    RandomFeatures("tanh", 8, 3, 0.05, Covariance.power_law(1.0, 0.05, nodes=12)),
]
TIMES = [0.0, 1e-3, 3.0, 100.0, 1e5, math.inf]


@pytest.mark.parametrize("model", MODELS, ids=range(len(MODELS)))
def test_curves_do_not_depend_on_the_contour(model: RandomFeatures) -> None:
    system, algorithm = dyson(model), gradient_flow(model, TIMES)
    expected = lc.learning_curves(model, TIMES)
    for closeness in (0.35, 0.6):
        table = contour_tables._build(model, system, algorithm, closeness)
        found, _ = lc._evaluate(model, table, algorithm)
        np.testing.assert_allclose(found.train_loss, expected.train_loss, atol=1e-11)
        np.testing.assert_allclose(found.test_loss, expected.test_loss, rtol=1e-11)


@pytest.mark.parametrize("model", MODELS, ids=range(len(MODELS)))
def test_bounds_and_start(model: RandomFeatures) -> None:
    found = lc.learning_curves(model, TIMES)
    assert found.train_loss[0] == pytest.approx(1.0, abs=1e-13)
    assert found.score_error[0] == pytest.approx(lc.fisher_information(model), rel=1e-12)
    assert (np.diff(found.train_loss) < 1e-12).all()
    assert (found.test_loss >= lc.bayes_test_loss(model)).all()
    assert (found.score_error >= 0).all()
    assert (found.error < 1e-10 * np.maximum(1, found.test_loss)).all()


def test_initial_slope_of_the_train_loss() -> None:
    for model in MODELS[:5]:
        system = dyson(model)
        tau = 1e-7
        noise = -math.expm1(-2 * model.time)
        # dL/dtau = -(4 D/psi_p) Tr V^T V/d.
        mass = model.features_per_dimension * system.b2
        mass += system.ratio * system.inverse_draws * system.mean_eigenvalue
        slope = (1 - float(lc.learning_curves(model, tau).train_loss)) / tau
        assert slope == pytest.approx(4 * noise * mass / model.features_per_dimension, rel=1e-5)


def test_train_loss_as_an_integral_over_the_density() -> None:
    """The contour against the boundary values on the real axis, which share no quadrature."""
    for model in (MODELS[0], MODELS[1], MODELS[3]):
        found = spectrum(model)
        for tau in (3.0, 1e3):
            rate = 4 * -math.expm1(-2 * model.time) / model.features_per_dimension * tau
            drop = sum(
                float(found.integral(b, -np.expm1(-rate * b.position) / b.position, "train"))
                for b in found.bulks
            )
            assert 1 - float(lc.learning_curves(model, tau).train_loss) == pytest.approx(drop, rel=1e-8)


@pytest.mark.parametrize(
    ("model", "tau", "expected"),
    [
        (RandomFeatures("sin", 4, 2, 0.1), [10.0, 100.0, math.inf], [0.853418, 1.03371, 1.4598]),
        (RandomFeatures("sin", 1.9, 2, 0.2, noise_draws=1), [math.inf], [14.354]),
        (RandomFeatures("sin", 2.1, 2, 0.2, noise_draws=1), [math.inf], [15.371]),
        (RandomFeatures("sin", 4, 2, 0.2, noise_draws=1), [math.inf], [1.796608]),
        (RandomFeatures("sin", 16, 2, 0.2), [math.inf], [1.3140]),
    ],
    ids=range(5),
)
def test_published_digits(model: RandomFeatures, tau: list[float], expected: list[float]) -> None:
    """Values that simulations of the nonlinear model reproduce, to the digits with which they were first computed."""
    np.testing.assert_allclose(lc.learning_curves(model, tau).test_loss, expected, rtol=4e-5)


def test_one_draw_interpolates_beyond_the_number_of_samples() -> None:
    for draws in (1, 2, 3):
        below = RandomFeatures("sin", 1.9 * draws, 2, 0.2, noise_draws=draws)
        above = below.replace(features_per_dimension=2.1 * draws)
        assert lc.memorization_order_parameter(above) == pytest.approx(1.0, abs=1e-10)
        assert lc.memorization_order_parameter(below) < 1.0 - 1e-3


def test_memorization_transition_at_small_time() -> None:
    values = [lc.memorization_order_parameter(RandomFeatures("sin", p, 2, 1e-6)) for p in (1.9, 2.1, 3, 4, 8)]
    assert values[0] < 1e-4
    np.testing.assert_allclose(1 - np.array(values[1:]), [0.98068, 0.84112, 0.73211, 0.49410], atol=1e-5)


def test_many_draws_approach_infinitely_many() -> None:
    model = RandomFeatures("tanh", 4, 2, 0.2)
    limit = lc.learning_curves(model, [10.0, 1e3])
    distance = [
        np.abs(
            lc.learning_curves(model.replace(noise_draws=m), [10.0, 1e3]).test_loss - limit.test_loss
        ).max()
        for m in (100, 1000)
    ]
    assert distance[0] / distance[1] == pytest.approx(10.0, rel=0.05)


def test_many_samples_close_the_generalisation_gap() -> None:
    gaps = []
    for samples in (1e2, 1e4):
        curves = lc.learning_curves(RandomFeatures("tanh", 3, samples, 0.2), [10.0, 1e3])
        gaps.append(curves.test_loss - curves.train_loss)
    np.testing.assert_allclose(gaps[0] / gaps[1], 100.0, rtol=0.1)


def test_kernel_limit_and_fast_phase() -> None:
    model = RandomFeatures("tanh", 1e6, 64, 0.01)
    times = np.array([5.0, 100.0])
    curves = lc.learning_curves(model, times)
    np.testing.assert_allclose(curves.train_loss, kernel_train_loss(model, times), atol=1e-6)
    np.testing.assert_allclose(curves.score_error, fast_phase_score_error(model, times), rtol=2e-2)


def test_finite_step_descent_and_momentum() -> None:
    model = RandomFeatures("tanh", 8, 4, 0.1)
    flow = lc.learning_curves(model, [1.0, 20.0])
    small = lc.losses(model, gradient_descent(model, [10_000, 200_000], 1e-4))
    np.testing.assert_allclose(small.test_loss, flow.test_loss, rtol=1e-4)
    one = lc.losses(model, gradient_descent(model, [0, 1, 7, 500], 3.0))
    two = lc.losses(model, momentum_descent(model, [0, 1, 7, 500], 3.0, 0.0))
    np.testing.assert_allclose(one.test_loss, two.test_loss, rtol=1e-10)
    ended = lc.losses(model, momentum_descent(model, [30_000], 3.0, 0.9, nesterov=True))
    slow = lc.losses(model, gradient_flow(model, [math.inf]))
    assert abs(ended.train_loss[0] - slow.train_loss[0]) < 0.02


def test_filters_against_a_matrix() -> None:
    """F(U) of finite matrices of the Gaussian equivalent, on a common scale of 1/d."""
    model, d = RandomFeatures("tanh", 1.6, 1.2, 0.3), 250
    system, generator = dyson(model), np.random.default_rng(1)
    p, n = int(1.6 * d), int(1.2 * d)
    algorithms = (
        gradient_flow(model, [5.0, 200.0]),
        ridge([0.05]),
        gradient_descent(model, [5], 0.6),
        momentum_descent(model, [6], 0.5, 0.5),
    )
    totals = [0.0] * len(algorithms)
    for _ in range(4):
        w = generator.standard_normal((p, d)) / math.sqrt(d)
        shared = math.sqrt(system.linear) * w @ generator.standard_normal((d, n))
        shared += math.sqrt(system.v2) * generator.standard_normal((p, n))
        values, vectors = np.linalg.eigh(shared @ shared.T / n + system.b2 * w @ w.T + system.s2 * np.eye(p))
        v = math.sqrt(system.b2) * vectors.T @ w
        population = (system.linear + system.b2) * w @ w.T + (system.v2 + system.s2) * np.eye(p)
        rotated = vectors.T @ population @ vectors
        for k, algorithm in enumerate(algorithms):
            for f in algorithm(values).real:
                fv = f[:, None] * v
                totals[k] += (
                    (1 + ((rotated @ fv) * fv).sum() / d - 2 * (fv * v).sum() / d) / algorithm.size / 4
                )
    for total, algorithm in zip(totals, algorithms, strict=True):
        assert total == pytest.approx(lc.losses(model, algorithm).test_loss.mean(), abs=4e-3)


def test_ridge_and_infinite_time() -> None:
    model = RandomFeatures("sin", 4, 2, 0.2, noise_draws=1)
    found = lc.ridge_curves(model, [[0.0, 1e-9], [0.1, 10.0]])
    assert found.test_loss.shape == (2, 2)
    final = lc.learning_curves(model, math.inf)
    assert found.test_loss[0, 0] == pytest.approx(float(final.test_loss), rel=1e-11)
    assert found.test_loss[0, 1] == pytest.approx(float(final.test_loss), rel=1e-6)


def test_at_the_interpolation_threshold() -> None:
    """Finite times and ridges are regular where the lowest edge reaches 0, and continuous there."""
    model = RandomFeatures("sin", 2, 2, 0.2, noise_draws=1)
    near = [model.replace(features_per_dimension=p) for p in (1.9999, 2.0001)]
    here = lc.learning_curves(model, [1.0, 100.0]).test_loss
    around = [lc.learning_curves(m, [1.0, 100.0]).test_loss for m in near]
    np.testing.assert_allclose(here, np.mean(around, axis=0), rtol=1e-8)
    penal = lc.ridge_curves(model, [1e-3]).test_loss
    np.testing.assert_allclose(
        penal, np.mean([lc.ridge_curves(m, [1e-3]).test_loss for m in near], axis=0), rtol=1e-6
    )


def test_contributions_of_the_bulks() -> None:
    model = RandomFeatures("tanh", 64, 8, 0.01)
    found = lc.bulk_contributions(model, gradient_flow(model, [math.inf]))
    np.testing.assert_allclose(-found.train[0], [0.64098, 0.00286, 0.02199], atol=1e-5)
    on_axis = spectrum(model)
    direct = [float(on_axis.integral(b, 1 / b.position, "train")) for b in on_axis.bulks]
    np.testing.assert_allclose(-found.train[0], direct, rtol=1e-8)
    np.testing.assert_allclose(found.test[0], found.test[0].T, rtol=1e-9)


def test_score_error_identity_for_a_user() -> None:
    assert lc.score_error_from_test_loss(1.0, 0.3, 2.5) == 2.5
    model = RandomFeatures("tanh", 3, 2, 0.3, TWO_ATOMS)
    assert lc.score_error_from_test_loss(
        lc.bayes_test_loss(model), 0.3, lc.fisher_information(model)
    ) == pytest.approx(0.0, abs=1e-14)


def test_an_unstable_descent_is_refused() -> None:
    model = RandomFeatures("tanh", 8, 4, 0.1)
    with pytest.raises(AccuracyNotReached, match="gradient descent"):
        lc.losses(model, gradient_descent(model, [10_000], 1e3))


def test_custom_filters() -> None:
    model = RandomFeatures("tanh", 8, 4, 0.1)
    one = lc.losses(model, custom_filter(lambda z: 1 / (z + 0.3), pole=-0.3))
    np.testing.assert_allclose(one.test_loss, lc.ridge_curves(model, [0.3]).test_loss, rtol=1e-12)
