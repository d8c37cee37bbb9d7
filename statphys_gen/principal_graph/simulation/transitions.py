"""Where split states end, whether a small component stays, and states of symmetric samples: EM on drawn points."""

from __future__ import annotations

import numpy as np

from ... import validation
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...statistics.estimate import Estimate
from ...statistics.proportions import estimate_proportion
from .annealing import anneal, draw_points


def simulate_spinodal(
    law: GaussianMixture,
    components: int,
    samples: int,
    *,
    highest: float = 1.1,
    halvings: int = 8,
    instances: int = 10,
    seed: int = 0,
) -> Estimate:
    """Temperature over the variance of the sample at which the split state of K equal components ends on heating.

    In dimension 1, by bisection between the variance and ``highest`` times it; each run of EM starts from the split
    state at the highest temperature that still has one.
    """
    K = validation.integer("components", components, 2, 64)
    found = []
    for replica in range(instances):
        x = draw_points(law, samples, seed=seed, replica=replica)
        spread = float(x.var())
        start = x.mean(0) + np.sqrt(spread) * np.linspace(-1.0, 1.0, K)[:, None]
        start[-1] += np.sign(float(((x - x.mean(0)) ** 3).mean())) * 0.3 * np.sqrt(spread)
        low, high = 0.99, highest
        mu = anneal(x, start, np.full(K, 1.0 / K), low * spread, learned=False).centroids
        for _ in range(halvings):
            middle = 0.5 * (low + high)
            moved = anneal(x, mu, np.full(K, 1.0 / K), middle * spread, learned=False).centroids
            if moved.std() > 0.02 * np.sqrt(spread):
                low, mu = middle, moved
            else:
                high = middle
        found.append(0.5 * (low + high))
    return Estimate.from_samples(found)


def simulate_survival(
    law: GaussianMixture,
    temperature: float,
    samples: int,
    place: float,
    *,
    weight: float = 0.02,
    instances: int = 100,
    seed: int = 0,
) -> Estimate:
    """Share of samples in which a component at ``place`` keeps a weight above 1e-4 under EM with learned weights.

    In dimension 1; the other component starts at the mean of the sample.
    """
    kept = 0
    for replica in range(instances):
        x = draw_points(law, samples, seed=seed, replica=replica)
        start = np.array([[float(x.mean())], [place]])
        end = anneal(x, start, np.array([1.0 - weight, weight]), temperature, learned=True)
        apart = abs(float(end.centroids[1, 0] - end.centroids[0, 0]))
        kept += bool(end.weights[1] > 1e-4 and apart > 0.1 * np.sqrt(temperature))
    return estimate_proportion(kept, instances)


def simulate_symmetric_states(
    law: GaussianMixture,
    ratio: FloatArray,
    components: int,
    samples: int,
    *,
    instances: int = 10,
    seed: int = 0,
) -> Estimate:
    """Outermost centroid over the standard deviation, at temperatures in units of the variance of the sample.

    In dimension 1; every point is taken with both signs, so that the sample has no skewness.
    """
    K = validation.integer("components", components, 2, 64)
    rows = []
    for replica in range(instances):
        x = draw_points(law, samples, seed=seed, replica=replica)
        x = np.vstack([x, -x])
        scale = float(x.std())
        mu = scale * np.linspace(-1.0, 1.0, K)[:, None]
        row = []
        for r in np.sort(ratio):
            mu = anneal(x, mu, np.full(K, 1.0 / K), float(r) * scale**2, learned=False).centroids
            row.append(float(mu.max()) / scale)
        rows.append(row)
    return Estimate.from_samples(rows)
