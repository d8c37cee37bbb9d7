"""EM on drawn points beside the state of the law, for a law of a user's."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..approximation import approximation_of
from ..comparison import Observable, Observables
from ..data.dataset import DataSet
from ..data.laws import GaussianMixture
from .model import WeightedPoints, WeightKind
from .simulation.annealing import simulate_states
from .theory.mixture import moments, top_direction, weighted_points
from .theory.stationary import stationary_state


def compare(
    law: WeightedPoints | DataSet | GaussianMixture,
    temperature: ArrayLike,
    samples: int,
    *,
    components: int = 2,
    weight_kind: WeightKind = "equal",
    instances: int = 10,
    seed: int = 0,
) -> Observables:
    """Centroids along the top direction, weights and free energy of EM on samples, beside those of the law.

    The means of N points differ from the law's by terms of order 1/N, which are not in the theory.

    Parameters
    ----------
    law : a mixture in dimension 1, or points, from which samples are drawn with replacement.
    temperature : (m,) above 0.
    samples : N points in each instance.
    components, weight_kind : of the mixture that is cooled.
    instances : independent samples, at least 2.
    """
    drawn = law if isinstance(law, GaussianMixture) else weighted_points(law)
    points = weighted_points(law)
    solution = stationary_state(points, temperature, components, weight_kind)
    found = simulate_states(
        drawn,
        temperature,
        samples,
        components=components,
        weight_kind=weight_kind,
        instances=instances,
        seed=seed,
    )
    mean, covariance = moments(points)
    _, direction = top_direction(covariance)
    said = str(approximation_of(stationary_state))
    rows = []
    for m, T in enumerate(solution["temperature"].tolist()):
        good = bool(solution.good[m])
        reason = "" if good else "the state of the law did not converge"
        along = np.sort((solution["centroids"][m] - mean) @ direction)
        for k in range(components):
            where = {"temperature": T, "component": float(k)}
            value = float(along[k]) if good else None
            rows.append(
                Observable("centroid", found["centroid"][m, k], value, said, reason, parameters=where)
            )
            if weight_kind == "learned":
                weight = float(solution["weights"][m, k]) if good else None
                rows.append(
                    Observable("weight", found["weight"][m, k], weight, said, reason, parameters=where)
                )
        energy = float(solution["free_energy"][m]) if good else None
        rows.append(
            Observable(
                "free_energy", found["free_energy"][m], energy, said, reason, parameters={"temperature": T}
            )
        )
    return Observables(tuple(rows))
