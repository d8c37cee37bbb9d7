"""Networks, measurements and their estimators: exact where a small system allows, and the same bits everywhere."""

import math

import numpy as np
import pytest
from agreement import agrees

from statphys_gen.errors import InsufficientSamples
from statphys_gen.rbm.couplings.low_rank import LowRank
from statphys_gen.rbm.couplings.pairs import Bidirectional, Repeated
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.simulation.enumeration import enumerate_network
from statphys_gen.rbm.simulation.free_entropy import simulate_free_entropy
from statphys_gen.rbm.simulation.gibbs import Chains, Settings
from statphys_gen.rbm.simulation.hysteresis import simulate_hysteresis
from statphys_gen.rbm.simulation.langevin import simulate_langevin
from statphys_gen.rbm.simulation.measurement import Pairs, controlled_estimate, measure, simulate
from statphys_gen.rbm.simulation.network import Network, draw_network, stream
from statphys_gen.rbm.simulation.single_spin import (
    CollapsedChains,
    descend,
    simulate_descent,
)
from statphys_gen.rbm.simulation.tempering import simulate_tempering
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.units import Binary, Gaussian, Mixture, Prior, ReLU, SoftThreshold, Ternary


def hopfield(**changes: object) -> Model:
    options: dict = {"hidden": Gaussian(), "temperature": 0.4, "load": 0.1, "convention": "sqrt-beta"}
    return Model(**(options | changes))


def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(0))


def same(a: dict, b: dict) -> bool:
    return all(np.array_equal(a[name], b[name]) for name in a)


def test_the_same_bits_for_any_number_of_threads() -> None:
    for model in (hopfield(), hopfield(hidden=Binary(), temperature=1.0), hopfield(hidden=ReLU(0.3))):
        runs = [
            simulate(model, 60, 3, chains=4, sweeps=5, start="pattern", seed=7, threads=threads)
            for threads in (1, 2)
        ]
        assert same(runs[0].values, runs[1].values)
        assert np.array_equal(runs[0].controls, runs[1].controls)
        other = simulate(model, 60, 3, chains=4, sweeps=5, start="pattern", seed=8)
        assert not same(runs[0].values, other.values)


def test_an_instance_belongs_to_its_model() -> None:
    first = draw_network(hopfield(), 50, seed=1, instance=2)
    sized = hopfield(couplings=Patterns(size=50))
    assert np.array_equal(first.weights, draw_network(sized, 50, seed=1, instance=2).weights)
    assert not np.array_equal(first.weights, draw_network(hopfield(), 50, seed=1, instance=3).weights)
    for changes in ({"temperature": 2.0}, {"pattern_field": 0.3}, {"hidden": ReLU()}):
        other = draw_network(hopfield(**changes), 50, seed=1, instance=2)
        assert not np.array_equal(first.weights, other.weights)
    draws = [stream(hopfield(temperature=t), 50, 1, 2, "chains").random() for t in (0.4, 0.5)]
    assert draws[0] != draws[1]


def test_couplings_of_every_ensemble() -> None:
    xi = draw_network(hopfield(), 40, seed=0, instance=0)
    assert xi.weights.shape == (40, 4)
    assert np.allclose(xi.weights, xi.patterns / math.sqrt(40.0))
    pairs = draw_network(hopfield(hidden=Binary(), couplings=Bidirectional(0.5)), 40, seed=0, instance=0)
    assert pairs.weights.shape == (40, 20)
    assert pairs.hidden_patterns is not None
    assert np.allclose(pairs.weights, pairs.patterns @ pairs.hidden_patterns.T / 40.0, atol=1e-6)
    low = draw_network(hopfield(couplings=LowRank(0.5, (3.0, 1.0)), load=0.5), 400, seed=0, instance=0)
    assert low.hidden_patterns is not None
    signal = (low.patterns * np.array([3.0, 1.0])) @ low.hidden_patterns.T / 400.0
    noise = low.weights - signal
    assert noise.std() == pytest.approx(0.5 / math.sqrt(400.0), rel=0.02)
    repeated = draw_network(
        hopfield(hidden=Binary(), load=0.0, couplings=Repeated(), condensed=3), 40, seed=0, instance=0
    )
    assert repeated.patterns.shape == (40, 3)
    assert np.linalg.matrix_rank(repeated.weights.astype(float), tol=1e-4) == 3


