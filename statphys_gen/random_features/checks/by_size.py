"""Atoms of the spectrum, and which regularisation is the better one, at three dimensions."""

from __future__ import annotations

import numpy as np

from ...approximation import approximation_of
from ...arrays import FloatArray
from ...data.covariance import Covariance
from ...statistics.agreement import Check
from ...statistics.estimate import Estimate
from ...statistics.proportions import estimate_proportion
from ..model import RandomFeatures
from ..simulation.instances import modes_between, simulate_eigenvalues
from ..simulation.milestones import simulate_ridge_against_stopping
from ..theory.best_stopping import better_regularisation
from ..theory.spectrum import atoms
from .setup import REDUCED, RESOLUTION, given_moments


def checks() -> list[Check]:
    """Every check of this file, by name."""
    return [_atoms(), _better()]


def _atoms() -> Check:
    """Of the Gaussian equivalent with all noise, and of two draws of it: modes up to right above either."""
    dimensions, instances = (8, 16, 32), (240, 90, 32)
    every, two = (
        RandomFeatures("sin", 16.0, 4.0, 0.01),
        RandomFeatures("tanh", 3.0, 0.75, 0.05, noise_draws=2),
    )
    boundaries = (0.00388, 1e-8)

    def theory() -> FloatArray:
        counts = [
            sum(atom.weight for atom in atoms(model)) * model.features_per_dimension for model in (every, two)
        ]
        return np.tile(counts, len(dimensions))

    def simulate(seed: int) -> Estimate:
        found = []
        for d, count in zip(dimensions, instances, strict=True):
            equivalent = simulate_eigenvalues(
                every, d, instances=count, moments=given_moments(every), seed=seed
            )
            drawn = simulate_eigenvalues(two, d, instances=count, seed=seed)
            for values, boundary in zip((equivalent, drawn), boundaries, strict=True):
                found.append(modes_between(values, [-1e-9, boundary], d)[0])
        return Estimate.stack(found)

    return Check(
        "atoms, by size",
        f"modes per dimension of two atoms, at three dimensions ({REDUCED}, for the first)",
        approximation_of(atoms),
        theory=theory,
        simulate=simulate,
        resolution=RESOLUTION,
        sizes={
            "dimension": list(dimensions),
            "instances": list(instances),
            "activation": ["sin", "tanh"],
            "features_per_dimension": [16.0, 3.0],
            "samples_per_dimension": [4.0, 0.75],
            "time": [0.01, 0.05],
            "noise_draws": ["infinite", 2],
            "boundary": list(boundaries),
        },
        id="random-features-by-size-each-atoms",
    )


def _better() -> Check:
    """Reported: which share of the instances chooses as the limit does."""
    dimensions, instances = (12, 24, 48), (80, 40, 20)
    model, name = RandomFeatures("tanh", 3.0, 2.0, 0.3, Covariance.isotropic(2.0)), "ridge"
    penalties, times = np.geomspace(0.3, 3.0, 21) * 0.368, np.geomspace(0.3, 3.0, 21) * 5.15

    def theory() -> FloatArray:
        return np.full(len(dimensions), 1.0 if better_regularisation(model) == name else 0.0)

    def simulate(seed: int) -> Estimate:
        found = []
        for d, count in zip(dimensions, instances, strict=True):
            excess = simulate_ridge_against_stopping(model, penalties, times, d, instances=count, seed=seed)
            found.append(estimate_proportion(int((excess < 0.0).sum()), count))
        return Estimate.stack(found)

    return Check(
        "better regularisation, by size",
        "share of the instances in which a ridge has the smaller score error, as in the limit, at three dimensions",
        approximation_of(better_regularisation),
        theory=theory,
        simulate=simulate,
        resolution=RESOLUTION,
        scale=1.0,
        sizes={
            "dimension": list(dimensions),
            "instances": list(instances),
            "activation": "tanh",
            "variance": 2.0,
            "time": 0.3,
        },
        judged=False,
        reason="both errors differ by a few per cent, and fluctuate from instance to instance of a finite dimension",
        # Half of all instances: no better than chance.
        bound=0.5,
        id="random-features-by-size-each-better-regularisation",
    )
