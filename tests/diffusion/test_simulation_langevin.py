"""Euler steps of the backward process: the kernel, the weak order, the grid, and the limit of small steps."""

import numpy as np
import pytest

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.data.sampling import NoisedMixture
from statphys_gen.diffusion.simulation.backward_kernel import simulate_clones
from statphys_gen.diffusion.simulation.langevin import (
    euler,
    reduced_clones_langevin,
    simulate_clones_langevin,
    step_bias,
    step_grid,
)
from statphys_gen.errors import InvalidArgument


def as_diagonal(mixture: GaussianMixture) -> GaussianMixture:
    """The same law, stored so that the compiled kernel does not apply."""
    variances = np.tile(mixture.covariances[:, None], (1, mixture.dimension))
    return GaussianMixture(mixture.weights, mixture.means, variances)


def as_full(mixture: GaussianMixture) -> GaussianMixture:
    return GaussianMixture(
        mixture.weights, mixture.means, mixture.covariances[:, None, None] * np.eye(mixture.dimension)
    )


class Impulses:
    """In place of a generator: the j-th draw is a unit impulse in coordinate j + 1."""

    def __init__(self) -> None:
        self.draws = 0

    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        noise = np.zeros(shape)
        self.draws += 1
        noise[:, self.draws] = 1.0
        return noise


@pytest.mark.parametrize("variances", [0.7, [0.3, 1.6, 0.9]])
def test_kernel_makes_the_steps_of_the_general_scheme(variances):
    rng = np.random.default_rng(0)
    mixture = GaussianMixture([0.2, 0.5, 0.3], rng.standard_normal((3, 7)), variances)
    points = step_grid(3.0, 0.0, 40)
    for seed in range(5):
        start = rng.standard_normal((1, 7))
        ends = []
        for form in (mixture, as_diagonal(mixture), as_full(mixture)):
            x = start.copy()
            euler(NoisedMixture(form), x, points, np.random.default_rng(seed))
            ends.append(x)
        np.testing.assert_allclose(ends[0], ends[1], rtol=0, atol=1e-12)
        np.testing.assert_allclose(ends[2], ends[1], rtol=0, atol=1e-12)


def test_kernel_treats_walkers_one_after_the_other():
    mixture = GaussianMixture.two_classes(9, 0.8)
    law, points, rng = NoisedMixture(mixture), step_grid(2.0, 0.0, 15), np.random.default_rng(1)
    together = rng.standard_normal((3, 9))
    separate = together.copy()
    euler(law, together, points, np.random.default_rng(2))
    stream = np.random.default_rng(2)
    for row in range(3):
        euler(law, separate[row : row + 1], points, stream)
    np.testing.assert_array_equal(together, separate)


def final_variance(variance: float, steps: int, end: float) -> float:
    """Variance at ``end`` of the Euler chain of one Gaussian from N(0, 1), from its response to unit impulses."""
    mixture = GaussianMixture([1.0], np.zeros((1, steps + 1)), np.full((1, steps + 1), variance))
    x = np.zeros((1, steps + 1))
    x[0, 0] = 1.0
    euler(NoisedMixture(mixture), x, step_grid(6.0, end, steps), Impulses())
    return float((x**2).sum())


@pytest.mark.parametrize("variance", [0.4, 2.5])
def test_weak_order_is_one(variance):
    steps = [200, 400, 800]
    exact = 1 + np.exp(-2 * 0.1) * (variance - 1)
    # The start at N(0, 1) instead of P_6 adds less than 1e-5 to every bias, and cancels from their differences.
    biases = np.array([final_variance(variance, n, 0.1) - exact for n in steps])
    assert (np.abs(biases) > 1e-4).all()
    orders = np.log2(biases[:-1] / biases[1:])
    np.testing.assert_allclose(orders, 1.0, atol=0.06)
    extrapolated = 2 * biases[2] - biases[1]
    assert abs(extrapolated) < 0.02 * abs(biases[2])


def test_step_grid():
    uniform = step_grid(5.0, 1.0, 8)
    np.testing.assert_allclose(uniform, np.linspace(5, 1, 9), rtol=1e-15)
    points = step_grid(5.0, 0.0, 4000, 0.01)
    assert points[0] == 5.0
    assert points[-1] == 0.0
    widths = -np.diff(points)
    assert (widths > 0).all()
    middle = 0.5 * (points[1:] + points[:-1])
    ratio = widths / (1 - 0.99 * np.exp(-2 * middle))
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=2e-5)
    np.testing.assert_allclose(step_grid(5.0, 0.0, 50, 1.0), step_grid(5.0, 0.0, 50), atol=1e-14)


