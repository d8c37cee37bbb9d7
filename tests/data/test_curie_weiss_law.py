"""The Curie-Weiss law with a tilt, against sums over all configurations."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from statphys_gen.data.curie_weiss import (
    class_moments,
    curie_weiss_log_density,
    curie_weiss_score,
    log_partition,
    magnetisation_posterior,
)
from statphys_gen.data.laws import CurieWeiss
from statphys_gen.data.sampling import curie_weiss_posterior_field, sample_curie_weiss
from statphys_gen.diffusion.simulation.beyond_gaussian import (
    simulate_curie_weiss_clones,
    simulate_curie_weiss_u_turn,
)
from statphys_gen.diffusion.theory.class_information import class_information
from statphys_gen.diffusion.theory.curie_weiss import (
    curie_weiss_agreement,
    curie_weiss_agreement_from_sum,
    curie_weiss_signal,
    curie_weiss_speciation_time,
)
from statphys_gen.errors import InvalidArgument

MODEL, TIME = CurieWeiss(7, 1.3, tilt=-0.9), 0.35
SPINS = np.array(list(product([-1.0, 1.0], repeat=7)))


def log_weights() -> np.ndarray:
    total = SPINS.sum(axis=1)
    return 1.3 * total**2 / 14.0 - 0.9 * total / 7.0


def enumerated(x: np.ndarray) -> tuple[float, np.ndarray]:
    """log P_t(x) and the posterior over all configurations."""
    noise = -math.expm1(-2.0 * TIME)
    squares = ((x - math.exp(-TIME) * SPINS) ** 2).sum(axis=1)
    logs = log_weights() - squares / (2.0 * noise) - 3.5 * math.log(2.0 * math.pi * noise)
    total = np.logaddexp.reduce(logs)
    return total - np.logaddexp.reduce(log_weights()), np.exp(logs - total)


def test_partition_sum_density_score_and_posterior_with_a_tilt():
    assert log_partition(MODEL) == pytest.approx(np.logaddexp.reduce(log_weights()), rel=1e-13)
    noise, decay = -math.expm1(-2.0 * TIME), math.exp(-TIME)
    for x in np.random.default_rng(0).normal(size=(4, 7)):
        density, posterior = enumerated(x)
        assert curie_weiss_log_density(MODEL, x, TIME) == pytest.approx(density, rel=1e-12)
        score = (decay * posterior @ SPINS - x) / noise
        np.testing.assert_allclose(curie_weiss_score(MODEL, x, TIME), score, rtol=1e-11, atol=1e-12)
        law = np.bincount(((SPINS.sum(axis=1) + 7) / 2).astype(int), weights=posterior)
        np.testing.assert_allclose(magnetisation_posterior(MODEL, x, TIME), law, rtol=1e-11, atol=1e-14)


def test_the_posterior_field_with_a_tilt_gives_the_enumerated_means():
    x = np.random.default_rng(1).normal(size=(5, 7))
    nodes, probabilities, fields = curie_weiss_posterior_field(MODEL, x, TIME)
    means = np.einsum("wj,wij->wi", probabilities, np.tanh(nodes + fields[:, :, None]))
    np.testing.assert_allclose(means, [enumerated(row)[1] @ SPINS for row in x], rtol=1e-11, atol=1e-13)


def test_samples_with_a_tilt_have_the_law_of_the_magnetisation():
    samples = sample_curie_weiss(MODEL, 40_000, np.random.default_rng(2))
    expected = np.bincount(((SPINS.sum(axis=1) + 7) / 2).astype(int), weights=np.exp(log_weights()))
    seen = np.bincount(((samples.sum(axis=1) + 7) / 2).astype(int), minlength=8)
    assert stats.chisquare(seen, 40_000 * expected / expected.sum()).pvalue > 1e-3


def test_class_moments_are_the_limit_of_the_exact_law():
    """The exact law of M at two sizes, extrapolated by its 1/d correction."""
    weights, means, spreads = [], [], []
    for d in (20_000, 40_000):
        m = np.arange(-d, d + 1, 2)
        logs = np.array(
            [math.lgamma(d + 1) - math.lgamma(k + 1) - math.lgamma(d - k + 1) for k in range(d + 1)]
        )
        law = np.exp(logs + 1.6 * m**2 / (2 * d) + 0.9 * m / d - (logs + 1.6 * m**2 / (2 * d)).max())
        up = m > 0
        weights.append((law[up].sum() + 0.5 * law[m == 0].sum()) / law.sum())
        means.append(m[up] @ law[up] / law[up].sum() / d)
        spreads.append(d * ((m[up] / d - means[-1]) ** 2 @ law[up]) / law[up].sum())
    found = class_moments(CurieWeiss(50, 1.6, 0.9))
    for values, value in (
        (weights, found.weight),
        (means, found.magnetisation),
        (spreads, found.susceptibility),
    ):
        assert value == pytest.approx(2.0 * values[1] - values[0], rel=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda law: curie_weiss_signal(law, 0.5),
        lambda law: curie_weiss_agreement(law, 0.5),
        lambda law: curie_weiss_agreement_from_sum(law, 0.5),
        curie_weiss_speciation_time,
        lambda law: class_information(law, 0.5),
        lambda law: simulate_curie_weiss_clones(law, 0.5, walkers=100, seed=0),
        lambda law: simulate_curie_weiss_u_turn(law, 0.5, walkers=100, seed=0),
    ],
)
def test_what_takes_balanced_classes_refuses_a_tilt(call):
    with pytest.raises(InvalidArgument, match=r"tilt = 0\.4: must be 0"):
        call(CurieWeiss(50, 1.6, 0.4))
