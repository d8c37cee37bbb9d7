"""How far rules and recursions reach, no more than is stated; and the weights of a posterior written out."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from statphys_gen.errors import AccuracyNotReached
from statphys_gen.numerics.parisi import Recursion
from statphys_gen.numerics.posterior import EmpiricalPosterior
from statphys_gen.numerics.quadrature import gaussian_rule


@pytest.mark.parametrize("slope", [1.0, 4.0, 16.0])
def test_nodes_are_about_60_slope_and_25(slope: float) -> None:
    rule = gaussian_rule(slope, 1e-12)
    assert len(rule.nodes) == pytest.approx(60 * slope + 25, rel=0.25)
    # Where the density is the tolerance, and what the steepness of the integrand needs beyond.
    assert rule.nodes[-1] == pytest.approx(math.sqrt(2 * math.log(1e12)) + 1.2, rel=1e-12)


def test_exponents_are_bounded_label_by_label() -> None:
    """Values that differ much from label to label but little along one do no harm; along one they would overflow."""
    recursion = SimpleNamespace(_kernels=[np.eye(2)])
    psi, exponentials, _ = Recursion._backward(
        recursion, np.array([1.0]), np.array([[0.0, 1.0], [700.0, 701.0]])
    )  # type: ignore[arg-type]
    np.testing.assert_allclose(psi[0], psi[1])
    np.testing.assert_allclose(exponentials[0], np.exp([[-1.0, 0.0], [-1.0, 0.0]]))
    with pytest.raises(AccuracyNotReached, match="exponents"):
        Recursion._backward(recursion, np.array([1.0]), np.array([[0.0, 700.0], [0.0, 0.0]]))  # type: ignore[arg-type]


def test_weights_of_a_posterior_by_enumeration() -> None:
    """Two points and a third one twice; the largest weight is the source's at one noised point and not at another."""
    points, copies = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), np.array([1, 1, 2])
    noise, times = np.array([[0.1, 0.2], [2.5, 0.0]]), np.array([0.3])
    posterior = EmpiricalPosterior(points, copies)
    sums = posterior.sums(times, noise, sources=np.array([0, 0]))
    variance = math.expm1(0.6)
    x = points[[0, 0]] + math.sqrt(variance) * noise
    weights = copies * np.exp(-((x[:, None] - points) ** 2).sum(axis=2) / (2 * variance))
    weights /= weights.sum(axis=1, keepdims=True)
    single = weights / copies
    np.testing.assert_allclose(sums.source_weight[0], weights[:, 0], rtol=1e-12)
    np.testing.assert_allclose(sums.top_weight[0], weights.max(axis=1), rtol=1e-12)
    assert weights[0].argmax() != weights[1].argmax() or single[0, 0] < weights[0].max()
    np.testing.assert_allclose(posterior.means(x, variance), weights @ points, rtol=1e-12)
    np.testing.assert_allclose(
        sums.log_ratio[0], np.log(weights[:, 1:].sum(axis=1) / weights[:, 0]), rtol=1e-11
    )