def test_threads_do_not_change_the_bits():
    mixture = GaussianMixture.two_classes(2000, 0.03)
    runs = [
        simulate_clones_langevin(
            mixture, [0.2, 0.6], walkers=600, seed=3, steps=10, horizon=3.0, threads=threads
        )
        for threads in (1, 2, 4)
    ]
    assert (runs[0].mean < 1).all()
    for run in runs[1:]:
        np.testing.assert_array_equal(run.mean, runs[0].mean)


@pytest.mark.parametrize("label", ["sign", "component"])
def test_small_steps_reach_the_exact_kernel(label):
    mixture = GaussianMixture.two_classes(1, 1.3)
    times = [0.2, 0.7, 1.4]
    euler_runs = simulate_clones_langevin(
        mixture, times, walkers=10_000, seed=0, steps=200, horizon=5.0, label=label
    )
    exact = simulate_clones(mixture, times, walkers=40_000, seed=0, label=label)
    deviation = np.abs(euler_runs.mean - exact.mean)
    np.testing.assert_array_less(deviation, 4 * np.hypot(euler_runs.standard_error, exact.standard_error))


def test_adapted_grid_reaches_point_masses():
    mixture = GaussianMixture.two_classes(2, 0.7, 0.0)
    run = simulate_clones_langevin(
        mixture,
        [0.3, 1.0],
        walkers=4_000,
        seed=0,
        steps=200,
        horizon=5.0,
        end=1e-3,
        grid="adapted",
        label="component",
    )
    exact = simulate_clones(mixture, [0.3, 1.0], walkers=20_000, seed=0)
    np.testing.assert_array_less(
        np.abs(run.mean - exact.mean), 4 * np.hypot(run.standard_error, exact.standard_error)
    )


def test_reduced_simulation_is_the_projection_of_the_full_one():
    full = simulate_clones_langevin(
        GaussianMixture.two_classes(25, 0.6, 2.0, 0.3), 1.0, walkers=6_000, seed=0, steps=100, horizon=5.0
    )
    reduced = reduced_clones_langevin(
        3.0, 2.0, 1.0, walkers=6_000, seed=0, weight=0.3, steps=100, horizon=5.0
    )
    assert abs(full.mean - reduced.mean) < 4 * np.hypot(full.standard_error, reduced.standard_error)


def test_branch_times_share_one_run_and_keep_their_order():
    mixture = GaussianMixture.two_classes(4, 1.0)
    run = simulate_clones_langevin(
        mixture, [[2.5, 0.2], [0.2, 1.0]], walkers=1_000, seed=0, steps=60, horizon=5.0
    )
    assert run.shape == (2, 2)
    assert run.mean[0, 1] == run.mean[1, 0]
    assert run.mean[0, 0] < run.mean[1, 1] < run.mean[0, 1]


def test_step_bias_has_one_estimate_for_each_number_of_steps():
    mixture = GaussianMixture.two_classes(1, 1.3)
    study = step_bias(mixture, 0.4, walkers=3_000, seed=0, steps=[5, 20], horizon=5.0)
    assert study.shape == (2,)
    np.testing.assert_array_equal(
        study.mean[1],
        simulate_clones_langevin(mixture, 0.4, walkers=3_000, seed=0, steps=20, horizon=5.0).mean,
    )


TWO = GaussianMixture.two_classes(2, 1.0)
POINTS = GaussianMixture.two_classes(2, 1.0, 0.0)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: simulate_clones_langevin(TWO, 11.0, walkers=10, seed=0), "time"),
        (lambda: simulate_clones_langevin(TWO, 0.1, walkers=10, seed=0, end=0.5), "time"),
        (lambda: simulate_clones_langevin(TWO, 1.0, walkers=1, seed=0), "walkers"),
        (lambda: simulate_clones_langevin(TWO, 1.0, walkers=10, seed=0, steps=0), "steps"),
        (lambda: simulate_clones_langevin(TWO, 1.0, walkers=10, seed=0, grid="geometric"), "grid"),
        (lambda: simulate_clones_langevin(TWO, 1.0, walkers=10, seed=0, horizon=0.0), "horizon"),
        (lambda: simulate_clones_langevin(TWO, 1.0, walkers=10, seed=0, end=10.0), "end"),
        (lambda: simulate_clones_langevin(POINTS, 1.0, walkers=10, seed=0, grid="adapted"), "end"),
        (lambda: simulate_clones_langevin(POINTS, 1.0, walkers=10, seed=0, label="component"), "end"),
        (lambda: reduced_clones_langevin(1.0, 0.0, 1.0, walkers=10, seed=0), "variance"),
        (lambda: step_bias(TWO, 1.0, walkers=10, seed=0, steps=[0]), "steps"),
    ],
)
def test_bad_input_is_named_in_one_line(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(argument)
