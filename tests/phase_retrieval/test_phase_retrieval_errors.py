"""Errors that are stated of laws of curvatures: the jackknife over points, and the rules of quadrature."""

import math

import numpy as np
import pytest

from statphys_gen.phase_retrieval import (
    CurvatureLaw,
    DescentDynamics,
    Loss,
    PhaseRetrieval,
    bbp_time,
    descent_dynamics,
    hessian_spectrum,
    initial_curvature_law,
    sampled_curvature_law,
    sampled_spectrum,
    transition,
)
from statphys_gen.phase_retrieval.theory import stieltjes_transform
from statphys_gen.phase_retrieval.theory.curvature_law import NodeRule, graded_edges
from statphys_gen.solution import Solution


def test_jackknife_over_blocks_of_points() -> None:
    """(n - 1)/n times the sum of squares over the means that leave one block out, with n - 1 degrees of freedom."""
    random = np.random.default_rng(3)
    t = np.abs(random.standard_normal(400))
    points = np.stack([0.5 * t + random.standard_normal(400), t], axis=1)
    model = PhaseRetrieval(Loss.normalised(0.7), 6.0, 0.3)
    blocks = 8
    found = sampled_spectrum(model, points, blocks=blocks)["lagrange_multiplier"]

    def multiplier(chosen: np.ndarray) -> float:
        law = sampled_curvature_law(model.loss, chosen, overlap=0.3)
        return float(hessian_spectrum(model, law=law).lagrange_multiplier)

    kept = [points[np.arange(400) % blocks != k] for k in range(blocks)]
    left_out = [multiplier(part) for part in kept]
    centre = sum(left_out) / blocks
    squared = (blocks - 1) / blocks * sum((x - centre) ** 2 for x in left_out)
    assert float(found.mean) == pytest.approx(multiplier(points), rel=1e-12)
    assert float(found.standard_error) == pytest.approx(math.sqrt(squared), rel=1e-9)
    assert float(found.degrees_of_freedom) == blocks - 1


def two_rules(difference: float) -> CurvatureLaw:
    """Curvatures -1 and 2 with independent t^2 = 1, by a rule and by another one that is off in its weights."""
    curvature, signal = np.array([-1.0, -1.0, 2.0]), np.array([0.2, 3.0, 1.0])
    weights = np.array([0.001, 0.0005, 0.9985])
    fine = NodeRule(curvature, signal, weights)
    coarse = NodeRule(curvature, signal, weights + np.array([0.0, 0.0, difference]))
    return CurvatureLaw("two values", -1.0, 0.0, 0.0, None, (fine, coarse))


def test_averages_are_of_the_first_rule_and_the_second_tells_their_error() -> None:
    law, s = two_rules(1e-3), np.array([0.3, 0.8])
    response = 1 - 1 / (1 + s * 2.0)
    exact = 0.0015 * (1 - 1 / (1 - s)) + 0.9985 * response
    np.testing.assert_allclose(law.moments(s).first, exact, rtol=1e-13)
    np.testing.assert_allclose(law.responses(s)[0], exact, rtol=1e-13)
    # Of the four moments E r has the largest difference: 0 < r < 1 and t^2 = 1 at the curvature 2.
    np.testing.assert_allclose(law.moment_error(s), 1e-3 * response, rtol=1e-9)


def test_error_of_a_transition_at_the_limit_of_the_curvatures() -> None:
    """alpha = 1/(E r - E r u^2) at S_max: where both averages are off by e, alpha is off by 2 e alpha^2."""
    random = np.random.default_rng(5)
    g = np.concatenate([[-1.0 + 1e-9], random.uniform(0.5, 2.0, 20)])
    weights = np.concatenate([[0.0], np.full(20, 0.05)])
    u = np.concatenate([[1.0], random.uniform(0.1, 0.4, 20)])
    off = 1e-8
    rules = NodeRule(g[1:], u[1:], weights[1:]), NodeRule(g[1:], u[1:], weights[1:] * (1 + off))
    law = CurvatureLaw("bounded", -1.0, 0.0, 0.0, None, rules)
    found = transition(law)
    alpha = float(found.solution["samples_per_dimension"])
    r = 1 - 1 / (1 + g[1:])
    assert alpha == pytest.approx(1 / float((weights[1:] * r * (1 - u[1:])).sum()), rel=1e-12)
    largest = off * float((weights[1:] * r).sum())
    shifted = 1 / (1 / alpha - 2 * largest)
    assert float(found.solution.error) == pytest.approx(shifted - alpha, rel=1e-4)


