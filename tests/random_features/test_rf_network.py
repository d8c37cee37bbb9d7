"""The small score network and what it generates, against definitions, closed forms and laws that are known exactly."""

import math

import numpy as np
import pytest

from statphys_gen.data.laws import GaussianMixture
from statphys_gen.data.sampling import NoisedMixture
from statphys_gen.errors import InsufficientSamples, InvalidArgument
from statphys_gen.numerics.neighbours import neighbour_ratios
from statphys_gen.numerics.posterior import EmpiricalPosterior
from statphys_gen.random_features.simulation.kernels_network import adam_update, momentum_update
from statphys_gen.random_features.simulation.memorization import (
    MemorizationCurve,
    backward_times,
    generate,
    memorization_onset,
    memorized_fraction,
    network_losses,
    simulate_memorization,
)
from statphys_gen.random_features.simulation.network import (
    Architecture,
    NetworkTraining,
    batch_loss,
    initial_network,
    train_network,
)

LAW = GaussianMixture.two_classes(8, 1.0)
TWO = NoisedMixture(LAW)
SMALL = Architecture(16, 2)


# ------------------------------------------------------------------------------------------------------- network


@pytest.mark.parametrize("activation", ["silu", "tanh", "relu"])
def test_gradient_is_the_derivative_of_the_loss(activation):
    rng = np.random.default_rng(1)
    points = rng.standard_normal((20, 3))
    network = initial_network(Architecture(7, 2, activation), points, rng, np.float64)
    # Away from the zeros of the last layer and of the biases.
    network.parameters[:] += 0.1 * rng.standard_normal(network.parameters.size)
    arguments = points[:9], rng.standard_normal((9, 3)), rng.uniform(-2, 1, 9)
    gradient = np.empty_like(network.parameters)
    loss = batch_loss(network, *arguments, gradient)
    assert loss == batch_loss(network, *arguments)
    direction = rng.standard_normal(network.parameters.size)
    values = []
    for step in (1e-6, -1e-6):
        network.parameters[:] += step * direction
        values.append(batch_loss(network, *arguments))
        network.parameters[:] -= step * direction
    assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient @ direction, rel=1e-6)


def test_loss_and_guess_are_one_network():
    """The loss from the guess of the clean data: e = (x_t - exp(-t) guess)/sqrt(D)."""
    rng = np.random.default_rng(2)
    points = TWO.draw(30, rng)
    network = initial_network(SMALL, points, rng, np.float64)
    network.parameters[:] += 0.1 * rng.standard_normal(network.parameters.size)
    time, xi = 0.3, rng.standard_normal((30, 8))
    signal, noise = math.exp(-time), 1 - math.exp(-2 * time)
    noised = signal * points + math.sqrt(noise) * xi
    e = (noised - signal * network.clean(noised, time)) / math.sqrt(noise)
    u = np.full(30, 0.5 * math.log(noise / signal**2))
    assert batch_loss(network, points, xi, u) == pytest.approx(np.mean((xi - e) ** 2), rel=1e-12)


def test_training_starts_from_the_best_linear_guess():
    """Without its last layer, the network has on Gaussian data the loss 1 - D/G of the exact score."""
    rng = np.random.default_rng(3)
    law = NoisedMixture(GaussianMixture([1.0], np.zeros((1, 8)), 2.0))
    network = initial_network(SMALL, law.draw(50_000, rng), rng)
    train, test = network_losses(network, law, law.draw(20_000, rng), 0.3, 20_000, rng)
    noise = 1 - math.exp(-0.6)
    expected = 1 - noise / (2 * math.exp(-0.6) + noise)
    # Each is a mean of 160 000 squares.
    assert train == pytest.approx(expected, rel=0.02)
    assert test == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_updates_are_those_of_adam_and_momentum(kind):
    rng = np.random.default_rng(4)
    gradients = rng.standard_normal((3, 5)).astype(kind)
    start = rng.standard_normal(5).astype(kind)
    found, first, second = start.copy(), np.zeros(5, kind), np.zeros(5, kind)
    moved, velocity = start.copy(), np.zeros(5, kind)
    for k, g in enumerate(gradients):
        adam_update(found, first, second, g, k + 1, 0.1, 0.9, 0.99, 1e-8)
        momentum_update(moved, velocity, g, 0.1, 0.5)
    expected, m, v = start.astype(float), 0.0, 0.0
    for k, g in enumerate(gradients.astype(float), start=1):
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        expected -= 0.1 * (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.99**k)) + 1e-8)
    rtol = 1e-5 if kind is np.float32 else 1e-12
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)
    a, b, c = gradients.astype(float)
    np.testing.assert_allclose(moved, start - 0.1 * (a * 1.75 + b * 1.5 + c), rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("algorithm", "rate"), [("adam", 5e-3), ("descent", 0.1)])
