"""Theory of the small systems at random parameters over many decades, each against a slow route of its own.

Every family yields deviations from the slow route, relative to the natural scale of what is compared. The slow routes
know the definition alone: panels graded to every feature, all spanning trees one by one, fifty digits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache

import mpmath
import numpy as np
from grammar import Features, nodes
from scipy.special import gammaln, logsumexp

from statphys_gen.memorization.theory.smoothed_set import smoothed_fraction, smoothing_width
from statphys_gen.principal_graph.theory.tree_posterior import tree_marginals
from statphys_gen.residual_networks.theory import tied_linear
from statphys_gen.schedules.theory.start import posterior_quantile
from statphys_gen.score_matching.model import NoisedSample
from statphys_gen.score_matching.theory.distances import score_distances
from statphys_gen.solution import Solution

Array = np.ndarray
Found = Iterator[Solution | dict[str, float]]
_ORDER = 24


def _decades(rng: np.random.Generator, low: float, high: float) -> float:
    return float(10.0 ** rng.uniform(low, high))


def _distance(found: float, right: float) -> float:
    return found / right - 1.0


# ------------------------------------------------------------------------------------------------- smoothed sets


def _copies(log_s: float, dimension: float) -> tuple[float, float]:
    """E exp(-s R^D) and one less it, R the length of D normal numbers, over the logarithm of R."""
    bulk, fall = 0.5 * math.log(dimension), -log_s / dimension
    features = Features(((bulk, 1.0 / math.sqrt(2.0 * dimension)), (fall, 1.0 / dimension)))
    low = min(bulk - 12.0 / math.sqrt(dimension), fall) - 50.0 / dimension
    x, w = nodes(features.edges(low, math.log(math.sqrt(dimension) + 12.0)), _ORDER)
    constant = math.log(2.0) * (1.0 - 0.5 * dimension) - gammaln(0.5 * dimension)
    chance = w * np.exp(constant + dimension * x - 0.5 * np.exp(2.0 * x))
    exponent = np.exp(np.minimum(log_s + dimension * x, 700.0))
    return float(chance @ np.exp(-exponent)), float(chance @ -np.expm1(-exponent))


def _looks_copied(dimension: float, ratio: float, log_width: float) -> float:
    """The fraction at the logarithm of h rho^(1/D)."""
    log_volume = 0.5 * dimension * math.log(math.pi) - float(gammaln(0.5 * dimension + 1.0))
    log_s = log_volume + dimension * log_width
    near, _ = _copies(log_s - dimension * math.log(ratio), dimension)
    return near + ratio**dimension * _copies(log_s, dimension)[1]


def smoothed_sets(rng: np.random.Generator, points: int) -> Found:
    """Fractions that look like copies at dimensions 0.03 to 600, and the widths that give a fraction."""
    for _ in range(0, points, 3):
        dimension = _decades(rng, -1.5, 2.78)
        ratio = _decades(rng, max(-2.0, -250.0 / dimension), -0.005 / max(1.0, dimension))
        density = _decades(rng, -2.0, 2.0) ** min(dimension, 5.0)
        width = _decades(rng, -6.0, 6.0) ** min(1.0, 20.0 / dimension)
        found = float(smoothed_fraction(dimension, ratio, density, width))
        right = _looks_copied(dimension, ratio, math.log(width) + math.log(density) / dimension)
        yield {"fraction": _distance(found, right)}
        least = ratio**dimension
        wanted = least + (1.0 - least) * float(rng.uniform(0.01, 0.99))
        inverse = smoothing_width(wanted, dimension, ratio)
        yield inverse
        if inverse.good.all():
            log_width = math.log(float(inverse["width_in_spacings"]))
            yield {"fraction at the width": _distance(_looks_copied(dimension, ratio, log_width), wanted)}


# ------------------------------------------------------------------------------------- linear networks of one weight


def _time_of(gap: float, target: float, power: float) -> float:
    """The time at which the distance from the target has fallen by exp(gap): the integral of 1/u^power to there."""
    if gap == 0.0:
        return 0.0
    near = Features(((0.0, min(1.0, 1.0 / abs(target - 1.0))),), wavelength=1.0)
    x, w = nodes(near.edges(gap, 0.0), _ORDER)
    return float(w @ (1.0 + (1.0 - target) * np.expm1(x)) ** -power)


def tied_weights(rng: np.random.Generator, points: int) -> Found:
    """One weight of a deep linear network, put back into the time that it takes, in fifty digits."""
    for _ in range(points):
        target, x = _decades(rng, -4.0, 4.0), _decades(rng, -3.0, 3.0)
        depth = float(rng.choice([1.0, 2.0, 3.0, 10.0, 100.0, 1e4, np.inf]))
        scaled = _decades(rng, -12.0, 6.0)
        weight = float(tied_linear(target, x, depth, scaled / (2.0 * x**2)))
        power = 2.0 - 2.0 / depth
        with mpmath.workdps(50):
            w = mpmath.mpf(weight)
            log_u = w if math.isinf(depth) else depth * mpmath.log1p(w / depth)
            left = 1 - mpmath.expm1(log_u) / (mpmath.mpf(target) - 1)
            gap = float(mpmath.log(left)) if left > 0 else -math.inf
        end = math.log(target) if math.isinf(depth) else depth * math.expm1(math.log(target) / depth)
        if gap < -30.0:  # of the float that is left the time cannot be told
            arrived = scaled > (1.0 - 1e-9) * _time_of(-30.0, target, power)
            yield {"arrived": _distance(weight, end) if arrived else math.inf}
            continue
        u = 1.0 + (1.0 - target) * math.expm1(gap)
        speed = abs(target - 1.0) * math.exp(gap) * u ** (1.0 - 1.0 / depth)
        yield {"weight": (_time_of(gap, target, power) - scaled) * speed / abs(weight) if gap else math.inf}


# ------------------------------------------------------------------------------------------------- scores of samples


def _slow_distances(sample: NoisedSample, mean: float, variance: float) -> Array:
    x, mu, sigma = np.array(sample.points), sample.data_scale, sample.noise_scale
    places = [(mu * each, sigma) for each in set(sample.points)]
    for one, other in itertools.combinations(sorted(set(sample.points)), 2):
        places.append((0.5 * mu * (one + other), sigma**2 / (mu * (other - one))))
    y, w = nodes(
        Features(tuple(places)).edges(mu * x.min() - 40.0 * sigma, mu * x.max() + 40.0 * sigma), _ORDER
    )
    exponent = -0.5 * ((y[:, None] - mu * x) / sigma) ** 2
    top = logsumexp(exponent, axis=1)
    chance = w * np.exp(top) / (len(x) * sigma * math.sqrt(2.0 * math.pi))
    posterior = np.exp(exponent - top[:, None])
    score = -(posterior * (y[:, None] - mu * x)).sum(axis=1) / sigma**2
    middle = posterior @ x
    spread = (posterior * (x - middle[:, None]) ** 2).sum(axis=1)
    gaussian = -(y - mu * x.mean()) / (mu**2 * x.var() + sigma**2)
    population = -(y - mu * mean) / (mu**2 * variance + sigma**2)
    entropy = -(posterior * (exponent - top[:, None])).sum(axis=1)
    return np.array(
        [
            chance @ (score - gaussian) ** 2,
            chance @ (score - population) ** 2,
            chance @ (gaussian - population) ** 2,
            chance @ entropy,
            chance @ ((mu / sigma**2) ** 2 * spread),
        ]
    )


def scores_of_samples(rng: np.random.Generator, points: int) -> Found:
    """Distances of scores, risk and entropy of two to five points at noise from 3e-3 to 300 of their spread."""
    for _ in range(points):
        spread, mu = _decades(rng, -6.0, 6.0), _decades(rng, -3.0, 3.0)
        x = spread * (rng.standard_normal(int(rng.integers(2, 6))) + 3.0 * rng.standard_normal())
        if len(x) > 2 and rng.random() < 0.3:
            x[1] = x[0]
        sample = NoisedSample(tuple(x.tolist()), mu, mu * spread * _decades(rng, -2.5, 2.5))
        mean, variance = spread * float(rng.standard_normal()), spread**2 * _decades(rng, -2.0, 2.0)
        found = score_distances(sample, population_mean=mean, population_variance=variance)
        right = _slow_distances(sample, mean, variance)
        scales = np.append(np.full(4, sample.noise_scale**-2.0), sample.noise_scale**-2.0)
        scales[3] = 1.0
        names = (
            "empirical_to_gaussian",
            "empirical_to_population",
            "gaussian_to_population",
            "entropy",
            "risk",
        )
        yield {
            name: (getattr(found, name) - value) / max(value, scale)
            for name, value, scale in zip(names, right.tolist(), scales.tolist(), strict=True)
        }


# ---------------------------------------------------------------------------------------------------- spanning trees


@cache
def _trees(count: int) -> Array:
    """(trees, count - 1, 2) edges of all trees on so many nodes, by the sequences of Pruefer."""
    found = []
    for sequence in itertools.product(range(count), repeat=count - 2):
        degree, edges = [1 + sequence.count(k) for k in range(count)], []
        for node in sequence:
            leaf = degree.index(1)
            edges.append((leaf, node))
            degree[leaf], degree[node] = 0, degree[node] - 1
        edges.append(tuple(k for k in range(count) if degree[k] == 1))
        found.append(edges)
    return np.array(found)


def trees(rng: np.random.Generator, points: int) -> Found:
    """Sums over all trees on three to six nodes, one by one."""
    for _ in range(points):
        count, scale = int(rng.integers(3, 7)), _decades(rng, -6.0, 6.0)
        x = scale * (rng.standard_normal((count, int(rng.integers(1, 4)))) + 10.0 * rng.standard_normal())
        if rng.random() < 0.2:
            x[1] = x[0]
        stiffness = _decades(rng, -8.0, 4.0) / scale**2
        found = tree_marginals(x, stiffness)
        squares = ((x[:, None] - x) ** 2).sum(axis=2)
        every = _trees(count)
        cost = squares[every[..., 0], every[..., 1]].sum(axis=1)
        right = float(logsumexp(-0.5 * stiffness * cost))
        share = np.exp(-0.5 * stiffness * cost - right)
        chances = np.zeros((count, count))
        np.add.at(chances, (every[..., 0], every[..., 1]), share[:, None])
        chances += chances.T
        yield {
            "log_partition": (found.log_partition - right) / max(1.0, abs(right)),
            "probability": float(np.abs(found.probability - chances).max()),
            "minimum_tree_cost": found.minimum_tree_cost / float(cost.min()) - 1.0,
        }


# ----------------------------------------------------------------------------------------- quantiles of two classes


def quantiles(rng: np.random.Generator, points: int) -> Found:
    """Where the separatrix of two classes lies, at signals over twenty decades and rare classes, in fifty digits."""
    for _ in range(points):
        signal = _decades(rng, -12.0, 8.0)
        weight = float(rng.choice([rng.uniform(0.05, 0.95), _decades(rng, -12.0, -1.0)]))
        weight = 1.0 - weight if rng.random() < 0.5 else weight
        found = float(posterior_quantile(signal, weight))
        with mpmath.workdps(50):
            s, p = mpmath.sqrt(mpmath.mpf(signal)), mpmath.mpf(weight)

            def excess(w: mpmath.mpf, s: mpmath.mpf = s, p: mpmath.mpf = p) -> mpmath.mpf:
                return mpmath.log(p * mpmath.ncdf(w - s)) - mpmath.log((1 - p) * mpmath.ncdf(-w - s))

            low, high = -(s + 40), s + 40
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if excess(middle) < 0 else (low, middle)
            right = mpmath.findroot(excess, (low, high), solver="secant", tol=1e-60, verify=False)
            deviation = float(mpmath.mpf(found) / (s * right) - 1)
        yield {"quantile": deviation}
