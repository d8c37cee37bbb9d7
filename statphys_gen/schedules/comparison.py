"""Theory beside samples of full dimension for one law and one grid of a user's."""

from __future__ import annotations

import math

import numpy as np

from ..approximation import approximation_of
from ..comparison import Observable, Observables
from ..data.laws import CurieWeiss, GaussianMixture
from ..errors import InvalidArgument
from .model import Grid, NamedInterpolant, TimeGrid, TwoClasses
from .simulation.samplers import simulate_curie_weiss, simulate_mixture, simulate_two_classes
from .theory.common_covariance import generated_weights
from .theory.curie_weiss_limit import curie_weiss_limit
from .theory.isotropic_map import detail_std, generated_weight

_TILTED = ("dilated-vp-linear", "dilated-vp-trigonometric")


def compare(
    law: TwoClasses | GaussianMixture | CurieWeiss, grid: Grid, walkers: int, *, seed: int = 0
) -> Observables:
    """What a grid generates in full dimension, beside the theory.

    Parameters
    ----------
    law : two isotropic classes, a mixture or a Curie-Weiss law; the last has a theory for dilated variance-preserving
        schedules only, of large size.
    grid : of steps.
    walkers : number of samples, at least 10.
    seed : of the samples.
    """
    if isinstance(law, TwoClasses):
        return _two_classes(law, grid, walkers, seed)
    if isinstance(law, GaussianMixture):
        return _mixture(law, grid, walkers, seed)
    if isinstance(law, CurieWeiss):
        return _curie_weiss(law, grid, walkers, seed)
    raise InvalidArgument("law", type(law).__name__, "TwoClasses, a GaussianMixture or CurieWeiss")


def _two_classes(law: TwoClasses, grid: Grid, walkers: int, seed: int) -> Observables:
    exact = generated_weight(law, grid)
    found = simulate_two_classes(law, grid, walkers, seed=seed)
    theory = {"weight": exact.weight, "detail_std": exact.detail_std}
    said = {
        "weight": str(approximation_of(generated_weight)),
        "detail_std": str(approximation_of(detail_std)),
    }
    return Observables(
        tuple(Observable(name, estimate, theory[name], said[name]) for name, estimate in found.items())
    )


def _mixture(law: GaussianMixture, grid: Grid, walkers: int, seed: int) -> Observables:
    predicted = generated_weights(law, grid, seed=seed)
    found = simulate_mixture(law, grid, walkers, seed=seed)["weights"]
    said = str(approximation_of(generated_weights))
    return Observables(
        tuple(
            Observable(
                "weight",
                found[k],
                float(predicted.mean[k]),
                said,
                theory_error=float(predicted.standard_error[k]),
                parameters={"class": k},
            )
            for k in range(law.classes)
        )
    )


def _curie_weiss(law: CurieWeiss, grid: Grid, walkers: int, seed: int) -> Observables:
    found = simulate_curie_weiss(law, grid, walkers, seed=seed)
    path = grid.interpolant if isinstance(grid, TimeGrid) else None
    theory, reason = {}, "no theory but for dilated variance-preserving schedules with Euler steps"
    if isinstance(grid, TimeGrid) and isinstance(path, NamedInterpolant) and path.name in _TILTED:
        uniform = np.allclose(np.diff(grid.times), 1.0 / grid.steps)
        if uniform and grid.steps >= 2:
            kappa = path.dilation * math.sqrt(law.dimension)
            try:
                limit = curie_weiss_limit(law.inverse_temperature, law.tilt, kappa, grid.steps, path.name)
                theory = {"weight": limit.weight, "magnetisation": limit.magnetisation}
            except InvalidArgument as error:
                reason = f"no theory: {error}"
    said = str(approximation_of(curie_weiss_limit))
    return Observables(
        tuple(
            Observable(name, estimate, theory.get(name), said, "" if theory else reason)
            for name, estimate in found.items()
        )
    )