def test_training_at_one_fixed_time_lowers_the_train_loss_below_the_best_score(algorithm, rate):
    """Below the loss of the exact score of the law: only a network that knows its training set gets there."""
    rng = np.random.default_rng(5)
    points = TWO.draw(8, rng)
    training = NetworkTraining((0, 400), 8, algorithm, rate, shortest_time=0.2, longest_time=0.2)
    losses = []

    def observe(step, network):
        losses.append(network_losses(network, TWO, points, 0.2, 2000, np.random.default_rng(6)))

    train_network(points, Architecture(32, 2), training, rng, observe)
    time, noise = 0.2, 1 - math.exp(-0.4)
    fresh, xi = TWO.draw(4000, rng), rng.standard_normal((4000, 8))
    noised = math.exp(-time) * fresh + math.sqrt(noise) * xi
    best = np.mean((math.sqrt(noise) * TWO.score(noised, time) + xi) ** 2)
    (start, start_test), (end, end_test) = losses
    assert end < 0.9 * best < best < start
    assert end_test > best
    assert start_test > best


# ----------------------------------------------------------------------------------------------------- generation


def test_backward_times_are_even_in_the_noise_to_signal_ratio():
    times = backward_times(0.01, 3.0, 7)
    assert times[0] == 3.0
    assert times[-1] == 0.01
    np.testing.assert_allclose(np.diff(np.log(np.expm1(2 * times)), 2), 0, atol=1e-12)
    assert np.isfinite(backward_times(1e-5, 500.0, 10)).all()


def test_the_backward_process_of_a_gaussian_ends_with_its_variance():
    law = NoisedMixture(GaussianMixture([1.0], np.zeros((1, 1)), 0.25))
    made = generate(law.clean, 1, 0.25, 20_000, np.random.default_rng(7), backward_times(0.05, 3.0, 200))
    signal, noise = math.exp(-0.05), 1 - math.exp(-0.1)
    # The guess at the last time of a point of variance G.
    expected = (signal * 0.25) ** 2 / (signal**2 * 0.25 + noise)
    assert made.var() == pytest.approx(expected, rel=0.03)


def test_the_score_of_the_training_set_makes_copies_and_that_of_the_law_does_not():
    rng = np.random.default_rng(8)
    points = TWO.draw(100, rng)
    times = backward_times(0.01, 3.0, 40)
    fractions = []
    posterior = EmpiricalPosterior(points)
    for clean in (lambda x, t: posterior.means(np.exp(t) * x, math.expm1(2.0 * t)), TWO.clean):
        made = generate(clean, 8, 2.0, 300, rng, times)
        fractions.append(memorized_fraction(neighbour_ratios(made, points)).fraction)
    assert fractions[0] > 0.98
    assert fractions[1] < 0.02


def test_neighbour_ratios_by_hand():
    points = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]])
    found = neighbour_ratios([[1.0, 0.0], [2.0, 0.0], [0.0, 0.0]], points)
    np.testing.assert_allclose(found, [1 / 3, 1.0, 0.0])
    assert neighbour_ratios([[1.0]], [[1.0], [1.0], [5.0]]).tolist() == [1.0]


def test_far_from_all_points_a_third_is_rare_as_a_power_of_the_dimension():
    """For points of a uniform law in two dimensions, P(ratio < r) = r^2."""
    rng = np.random.default_rng(9)
    found = neighbour_ratios(rng.uniform(0.2, 0.8, (20_000, 2)), rng.uniform(size=(1000, 2)))
    assert np.mean(found < 1 / 3) == pytest.approx(1 / 9, abs=0.01)


def test_bootstrap_interval_of_one_instance_is_binomial_and_of_several_is_wider():
    rng = np.random.default_rng(10)
    ratios = np.where(np.arange(400) < 120, 0.1, 0.9)
    found = memorized_fraction(ratios)
    assert found.fraction == 0.3
    half = 1.96 * math.sqrt(0.21 / 400)
    assert found.lower == pytest.approx(0.3 - half, abs=0.006)
    assert found.upper == pytest.approx(0.3 + half, abs=0.006)
    instances = np.stack([np.where(rng.uniform(size=400) < f, 0.1, 0.9) for f in (0.1, 0.3, 0.5, 0.3)])
    wide = memorized_fraction(instances)
    # The standard error over instances, sqrt(0.02/4), dominates.
    assert wide.upper - wide.lower > 2 * (found.upper - found.lower)
    assert memorized_fraction(instances) == wide


# ---------------------------------------------------------------------------------------------------- experiments


def test_a_small_network_memorizes_few_points_whatever_the_threads():
    training = NetworkTraining((10, 300, 900), 8, learning_rate=5e-3)
    arguments = GaussianMixture.two_classes(6, 1.0), 4, Architecture(64, 2), training
    sizes = {"instances": 2, "walkers": 100, "backward_steps": 20, "loss_draws": 500, "seed": 1}
    one = simulate_memorization(*arguments, **sizes)
    two = simulate_memorization(*arguments, **sizes, threads=2)
    np.testing.assert_array_equal(one.ratios, two.ratios)
    np.testing.assert_array_equal(one.test_loss, two.test_loss)
    early, _, late = one.fraction()
    assert early.fraction < 0.05 < 0.3 < late.fraction
    assert early.upper < late.lower
    assert (one.train_loss[:, -1] < one.train_loss[:, 0]).all()
    assert (one.test_loss[:, -1] > one.test_loss[:, 0]).all()


