"""Limits at three sizes: what a leading order leaves out is a power of the size, and vanishes in the simulation.

Speciation times and the signal of weak differences deviate by terms of order 1/d. Above the collapse time n points of a
law know of a noised one what the law knows, up to half of (exp(I_2) - 1)/n with exp(I_2) the mean ratio of the density
given the source to that of all: terms of order 1/n at a fixed dimension. The published line leaves out the information
on the class, which is at most a number of nats for d dimensions. The time of few points deviates by log(n)/d.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..simulation.backward_kernel import simulate_clones
from ..simulation.class_reading import simulate_agreement_time
from ..simulation.collapse import simulate_collapse, simulate_posterior_variance
from ..simulation.information import simulate_information_time
from .class_reading import AT_SIGNAL_ONE, one

_RESOLUTION = 0.02


def checks() -> list[Check]:
    """Every check of limits by size, by name."""
    return [*speciation_checks(), *entropy_checks(), *posterior_checks(), *sparse_checks()]


def _limit(
    what: str,
    prediction: str,
    function: Callable[..., Any],
    *,
    size: str,
    sizes: Sequence[int],
    theory: Callable[[int], ArrayLike],
    simulate: Callable[[int, int], Estimate],
    model: Any,
    described: Mapping[str, Any],
    scale: Callable[[FloatArray], ArrayLike],
    **others: Any,
) -> Check:
    """Theory and simulation at every size, the latter with the seed of the check; their difference is extrapolated."""
    return Check(
        f"limit by size: {what}",
        prediction,
        approximation_of(function),
        theory=lambda: np.array([theory(entry) for entry in sizes]),
        simulate=lambda seed: Estimate.stack([simulate(entry, seed) for entry in sizes]),
        resolution=_RESOLUTION,
        scale=scale,
        model=model,
        sizes={size: list(sizes), **described},
        over_sizes=sizes,
        id=f"diffusion-limit-by-size-{what.lower().replace(' ', '-')}",
        **others,
    )


# ------------------------------------------------------------------------------------------------- speciation


def weakly_different(dimension: int) -> GaussianMixture:
    """Two classes that differ a little in the mean and in the variance of every coordinate.

    The signal of both together is the same in every dimension; half of the variances are larger in one class.
    """
    log_variance = np.where(np.arange(dimension) % 2, -1.6, 1.6) / np.sqrt(dimension)
    mean = np.full(dimension, 1.0 / np.sqrt(dimension))
    return GaussianMixture(
        [0.4, 0.6], np.stack([mean, -mean]), np.exp(np.stack([log_variance, -log_variance]))
    )


def speciation_checks() -> list[Check]:
    from ..theory.many_class import gaussian_ratio_agreement
    from ..theory.speciation_time import asymptotic_time, spectral_directions, spectral_time

    sizes = [16, 48, 144]
    run, walkers, time = {"walkers": 1500, "blocks": 32}, 220_000, 0.2

    def two(dimension: int) -> GaussianMixture:
        return GaussianMixture.two_classes(dimension, 0.8, 0.6)

    def times(dimension: int) -> FloatArray:
        law = two(dimension)
        directions = spectral_directions(law, 1).times.require()["time"]
        both = [float(solve(law).require()["time"]) for solve in (spectral_time, asymptotic_time)]
        return np.array([*both, float(directions[0])])

    def agreement_time(dimension: int, seed: int) -> Estimate:
        return Estimate.stack([simulate_agreement_time(two(dimension), AT_SIGNAL_ONE, seed=seed, **run)] * 3)

    return [
        _limit(
            "speciation times",
            "times of two classes from the largest eigenvalue, from the distance of the means and from the leading "
            "direction, as clones lose their agreement",
            spectral_time,
            size="dimension",
            sizes=sizes,
            theory=times,
            simulate=agreement_time,
            model=[two(d) for d in sizes],
            described={"classes": 2, **run},
            scale=one,
            tests=(asymptotic_time, spectral_directions),
        ),
        _limit(
            "weak differences of means and variances",
            "a quarter of the symmetrised divergence stands for the signal when many weak coordinates differ",
            gaussian_ratio_agreement,
            size="dimension",
            sizes=sizes,
            theory=lambda d: gaussian_ratio_agreement(weakly_different(d), [time]).value,
            simulate=lambda d, seed: simulate_clones(weakly_different(d), [time], walkers=walkers, seed=seed),
            model=[weakly_different(d) for d in sizes],
            described={"classes": 2, "walkers": walkers, "time": [time]},
            # The excess over what independent classes would give.
            scale=lambda zero: gaussian_ratio_agreement(weakly_different(sizes[-1]), [time]).value - 0.52,
        ),
    ]


# --------------------------------------------------------------------------------- entropies of the posterior


def entropy_checks() -> list[Check]:
    from ..theory.excess_entropy import class_excess_entropy, excess_entropy, leading_excess_entropy

    rng = np.random.default_rng(13)
    three = GaussianMixture([0.2, 0.3, 0.5], 0.9 * rng.standard_normal((3, 12)), [np.geomspace(0.3, 1.8, 12)])
    different = GaussianMixture([0.4, 0.6], np.stack([np.full(12, 1.2), np.full(12, -1.2)]), [0.3, 1.5])
    samples = [400, 1200, 3600]
    run: dict[str, Any] = {"walkers": 200, "instances": 64}
    class_run: dict[str, Any] = run | {"walkers": 300}
    alpha, dimensions = 0.4, [12, 18, 27]
    line_run: dict[str, Any] = {"walkers": 40, "instances": 24}
    all_time, class_time, line_time = [0.9, 1.2], 1.1, [1.354]

    def apart(dimension: int) -> GaussianMixture:
        """Two classes so far apart that noised points know theirs."""
        return GaussianMixture.two_classes(dimension, 5.0, 0.7, 0.35)

    def points(dimension: int) -> int:
        return round(np.exp(alpha * dimension))

    def line(dimension: int) -> FloatArray:
        return leading_excess_entropy(apart(dimension), line_time, float(np.log(points(dimension))))

    return [
        _limit(
            "excess entropy of three classes",
            "entropy per dimension of the posterior over n points of a noised one, above the collapse time",
            excess_entropy,
            size="samples",
            sizes=samples,
            theory=lambda n: excess_entropy(three, all_time, np.log(n)),
            simulate=lambda n, seed: _per_dimension(
                simulate_collapse(three, all_time, n, seed=seed, **run).entropy, three
            ),
            model=three,
            described={"dimension": 12, "classes": 3, "time": all_time, **run},
            scale=lambda zero: excess_entropy(three, all_time, np.log(samples[-1])),
        ),
        _limit(
            "excess entropy by class of variances that differ",
            "surprise per dimension of the source of a noised point, class by class, above the collapse times",
            class_excess_entropy,
            size="samples",
            sizes=samples,
            theory=lambda n: class_excess_entropy(different, class_time, np.log(n)),
            simulate=lambda n, seed: _per_dimension(
                simulate_collapse(different, class_time, n, seed=seed, by_class=True, **class_run).surprise,
                different,
            ),
            model=different,
            described={"dimension": 12, "classes": 2, "time": class_time, **class_run},
            scale=lambda zero: class_excess_entropy(different, class_time, np.log(samples[-1])),
        ),
        _limit(
            "excess entropy without classes",
            "the published line, which leaves out the information on the class: at most log 2 over the dimension",
            leading_excess_entropy,
            size="dimension",
            sizes=dimensions,
            theory=line,
            simulate=lambda d, seed: _per_dimension(
                simulate_collapse(apart(d), line_time, points(d), seed=seed, **line_run).entropy, apart(d)
            ),
            model=[apart(d) for d in dimensions],
            described={"log_samples_per_dimension": alpha, "classes": 2, "time": line_time, **line_run},
            scale=lambda zero: line(dimensions[-1]),
        ),
    ]


def _per_dimension(found: Estimate, law: GaussianMixture) -> Estimate:
    d = law.dimension
    return Estimate(found.mean / d, found.standard_error / d, found.degrees_of_freedom)


# --------------------------------------------------------------------------- fresh points above the collapse time


def posterior_checks() -> list[Check]:
    from ..theory.condensed_phase import posterior_variances, score_jacobian_eigenvalues

    law, time = Covariance.from_eigenvalues([3.0, 0.4], [5, 11]), 0.9
    samples, run = [500, 1500, 4500], {"walkers": 800, "instances": 64}

    def theory(n: int) -> FloatArray:
        logarithm = float(np.log(n))
        found = posterior_variances(law, time, logarithm), score_jacobian_eigenvalues(law, time, logarithm)
        return np.concatenate(found)

    def simulate(n: int, seed: int) -> Estimate:
        found = by_eigenvalue(law, simulate_posterior_variance(law, time, n, seed=seed, **run))
        noise = -np.expm1(-2.0 * time)
        factor = np.exp(-2.0 * time) / noise**2
        return Estimate(
            np.concatenate([found.mean, factor * found.mean - 1.0 / noise]),
            np.concatenate([found.standard_error, factor * found.standard_error]),
            np.tile(found.degrees_of_freedom, 2),
        )

    return [
        _limit(
            "posterior variances and Jacobian of the score above the collapse time",
            "variance of the data given a fresh point, and mean Jacobian of the empirical score there, by eigenvalue",
            posterior_variances,
            size="samples",
            sizes=samples,
            theory=theory,
            simulate=simulate,
            model=law,
            described={"dimension": 16, "time": time, **run},
            scale=lambda zero: np.abs(theory(samples[-1])),
            tests=(score_jacobian_eigenvalues,),
        )
    ]


def by_eigenvalue(law: Covariance, found: Estimate) -> Estimate:
    """Averages over the directions of each eigenvalue; the errors of exchangeable directions add at most linearly."""
    edges = np.concatenate([[0], np.cumsum(law.multiplicities.astype(int))])
    parts = [slice(a, b) for a, b in pairwise(edges)]
    mean, error = (
        np.array([entry[part].mean() for part in parts]) for entry in (found.mean, found.standard_error)
    )
    return Estimate(mean, error, found.degrees_of_freedom[: len(parts)])


# ------------------------------------------------------------------------------------------------ few points


def sparse_checks() -> list[Check]:
    from ..theory.collapse_time import sparse_collapse_time

    sizes, log_samples, reference = [20, 60, 180], 1.5, 600
    run = {"walkers": 400, "instances": 100}

    def law(dimension: int) -> Covariance:
        return Covariance.from_eigenvalues([1.5, 0.5], [dimension // 4, 3 * dimension // 4])

    return [
        _limit(
            "collapse time of few points",
            "time at which as many of many points as exp(log_samples), far below the dimension, balance the source",
            sparse_collapse_time,
            size="dimension",
            sizes=sizes,
            theory=lambda d: sparse_collapse_time(law(d), [log_samples]),
            simulate=lambda d, seed: Estimate.stack(
                [simulate_information_time(law(d), reference, log_samples, seed=seed, **run)]
            ),
            model=[law(d) for d in sizes],
            described={"log_samples": log_samples, "reference": reference, **run},
            # The time is half a logarithm.
            scale=one,
        )
    ]
