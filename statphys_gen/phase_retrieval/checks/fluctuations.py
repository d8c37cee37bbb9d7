"""Fluctuations of the signal outlier, and the outlier of the best spectral matrix, whose position shows its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...numerics.blocks import map_blocks
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import extrapolate
from ..model import Loss, PhaseRetrieval
from ..simulation.hessians import simulate_hessian
from ..simulation.instances import draw_instances
from ..theory.outlier_size import outlier_fluctuation
from ..theory.spectral_law import optimal_spectral_curvature_law
from ..theory.spectrum import signal_outlier


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [
        _fluctuation("fluctuations of the outlier at the start, offset 0.01", 0.01, 6.0, 0.0),
        _fluctuation("fluctuations of the outlier of a warm start, offset 0.3, 20 samples", 0.3, 20.0, 0.25),
        _spectral_position(),
    ]


def _limit(sizes: Sequence[int], runs: Sequence[Estimate]) -> Estimate:
    return Estimate.stack([extrapolate(sizes, Estimate.stack(list(runs)), exponent=1.0).limit])


def _deviation(values: FloatArray, size: int) -> Estimate:
    """N^(1/2) times the standard deviation, with the error of the variance carried over."""
    count = len(values)
    squares = Estimate.from_samples((values - values.mean()) ** 2 * (size * count / (count - 1.0)))
    root = math.sqrt(float(squares.mean))
    return Estimate(
        np.asarray(root), np.asarray(squares.standard_error / (2.0 * root)), squares.degrees_of_freedom
    )


def _fluctuation(name: str, offset: float, ratio: float, overlap: float) -> Check:
    model = PhaseRetrieval(Loss.normalised(offset), ratio, overlap)
    sizes, instances = (48, 96, 192), (9000, 6000, 2500)

    def simulate(seed: int) -> Estimate:
        runs = []
        for size, count in zip(sizes, instances, strict=True):
            values = simulate_hessian(model, size, instances=count, seed=seed).unshifted_outlier
            assert values is not None
            runs.append(_deviation(values, size))
        return _limit(sizes, runs)

    return Check(
        name,
        "standard deviation over instances of the outlier of H + mu I, times N^(1/2)",
        approximation_of(outlier_fluctuation),
        theory=lambda: np.array([float(outlier_fluctuation(model))]),
        simulate=simulate,
        resolution=0.1,
        kind="spread",
        sizes={
            "dimension": list(sizes),
            "instances": list(instances),
            "offset": offset,
            "samples_per_dimension": ratio,
            "overlap": overlap,
        },
    )


def _spectral_position() -> Check:
    """Overlaps are stationary at the best weights and hardly show a wrong one; the eigenvalue is not."""
    model = PhaseRetrieval(Loss.normalised(0.4), 3.0)
    sizes, instances = (64, 128, 256), (3000, 1500, 600)

    def largest(size: int, seed: int, k: int) -> float:
        from scipy.linalg import eigh

        drawn = draw_instances(model, size, seed=seed, first=k)
        x, t = np.asarray(drawn.sensing[0], dtype=np.float64), drawn.labels[0]
        matrix = (x.T * ((1.0 - 1.0 / (t * t)) / size)) @ x
        return float(eigh(matrix, eigvals_only=True, subset_by_index=[size - 1, size - 1])[0])

    def simulate(seed: int) -> Estimate:
        runs = []
        for size, count in zip(sizes, instances, strict=True):
            values = map_blocks(partial(largest, size, seed), count)
            runs.append(Estimate.from_samples(values))
        return _limit(sizes, runs)

    def theory() -> FloatArray:
        found = signal_outlier(model, law=optimal_spectral_curvature_law()).require()
        return np.array([-float(found["position"])])

    return Check(
        "largest eigenvalue of the best spectral matrix, 3 samples",
        "signal outlier of (1/N) sum_i (1 - 1/t_i^2) x_i x_i^T",
        approximation_of(optimal_spectral_curvature_law),
        theory=theory,
        simulate=simulate,
        resolution=0.05,
        kind="eigenvalue",
        sizes={"dimension": list(sizes), "instances": list(instances), "samples_per_dimension": 3.0},
        tests=(signal_outlier,),
    )
