"""Every sampler against exact enumeration: started at the exact law it stays there, and it obeys detailed balance."""

import math

import numpy as np
import pytest
from agreement import agrees, count_agrees, plausible
from numpy.typing import ArrayLike
from scipy import special

from statphys_gen.arrays import FloatArray
from statphys_gen.rbm.couplings.pairs import Repeated
from statphys_gen.rbm.couplings.patterns import Patterns
from statphys_gen.rbm.model import Model, visible_prior
from statphys_gen.rbm.simulation import kernels, kernels_spins
from statphys_gen.rbm.simulation.enumeration import Enumeration, enumerate_network
from statphys_gen.rbm.simulation.gibbs import Chains, Products, Settings
from statphys_gen.rbm.simulation.langevin import LangevinChains
from statphys_gen.rbm.simulation.network import Network, draw_network, field_moments
from statphys_gen.rbm.simulation.packed import PackedChains, can_pack, make_chains, pack, unpack
from statphys_gen.rbm.simulation.single_spin import CollapsedChains
from statphys_gen.rbm.simulation.tabulated import tables_of
from statphys_gen.rbm.simulation.tempering import Ladders
from statphys_gen.statistics.estimate import Estimate
from statphys_gen.units import (
    Binary,
    Gaussian,
    Mixture,
    Prior,
    QState,
    ReLU,
    SoftThreshold,
    Spherical,
    Ternary,
    ZeroOne,
)
from statphys_gen.units.custom import FromLogDensity

CHAINS = 8000
PRIORS: list[Prior] = [
    Gaussian(2.0),
    Binary(),
    ZeroOne(0.5),
    Ternary(0.5),
    QState(4),
    ReLU(0.7),
    ReLU(-0.5),
    SoftThreshold(0.6),
    SoftThreshold(-0.3),
    Mixture(0.4),
]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def small(hidden: Prior, convention: str = "sqrt-beta", visible: str = "binary", units: int = 8) -> Network:
    model = Model(
        hidden,
        1.6,
        0.5,
        convention=convention,
        visible=visible_prior(visible),
        visible_field=0.2,
        pattern_field=0.3,
    )
    return draw_network(model, units, seed=3, instance=1)


def chains_at_the_law(network: Network, exact: Enumeration, kind: type[Chains] = Chains) -> Chains:
    stream = rng(5)
    state = kind(network, stream, Settings.of(network.model, CHAINS), "random")
    state.set_visible(exact.sample(stream, CHAINS))
    return state


def means_agree(*pairs: tuple[np.ndarray, ArrayLike]) -> bool:
    """Means of independent rows against their expectations, for one or more (rows, expectation)."""
    samples = np.column_stack([rows.reshape(len(rows), -1) for rows, _ in pairs])
    return agrees(Estimate.from_samples(samples), np.concatenate([np.ravel(mean) for _, mean in pairs]))


def assert_no_drift(state: Chains, exact: Enumeration, sweeps: int = 3) -> None:
    """Means of all units and of the interaction, and the share of every state, after some sweeps."""
    for _ in range(sweeps):
        hidden_sums = np.zeros_like(state.hidden)
        state.sweep(None, hidden_sums)
    visible = state.visible
    counts = np.bincount(exact.index(visible), minlength=len(exact.states))
    often = exact.probability * CHAINS >= 5.0
    observed = np.append(counts[often], counts[~often].sum())
    share = np.append(exact.probability[often], exact.probability[~often].sum())
    kept = share > 0
    chi_square = (((observed - CHAINS * share) ** 2)[kept] / (CHAINS * share[kept])).sum()
    assert plausible(special.chdtrc(kept.sum() - 1, chi_square))
    assert means_agree(
        (visible, exact.visible_mean),
        (hidden_sums, exact.hidden_mean),
        (state.interaction, exact.interaction),
    )
    total = exact.hidden_square.sum()
    if np.ptp(state.hidden_squares) == 0.0:
        assert state.hidden_squares[0] == pytest.approx(total)
    else:
        assert means_agree((state.hidden_squares, total))


@pytest.mark.parametrize(
    ("hidden", "convention"),
    [(p, c) for p in PRIORS for c in ("sqrt-beta", "beta") if (p.name, c) != ("mixture", "beta")],
    ids=str,
)
def test_block_gibbs_stays_at_the_exact_law(hidden: Prior, convention: str) -> None:
    network = small(hidden, convention)
    exact = enumerate_network(network)
    assert_no_drift(chains_at_the_law(network, exact), exact)


