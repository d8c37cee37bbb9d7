"""Onset, distances, denoisers and error bars of a report, against draws from known laws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...statistics.agreement import Check
from ...statistics.calibration import error_bar_check
from ...statistics.estimate import Estimate
from ...statistics.proportions import estimate_proportion
from ...statistics.streams import generator
from ..analysis.denoiser import denoiser_report, empirical_denoiser, gaussian_denoiser
from ..analysis.fidelity import frechet_of_samples, sample_distances, sliced_distance
from ..analysis.onset import Looks, copying_onset
from ..analysis.trials import simulate_reports
from ..simulation import KnownGenerator, neighbour_ratios_in_a_box
from ..theory.gaussian_distances import gaussian_frechet, gaussian_sliced_wasserstein
from ..theory.nulls import intrinsic_dimension
from .tests_of_copies import law

# Two Gaussians in three dimensions, with directions that are no axes.
_MEANS = np.array([0.4, -0.3, 0.9]), np.array([-0.5, 0.6, 0.1])
_FACTORS = (
    np.array([[1.1, 0.0, 0.0], [0.4, 0.7, 0.0], [-0.3, 0.2, 0.5]]),
    np.array([[0.6, 0.0, 0.0], [-0.2, 1.3, 0.0], [0.5, 0.1, 0.9]]),
)
_TRAINING = np.array([[-1.1, 0.3], [0.4, 0.9], [0.4, 0.9], [1.3, -0.6], [-0.2, -1.4]])
_DATA_SCALE, _NOISE_SCALE = 0.9, 0.6


def checks() -> list[Check]:
    return [_onset(), _distances(), _denoiser(), _errors()]


def _onset() -> Check:
    """Counts around a curve that is known: does the interval hold the crossing of its line?"""
    step = np.array([10.0, 40.0, 100.0, 400.0, 1500.0, 5000.0])
    fraction, null = np.array([0.02, 0.02, 0.05, 0.19, 0.45, 0.8]), 0.02
    level, drawn, runs = 0.12, 600, 800
    excess = (fraction - null) / (1.0 - null)
    share = (level - excess[2]) / (excess[3] - excess[2])
    true = np.exp(np.log(step[2]) + share * np.log(step[3] / step[2]))

    def simulate(seed: int) -> Estimate:
        rng = generator(seed, {"purpose": "coverage of an onset", "runs": runs})
        hits = 0
        for run in range(runs):
            trials = np.full(len(step), float(drawn))
            copies = rng.binomial(drawn, fraction).astype(np.float64)
            others = rng.binomial(drawn, null, len(step)).astype(np.float64)
            looks = Looks(step, copies, trials, others, trials)
            found = copying_onset(looks, level=level, seed=run)
            hits += found.lower is not None and found.upper is not None and found.lower <= true <= found.upper
        return estimate_proportion([hits], runs)

    return Check(
        "interval of the onset of copies",
        "how often the interval of 95 % holds the crossing of the true fractions",
        approximation_of(copying_onset),
        theory=lambda: np.array([0.95]),
        simulate=simulate,
        resolution=1.0,
        kind="coverage",
        sizes={
            "step": step.tolist(),
            "fraction": fraction.tolist(),
            "null": null,
            "level": level,
            "drawn": drawn,
            "runs": runs,
        },
        id="memorization-onset-interval",
    )


def _distances() -> Check:
    sizes, instances, directions = (200, 400, 800, 1600), 600, 24
    angles = np.linspace(0.2, 3.0, directions)
    axes = np.stack(
        [np.cos(angles), np.sin(angles) * np.cos(2.3 * angles), np.sin(angles) * np.sin(2.3 * angles)], 1
    )

    def theory() -> FloatArray:
        first, second = (factor @ factor.T for factor in _FACTORS)
        laws = (_MEANS[0], first, _MEANS[1], second)
        both = [gaussian_frechet(*laws), gaussian_sliced_wasserstein(*laws, axes)]
        return np.tile(both, (len(sizes), 1))

    def simulate(seed: int) -> Estimate:
        found = []
        for size in sizes:
            rows = []
            for replica in range(instances):
                rng = generator(seed, {"purpose": "distances of Gaussian samples", "size": size}, replica)
                x, y = (
                    mean + rng.standard_normal((size, 3)) @ factor.T
                    for mean, factor in zip(_MEANS, _FACTORS, strict=True)
                )
                rows.append([frechet_of_samples(x, y), sliced_distance(x @ axes.T, y @ axes.T)])
            found.append(Estimate.from_samples(rows))
        return Estimate.stack(found)

    return Check(
        "distances of Gaussian samples",
        "Frechet and sliced Wasserstein distance, in the limit of many samples",
        approximation_of(gaussian_frechet),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        scale=lambda values: theory()[0],
        sizes={"samples": list(sizes), "instances": instances, "directions": directions},
        over_sizes=sizes,
        id="memorization-gaussian-distances",
        tests=(gaussian_sliced_wasserstein,),
    )


def _denoiser() -> Check:
    """E[s g] = -E[xi g]/sigma for the score s of the law of y, here of the noised points and of the Gaussian."""
    draws, batches = 120_000, 40
    mean, covariance = _TRAINING.mean(axis=0), np.cov(_TRAINING.T, bias=True)
    mu, sigma = _DATA_SCALE, _NOISE_SCALE

    def noised(seed: int, purpose: str, batch: int, gaussian: bool) -> tuple[FloatArray, FloatArray]:
        rng = generator(seed, {"purpose": purpose, "gaussian": gaussian}, batch)
        noise = rng.standard_normal((draws, 2))
        if gaussian:
            x = rng.multivariate_normal(mean, covariance, draws)
        else:
            x = _TRAINING[rng.integers(len(_TRAINING), size=draws)]
        return mu * x + sigma * noise, noise

    def weighted(values: FloatArray, y: FloatArray) -> list[float]:
        return [
            float((values[:, 0] * (y[:, 1] - 0.4 * y[:, 0])).mean()),
            float((values[:, 1] * np.tanh(1.7 * y[:, 1] + 0.6)).mean()),
        ]

    def averaged(row: Callable[[int], list[float]]) -> Estimate:
        return Estimate.from_samples([row(batch) for batch in range(batches)])

    scales = {"data_scale": mu, "noise_scale": sigma}

    def theory() -> Estimate:
        def row(batch: int) -> list[float]:
            y, _ = noised(0, "scores of denoisers", batch, False)
            z, _ = noised(0, "scores of denoisers", batch, True)
            return [
                *weighted(empirical_denoiser(y, _TRAINING, **scales)[0], y),
                *weighted(gaussian_denoiser(z, _TRAINING, **scales), z),
            ]

        return averaged(row)

    def simulate(seed: int) -> Estimate:
        def row(batch: int) -> list[float]:
            pairs = [noised(seed, "noise of denoisers", batch, gaussian) for gaussian in (False, True)]
            return [entry for y, noise in pairs for entry in weighted(-noise / sigma, y)]

        return averaged(row)

    return Check(
        "empirical and Gaussian denoiser",
        "averages of both scores with two functions, from the noise of the points",
        approximation_of(empirical_denoiser),
        theory=theory,
        simulate=simulate,
        resolution=0.02,
        sizes={"draws": draws, "batches": batches, "data_scale": mu, "noise_scale": sigma},
        model=_TRAINING,
        id="memorization-denoisers",
        tests=(gaussian_denoiser, denoiser_report),
    )


def _errors() -> Check:
    def excess(seed: int) -> Estimate:
        found = simulate_reports(
            KnownGenerator("perfect"),
            law(3),
            training=150,
            held_out=90,
            generated=200,
            runs=2,
            ratio=0.6,
            seed=seed,
        )
        return Estimate(found.excess_fraction[0], found.excess_fraction_standard_error[0], np.asarray(89.0))

    def dimension(seed: int) -> Estimate:
        # Few walkers among many points, so that their ratios are independent.
        return intrinsic_dimension(neighbour_ratios_in_a_box(2, 60, seed=seed))

    def frechet(seed: int) -> Estimate:
        rng = generator(seed, {"purpose": "error of a distance"})
        x = _MEANS[0] + rng.standard_normal((200, 3)) @ _FACTORS[0].T
        y = _MEANS[1] + rng.standard_normal((150, 3)) @ _FACTORS[1].T
        found = sample_distances(x, y, directions=16, seed=seed)
        return Estimate(
            np.asarray(found.frechet), np.asarray(found.standard_error["frechet"]), np.asarray(149.0)
        )

    runs = {"excess fraction": excess, "dimension": dimension, "Frechet distance": frechet}
    return error_bar_check("error bars of reports on copying", runs)