def test_patterns_have_their_law() -> None:
    sparse = draw_network(hopfield(couplings=Patterns("sparse", 0.3)), 400, seed=0, instance=0).patterns
    assert set(np.unique(sparse)) == {-1.0, 0.0, 1.0}
    assert (sparse != 0).mean() == pytest.approx(0.3, abs=0.015)
    gaussian = draw_network(hopfield(couplings=Patterns("gaussian")), 400, seed=0, instance=0).patterns
    assert gaussian.std() == pytest.approx(1.0, abs=0.02)


def test_starts() -> None:
    network = draw_network(hopfield(condensed=3), 60, seed=0, instance=0)
    state = Chains(network, rng(), Settings.of(network.model, 2), "pattern")
    assert (state.overlaps() > 0.2).all()
    single = draw_network(hopfield(), 60, seed=0, instance=0)
    state = Chains(single, rng(), Settings.of(single.model, 2), "pattern")
    assert np.array_equal(state.overlaps(), [[1.0], [1.0]])
    zero_one = draw_network(hopfield(visible=visible_prior("zero-one")), 60, seed=0, instance=0)
    state = Chains(zero_one, rng(), Settings.of(zero_one.model, 2), "pattern")
    assert set(np.unique(state.visible)) == {0.0, 1.0}
    assert ((state.visible == 1.0) == (zero_one.along == 1.0)).all()


def test_averages_over_pairs_use_different_chains_only() -> None:
    """Against sums over all triples and quadruples of different chains, written out."""
    chains, units = 5, 7
    spins = np.where(rng().random((chains, units)) < 0.5, -1.0, 1.0).astype(np.float32)
    g = spins.astype(float) @ spins.T / units
    index = range(chains)
    two = [g[a, b] ** 2 for a in index for b in index if a != b]
    three = [g[a, b] * g[a, c] for a in index for b in index for c in index if len({a, b, c}) == 3]
    four = [
        g[a, b] * g[c, d]
        for a in index
        for b in index
        for c in index
        for d in index
        if len({a, b, c, d}) == 4
    ]
    pairs = Pairs()
    pairs.add(spins)
    found = pairs.results(units)
    assert found["overlap_square"] == pytest.approx(np.mean(two))
    expected = units * (np.mean(two) - 2.0 * np.mean(three) + np.mean(four))
    assert found["spin_glass_susceptibility"] == pytest.approx(expected)


@pytest.mark.parametrize(("convention", "coupling", "scale"), [("sqrt-beta", 0.8, 1.0), ("beta", 0.64, 0.64)])
def test_fields_enter_as_the_definition_says(convention: str, coupling: float, scale: float) -> None:
    """At temperature 1/0.64, by a sum over all spins; hidden spins of either sign leave 2 cosh. Weights are single."""
    model = Model(Binary(), 1.0 / 0.64, 0.5, convention=convention, visible_field=0.3, pattern_field=0.2)
    network = draw_network(model, 8, seed=0, instance=0)
    spins = (np.arange(2**8)[:, None] >> np.arange(8)) % 2 * 2.0 - 1.0
    hidden = np.cosh(coupling * spins @ network.weights.astype(np.float64)).prod(axis=1)
    weight = np.exp(scale * spins @ (0.3 + 0.2 * network.along)) * hidden
    expected = weight @ spins / weight.sum()
    np.testing.assert_allclose(enumerate_network(network).visible_mean, expected, atol=1e-6)