def curve_of(fractions: list[list[float]], steps: list[int], samples: int = 10) -> MemorizationCurve:
    """A curve of which the fractions are given, in hundredths."""
    ratios = np.where(np.arange(100) < 100 * np.array(fractions)[:, :, None] - 1e-9, 0.1, 0.9)
    nothing = np.zeros(ratios.shape[:2])
    return MemorizationCurve(samples, np.array(steps), ratios, nothing, nothing, 0.1)


def test_the_onset_is_where_the_level_is_crossed():
    curve = curve_of([[0.0, 0.0, 0.2, 0.6], [0.0, 0.1, 0.3, 0.6]], [10, 100, 1000, 10_000])
    found = memorization_onset(curve, level=0.1)
    assert found.mean == pytest.approx(math.log(10) * (2.5 + 2.0) / 2)
    assert found.standard_error == pytest.approx(math.log(10) * 0.25)


def test_no_onset_without_a_crossing():
    for fractions in ([[0.0, 0.05], [0.0, 0.2]], [[0.3, 0.5], [0.0, 0.5]]):
        with pytest.raises(InsufficientSamples, match="does not cross"):
            memorization_onset(curve_of(fractions, [10, 100]), level=0.1)
    with pytest.raises(InsufficientSamples):
        memorization_onset(curve_of([[0.0, 0.5]], [10, 100]), level=0.1)


# ------------------------------------------------------------------------------------------------------ bad input

STEPS = NetworkTraining((10,))
POINTS = np.eye(3)


def simulate(**changes):
    arguments = {"mixture": LAW, "samples": 4, "architecture": SMALL, "training": STEPS, "instances": 1}
    return simulate_memorization(**(arguments | changes))


BAD = {
    "width": lambda: Architecture(0),
    "hidden_layers": lambda: Architecture(8, 0),
    "activation": lambda: Architecture(8, 1, "gelu"),
    "steps": lambda: NetworkTraining((3, 3)),
    "steps none": lambda: NetworkTraining(()),
    "steps[0]": lambda: NetworkTraining((-1,)),
    "batch": lambda: NetworkTraining((1,), 0),
    "algorithm": lambda: NetworkTraining((1,), algorithm="lion"),
    "learning_rate": lambda: NetworkTraining((1,), learning_rate=0.0),
    "momentum": lambda: NetworkTraining((1,), momentum=1.0),
    "shortest_time": lambda: NetworkTraining((1,), shortest_time=0.0),
    "longest_time": lambda: NetworkTraining((1,), shortest_time=2.0, longest_time=1.0),
    "longest_time of generation": lambda: simulate(
        training=NetworkTraining((1,), shortest_time=1.0, longest_time=1.0)
    ),
    "longest_time of the grid": lambda: backward_times(1.0, 1.0, 3),
    "times": lambda: generate(TWO.clean, 8, 2.0, 3, np.random.default_rng(0), [1.0, 2.0]),
    "guess": lambda: generate(None, 8, 2.0, 3, np.random.default_rng(0), [2.0, 1.0]),
    "mean_square": lambda: generate(TWO.clean, 8, 0.0, 3, np.random.default_rng(0), [2.0, 1.0]),
    "mixture": lambda: simulate(mixture="two"),
    "samples": lambda: simulate(samples=1),
    "architecture": lambda: simulate(architecture=64),
    "training": lambda: simulate(training=100),
    "instances": lambda: simulate(instances=0),
    "seed": lambda: simulate(seed=-1),
    "walkers": lambda: simulate(walkers=0),
    "loss_time": lambda: simulate(loss_time=-0.1),
    "points": lambda: neighbour_ratios(POINTS, POINTS[:1]),
    "x of another dimension": lambda: neighbour_ratios(np.zeros((2, 2)), POINTS),
    "ratios": lambda: memorized_fraction(np.zeros((2, 2, 2))),
    "ratios below 0": lambda: memorized_fraction([-1.0]),
    "ratio": lambda: memorized_fraction([0.5], ratio=1.0),
    "level": lambda: memorization_onset(curve_of([[0.0, 1.0]], [1, 2]), level=1.0),
    "resamples": lambda: memorized_fraction([0.5], resamples=1),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_one_line(name):
    with pytest.raises(InvalidArgument) as refused:
        BAD[name]()
    text = str(refused.value)
    assert "\n" not in text
    assert text.startswith(name.split(" ")[0])


def test_a_training_that_diverges_is_refused():
    with pytest.raises(InvalidArgument, match="must be smaller: the training diverged in step"):
        simulate(training=NetworkTraining((50,), algorithm="descent", learning_rate=1e6))
