"""What a limit leaves out has the order that is stated: its deviation halves, step by step, when a size is doubled."""

from collections.abc import Callable

import numpy as np
import pytest

from statphys_gen import diffusion, random_features, rbm
from statphys_gen import linear_dynamics as linear
from statphys_gen.data import Covariance, GaussianMixture
from statphys_gen.units import ReLU


def halves(deviation: Callable[[int], float], sizes: tuple[int, ...], factor: float = 2.0) -> None:
    """The ratio of successive deviations tends to ``factor``: it is closer from step to step, and close at the end."""
    values = np.array([deviation(size) for size in sizes])
    off = np.abs(np.log2(values[:-1] / values[1:]) - np.log2(factor))
    assert (values[:-1] * values[1:] > 0.0).all()
    assert (np.diff(off) < 0.0).all(), (values, off)
    assert off[-1] < 0.05, (values, off)


def test_sparse_collapse_time_in_the_dimension() -> None:
    def deviation(d: int) -> float:
        law = Covariance.isotropic(0.7, d)
        exact = float(diffusion.isotropic_collapse_time(d, 0.7, 5.0))
        return float(diffusion.sparse_collapse_time(law, 5.0)) - exact

    halves(deviation, (200, 400, 800, 1600))


def test_information_on_two_classes_at_a_small_signal() -> None:
    """log 2 less the entropy of the class is x/2 for a signal x, up to x^2."""

    def deviation(n: int) -> float:
        found = float(np.mean(diffusion.two_class_information(1.0 / n, 0.5)))
        return found * n - 0.5

    halves(deviation, (20, 40, 80, 160))


def test_errors_at_finite_dimension() -> None:
    limit = linear.error_curves([0.9], 0.25, 0.15, [1.3], noise=0.8)
    for name in ("train_error", "test_error"):

        def deviation(d: int, name: str = name) -> float:
            found = linear.finite_dimension_errors([0.9], d, 0.25, 0.15, [1.3], noise=0.8)
            return float(getattr(found, name)[0] - getattr(limit, name)[0])

        halves(deviation, (200, 400, 800, 1600))


def test_a_lazy_network_of_finite_width() -> None:
    """w -> infinity: exp(-4 c t)."""

    def deviation(ratio: int) -> float:
        return float(linear.lazy_relative_loss(float(ratio), 0.4)) - np.exp(-1.6)

    halves(deviation, (20, 40, 80, 160))


def test_a_condensed_unit_of_a_finite_network() -> None:
    """The signal of ReLU units is shifted by 1/sqrt(N): half of it when N is four times as large."""
    model = rbm.Model(ReLU(0.4), 0.3, 0.02, convention="sqrt-beta")
    limit = rbm.solve(model, "retrieval")

    def deviation(size: int) -> float:
        found = rbm.solve_sizes(model, "retrieval", float(size))
        return float(found["free_entropy"] - limit["free_entropy"])

    halves(deviation, (2_000, 8_000, 32_000, 128_000))


def test_kernel_regression_at_many_features() -> None:
    law = Covariance([0.4, 2.3], [0.7, 0.3])

    def deviation(features: int) -> float:
        model = random_features.RandomFeatures("tanh", float(features), 4.0, 0.2, law)
        exact = float(random_features.learning_curves(model, 30.0).train_loss)
        return float(random_features.kernel_train_loss(model, 30.0)) - exact

    halves(deviation, (1_000, 2_000, 4_000, 8_000))


def test_asymptotic_speciation_time() -> None:
    """The largest eigenvalue of two classes is d s^2 + v, and the asymptotic time leaves v out."""

    def deviation(d: int) -> float:
        mixture = GaussianMixture.two_classes(dimension=d, separation=0.8, variance=0.6)
        found = float(diffusion.spectral_time(mixture)["time"])
        assert found == pytest.approx(0.5 * np.log(d * 0.64 + 0.6), rel=1e-12)
        return found - 0.5 * np.log(d * 0.64)

    halves(deviation, (50, 100, 200, 400))
