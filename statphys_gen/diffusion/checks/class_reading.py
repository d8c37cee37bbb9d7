"""Theory against simulation for what noised points tell about their class, and for the laws of Curie-Weiss data.

Agreements that serve as levels of a crossing are numbers, from quadrature of the two-class channel at 25 digits: clones
of two balanced classes agree with probability 0.77520025 at the signal 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.laws import CurieWeiss, GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ..simulation.backward_kernel import simulate_clones
from ..simulation.beyond_gaussian import simulate_curie_weiss_clones
from ..simulation.class_reading import (
    simulate_agreement_time,
    simulate_class_information,
    simulate_mode_ratio,
)
from ..simulation.curie_weiss_points import simulate_curie_weiss_at, simulate_magnetisation
from ..simulation.times import simulate_drift
from .speciation import above_chance, tree_of_classes

_RESOLUTION = 0.02
AT_SIGNAL_ONE = 0.7752002453966


def checks() -> list[Check]:
    """Every check of the reading of classes, by name."""
    return [
        *agreement_checks(),
        *time_checks(),
        *information_checks(),
        *potential_checks(),
        *curie_weiss_law_checks(),
    ]


def one(number: FloatArray) -> ArrayLike:
    """The scale of what is additive, such as a time that grows with the logarithm of the dimension."""
    return np.ones_like(number)


def largest(values: FloatArray) -> ArrayLike:
    return float(np.abs(values).max())


# ------------------------------------------------------------------------------------------------- agreements


def agreement_checks() -> list[Check]:
    from ...data.binary_channel import two_class_disagreement, two_class_excess
    from ..theory.class_signal import signal
    from ..theory.clones import clone_agreement

    weight = 0.35
    line = GaussianMixture.two_classes(3, 0.9, 0.4, weight)
    early, late, walkers = 0.25, 0.75, 900_000
    chance = weight**2 + (1.0 - weight) ** 2

    def both(seed: int) -> Estimate:
        found = simulate_clones(line, [early, late], walkers=walkers, seed=seed)
        mean = np.array([1.0 - found.mean[0], found.mean[1] - chance])
        return Estimate(mean, found.standard_error, found.degrees_of_freedom)

    rng = np.random.default_rng(7)
    four = GaussianMixture(
        [0.1, 0.2, 0.3, 0.4], 0.5 * rng.standard_normal((4, 10)), [rng.uniform(0.3, 2.0, 10)]
    )
    wide = GaussianMixture([0.3, 0.7], np.stack([np.full(8, 0.3), np.full(8, -0.2)]), [0.5, 1.7])
    scalar = GaussianMixture([0.45, 0.35, 0.2], [[-1.5], [0.4], [2.5]], [0.3, 0.1, 0.6])

    def dispatched(
        name: str, mixture: GaussianMixture, time: list[float], walkers: int, **options: Any
    ) -> Check:
        shares = np.bincount(options.get("groups", np.arange(mixture.classes)), weights=mixture.weights)
        return Check(
            name,
            "clone agreement of any mixture, by the method that suits it",
            approximation_of(clone_agreement),
            theory=lambda: clone_agreement(mixture, time, **options).value,
            simulate=lambda seed: simulate_clones(mixture, time, walkers=walkers, seed=seed, **options),
            resolution=_RESOLUTION,
            scale=above_chance(float((shares**2).sum())),
            sizes={
                "dimension": mixture.dimension,
                "classes": mixture.classes,
                "walkers": walkers,
                "time": time,
            },
        )

    return [
        Check(
            "disagreement early and excess late, weight 0.35",
            "probability of different classes at a strong signal, and of the same beyond chance at a weak one",
            approximation_of(two_class_disagreement),
            theory=lambda: np.array(
                [
                    two_class_disagreement(signal(line, early), weight),
                    two_class_excess(signal(line, late), weight),
                ]
            ),
            simulate=both,
            resolution=_RESOLUTION,
            sizes={"dimension": 3, "walkers": walkers, "time": [early, late], "weight": weight},
            tests=(two_class_excess, signal),
        ),
        dispatched(
            "any mixture: four classes in three groups", four, [0.1, 0.3], 1_800_000, groups=[0, 1, 1, 2]
        ),
        dispatched("any mixture: isotropic classes of different variance", wide, [0.15, 0.4], 1_200_000),
        dispatched("any mixture: three classes on a line", scalar, [0.2, 0.6], 600_000),
    ]


# ------------------------------------------------------------------------------------------------------ times


def time_checks() -> list[Check]:
    from ...data.binary_channel import signal_at_agreement
    from ..theory.clones import hierarchical_speciation_times
    from ..theory.curie_weiss import curie_weiss_speciation_time
    from ..theory.speciation_time import asymptotic_time, pair_bayes_time, spectral_directions, spectral_time

    rng = np.random.default_rng(8)
    means = rng.standard_normal((3, 12)) * np.array([[1.0], [1.4], [0.6]])
    three = GaussianMixture([0.2, 0.5, 0.3], means, [np.geomspace(0.3, 2.0, 12)])
    pair = GaussianMixture([0.5, 0.5], means[1:], [np.geomspace(0.3, 2.0, 12)])
    large = GaussianMixture.two_classes(256, 0.8, 0.6)
    even = tree_of_classes(60, 6.0, 2.5, 0.7)
    tree = GaussianMixture([0.3, 0.2, 0.25, 0.25], even.means, 0.7)
    # Late, clones agree within a group with the probability (.09 + .04 + .0625 + .0625)/(.25 + .25) = .51.
    conditional = 0.51 + 0.49 * (2.0 * AT_SIGNAL_ONE - 1.0)
    run, large_run = {"walkers": 4000, "blocks": 64}, {"walkers": 1500, "blocks": 32}
    agreement, target_weight = 0.8, 0.3

    def at_agreement(seed: int) -> Estimate:
        # Point masses at +1 and -1 at time t have the signal exp(-2t)/(1 - exp(-2t)).
        points = GaussianMixture.two_classes(1, 1.0, 0.0, target_weight)
        found = simulate_agreement_time(points, agreement, seed=seed, **run)
        mean = 1.0 / np.expm1(2.0 * found.mean)
        slope = 2.0 * np.exp(2.0 * found.mean) * mean**2
        return Estimate(mean, slope * found.standard_error, found.degrees_of_freedom)

    def twice(seed: int) -> Estimate:
        return Estimate.stack([simulate_agreement_time(large, AT_SIGNAL_ONE, seed=seed, **large_run)] * 2)

    def levels(seed: int) -> Estimate:
        coarse = simulate_agreement_time(tree, AT_SIGNAL_ONE, groups=[0, 0, 1, 1], seed=seed, **run)
        fine = simulate_agreement_time(tree, conditional, given=[0, 0, 1, 1], seed=seed, **run)
        return Estimate.stack([coarse, fine])

    spread = GaussianMixture(
        [0.25, 0.75], np.stack([np.full(9, 1.2), np.full(9, -0.4)]), [np.linspace(0.5, 1.6, 9)]
    )
    data = {"walkers": 20_000, "blocks": 24}

    sizes, beta, walkers = [101, 201, 401], 1.5, 120_000
    # Around the time of signal 1, log(.7372 d + .5662)/2 with m* = .85861 and chi = .43378.
    around = [(2.06, 2.26), (2.40, 2.60), (2.75, 2.95)]

    def curie_weiss(seed: int) -> Estimate:
        found = []
        for size, times in zip(sizes, around, strict=True):
            drawn = simulate_curie_weiss_clones(
                CurieWeiss(size, beta), list(times), walkers=walkers, seed=seed
            )
            slope = (drawn.mean[1] - drawn.mean[0]) / (times[1] - times[0])
            share = (AT_SIGNAL_ONE - drawn.mean[0]) / (drawn.mean[1] - drawn.mean[0])
            time = times[0] + share * (times[1] - times[0])
            error = np.hypot((1.0 - share) * drawn.standard_error[0], share * drawn.standard_error[1]) / abs(
                slope
            )
            found.append(Estimate(time - 0.5 * np.log(size), error, drawn.degrees_of_freedom[0]))
        return extrapolate(sizes, Estimate.stack(found), exponent=1.0).limit

    def curie_weiss_limit() -> FloatArray:
        times = curie_weiss_speciation_time(CurieWeiss(10**6, beta)).require()
        return np.asarray(times["time"] - 0.5 * np.log(10.0**6))

    return [
        Check(
            "signal at a given agreement, weight 0.3",
            "the signal at which clones of two classes agree with a given probability",
            approximation_of(signal_at_agreement),
            theory=lambda: signal_at_agreement(agreement, target_weight),
            simulate=at_agreement,
            resolution=_RESOLUTION,
            sizes={"agreement": agreement, "weight": target_weight, **run},
        ),
        Check(
            "time at which a pair of three classes parts",
            "two classes have the signal 1 where their clones agree as those of two Gaussians do there",
            approximation_of(pair_bayes_time),
            theory=lambda: pair_bayes_time(three, 1, 2).require()["time"],
            simulate=lambda seed: simulate_agreement_time(pair, AT_SIGNAL_ONE, seed=seed, **run),
            resolution=0.01,
            sizes={"dimension": 12, "classes": 3, **run},
        ),
        Check(
            "spectral and asymptotic time, d = 256",
            "times of two classes from the largest eigenvalue and from the distance of the means",
            approximation_of(spectral_time),
            theory=lambda: np.array(
                [float(solve(large).require()["time"]) for solve in (spectral_time, asymptotic_time)]
            ),
            simulate=twice,
            resolution=_RESOLUTION,
            scale=one,
            sizes={"dimension": 256, "classes": 2, **large_run},
            tests=(asymptotic_time,),
        ),
        Check(
            "times of the levels of a tree of unequal classes",
            "times at which clones agree at a level, given agreement at the level before, half as surely as early",
            approximation_of(hierarchical_speciation_times),
            theory=lambda: hierarchical_speciation_times(tree, [[0, 0, 1, 1], [0, 1, 2, 3]]).require()[
                "time"
            ],
            simulate=levels,
            resolution=0.01,
            sizes={"dimension": 60, "classes": 4, **run},
        ),
        Check(
            "spectral time of the leading direction, weight 0.25",
            "half the logarithm of the largest eigenvalue of the covariance of all data",
            approximation_of(spectral_directions),
            theory=lambda: spectral_directions(spread, 1).times.require()["time"],
            simulate=lambda seed: _leading_direction(spread, seed=seed, **data),
            resolution=_RESOLUTION,
            sizes={"dimension": 9, "classes": 2, **data},
        ),
        Check(
            "speciation time of Curie-Weiss data, extrapolated in size",
            "time of the signal 1, less half the logarithm of the dimension",
            approximation_of(curie_weiss_speciation_time),
            theory=curie_weiss_limit,
            simulate=curie_weiss,
            resolution=_RESOLUTION,
            scale=one,
            sizes={"dimension": sizes, "time": [list(pair) for pair in around], "walkers": walkers},
        ),
    ]


def _leading_direction(mixture: GaussianMixture, walkers: int, blocks: int, seed: int) -> Estimate:
    """Half the logarithm of the largest eigenvalue of the covariance of drawn data."""
    from ...data.sampling import NoisedMixture
    from ...statistics.streams import generator

    law, key = NoisedMixture(mixture), {"purpose": "leading direction", "samples": walkers}
    drawn = [law.draw(walkers, generator(seed, key, block)) for block in range(blocks)]
    found = np.array([[0.5 * np.log(np.linalg.eigvalsh(np.cov(data.T))[-1])] for data in drawn])
    return Estimate.from_samples(found)


# ------------------------------------------------------------------------------------------------ information


def information_checks() -> list[Check]:
    from ..theory.class_information import class_information, two_class_information

    rng = np.random.default_rng(9)
    three = GaussianMixture([0.5, 0.3, 0.2], 0.7 * rng.standard_normal((3, 6)), [rng.uniform(0.3, 1.5, 6)])
    time, weight = 0.4, 0.3
    line = GaussianMixture.two_classes(1, 1.0, 0.0, weight)
    run = {"walkers": 16_000, "blocks": 64}
    return [
        Check(
            "information on the class, three unequal classes",
            "information of a noised point of each class on its class",
            approximation_of(class_information),
            theory=lambda: class_information(three, time),
            simulate=lambda seed: simulate_class_information(three, time, seed=seed, **run),
            resolution=_RESOLUTION,
            sizes={"dimension": 6, "classes": 3, "time": time, **run},
        ),
        Check(
            "information on the class as a function of the signal, weight 0.3",
            "information of a noised point of each of two classes on its class",
            approximation_of(two_class_information),
            # Point masses at +1 and -1 have this signal.
            theory=lambda: two_class_information(1.0 / np.expm1(2.0 * time), weight),
            simulate=lambda seed: simulate_class_information(line, time, seed=seed, **run),
            resolution=_RESOLUTION,
            sizes={"dimension": 1, "weight": weight, "time": time, **run},
        ),
    ]


# -------------------------------------------------------------------------------------------------- potential


def potential_checks() -> list[Check]:
    from ..theory.drift_potential import bistability_threshold, landau_coefficients

    mixture, time, walkers = GaussianMixture.two_classes(16, 1.0, 0.5), 1.3, 1_400_000
    unit = mixture.means[0] / np.linalg.norm(mixture.means[0])
    # Beyond the sixth order a share of 3e-4 is left at the largest of these.
    projections = np.array([0.15, 0.3, 0.45])
    weight, variance, run = 0.7, 0.2, {"walkers": 4000, "blocks": 64}

    def drift() -> FloatArray:
        c2, c4, c6 = landau_coefficients(mixture, [time])[0]
        return np.asarray(-(c2 * projections + c4 * projections**3 + c6 * projections**5))

    return [
        Check(
            "expansion of the drift potential at the midpoint",
            "the mean backward drift near the midpoint, by the coefficients of order 2, 4 and 6",
            approximation_of(landau_coefficients),
            theory=drift,
            simulate=lambda seed: simulate_drift(
                mixture, time, np.multiply.outer(projections, unit), unit, walkers=walkers, seed=seed
            ),
            resolution=_RESOLUTION,
            scale=largest,
            sizes={"dimension": 16, "walkers": walkers, "time": time, "projection": projections.tolist()},
        ),
        Check(
            "threshold of two modes, weight 0.7",
            "ratio of variance and squared distance at which the mode of the smaller class disappears",
            approximation_of(bistability_threshold),
            theory=lambda: bistability_threshold(weight),
            simulate=lambda seed: simulate_mode_ratio(weight, variance=variance, seed=seed, **run),
            resolution=_RESOLUTION,
            sizes={"weight": weight, "variance": variance, **run},
        ),
    ]


# ---------------------------------------------------------------------------------------------- Curie-Weiss data


def curie_weiss_law_checks() -> list[Check]:
    from ...data.curie_weiss import (
        class_moments,
        curie_weiss_log_density,
        curie_weiss_score,
        magnetisation_posterior,
        spontaneous_magnetisation,
    )

    small, time = CurieWeiss(7, 1.3, 0.4), 0.6
    places = np.array([[0.9, -0.2, 0.4, 0.7, -0.8, 0.1, 0.5], [-0.3, -0.9, 0.2, -0.5, 0.1, -0.6, 0.3]])
    run = {"walkers": 8000, "blocks": 64}
    tilted, sizes, large = (
        {"inverse_temperature": 1.4, "tilt": 0.6},
        [101, 201, 401],
        {"walkers": 3000, "blocks": 64},
    )

    def at_places(part: int) -> Callable[[int], Estimate]:
        def simulate(seed: int) -> Estimate:
            found = simulate_curie_weiss_at(small, places, time, seed=seed, **run)[part]
            names = ("mean", "standard_error", "degrees_of_freedom")
            return Estimate(*(getattr(found, name).ravel() for name in names))

        return simulate

    def check(name: str, prediction: str, function: Any, theory: Callable[[], ArrayLike], part: int) -> Check:
        return Check(
            name,
            prediction,
            approximation_of(function),
            theory=theory,
            simulate=at_places(part),
            resolution=_RESOLUTION,
            scale=largest,
            sizes={"dimension": 7, "inverse_temperature": 1.3, "tilt": 0.4, "time": time, **run},
        )

    # A width has terms of order 1/d^2 that a straight line leaves below these.
    wide_sizes = [401, 801, 1601]

    def moments(part: list[int], of: list[int]) -> Callable[[int], Estimate]:
        def simulate(seed: int) -> Estimate:
            runs = [simulate_magnetisation(CurieWeiss(size, **tilted), seed=seed, **large) for size in of]
            limits = [
                extrapolate(of, Estimate.stack([run[k] for run in runs]), exponent=1.0).limit for k in part
            ]
            return Estimate.stack(limits)

        return simulate

    def of_class() -> FloatArray:
        found = class_moments(CurieWeiss(sizes[-1], **tilted))
        at_zero_tilt = float(spontaneous_magnetisation(tilted["inverse_temperature"]))
        return np.array([found.weight, found.magnetisation, at_zero_tilt])

    described = {"dimension": sizes, **tilted, **large}
    return [
        check(
            "density of noised Curie-Weiss data with a tilt, d = 7",
            "density at two places",
            curie_weiss_log_density,
            lambda: np.exp(curie_weiss_log_density(small, places, time)),
            0,
        ),
        check(
            "score of noised Curie-Weiss data with a tilt, d = 7",
            "score at two places",
            curie_weiss_score,
            lambda: curie_weiss_score(small, places, time).ravel(),
            1,
        ),
        check(
            "magnetisation given a noised point, with a tilt, d = 7",
            "law of the magnetisation of the data at two places",
            magnetisation_posterior,
            lambda: magnetisation_posterior(small, places, time).ravel(),
            2,
        ),
        Check(
            "weight and magnetisation of the classes of Curie-Weiss data with a tilt",
            "share of the positive class and magnetisation within a class, extrapolated in size",
            approximation_of(class_moments),
            theory=of_class,
            simulate=moments([0, 1, 1], sizes),
            resolution=_RESOLUTION,
            sizes=described,
            tests=(spontaneous_magnetisation,),
        ),
        Check(
            "width of a class of Curie-Weiss data with a tilt",
            "root of the susceptibility within a class, extrapolated in size",
            approximation_of(class_moments),
            theory=lambda: np.array([np.sqrt(class_moments(CurieWeiss(sizes[-1], **tilted)).susceptibility)]),
            simulate=moments([2], wide_sizes),
            resolution=0.05,
            kind="spread",
            sizes=described | {"dimension": wide_sizes},
        ),
    ]
