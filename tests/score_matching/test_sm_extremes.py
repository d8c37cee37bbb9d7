"""Score matching where numbers are large, small or many: other routes, in many digits."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad

from statphys_gen.errors import InvalidArgument
from statphys_gen.score_matching import (
    NoisedSample,
    ScoreNetwork,
    compare,
    draw_network,
    irregularity,
    network_risk,
    optimal_risk,
    population_descent,
    risk_gradient,
    risk_hessian,
    sharpness,
    simulate_descent,
    small_noise_total_variation,
    stationary_point,
    total_variation,
)
from statphys_gen.solution import Status

SAMPLE = NoisedSample((-1.2, -0.3, 0.5, 1.3), 0.95, 0.35)


class _Exact:
    """A network with weights of many digits."""

    def __init__(self, inner: tuple[float, ...], outer: list[mp.mpf], bias: list[mp.mpf]) -> None:
        self.inner, self.outer, self.bias, self.neurons = inner, outer, bias, len(inner)


def slow_risk(sample: NoisedSample, network: ScoreNetwork | _Exact) -> mp.mpf:
    """E s^2 + 2 E s' + 1/sigma^2, segment by segment, in 60 digits."""
    mu, sigma = mp.mpf(sample.data_scale), mp.mpf(sample.noise_scale)
    neurons = [
        tuple(map(mp.mpf, one)) for one in zip(network.inner, network.outer, network.bias, strict=True)
    ]
    knots = sorted(-b / w for w, _, b in neurons)
    total = 1 / sigma**2
    for low, high in itertools.pairwise([-mp.inf, *knots, mp.inf]):
        inside = high - 1 if mp.isinf(low) else low + 1 if mp.isinf(high) else (low + high) / 2
        active = [one for one in neurons if one[0] * inside + one[2] > 0]
        slope = sum((v * w for w, v, _ in active), mp.mpf(0)) / network.neurons
        height = sum((v * b for _, v, b in active), mp.mpf(0)) / network.neurons
        for x in sample.points:
            c = mu * mp.mpf(x)
            ends = [(low - c) / sigma, (high - c) / sigma]
            bell, turned = ([mp.mpf(0) if mp.isinf(u) else u**k * mp.npdf(u) for u in ends] for k in (0, 1))
            mass = (mp.erfc(ends[0] / mp.sqrt(2)) - mp.erfc(ends[1] / mp.sqrt(2))) / 2
            first = c * mass + sigma * (bell[0] - bell[1])
            second = c**2 * mass + 2 * c * sigma * (bell[0] - bell[1])
            second += sigma**2 * (mass + turned[0] - turned[1])
            risk = slope**2 * second + 2 * slope * height * first + height**2 * mass + 2 * slope * mass
            total += risk / sample.samples
    return total


@pytest.mark.parametrize("size", [0.3, 1e3, 1e7, 1e12])
@pytest.mark.parametrize("far", [0.0, 2.5])
def test_the_risk_of_large_networks_has_a_small_and_honest_error(size: float, far: float) -> None:
    """Knots far out on the right too, where only a tail is left."""
    rng = np.random.default_rng(int(size) % 1000 + 7)
    with mp.workdps(60):
        for neurons in (1, 3, 6):
            outer, bias = size * rng.standard_normal(neurons), rng.standard_normal(neurons)
            bias = np.where(np.arange(neurons) % 2 == 0, bias - far, bias)
            network = ScoreNetwork(
                tuple((-1.0) ** k for k in range(neurons)), tuple(outer.tolist()), tuple(bias.tolist())
            )
            found = sharpness(SAMPLE, network)
            error = abs(float(mp.mpf(found.risk) - slow_risk(SAMPLE, network)))
            assert error <= found.error
            assert found.error <= 3e-12 * found.risk


def test_a_far_tail_keeps_its_digits() -> None:
    """One neuron of outer weight 1e12 whose knot is seven deviations to the right of the last point."""
    network = ScoreNetwork((1.0,), (1e12,), (-3.7,))
    with mp.workdps(60):
        wanted = slow_risk(SAMPLE, network) - 1 / mp.mpf(0.35) ** 2
    assert network_risk(SAMPLE, network) - 1 / 0.35**2 == pytest.approx(float(wanted), rel=1e-9)
    mirrored = NoisedSample(tuple(-x for x in SAMPLE.points), 0.95, 0.35)
    other = ScoreNetwork((-1.0,), (-1e12,), (-3.7,))
    assert network_risk(mirrored, other) == pytest.approx(network_risk(SAMPLE, network), rel=1e-12)
    assert risk_gradient(mirrored, other)[0] == pytest.approx(-risk_gradient(SAMPLE, network)[0], rel=1e-9)
    assert risk_gradient(mirrored, other)[1] == pytest.approx(risk_gradient(SAMPLE, network)[1], rel=1e-9)
    assert risk_hessian(mirrored, other)[1, 1] == pytest.approx(risk_hessian(SAMPLE, network)[1, 1], rel=1e-9)


