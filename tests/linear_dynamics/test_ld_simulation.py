"""Simulations of linear networks: against the definition, each other, and what they must conserve."""

from dataclasses import replace

import numpy as np
import pytest

from statphys_gen.errors import NotConverged
from statphys_gen.linear_dynamics.analysis.weights import flow_of_weights, threshold_of_weights
from statphys_gen.linear_dynamics.comparison import compare
from statphys_gen.linear_dynamics.model import LinearNetwork, Task
from statphys_gen.linear_dynamics.simulation.control_variates import controlled_mean
from statphys_gen.linear_dynamics.simulation.descent import descend, simulate_descent
from statphys_gen.linear_dynamics.simulation.gram_flow import gram_flow, simulate_training
from statphys_gen.linear_dynamics.simulation.starts import (
    Gram,
    controls,
    draw_gram,
    draw_target,
    draw_weights,
)
from statphys_gen.linear_dynamics.theory.best import best_error
from statphys_gen.linear_dynamics.theory.crossover import error_curves
from statphys_gen.linear_dynamics.theory.units import effective_threshold
from statphys_gen.linear_dynamics.theory.wide_limit import wide_errors, wide_flow

TASK = Task((0.8, 0.5), 0.7)


def test_gram_flow_is_that_of_the_weights_for_another_cost_and_unequal_rates() -> None:
    """Full weights by many small steps of Runge and Kutta; log cosh of the difference."""
    rng = np.random.default_rng(3)
    first, second = 0.4 * rng.standard_normal((5, 3)), 0.6 * rng.standard_normal((4, 5))
    target = rng.standard_normal((4, 3))
    rates, time, steps = (1.7, 0.6), 0.8, 400

    def slope(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        force = np.tanh(two @ one - target)
        return -rates[0] * two.T @ force, -rates[1] * force @ one.T

    start = Gram(first.T @ first, second @ first, second @ second.T)
    h = time / steps
    for _ in range(steps):
        k1 = slope(first, second)
        k2 = slope(first + h / 2 * k1[0], second + h / 2 * k1[1])
        k3 = slope(first + h / 2 * k2[0], second + h / 2 * k2[1])
        k4 = slope(first + h * k3[0], second + h * k3[1])
        first = first + h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        second = second + h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
    (found,) = gram_flow(start, lambda a: np.tanh(a - target), [time], rates=rates, tolerance=1e-12)
    assert np.abs(found.product - second @ first).max() < 1e-10
    assert np.abs(found.first - first.T @ first).max() < 1e-10


def test_a_singular_or_tiny_start_does_not_run_away() -> None:
    """Narrow networks, and kernels far below the target, where an error of K could turn a direction negative."""
    rng = np.random.default_rng(6)
    target = rng.standard_normal((6, 6))
    for width, size in ((2, 0.3), (14, 1e-4)):
        first, second = size * rng.standard_normal((width, 6)), size * rng.standard_normal((6, width))
        start = Gram(first.T @ first, second @ first, second @ second.T)
        found = gram_flow(start, lambda a: a - target, [30.0], tolerance=1e-6)[0].product
        for _ in range(12_000):
            force = 2.5e-3 * (second @ first - target)
            first, second = first - second.T @ force, second - force @ first.T
        assert found == pytest.approx(second @ first, abs=0.02)


def test_orthogonal_networks_follow_the_wide_limit_exactly() -> None:
    network = LinearNetwork(7, 5, 14, 0.3, 0.1, 1.5, 0.5)
    threshold = effective_threshold(network)
    found = simulate_training(
        network, [0.05, 0.3], TASK, instances=2, initialisation="orthogonal", tolerance=1e-11
    )
    for instance in range(2):
        target = draw_target(network, TASK, 0, instance, "orthogonal")
        times = np.sqrt(1.5 * 0.5) * np.array([0.05, 0.3])
        wanted = wide_errors(target.matrix, target.signal, threshold, times)
        assert found.train_error[instance] == pytest.approx(wanted.train_error, rel=1e-8)
        assert found.test_error[instance] == pytest.approx(wanted.test_error, rel=1e-8)


def test_descent_at_small_steps_is_the_flow() -> None:
    network = LinearNetwork(6, 6, 12, 0.2, 0.05, 0.7, 1.4)
    errors = []
    for rate in (2e-4, 1e-4):
        found = simulate_descent(
            network, [0.1], TASK, instances=2, learning_rate=rate, initialisation="orthogonal"
        )
        flow = [
            wide_errors(
                t.matrix, t.signal, effective_threshold(network), np.sqrt(0.98) * np.array([0.1])
            ).train_error
            for t in (draw_target(network, TASK, 0, k, "orthogonal") for k in range(2))
        ]
        errors.append(float(np.abs(found.train_error - np.array(flow)).max()))
    assert errors[1] < 1e-3
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.05)


