"""The empirical score, its risk and its weights, from pairs of a training point and its noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...numerics.quadrature import legendre_rule
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.streams import generator
from ..model import NoisedSample, ScoreNetwork
from ..theory.distances import score_distances
from ..theory.empirical_score import density, empirical_score, optimal_risk
from ..theory.network_risk import network_risk, risk_gradient
from ..theory.stationary_noise import gradient_covariance
from ..theory.weights import variation_weights

# One point stands twice.
SAMPLE = NoisedSample((-1.1, -0.3, 0.4, 0.4, 1.2), 0.9, 0.45)
NETWORK = ScoreNetwork((1.0, -1.0, 1.0, -1.0), (0.7, -1.3, -0.9, 1.9), (0.2, 0.5, -0.4, -0.3))
_BATCHES = 20


def checks() -> list[Check]:
    return [_bins(), _floor(), _weights(), _distances(), _network(), _covariance()]


def _draws(seed: int, purpose: str, size: int) -> list[tuple[FloatArray, FloatArray]]:
    """Batches of noised points y and their noise xi."""
    centres = SAMPLE.data_scale * np.array(SAMPLE.points)
    found = []
    for batch in range(_BATCHES):
        rng = generator(seed, {"purpose": purpose, "sample": SAMPLE, "size": size}, batch)
        noise = rng.standard_normal(size)
        found.append((centres[rng.integers(len(centres), size=size)] + SAMPLE.noise_scale * noise, noise))
    return found


def _check(
    name: str,
    prediction: str,
    predicting: Callable[..., object],
    theory: Callable[[], FloatArray],
    simulate: Callable[[int], Estimate],
    size: int,
    *,
    resolution: float = 0.02,
    scale: Callable[[FloatArray], FloatArray] | None = None,
    tests: tuple[Callable[..., object], ...] = (),
) -> Check:
    return Check(
        name,
        prediction,
        approximation_of(predicting),
        theory=theory,
        simulate=simulate,
        resolution=resolution,
        scale=scale,
        sizes={
            "points": list(SAMPLE.points),
            "data_scale": SAMPLE.data_scale,
            "noise_scale": SAMPLE.noise_scale,
            "batches": _BATCHES,
            "draws": size,
        },
        id="score-matching-" + name.replace(" ", "-"),
        tests=tests,
    )


def _bins() -> Check:
    """-E[xi 1_bin]/sigma = E[s* 1_bin], and E[(xi^2 - 1) 1_bin]/sigma^2 = E[(s*' + s*^2) 1_bin]."""
    bins, size = ((-1.6, -1.0), (-0.7, -0.4), (0.6, 0.85)), 6_400_000

    def theory() -> FloatArray:
        found = []
        for lower, upper in bins:
            rule = legendre_rule(np.linspace(lower, upper, 9), 12)
            score = empirical_score(SAMPLE, rule.nodes)
            weight = density(SAMPLE, rule.nodes) * rule.weights
            found += [weight @ score.score, weight @ (score.derivative + score.score**2)]
        return np.array(found)

    def simulate(seed: int) -> Estimate:
        sigma, rows = SAMPLE.noise_scale, []
        for y, noise in _draws(seed, "score in bins", size):
            inside = [(y > lower) & (y < upper) for lower, upper in bins]
            terms = (-noise / sigma, (noise**2 - 1.0) / sigma**2)
            rows.append([(term * chosen).mean() for chosen in inside for term in terms])
        return Estimate.from_samples(rows)

    return _check(
        "score in bins",
        "integrals over bins of p s* and p (s*' + s*^2), from the noise of the points in them",
        empirical_score,
        theory,
        simulate,
        size,
        # Of each of the two quantities, the largest over the bins.
        scale=lambda found: np.tile(np.abs(found.reshape(-1, 2)).max(axis=0), len(bins)),
    )


def _left_variance(y: FloatArray, noise: FloatArray, width: float) -> float:
    """Mean variance of xi/sigma given y: that in narrow bins, each of which counts by its points."""
    place = np.floor(y / width).astype(np.int64)
    place -= place.min()
    count = np.bincount(place)
    mean = np.bincount(place, noise) / np.maximum(count, 1)
    squares = np.bincount(place, (noise - mean[place]) ** 2)
    # Of a single point the variance is not known.
    several = count > 1
    variance = squares[several] / (count[several] - 1) * count[several]
    return float(variance.sum() / count[several].sum() / SAMPLE.noise_scale**2)


def _floor() -> Check:
    """The risk of s* is the variance of the noise that is left when y is known."""
    size, width = 400_000, 0.005

    def simulate(seed: int) -> Estimate:
        rows = [[_left_variance(y, noise, width)] for y, noise in _draws(seed, "floor of the risk", size)]
        return Estimate.from_samples(rows)

    return _check(
        "risk of the empirical score",
        "R(s*) as the variance of the noise given the noised point, in bins of width 0.005",
        optimal_risk,
        lambda: np.array([optimal_risk(SAMPLE)]),
        simulate,
        size,
    )


def _weights() -> Check:
    """pi and pi~ from their definitions."""
    positions, size = np.array([-0.75, 0.1, 0.7]), 600_000

    def theory() -> FloatArray:
        found = variation_weights(SAMPLE, positions)
        return np.concatenate([found.variation_weight, found.noised_variation_weight])

    def simulate(seed: int) -> Estimate:
        centres, n, rows = SAMPLE.data_scale * np.array(SAMPLE.points), SAMPLE.samples, []
        for drawn, noise in _draws(seed, "weights of the variation", size):
            plain, noised = [], []
            for y in positions:
                distance = y - SAMPLE.noise_scale * noise[:, None] - centres
                left = (distance > 0).sum(axis=1) * np.maximum(distance, 0.0).sum(axis=1)
                right = (distance < 0).sum(axis=1) * np.maximum(-distance, 0.0).sum(axis=1)
                plain.append((np.minimum(left, right) / n**2).mean())
                above = (drawn > y).mean() * np.maximum(drawn - y, 0.0).mean()
                below = (drawn < y).mean() * np.maximum(y - drawn, 0.0).mean()
                noised.append(min(above, below))
            rows.append([*plain, *noised])
        return Estimate.from_samples(rows)

    return _check(
        "weights of the variation",
        "pi and pi~ at three positions",
        variation_weights,
        theory,
        simulate,
        size,
    )


def _distances() -> Check:
    """E (s* - g)^2 = 1/sigma^2 - R(s*) + E g^2 + 2 g' of a straight g: the Gaussian score, and that of N(0.3, 1.7)."""
    size, width, mean, variance = 10_000_000, 0.005, 0.3, 1.7

    def theory() -> FloatArray:
        found = score_distances(SAMPLE, population_mean=mean, population_variance=variance)
        return np.array(
            [found.empirical_to_gaussian, found.empirical_to_population, found.gaussian_to_population]
        )

    def simulate(seed: int) -> Estimate:
        points, mu, sigma, rows = np.array(SAMPLE.points), SAMPLE.data_scale, SAMPLE.noise_scale, []
        lines = (
            (mu * points.mean(), mu**2 * points.var() + sigma**2),
            (mu * mean, mu**2 * variance + sigma**2),
        )
        for y, noise in _draws(seed, "distances of scores", size):
            square = 1.0 / sigma**2 - _left_variance(y, noise, width)
            scores = [-(y - centre) / spread for centre, spread in lines]
            rows.append(
                [
                    square + (score**2).mean() - 2.0 / spread
                    for score, (_, spread) in zip(scores, lines, strict=True)
                ]
                + [((scores[0] - scores[1]) ** 2).mean()]
            )
        return Estimate.from_samples(rows)

    return _check(
        "distances of scores",
        "mean squared differences of empirical, Gaussian and population score, by parts",
        score_distances,
        theory,
        simulate,
        size,
    )


def _single(y: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Loss and gradient of single samples for the network, (q,) and (q, 2 m)."""
    inner, outer, bias = (np.array(entry) for entry in (NETWORK.inner, NETWORK.outer, NETWORK.bias))
    field = y[:, None] * inner + bias
    relu = np.maximum(field, 0.0)
    residual = relu @ outer / len(inner) + noise / SAMPLE.noise_scale
    slopes = np.concatenate([relu, (field > 0.0) * outer], axis=1) / len(inner)
    return residual**2, 2.0 * residual[:, None] * slopes


def _network() -> Check:
    size = 200_000

    def theory() -> FloatArray:
        return np.array([network_risk(SAMPLE, NETWORK), *risk_gradient(SAMPLE, NETWORK)])

    def simulate(seed: int) -> Estimate:
        rows = []
        for y, noise in _draws(seed, "risk of a network", size):
            loss, gradient = _single(y, noise)
            rows.append([loss.mean(), *gradient.mean(axis=0)])
        return Estimate.from_samples(rows)

    return _check(
        "risk of a network and its gradient",
        "mean loss and mean gradient of single samples; gradients relative to their norm",
        network_risk,
        theory,
        simulate,
        size,
        scale=lambda found: np.concatenate([found[:1], np.full(len(found) - 1, np.linalg.norm(found[1:]))]),
        tests=(risk_gradient,),
    )


def _covariance() -> Check:
    size = 500_000

    def simulate(seed: int) -> Estimate:
        rows = []
        for y, noise in _draws(seed, "covariance of the gradient", size):
            rows.append(np.diag(np.cov(_single(y, noise)[1].T)))
        return Estimate.from_samples(rows)

    return _check(
        "covariance of the gradient",
        "variances of the gradient of one sample",
        gradient_covariance,
        lambda: np.diag(gradient_covariance(SAMPLE, NETWORK)),
        simulate,
        size,
    )
