"""Score matching on the line against other routes: quadrature of the definitions, 50 digits, differences, limits."""

import itertools
import math

import mpmath
import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

from statphys_gen.errors import AccuracyNotReached, InvalidArgument
from statphys_gen.score_matching import (
    NoisedSample,
    ScoreNetwork,
    bounds,
    critical_learning_rate,
    empirical_score,
    gradient_covariance,
    irregularity,
    network_bounds,
    network_risk,
    optimal_risk,
    population_descent,
    risk_gradient,
    risk_hessian,
    score_distances,
    sharpness,
    small_noise_total_variation,
    stationary_excess_risk,
    stationary_point,
    total_variation,
    variation_weights,
)

# A point stands twice, and nothing is symmetric.
SAMPLE = NoisedSample((1.2, -1.1, 0.4, -0.3, 0.4), 0.9, 0.45)
NETWORK = ScoreNetwork((1.0, -1.0, 1.0, -1.0), (0.7, -1.3, 0.4, 0.9), (0.2, 0.5, -0.4, -0.3))
CENTRES = 0.9 * np.array(SAMPLE.points)


def density(y: float) -> float:
    return float(np.exp(-0.5 * ((y - CENTRES) / 0.45) ** 2).mean() / (0.45 * math.sqrt(2.0 * math.pi)))


