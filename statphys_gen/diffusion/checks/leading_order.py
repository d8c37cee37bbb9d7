"""Theory against simulation for the closed forms of collapse: leading orders where they hold, and with bounds beyond.

A bound is the first term that the formula leaves out, taken from the theory at that point, plus the resolution of 0.02;
or the accuracy that the prediction itself states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...data.laws import GaussianMixture
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ..simulation.collapse import simulate_collapse, simulate_condensation, simulate_posterior_variance
from ..simulation.first_passage import simulate_first_passage
from ..simulation.information import simulate_information, simulate_information_time
from .class_reading import one

_RESOLUTION = 0.02


def checks() -> list[Check]:
    """Every check of closed forms of collapse, by name."""
    return [*entropy_checks(), *closed_time_checks(), *reported_checks()]


def entropy_checks() -> list[Check]:
    from ..theory.condensed_phase import score_jacobian_eigenvalues
    from ..theory.excess_entropy import excess_entropy, excess_entropy_bound, leading_excess_entropy

    rng = np.random.default_rng(3)
    three = GaussianMixture([0.2, 0.3, 0.5], 0.9 * rng.standard_normal((3, 16)), [np.geomspace(0.3, 1.8, 16)])
    spectrum = Covariance.from_eigenvalues([2.5, 0.8, 0.2], [5, 7, 10])
    # Classes with this covariance whose means span a plane: the published line knows nothing of the means.
    same = GaussianMixture(
        [0.4, 0.6], np.stack([np.full(22, 0.8), np.full(22, -0.5)]), [_eigenvalues(spectrum)]
    )
    log_samples, reference = 9.0, 3000
    run: dict[str, Any] = {"walkers": 2000, "instances": 16}
    two_level, above = Covariance.from_eigenvalues([3.0, 0.4], [5, 11]), 0.9
    variance_run = {"walkers": 2000, "instances": 48}

    def excess(law: Any, time: list[float], copies: int = 1) -> Callable[[int], Estimate]:
        def simulate(seed: int) -> Estimate:
            found = simulate_information(law, time, reference, seed=seed, **run)
            d = law.dimension
            mean = np.tile((log_samples - found.mean) / d, copies)
            parts = (np.tile(found.standard_error / d, copies), np.tile(found.degrees_of_freedom, copies))
            return Estimate(mean, *parts)

        return simulate

    def described(law: Any, time: list[float]) -> dict[str, Any]:
        return {
            "samples": reference,
            "log_samples": log_samples,
            "dimension": law.dimension,
            "time": time,
            **run,
        }

    def jacobian(seed: int) -> Estimate:
        found = simulate_posterior_variance(two_level, above, 4000, seed=seed, **variance_run)
        noise = -np.expm1(-2.0 * above)
        mean, error = (
            np.array([entry[:5].mean(), entry[5:].mean()]) for entry in (found.mean, found.standard_error)
        )
        factor = np.exp(-2.0 * above) / noise**2
        return Estimate(factor * mean - 1.0 / noise, factor * error, found.degrees_of_freedom[:2])

    times, line_times = [0.75, 1.0], [0.8, 1.1]
    return [
        Check(
            "excess entropy of three classes",
            "logarithm of the samples less the information of a noised point, per dimension",
            approximation_of(excess_entropy),
            theory=lambda: excess_entropy(three, times, log_samples),
            simulate=excess(three, times),
            resolution=_RESOLUTION,
            sizes=described(three, times),
        ),
        Check(
            "excess entropy without classes, and its bound",
            "the published line, which does not see the means of classes, and the bound that Gaussian data attain",
            approximation_of(leading_excess_entropy),
            theory=lambda: np.concatenate(
                [
                    leading_excess_entropy(same, line_times, log_samples),
                    excess_entropy_bound(spectrum, line_times, log_samples),
                ]
            ),
            simulate=excess(spectrum, line_times, 2),
            resolution=_RESOLUTION,
            sizes=described(spectrum, line_times),
            tests=(excess_entropy_bound,),
        ),
        Check(
            "Jacobian of the empirical score above the collapse time",
            "mean Jacobian of the empirical score at a fresh point, by eigenvalue of the data",
            approximation_of(score_jacobian_eigenvalues),
            theory=lambda: score_jacobian_eigenvalues(two_level, above, np.log(4000)),
            simulate=jacobian,
            resolution=_RESOLUTION,
            sizes={"samples": 4000, "dimension": 16, "time": above, **variance_run},
        ),
    ]


def _eigenvalues(spectrum: Covariance) -> FloatArray:
    """Of every direction."""
    return np.repeat(spectrum.eigenvalues, spectrum.multiplicities.astype(int))


def closed_time_checks() -> list[Check]:
    from ..theory.collapse_time import (
        collapse_time_bound,
        isotropic_collapse_time,
        leading_collapse_time,
        sparse_collapse_time,
    )
    from ..theory.phase_diagram import phase_diagram

    spectrum = Covariance.from_eigenvalues([2.5, 0.8, 0.2], [5, 7, 10])
    flat, wide = Covariance.isotropic(0.6, 18), Covariance.from_eigenvalues([1.5, 0.5], [150, 150])
    same = GaussianMixture(
        [0.4, 0.6], np.stack([np.full(22, 0.8), np.full(22, -0.5)]), [_eigenvalues(spectrum)]
    )
    run, wide_run = {"walkers": 600, "instances": 76}, {"walkers": 200, "instances": 130}

    def time(law: Covariance, points: int, log_samples: float, copies: int = 1, **options: int) -> Any:
        def simulate(seed: int) -> Estimate:
            found = simulate_information_time(law, points, log_samples, seed=seed, **options)
            return found if copies == 1 else Estimate.stack([found] * copies)

        return simulate

    def described(law: Covariance, points: int, log_samples: float, **options: int) -> dict[str, Any]:
        return {"samples": points, "log_samples": log_samples, "dimension": law.dimension, **options}

    def lines() -> ArrayLike:
        plane = phase_diagram(spectrum, [0.5], [3.2 / 22])
        found = (leading_collapse_time(same, 3.2), collapse_time_bound(spectrum, 3.2), plane.collapse)
        return np.array([float(np.ravel(line.require()["time"])[0]) for line in found])

    return [
        Check(
            "collapse times of Gaussian data, three ways",
            "the published time, the bound that Gaussian data attain, and the line of the phase diagram",
            approximation_of(leading_collapse_time),
            theory=lines,
            simulate=time(spectrum, 3000, 3.2, 3, **run),
            resolution=_RESOLUTION,
            sizes=described(spectrum, 3000, 3.2, **run),
            tests=(collapse_time_bound, phase_diagram),
        ),
        Check(
            "collapse time of isotropic data, variance 0.6",
            "time at which as many of many points as exp(log_samples) balance the source",
            approximation_of(isotropic_collapse_time),
            theory=lambda: isotropic_collapse_time(18, 0.6, 3.0),
            simulate=time(flat, 3000, 3.0, **run),
            resolution=_RESOLUTION,
            sizes=described(flat, 3000, 3.0, **run),
        ),
        Check(
            "collapse time of few points in 300 dimensions",
            "time at which seven points balance the source, where log n is far below the dimension",
            approximation_of(sparse_collapse_time),
            theory=lambda: sparse_collapse_time(wide, 2.0),
            simulate=time(wide, 800, 2.0, **wide_run),
            resolution=_RESOLUTION,
            # The time is half a logarithm; terms of relative order log(n)/d shift it by less than .007.
            scale=one,
            sizes=described(wide, 800, 2.0, **wide_run),
        ),
    ]


def reported_checks() -> list[Check]:
    from ..theory.condensed_phase import condensed_phase, parisi_parameter_slope
    from ..theory.excess_entropy import gaussian_window
    from ..theory.trajectory_collapse import (
        linear_mean_shift,
        own_nearest_probability,
        trajectory_collapse,
    )

    flat, window_times = Covariance.isotropic(1.3, 30), [0.7, 0.9]
    window_run: dict[str, Any] = {"walkers": 1000, "instances": 24}
    condensed, condensed_run = Covariance.isotropic(1.4, 24), {"walkers": 1000, "instances": 16}
    two_level, near_times = Covariance.from_eigenvalues([2.0, 0.5], [20, 40]), [0.67, 0.77, 0.87]
    log_n, long = float(np.log(2000)), Covariance.isotropic(1.7, 192)
    passage_run: dict[str, Any] = {"walkers": 250, "instances": 16}
    sloped, chord_times, chord_run = (
        Covariance.from_eigenvalues([1.6, 0.9], [12, 24]),
        [0.05, 0.1],
        {"walkers": 1000, "instances": 16},
    )
    # Of 6000 points.
    collapse = 0.5139628421938289

    def chord(seed: int) -> Estimate:
        found = simulate_condensation(sloped, chord_times, 6000, seed=seed, **chord_run).participation
        before = collapse - np.array(chord_times)
        return Estimate(found.mean / before, found.standard_error / before, found.degrees_of_freedom)

    return [
        Check(
            "entropy of a Gaussian competition",
            "entropy of the posterior of a noised training point where it exceeds 2 nats",
            approximation_of(gaussian_window),
            theory=lambda: gaussian_window(flat, window_times, np.log(1000)).entropy,
            simulate=lambda seed: (
                simulate_collapse(flat, window_times, 1000, seed=seed, **window_run).entropy
            ),
            resolution=_RESOLUTION,
            sizes={"samples": 1000, "dimension": 30, "variance": 1.3, "time": window_times, **window_run},
            judged=False,
            reason="heuristic; the prediction states that it is up to 10 % too large here",
            bound=0.1,
        ),
        Check(
            "condensed participation of the infinite system, d = 24",
            "sum of the squared posterior weights of a fresh point below the collapse time",
            approximation_of(condensed_phase),
            theory=lambda: condensed_phase(condensed, [0.1], np.log(1339))["test_participation_ratio"],
            simulate=lambda seed: (
                simulate_condensation(condensed, [0.1], 1339, seed=seed, **condensed_run).participation
            ),
            resolution=_RESOLUTION,
            sizes={"samples": 1339, "dimension": 24, "variance": 1.4, "time": [0.1], **condensed_run},
            judged=False,
            reason="1RSB: the correction of order log(d)/d raises the participation by 5.7 %; the bound adds the "
            "resolution to which the corrected formula is tested",
            bound=0.077,
        ),
        Check(
            "slope of the participation below the collapse time, d = 36",
            "sum of the squared posterior weights of a fresh point, over the time that is left to the collapse time",
            approximation_of(parisi_parameter_slope),
            theory=lambda: np.full(2, parisi_parameter_slope(sloped, collapse)),
            simulate=chord,
            resolution=_RESOLUTION,
            sizes={
                "samples": 6000,
                "dimension": 36,
                "eigenvalues": [1.6, 0.9],
                "time": chord_times,
                "collapse_time": collapse,
                **chord_run,
            },
            judged=False,
            reason="first order in the time that is left, and 1RSB: the second order raises the chord by .6 %, the "
            "correction of order log(d)/d by 2.2 and 4.8 %; the bound adds the resolution",
            bound=0.074,
        ),
        Check(
            "nearest point of anisotropic data, d v = 12",
            "probability that the nearest training point is the own one",
            approximation_of(own_nearest_probability),
            theory=lambda: own_nearest_probability(two_level, near_times, float(np.log(1000))),
            simulate=lambda seed: (
                simulate_collapse(two_level, near_times, 1000, seed=seed, **window_run).top_one
            ),
            resolution=_RESOLUTION,
            scale=one,
            sizes={"samples": 1000, "dimension": 60, "time": near_times, **window_run},
            judged=False,
            reason="expansion in 1/(d v); the prediction states that its time is .03 too early at d v = 11, which at "
            "the largest slope of 1.57 is .047 in the probability",
            bound=0.047,
        ),
        Check(
            "linearised mean of the trajectory collapse time, n = 2000, d = 192",
            "time of the last change of the nearest training point along a backward trajectory",
            approximation_of(linear_mean_shift),
            theory=lambda: trajectory_collapse(long, log_n).collapse_time + linear_mean_shift(long, log_n),
            simulate=lambda seed: simulate_first_passage(long, 2000, seed=seed, **passage_run).mean,
            resolution=_RESOLUTION,
            sizes={"samples": 2000, "dimension": 192, "variance": 1.7, **passage_run},
            judged=False,
            reason="linear in 1/(d v): the terms that it leaves out shift the time by .018, and the formula with them "
            "states an accuracy of .03; together 3.0 % of the time",
            bound=0.03,
        ),
    ]
