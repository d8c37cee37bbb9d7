"""Cooled mixtures: states, transitions and clusters of a law, from EM on drawn points."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import GaussianMixture
from ...numerics.quadrature import legendre_rule
from ...statistics.agreement import Check, Kind
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.streams import generator
from ..model import WeightedPoints
from ..simulation.annealing import (
    anneal,
    draw_points,
    simulate_growth,
    simulate_split_temperature,
    simulate_states,
)
from ..simulation.spiked import simulate_first_split
from ..theory.clusters import cluster_state
from ..theory.mixture import Mixture, linear_temperature, weighted_points
from ..theory.order import reduced_quartic
from ..theory.significance import TRACY_WIDOM_MEAN, spiked_split_temperature, tracy_widom_scale
from ..theory.speciation_link import speciation_times
from ..theory.splits import split_temperatures
from ..theory.stationary import stationary_state

TWO = GaussianMixture([0.5, 0.5], [[1.3], [-1.3]], 0.37)
UNEQUAL = GaussianMixture([0.65, 0.35], [[-0.7], [1.9]], 0.45)
FOUR = GaussianMixture([0.25] * 4, [[-2.5], [-0.7], [0.7], [2.5]], 0.2)
SKEWED = GaussianMixture([0.85, 0.15], [[0.0], [3.0]], 0.9)


def checks() -> list[Check]:
    return [
        _growth(),
        _centroids("below the first transition", TWO, (1.854, 1.442), 100_000, 30),
        _centroids("at the variance of the classes", TWO, (0.37,), 20_000, 20),
        _centroids("of unequal classes", UNEQUAL, (1.2, 0.6), 40_000, 26),
        _centroids("of four classes", FOUR, (0.5,), 40_000, 60, components=4),
        _learned(),
        _energy(),
        _second_of_classes(),
        _second_of_interval(),
        _amplitude(),
        _best(),
        _barrier(),
        _spiked(),
        _edge(),
    ]


def _check(
    name: str,
    prediction: str,
    predicting: Callable[..., object],
    theory: Callable[[], Any],
    simulate: Callable[[int], Estimate],
    sizes: dict[str, Any],
    *,
    kind: Kind = "general",
    resolution: float = 0.02,
    **more: Any,
) -> Check:
    return Check(
        name,
        prediction,
        approximation_of(predicting),
        theory=theory,
        simulate=simulate,
        resolution=resolution,
        kind=kind,
        sizes=sizes,
        id="principal-graph-" + name.replace(" ", "-"),
        **more,
    )


def _growth() -> Check:
    samples, instances, temperature = 20_000, 20, 2.3

    def simulate(seed: int) -> Estimate:
        rows = []
        for replica in range(instances):
            points = draw_points(TWO, samples, seed=seed, replica=replica)
            rows.append(temperature * simulate_growth(points, temperature, steps=3, seed=seed))
        return Estimate.from_samples(rows)

    return _check(
        "first transition",
        "T times the factor by which a small split of all points grows in an EM step",
        stationary_state,
        lambda: np.array(linear_temperature(TWO)),
        simulate,
        {"samples": samples, "instances": instances, "temperature": temperature},
        model=TWO,
    )


def _centroids(
    place: str,
    law: GaussianMixture,
    temperatures: tuple[float, ...],
    samples: int,
    instances: int,
    *,
    components: int = 2,
) -> Check:
    def theory() -> FloatArray:
        found = stationary_state(law, temperatures, components).require()
        return np.asarray(found["centroids"][:, :, 0] - law.weights @ law.means[:, 0])

    def simulate(seed: int) -> Estimate:
        found = simulate_states(
            law, temperatures, samples, components=components, instances=instances, seed=seed
        )
        return found["centroid"]

    return _check(
        f"centroids {place}",
        "positions of the centroids from the mean, with equal weights",
        stationary_state,
        theory,
        simulate,
        {
            "samples": samples,
            "instances": instances,
            "temperature": list(temperatures),
            "components": components,
        },
        model=law,
    )


def _learned() -> Check:
    samples, instances, temperature = 40_000, 32, 1.0

    def theory() -> FloatArray:
        state = cluster_state(SKEWED, temperature)
        order = np.argsort(state.centroids[:, 0])
        away = state.centroids[order, 0] - SKEWED.weights @ SKEWED.means[:, 0]
        return np.concatenate([away, state.weights[order]])

    def simulate(seed: int) -> Estimate:
        found = simulate_states(
            SKEWED, [temperature], samples, weight_kind="learned", instances=instances, seed=seed
        )
        pair = [found[name][0] for name in ("centroid", "weight")]
        return Estimate(*(np.concatenate([getattr(e, n) for e in pair]) for n in _FIELDS))

    return _check(
        "learned weights",
        "positions and weights of the best mixture, which has two components",
        cluster_state,
        theory,
        simulate,
        {"samples": samples, "instances": instances, "temperature": temperature},
        model=SKEWED,
        tests=(stationary_state,),
    )


_FIELDS = ("mean", "standard_error", "degrees_of_freedom")


def _energy() -> Check:
    samples, instances, temperatures = 40_000, 10, (1.2, 0.6)
    return _check(
        "free energy",
        "free energy per point of a state with equal weights",
        stationary_state,
        lambda: stationary_state(UNEQUAL, temperatures).require()["free_energy"],
        lambda seed: simulate_states(UNEQUAL, temperatures, samples, instances=instances, seed=seed)[
            "free_energy"
        ],
        {"samples": samples, "instances": instances, "temperature": list(temperatures)},
        model=UNEQUAL,
    )


def _splits(
    draw: Callable[[int, int], FloatArray], instances: int, low: float, high: float, seed: int
) -> Estimate:
    return Estimate.from_samples(
        [simulate_split_temperature(draw(seed, replica), low, high) for replica in range(instances)]
    )


def _second_of_classes() -> Check:
    """Both centroids split at one temperature, and drawn points at the larger of two: one spread over sqrt(pi) higher.

    The spread goes as one over the square root of the points, and so does the limit.
    """
    samples, instances = (5_000, 20_000, 80_000), (96, 72, 36)

    def of(count: int, seed: int, replica: int) -> FloatArray:
        return draw_points(FOUR, count, seed=seed, replica=replica)

    def simulate(seed: int) -> Estimate:
        found = [
            _splits(partial(of, count), number, 0.8, 1.9, seed)
            for count, number in zip(samples, instances, strict=True)
        ]
        return componentwise_limit(samples, [Estimate.stack([each]) for each in found], exponent=0.5)

    return _check(
        "second split of four classes in the limit of many points",
        "temperature at which a small split of one of two centroids neither grows nor shrinks",
        split_temperatures,
        lambda: np.array([split_temperatures(FOUR, lower=0.5).crossings[0].temperature]),
        simulate,
        {"samples": list(samples), "instances": list(instances)},
        model=FOUR,
    )


def _second_of_interval() -> Check:
    samples, instances = 20_000, 26

    def draw(seed: int, replica: int) -> FloatArray:
        random = generator(seed, {"purpose": "points of an interval", "samples": samples}, replica)
        return 2.0 * random.random((samples, 1)) - 1.0

    def theory() -> FloatArray:
        rule = legendre_rule(np.linspace(-1.0, 1.0, 301), 8)
        law = WeightedPoints(rule.nodes[:, None], rule.weights / rule.weights.sum())
        return np.array(split_temperatures(law, lower=0.05).crossings[0].temperature)

    return _check(
        "second split of an interval",
        "the same of points that are uniform on [-1, 1]",
        split_temperatures,
        theory,
        lambda seed: _splits(draw, instances, 0.06, 0.16, seed),
        {"samples": samples, "instances": instances},
    )


def _amplitude() -> Check:
    samples, instances, temperature = 100_000, 12, 1.15  # 0.9 of the second split

    def theory() -> FloatArray:
        state = stationary_state(FOUR, temperature).require()
        mixture = Mixture(weighted_points(FOUR), state["centroids"][0], np.full(2, 0.5), temperature)
        gain = float(state["local_eigenvalues"][0, 1]) / temperature - 1.0
        # The other centroid has one component only, and does not split.
        return np.array(np.sqrt(0.5 * gain / (4.0 * reduced_quartic(mixture, 1))))

    def simulate(seed: int) -> Estimate:
        rows = []
        for replica in range(instances):
            x = draw_points(FOUR, samples, seed=seed, replica=replica)
            start = np.array([[-1.6], [1.4], [1.8]])
            mu = anneal(x, start, np.array([0.5, 0.25, 0.25]), temperature, learned=False).centroids
            rows.append(0.5 * float(mu[2, 0] - mu[1, 0]))
        return Estimate.from_samples(rows)

    return _check(
        "amplitude at a tenth below a second split",
        "half the distance of two replicas at 0.9 of the temperature where one of two centroids splits",
        reduced_quartic,
        theory,
        simulate,
        {"samples": samples, "instances": instances, "temperature": temperature},
        model=FOUR,
        judged=False,
        reason="leading order in the distance from the split: the stationary state of three centroids of the law "
        "itself has an amplitude that is 3.2 % larger here (1.1 % at 0.97); the bound adds the resolution",
        bound=0.052,
    )


def _best() -> Check:
    samples, instances, temperature = 5_000, 26, 0.6

    def simulate(seed: int) -> Estimate:
        rows = []
        for replica in range(instances):
            x = draw_points(SKEWED, samples, seed=seed, replica=replica)
            start = np.linspace(-1.5, 4.5, 4)[:, None]
            end = anneal(x, start, np.full(4, 0.25), temperature, learned=True)
            rows.append(-end.free_energy / temperature)
        return Estimate.from_samples(rows)

    return _check(
        "greatest likelihood",
        "log-likelihood of the best mixture, which EM with four components approaches from below",
        cluster_state,
        lambda: np.array(cluster_state(SKEWED, temperature).log_likelihood),
        simulate,
        {"samples": samples, "instances": instances, "temperature": temperature, "components": 4},
        model=SKEWED,
    )


def _barrier() -> Check:
    samples, instances = 100_000, 12
    law = GaussianMixture([0.5, 0.5], [[1.7], [-1.7]], 0.6)

    def simulate(seed: int) -> Estimate:
        rows = []
        for replica in range(instances):
            x = draw_points(law, samples, seed=seed, replica=replica)[:, 0]
            low, high = 1.0, 4.0
            for _ in range(40):
                middle = 0.5 * (low + high)
                bend = ((x * x / middle - 1.0) * np.exp(-x * x / (2.0 * middle))).mean()
                low, high = (middle, high) if bend > 0.0 else (low, middle)
            rows.append(0.5 * np.log1p(0.5 * (low + high)))
        return Estimate.from_samples(rows)

    return _check(
        "curvature of the noised density",
        "time at which the noised density of drawn points is flat between two classes",
        speciation_times,
        lambda: np.array(speciation_times(law).curvature),
        simulate,
        {"samples": samples, "instances": instances},
        model=law,
    )


def _spiked() -> Check:
    signal, dimension, samples, instances = 3.0, 500, 625, 24
    return _check(
        "first split in noise",
        "first split of two classes in noise of as many dimensions as 0.8 of the points",
        spiked_split_temperature,
        lambda: np.array(spiked_split_temperature(signal, dimension / samples)),
        lambda seed: simulate_first_split(signal, dimension, samples, instances=instances, seed=seed),
        {"signal": signal, "dimension": dimension, "samples": samples, "instances": instances},
        kind="eigenvalue",
        resolution=0.05,
    )


def _edge() -> Check:
    signal, dimension, samples, instances = 0.4, 500, 625, 12

    def theory() -> FloatArray:
        shift = TRACY_WIDOM_MEAN * tracy_widom_scale(samples, dimension)
        return np.array(spiked_split_temperature(signal, dimension / samples) + shift)

    return _check(
        "first split of noise",
        "first split where the classes are lost in noise: the edge, with the mean of its fluctuations",
        spiked_split_temperature,
        theory,
        lambda seed: simulate_first_split(signal, dimension, samples, instances=instances, seed=seed),
        {"signal": signal, "dimension": dimension, "samples": samples, "instances": instances},
        kind="eigenvalue",
        resolution=0.05,
    )