def average(function: object, edges: tuple[float, ...] = ()) -> float:
    """E f(Y) by adaptive quadrature between the edges."""
    limits = sorted({-5.0, *CENTRES.tolist(), *edges, 5.0})
    pairs = itertools.pairwise(limits)
    return sum(
        quad(lambda y: function(y) * density(y), a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in pairs
    )  # type: ignore[operator]


def slow_score(sample: NoisedSample, y: float) -> tuple[mp.mpf, mp.mpf, mp.mpf]:
    """log p by its definition, differentiated in 60 digits."""
    with mp.workdps(60):
        mu, sigma = mp.mpf(sample.data_scale), mp.mpf(sample.noise_scale)

        def logarithm(z: mp.mpf) -> mp.mpf:
            return mp.log(
                mp.fsum(mp.exp(-((z - mu * mp.mpf(x)) ** 2) / (2 * sigma**2)) for x in sample.points)
            )

        return tuple(mp.diff(logarithm, mp.mpf(y), n, h=sigma * mp.mpf("1e-12")) for n in (1, 2, 3))


# -------------------------------------------------------------------------------------------------- the empirical score


@pytest.mark.parametrize("sigma", [3.0, 0.45, 0.06])
@pytest.mark.parametrize("y", [-2.3, -0.61, 0.045, 0.36, 30.0])
def test_the_score_is_the_derivative_of_the_logarithm(y: float, sigma: float) -> None:
    sample = SAMPLE.replace(noise_scale=sigma)
    found = empirical_score(sample, y)
    for value, wanted in zip(
        (found.score, found.derivative, found.second_derivative), slow_score(sample, y), strict=True
    ):
        assert float(value) == pytest.approx(float(wanted), rel=1e-9, abs=1e-7 / sigma**3)


def test_nothing_overflows_far_away_or_at_tiny_noise() -> None:
    for sigma in (1e-20, 1e-8, 1.0, 1e20):
        sample = NoisedSample((-1.0, 0.5), 0.8, sigma)
        found = empirical_score(sample, [-1e20, -0.8, 0.4, 1e20])
        for value in (found.score, found.derivative, found.second_derivative):
            assert np.isfinite(value).all()
        # Far away one point is left, which is the nearer one.
        assert found.score[0] == pytest.approx(1e20 / sigma / sigma, rel=1e-12)


def test_repeated_points_weigh_as_often_as_they_stand_there() -> None:
    found = empirical_score(NoisedSample((0.0, 1.0, 1.0, 1.0), 0.7, 0.6), 0.35)
    # Halfway, so that the shares decide: E W = 3/4, and the entropy counts samples.
    assert float(found.posterior_mean) == pytest.approx(0.75, rel=1e-14)
    assert float(found.posterior_variance) == pytest.approx(3.0 / 16.0, rel=1e-13)
    assert float(found.effective_samples) == pytest.approx(4.0, rel=1e-13)


def test_the_least_risk_is_that_of_the_definition() -> None:
    def loss(y: float) -> float:
        """E of (s* + xi/sigma)^2 given y: the variance of xi/sigma among the points."""
        weight = np.exp(-0.5 * ((y - CENTRES) / 0.45) ** 2)
        noise = (y - CENTRES) / 0.45**2
        mean = weight @ noise / weight.sum()
        return float(weight @ (noise - mean) ** 2 / weight.sum())

    assert optimal_risk(SAMPLE) == pytest.approx(average(loss), rel=1e-9)


def test_a_small_risk_keeps_its_digits() -> None:
    """Two points far apart: R = (mu delta)^2/(4 sigma^4) e^(-h^2/2) E 1/cosh(h z), h = mu delta/(2 sigma)."""
    sample = NoisedSample((-1.0, 1.0), 1.0, 0.05)
    with mp.workdps(30):
        h = mp.mpf(20)
        tail = mp.quad(lambda z: mp.npdf(z) / mp.cosh(h * z), [-8, -1, 0, 1, 8])
        wanted = mp.exp(-(h**2) / 2) * tail * (1 / mp.mpf("0.05")) ** 4
    assert optimal_risk(sample) == pytest.approx(float(wanted), rel=1e-10)


def test_points_that_the_noise_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(AccuracyNotReached, match="distances are not resolved"):
        optimal_risk(NoisedSample((1.0, 1.00000000000003, 2.0), 1.0, 1e-14))


# --------------------------------------------------------------------------------------------------------- irregularity


def weight_by_definition(y: float) -> float:
    """E min(pi_-, pi_+)(y - sigma xi), by quadrature with the data as edges."""
    n = len(CENTRES)

    def inner(z: float) -> float:
        below, above = z - CENTRES, CENTRES - z
        left = (below > 0).sum() * below[below > 0].sum() / n**2
        right = (above > 0).sum() * above[above > 0].sum() / n**2
        return min(left, right) * math.exp(-0.5 * ((y - z) / 0.45) ** 2) / (0.45 * math.sqrt(2 * math.pi))

    edges = np.unique(CENTRES)
    fine = np.unique(np.concatenate([np.linspace(a, b, 60) for a, b in itertools.pairwise(edges)]))
    return sum(quad(inner, a, b)[0] for a, b in itertools.pairwise(fine))


@pytest.mark.parametrize("y", [-1.4, -0.2, 0.31, 1.0])
def test_both_weights_are_their_definitions(y: float) -> None:
    found = variation_weights(SAMPLE, y)
    assert float(found.variation_weight) == pytest.approx(weight_by_definition(y), rel=2e-5)
    above = average(lambda z: float(z > y), (y,)) * average(lambda z: max(z - y, 0.0), (y,))
    below = average(lambda z: float(z < y), (y,)) * average(lambda z: max(y - z, 0.0), (y,))
    assert float(found.noised_variation_weight) == pytest.approx(min(above, below), rel=1e-9)


def test_the_total_variation_is_the_sum_of_many_small_ones() -> None:
    lowest, highest = CENTRES.min(), CENTRES.max()
    grid = np.linspace(lowest, highest, 20_001)
    slope = empirical_score(SAMPLE, grid).derivative
    middle = 0.5 * (grid[1:] + grid[:-1])
    wanted = float(np.abs(np.diff(slope)) @ variation_weights(SAMPLE, middle).variation_weight)
    assert total_variation(SAMPLE) == pytest.approx(wanted, rel=1e-6)


def test_the_total_variation_tends_to_its_small_noise_value() -> None:
    sample = NoisedSample((-1.9, -1.1, -0.45, 0.2, 0.8, 1.6), 0.95, 0.2)
    ratios = []
    for sigma in (0.2, 0.1, 0.05, 0.025, 0.003):
        small = sample.replace(noise_scale=sigma)
        ratios.append(total_variation(small) / small_noise_total_variation(small))
    assert ratios == sorted(ratios)
    # Corrections of second order: what remains falls by four when the noise is halved.
    assert (1.0 - ratios[3]) / (1.0 - ratios[2]) == pytest.approx(0.3, abs=0.06)
    assert ratios[-1] == pytest.approx(1.0, abs=1e-6)


def test_bounds_hold_where_they_apply_and_say_where_they_do_not() -> None:
    rng = np.random.default_rng(7)
    applied = 0
    for _ in range(40):
        points = np.cumsum(rng.uniform(0.2, 1.0, rng.integers(2, 7)))
        sample = NoisedSample(tuple(points), 0.9, float(rng.uniform(0.01, 0.4)))
        found, measured = bounds(sample), irregularity(sample)
        if found.lower_bound_applies:
            assert measured.total_variation >= found.lower_bound
        if found.risk_bound_applies:
            assert measured.risk <= found.risk_bound
        applied += found.lower_bound_applies + found.risk_bound_applies
    assert applied > 20
    tied = bounds(NoisedSample((0.0, 1.0, 1.0), 0.9, 0.01))
    assert not any((tied.lower_bound_applies, tied.risk_bound_applies, tied.low_risk_bound_applies))


# ------------------------------------------------------------------------------------------------------------- networks


def slow_network(y: float) -> float:
    return (
        sum(
            v * max(w * y + b, 0.0)
            for w, v, b in zip(NETWORK.inner, NETWORK.outer, NETWORK.bias, strict=True)
        )
        / 4
    )


def knots() -> tuple[float, ...]:
    return tuple(-b / w for w, b in zip(NETWORK.inner, NETWORK.bias, strict=True))


def test_the_risk_is_that_of_the_definition() -> None:
    def square(y: float) -> float:
        return (slow_network(y) - float(empirical_score(SAMPLE, y).score)) ** 2

    wanted = average(square, knots()) + optimal_risk(SAMPLE)
    assert network_risk(SAMPLE, NETWORK) == pytest.approx(wanted, rel=1e-9)
    assert sharpness(SAMPLE, NETWORK).excess_risk == pytest.approx(average(square, knots()), rel=1e-9)


def moved(theta: np.ndarray, network: ScoreNetwork = NETWORK) -> ScoreNetwork:
    m = network.neurons
    return network.replace(outer=tuple(theta[:m]), bias=tuple(theta[m:]))


@pytest.mark.parametrize("seed", range(3))
def test_gradient_and_hessian_are_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = 7
    network = ScoreNetwork(
        tuple(rng.choice([-1.0, 1.0], m)), tuple(rng.normal(size=m)), tuple(rng.normal(size=m))
    )
    theta, h = np.array([*network.outer, *network.bias]), 1e-5
    steps = h * np.eye(2 * m)
    gradient = [
        (network_risk(SAMPLE, moved(theta + e, network)) - network_risk(SAMPLE, moved(theta - e, network)))
        / (2 * h)
        for e in steps
    ]
    assert risk_gradient(SAMPLE, network) == pytest.approx(np.array(gradient), abs=2e-9)
    hessian = [
        (risk_gradient(SAMPLE, moved(theta + e, network)) - risk_gradient(SAMPLE, moved(theta - e, network)))
        / (2 * h)
        for e in steps
    ]
    assert risk_hessian(SAMPLE, network) == pytest.approx(np.array(hessian), abs=1e-8)


def test_neurons_with_one_knot_and_dead_neurons() -> None:
    twins = ScoreNetwork((1.0, 1.0, -1.0, 1.0), (0.5, -0.8, 0.9, 2.0), (0.1, 0.1, -0.1, -50.0))
    found = sharpness(SAMPLE, twins)
    assert found.dead_neurons == 1
    theta = np.array([*twins.outer, *twins.bias])
    gradient = risk_gradient(SAMPLE, twins)
    assert gradient[3] == gradient[7] == 0.0
    assert not risk_hessian(SAMPLE, twins)[[3, 7]].any()
    # Of the twins the sum counts.
    merged = ScoreNetwork((1.0, -1.0), (-0.3 / 2, 0.9 / 2), (0.1, -0.1))
    assert found.risk == pytest.approx(network_risk(SAMPLE, merged), rel=1e-13)
    assert moved(theta, twins) == twins


def test_total_variations_of_a_network_weigh_its_knots() -> None:
    found = sharpness(SAMPLE, NETWORK)
    at = variation_weights(SAMPLE, knots())
    size = np.abs(NETWORK.outer) / 4
    assert found.total_variation == pytest.approx(size @ at.variation_weight, rel=1e-12)
    assert found.noised_total_variation == pytest.approx(size @ at.noised_variation_weight, rel=1e-12)


def test_the_sharpness_bound_of_the_noised_weight_holds() -> None:
    """At s = s* in slope space: half the largest eigenvalue of 2 E phi phi^T is at least 2 TV~/m; random networks."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        m = int(rng.integers(1, 12))
        network = ScoreNetwork(
            tuple(rng.choice([-1.0, 1.0], m)), tuple(rng.normal(size=m)), tuple(rng.normal(size=m))
        )
        draws = rng.choice(CENTRES, 4000) + 0.45 * rng.standard_normal(4000)
        field = np.outer(draws, network.inner) + network.bias
        slopes = np.concatenate([np.maximum(field, 0.0), (field > 0) * network.outer], axis=1) / m
        largest = np.linalg.eigvalsh(slopes.T @ slopes / 4000)[-1]
        assert largest > 1.5 * sharpness(SAMPLE, network).noised_total_variation / m


def test_the_bounds_of_networks_hold() -> None:
    """E grad s and E grad s grad s^T by sums over a fine grid of the line."""
    rng = np.random.default_rng(12)
    y = np.linspace(-4.5, 4.5, 20_001)
    weight = np.array([density(float(z)) for z in y]) * (y[1] - y[0])
    for m in (1, 2, 3, 5, 8):
        network = ScoreNetwork(
            tuple(rng.choice([-1.0, 1.0], m)), tuple(3.0 * rng.normal(size=m)), tuple(rng.normal(size=m))
        )
        found = network_bounds(SAMPLE, network)
        field = np.outer(y, network.inner) + network.bias
        slopes = np.concatenate([np.maximum(field, 0.0), (field > 0) * network.outer], axis=1) / m
        mean = weight @ slopes
        curvature = np.linalg.eigvalsh((slopes.T * weight) @ slopes)[-1]
        assert found.curvature_bound == pytest.approx(mean @ mean, rel=2e-3)
        assert found.noised_variation_bound <= found.curvature_bound <= curvature * (1.0 + 1e-3)
        assert found.published_curvature_bound <= curvature
        assert found.total_variation <= found.variation_bound
        known = sharpness(SAMPLE, network)
        assert found.total_variation == known.total_variation
        assert found.published_curvature_bound == pytest.approx(2.0 * known.total_variation / m, rel=1e-14)
        assert found.noised_variation_bound == pytest.approx(
            2.0 * known.noised_total_variation / m, rel=1e-14
        )


def test_the_bound_of_the_variation_by_hand() -> None:
    """n = 5 samples, sigma = 0.45; of large outer weights the cube root counts, of small ones the square root."""
    for size, cubic in ((60.0, True), (0.01, False)):
        network = NETWORK.replace(outer=(0.7 * size, -1.3 * size, 0.4 * size, 0.9 * size))
        risk = network_risk(SAMPLE, network)
        largest = np.linalg.eigvalsh(risk_hessian(SAMPLE, network))[-1]
        a, spread = 1.3 * size, 10.0 * risk
        cube = 5.0 * 1.3 * size * 0.45 * risk * math.sqrt(2.0 * math.pi * math.e)
        assert (cube**2 > spread**3) == cubic
        term = math.cbrt(cube) if cubic else math.sqrt(spread)
        wanted = largest + 0.5 * math.sqrt(risk) + a / (0.45 * math.sqrt(2.0 * math.pi)) * term
        found = network_bounds(SAMPLE, network)
        assert found.variation_bound == pytest.approx(wanted, rel=1e-12)
        # The least distance of two points is 0.7, so that mu Delta = 0.63.
        risk_bound = math.pi * 5.0**5 * 0.63**3 / (2.0**36 * math.sqrt(math.e) * (a * 0.45) ** 4)
        assert found.excess_risk_bound == pytest.approx(risk_bound, rel=1e-12)
    level = network_bounds(SAMPLE, NETWORK.replace(outer=(0.0,) * 4))
    assert level.excess_risk_bound == math.inf
    assert level.variation_bound > 0.5 / 0.45 > level.total_variation == 0.0


# ---------------------------------------------------------------------------------------------------- descent and noise


def test_descent_follows_the_gradient_step_by_step() -> None:
    run = population_descent(SAMPLE, NETWORK, 0.03, 5, kept=[0, 2])
    theta = np.array([*NETWORK.outer, *NETWORK.bias])
    for step in range(6):
        if step in (0, 2, 5):
            place = (0, 2, 5).index(step)
            assert np.concatenate([run.outer[place], run.bias[place]]) == pytest.approx(theta, abs=1e-14)
            assert run.risk[place] == pytest.approx(network_risk(SAMPLE, moved(theta)), rel=1e-14)
            ratio = 0.5 * 4 * 0.03 * np.linalg.eigvalsh(risk_hessian(SAMPLE, moved(theta)))[-1]
            assert run.sharpness_ratio[place] == pytest.approx(ratio, rel=1e-10)
        theta = theta - 4 * 0.03 * risk_gradient(SAMPLE, moved(theta))
    assert run.step.tolist() == [0, 2, 5]


def test_a_descent_that_overflows_says_so() -> None:
    steep = NETWORK.replace(outer=(30.0, -40.0, 50.0, 20.0))
    found = population_descent(SAMPLE, steep, 40.0, 2000).solution
    if not found.good:
        assert math.isnan(float(found["risk"]))
        assert str(found).count("not converged")
    far = population_descent(SAMPLE, NETWORK.replace(bias=(3e3, 2e3, 1e3, 4e3)), 500.0, 500).solution
    assert not far.good


def test_above_the_stability_of_the_minima_the_error_is_as_large_as_the_risk() -> None:
    sample = NoisedSample((-1.2, -0.3, 0.5, 1.3), 0.95, 0.35)
    index = np.arange(1, 41)
    network = ScoreNetwork(
        tuple(1.0 - 2.0 * (index % 2)),
        tuple(2.0 * np.sin(0.7 * index**2 + 0.4 * index)),
        tuple(1.5 * np.sin(1.3 * index**2 + 0.4 * index)),
    )
    assert population_descent(sample, network, 0.02, 800).solution.error < 1e-9
    assert population_descent(sample, network, 0.1, 2500).solution.error > 1e-3


SMALL = NoisedSample((-1.0, 0.6, 0.9), 0.9, 0.6)
START = ScoreNetwork((1.0, -1.0), (-4.8, 1.3), (-0.6, 0.7))


@pytest.fixture(scope="module")
def minimum() -> ScoreNetwork:
    found = stationary_point(SMALL, START).require()
    return START.replace(outer=tuple(found["outer"]), bias=tuple(found["bias"]))


def test_a_stationary_point_is_one(minimum: ScoreNetwork) -> None:
    assert np.linalg.norm(risk_gradient(SMALL, minimum)) < 1e-11
    assert np.linalg.eigvalsh(risk_hessian(SMALL, minimum))[0] > 0.01
    # Descent from the start ends there.
    end = population_descent(SMALL, START, 0.15, 20_000)
    assert end.outer[-1] == pytest.approx(np.array(minimum.outer), abs=1e-8)


def test_descent_leaves_a_minimum_above_the_critical_rate_only(minimum: ScoreNetwork) -> None:
    eta = critical_learning_rate(SMALL, minimum)
    top = np.linalg.eigh(risk_hessian(SMALL, minimum))[1][:, -1]
    theta = np.array([*minimum.outer, *minimum.bias])
    for share in (0.9, 1.1):
        at = theta + 1e-6 * top
        for _ in range(5):
            at = at - 2 * share * eta * risk_gradient(SMALL, moved(at, minimum))
        factor = abs((at - theta) @ top / 1e-6) ** 0.2
        assert factor == pytest.approx(abs(1.0 - 2.0 * share), abs=1e-4)


def test_the_noise_of_stochastic_descent(minimum: ScoreNetwork) -> None:
    covariance = gradient_covariance(SMALL, minimum)
    values, vectors = np.linalg.eigh(risk_hessian(SMALL, minimum))
    noise = np.diag(vectors.T @ covariance @ vectors)
    eta, batch = 0.03, 3
    # Variances of the linear recursion, by iteration.
    variance = np.zeros(4)
    for _ in range(20_000):
        variance = (1.0 - 2 * eta * values) ** 2 * variance + (2 * eta) ** 2 * noise / batch
    wanted = 0.5 * float(values @ variance)
    assert stationary_excess_risk(SMALL, minimum, eta, batch=batch) == pytest.approx(wanted, rel=1e-9)
    assert stationary_excess_risk(SMALL, minimum, 1.001 * critical_learning_rate(SMALL, minimum)) == math.inf
    with pytest.raises(InvalidArgument, match="a minimum"):
        stationary_excess_risk(SMALL, START, eta)


def test_the_covariance_of_the_gradient_by_adaptive_quadrature() -> None:
    network = ScoreNetwork((1.0, -1.0), (0.8, -1.4), (0.3, 0.2))
    centres = 0.9 * np.array(SMALL.points)
    first, second = np.zeros(4), np.zeros((4, 4))
    for centre in centres:
        for a, b in ((-6.0, -0.3), (-0.3, 0.2), (0.2, 6.0)):
            y, weight = np.polynomial.legendre.leggauss(200)
            y, weight = 0.5 * (b - a) * y + 0.5 * (a + b), 0.5 * (b - a) * weight
            weight = weight * np.exp(-0.5 * ((y - centre) / 0.6) ** 2) / (0.6 * math.sqrt(2 * math.pi)) / 3
            field = np.outer(y, network.inner) + network.bias
            relu = np.maximum(field, 0.0)
            slopes = np.concatenate([relu, (field > 0) * network.outer], axis=1) / 2
            gradient = 2.0 * (relu @ network.outer / 2 + (y - centre) / 0.36)[:, None] * slopes
            first += weight @ gradient
            second += (gradient.T * weight) @ gradient
    assert gradient_covariance(SMALL, network) == pytest.approx(second - np.outer(first, first), abs=1e-9)
    assert risk_gradient(SMALL, network) == pytest.approx(first, abs=1e-9)


# ------------------------------------------------------------------------------------------------------------ distances


@pytest.mark.parametrize(
    ("points", "noise"), [((1.0, 2.0), 900.0), ((5.0, 6.0, 6.0, 9.0), 50.0), ((1.0, 2.0, 4.0), 14.9)]
)
def test_far_noise_leaves_all_digits_of_the_distance_from_the_gaussian_score(
    points: tuple[float, ...], noise: float
) -> None:
    with mpmath.workdps(40):
        mu, sigma = mpmath.mpf(0.7), mpmath.mpf(noise)
        mean = mpmath.fsum(points) / len(points)
        variance = mpmath.fsum((x - mean) ** 2 for x in points) / len(points)

        def integrand(z: mpmath.mpf) -> mpmath.mpf:
            y = mu * mean + sigma * z
            weights = [mpmath.exp(-(((y - mu * x) / sigma) ** 2) / 2) for x in points]
            pull = mpmath.fsum(w * (mu * x - y) for w, x in zip(weights, points, strict=True)) / mpmath.fsum(
                weights
            )
            gaussian = -(y - mu * mean) / (mu**2 * variance + sigma**2)
            return mpmath.fsum(weights) * (pull / sigma**2 - gaussian) ** 2

        whole = mpmath.quad(integrand, [-14, -5, 0, 5, 14]) / (len(points) * mpmath.sqrt(2 * mpmath.pi))
    found = score_distances(NoisedSample(points, 0.7, noise)).empirical_to_gaussian
    assert found == pytest.approx(float(whole), rel=1e-11, abs=0.0)


def test_small_entropies_keep_their_digits() -> None:
    """Of two points 12 deviations apart: the mean of w log(1/w), by panels in the logarithm of the odds u."""
    gap, edges = 12.0, np.linspace(-160.0, 160.0, 1601)
    x, w = np.polynomial.legendre.leggauss(8)
    u = (edges[:-1, None] + 0.5 * np.diff(edges)[:, None] * (1.0 + x)).ravel()
    step = np.tile(0.1 * w, 1600)
    small = np.exp(-np.abs(u))
    entropy = np.log1p(small) + np.abs(u) * small / (1.0 + small)
    chance = 0.5 * (np.exp(-0.5 * (u / gap - 0.5 * gap) ** 2) + np.exp(-0.5 * (u / gap + 0.5 * gap) ** 2))
    right = float(step @ (chance * entropy)) / (gap * np.sqrt(2.0 * np.pi))
    found = score_distances(NoisedSample((0.0, gap), 1.0, 1.0)).entropy
    assert found == pytest.approx(right, rel=1e-12, abs=0.0)


def test_a_population_with_the_moments_of_the_points_has_their_gaussian_score() -> None:
    """Where both scores agree there is nothing to integrate."""
    points = (0.0, 0.5, 0.7, 2.0)
    for sample in (NoisedSample(points, 1.0, 3.0), NoisedSample(points, 1.0, 0.3)):
        found = score_distances(
            sample, population_mean=float(np.mean(points)), population_variance=float(np.var(points))
        )
        assert found.gaussian_to_population == 0.0
        assert found.empirical_to_population == found.empirical_to_gaussian > 0.0


def test_distance_to_the_population_keeps_its_digits_at_late_times() -> None:
    points, mu = (0.0, 0.5, 0.7, 2.0), np.exp(-20.0)
    found = score_distances(NoisedSample.at_time(points, 20.0), population_mean=0.3, population_variance=2.0)
    # mu (0.8 - 0.3) + mu^2 (0.545 - 2) z to leading order.
    assert found.gaussian_to_population == pytest.approx(mu**2 * 0.25, rel=1e-12)


@pytest.mark.parametrize("noise", [300.0, 1e5, 1e12])
def test_distance_of_two_points_at_large_noise(noise: float) -> None:
    """d tanh(d z) - d^2 z/(1 + d^2) is d^4 (z - z^3/3) to leading order, with the mean square 2/3."""
    found = score_distances(NoisedSample((-1.0, 1.0), 1.0, noise))
    assert found.empirical_to_gaussian == pytest.approx(2.0 / 3.0 / noise**10, rel=10.0 / noise**2 + 1e-12)


def test_distances_are_their_definitions() -> None:
    found = score_distances(SAMPLE, population_mean=0.3, population_variance=1.7)
    points = np.array(SAMPLE.points)

    def gaussian(y: float, mean: float, variance: float) -> float:
        return -(y - 0.9 * mean) / (0.81 * variance + 0.45**2)

    def score(y: float) -> float:
        return float(empirical_score(SAMPLE, y).score)

    own = (points.mean(), points.var())
    wanted = average(lambda y: (score(y) - gaussian(y, *own)) ** 2)
    assert found.empirical_to_gaussian == pytest.approx(wanted, rel=1e-9)
    wanted = average(lambda y: (score(y) - gaussian(y, 0.3, 1.7)) ** 2)
    assert found.empirical_to_population == pytest.approx(wanted, rel=1e-9)
    # Of two lines the difference is known by the moments of the noised law.
    slope = -1.0 / (0.81 * own[1] + 0.45**2) + 1.0 / (0.81 * 1.7 + 0.45**2)
    offset = 0.9 * own[0] / (0.81 * own[1] + 0.45**2) - 0.9 * 0.3 / (0.81 * 1.7 + 0.45**2)
    mean, square = 0.9 * own[0], 0.81 * (own[1] + own[0] ** 2) + 0.45**2
    assert found.gaussian_to_population == pytest.approx(
        slope**2 * square + 2 * slope * offset * mean + offset**2, rel=1e-11
    )
    assert found.risk == pytest.approx(optimal_risk(SAMPLE), rel=1e-11)

    def entropy(y: float) -> float:
        weight = np.exp(-0.5 * ((y - CENTRES) / 0.45) ** 2)
        weight /= weight.sum()
        return float(-(weight * np.log(weight)).sum())

    assert found.entropy == pytest.approx(average(entropy), rel=1e-9)


# --------------------------------------------------------------------------------------------------------------- models


def test_models() -> None:
    assert SAMPLE.points == (-1.1, -0.3, 0.4, 0.4, 1.2)
    assert SAMPLE.samples == 5
    early = NoisedSample.at_time((0.0, 1.0), 0.3)
    assert early.data_scale**2 + early.noise_scale**2 == pytest.approx(1.0, rel=1e-15)
    assert early.data_scale == pytest.approx(math.exp(-0.3), rel=1e-15)
    with pytest.raises(InvalidArgument, match="exact theory"):
        network_risk(SAMPLE, NETWORK.replace(inner=(1.0, -1.0, 0.5, -1.0)))