@pytest.mark.parametrize("hidden", [Gaussian(), Binary(), Ternary(0.5)], ids=str)
def test_observables_of_a_small_network_are_the_enumerated_ones(hidden: Prior) -> None:
    model = Model(hidden, 1.5, 0.5, convention="sqrt-beta", visible_field=0.3, pattern_field=0.2)
    network = draw_network(model, 8, seed=0, instance=0)
    exact = enumerate_network(network)
    chains = Chains(network, rng(), Settings.of(model, 2000), "random")
    for _ in range(20):
        chains.sweep()
    (found,) = measure(chains, 12)
    covariance = (exact.states * exact.probability[:, None]).T @ exact.states
    covariance -= np.outer(exact.visible_mean, exact.visible_mean)
    expected = {
        "overlap": exact.visible_mean @ network.along / 8.0,
        "edwards_anderson_overlap": np.mean(exact.visible_mean**2),
        "self_overlap": 1.0,
        "hidden_edwards_anderson_overlap": np.mean(exact.hidden_mean[1:] ** 2),
        "hidden_self_overlap": np.mean(exact.hidden_square[1:]),
        "hidden_overlap": exact.hidden_mean[0] / math.sqrt(8.0),
        "interaction": model.coupling * exact.interaction / 8.0,
        "spin_glass_susceptibility": (covariance**2).sum() / 8.0,
    }
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, abs=0.02 * max(1.0, abs(value))), name


@pytest.mark.parametrize(
    ("hidden", "convention"),
    [(Gaussian(1.3), "beta"), (ReLU(0.5), "beta"), (Ternary(0.5), "sqrt-beta"), (Mixture(0.3), "sqrt-beta")],
    ids=["gaussian", "relu", "ternary", "mixture"],
)
@pytest.mark.parametrize("branch", ["paramagnet", "retrieval"])
def test_free_entropies_of_small_networks_are_the_enumerated_ones(
    hidden: Prior, convention: str, branch: str
) -> None:
    model = Model(hidden, 2.0, 0.5, convention=convention, pattern_field=0.2)
    found = simulate_free_entropy(model, 8, 2, branch=branch, chains=200, sweeps=60, nodes=6)
    exact = [
        enumerate_network(draw_network(model, 8, seed=0, instance=k)).log_partition / 8.0 for k in range(2)
    ]
    assert np.allclose(found.values["free_entropy"], exact, rtol=0, atol=0.008)


def test_uncoupled_units_need_no_integration() -> None:
    model = Model(SoftThreshold(0.5), 1e4, 0.5, convention="sqrt-beta", pattern_field=0.7)
    found = simulate_free_entropy(model, 40, 2, chains=2, sweeps=2, nodes=2)
    hidden = 0.5 * SoftThreshold(0.5).log_partition(0.0, 0.0)
    assert found.values["free_entropy"] == pytest.approx(math.log(2.0 * math.cosh(0.7)) + hidden, abs=1e-3)


def ground_energy(network: Network, s: np.ndarray) -> float:
    """Energy of spins with the hidden units where their energy is lowest, by the definition."""
    model = network.model
    x = s @ network.weights.astype(np.float64)
    h = np.asarray(model.hidden.zero_temperature_response(0.0, x))
    fields = model.visible_field + model.pattern_field * network.along
    return float(-(x * h - model.hidden.energy(h)).sum() - s @ fields)


def test_descent_ends_where_no_single_flip_lowers_the_energy() -> None:
    for hidden in (Gaussian(), ReLU(0.4), SoftThreshold(0.3), Ternary(0.5)):
        model = Model(hidden, 1.0, 0.2, convention="beta", visible_field=0.07, pattern_field=0.05)
        network = draw_network(model, 40, seed=0, instance=0)
        start = np.where(rng().random((2, 40)) < 0.5, -1.0, 1.0)
        for row, first in zip(descend(network, start, rng()), start, strict=True):
            lowest = ground_energy(network, row)
            assert lowest <= ground_energy(network, first)
            for i in range(40):
                flipped = row.copy()
                flipped[i] = -flipped[i]
                assert ground_energy(network, flipped) >= lowest - 1e-6


