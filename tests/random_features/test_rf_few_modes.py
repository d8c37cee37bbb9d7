"""Groups of few modes, and best stopping where the score error falls for ever."""

import math

import mpmath as mp
import numpy as np
import pytest

from statphys_gen.data.covariance import Covariance
from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.random_features.model import RandomFeatures
from statphys_gen.random_features.theory.best_stopping import early_stopping, optimal_ridge, training_window
from statphys_gen.random_features.theory.learning_curves import learning_curves
from statphys_gen.random_features.theory.resolvent import dyson
from statphys_gen.random_features.theory.spectrum import mode_groups, spectrum
from statphys_gen.random_features.theory.timescales import timescales


@pytest.mark.parametrize("features", [1e3, 1e5, 1e7])
@pytest.mark.parametrize("samples", [0.05, 2.0])
def test_times_do_not_lose_groups_of_few_modes(features: float, samples: float) -> None:
    """At p -> infinity the times tend to limits: features scale eigenvalues and the inverse of the rate alike."""
    model = RandomFeatures("tanh", features, samples, 0.1)
    found = timescales(model)
    reference = timescales(model.replace(features_per_dimension=1e6))
    for name, size in mode_groups(model).items():
        assert (getattr(found, name) is None) == (size == 0.0)
        if size > 0.0 and features >= 1e5:
            assert getattr(found, name) == pytest.approx(
                getattr(reference, name), rel=3 * features**-0.5 + 5e-3
            )
    bulks = spectrum(model).bulks
    assert {group for bulk in bulks for group in bulk.groups} == {
        k for k, v in mode_groups(model).items() if v > 0.0
    }


def test_the_lowest_group_of_hardly_any_samples_is_that_of_the_matrix() -> None:
    """p = 1e4 d, n = d/1000: one mode in a thousand lies at 28, a twentieth of the others' eigenvalues.

    Of U - s^2 = B B^T with B = (G/sqrt(n), b w), G = exp(-t) a w x + v omega, the matrix B^T B is drawn, of which w^T w
    is Wishart's (by Bartlett's factor), omega^T w Gaussian given it, and |omega|^2 = p to 1e-4.
    """
    model = RandomFeatures("tanh", 1e4, 1e-3, 0.1)
    system, d = dyson(model), 1000
    rng = np.random.default_rng(5)
    p = 10_000 * d
    factor = np.tril(rng.standard_normal((d, d)), -1)
    np.fill_diagonal(factor, np.sqrt(rng.chisquare(p - np.arange(d))))
    x, a, v, b = rng.standard_normal(d), math.sqrt(system.linear), math.sqrt(system.v2), math.sqrt(system.b2)
    wishart = factor @ factor.T / d
    crossed = factor @ rng.standard_normal(d) / math.sqrt(d)
    column = a * (wishart @ x) + v * crossed
    square = a * a * (x @ wishart @ x) + 2 * a * v * (x @ crossed) + v * v * p
    matrix = np.block([[np.array([[square]]), b * column[None, :]], [b * column[:, None], b * b * wishart]])
    values = np.linalg.eigvalsh(matrix) + system.s2
    bulks = spectrum(model).bulks
    assert [bulk.groups[0] for bulk in bulks] == ["interpolation", "interpolation", "generalisation"]
    for bulk, part in zip(bulks, (values[:1], values[1:-1], values[-1:]), strict=True):
        # A single mode has the fluctuations of |x|^2/d, of order 5 %; the others those of an edge, d^(-2/3).
        assert bulk.lower * 0.86 < part.min()
        assert part.max() < bulk.upper * 1.14
    found = timescales(model)
    assert found.overfitting is None
    assert found.interpolation == pytest.approx(1e4 / (2 * -math.expm1(-0.2) * bulks[0].lower), rel=1e-9)
    assert found.interpolation == pytest.approx(1000, rel=2e-3)


# Models whose features are linear to within rounding at a late time: there is nothing to overfit with.
FALLING = [
    RandomFeatures("tanh", 4, 64, 4.0),
    RandomFeatures("tanh", 4, 2, 5.0),
    RandomFeatures("sign", 4, 2, 5.0),
    RandomFeatures("tanh", 0.5, 3, 6.0),
    RandomFeatures("erf", 1, 2, 8.0),
    RandomFeatures("tanh", 6, 3, 5.0, Covariance([0.5, 1.5], [0.3, 0.7])),
]


@pytest.mark.parametrize("model", FALLING, ids=str)
def test_score_error_that_falls_for_ever(model: RandomFeatures) -> None:
    found = early_stopping(model)
    assert found.training_time == math.inf
    assert found.score_error == found.final_score_error
    curve = learning_curves(model, np.geomspace(1e-2, 1e6, 200))
    assert curve.score_error.min() >= found.score_error - 2 * curve.error.max()
    window = training_window(model, 0.1)
    assert window.best == window.stop == math.inf
    assert float(learning_curves(model, window.start).score_error) == pytest.approx(
        1.1 * found.score_error, rel=1e-9
    )
    assert optimal_ridge(model).penalty == 0.0


@pytest.mark.parametrize("training_time", [0.3, 2.0])
def test_loss_of_linear_features(training_time: float) -> None:
    """At a late time x_t is noise, and U = b^2 w w^T + s^2 on the d modes of w^T w, which are Marchenko-Pastur's x.
    With the filter F of gradient flow, the test loss is the average of (1 - F b^2 x)^2 + F^2 b^2 s^2 x."""
    model = RandomFeatures("tanh", 4, 64, 12.0)
    system = dyson(model)
    lower, upper = (1 - 2.0) ** 2, (1 + 2.0) ** 2
    with mp.workdps(20):

        def integrand(x: mp.mpf) -> mp.mpf:
            density = mp.sqrt((x - lower) * (upper - x)) / (2 * mp.pi * x)
            z = system.b2 * x + system.s2
            f = (1 - mp.exp(-0.5 * z * training_time)) / z
            return density * ((1 - f * system.b2 * x) ** 2 + f**2 * system.b2 * system.s2 * x)

        expected = mp.quad(integrand, [lower, 2, 4, 6, 8, upper])
    assert float(learning_curves(model, training_time).test_loss) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "sign", "sin"])
def test_eigenvalues_of_24_decades_end_in_a_result_or_a_refusal(activation: str) -> None:
    model = RandomFeatures(activation, 4, 2, 0.1, Covariance([1e-12, 1e12], [0.5, 0.5]))
    try:
        found = spectrum(model)
    except (AccuracyNotReached, InvalidArgument):
        return
    assert found.residual < 1e-8


def test_spectrum_of_many_eigenvalues_is_that_of_their_law() -> None:
    """500 even steps of [0.1, 3] against 40 Gauss-Legendre nodes of the uniform law."""
    x, weights = np.polynomial.legendre.leggauss(40)
    many = Covariance.from_eigenvalues(0.1 + 2.9 * (np.arange(500) + 0.5) / 500)
    law = Covariance(0.1 + 1.45 * (x + 1.0), weights / 2.0)
    one, two = (spectrum(RandomFeatures("tanh", 4, 2, 0.1, c)) for c in (many, law))
    assert one.moments == pytest.approx(two.moments, rel=1e-5)
    for a, b in zip(one.bulks, two.bulks, strict=True):
        assert (a.lower, a.upper, a.weight) == pytest.approx((b.lower, b.upper, b.weight), rel=1e-4)
