"""Cooled mixtures against closed forms, differences of the definition, and other routes to the same numbers."""

import json
import math
from functools import cache
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.stats import binomtest, norm
from sklearn.datasets import load_iris

from statphys_gen import diffusion, principal_graph
from statphys_gen.data import DataSet
from statphys_gen.errors import InvalidArgument
from statphys_gen.numerics.quadrature import legendre_rule
from statphys_gen.principal_graph import GaussianMixture, WeightedPoints
from statphys_gen.principal_graph.theory.clusters import gain_at, gains_of
from statphys_gen.principal_graph.theory.mixture import Mixture
from statphys_gen.principal_graph.theory.order import reduced_quartic
from statphys_gen.principal_graph.theory.significance import marchenko_pastur_median
from statphys_gen.principal_graph.theory.splits import Crossing

TWO = GaussianMixture([0.5, 0.5], [[1.3], [-1.3]], 0.37)
FOUR = GaussianMixture([0.25] * 4, [[-2.5], [-0.7], [0.7], [2.5]], 0.2)
SKEWED = GaussianMixture([0.85, 0.15], [[0.0], [3.0]], 0.9)


@cache
def second_split() -> Crossing:
    """The only one of the four classes above this temperature."""
    (found,) = principal_graph.split_temperatures(FOUR, lower=0.6).crossings
    return found


