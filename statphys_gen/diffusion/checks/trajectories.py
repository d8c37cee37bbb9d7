"""Theory against simulation below the collapse time, and along trajectories: condensation, backward runs, passages."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...approximation import approximation_of
from ...data.covariance import Covariance
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ..simulation.collapse import simulate_condensation, simulate_posterior_variance
from ..simulation.collapse_trajectories import (
    backward_grid,
    simulate_empirical_clones,
    simulate_empirical_clones_langevin,
    simulate_last_change,
)
from ..simulation.first_passage import simulate_first_passage
from ..theory.finite_size_collapse import isotropic_collapse
from .collapse import REFERENCE, exact_field

_RESOLUTION = 0.02
_MEAN = {48: 0.919, 192: 1.598}  # of the trajectory collapse time of 2000 points of variance 1.7


def checks() -> list[Check]:
    """Every check of condensation and of trajectories, by name."""
    return [*condensation_checks(), *trajectory_checks()]


# ---------------------------------------------------------------------------------------------- condensation


def condensation_checks() -> list[Check]:
    from ..theory.condensed_phase import finite_size_condensed_phase, posterior_variances

    alpha, time = 0.3, 0.1

    def participation(dimension: int, walkers: int) -> Check:
        samples = round(np.exp(alpha * dimension))
        law = Covariance.isotropic(dimension=dimension)
        run = {"walkers": walkers, "instances": 24}
        return Check(
            f"condensed participation, d = {dimension}",
            "sum of the squared posterior weights of a fresh point below the collapse time",
            approximation_of(finite_size_condensed_phase),
            theory=lambda: finite_size_condensed_phase(law, time, np.log(samples))[
                "test_participation_ratio"
            ],
            simulate=lambda seed: simulate_condensation(law, time, samples, seed=seed, **run).participation,
            resolution=_RESOLUTION,
            model=law,
            sizes={"samples": samples, "dimension": dimension, "time": time, **run},
        )

    two_level = Covariance.from_eigenvalues([4.0, 0.25], [4, 12])
    above, run = 1.1, {"walkers": 2000, "instances": 64}
    below_law, below_run = Covariance.from_eigenvalues([4.0, 0.25], [8, 24]), {"walkers": 500, "instances": 8}
    below_samples = round(np.exp(alpha * 32))

    def by_eigenvalue(law: Covariance, samples: int, time: float, seed: int, run: dict[str, int]) -> Estimate:
        estimate = simulate_posterior_variance(law, time, samples, seed=seed, **run)
        counts = law.multiplicities.astype(int)
        edges = np.concatenate([[0], np.cumsum(counts)])
        parts = [slice(a, b) for a, b in pairwise(edges)]
        # Directions of one eigenvalue are exchangeable and nearly independent; their errors add at most linearly.
        mean = np.array([estimate.mean[part].mean() for part in parts])
        error = np.array([estimate.standard_error[part].mean() for part in parts])
        return Estimate(mean, error, np.full(len(parts), run["instances"] - 1.0))

    return [
        participation(16, 2000),
        participation(24, 2000),
        participation(32, 500),
        Check(
            "posterior variances of fresh points above the collapse time",
            "variance of the data given a fresh point, direction by direction",
            approximation_of(posterior_variances),
            theory=lambda: posterior_variances(two_level, above, np.log(REFERENCE)),
            simulate=lambda seed: by_eigenvalue(two_level, REFERENCE, above, seed, run),
            resolution=_RESOLUTION,
            model=two_level,
            sizes={"samples": REFERENCE, "dimension": 16, "time": above, **run},
        ),
        Check(
            "posterior variances below the collapse time, d = 32",
            "variance of the data given a fresh point in the condensed phase",
            approximation_of(posterior_variances),
            theory=lambda: posterior_variances(below_law, 0.08, np.log(below_samples)),
            simulate=lambda seed: by_eigenvalue(below_law, below_samples, 0.08, seed, below_run),
            resolution=_RESOLUTION,
            model=below_law,
            sizes={"samples": below_samples, "dimension": 32, "time": 0.08, **below_run},
            judged=False,
            reason="1RSB: the correction of order log(d)/d takes the Parisi parameter from .265 to .200, and so "
            "the two variances down by 4.4 and 19.0 %; the bound adds the resolution to which the corrected formula is "
            "tested",
            bound=0.21,
        ),
    ]


# ----------------------------------------------------------------------------------- trajectories and backward runs


def trajectory_checks() -> list[Check]:
    from ..theory.trajectory_collapse import trajectory_collapse, two_sample_collapse

    samples, dimension, variance = 100, 12, 1.0
    law = Covariance.isotropic(variance, dimension)
    clone_times = [0.15, 0.35]
    clone_run = {"walkers": 2000, "instances": 224}
    few, flat, flat_time = 12, Covariance.isotropic(dimension=2), 0.3
    steps, euler_run = [15, 30, 60], {"walkers": 240, "instances": 1000}
    change_run = {"walkers": 300, "instances": 760}

    def euler_clones(seed: int) -> Estimate:
        runs = [
            simulate_empirical_clones_langevin(flat, flat_time, few, seed=seed, steps=k, **euler_run)
            for k in steps
        ]
        return extrapolate(steps, Estimate.stack(runs), exponent=1.0).limit

    def last_change(seed: int) -> Estimate:
        differences = []
        for k in steps:
            backward = simulate_last_change(flat, few, seed=seed, steps=k, **change_run).mean
            late = np.geomspace(5.0, 25.0, 8)
            grid = np.concatenate([backward_grid(4.0, 1e-3, k)[::-1], late])
            forward = simulate_first_passage(
                flat, few, seed=seed, times=grid, bridge=False, walkers=300, instances=500
            ).mean
            error = np.hypot(backward.standard_error, forward.standard_error)
            freedom = backward.degrees_of_freedom + forward.degrees_of_freedom
            differences.append(Estimate(backward.mean - forward.mean, error, freedom))
        return extrapolate(steps, Estimate.stack(differences), exponent=1.0).limit

    def passage(name: str, size: tuple[int, int, float], quantity: str, run: dict[str, Any]) -> Check:
        n, d, s2 = size
        data = Covariance.isotropic(s2, d)

        def theory() -> ArrayLike:
            result = trajectory_collapse(data, np.log(n))
            return result.mean if quantity == "mean" else result.width

        def simulate(seed: int) -> Estimate:
            estimate: Estimate = getattr(simulate_first_passage(data, n, seed=seed, **run), quantity)
            return estimate

        return Check(
            name,
            "time of the last change of the nearest training point along a backward trajectory",
            approximation_of(trajectory_collapse),
            theory=theory,
            simulate=simulate,
            resolution=_RESOLUTION,
            model=data,
            sizes={"samples": n, "dimension": d, "variance": s2, **run},
            judged=False,
            reason="expansion in 1/(d v), which is at least 1/(2 log n); the prediction states .03 for the mean and "
            "10 % for the width",
            bound=0.1 if quantity == "deviation" else 0.03 / _MEAN[d],
        )

    pair = Covariance.isotropic(dimension=64)
    pair_run: dict[str, Any] = {"walkers": 1000, "instances": 192}
    pair_times = np.concatenate([np.linspace(0.05, 6.0, 120), np.geomspace(6.2, 60.0, 30)])

    def two_samples(seed: int) -> Estimate:
        passages = simulate_first_passage(pair, 2, seed=seed, times=pair_times, **pair_run)
        return Estimate.stack([passages.mean, passages.deviation])

    quick: dict[str, Any] = {"walkers": 250, "instances": 16}
    return [
        Check(
            "clones on a training point, exact transitions",
            "two backward runs with the empirical score end at one training point as often as the weights say",
            approximation_of(isotropic_collapse),
            theory=lambda: exact_field(dimension, variance, samples, clone_times, "participation"),
            simulate=lambda seed: simulate_empirical_clones(
                law, clone_times, samples, seed=seed, **clone_run
            ),
            resolution=_RESOLUTION,
            model=law,
            sizes={"samples": samples, "dimension": dimension, "time": clone_times, **clone_run},
        ),
        Check(
            "clones on a training point, Euler steps",
            "Euler runs with the empirical score, extrapolated to steps of zero length",
            approximation_of(isotropic_collapse),
            theory=lambda: exact_field(2, 1.0, few, [flat_time], "participation")[0],
            simulate=euler_clones,
            resolution=_RESOLUTION,
            scale=1.0,
            model=flat,
            sizes={
                "samples": few,
                "dimension": 2,
                "time": flat_time,
                "steps": steps,
                **euler_run,
            },
        ),
        Check(
            "last change backward against first passage forward",
            "the last change of the nearest point along Euler runs has the law of a forward first passage",
            "exact: time reversal, at monitored times, extrapolated to steps of zero length",
            theory=lambda: 0.0,
            simulate=last_change,
            resolution=_RESOLUTION,
            scale=1.0,
            model=flat,
            sizes={"samples": few, "dimension": 2, "steps": steps, **change_run},
        ),
        Check(
            "trajectory collapse time of two points, mean and width",
            "first time at which a noised point is nearer to the other one of two training points",
            approximation_of(two_sample_collapse),
            theory=lambda: two_sample_collapse(pair),
            simulate=two_samples,
            resolution=_RESOLUTION,
            model=pair,
            sizes={"samples": 2, "dimension": 64, **pair_run},
        ),
        passage("mean of the trajectory collapse time, n = 2000, d = 48", (2000, 48, 1.7), "mean", quick),
        passage(
            "width of the trajectory collapse time, n = 2000, d = 48", (2000, 48, 1.7), "deviation", quick
        ),
        passage("mean of the trajectory collapse time, n = 2000, d = 192", (2000, 192, 1.7), "mean", quick),
        passage("width of the trajectory collapse time, n = 500, d = 48", (500, 48, 1.7), "deviation", quick),
    ]