def test_descent_from_a_pattern_stays_there_at_small_load() -> None:
    model = Model(Gaussian(), 1.0, 0.02, convention="beta")
    found = simulate_descent(model, 400, 3)
    assert (found.values["overlap"] > 0.99).all()
    for k, energy in enumerate(found.values["energy"]):
        network = draw_network(model, 400, instance=k)
        start = -0.5 * np.square(network.weights.T @ network.along).sum() / 400.0
        # Few spins flip, and each flip lowers the energy of the pattern itself.
        assert start - 0.004 < energy < start + 1e-6


def test_heating_and_cooling_differ_where_both_branches_exist() -> None:
    found = simulate_hysteresis(hopfield(load=0.01), [0.3, 0.6, 1.5], 300, 2, chains=4, sweeps=10)
    up = [float(part.values["overlap"].mean()) for part in found.heating]
    down = [float(np.abs(part.values["overlap"]).mean()) for part in found.cooling]
    assert up[0] > 0.95
    assert up[1] > 0.7
    assert abs(up[2]) < 0.25
    assert down[1] < up[1]


def test_tempering_reports_exchanges_of_every_pair() -> None:
    found = simulate_tempering(hopfield(hidden=Binary()), [0.5, 0.7, 1.0], 40, 2, ladders=3, sweeps=40)
    assert found.acceptance.shape == (2,)
    assert ((found.acceptance > 0.0) & (found.acceptance <= 1.0)).all()
    assert len(found.measurements) == 3
    energies = [
        float(part.values["interaction"].mean() * t**0.5)
        for part, t in zip(found.measurements, found.measurements.points, strict=True)
    ]
    assert energies[0] > energies[2]


def test_langevin_limits_are_straight_lines_in_the_step() -> None:
    found = simulate_langevin(hopfield(temperature=2.0), 20, 2, step_sizes=(0.1, 0.2), chains=4, sweeps=4)
    first, second = (part.values["hidden_self_overlap"] for part in found.steps)
    assert np.allclose(found.limit.values["hidden_self_overlap"], 2.0 * first - second)


def test_controls_keep_the_mean_and_lower_the_error() -> None:
    stream_ = np.random.Generator(np.random.PCG64(3))
    controls = stream_.standard_normal((400, 2))
    values = 5.0 + controls @ [1.0, -2.0] + 0.1 * stream_.standard_normal(400)
    plain, better = values.mean(), controlled_estimate(values, controls)
    assert agrees(better, 5.0)
    assert float(better.standard_error) == pytest.approx(0.1 / 20.0, rel=0.15)
    assert abs(plain - 5.0) > float(better.standard_error)
    assert float(better.degrees_of_freedom) == 397.0


def test_the_controls_average_to_zero() -> None:
    for changes in (
        {},
        {"hidden": Binary(), "couplings": Bidirectional()},
        {"couplings": LowRank(0.7, (2.0,)), "load": 0.5},
        {"couplings": Patterns("sparse", 0.5)},
    ):
        found = simulate(hopfield(temperature=2.0, **changes), 40, 150, chains=2, sweeps=1)
        assert found.controls.shape[1] >= 1
        assert agrees(Estimate.from_samples(found.controls), 0.0)


MODEL = hopfield()


def test_controls_need_samples() -> None:
    found = simulate(MODEL, 20, 3, chains=2, sweeps=1)
    with pytest.raises(InsufficientSamples):
        found.estimate("overlap", controlled=True)


def test_single_spins_report_the_hidden_layer_too() -> None:
    model = hopfield(temperature=1.5)
    network = draw_network(model, 20, seed=0, instance=0)
    state = CollapsedChains(network, rng(), Settings.of(model, 3), "random")
    state.sweep()
    assert np.allclose(
        state.interaction, np.einsum("ci,ia,ca->c", state.visible, network.weights, state.hidden), rtol=1e-4
    )