@pytest.mark.parametrize("inner", [1.0, -1.0])
@pytest.mark.parametrize("bias", [0.0, -0.0, 0.9, -0.9])
def test_a_knot_on_a_point(inner: float, bias: float) -> None:
    """Points that are symmetric, and knots that lie on them to the last digit as that of a bias 0 does."""
    sample = NoisedSample((-1.0, 0.0, 1.0), 0.9, 0.3)
    network = ScoreNetwork((inner, -1.0), (0.7, -1.3), (bias, 0.5))
    step, slopes = mp.mpf("1e-20"), []
    with mp.workdps(60):
        for k in range(4):
            sides = []
            for sign in (1, -1):
                theta = [
                    mp.mpf(x) + sign * step * (j == k) for j, x in enumerate(network.outer + network.bias)
                ]
                sides.append(slow_risk(sample, _Exact(network.inner, theta[:2], theta[2:])))
            slopes.append(float((sides[0] - sides[1]) / (2 * step)))
        wanted = float(slow_risk(sample, network))
    assert network_risk(sample, network) == pytest.approx(wanted, rel=1e-14)
    assert risk_gradient(sample, network) == pytest.approx(np.array(slopes), rel=1e-13, abs=1e-15)


# --------------------------------------------------------------------------------------------------- total variation


def slow_variation(sample: NoisedSample, gaps: int) -> float:
    """sum over steps of the jump of s*' times pi, two neighbours at a time, where all others are far."""
    n, total = len(sample.points), 0.0
    centres = [sample.data_scale * x for x in sample.points]
    for k in range(gaps):
        gap, middle = centres[k + 1] - centres[k], 0.5 * (centres[k] + centres[k + 1])
        count = k + 1

        # s*' = (gap^2/(4 sigma^2) sech^2(t/2) - 1)/sigma^2 at y = middle + sigma^2 t/gap.
        def change(t: float, gap: float = gap, middle: float = middle, count: int = count) -> float:
            y = middle + sample.noise_scale**2 * t / gap
            below, above = sum(y - c for c in centres[:count]), sum(c - y for c in centres[count:])
            weight = min(count * below, (n - count) * above) / n**2
            return math.tanh(abs(t) / 2.0) / math.cosh(t / 2.0) ** 2 * weight

        parts = [
            quad(change, *ends, epsrel=1e-12)[0] for ends in itertools.pairwise((-60, -20, -5, 0, 5, 20, 60))
        ]
        total += gap**2 / (4.0 * sample.noise_scale**4) * sum(parts)
    return total


@pytest.mark.parametrize("sigma", [3e-3, 1e-5, 1e-9, 1e-17, 1e-20])
def test_the_total_variation_at_noise_far_below_the_spacing(sigma: float) -> None:
    sample = NoisedSample((-1.9, -1.1, -0.45, 0.2, 0.8), 0.95, sigma)
    wanted = slow_variation(sample, 4)
    assert total_variation(sample) == pytest.approx(wanted, rel=2e-6 if sigma == 3e-3 else 1e-9)
    assert small_noise_total_variation(sample) == pytest.approx(wanted, rel=20 * sigma + 1e-12)


def test_wide_and_narrow_gaps_in_one_sample() -> None:
    """A pair at a distance of the noise, and a third point far away, beside differences of s*' on an even grid."""
    near = NoisedSample((0.0, 0.02, 5.0), 0.9, 0.01)
    parts = [irregularity(near).total_variation]
    for shift in (0.13, -2.71):
        moved = NoisedSample(tuple(x + shift for x in near.points), 0.9, 0.01)
        parts.append(irregularity(moved).total_variation)
    assert parts[1:] == pytest.approx([parts[0]] * 2, rel=1e-8)
    # By parts on a grid of differences that shares nothing with the panels.
    from statphys_gen.score_matching import empirical_score, variation_weights

    y = np.concatenate(
        [
            np.linspace(0.0, 0.2, 200_001),
            2.259 + np.linspace(-1.0, 1.0, 400_001) * 4e-3,
            np.linspace(4.3, 4.5, 1001),
        ]
    )
    jump = np.abs(np.diff(empirical_score(near, y).derivative))
    middle = 0.5 * (y[1:] + y[:-1])
    total = float(jump @ variation_weights(near, middle).variation_weight)
    assert parts[0] == pytest.approx(total, rel=1e-5)


def test_many_points_take_few_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    from statphys_gen.score_matching.theory import empirical_score as module

    weighed: list[int] = []
    once = module._moments

    def counted(sample: NoisedSample, y: np.ndarray) -> object:
        weighed.append(y.size)
        return once(sample, y)

    monkeypatch.setattr(module, "_moments", counted)
    rng = np.random.default_rng(5)
    sample = NoisedSample(tuple(rng.standard_normal(100).tolist()), 0.9, 0.01)
    value = total_variation(sample)
    assert sum(weighed) < 5e5
    # With points that are repeated nothing changes but the number.
    assert total_variation(NoisedSample(sample.points * 2, 0.9, 0.01)) == pytest.approx(value, rel=1e-9)


