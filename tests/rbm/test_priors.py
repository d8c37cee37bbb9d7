"""Priors of single units: 50-digit tables, limits between priors, a user's own, and refusals."""

import math

import numpy as np
import pytest
import references
from agreement import agrees

from statphys_gen.statistics.estimate import Estimate
from statphys_gen.units import (
    Binary,
    Gaussian,
    Mixture,
    QState,
    ReLU,
    SoftThreshold,
    Spherical,
    Ternary,
    ZeroOne,
    prior,
)
from statphys_gen.units.custom import FromLogDensity, FromLogMoments

KEYWORD = {
    "gaussian": "variance",
    "zero-one": "threshold",
    "ternary": "inactive_cost",
    "q-state": "states",
    "relu": "threshold",
    "soft-threshold": "threshold",
    "mixture": "gaussian_weight",
}
CASES = [
    Gaussian(1.5),
    Binary(),
    ZeroOne(0.7),
    Ternary(1.3),
    QState(4),
    ReLU(0.7),
    ReLU(-0.7),
    SoftThreshold(0.7),
    SoftThreshold(-0.7),
    Mixture(0.4),
]


def from_row(row):
    if row["prior"] == "binary":
        return Binary()
    value = int(row["parameter"]) if row["prior"] == "q-state" else float(row["parameter"])
    return prior(row["prior"], **{KEYWORD[row["prior"]]: value})


@pytest.mark.parametrize("name", sorted({row["prior"] for row in references.rows("rbm_priors.csv")}))
def test_moments_agree_with_fifty_digits(name):
    chosen = [row for row in references.rows("rbm_priors.csv") if row["prior"] == name]
    assert len({abs(float(row["b"])) for row in chosen}) == 9
    for row in chosen:
        law = from_row(row)
        a, b, beta = (float(row[key]) for key in ("a", "b", "beta"))
        log_partition, mean, variance = (float(row[key]) for key in ("log_partition", "mean", "variance"))
        # The log-partition is as large as the square of the tilt, and is rounded accordingly.
        assert law.log_partition(a, b, beta) == pytest.approx(log_partition, rel=4e-15, abs=4e-15), row
        found, spread = law.mean_and_variance(a, b, beta)
        assert found == pytest.approx(mean, rel=1e-14, abs=1e-15), row
        # Discrete weights are exponentials of numbers up to 2 b max|h|, which costs that many ulp.
        assert spread == pytest.approx(variance, rel=2e-15 * (10.0 + 4.0 * abs(b)), abs=1e-300), row
        assert law.second_moment(a, b, beta) == pytest.approx(variance + mean * mean, rel=2e-14), row


def test_q_state_tends_to_the_uniform_law():
    b = np.array([-3.0, -0.5, 0.2, 2.0])
    edge = math.sqrt(3.0)
    uniform = np.log(np.sinh(edge * b) / (edge * b))
    errors = [np.abs(QState(q).log_partition(0.0, b) - uniform).max() for q in (50, 100, 200)]
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.01)
    assert errors[2] < 1e-3


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_limits_between_priors(beta):
    a, b = 0.3, np.linspace(-4.0, 4.0, 9)
    for left, right in (
        (SoftThreshold(0.0), Gaussian(1.0)),
        (Ternary(-200.0), Binary()),
        (QState(2), Binary()),
        (QState([-1.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]), Ternary(0.0)),
    ):
        np.testing.assert_allclose(left.mean(a, b, beta), right.mean(a, b, beta), atol=1e-14)
        np.testing.assert_allclose(left.variance(a, b, beta), right.variance(a, b, beta), rtol=1e-13)
    np.testing.assert_allclose(
        SoftThreshold(0.0).log_partition(a, b, beta), Gaussian().log_partition(a, b, beta), atol=1e-14
    )


def test_mixture_at_its_ends():
    a, b = 0.3, np.linspace(-4.0, 4.0, 9)
    for weight, other in ((0.0, Binary()), (1.0, Gaussian())):
        np.testing.assert_allclose(Mixture(weight).log_partition(a, b), other.log_partition(a, b), atol=1e-14)
        np.testing.assert_allclose(Mixture(weight).mean(a, b), other.mean(a, b), atol=1e-14)


@pytest.mark.parametrize("theta", [-0.4, 0.0, 1.1])
def test_relu_in_the_two_conventions(theta):
    """With tau = sqrt(beta) h the energy convention is the other one at the threshold sqrt(beta) theta."""
    beta, a, b = 2.3, 0.4, np.linspace(-3.0, 3.0, 7)
    scaled = ReLU(math.sqrt(beta) * theta)
    np.testing.assert_allclose(
        ReLU(theta).log_partition(beta * a, math.sqrt(beta) * b, beta), scaled.log_partition(a, b), atol=1e-14
    )


