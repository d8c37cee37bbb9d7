"""The posterior over the data points against its definition, and the label agreement against laws where it is known."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from statphys_gen.data.dataset import DataSet
from statphys_gen.diffusion.analysis.label_agreement import (
    PosteriorPass,
    _Segments,
    _stratified_groups,
    label_agreement,
)
from statphys_gen.meaning import fingerprint
from statphys_gen.statistics.streams import generator


def small_set(count: int = 30, duplicates: bool = True) -> DataSet:
    random = np.random.default_rng(4)
    labels = random.integers(0, 3, count)
    samples = random.standard_normal((count, 4)) + labels[:, None] + 100.0
    if duplicates:
        samples[5], labels[5] = samples[7], labels[7]
        samples[6], labels[6] = samples[7], labels[7]
    return DataSet.from_arrays(samples, labels)


def direct_log_weights(data: DataSet, source: int, noise: np.ndarray, time: float) -> np.ndarray:
    """-|x - exp(-t) a|^2 / (2 D) plus the log of the multiplicity, straight from the definition."""
    noise_variance = 1.0 - np.exp(-2.0 * time)
    x = np.exp(-time) * data.points[source] + np.sqrt(noise_variance) * noise
    squares = ((x - np.exp(-time) * data.points) ** 2).sum(axis=1)
    return -squares / (2.0 * noise_variance) + np.log(data.multiplicities)


@pytest.mark.parametrize("time", [0.01, 0.3, 2.0])
def test_log_weights_are_those_of_the_definition(time: float) -> None:
    data = small_set()
    sources = np.array([0, 3, 11, 20])
    order = np.random.default_rng(0).permutation(len(data.points))
    posterior = PosteriorPass(data, sources, seed=3, purpose="test", order=order)
    pair = posterior.distances_and_projections(0)
    found = posterior.log_weights(0, *pair, time, without_source=False)
    key = {"purpose": "test", "data": fingerprint(data)}
    noise = generator(3, key).standard_normal((4, 4))
    for row, source in enumerate(sources):
        direct = direct_log_weights(data, source, noise[row], time)
        direct -= direct[source] - np.log(data.multiplicities[source])
        np.testing.assert_allclose(found[row], direct[order], rtol=1e-9, atol=1e-8)
    without = posterior.log_weights(0, *pair, time, without_source=True)
    assert np.isneginf(without).sum() == len(sources)
    assert all(
        without[row, np.flatnonzero(order == source)[0]] == -np.inf for row, source in enumerate(sources)
    )


@pytest.mark.parametrize("time", [0.002, 0.3, 8.0])
def test_agreement_and_every_deleted_group_against_the_definition(time: float) -> None:
    data = small_set(36)
    sources = np.arange(len(data.points))
    groups = _stratified_groups(data, np.random.default_rng(1))
    segments = _Segments(data, groups)
    posterior = PosteriorPass(data, sources, seed=0, purpose="test", order=segments.order)
    pair = posterior.distances_and_projections(0)
    weights = posterior.log_weights(0, *pair, time, without_source=True)
    full, deleted = segments.agreement(weights.copy(), sources)
    by_point = np.empty_like(weights)
    by_point[:, segments.order] = weights

    def shares(row: int, kept: np.ndarray, with_source: bool) -> np.ndarray:
        logs = np.where(kept, by_point[row], -np.inf)
        if with_source:
            logs[row] = np.log(data.multiplicities[row])
        weights = np.exp(logs - logs.max())
        return np.bincount(data.labels, weights, minlength=3) / weights.sum()

    everything = np.ones(len(sources), dtype=bool)
    expected = np.array(
        [
            [
                (shares(row, everything, True) ** 2).sum(),
                shares(row, everything, False)[data.labels[row]],
                (shares(row, everything, False) ** 2).sum(),
                np.exp(logsumexp(2.0 * by_point[row]) - 2.0 * logsumexp(by_point[row])),
            ]
            for row in sources
        ]
    )
    np.testing.assert_allclose(full, expected.T, rtol=1e-10, atol=1e-14)
    for group in range(segments.groups):
        kept = groups != group
        own = [shares(row, kept, False)[data.labels[row]] for row in np.flatnonzero(kept)]
        both = [(shares(row, kept, True) ** 2).sum() for row in np.flatnonzero(kept)]
        np.testing.assert_allclose(deleted[:, group], [np.sum(both), np.sum(own)], rtol=1e-10)


def test_same_bits_for_any_number_of_threads_and_another_seed_gives_others() -> None:
    random = np.random.default_rng(2)
    data = DataSet.from_arrays(random.standard_normal((700, 3)), np.arange(700) % 2)
    times = np.array([0.05, 0.5])
    one, three = label_agreement(data, times), label_agreement(data, times, threads=3)
    for name in ("in_sample", "leave_one_out", "leave_one_out_standard_error", "concentration", "replicates"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))
    assert label_agreement(data, times, seed=1).leave_one_out[0] != one.leave_one_out[0]


def test_limits_of_the_noise() -> None:
    data = small_set(60, duplicates=False)
    result = label_agreement(data, np.array([1e-8, 20.0]))
    counts = np.bincount(data.labels)
    # Without noise: the nearest neighbour decides. With nothing but noise: the share of the class among the others.
    distances = ((data.points[:, None] - data.points) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = data.labels[distances.argmin(axis=1)] == data.labels
    assert result.leave_one_out[0] == pytest.approx(nearest.mean(), abs=1e-12)
    assert result.in_sample[0] == pytest.approx(1.0, abs=1e-12)
    chance = (counts * (counts - 1)).sum() / (60 * 59)
    assert result.leave_one_out[1] == pytest.approx(chance, abs=1e-6)
    assert result.in_sample[1] == pytest.approx(((counts / 60) ** 2).sum(), abs=1e-6)


def known_agreement(time: float, half_distance: float) -> float:
    """sum_c w_c E p(c|x) for two balanced classes N(+-half_distance, 1) in one dimension; the variance stays 1."""
    x = np.linspace(-12.0, 12.0, 20_001)
    mean = half_distance * np.exp(-time)
    plus, minus = norm.pdf(x, mean), norm.pdf(x, -mean)
    return float(np.trapezoid(0.5 * (plus**2 + minus**2) / (plus + minus), x))


def test_leave_one_out_is_unbiased_and_in_sample_is_not() -> None:
    random = np.random.default_rng(9)
    labels = np.arange(3000) % 2
    samples = random.standard_normal((3000, 2))
    samples[:, 0] += np.where(labels == 0, 1.3, -1.3)
    times = np.array([1e-4, 0.05, 0.3, 0.8, 1.5])
    result = label_agreement(DataSet.from_arrays(samples, labels), times, sources=3000)
    exact = np.array([known_agreement(t, 1.3) for t in times])
    deviation = (result.leave_one_out - exact) / result.leave_one_out_standard_error
    assert (np.abs(deviation) < 3.5).all()
    # Samples share their neighbours: more than the error of 3000 independent trials, but not twice as much. Over seeds
    # the largest of these errors is 0.0069 with a spread of 0.0009, so that a bound of 0.006 would be a matter of luck.
    trials = np.sqrt(exact * (1.0 - exact) / 3000)
    assert (result.leave_one_out_standard_error < 2.0 * trials).all()
    assert (result.in_sample - exact)[0] > 10.0 * result.in_sample_standard_error[0]


def test_the_jackknife_error_is_the_spread_over_data_sets() -> None:
    random = np.random.default_rng(21)
    times = np.array([0.1, 0.6])
    values, errors = [], []
    for seed in range(60):
        labels = np.arange(200) % 2
        samples = random.standard_normal((200, 2)) + np.where(labels == 0, 1.0, -1.0)[:, None]
        result = label_agreement(DataSet.from_arrays(samples, labels), times, seed=seed)
        values.append(result.leave_one_out)
        errors.append(result.leave_one_out_standard_error)
    # The ratio of two standard deviations from 60 draws has a spread of 1 / sqrt(118) = 0.09.
    ratio = np.sqrt(np.mean(np.square(errors), axis=0)) / np.std(values, axis=0, ddof=1)
    assert (np.abs(ratio - 1.0) < 0.3).all()