def test_points_that_hardly_differ() -> None:
    assert irregularity(NoisedSample((1.0, 1.0000000000000002), 0.9, 1.0)).total_variation == 0.0
    # Beyond 2 floating-point numbers are farther apart.
    near = tuple(1.9 + k * 2.0**-52 for k in range(6))
    assert len(set(near)) == 6
    with pytest.raises(InvalidArgument, match=r"^points = .*after multiplication by 1.1"):
        NoisedSample(near, 1.1, 1.0)
    assert optimal_risk(NoisedSample((1.0, 2.0), 0.9, 1e-14)) == 0.0


# -------------------------------------------------------------------------------------------------- stationary points


def test_every_drawn_network_ends_with_an_answer() -> None:
    """A minimum, one in a flat valley, or a neuron whose knot leaves the data: seen in the risk by 60 digits."""
    seen = set()
    for seed in range(8):
        start = draw_network(4, seed=seed)
        found = stationary_point(SAMPLE, start)
        status = Status(int(found.status))
        seen.add(status)
        assert status in (Status.CONVERGED, Status.NEAR_CRITICAL, Status.LEFT_DOMAIN)
        if not found.good:
            assert math.isnan(float(found["risk"]))
            continue
        network = start.replace(outer=tuple(found["outer"].tolist()), bias=tuple(found["bias"].tolist()))
        with mp.workdps(60):
            least = slow_risk(SAMPLE, network)
            for k in (0, 2, 5, 7):
                theta = [mp.mpf(x) for x in (*network.outer, *network.bias)]
                slopes = []
                for sign in (1, -1):
                    moved = [x + sign * mp.mpf("1e-12") * (j == k) for j, x in enumerate(theta)]
                    changed = _Exact(network.inner, moved[:4], moved[4:])
                    slopes.append(slow_risk(SAMPLE, changed))
                assert abs(float((slopes[0] - slopes[1]) / mp.mpf("2e-12"))) < 1e-8
            assert float(found["risk"]) == pytest.approx(float(least), rel=1e-13)
    assert {Status.CONVERGED, Status.LEFT_DOMAIN} <= seen


def test_where_a_search_left_the_domain_the_risk_falls_towards_a_constant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from statphys_gen.score_matching.theory import minima

    ends, judged = [], minima._judged

    def kept(sample: NoisedSample, here: object, *more: object) -> object:
        ends.append(here)
        return judged(sample, here, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(minima, "_judged", kept)
    tried = 0
    for seed in range(10):
        if int(stationary_point(SAMPLE, draw_network(4, seed=seed)).status) != Status.LEFT_DOMAIN:
            continue
        here = ends[-1]
        knots = -here.bias / here.inner
        (line,) = [k for k in range(4) if abs(knots[k]) > 5.0 and here.inner[k] * knots[k] < 0.0][:1]
        tried += 1
        with mp.workdps(60):
            risks = []
            for factor in (1, 10, 100):
                outer, bias = [mp.mpf(x) for x in here.outer], [mp.mpf(x) for x in here.bias]
                outer[line], bias[line] = outer[line] / factor, bias[line] * factor
                risks.append(slow_risk(SAMPLE, _Exact(tuple(here.inner.tolist()), outer, bias)))
            assert risks[2] < risks[1] < risks[0]
    assert tried >= 2


# -------------------------------------------------------------------------------------------------------- simulation


def test_networks_with_other_inner_weights_are_trained_without_a_prediction() -> None:
    start = draw_network(3, inner="gaussian", seed=4)
    assert start.outer == draw_network(3, seed=4).outer
    assert len({abs(weight) for weight in start.inner}) == 3
    rows = compare(SAMPLE, [start] * 2, 0.01, 5).records()
    assert all(
        row["theory"] is None and row["reason"] == "inner weights other than +1 and -1" for row in rows
    )
    # A neuron w relu(y + b/w) is one of inner weight 1.
    same = ScoreNetwork(
        tuple(math.copysign(1.0, w) for w in start.inner),
        tuple(v * abs(w) for v, w in zip(start.outer, start.inner, strict=True)),
        tuple(b / abs(w) for b, w in zip(start.bias, start.inner, strict=True)),
    )
    zero = compare(SAMPLE, [start] * 2, 0.01, 0).records()
    assert zero[0]["value"] == pytest.approx(network_risk(SAMPLE, same), rel=1e-3)


def test_the_grid_that_measures_is_drawn_for_each_run() -> None:
    """With one grid for all runs its error was common to them, and several of their standard errors large."""
    start = draw_network(8, seed=3)
    wanted = float(population_descent(SAMPLE, start, 0.005, 30).gradient_norm[-1])
    scores = []
    for seed in range(12):
        found = simulate_descent(SAMPLE, [start] * 8, 0.005, 30, nodes=100, seed=seed)
        estimate = found.estimate("gradient_norm")
        scores.append((estimate.mean[-1] - wanted) / estimate.standard_error[-1])
    assert abs(np.mean(scores)) < 4.0 * np.std(scores, ddof=1) / math.sqrt(12.0)
