"""Residual networks against differences, closed forms, brute force, and known numbers of two routes."""

import json
import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from statphys_gen.errors import InvalidArgument, NotConverged
from statphys_gen.residual_networks import (
    RegressionTask,
    ResidualNetwork,
    alternating_weight,
    compare,
    depth_limit,
    depth_scaling,
    draw_task,
    first_step,
    initial_rate,
    load_task,
    mean_initial_rate,
    tied_linear,
    train,
)
from statphys_gen.residual_networks.model import activation
from statphys_gen.residual_networks.simulation import gradients


def waves(amplitude: float, rate: float, shape: tuple[int, int]) -> np.ndarray:
    index = np.arange(1, shape[0] * shape[1] + 1)
    return amplitude * np.sin(rate * index**2 + 0.4 * index).reshape(shape)


TASK = RegressionTask(waves(1.2, 0.9, (4, 3)), waves(1.1, 1.5, (4, 3)))
INNER = waves(1.5, 1.9, (5, 3))
NETWORK = ResidualNetwork(3, "tanh", INNER)


def loss(network: ResidualNetwork, outer: np.ndarray, inner: np.ndarray) -> float:
    """The definition, one sample and one layer at a time."""
    m, q = network.inner.shape
    total = 0.0
    for x, y in zip(TASK.inputs, TASK.targets, strict=True):
        h = x.copy()
        for v, w in zip(outer, inner, strict=True):
            h = h + v @ activation(network.activation, w @ h / math.sqrt(q))[0] / (
                network.depth * math.sqrt(m)
            )
        total += float(((h - y) ** 2).sum())
    return total / len(TASK.inputs)


@pytest.mark.parametrize("name", ["tanh", "erf", "relu", "gelu"])
def test_activations_and_their_derivatives(name: str) -> None:
    x = np.array([-3.1, -0.4, 0.2, 1.7])
    value, slope = activation(name, x)
    known = {
        "tanh": np.tanh(x),
        "erf": np.array([math.erf(z) for z in x]),
        "relu": np.array([0.0, 0.0, 0.2, 1.7]),
        "gelu": np.array([0.5 * z * (1.0 + math.erf(z / math.sqrt(2.0))) for z in x]),
    }
    assert value == pytest.approx(known[name], rel=1e-13)
    difference = (activation(name, x + 1e-6)[0] - activation(name, x - 1e-6)[0]) / 2e-6
    assert slope == pytest.approx(difference, abs=1e-9)


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_back_propagation_is_the_derivative_of_the_loss(name: str) -> None:
    network = NETWORK.replace(activation=name)
    rng = np.random.default_rng(0)
    outer, inner = rng.normal(size=(3, 3, 5)), rng.normal(size=(3, 5, 3))
    by_outer, by_inner, value = gradients(network, TASK, outer, inner)
    assert value == pytest.approx(loss(network, outer, inner), rel=1e-14)
    for place in ((0, 1, 2), (2, 0, 4)):
        step = np.zeros_like(outer)
        step[place] = 1e-6
        difference = (loss(network, outer + step, inner) - loss(network, outer - step, inner)) / 2e-6
        assert by_outer[place] == pytest.approx(difference, rel=1e-7)
        step = np.zeros_like(inner)
        step[place[0], place[2], place[1]] = 1e-6
        difference = (loss(network, outer, inner + step) - loss(network, outer, inner - step)) / 2e-6
        assert by_inner[place[0], place[2], place[1]] == pytest.approx(difference, rel=1e-7)


@pytest.mark.parametrize("depth", [1, 4, 9])
def test_the_first_step_is_the_same_in_every_layer_and_depth(depth: int) -> None:
    outer, inner = train(NETWORK.replace(depth=depth), TASK, 0.3, 1)
    wanted = first_step(NETWORK, TASK, 0.3)
    for layer in outer:
        assert layer == pytest.approx(wanted, rel=1e-13)
    assert (inner == INNER).all()


def test_the_initial_rate_is_the_slope_of_the_loss() -> None:
    for name in ("tanh", "relu"):
        network = NETWORK.replace(activation=name)
        rate, bound = initial_rate(network, TASK)
        falls = []
        for step in (1e-4, 5e-5):
            outer, inner = train(network, TASK, step, 1)
            falls.append((loss(network, np.zeros_like(outer), inner) - loss(network, outer, inner)) / step)
        # What remains is linear in the step.
        assert 2 * falls[1] - falls[0] == pytest.approx(rate, rel=1e-7)
        assert falls[0] != pytest.approx(rate, rel=1e-5)
        start = loss(network, np.zeros((3, 3, 5)), np.tile(INNER, (3, 1, 1)))
        assert 0.0 <= bound * start <= rate


def test_the_mean_rate_of_error_functions_is_that_of_two_gaussian_integrals() -> None:
    task = RegressionTask([[0.7], [-1.3]], [[0.2], [0.9]])
    kernel = np.empty((2, 2))
    for i, x in enumerate((0.7, -1.3)):
        for j, y in enumerate((0.7, -1.3)):
            kernel[i, j] = quad(
                lambda w, x=x, y=y: (
                    math.erf(w * x) * math.erf(w * y) * math.exp(-w * w / 2) / math.sqrt(2 * math.pi)
                ),
                -12,
                12,
                epsabs=1e-13,
            )[0]
    residual = np.array([0.5, -2.2])
    assert mean_initial_rate(task) == pytest.approx(residual @ kernel @ residual, rel=1e-10)


