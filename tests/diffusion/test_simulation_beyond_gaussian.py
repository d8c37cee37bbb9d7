"""Curie-Weiss data against enumeration of all states, and classes with independent coordinates."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from statphys_gen.data.laws import CurieWeiss, GaussianMixture
from statphys_gen.data.sampling import curie_weiss_posterior_field, sample_curie_weiss
from statphys_gen.diffusion.simulation.backward_kernel import posterior_agreement
from statphys_gen.diffusion.simulation.beyond_gaussian import (
    simulate_curie_weiss_clones,
    simulate_curie_weiss_u_turn,
    simulate_product_clones,
)
from statphys_gen.errors import InvalidArgument


def states(dimension: int) -> np.ndarray:
    return np.array(list(itertools.product([-1.0, 1.0], repeat=dimension)))


def enumerated_posterior(model: CurieWeiss, x: np.ndarray, time: float) -> np.ndarray:
    """P(a | x_t) of every state, rows x."""
    a = states(model.dimension)
    log_prior = model.inverse_temperature * a.sum(axis=1) ** 2 / (2 * model.dimension)
    distances = ((x[:, None, :] - np.exp(-time) * a) ** 2).sum(axis=2)
    logs = log_prior - distances / (2 * (1 - np.exp(-2 * time)))
    return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))


@pytest.mark.parametrize(("beta", "dimension"), [(0.0, 5), (0.4, 6), (1.5, 7), (4.0, 9), (30.0, 8)])
def test_posterior_is_that_of_enumeration(beta, dimension):
    model = CurieWeiss(dimension, beta)
    x = np.random.default_rng(0).standard_normal((6, dimension)) + 0.3
    for time in (0.05, 0.6, 2.5):
        nodes, probabilities, fields = curie_weiss_posterior_field(model, x, time)
        up = 1 / (1 + np.exp(-2 * (nodes[:, None] + fields[:, None, :])))
        a = states(dimension)[:, None, None, :]
        given_node = np.where(a > 0, up, 1 - up).prod(axis=3)
        np.testing.assert_allclose(
            (given_node * probabilities).sum(axis=2).T,
            enumerated_posterior(model, x, time),
            rtol=1e-9,
            atol=1e-13,
        )


def test_samples_have_the_law_of_the_magnetisation_and_no_preferred_place():
    model = CurieWeiss(8, 1.3)
    samples = sample_curie_weiss(model, 40_000, np.random.default_rng(1))
    assert set(np.unique(samples)) == {-1.0, 1.0}
    a = states(8)
    weights = np.exp(1.3 * a.sum(axis=1) ** 2 / 16)
    magnetisations = np.arange(-8, 9, 2)
    law = np.array([weights[a.sum(axis=1) == m].sum() for m in magnetisations]) / weights.sum()
    counts = [(samples.sum(axis=1) == m).sum() for m in magnetisations]
    assert stats.chisquare(counts, law * 40_000).pvalue > 1e-3
    # Among the states with one spin down, every place is as likely.
    one_down = samples[samples.sum(axis=1) == 6]
    assert stats.chisquare((one_down < 0).sum(axis=0)).pvalue > 1e-3


def enumerated_agreement(model: CurieWeiss, time: float, draws: int) -> tuple[float, float]:
    """E sum_c p(c|x)^2 with the posterior of enumeration and x_t noised from enumerated data, and its error."""
    rng = np.random.default_rng(2)
    a = states(model.dimension)
    prior = np.exp(model.inverse_temperature * a.sum(axis=1) ** 2 / (2 * model.dimension))
    data = a[rng.choice(len(a), draws, p=prior / prior.sum())]
    x = np.exp(-time) * data + np.sqrt(1 - np.exp(-2 * time)) * rng.standard_normal(data.shape)
    up = enumerated_posterior(model, x, time) @ (0.5 * (1 + np.sign(a.sum(axis=1))))
    agreement = up**2 + (1 - up) ** 2
    return float(agreement.mean()), float(agreement.std() / np.sqrt(draws))


@pytest.mark.parametrize("dimension", [5, 6])
@pytest.mark.parametrize("experiment", [simulate_curie_weiss_clones, simulate_curie_weiss_u_turn])
def test_agreement_of_a_small_system_is_that_of_enumeration(dimension, experiment):
    model, time = CurieWeiss(dimension, 1.2), 0.5
    run = experiment(model, time, walkers=40_000)
    expected, error = enumerated_agreement(model, time, 20_000)
    assert abs(run.mean - expected) < 4 * np.hypot(run.standard_error, error)


def test_limits_of_time():
    model = CurieWeiss(51, 1.8)
    assert simulate_curie_weiss_clones(model, 1e-3, walkers=1_000, seed=0).mean == 1.0
    late = simulate_curie_weiss_clones(model, 15.0, walkers=20_000, seed=0)
    assert abs(late.mean - 0.5) < 4 * late.standard_error


@pytest.mark.parametrize("experiment", [simulate_curie_weiss_clones, simulate_curie_weiss_u_turn])
def test_threads_do_not_change_the_bits(experiment):
    model = CurieWeiss(801, 1.2)
    runs = [experiment(model, [2.0, 3.0], walkers=1_500, seed=4, threads=threads) for threads in (1, 2, 4)]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.mean, runs[0].mean)


def test_product_classes_include_gaussian_ones():
    marginals = [GaussianMixture([1.0], [[m]], v) for m, v in ((0.3, 0.5), (-0.1, 1.4))]
    run = simulate_product_clones(marginals, 0.4, 30, walkers=40_000, seed=0, weights=[0.3, 0.7])
    mixture = GaussianMixture([0.3, 0.7], np.repeat([[0.3], [-0.1]], 30, axis=1), [0.5, 1.4])
    same = posterior_agreement(mixture, 0.4, walkers=40_000, seed=0)
    assert abs(run.mean - same.mean) < 4 * np.hypot(run.standard_error, same.standard_error)
    bits = simulate_product_clones(marginals, 0.4, 30, walkers=40_000, seed=0, weights=[0.3, 0.7], threads=2)
    assert bits.mean == run.mean


def test_product_classes_with_few_states_include_mixtures():
    # Two coordinates with values +-1: each class is a mixture of four points.
    marginals = [GaussianMixture([p, 1 - p], [[1.0], [-1.0]], 0.0) for p in (0.8, 0.3)]
    run = simulate_product_clones(marginals, 0.3, 2, walkers=40_000, seed=0)
    points = np.tile(states(2), (2, 1))
    weights = [0.5 * np.where(a > 0, p, 1 - p).prod() for p in (0.8, 0.3) for a in states(2)]
    mixture = GaussianMixture(weights, points, 0.0)
    same = posterior_agreement(mixture, 0.3, walkers=40_000, seed=0, groups=[0] * 4 + [1] * 4)
    assert abs(run.mean - same.mean) < 4 * np.hypot(run.standard_error, same.standard_error)


GAUSS = GaussianMixture([1.0], [[0.0]], 1.0)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: simulate_curie_weiss_clones(CurieWeiss(5, 1.0), 0.0, walkers=10, seed=0), "time"),
        (lambda: simulate_curie_weiss_u_turn(CurieWeiss(5, 1.0), 1.0, walkers=1, seed=0), "walkers"),
        (lambda: simulate_product_clones([], 1.0, 5, walkers=10, seed=0), "marginals"),
        (
            lambda: simulate_product_clones(
                [GaussianMixture.two_classes(2, 1.0)], 1.0, 5, walkers=10, seed=0
            ),
            "marginals",
        ),
        (
            lambda: simulate_product_clones([GAUSS, GAUSS], 1.0, 5, walkers=10, seed=0, weights=[1.0]),
            "weights",
        ),
        (lambda: simulate_product_clones([GAUSS, GAUSS], 1.0, 0, walkers=10, seed=0), "dimension"),
        (
            lambda: simulate_product_clones(
                [GaussianMixture([1.0], [[0.0]], 0.0)], 0.0, 5, walkers=10, seed=0
            ),
            "time",
        ),
    ],
)
def test_bad_input_is_named_in_one_line(call, argument):
    with pytest.raises(InvalidArgument) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(argument)
