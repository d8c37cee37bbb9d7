"""Where two bulks merge, from the gaps of finite matrices at parameters at which these are still open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.extrapolation import componentwise_limit
from ...statistics.propagation import propagated
from ...statistics.spectral_edge import edge_of_extremes
from ..model import RandomFeatures
from ..simulation.instances import simulate_eigenvalues
from ..theory.merging import merging_line, merging_point
from .setup import REDUCED, given_moments, sizes_of

_RESOLUTION = 0.05


def _gaps(eigenvalues: FloatArray, rank: int) -> Estimate:
    """Logarithm of the quotient of the edges above and below the lowest ``rank`` eigenvalues, (1,)."""
    lower = edge_of_extremes(eigenvalues[:, rank - 1], eigenvalues[:, rank - 2])
    upper = edge_of_extremes(eigenvalues[:, rank], eigenvalues[:, rank + 1])
    return Estimate.from_samples(np.log(upper / lower)[:, None])


def _closing(ratios: Sequence[float], gaps: FloatArray) -> float:
    """Where a parabola through gap^(2/3) over the logarithm of the ratio vanishes, the first beyond them all.

    The width of a gap vanishes as the power 3/2 of the distance. Exact edges at 3, 5 and 7 samples per dimension leave
    an error of 0.2 % at 10 features per dimension.
    """
    roots = np.roots(np.polyfit(np.log(ratios), np.cbrt(gaps) ** 2, 2))
    beyond = [float(root.real) for root in roots if abs(root.imag) < 1e-9 and root.real > np.log(ratios[-1])]
    return float(np.exp(min(beyond))) if beyond else float("nan")


def checks() -> list[Check]:
    """Overfitting and interpolation: the gap between them closes as the number of samples grows."""
    model = RandomFeatures("sin", 10.0, 6.0, 0.01, Covariance.isotropic(1.3))
    ratios, dimensions, instances = [3.0, 5.0, 7.0], (16, 32, 48), (700, 240, 120)
    between, near = (4.0, 9.5), 0.01

    def theory() -> FloatArray:
        point = merging_point(model, "samples_per_dimension", *between, gap_near=near)
        beside = model.replace(features_per_dimension=9.8)
        found = merging_line(
            beside, "features_per_dimension", 9.8, 10.2, "samples_per_dimension", *between, gap_near=near
        ).require()
        logs = np.log(found["features_per_dimension"]), np.log(found["samples_per_dimension"])
        return np.array([point, float(np.exp(np.interp(np.log(10.0), *logs)))])

    def simulate(seed: int) -> Estimate:
        moments, limits = given_moments(model), []
        for ratio in ratios:
            there = model.replace(samples_per_dimension=ratio)
            runs = []
            for d, count in zip(dimensions, instances, strict=True):
                values = simulate_eigenvalues(there, d, instances=count, moments=moments, seed=seed)
                # Above the gap are the n modes of interpolation and generalisation.
                runs.append(_gaps(values, values.shape[1] - round(ratio * d)))
            limits.append(componentwise_limit(dimensions, runs)[0])
        place = propagated(lambda gaps: _closing(ratios, gaps), limits)
        # One by the point, one by the line.
        return Estimate.stack([place, place])

    return [
        Check(
            "merging of overfitting and interpolation, Gaussian equivalent",
            f"samples per dimension at which two bulks merge, as a point and on a line ({REDUCED})",
            approximation_of(merging_point),
            theory=theory,
            simulate=simulate,
            resolution=_RESOLUTION,
            kind="capacity",
            sizes=sizes_of(model, list(dimensions), list(instances), ratios=ratios, matrix="equivalent"),
            tests=(merging_line,),
        )
    ]