def test_standard_errors_of_the_dynamics_are_those_of_means_over_replicas() -> None:
    """Of every step in the table and in the data set: the scatter over replicas over the root of their number."""
    model = PhaseRetrieval(Loss.normalised(0.7), 4.0)
    found = descent_dynamics(model, [0.004] * 3, paths=128, replicas=5, seed=2)
    for name, values in found.values.items():
        scatter = np.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=0) / 4)
        expected = scatter / math.sqrt(5)
        printed = [row["standard_error"][name] for row in found.records()]
        np.testing.assert_allclose(printed, expected, rtol=1e-10)
        np.testing.assert_allclose(found.to_dataset()[f"{name}_standard_error"], expected, rtol=1e-10)


def test_last_of_several_falls_and_the_error_over_replicas() -> None:
    """Criteria that are cubic in time, which the spline follows exactly: falls at 1 and 3 + k/10, a rise at 2."""
    time = np.linspace(0.0, 4.0, 9)
    ends = [3.0, 3.1, 3.2, 3.3]
    rows = np.array([1.0 - (time - 1) * (time - 2) * (time - end) for end in ends])
    found = bbp_time(fake_dynamics(time, rows))
    np.testing.assert_allclose(found.values, ends, atol=1e-9)
    assert float(found.solution["training_time"]) == pytest.approx(3.15, abs=1e-9)
    # The coarse spline is exact as well, so that only the scatter is left.
    assert float(found.solution.error) == pytest.approx(np.std(ends, ddof=1) / 2.0, rel=1e-6)


def fake_dynamics(time: np.ndarray, criterion: np.ndarray) -> DescentDynamics:
    count, steps = criterion.shape
    nothing = np.zeros(steps)
    solution = Solution({}, np.zeros(steps, dtype=np.int8), nothing, nothing, np.zeros(steps, dtype=np.int64))
    square = np.zeros((count, steps, steps))
    model = PhaseRetrieval(Loss.normalised(0.7), 4.0)
    values = {"outlier_criterion": criterion}
    return DescentDynamics(model, 0.0, np.diff(time), time, values, solution, square, square, steps - 1)


def test_panels_cover_the_labels_without_a_gap() -> None:
    """From 0 to the farthest label, none wider than allowed, finest at the scale and around the breakpoints."""
    edges = graded_edges(1e-3, 8.5, (2.2,), widest=0.5)
    assert (edges[0], edges[-1]) == (0.0, 8.5)
    assert (np.diff(edges) > 0.0).all()
    assert np.diff(edges).max() <= 0.5 + 1e-12
    assert edges[1] == pytest.approx(1e-3 / 4)
    near = edges[np.abs(edges - 2.2) < 0.01]
    np.testing.assert_allclose(near, [2.2 - 0.5**7, 2.2, 2.2 + 0.5**7], rtol=1e-12)


def test_newton_ends_at_the_position_that_was_asked_for() -> None:
    """z = (alpha E r - 1)/S at the S that are called good, from starts a little off."""
    law, alpha = initial_curvature_law(Loss.normalised(0.7)), 4.0
    exact = np.array([0.2 + 0.3j, 0.35 + 0.25j, 0.1 + 0.5j])
    z = (alpha * law.responses(exact)[0] - 1.0) / exact
    found, good = stieltjes_transform._newton(law, alpha, exact * (1.0 + 0.02j), z)
    assert good.all()
    np.testing.assert_allclose(found, exact, rtol=1e-7)