def scattered(seed: int = 3, size: int = 80) -> np.ndarray:
    """Three unequal groups in the plane."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [3.0, 0.5], [1.0, 3.4]])[rng.choice(3, size=size, p=[0.5, 0.3, 0.2])]
    return centres + rng.standard_normal((size, 2)) * np.array([0.8, 0.5])


def free_energy(x: np.ndarray, mu: np.ndarray, weights: np.ndarray, T: float) -> float:
    terms = np.log(weights) - ((x[:, None] - mu) ** 2).sum(-1) / (2 * T)
    top = terms.max(1)
    return float(-T * (top + np.log(np.exp(terms - top[:, None]).sum(1))).mean())


def test_two_bumps() -> None:
    """mu = E[x tanh(mu x/T)] by quadrature; at T = v the centroids are the means."""
    assert principal_graph.linear_temperature(TWO) == pytest.approx(1.3**2 + 0.37, rel=1e-14)
    found = principal_graph.stationary_state(TWO, [1.9, 0.9, 0.37, 2.2]).require()
    for k, T in enumerate((1.9, 0.9)):

        def mismatch(mu: float, T: float = T) -> float:
            bell = norm(1.3, math.sqrt(0.37)).pdf
            rule = legendre_rule(np.linspace(-4.0, 7.0, 23), 16)
            return float(rule.weights @ (bell(rule.nodes) * rule.nodes * np.tanh(mu * rule.nodes / T))) - mu

        assert found["centroids"][k, 1, 0] == pytest.approx(brentq(mismatch, 0.1, 2.0, xtol=1e-13), rel=1e-9)
    assert found["centroids"][2, :, 0] == pytest.approx([-1.3, 1.3], rel=1e-12)
    assert found["centroids"][3, :, 0] == pytest.approx([0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize("T", [2.2, 0.9])
def test_a_state_is_a_minimum_of_the_definition(T: float) -> None:
    x = scattered()
    found = principal_graph.stationary_state(WeightedPoints(x), T).require()
    start = found["centroids"][0]
    ended = minimize(
        lambda v: free_energy(x, v.reshape(2, 2), np.full(2, 0.5), T), start.ravel() + 0.01, tol=1e-12
    )
    assert ended.fun == pytest.approx(float(found["free_energy"][0]), abs=1e-11)
    np.testing.assert_allclose(ended.x.reshape(2, 2), start, atol=2e-5)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.2, 0.8)])
def test_thresholds_from_the_hessian_of_the_definition(shares: tuple[float, float]) -> None:
    """Second differences of f with two replicas at one centroid, displaced without moving their mean."""
    x = load_iris().data
    found = principal_graph.split_temperatures(WeightedPoints(x), lower=0.9)
    crossing = found.crossings[-1]
    T, g = crossing.temperature, crossing.group
    mu, w, e = crossing.centroids, np.array(shares), 1e-3

    def energy(d: np.ndarray) -> float:
        moved = np.vstack([mu[1 - g], mu[g] + e * w[1] * d, mu[g] - e * w[0] * d])
        return free_energy(x, moved, np.array([0.5, 0.5 * w[0], 0.5 * w[1]]), T) / e**2

    unit, at = np.eye(4), energy(np.zeros(4))
    form = np.array(
        [
            [
                (energy(a + b) - energy(a - b) + energy(-a - b) - energy(b - a)) / 4
                if i != j
                else (energy(a) + energy(-a) - 2 * at)
                for j, b in enumerate(unit)
            ]
            for i, a in enumerate(unit)
        ]
    )
    values = np.linalg.eigvalsh(form)
    assert values[0] == pytest.approx(0.0, abs=1e-5)
    assert values[1] > 1e-2
    assert crossing.unstable == "below"
    assert pytest.approx(1.0557211, rel=1e-6) == T


def test_a_skewed_law_is_unstable_between_two_temperatures() -> None:
    law = WeightedPoints(scattered(11, 150))
    found = principal_graph.split_temperatures(law)
    grid = np.linspace(0.3, 0.98, 30) * principal_graph.linear_temperature(law)
    states = principal_graph.stationary_state(law, grid)
    unstable = states["local_eigenvalues"].max(axis=1) > grid
    for T, expected in zip(grid, unstable, strict=True):
        passed = [c for c in found.crossings if c.temperature > T]
        if passed:
            assert (passed[-1].unstable == "below") == bool(expected)


def test_reduced_quartic_of_the_four_bumps() -> None:
    crossing = second_split()
    assert crossing.quartic == pytest.approx(0.0252746, rel=1e-5)  # constrained minimisation of f
    state = principal_graph.stationary_state(FOUR, 2.0 * 0.9)
    points = principal_graph.weighted_points(FOUR)
    mixture = Mixture(points, np.zeros((1, 1)), np.ones(1), 2.0)
    fourth = float(points.weights @ points.points[:, 0] ** 4)
    assert reduced_quartic(mixture, 0) == pytest.approx(fourth / (12.0 * 2.0**3), rel=1e-12)
    assert state["stable"][0] == 1.0


def test_amplitudes_below_a_second_split_beside_the_exact_state() -> None:
    """What the leading order leaves out, on which the bound of a check rests: in proportion to the distance."""
    points, place = principal_graph.weighted_points(FOUR), 1.2778824
    excess = []
    for share in (0.97, 0.9):
        T = share * place
        state = principal_graph.stationary_state(FOUR, T).require()
        mixture = Mixture(points, state["centroids"][0], np.full(2, 0.5), T)
        gain = float(state["local_eigenvalues"][0, 1]) / T - 1.0
        leading = np.sqrt(0.5 * gain / (4.0 * reduced_quartic(mixture, 1)))
        mu, weights = np.array([[-1.6], [1.2], [2.0]]), np.array([0.5, 0.25, 0.25])
        for _ in range(700):
            terms = np.log(weights) - ((points.points[:, None] - mu) ** 2).sum(-1) / (2.0 * T)
            shares = np.exp(terms - terms.max(1, keepdims=True))
            shares *= (points.weights / shares.sum(1))[:, None]
            mu = (shares.T @ points.points) / shares.sum(0)[:, None]
        excess.append(float(0.5 * (mu[2, 0] - mu[1, 0]) / leading - 1.0))
    assert excess == pytest.approx([0.0106, 0.0322], abs=2e-4)


def test_order_of_the_first_transition() -> None:
    law = GaussianMixture([0.85, 0.15], [[0.0], [3.0]], 1.0)
    assert principal_graph.landau(law, 2).order == "continuous"
    for K, wanted in ((3, 1.0165), (4, 1.0484)):
        found = principal_graph.landau(law, K)
        assert found.order == "first-order"
        assert found.spinodal_temperature is not None
        assert found.coexistence_temperature is not None
        assert found.spinodal_temperature / 2.1475 == pytest.approx(wanted, abs=1e-4)
        assert 2.1475 < found.coexistence_temperature < found.spinodal_temperature
    heavy = GaussianMixture([0.9, 0.1], [[0.0], [0.0]], [0.3, 7.3])
    assert [principal_graph.landau(heavy, K).order for K in (2, 3, 4, 6)] == ["continuous"] * 3 + [
        "first-order"
    ]


def test_nucleation_of_a_mixture_and_of_its_quadrature() -> None:
    exact = principal_graph.nucleation(SKEWED)
    points = principal_graph.nucleation(principal_graph.weighted_points(SKEWED))
    assert points.nucleation_temperature == pytest.approx(exact.nucleation_temperature, rel=1e-9)

    def quotient(nu: mp.mpf) -> mp.mpf:
        shares = ((mp.mpf("0.85"), mp.mpf("-0.45")), (mp.mpf("0.15"), mp.mpf("2.55")))
        return 2 * mp.log(mp.fsum(w * mp.exp(nu * m + nu**2 * mp.mpf("0.45")) for w, m in shares)) / nu**2

    with mp.workdps(30):
        at = mp.findroot(lambda nu: mp.diff(quotient, nu), 1.1)
        assert exact.nucleation_temperature == pytest.approx(float(quotient(at)), rel=1e-12)
        assert exact.nucleation_position[0] == pytest.approx(float(quotient(at) * at), rel=1e-8)
    assert exact.nucleation_temperature > principal_graph.linear_temperature(SKEWED)


def test_gain_at_a_place_is_a_sum_over_the_points() -> None:
    x, T, place = scattered(), 0.8, np.array([1.4, 3.0])
    centroids, weights = np.array([[0.5, 0.2], [2.0, 2.0]]), np.array([0.7, 0.3])
    bells = [np.exp(-((x - mu) ** 2).sum(axis=1) / (2.0 * T)) for mu in (*centroids, place)]
    expected = float((bells[2] / (0.7 * bells[0] + 0.3 * bells[1])).mean()) - 1.0
    mixture = Mixture(principal_graph.weighted_points(WeightedPoints(x)), centroids, weights, T)
    assert gain_at(mixture, place) == pytest.approx(expected, rel=1e-12)


def test_a_single_far_point_nucleates() -> None:
    rng = np.random.default_rng(1)
    x = np.vstack([0.05 * rng.standard_normal((499, 2)), [[6.0, 0.0]]])
    found = principal_graph.nucleation(WeightedPoints(x, samples=500))
    away = 6.0 - 6.0 / 500
    assert found.nucleation_temperature == pytest.approx(away**2 / (2 * math.log(500)), rel=0.01)
    assert found.nucleation_effective_points == pytest.approx(1.0, abs=0.01)


def test_certified_states_are_the_best() -> None:
    """No fit by gradients of up to five components, from many starts, has a larger likelihood."""
    x = scattered()
    T = 0.7
    state = principal_graph.cluster_state(WeightedPoints(x), T)
    assert state.certificate <= 1e-9
    rng = np.random.default_rng(2)
    K = 5

    def negative(v: np.ndarray) -> float:
        weights = np.exp(v[2 * K :] - v[2 * K :].max())
        return free_energy(x, v[: 2 * K].reshape(K, 2), weights / weights.sum(), T) / T

    for _ in range(6):
        start = np.concatenate([x[rng.choice(len(x), K)].ravel(), np.zeros(K)])
        ended = minimize(negative, start)
        assert -ended.fun <= state.log_likelihood + 1e-9
    assert -ended.fun > state.log_likelihood - 0.05
    mixture = Mixture(WeightedPoints(x), state.centroids, state.weights, T)
    grid = np.stack(np.meshgrid(np.linspace(-3, 6, 60), np.linspace(-3, 6, 60)), -1).reshape(-1, 2)
    gain = [float(np.mean(np.exp(-((x - mu) ** 2).sum(1) / (2 * T) - mixture.log_sum))) - 1.0 for mu in grid]
    assert max(gain) <= 1e-9 + float(gains_of(mixture)[0][0])


def test_the_cascade_is_where_certified_states_change() -> None:
    law = WeightedPoints(scattered(), samples=80)
    found = principal_graph.cascade(law, 0.6, minimum_weight=0.0)
    assert found.events[0].temperature == pytest.approx(principal_graph.nucleation_temperature(law), rel=1e-9)
    for entry in found.events:
        below, above = (
            principal_graph.cluster_state(law, entry.temperature * (1.0 + s)) for s in (-1e-3, 1e-3)
        )
        assert below.clusters == entry.clusters
        assert above.clusters == entry.clusters - (1 if entry.event != "merge" else -1)


def test_repeated_points_count() -> None:
    x = scattered(size=30)
    twice = DataSet.from_arrays(np.vstack([x, x[:10]]))
    plain = WeightedPoints(np.vstack([x, x[:10]]))
    for law in (twice, plain):
        state = principal_graph.cluster_state(law, 1.1)
        assert state.log_likelihood == pytest.approx(
            principal_graph.cluster_state(plain, 1.1).log_likelihood, abs=1e-10
        )
    assert principal_graph.linear_temperature(twice) == pytest.approx(
        float(np.linalg.eigvalsh(np.cov(np.vstack([x, x[:10]]).T, bias=True))[-1]), rel=1e-12
    )


@pytest.mark.parametrize("stiffness", [0.0, 2.0, 40.0])
def test_graph_transition_from_the_jacobian_of_the_map(stiffness: float) -> None:
    x = scattered(size=60)
    x = x - x.mean(0)
    edges, K = np.array([[0, 1], [1, 2], [1, 3], [3, 4]]), 5
    top = float(np.linalg.eigvalsh(x.T @ x / 60)[-1])
    T = float(principal_graph.graph_temperature(edges, K, stiffness, 60, top))
    bonds = np.zeros((K, K))
    for a, b in edges:
        bonds[[a, b], [a, b]] += 1
        bonds[[a, b], [b, a]] -= 1

    def step(flat: np.ndarray) -> np.ndarray:
        mu = flat.reshape(K, 2)
        p = np.exp(-((x[:, None] - mu) ** 2).sum(-1) / (2 * T))
        p /= p.sum(1, keepdims=True)
        return np.linalg.solve(np.diag(p.sum(0)) / T + stiffness * bonds, p.T @ x / T).ravel()

    e = 1e-6
    jacobian = np.stack([(step(e * v) - step(-e * v)) / (2 * e) for v in np.eye(2 * K)], axis=1)
    sizes = np.abs(np.linalg.eigvals(jacobian))
    assert sizes.max() == pytest.approx(1.0, abs=1e-7)


def test_named_graphs() -> None:
    assert principal_graph.graph_edges("chain", 3).tolist() == [[0, 1], [1, 2]]
    assert principal_graph.graph_edges("cycle", 3).tolist() == [[0, 1], [1, 2], [0, 2]]
    assert principal_graph.graph_edges("star", 4).tolist() == [[0, 1], [0, 2], [0, 3]]
    assert len(principal_graph.graph_edges("complete", 5)) == 10
    top, N, K = 2.858594366921635, 400, 6
    fiedler = 2.0 - 2.0 * math.cos(math.pi / K)
    b = 3.0 * fiedler * K / N
    found = principal_graph.graph_temperature(principal_graph.graph_edges("chain", K), K, 3.0, N, top)
    assert float(found) == pytest.approx((math.sqrt(1 + 4 * b * top) - 1) / (2 * b), rel=1e-13)


def test_times_of_two_bumps_and_the_time_of_diffusion() -> None:
    law = GaussianMixture.two_classes(12, 0.9, 0.6)
    size = 12 * 0.9**2
    found = principal_graph.speciation_times(law)
    assert found.cluster == pytest.approx(0.5 * math.log1p(size + 0.6), rel=1e-13)
    assert found.curvature == pytest.approx(0.5 * math.log1p(size - 0.6), rel=1e-11)
    assert found.spectral == pytest.approx(0.5 * math.log(size + 0.6), rel=1e-13)
    assert found.curvature == pytest.approx(float(diffusion.bayes_time(law)["time"]), rel=1e-9)
    alone = principal_graph.speciation_times(GaussianMixture([1.0], [[0.0, 0.0]], 2.5))
    assert alone.curvature is None
    assert alone.cluster == pytest.approx(0.5 * math.log(3.5))


def test_significance() -> None:
    rng = np.random.default_rng(6)
    noise = 1.7 * rng.standard_normal((400, 200))
    found = principal_graph.significance(WeightedPoints(noise, samples=400))
    assert found is not None
    assert found.significant is False
    assert found.bulk_edge == pytest.approx(1.7**2 * (1 + math.sqrt(0.5)) ** 2, rel=0.02)
    noise[:, 0] += 5.0 * rng.choice([-1.0, 1.0], 400)
    signal = principal_graph.significance(WeightedPoints(noise, samples=400))
    assert signal is not None
    assert signal.significant is True
    for ratio in (0.3, 1.0, 2.5):
        x = rng.standard_normal((600, round(600 * ratio)))
        values = np.linalg.svd(x / math.sqrt(600), compute_uv=False) ** 2
        assert marchenko_pastur_median(ratio) == pytest.approx(float(np.median(values)), rel=0.02)
    assert principal_graph.spiked_split_temperature(0.5, 0.8) == pytest.approx((1 + math.sqrt(0.8)) ** 2)
    assert principal_graph.spiked_split_temperature(3.0, 0.8) == pytest.approx(4.0 * (1 + 0.8 / 3))


def test_edges_of_random_trees() -> None:
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.3], [1.1, 1.2], [0.0, 0.0]])
    found = principal_graph.tree_marginals(x, 2.0)
    squares = ((x[:, None] - x) ** 2).sum(-1)
    w = np.exp(-squares) - np.eye(5)
    bonds = np.diag(w.sum(1)) - w
    assert found.log_partition == pytest.approx(float(np.linalg.slogdet(bonds[1:, 1:])[1]), rel=1e-12)
    assert found.minimum_tree_cost == pytest.approx(0.0 + 1.0 + 1.22 + 1.45)
    assert found.residual < 1e-13


def test_laws_in_more_dimensions_are_refused_where_they_cannot_be_integrated() -> None:
    law = GaussianMixture.two_classes(3, 0.8, 0.6)
    with pytest.raises(InvalidArgument, match="sample it"):
        principal_graph.stationary_state(law, 1.0)
    assert principal_graph.nucleation(law).nucleation_temperature == pytest.approx(3 * 0.64 + 0.6, rel=1e-9)


@pytest.mark.parametrize("temperature", [1e-2, 1e-4, 1e-8])
def test_cold_states_are_the_points_themselves(temperature: float) -> None:
    """Far below every distance each point is a component with its own weight, though gains have no exponential."""
    x = np.array([[0.0, 0.0], [1.0, 0.1], [0.0, 2.0], [3.0, 1.0], [-2.0, 5.0]])
    weights = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    state = principal_graph.cluster_state(WeightedPoints(x, weights), temperature)
    order = np.argsort(-weights)
    np.testing.assert_allclose(state.weights, weights[order], rtol=1e-9)
    np.testing.assert_allclose(state.centroids, x[order], atol=1e-9)
    assert state.log_likelihood == pytest.approx(weights @ np.log(weights), rel=1e-12)
    assert str(state.status) == "converged"


@pytest.mark.parametrize(("samples", "dimension"), [(30, 2), (40, 3), (12, 25)])
def test_noise_is_significant_in_one_case_of_a_hundred(samples: int, dimension: int) -> None:
    """In few dimensions as well: of noise, and never missed with a signal that no noise has."""
    rng = np.random.default_rng(17)
    draws = 1500
    hits = 0
    for _ in range(draws):
        noise = 3.0 * rng.standard_normal((samples, dimension)) + 7.0
        hits += bool(principal_graph.significance(WeightedPoints(noise, samples=samples)).significant)
    assert binomtest(hits, draws, 0.01).pvalue > 1e-4
    noise[:, 0] += 300.0 * np.where(np.arange(samples) % 2 == 0, 1.0, -1.0)
    assert principal_graph.significance(WeightedPoints(noise, samples=samples)).significant


def test_one_eigenvalue_tells_nothing() -> None:
    found = principal_graph.significance(WeightedPoints([[0.0, 1.0], [2.0, 3.0]], samples=2))
    assert found.significant is None


@pytest.mark.parametrize("turn", [0.0, 0.3, np.pi / 6.0, 2.0])
def test_order_where_all_directions_have_the_same_variance(turn: float) -> None:
    """Three classes on a triangle: the skewness is that towards a vertex, whatever the axes."""
    angle = 2.0 * np.pi * np.arange(3) / 3.0 + turn
    law = GaussianMixture(np.full(3, 1.0 / 3.0), np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.1)
    points = np.repeat(law.means, 2, axis=0)
    for given, variance in ((law, 0.6), (WeightedPoints(points), 0.5)):
        found = principal_graph.landau(given, 3)
        # Projections on a vertex: 1, -1/2, -1/2.
        assert found.skewness == pytest.approx(0.25 / variance**1.5, rel=1e-9)
        assert found.order == "first-order"
        assert found.spinodal_temperature is None
        assert principal_graph.landau(given, 2).order == "continuous"
    square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    assert principal_graph.landau(WeightedPoints(square), 3).order == "continuous"


def test_the_cascade_of_noise_ends() -> None:
    """Few broad components of one Gaussian: each is certified, and the first event is the nucleation of the points."""
    x = np.random.default_rng(0).normal(size=(80, 2)) * [2.0, 0.5]
    found = principal_graph.cascade(x, 2.5)
    assert found.complete
    assert found.events[0].temperature == pytest.approx(principal_graph.nucleation_temperature(x), rel=1e-9)
    assert all(state.certificate < 1e-8 for state in found.states)


def test_arrays_are_points() -> None:
    x = np.random.default_rng(3).normal(size=(40, 2)) * [1.7, 0.6]
    law = WeightedPoints(x, samples=40)
    assert principal_graph.linear_temperature(x) == pytest.approx(principal_graph.linear_temperature(law))
    one, two = (principal_graph.stationary_state(entry, 1.3)["centroids"] for entry in (x.tolist(), law))
    np.testing.assert_allclose(one, two, atol=1e-9)
    np.testing.assert_array_equal(principal_graph.draw_points(x, 9), principal_graph.draw_points(law, 9))


def test_values_by_other_routes() -> None:
    """tests/reference/principal_graph.py: adaptive quadrature of the densities, and every tree listed."""
    file = Path(__file__).parents[1] / "reference" / "principal_graph.json"
    known = {name: float(value) for name, value in json.loads(file.read_text(encoding="utf-8")).items()}
    assert second_split().temperature == pytest.approx(known["four classes, second split"], rel=1e-9)
    assert second_split().order == "continuous"
    rule = legendre_rule(np.linspace(-1.0, 1.0, 301), 8)
    law = WeightedPoints(rule.nodes[:, None], rule.weights / rule.weights.sum())
    (found,) = principal_graph.split_temperatures(law, lower=0.05).crossings
    assert found.temperature == pytest.approx(known["interval, second split"], rel=1e-9)
    for variance in (1.0, 0.9):
        skewed = GaussianMixture([0.85, 0.15], [[0.0], [3.0]], variance)
        assert principal_graph.nucleation_temperature(skewed) == pytest.approx(
            known[f"nucleation, variance {variance:g}"], rel=1e-12
        )
    nodes = [[0.0, 0.0], [0.9, 0.2], [0.3, 1.1], [-0.8, 0.5], [1.4, -0.7], [0.2, -1.0]]
    sums = principal_graph.tree_marginals(nodes, 3.0)
    assert sums.log_partition == pytest.approx(known["trees, log sum"], rel=1e-13)
    assert sums.probability[0, 1] == pytest.approx(known["trees, edge 0-1"], rel=1e-12)