def test_known_numbers_of_trained_networks() -> None:
    """From a separate implementation with automatic differentiation replaced by the layer-wise rules, ten digits."""
    found = depth_scaling(NETWORK, TASK, [4, 8, 16, 32], 0.1, 100)
    assert found.loss == pytest.approx([0.6607583035, 0.7073970451, 0.7334895176, 0.7471462503], abs=6e-11)
    wanted = [6.61904382, 6.76714308, 6.81595839, 6.83247274]
    assert found.depth_times_jump == pytest.approx(wanted, abs=6e-9)


def test_what_is_measured_of_a_trained_network() -> None:
    found = depth_scaling(NETWORK, TASK, [2, 5, 10], 0.1, 20)
    outer, inner = train(NETWORK.replace(depth=5), TASK, 0.1, 20)
    jumps = [
        np.linalg.norm(outer[k + 1] - outer[k]) + np.linalg.norm(inner[k + 1] - inner[k]) for k in range(4)
    ]
    assert found.largest_jump[1] == pytest.approx(max(jumps), rel=1e-13)
    assert found.depth_times_jump[1] == pytest.approx(5 * max(jumps), rel=1e-13)
    together = math.sqrt(float((np.diff(outer, axis=0) ** 2).sum() + (np.diff(inner, axis=0) ** 2).sum()))
    assert found.all_layers_jump[1] == pytest.approx(together, rel=1e-13)
    with pytest.raises(InvalidArgument, match=r"^depths = 1: must be an integer, at least 2"):
        depth_scaling(NETWORK, TASK, [4, 1], 0.1, 20)
    # A little more descent tells the ratio of the squared gradient to the loss.
    by_outer, by_inner, value = gradients(NETWORK.replace(depth=5), TASK, outer, inner)
    step = 1e-6
    after = loss(NETWORK.replace(depth=5), outer - 5 * step * by_outer, inner - 5 * step * by_inner)
    assert found.gradient_ratio[1] == pytest.approx((value - after) / step / value, rel=1e-4)
    limit = 2 * found.loss[2] - found.loss[1]
    assert found.distance == pytest.approx(np.abs(found.loss - limit), rel=1e-12)
    assert np.isnan(depth_scaling(NETWORK, TASK, [3], 0.1, 1).distance).all()


def test_the_limit_of_depth_is_what_deep_networks_tend_to() -> None:
    limit = depth_limit(NETWORK, TASK, 0.1, 40, nodes=16).require()
    found = depth_scaling(NETWORK, TASK, [16, 32, 64], 0.1, 40)
    gaps = np.abs(found.loss - float(limit["loss"]))
    assert gaps[0] / gaps[1] == pytest.approx(2.0, abs=0.05)
    once = 2 * found.loss[1:] - found.loss[:-1]
    assert (4 * once[1] - once[0]) / 3 == pytest.approx(float(limit["loss"]), abs=2e-4)
    coarse = depth_limit(NETWORK, TASK, 0.1, 40, nodes=8)
    assert abs(float(coarse["loss"]) - float(limit["loss"])) < float(coarse.error)
    with pytest.raises(InvalidArgument, match="a smooth one"):
        depth_limit(NETWORK.replace(activation="relu"), TASK, 0.1, 5)
    assert not depth_limit(NETWORK, TASK, 1e4, 30).good


def test_theory_beside_training() -> None:
    found = compare(NETWORK, TASK, [32, 48, 64], 0.1, 20)
    for row in found:
        assert float(row.estimate.mean) == pytest.approx(row.theory, rel=1e-2), row.name
    with pytest.raises(InvalidArgument, match="at least two"):
        compare(NETWORK, TASK, [4, 4], 0.1, 5)


@pytest.mark.parametrize(("goal", "x"), [(3.0, 1.3), (0.4, -0.7), (1.0, 2.0)])
@pytest.mark.parametrize("depth", [1, 2, 9, math.inf])
def test_the_tied_weight_solves_its_equation(goal: float, x: float, depth: float) -> None:
    times = np.array([0.0, 0.03, 0.4, 2.0])

    def slope(_: float, w: np.ndarray) -> np.ndarray:
        if math.isinf(depth):
            return -2 * x * x * (np.exp(w) - goal) * np.exp(w)
        return -2 * x * x * ((1 + w / depth) ** depth - goal) * (1 + w / depth) ** (depth - 1)

    wanted = solve_ivp(slope, (0.0, 2.0), [0.0], "LSODA", times, rtol=1e-11, atol=1e-13).y[0]
    assert tied_linear(goal, x, depth, times) == pytest.approx(wanted, abs=1e-8)
    end = math.log(goal) if math.isinf(depth) else depth * (goal ** (1 / depth) - 1)
    assert tied_linear(goal, x, depth, 1e9) == pytest.approx(end, abs=1e-11)


