"""Networks of few units: equilibrium against sums over all visible and hidden states, and the error of what is not."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from statphys_gen.rbm import Model, Patterns, solve, solve_sizes, visible_prior
from statphys_gen.rbm.theory import enumeration, finite_size
from statphys_gen.units import Binary, Gaussian, Mixture, Prior, ReLU, Ternary, ZeroOne

NAMES = (
    "overlap",
    "hidden_overlap",
    "edwards_anderson_overlap",
    "self_overlap",
    "hidden_edwards_anderson_overlap",
    "hidden_self_overlap",
    "free_entropy",
    "energy",
)
# Values of a hidden unit, their energies and the logarithm of the common factor of their weights.
STATES = {
    "binary": ([-1.0, 1.0], lambda _: [0.0, 0.0], math.log(0.5)),
    "ternary": ([-1.0, 0.0, 1.0], lambda unit: [unit.inactive_cost, 0.0, unit.inactive_cost], 0.0),
    "zero-one": ([0.0, 1.0], lambda unit: [0.0, unit.threshold], 0.0),
}


def by_definition(model: Model, units: int, patterns: int) -> tuple[dict[str, float], float]:
    """Averages over all s, all h and all patterns, and the spin-glass susceptibility."""
    beta = 1.0 / model.temperature
    own = model.convention == "sqrt-beta"
    g, power = (math.sqrt(beta), 1.0) if own else (beta, beta)
    levels, energies, base = STATES[model.hidden.name]
    cost = dict(zip(levels, energies(model.hidden), strict=True))
    visible = np.array(list(itertools.product(model.visible.states, repeat=units)))
    hidden = np.array(list(itertools.product(levels, repeat=patterns)))
    costs = np.array([sum(cost[x] for x in row) for row in hidden])
    rows, susceptibility = [], []
    for signs in itertools.product((-1.0, 1.0), repeat=units * patterns):
        xi = np.array(signs).reshape(units, patterns)
        coupled = visible @ xi @ hidden.T / math.sqrt(units)
        field = model.pattern_field * visible @ xi[:, 0] + model.visible_field * visible.sum(axis=1)
        weight = np.exp(g * coupled + power * (field[:, None] - costs) + patterns * base)
        total = weight.sum()
        weight /= total
        mean, other = weight.sum(axis=1) @ visible, weight.sum(axis=0) @ hidden
        pairs = (visible * weight.sum(axis=1)[:, None]).T @ visible - np.outer(mean, mean)
        if own:
            energy = -0.5 * math.sqrt(1.0 / beta) * (weight * coupled).sum()
        else:
            energy = (weight * (costs - coupled - field[:, None])).sum()
        rows.append(
            [
                mean @ xi[:, 0] / units,
                other[0] / math.sqrt(units),
                mean @ mean / units,
                (weight.sum(axis=1) @ visible**2).sum() / units,
                np.mean(other[1:] ** 2) if patterns > 1 else 0.0,
                np.mean((weight.sum(axis=0) @ hidden**2)[1:]) if patterns > 1 else 0.0,
                math.log(total) / units,
                energy / units,
            ]
        )
        susceptibility.append((pairs**2).sum() / units)
    return dict(zip(NAMES, np.mean(rows, axis=0), strict=True)), float(np.mean(susceptibility))


@pytest.mark.parametrize(
    ("hidden", "temperature", "convention", "units", "patterns", "options"),
    [
        (Binary(), 0.3, "sqrt-beta", 8, 1, {"pattern_field": 0.1}),
        (Ternary(0.7), 0.6, "beta", 7, 1, {"pattern_field": -0.2, "visible_field": 0.3}),
        (Binary(), 0.5, "beta", 5, 2, {"pattern_field": 0.2}),
        (Ternary(0.4), 0.5, "sqrt-beta", 5, 2, {"pattern_field": 0.1, "visible_field": 0.3}),
        (ZeroOne(0.3), 0.4, "beta", 5, 2, {}),
        (Binary(), 0.7, "sqrt-beta", 4, 3, {"pattern_field": 0.2, "visible": visible_prior("zero-one")}),
        (Ternary(0.2), 0.8, "sqrt-beta", 4, 3, {"pattern_field": 0.3}),
    ],
)
def test_equilibrium_of_a_small_network_is_the_sum_over_its_states(
    hidden: Prior, temperature: float, convention: str, units: int, patterns: int, options: dict
) -> None:
    model = Model(hidden, temperature, patterns / units, convention=convention, **options)
    found = solve_sizes(model, "retrieval", units).require()
    expected, susceptibility = by_definition(model, units, patterns)
    assert found.approximation.level == "exact"
    assert found.error < 1e-12
    for name in NAMES:
        assert found[name] == pytest.approx(expected[name], rel=1e-11, abs=1e-13), name
    assert 1.0 / found["inverse_spin_glass_susceptibility"] == pytest.approx(susceptibility, rel=1e-11)
    beta = 1.0 / temperature
    assert found["free_energy"] == pytest.approx(-expected["free_entropy"] / beta, rel=1e-11)
    entropy = expected["free_entropy"] + beta * expected["energy"]
    assert found["entropy"] == pytest.approx(entropy, rel=1e-10)


@pytest.mark.parametrize("units", [10, 40, 1500])
def test_binary_unit_in_a_field_has_two_states(units: int) -> None:
    """h = +-1: the visible units are independent in the field F + g h/sqrt(N)."""
    g, field = math.sqrt(1.0 / 0.3), 0.1
    signal = field + g / math.sqrt(units) * np.array([-1.0, 1.0])
    weight = np.exp(units * (np.log(np.cosh(signal)) - np.log(np.cosh(signal)).max()))
    expected = weight @ np.tanh(signal) / weight.sum()
    for load in (0.0, 1.0 / units):
        model = Model(Binary(), 0.3, load, convention="sqrt-beta", pattern_field=field)
        found = solve_sizes(model, "retrieval", units).require()
        assert float(found["overlap"]) == pytest.approx(expected, rel=1e-12)
        assert found["hidden_overlap"] == pytest.approx(
            weight @ [-1.0, 1.0] / weight.sum() / math.sqrt(units), rel=1e-12
        )
    given = {10: 0.3196, 40: 0.3167}
    if units in given:
        assert expected == pytest.approx(given[units], abs=5e-5)


@pytest.mark.parametrize(("hidden", "lower"), [(Gaussian(), -60.0), (ReLU(0.4), 0.0), (Mixture(0.3), -60.0)])
def test_continuous_unit_by_an_integral_over_it(hidden: Prior, lower: float) -> None:
    units, temperature, field = 60, 0.6, 0.05
    g = math.sqrt(1.0 / temperature)

    def density(h: float) -> float:
        if hidden.name == "relu":
            return math.exp(-0.5 * h * h - 0.4 * h)
        if hidden.name == "gaussian":
            return math.exp(-0.5 * h * h)
        return sum(math.exp(-0.5 * (h - s * math.sqrt(0.7)) ** 2 / 0.3) for s in (-1, 1))

    def integral(power: int) -> float:
        def integrand(h: float) -> float:
            signal = field + g * h / math.sqrt(units)
            return density(h) * math.cosh(signal) ** units * math.tanh(signal) ** power

        cuts = np.linspace(max(lower, -20.0), 20.0, 21)
        return sum(quad(integrand, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in itertools.pairwise(cuts))

    model = Model(hidden, temperature, 1 / units, convention="sqrt-beta", pattern_field=field)
    found = solve_sizes(model, "retrieval", units).require()
    assert found.approximation.level == "exact"
    assert float(found["overlap"]) == pytest.approx(integral(1) / integral(0), rel=1e-10)


@pytest.mark.parametrize(("temperature", "units"), [(0.4, 30), (0.4, 31), (0.9, 12), (0.5, 8)])
def test_retrieval_without_a_field_is_half_of_the_equilibrium(temperature: float, units: int) -> None:
    """E |m|, with an error that says how often the sign changes."""
    m = np.array([2 * k / units - 1 for k in range(units + 1)])
    weight = [math.comb(units, k) for k in range(units + 1)] * np.exp(0.5 * units * m * m / temperature)
    expected = weight @ np.abs(m) / weight.sum()
    # At T = .5 and load 1/8 the replica-symmetric equations have no such state.
    model = Model(Gaussian(), temperature, 1 / units, convention="sqrt-beta")
    found = solve_sizes(model, "retrieval", units).require()
    assert float(found["overlap"]) == pytest.approx(expected, rel=1e-12)
    middle = max(weight[np.abs(m) < 1.5 / units])
    # The hidden unit has g sqrt(N) m, its overlap g m is the larger one.
    largest = expected / math.sqrt(temperature)
    assert float(found["hidden_overlap"]) == pytest.approx(largest, rel=1e-12)
    assert float(found.error) == pytest.approx(largest * middle / weight.max(), rel=1e-9)
    assert (found.error < 1e-3) == (units > 20)
    assert float(found["free_entropy"]) == pytest.approx(math.log(0.5 * weight.sum()) / units, rel=1e-12)


def leading_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finite_size, "_network", lambda *_: None)


CASES = [
    (Binary(), 0.3, 10, 1, 0.1),
    (Binary(), 0.3, 40, 1, 0.1),
    (Binary(), 0.3, 200, 1, 0.02),
    (Binary(), 0.05, 100, 2, 0.02),
    (Binary(), 0.5, 30, 2, 0.1),
    (Binary(), 0.2, 12, 3, 0.3),
    (Ternary(0.5), 0.4, 20, 2, 0.1),
    (Mixture(0.5), 0.4, 25, 2, 0.05),
    (Gaussian(), 0.8, 30, 2, 0.05),
    (Gaussian(), 0.4, 20, 1, 0.02),
    (ReLU(0.6), 0.9, 20, 2, 0.1),
    (ReLU(0.3), 1.1, 15, 3, 0.2),
    (ZeroOne(0.2), 0.4, 18, 2, 0.1),
    (Gaussian(), 0.177, 15, 3, -0.4),
]


@pytest.mark.parametrize(("hidden", "temperature", "units", "patterns", "field"), CASES)
def test_error_of_the_leading_order_holds_the_exact_result(
    monkeypatch: pytest.MonkeyPatch,
    hidden: Prior,
    temperature: float,
    units: int,
    patterns: int,
    field: float,
) -> None:
    model = Model(hidden, temperature, patterns / units, convention="sqrt-beta", pattern_field=field)
    exact = solve_sizes(model, "retrieval", units).require()
    assert exact.approximation.level == "exact"
    leading_order(monkeypatch)
    found = solve_sizes(model, "retrieval", units).require()
    assert found.approximation.level == "leading order"
    for name in NAMES[: 6 if patterns > 1 else 4]:
        assert abs(float(found[name] - exact[name])) <= float(found.error), name


def test_error_of_many_patterns_holds_an_average_over_draws() -> None:
    """Seven patterns on ten units: too many draws to be summed; 400 of them, each over all its states."""
    units, patterns, field, g = 10, 7, 0.3, math.sqrt(1.0 / 0.7)
    rng = np.random.default_rng(3)
    visible = np.array(list(itertools.product((-1.0, 1.0), repeat=units)))
    draws = []
    for _ in range(400):
        xi = rng.choice([-1.0, 1.0], (units, patterns))
        log = np.log(np.cosh(g / math.sqrt(units) * visible @ xi)).sum(axis=1) + field * visible @ xi[:, 0]
        weight = np.exp(log - log.max())
        mean = weight @ visible / weight.sum()
        draws.append([mean @ xi[:, 0] / units, mean @ mean / units])
    expected = np.mean(draws, axis=0)
    model = Model(Binary(), 0.7, patterns / units, convention="sqrt-beta", pattern_field=field)
    found = solve_sizes(model, "retrieval", units).require()
    assert found.approximation.level == "leading order"
    deviation = abs(np.array([found["overlap"], found["edwards_anderson_overlap"]]) - expected)
    assert (deviation < float(found.error)).all()
    assert deviation.max() > 0.01


def test_error_of_the_leading_order_falls_with_the_size() -> None:
    model = Model(Binary(), 1.2, 0.5, convention="sqrt-beta", pattern_field=0.4)
    error = solve_sizes(model, "glass", [50.5, 500.5, 5000.5]).require().error
    assert (error[1:] < 0.2 * error[:-1]).all()
    assert error[-1] < 2e-3


def test_points_of_a_batch_are_those_of_their_own() -> None:
    model = Model(Binary(), 0.5, 0.1, convention="sqrt-beta", pattern_field=0.2)
    sizes = np.array([[10.0, 20.0], [12.5, 300.0]])
    found = solve_sizes(model, "retrieval", sizes, temperature=[0.5, 0.7]).require()
    assert found.approximation.level == "leading order"
    assert (found.error[0] < 1e-12).all()
    assert (found.error[1] > 1.0 / sizes[1]).all()
    for index, size in np.ndenumerate(sizes):
        alone = solve_sizes(model.replace(temperature=[0.5, 0.7][index[1]]), "retrieval", size)
        assert found["overlap"][index] == pytest.approx(float(alone["overlap"]), rel=1e-12)
        assert found.error[index] == pytest.approx(float(alone.error), rel=1e-6)


def test_a_state_against_its_field_is_not_the_equilibrium() -> None:
    """Units that hold m > 0 in a field along -m: the leading order, as long as the network does not leave it."""
    model = Model(Gaussian(), 0.3, 1 / 4000, convention="sqrt-beta", pattern_field=-0.01)
    limit = float(solve(model.replace(load=0.0), "retrieval")["overlap"])
    found = solve_sizes(model, "retrieval", 4000).require()
    assert limit > 0.9
    assert float(found["overlap"]) == pytest.approx(limit, abs=1e-3)
    assert found.approximation.level == "leading order"
    # The equilibrium has the overlap -m.
    assert found.error < 0.05


@pytest.mark.parametrize(
    "options",
    [
        {"couplings": Patterns("sparse", 0.4), "visible": visible_prior("zero-one")},
        {"visible": visible_prior("gaussian")},
        {"couplings": Patterns("gaussian")},
    ],
)
def test_what_is_not_summed_says_so(options: dict) -> None:
    model = Model(Binary(), 2.0, 0.1, convention="sqrt-beta", pattern_field=0.2, **options)
    found = solve_sizes(model, "glass", 20.0).require()
    assert found.approximation.level == "leading order"
    assert found.error > 0.04


def test_error_of_a_glass_falls_as_the_width_of_its_transition() -> None:
    """N^(-1/3): half as large when N is eight times as large, not an eighth."""
    error = solve_sizes(Model(Binary(), 0.4, 0.5, convention="sqrt-beta"), "glass", [1e5, 8e5, 64e5]).error
    np.testing.assert_allclose(error[:-1] / error[1:], 2.0, rtol=0.1)


@pytest.mark.parametrize(("units", "patterns", "field"), [(4, 4, 0.0), (5, 3, 0.3), (3, 5, 0.0)])
def test_draws_that_differ_by_the_order_of_patterns_are_summed_once(
    monkeypatch: pytest.MonkeyPatch, units: int, patterns: int, field: float
) -> None:
    model = Model(
        Ternary(0.3),
        0.6,
        patterns / units,
        convention="sqrt-beta",
        pattern_field=0.3,
        visible_field=field,
    )
    once = solve_sizes(model, "retrieval", units).require()
    assert once.approximation.level == "exact"
    monkeypatch.setattr(enumeration, "_alike", lambda draws, shares, _: (draws, shares))
    every = solve_sizes(model, "retrieval", units).require()
    for name in NAMES:
        assert float(once[name]) == pytest.approx(float(every[name]), rel=1e-13), name


def test_few_draws_are_left_of_many() -> None:
    """Six patterns on four units, 52,360 draws: 4 x 5 tables of two letters up to the order of rows and columns."""
    network = enumeration.Network(4, 6, 1.0, -1.0, 0.0, 0.0, True)
    draws = enumeration._draws(4, network.classes)
    assert len(draws) == math.comb(35, 31)
    kept, shares = enumeration._alike(draws, np.full(len(draws), 1.0 / len(draws)), network.classes)
    assert len(kept) == 1053
    assert shares.sum() == pytest.approx(1.0, rel=1e-12)