def test_draws_have_the_moments_of_their_definition() -> None:
    task = Task((0.9,), 1.3)
    for width in (60, 9):  # Bartlett's factor, and the block itself
        network = LinearNetwork(8, 5, width, 0.7, 0.2)
        draws = [draw_gram(network, task, 4, k) for k in range(400)]
        mean = controlled_mean(np.array([g.first.trace() for g in draws]), np.empty((400, 0)))
        assert abs(mean.mean - 8 * width * 0.7) < 4 * mean.standard_error
        square = controlled_mean(np.array([(g.product**2).sum() for g in draws]), np.empty((400, 0)))
        assert abs(square.mean - 40 * width * 0.14) < 4 * square.standard_error
        # E tr C1^2 = n w (n + w + 1) sigma1^4.
        second = controlled_mean(np.array([(g.first**2).sum() for g in draws]), np.empty((400, 0)))
        assert abs(second.mean - 8 * width * (9 + width) * 0.49) < 4 * second.standard_error
        assert np.linalg.matrix_rank(draws[0].first) == min(8, width)
    first, second = draw_weights(LinearNetwork(8, 5, 20, 0.7, 0.2), task, 0, 0, "orthogonal")
    whole = np.concatenate([first, second.T], axis=1)
    assert whole.T @ whole == pytest.approx(20 * np.diag([0.7] * 8 + [0.2] * 5), abs=1e-12)


@pytest.mark.parametrize("initialisation", ["gaussian", "orthogonal"])
def test_controls_have_mean_zero(initialisation: str) -> None:
    network = LinearNetwork(6, 5, 30, 0.4, 0.1)
    rows = []
    for k in range(600):
        target = draw_target(network, TASK, 9, k, initialisation)
        rows.append(controls(network, target, draw_gram(network, TASK, 9, k, initialisation), initialisation))
    values = np.array(rows)
    error = values.std(axis=0, ddof=1) / 600**0.5
    assert values.shape[1] == (8 if initialisation == "gaussian" else 3)
    assert np.all(np.abs(values.mean(axis=0)) < 4 * error)
    assert np.all(error > 0)


def test_controlled_mean_is_unbiased_with_an_honest_error() -> None:
    rng = np.random.default_rng(0)
    z = []
    for _ in range(400):
        noise = rng.standard_normal((20, 2))
        sample = 1.5 + noise @ [2.0, -1.0] + 0.3 * rng.standard_normal(20)
        found = controlled_mean(sample, noise)
        assert found.degrees_of_freedom == 17
        assert found.standard_error < 0.2
        z.append(float((found.mean - 1.5) / found.standard_error))
    assert abs(np.mean(z)) < 4 * np.std(z) / 20
    assert np.std(z) == pytest.approx(np.sqrt(17 / 15), rel=0.15)


def test_instances_do_not_depend_on_their_number_or_the_threads_and_models_share_none() -> None:
    network = LinearNetwork(6, 6, 20, 0.4, 0.1)
    few = simulate_training(network, [0.1], TASK, instances=2, seed=3)
    many = simulate_training(network, [0.1], TASK, instances=4, seed=3, threads=2)
    assert np.array_equal(few.test_error, many.test_error[:2])
    other = draw_target(network.replace(width=21), TASK, 3, 0)
    assert not np.allclose(other.noise, draw_target(network, TASK, 3, 0).noise)
    assert not np.allclose(draw_target(network, TASK.replace(noise=0.8), 3, 0).noise, other.noise)
    assert not np.allclose(draw_target(network, TASK, 4, 0).noise, draw_target(network, TASK, 3, 0).noise)


def test_weights_of_a_user_at_any_time_have_one_threshold() -> None:
    rng = np.random.default_rng(8)
    network = LinearNetwork(4, 3, 400, 0.002, 0.004)
    first, second = draw_weights(network, TASK, 0, 0)
    target = rng.standard_normal((3, 4))
    threshold = threshold_of_weights(first, second)
    assert threshold == pytest.approx(effective_threshold(network), rel=0.1)
    found = flow_of_weights(first, second, target, [0.0, 0.4, 3.0])
    assert found.loss[0] == pytest.approx(((second @ first - target) ** 2).sum() / 2, rel=1e-13)
    assert np.all(np.diff(found.loss) < 0)
    assert found.wide_distance[0] == pytest.approx(0.0, abs=1e-14)
    assert 0.0 < found.wide_distance[1] < 0.15
    # Trained further by small steps, the weights still have the threshold that they started with.
    trained_first, trained_second = first, second
    for _ in range(2000):
        force = 2e-4 * (trained_second @ trained_first - target)
        trained_first, trained_second = (
            trained_first - trained_second.T @ force,
            trained_second - force @ trained_first.T,
        )
    assert threshold_of_weights(trained_first, trained_second) == pytest.approx(threshold, rel=1e-3)
    assert trained_second @ trained_first == pytest.approx(found.product[1], abs=1e-3)
    assert found.stable_rank == pytest.approx(
        (found.product_norm / found.largest_singular_value) ** 2, rel=1e-12
    )
    assert found.error < 1e-7
    assert found.to_dataset()["product"].dims == ("training_time", "output", "input")
    assert "<table>" in found._repr_html_()