def test_zero_temperature_response_is_the_limit_of_the_mean():
    field = np.array([-2.2, -0.3, 0.4, 1.7])
    for law in (Gaussian(1.5), ReLU(0.7), SoftThreshold(0.7), Ternary(0.9), ZeroOne(0.2), Binary()):
        for curvature in (0.0, 0.25):
            beta = 4000.0
            mean = law.mean(beta * curvature, beta * field, beta)
            np.testing.assert_allclose(law.zero_temperature_response(curvature, field), mean, atol=2e-3)


@pytest.mark.parametrize("law", CASES, ids=repr)
def test_samples_have_the_moments_of_the_law(law):
    field = np.full(40_000, 0.8)
    drawn = law.sample(np.random.default_rng(5), field)
    mean, variance = (float(x) for x in law.mean_and_variance(0.0, 0.8))
    assert agrees(Estimate.from_samples(np.stack([drawn, (drawn - mean) ** 2], axis=1)), [mean, variance])
    low, high = law.support
    assert ((drawn >= low) & (drawn <= high)).all()


def test_samples_far_in_the_tail_of_the_relu():
    field = np.full(20_000, -12.0)
    drawn = ReLU(0.0).sample(np.random.default_rng(1), field)
    assert agrees(Estimate.from_samples(drawn), float(ReLU(0.0).mean(0.0, -12.0)))


def test_spherical_layers_lie_on_their_sphere():
    rng = np.random.default_rng(2)
    field = 1.3 * rng.standard_normal(300)
    drawn = np.stack([Spherical().sample(rng, field) for _ in range(1500)])
    np.testing.assert_allclose((drawn**2).sum(axis=1), 300.0)
    # The mean of the finite layer differs from the large-layer law by about 1/300.
    slope = (drawn.mean(axis=0) @ field) / (field @ field)
    assert slope == pytest.approx(float(Spherical().mean(0.0, field)[0] / field[0]), rel=0.01)


def test_a_density_of_ones_own_equals_the_built_in_prior():
    b = np.array([-40.0, -1.0, 0.0, 0.01, 3.0, 60.0])
    own = FromLogDensity(lambda h: 0.5 * np.log(2 / np.pi) - h * h / 2 - 0.7 * h, support=(0.0, np.inf))
    for a in (0.0, 0.6):
        np.testing.assert_allclose(
            own.log_partition(a, b), ReLU(0.7).log_partition(a, b), rtol=1e-13, atol=1e-13
        )
        np.testing.assert_allclose(own.mean(a, b), ReLU(0.7).mean(a, b), rtol=1e-12)
        np.testing.assert_allclose(own.variance(a, b), ReLU(0.7).variance(a, b), rtol=2e-12)
    assert own.tail_coefficient(1) == pytest.approx(1.0, rel=1e-9)
    assert own.tail_coefficient(-1) == 0.0
    assert not own.symmetric


def test_kinks_of_a_density_are_handled_by_breakpoints():
    own = FromLogDensity(lambda h: -h * h / 2 - 0.9 * np.abs(h) - 0.5 * np.log(2 * np.pi), breakpoints=(0.0,))
    b = np.array([-3.0, 0.1, 2.0])
    np.testing.assert_allclose(own.mean(0.5, b), SoftThreshold(0.9).mean(0.5, b), rtol=1e-12)
    assert own.symmetric


def test_a_log_moment_function_of_ones_own():
    own = FromLogMoments(lambda b: np.logaddexp(b, -b) - np.log(2.0))
    b = np.array([-20.0, -0.5, 0.3, 7.0])
    assert own.tail_coefficient() == 0.0
    np.testing.assert_allclose(own.log_partition(0.6, b), Binary().log_partition(0.6, b), atol=1e-13)
    np.testing.assert_allclose(own.mean(0.6, b), Binary().mean(0.6, b), atol=1e-10)
    mixed = FromLogMoments(lambda b: 0.2 * b * b + np.logaddexp(b * 0.6**0.5, -b * 0.6**0.5) - np.log(2.0))
    assert mixed.tail_coefficient() == pytest.approx(0.4, rel=1e-9)
    np.testing.assert_allclose(mixed.log_partition(0.6, b), Mixture(0.4).log_partition(0.6, b), rtol=1e-13)
