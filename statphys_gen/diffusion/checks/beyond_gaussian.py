"""Theory against simulation for the speciation of data that are no Gaussian mixture: Curie-Weiss and skewed classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...approximation import approximation_of
from ...data.laws import CurieWeiss, GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ..simulation.beyond_gaussian import (
    simulate_curie_weiss_clones,
    simulate_curie_weiss_u_turn,
    simulate_product_clones,
)
from .speciation import above_chance

_RESOLUTION = 0.02


def checks() -> list[Check]:
    """Every check of speciation beyond Gaussian mixtures, by name."""
    return [*curie_weiss_checks(), *skewness_checks()]


# ---------------------------------------------------------------------------------------------- Curie-Weiss data


def curie_weiss_checks() -> list[Check]:
    from ..theory.curie_weiss import curie_weiss_agreement, curie_weiss_agreement_from_sum, curie_weiss_signal

    cold, sizes, walkers = 1.5, [101, 201, 401], 112_000
    # At these times the signal is 2 at every size: log(d m^2/2 + 1 - v)/2 with the spontaneous magnetisation m and the
    # variance v of sqrt(d) m in one state.
    times = [1.81603261733595, 2.1563852709610396, 2.499819125045204]

    def limit(seed: int) -> Estimate:
        runs = [
            simulate_curie_weiss_clones(CurieWeiss(size, cold), time, walkers=walkers, seed=seed)
            for size, time in zip(sizes, times, strict=True)
        ]
        return extrapolate(sizes, Estimate.stack(runs), exponent=1.0).limit

    def from_sum(name: str, experiment: Callable[..., Estimate]) -> Check:
        warm, time = CurieWeiss(201, 1.2), [1.4, 1.9]
        return Check(
            name,
            "agreement of the signs of the magnetisation, from the exact law of the magnetisation at d = 201",
            approximation_of(curie_weiss_agreement_from_sum),
            theory=lambda: curie_weiss_agreement_from_sum(warm, time),
            simulate=lambda seed: experiment(warm, time, walkers=100_000, seed=seed),
            resolution=_RESOLUTION,
            scale=above_chance(0.5),
            model=warm,
            sizes={"dimension": 201, "walkers": 100_000, "time": time},
        )

    return [
        Check(
            "Curie-Weiss clones, extrapolated in size",
            "clones of Curie-Weiss data are two Gaussian classes at the same signal as d grows",
            approximation_of(curie_weiss_agreement),
            theory=lambda: curie_weiss_agreement(CurieWeiss(sizes[-1], cold), times[-1]),
            simulate=limit,
            resolution=_RESOLUTION,
            scale=above_chance(0.5),
            model=[CurieWeiss(size, cold) for size in sizes],
            sizes={"dimension": sizes, "walkers": walkers, "time": times},
            tests=(curie_weiss_signal,),
        ),
        from_sum("Curie-Weiss clones, d = 201", simulate_curie_weiss_clones),
        from_sum("Curie-Weiss U-turn, d = 201", simulate_curie_weiss_u_turn),
    ]


# ------------------------------------------------------------------------- classes that differ in a third cumulant


def skewed_classes() -> list[GaussianMixture]:
    """Two laws of a coordinate with mean 0, variance 1 and third cumulants 3/2 and -3/2: two points each."""
    points = np.array([[2.0], [-0.5]])
    return [GaussianMixture([0.2, 0.8], sign * points, 0.0) for sign in (1.0, -1.0)]


def skewness_checks() -> list[Check]:
    from ...data.binary_channel import two_class_agreement
    from ..theory.speciation_time import order_time

    dimension, walkers = 1024, 20_000
    # Each of the d coordinates has one entry of the third cumulant in which the classes differ, by 3. At this time the
    # signal of order 3, exp(-6 t) 9 d/(4 3!), is 1.
    squares, time = 9.0 * dimension, 0.991773758764621
    return [
        Check(
            "classes that differ in skewness, d = 1024",
            "classes that first differ in their third cumulants speciate at the time of order 3",
            approximation_of(order_time),
            theory=lambda: two_class_agreement(np.exp(6.0 * (float(order_time(3, squares)) - time))),
            simulate=lambda seed: simulate_product_clones(
                skewed_classes(), time, dimension, walkers=walkers, seed=seed
            ),
            resolution=_RESOLUTION,
            scale=above_chance(0.5),
            model=skewed_classes(),
            sizes={"dimension": dimension, "classes": 2, "walkers": walkers, "time": time},
            judged=False,
            reason="leading order: the corrections to the signal are of relative order exp(-2t) = .138, the cube root "
            "of 1/d, which is 7.9 % of the excess",
            bound=0.079,
        )
    ]
