"""The dip against a linear programme, its level and power, and the critical time of the noised sample."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from statphys_gen.data.dip_test import dip, dip_p_value, modality, noised_modes
from statphys_gen.errors import InvalidArgument


def dip_by_linear_programme(values: np.ndarray) -> float:
    """min over the place of the mode of the smallest delta with a convex-concave F within delta, all as constraints."""
    points, counts = np.unique(values, return_counts=True)
    right = np.cumsum(counts) / counts.sum()
    left = right - counts / counts.sum()
    return min(_programme(points, left, right, mode) for mode in range(len(points)))


def _programme(x: np.ndarray, left: np.ndarray, right: np.ndarray, mode: int) -> float:
    """Unknowns: F left of and at the mode, F at the mode (after a jump) and right of it, and delta."""
    last = len(x) - 1
    size = last + 3
    rows, bounds = [], []

    def at_most(bound: float, **entries: float) -> None:
        row = np.zeros(size)
        for name, factor in entries.items():
            row[int(name[1:])] += factor
        rows.append(row)
        bounds.append(bound)

    def convex(indices: list[int], offset: int, sign: float) -> None:
        for a, b, c in zip(indices, indices[1:], indices[2:], strict=False):
            before, after = x[b] - x[a], x[c] - x[b]
            names = [f"v{i + offset}" for i in (a, b, c)]
            factors = [-sign / before, sign / before + sign / after, -sign / after]
            at_most(0.0, **dict(zip(names, factors, strict=True)))
        for a, b in itertools.pairwise(indices):
            at_most(0.0, **{f"v{a + offset}": 1.0, f"v{b + offset}": -1.0})

    delta = f"v{size - 1}"
    for i in range(mode + 1):
        at_most(left[i], **{f"v{i}": 1.0, delta: -1.0})
        if i < mode:
            at_most(-right[i], **{f"v{i}": -1.0, delta: -1.0})
    for i in range(mode, last + 1):
        at_most(-right[i], **{f"v{i + 1}": -1.0, delta: -1.0})
        if i > mode:
            at_most(left[i], **{f"v{i + 1}": 1.0, delta: -1.0})
    convex(list(range(mode + 1)), 0, 1.0)
    convex(list(range(mode, last + 1)), 1, -1.0)
    at_most(0.0, **{f"v{mode}": 1.0, f"v{mode + 1}": -1.0})
    cost = np.zeros(size)
    cost[-1] = 1.0
    return float(linprog(cost, A_ub=np.array(rows), b_ub=bounds, bounds=[(0.0, 1.0)] * size).fun)


@pytest.mark.parametrize("case", range(8))
def test_dip_is_the_smallest_distance_to_a_unimodal_law(case: int) -> None:
    random = np.random.default_rng(case)
    size = int(random.integers(4, 16))
    values = random.standard_normal(size) + (case % 3) * 2.0 * random.choice([-1.0, 1.0], size)
    if case >= 6:
        values = np.concatenate([values, values])  # every point twice
    assert dip(values) == pytest.approx(dip_by_linear_programme(values), abs=1e-9)


def test_multiplicities_are_repeated_values() -> None:
    random = np.random.default_rng(3)
    values, copies = random.standard_normal(40), random.integers(1, 4, 40)
    assert dip(values, copies) == pytest.approx(dip(np.repeat(values, copies)), abs=1e-15)
    merged, repeated = modality(values, copies), modality(np.repeat(values, copies))
    assert merged.critical_time == pytest.approx(repeated.critical_time, rel=1e-12)


LAWS = {
    "uniform": lambda random, shape: random.random(shape),
    "gaussian": lambda random, shape: random.standard_normal(shape),
    "exponential": lambda random, shape: random.exponential(size=shape),
    "heavy-tailed": lambda random, shape: random.standard_t(2.0, shape),
    "log-normal": lambda random, shape: np.exp(random.standard_normal(shape)),
}


@pytest.mark.parametrize("law", LAWS)
def test_at_most_one_alarm_in_a_hundred_for_laws_with_one_mode(law: str) -> None:
    # 300 sets of 100 to 300 samples: at a true level of 1 %, more than 9 alarms have a probability of 0.1 %.
    samples = LAWS[law](np.random.default_rng(11), (300, 300))
    alarms = sum(
        dip_p_value(dip(row[:size]), size) <= 0.01
        for size, rows in ((100, samples[:200]), (300, samples[200:]))
        for row in rows
    )
    assert alarms <= 9


def test_two_classes_are_found() -> None:
    random = np.random.default_rng(5)
    for half_distance, size in ((2.5, 200), (2.0, 500), (4.0, 50)):
        found = 0
        for _ in range(20):
            values = random.standard_normal(size) + half_distance * random.choice([-1.0, 1.0], size)
            found += dip_p_value(dip(values), size) <= 0.01
        assert found >= 18


@pytest.mark.parametrize(("half_distance", "deviation"), [(4.0, 1.0), (1.0, 0.3)])
def test_critical_time_is_where_the_mixture_turns_bimodal(half_distance: float, deviation: float) -> None:
    random = np.random.default_rng(7)
    values = half_distance * random.choice([-1.0, 1.0], 20_000) + deviation * random.standard_normal(20_000)
    result = modality(values)
    exact = 0.5 * np.log(half_distance**2 + 1.0 - deviation**2)
    assert result.bimodal
    # Unequal class sizes unfold the pitchfork: the time comes out lower by a power of the imbalance.
    assert abs(result.critical_time - exact) < 0.01 + 3.0 * result.critical_time_standard_error
    before, after = noised_modes(values, [result.critical_time - 0.02, result.critical_time + 0.02])
    assert before == 2
    assert after == 1


def test_outliers_do_not_count_as_modes() -> None:
    values = np.concatenate([np.random.default_rng(1).standard_normal(1000), [300.0, -500.0]])
    assert modality(values).critical_time < 0.1
    assert not modality(values).bimodal
    assert modality(values).critical_time_standard_error is None


def test_location_and_order_do_not_matter_and_scale_is_a_change_of_time() -> None:
    random = np.random.default_rng(2)
    values = random.standard_normal(300) + 3.0 * random.choice([-1.0, 1.0], 300)
    one, other = modality(values), modality(random.permutation(values) + 17.0)
    assert other.dip == pytest.approx(one.dip, abs=1e-12)
    assert other.critical_time == pytest.approx(one.critical_time, rel=1e-3)
    scaled = modality(10.0 * values)
    assert np.expm1(2.0 * scaled.critical_time) == pytest.approx(
        100.0 * np.expm1(2.0 * one.critical_time), rel=1e-9
    )


def test_constant_samples_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="two different numbers"):
        modality([1.0, 1.0])