def test_tied_weights_at_extremes() -> None:
    assert tied_linear(1e6, 1e3, [1, math.inf], 1e3) == pytest.approx([1e6 - 1, math.log(1e6)], rel=1e-9)
    assert tied_linear(1e-6, 1.0, math.inf, 1e15) == pytest.approx(math.log(1e-6), rel=1e-6)
    tiny = tied_linear(2.0, 1e-9, 3, [1.0, 2.0])
    assert tiny == pytest.approx([2e-18, 4e-18], rel=1e-6)


def test_alternating_layers() -> None:
    """The product over the layers is C: (1 + w/(2 L))^L = C."""
    for half in (1, 8, 64):
        weight = float(alternating_weight(3.0, half))
        assert (1 + weight / (2 * half)) ** half == pytest.approx(3.0, rel=1e-13)
    assert alternating_weight(3.0, math.inf) == pytest.approx(2 * math.log(3.0), rel=1e-15)
    assert alternating_weight([0.2, 1.0], 4) == pytest.approx([0.0, 0.0], abs=0.0)
    # Corrections are of first order in 1/L: (ln C)^2/L.
    gap = [float(alternating_weight(3.0, half)) - 2 * math.log(3.0) for half in (100, 200)]
    assert gap[0] / gap[1] == pytest.approx(2.0, abs=0.02)
    assert 200 * gap[1] == pytest.approx(math.log(3.0) ** 2, rel=0.01)


def test_a_descent_that_diverges_is_told() -> None:
    with pytest.raises(NotConverged, match="smaller learning rate than 10000"):
        train(NETWORK.replace(activation="relu"), TASK, 1e4, 50)


def test_tasks_from_seeds_and_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first, inner = draw_task(3, 6, 4)
    again, _ = draw_task(3, 6, 4)
    other, _ = draw_task(3, 6, 4, seed=1)
    assert (first.inputs == again.inputs).all()
    assert (first.inputs != other.inputs).all()
    np.savez(tmp_path / "t.npz", inputs=first.inputs, targets=first.targets, inner=inner)
    task, loaded = load_task("--data", tmp_path / "t.npz")
    assert (task.targets == first.targets).all()
    assert (loaded == inner).all()
    words = {"inputs": first.inputs.tolist(), "targets": first.targets.tolist(), "inner": [[1.0, 2.0]]}
    (tmp_path / "t.json").write_text(json.dumps(words))
    with pytest.raises(InvalidArgument, match="2 columns"):
        load_task("--data", tmp_path / "t.json")
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(InvalidArgument, match="inputs is missing"):
        load_task("--data", tmp_path / "t.json")
    for name, text in (("t.txt", "1 2"), ("t.json", "[1, 2]"), ("t.npz", "nothing")):
        (tmp_path / name).write_text(text)
        with pytest.raises(InvalidArgument, match=r"^--data = "):
            load_task("--data", tmp_path / name)


def test_the_tied_weight_at_the_earliest_and_latest_times_together() -> None:
    """At the start dw/dt = 2 x^2 (C - 1); at the end w = L(C^(1/L) - 1), log C for L = inf."""
    x, goal = 1e50, 1e-6
    times = np.array([0.0, 1e-300, 1e-124, 1e-120, 1e300])
    for depth, end in (
        (1.0, goal - 1.0),
        (3.0, 3.0 * (goal ** (1.0 / 3.0) - 1.0)),
        (math.inf, math.log(goal)),
    ):
        found = tied_linear(goal, x, depth, times)
        assert found[:4] == pytest.approx(2.0 * x**2 * (goal - 1.0) * times[:4], rel=1e-9)
        assert found[4] == pytest.approx(end, rel=1e-9)


def test_the_limit_of_depth_before_weights_differ_between_layers() -> None:
    """No step, one step, and a task that is solved: slopes of 0 are no failure; the loss by an integrator."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((5, 3))
    task = RegressionTask(x, x + 0.3 * rng.standard_normal((5, 3)))
    network = ResidualNetwork(8, "tanh", rng.standard_normal((7, 3)))
    before = depth_limit(network, task, 0.5, 0)
    assert before.good.all()
    assert float(before["loss"]) == pytest.approx(((task.inputs - task.targets) ** 2).sum() / 5.0, rel=1e-12)
    assert float(before["largest_slope"]) == 0.0
    outer = first_step(network, task, 0.5)

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        h = flat.reshape(5, 3)
        return (np.tanh(h @ network.inner.T / math.sqrt(3)) @ outer.T / math.sqrt(7)).ravel()

    end = solve_ivp(velocity, (0.0, 1.0), x.ravel(), rtol=1e-11, atol=1e-13).y[:, -1].reshape(5, 3)
    after = depth_limit(network, task, 0.5, 1)
    assert after.good.all()
    assert float(after["loss"]) == pytest.approx(((end - task.targets) ** 2).sum() / 5.0, rel=1e-8)
    assert float(after["largest_slope"]) == 0.0
    solved = depth_limit(network, RegressionTask(x, x), 0.5, 3)
    assert solved.good.all()
    assert float(solved["loss"]) == 0.0