def test_unequal_rates_and_orthogonal_weights_have_no_distance() -> None:
    network = LinearNetwork(4, 3, 9, 0.05, 0.2, 0.6, 1.9)
    first, second = draw_weights(network, TASK, 0, 0, "orthogonal")
    target = draw_target(network, TASK, 0, 0).matrix
    found = flow_of_weights(first, second, target, [0.2, 1.0], rates=(0.6, 1.9))
    assert found.threshold == pytest.approx(effective_threshold(network), rel=1e-12)
    assert found.wide_distance == pytest.approx([0.0, 0.0], abs=1e-8)
    wanted = wide_flow(np.zeros((3, 4)), target, found.threshold, np.sqrt(0.6 * 1.9) * np.array([0.2, 1.0]))
    assert found.product == pytest.approx(wanted, abs=1e-7)
    nothing = flow_of_weights(np.zeros((9, 4)), np.zeros((3, 9)), target, [0.2, 1.0])
    assert nothing.loss == pytest.approx([(target**2).sum() / 2.0] * 2, rel=1e-14)
    assert nothing.stable_rank.tolist() == [0.0, 0.0]
    narrow = flow_of_weights(first[:5], second[:, :5], target, [0.2], rates=(0.6, 1.9))
    assert np.isnan(narrow.wide_distance).all()


def test_compare_and_what_it_shows() -> None:
    network = LinearNetwork(16, 16, 900, 0.3 * 16 / 900, 0.3 * 16 / 900)
    rows = compare(network, Task((1.0,)), [0.6, 1.2], instances=14)
    assert len(rows) == 8
    assert {row.name for row in rows if row.theory is None} == {"largest_singular_value", "stable_rank"}
    for name in ("train_error", "test_error"):
        assert abs(float(rows[name].estimate.mean) - rows[name].theory) < 0.05
    narrow = compare(network.replace(width=10), Task((1.0,)), [0.6], instances=14)
    assert narrow["test_error"].reason == "the wide limit is not defined below width d"
    assert (
        "wide_distance" in simulate_training(network, [0.02], TASK, instances=2, reference=True).to_dataset()
    )


def test_reference_best_and_refusals() -> None:
    network = LinearNetwork(12, 12, 4000, 0.3 * 12 / 4000, 0.3 * 12 / 4000)
    found = simulate_training(network, np.geomspace(0.04, 0.2, 5), Task((1.0,)), instances=12, reference=True)
    assert np.all(found.wide_distance < 0.2)
    best = found.best()
    assert 0.04 < best.mean[1] < 0.2
    assert abs(best.mean[0] - found.estimate("test_error").mean.min()) < 0.02
    with pytest.raises(NotConverged, match="smaller"):
        simulate_descent(network, [40.0], TASK, instances=1, learning_rate=1.0)


def test_the_lowest_point_of_a_known_curve() -> None:
    """Curves of the theory in place of measured ones: nine times around the lowest point give it to 1e-3."""
    found = simulate_training(LinearNetwork(6, 6, 40, 0.1, 0.1), np.geomspace(0.8, 2.0, 9), TASK, instances=6)
    curve = error_curves([1.1], 0.25, 0.0, found.training_time).test_error
    known = replace(found, test_error=curve * (1.0 + 1e-3 * np.arange(6))[:, None])
    exact = best_error([1.1], 0.25)
    assert known.best().mean[0] == pytest.approx(1.0025 * float(exact.test_error), rel=1e-4)
    assert known.best().mean[1] == pytest.approx(float(exact.training_time), rel=1e-3)


def test_descend_keeps_the_weights_it_was_given() -> None:
    first, second = np.full((3, 2), 0.3), np.full((2, 3), 0.2)
    descend(first, second, lambda a: a - 1.0, np.array([5]), 0.01)
    assert np.array_equal(first, np.full((3, 2), 0.3))
    assert np.array_equal(second, np.full((2, 3), 0.2))