@pytest.mark.parametrize("hidden", [Gaussian(), ReLU(0.4), Ternary(0.3)], ids=str)
def test_block_gibbs_with_zero_one_visible_units(hidden: Prior) -> None:
    network = small(hidden, visible="zero-one")
    exact = enumerate_network(network)
    assert_no_drift(chains_at_the_law(network, exact), exact)


@pytest.mark.parametrize("hidden", [Binary(), Ternary(0.3)], ids=str)
def test_block_gibbs_with_gaussian_visible_units(hidden: Prior) -> None:
    network = small(hidden, visible="gaussian")
    exact = enumerate_network(network)
    assert exact.layer == "hidden"
    state = Chains(network, rng(1), Settings.of(network.model, CHAINS), "random")
    for _ in range(25):
        state.sweep()
    assert means_agree(
        (state.visible, exact.visible_mean),
        (state.visible**2, exact.visible_square),
        (state.hidden, exact.hidden_mean),
    )


def test_packed_bits_stay_at_the_exact_law() -> None:
    network = small(Binary(), "beta", units=10)
    assert can_pack(network)
    exact = enumerate_network(network)
    assert_no_drift(chains_at_the_law(network, exact, PackedChains), exact)


def test_packed_bits_hold_any_number_of_units() -> None:
    for length in (1, 63, 64, 65, 130):
        signs = np.where(rng(length).random((3, length)) < 0.5, -1.0, 1.0).astype(np.float32)
        words = pack(signs)
        assert words.shape == (3, -(-length // 64))
        assert np.array_equal(unpack(words, length), signs)


def test_packing_needs_signs_everywhere() -> None:
    gaussian = Patterns("gaussian")
    assert not can_pack(small(Ternary()))
    assert not can_pack(small(Binary(), visible="zero-one"))
    model = Model(Binary(), 1.0, 0.5, convention="beta", couplings=gaussian)
    assert not can_pack(draw_network(model, 8))
    assert type(make_chains(small(Gaussian()), rng(), Settings.of(small(Gaussian()).model, 2))) is Chains


@pytest.mark.parametrize("convention", ["sqrt-beta", "beta"])
def test_collapsed_spins_stay_at_the_exact_law(convention: str) -> None:
    network = small(Gaussian(1.3), convention)
    exact = enumerate_network(network)
    assert_no_drift(chains_at_the_law(network, exact, CollapsedChains), exact)


@pytest.mark.parametrize(
    ("hidden", "kind"),
    [(Gaussian(), Chains), (Ternary(0.3), Chains), (ReLU(0.4), Chains), (Binary(), PackedChains)],
    ids=["gaussian", "ternary", "relu", "packed"],
)
def test_block_gibbs_obeys_detailed_balance(hidden: Prior, kind: type[Chains]) -> None:
    """At the exact law as many chains go from one visible state to another as come back."""
    network = small(hidden, units=4)
    exact = enumerate_network(network)
    stream = rng(11)
    state = kind(network, stream, Settings.of(network.model, 60_000), "random")
    state.set_visible(exact.sample(stream, 60_000))
    before = exact.index(state.visible)
    state.sweep()
    states = len(exact.states)
    moves = np.bincount(before * states + exact.index(state.visible), minlength=states**2)
    moves = moves.reshape(states, states)
    forth, back = moves[np.triu_indices(states, 1)], moves.T[np.triu_indices(states, 1)]
    often = forth + back >= 10
    chi_square = ((forth - back)[often] ** 2 / (forth + back)[often]).sum()
    assert often.sum() > 50
    assert plausible(special.chdtrc(often.sum(), chi_square))


def test_a_heat_bath_step_has_the_conditional_probability() -> None:
    """One spin, all chains in one state: the share of +1 is that of the enumerated law."""
    network = small(Gaussian(1.3))
    exact = enumerate_network(network)
    start = exact.states[77]
    visible = np.tile(start, (40_000, 1)).astype(np.float32)
    projections = visible @ network.weights
    settings = Settings.of(network.model, 40_000)
    field = settings.offset[:, None] + settings.along[:, None] * network.along
    strength = settings.coupling**2 * 1.3
    kernels_spins.collapsed_sweep(
        rng(2), np.array([3]), network.weights, strength, field, visible, projections
    )
    up, down = start.copy(), start.copy()
    up[3], down[3] = 1.0, -1.0
    weights = [exact.probability[exact.index(s[None])[0]] for s in (up, down)]
    assert count_agrees(int((visible[:, 3] > 0).sum()), 40_000, weights[0] / sum(weights))
    assert np.allclose(projections, visible @ network.weights, atol=1e-5)


@pytest.mark.parametrize(
    ("hidden", "convention"),
    [(Gaussian(), "beta"), (ReLU(0.5), "beta"), (Ternary(0.5), "sqrt-beta"), (Binary(), "sqrt-beta")],
    ids=["gaussian", "relu", "ternary", "packed"],
)
def test_exchanges_leave_every_temperature_at_its_law(hidden: Prior, convention: str) -> None:
    model = Model(hidden, 1.0, 0.5, convention=convention, pattern_field=0.2, visible_field=-0.1)
    network = draw_network(model, 8, seed=3, instance=1)
    temperatures = [1.2, 1.7]
    exact = [enumerate_network(network, Settings.of(model.replace(temperature=t), 1)) for t in temperatures]
    stream = rng(3)
    ladders = Ladders(network, stream, temperatures, CHAINS, "random")
    ladders.chains.set_visible(np.concatenate([law.sample(stream, CHAINS) for law in exact]))
    for _ in range(2):
        ladders.chains.sweep()
        ladders.parity = 0
        ladders.exchange(ladders.chains)
    assert 0.3 < ladders.accepted[0] / ladders.tried[0] < 1.0
    for k, law in enumerate(exact):
        rows = slice(k * CHAINS, (k + 1) * CHAINS)
        assert means_agree(
            (ladders.chains.visible[rows], law.visible_mean),
            (ladders.chains.hidden[rows], law.hidden_mean),
            (ladders.chains.interaction[rows], law.interaction),
        )


@pytest.mark.parametrize("convention", ["beta", "sqrt-beta"])
def test_an_exchange_weighs_the_whole_joint_weight_of_both_layers(convention: str) -> None:
    """The terms that depend on the temperature against the log-weight of the definition, fields included."""
    hidden, temperatures = ReLU(0.5), [0.7, 1.9]
    model = Model(hidden, 1.0, 0.5, convention=convention, pattern_field=0.4, visible_field=-0.7)
    network = draw_network(model, 8, seed=5, instance=0)
    ladders = Ladders(network, rng(6), temperatures, 30, "random")
    ladders.chains.sweep()
    chains = ladders.chains
    visible, state = chains.visible.astype(np.float64), chains.hidden.astype(np.float64)
    couplings = np.einsum("ci,ia,ca->c", visible, network.weights, state)
    fields = -0.7 * visible.sum(axis=1) + 0.4 * visible @ network.patterns[:, 0]
    # U(h) = h^2/2 + threshold h
    energy = (0.5 * state**2 + 0.5 * state).sum(axis=1)

    def log_weight(temperature: float) -> FloatArray:
        if convention == "beta":
            return (couplings + fields - energy) / temperature
        return couplings / math.sqrt(temperature) + fields - energy

    cold, warm = slice(0, 30), slice(30, 60)
    terms = ladders.log_weight_terms(chains)
    change = log_weight(temperatures[0]) - log_weight(temperatures[1])
    for rows in (cold, warm):
        found = sum((f[cold] - f[warm]) * x[rows] for f, x in terms)
        np.testing.assert_allclose(found, change[rows], rtol=1e-5, atol=1e-5)


def test_langevin_steps_of_a_linear_machine_have_the_covariance_of_euler_steps() -> None:
    """Gaussian layers: with the precision K of h the stationary covariance is (K - step K^2 / 2)^-1."""
    model = Model(Gaussian(), 2.0, 0.375, convention="sqrt-beta", visible=visible_prior("gaussian"))
    network = draw_network(model, 8, seed=3, instance=1)
    step = 0.3
    state = LangevinChains(network, rng(4), Settings.of(model, 20_000), "random", step, 60)
    state.sweep()
    w = model.coupling * network.weights.astype(np.float64)
    precision = np.eye(3) - w.T @ w
    expected = np.linalg.inv(precision - 0.5 * step * precision @ precision)
    h = state.hidden.astype(np.float64)
    products = h[:, :, None] * h[:, None, :]
    assert means_agree((products, expected))
    assert not means_agree((products, np.linalg.inv(precision)))


@pytest.mark.parametrize("hidden", [ReLU(0.5), SoftThreshold(0.4), Mixture(0.4)], ids=str)
def test_the_error_of_langevin_steps_vanishes_with_their_size(hidden: Prior) -> None:
    network = small(hidden)
    exact = enumerate_network(network)
    settings = Settings.of(network.model, 5000)
    squares = []
    for step in (0.06, 0.12):
        state = LangevinChains(network, rng(round(1000 * step)), settings, "random", step, round(6.0 / step))
        state.sweep()
        squares.append(state.hidden_squares)
    limit = 2.0 * squares[0] - squares[1]
    assert means_agree((limit, exact.hidden_square.sum()))


@pytest.mark.parametrize("hidden", PRIORS, ids=str)
def test_moments_by_integration_are_those_of_the_prior(hidden: Prior) -> None:
    """The integral of the density in the simulation against the closed forms of the theory."""
    fields = np.array([-7.0, -1.3, 0.0, 0.4, 5.0])
    for power in (1.0,) if hidden.name == "mixture" else (1.0, 2.5):
        log, mean, square = field_moments(hidden, fields, power)
        assert np.allclose(log, hidden.log_partition(0.0, fields, power), rtol=0, atol=1e-11)
        assert np.allclose(mean, hidden.mean(0.0, fields, power), rtol=1e-10, atol=1e-11)
        assert np.allclose(square, hidden.second_moment(0.0, fields, power), rtol=1e-10)


def test_a_users_density_is_sampled_and_enumerated() -> None:
    quartic = FromLogDensity(lambda h: -(h**4) / 4.0 - 0.2 * h)
    model = Model(quartic, 1.6, 0.5, convention="sqrt-beta")
    network = draw_network(model, 6, seed=3, instance=1)
    exact = enumerate_network(network)
    stream = rng(5)
    state = Chains(network, stream, Settings.of(model, 150), "random")
    state.set_visible(exact.sample(stream, 150))
    state.sweep()
    assert means_agree(
        (state.visible, exact.visible_mean),
        (state.hidden, exact.hidden_mean),
        (state.hidden**2, exact.hidden_square),
    )


@pytest.mark.parametrize(
    ("log_density", "support"),
    [(lambda h: h**2 - h**4 / 4.0, (-np.inf, np.inf)), (lambda h: -0.5 * h**2 - 0.3 * h, (0.0, np.inf))],
    ids=["two wells", "half line"],
)
def test_draws_from_tables_have_the_moments_of_the_density(log_density, support) -> None:
    prior = FromLogDensity(log_density, support)
    # The last field has no table and is left to the prior.
    for field, count in ((-11.9, 100_000), (0.03, 100_000), (5.06, 100_000), (41.0, 4000)):
        h = tables_of(prior, 1.0).draw(rng(4), np.full(count, field))
        _, mean, square = field_moments(prior, np.array([field]))
        assert means_agree((np.stack([h, h * h], axis=1), [mean[0], square[0]]))


def test_products_through_pairs_of_patterns_are_those_with_the_couplings() -> None:
    model = Model(Binary(), 1.0, 0.0, convention="beta", couplings=Repeated(0.5), condensed=3)
    network = draw_network(model, 60, seed=1, instance=0)
    couplings = Products(network)
    assert couplings.factored
    visible, hidden = (rng(2).standard_normal((4, n)).astype(np.float32) for n in (60, 30))
    to_hidden, to_visible = np.empty_like(hidden), np.empty_like(visible)
    couplings.to_hidden(visible, to_hidden)
    couplings.to_visible(hidden, to_visible)
    assert np.allclose(to_hidden, visible @ network.weights, atol=1e-5)
    assert np.allclose(to_visible, hidden @ network.weights.T, atol=1e-5)


def test_spherical_layers_stay_on_the_sphere_along_their_field() -> None:
    """For three units the mean along the field is that of the Langevin function."""
    model = Model(Spherical(), 1.0, 0.75, convention="sqrt-beta")
    network = draw_network(model, 4, seed=0, instance=0)
    state = Chains(network, rng(1), Settings.of(model, 3000), "random")
    state.set_visible(np.tile([1.0, 1.0, -1.0, 1.0], (3000, 1)))
    field = np.array([1.0, 1.0, -1.0, 1.0]) @ network.weights
    state.sweep()
    assert np.allclose(state.hidden_squares, 3.0, rtol=1e-5)
    strength = math.sqrt(3.0) * np.linalg.norm(field)
    mean = math.sqrt(3.0) * (1.0 / math.tanh(strength) - 1.0 / strength)
    along = state.hidden @ (field / np.linalg.norm(field))
    assert means_agree((along, mean))


def test_the_exponential_of_the_kernels_is_exact_to_single_precision() -> None:
    from numba import njit

    @njit
    def values(x: np.ndarray) -> np.ndarray:
        result = np.empty_like(x)
        for i in range(len(x)):
            result[i] = kernels.fast_exp(x[i])
        return result

    x = np.linspace(-79.0, 79.0, 200_001, dtype=np.float32)
    assert np.abs(values(x) / np.exp(x.astype(np.float64)) - 1.0).max() < 1.2e-7


def test_random_words_are_those_of_the_published_generator() -> None:
    """xoshiro128++, written out with Python's integers, in every lane."""
    lanes, steps, mask = 16, 9, 2**32 - 1

    def rotated(x: int, k: int) -> int:
        return ((x << k) | (x >> (32 - k))) & mask

    state = rng(1).integers(0, 2**32, size=(4, lanes), dtype=np.uint32)
    expected = np.empty((steps, lanes), dtype=np.uint32)
    for j in range(lanes):
        s = [int(x) for x in state[:, j]]
        for k in range(steps):
            expected[k, j] = (rotated((s[0] + s[3]) & mask, 7) + s[0]) & mask
            shifted = (s[1] << 9) & mask
            s[2] ^= s[0]
            s[3] ^= s[1]
            s[1] ^= s[2]
            s[0] ^= s[3]
            s[2] ^= shifted
            s[3] = rotated(s[3], 11)
    out = np.empty(steps * lanes, dtype=np.uint32)
    kernels.random_words(state, out)
    assert np.array_equal(out.reshape(steps, lanes), expected)


def test_normal_numbers_are_those_of_box_and_muller() -> None:
    bits = rng(2).integers(0, 2**32, size=200_000, dtype=np.uint32)
    bits[0], bits[1] = 0, 2**32 - 1
    out = np.empty(200_000, dtype=np.float32)
    kernels.normals(bits, out)
    first, second = ((bits >> 8) * 2.0**-24).reshape(2, -1)
    radius = np.sqrt(-2.0 * np.log(first + 2.0**-24))
    angle = 2.0 * math.pi * second
    # Where the radius is small, the logarithm of a number next to 1 has few digits.
    assert np.allclose(out[:100_000], radius * np.cos(angle), rtol=0, atol=3e-6)
    assert np.allclose(out[100_000:], radius * np.sin(angle), rtol=0, atol=3e-6)
    assert means_agree((out.astype(np.float64)[:, None] ** [1, 2, 3, 4], [0.0, 1.0, 0.0, 3.0]))


def test_the_mass_of_half_a_line() -> None:
    u = np.concatenate([-np.geomspace(1e-3, 60.0, 4000), np.geomspace(1e-3, 30.0, 4000)]).astype(np.float32)
    found = np.array([kernels.log_half_mass(x) for x in u])
    exact = 0.5 * u.astype(np.float64) ** 2 + special.log_ndtr(u.astype(np.float64))
    assert (np.abs(found - exact) <= 3e-7 * (2.0 + np.abs(exact))).all()


@pytest.mark.parametrize("u", [-3.0, -2.0, -0.5, 0.0, 0.7, 3.0, 8.0])
def test_quantiles_of_a_truncated_normal_law(u: float) -> None:
    """P(H > h) by the normal law at the quantile of each probability, in double precision."""
    bits = np.append(rng(3).integers(0, 2**32, 4000), np.geomspace(1.0, 2.0**32 - 1.0, 400)).astype(np.uint32)
    found = np.empty(len(bits), dtype=np.float32)
    kernels.truncated_normals(bits, np.full_like(found, u), np.empty_like(found), found)
    h, uniform = found.astype(np.float64), (bits + 0.5) * 2.0**-32
    assert (h >= 0.0).all()
    above = np.exp(special.log_ndtr(u - h) - special.log_ndtr(u))
    far = h < u - 5.0
    # The lowest of 2^25 numbers is at -5.4, and the digits next to probability 1 are few.
    assert np.abs(above - uniform)[far].max(initial=0.0) < 1e-6
    # In the tail a rounding of h - u is multiplied by its size.
    assert (np.abs(above / uniform - 1.0)[~far] < 1e-6 * (1.0 + np.square(h - u)[~far])).all()


def test_far_units_of_half_a_line_have_the_moments_of_their_law() -> None:
    for u in (-3.1, -30.0):
        stream = rng(7)
        h = np.array([kernels.far_half_normal(stream, u) for _ in range(40_000)])
        ratio = math.exp(-0.5 * u * u - 0.5 * math.log(2.0 * math.pi) - special.log_ndtr(u))
        mean = u + ratio
        assert means_agree((np.stack([h, h * h], axis=1), [mean, 1.0 + u * mean]))
